import Hardware

/// What a slow read returns: the value, or `fault`.
enum SlowRead {
  static let fault: UInt64 = 1 << 63
}

// MARK: Fast paths

extension CPU {
  /// Reads at a linear address with the current privilege. nil: a fault is pending.
  @inline(__always) func read<T: Width>(_ o: UnsafePointer<Op>, _ linear: UInt32) -> T? {
    let entry = c.pointee.reads + Int((linear &>> c.pointee.readShift) & c.pointee.readIndex)
    if _fastPath(linear & (c.pointee.readTagMask | (T.bytes &- 1)) == entry.pointee.tag) {
      let host = UnsafeRawPointer(bitPattern: entry.pointee.addend &+ Int(linear)).unsafelyUnwrapped
      return host.loadUnaligned(as: T.self)
    }
    let value = slowRead(o, linear, Int(T.bytes))
    return value & SlowRead.fault != 0 ? nil : T(truncatingIfNeeded: value)
  }

  /// Writes at a linear address with the current privilege. false: leave the block (a fault is pending, or the block
  /// has changed under us).
  @inline(__always) func write<T: Width>(_ o: UnsafePointer<Op>, _ linear: UInt32, _ value: T) -> Bool {
    let entry = c.pointee.tlb + Int((linear &>> 12) & UInt32(TLBEntry.count - 1))
    if _fastPath((linear &+ (T.bytes &- 1)) & 0xFFFF_F000 == entry.pointee.writeTag) {
      post(o, linear, T.bytes)
      entry.pointee.host(linear).storeBytes(of: value, as: T.self)
      return true
    }
    return slowWrite(o, linear, Int(T.bytes), UInt32(truncatingIfNeeded: value))
  }

  /// Offset of the memory operand.
  @inline(__always) func offset(_ o: UnsafePointer<Op>) -> UInt32 {
    let r = UnsafeRawPointer(s)
    let base = r.load(fromByteOffset: Int(o.pointee.base), as: UInt32.self)
    let index = r.load(fromByteOffset: Int(o.pointee.index), as: UInt32.self)
    return (base &+ (index &<< UInt32(o.pointee.scale)) &+ o.pointee.disp) & o.pointee.mask
  }

  /// Linear address of a read of `size` bytes at `offset` in segment `index`; nil: a fault is pending.
  @inline(__always) func readable(_ index: Int, _ offset: UInt32, _ size: UInt32) -> UInt32? {
    let segment = seg(index)
    if _slowPath(Int64(offset) &+ Int64(size &- 1) > segment.pointee.readMax) {
      if !checkSegment(index, offset, size, write: false) { return nil }
    }
    return segment.pointee.base &+ offset
  }

  /// The same for a write.
  @inline(__always) func writable(_ index: Int, _ offset: UInt32, _ size: UInt32) -> UInt32? {
    let segment = seg(index)
    if _slowPath(Int64(offset) &+ Int64(size &- 1) > segment.pointee.writeMax) {
      if !checkSegment(index, offset, size, write: true) { return nil }
    }
    return segment.pointee.base &+ offset
  }

  /// The memory operand's value.
  @inline(__always) func load<T: Width>(_ o: UnsafePointer<Op>) -> T? {
    guard let linear = readable(Int(o.pointee.seg), offset(o), T.bytes) else { return nil }
    return read(o, linear)
  }

  /// Stores to the memory operand.
  @inline(__always) func store<T: Width>(_ o: UnsafePointer<Op>, _ value: T) -> Bool {
    guard let linear = writable(Int(o.pointee.seg), offset(o), T.bytes) else { return false }
    return write(o, linear, value)
  }

  /// Reads, changes and writes the memory operand; permission to write is checked before the read.
  @inline(__always) func modify<T: Width>(_ o: UnsafePointer<Op>, _ change: (T) -> T) -> Bool {
    let ea = offset(o)
    guard let linear = writable(Int(o.pointee.seg), ea, T.bytes) else { return false }
    let entry = c.pointee.tlb + Int((linear &>> 12) & UInt32(TLBEntry.count - 1))
    if _fastPath((linear &+ (T.bytes &- 1)) & 0xFFFF_F000 == entry.pointee.writeTag) {
      let known = c.pointee.reads + Int((linear &>> c.pointee.readShift) & c.pointee.readIndex)
      if _slowPath(linear & (c.pointee.readTagMask | (T.bytes &- 1)) != known.pointee.tag) {
        touchAndRemember(o, entry, linear, T.bytes)
      }
      post(o, linear, T.bytes)
      let host = entry.pointee.host(linear)
      host.storeBytes(of: change(host.loadUnaligned(as: T.self)), as: T.self)
      return true
    }
    // A segment that can be written but not read doesn't exist; pages that can be written can be read.
    let old = slowReadForWrite(o, linear, Int(T.bytes))
    if old & SlowRead.fault != 0 { return false }
    return slowWrite(o, linear, Int(T.bytes), UInt32(truncatingIfNeeded: change(T(truncatingIfNeeded: old))))
  }

