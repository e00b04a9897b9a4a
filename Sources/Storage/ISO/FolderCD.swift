/// A folder of the host as a CD: ISO 9660 level 1 with Joliet beside it, laid out when it is made. Directories are in
/// memory, files are read from the host when somebody asks. To see changes of the folder, make it anew.
///
/// Level 1 asks for names of 8.3 characters in capitals, which DOS wants, and for directories nested at most eight deep,
/// which isn't held: DOS and Windows don't mind.
///
/// - Source: ECMA-119 (2nd edition, 1987), 6.8, 6.9, 8.4, 8.5, 9.1, 9.4; Microsoft, "Joliet Specification" (1995).
public final class FolderCD: SectorStore {
  public let name: String
  public let isWritable = false
  /// In sectors of 512; a quarter as many blocks of 2048.
  public let sectorCount: Int
  private let folder: HostFolder
  /// Everything up to the files.
  private let head: [UInt8]
  /// Files in order of their blocks.
  private let files: [(block: Int, item: Int)]

  private static let block = 2048
  private static func blocks(_ bytes: Int) -> Int { (bytes + block - 1) / block }

  /// Lays out the folder at `path`. `label` is the volume's name, at most 16 characters are kept of it.
  ///
  /// - Throws: `missing`, `unreadable`; `unsupported` for files of 4 GB and more.
  public init(path: String, label: String? = nil) throws(StorageError) {
    name = path
    folder = try HostFolder(path: path)
    if let large = folder.items.first(where: { $0.size >= 1 << 32 }) {
      throw .unsupported(path: large.path, what: "\(large.size) bytes; a file on a CD has less than 4 GB")
    }
    let title = label ?? folder.items[0].name
    let plain = ISOTree(folder, joliet: false)
    let wide = ISOTree(folder, joliet: true)
    // Descriptors, then the four path tables, then directories, then files.
    var next = 19
    func reserve(_ bytes: Int) -> Int {
      defer { next += Self.blocks(bytes) }
      return next
    }
    let tables = [plain, wide].map { tree in (little: reserve(tree.pathTableSize), big: reserve(tree.pathTableSize)) }
    var directories: [[Int: Int]] = [[:], [:]]
    for (index, tree) in [plain, wide].enumerated() {
      for directory in tree.order { directories[index][directory] = reserve(tree.directorySize(directory)) }
    }
    let headBlocks = next
    var files: [(block: Int, item: Int)] = []
    var places: [Int: Int] = [:]
    for (item, entry) in folder.items.enumerated() where !entry.isDirectory {
      places[item] = entry.size == 0 ? headBlocks : next
      if entry.size > 0 {
        files.append((next, item))
        next += Self.blocks(entry.size)
      }
    }
    // 150 blocks of nothing behind the data: drives read ahead.
    let total = next + 150
    var head = [UInt8](repeating: 0, count: headBlocks * Self.block)
    for (index, tree) in [plain, wide].enumerated() {
      let places = places.merging(directories[index]) { $1 }
      let descriptor = tree.descriptor(
        label: title, total: total, little: tables[index].little, big: tables[index].big, places: places)
      head.put((16 + index) * Self.block, descriptor)
      head.put(tables[index].little * Self.block, tree.pathTable(places, big: false))
      head.put(tables[index].big * Self.block, tree.pathTable(places, big: true))
      for directory in tree.order { head.put((places[directory] ?? 0) * Self.block, tree.directory(directory, places)) }
    }
    head.put(18 * Self.block, [255] + Array("CD001".utf8) + [1])
    self.head = head
    self.files = files
    sectorCount = total * 4
  }

  public func read(_ lba: Int, count: Int) throws(StorageError) -> [UInt8] {
    try check(lba, count)
    var bytes = head.slice(lba * 512, count * 512)
    var at = lba * 512 + bytes.count
    let end = (lba + count) * 512
    // The last file that begins at or before the place.
    var low = 0
    var high = files.count
    while low < high {
      let middle = (low + high) / 2
      if files[middle].block * Self.block <= at { low = middle + 1 } else { high = middle }
    }
    var index = max(low - 1, 0)
    while at < end {
      guard index < files.count, files[index].block * Self.block < end else { break }
      let start = files[index].block * Self.block
      let item = folder.items[files[index].item]
      if start > at { bytes += [UInt8](repeating: 0, count: start - at) }
      at = max(at, start)
      let count = min(end, start + item.size) - at
      if count > 0 {
        bytes += HostFolder.read(item.path, at: at - start, count: count)
        at += count
      }
      index += 1
    }
    if at < end { bytes += [UInt8](repeating: 0, count: end - at) }
    return bytes
  }

  public func write(_ lba: Int, _ bytes: [UInt8]) throws(StorageError) {
    throw .unwritable(path: name, reason: "a CD is read only")
  }

  public func flush() throws(StorageError) {}
}
