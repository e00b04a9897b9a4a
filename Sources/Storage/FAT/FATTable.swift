/// The allocation table of a volume. It is read by pages and written back, to all copies, by `flush`.
final class FATTable {
  private final class Page {
    var bytes: [UInt8]
    var isDirty = false
    init(_ bytes: [UInt8]) { self.bytes = bytes }
  }

  private static let pageSize = 65_536
  /// Pages held at most: 16 MB.
  private static let capacity = 256
  private let store: any SectorStore
  private let layout: FATLayout
  private let byteCount: Int
  private var pages: [Int: Page] = [:]
  private var last: (number: Int, page: Page)?
  /// Free clusters; counted when first asked for.
  private var free: Int?
  /// Where the search for a free cluster begins.
  private var hint = 2
  /// Since the count of free clusters was last written.
  private var hasChanged = false

  init(_ store: any SectorStore, _ layout: FATLayout) {
    self.store = store
    self.layout = layout
    byteCount = layout.sectorsPerTable * layout.bytesPerSector
  }

  private func page(_ number: Int) throws(StorageError) -> Page {
    if let last, last.number == number { return last.page }
    if let page = pages[number] {
      last = (number, page)
      return page
    }
    if pages.count >= Self.capacity {
      try writeDirty()
      pages.removeAll(keepingCapacity: true)
    }
    let offset = layout.tableOffset(layout.activeTable ?? 0) + number * Self.pageSize
    let page = Page(try store.read(offset / 512, count: min(Self.pageSize, byteCount - number * Self.pageSize) / 512))
    pages[number] = page
    last = (number, page)
    return page
  }

  private func byte(_ at: Int) throws(StorageError) -> Int {
    Int(try page(at / Self.pageSize).bytes[at % Self.pageSize])
  }

  private func setByte(_ at: Int, _ value: Int) throws(StorageError) {
    let page = try page(at / Self.pageSize)
    page.bytes[at % Self.pageSize] = UInt8(truncatingIfNeeded: value)
    page.isDirty = true
  }

  /// Whether `cluster` is one that holds data.
  func isData(_ cluster: Int) -> Bool { cluster >= 2 && cluster < layout.clusterCount + 2 }

  /// The entry of `cluster`, which must be below clusterCount + 2.
  func entry(_ cluster: Int) throws(StorageError) -> Int {
    switch layout.bits {
    case 12:
      let at = cluster * 3 / 2
      let pair = try byte(at) | byte(at + 1) << 8
      return cluster & 1 == 0 ? pair & 0xFFF : pair >> 4
    case 16: return try page(cluster * 2 / Self.pageSize).bytes.u16(cluster * 2 % Self.pageSize)
    default: return try page(cluster * 4 / Self.pageSize).bytes.u32(cluster * 4 % Self.pageSize) & 0x0FFF_FFFF
    }
  }

  /// Sets the entry of `cluster`; the upper four bits of FAT32's entries stay as they are.
  func set(_ cluster: Int, _ value: Int) throws(StorageError) {
    hasChanged = true
    if free != nil, isData(cluster) {
      let was = try entry(cluster)
      if was == 0, value != 0 { free = (free ?? 1) - 1 }
      if was != 0, value == 0 { free = (free ?? 0) + 1 }
    }
    switch layout.bits {
    case 12:
      let at = cluster * 3 / 2
      if cluster & 1 == 0 {
        try setByte(at, value)
        try setByte(at + 1, try byte(at + 1) & 0xF0 | value >> 8 & 0x0F)
      } else {
        try setByte(at, try byte(at) & 0x0F | (value & 0x0F) << 4)
        try setByte(at + 1, value >> 4)
      }
    case 16:
      let page = try page(cluster * 2 / Self.pageSize)
      page.bytes.put16(cluster * 2 % Self.pageSize, value)
      page.isDirty = true
    default:
      let page = try page(cluster * 4 / Self.pageSize)
      let at = cluster * 4 % Self.pageSize
      page.bytes.put32(at, page.bytes.u32(at) & 0xF000_0000 | value & 0x0FFF_FFFF)
      page.isDirty = true
    }
  }

