import Dispatch
import Foundation
import GRDB
import Synchronization

/// A piece of a content with its sum, packed or still to be packed.
struct Chunk {
  /// Its position in the content.
  var position: Int
  /// `Digest.zeros` for bytes that are all zero.
  var digest: Digest
  /// Bytes unpacked.
  var size: Int
  /// The zstd frame; nil for zeros and for chunks that are known to be in the file.
  var frame: [UInt8]?
}

extension Chunk {
  static func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var at = 0
    while at + 32 <= bytes.count {
      if bytes.loadUnaligned(fromByteOffset: at, as: SIMD4<UInt64>.self) != .zero { return false }
      at += 32
    }
    while at < bytes.count {
      if bytes[at] != 0 { return false }
      at += 1
    }
    return true
  }

  /// The sum of `bytes`, or `Digest.zeros`.
  static func digest(_ bytes: UnsafeRawBufferPointer) -> Digest { isZero(bytes) ? .zeros : Digest(of: bytes) }

  /// Chunks of `bytes`, as far as they differ from `known`, packed. `isStored` tells of sums that the file has.
  static func pack(
    _ bytes: UnsafeRawBufferPointer, differingFrom known: ChunkMap?, isStored: (Digest) throws -> Bool
  ) throws -> [Chunk] {
    var chunks: [Chunk] = []
    var seen: Set<Digest> = []
    for (position, start) in stride(from: 0, to: bytes.count, by: Schema.chunkSize).enumerated() {
      let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + Schema.chunkSize, bytes.count)])
      let digest = digest(piece)
      if let known { if known.digests[position] == digest { continue } } else if digest == .zeros { continue }
      var chunk = Chunk(position: position, digest: digest, size: piece.count)
      if digest != .zeros, seen.insert(digest).inserted, try !isStored(digest) {
        chunk.frame = try Zstd.compress(Array(piece))
      }
      chunks.append(chunk)
    }
    return chunks
  }
}

/// Which chunk is where in a content: what the layers come to when they are laid over each other.
struct ChunkMap: Equatable {
  /// Bytes of the content.
  let size: Int
  /// A sum for each position; zeros where no layer has anything.
  var digests: [Digest]

  /// All zeros.
  init(size: Int) {
    self.size = size
    digests = [Digest](repeating: .zeros, count: (size + Schema.chunkSize - 1) / Schema.chunkSize)
  }

  /// Bytes of the chunk at `position`.
  func bytes(at position: Int) -> Int { min(Schema.chunkSize, size - position * Schema.chunkSize) }

  /// The sum over everything that tells contents of this size apart.
  var identity: Digest {
    var sum = Digest.zeros
    for (position, digest) in digests.enumerated() { sum.toggle(digest, at: position) }
    return sum
  }
}

/// Reading and writing of chunks and layers in one transaction.
struct ChunkStore {
  let db: Database

  // MARK: Chunks

  func id(_ digest: Digest) throws -> Int64? {
    try Int64.fetchOne(
      try db.cachedStatement(sql: "SELECT id FROM chunk WHERE hash = ?"), arguments: [digest.blob])
  }

