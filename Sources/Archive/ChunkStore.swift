import Foundation
import GRDB

/// Reading and writing of chunks and layers in one transaction.
struct ChunkStore {
  let db: Database
  let zstd = Zstd()

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
    let statement = try db.cachedStatement(sql: "SELECT size, data FROM chunk WHERE hash = ?")
    try read(try Row.fetchCursor(statement, arguments: [digest.blob]), digest, into: target)
  }

  /// The same, found by its row, which is quicker.
  func read(_ id: Int64, _ digest: Digest, into target: UnsafeMutableRawBufferPointer) throws {
    if digest == .zeros {
      target.initializeMemory(as: UInt8.self, repeating: 0)
      return
    }
    let statement = try db.cachedStatement(sql: "SELECT size, data FROM chunk WHERE id = ?")
    try read(try Row.fetchCursor(statement, arguments: [id]), digest, into: target)
  }

  private func read(_ rows: RowCursor, _ digest: Digest, into target: UnsafeMutableRawBufferPointer) throws {
    // The row is only good as long as the cursor is there.
    guard let row = try rows.next() else { throw ArchiveError.damaged("chunk \(digest) is missing") }
    guard try row.value(0) == target.count else { throw ArchiveError.damaged("chunk \(digest) has another size") }
    try row.withUnsafeData(atIndex: 1) { data in
      try (data ?? .init()).withUnsafeBytes { try zstd.decompress($0, into: target) }
    }
    guard Digest(of: UnsafeRawBufferPointer(target)) == digest else {
      throw ArchiveError.damaged("chunk \(digest) has other bytes than its name")
    }
  }

  /// The id of a chunk that is in the file or is put there; nil for zeros. One that was in the file when it was packed
  /// may have gone since: then it is taken from `content`.
  func put(_ chunk: Chunk, of content: UnsafeRawBufferPointer? = nil) throws -> Int64? {
    if chunk.digest == .zeros { return nil }
    if let id = try id(chunk.digest) { return id }
    guard let frame = try chunk.frame ?? content.map({ try zstd.compress(Chunk.piece($0, chunk.position)) }) else {
      throw ArchiveError.damaged("chunk \(chunk.digest) has gone")
    }
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

  /// A new layer over `parent` with those chunks in which `content` differs from it.
  func newLayer(parent: Int64?, _ content: [UInt8], _ chunks: [Chunk]) throws -> Int64 {
    let layer = try newLayer(parent: parent, size: content.count)
    let insert = try db.cachedStatement(
      sql: "INSERT INTO layer_chunk (layer, position, chunk) VALUES (?, ?, ?)")
    try content.withUnsafeBytes { bytes in
      for chunk in chunks { try insert.execute(arguments: [layer, chunk.position, try put(chunk, of: bytes)]) }
    }
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
      try Chunk.pack(bytes) { try id($0) != nil }
    }
    return try newLayer(size: bytes.count, chunks)
  }

  /// What a layer and those below it come to.
  func map(_ layer: Int64) throws -> ChunkMap { try places(layer).map }

  /// The same with the rows of the chunks; 0 where there are zeros.
  func places(_ layer: Int64) throws -> (map: ChunkMap, ids: [Int64]) {
    guard let size = try Int.fetchOne(db, sql: "SELECT size FROM layer WHERE id = ?", arguments: [layer]),
      (0...1 << 37).contains(size)
    else { throw ArchiveError.damaged("layer \(layer) is missing") }
    var map = ChunkMap(size: size)
    var ids = [Int64](repeating: 0, count: map.digests.count)
    let statement = try db.cachedStatement(
      sql: """
        WITH RECURSIVE chain(id, depth) AS (
          SELECT ?, 0 UNION ALL
          SELECT layer.parent, depth + 1 FROM chain JOIN layer ON layer.id = chain.id
          WHERE layer.parent IS NOT NULL AND depth < 1000000)
        SELECT position, hash, chunk FROM chain JOIN layer_chunk ON layer_chunk.layer = chain.id
        LEFT JOIN chunk ON chunk.id = layer_chunk.chunk ORDER BY depth DESC
        """)
    let rows = try Row.fetchCursor(statement, arguments: [layer])
    while let row = try rows.next() {
      let position: Int = try row.value(0)
      guard map.digests.indices.contains(position) else {
        throw ArchiveError.damaged("layer \(layer) has a chunk behind its end")
      }
      map.digests[position] = try Self.digest(row, 1) ?? .zeros
      ids[position] = try row.optional(2) ?? 0
      if ids[position] != 0, map.digests[position] == .zeros {
        throw ArchiveError.damaged("layer \(layer) has a chunk that isn't there")
      }
    }
    return (map, ids)
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

  /// The bytes of a whole content, each chunk checked. For large ones there is `MachineFile.bytes`.
  func bytes(_ map: ChunkMap) throws -> [UInt8] {
    var failure: (any Error)?
    let bytes = [UInt8](unsafeUninitializedCapacity: map.size) { buffer, used in
      do {
        for (position, digest) in map.digests.enumerated() {
          let start = position * Schema.chunkSize
          let end = start + map.bytes(at: position)
          try read(
            digest, into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[start..<end]))
        }
        used = map.size
      } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }
}