  /// A register operand by byte offset.
  @inline(__always) func get<T: Width>(_ byteOffset: UInt8, _: T.Type = T.self) -> T {
    UnsafeRawPointer(s).load(fromByteOffset: Int(byteOffset), as: T.self)
  }
  @inline(__always) func set<T: Width>(_ byteOffset: UInt8, _ value: T) {
    UnsafeMutableRawPointer(s).storeBytes(of: value, toByteOffset: Int(byteOffset), as: T.self)
  }
}

/// Operand widths: UInt8, UInt16, UInt32.
protocol Width: FixedWidthInteger, UnsignedInteger, BitwiseCopyable {
  static var bytes: UInt32 { get }
  /// Sign-extended to 32 bits.
  var signExtended: UInt32 { get }
}
extension UInt8: Width {
  @inline(__always) static var bytes: UInt32 { 1 }
  @inline(__always) var signExtended: UInt32 { UInt32(bitPattern: Int32(Int8(bitPattern: self))) }
}
extension UInt16: Width {
  @inline(__always) static var bytes: UInt32 { 2 }
  @inline(__always) var signExtended: UInt32 { UInt32(bitPattern: Int32(Int16(bitPattern: self))) }
}
extension UInt32: Width {
  @inline(__always) static var bytes: UInt32 { 4 }
  @inline(__always) var signExtended: UInt32 { self }
}

// MARK: Slow paths

extension CPU {
  /// The full limit and type check behind `readable` and `writable`.
  ///
  /// - Source: 386 PRM 6.3.1 (type and limit checking), 15.5 (real mode: exception 13, or 12 for SS).
  @inline(never) func checkSegment(_ index: Int, _ offset: UInt32, _ size: UInt32, write: Bool) -> Bool {
    let segment = seg(index).pointee
    let vector = index == SegmentIndex.ss ? Vector.ss : Vector.gp
    if segment.attributes == 0 || (isProtected && !isV86 && !(write ? segment.isWritable : segment.isReadable)) {
      if !isRealOrV86 || segment.attributes == 0 {
        fault(segment.attributes == 0 || index != SegmentIndex.ss ? Vector.gp : vector, 0)
        return false
      }
    }
    let last = UInt64(offset) &+ UInt64(size &- 1)
    let inside: Bool
    if segment.isExpandDown, !isRealOrV86 {
      inside = offset > segment.limit && last <= (segment.isBig ? 0xFFFF_FFFF : 0xFFFF)
    } else {
      inside = last <= UInt64(segment.limit)
    }
    if !inside {
      fault(vector, 0)
      return false
    }
    return !c.pointee.alignmentChecked || checkAlignment(seg(index).pointee.base &+ offset, size)
  }

  /// #AC for a misaligned access at CPL 3 with CR0.AM and EFLAGS.AC (486).
  func checkAlignment(_ linear: UInt32, _ size: UInt32) -> Bool {
    if linear & (size &- 1) & 3 == 0 { return true }
    fault(Vector.ac, 0)
    return false
  }

  /// Recomputes the fast-path limits of a segment register after any change to it.
  func refresh(_ index: Int) {
    let segment = seg(index)
    let v = segment.pointee
    var readMax: Int64 = -1
    var writeMax: Int64 = -1
    if v.attributes != 0, !c.pointee.alignmentChecked {
      if isRealOrV86 {
        readMax = Int64(v.limit)
        writeMax = readMax
      } else if v.isPresent, !v.isExpandDown {
        if v.isReadable { readMax = Int64(v.limit) }
        if v.isWritable { writeMax = Int64(v.limit) }
      }
    }
    segment.pointee.readMax = readMax
    segment.pointee.writeMax = writeMax
  }

  /// `refresh` for all six, after a change of mode.
  func refreshSegments() {
    c.pointee.alignmentChecked =
      c.pointee.is486 && s.pointee.cpl == 3 && s.pointee.cr0 & CR0.am != 0 && s.pointee.flags & EFLAGS.ac != 0
    for i in 0..<6 { refresh(i) }
  }

  private func crossesPage(_ linear: UInt32, _ size: Int) -> Bool {
    (linear & 0xFFF) &+ UInt32(size) > 0x1000
  }

