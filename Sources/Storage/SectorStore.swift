/// What a disk's sectors are kept in: a raw file, a VHD, chunks in a machine file. Formats differ below this line and
/// nowhere above it.
///
/// Sectors have 512 bytes. Nothing is cached above a store, so what `write` has taken, `read` gives back at once;
/// whether it survives the host's crash is known only when `flush` has returned.
public protocol SectorStore: AnyObject {
  /// What messages call it: the file's path.
  var name: String { get }
  /// 512-byte sectors. It never changes.
  var sectorCount: Int { get }
  /// False: `write` throws.
  var isWritable: Bool { get }
  /// The sectors from `lba` on, `count` * 512 bytes.
  ///
  /// - Throws: `unreadable`, `damaged`; `outside` when there are no such sectors.
  func read(_ lba: Int, count: Int) throws(StorageError) -> [UInt8]
  /// Writes whole sectors from `lba` on.
  ///
  /// - Throws: `unwritable`, `damaged`; `outside` when there are no such sectors.
  func write(_ lba: Int, _ bytes: [UInt8]) throws(StorageError)
  /// Everything written so far is durable when this returns.
  ///
  /// - Throws: `unwritable`.
  func flush() throws(StorageError)
}

/// A store that can keep what it holds as a generation and go back to it. A `HardDiskImage` over such a store holds no
/// blocks in memory, and a saved state names the generation instead of holding the blocks written.
///
/// The name has to follow from the content (a digest of the store's map of chunks, say): the state hash of a machine is
/// made over it, and two equal runs must give equal hashes.
public protocol GenerationStore: SectorStore {
  /// Keeps what the store holds now.
  ///
  /// - Returns: the generation's name. Keeping twice without a write between gives the same name.
  /// - Throws: `unwritable`.
  func keepGeneration() throws(StorageError) -> String
  /// Whether `restoreGeneration` knows `generation`.
  func hasGeneration(_ generation: String) -> Bool
  /// The store holds again what it held when `generation` was kept.
  ///
  /// - Throws: `unreadable` if it doesn't know the generation; nothing has changed then.
  func restoreGeneration(_ generation: String) throws(StorageError)
}

extension SectorStore {
  /// - Throws: `outside` unless `count` sectors from `lba` on are there.
  func check(_ lba: Int, _ count: Int) throws(StorageError) {
    guard lba >= 0, count >= 0, lba <= sectorCount, count <= sectorCount - lba else {
      throw .outside(path: name, sector: lba, sectors: sectorCount)
    }
  }

  /// - Throws: `outside` unless `bytes` are whole sectors that are there.
  func check(_ lba: Int, _ bytes: [UInt8]) throws(StorageError) {
    guard bytes.count % 512 == 0 else { throw .outside(path: name, sector: lba, sectors: sectorCount) }
    try check(lba, bytes.count / 512)
  }
}

/// A range of another store: a partition.
public final class SectorRange: SectorStore {
  private let base: any SectorStore
  /// The first sector in the base.
  public let start: Int
  public let sectorCount: Int
  public let name: String
  public var isWritable: Bool { base.isWritable }

  /// `sectorCount` sectors from `start` on, as far as `base` has them.
  public init(_ base: any SectorStore, start: Int, sectorCount: Int, name: String) {
    self.base = base
    self.start = min(max(start, 0), base.sectorCount)
    self.sectorCount = min(max(sectorCount, 0), base.sectorCount - self.start)
    self.name = name
  }

  public func read(_ lba: Int, count: Int) throws(StorageError) -> [UInt8] {
    try check(lba, count)
    return try base.read(start + lba, count: count)
  }

  public func write(_ lba: Int, _ bytes: [UInt8]) throws(StorageError) {
    try check(lba, bytes)
    try base.write(start + lba, bytes)
  }

  public func flush() throws(StorageError) { try base.flush() }
}

/// Sectors in memory.
public final class MemoryStore: SectorStore {
  public let name: String
  public let isWritable = true
  /// All of it.
  public private(set) var bytes: [UInt8]
  public var sectorCount: Int { bytes.count / 512 }

  /// `bytes`, cut to whole sectors.
  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = Array(bytes.prefix(bytes.count / 512 * 512))
  }

  public func read(_ lba: Int, count: Int) throws(StorageError) -> [UInt8] {
    try check(lba, count)
    return Array(bytes[lba * 512..<(lba + count) * 512])
  }

  public func write(_ lba: Int, _ data: [UInt8]) throws(StorageError) {
    try check(lba, data)
    bytes.replaceSubrange(lba * 512..<lba * 512 + data.count, with: data)
  }

  public func flush() throws(StorageError) {}
}
