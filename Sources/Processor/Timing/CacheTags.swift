import Hardware

/// Which lines of memory are in the caches: tags only, the data are always those of memory. Part of the machine's state:
/// what a program has touched decides how long it takes.
///
/// The first level is what answers without delay: the 486's cache, four ways with pseudo-LRU replacement, or beside a
/// 386 the board's, direct-mapped. Lines are 16 bytes; a tag is a physical address divided by 16.
///
/// - Source: i486 data book, cache organisation: 128 sets of four lines, three LRU bits a set, invalid lines first; reads
///   allocate, writes don't. That a write leaves the LRU bits alone is unverified.
struct CacheTags {
  static let void = UInt32.max
  /// Sets of the first level minus one.
  let mask: UInt32
  let ways: Int
  /// The line of each pair of ways that was used last, two for each set. Looking it up again changes nothing: B1 and B2
  /// are as they should be. B0, which pair was used last, may not be: an approximation, which spares the host most of
  /// its look-ups where two lines of a set take turns. What is replaced is then the older line of the other pair.
  let recent: UnsafeMutablePointer<UInt32>
  let tags: UnsafeMutablePointer<UInt32>
  /// B0, B1, B2 of each set.
  let order: UnsafeMutablePointer<UInt8>
  /// Tags of the board's cache behind a 486.
  let board: UnsafeMutablePointer<UInt32>
  let boardMask: UInt32
  /// Pages whose translations the processor holds: eight sets of four.
  ///
  /// - Source: 386 PRM 10.6, i486 PRM 10.5: 32 entries, four ways.
  let pages: UnsafeMutablePointer<UInt32>
  let pageOrder: UnsafeMutablePointer<UInt8>
  /// The page of each set that was used last; void if that isn't known. Not state: nothing but a short cut.
  private let recentPages: UnsafeMutablePointer<UInt32>
  /// Decoded blocks that rely on the last used line of each pair (`CPU.enter`): the first of a list in `links`. Not
  /// state: blocks aren't.
  let reliant: UnsafeMutablePointer<UInt16>
  let links: UnsafeMutablePointer<Link>
  static let linkCount = 1 << 14
  static let noLink = UInt16.max

  /// A block in the list of one of its lines.
  struct Link {
    var block: UnsafeMutablePointer<Block>?
    /// Which of its lines, for `Block.linked`.
    var bit: UInt32 = 0
    var next: UInt16

    @inline(__always) func release() {
      block?.pointee.epoch = 0
      block?.pointee.linked &= ~bit
    }
  }

  init(sets: Int, ways: Int, boardLines: Int) {
    self.ways = ways
    mask = UInt32(sets - 1)
    recent = .allocate(capacity: sets * 2)
    tags = .allocate(capacity: sets * ways)
    order = .allocate(capacity: sets)
    board = .allocate(capacity: max(boardLines, 1))
    boardMask = UInt32(max(boardLines, 1) - 1)
    pages = .allocate(capacity: 32)
    pageOrder = .allocate(capacity: 8)
    reliant = .allocate(capacity: sets * 2)
    reliant.initialize(repeating: CacheTags.noLink, count: sets * 2)
    links = .allocate(capacity: CacheTags.linkCount)
    links.initialize(repeating: Link(next: CacheTags.noLink), count: CacheTags.linkCount)
    recentPages = .allocate(capacity: 8)
    recentPages.initialize(repeating: CacheTags.void, count: 8)
    order.initialize(repeating: 0, count: sets)
    recent.initialize(repeating: CacheTags.void, count: sets * 2)
    tags.initialize(repeating: CacheTags.void, count: sets * ways)
    board.initialize(repeating: CacheTags.void, count: Int(boardMask) + 1)
    pages.initialize(repeating: CacheTags.void, count: 32)
    pageOrder.initialize(repeating: 0, count: 8)
    freeLinks()
  }

  func deallocate() {
    recent.deallocate()
    tags.deallocate()
    order.deallocate()
    board.deallocate()
    pages.deallocate()
    pageOrder.deallocate()
    reliant.deallocate()
    links.deallocate()
    recentPages.deallocate()
  }