  /// A read that missed the table. Returns the value or `SlowRead.fault`.
  @inline(never) func slowRead(_ o: UnsafePointer<Op>, _ linear: UInt32, _ size: Int) -> UInt64 {
    if let host = readPlace(o, linear, UInt32(truncatingIfNeeded: size)) {
      switch size {
      case 1: return UInt64(host.loadUnaligned(as: UInt8.self))
      case 2: return UInt64(host.loadUnaligned(as: UInt16.self))
      default: return UInt64(host.loadUnaligned(as: UInt32.self))
      }
    }
    c.pointee.op = o
    let entry = c.pointee.tlb + Int((linear &>> 12) & UInt32(TLBEntry.count - 1))
    if (linear &+ UInt32(size) &- 1) & 0xFFFF_F000 == entry.pointee.deviceReadTag {
      publishTime()
      let address = entry.pointee.devicePage | linear & 0xFFF
      let value = UInt64(memory.readDevice(Int(entry.pointee.device), address, size: size))
      waitForDevice(o, size)
      return value
    }
    c.pointee.slowAccesses &+= 1
    return readLinear(linear, size, user: s.pointee.cpl == 3, forWrite: false, timing: o)
  }

  /// The read half of a read-modify-write that missed the TLB: faults as a write does.
  @inline(never) func slowReadForWrite(_ o: UnsafePointer<Op>, _ linear: UInt32, _ size: Int) -> UInt64 {
    c.pointee.op = o
    let entry = c.pointee.tlb + Int((linear &>> 12) & UInt32(TLBEntry.count - 1))
    if (linear &+ UInt32(size) &- 1) & 0xFFFF_F000 == entry.pointee.codeTag {
      touch(o, entry, linear, UInt32(size))
      let host = entry.pointee.host(linear)
      switch size {
      case 1: return UInt64(host.loadUnaligned(as: UInt8.self))
      case 2: return UInt64(host.loadUnaligned(as: UInt16.self))
      default: return UInt64(host.loadUnaligned(as: UInt32.self))
      }
    }
    c.pointee.slowAccesses &+= 1
    return readLinear(linear, size, user: s.pointee.cpl == 3, forWrite: true, timing: o)
  }

  /// Reads at any privilege, through paging and devices. `timing`: the operation whose own access this is; accesses of
  /// the processor's (tables, stacks of gates) are in the clock tables.
  func readLinear(
    _ linear: UInt32, _ size: Int, user: Bool, forWrite: Bool = false, timing o: UnsafePointer<Op>? = nil
  ) -> UInt64 {
    if c.pointee.breakpointsArmed { noteDataBreakpoint(linear, UInt32(size), write: forWrite) }
    let memory = memory
    if crossesPage(linear, size) {
      let first = 0x1000 &- Int(linear & 0xFFF)
      guard let a = translate(linear, write: forWrite, user: user),
        let b = translate(linear &+ UInt32(first), write: forWrite, user: user)
      else { return SlowRead.fault }
      if let o, c.pointee.memoryModel.isModelled {
        slowTouch(o, a >> 4, linear, UInt32(size))
        if c.pointee.memoryModel.compare != 0 { chargeHere(o, lookUp(b >> 4, linear &+ UInt32(first), after: o, 0)) }
      }
      publishTime()
      var value: UInt64 = 0
      for i in 0..<size {
        let address = i < first ? a &+ UInt32(i) : b &+ UInt32(i &- first)
        value |= UInt64(memory.read8(address & c.pointee.addressMask)) << UInt64(8 &* i)
      }
      return value
    }
    guard let physical = translate(linear, write: forWrite, user: user) else { return SlowRead.fault }
    if let page = memory.readablePage(physical) {
      if !c.pointee.breakpointsArmed { fillTLB(linear, physical: physical, host: page, write: false, user: user) }
      if let o, c.pointee.memoryModel.isModelled { slowTouch(o, physical >> 4, linear, UInt32(size)) }
      let host = UnsafeRawPointer(page + Int(physical & 0xFFF))
      switch size {
      case 1: return UInt64(host.loadUnaligned(as: UInt8.self))
      case 2: return UInt64(host.loadUnaligned(as: UInt16.self))
      default: return UInt64(host.loadUnaligned(as: UInt32.self))
      }
    }
    if !forWrite, !c.pointee.breakpointsArmed, let device = memory.device(at: physical) {
      fillTLB(linear, device: device, write: false, user: user)
    }
    publishTime()
    let value = UInt64(memory.read(physical, size: size))
    if let o { waitForDevice(o, size) }
    return value
  }

