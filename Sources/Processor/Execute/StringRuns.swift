import Hardware

/// Repeated string instructions, many iterations at once: as many as fit in the pages, the segments, the count and the
/// slice, upwards only.
extension CPU {
  /// - Returns: the iterations done; 0: do one the careful way.
  func run(_ o: UnsafePointer<Op>, _ operation: Operation, _ each: Int64) -> UInt32 {
    guard s.pointee.flags & EFLAGS.df == 0 else { return 0 }
    switch o.pointee.size {
    case 1: return run(o, operation, each, UInt8.self)
    case 2: return run(o, operation, each, UInt16.self)
    default: return run(o, operation, each, UInt32.self)
    }
  }

  private func run<T: Width>(_ o: UnsafePointer<Op>, _ operation: Operation, _ each: Int64, _: T.Type) -> UInt32 {
    let mask = o.pointee.mask
    let si = reg(6) & mask
    let di = reg(7) & mask
    let usesSource =
      operation == .movs || operation == .lods || operation == .cmps
      || operation == .outs
    let usesDestination = operation != .lods && operation != .outs
    let isPort = operation == .ins || operation == .outs
    let writes = operation == .movs || operation == .stos || operation == .ins
    let wait = isPort ? c.pointee.ioWait16 &* Int64(T.bytes &>> 1) : 0
    let cost = each &+ wait
    var n = min(reg(1) & mask, UInt32(truncatingIfNeeded: max((s.pointee.left &+ cost &- 1) / cost, 1)))
    if isPort {
      n = min(n, plainAccesses(T.bytes, writes: operation == .outs))
      if n <= 1 { return 0 }
    }
    var a: UnsafeRawPointer?
    var b: UnsafeMutableRawPointer?
    if usesSource {
      a = UnsafeRawPointer(place(Int(o.pointee.seg), si, writes: false, T.bytes, &n))
      if a == nil { return 0 }
    }
    if usesDestination {
      b = place(SegmentIndex.es, di, writes: writes, T.bytes, &n)
      if b == nil { return 0 }
    }
    guard n > 1 else { return 0 }
    // What compares may end early; then what the memory makes of it in time may end it earlier.
    if operation == .cmps, let a, let b { n = scan(o, n, { a.loadUnaligned(fromByteOffset: $0, as: T.self) }, b) }
    if operation == .scas, let b {
      let value = get(0, T.self)
      n = scan(o, n, { _ in value }, b)
    }
    if isPort { c.pointee.worldEvents &+= 1 }
    if c.pointee.memoryModel.isModelled {
      n = pass(
        o, operation, n, each, wait, usesSource ? seg(Int(o.pointee.seg)).pointee.base &+ si : nil,
        usesDestination ? seg(SegmentIndex.es).pointee.base &+ di : nil, T.bytes)
    } else {
      s.pointee.left &-= Int64(n) &* cost
    }
    switch operation {
    case .movs: if let a, let b { move(a, b, n, T.self) }
    case .stos: if let b { fill(b, n, get(0, T.self)) }
    case .lods:
      // Only the last one stays.
      if let a { set(0, a.loadUnaligned(fromByteOffset: Int((n &- 1) &* T.bytes), as: T.self)) }
    case .ins:
      let data = UnsafeMutableRawBufferPointer(start: b, count: Int(n &* T.bytes))
      c.pointee.io._withUnsafeGuaranteedRef { $0.readPlainly(get(8), data) }
    case .outs:
      let data = UnsafeRawBufferPointer(start: a, count: Int(n &* T.bytes))
      c.pointee.io._withUnsafeGuaranteedRef { $0.writePlainly(get(8), data) }
    case .cmps: if let a, let b { compareLast(a.loadUnaligned(fromByteOffset: last(n, T.self), as: T.self), b, n) }
    default: if let b { compareLast(get(0, T.self), b, n) }
    }
    if usesSource { setReg(6, reg(6) & ~mask | (si &+ n &* T.bytes) & mask) }
    if usesDestination { setReg(7, reg(7) & ~mask | (di &+ n &* T.bytes) & mask) }
    setReg(1, reg(1) & ~mask | (reg(1) &- n) & mask)
    return n
  }

  /// How many iterations of INS (`writes`: OUTS) the device at port DX can be asked for at once, nothing but data passing.
  private func plainAccesses(_ bytes: UInt32, writes: Bool) -> UInt32 {
    // The I/O permission map is looked at each time, and might be what is written.
    guard !isProtected || (s.pointee.cpl <= iopl && !isV86), bytes > 1 else { return 0 }
    let count = c.pointee.io._withUnsafeGuaranteedRef { $0.plainAccesses(get(8), size: Int(bytes), writes: writes) }
    return UInt32(truncatingIfNeeded: count)
  }

