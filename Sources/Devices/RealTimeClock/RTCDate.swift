public import Hardware

/// A date and time of day: what the real-time clock shows at power-on.
public struct RTCDate: Codable, Equatable, Sendable, Wiring {
  /// Gregorian year, 1900 ... 9999; the clock keeps two digits, the century goes to CMOS byte 32h.
  public let year: Int
  /// 1 ... 12.
  public let month: Int
  /// 1 ... last day of the month.
  public let day: Int
  /// 0 ... 23.
  public let hour: Int
  /// 0 ... 59.
  public let minute: Int
  /// 0 ... 59.
  public let second: Int

  /// A date; every part is limited to its range.
  public init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
    self.year = min(max(year, 1900), 9999)
    self.month = min(max(month, 1), 12)
    self.day = min(max(day, 1), Self.days(inMonth: self.month, year: self.year))
    self.hour = min(max(hour, 0), 23)
    self.minute = min(max(minute, 0), 59)
    self.second = min(max(second, 0), 59)
  }

  /// Days of a Gregorian month.
  public static func days(inMonth month: Int, year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Day of the week, 1 (Sunday) ... 7 (Saturday).
  public var weekday: Int {
    // Sakamoto's method.
    let offsets = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4]
    let y = month < 3 ? year - 1 : year
    return (y + y / 4 - y / 100 + y / 400 + offsets[month - 1] + day) % 7 + 1
  }
}
