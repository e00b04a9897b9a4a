import Hardware

/// The processor's memory as time sees it. Part of `Caches`: constants of the model and the board.
struct MemoryModel {
  /// Accesses to memory cost more than the tables say.
  var isModelled = false
  /// All ones if reads look up lines in a first-level cache, else 0.
  var compare: UInt32 = 0
  /// Code is looked up, too.
  var looksUpCode = false
  /// 486: the cache is switched off (CR0.CD).
  var isOff = false
  /// A 486's cache that isn't off.
  var isQuick = false
  /// Core clocks per bus clock.
  var multiplier: Int64 = 1
  /// Core clocks a write keeps the bus busy; 0 if writes cost nothing.
  var write: Int64 = 0
  /// Core clocks of writes that the buffers hold.
  var buffered: Int64 = 0
  /// Core clocks of an access in two parts: the other part.
  var split: Int64 = 3
  /// A data bus of 16 bits: words at odd addresses take two cycles.
  var isNarrow = false
  /// A 386 without a cache needs the bus all the time: it waits while DMA or a refresh has it.
  var needsBus = false
  /// Clocks of a refresh.
  var refresh: Int64 = 0
  var board = BoardTiming()
  /// Graphics memory: core clocks of a byte, a word and a double word beyond the access in the tables.
  var video: (Int64, Int64, Int64) = (0, 0, 0)
}

// MARK: Data

extension CPU {
  /// A read or the read half of a modification at `linear`, which lies in `entry`'s page: nothing happens if it is in
  /// a line that was the last used of its pair, and in one piece.
  @inline(__always) func touch(
    _ o: UnsafePointer<Op>, _ entry: UnsafeMutablePointer<TLBEntry>, _ linear: UInt32, _ bytes: UInt32
  ) {
    guard c.pointee.memoryModel.isModelled else { return }
    let line = entry.pointee.line | (linear &>> 4) & 0xFF
    let isKnown = c.pointee.memoryModel.compare == 0 || c.pointee.tags.isRecent(line)
    if _slowPath(!isKnown || linear & (bytes &- 1) != 0) { slowTouch(o, line, linear, bytes) }
  }

  /// Split accesses, and lines that weren't used last.
  @inline(never) func slowTouch(_ o: UnsafePointer<Op>, _ line: UInt32, _ linear: UInt32, _ bytes: UInt32) {
    if linear & (bytes &- 1) == 0, c.pointee.memoryModel.compare != 0 {
      if !c.pointee.tags.isRecent(line), !bringKnown(line, linear, o) { bringSlowly(o, line, linear) }
      return
    }
    var clocks = splitClocks(o, linear, bytes)
    if c.pointee.memoryModel.compare != 0 {
      clocks &+= lookUp(line, linear, after: o, clocks)
      // The second half of an access across two lines of a page.
      if linear & 15 &+ bytes > 16, linear & 0xFFF &+ bytes <= 0x1000 {
        clocks &+= lookUp(line &+ 1, linear, after: o, clocks)
      }
    }
    if clocks != 0 { chargeHere(o, clocks) }
  }

  /// Clocks of what a misaligned access takes longer. - Source: i486 PRM, clock assumptions: 3 clocks for each misaligned
  /// access; 386 DX and SX data sheets, bus cycles of misaligned operands.
  private func splitClocks(_ o: UnsafePointer<Op>, _ linear: UInt32, _ bytes: UInt32) -> Int64 {
    if o.pointee.original == .other || o.pointee.original == .otherEnd {
      // Limit and base are never both aligned: the tables have it.
      switch Operation(rawValue: o.pointee.a) ?? .undefined {
      case .lgdt, .lidt, .sgdt, .sidt: return 0
      default: break
      }
    }
    if c.pointee.memoryModel.isNarrow {
      return bytes > 1 && linear & 1 != 0 ? c.pointee.memoryModel.split : 0
    }
    return linear & 3 &+ min(bytes, 4) > 4 ? c.pointee.memoryModel.split : 0
  }

  /// A write: it goes into one of four buffers and then over the bus.
  ///
  /// - Source: i486 data book, write buffers: four, each one bus write.
  @inline(__always) func post(_ o: UnsafePointer<Op>, _ linear: UInt32, _ bytes: UInt32) {
    let write = c.pointee.memoryModel.write
    guard write != 0 else {
      if _slowPath(linear & (bytes &- 1) != 0) { splitPost(o, linear, bytes) }
      return
    }
    let now = s.pointee.target &- s.pointee.left &- Int64(o.pointee.after)
    let before = s.pointee.writesUntil
    if before <= now {
      s.pointee.writesUntil = now &+ write
    } else {
      let end = before &+ write
      s.pointee.writesUntil = end
      let full = end &- now &- c.pointee.memoryModel.buffered
      if full > 0 { chargeHere(o, full) }
    }
    if _slowPath(linear & (bytes &- 1) != 0) { splitPost(o, linear, bytes) }
  }

