/// A point of guest time: picoseconds since power-on.
///
/// Range: 0 ... 2^63-1 ps, about 106 days of uninterrupted guest time. `Instant.never` is the largest value and is
/// used for "no deadline".
public struct Instant: Comparable, Hashable, Codable, Sendable {
  /// Picoseconds since power-on.
  public var picoseconds: Int64

  /// The instant that lies `picoseconds` after power-on.
  @inlinable public init(picoseconds: Int64) { self.picoseconds = picoseconds }

  /// Power-on.
  public static let zero = Instant(picoseconds: 0)
  /// Later than everything.
  public static let never = Instant(picoseconds: .max)

  @inlinable public static func < (a: Instant, b: Instant) -> Bool { a.picoseconds < b.picoseconds }

  /// The instant `span` later; saturates at `never`.
  @inlinable public static func + (a: Instant, span: Span) -> Instant {
    let (sum, overflow) = a.picoseconds.addingReportingOverflow(span.picoseconds)
    return Instant(picoseconds: overflow ? .max : sum)
  }

  /// The time that passed from `b` to `a`.
  @inlinable public static func - (a: Instant, b: Instant) -> Span {
    Span(picoseconds: a.picoseconds &- b.picoseconds)
  }
}

/// A length of guest time in picoseconds.
public struct Span: Comparable, Hashable, Codable, Sendable {
  /// Length in picoseconds; negative when it points to the past.
  public var picoseconds: Int64

  /// A span of that many picoseconds.
  @inlinable public init(picoseconds: Int64) { self.picoseconds = picoseconds }

  /// A span of whole nanoseconds.
  @inlinable public static func nanoseconds(_ n: Int64) -> Span { Span(picoseconds: n &* 1_000) }
  /// A span of whole microseconds.
  @inlinable public static func microseconds(_ n: Int64) -> Span { Span(picoseconds: n &* 1_000_000) }
  /// A span of whole milliseconds.
  @inlinable public static func milliseconds(_ n: Int64) -> Span { Span(picoseconds: n &* 1_000_000_000) }
  /// A span of whole seconds.
  @inlinable public static func seconds(_ n: Int64) -> Span { Span(picoseconds: n &* 1_000_000_000_000) }

  @inlinable public static func < (a: Span, b: Span) -> Bool { a.picoseconds < b.picoseconds }
  /// The two spans, one behind the other.
  @inlinable public static func + (a: Span, b: Span) -> Span { Span(picoseconds: a.picoseconds &+ b.picoseconds) }
  /// The span `n` times over.
  @inlinable public static func * (a: Span, n: Int64) -> Span { Span(picoseconds: a.picoseconds &* n) }
}
