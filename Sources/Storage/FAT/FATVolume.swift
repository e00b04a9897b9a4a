import Hardware

/// A FAT12, FAT16 or FAT32 file system in a store, with long names. Reading.
///
/// Paths are written with slashes or backslashes; case doesn't matter, and a short name does as well as the long one.
///
/// - Source: Microsoft, "FAT: General Overview of On-Disk Format" 1.03 (fatgen103).
public final class FATVolume {
  /// Where it is kept.
  public let store: any SectorStore
  /// What the boot sector says.
  public let layout: FATLayout
  let table: FATTable

  /// Bytes handed over at once.
  static let portion = 1 << 20
  /// Directories within directories that are followed: DOS allows paths of 66 characters, so more is a damaged disk
  /// whose directories hold each other.
  public static let maxDepth = 64

  /// Opens the file system in `store`.
  ///
  /// - Throws: `unsupported` or `damaged` for a boot sector that makes no sense.
  public init(_ store: any SectorStore) throws(StorageError) {
    self.store = store
    layout = try FATLayout(store)
    table = FATTable(store, layout)
  }

  /// "FAT12", "FAT16" or "FAT32".
  public var kind: String { "FAT\(layout.bits)" }

  /// Bytes that are free.
  public func freeBytes() throws(StorageError) -> Int { try table.freeCount() * layout.bytesPerCluster }

  /// Bytes for files and directories.
  public var capacity: Int { layout.clusterCount * layout.bytesPerCluster }

  /// The volume's label: of the root directory, else of the boot sector; nil if there is none.
  public func label() throws(StorageError) -> String? {
    if let label = try rootDirectory().scan(bits: layout.bits).label { return FATName.label(label) }
    let boot = try store.read(0, count: 1)
    let at = layout.bits == 32 ? 71 : 43
    guard boot[at - 5] == 0x29 else { return nil }
    let text = FATName.label(boot.slice(at, 11))
    return text.isEmpty || text == "NO NAME" ? nil : text
  }

  /// The volume's serial number: "1A2B-3C4D"; nil in boot sectors that have none.
  public func serial() throws(StorageError) -> String? {
    let boot = try store.read(0, count: 1)
    let at = layout.bits == 32 ? 67 : 39
    guard boot[at - 1] == 0x29 || boot[at - 1] == 0x28 else { return nil }
    func four(_ value: Int) -> String {
      let digits = String(value, radix: 16, uppercase: true)
      return String(repeating: "0", count: 4 - digits.count) + digits
    }
    return four(boot.u16(at + 2)) + "-" + four(boot.u16(at))
  }

  // MARK: Bytes

  /// `count` bytes at byte `offset` of the volume.
  func bytes(at offset: Int, count: Int) throws(StorageError) -> [UInt8] {
    guard count > 0 else { return [] }
    let first = offset / 512
    let last = (offset + count - 1) / 512
    let sectors = try store.read(first, count: last - first + 1)
    let start = offset - first * 512
    return start == 0 && count == sectors.count ? sectors : Array(sectors[start..<start + count])
  }

  /// Writes `bytes` at byte `offset`, sectors' other bytes as they were.
  func write(_ bytes: [UInt8], at offset: Int) throws(StorageError) {
    guard !bytes.isEmpty else { return }
    let first = offset / 512
    let count = (offset + bytes.count - 1) / 512 - first + 1
    let start = offset - first * 512
    if start == 0, bytes.count == count * 512 { return try store.write(first, bytes) }
    var sectors = try store.read(first, count: count)
    sectors.put(start, bytes)
    try store.write(first, sectors)
  }

  /// The pieces of a chain in which clusters follow each other: byte offset and length.
  func extents(of chain: [Int]) -> [(offset: Int, length: Int)] {
    var extents: [(offset: Int, length: Int)] = []
    for cluster in chain {
      let offset = layout.offset(of: cluster)
      if let last = extents.last, last.offset + last.length == offset {
        extents[extents.count - 1].length += layout.bytesPerCluster
      } else {
        extents.append((offset, layout.bytesPerCluster))
      }
    }
    return extents
  }

  // MARK: Directories

  func rootDirectory() throws(StorageError) -> FATDirectory {
    if layout.bits == 32 { return try directory(layout.rootCluster) }
    let bytes = try bytes(at: layout.rootOffset, count: layout.rootEntries * 32)
    return FATDirectory(cluster: 0, bytes: bytes, extents: [(layout.rootOffset, bytes.count)])
  }

