/// Checks of a whole file system. Nothing is changed.
extension FATVolume {
  /// What `verify` has found.
  public struct Report: Sendable {
    /// What is wrong, a line each; at most `FATVolume.maxComplaints` are kept.
    public var problems: [String] = []
    /// How many problems there are in all.
    public var problemCount = 0
    /// Files and directories.
    public var files = 0
    public var directories = 0
    /// Clusters in use by them.
    public var usedClusters = 0

    mutating func add(_ text: String) {
      problemCount += 1
      if problems.count < FATVolume.maxComplaints { problems.append(text) }
    }
  }

  /// Complaints that are listed.
  public static let maxComplaints = 200

  /// Looks at tables, directories and chains: copies of the table that differ, chains that end wrongly, cross or run in
  /// circles, sizes that don't fit, names twice, directories without their dots, clusters that nothing owns.
  ///
  /// - Parameter progress: told how many clusters of how many have been walked.
  public func verify(progress: (Int, Int) -> Void = { _, _ in }) throws(StorageError) -> Report {
    var report = Report()
    for copy in 0..<layout.tables where copy != layout.activeTable ?? 0 && layout.activeTable == nil {
      if try table.differs(copy) { report.add("allocation table \(copy + 1) differs from table 1") }
    }
    if try table.entry(0) & 0xFF != Int(layout.media) {
      report.add("the allocation table begins with another media descriptor than the boot sector has")
    }
    if layout.backupSector > 0 {
      let per = layout.bytesPerSector / 512
      let (boot, backup) = (try store.read(0, count: 1), try store.read(layout.backupSector * per, count: 1))
      if boot.slice(11, 79) != backup.slice(11, 79) { report.add("the copy of the boot sector differs from it") }
    }
    var owned = [UInt64](repeating: 0, count: (layout.clusterCount + 2 + 63) / 64)
    /// Takes a chain; says what is wrong with it.
    func claim(_ first: Int, _ name: String, size: Int?) throws(StorageError) -> [Int] {
      let (chain, damage) = try table.chain(first)
      if let damage, first != 0 { report.add("\(name): its chain \(damage)") }
      var mine: [Int] = []
      for cluster in chain {
        if owned[cluster / 64] >> UInt64(cluster % 64) & 1 != 0 {
          report.add("\(name): cluster \(cluster) belongs to another file too")
          break
        }
        owned[cluster / 64] |= 1 << UInt64(cluster % 64)
        mine.append(cluster)
      }
      report.usedClusters += mine.count
      if let size, damage == nil, mine.count == chain.count {
        let needed = (size + layout.bytesPerCluster - 1) / layout.bytesPerCluster
        if chain.count != needed {
          report.add("\(name): \(size) bytes need \(needed) clusters, its chain has \(chain.count)")
        }
      }
      progress(report.usedClusters, layout.clusterCount)
      return mine
    }
    var waiting: [(cluster: Int, parent: Int, name: String, depth: Int)] = [(layout.rootCluster, 0, "", 0)]
    if layout.bits == 32 { _ = try claim(layout.rootCluster, "/", size: nil) }
    while let next = waiting.popLast() {
      let directory = try next.name.isEmpty ? rootDirectory() : self.directory(next.cluster)
      if !next.name.isEmpty { checkDots(directory, next.cluster, next.parent, next.name, &report) }
      let (entries, _, oddities) = directory.scan(bits: layout.bits)
      for oddity in oddities { report.add("\(next.name)/: entry \(oddity.slot): \(oddity.what)") }
      var seen = Set<[UInt8]>()
      for entry in entries {
        let name = next.name + "/" + entry.name
        if !seen.insert(entry.shortBytes).inserted { report.add("\(name): there are two entries \(entry.shortName)") }
        if entry.isDirectory {
          report.directories += 1
          let chain = try claim(entry.firstCluster, name, size: nil)
          guard let first = chain.first else {
            report.add("\(name): a directory without a cluster of its own")
            continue
          }
          guard next.depth < Self.maxDepth else {
            report.add("\(name): more than \(Self.maxDepth) directories within each other")
            continue
          }
          waiting.append((first, next.name.isEmpty ? 0 : next.cluster, name, next.depth + 1))
        } else {
          report.files += 1
          _ = try claim(entry.firstCluster, name, size: entry.size)
        }
      }
    }
    var lost = 0
    for cluster in 2..<layout.clusterCount + 2 where owned[cluster / 64] >> UInt64(cluster % 64) & 1 == 0 {
      let entry = try table.entry(cluster)
      if entry != 0, entry != layout.endMark - 1 { lost += 1 }
    }
    if lost > 0 { report.add("\(lost) clusters are marked as used and belong to no file") }
    try checkFreeCount(&report)
    return report
  }

  private func checkDots(
    _ directory: FATDirectory, _ cluster: Int, _ parent: Int, _ name: String, _ report: inout Report
  ) {
    for (slot, dots, target) in [(0, ".", cluster), (1, "..", parent)] {
      let raw = directory.bytes.slice(slot * 32, 32)
      let expected = Array(dots.utf8) + [UInt8](repeating: 0x20, count: 11 - dots.utf8.count)
      guard raw.slice(0, 11) == expected, raw.count == 32, raw[11] & 0x10 != 0 else {
        report.add("\(name)/: entry \(slot) should be \"\(dots)\"")
        continue
      }
      let there = raw.u16(26) | (layout.bits == 32 ? raw.u16(20) << 16 : 0)
      if there != target { report.add("\(name)/: \"\(dots)\" points to cluster \(there) instead of \(target)") }
    }
  }

  private func checkFreeCount(_ report: inout Report) throws(StorageError) {
    guard layout.infoSector > 0 else { return }
    let info = try store.read(layout.infoSector * layout.bytesPerSector / 512, count: 1)
    guard info.u32(0) == 0x4161_5252, info.u32(484) == 0x6141_7272 else {
      report.add("sector \(layout.infoSector): no information sector")
      return
    }
    let claimed = info.u32(488)
    let free = try table.freeCount()
    if claimed != 0xFFFF_FFFF, claimed != free {
      report.add("the information sector counts \(claimed) free clusters, there are \(free)")
    }
  }
}
