import Hardware

/// Clocks of a string instruction in the current mode, less the one that is static: once, the start of a repeated one by
/// the count, each iteration.
private struct StringClocks {
  var once: Int64 = 0
  var none: Int64 = 0
  var one: Int64 = 0
  var start: Int64 = 0
  var each: Int64 = 0

  init(_ cpu: CPU, _ record: UInt16, _ operation: Operation, _ size: Int) {
    let timing = cpu.c.pointee.timing
    let mode = operation == .ins || operation == .outs ? cpu.portRole : .base
    let (first, iteration): (TimingRole, TimingRole) =
      switch mode {
      case .protected: (.repeatProtected, .eachProtected)
      case .privileged: (.repeatPrivileged, .eachPrivileged)
      case .v86: (.repeatV86, .eachV86)
      default: (.repeat, .each)
      }
    once = timing.clocks(record, mode) ?? timing.clocks(record, .base) ?? 0
    start = timing.clocks(record, first) ?? timing.clocks(record, .repeat) ?? 0
    each = timing.clocks(record, iteration) ?? timing.clocks(record, .each) ?? 1
    none = timing.clocks(record, .repeatNone) ?? start
    // What each access takes longer than on a bus that is wide enough and doesn't wait.
    let accesses: Int64 = operation == .movs || operation == .cmps ? 2 : 1
    once &+= accesses &* cpu.stringWait(size)
    each &+= accesses &* cpu.stringWait(size)
    one = max((timing.clocks(record, .repeatOne).map { $0 &- each } ?? start) &- 1, 0)
    once = max(once &- 1, 0)
    start = max(start &- 1, 0)
    none = max(none &- 1, 0)
  }
}

extension CPU {
  /// A string instruction without a repeat prefix. false: leave the block.
  func string(_ o: UnsafePointer<Op>) -> Bool {
    let operation = Operation(rawValue: o.pointee.a) ?? .undefined
    if !iterate(o, operation) { return false }
    let clocks = StringClocks(self, o.pointee.record, operation, o.pointee.size)
    return charge(clocks.once) && !c.pointee.leaveBlock
  }

  /// INS and OUTS, and every string instruction with a repeat prefix. Interruptible between iterations.
  func repeatedString(_ o: UnsafePointer<Op>) -> Flow {
    let operation = Operation(rawValue: o.pointee.a) ?? .undefined
    let clocks = StringClocks(self, o.pointee.record, operation, o.pointee.size)
    if o.pointee.mode & 0xC0 == 0 {
      if !iterate(o, operation) { return .leave }
      _ = charge(clocks.once)
      return .next
    }
    let mask = o.pointee.mask
    if !s.pointee.repeating {
      let count = reg(1) & mask
      charge(count == 0 ? clocks.none : count == 1 ? clocks.one : clocks.start)
    }
    s.pointee.repeating = false
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
        s.pointee.pipe = Pipe.resumed
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
