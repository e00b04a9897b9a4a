import Hardware

/// Clocks of the string instructions: once, the start of a repeated one, and each iteration.
///
/// - Source: 386 PRM and i486 PRM, string instruction pages.
private struct StringClocks {
  let once: Int64
  let start: Int64
  let each: Int64

  static func of(_ operation: Operation, is486: Bool) -> StringClocks {
    let k: (Int64, Int64, Int64)
    switch operation {
    case .movs: k = is486 ? (7, 12, 3) : (7, 8, 4)
    case .stos: k = is486 ? (5, 7, 4) : (4, 5, 5)
    case .lods: k = is486 ? (5, 7, 4) : (5, 5, 6)
    case .cmps: k = is486 ? (8, 7, 7) : (10, 5, 9)
    case .scas: k = is486 ? (6, 7, 5) : (7, 5, 8)
    case .ins: k = is486 ? (17, 16, 8) : (15, 13, 6)
    default: k = is486 ? (17, 17, 5) : (14, 12, 5)
    }
    return StringClocks(once: k.0, start: k.1, each: k.2)
  }
}

extension CPU {
  /// A string instruction without a repeat prefix. false: leave the block.
  func string(_ o: UnsafePointer<Op>) -> Bool {
    let operation = Operation(rawValue: o.pointee.a) ?? .undefined
    if !iterate(o, operation) { return false }
    let clocks = StringClocks.of(operation, is486: c.pointee.is486)
    return charge(clocks.once) && !c.pointee.leaveBlock
  }

  /// INS and OUTS, and every string instruction with a repeat prefix. Interruptible between iterations.
  func repeatedString(_ o: UnsafePointer<Op>) -> Flow {
    let operation = Operation(rawValue: o.pointee.a) ?? .undefined
    let clocks = StringClocks.of(operation, is486: c.pointee.is486)
    if o.pointee.mode & 0xC0 == 0 {
      if !iterate(o, operation) { return .leave }
      _ = charge(clocks.once)
      return .next
    }
    if !s.pointee.repeating { _ = charge(clocks.start) }
    s.pointee.repeating = false
    let mask = o.pointee.mask
    let compares = operation == .cmps || operation == .scas
    let wantsZero = o.pointee.mode & 0x40 != 0
    let oneByOne = s.pointee.flags & EFLAGS.tf != 0 || c.pointee.breakpointsArmed
    while reg(1) & mask != 0 {
      let done = oneByOne ? 0 : run(o, operation, clocks.each)
      if done > 0, compares, zf != wantsZero { return .next }
      if done == 0 {
        if !iterate(o, operation) { return .leave }
        setReg(1, reg(1) & ~mask | (reg(1) &- 1) & mask)
        s.pointee.left &-= clocks.each
        if compares, zf != wantsZero { return .next }
      }
      if reg(1) & mask == 0 { break }
      if s.pointee.left <= 0 || oneByOne || c.pointee.leaveBlock {
        s.pointee.eip &+= UInt32(o.pointee.start)
        s.pointee.repeating = true
        requestAttention()
        return .jumped
      }
    }
    return .next
  }

  /// One iteration without the count. false: a fault is pending and nothing has changed.
  private func iterate(_ o: UnsafePointer<Op>, _ operation: Operation) -> Bool {
    let size = o.pointee.size
    let mask = o.pointee.mask
    let step = s.pointee.flags & EFLAGS.df != 0 ? UInt32(bitPattern: Int32(-size)) : UInt32(size)
    let si = reg(6) & mask
    let di = reg(7) & mask
    func advanceSource() { setReg(6, reg(6) & ~mask | (si &+ step) & mask) }
    func advanceDestination() { setReg(7, reg(7) & ~mask | (di &+ step) & mask) }
    switch operation {
    case .movs:
      guard let value = loadAt(o, Int(o.pointee.seg), si, size), storeAt(o, SegmentIndex.es, di, size, value) else {
        return false
      }
      advanceSource()
      advanceDestination()
    case .stos:
      guard storeAt(o, SegmentIndex.es, di, size, register(0, size)) else { return false }
      advanceDestination()
    case .lods:
      guard let value = loadAt(o, Int(o.pointee.seg), si, size) else { return false }
      setRegister(0, size, value)
      advanceSource()
    case .cmps:
      guard let a = loadAt(o, Int(o.pointee.seg), si, size), let b = loadAt(o, SegmentIndex.es, di, size) else {
        return false
      }
      _ = sized(.cmp, a, b, size)
      advanceSource()
      advanceDestination()
    case .scas:
      guard let b = loadAt(o, SegmentIndex.es, di, size) else { return false }
      _ = sized(.cmp, register(0, size), b, size)
      advanceDestination()
    case .ins:
      let port = get(8, UInt16.self)
      // Permission and a writable destination come before the port is touched: a read can't be taken back.
      guard mayUsePort(port, size), let linear = writable(SegmentIndex.es, di, UInt32(size)),
        isWritableNow(linear, size)
      else { return false }
      guard storeAt(o, SegmentIndex.es, di, size, readPort(port, size)) else { return false }
      advanceDestination()
    default:
      let port = get(8, UInt16.self)
      guard mayUsePort(port, size), let value = loadAt(o, Int(o.pointee.seg), si, size) else { return false }
      writePort(port, size, value)
      advanceSource()
    }
    return true
  }

  /// Whether a write of `size` bytes would succeed; a page fault is pending if not.
  private func isWritableNow(_ linear: UInt32, _ size: Int) -> Bool {
    let user = s.pointee.cpl == 3
    guard translate(linear, write: true, user: user) != nil else { return false }
    let last = linear &+ UInt32(size - 1)
    return (last ^ linear) & ~0xFFF == 0 || translate(last, write: true, user: user) != nil
  }
}
