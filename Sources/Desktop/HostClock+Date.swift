import Glibc
public import PC

extension HostClock {
  /// The host's local date and time; nil if it is outside what a PC's clock can show.
  public static func localDate() -> CalendarDate? {
    var seconds = time(nil)
    var parts = tm()
    guard localtime_r(&seconds, &parts) != nil else { return nil }
    return CalendarDate(
      year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday), hour: Int(parts.tm_hour),
      minute: Int(parts.tm_min), second: min(Int(parts.tm_sec), 59))
  }
}

/// SIGINT and SIGTERM, kept pending and looked at between two slices: nothing is interrupted half-way, and what is
/// written gets to the disk.
public struct SignalWatch: Sendable {
  /// Blocks both signals for this thread and those it starts later.
  public init() {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGINT)
    sigaddset(&set, SIGTERM)
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// One of them has come.
  public var isPending: Bool {
    var set = sigset_t()
    sigpending(&set)
    return sigismember(&set, SIGINT) == 1 || sigismember(&set, SIGTERM) == 1
  }
}
