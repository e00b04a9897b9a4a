/// Where the parts of a FAT volume lie, as its boot sector says. All values are checked; later arithmetic is safe.
///
/// - Source: Microsoft, "FAT: General Overview of On-Disk Format" 1.03 (fatgen103), BPB and "FAT Type Determination".
public struct FATLayout: Equatable, Sendable {
  /// Bits of an entry of the allocation table: 12, 16 or 32.
  public var bits = 12
  /// 512, 1024, 2048 or 4096.
  public var bytesPerSector = 512
  /// A power of two, 1 ... 128.
  public var sectorsPerCluster = 1
  /// Sectors before the first table.
  public var reservedSectors = 1
  /// Copies of the table, 1 ... 4 seen.
  public var tables = 2
  /// Entries of the fixed root directory; 0 in FAT32.
  public var rootEntries = 224
  /// Sectors of the volume.
  public var totalSectors = 2880
  /// The media descriptor.
  public var media: UInt8 = 0xF0
  /// Sectors of a table.
  public var sectorsPerTable = 9
  /// First cluster of FAT32's root directory.
  public var rootCluster = 0
  /// FAT32's sector of free counts; 0 if there is none.
  public var infoSector = 0
  /// FAT32's copy of the boot sector; 0 if there is none.
  public var backupSector = 0
  /// FAT32: the only table in use, if mirroring is off.
  public var activeTable: Int?
  /// Clusters 2 ... clusterCount + 1 hold data.
  public var clusterCount = 2847

  /// Bytes of a cluster.
  public var bytesPerCluster: Int { bytesPerSector * sectorsPerCluster }
  /// Byte offset of table `copy`.
  func tableOffset(_ copy: Int) -> Int { (reservedSectors + copy * sectorsPerTable) * bytesPerSector }
  /// Byte offset of the fixed root directory.
  var rootOffset: Int { (reservedSectors + tables * sectorsPerTable) * bytesPerSector }
  /// Bytes of the fixed root directory, in whole sectors.
  var rootBytes: Int { (rootEntries * 32 + bytesPerSector - 1) / bytesPerSector * bytesPerSector }
  /// Byte offset of cluster 2.
  var dataOffset: Int { rootOffset + rootBytes }
  /// Byte offset of `cluster`.
  func offset(of cluster: Int) -> Int { dataOffset + (cluster - 2) * bytesPerCluster }
  /// Entries that mean the end of a chain begin here; this minus 1 is a bad cluster.
  var endMark: Int { bits == 12 ? 0xFF8 : bits == 16 ? 0xFFF8 : 0x0FFF_FFF8 }

  /// A layout by hand, for formatting.
  init() {}

  /// Reads the boot sector of the volume in `store`.
  ///
  /// - Throws: `damaged` naming the field's offset; `unsupported` if it is no FAT volume at all.
  public init(_ store: any SectorStore) throws(StorageError) {
    guard store.sectorCount > 2 else { throw .notFAT(store) }
    let boot = try store.read(0, count: 1)
    guard Self.looksLikeFAT(boot) else {
      guard let old = try Self.withoutParameterBlock(store) else { throw .notFAT(store) }
      self = old
      return
    }
    func wrong(_ at: Int, _ what: String) -> StorageError { .damaged(path: store.name, offset: at, what: what) }
    bytesPerSector = boot.u16(11)
    sectorsPerCluster = Int(boot[13])
    reservedSectors = boot.u16(14)
    tables = Int(boot[16])
    rootEntries = boot.u16(17)
    let small = boot.u16(19)
    totalSectors = small != 0 ? small : boot.u32(32)
    media = boot[21]
    sectorsPerTable = boot.u16(22)
    let isFAT32 = sectorsPerTable == 0
    if isFAT32 {
      sectorsPerTable = boot.u32(36)
      rootCluster = boot.u32(44)
      infoSector = boot.u16(48) == 0xFFFF ? 0 : boot.u16(48)
      backupSector = boot.u16(50) == 0xFFFF ? 0 : boot.u16(50)
      if boot.u16(40) & 0x80 != 0 { activeTable = boot.u16(40) & 15 }
      rootEntries = 0
    }
    let available = store.sectorCount * 512 / bytesPerSector
    guard totalSectors <= available else {
      throw wrong(small != 0 ? 19 : 32, "\(totalSectors) sectors, but there are only \(available); take a whole copy")
    }
    guard sectorsPerTable > 0, sectorsPerTable <= totalSectors else {
      throw wrong(isFAT32 ? 36 : 22, "\(sectorsPerTable) sectors of allocation table in a volume of \(totalSectors)")
    }
    let overhead = reservedSectors + tables * sectorsPerTable + rootBytes / bytesPerSector
    guard overhead < totalSectors else {
      throw wrong(14, "\(overhead) sectors before the data in a volume of \(totalSectors)")
    }
    let clusters = (totalSectors - overhead) / sectorsPerCluster
    bits = isFAT32 ? 32 : clusters < 4085 ? 12 : 16
    guard isFAT32 || rootEntries > 0 else { throw wrong(17, "no root directory") }
    if let activeTable, activeTable >= tables { throw wrong(40, "table \(activeTable) of \(tables) is the active one") }
    // A table that is too short for the data ends the data.
    let entries = sectorsPerTable * bytesPerSector * 8 / bits
    clusterCount = min(clusters, entries - 2, 0x0FFF_FFF4)
    guard clusterCount > 0 else { throw wrong(isFAT32 ? 36 : 22, "an allocation table without entries") }
    if isFAT32, !(2..<clusterCount + 2).contains(rootCluster) {
      throw wrong(44, "the root directory at cluster \(rootCluster) of \(clusterCount)")
    }
    if infoSector >= reservedSectors { infoSector = 0 }
    if backupSector >= reservedSectors { backupSector = 0 }
  }

