import Foundation
import GRDB

extension [UInt8] {
  /// As SQLite takes it.
  var blob: DatabaseValue { Data(self).databaseValue }
}

extension Digest {
  /// As SQLite takes it.
  var blob: DatabaseValue { bytes.blob }
}

extension Row {
  /// The value of a column. Unlike the subscript it throws when a damaged file holds something of another kind there.
  func value<T: DatabaseValueConvertible & StatementColumnConvertible>(_ column: Int) throws -> T {
    try decode(T.self, atIndex: column)
  }
  func optional<T: DatabaseValueConvertible & StatementColumnConvertible>(_ column: Int) throws -> T? {
    try decode(T?.self, atIndex: column)
  }
  func value<T: DatabaseValueConvertible & StatementColumnConvertible>(_ column: String) throws -> T {
    try decode(T.self, forColumn: column)
  }
  func optional<T: DatabaseValueConvertible & StatementColumnConvertible>(_ column: String) throws -> T? {
    try decode(T?.self, forColumn: column)
  }
}

/// Moments of the host, as they are written into a file: UTC, ISO 8601.
enum HostMoment {
  /// Now.
  static var now: String { ISO8601DateFormatter().string(from: Date()) }
}
