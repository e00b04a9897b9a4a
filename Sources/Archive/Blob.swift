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

/// Moments of the host, as they are written into a file: UTC, ISO 8601.
enum HostMoment {
  /// Now.
  static var now: String { ISO8601DateFormatter().string(from: Date()) }
}
