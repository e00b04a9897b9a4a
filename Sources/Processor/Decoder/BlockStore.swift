import Hardware

/// Where decoded blocks live: a hash table by physical address, code size and state of the pipeline on entry, an arena for operations, and lists of the
/// blocks in each RAM page. When the arena is full everything is dropped and decoding starts afresh.
struct BlockStore {
  static let bucketCount = 1 << 16
  static let opCapacity = 1 << 19
  static let blockCapacity = 1 << 16
  /// Most instructions in a block.
  static let longestBlock = 32

  let buckets: UnsafeMutablePointer<UnsafeMutablePointer<Block>?>
  let blocks: UnsafeMutablePointer<Block>
  let ops: UnsafeMutablePointer<Op>
  /// First block of each RAM page.
  let pages: UnsafeMutablePointer<UnsafeMutablePointer<Block>?>
  /// One bit per 64 bytes of each RAM page: set where code was decoded.
  let codeBits: UnsafeMutablePointer<UInt64>
  let ramPages: Int
  /// A block for one instruction that isn't kept: single steps, page-crossing instructions.
  let single: UnsafeMutablePointer<Block>
  /// Where a block is decoded before its size is known.
  let scratch: UnsafeMutablePointer<Op>
  var usedBlocks = 0
  var usedOps = 0

  init(ramPages: Int) {
    self.ramPages = ramPages
    buckets = .allocate(capacity: BlockStore.bucketCount)
    buckets.initialize(repeating: nil, count: BlockStore.bucketCount)
    blocks = .allocate(capacity: BlockStore.blockCapacity)
    ops = .allocate(capacity: BlockStore.opCapacity)
    pages = .allocate(capacity: ramPages)
    pages.initialize(repeating: nil, count: ramPages)
    codeBits = .allocate(capacity: ramPages)
    codeBits.initialize(repeating: 0, count: ramPages)
    single = .allocate(capacity: 1)
    let op = UnsafeMutablePointer<Op>.allocate(capacity: 2)
    op.initialize(repeating: Op(), count: 2)
    single.initialize(to: Block(ops: op))
    scratch = .allocate(capacity: BlockStore.longestBlock + 1)
  }

  func deallocate() {
    buckets.deallocate()
    blocks.deallocate()
    ops.deallocate()
    pages.deallocate()
    codeBits.deallocate()
    single.pointee.ops.deallocate()
    single.deallocate()
    scratch.deallocate()
  }

  @inline(__always) static func bucket(_ physical: UInt32, _ code32: Bool) -> Int {
    Int((physical ^ physical >> 16 ^ (code32 ? 0x5555 : 0)) & UInt32(bucketCount - 1))
  }

  func find(_ physical: UInt32, code32: Bool, pipe: UInt16) -> UnsafeMutablePointer<Block>? {
    var block = buckets[BlockStore.bucket(physical, code32)]
    while let candidate = block {
      if candidate.pointee.physical == physical, candidate.pointee.code32 == code32, candidate.pointee.pipe == pipe {
        return candidate
      }
      block = candidate.pointee.nextInBucket
    }
    return nil
  }
}

extension CPU {
  /// Drops every decoded block.
  func dropAllBlocks() {
    let store = c.pointee.store
    store.buckets.update(repeating: nil, count: BlockStore.bucketCount)
    store.pages.update(repeating: nil, count: store.ramPages)
    store.codeBits.update(repeating: 0, count: store.ramPages)
    for page in 0..<store.ramPages { c.pointee.codePages[page] &= ~PageUse.code }
    c.pointee.jump.update(repeating: JumpEntry(), count: JumpEntry.count)
    c.pointee.store.usedBlocks = 0
    c.pointee.store.usedOps = 0
  }

