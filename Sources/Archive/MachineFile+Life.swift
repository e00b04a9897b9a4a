import Foundation
import GRDB
import Glibc
public import PC
import Storage

extension MachineFile {
  /// Where media of the host stand in a configuration, and what they are.
  static let mediaKeys: [(key: String, kind: Medium.Kind)] = [
    ("floppy.a", .floppy), ("floppy.b", .floppy), ("disk.hda", .disk), ("disk.hdb", .disk), ("disk.hdc", .disk),
    ("disk.hdd", .disk), ("cdrom.disc", .cd),
  ]

  /// How a new machine comes to its media.
  public struct Creation: Sendable {
    /// What the machine is called.
    public var name: String
    /// The machine, media included.
    public var configuration: MachineConfiguration
    /// Bytes of a new empty first hard disk; nil for none.
    public var diskSize: Int?
    /// Images named in the configuration are taken into the file.
    public var takesMedia = true
    /// What the person writes about it.
    public var note = ""

    /// A machine with the media of its configuration.
    public init(name: String, configuration: MachineConfiguration) {
      self.name = name
      self.configuration = configuration
    }
  }

  /// Makes a machine file at `path`.
  ///
  /// - Throws: `HostError` if the configuration makes no sense, an image can't be read, or there is a file at `path`.
  public static func create(_ path: String, _ creation: Creation, progress: Progress? = nil) throws(HostError) {
    var configuration = creation.configuration
    configuration.machine.name = creation.name
    try configuration.validate()
    try build(path: path, name: creation.name) { file in
      if let size = creation.diskSize, configuration.disk.hda.path == nil {
        configuration.disk.hda = HostPath(path: Medium.prefix + (try file.addEmptyDisk(name: "c", size: size)))
      }
      try file.settle(&configuration, attach: !creation.takesMedia, progress: progress)
      try file.set(configuration)
      if !creation.note.isEmpty { try file.set(note: creation.note) }
    }
  }

  /// Takes the host's images that a configuration names into the file, or, with `attach`, has it name them by their full
  /// paths.
  ///
  /// - Throws: `HostError`.
  public func settle(
    _ configuration: inout MachineConfiguration, attach: Bool, progress: Progress? = nil
  ) throws(HostError) {
    for (key, kind) in Self.mediaKeys {
      guard let found = ConfigurationKey.named(key) else { continue }
      let image = found.get(configuration)
      guard image != "none", Medium.name(in: image) == nil else { continue }
      guard attach else {
        try configuration.set(key, to: try take(kind, path: image, progress: progress))
        continue
      }
      let path = Library.absolute(image)
      try configuration.set(key, to: path)
      // A CD is only read: what it is now it should be for ever.
      if kind == .cd { try naming(self.path) { try note(outside: path) } }
    }
    for key in ["firmware.bios", "firmware.video-bios"] {
      guard let found = ConfigurationKey.named(key), found.get(configuration) != "none" else { continue }
      try configuration.set(key, to: Library.absolute(found.get(configuration)))
    }
  }

  // MARK: Copies

  /// A full copy of the machine in a file of its own at `path`, called `name`.
  ///
  /// - Throws: `HostError`.
  public func clone(to path: String, name: String) throws(HostError) {
    try copy(to: path, isAlone: true) { copy in
      try copy.database.write {
        try $0.execute(
          sql: "UPDATE machine SET uuid = ?, created = ?, used = NULL WHERE id = ?",
          arguments: [UUID().uuidString, HostMoment.now, copy.machine])
      }
      try copy.rename(to: name)
    }
  }

