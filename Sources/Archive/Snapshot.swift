import Foundation
import GRDB
import Hardware
public import PC

/// One snapshot of a machine.
public struct Snapshot: Sendable, Equatable {
  /// Why there is one.
  public enum Kind: String, Sendable {
    /// A person took it.
    case kept
    /// The machine was frozen.
    case frozen
    /// Taken before something that would have lost the disks as they were.
    case automatic
  }
  /// Its row.
  public let id: Int64
  /// The one it came from; nil: from none.
  public let parent: Int64?
  /// Its name, unique in the machine.
  public let name: String
  /// What the person wrote about it.
  public let note: String
  /// Why it is there.
  public let kind: Kind
  /// When it was taken, UTC.
  public let taken: String
  /// Guest time in picoseconds; nil: the machine was off, only its disks are kept.
  public let guestTime: Int64?
  /// Of the machine then, TOML.
  public let configuration: String
  /// A PNG file; nil if the machine was off.
  public let thumbnail: [UInt8]?
  /// SHA-256 of the state; nil if the machine was off.
  public let stateHash: String?
  /// The version of Heirloom that took it.
  public let program: String

  init(_ row: Row) throws {
    id = try row.value("id")
    parent = try row.optional("parent")
    name = try row.value("name")
    note = try row.value("note")
    guard let kind = Kind(rawValue: try row.value("kind")) else {
      throw ArchiveError.damaged("snapshot \(id) is of no known kind")
    }
    self.kind = kind
    taken = try row.value("taken")
    guestTime = try row.optional("guest_time")
    configuration = try row.value("configuration")
    thumbnail = (try row.optional("thumbnail") as Data?).map { [UInt8]($0) }
    stateHash =
      (try row.optional("state_hash") as Data?).flatMap { $0.withUnsafeBytes { Digest(bytes: $0) } }?.description
    program = try row.value("program")
  }
}

extension Snapshot {
  /// Snapshots as a tree: each behind the one it came from, with its depth.
  public static func tree(_ all: [Snapshot]) -> [(snapshot: Snapshot, depth: Int)] {
    let ids = Set(all.map(\.id))
    let children = Dictionary(grouping: all) { $0.parent.flatMap { ids.contains($0) ? $0 : nil } }
    var rows: [(snapshot: Snapshot, depth: Int)] = []
    // Not recursive: a chain of snapshots may be long. (A damaged file's circle is never reached from a root.)
    var waiting = (children[nil] ?? []).reversed().map { (snapshot: $0, depth: 0) }
    while let next = waiting.popLast() {
      rows.append(next)
      waiting += (children[next.snapshot.id] ?? []).reversed().map { ($0, next.depth + 1) }
    }
    return rows
  }
}

extension MachineFile {
  /// The version of this program, for snapshots to name.
  public static let program = "Heirloom 0.1"
  /// What the snapshot of a frozen machine is called.
  public static let frozenName = "suspended"

  /// All snapshots of the machine, oldest first.
  public func snapshots() throws(HostError) -> [Snapshot] {
    try naming(path) {
      try database.read { db in
        try Row.fetchAll(db, sql: "SELECT * FROM snapshot WHERE machine = ? ORDER BY id", arguments: [machine])
          .map(Snapshot.init)
      }
    }
  }

  /// The snapshot called `name`, or with that number.
  ///
  /// - Throws: `HostError.usage` naming those that there are.
  public func snapshot(_ name: String) throws(HostError) -> Snapshot {
    let all = try snapshots()
    if let found = all.first(where: { $0.name == name }) ?? all.first(where: { String($0.id) == name }) { return found }
    let known = all.map(\.name).joined(separator: ", ")
    throw .usage("\(path): there is no snapshot \(name); there are \(known.isEmpty ? "none" : known)")
  }

  // MARK: While the machine is off

