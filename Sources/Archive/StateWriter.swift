import GRDB
import Hardware
import PC
import Synchronization

/// Puts states into a machine file. What was kept last is remembered: only what differs from it is kept next.
final class StateWriter: Sendable {
  private let file: MachineFile
  private let last = Mutex<[String: Kept]>([:])
  /// What `last` becomes when the transaction is committed.
  private let next = Mutex<[String: Kept]>([:])

  /// A piece of memory as it is in the file.
  private struct Kept: Sendable {
    var layer: Int64
    var map: ChunkMap
  }

  /// What is kept of a drive's disk.
  struct Drive: Sendable {
    var name: String
    var source: String
    /// nil for media of the file.
    var bytes: [UInt8]?
  }

  /// A machine at one moment.
  struct Capture: Sendable {
    var name: String
    var kind: Snapshot.Kind
    var note: String
    var state: SavedValue
    var time: Int64
    var picture: VideoFrame
    var drives: [Drive]
    var configuration: String
    var roms: Motherboard.ROMs
  }

  init(_ file: MachineFile) { self.file = file }

  /// The machine's memory is now as in `snapshot`.
  func start(from snapshot: Snapshot) throws {
    let kept = try file.database.read { db in
      try Row.fetchAll(
        db, sql: "SELECT name, layer FROM state WHERE snapshot = ? AND kind = 'bytes'", arguments: [snapshot.id]
      ).map { row in
        (try row.value(0) as String, Kept(layer: try row.value(1), map: try ChunkStore(db: db).map(try row.value(1))))
      }
    }
    last.withLock { $0 = Dictionary(kept) { first, _ in first } }
  }

  /// The transaction of the last `write` was committed.
  func committed() { last.withLock { $0 = next.withLock { $0 } } }

  /// Adds a snapshot. On the writing thread, in one transaction; one of that name is replaced.
  func write(_ capture: Capture, _ db: Database) throws {
    let store = ChunkStore(db: db)
    let current = try Int64.fetchOne(db, sql: "SELECT current FROM machine WHERE id = ?", arguments: [file.machine])
    let old = try Int64.fetchOne(
      db, sql: "SELECT id FROM snapshot WHERE machine = ? AND name = ?", arguments: [file.machine, capture.name])
    if let old {
      try db.execute(sql: "UPDATE snapshot SET name = name || ' (replaced)' WHERE id = ?", arguments: [old])
    }
    try db.execute(
      sql: """
        INSERT INTO snapshot (machine, parent, name, note, kind, taken, guest_time, configuration, system_rom,
          video_rom, thumbnail, state_hash, program) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        file.machine, current, capture.name, capture.note, capture.kind.rawValue, HostMoment.now, capture.time,
        capture.configuration, try store.newLayer(capture.roms.system), try store.newLayer(capture.roms.video),
        capture.picture.thumbnail().png()?.blob, Digest(of: capture.state.serialized()).blob, MachineFile.program,
      ])
    let snapshot = db.lastInsertedRowID
    try file.keepMedia(snapshot, db)
    for drive in capture.drives {
      try db.execute(
        sql: "INSERT INTO snapshot_drive (snapshot, drive, source, layer) VALUES (?, ?, ?, ?)",
        arguments: [snapshot, drive.name, drive.source, try drive.bytes.map { try store.newLayer($0) }])
    }
    try write(StateRow.rows(of: capture.state), snapshot, store)
    if let old { try replace(old, by: snapshot, db) }
    try db.execute(sql: "UPDATE machine SET current = ? WHERE id = ?", arguments: [snapshot, file.machine])
    if capture.kind == .frozen {
      try db.execute(sql: "UPDATE machine SET frozen = ? WHERE id = ?", arguments: [snapshot, file.machine])
    }
  }

  private func write(_ rows: [StateRow], _ snapshot: Int64, _ store: ChunkStore) throws {
    let known = last.withLock { $0 }
    var now: [String: Kept] = [:]
    for row in rows {
      // The layer may have been cleared away meanwhile.
      let before =
        try row.isBytes
        ? known[row.name].flatMap { kept in
          let isThere = try Bool.fetchOne(
            store.db, sql: "SELECT EXISTS (SELECT 1 FROM layer WHERE id = ?)", arguments: [kept.layer])
          return isThere == true && kept.map.size == row.bytes.count ? kept : nil
        } : nil
      let chunks = try row.bytes.withUnsafeBytes { bytes in
        try Chunk.pack(bytes, differingFrom: before?.map) { try store.id($0) != nil }
      }
      let layer = try store.newLayer(parent: before?.layer, size: row.bytes.count, chunks)
      try store.db.execute(
        sql: "INSERT INTO state (snapshot, name, kind, layer) VALUES (?, ?, ?, ?)",
        arguments: [snapshot, row.name, row.isBytes ? "bytes" : "tree", layer])
      guard row.isBytes else { continue }
      var map = before?.map ?? ChunkMap(size: row.bytes.count)
      for chunk in chunks { map.digests[chunk.position] = chunk.digest }
      now[row.name] = Kept(layer: layer, map: map)
    }
    next.withLock { [now] in $0 = now }
  }

  private func replace(_ old: Int64, by new: Int64, _ db: Database) throws {
    try db.execute(sql: "UPDATE snapshot SET parent = ? WHERE parent = ? AND id <> ?", arguments: [new, old, new])
    try db.execute(
      sql: "UPDATE snapshot SET parent = (SELECT parent FROM snapshot WHERE id = ?1) WHERE id = ?2 AND parent = ?1",
      arguments: [old, new])
    try db.execute(sql: "DELETE FROM snapshot WHERE id = ?", arguments: [old])
  }
}
