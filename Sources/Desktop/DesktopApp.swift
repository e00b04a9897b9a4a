import Archive
import CSDL2
import Glibc
public import PC

/// A run in a window.
public struct DesktopApp {
  private let speed: Speed
  private let signals: SignalWatch
  private let isSealed: Bool

  /// A window whose machine starts at `speed`.
  ///
  /// - Parameter isSealed: the process gives up rights that starting anew would need.
  public init(speed: Speed, signals: SignalWatch, isSealed: Bool) {
    (self.speed, self.signals, self.isSealed) = (speed, signals, isSealed)
  }

  /// How a run in a window was over.
  public struct Outcome {
    /// Why the session ended; nil when the window was closed.
    public var end: Session.End?
    /// Flags that the person wants the machine to be started anew with; nil: it is over.
    public var restart: [String]?
    /// What could not be kept, a line each.
    public var complaints: [String]
  }

  /// Runs until the window is closed, the session ends or a signal asks for it. Call on the program's main thread.
  ///
  /// - Parameters:
  ///   - notices: for the person, shown at the beginning.
  ///   - freeze: keeps the machine's state, while the window still stands; nil if there is nothing to keep it in.
  /// - Throws: `HostError.usage` if there is no display; what steps of the script throw.
  public func run(_ session: Session, notices: [String] = [], freeze: (() throws -> Void)?) throws -> Outcome {
    try Self.startVideo()
    defer { SDL_Quit() }
    let wakeEvent = SDL_RegisterEvents(1)
    let exchange = Exchange(wakeEvent: wakeEvent)
    let keeper = session.keeper as? OpenMachine
    let configuration = session.machine.configuration
    let window = try Window(
      configuration: configuration, speed: speed, exchange: exchange, file: keeper?.file,
      canRestart: Restart.isPossible(sealed: isSealed))
    if let keeper {
      let report = keeper.onKept
      keeper.onKept = { name, failure in
        report(name, failure)
        if let failure { exchange.tell("\(name) was not kept: \(failure)") }
      }
      let notice = keeper.onNotice
      keeper.onNotice = { line in
        notice(line)
        exchange.tell(line)
      }
    }
    let thread = EmulationThread(session, exchange: exchange, speed: speed, signals: signals)
    session.onStart()
    guard thread.start() else { throw HostError.usage("the host has no thread to give; --headless needs none") }
    if !notices.isEmpty { window.show(notices) }
    window.loop()
    exchange.send(.quit)
    var outcome = Outcome(end: nil, restart: window.restart, complaints: [])
    let ended = Result { try thread.join() }
    if let freeze, window.restart == nil, session.machine.outcome == nil {
      outcome.complaints = Self.keep(configuration.machine.name, window, freeze)
    }
    outcome.end = try ended.get()
    return outcome
  }

  /// Suspends the machine, and says so; asks what to do if it can't.
  private static func keep(_ name: String, _ window: Window, _ freeze: () throws -> Void) -> [String] {
    while true {
      window.announce("Suspending \(name)")
      do {
        try freeze()
        window.announce("\(name) is suspended", "The next start goes on from here")
        // Long enough to be read.
        SDL_Delay(700)
        return []
      } catch {
        var isAgain = false
        window.wait(
          for: Notice(
            "\(error)\n\nIf you close the window now, the machine starts from power-on next time, with its disks as they "
              + "are.", title: "\(name) can't be suspended",
            answers: [
              Notice.Answer(label: "Try again", look: .main) { isAgain = true }, Notice.Answer(label: "Close anyway"),
            ]))
        if !isAgain { return ["\(error)"] }
      }
    }
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
