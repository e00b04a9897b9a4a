import Foundation
import GRDB
public import PC
import Storage

/// A disk or CD that is kept in a machine file, or that it knows by path and sum.
public struct Medium: Sendable, Equatable {
  /// What it is.
  public enum Kind: String, Sendable {
    /// A raw floppy image.
    case floppy
    /// A hard disk's sectors.
    case disk
    /// A CD image.
    case cd
  }
  /// How its contents are kept.
  enum Format: String {
    /// As the image is.
    case raw
    /// A floppy disk track by track, whatever the format of its image was.
    case tracks
    /// A cue sheet; the files that it names are media called `NAME/FILE`.
    case cue
  }
  /// Its row.
  let id: Int64
  /// See `Format`.
  let format: Format
  /// Its name in the machine: `disk.hda = "medium:NAME"` attaches it.
  public let name: String
  /// What it is.
  public let kind: Kind
  /// Bytes.
  public let size: Int
  /// False: only its sum is here (an export without media).
  public let isInside: Bool
  /// SHA-256 of the image as it came; nil for disks that were made empty.
  public let sha256: Digest?
  /// The file it came from, for the person; may be empty.
  public let origin: String

  /// What stands before the name of a medium of the machine file in a configuration.
  static let prefix = HostPath.mediumPrefix

  /// The name behind `prefix`; nil if `path` is a file of the host.
  static func name(in path: String) -> String? {
    path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : nil
  }

  init(_ row: Row) throws {
    id = try row.value("id")
    name = try row.value("name")
    guard let kind = Kind(rawValue: try row.value("kind")) else {
      throw ArchiveError.damaged("medium \(id) is of no known kind")
    }
    self.kind = kind
    // Format 1 knew one.
    guard let format = Format(rawValue: row.hasColumn("format") ? try row.value("format") : "raw") else {
      throw ArchiveError.damaged("medium \(id) is of no known format")
    }
    self.format = format
    size = try row.value("size")
    isInside = (try row.optional("layer") as Int64?) != nil
    sha256 = (try row.optional("sha256") as Data?).flatMap { $0.withUnsafeBytes { Digest(bytes: $0) } }
    origin = try row.value("origin")
    guard (0...1 << 37).contains(size) else { throw ArchiveError.damaged("medium \(name) has an impossible size") }
  }
}

/// Tells how far long work has got: done and all bytes.
public typealias Progress = (_ done: Int, _ all: Int) -> Void

extension MachineFile {
  /// All media of the machine.
  public func media() throws(HostError) -> [Medium] {
    try naming(path) {
      try database.read { db in
        try Row.fetchAll(db, sql: "SELECT * FROM medium WHERE machine = ? ORDER BY id", arguments: [machine])
          .map(Medium.init)
      }
    }
  }

  func medium(_ name: String) throws -> Medium {
    let all = try media()
    guard let medium = all.first(where: { $0.name == name }) else {
      let names = all.map(\.name).joined(separator: ", ")
      throw ArchiveError.refused("has no medium \(name); it has \(names.isEmpty ? "none" : names)")
    }
    guard medium.isInside else {
      throw ArchiveError.refused(
        "medium \(name) was left out of this export; bring it back with `heirloom machine edit --medium \(name)=IMAGE` (SHA-256 "
          + "\(medium.sha256?.description ?? "unknown"))")
    }
    return medium
  }

