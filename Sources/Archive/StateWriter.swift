import Dispatch
import GRDB
import Hardware
import PC
import Synchronization

/// Puts states into a machine file. What was kept last is remembered: only what differs from it is kept next.
///
/// Three steps, so that what the guest writes to its disks meanwhile isn't held up: the media are cut and named with the
/// next transaction; a thread of this object's packs the memory and puts the chunks into the file, some at a time; and a
/// last transaction makes the snapshot of them.
final class StateWriter: Sendable {
  private let file: MachineFile
  private let live: LiveStore
  private let queue = DispatchQueue(label: "heirloom.archive.states", qos: .utility)
  private let last = Mutex<[String: Kept]>([:])

  /// A piece of memory as it is in the file.
  struct Kept: Sendable {
    var layer: Int64
    var map: ChunkMap
  }

  /// What the media held when a state was taken: medium and layer.
  private final class Held: Sendable {
    let layers = Mutex<[(medium: Int64, layer: Int64)]>([])
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
    /// The moment of the host.
    var taken: String
    var state: SavedValue
    var time: Int64
    var picture: VideoFrame
    var drives: [Drive]
    var configuration: String
    var roms: Motherboard.ROMs
  }

  init(_ file: MachineFile, _ live: LiveStore) {
    self.file = file
    self.live = live
  }

  /// The machine's memory is now as in `kept`.
  func start(from kept: [String: Kept]) { last.withLock { $0 = kept } }

  /// Adds a snapshot; one of that name is replaced. `done` is told on another thread.
  func keep(_ capture: Capture, done: @escaping @Sendable (HostError?) -> Void) {
    let held = Held()
    live.submit(keep: live.media) { [file] db in
      let layers = try file.keptLayers(db)
      held.layers.withLock { $0 = layers }
      file.pin(layers.map(\.layer))
    } done: { [self] failure in
      if let failure { return done(failure) }
      queue.async { [self] in
        let layers = held.layers.withLock { $0 }
        defer { file.unpin(layers.map(\.layer)) }
        do {
          let rows = try pack(capture)
          let hash = Digest(of: capture.state.serialized())
          live.submit(keep: []) { [self] db in
            try write(capture, rows, hash: hash, layers, db)
          } done: {
            done($0)
          }
          // The next one builds on what this one has put there.
          try live.drain()
        } catch { done(hostError(file.path, error)) }
      }
    }
  }

  /// All that was to be kept is in the file when this returns, or `done` was told why it isn't.
  func settle() throws {
    try live.drain()
    queue.sync {}
    try live.drain()
  }

  // MARK: Packing

  /// A row of the state with its chunks.
  private struct Packed: Sendable {
    var row: StateRow
    var before: Kept?
    var chunks: [Chunk]
  }

  /// How many chunks go into the file in one transaction.
  private static let portion = 256

  private func pack(_ capture: Capture) throws -> [Packed] {
    let known = last.withLock { $0 }
    let rows = StateRow.rows(of: capture.state)
    return try rows.map { row in
      let before = row.isBytes ? known[row.name].flatMap { $0.map.size == row.bytes.count ? $0 : nil } : nil
      let chunks = try row.bytes.withUnsafeBytes { try pack($0, differingFrom: before?.map) }
      return Packed(row: row, before: before, chunks: chunks)
    }
  }

  /// Chunks of `bytes`, as far as they differ from `known`; those that the file hasn't got are put there.
  private func pack(_ bytes: UnsafeRawBufferPointer, differingFrom known: ChunkMap?) throws -> [Chunk] {
    // The machine goes on beside it, and needs a processor of the host.
    let threads = max(Parallel.threads - 1, 1)
    nonisolated(unsafe) let content = bytes
    let count = (bytes.count + Schema.chunkSize - 1) / Schema.chunkSize
    let sums = try [Digest](unsafeUninitializedCapacity: count) { buffer, used in
      nonisolated(unsafe) let sums = buffer
      try Parallel.work(count, threads: threads) { next in
        while let range = next() {
          for position in range {
            sums.initializeElement(at: position, to: Chunk.digest(Chunk.piece(content, position)))
          }
        }
      }
      used = count
    }
    var chunks = Chunk.differing(bytes, from: known, sums: sums)
    var seen: Set<Digest> = [.zeros]
    let new = try file.database.read { db in
      let store = ChunkStore(db: db)
      return try chunks.indices.filter {
        try seen.insert(chunks[$0].digest).inserted && store.id(chunks[$0].digest) == nil
      }
    }
    for start in stride(from: 0, to: new.count, by: Self.portion) {
      let portion = new[start..<min(start + Self.portion, new.count)]
      let positions = portion.map { chunks[$0].position }
      let frames = Mutex<[Int: [UInt8]]>([:])
      try Parallel.work(positions.count, threads: threads) { next in
        let zstd = Zstd()
        while let range = next() {
          for at in range {
            let frame = try zstd.compress(Chunk.piece(content, positions[at]))
            frames.withLock { $0[positions[at]] = frame }
          }
        }
      }
      let packed = frames.withLock { $0 }
      for at in portion { chunks[at].frame = packed[chunks[at].position] }
      let ready = portion.map { chunks[$0] }
      try file.database.write { db in
        let store = ChunkStore(db: db)
        for chunk in ready { _ = try store.put(chunk) }
      }
      for at in portion { chunks[at].frame = nil }
    }
    return chunks
  }

