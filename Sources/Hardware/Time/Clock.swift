/// An oscillator: an exact fraction of hertz. Converts between its own ticks and guest time **from absolute time**, so
/// no error adds up over days.
///
/// Tick `n` begins at `n / frequency` seconds after power-on (rounded up to a picosecond).
public struct Clock: Hashable, Codable, Sendable {
  /// Frequency in hertz is `numerator / denominator`.
  public let numerator: UInt64
  /// See `numerator`; 1 or more.
  public let denominator: UInt64
  /// Picoseconds per tick where that is a whole number (all processor clocks), otherwise 0: the fast path.
  @usableFromInline let wholePeriod: Int64

  /// A clock of `numerator / denominator` hertz. Zero is taken as one.
  public init(numerator: UInt64, denominator: UInt64 = 1) {
    let n = max(numerator, 1)
    let d = max(denominator, 1)
    self.numerator = n
    self.denominator = d
    let (high, low) = d.multipliedFullWidth(by: 1_000_000_000_000)
    let exact = high < n ? n.dividingFullWidth((high, low)) : (quotient: 0, remainder: 1)
    wholePeriod = exact.remainder == 0 ? Int64(truncatingIfNeeded: exact.quotient) : 0
  }

  /// 8254 input clock, 105/88 MHz = 1.193181... MHz (14.31818 MHz / 12).
  public static let pit = Clock(numerator: 105_000_000, denominator: 88)
  /// The board's 14.31818 MHz master oscillator, 315/22 MHz.
  public static let oscillator = Clock(numerator: 315_000_000, denominator: 22)
  /// MC146818 time base, 32,768 Hz.
  public static let rtc = Clock(numerator: 32_768)
  /// UART crystal, 1.8432 MHz.
  public static let uart = Clock(numerator: 1_843_200)
  /// VGA dot clock 0, 25.175 MHz.
  public static let vga25 = Clock(numerator: 25_175_000)
  /// VGA dot clock 1, 28.322 MHz.
  public static let vga28 = Clock(numerator: 28_322_000)

  /// Frequency in hertz, for display only.
  public var hertz: Double { Double(numerator) / Double(denominator) }

  /// How many whole ticks have begun between power-on and `t` (0 at power-on; negative times count as 0).
  @inlinable public func ticks(at t: Instant) -> Int64 {
    let ps = t.picoseconds
    if ps <= 0 { return 0 }
    if wholePeriod != 0 { return ps / wholePeriod }
    // ps * n / (d * 10^12)
    let (high, low) = UInt64(truncatingIfNeeded: ps).multipliedFullWidth(by: numerator)
    let (divisor, overflow) = denominator.multipliedReportingOverflow(by: 1_000_000_000_000)
    if overflow || high >= divisor { return .max }
    return Int64(truncatingIfNeeded: divisor.dividingFullWidth((high, low)).quotient)
  }

  /// The first instant at which `ticks(at:)` is `tick` or more; `Instant.never` when that is out of range.
  @inlinable public func instant(ofTick tick: Int64) -> Instant {
    if tick <= 0 { return .zero }
    if wholePeriod != 0 {
      let (ps, overflow) = tick.multipliedReportingOverflow(by: wholePeriod)
      return overflow ? .never : Instant(picoseconds: ps)
    }
    let (unit, overflow) = denominator.multipliedReportingOverflow(by: 1_000_000_000_000)
    let (high, low) = UInt64(truncatingIfNeeded: tick).multipliedFullWidth(by: unit)
    if overflow || high >= numerator { return .never }
    let (quotient, remainder) = numerator.dividingFullWidth((high, low))
    let ps = quotient &+ (remainder == 0 ? 0 : 1)
    return ps > UInt64(Int64.max) ? .never : Instant(picoseconds: Int64(truncatingIfNeeded: ps))
  }

  /// The first tick that begins at or after `t`.
  @inlinable public func nextTick(from t: Instant) -> Int64 {
    let tick = ticks(at: t)
    return instant(ofTick: tick) < t ? tick &+ 1 : tick
  }
}
