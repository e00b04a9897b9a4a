import Hardware
import Testing

struct InstantTests {
  @Test("Adding a span saturates at `never`")
  func saturation() {
    #expect(Instant.never + .seconds(1) == .never)
    #expect(Instant(picoseconds: .max - 5) + Span(picoseconds: 10) == .never)
    #expect(Instant.zero + .microseconds(3) == Instant(picoseconds: 3_000_000))
  }

  @Test("The difference of two instants is the span between them, negative into the past")
  func difference() {
    let a = Instant(picoseconds: 10)
    let b = Instant(picoseconds: 4)
    #expect(a - b == Span(picoseconds: 6))
    #expect(b - a == Span(picoseconds: -6))
    #expect(b + (a - b) == a)
  }

  @Test("Units of a span are exact multiples of a picosecond")
  func units() {
    #expect(Span.nanoseconds(1).picoseconds == 1_000)
    #expect(Span.microseconds(1) == .nanoseconds(1_000))
    #expect(Span.milliseconds(1) == .microseconds(1_000))
    #expect(Span.seconds(1) == .milliseconds(1_000))
    #expect(Span.milliseconds(2) * 3 + .seconds(1) == .milliseconds(1_006))
  }
}

struct ClockTests {
  static let clocks: [Clock] = [
    .pit, .oscillator, .rtc, .uart, .vga25, .vga28, Clock(numerator: 33_333_333), Clock(numerator: 100_000_000),
    Clock(numerator: 1), Clock(numerator: 3, denominator: 7),
  ]

  @Test("The instant of a tick is the first at which that tick has begun", arguments: clocks)
  func roundTrip(_ clock: Clock) {
    var dice = Dice(1)
    let day = clock.ticks(at: Instant(picoseconds: Span.seconds(86_400).picoseconds))
    for _ in 0..<2_000 {
      let tick = Int64(dice.next() % UInt64(max(day, 2))) + 1
      let instant = clock.instant(ofTick: tick)
      #expect(clock.ticks(at: instant) == tick)
      #expect(clock.ticks(at: Instant(picoseconds: instant.picoseconds - 1)) == tick - 1)
      #expect(clock.nextTick(from: instant) == tick)
      #expect(clock.nextTick(from: Instant(picoseconds: instant.picoseconds + 1)) == tick + 1)
    }
  }

  @Test("Ticks of a clock after a day are exactly frequency times seconds")
  func noDrift() {
    let seconds: Int64 = 88 * 22 * 1_000
    let end = Instant.zero + .seconds(seconds)
    #expect(Clock.pit.ticks(at: end) == 105_000_000 / 88 * 0 + 105_000_000 * (seconds / 88))
    #expect(Clock.oscillator.ticks(at: end) == 315_000_000 * (seconds / 22))
    #expect(Clock.rtc.ticks(at: end) == 32_768 * seconds)
    #expect(Clock.vga25.ticks(at: end) == 25_175_000 * seconds)
    // One picosecond less is one tick less.
    let before = Instant(picoseconds: end.picoseconds - 1)
    #expect(Clock.pit.ticks(at: before) == 105_000_000 * (seconds / 88) - 1)
  }

  @Test("12 ticks of the oscillator are one of the 8254's clock")
  func ratio() {
    for n in [Int64(1), 7, 1_193_182, 9_876_543_210] {
      #expect(Clock.oscillator.instant(ofTick: 12 * n) == Clock.pit.instant(ofTick: n))
    }
  }

  @Test("Ticks never run backwards and nothing overflows at the ends of the range")
  func ends() {
    for clock in Self.clocks {
      #expect(clock.ticks(at: .zero) == 0)
      #expect(clock.ticks(at: Instant(picoseconds: -5)) == 0)
      #expect(clock.instant(ofTick: 0) == .zero)
      #expect(clock.instant(ofTick: -1) == .zero)
      #expect(clock.instant(ofTick: .max) == .never)
      #expect(clock.ticks(at: .never) > 0)
    }
    #expect(Clock(numerator: 0, denominator: 0) == Clock(numerator: 1, denominator: 1))
    #expect(Clock(numerator: .max, denominator: .max).ticks(at: .zero + .seconds(1)) >= 0)
  }
}