  /// The directory that begins at `cluster`; 0 is the root.
  func directory(_ cluster: Int) throws(StorageError) -> FATDirectory {
    guard cluster != 0 else { return try rootDirectory() }
    let chain = try table.chain(cluster)
    if chain.clusters.isEmpty {
      throw .damaged(path: store.name, offset: 0, what: "a directory \(chain.damage ?? "without clusters")")
    }
    let most = max(FATDirectory.maxBytes / layout.bytesPerCluster, 1)
    let extents = extents(of: Array(chain.clusters.prefix(most)))
    var bytes: [UInt8] = []
    for extent in extents { bytes += try self.bytes(at: extent.offset, count: extent.length) }
    return FATDirectory(cluster: cluster, bytes: bytes, extents: extents)
  }

  static func components(_ path: String) -> [String] {
    path.split { $0 == "/" || $0 == "\\" }.map(String.init).filter { $0 != "." }
  }

  static func find(_ name: String, in entries: [FATEntry]) -> FATEntry? {
    let wanted = name.uppercased()
    return entries.first { $0.name.uppercased() == wanted }
      ?? entries.first { $0.shortName.uppercased() == wanted }
  }

  /// The directory at `path` and its entries.
  func open(directory path: String) throws(StorageError) -> FATDirectory {
    var directory = try rootDirectory()
    for name in Self.components(path) {
      guard let entry = Self.find(name, in: directory.entries(bits: layout.bits)) else {
        throw .noSuchFile(path: store.name, file: path)
      }
      guard entry.isDirectory else { throw .notADirectory(path: store.name, file: path) }
      directory = try self.directory(entry.firstCluster)
    }
    return directory
  }

  /// What is in the directory at `path` ("" or "/" is the root), in the order of the disk.
  ///
  /// - Throws: `noSuchFile`, `notADirectory`, `damaged`.
  public func list(_ path: String) throws(StorageError) -> [FATEntry] {
    try open(directory: path).entries(bits: layout.bits)
  }

  /// The entry at `path`; nil if there is none. The root has no entry.
  public func entry(_ path: String) throws(StorageError) -> FATEntry? {
    var parts = Self.components(path)
    guard let name = parts.popLast() else { return nil }
    do { return Self.find(name, in: try list(parts.joined(separator: "/"))) } catch {
      if case .noSuchFile = error { return nil }
      throw error
    }
  }

  // MARK: Files

  /// Hands the bytes of a file over, in order, at most 1 MB at a time.
  ///
  /// - Throws: `damaged` if the chain is shorter than the file; what `take` throws.
  public func read(_ entry: FATEntry, _ take: ([UInt8]) throws -> Void) throws {
    let chain = try table.chain(entry.firstCluster)
    guard chain.clusters.count * layout.bytesPerCluster >= entry.size else {
      throw StorageError.damaged(
        path: store.name, offset: layout.tableOffset(0),
        what: "the chain of \(entry.name) \(chain.damage ?? "ends before the file's \(entry.size) bytes")")
    }
    var rest = entry.size
    for extent in extents(of: chain.clusters) {
      var at = extent.offset
      let end = extent.offset + extent.length
      while at < end, rest > 0 {
        let count = min(end - at, rest, Self.portion)
        try take(try bytes(at: at, count: count))
        at += count
        rest -= count
      }
    }
  }

  /// A whole file.
  ///
  /// - Throws: `noSuchFile`, `damaged`.
  public func contents(_ path: String) throws -> [UInt8] {
    guard let entry = try entry(path), !entry.isDirectory else {
      throw StorageError.noSuchFile(path: store.name, file: path)
    }
    var all: [UInt8] = []
    try read(entry) { all += $0 }
    return all
  }
}

extension StorageError {
  static func tooDeep(_ store: any SectorStore) -> StorageError {
    .damaged(path: store.name, offset: 0, what: "directories hold each other; `heirloom image verify` shows which")
  }
}

extension FATName {
  /// A label's eleven bytes as text.
  static func label(_ bytes: [UInt8]) -> String {
    var codes = bytes
    while codes.last == 0x20 || codes.last == 0 { codes.removeLast() }
    return String(codes.map { $0 < 0x20 ? "_" : CodePage437.character($0) })
  }
}
