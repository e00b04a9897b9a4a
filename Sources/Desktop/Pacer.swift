import Glibc
public import Hardware

/// How fast guest time passes against the host's.
public enum Speed: Equatable, Sendable {
  /// One guest second a second.
  case realtime
  /// As fast as the host can.
  case max
  /// That many hundredths of real time.
  case percent(Int)

  /// Reads "realtime", "max", or a percentage from 1 to 10000 with or without "%".
  public init?(text: String) {
    switch text.lowercased() {
    case "realtime", "100", "100%": self = .realtime
    case "max": self = .max
    default:
      guard let number = Int(text.hasSuffix("%") ? text.dropLast() : text[...]), (1...10_000).contains(number) else {
        return nil
      }
      self = .percent(number)
    }
  }

  /// Guest seconds per host second in hundredths, nil for as many as the host can.
  var percentage: Int64? {
    switch self {
    case .realtime: 100
    case .max: nil
    case .percent(let number): Int64(number)
    }
  }
}

/// Holds guest time back to the host's. The only place where the host's clock meets the machine's.
///
/// Guest time goes in steps, each of which passes at once. A step is taken when half of it has gone by on the host, so
/// that guest and host differ by no more than half a step in either direction, a quarter of one on average.
public struct Pacer {
  /// How fast.
  public var speed: Speed {
    didSet { if speed != oldValue { anchor = nil } }
  }
  /// Where guest and host time were last known to agree: (guest, host) in picoseconds and nanoseconds.
  private var anchor: (guest: Int64, host: Int64)?
  /// The host's clock in nanoseconds, and how to let so many pass.
  private let now: () -> Int64
  private let sleep: (Int64) -> Void
  /// A host that falls behind by more than this isn't made to catch up.
  private static let slack: Int64 = 100_000_000

  /// A pacer that starts with its first `wait`. `now` and `sleep`: the host's clock in nanoseconds that only runs
  /// forwards, and a way to let so many of them pass.
  public init(
    speed: Speed, now: @escaping () -> Int64 = { HostClock.nanoseconds() },
    sleep: @escaping (Int64) -> Void = { HostClock.sleep(nanoseconds: $0) }
  ) {
    self.speed = speed
    self.now = now
    self.sleep = sleep
  }

  /// How much guest time may pass between two looks at the host's clock, in a machine that has nothing to do for `quiet`:
  /// a millisecond of the host's while it works, so that what it does comes in time; up to three while it waits, so that
  /// waiting costs little and a key isn't late. At full speed nobody waits: three milliseconds of the guest's.
  public func step(quiet: Span) -> Span {
    guard let percentage = speed.percentage else { return .milliseconds(3) }
    let hundredth = Span.microseconds(10 * percentage)
    return min(max(quiet, hundredth), hundredth * 3)
  }

  /// Sleeps until the host's clock has caught up with `elapsed` guest time and half of the step of `next` to come.
  public mutating func wait(elapsed: Span, next: Span) {
    guard let percentage = speed.percentage else { return }
    let time = now()
    let anchor = anchor ?? (elapsed.picoseconds, time)
    self.anchor = anchor
    // Nanoseconds of host time that it should take.
    let guest = (elapsed.picoseconds &- anchor.guest &+ next.picoseconds / 2) / 10 / percentage
    let due = anchor.host &+ guest
    if due > time {
      sleep(due - time)
    } else if time - due > Self.slack {
      self.anchor = (elapsed.picoseconds, time)
    }
  }

  /// Forgets what has been: after a pause.
  public mutating func restart() { anchor = nil }
}

/// The host's clocks.
public enum HostClock {
  /// Nanoseconds of a clock that only runs forwards.
  public static func nanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Lets that many nanoseconds pass.
  public static func sleep(nanoseconds: Int64) {
    var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    nanosleep(&time, nil)
  }
}