  /// A misaligned write: two writes, if it crosses a boundary.
  @inline(never) private func splitPost(_ o: UnsafePointer<Op>, _ linear: UInt32, _ bytes: UInt32) {
    guard c.pointee.memoryModel.isModelled else { return }
    let split = splitClocks(o, linear, bytes)
    guard split != 0 else { return }
    chargeHere(o, split)
    s.pointee.writesUntil &+= c.pointee.memoryModel.write
  }

  /// Does `body` of `o`, an instruction of many writes like PUSHA or FSAVE: they happen all along, and the instruction's
  /// clocks hold for free buffers.
  @inline(__always) func withWritesCounted(_ o: UnsafePointer<Op>, _ body: () -> Bool) -> Bool {
    let buffered = c.pointee.memoryModel.buffered
    c.pointee.memoryModel.buffered = 1 << 40
    defer { endCountedWrites(o, buffered) }
    return body()
  }

  private func endCountedWrites(_ o: UnsafePointer<Op>, _ buffered: Int64) {
    c.pointee.memoryModel.buffered = buffered
    let now = s.pointee.target &- s.pointee.left &- Int64(o.pointee.after)
    s.pointee.writesUntil = min(s.pointee.writesUntil, now &+ buffered)
  }

  /// 386 without a cache: clocks that an aligned access of a string takes longer than the tables' two.
  func stringWait(_ size: Int) -> Int64 {
    let model = c.pointee.pipelineModel
    guard model.isFull, !model.is486 else { return 0 }
    let cycles = Int64(max(size / model.busWidth, 1))
    return cycles &* Int64(model.busCycle) &- 2
  }

  /// An access to a device's memory: the graphics card's.
  func waitForDevice(_ o: UnsafePointer<Op>, _ size: Int) {
    let clocks = c.pointee.memoryModel.video
    chargeHere(o, size == 1 ? clocks.0 : size == 2 ? clocks.1 : clocks.2)
  }

  // MARK: Lines

  /// Looks up a line that wasn't the last one used of its pair. - Returns: clocks to wait.
  func lookUp(_ line: UInt32, _ linear: UInt32, after o: UnsafePointer<Op>, _ waited: Int64) -> Int64 {
    let tags = c.pointee.tags
    if tags.isRecent(line) { return 0 }
    c.pointee.lookUps &+= 1
    let now = s.pointee.target &- s.pointee.left &- Int64(o.pointee.after) &+ waited
    var clocks: Int64 = 0
    if s.pointee.cr0 & CR0.pg != 0, !tags.touchPage(linear >> 12) { clocks = walkClocks(linear, now, o) }
    if c.pointee.memoryModel.isOff { return clocks &+ fill(line, now &+ clocks) }
    return bring(line, o) ? clocks : clocks &+ fill(line, now &+ clocks)
  }

  /// What `lookUp` comes to for most lines that aren't the last used of their pairs (the caller has looked): the line is
  /// in the 486's cache, its page the last used of its set of the TLB, and the line becomes the last used of its pair. - Returns: whether it was so; else nothing has been done.
  @inline(__always) func bringKnown(_ line: UInt32, _ linear: UInt32, _ o: UnsafePointer<Op>) -> Bool {
    guard isQuick(linear) else { return false }
    let set = Int(line & c.pointee.tags.mask)
    guard let way = CacheTags.way(c.pointee.tags.tags + set * 4, line) else { return false }
    CacheTags.use(c.pointee.tags.order + set, way)
    c.pointee.lookUps &+= 1
    makeRecent(line, slot: set * 2 + Int(way >> 1))
    watchCode(line, o)
    return true
  }

  /// A 486's cache that is on, and no translation to look up.
  @inline(__always) private func isQuick(_ linear: UInt32) -> Bool {
    c.pointee.memoryModel.isQuick && (s.pointee.cr0 & CR0.pg == 0 || c.pointee.tags.isRecentPage(linear >> 12))
  }

  /// Waits for the line of an aligned operand that `bringKnown` hasn't found.
  @inline(never) func bringSlowly(_ o: UnsafePointer<Op>, _ line: UInt32, _ linear: UInt32) {
    guard isQuick(linear) else {
      let clocks = lookUp(line, linear, after: o, 0)
      if clocks != 0 { chargeHere(o, clocks) }
      return
    }
    c.pointee.lookUps &+= 1
    makeRecent(line, slot: c.pointee.tags.replace(line))
    watchCode(line, o)
    chargeHere(o, fill(line, s.pointee.target &- s.pointee.left &- Int64(o.pointee.after)))
  }

