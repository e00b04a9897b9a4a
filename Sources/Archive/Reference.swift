import Foundation
import GRDB
public import PC
import Storage

/// Images that a machine names by path: what CDs were when they were named, and hard disks when it was suspended.
extension MachineFile {
  /// What the host says of a file without reading it.
  private struct Look: Equatable {
    var size: Int
    var modified: Int

    init?(_ path: String) {
      guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
        attributes[.type] as? FileAttributeType == .typeRegular, let size = attributes[.size] as? Int,
        let date = attributes[.modificationDate] as? Date
      else { return nil }
      self.size = size
      modified = Int((date.timeIntervalSince1970 * 1000).rounded())
    }

    init(size: Int, modified: Int) { (self.size, self.modified) = (size, modified) }
  }

  /// The files that a CD image at `path` lies in; none for a folder.
  private static func files(of path: String) -> [String] {
    guard path.lowercased().hasSuffix(".cue"), let files = try? CDImage.files(ofCue: path).files else {
      return HostFile.isDirectory(path) ? [] : [path]
    }
    return [path] + files.map(\.path)
  }

  private static func sum(_ path: String) throws -> Digest {
    let file = try HostFile(path: path, access: .readOnly)
    var sum = RunningDigest()
    var at = 0
    while at < file.size {
      let bytes = try file.readExactly(at: at, count: min(1 << 20, file.size - at))
      sum.update(bytes)
      at += bytes.count
    }
    return sum.digest
  }

  /// Notes what the image at `path` is now.
  func note(outside path: String) throws {
    for file in Self.files(of: path) {
      guard let look = Look(file) else { continue }
      let sum = try Self.sum(file)
      try database.write { db in
        try db.execute(
          sql: "INSERT OR REPLACE INTO reference (machine, path, size, modified, sha256) VALUES (?, ?, ?, ?, ?)",
          arguments: [machine, file, look.size, look.modified, sum.blob])
      }
    }
  }

  /// The files outside whose sums are known.
  public func references() throws(HostError) -> [(path: String, sha256: Digest)] {
    try naming(self.path) {
      try database.read { db in
        guard try db.tableExists("reference") else { return [] }
        return try Row.fetchAll(
          db, sql: "SELECT path, sha256 FROM reference WHERE machine = ? ORDER BY path", arguments: [machine]
        ).compactMap { row in
          guard let sum = try ChunkStore.digest(row, "sha256") else { return nil }
          return (try row.value("path"), sum)
        }
      }
    }
  }

  /// Forgets what the image at `path` was: it is written from now on.
  func forget(outside path: String) throws {
    try database.write {
      try $0.execute(
        sql: "DELETE FROM reference WHERE machine = ? AND path = ?", arguments: [machine, path])
    }
  }

  /// Which of the files that the image at `path` lies in is another than when it was noted; nil: none. A file whose
  /// size and time are as they were is believed, unless `thoroughly`.
  ///
  /// - Parameter noted: the place where it was then; nil: the same.
  func change(outside path: String, noted: String? = nil, thoroughly: Bool = false) throws -> String? {
    for file in Self.files(of: path) {
      let known = try database.read { db in
        guard try db.tableExists("reference") else { return nil as Row? }
        return try Row.fetchOne(
          db, sql: "SELECT size, modified, sha256 FROM reference WHERE machine = ? AND path = ?",
          arguments: [machine, noted ?? file])
      }
      guard let known, let sum = try ChunkStore.digest(known, "sha256") else { continue }
      let then = Look(size: try known.value("size"), modified: try known.value("modified"))
      if !thoroughly, Look(file) == then { continue }
      guard Look(file)?.size == then.size, try Self.sum(file) == sum else { return file }
    }
    return nil
  }

  /// Whether the file at `path` was written after `moment`, as `HostMoment` writes it: whole seconds.
  static func isWritten(_ path: String, after moment: String) -> Bool {
    guard let look = Look(path), let date = try? Date(moment, strategy: .iso8601) else { return false }
    return look.modified > Int(date.timeIntervalSince1970 * 1000) + 1000
  }
}