  /// The block at CS:EIP for the run loop, decoded if need be. nil: take a single step instead (an instruction across
  /// pages, code outside RAM and ROM, or a fault to be found there).
  @inline(never) func findBlock(_ linear: UInt32) -> UnsafeMutablePointer<Block>? {
    guard let physical = translateQuietly(linear) else { return nil }
    let memory = memory
    guard let page = memory.readablePage(physical) else { return nil }
    let host = page + Int(physical & 0xFFF)
    let code32 = seg(SegmentIndex.cs).pointee.isBig
    let offset = UInt(bitPattern: host) &- UInt(bitPattern: c.pointee.ram)
    let inRAM = offset < UInt(c.pointee.ramPages) << 12
    let key = inRAM ? UInt32(truncatingIfNeeded: offset) : physical & memory.addressMask
    let pipe = s.pointee.pipe
    var found = c.pointee.store.find(key, code32: code32, pipe: pipe)
    if found == nil || found?.pointee.valid == false {
      found = decodeBlock(host, key, inRAM: inRAM, code32: code32, reuse: found)
    }
    guard let block = found else { return nil }
    let entry = jumpEntry(linear)
    entry.pointee.key = jumpKey(linear)
    c.pointee.codeTranslations |= 1 << UInt64(linear >> 12 & 63)
    entry.pointee.block = block
    return block
  }

  /// Translation for looking at code: raises nothing.
  private func translateQuietly(_ linear: UInt32) -> UInt32? {
    let cr2 = s.pointee.cr2
    if let physical = translate(linear, write: false, user: s.pointee.cpl == 3) { return physical }
    s.pointee.cr2 = cr2
    c.pointee.exception = 0
    return nil
  }

  private func decodeBlock(
    _ host: UnsafeMutablePointer<UInt8>, _ key: UInt32, inRAM: Bool, code32: Bool,
    reuse: UnsafeMutablePointer<Block>?
  ) -> UnsafeMutablePointer<Block>? {
    var available = 0x1000 - Int(key & 0xFFF)
    var start = 0
    var count = 0
    var clocks = 0
    var tail = 0
    var end = Op()
    let ops = c.pointee.store.scratch
    var pipeline = Pipeline(state: s.pointee.pipe, model: c.pointee.pipelineModel, code32: code32, address: key)
    while count < BlockStore.longestBlock {
      var op = Op()
      var decoder = Decoder(
        host + start, available: min(available, Decoder.longest + 1), code32: code32, is486: c.pointee.is486,
        table: owner.table, timing: c.pointee.timing)
      let status = decoder.decode(&op)
      if status == .short || decoder.length > Decoder.longest { break }
      pipeline.issue(&op, decoder)
      op.start = UInt16(start)
      op.length = UInt8(decoder.length)
      start += decoder.length
      available -= decoder.length
      clocks += Int(op.clocks)
      op.target = op.target &+ UInt32(start)
      // A jump in a new line of code is fetched behind the access of what it would be joined with.
      let next = key &+ UInt32(start)
      let isInLine = (next &- UInt32(op.length) &- 1) >> 4 == (next &- 1) >> 4
      // Behind a joined jump: where it begins, for `stopInside`.
      end.start = op.start
      end.exit = count > 0 ? ops[count - 1].exit : 0
      if status == .last, count > 0, isInLine || !c.pointee.memoryModel.looksUpCode,
        fuse(ops + (count - 1), with: op, tail: &tail)
      {
        break
      }
      (ops + count).initialize(to: op)
      count += 1
      end.start = UInt16(start)
      end.exit = op.exit
      if status == .last { break }
    }
    if count == 0 { return nil }
    (ops + count).initialize(to: end)
    var after = tail
    for i in stride(from: count - 1, through: 0, by: -1) {
      ops[i].after = UInt16(truncatingIfNeeded: after)
      ops[i].original = ops[i].id
      after += Int(ops[i].clocks)
    }
    let block = storage(for: count + 1, key, code32: code32, reuse: reuse)
    block.pointee.ops.update(from: ops, count: count + 1)
    block.pointee.cycles = Int32(clocks)
    block.pointee.length = UInt16(start)
    block.pointee.count = UInt16(count)
    block.pointee.epoch = 0
    block.pointee.valid = true
    if inRAM { link(block, key) }
    return block
  }

