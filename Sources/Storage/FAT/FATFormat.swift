import Hardware

/// How to put an empty FAT file system on a store.
public struct FATFormat: Sendable {
  /// 12, 16 or 32; nil: what DOS and Windows 95 can read, so FAT16 up to 2 GB and FAT32 above.
  public var bits: Int?
  /// Up to eleven characters; empty: none.
  public var label = ""
  /// The volume's serial number.
  public var serial: UInt32 = 0
  /// A power of two up to 128; nil: by size.
  public var sectorsPerCluster: Int?
  /// Sectors in front of the volume on its disk.
  public var hiddenSectors = 0
  /// As INT 13h sees the disk.
  public var heads = 2
  /// As INT 13h sees the disk.
  public var sectorsPerTrack = 18
  /// On a hard disk.
  public var isHardDisk = false
  /// 512 bytes with code from offset 5Ah on.
  public var bootSector: [UInt8] = []

  /// The usual.
  public init() {}

  /// The largest FAT16 volume that every DOS reads: 64 sectors a cluster, 65,524 clusters.
  private static let largestFAT16 = 65_524 * 64

  /// The layout for a volume of `sectors`.
  ///
  /// - Source: cluster sizes by volume size from fatgen103 (DskTableFAT16, DskTableFAT32) and MS-DOS's FAT12 (4 KB).
  /// - Throws: `unsupported` if such a volume can't have so many bits.
  func layout(sectors: Int, name: String) throws(StorageError) -> FATLayout {
    let wanted = bits ?? (sectors < 32_680 ? 12 : sectors <= Self.largestFAT16 ? 16 : 32)
    if !isHardDisk, wanted == 12, sectorsPerCluster == nil, let floppy = FATLayout.floppy(bytes: sectors * 512) {
      return floppy
    }
    let table: [(sectors: Int, perCluster: Int)] =
      switch wanted {
      case 12: [(2_847, 1), (4_200, 2), (32_680, 8), (65_000, 16), (130_000, 32), (260_000, 64), (520_000, 128)]
      case 16:
        [
          (32_680, 2), (262_144, 4), (524_288, 8), (1_048_576, 16), (2_097_152, 32), (Self.largestFAT16 + 600, 64),
          (8_387_000, 128),
        ]
      default: [(532_480, 1), (16_777_216, 8), (33_554_432, 16), (67_108_864, 32), (Int.max, 64)]
      }
    var layout = FATLayout()
    layout.bits = wanted
    layout.totalSectors = min(sectors, Int(UInt32.max))
    layout.media = isHardDisk ? 0xF8 : 0xF0
    layout.rootEntries = wanted == 32 ? 0 : isHardDisk ? 512 : 224
    layout.reservedSectors = wanted == 32 ? 32 : 1
    if wanted == 32 { (layout.rootCluster, layout.infoSector, layout.backupSector) = (2, 1, 6) }
    guard let perCluster = sectorsPerCluster ?? table.first(where: { sectors <= $0.sectors })?.perCluster else {
      throw .unsupported(path: name, what: "too large for FAT\(wanted); take FAT32")
    }
    layout.sectorsPerCluster = perCluster
    // The smallest table that has an entry for every cluster that is left.
    layout.sectorsPerTable = 1
    while true {
      let data = layout.totalSectors - layout.dataOffset / 512
      guard data > 0 else { break }
      layout.clusterCount = data / perCluster
      let needed = ((layout.clusterCount + 2) * wanted + 4095) / 4096
      if needed <= layout.sectorsPerTable { break }
      layout.sectorsPerTable = needed
    }
    let allowed = wanted == 12 ? 1...4084 : wanted == 16 ? 4085...65_524 : 65_525...0x0FFF_FFF4
    guard allowed.contains(layout.clusterCount), layout.totalSectors > layout.dataOffset / 512 else {
      throw .unsupported(
        path: name,
        what:
          "\(layout.clusterCount) clusters of \(perCluster * 512) bytes, but FAT\(wanted) has \(allowed.lowerBound) "
          + "to \(allowed.upperBound); take another FAT or cluster size")
    }
    return layout
  }

