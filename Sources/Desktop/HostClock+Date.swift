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

extension CalendarDate {
  /// "19940601-120000", for names of files.
  var fileName: String {
    let digits = description.filter(\.isNumber)
    return "\(digits.prefix(8))-\(digits.suffix(6))"
  }
}