  /// Takes a host's image into the file, chunk by chunk.
  ///
  /// - Returns: what it is called now: `name`, or with a number behind it if that is taken.
  @discardableResult
  func add(
    _ kind: Medium.Kind, _ format: Medium.Format = .raw, name: String, origin: String, size: Int,
    progress: Progress? = nil, read: (_ offset: Int, _ count: Int) throws -> [UInt8]
  ) throws -> String {
    let name = try freeName(name)
    let layer = try database.write { try ChunkStore(db: $0).newLayer(size: size) }
    var sum = RunningDigest()
    let zstd = Zstd()
    // Some chunks a transaction: nothing of it is seen before the medium's row is there.
    let portion = 256
    let count = (size + Schema.chunkSize - 1) / Schema.chunkSize
    for first in stride(from: 0, to: count, by: portion) {
      try database.write { db in
        let store = ChunkStore(db: db)
        var chunks: [Chunk] = []
        for position in first..<min(first + portion, count) {
          let start = position * Schema.chunkSize
          let bytes = try read(start, min(Schema.chunkSize, size - start))
          guard bytes.count == min(Schema.chunkSize, size - start) else {
            throw ArchiveError.refused("\(origin) has become shorter while it was read")
          }
          sum.update(bytes)
          let digest = bytes.withUnsafeBytes { Chunk.digest($0) }
          guard digest != .zeros else { continue }
          let frame = try store.id(digest) == nil ? try bytes.withUnsafeBytes { try zstd.compress($0) } : nil
          chunks.append(Chunk(position: position, digest: digest, size: bytes.count, frame: frame))
        }
        try store.write(chunks, to: layer)
      }
      progress?(min((first + portion) * Schema.chunkSize, size), size)
    }
    let digest = sum.digest
    try database.write { db in
      // Named and so kept: what a guest writes lies over it.
      try db.execute(
        sql: "UPDATE layer SET identity = ? WHERE id = ?",
        arguments: [try ChunkStore(db: db).map(layer).identity.blob, layer])
      try db.execute(
        sql: """
          INSERT INTO medium (machine, name, kind, format, size, layer, sha256, origin, added)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          machine, name, kind.rawValue, format.rawValue, size, layer, digest.blob, origin, HostMoment.now,
        ])
    }
    return name
  }

  /// An empty disk: all zeros, which takes no room.
  @discardableResult
  func addEmptyDisk(name: String, size: Int) throws -> String {
    let name = try freeName(name)
    try database.write { db in
      let layer = try ChunkStore(db: db).newLayer(size: size, identity: .zeros)
      try db.execute(
        sql: "INSERT INTO medium (machine, name, kind, size, layer, added) VALUES (?, ?, 'disk', ?, ?, ?)",
        arguments: [machine, name, size, layer, HostMoment.now])
    }
    return name
  }

  private func freeName(_ name: String) throws -> String {
    let taken = Set(try media().map(\.name))
    guard taken.contains(name) else { return name }
    return (2...).lazy.map { "\(name)-\($0)" }.first { !taken.contains($0) } ?? name
  }

  /// Takes the host's image at `path` into the file.
  ///
  /// - Returns: the value for a configuration: `medium:NAME`.
  /// - Throws: `HostError.file` for images that can't be read, and when the host's disk is full.
  @discardableResult
  public func take(_ kind: Medium.Kind, path image: String, progress: Progress? = nil) throws(HostError) -> String {
    let file = image.split(separator: "/").last.map(String.init) ?? image
    let name = file.lastIndex(of: ".").map { $0 == file.startIndex ? file : String(file[..<$0]) } ?? file
    do {
      switch kind {
      case .disk:
        let store = try DiskFormat.open(path: image, access: .readOnly)
        // What isn't a disk of a size that machines have is refused here.
        _ = try HardDiskImage(store: store, writing: .inMemory)
        return Medium.prefix
          + (try add(kind, name: name, origin: image, size: store.sectorCount * 512, progress: progress) {
            try store.read($0 / 512, count: ($1 + 511) / 512)
          })
      case .floppy:
        let disk = try FloppyImage(path: image, writing: .inMemory)
        // What a raw image can say is kept as one, which other programs read.
        let plain = plain(disk, image)
        let bytes = try plain ?? FloppyTracks.bytes(of: disk)
        return Medium.prefix
          + (try add(kind, plain == nil ? .tracks : .raw, name: name, origin: image, size: bytes.count) {
            Array(bytes[$0..<$0 + $1])
          })
      case .cd: return Medium.prefix + (try takeCD(image, name: name, progress: progress))
      }
    } catch let error as StorageError {
      throw .file(error.description)
    } catch { throw hostError(path, error) }
  }

  /// The bytes of a raw image from which the same disk comes again; nil if its bytes aren't all of it.
  private func plain(_ disk: FloppyImage, _ image: String) -> [UInt8]? {
    guard let bytes = disk.rawBytes(), let again = try? FloppyImage(raw: bytes, name: image),
      (0..<FloppyImage.maxCylinders * 2).allSatisfy({
        again.track(cylinder: $0 / 2, head: $0 % 2) == disk.track(cylinder: $0 / 2, head: $0 % 2)
      })
    else { return nil }
    return bytes
  }

  /// A CD: one image, a cue sheet with its files, or a folder as the CD that it becomes.
  ///
  /// - Returns: its name.
  private func takeCD(_ image: String, name: String, progress: Progress?) throws -> String {
    // What isn't a CD is refused here.
    _ = try CDImage.open(path: image)
    guard image.lowercased().hasSuffix(".cue"), !HostFile.isDirectory(image) else {
      return try takeBytes(image, .raw, name: name, progress: progress)
    }
    let taken = try takeBytes(image, .cue, name: name, progress: nil)
    for file in try CDImage.files(ofCue: image).files {
      try takeBytes(file.path, .raw, name: taken + "/" + file.name, progress: progress)
    }
    return taken
  }

  /// A CD's image as it is, or a part of it.
  @discardableResult
  private func takeBytes(
    _ image: String, _ format: Medium.Format, name: String, progress: Progress?
  ) throws -> String {
    let source: any CDSource =
      HostFile.isDirectory(image) ? try FolderCD(path: image) : try HostFile(path: image, access: .readOnly)
    return try add(.cd, format, name: name, origin: image, size: source.byteCount, progress: progress) {
      try source.read(at: $0, count: $1)
    }
  }

  /// Takes a medium in again that an export left out.
  ///
  /// - Throws: `HostError.file` if the image isn't the one that was left out.
  public func bringBack(_ name: String, from image: String, progress: Progress? = nil) throws(HostError) {
    try naming(path) {
      guard let missing = try media().first(where: { $0.name == name && !$0.isInside }) else {
        throw ArchiveError.refused("no medium \(name) was left out")
      }
      let taken =
        missing.kind == .cd
        ? try takeBytes(image, missing.format, name: name, progress: progress)
        : Medium.name(in: try take(missing.kind, path: image, progress: progress)) ?? ""
      let new = try medium(taken)
      try database.write { db in
        guard new.size == missing.size, missing.sha256 == nil || new.sha256 == missing.sha256 else {
          try db.execute(sql: "DELETE FROM medium WHERE id = ?", arguments: [new.id])
          try ChunkStore(db: db).sweep()
          return
        }
        try db.execute(
          sql: "UPDATE medium SET (layer, format) = (SELECT layer, format FROM medium WHERE id = ?) WHERE id = ?",
          arguments: [new.id, missing.id])
        try db.execute(sql: "DELETE FROM medium WHERE id = ?", arguments: [new.id])
      }
      guard try medium(name).isInside else {
        throw ArchiveError.refused("\(image) isn't medium \(name): its SHA-256 is another")
      }
    }
  }

  /// A whole medium, each chunk checked.
  func bytes(of medium: Medium) throws -> [UInt8] {
    let layer = try database.read {
      try Int64.fetchOne($0, sql: "SELECT layer FROM medium WHERE id = ?", arguments: [medium.id])
    }
    guard let layer else { throw ArchiveError.damaged("medium \(medium.name) is missing") }
    return try bytes(of: layer)
  }
}
