public import Hardware

/// The joystick port: four one-shots, timed by the sticks' resistors, and four buttons.
///
/// - Source: IBM Technical Reference, "Game Control Adapter": 24.2 µs + 0.011 µs an ohm, 0 to 100 kΩ.
public final class GamePort: Device {
  // MARK: State

  /// What the sticks do.
  public struct State: SavedState {
    /// When the one-shots were last started; nil: never.
    public var started: Instant?
    /// Positions of stick A (x, y) and stick B (x, y), 0 (left, up) ... 255; nil: not connected.
    public var axes: [UInt8?] = [nil, nil, nil, nil]
    /// Buttons held, bits 0 ... 3.
    public var buttons: UInt8 = 0
    /// Nothing connected.
    public init() {}
  }
  /// All that changes.
  public var state = State()
  private let time = Alarm()

  /// A port without sticks.
  public init() {}

  // MARK: Footprint

  /// What the device occupies.
  public var footprint: Footprint {
    Footprint("game", chip: "NE558", [.ports(0x200...0x207, block: 0), .alarm("time", time) {}])
  }

  /// RESET doesn't reach the sticks.
  public func reset() { state.started = nil }

  // MARK: Ports

  /// See `Device`.
  public func readPort(_ block: Int, _ offset: Int) -> UInt8 {
    var value = ~state.buttons << 4
    guard let started = state.started else { return value }
    for axis in 0..<4 {
      // An open input never charges the capacitor.
      let position = axis < state.axes.count ? state.axes[axis] : nil
      let charged = position.map { time.now >= started + .nanoseconds(24_200 + Int64($0) * 100_000 / 255 * 11) }
      if charged != true { value |= 1 << UInt8(axis) }
    }
    return value
  }

  /// See `Device`.
  public func writePort(_ block: Int, _ offset: Int, _ value: UInt8) { state.started = time.now }
}