  /// A block with room for `count` operations: the void one of the same place if it is large enough (code that
  /// modifies itself comes back and back), else a new one in the hash table.
  private func storage(
    for count: Int, _ key: UInt32, code32: Bool, reuse: UnsafeMutablePointer<Block>?
  ) -> UnsafeMutablePointer<Block> {
    if let reuse {
      if Int(reuse.pointee.capacity) >= count { return reuse }
      unlink(reuse)
    }
    if c.pointee.store.usedBlocks >= BlockStore.blockCapacity
      || c.pointee.store.usedOps + count > BlockStore.opCapacity
    {
      dropAllBlocks()
    }
    let block = c.pointee.store.blocks + c.pointee.store.usedBlocks
    block.initialize(to: Block(ops: c.pointee.store.ops + c.pointee.store.usedOps))
    let bucket = BlockStore.bucket(key, code32)
    block.pointee.capacity = UInt16(count)
    block.pointee.physical = key
    block.pointee.code32 = code32
    block.pointee.pipe = s.pointee.pipe
    block.pointee.nextInBucket = c.pointee.store.buckets[bucket]
    c.pointee.store.usedBlocks += 1
    c.pointee.store.usedOps += count
    c.pointee.store.buckets[bucket] = block
    return block
  }

  /// Enters a block in its page's list and marks the page and the 64-byte lines it covers.
  private func link(_ block: UnsafeMutablePointer<Block>, _ key: UInt32) {
    let page = key >> 12
    block.pointee.ramPage = page
    block.pointee.nextInPage = c.pointee.store.pages[Int(page)]
    c.pointee.store.pages[Int(page)] = block
    let first = UInt64(key & 0xFFF) >> 6
    let last = UInt64(key & 0xFFF + UInt32(block.pointee.length) - 1) >> 6
    for line in first...last { c.pointee.store.codeBits[Int(page)] |= 1 << line }
    if c.pointee.codePages[Int(page)] & PageUse.code == 0 {
      if c.pointee.codePages[Int(page)] == 0 { demoteWrites(toRAMPage: page) }
      c.pointee.codePages[Int(page)] |= PageUse.code
    }
  }

  /// Takes a void block out of its hash chain.
  private func unlink(_ block: UnsafeMutablePointer<Block>) {
    let bucket = BlockStore.bucket(block.pointee.physical, block.pointee.code32)
    var link = c.pointee.store.buckets[bucket]
    if link == block {
      c.pointee.store.buckets[bucket] = block.pointee.nextInBucket
      return
    }
    while let previous = link {
      if previous.pointee.nextInBucket == block {
        previous.pointee.nextInBucket = block.pointee.nextInBucket
        return
      }
      link = previous.pointee.nextInBucket
    }
  }

  /// RAM at `address` was written in a page that is watched. Voids the blocks that the bytes belong to.
  ///
  /// - Returns: whether the block that runs now was one of them; `leaveBlock` is set then.
  @discardableResult
  func codeWasWritten(_ address: UInt32, _ size: Int) -> Bool {
    let page = Int(address >> 12)
    if c.pointee.codePages[page] & PageUse.pageTable != 0 { pageTableWasWritten(page) }
    let offset = address & 0xFFF
    let lastByte = min(offset &+ UInt32(size) &- 1, 0xFFF)
    let lines = (UInt64.max << UInt64(offset >> 6)) & (UInt64.max >> (63 - UInt64(lastByte >> 6)))
    guard c.pointee.store.codeBits[page] & lines != 0 else { return false }
    var hit = false
    var bits: UInt64 = 0
    var previous: UnsafeMutablePointer<Block>?
    var link = c.pointee.store.pages[page]
    while let block = link {
      link = block.pointee.nextInPage
      let first = block.pointee.physical & 0xFFF
      let last = first &+ UInt32(block.pointee.length) &- 1
      if first <= lastByte, last >= offset {
        block.pointee.valid = false
        if block == c.pointee.block { hit = true }
        // The cycles of a running block still settle its account; it is voided when the block is left.
        if block != c.pointee.block { block.pointee.cycles = .max }
        if let previous { previous.pointee.nextInPage = link } else { c.pointee.store.pages[page] = link }
      } else {
        for line in UInt64(first >> 6)...UInt64(last >> 6) { bits |= 1 << line }
        previous = block
      }
    }
    c.pointee.store.codeBits[page] = bits
    if c.pointee.store.pages[page] == nil { c.pointee.codePages[page] &= ~PageUse.code }
    if hit { c.pointee.leaveBlock = true }
    return hit
  }

