/// An oscillator: an exact fraction of hertz. Converts between its own ticks and guest time **from absolute time**, so
/// no error adds up over days.
///
/// Tick `n` begins at `n / frequency` seconds after power-on (rounded up to a picosecond).
public struct Clock: Hashable, Codable, Sendable {
  /// Frequency in hertz is `numerator / denominator`.
  public let numerator: UInt64
  /// See `numerator`; 1 or more.
  public let denominator: UInt64
  /// Ticks per picosecond as a fraction in lowest terms: `ticksPer / picoseconds`.
  @usableFromInline let ticksPer: UInt64
  @usableFromInline let picoseconds: UInt64
  /// Whether both conversions can be done piecewise in 64 bits (all clocks of a PC): five times as fast as a 128-bit
  /// division in software.
  @usableFromInline let isSmall: Bool

  /// A clock of `numerator / denominator` hertz. Zero is taken as one. The fraction may not exceed 1 THz.
  public init(numerator: UInt64, denominator: UInt64 = 1) {
    let n = max(numerator, 1)
    let d = max(denominator, 1)
    self.numerator = n
    self.denominator = d
    // ticks = ps * n / (d * 10^12); the common factors of n with 10^12 and d go first, so that nothing overflows.
    func gcd(_ a: UInt64, _ b: UInt64) -> UInt64 { b == 0 ? a : gcd(b, a % b) }
    let g = gcd(n, d)
    let h = gcd(n / g, 1_000_000_000_000)
    ticksPer = n / g / h
    let (unit, overflow) = (d / g).multipliedReportingOverflow(by: 1_000_000_000_000 / h)
    picoseconds = overflow ? .max : unit
    let (_, large) = ticksPer.multipliedReportingOverflow(by: picoseconds)
    isSmall = !large && picoseconds <= UInt64(Int64.max)
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
    if t.picoseconds <= 0 { return 0 }
    let ps = UInt64(t.picoseconds)
    if isSmall {
      // floor((q * D + r) * N / D) = q * N + floor(r * N / D)
      let (high, overflow) = (ps / picoseconds).multipliedReportingOverflow(by: ticksPer)
      let ticks = high &+ (ps % picoseconds) &* ticksPer / picoseconds
      return overflow || ticks > UInt64(Int64.max) ? .max : Int64(truncatingIfNeeded: ticks)
    }
    let (high, low) = ps.multipliedFullWidth(by: ticksPer)
    return high >= picoseconds ? .max : Int64(truncatingIfNeeded: picoseconds.dividingFullWidth((high, low)).quotient)
  }

  /// The first instant at which `ticks(at:)` is `tick` or more; `Instant.never` when that is out of range.
  @inlinable public func instant(ofTick tick: Int64) -> Instant {
    if tick <= 0 { return .zero }
    let n = UInt64(tick)
    if isSmall {
      let (high, overflow) = (n / ticksPer).multipliedReportingOverflow(by: picoseconds)
      let ps = high &+ ((n % ticksPer) &* picoseconds &+ ticksPer &- 1) / ticksPer
      return overflow || ps > UInt64(Int64.max) ? .never : Instant(picoseconds: Int64(truncatingIfNeeded: ps))
    }
    let (high, low) = n.multipliedFullWidth(by: picoseconds)
    if high >= ticksPer { return .never }
    let (quotient, remainder) = ticksPer.dividingFullWidth((high, low))
    let ps = quotient &+ (remainder == 0 ? 0 : 1)
    return ps > UInt64(Int64.max) ? .never : Instant(picoseconds: Int64(truncatingIfNeeded: ps))
  }

  /// The first tick that begins at or after `t`.
  @inlinable public func nextTick(from t: Instant) -> Int64 {
    let tick = ticks(at: t)
    return instant(ofTick: tick) < t ? tick &+ 1 : tick
  }
}
