public import Hardware

/// System control ports: 61h (port B: speaker, refresh, NMI sources), 92h (port A: fast A20 and reset), and the
/// diagnostic latches 80h and 84h.
///
/// The A20 gate is open if `fastA20` **or** the keyboard controller's output says so; after reset port 92h bit 1 is 0
/// and the keyboard controller's bit is 1.
///
/// - Source: IBM AT Technical Reference (61h), IBM PS/2 Technical Reference (92h).
public final class SystemControl: Device {
  // MARK: State

  /// Port latches.
  public struct State: SavedState {
    /// Port 61h bits 3-0.
    public var portB: UInt8 = 0
    /// Port 92h as written.
    public var portA: UInt8 = 0
    /// Port 80h: the last POST code.
    public var postCode: UInt8 = 0
    /// Port 84h.
    public var postCode2: UInt8 = 0
    /// Memory parity error, latched.
    public var parityError = false
    /// I/O channel check, latched.
    public var channelCheck = false
    /// Level given by `setTimer2Output`.
    public var timer2Output = false
    /// Level given by `setRefresh`.
    public var refresh = false
    /// After reset.
    public init() {}
  }
  /// All that changes.
  public var state = State()

  /// Port 61h bit 0: GATE 2 of the timer.
  public let gate2 = Line()
  /// Port 61h bit 1: the speaker follows timer 2.
  public let speakerData = Line()
  /// Port 92h bit 1.
  public let fastA20 = Line()
  /// Pulses when port 92h bit 0 goes from 0 to 1.
  public let fastReset = Line()
  /// Non-maskable interrupt: parity error or I/O channel check. The mask in port 70h is the board's.
  public let nmi = Line()
  /// OUT2 of the timer, asked for when port 61h is read. Instead of `setTimer2Output`.
  public let timer2 = Probe()
  /// The refresh flip-flop, asked for when port 61h is read. Instead of `setRefresh`.
  public let refresh = Probe()
  private let post = ByteSink()
  /// Takes the bytes written to port 80h.
  public var postSink: (UInt8) -> Void {
    get { post.take }
    set { post.take = newValue }
  }

  /// The ports after reset.
  public init() {}

  // MARK: Footprint

  /// What the device occupies.
  public var footprint: Footprint {
    Footprint(
      "system", chip: "port B, port A, POST latch",
      [
        .ports(0x61...0x61, block: 0), .ports(0x92...0x92, block: 1), .ports(0x80...0x80, block: 2),
        .ports(0x84...0x84, block: 3), .line("gate2", gate2), .line("speaker-data", speakerData),
        .line("fast-a20", fastA20), .line("fast-reset", fastReset), .line("nmi", nmi),
      ])
  }

  /// RESET clears both ports.
  public func reset() {
    let inputs = state
    state = State()
    state.timer2Output = inputs.timer2Output
    state.refresh = inputs.refresh
    update()
  }

  // MARK: Ports

  /// See `Device`.
  public func readPort(_ block: Int, _ offset: Int) -> UInt8 {
    switch block {
    case 0:
      let refresh = self.refresh.level?() ?? state.refresh
      let timer = timer2.level?() ?? state.timer2Output
      return state.portB | (refresh ? 0x10 : 0) | (timer ? 0x20 : 0) | (state.channelCheck ? 0x40 : 0)
        | (state.parityError ? 0x80 : 0)
    case 1: return state.portA
    case 2: return state.postCode
    default: return state.postCode2
    }
  }

  /// See `Device`.
  public func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    switch block {
    case 0:
      state.portB = value & 0x0F
      // Bits 2 and 3 high switch the checks off and clear their latches.
      if value & 0x04 != 0 { state.parityError = false }
      if value & 0x08 != 0 { state.channelCheck = false }
    case 1:
      let pulse = value & 0x01 != 0 && state.portA & 0x01 == 0
      state.portA = value
      update()
      if pulse { fastReset.pulse() }
    case 2:
      state.postCode = value
      post.take(value)
    default: state.postCode2 = value
    }
    update()
  }

  // MARK: Pins

  /// OUT2 of the timer changed.
  public func setTimer2Output(_ level: Bool) { state.timer2Output = level }
  /// The refresh flip-flop changed.
  public func setRefresh(_ level: Bool) { state.refresh = level }

  /// A parity error in memory: latched, and NMI, unless port 61h bit 2 switches the check off.
  public func reportParityError() {
    if state.portB & 0x04 == 0 { state.parityError = true }
    update()
  }

  /// IOCHK of the expansion bus: latched, and NMI, unless port 61h bit 3 switches the check off.
  public func reportChannelCheck() {
    if state.portB & 0x08 == 0 { state.channelCheck = true }
    update()
  }

  private func update() {
    gate2.drive(state.portB & 0x01 != 0)
    speakerData.drive(state.portB & 0x02 != 0)
    fastA20.drive(state.portA & 0x02 != 0)
    nmi.drive(state.parityError || state.channelCheck)
  }
}
