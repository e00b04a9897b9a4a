import GRDB
import Hardware
public import PC
import Storage

/// A machine as one file that needs no other.
extension MachineFile {
  /// Writes the machine as one file: images that are attached from outside are taken in, with the states that name them.
  ///
  /// - Parameter withMedia: false leaves all media and states out; their names and sums stay.
  /// - Returns: what the new file hasn't got, a line each.
  /// - Throws: `HostError`.
  @discardableResult
  public func export(
    to path: String, withMedia: Bool, progress: Progress? = nil
  ) throws(HostError) -> [String] {
    var notices: [String] = []
    try copy(to: path, isAlone: true) { copy in
      var inside = Inside(file: copy, progress: progress, needsAll: withMedia)
      try inside.takeIn()
      notices = inside.notices
      guard !withMedia else { return }
      try copy.database.write { db in
        try db.execute(
          sql: "UPDATE machine SET current = NULL, frozen = NULL; DELETE FROM snapshot; UPDATE medium SET layer = NULL")
        try ChunkStore(db: db).sweep()
      }
      try copy.database.writeWithoutTransaction { try $0.execute(sql: "VACUUM") }
    }
    return notices
  }
}

/// Takes what a machine names outside of its file into it.
private struct Inside {
  let file: MachineFile
  let progress: Progress?
  /// A file that isn't there is an error.
  let needsAll: Bool
  /// What isn't inside afterwards.
  var notices: [String] = []
  /// Media by the paths that they had outside.
  private var taken: [String: String] = [:]

  init(file: MachineFile, progress: Progress?, needsAll: Bool) {
    self.file = file
    self.progress = progress
    self.needsAll = needsAll
  }

  mutating func takeIn() throws {
    let frozen = try file.summary().frozen
    var configuration = try file.configuration()
    try change(&configuration, mustBeThere: needsAll)
    try file.set(configuration)
    guard needsAll else { return }
    for snapshot in try file.snapshots() {
      do { try takeIn(snapshot, mustFit: snapshot.name == frozen) } catch ArchiveError.refused(let text) {
        notices.append("snapshot \(snapshot.name) can't be gone back to there: \(text)")
      }
    }
    try file.database.write {
      try $0.execute(sql: "DELETE FROM reference WHERE machine = ?", arguments: [file.machine])
    }
  }

  /// What the image at `path` is called inside; nil if it isn't there.
  private mutating func medium(_ kind: Medium.Kind, _ path: String, mustBeThere: Bool) throws -> String? {
    let path = Library.absolute(path)
    if let name = taken[path] { return name }
    guard Library.isThere(path) || mustBeThere else { return nil }
    let name = try file.take(kind, path: path, progress: progress)
    taken[path] = name
    return name
  }

  /// Has a configuration name inside what it names outside.
  private mutating func change(_ configuration: inout MachineConfiguration, mustBeThere: Bool) throws {
    for (key, kind) in MachineFile.mediaKeys {
      guard let path = ConfigurationKey.named(key)?.get(configuration), path != "none", Medium.name(in: path) == nil
      else { continue }
      if let name = try medium(kind, path, mustBeThere: mustBeThere) {
        try configuration.set(key, to: name)
      } else {
        notices.append("\(path) (\(key)) isn't there, and so isn't in the file")
      }
    }
  }

  // MARK: States

  /// - Throws: `ArchiveError.refused` if the state needs something that isn't there any more as it was.
  private mutating func takeIn(_ snapshot: Snapshot, mustFit: Bool) throws {
    var then = MachineConfiguration()
    try then.apply(toml: snapshot.configuration, path: file.path)
    let before = then
    var held: [(medium: Int64, layer: Int64)] = []
    for place in Place.all where snapshot.guestTime != nil {
      guard let path = ConfigurationKey.named(place.key)?.get(then), path != "none", Medium.name(in: path) == nil else {
        continue
      }
      guard let name = try medium(.disk, path, mustBeThere: mustFit), let plain = Medium.name(in: name) else {
        throw ArchiveError.refused("the hard disk \(path) isn't there")
      }
      if mustFit ? try file.change(outside: path) != nil : MachineFile.isWritten(path, after: snapshot.taken) {
        try refuse("\(path) has been written since", mustFit)
      }
      do { held.append(try disk(snapshot, place, path, try file.medium(plain))) } catch let error as SavedStateError {
        try refuse("\(error)", mustFit)
      }
    }
    try change(&then, mustBeThere: false)
    held += try drives(of: snapshot)
    guard then != before || !held.isEmpty else { return }
    try file.database.write { [held, then] db in
      for (medium, layer) in held {
        try db.execute(
          sql: "INSERT OR REPLACE INTO snapshot_medium (snapshot, medium, layer) VALUES (?, ?, ?)",
          arguments: [snapshot.id, medium, layer])
      }
      try db.execute(
        sql: "UPDATE snapshot SET configuration = ? WHERE id = ?", arguments: [then.toml(all: true), snapshot.id])
    }
    if snapshot.guestTime != nil, !held.isEmpty { try file.renewHash(of: snapshot) }
  }