  /// INVD, WBINVD and RESET: the first level is empty.
  func invalidate() {
    let sets = Int(mask) + 1
    forgetRecent()
    tags.update(repeating: CacheTags.void, count: sets * ways)
    order.update(repeating: 0, count: sets)
  }

  /// Lines stay, but nothing counts as just used.
  func forgetRecent() { recent.update(repeating: CacheTags.void, count: (Int(mask) + 1) * 2) }

  func invalidatePages() {
    pages.update(repeating: CacheTags.void, count: 32)
    pageOrder.update(repeating: 0, count: 8)
    recentPages.update(repeating: CacheTags.void, count: 8)
  }

  /// Whether the TLB has `page`.
  func hasPage(_ page: UInt32) -> Bool { (0..<4).contains { pages[Int(page & 7) * 4 + $0] == page } }

  func invalidatePage(_ page: UInt32) {
    recentPages[Int(page & 7)] = CacheTags.void
    for way in 0..<4 where pages[Int(page & 7) * 4 + way] == page { pages[Int(page & 7) * 4 + way] = CacheTags.void }
  }

  /// Is `line` the last used of its pair?
  @inline(__always) func isRecent(_ line: UInt32) -> Bool {
    let pair = recent + Int(line & mask) * 2
    return pair[0] == line || pair[1] == line
  }

  /// Where in `recent` a line is for which `isRecent` holds.
  @inline(__always) func recentSlot(_ line: UInt32) -> Int {
    let slot = Int(line & mask) * 2
    return recent[slot] == line ? slot : slot + 1
  }

  /// Looks `line` up in the first level and brings it in. - Returns: its pair's place in `recent`, which still holds what
  /// was used before it, and whether the line was there.
  func touch(_ line: UInt32) -> (slot: Int, isThere: Bool) {
    let set = Int(line & mask)
    if ways == 1 {
      if tags[set] == line { return (set * 2, true) }
      tags[set] = line
      return (set * 2, false)
    }
    let (way, isThere) = CacheTags.touch(tags + set * 4, order + set, line)
    return (set * 2 + Int(way >> 1), isThere)
  }

  /// Brings in a line that isn't in the first level of four ways. - Returns: its pair's place in `recent`.
  @inline(__always) func replace(_ line: UInt32) -> Int {
    let set = Int(line & mask)
    let way = CacheTags.victim(tags + set * 4, order[set])
    tags[set * 4 + Int(way)] = line
    CacheTags.use(order + set, way)
    return set * 2 + Int(way >> 1)
  }

  /// No block relies on a line.
  func freeLinks() {
    reliant.update(repeating: CacheTags.noLink, count: (Int(mask) + 1) * 2)
    for i in 0..<CacheTags.linkCount {
      let isLast = i == CacheTags.linkCount - 1
      links[i] = Link(next: isLast ? CacheTags.noLink : UInt16(truncatingIfNeeded: i + 1))
    }
  }

  /// Looks `line` up in the board's cache and brings it in.
  func touchBoard(_ line: UInt32) -> Bool {
    let place = board + Int(line & boardMask)
    if place.pointee == line { return true }
    place.pointee = line
    return false
  }

  /// Looks a linear page up in the TLB and brings it in.
  func touchPage(_ page: UInt32) -> Bool {
    recentPages[Int(page & 7)] = page
    return CacheTags.touch(pages + Int(page & 7) * 4, pageOrder + Int(page & 7), page).isThere
  }

  /// Would `touchPage` find the page and change nothing?
  @inline(__always) func isRecentPage(_ page: UInt32) -> Bool { recentPages[Int(page & 7)] == page }

  /// One set of four with pseudo-LRU.
  private static func touch(
    _ ways: UnsafeMutablePointer<UInt32>, _ order: UnsafeMutablePointer<UInt8>, _ tag: UInt32
  ) -> (way: UInt32, isThere: Bool) {
    if let way = way(ways, tag) {
      use(order, way)
      return (way, true)
    }
    let victim = victim(ways, order.pointee)
    ways[Int(victim)] = tag
    use(order, victim)
    return (victim, false)
  }

