import Archive
import CSDL2
import Glibc
import Hardware
import PC
import Processor

/// The window and what is done with keys and mouse in it. Lives on the main thread.
final class Window {
  private let window: OpaquePointer
  private let renderer: OpaquePointer
  private let canvas: Canvas
  private let preferences: Preferences
  private let knownFolders: [String: FolderListing]
  let presenter: Presenter
  let exchange: Exchange
  private let configuration: MachineConfiguration
  private let file: MachineFile?
  private let canRestart: Bool
  private lazy var menu = makeMenu()
  var speed: Speed
  /// Flags that the machine is to be started anew with.
  private(set) var restart: [String]?

  var pressed: Set<Key> = []
  var hostKeyIsDown = false
  var hostKeyWasUsed = false
  private var isCaptured = false
  var isPaused = false
  private var isFullScreen = false
  /// Where the window was before it filled the screen.
  private var windowed = SDL_Rect()
  private var isClosing = false
  var needsPresent = true
  /// Pictures drawn since the last event: the second one shows what the first one's buttons did.
  private var menuPictures = 0
  private var shownTitle = ""

  /// - Parameters:
  ///   - file: the machine's file, if it has one.
  ///   - canRestart: whether the program can start this machine anew.
  init(
    configuration: MachineConfiguration, speed: Speed, exchange: Exchange, file: MachineFile?, canRestart: Bool
  ) throws(HostError) {
    self.canRestart = canRestart
    self.configuration = configuration
    self.exchange = exchange
    self.speed = speed
    let flags = SDL_WINDOW_RESIZABLE.rawValue | SDL_WINDOW_ALLOW_HIGHDPI.rawValue
    let centered = Int32(bitPattern: 0x2FFF_0000)  // SDL_WINDOWPOS_CENTERED
    let size = Self.initialSize()
    guard let window = SDL_CreateWindow("Heirloom", centered, centered, size.width, size.height, flags) else {
      throw .usage("no window can be opened (\(DesktopApp.reason())); --headless runs without one")
    }
    let vsync = SDL_RENDERER_PRESENTVSYNC.rawValue
    guard
      let renderer = SDL_CreateRenderer(window, -1, SDL_RENDERER_ACCELERATED.rawValue | vsync)
        ?? SDL_CreateRenderer(window, -1, SDL_RENDERER_SOFTWARE.rawValue)
    else {
      let reason = DesktopApp.reason()
      SDL_DestroyWindow(window)
      throw .usage("nothing can be drawn in a window (\(reason)); --headless runs without one")
    }
    self.window = window
    self.renderer = renderer
    preferences = Preferences(path: Preferences.file)
    knownFolders = [FileChooser.home: FolderListing.read(FileChooser.home)]
    canvas = Canvas(renderer: renderer)
    canvas.density = DisplayScale(
      wanted: DisplayScale.fromEnvironment ?? preferences.scale,
      natural: DisplayScale.natural(of: window, renderer: renderer))
    presenter = Presenter(renderer: renderer, canvas: canvas)
    self.file = file
    SDL_SetWindowMinimumSize(window, 320, 240)
    SDL_EventState(SDL_DROPFILE.rawValue, SDL_ENABLE)
    SDL_StopTextInput()
  }

  deinit {
    SDL_SetRelativeMouseMode(SDL_FALSE)
    SDL_DestroyRenderer(renderer)
    SDL_DestroyWindow(window)
  }

  private func makeMenu() -> MachineMenu {
    let interface = Interface(canvas: canvas, preferences: preferences)
    interface.knownFolders = knownFolders
    return MachineMenu(
      interface: interface, reader: EventReader(window: window),
      around: MachineMenu.Surroundings(
        configuration: configuration, file: file, canRestart: canRestart, send: { [exchange] in exchange.send($0) },
        ask: { [unowned self] in perform($0) }, status: { [exchange] in exchange.status },
        speed: { [unowned self] in speed }, isPaused: { [unowned self] in isPaused },
        scaling: { [unowned self] in presenter.scaling.name }))
  }

  /// Twice the 414 lines that text mode has with its border where the screen has room, so that all lines are equally
  /// high.
  private static func initialSize() -> (width: Int32, height: Int32) {
    var room = SDL_Rect()
    guard SDL_GetDisplayUsableBounds(0, &room) == 0 else { return (800, 600) }
    // Dense displays get a window of the same size in inches, as far as it fits.
    let scale = min(
      DisplayScale.fromEnvironment ?? DisplayScale.ofFirstDisplay(), Float(room.w - 26) / 1094,
      Float(room.h - 102) / 828
    )
    if scale >= 1 { return (Int32(1094 * scale), Int32(828 * scale)) }
    // What the frame takes.
    return (min(800, max(room.w - 16, 640)), min(600, max(room.h - 40, 480)))
  }

