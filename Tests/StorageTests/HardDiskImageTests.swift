import Hardware
import Storage
import Testing

/// A store that can be told to refuse writes, as a full host disk does.
private final class FullStore: SectorStore {
  let inner = MemoryStore(name: "full", bytes: [UInt8](repeating: 0, count: 2048 * 512))
  var isFull = false
  var order: [Int] = []
  var name: String { inner.name }
  var sectorCount: Int { inner.sectorCount }
  let isWritable = true
  func read(_ lba: Int, count: Int) throws(StorageError) -> [UInt8] { try inner.read(lba, count: count) }
  func write(_ lba: Int, _ bytes: [UInt8]) throws(StorageError) {
    if isFull { throw .unwritable(path: name, reason: "No space left on device") }
    order.append(lba)
    try inner.write(lba, bytes)
  }
  func flush() throws(StorageError) {}
}

/// A store with generations in memory.
private final class KeepingStore: GenerationStore {
  var inner = MemoryStore(name: "kept", bytes: [UInt8](repeating: 0, count: 2048 * 512))
  var kept: [String: [UInt8]] = [:]
  var name: String { inner.name }
  var sectorCount: Int { inner.sectorCount }
  let isWritable = true
  func read(_ lba: Int, count: Int) throws(StorageError) -> [UInt8] { try inner.read(lba, count: count) }
  func write(_ lba: Int, _ bytes: [UInt8]) throws(StorageError) { try inner.write(lba, bytes) }
  func flush() throws(StorageError) {}
  func keepGeneration() throws(StorageError) -> String {
    let name = "\(inner.bytes.reduce(UInt64(7)) { ($0 &* 31) &+ UInt64($1) })"
    kept[name] = inner.bytes
    return name
  }
  func hasGeneration(_ generation: String) -> Bool { kept[generation] != nil }
  func restoreGeneration(_ generation: String) throws(StorageError) {
    guard let bytes = kept[generation] else { throw .unreadable(path: name, reason: "no generation \(generation)") }
    inner = MemoryStore(name: "kept", bytes: bytes)
  }
}

@Suite struct HardDiskImageTests {
  private func sector(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 512) }

  @Test("A state over a store with generations names one and holds no blocks")
  func generations() throws {
    let store = KeepingStore()
    let disk = try HardDiskImage(store: store)
    for lba in 0..<1000 { #expect(disk.write(lba, sector(1))) }
    let state = try disk.savedPart()
    #expect(state.serialized().count < 300)
    disk.write(5, sector(2))
    #expect(disk.read(5) == sector(2))
    try disk.loadPart(state)
    #expect(disk.read(5) == sector(1))
    store.kept = [:]
    #expect(throws: SavedStateError.self) { try disk.loadPart(state) }
    // A disk that holds blocks can't take it, nor the other way round.
    let plain = try HardDiskImage(store: MemoryStore(name: "m", bytes: store.inner.bytes))
    #expect(throws: SavedStateError.self) { try plain.loadPart(state) }
    #expect(throws: SavedStateError.self) { try disk.loadPart(try plain.savedPart()) }
  }

  @Test("What the host refuses is kept, and written in order of blocks when it has room again")
  func refusal() throws {
    let store = FullStore()
    let disk = try HardDiskImage(store: store)
    store.isFull = true
    #expect(disk.write(100, sector(1)))
    #expect(disk.isWaitingForHost && disk.hostError != nil)
    store.isFull = false
    // Not past what waits.
    #expect(disk.write(8, sector(2)))
    #expect(store.order.isEmpty)
    #expect(disk.read(8) == sector(2) && disk.read(100) == sector(1))
    #expect(disk.retry())
    #expect(!disk.isWaitingForHost && disk.hostError == nil)
    #expect(try store.read(100, count: 1) == sector(1))
    #expect(try store.read(8, count: 1) == sector(2))
  }

  @Test("Reading many sectors at once gives what single reads give, written blocks among them")
  func runs() throws {
    let disk = try HardDiskImage(store: MemoryStore(name: "m", bytes: pattern(2050 * 512)))
    for lba in [3, 9, 10, 17, 2049] { disk.write(lba, sector(UInt8(lba & 255))) }
    let all = try #require(disk.read(1, count: 2049))
    #expect(all == (1..<2050).flatMap { disk.read($0) ?? [] })
    #expect(disk.read(2049, count: 2) == nil)
    #expect(disk.read(-1) == nil && disk.read(.max, count: .max) == nil)
  }

  @Test("Who writes an image has it alone; who bases others on it shares it with readers")
  func lockHolder() throws {
    let scratch = try Scratch()
    let path = try scratch.write("d.img", pattern(1 << 20))
    do {
      let first = try HardDiskImage(path: path)
      #expect(throws: StorageError.inUse(path: path)) { try HardDiskImage(path: path) }
      _ = try HostFile(path: path, access: .readOnly)
      #expect(throws: StorageError.inUse(path: path)) { try HostFile(path: path, access: .readOnlyShared) }
      withExtendedLifetime(first) {}
    }
    let shared = try HostFile(path: path, access: .readOnlyShared)
    _ = try HostFile(path: path, access: .readOnlyShared)
    withExtendedLifetime(shared) {}
  }
}
