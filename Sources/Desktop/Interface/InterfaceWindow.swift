import CSDL2
import PC

/// A window of widgets.
final class InterfaceWindow {
  private let window: OpaquePointer
  private let renderer: OpaquePointer
  let interface: Interface

  /// Opens a window of so many points. SDL's video has to be there.
  ///
  /// - Throws: `HostError.usage` if there can't be one.
  init(_ title: String, width: Int, height: Int) throws(HostError) {
    let preferences = Preferences(path: Preferences.file)
    let wanted = DisplayScale.fromEnvironment ?? preferences.scale
    let size = Self.size(width: width, height: height, scale: wanted ?? DisplayScale.ofFirstDisplay())
    let centered = Int32(bitPattern: 0x2FFF_0000)  // SDL_WINDOWPOS_CENTERED
    let flags = SDL_WINDOW_RESIZABLE.rawValue | SDL_WINDOW_ALLOW_HIGHDPI.rawValue
    guard let window = SDL_CreateWindow(title, centered, centered, size.width, size.height, flags) else {
      throw .usage("no window can be opened (\(DesktopApp.reason())); --headless runs without one")
    }
    guard
      let renderer = SDL_CreateRenderer(window, -1, SDL_RENDERER_ACCELERATED.rawValue)
        ?? SDL_CreateRenderer(window, -1, SDL_RENDERER_SOFTWARE.rawValue)
    else {
      let reason = DesktopApp.reason()
      SDL_DestroyWindow(window)
      throw .usage("nothing can be drawn in a window (\(reason)); --headless runs without one")
    }
    (self.window, self.renderer) = (window, renderer)
    interface = Interface(canvas: Canvas(renderer: renderer), preferences: preferences)
    interface.canvas.density = DisplayScale(
      wanted: wanted, natural: DisplayScale.natural(of: window, renderer: renderer))
    SDL_SetWindowMinimumSize(window, Int32(DisplayScale.least.width), Int32(DisplayScale.least.height))
    SDL_EventState(SDL_DROPFILE.rawValue, SDL_ENABLE)
    SDL_StartTextInput()
  }

  deinit {
    SDL_StopTextInput()
    SDL_DestroyRenderer(renderer)
    SDL_DestroyWindow(window)
  }

  /// A window's size that leaves room for its frame and the desktop's bars.
  private static func size(width: Int, height: Int, scale: Float) -> (width: Int32, height: Int32) {
    let wanted = (width: Int32(Float(width) * scale), height: Int32(Float(height) * scale))
    var room = SDL_Rect()
    guard SDL_GetDisplayUsableBounds(0, &room) == 0 else { return wanted }
    return (
      min(wanted.width, max(room.w - 16, Int32(DisplayScale.least.width))),
      min(wanted.height, max(room.h - 40, Int32(DisplayScale.least.height)))
    )
  }

  /// Draws `screen` at each event, and `idle` at least each second, until the window is closed or `isOver` is true.
  func run(isOver: () -> Bool, idle: () -> Void = {}, screen: () -> Void) {
    let reader = EventReader(window: window)
    var isClosed = false
    while !isClosed, !isOver() {
      // The second picture shows what the first one's buttons did.
      var left = 2
      repeat {
        left -= 1
        interface.canvas.begin()
        interface.draw(screen)
        interface.canvas.end()
      } while left > 0 || interface.hasMore
      SDL_RenderPresent(renderer)
      var event = SDL_Event()
      if SDL_WaitEventTimeout(&event, interface.isBusy ? 50 : 1000) != 0 {
        repeat {
          // Work that has begun is ended first.
          if SDL_EventType(event.type) == SDL_QUIT { isClosed = !interface.isBusy }
          reader.read(event, into: interface)
        } while SDL_PollEvent(&event) != 0
      } else {
        idle()
      }
    }
  }
}
