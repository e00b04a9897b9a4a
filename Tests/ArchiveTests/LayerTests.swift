import GRDB
import Testing

@testable import Archive

@Suite struct LayerTests {
  private let folder: Folder
  private let file: MachineFile

  init() throws {
    folder = try Folder()
    file = try MachineFile(path: try folder.machine(disk: nil), access: .writing)
  }

  @Test func aContentComesBackAsItWasKept() throws {
    for size in [0, 1, Schema.chunkSize - 1, Schema.chunkSize, Schema.chunkSize * 3 + 5] {
      let bytes = noise(size, seed: UInt64(size))
      let back = try file.database.write { db in
        let store = ChunkStore(db: db)
        return try store.bytes(try store.map(try store.newLayer(bytes)))
      }
      #expect(back == bytes)
    }
  }

  @Test func equalChunksAreKeptOnceAndZerosNotAtAll() throws {
    let chunk = noise(Schema.chunkSize, seed: 1)
    let zeros = [UInt8](repeating: 0, count: Schema.chunkSize)
    try file.database.write { db in
      let store = ChunkStore(db: db)
      _ = try store.newLayer(chunk + chunk + zeros + chunk)
      _ = try store.newLayer(zeros + chunk)
      #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM chunk") == 1)
    }
  }

  @Test func aLayerHidesWhatLiesBelowAlsoWithZeros() throws {
    let below = noise(Schema.chunkSize * 3, seed: 2)
    var above = below
    above.replaceSubrange(0..<Schema.chunkSize, with: [UInt8](repeating: 0, count: Schema.chunkSize))
    above[Schema.chunkSize * 2] ^= 1
    try file.database.write { db in
      let store = ChunkStore(db: db)
      let base = try store.newLayer(below)
      let map = try store.map(base)
      let chunks = try above.withUnsafeBytes { try Chunk.pack($0, differingFrom: map) { _ in false } }
      #expect(chunks.map(\.position) == [0, 2])
      let top = try store.newLayer(parent: base, size: above.count, chunks)
      #expect(try store.bytes(try store.map(top)) == above)
      #expect(try store.bytes(try store.map(base)) == below)
    }
  }

  @Test func clearingUpMergesLayersThatNobodyNamesAndDropsTheirChunks() throws {
    let first = noise(Schema.chunkSize * 2, seed: 3)
    var second = first
    second[0] ^= 0xFF
    try file.database.write { db in
      let store = ChunkStore(db: db)
      let base = try store.newLayer(first)
      let known = try store.map(base)
      let chunks = try second.withUnsafeBytes { try Chunk.pack($0, differingFrom: known) { _ in false } }
      let top = try store.newLayer(parent: base, size: second.count, chunks)
      try db.execute(
        sql: "INSERT INTO medium (machine, name, kind, size, layer, added) VALUES (1, 'm', 'disk', ?, ?, '')",
        arguments: [second.count, top])
      _ = try store.newLayer(noise(100, seed: 4))
      try store.sweep()
      #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM layer") == 1)
      #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM chunk") == 2)
      #expect(try store.bytes(try store.map(top)) == second)
    }
  }

  @Test func theIdentityOfAContentFollowsFromItsChunksAlone() throws {
    var map = ChunkMap(size: Schema.chunkSize * 4)
    let (a, b) = (Digest(of: [1]), Digest(of: [2]))
    map.digests[1] = a
    map.digests[3] = b
    var identity = Digest.zeros
    for (digest, position) in [(b, 3), (b, 1), (a, 1), (b, 1)] { identity.toggle(digest, at: position) }
    #expect(identity == map.identity)
    map.digests.swapAt(1, 3)
    #expect(identity != map.identity)
  }
}
