public import Hardware

/// The debug port of the emulators: a byte written to port E9h goes to `sink`; a read gives E9h, by which a program
/// sees that the port is there.
///
/// - Source: Bochs documentation, "port_e9_hack".
public final class DebugPort: Device {
  // MARK: State

  /// The port keeps nothing.
  public struct State: SavedState {
    /// The only state there is.
    public init() {}
  }
  /// All that changes.
  public var state = State()

  private let out = ByteSink()
  /// Takes the bytes written.
  public var sink: (UInt8) -> Void {
    get { out.take }
    set { out.take = newValue }
  }

  /// A port that nobody listens to.
  public init() {}

  // MARK: Footprint

  /// What the device occupies.
  public var footprint: Footprint { Footprint("debug", chip: "port E9h", [.ports(0xE9...0xE9, block: 0)]) }

  // MARK: Ports

  /// See `Device`.
  public func readPort(_ block: Int, _ offset: Int) -> UInt8 { 0xE9 }
  /// See `Device`.
  public func writePort(_ block: Int, _ offset: Int, _ value: UInt8) { out.take(value) }
}
