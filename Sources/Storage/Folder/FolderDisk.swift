/// A folder of the host as a hard disk with one FAT partition. Tables and directories are made in memory when it is
/// attached, files are read from the host when the guest reads them. What the guest writes stays in memory until
/// `commit` compares the guest's files with the folder and brings the changes over.
public final class FolderDisk: SectorStore {
  public let name: String
  public let sectorCount: Int
  public let isWritable = true
  /// Files that the disk doesn't have: names that FAT can't say, or that differ in case only.
  public private(set) var leftOut: [String] = []
  /// The guest has written something since attachment or the last commit.
  public var hasChanges: Bool { !dirty.isEmpty }

  /// Sectors that aren't zeros or a file's: ours, and all that the guest has written.
  private var sectors: [Int: [UInt8]] = [:]
  private var dirty: Set<Int> = []
  /// Where files lie, in order.
  private var extents: [Extent] = []
  /// What guest and host had at attachment or at the last commit, by path in capitals.
  var known: [String: Known] = [:]
  private let start: Int

  private struct Extent {
    var start: Int
    var count: Int
    var path: String
    var offset: Int
  }

  /// A file or directory on both sides.
  struct Known {
    var item: HostFolder.Item
    /// As in the guest's directory.
    var entry: FATEntry?
  }

  /// Lays out the folder at `path`, on a disk with at least as much free as is used.
  ///
  /// - Parameters:
  ///   - masterBoot: program of the master boot record; empty: none.
  ///   - volumeBoot: boot sector; empty: none.
  /// - Throws: `missing`, `unreadable`; `unsupported` if the folder doesn't fit 128 GB.
  public init(path: String, masterBoot: [UInt8] = [], volumeBoot: [UInt8] = []) throws(StorageError) {
    name = path
    let folder = try HostFolder(path: path)
    let used = folder.items.reduce(0) { $0 + $1.size + 32_768 }
    // 500 MB at least; FAT16, which every system reads, as long as it does.
    let wanted = max(500 << 20, used * 2)
    guard wanted <= 1 << 37 else {
      throw .unsupported(path: path, what: "\(used >> 30) GB of files; 64 GB at most fit")
    }
    sectorCount = (wanted / 512 + 16_064) / 16_065 * 16_065
    start = 63
    let whole = Partition(number: 1, type: 6, isActive: true, start: 63, sectorCount: sectorCount - 63)
    var format = FATFormat()
    format.isHardDisk = true
    let geometry = PartitionTable.biosGeometry(sectors: sectorCount)
    (format.heads, format.sectorsPerTrack, format.hiddenSectors) = (geometry.heads, 63, 63)
    format.bootSector = volumeBoot
    let volumeStore = SectorRange(self, start: 63, sectorCount: sectorCount - 63, name: path)
    try format.format(volumeStore)
    let volume = try FATVolume(volumeStore)
    try PartitionTable.write(whole, bits: volume.layout.bits, to: self, code: masterBoot, signature: 0)
    try fill(volume, folder)
    try volume.flush()
    for (key, item) in known { known[key]?.entry = try volume.entry(Self.below(item.item.path, name)) }
    dirty = []
  }

  /// The part of `path` below the folder `root`.
  static func below(_ path: String, _ root: String) -> String { String(path.dropFirst(root.count)) }

  private func fill(_ volume: FATVolume, _ folder: HostFolder) throws(StorageError) {
    for item in folder.items.dropFirst() {
      let path = Self.below(item.path, name)
      let parent = path.split(separator: "/").dropLast().joined(separator: "/")
      guard FATName.isUsable(item.name), item.size <= Int(UInt32.max), known[path.uppercased()] == nil,
        parent.isEmpty || known["/" + parent.uppercased()] != nil
      else {
        leftOut.append(item.path)
        continue
      }
      known[path.uppercased()] = Known(item: item)
      if item.isDirectory {
        try volume.makeDirectory(path, modified: item.modified)
        continue
      }
      var offset = 0
      for extent in try volume.reserve(path, size: item.size, modified: item.modified) {
        let count = (min(extent.length, item.size - offset) + 511) / 512
        extents.append(Extent(start: start + extent.offset / 512, count: count, path: item.path, offset: offset))
        offset += extent.length
      }
    }
    extents.sort { $0.start < $1.start }
  }

  // MARK: Sectors

  public func read(_ lba: Int, count: Int) throws(StorageError) -> [UInt8] {
    try check(lba, count)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * 512)
    var at = lba
    while at < lba + count {
      if let held = sectors[at] {
        bytes += held
        at += 1
        continue
      }
      // As far as nothing is held.
      var run = 1
      while at + run < lba + count, sectors[at + run] == nil { run += 1 }
      bytes += fromFiles(at, run)
      at += run
    }
    return bytes
  }

  /// Index of the first extent that ends behind `lba`.
  private func firstExtent(behind lba: Int) -> Int {
    var (low, high) = (0, extents.count)
    while low < high {
      let middle = (low + high) / 2
      if extents[middle].start + extents[middle].count <= lba { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func fromFiles(_ lba: Int, _ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count * 512)
    var index = firstExtent(behind: lba)
    while index < extents.count, extents[index].start < lba + count {
      let extent = extents[index]
      let first = max(lba, extent.start)
      let last = min(lba + count, extent.start + extent.count)
      let data = HostFolder.read(
        extent.path, at: extent.offset + (first - extent.start) * 512, count: (last - first) * 512)
      bytes.put((first - lba) * 512, data)
      index += 1
    }
    return bytes
  }

  public func write(_ lba: Int, _ bytes: [UInt8]) throws(StorageError) {
    try check(lba, bytes)
    for index in 0..<bytes.count / 512 {
      let sector = bytes.slice(index * 512, 512)
      // Zeros where nothing is are what is there anyway.
      if sectors[lba + index] == nil, !sector.contains(where: { $0 != 0 }), !isFile(lba + index) { continue }
      sectors[lba + index] = sector
      dirty.insert(lba + index)
    }
  }

  private func isFile(_ lba: Int) -> Bool {
    let index = firstExtent(behind: lba)
    return index < extents.count && extents[index].start <= lba
  }

  public func flush() throws(StorageError) {}

  // MARK: For commit

  /// The guest's file system.
  func volume() throws(StorageError) -> FATVolume {
    let partitions = try PartitionTable.read(self)
    guard let first = partitions.first(where: { !$0.isExtended }) else {
      throw .unsupported(path: name, what: "the guest has removed the partition; nothing can be committed")
    }
    return try FATVolume(SectorRange(self, start: first.start, sectorCount: first.sectorCount, name: name))
  }

  /// Whether the guest has written into the data of `entry` since the last commit.
  func isTouched(_ entry: FATEntry, _ volume: FATVolume) throws(StorageError) -> Bool {
    for extent in volume.extents(of: try volume.table.chain(entry.firstCluster).clusters) {
      let first = start + extent.offset / 512
      if (first..<first + extent.length / 512).contains(where: { dirty.contains($0) }) { return true }
    }
    return false
  }

  /// Takes over the data of committed files, so that what the host does with them later doesn't show through in the old
  /// places, and begins to count anew.
  func committed(_ paths: Set<String>) throws(StorageError) {
    for extent in extents where paths.contains(extent.path) {
      for lba in extent.start..<extent.start + extent.count where sectors[lba] == nil {
        sectors[lba] = fromFiles(lba, 1)
      }
    }
    extents.removeAll { paths.contains($0.path) }
    dirty = []
  }
}