  /// Keeps the machine, which is off or frozen, as it is: its disks, and its frozen state if it has one.
  ///
  /// - Throws: `HostError.usage` if the name is taken.
  public func takeSnapshot(_ name: String, note: String = "", kind: Snapshot.Kind = .kept) throws(HostError) {
    try naming(path) {
      try checkFree(name)
      try database.write { db in
        let source = try Int64.fetchOne(db, sql: "SELECT frozen FROM machine WHERE id = ?", arguments: [machine])
        try db.execute(
          sql: """
            INSERT INTO snapshot (machine, parent, name, note, kind, taken, guest_time, configuration, system_rom,
              video_rom, thumbnail, state_hash, program)
            SELECT machine.id, machine.current, ?, ?, ?, ?, frozen.guest_time, machine.configuration, frozen.system_rom,
              frozen.video_rom, frozen.thumbnail, frozen.state_hash, ?
            FROM machine LEFT JOIN snapshot frozen ON frozen.id = machine.frozen WHERE machine.id = ?
            """, arguments: [name, note, kind.rawValue, HostMoment.now, Self.program, machine])
        let new = db.lastInsertedRowID
        if let source {
          try db.execute(
            sql: "INSERT INTO state SELECT ?, name, kind, layer FROM state WHERE snapshot = ?",
            arguments: [new, source])
          try db.execute(
            sql: "INSERT INTO snapshot_drive SELECT ?, drive, source, layer FROM snapshot_drive WHERE snapshot = ?",
            arguments: [new, source])
        }
        try keepMedia(new, db)
        try db.execute(sql: "UPDATE machine SET current = ? WHERE id = ?", arguments: [new, machine])
      }
    }
  }

  /// A new snapshot may be called `name`.
  func checkFree(_ name: String) throws {
    if name.isEmpty { throw HostError.usage("\(path): a snapshot needs a name") }
    guard try snapshots().contains(where: { $0.name == name }) else { return }
    throw HostError.usage("\(path): there is a snapshot \(name) already; choose another name or delete it first")
  }

