public import Hardware

/// A serial port of an AT: an NS16550A on 1.8432 MHz, IRQ 4 or 3 gated by OUT2.
///
/// Bytes go to `sink` when their last bit has been sent; `receive` puts bytes on the line, where they arrive one by one
/// at the programmed rate.
public final class SerialPort: Device {
  // MARK: State

  /// Chip and line.
  public struct State: SavedState {
    /// The chip.
    public var chip = NS16550()
    /// Bytes sent by the other side that haven't arrived yet.
    public var incoming: [UInt8] = []
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
    /// Something is plugged in that is ready: CTS, DSR and DCD are active.
    public let connected: Bool
    /// COM1: 3F8h, IRQ 4.
    public static let com1 = Configuration(name: "com1", base: 0x3F8, irq: 4)
    /// COM2: 2F8h, IRQ 3.
    public static let com2 = Configuration(name: "com2", base: 0x2F8, irq: 3)
    /// A port of that name at `base`.
    public init(name: String, base: UInt16, irq: Int, connected: Bool = true) {
      self.name = name
      self.base = min(base, 0xFFF8)
      self.irq = irq
      self.connected = connected
    }
  }
  private let configuration: Configuration
  /// The interrupt request.
  public let interrupt = Line()
  /// Data terminal ready.
  public let dtr = Line()
  /// Request to send.
  public let rts = Line()
  private let transmitter = Alarm()
  private let receiver = Alarm()
  private let timeout = Alarm()
  private let out = ByteSink()
  /// Takes the bytes sent.
  public var sink: (UInt8) -> Void {
    get { out.take }
    set { out.take = newValue }
  }

  /// A port built by `configuration`.
  public init(_ configuration: Configuration = .com1) {
    self.configuration = configuration
    if configuration.connected { plugIn() }
  }

  private func plugIn() {
    state.chip.setModemInputs(0xB0)
    _ = state.chip.read(6)
  }

  // MARK: Footprint

  /// What the device occupies.
  public var footprint: Footprint {
    let base = configuration.base
    return Footprint(
      configuration.name, chip: "NS16550A",
      [
        .ports(base...base + 7, block: 0), .interrupt(configuration.irq, interrupt), .line("dtr", dtr),
        .line("rts", rts),
        .alarm("transmitter", transmitter) { [unowned self] in sent() },
        .alarm("receiver", receiver) { [unowned self] in arrived() },
        .alarm("timeout", timeout) { [unowned self] in
          state.chip.timeout()
          update()
        },
      ])
  }

  /// RESET resets the chip; what is on the line goes on arriving.
  public func reset() {
    state.chip.masterReset()
    transmitter.cancel()
    timeout.cancel()
    update()
  }

  // MARK: Ports

  /// See `Device`.
  public func readPort(_ block: Int, _ offset: Int) -> UInt8 {
    let before = state.chip.receivedCount
    let value = state.chip.read(offset)
    if state.chip.receivedCount != before { restartTimeout() }
    update()
    return value
  }

  /// See `Device`.
  public func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    let shifting = state.chip.shifting
    state.chip.write(offset, value)
    if state.chip.shifting, !shifting { transmitter.set(at: characters(1)) }
    update()
  }

  // MARK: Line

  /// The other side sends `byte`.
  public func receive(_ byte: UInt8) {
    state.incoming.append(byte)
    if receiver.deadline == nil { receiver.set(at: characters(1)) }
  }

  /// The other side's CTS, DSR, RI and DCD, in bits 4-7.
  public func setModemInputs(_ levels: UInt8) {
    state.chip.setModemInputs(levels)
    update()
  }

  // MARK: Time

  /// The end of `n` characters that begin now.
  private func characters(_ n: Int64) -> Instant {
    Clock.uart.instant(ofTick: Clock.uart.nextTick(from: transmitter.now) &+ n &* state.chip.characterTicks)
  }

  private func sent() {
    let count = state.chip.receivedCount
    if let byte = state.chip.characterSent() { out.take(byte) }
    if state.chip.shifting { transmitter.set(at: characters(1)) }
    if state.chip.receivedCount != count { restartTimeout() }
    update()
  }

  private func arrived() {
    guard !state.incoming.isEmpty else { return }
    state.chip.receiveFromLine(state.incoming.removeFirst())
    if !state.incoming.isEmpty { receiver.set(at: characters(1)) }
    restartTimeout()
    update()
  }

  private func restartTimeout() {
    if state.chip.wantsTimeout { timeout.set(at: characters(4)) } else { timeout.cancel() }
  }

  private func update() {
    let outputs = state.chip.modemOutputs
    // On the AT's adapter OUT2 gates the interrupt; loopback switches it off.
    interrupt.drive(state.chip.interrupt && outputs & 0x08 != 0)
    dtr.drive(outputs & 0x01 != 0)
    rts.drive(outputs & 0x02 != 0)
  }
}