  /// Charges `n` iterations with what their accesses cost, as one by one, and stops where the slice ends.
  /// - Returns: the iterations that fit, one at least.
  private func pass(
    _ o: UnsafePointer<Op>, _ operation: Operation, _ n: UInt32, _ each: Int64, _ wait: Int64, _ source: UInt32?,
    _ destination: UInt32?, _ bytes: UInt32
  ) -> UInt32 {
    let writes = operation == .movs || operation == .stos || operation == .ins
    var done: UInt32 = 0
    while done < n {
      if let source {
        let linear = source &+ done &* bytes
        touch(o, c.pointee.tlb + Int((linear &>> 12) & UInt32(TLBEntry.count - 1)), linear, bytes)
      }
      // The wait of a port comes after the read of memory and before the write.
      s.pointee.left &-= wait
      if let destination {
        let linear = destination &+ done &* bytes
        if writes {
          post(o, linear, bytes)
        } else {
          touch(o, c.pointee.tlb + Int((linear &>> 12) & UInt32(TLBEntry.count - 1)), linear, bytes)
        }
      }
      s.pointee.left &-= each
      done &+= 1
      if s.pointee.left <= 0 { break }
    }
    return done
  }

  @inline(__always) private func last<T: Width>(_ n: UInt32, _: T.Type) -> Int { Int((n &- 1) &* T.bytes) }

  /// The host address of `offset` in segment `index` if it is in the TLB, and `n` reduced to the elements of `bytes`
  /// that follow it in its page and its segment. nil: not now.
  @inline(__always) private func place(
    _ index: Int, _ offset: UInt32, writes: Bool, _ bytes: UInt32, _ n: inout UInt32
  ) -> UnsafeMutableRawPointer? {
    let segment = seg(index)
    let last = writes ? segment.pointee.writeMax : segment.pointee.readMax
    guard last >= Int64(offset) else { return nil }
    let linear = segment.pointee.base &+ offset
    n = min(n, (0x1000 &- linear & 0xFFF) / bytes)
    n = min(n, UInt32(truncatingIfNeeded: (last &- Int64(offset) &+ 1) / Int64(bytes)))
    let entry = c.pointee.tlb + Int((linear &>> 12) & UInt32(TLBEntry.count - 1))
    let tag = writes ? entry.pointee.writeTag : entry.pointee.readTag
    guard n > 1, tag == linear & ~0xFFF else { return nil }
    return entry.pointee.host(linear)
  }

  /// Element by element, lowest first: overlapping moves repeat a pattern, as on hardware.
  @inline(__always) private func move<T: Width>(
    _ a: UnsafeRawPointer, _ b: UnsafeMutableRawPointer, _ n: UInt32, _: T.Type
  ) {
    let width = Int(T.bytes)
    let size = Int(n) * width
    if UnsafeRawPointer(b) <= a || UnsafeRawPointer(b) >= a + size {
      b.copyMemory(from: a, byteCount: size)
      return
    }
    for i in stride(from: 0, to: size, by: width) {
      b.storeBytes(of: a.loadUnaligned(fromByteOffset: i, as: T.self), toByteOffset: i, as: T.self)
    }
  }

  @inline(__always) private func fill<T: Width>(_ b: UnsafeMutableRawPointer, _ n: UInt32, _ value: T) {
    for i in 0..<Int(n) { b.storeBytes(of: value, toByteOffset: i * Int(T.bytes), as: T.self) }
  }

  /// Compares until the repeat condition ends it or `n` are done. - Returns: comparisons made.
  @inline(__always) private func scan<T: Width>(
    _ o: UnsafePointer<Op>, _ n: UInt32, _ left: (Int) -> T, _ b: UnsafeMutableRawPointer
  ) -> UInt32 {
    let wantsEqual = o.pointee.mode & 0x40 != 0
    var done: UInt32 = 0
    while done < n {
      let at = Int(done &* T.bytes)
      done &+= 1
      if (left(at) == b.loadUnaligned(fromByteOffset: at, as: T.self)) != wantsEqual { break }
    }
    return done
  }

  /// The flags of the last comparison.
  @inline(__always) private func compareLast<T: Width>(_ x: T, _ b: UnsafeMutableRawPointer, _ n: UInt32) {
    _ = alu(.cmp, x, b.loadUnaligned(fromByteOffset: last(n, T.self), as: T.self))
  }
}
