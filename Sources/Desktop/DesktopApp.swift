import CSDL2
public import PC

/// The window.
public struct DesktopApp {
  let speed: Speed
  let signals: SignalWatch

  /// A window at that speed.
  public init(speed: Speed, signals: SignalWatch) {
    self.speed = speed
    self.signals = signals
  }

  /// Runs until the window is closed.
  public func run(_ session: Session) throws -> Session.End? { nil }
}