  /// Clusters that are free.
  func freeCount() throws(StorageError) -> Int {
    if let free { return free }
    var count = 0
    for cluster in 2..<layout.clusterCount + 2 where try entry(cluster) == 0 { count += 1 }
    free = count
    return count
  }

  /// Marks `count` free clusters as a chain, in runs where there are any; the caller has seen that there are enough.
  ///
  /// - Returns: the clusters in order.
  func allocate(_ count: Int) throws(StorageError) -> [Int] {
    var chain: [Int] = []
    chain.reserveCapacity(count)
    var cluster = hint
    var looked = 0
    while chain.count < count, looked < layout.clusterCount {
      if !isData(cluster) { cluster = 2 }
      if try entry(cluster) == 0 {
        if let previous = chain.last { try set(previous, cluster) }
        try set(cluster, layout.endMark | 7)
        chain.append(cluster)
      }
      cluster += 1
      looked += 1
    }
    hint = cluster
    return chain
  }

  /// Puts an allocated chain behind `cluster`.
  func append(_ chain: [Int], to cluster: Int) throws(StorageError) {
    if let first = chain.first { try set(cluster, first) }
  }

  /// The clusters of the chain that begins at `first`. It ends where it is damaged, with a message.
  func chain(_ first: Int) throws(StorageError) -> (clusters: [Int], damage: String?) {
    guard first != 0 else { return ([], nil) }
    guard isData(first) else { return ([], "begins at cluster \(first), which doesn't exist") }
    var clusters = [first]
    var at = first
    // Brent's way to notice a circle soon, so that a lying table can't make a long list.
    var mark = first
    var steps = 0
    var limit = 64
    while true {
      let next = try entry(at)
      if next >= layout.endMark { return (clusters, nil) }
      guard isData(next) else {
        let what = next == 0 ? "a free cluster" : next == layout.endMark - 1 ? "a bad cluster" : "cluster \(next)"
        return (clusters, "runs into \(what) after cluster \(at)")
      }
      guard next != mark else { return (clusters, "runs in a circle") }
      steps += 1
      if steps == limit { (mark, steps, limit) = (next, 0, limit * 2) }
      clusters.append(next)
      at = next
    }
  }

  /// Frees the chain that begins at `first`.
  func release(_ first: Int) throws(StorageError) {
    for cluster in try chain(first).clusters {
      try set(cluster, 0)
      hint = min(hint, cluster)
    }
  }

  private func writeDirty() throws(StorageError) {
    for number in pages.keys.sorted() {
      guard let page = pages[number], page.isDirty else { continue }
      let copies = layout.activeTable.map { $0...$0 } ?? 0...layout.tables - 1
      for copy in copies {
        try store.write((layout.tableOffset(copy) + number * Self.pageSize) / 512, page.bytes)
      }
      page.isDirty = false
    }
    last = nil
  }

  /// Writes what has changed, and FAT32's count of free clusters.
  func flush() throws(StorageError) {
    try writeDirty()
    guard layout.infoSector > 0, hasChanged else { return }
    hasChanged = false
    let free = try freeCount()
    let at = layout.infoSector * layout.bytesPerSector / 512
    var info = try store.read(at, count: 1)
    // Source: fatgen103, FSInfo: signatures, free count at 488, next free at 492.
    guard info.u32(0) == 0x4161_5252, info.u32(484) == 0x6141_7272 else { return }
    info.put32(488, free)
    info.put32(492, min(hint, layout.clusterCount + 1))
    try store.write(at, info)
  }

  /// Whether `copy` holds the same as the table in use, sector by sector.
  func differs(_ copy: Int) throws(StorageError) -> Bool {
    var at = 0
    while at < byteCount {
      let length = min(Self.pageSize, byteCount - at)
      let mine = try store.read((layout.tableOffset(layout.activeTable ?? 0) + at) / 512, count: length / 512)
      if try store.read((layout.tableOffset(copy) + at) / 512, count: length / 512) != mine { return true }
      at += length
    }
    return false
  }
}
