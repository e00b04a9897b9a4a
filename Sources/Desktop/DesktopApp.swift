import Archive
import CSDL2
import Glibc
public import PC

/// A run in a window.
public struct DesktopApp {
  private let speed: Speed
  private let signals: SignalWatch

  /// A window whose machine starts at `speed`.
  public init(speed: Speed, signals: SignalWatch) {
    self.speed = speed
    self.signals = signals
  }

  /// Runs until the window is closed, the session ends or a signal asks for it. Call on the program's main thread.
  ///
  /// - Returns: why the session is over; nil when the window was closed.
  /// - Throws: `HostError.usage` if there is no display; what steps of the script throw.
  public func run(_ session: Session) throws -> Session.End? {
    try Self.startVideo()
    defer { SDL_Quit() }
    let wakeEvent = SDL_RegisterEvents(1)
    let exchange = Exchange(wakeEvent: wakeEvent)
    let window = try Window(
      configuration: session.machine.configuration, speed: speed, exchange: exchange,
      file: (session.keeper as? OpenMachine)?.file)
    let thread = EmulationThread(session, exchange: exchange, speed: speed, signals: signals)
    session.onStart()
    guard thread.start() else { throw HostError.usage("the host has no thread to give; --headless needs none") }
    window.loop()
    exchange.send(.quit)
    return try thread.join()
  }

  /// - Throws: `HostError.usage` if there is no display.
  static func startVideo() throws(HostError) {
    SDL_SetMainReady()
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1")
    SDL_SetHint("SDL_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR", "0")
    SDL_SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "0")
    // Without a display SDL would fall back on drivers that show nothing to anybody; nobody wants that unasked.
    let displays = ["DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"]
    guard displays.contains(where: { (name: String) in getenv(name) != nil }) else {
      throw .usage("no window can be opened (there is no display); --headless runs without one")
    }
    guard SDL_Init(UInt32(SDL_INIT_VIDEO)) == 0 else {
      throw .usage("no window can be opened (\(Self.reason())); --headless runs without one")
    }
  }

  static func reason() -> String { String(cString: SDL_GetError()) }
}