  /// The way that is replaced: the first empty one, or the pseudo-least recently used.
  @inline(__always) private static func victim(_ ways: UnsafeMutablePointer<UInt32>, _ order: UInt8) -> UInt32 {
    if let empty = way(ways, void) { return empty }
    return order & 1 == 0 ? (order & 2 == 0 ? 0 : 1) : (order & 4 == 0 ? 2 : 3)
  }

  /// The first way of a set that holds `tag`; without branches, which would be taken at random.
  @inline(__always) static func way(_ ways: UnsafeMutablePointer<UInt32>, _ tag: UInt32) -> UInt32? {
    let found: UInt32 =
      (ways[0] == tag ? 1 : 0) | (ways[1] == tag ? 2 : 0) | (ways[2] == tag ? 4 : 0) | (ways[3] == tag ? 8 : 0)
    return found == 0 ? nil : UInt32(truncatingIfNeeded: found.trailingZeroBitCount)
  }

  /// B0 is set when the first pair was used last, B1 and B2 when the first of a pair was.
  @inline(__always) static func use(_ order: UnsafeMutablePointer<UInt8>, _ way: UInt32) {
    // A byte for each way: 11, x01, 1x0 and 0x0.
    let kept = UInt8(truncatingIfNeeded: (0xFAFE_FDFF as UInt32) &>> (way &* 8))
    let set = UInt8(truncatingIfNeeded: (0x0004_0103 as UInt32) &>> (way &* 8))
    order.pointee = order.pointee & kept | set
  }

  // MARK: Saved state

  /// All tags as bytes.
  var bytes: [UInt8] {
    let sets = Int(mask) + 1
    var bytes: [UInt8] = []
    func add(_ values: UnsafeMutablePointer<UInt32>, _ count: Int) {
      bytes += UnsafeRawBufferPointer(start: values, count: count * 4)
    }
    add(recent, sets * 2)
    add(tags, sets * ways)
    add(board, Int(boardMask) + 1)
    add(pages, 32)
    bytes += UnsafeRawBufferPointer(start: order, count: sets)
    bytes += UnsafeRawBufferPointer(start: pageOrder, count: 8)
    return bytes
  }

  /// What changes when lines that are there are looked up.
  var lastUses: [UInt8] {
    let sets = Int(mask) + 1
    return [UInt8](UnsafeRawBufferPointer(start: recent, count: sets * 8))
      + UnsafeRawBufferPointer(start: tags, count: sets * ways * 4)
      + UnsafeRawBufferPointer(start: order, count: sets) + UnsafeRawBufferPointer(start: pages, count: 128)
      + UnsafeRawBufferPointer(start: pageOrder, count: 8)
  }

  /// Takes back `bytes`; of another geometry: everything is empty.
  func load(_ bytes: [UInt8]) {
    let sets = Int(mask) + 1
    invalidate()
    invalidatePages()
    board.update(repeating: CacheTags.void, count: Int(boardMask) + 1)
    // Until 2026-11-23 states had one recent line for each set.
    let isOld = bytes.count == self.bytes.count - sets * 4
    guard isOld || bytes.count == self.bytes.count else { return }
    bytes.withUnsafeBytes { raw in
      guard var source = raw.baseAddress else { return }
      func take(_ place: UnsafeMutableRawPointer, _ count: Int) {
        place.copyMemory(from: source, byteCount: count)
        source += count
      }
      take(recent, sets * (isOld ? 4 : 8))
      take(tags, sets * ways * 4)
      take(board, (Int(boardMask) + 1) * 4)
      take(pages, 128)
      take(order, sets)
      take(pageOrder, 8)
    }
    if isOld { spreadRecent() }
  }

  /// `recent` holds a line for each set: puts them where their pairs are.
  private func spreadRecent() {
    for set in (0...Int(mask)).reversed() {
      let line = recent[set]
      let way = ways == 4 ? CacheTags.way(tags + set * 4, line) ?? 0 : 0
      recent[set * 2] = CacheTags.void
      recent[set * 2 + 1] = CacheTags.void
      recent[set * 2 + Int(way >> 1)] = line
    }
  }
}
