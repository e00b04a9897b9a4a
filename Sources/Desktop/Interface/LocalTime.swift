import Foundation

/// Moments of the host, as people there write them.
enum LocalTime {
  /// The day of a moment in seconds since 1970.
  static func day(_ seconds: Int) -> String { text(Date(timeIntervalSince1970: Double(seconds)), "yyyy-MM-dd") }

  /// Day and time of a moment as machine files have it (ISO 8601, UTC); the text itself if it is none.
  static func text(_ moment: String, now: Date = Date(), zone: TimeZone = .current) -> String {
    guard let date = ISO8601DateFormatter().date(from: moment) else { return moment }
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = zone
    let time = text(date, "HH:mm", zone)
    if calendar.isDate(date, inSameDayAs: now) { return "today " + time }
    if calendar.isDate(date, inSameDayAs: now.addingTimeInterval(-86_400)) { return "yesterday " + time }
    return text(date, "yyyy-MM-dd HH:mm", zone)
  }

  private static func text(_ date: Date, _ format: String, _ zone: TimeZone = .current) -> String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = zone
    formatter.dateFormat = format
    return formatter.string(from: date)
  }
}