  /// A write that missed the TLB.
  @inline(never) func slowWrite(_ o: UnsafePointer<Op>, _ linear: UInt32, _ size: Int, _ value: UInt32) -> Bool {
    c.pointee.op = o
    // A page that holds code, written beside the code: the common case of small real-mode programs.
    let entry = c.pointee.tlb + Int((linear &>> 12) & UInt32(TLBEntry.count - 1))
    if (linear &+ UInt32(size) &- 1) & 0xFFFF_F000 == entry.pointee.codeTag {
      post(o, linear, UInt32(size))
      let host = entry.pointee.host(linear)
      switch size {
      case 1: host.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
      case 2: host.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
      default: host.storeBytes(of: value, as: UInt32.self)
      }
      let page = entry.pointee.ramPage
      if c.pointee.codePages[Int(page)] == 0 {
        // The last code of the page is gone: back to the fast path.
        entry.pointee.writeTag = entry.pointee.codeTag
        entry.pointee.codeTag = 1
        return true
      }
      return !codeWasWritten(page << 12 | linear & 0xFFF, size)
    }
    if (linear &+ UInt32(size) &- 1) & 0xFFFF_F000 == entry.pointee.deviceWriteTag {
      publishTime()
      let address = entry.pointee.devicePage | linear & 0xFFF
      memory.writeDevice(Int(entry.pointee.device), address, size: size, value)
      waitForDevice(o, size)
      return !c.pointee.leaveBlock
    }
    c.pointee.slowAccesses &+= 1
    return writeLinear(linear, size, value, user: s.pointee.cpl == 3, timing: o) && !c.pointee.leaveBlock
  }

  /// Writes at any privilege, through paging and devices. false: a fault is pending. `leaveBlock` may be set. `timing` as
  /// in `readLinear`.
  func writeLinear(
    _ linear: UInt32, _ size: Int, _ value: UInt32, user: Bool, timing o: UnsafePointer<Op>? = nil
  ) -> Bool {
    if c.pointee.breakpointsArmed { noteDataBreakpoint(linear, UInt32(size), write: true) }
    let memory = memory
    if crossesPage(linear, size) {
      let first = 0x1000 &- Int(linear & 0xFFF)
      guard let a = translate(linear, write: true, user: user),
        let b = translate(linear &+ UInt32(first), write: true, user: user)
      else { return false }
      if let o { post(o, linear, UInt32(size)) }
      publishTime()
      for i in 0..<size {
        let address = i < first ? a &+ UInt32(i) : b &+ UInt32(i &- first)
        memory.write8(address & c.pointee.addressMask, UInt8(truncatingIfNeeded: value >> UInt32(8 &* i)))
      }
      return true
    }
    guard let physical = translate(linear, write: true, user: user) else { return false }
    if let page = memory.writablePage(physical) {
      if !c.pointee.breakpointsArmed { fillTLB(linear, physical: physical, host: page, write: true, user: user) }
      if let o { post(o, linear, UInt32(size)) }
      let host = UnsafeMutableRawPointer(page + Int(physical & 0xFFF))
      if c.pointee.isProbing {
        let offset = UnsafePointer(page) - UnsafePointer(c.pointee.ram) + Int(physical & 0xFFF)
        owner.noteWrite(UInt32(truncatingIfNeeded: offset), size)
      }
      switch size {
      case 1: host.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
      case 2: host.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
      default: host.storeBytes(of: value, as: UInt32.self)
      }
      let address = UInt32(truncatingIfNeeded: UnsafePointer(page) - UnsafePointer(c.pointee.ram)) | physical & 0xFFF
      if c.pointee.codePages[Int(address >> 12)] != 0 { _ = codeWasWritten(address, size) }
      return true
    }
    if !c.pointee.breakpointsArmed, let device = memory.device(at: physical) {
      fillTLB(linear, device: device, write: true, user: user)
    }
    publishTime()
    memory.write(physical, size: size, value)
    if let o { waitForDevice(o, size) }
    return true
  }

  /// The processor object, for slow paths only.
  var owner: Processor { c.pointee.owner._withUnsafeGuaranteedRef { $0 } }

  /// Physical memory, without reference counting.
  @inline(__always) var memory: PhysicalMemory { c.pointee.memory._withUnsafeGuaranteedRef { $0 } }

  /// Tells the scheduler the exact time of the access in progress: the end of the current instruction, as far as its
  /// clocks are known. Alarms that are due fire now.
  func publishTime() {
    c.pointee.worldEvents &+= 1
    let now = Instant(picoseconds: time &* c.pointee.period)
    c.pointee.scheduler._withUnsafeGuaranteedRef { $0.advance(to: now) }
  }

  /// Clocks since power-on at the end of the current instruction.
  var time: Int64 { s.pointee.target &- s.pointee.left &- Int64(c.pointee.op.pointee.after) }
}
