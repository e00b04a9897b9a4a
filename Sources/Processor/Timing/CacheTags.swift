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
  /// The line of each set that was used last.
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
  /// Decoded blocks that rely on the last used line of each set (`CPU.enter`): the first of a list in `links`. Not
  /// state: blocks aren't.
  let reliant: UnsafeMutablePointer<UInt16>
  let links: UnsafeMutablePointer<(block: UnsafeMutablePointer<Block>, next: UInt16)>
  static let linkCount = 1 << 14
  static let noLink = UInt16.max

  init(sets: Int, ways: Int, boardLines: Int) {
    self.ways = ways
    mask = UInt32(sets - 1)
    recent = .allocate(capacity: sets)
    tags = .allocate(capacity: sets * ways)
    order = .allocate(capacity: sets)
    board = .allocate(capacity: max(boardLines, 1))
    boardMask = UInt32(max(boardLines, 1) - 1)
    pages = .allocate(capacity: 32)
    pageOrder = .allocate(capacity: 8)
    reliant = .allocate(capacity: sets)
    reliant.initialize(repeating: CacheTags.noLink, count: sets)
    links = .allocate(capacity: CacheTags.linkCount)
    order.initialize(repeating: 0, count: sets)
    recent.initialize(repeating: CacheTags.void, count: sets)
    tags.initialize(repeating: CacheTags.void, count: sets * ways)
    board.initialize(repeating: CacheTags.void, count: Int(boardMask) + 1)
    pages.initialize(repeating: CacheTags.void, count: 32)
    pageOrder.initialize(repeating: 0, count: 8)
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
  }

  /// INVD, WBINVD and RESET: the first level is empty.
  func invalidate() {
    let sets = Int(mask) + 1
    recent.update(repeating: CacheTags.void, count: sets)
    tags.update(repeating: CacheTags.void, count: sets * ways)
    order.update(repeating: 0, count: sets)
  }

  func invalidatePages() {
    pages.update(repeating: CacheTags.void, count: 32)
    pageOrder.update(repeating: 0, count: 8)
  }

  /// Whether the TLB has `page`.
  func hasPage(_ page: UInt32) -> Bool { (0..<4).contains { pages[Int(page & 7) * 4 + $0] == page } }

  func invalidatePage(_ page: UInt32) {
    for way in 0..<4 where pages[Int(page & 7) * 4 + way] == page { pages[Int(page & 7) * 4 + way] = CacheTags.void }
  }

  /// Looks `line` up in the first level and brings it in. - Returns: whether it was there.
  func touch(_ line: UInt32) -> Bool {
    let set = Int(line & mask)
    recent[set] = line
    if ways == 1 {
      if tags[set] == line { return true }
      tags[set] = line
      return false
    }
    return CacheTags.touch(tags + set * 4, order + set, line)
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
    CacheTags.touch(pages + Int(page & 7) * 4, pageOrder + Int(page & 7), page)
  }

  /// One set of four with pseudo-LRU: B0 is set when the first pair was used last, B1 and B2 when the first of a pair was.
  private static func touch(
    _ ways: UnsafeMutablePointer<UInt32>, _ order: UnsafeMutablePointer<UInt8>, _ tag: UInt32
  ) -> Bool {
    var way = -1
    var free = -1
    for i in 0..<4 {
      if ways[i] == tag {
        way = i
        break
      }
      if free < 0, ways[i] == void { free = i }
    }
    let hit = way >= 0
    if !hit {
      let bits = order.pointee
      way = free >= 0 ? free : bits & 1 == 0 ? (bits & 2 == 0 ? 0 : 1) : (bits & 4 == 0 ? 2 : 3)
      ways[way] = tag
    }
    switch way {
    case 0: order.pointee = order.pointee | 3
    case 1: order.pointee = order.pointee & ~2 | 1
    case 2: order.pointee = order.pointee & ~1 | 4
    default: order.pointee = order.pointee & ~5
    }
    return hit
  }

  // MARK: Saved state

  /// All tags as bytes, `recent` left out: it follows from the others, but for sets that are empty.
  var bytes: [UInt8] {
    let sets = Int(mask) + 1
    var bytes: [UInt8] = []
    func add(_ values: UnsafeMutablePointer<UInt32>, _ count: Int) {
      bytes += UnsafeRawBufferPointer(start: values, count: count * 4)
    }
    add(recent, sets)
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
    return [UInt8](UnsafeRawBufferPointer(start: recent, count: sets * 4))
      + UnsafeRawBufferPointer(start: order, count: sets) + UnsafeRawBufferPointer(start: pages, count: 128)
      + UnsafeRawBufferPointer(start: pageOrder, count: 8)
  }

  /// Takes back `bytes`; of another geometry: everything is empty.
  func load(_ bytes: [UInt8]) {
    let sets = Int(mask) + 1
    invalidate()
    invalidatePages()
    board.update(repeating: CacheTags.void, count: Int(boardMask) + 1)
    guard bytes.count == self.bytes.count else { return }
    bytes.withUnsafeBytes { raw in
      guard var source = raw.baseAddress else { return }
      func take(_ place: UnsafeMutableRawPointer, _ count: Int) {
        place.copyMemory(from: source, byteCount: count)
        source += count
      }
      take(recent, sets * 4)
      take(tags, sets * ways * 4)
      take(board, (Int(boardMask) + 1) * 4)
      take(pages, 128)
      take(order, sets)
      take(pageOrder, 8)
    }
  }
}