  /// A page table that the TLB has used was written: under the coherent policy all translations go.
  private func pageTableWasWritten(_ page: Int) {
    c.pointee.codePages[page] &= ~PageUse.pageTable
    flushTLB()
  }

  /// Joins a compare or a count with the conditional jump behind it. `tail`: the jump's clocks, where they lie behind an
  /// access to memory.
  private func fuse(_ first: UnsafeMutablePointer<Op>, with jump: Op, tail: inout Int) -> Bool {
    let condition = Int(jump.id.rawValue) - Int(OpID.jO.rawValue)
    guard condition >= 0, condition < 16 else { return false }
    let id: OpID
    let table: UInt8
    switch first.pointee.id {
    case .cmp8rr, .cmp16rr, .cmp32rr, .cmp8ri, .cmp16ri, .cmp32ri, .cmp8rm, .cmp16rm, .cmp32rm:
      guard let mask = Fusion.compare(condition) else { return false }
      id = OpID(rawValue: OpID.cmp8rrJ.rawValue + first.pointee.id.rawValue - OpID.cmp8rr.rawValue) ?? .end
      table = mask
    case .cmp8mi, .cmp16mi, .cmp32mi:
      guard let mask = Fusion.compare(condition) else { return false }
      id = OpID(rawValue: OpID.cmp8miJ.rawValue + first.pointee.id.rawValue - OpID.cmp8mi.rawValue) ?? .end
      table = mask
    case .test8rr, .test16rr, .test32rr, .test8ri, .test16ri, .test32ri:
      guard let mask = Fusion.test(condition) else { return false }
      id = OpID(rawValue: OpID.test8rrJ.rawValue + first.pointee.id.rawValue - OpID.test8rr.rawValue) ?? .end
      table = mask
    case .inc16r, .inc32r, .dec16r, .dec32r:
      guard let mask = Fusion.count(condition) else { return false }
      switch first.pointee.id {
      case .inc16r: id = .inc16rJ
      case .inc32r: id = .inc32rJ
      case .dec16r: id = .dec16rJ
      default: id = .dec32rJ
      }
      table = mask
    default: return false
    }
    first.pointee.id = id
    first.pointee.mode = table
    first.pointee.length &+= jump.length
    switch id {
    case .cmp8rmJ, .cmp16rmJ, .cmp32rmJ, .cmp8miJ, .cmp16miJ, .cmp32miJ: tail = Int(jump.clocks)
    default: first.pointee.clocks &+= jump.clocks
    }
    first.pointee.extra = jump.extra
    first.pointee.exit = jump.exit
    first.pointee.target = jump.target
    first.pointee.targetMask = jump.targetMask
    return true
  }
}

/// Conditions as truth tables over what a fused pair knows.
enum Fusion {
  /// Index: below | less << 1 | equal << 2. Overflow, sign and parity aren't known.
  static func compare(_ condition: Int) -> UInt8? {
    let below: UInt8 = 0b1010_1010
    let less: UInt8 = 0b1100_1100
    let equal: UInt8 = 0b1111_0000
    let table: UInt8
    switch condition >> 1 {
    case 1: table = below
    case 2: table = equal
    case 3: table = below | equal
    case 6: table = less
    case 7: table = less | equal
    default: return nil
    }
    return condition & 1 == 0 ? table : ~table
  }

  /// Index: zero | negative << 1; carry and overflow are clear.
  static func test(_ condition: Int) -> UInt8? {
    let zero: UInt8 = 0b1010
    let negative: UInt8 = 0b1100
    let table: UInt8
    switch condition >> 1 {
    case 0, 1: table = 0
    case 2, 3: table = zero
    case 4, 6: table = negative
    case 7: table = zero | negative
    default: return nil
    }
    return condition & 1 == 0 ? table : ~table & 0xF
  }

  /// Index: zero | negative << 1; carry and overflow aren't known.
  static func count(_ condition: Int) -> UInt8? {
    let table: UInt8
    switch condition >> 1 {
    case 2: table = 0b1010
    case 4: table = 0b1100
    default: return nil
    }
    return condition & 1 == 0 ? table : ~table & 0xF
  }
}