  /// Formats all of `store`. The boot sector is written last: until then there is no file system rather than half a one.
  ///
  /// - Throws: `unsupported`, `badName`; what the store throws.
  public func format(_ store: any SectorStore) throws(StorageError) {
    let layout = try layout(sectors: store.sectorCount, name: store.name)
    let labelBytes = try labelBytes(store.name)
    // Two entries at the start of the table: the media descriptor and an end mark; FAT32's root takes the third.
    var head = [UInt8](repeating: 0, count: 512)
    switch layout.bits {
    case 12: head.put(0, [layout.media, 0xFF, 0xFF])
    case 16: head.put(0, [layout.media, 0xFF, 0xFF, 0xFF])
    default: head.put(0, [layout.media, 0xFF, 0xFF, 0x0F, 0xFF, 0xFF, 0xFF, 0x0F, 0xFF, 0xFF, 0xFF, 0x0F])
    }
    // The old boot sector first, so that nothing believes the old tables meanwhile.
    try store.write(0, [UInt8](repeating: 0, count: 512))
    for copy in 0..<layout.tables {
      let at = layout.tableOffset(copy) / 512
      try store.write(at, head)
      try clear(store, at + 1, layout.sectorsPerTable - 1)
    }
    let root = layout.bits == 32 ? layout.offset(of: 2) / 512 : layout.rootOffset / 512
    try clear(store, root, layout.bits == 32 ? layout.sectorsPerCluster : layout.rootBytes / 512)
    if let labelBytes {
      var entry = [UInt8](repeating: 0, count: 512)
      entry.put(0, labelBytes + [0x08])
      entry.put16(24, Int(FATTime.epoch.date))
      try store.write(root, entry)
    }
    let boot = boot(layout, label: labelBytes)
    if layout.bits == 32 {
      try clear(store, 1, layout.reservedSectors - 1)
      var info = [UInt8](repeating: 0, count: 512)
      info.put32(0, 0x4161_5252)
      info.put32(484, 0x6141_7272)
      info.put32(488, layout.clusterCount - 1)
      info.put32(492, 3)
      info.put16(510, 0xAA55)
      try store.write(1, info)
      try store.write(7, info)
      try store.write(6, boot)
    }
    try store.flush()
    try store.write(0, boot)
    try store.flush()
  }

  private func labelBytes(_ name: String) throws(StorageError) -> [UInt8]? {
    guard !label.isEmpty else { return nil }
    let codes = label.uppercased().map { CodePage437.byte(of: $0) ?? 0 }
    guard codes.count <= 11, !codes.contains(where: { $0 < 0x20 || "\"*/:<>?\\|+,.;=[]".utf8.contains($0) }) else {
      throw .badName(path: name, file: label)
    }
    return codes + [UInt8](repeating: 0x20, count: 11 - codes.count)
  }

  private func clear(_ store: any SectorStore, _ lba: Int, _ count: Int) throws(StorageError) {
    var done = 0
    while done < count {
      let length = min(count - done, 256)
      try store.write(lba + done, [UInt8](repeating: 0, count: length * 512))
      done += length
    }
  }

  private func boot(_ layout: FATLayout, label: [UInt8]?) -> [UInt8] {
    var boot = bootSector.count == 512 ? bootSector : [UInt8](repeating: 0, count: 512)
    boot.put(0, [0xEB, 0x58, 0x90] + Array("HEIRLOOM".utf8))
    boot.put16(11, layout.bytesPerSector)
    boot[13] = UInt8(truncatingIfNeeded: layout.sectorsPerCluster)
    boot.put16(14, layout.reservedSectors)
    boot[16] = UInt8(truncatingIfNeeded: layout.tables)
    boot.put16(17, layout.rootEntries)
    // Source: fatgen103: the 16-bit count where it fits, except in FAT32.
    let small = layout.totalSectors < 65_536 && layout.bits != 32
    boot.put16(19, small ? layout.totalSectors : 0)
    boot[21] = layout.media
    boot.put16(22, layout.bits == 32 ? 0 : layout.sectorsPerTable)
    boot.put16(24, sectorsPerTrack)
    boot.put16(26, heads)
    boot.put32(28, hiddenSectors)
    boot.put32(32, small ? 0 : layout.totalSectors)
    var extended = 36
    if layout.bits == 32 {
      boot.put32(36, layout.sectorsPerTable)
      boot.put32(40, 0)
      boot.put32(44, layout.rootCluster)
      boot.put16(48, layout.infoSector)
      boot.put16(50, layout.backupSector)
      boot.put(52, [UInt8](repeating: 0, count: 12))
      extended = 64
    }
    boot[extended] = isHardDisk ? 0x80 : 0
    boot[extended + 1] = 0
    boot[extended + 2] = 0x29
    boot.put32(extended + 3, Int(serial))
    boot.put(extended + 7, label ?? Array("NO NAME    ".utf8))
    boot.put(extended + 18, Array("FAT\(layout.bits)   ".utf8))
    boot.put16(510, 0xAA55)
    return boot
  }
}