  /// What all media of the machine hold, by layers that never change from now on.
  func keptLayers(_ db: Database) throws -> [(medium: Int64, layer: Int64)] {
    let store = ChunkStore(db: db)
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT medium.id, layer.id, layer.identity IS NULL FROM medium JOIN layer ON layer.id = medium.layer
        WHERE medium.machine = ?
        """, arguments: [machine])
    return try rows.map { row in
      let layer: Int64 = try row.value(1)
      if try row.value(2) as Bool {
        try db.execute(
          sql: "UPDATE layer SET identity = ? WHERE id = ?", arguments: [try store.map(layer).identity.blob, layer])
      }
      return (try row.value(0), layer)
    }
  }

  /// Notes what all media of the machine hold, for snapshot `snapshot`.
  private func keepMedia(_ snapshot: Int64, _ db: Database) throws {
    for (medium, layer) in try keptLayers(db) {
      try db.execute(
        sql: "INSERT INTO snapshot_medium (snapshot, medium, layer) VALUES (?, ?, ?)",
        arguments: [snapshot, medium, layer])
    }
  }

  /// Puts the machine, which is off, into the state of a snapshot: the next start goes on from there. If its disks have
  /// changed since the last snapshot, they are kept under a name of their own first.
  ///
  /// - Returns: the name of that automatic snapshot; nil if none was needed.
  @discardableResult
  public func restore(_ snapshot: Snapshot) throws(HostError) -> String? {
    try naming(path) {
      try check(snapshot)
      let hasChanged = try database.read { db in
        try Bool.fetchOne(
          db,
          sql: """
            SELECT EXISTS (SELECT 1 FROM medium JOIN layer ON layer.id = medium.layer
              WHERE medium.machine = ? AND layer.identity IS NULL)
            """, arguments: [machine]) ?? false
      }
      var automatic: String?
      if hasChanged {
        let taken = Set(try snapshots().map(\.name))
        let wanted = "before \(snapshot.name)"
        let name = taken.contains(wanted) ? (2...).lazy.map { "\(wanted) \($0)" }.first { !taken.contains($0) } : wanted
        automatic = name ?? wanted
        try takeSnapshot(automatic ?? wanted, kind: .automatic)
      }
      try database.write { db in
        try returnMedia(to: snapshot.id, db)
        try db.execute(
          sql: "UPDATE machine SET configuration = ?, current = ?, frozen = ? WHERE id = ?",
          arguments: [
            snapshot.configuration, snapshot.id, snapshot.guestTime == nil ? nil : snapshot.id, machine,
          ])
      }
      return automatic
    }
  }

  /// All media hold again what they held in snapshot `snapshot`; media that it doesn't know stay.
  func returnMedia(to snapshot: Int64, _ db: Database) throws {
    try db.execute(
      sql: """
        UPDATE medium SET layer = (
          SELECT layer FROM snapshot_medium WHERE snapshot = ?1 AND snapshot_medium.medium = medium.id)
        WHERE id IN (SELECT medium FROM snapshot_medium WHERE snapshot = ?1)
        """, arguments: [snapshot])
  }

  /// Reads all chunks of a snapshot.
  ///
  /// - Throws: `HostError.file` if one is damaged.
  func check(_ snapshot: Snapshot) throws {
    for row in try rows(of: snapshot) { _ = try bytes(of: row.layer) }
  }

  private func rows(of snapshot: Snapshot) throws -> [(name: String, isBytes: Bool, layer: Int64)] {
    try database.read { db in
      try Row.fetchAll(
        db, sql: "SELECT name, kind, layer FROM state WHERE snapshot = ? ORDER BY name", arguments: [snapshot.id]
      ).map { (try $0.value(0), try $0.value(1) as String == "bytes", try $0.value(2)) }
    }
  }

  /// A state as it is taken up by a machine that has memory already.
  struct State {
    /// All of it but the RAM.
    var tree: SavedValue
    /// The RAM, as far as it differs.
    var memory: MemoryPatch
    /// Where its pieces of memory are in the file.
    var kept: [String: StateWriter.Kept]
  }

  /// The state of a snapshot, each chunk checked, for a machine that has `ram` now.
  func state(of snapshot: Snapshot, over ram: UnsafeRawBufferPointer) throws -> State {
    var rows: [StateRow] = []
    var kept: [String: StateWriter.Kept] = [:]
    var memory: MemoryPatch?
    for row in try self.rows(of: snapshot) {
      guard row.isBytes else {
        rows.append(StateRow(name: row.name, isBytes: false, bytes: try bytes(of: row.layer)))
        continue
      }
      let (map, ids) = try database.read { try ChunkStore(db: $0).places(row.layer) }
      kept[row.name] = StateWriter.Kept(layer: row.layer, map: map)
      if row.name == "board/ram" {
        memory = try patch(ram, to: map, ids)
      } else {
        rows.append(StateRow(name: row.name, isBytes: true, bytes: try bytes(of: row.layer)))
      }
    }
    guard let memory else { throw ArchiveError.damaged("snapshot \(snapshot.name) has no memory") }
    return State(tree: try StateRow.state(of: rows), memory: memory, kept: kept)
  }

  /// The state of a snapshot with all of its memory.
  func wholeState(of snapshot: Snapshot) throws -> SavedValue {
    try StateRow.state(
      of: try rows(of: snapshot).map { StateRow(name: $0.name, isBytes: $0.isBytes, bytes: try bytes(of: $0.layer)) })
  }

  /// Forgets a snapshot; what only it had goes with it.
  public func delete(_ snapshot: Snapshot) throws(HostError) {
    try naming(path) {
      try database.write { db in
        try db.execute(
          sql: "UPDATE snapshot SET parent = ? WHERE parent = ?", arguments: [snapshot.parent, snapshot.id])
        try db.execute(
          sql: "UPDATE machine SET current = ? WHERE current = ?", arguments: [snapshot.parent, snapshot.id])
        try db.execute(sql: "DELETE FROM snapshot WHERE id = ?", arguments: [snapshot.id])
        try ChunkStore(db: db).sweep(keeping: pinned)
      }
    }
  }

  /// Gives up the frozen state, if there is one: the machine starts from power-on next time. It stays a snapshot.
  public func discardFrozen() throws(HostError) {
    try naming(path) {
      try database.write {
        try $0.execute(sql: "UPDATE machine SET frozen = NULL WHERE id = ?", arguments: [machine])
      }
    }
  }
}