  /// A jump and fields that make sense. Signature 55h AAh isn't asked for: old floppies lack it.
  static func looksLikeFAT(_ boot: [UInt8]) -> Bool {
    guard boot.count >= 512, [512, 1024, 2048, 4096].contains(boot.u16(11)) else { return false }
    let perCluster = Int(boot[13])
    guard perCluster > 0, perCluster & (perCluster - 1) == 0, boot.u16(14) > 0, (1...4).contains(boot[16]) else {
      return false
    }
    guard boot[21] == 0xF0 || boot[21] >= 0xF8 else { return false }
    return boot.u16(19) != 0 || boot.u32(32) != 0
  }

  /// Floppies of DOS 1 have no parameter block; the first byte of the table, a copy of the media descriptor, says all.
  ///
  /// - Source: IBM PC DOS 2.0 manual, media descriptors FCh-FFh; the layouts are those of FORMAT.
  private static func withoutParameterBlock(_ store: any SectorStore) throws(StorageError) -> FATLayout? {
    guard let standard = FATLayout.floppy(bytes: store.sectorCount * 512), standard.media >= 0xFC else { return nil }
    let table = try store.read(1, count: 1)
    return table[0] == standard.media && table[1] == 0xFF && table[2] == 0xFF ? standard : nil
  }

  /// The layout that FORMAT gives a floppy of `bytes`; nil for sizes that no DOS formats.
  ///
  /// - Source: MS-DOS 6 FORMAT's tables as its disks show; DMF from Microsoft KB Q123126 (recalled).
  public static func floppy(bytes: Int) -> FATLayout? {
    let rows: [(kilobytes: Int, perCluster: Int, root: Int, media: UInt8, table: Int)] = [
      (160, 1, 64, 0xFE, 1), (180, 1, 64, 0xFC, 2), (320, 2, 112, 0xFF, 1), (360, 2, 112, 0xFD, 2),
      (640, 2, 112, 0xFB, 2), (720, 2, 112, 0xF9, 3), (1200, 1, 224, 0xF9, 7), (1440, 1, 224, 0xF0, 9),
      (1680, 4, 16, 0xF0, 3), (2880, 2, 240, 0xF0, 9),
    ]
    guard let row = rows.first(where: { $0.kilobytes << 10 == bytes }) else { return nil }
    var layout = FATLayout()
    layout.sectorsPerCluster = row.perCluster
    layout.rootEntries = row.root
    layout.media = row.media
    layout.sectorsPerTable = row.table
    layout.totalSectors = bytes / 512
    layout.clusterCount = (layout.totalSectors - layout.dataOffset / 512) / row.perCluster
    return layout
  }
}

extension StorageError {
  static func notFAT(_ store: any SectorStore) -> StorageError {
    .unsupported(path: store.name, what: "no FAT file system; format it with `heirloom image format`")
  }
}
