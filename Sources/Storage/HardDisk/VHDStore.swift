/// A VHD: fixed, growing (dynamic), or growing over a parent (differencing), which is also our undo overlay: the parent
/// may be an image of any format then.
///
/// **Order of writes.** A new block is first given its room: the footer goes to the new end of the file, then the
/// block's bitmap is written where the footer was, and only when all that is on the host's disk does the block table
/// get its entry. Whenever the program or the host ends, the file has a footer (the copy at its start, at least) and a
/// table that points only to whole blocks.
///
/// - Source: Microsoft, "Virtual Hard Disk Image Format Specification" 1.0.
public final class VHDStore: SectorStore {
  let file: HostFile
  let footer: VHDFooter
  let header: VHDHeader
  /// What a differencing disk is laid over.
  public let parent: (any SectorStore)?
  public let sectorCount: Int
  public var name: String { file.path }
  public var isWritable: Bool { file.isWritable }

  /// Sector of the file at which each block begins; all ones: none.
  private(set) var table: [UInt32] = []
  /// Bitmaps of blocks looked at, by block; differencing disks need them for each sector.
  private var bitmaps: [Int: [UInt8]] = [:]
  /// Where the footer is, and the next block will be.
  private(set) var end = 0

  private static let unused = UInt32.max
  private var blockSectors: Int { header.blockSize / 512 }
  private var bitmapSectors: Int { (header.blockSize / 512 / 8 + 511) / 512 }

  /// Whether `file` is a VHD: a footer at its end, or the copy of one at its start.
  static func isThere(_ file: HostFile) throws(StorageError) -> Bool {
    guard file.size >= 512 else { return false }
    if VHDFooter.isThere(try file.read(at: 0, count: 512)) { return true }
    return VHDFooter.isThere(try file.read(at: file.size - 512, count: 512))
  }

  /// Reads the tables of `file`.
  ///
  /// - Parameters:
  ///   - forCommit: an overlay whose commit was interrupted is opened too.
  ///   - openParent: opens the parent by a path.
  /// - Throws: `damaged`, `truncated`, `unsupported`.
  init(
    file: HostFile, forCommit: Bool = false, openParent: (String) throws(StorageError) -> any SectorStore
  ) throws(StorageError) {
    self.file = file
    let last = try file.readExactly(at: file.size - 512, count: 512)
    let first = try file.readExactly(at: 0, count: 512)
    let endIsWhole = VHDFooter.isThere(last)
    guard endIsWhole || VHDFooter.isThere(first) else {
      throw .damaged(path: file.path, offset: file.size - 512, what: "no VHD footer with a right sum")
    }
    footer = try VHDFooter(endIsWhole ? last : first, path: file.path, offset: endIsWhole ? file.size - 512 : 0)
    sectorCount = footer.size / 512
    guard footer.kind != .fixed else {
      guard footer.size <= file.size - 512 else {
        throw .truncated(path: file.path, offset: 0, wanted: footer.size + 512, found: file.size)
      }
      (header, parent) = (VHDHeader(), nil)
      return
    }
    header = try VHDHeader(file, footer)
    let bytes = try file.readExactly(at: header.tableOffset, count: header.entries * 4)
    table = (0..<header.entries).map { UInt32(truncatingIfNeeded: bytes.big32($0 * 4)) }
    parent =
      footer.kind == .differencing
      ? try Self.openParent(
        header, path: file.path, size: footer.size, forCommit: forCommit, openParent) : nil
    // The end is where the last block ends, or the footer is.
    var end = header.tableOffset + (header.entries * 4 + 511) / 512 * 512
    if endIsWhole { end = max(end, file.size - 512) }
    let room = (bitmapSectors + blockSectors) * 512
    for (block, entry) in table.enumerated() where entry != Self.unused {
      let blockEnd = Int(entry) * 512 + room
      guard blockEnd <= file.size else {
        throw .damaged(
          path: file.path, offset: header.tableOffset + block * 4,
          what: "block \(block) ends at \(blockEnd), behind the file's end at \(file.size); take a whole copy")
      }
      end = max(end, blockEnd)
    }
    self.end = end
    if !endIsWhole, file.isWritable { try file.write(footer.bytes, at: end) }
  }

