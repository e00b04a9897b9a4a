/// What the machine's clock shows at power-on: the host's local time, read once, or a date.
public enum ClockStart: ConfigurationValue {
  /// The host's local time.
  case host
  /// A date and time of day.
  case date(CalendarDate)

  public init?(configurationText text: String) {
    if text == "host" {
      self = .host
    } else if let date = CalendarDate(text) {
      self = .date(date)
    } else {
      return nil
    }
  }
  public var configurationText: String {
    switch self {
    case .host: "host"
    case .date(let date): date.description
    }
  }
  public static var expected: String { "a date and time such as \"1994-06-01 12:00:00\" (1980 to 2099), or host" }
}

/// A date and time of day without a time zone: what a battery-backed clock keeps.
public struct CalendarDate: Codable, Equatable, Sendable, CustomStringConvertible {
  /// 1980 ... 2099.
  public var year: Int
  /// 1 ... 12.
  public var month: Int
  /// 1 ... 31.
  public var day: Int
  /// 0 ... 23.
  public var hour: Int
  /// 0 ... 59.
  public var minute: Int
  /// 0 ... 59.
  public var second: Int

  /// The date, nil if there is no such day or time.
  public init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard (1980...2099).contains(year), (1...12).contains(month), (1...days[month - 1]).contains(day),
      (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second)
    else { return nil }
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
  }

  /// Reads "1994-06-01 12:00:00" (or with a T between; the time or its seconds may be left out).
  public init?(_ text: String) {
    let parts = text.split(whereSeparator: { $0 == " " || $0 == "T" })
    guard parts.count == 1 || parts.count == 2 else { return nil }
    let date = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    var time: [Int?] = [0, 0, 0]
    if parts.count == 2 {
      time = parts[1].split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
      if time.count == 2 { time.append(0) }
    }
    guard date.count == 3, time.count == 3, let year = date[0], let month = date[1], let day = date[2],
      let hour = time[0], let minute = time[1], let second = time[2]
    else { return nil }
    self.init(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
  }

  public var description: String {
    func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
    return "\(year)-\(two(month))-\(two(day)) \(two(hour)):\(two(minute)):\(two(second))"
  }

  /// 1 (Sunday) ... 7 (Saturday), as the MC146818 counts.
  public var weekday: Int {
    // Zeller's congruence; January and February belong to the year before.
    let m = month < 3 ? month + 12 : month
    let y = month < 3 ? year - 1 : year
    let h = (day + 13 * (m + 1) / 5 + y + y / 4 - y / 100 + y / 400) % 7  // 0 is Saturday
    return h == 0 ? 7 : h
  }
}
