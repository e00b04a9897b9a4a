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
    case "realtime": self = .realtime
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
public struct Pacer {
  /// How fast.
  public var speed: Speed {
    didSet { if speed != oldValue { anchor = nil } }
  }
  /// Where guest and host time were last known to agree: (guest, host) in picoseconds and nanoseconds.
  private var anchor: (guest: Int64, host: Int64)?
  /// A host that falls behind by more than this isn't made to catch up.
  private static let slack: Int64 = 100_000_000

  /// A pacer that starts with its first `wait`.
  public init(speed: Speed) { self.speed = speed }

  /// How much guest time may pass between two looks at the host's clock, in a machine that has nothing to do for `quiet`:
  /// a millisecond while it works, so that what it does comes in time; up to four while it waits, so that waiting costs
  /// little and a key isn't late.
  public static func slice(quiet: Span) -> Span { min(max(quiet, .milliseconds(1)), .milliseconds(4)) }

  /// Sleeps until the host's clock has caught up with `elapsed` guest time.
  public mutating func wait(elapsed: Span) {
    guard let percentage = speed.percentage else { return }
    let now = HostClock.nanoseconds()
    guard let anchor else {
      self.anchor = (elapsed.picoseconds, now)
      return
    }
    let guest = (elapsed.picoseconds &- anchor.guest) / 10 / percentage  // nanoseconds of host time it should take
    let due = anchor.host &+ guest
    if due > now {
      HostClock.sleep(nanoseconds: due - now)
    } else if now - due > Self.slack {
      self.anchor = (elapsed.picoseconds, now)
    }
  }

  /// Forgets what has been: after a pause.
  public mutating func restart() { anchor = nil }
}

/// The host's clocks.
public enum HostClock {
  /// Nanoseconds of a clock that only runs forwards.
  static func nanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  static func sleep(nanoseconds: Int64) {
    var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    nanosleep(&time, nil)
  }
}