  /// The unpacked bytes of a chunk, checked against its name.
  ///
  /// - Throws: `ArchiveError.damaged`.
  func read(_ digest: Digest, size: Int) throws -> [UInt8] {
    var failure: (any Error)?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, used in
      do {
        try read(digest, into: UnsafeMutableRawBufferPointer(buffer))
        used = size
      } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Unpacks a chunk into `target` and checks it against its name.
  private func read(_ digest: Digest, into target: UnsafeMutableRawBufferPointer) throws {
    if digest == .zeros {
      target.initializeMemory(as: UInt8.self, repeating: 0)
      return
    }
    // The row is only good as long as the cursor is there.
    let statement = try db.cachedStatement(sql: "SELECT size, data FROM chunk WHERE hash = ?")
    let rows = try Row.fetchCursor(statement, arguments: [digest.blob])
    guard let row = try rows.next() else { throw ArchiveError.damaged("chunk \(digest) is missing") }
    guard try row.value(0) == target.count else { throw ArchiveError.damaged("chunk \(digest) has another size") }
    try row.withUnsafeData(atIndex: 1) { data in
      try (data ?? .init()).withUnsafeBytes { try Zstd.decompress($0, into: target) }
    }
    guard Digest(of: UnsafeRawBufferPointer(target)) == digest else {
      throw ArchiveError.damaged("chunk \(digest) has other bytes than its name")
    }
  }

  /// The id of a chunk that is in the file or is put there; nil for zeros.
  func put(_ chunk: Chunk) throws -> Int64? {
    if chunk.digest == .zeros { return nil }
    if let id = try id(chunk.digest) { return id }
    guard let frame = chunk.frame else { throw ArchiveError.damaged("chunk \(chunk.digest) has gone") }
    try db.cachedStatement(sql: "INSERT INTO chunk (hash, size, data) VALUES (?, ?, ?)")
      .execute(arguments: [chunk.digest.blob, chunk.size, frame.blob])
    return db.lastInsertedRowID
  }

  // MARK: Layers

  /// A new layer over `parent`.
  func newLayer(parent: Int64? = nil, size: Int, _ chunks: [Chunk] = [], identity: Digest? = nil) throws -> Int64 {
    try db.cachedStatement(sql: "INSERT INTO layer (parent, size, identity) VALUES (?, ?, ?)")
      .execute(arguments: [parent, size, identity?.blob])
    let layer = db.lastInsertedRowID
    try write(chunks, to: layer)
    return layer
  }

  /// Puts chunks into a layer, and drops those that nobody refers to any more because of it.
  func write(_ chunks: [Chunk], to layer: Int64) throws {
    let old = try db.cachedStatement(sql: "SELECT chunk FROM layer_chunk WHERE layer = ? AND position = ?")
    let insert = try db.cachedStatement(
      sql: "INSERT OR REPLACE INTO layer_chunk (layer, position, chunk) VALUES (?, ?, ?)")
    var replaced: Set<Int64> = []
    for chunk in chunks {
      if let id = try Int64.fetchOne(old, arguments: [layer, chunk.position]) { replaced.insert(id) }
      try insert.execute(arguments: [layer, chunk.position, try put(chunk)])
    }
    let drop = try db.cachedStatement(
      sql: "DELETE FROM chunk WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM layer_chunk WHERE chunk = ?1)")
    for id in replaced.sorted() { try drop.execute(arguments: [id]) }
  }

  /// A whole content as a layer of its own.
  func newLayer(_ bytes: [UInt8]) throws -> Int64 {
    let chunks = try bytes.withUnsafeBytes { bytes in
      try Chunk.pack(bytes, differingFrom: nil) { try id($0) != nil }
    }
    return try newLayer(size: bytes.count, chunks)
  }

  /// What a layer and those below it come to.
  func map(_ layer: Int64) throws -> ChunkMap {
    guard let size = try Int.fetchOne(db, sql: "SELECT size FROM layer WHERE id = ?", arguments: [layer]),
      (0...1 << 37).contains(size)
    else { throw ArchiveError.damaged("layer \(layer) is missing") }
    var map = ChunkMap(size: size)
    let rows = try Row.fetchCursor(
      db,
      sql: """
        WITH RECURSIVE chain(id, depth) AS (
          SELECT ?, 0 UNION ALL
          SELECT layer.parent, depth + 1 FROM chain JOIN layer ON layer.id = chain.id
          WHERE layer.parent IS NOT NULL AND depth < 1000000)
        SELECT position, hash FROM chain JOIN layer_chunk ON layer_chunk.layer = chain.id
        LEFT JOIN chunk ON chunk.id = layer_chunk.chunk ORDER BY depth DESC
        """, arguments: [layer])
    while let row = try rows.next() {
      let position: Int = try row.value(0)
      guard map.digests.indices.contains(position) else {
        throw ArchiveError.damaged("layer \(layer) has a chunk behind its end")
      }
      map.digests[position] = try Self.digest(row, 1) ?? .zeros
    }
    return map
  }

  static func digest(_ row: Row, _ column: String) throws -> Digest? {
    guard let data = try row.optional(column) as Data? else { return nil }
    guard let digest = data.withUnsafeBytes({ Digest(bytes: $0) }) else {
      throw ArchiveError.damaged("a sum hasn't 32 bytes")
    }
    return digest
  }

  static func digest(_ row: Row, _ column: Int) throws -> Digest? {
    try row.withUnsafeData(atIndex: column) { data in
      guard let data else { return nil }
      guard let digest = data.withUnsafeBytes({ Digest(bytes: $0) }) else {
        throw ArchiveError.damaged("a sum hasn't 32 bytes")
      }
      return digest
    }
  }

  /// Puts the chunks at `positions` of a content into their places in `target`, each checked.
  func fill(_ target: UnsafeMutableRawBufferPointer, _ map: ChunkMap, _ positions: Range<Int>) throws {
    for position in positions {
      let start = position * Schema.chunkSize
      try read(
        map.digests[position],
        into: UnsafeMutableRawBufferPointer(rebasing: target[start..<start + map.bytes(at: position)]))
    }
  }

  /// The bytes of a whole content, each chunk checked.
  func bytes(_ map: ChunkMap) throws -> [UInt8] {
    var failure: (any Error)?
    let bytes = [UInt8](unsafeUninitializedCapacity: map.size) { buffer, used in
      do {
        try fill(UnsafeMutableRawBufferPointer(buffer), map, 0..<map.digests.count)
        used = map.size
      } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }

  // MARK: Clearing up

  /// Layers that hold up nothing any more go; those that only hold up one other go into it. Then chunks that no layer
  /// has.
  func sweep() throws {
    try db.execute(
      sql: """
        CREATE TEMP TABLE IF NOT EXISTS used (layer INTEGER PRIMARY KEY);
        DELETE FROM used;
        INSERT OR IGNORE INTO used SELECT layer FROM medium WHERE layer IS NOT NULL;
        INSERT OR IGNORE INTO used SELECT layer FROM state;
        INSERT OR IGNORE INTO used SELECT layer FROM snapshot_medium;
        INSERT OR IGNORE INTO used SELECT layer FROM snapshot_drive WHERE layer IS NOT NULL;
        INSERT OR IGNORE INTO used SELECT system_rom FROM snapshot WHERE system_rom IS NOT NULL;
        INSERT OR IGNORE INTO used SELECT video_rom FROM snapshot WHERE video_rom IS NOT NULL;
        """)
    var goesOn = true
    while goesOn {
      let leaves = try Int64.fetchAll(
        db,
        sql: """
          SELECT id FROM layer WHERE id NOT IN (SELECT layer FROM used)
          AND NOT EXISTS (SELECT 1 FROM layer child WHERE child.parent = layer.id)
          """)
      for leaf in leaves { try db.execute(sql: "DELETE FROM layer WHERE id = ?", arguments: [leaf]) }
      goesOn = !leaves.isEmpty
    }
    let links = try Row.fetchAll(
      db,
      sql: """
        SELECT layer.id, min(child.id), layer.parent FROM layer JOIN layer child ON child.parent = layer.id
        WHERE layer.id NOT IN (SELECT layer FROM used) GROUP BY layer.id HAVING count(*) = 1 ORDER BY layer.id
        """)
    for row in links {
      let (layer, child): (Int64, Int64) = (try row.value(0), try row.value(1))
      // Read again: an earlier merge may have changed what it lies on.
      let parent = try Int64.fetchOne(db, sql: "SELECT parent FROM layer WHERE id = ?", arguments: [layer])
      try db.execute(
        sql: """
          INSERT OR IGNORE INTO layer_chunk (layer, position, chunk)
            SELECT ?, position, chunk FROM layer_chunk WHERE layer = ?
          """, arguments: [child, layer])
      try db.execute(sql: "UPDATE layer SET parent = ? WHERE id = ?", arguments: [parent, child])
      try db.execute(sql: "DELETE FROM layer WHERE id = ?", arguments: [layer])
    }
    try db.execute(
      sql: "DELETE FROM chunk WHERE NOT EXISTS (SELECT 1 FROM layer_chunk WHERE layer_chunk.chunk = chunk.id)")
  }
}

extension MachineFile {
  /// The bytes of a whole content, each chunk checked; large ones by two threads. Not within a transaction.
  func bytes(_ map: ChunkMap) throws -> [UInt8] {
    let parts = map.digests.count < 128 ? 1 : 2
    let failure = Mutex<(any Error)?>(nil)
    let bytes = [UInt8](unsafeUninitializedCapacity: map.size) { buffer, used in
      nonisolated(unsafe) let target = UnsafeMutableRawBufferPointer(buffer)
      DispatchQueue.concurrentPerform(iterations: parts) { part in
        let positions = map.digests.count * part / parts..<map.digests.count * (part + 1) / parts
        do { try database.read { try ChunkStore(db: $0).fill(target, map, positions) } } catch {
          failure.withLock { $0 = error }
        }
      }
      if failure.withLock({ $0 == nil }) { used = map.size }
    }
    if let failure = failure.withLock({ $0 }) { throw failure }
    return bytes
  }
}