  private func refuse(_ reason: String, _ mustFit: Bool) throws {
    let text = "it needs a hard disk as it was then: \(reason)"
    guard mustFit else { throw ArchiveError.refused(text) }
    throw HostError.file(
      "\(file.path): is suspended, and \(text); put the disk back as it was, or start the machine with --cold once")
  }

  /// Where a hard disk is in a configuration and in a state.
  private struct Place {
    var key: String
    var row: String
    static let all = [
      Place(key: "disk.hda", row: "board/devices/part:ata0.master"),
      Place(key: "disk.hdb", row: "board/devices/part:ata0.slave"),
      Place(key: "disk.hdc", row: "board/devices/part:ata1.master"),
      Place(key: "disk.hdd", row: "board/devices/part:ata1.slave"),
    ]
  }

  /// The hard disk of a state: what the host's image holds, and over it what the state says was written. The state then
  /// names these contents.
  private func disk(
    _ snapshot: Snapshot, _ place: Place, _ path: String, _ medium: Medium
  ) throws -> (medium: Int64, layer: Int64) {
    guard let part = try file.rows(of: snapshot, named: place.row), let saved = part["disk"] else {
      throw ArchiveError.damaged("snapshot \(snapshot.name) has no \(place.row)")
    }
    let image = try HardDiskImage(store: try DiskFormat.open(path: path, access: .readOnly), writing: .inMemory)
    try image.loadPart(saved)
    let sectors = Schema.chunkSize / HardDiskImage.sectorSize
    let positions = Set(image.writtenSectors.flatMap { $0.lowerBound / sectors...($0.upperBound - 1) / sectors })
    let chunks = try positions.sorted().map { position in
      let first = position * sectors
      let count = min(sectors, image.sectorCount - first)
      guard let bytes = image.read(first, count: count) else {
        throw ArchiveError.refused("\(path): sector \(first) can't be read")
      }
      let digest = bytes.withUnsafeBytes { Chunk.digest($0) }
      let frame = digest == .zeros ? nil : try bytes.withUnsafeBytes { try Zstd().compress($0) }
      return Chunk(position: position, digest: digest, size: bytes.count, frame: frame)
    }
    return try file.database.write { db in
      let store = ChunkStore(db: db)
      guard let base = try Int64.fetchOne(db, sql: "SELECT layer FROM medium WHERE id = ?", arguments: [medium.id])
      else { throw ArchiveError.damaged("medium \(medium.name) is missing") }
      var map = try store.map(base)
      let differing = chunks.filter { map.digests[$0.position] != $0.digest }
      for chunk in differing { map.digests[chunk.position] = chunk.digest }
      let layer =
        differing.isEmpty
        ? base : try store.newLayer(parent: base, size: medium.size, differing, identity: map.identity)
      let named = try HardDiskImage.savedPart(sectorCount: image.sectorCount, generation: map.identity.description)
      try db.execute(
        sql: "UPDATE state SET layer = ? WHERE snapshot = ? AND name = ?",
        arguments: [
          try store.newLayer(SavedValue.object(["disk": named]).serialized()), snapshot.id, place.row,
        ])
      return (medium.id, layer)
    }
  }

  /// Floppies and CDs in the drives of a state that came from outside. Floppies have a copy in the state: the medium takes
  /// its place if it is the same still.
  private mutating func drives(of snapshot: Snapshot) throws -> [(medium: Int64, layer: Int64)] {
    let rows = try file.database.read { db in
      try Row.fetchAll(
        db, sql: "SELECT drive, source, layer FROM snapshot_drive WHERE snapshot = ?", arguments: [snapshot.id])
    }
    var held: [(medium: Int64, layer: Int64)] = []
    for row in rows {
      let (drive, source): (String, String) = (try row.value(0), try row.value(1))
      guard Medium.name(in: source) == nil, source != Machine.welcomeDiskName,
        let name = try medium(drive == "cdrom" ? .cd : .floppy, source, mustBeThere: false),
        let plain = Medium.name(in: name)
      else { continue }
      let medium = try file.medium(plain)
      let copy = try row.optional(2) as Int64?
      let layer = try file.database.write { db -> Int64? in
        guard let layer = try Int64.fetchOne(db, sql: "SELECT layer FROM medium WHERE id = ?", arguments: [medium.id])
        else { return nil }
        let store = ChunkStore(db: db)
        if drive != "cdrom" {
          guard let copy, try store.map(copy) == store.map(layer) else { return nil }
        }
        try db.execute(
          sql: "UPDATE snapshot_drive SET source = ?, layer = NULL WHERE snapshot = ? AND drive = ?",
          arguments: [name, snapshot.id, drive])
        return layer
      }
      if let layer { held.append((medium.id, layer)) }
    }
    return held
  }
}

extension MachineFile {
  /// The sum over a snapshot's state, anew.
  fileprivate func renewHash(of snapshot: Snapshot) throws {
    let hash = Digest(of: try wholeState(of: snapshot).serialized())
    try database.write {
      try $0.execute(sql: "UPDATE snapshot SET state_hash = ? WHERE id = ?", arguments: [hash.blob, snapshot.id])
    }
  }
}
