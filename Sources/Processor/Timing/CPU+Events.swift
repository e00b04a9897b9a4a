import Hardware

// Clocks that turn up while a block runs. A block starts only if its static clocks fit into the slice; what its
// operations charge on top may use the slice up. Then the block has to be left in front of the next operation: that
// operation is replaced by an `event`, which the interpreter meets and hands to `look(at:)`.

extension CPU {
  /// Charges clocks in an operation that can't leave its block by itself.
  @inline(__always) func chargeHere(_ o: UnsafePointer<Op>, _ clocks: Int64) {
    s.pointee.left &-= clocks
    if _slowPath(s.pointee.left < 0) { look(behind: o) }
  }

  /// Makes the run loop look up in front of the operation behind `o`.
  @inline(never) func look(behind o: UnsafePointer<Op>) {
    let block = c.pointee.block
    // Operations of their own kind leave the block themselves, and work on copies now and then.
    guard o >= UnsafePointer(block.pointee.ops), o < UnsafePointer(block.pointee.ops + Int(block.pointee.count)) else {
      return
    }
    UnsafeMutablePointer(mutating: o + 1).pointee.id = .event
  }

  /// In front of operation `o`, which was replaced by an event. true: it is there again, and can run. false: the block
  /// has been left in front of it, since the slice is used up.
  @inline(never) func look(at o: UnsafePointer<Op>) -> Bool {
    UnsafeMutablePointer(mutating: o).pointee.id = o.pointee.original
    let block = c.pointee.block
    let isFirst = o <= UnsafePointer(block.pointee.ops)
    if s.pointee.left >= 0 {
      if !isFirst, o.pointee.length != 0, c.pointee.memoryModel.looksUpCode { fetch(o, behind: o - 1, block) }
      return true
    }
    s.pointee.left &+= Int64(o.pointee.after) &+ Int64(o.pointee.clocks)
    s.pointee.eip &+= UInt32(o.pointee.start)
    if !isFirst { s.pointee.pipe = (o - 1).pointee.exit }
    _ = settle(block)
    return false
  }

  /// Looks up the lines that instruction `o` reaches first, and makes an event of the next that will have to.
  private func fetch(_ o: UnsafePointer<Op>, behind previous: UnsafePointer<Op>, _ block: UnsafeMutablePointer<Block>) {
    let start = block.pointee.physical
    let before = (start &+ UInt32(previous.pointee.start) &+ UInt32(previous.pointee.length) &- 1) >> 4
    let last = (start &+ UInt32(o.pointee.start) &+ UInt32(o.pointee.length) &- 1) >> 4
    fetch(before &+ 1, last, o, before: Int64(o.pointee.clocks))
    if watchCode(behind: last, block) { rely(on: block) }
    if s.pointee.left < 0 { look(behind: o) }
  }

  /// Clocks of RCL and RCR by a count above the least, on the 486.
  ///
  /// - Source: i486 PRM prints 8-30 and 9-31; how the count enters isn't documented, a straight line is (timing notes)
  ///   unverified.
  static func rotateClocks(_ count: UInt32) -> Int64 { count <= 1 ? 0 : Int64(22 * (count - 1) / 30) }

  /// Clocks of a multiplication above those of the smallest operand.
  ///
  /// - Source: 386 PRM, MUL: 6 + max(ceil(log2 |m|), 3), 9 if m = 0; i486 PRM note: 10 + max(ceil(log2 |m|), n), n = 3 for
  ///   positive and 5 for negative multipliers, 13 if m = 0.
  func multiplyClocks(_ magnitude: UInt32, negative: Bool) -> Int64 {
    let bits = magnitude <= 1 ? 0 : 32 - (magnitude - 1).leadingZeroBitCount
    return Int64(max(bits, negative && c.pointee.is486 ? 5 : 3) - 3)
  }
}
