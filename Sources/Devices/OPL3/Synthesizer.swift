public import Hardware

/// An FM synthesizer on the bus: an AdLib card, or the one on a Sound Blaster.
///
/// - Source: AdLib programming guide (388h, 389h); Creative, Sound Blaster Series Hardware Programming Guide (mirrors
///   at the card's base). That A1 counts only for register 105h until NEW is set is a measurement reported by A. Giles
///   (ymfm).
public final class Synthesizer: Device {
  // MARK: State

  /// The chip and its address latch.
  public struct State: SavedState {
    /// The chip, with all samples up to `tick` made.
    public var chip = YMF262()
    /// Address latch, 9 bits.
    public var address: UInt16 = 0
    /// Samples made since power-on.
    public var tick: Int64 = 0
    /// After reset.
    public init() {}
  }
  /// All that changes.
  public var state = State()

  /// How a synthesizer is built.
  public struct Configuration: Equatable, Sendable, Wiring {
    /// Which chip.
    public let model: YMF262.Model
    /// Where it is seen, two or four ports at a time.
    public let ports: [ClosedRange<UInt16>]
    /// A chip at these ports.
    public init(_ model: YMF262.Model, at ports: [ClosedRange<UInt16>]) {
      self.model = model
      self.ports = ports
    }
  }
  private let configuration: Configuration
  /// What it plays, -32768 ... 32767.
  public let output = AudioOutput()
  /// Takes each register write: sample, register (0 ... 1FFh), value. For recordings.
  public let log = RegisterLog()

  /// Where register writes are recorded. Carries no guest state.
  public final class RegisterLog: Wiring {
    /// Takes one write; by default nobody does.
    public var take: (_ tick: Int64, _ register: Int, _ value: UInt8) -> Void = { _, _, _ in }
    init() {}
  }

  /// 14.31818 MHz / 288 = 49,716 Hz.
  public static let clock = Clock(numerator: 315_000_000, denominator: 22 * 288)
  private let time = Alarm()

  /// A synthesizer after reset.
  public init(_ configuration: Configuration) {
    self.configuration = configuration
    state.chip = YMF262(model: configuration.model)
    output.refill = { [unowned self] in refill() }
  }

  // MARK: Footprint

  /// What the device occupies.
  public var footprint: Footprint {
    Footprint(
      "fm", chip: configuration.model == .ymf262 ? "Yamaha YMF262" : "Yamaha YM3812",
      configuration.ports.map { .ports($0, block: 0) } + [.alarm("time", time) {}])
  }

  /// RESET silences the chip and clears its registers.
  public func reset() {
    catchUp()
    let tick = state.tick
    state = State()
    state.chip = YMF262(model: configuration.model)
    state.tick = tick
  }

  /// Limits damaged values.
  public func stateLoaded() {
    state.chip.model = configuration.model
    state.chip.limit()
    state.tick = min(max(state.tick, 0), Self.clock.ticks(at: time.now))
  }

  // MARK: Ports

  /// See `Device`.
  public func readPort(_ block: Int, _ offset: Int) -> UInt8 {
    offset & 1 == 0 ? state.chip.status(at: Self.clock.ticks(at: time.now)) : 0xFF
  }

  /// See `Device`.
  public func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    switch offset {
    case 0: state.address = UInt16(value)
    case 2: state.address = UInt16(value) | (state.chip.isNew || value == 0x05 ? 0x100 : 0)
    default:
      catchUp()
      state.chip.write(Int(state.address), value, at: state.tick)
      log.take(state.tick, Int(state.address), value)
      if !state.chip.isIdle { output.input?.wake() }
    }
  }

  // MARK: Time

  private func refill() -> Bool {
    catchUp()
    return !state.chip.isIdle
  }

  /// Makes the samples up to now.
  public func catchUp() {
    let end = Self.clock.ticks(at: time.now)
    var left = end &- state.tick
    guard left > 0 else { return }
    if state.chip.isIdle {
      state.chip.skip(left)
      state.tick = end
      return
    }
    withUnsafeTemporaryAllocation(of: Int16.self, capacity: 2 * 512) { buffer in
      guard let base = buffer.baseAddress else { return }
      while left > 0 {
        let count = Int(min(left, 512))
        state.chip.render(count, into: base)
        output.input?.stream(UnsafeBufferPointer(start: base, count: 2 * count), first: state.tick, clock: Self.clock)
        state.tick &+= Int64(count)
        left &-= Int64(count)
      }
    }
  }
}