  // MARK: Writing

  /// On the writing thread, in one transaction.
  private func write(
    _ capture: Capture, _ rows: [Packed], hash: Digest, _ media: [(medium: Int64, layer: Int64)], _ db: Database
  ) throws {
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
        file.machine, current, capture.name, capture.note, capture.kind.rawValue, capture.taken, capture.time,
        capture.configuration, try store.newLayer(capture.roms.system), try store.newLayer(capture.roms.video),
        capture.picture.thumbnail().png()?.blob, hash.blob, MachineFile.program,
      ])
    let snapshot = db.lastInsertedRowID
    for (medium, layer) in media {
      try db.execute(
        sql: "INSERT INTO snapshot_medium (snapshot, medium, layer) VALUES (?, ?, ?)",
        arguments: [snapshot, medium, layer])
    }
    for drive in capture.drives {
      try db.execute(
        sql: "INSERT INTO snapshot_drive (snapshot, drive, source, layer) VALUES (?, ?, ?, ?)",
        arguments: [snapshot, drive.name, drive.source, try drive.bytes.map { try store.newLayer($0) }])
    }
    try write(rows, snapshot, store)
    if let old { try replace(old, by: snapshot, db) }
    try db.execute(sql: "UPDATE machine SET current = ? WHERE id = ?", arguments: [snapshot, file.machine])
    if capture.kind == .frozen {
      try db.execute(sql: "UPDATE machine SET frozen = ? WHERE id = ?", arguments: [snapshot, file.machine])
    }
  }

  private func write(_ rows: [Packed], _ snapshot: Int64, _ store: ChunkStore) throws {
    var now: [String: Kept] = [:]
    for packed in rows {
      var (before, chunks) = (packed.before, packed.chunks)
      // The layer may have been cleared away meanwhile; then everything that isn't zero is new.
      if let kept = before,
        try Int64.fetchOne(store.db, sql: "SELECT 1 FROM layer WHERE id = ?", arguments: [kept.layer]) == nil
      {
        before = nil
        chunks = try packed.row.bytes.withUnsafeBytes { bytes in
          try Chunk.pack(bytes) { try store.id($0) != nil }
        }
      }
      let layer = try store.newLayer(parent: before?.layer, packed.row.bytes, chunks)
      try store.db.execute(
        sql: "INSERT INTO state (snapshot, name, kind, layer) VALUES (?, ?, ?, ?)",
        arguments: [snapshot, packed.row.name, packed.row.isBytes ? "bytes" : "tree", layer])
      guard packed.row.isBytes else { continue }
      var map = before?.map ?? ChunkMap(size: packed.row.bytes.count)
      for chunk in chunks { map.digests[chunk.position] = chunk.digest }
      now[packed.row.name] = Kept(layer: layer, map: map)
    }
    // Should the transaction fail after this, the layers aren't there, which the next one sees.
    last.withLock { [now] in $0 = now }
  }

  private func replace(_ old: Int64, by new: Int64, _ db: Database) throws {
    try db.execute(sql: "UPDATE snapshot SET parent = ? WHERE parent = ? AND id <> ?", arguments: [new, old, new])
    try db.execute(
      sql: "UPDATE snapshot SET parent = (SELECT parent FROM snapshot WHERE id = ?1) WHERE id = ?2 AND parent = ?1",
      arguments: [old, new])
    try db.execute(sql: "DELETE FROM snapshot WHERE id = ?", arguments: [old])
  }
}