  /// Handles events and shows frames until the window is closed or the session is over.
  func loop() {
    presenter.drawOnTop = { [unowned self] in menu.draw() }
    presenter.overlay.show(Self.greeting, seconds: 6)
    while !isClosing, !exchange.isOver {
      var event = SDL_Event()
      if SDL_WaitEventTimeout(&event, 100) != 0 {
        repeat { handle(event) } while SDL_PollEvent(&event) != 0
      }
      if menu.isOpen, menuPictures < 2 {
        menuPictures += 1
        needsPresent = true
      }
      exchange.willLook()
      let messages = exchange.takeMessages()
      if !messages.isEmpty {
        presenter.overlay.show(messages.suffix(8), seconds: messages.count > 2 ? 8 : 4)
        needsPresent = true
      }
      if let text = exchange.takeCopiedText() { SDL_SetClipboardText(text) }
      if let frame = exchange.takeFrame() {
        presenter.update(frame)
        needsPresent = true
      }
      if presenter.overlay.expire() { needsPresent = true }
      updateTitle()
      if needsPresent {
        needsPresent = false
        presenter.present()
      }
    }
    releaseKeys()
  }

  func say(_ lines: String...) {
    presenter.overlay.show(lines)
    needsPresent = true
  }

  private func updateTitle() {
    let status = exchange.status
    var title = "\(configuration.machine.name) - \(configuration.cpu.model.rawValue)"
    title += isPaused ? " - paused" : " - \(status.percent)%"
    if !status.busyDrives.isEmpty { title += status.busyDrives.map { " [\($0):]" }.joined() }
    title += isCaptured ? " - Right Ctrl releases the mouse" : " - menu: Right Ctrl+M or right click"
    guard title != shownTitle else { return }
    shownTitle = title
    SDL_SetWindowTitle(window, title)
  }

  // MARK: Events

  private func handle(_ event: SDL_Event) {
    if menu.isOpen, ![SDL_QUIT, SDL_WINDOWEVENT].contains(SDL_EventType(event.type)) {
      menu.read(event)
      menuPictures = 0
      return
    }
    switch SDL_EventType(event.type) {
    case SDL_QUIT: close()
    case SDL_KEYDOWN: if event.key.repeat == 0 { keyDown(event.key.keysym) }
    case SDL_KEYUP: keyUp(event.key.keysym)
    case SDL_MOUSEMOTION:
      if isCaptured, event.motion.xrel != 0 || event.motion.yrel != 0 {
        exchange.send(.input(.mouseMove(x: Int(event.motion.xrel), y: Int(event.motion.yrel), z: 0)))
      }
    case SDL_MOUSEBUTTONDOWN:
      if isCaptured {
        button(event.button.button, true)
      } else if Int32(event.button.button) == SDL_BUTTON_RIGHT {
        openMenu()
      } else if configuration.input.mouse != .none {
        capture(true)
      }
    case SDL_MOUSEBUTTONUP: if isCaptured { button(event.button.button, false) }
    case SDL_MOUSEWHEEL:
      // SDL counts away from the user, the mouse towards him.
      if isCaptured { exchange.send(.input(.mouseMove(x: 0, y: 0, z: -Int(event.wheel.y)))) }
    case SDL_DROPFILE:
      if let file = event.drop.file {
        menu.drop(String(cString: file))
        SDL_free(file)
        needsPresent = true
      }
    case SDL_WINDOWEVENT: windowEvent(event.window)
    case SDL_RENDER_TARGETS_RESET, SDL_RENDER_DEVICE_RESET:
      presenter.restore()
      canvas.restore()
      needsPresent = true
    default: break
    }
  }

  private func windowEvent(_ event: SDL_WindowEvent) {
    switch SDL_WindowEventID(UInt32(event.event)) {
    case SDL_WINDOWEVENT_FOCUS_LOST:
      releaseKeys()
      capture(false)
    case SDL_WINDOWEVENT_EXPOSED, SDL_WINDOWEVENT_SIZE_CHANGED, SDL_WINDOWEVENT_RESTORED: needsPresent = true
    default: break
    }
  }

  private func button(_ number: UInt8, _ down: Bool) {
    let button: MouseButton
    switch Int32(number) {
    case SDL_BUTTON_LEFT: button = .left
    case SDL_BUTTON_RIGHT: button = .right
    case SDL_BUTTON_MIDDLE: button = .middle
    default: return
    }
    exchange.send(.input(.mouseButton(button, pressed: down)))
  }