  /// A clone in this file: it shares all chunks with this machine, and takes room only for what changes.
  public func linkedClone(name: String) throws(HostError) {
    try naming(path) {
      var configuration = try configuration()
      configuration.machine.name = name
      try database.write { db in
        guard try Int.fetchOne(db, sql: "SELECT 1 FROM machine WHERE name = ?", arguments: [name]) == nil else {
          throw HostError.usage("\(path): has a machine \(name) already; choose another name")
        }
        try db.execute(
          sql: "INSERT INTO machine (name, uuid, note, created, configuration) VALUES (?, ?, ?, ?, ?)",
          arguments: [
            name, UUID().uuidString, "clone of \(try summary(db).name)", HostMoment.now, configuration.toml(all: true),
          ])
        let clone = db.lastInsertedRowID
        let store = ChunkStore(db: db)
        for layer in try Int64.fetchAll(
          db,
          sql: """
            SELECT DISTINCT layer.id FROM medium JOIN layer ON layer.id = medium.layer
            WHERE medium.machine = ? AND identity IS NULL
            """, arguments: [machine])
        {
          try db.execute(
            sql: "UPDATE layer SET identity = ? WHERE id = ?", arguments: [try store.map(layer).identity.blob, layer])
        }
        try db.execute(
          sql: """
            INSERT INTO medium (machine, name, kind, format, size, layer, sha256, origin, added)
            SELECT ?, name, kind, format, size, layer, sha256, origin, added FROM medium WHERE machine = ?
            """, arguments: [clone, machine])
        try db.execute(
          sql: """
            INSERT INTO reference (machine, path, size, modified, sha256)
            SELECT ?, path, size, modified, sha256 FROM reference WHERE machine = ?
            """, arguments: [clone, machine])
      }
    }
  }

  private func summary(_ db: Database) throws -> (name: String, uuid: String) {
    let row = try Row.fetchOne(db, sql: "SELECT name, uuid FROM machine WHERE id = ?", arguments: [machine])
    guard let row else { throw ArchiveError.damaged("the machine's row is missing") }
    return (try row.value(0), try row.value(1))
  }

  /// A copy of the whole database, which `change` may change before it is seen at `path`.
  ///
  /// - Parameter isAlone: other machines of the file stay behind.
  func copy(to path: String, isAlone: Bool, _ change: (MachineFile) throws -> Void) throws(HostError) {
    guard !Library.isThere(path) else { throw .file("\(path): is there already; choose another name") }
    let unfinished = path + ".unfinished"
    func clear() { for suffix in ["", "-wal", "-shm", "-journal"] { unlink(unfinished + suffix) } }
    clear()
    do {
      try naming(path) {
        try database.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [unfinished]) }
        let copy = try MachineFile(path: unfinished, machine: try summary().name, access: .writing)
        if isAlone {
          try copy.database.write { db in
            try db.execute(sql: "DELETE FROM machine WHERE id <> ?", arguments: [copy.machine])
            if db.changesCount > 0 { try ChunkStore(db: db).sweep() }
          }
        }
        try change(copy)
        try copy.finish()
        guard !Library.isThere(path), Glibc.rename(unfinished, path) == 0 else {
          throw ArchiveError.refused("can't be made: \(HostFiles.reason())")
        }
        Self.syncFolder(of: path)
      }
    } catch {
      clear()
      throw HostError(error.kind, error.description.replacing(unfinished, with: path))
    }
  }

  /// Takes the machine out of its file; the file goes if it was the only one in it.
  ///
  /// - Throws: `HostError`.
  public func delete() throws(HostError) {
    let isLast = try naming(path) {
      try database.write { db in
        guard try Int.fetchOne(db, sql: "SELECT count(*) FROM machine") ?? 0 > 1 else { return true }
        try db.execute(sql: "DELETE FROM machine WHERE id = ?", arguments: [machine])
        try ChunkStore(db: db).sweep()
        return false
      }
    }
    try finish()
    guard isLast else { return }
    guard unlink(path) == 0 else { throw .file("\(path): can't be deleted: \(HostFiles.reason())") }
    for suffix in ["-wal", "-shm", "-journal"] { unlink(path + suffix) }
  }
}
