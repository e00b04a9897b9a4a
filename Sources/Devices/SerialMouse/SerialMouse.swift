public import Hardware

/// A Microsoft two-button mouse on a serial port: it lives off DTR and RTS, says "M" when RTS rises, and sends a packet
/// of three bytes of seven bits, at 1200 baud, for whatever has changed since the last.
///
/// - Source: Microsoft Mouse Programmer's Reference, serial mouse data format (recalled): bit 6 marks the first byte,
///   bits 5 and 4 left and right button, then two high bits each of Y and X; the six low bits of X, of Y.
public final class SerialMouse: Device {
  // MARK: State

  /// What the mouse knows.
  public struct State: SavedState {
    /// DTR and RTS are both active.
    public var isPowered = false
    /// "M" is still to be said.
    public var announces = false
    /// Movement not sent yet, x to the right, y down.
    public var dx = 0
    public var dy = 0
    /// Left and right button.
    public var left = false
    public var right = false
    /// There is something to send.
    public var changed = false
    /// Without power.
    public init() {}
  }
  public var state = State()

  private let out = ByteSink()
  /// Takes the bytes sent.
  public var sink: (UInt8) -> Void {
    get { out.take }
    set { out.take = newValue }
  }
  private let due = Alarm()

  /// From power to "M": how long the processor in the mouse takes to start. Drivers wait 100 ms and more.
  static let startTime = Span.milliseconds(20)
  /// Three characters of one start bit, seven bits and two stop bits at 1200 baud.
  static let packetTime = Span.milliseconds(25)

  /// A mouse without power.
  public init() {}

  // MARK: Footprint

  public var footprint: Footprint {
    Footprint("serial-mouse", chip: "Microsoft serial mouse", [.alarm("due", due) { [unowned self] in send() }])
  }

  /// The mouse has no reset wire; the port's reset takes its power away.
  public func reset() {}

  // MARK: Line

  /// The levels of DTR and RTS.
  public func setPower(dtr: Bool, rts: Bool) {
    let powered = dtr && rts
    guard powered != state.isPowered else { return }
    state = State()
    state.isPowered = powered
    state.announces = powered
    if powered { due.set(after: Self.startTime) } else { due.cancel() }
  }

  // MARK: Hand

  /// Movement and buttons; the rest isn't for a mouse.
  public func input(_ event: InputEvent) {
    guard state.isPowered else { return }
    switch event {
    case .key: return
    case .mouseMove(let x, let y, _):
      state.dx = Self.limit(state.dx &+ Self.limit(x, 65_536), 65_536)
      state.dy = Self.limit(state.dy &+ Self.limit(y, 65_536), 65_536)
    case .mouseButton(.left, let pressed): state.left = pressed
    case .mouseButton(.right, let pressed): state.right = pressed
    case .mouseButton: return
    }
    state.changed = true
    if due.deadline == nil { due.set(after: Self.packetTime) }
  }

  // MARK: Time

  private func send() {
    if state.announces {
      state.announces = false
      out.take(UInt8(ascii: "M"))
    } else if state.changed {
      let x = Self.limit(state.dx, 127)
      let y = Self.limit(state.dy, 127)
      state.dx -= x
      state.dy -= y
      let (low, high) = (UInt8(truncatingIfNeeded: x), UInt8(truncatingIfNeeded: y))
      out.take(0x40 | (state.left ? 0x20 : 0) | (state.right ? 0x10 : 0) | (high >> 6) << 2 | low >> 6)
      out.take(low & 0x3F)
      out.take(high & 0x3F)
      state.changed = state.dx != 0 || state.dy != 0
    }
    if state.changed { due.set(after: Self.packetTime) }
  }

  private static func limit(_ value: Int, _ most: Int) -> Int { min(max(value, -most), most) }
}