  func capture(_ on: Bool) {
    guard on != isCaptured else { return }
    isCaptured = on
    SDL_SetRelativeMouseMode(on ? SDL_TRUE : SDL_FALSE)
    SDL_SetWindowKeyboardGrab(window, on ? SDL_TRUE : SDL_FALSE)
    if on {
      say("Right Ctrl releases the mouse")
    } else {
      for button in MouseButton.allCases { exchange.send(.input(.mouseButton(button, pressed: false))) }
    }
  }

  private static let greeting = [
    "Right Ctrl+M or right click: menu, disks", "Click catches the mouse, Right Ctrl releases it",
    "Right Ctrl+H shows all keys",
  ]

  func openMenu() {
    releaseKeys()
    capture(false)
    menu.toggle()
    menuPictures = 0
    needsPresent = true
  }

  /// Closes the window; asks first if something would be lost that the menu could save.
  func close() {
    guard exchange.status.hasFolderChanges, !isClosing else { return isClosing = true }
    let folder = exchange.status.folders.joined(separator: ", ")
    menu.show(
      Notice(
        "The guest has changed files on the disk that is the folder \(folder). They aren't in the folder yet.",
        title: "Write them into the folder?",
        answers: [
          Notice.Answer(label: "Write and close", look: .main) { [unowned self] in
            exchange.send(.commitFolders)
            isClosing = true
          },
          Notice.Answer(label: "Close without", look: .danger) { [unowned self] in isClosing = true },
          Notice.Answer(label: "Cancel"),
        ]))
    menuPictures = 0
  }

  /// What the menu wants of the window.
  func perform(_ request: MachineMenu.Request) {
    needsPresent = true
    switch request {
    case .screenshot: screenshot()
    case .copyText: exchange.send(.copyText)
    case .paste: exchange.send(.type(Clipboard.text.replacing("\r\n", with: "\n")))
    case .close: close()
    case .fullScreen: toggleFullScreen()
    case .nextScaling: presenter.scaling = presenter.scaling.next
    case .pause(let pause):
      isPaused = pause
      exchange.send(.pause(pause))
    case .speed(let wanted):
      speed = wanted
      exchange.send(.speed(wanted))
    case .restart(let flags):
      restart = flags
      isClosing = true
    }
  }

  // MARK: The end

  /// Shows what the person should know, until it was read.
  func show(_ notices: [String]) { menu.show(Notice(notices.joined(separator: "\n"), title: "About its disks")) }

  /// Shows a message while the program is busy.
  func announce(_ lines: String...) {
    presenter.overlay.show(lines)
    presenter.present()
  }

  /// Shows a dialog over the last picture until it is answered.
  func wait(for dialog: any Dialog) {
    menu.show(dialog)
    while menu.isOpen {
      presenter.present()
      var event = SDL_Event()
      if SDL_WaitEventTimeout(&event, 100) != 0 {
        repeat { menu.read(event) } while SDL_PollEvent(&event) != 0
      }
    }
  }

  func toggleFullScreen() {
    isFullScreen.toggle()
    // SDL leaves place and size to the window manager; where there is none, nobody else sees to them.
    if isFullScreen {
      var (x, y, width, height) = (Int32(0), Int32(0), Int32(0), Int32(0))
      SDL_GetWindowPosition(window, &x, &y)
      SDL_GetWindowSize(window, &width, &height)
      windowed = SDL_Rect(x: x, y: y, w: width, h: height)
      var display = SDL_Rect()
      if SDL_GetDisplayBounds(SDL_GetWindowDisplayIndex(window), &display) == 0 { place(display) }
      SDL_SetWindowFullscreen(window, SDL_WINDOW_FULLSCREEN_DESKTOP.rawValue)
    } else {
      SDL_SetWindowFullscreen(window, 0)
      place(windowed)
    }
    SDL_ShowCursor(isFullScreen ? SDL_DISABLE : SDL_ENABLE)
    needsPresent = true
  }

  private func place(_ area: SDL_Rect) {
    SDL_SetWindowSize(window, area.w, area.h)
    SDL_SetWindowPosition(window, area.x, area.y)
  }

  private static var folder: String {
    guard let here = getcwd(nil, 0) else { return "this folder" }
    defer { free(here) }
    return String(cString: here)
  }

  /// The frame dot for dot, or with Shift as the window shows it.
  func screenshot() {
    let isScaled = SDL_GetModState().rawValue & KMOD_SHIFT.rawValue != 0
    guard let frame = isScaled ? presenter.capture() : presenter.frame?.trimmed, let now = HostClock.localDate() else {
      return
    }
    let path = "heirloom-\(now.fileName).png"
    do {
      try frame.writePNG(to: path)
      say("Saved \(path) in", TextLayout.fittedEnd(Self.folder, columns: 60))
    } catch { say(error.description) }
  }
}