  private static func openParent(
    _ header: VHDHeader, path: String, size: Int, forCommit: Bool,
    _ open: (String) throws(StorageError) -> any SectorStore
  ) throws(StorageError) -> any SectorStore {
    var tried: [String] = []
    for name in header.parentPaths + [header.parentName] where !name.isEmpty {
      let candidate = HostFile.resolve(name, besides: path)
      tried.append(candidate)
      guard HostFile.exists(candidate) else { continue }
      let parent = try open(candidate)
      let isCommitting = header.parentIdentity == committing
      guard !isCommitting || forCommit else {
        throw .unsupported(path: path, what: "a commit was interrupted; `heirloom image commit` finishes it")
      }
      guard isCommitting || identity(of: parent) == header.parentIdentity else {
        throw .unsupported(
          path: path, what: "its base \(candidate) has changed since; what is here fits only the base as it was")
      }
      guard parent.sectorCount * 512 >= size else {
        throw .unsupported(path: path, what: "its base \(candidate) is smaller than it")
      }
      return parent
    }
    throw .missing(path: tried.first ?? path + ": the base it names")
  }

  /// What a child knows its parent by: a VHD's own identity; of other formats a sum over the size and 64 sectors spread
  /// over the disk.
  static func identity(of parent: any SectorStore) -> [UInt8] {
    if let vhd = parent as? VHDStore { return vhd.footer.identity }
    var sums: (UInt64, UInt64) = (0xCBF2_9CE4_8422_2325, UInt64(truncatingIfNeeded: parent.sectorCount))
    for n in 0..<64 {
      let bytes = (try? parent.read(n * parent.sectorCount / 64, count: 1)) ?? []
      for byte in bytes {
        sums.0 = (sums.0 ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        sums.1 = (sums.1 &+ UInt64(byte) &+ 1) &* 0x9E37_79B9_7F4A_7C15
      }
    }
    var identity = [UInt8](repeating: 0, count: 16)
    identity.put64(0, Int(truncatingIfNeeded: sums.0))
    identity.put64(8, Int(truncatingIfNeeded: sums.1))
    return identity
  }

  // MARK: Sectors

  public func read(_ lba: Int, count: Int) throws(StorageError) -> [UInt8] {
    try check(lba, count)
    guard footer.kind != .fixed else { return try file.readExactly(at: lba * 512, count: count * 512) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * 512)
    var at = lba
    while at < lba + count {
      let block = at / blockSectors
      let inBlock = at % blockSectors
      var run = min(blockSectors - inBlock, lba + count - at)
      if table[block] == Self.unused {
        bytes += try under(at, run)
      } else if parent == nil {
        bytes += try file.readExactly(at: dataOffset(block) + inBlock * 512, count: run * 512)
      } else {
        // As far as the bitmap says the same.
        let map = try bitmap(block)
        let isHere = Self.bit(map, inBlock)
        run = (1...run).first { $0 == run || Self.bit(map, inBlock + $0) != isHere } ?? run
        bytes +=
          isHere
          ? try file.readExactly(at: dataOffset(block) + inBlock * 512, count: run * 512) : try under(at, run)
      }
      at += run
    }
    return bytes
  }

  /// What lies under sectors that aren't here: the parent's, or zeros.
  private func under(_ lba: Int, _ count: Int) throws(StorageError) -> [UInt8] {
    guard let parent else { return [UInt8](repeating: 0, count: count * 512) }
    return try parent.read(lba, count: count)
  }

  public func write(_ lba: Int, _ bytes: [UInt8]) throws(StorageError) {
    try check(lba, bytes)
    guard footer.kind != .fixed else { return try file.write(bytes, at: lba * 512) }
    var at = lba
    var done = 0
    while done < bytes.count {
      let block = at / blockSectors
      let inBlock = at % blockSectors
      let run = min(blockSectors - inBlock, (bytes.count - done) / 512)
      let piece = bytes.slice(done, run * 512)
      if table[block] == Self.unused {
        // Zeros over nothing need no room.
        if parent == nil, !piece.contains(where: { $0 != 0 }) {
          at += run
          done += run * 512
          continue
        }
        try allocate(block)
      }
      try file.write(piece, at: dataOffset(block) + inBlock * 512)
      if parent != nil { try mark(block, inBlock, run) }
      at += run
      done += run * 512
    }
  }

  public func flush() throws(StorageError) { try file.sync() }

  // MARK: Blocks

  private func dataOffset(_ block: Int) -> Int { (Int(table[block]) + bitmapSectors) * 512 }

  private func allocate(_ block: Int) throws(StorageError) {
    let start = end
    guard start / 512 < Int(Self.unused) else {
      throw .unwritable(path: file.path, reason: "a VHD has at most 2 TB")
    }
    let next = start + (bitmapSectors * 512) + header.blockSize
    try file.write(footer.bytes, at: next)
    // A sector that isn't in a differencing disk's bitmap is the parent's; in others all are here.
    let map = [UInt8](repeating: parent == nil ? 0xFF : 0, count: bitmapSectors * 512)
    try file.write(map, at: start)
    try file.sync()
    var entry = [UInt8](repeating: 0, count: 4)
    entry.putBig32(0, start / 512)
    try file.write(entry, at: header.tableOffset + block * 4)
    table[block] = UInt32(truncatingIfNeeded: start / 512)
    if parent != nil { bitmaps[block] = map }
    end = next
  }

  private static func bit(_ map: [UInt8], _ sector: Int) -> Bool {
    sector / 8 < map.count && map[sector / 8] & 0x80 >> UInt8(sector % 8) != 0
  }

  private func bitmap(_ block: Int) throws(StorageError) -> [UInt8] {
    if let map = bitmaps[block] { return map }
    // 16 MB at most.
    if bitmaps.count >= 32_768 * 512 / (bitmapSectors * 512) { bitmaps.removeAll(keepingCapacity: true) }
    let map = try file.readExactly(at: dataOffset(block) - bitmapSectors * 512, count: bitmapSectors * 512)
    bitmaps[block] = map
    return map
  }

  private func mark(_ block: Int, _ first: Int, _ count: Int) throws(StorageError) {
    var map = try bitmap(block)
    var changed = false
    for sector in first..<first + count where !Self.bit(map, sector) {
      map[sector / 8] |= 0x80 >> UInt8(sector % 8)
      changed = true
    }
    guard changed else { return }
    let (low, high) = (first / 8 / 512 * 512, (first + count - 1) / 8 / 512 * 512 + 512)
    try file.write(Array(map[low..<high]), at: dataOffset(block) - bitmapSectors * 512 + low)
    bitmaps[block] = map
  }

  // MARK: Overlays

  /// The sectors that this differencing disk holds, as runs in order.
  func ownRuns(_ take: (Int, [UInt8]) throws(StorageError) -> Void) throws(StorageError) {
    for block in table.indices where table[block] != Self.unused {
      let map = try bitmap(block)
      var at = 0
      let limit = min(blockSectors, sectorCount - block * blockSectors)
      while at < limit {
        guard Self.bit(map, at) else {
          at += 1
          continue
        }
        var run = 1
        while at + run < limit, run < 2048, Self.bit(map, at + run) { run += 1 }
        try take(
          block * blockSectors + at, try file.readExactly(at: dataOffset(block) + at * 512, count: run * 512))
        at += run
      }
    }
  }

  /// Blocks in use.
  public var usedBlocks: Int { table.reduce(0) { $0 + ($1 == Self.unused ? 0 : 1) } }

  /// Forgets everything that a differencing disk holds; the base shows again.
  ///
  /// - Throws: `unwritable`.
  public func discard() throws(StorageError) {
    guard parent != nil else { return }
    try file.write([UInt8](repeating: 0xFF, count: header.entries * 4), at: header.tableOffset)
    try file.sync()
    table = [UInt32](repeating: Self.unused, count: header.entries)
    bitmaps = [:]
    end = header.tableOffset + (header.entries * 4 + 511) / 512 * 512
    try file.write(footer.bytes, at: end)
    try file.resize(to: end + 512)
    try file.sync()
  }

  /// What is wrong with the structure, a line each.
  public func verify() throws(StorageError) -> [String] {
    var problems: [String] = []
    if !VHDFooter.isThere(try file.read(at: file.currentSize - 512, count: 512)) {
      problems.append("no footer at the end; the copy at the start is used")
    }
    guard footer.kind != .fixed else { return problems }
    if !VHDFooter.isThere(try file.read(at: 0, count: 512)) { problems.append("no copy of the footer at the start") }
    let room = (bitmapSectors + blockSectors)
    let used = table.enumerated().filter { $0.element != Self.unused }.sorted { $0.element < $1.element }
    for (index, block) in used.enumerated() {
      if (Int(block.element) + room) * 512 > file.currentSize {
        problems.append("block \(block.offset) lies behind the end of the file")
      } else if index > 0, Int(used[index - 1].element) + room > Int(block.element) {
        problems.append("block \(block.offset) overlaps block \(used[index - 1].offset)")
      }
    }
    return problems
  }
}