  /// `line` has become the last used of its pair: what was it before has to be looked up again.
  @inline(__always) private func makeRecent(_ line: UInt32, slot: Int) {
    voidReads(line: c.pointee.tags.recent[slot])
    c.pointee.tags.recent[slot] = line
    if c.pointee.tags.reliant[slot] != CacheTags.noLink { releaseBlocks(slot) }
  }

  /// Makes `line` the last used of its pair. - Returns: whether it was in the cache.
  private func bring(_ line: UInt32, _ o: UnsafePointer<Op>) -> Bool {
    if c.pointee.tags.isRecent(line) { return true }
    let (slot, isThere) = c.pointee.tags.touch(line)
    makeRecent(line, slot: slot)
    watchCode(line, o)
    return isThere
  }

  /// Clocks of a translation that the TLB doesn't have, beyond the access itself.
  ///
  /// - Source: timing notes 2.5 and 1.5, recalled: 13 on the 486 with both entries in its cache, 21 and 28 without; 9 on
  ///   the 386. Unverified.
  private func walkClocks(_ linear: UInt32, _ now: Int64, _ o: UnsafePointer<Op>) -> Int64 {
    guard c.pointee.is486 else { return 9 }
    let mask = c.pointee.addressMask & memory.addressMask
    let directory = (s.pointee.cr3 & ~0xFFF | (linear >> 20) & 0xFFC) & mask
    let table = (memory.read(directory, size: 4) & ~0xFFF | (linear >> 10) & 0xFFC) & mask
    var clocks: Int64 = 13
    for address in [directory, table] where !c.pointee.memoryModel.isOff {
      let line = address >> 4
      if !bring(line, o) { clocks &+= fill(line, now &+ clocks) }
    }
    return clocks
  }

  /// Clocks until a line that isn't in the first level brings its first data. It goes on coming in for a while, and
  /// holds up the next.
  private func fill(_ line: UInt32, _ now: Int64) -> Int64 {
    let board = c.pointee.memoryModel.board
    let multiplier = c.pointee.memoryModel.multiplier
    let tags = c.pointee.tags
    var first = Int64(board.cacheFirst)
    var next = Int64(board.cacheNext)
    if !c.pointee.is486 || board.cacheSize == 0 || !tags.touchBoard(line) {
      first = Int64(board.memoryFirst)
      next = Int64(board.memoryNext)
      // Rows of 2 KB a bank, two banks interleaved by line: a row holds 4 KB. Unverified, every board differs.
      let row = line >> 8
      if row != s.pointee.openRow {
        s.pointee.openRow = row
        first &+= Int64(board.memoryRow)
      }
    }
    // A 386 waits for its one cycle, which the board then finishes in time, and before it for DMA.
    if !c.pointee.is486 { return first &+ max(s.pointee.fillsUntil &- now, 0) }
    // A write on the bus is finished first; the others wait.
    var start = max(now, s.pointee.fillsUntil)
    let writes = s.pointee.writesUntil &- start
    if writes > 0, c.pointee.memoryModel.write > 0 {
      // A division in 32 bits: one in 64 takes several times as long.
      let cycle = UInt32(truncatingIfNeeded: c.pointee.memoryModel.write)
      start &+= Int64(UInt32(truncatingIfNeeded: writes) % cycle)
    }
    let phase =
      switch multiplier {
      case 1: Int64(0)
      case 2: start & 1
      case 3: start % 3
      default: start % multiplier
      }
    if phase != 0 { start &+= multiplier &- phase }
    let ready = start &+ first &* multiplier
    s.pointee.fillsUntil = ready &+ 3 &* next &* multiplier
    if s.pointee.writesUntil > start { s.pointee.writesUntil &+= s.pointee.fillsUntil &- start }
    return ready &- now
  }
}

// MARK: Code

extension CPU {
  /// A block starts, and lines have moved since it was last known that all of its code is at hand. Lines count as looked
  /// up when the first instruction that needs them is reached: if one isn't the last used of its pair, that
  /// instruction becomes an event. Otherwise looking it up changes nothing, and nothing has to be done.
  @inline(never) func enter(_ block: UnsafeMutablePointer<Block>) {
    guard c.pointee.memoryModel.looksUpCode else {
      block.pointee.epoch = c.pointee.epoch
      return
    }
    let ops = UnsafePointer(block.pointee.ops)
    let first = block.pointee.firstLookUp
    let last = (block.pointee.physical &+ UInt32(ops.pointee.length) &- 1) >> 4
    if first == last {
      if !c.pointee.tags.isRecent(first), !bringKnown(first, codeAddress(ops), ops) {
        fetch(first, first, ops, before: Int64(ops.pointee.clocks))
      }
    } else if first < last {
      fetch(first, last, ops, before: Int64(ops.pointee.clocks))
    }
    if watchCode(behind: last, block), block != c.pointee.store.single { rely(on: block) }
    if s.pointee.left < 0 { look(behind: ops) }
  }

