import Desktop
import Hardware
import Testing

/// A host whose time passes by sleeping and by what running the guest takes it.
private final class Host {
  var nanoseconds: Int64 = 5_000_000_000
  var slept: Int64 = 0
  /// By how much each sleep is too long.
  var oversleep: Int64 = 0
  func sleep(_ span: Int64) {
    nanoseconds += span + oversleep
    slept += span
  }
}

/// Guest time against the host's, on a clock of the test's own.
@Suite struct PacerTests {
  /// Runs `seconds` of guest time at `speed`; each step takes the host `cost` of the guest's time.
  ///
  /// - Returns: mean and largest difference of guest and host time, in milliseconds of the host's, looked at all along,
  ///   the host's seconds and those in which it slept.
  private func run(
    _ speed: Speed, seconds: Double, quiet: Span, cost: Double = 0, oversleep: Int64 = 0
  ) -> (mean: Double, most: Double, host: Double, slept: Double) {
    let host = Host()
    host.oversleep = oversleep
    var pacer = Pacer(speed: speed, now: { host.nanoseconds }, sleep: { host.sleep($0) })
    let percentage: Double = if case .percent(let number) = speed { Double(number) } else { 100 }
    var guest = Span.seconds(0)
    let start = host.nanoseconds
    pacer.wait(elapsed: guest, next: pacer.step(quiet: quiet))
    var (sum, count, most) = (0.0, 0.0, 0.0)
    while Double(guest.picoseconds) < seconds * 1e12 {
      let step = pacer.step(quiet: quiet)
      host.nanoseconds += Int64(Double(step.picoseconds) / 1000 * cost)
      guest = guest + step
      let before = host.nanoseconds
      pacer.wait(elapsed: guest, next: pacer.step(quiet: quiet))
      // Guest time stands still in between: a look every ten microseconds.
      for time in stride(from: before, to: host.nanoseconds, by: 10_000) {
        let difference = abs(Double(time - start) / 1e6 - Double(guest.picoseconds) / 1e9 * 100 / percentage)
        (sum, count, most) = (sum + difference, count + 1, max(most, difference))
      }
    }
    return (sum / max(count, 1), most, Double(host.nanoseconds - start) / 1e9, Double(host.slept) / 1e9)
  }

  @Test("Real time is held to within a millisecond on average, at work and at rest, and nothing adds up")
  func realTime() {
    for quiet in [Span.seconds(0), .milliseconds(2), .seconds(1)] {
      let result = run(.realtime, seconds: 60, quiet: quiet, cost: 0.1, oversleep: 80_000)
      #expect(result.mean < 1, "\(result)")
      #expect(result.most < 2, "\(result)")
      #expect(abs(result.host - 60) < 0.002, "\(result)")
    }
  }

  @Test("Percentages stretch and shrink guest time exactly", arguments: [1, 10, 50, 99, 200, 1000, 10_000])
  func percentages(_ percentage: Int) {
    let seconds = Double(percentage) / 10
    let result = run(.percent(percentage), seconds: seconds, quiet: .seconds(1), oversleep: 50_000)
    #expect(abs(result.host - 10) < 0.005, "\(result)")
    #expect(result.mean < 1, "\(result)")
  }

  @Test("A machine that waits is looked at 334 times a second, one that works 1000 times, at any speed")
  func looks() {
    for (speed, factor) in [(Speed.realtime, 1.0), (.percent(10), 0.1), (.percent(400), 4)] {
      let pacer = Pacer(speed: speed)
      #expect(Double(pacer.step(quiet: .seconds(0)).picoseconds) == 1e9 * factor)
      #expect(Double(pacer.step(quiet: .seconds(1)).picoseconds) == 3e9 * factor)
    }
  }

  @Test("At full speed nothing waits")
  func full() {
    #expect(run(.max, seconds: 10, quiet: .seconds(1)).slept == 0)
  }

  @Test("A host that was away for less than 100 ms is caught up with; one that was away for longer isn't")
  func stall() {
    for (away, isCaughtUp) in [(80_000_000, true), (400_000_000, false)] as [(Int64, Bool)] {
      let host = Host()
      var pacer = Pacer(speed: .realtime, now: { host.nanoseconds }, sleep: { host.sleep($0) })
      let start = host.nanoseconds
      for tick in 0..<2000 {
        if tick == 1000 { host.nanoseconds += away }
        pacer.wait(elapsed: .milliseconds(Int64(tick)), next: .milliseconds(1))
      }
      let late = host.nanoseconds - start - 1_999_500_000
      #expect(abs(late - (isCaughtUp ? 0 : away)) < 2_000_000, "\(late) ns late")
    }
  }

  @Test("Speeds are read as they are written: 100 percent is real time")
  func texts() {
    #expect(Speed(text: "100") == .realtime && Speed(text: "100%") == .realtime && Speed(text: "realtime") == .realtime)
    #expect(Speed(text: "50%") == .percent(50) && Speed(text: "MAX") == .max)
    #expect(Speed(text: "0") == nil && Speed(text: "10001") == nil && Speed(text: "fast") == nil)
  }
}
