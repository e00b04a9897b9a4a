public import Hardware

/// A parallel port with a printer on it that is always ready: data, status and control registers, IRQ 7.
///
/// - Source: IBM AT Technical Reference, "Parallel printer adapter"; strobe and acknowledge of 0.5 to 10 µs.
public final class ParallelPort: Device {
  // MARK: State

  /// Registers, and where the printer is in its handshake.
  public struct State: SavedState {
    /// Data latch.
    public var data: UInt8 = 0
    /// Control latch, bits 5-0.
    public var control: UInt8 = 0
    /// The printer has taken a byte and isn't ready again.
    public var busy = false
    /// The acknowledge pulse is on.
    public var acknowledge = false
    /// After reset.
    public init() {}
  }
  /// All that changes.
  public var state = State()

  /// How a port is built.
  public struct Configuration: Equatable, Sendable, Wiring {
    /// Name in the footprint.
    public let name: String
    /// First port.
    public let base: UInt16
    /// Interrupt request.
    public let irq: Int
    /// LPT1: 378h, IRQ 7.
    public static let lpt1 = Configuration(name: "lpt1", base: 0x378, irq: 7)
    /// A port of that name at `base`.
    public init(name: String, base: UInt16, irq: Int) {
      self.name = name
      self.base = min(base, 0xFFFD)
      self.irq = irq
    }
  }
  private let configuration: Configuration
  /// The interrupt request, high during the acknowledge pulse.
  public let interrupt = Line()
  private let handshake = Alarm()
  private let out = ByteSink()
  /// Takes the bytes printed.
  public var sink: (UInt8) -> Void {
    get { out.take }
    set { out.take = newValue }
  }

  /// What hangs on the port's lines instead of a printer. Carries no guest state.
  public final class Plug: Wiring {
    /// The data lines change.
    public var data: (UInt8) -> Void = { _ in }
    /// The control register is written.
    public var control: (UInt8) -> Void = { _ in }
    /// ACK, as status bit 6 shows it; nil: a printer drives it.
    public var acknowledge: () -> Bool? = { nil }
    init() {}
  }
  /// What hangs on the port's lines.
  public let plug = Plug()

  static let step = Span.microseconds(10)

  /// A port built by `configuration`.
  public init(_ configuration: Configuration = .lpt1) { self.configuration = configuration }

  // MARK: Footprint

  /// What the device occupies.
  public var footprint: Footprint {
    let base = configuration.base
    return Footprint(
      configuration.name, chip: "printer port",
      [
        .ports(base...base + 2, block: 0), .interrupt(configuration.irq, interrupt),
        .alarm("handshake", handshake) { [unowned self] in handshakeStep() },
      ])
  }

  /// RESET clears the registers.
  public func reset() {
    state = State()
    handshake.cancel()
    update()
  }

  // MARK: Ports

  /// See `Device`.
  public func readPort(_ block: Int, _ offset: Int) -> UInt8 {
    switch offset {
    // Input direction (bit 5): nothing drives the data lines.
    case 0: state.control & 0x20 != 0 ? 0xFF : state.data
    case 1:
      // Not BUSY, not ACK, no paper end, selected, no error; bits 2-0 read 1.
      0x1F | (state.busy ? 0 : 0x80) | (plug.acknowledge() ?? !state.acknowledge ? 0x40 : 0)
    default: 0xC0 | state.control
    }
  }

  /// See `Device`.
  public func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    switch offset {
    case 0:
      state.data = value
      plug.data(value)
    case 2:
      let strobe = value & 0x01 != 0 && state.control & 0x01 == 0
      state.control = value & 0x3F
      plug.control(state.control)
      // A printer that is busy doesn't see the strobe.
      if strobe, !state.busy {
        state.busy = true
        out.take(state.data)
        handshake.set(after: Self.step)
      }
    default: break
    }
    update()
  }

  // MARK: Time

  private func handshakeStep() {
    if state.acknowledge {
      state.acknowledge = false
      state.busy = false
    } else {
      state.acknowledge = true
      handshake.set(after: Self.step)
    }
    update()
  }

  private func update() { interrupt.drive(state.acknowledge && state.control & 0x10 != 0) }
}