  /// All lines of `block` that it looks up are the last used of their pairs, and it may run without a look until one isn't.
  func rely(on block: UnsafeMutablePointer<Block>) {
    let tags = c.pointee.tags
    let first = block.pointee.firstLookUp
    let last = (block.pointee.physical &+ UInt32(block.pointee.length) &- 1) >> 4
    guard first <= last else {
      block.pointee.epoch = c.pointee.epoch
      return
    }
    // An instruction may have taken the set of its own line.
    for line in first...last where !tags.isRecent(line) { return }
    for line in first...last {
      // Released by one line, a block is still in the lists of its others.
      let bit: UInt32 = 1 &<< (line &- first)
      if block.pointee.linked & bit != 0 { continue }
      if c.pointee.freeLink == CacheTags.noLink { releaseAllBlocks() }
      block.pointee.linked |= bit
      let slot = tags.recentSlot(line)
      let index = c.pointee.freeLink
      let link = tags.links + Int(index)
      c.pointee.freeLink = link.pointee.next
      link.pointee = CacheTags.Link(block: block, bit: bit, next: tags.reliant[slot])
      tags.reliant[slot] = index
    }
    block.pointee.epoch = c.pointee.epoch
  }

  /// Another line of a pair was used: the blocks that rely on it have to look.
  private func releaseBlocks(_ slot: Int) {
    let links = c.pointee.tags.links
    let first = c.pointee.tags.reliant[slot]
    c.pointee.tags.reliant[slot] = CacheTags.noLink
    var link = links + Int(first)
    link.pointee.release()
    while link.pointee.next != CacheTags.noLink {
      link = links + Int(link.pointee.next)
      link.pointee.release()
    }
    // The last ones freed are taken first: few of them are ever in use, and stay in the host's cache.
    link.pointee.next = c.pointee.freeLink
    c.pointee.freeLink = first
  }

  /// All blocks have to look. Needed after every change of `CacheTags.recent` that doesn't go through `makeRecent`.
  func releaseAllBlocks() {
    for i in 0..<CacheTags.linkCount { c.pointee.tags.links[i].release() }
    c.pointee.tags.freeLinks()
    c.pointee.freeLink = 0
    c.pointee.epoch &+= 1
  }

  /// Linear address of the instruction `o`, which hasn't run yet.
  @inline(__always) private func codeAddress(_ o: UnsafePointer<Op>) -> UInt32 {
    seg(SegmentIndex.cs).pointee.base &+ s.pointee.eip &+ UInt32(o.pointee.start)
  }

  /// Looks up the lines `first` to `last` for the instruction `o`, which hasn't run yet.
  func fetch(_ first: UInt32, _ last: UInt32, _ o: UnsafePointer<Op>, before clocks: Int64) {
    guard first <= last else { return }
    let linear = codeAddress(o)
    var waited = 0 &- clocks
    for line in first...last { waited &+= lookUp(line, linear, after: o, waited) }
    s.pointee.left &-= waited &+ clocks
  }

  /// Makes an event of the first instruction behind line `line` that needs a line which isn't the last used of its pair.
  /// - Returns: whether there is none.
  @discardableResult
  func watchCode(behind line: UInt32, _ block: UnsafeMutablePointer<Block>) -> Bool {
    let last = (block.pointee.physical &+ UInt32(block.pointee.length) &- 1) >> 4
    guard line < last else { return true }
    let tags = c.pointee.tags
    for next in line &+ 1...last where !tags.isRecent(next) {
      makeEvent(of: next, block)
      return false
    }
    return true
  }

  /// A data access has changed the order of a set: if the running block needs a line of that set later on, it has to be
  /// looked up there.
  @inline(__always) private func watchCode(_ line: UInt32, _ o: UnsafePointer<Op>) {
    let block = c.pointee.block
    let reached = (block.pointee.physical &+ UInt32(o.pointee.start) &+ UInt32(o.pointee.length) &- 1) >> 4
    let last = (block.pointee.physical &+ UInt32(block.pointee.length) &- 1) >> 4
    guard reached < last, c.pointee.memoryModel.looksUpCode else { return }
    let distance = (line &- reached) & c.pointee.tags.mask
    if distance != 0, distance <= last &- reached { makeEvent(of: reached &+ distance, block) }
  }

  /// The first instruction of `block` with a byte in `line` becomes an event.
  private func makeEvent(of line: UInt32, _ block: UnsafeMutablePointer<Block>) {
    for i in 0..<Int(block.pointee.count) {
      let op = block.pointee.ops + i
      let end = (block.pointee.physical &+ UInt32(op.pointee.start) &+ UInt32(op.pointee.length) &- 1) >> 4
      if end >= line {
        op.pointee.id = .event
        return
      }
    }
  }
}
