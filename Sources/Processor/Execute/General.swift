import Hardware

/// How an operation that ends a block went.
enum Flow {
  /// EIP goes on behind it.
  case next
  /// It has set EIP.
  case jumped
  /// A fault is pending, or the block has to be left behind it.
  case leave
}

// MARK: Operands of any size

extension CPU {
  /// Reads a register (by byte offset) of `size` bytes.
  func register(_ byteOffset: UInt8, _ size: Int) -> UInt32 {
    switch size {
    case 1: UInt32(get(byteOffset, UInt8.self))
    case 2: UInt32(get(byteOffset, UInt16.self))
    default: get(byteOffset, UInt32.self)
    }
  }

  func setRegister(_ byteOffset: UInt8, _ size: Int, _ value: UInt32) {
    switch size {
    case 1: set(byteOffset, UInt8(truncatingIfNeeded: value))
    case 2: set(byteOffset, UInt16(truncatingIfNeeded: value))
    default: set(byteOffset, value)
    }
  }

  /// Reads `size` bytes at `offset` of segment `index`.
  func loadAt(_ o: UnsafePointer<Op>, _ index: Int, _ offset: UInt32, _ size: Int) -> UInt32? {
    guard let linear = readable(index, offset, UInt32(size)) else { return nil }
    switch size {
    case 1: return read(o, linear).map { (v: UInt8) in UInt32(v) }
    case 2: return read(o, linear).map { (v: UInt16) in UInt32(v) }
    default: return read(o, linear)
    }
  }

  /// Writes `size` bytes at `offset` of segment `index`. false only on a fault; `leaveBlock` may be set.
  func storeAt(_ o: UnsafePointer<Op>, _ index: Int, _ offset: UInt32, _ size: Int, _ value: UInt32) -> Bool {
    guard let linear = writable(index, offset, UInt32(size)) else { return false }
    let done: Bool
    switch size {
    case 1: done = write(o, linear, UInt8(truncatingIfNeeded: value))
    case 2: done = write(o, linear, UInt16(truncatingIfNeeded: value))
    default: done = write(o, linear, value)
    }
    return done || !faulted
  }

  /// The r/m operand's value at `size` bytes.
  func operand(_ o: UnsafePointer<Op>, _ size: Int) -> UInt32? {
    if o.pointee.isRegisterForm { return register(o.pointee.base, size) }
    return loadAt(o, Int(o.pointee.seg), offset(o), size)
  }

  /// Writes the r/m operand. false: leave the block.
  func setOperand(_ o: UnsafePointer<Op>, _ size: Int, _ value: UInt32) -> Bool {
    if o.pointee.isRegisterForm {
      setRegister(o.pointee.base, size, value)
      return true
    }
    return storeAt(o, Int(o.pointee.seg), offset(o), size, value) && !c.pointee.leaveBlock
  }

  /// Reads, changes and writes the r/m operand at the operation's size; write permission is checked first.
  func change(_ o: UnsafePointer<Op>, _ body: (UInt32) -> UInt32) -> Bool {
    if o.pointee.isRegisterForm {
      setRegister(o.pointee.base, o.pointee.size, body(register(o.pointee.base, o.pointee.size)))
      return true
    }
    switch o.pointee.size {
    case 1: return modify(o) { (a: UInt8) in UInt8(truncatingIfNeeded: body(UInt32(a))) }
    case 2: return modify(o) { (a: UInt16) in UInt16(truncatingIfNeeded: body(UInt32(a))) }
    default: return modify(o, body)
    }
  }

  /// Pushes `size` (2 or 4) bytes. false only on a fault.
  func pushValue(_ o: UnsafePointer<Op>, _ size: Int, _ value: UInt32) -> Bool {
    let done = size == 2 ? push(o, UInt16(truncatingIfNeeded: value)) : push(o, value)
    return done || !faulted
  }

  /// The `size`-byte value `above` bytes above the top of the stack.
  func stackValue(_ o: UnsafePointer<Op>, _ size: Int, above: UInt32 = 0) -> UInt32? {
    loadAt(o, SegmentIndex.ss, (reg(4) &+ above) & c.pointee.stackMask, size)
  }
}

// MARK: Dispatch of what isn't in the big switch

extension CPU {
  /// Operations after which the block goes on. false: leave the block, also when clocks that only the operation knows
  /// (descriptor loads) have used up the slice.
  @inline(never) func execute(_ o: UnsafePointer<Op>) -> Bool {
    c.pointee.op = o
    return perform(o) && s.pointee.left >= 0
  }

  @inline(__always) private func perform(_ o: UnsafePointer<Op>) -> Bool {
    switch Operation(rawValue: o.pointee.a) ?? .undefined {
    case .mul, .imul: return multiplyAccumulator(o)
    case .div, .idiv: return divide(o)
    case .bsf: return bitScan(o, forward: true)
    case .bsr: return bitScan(o, forward: false)
    case .bt: return bitTest(o, .test)
    case .bts: return bitTest(o, .set)
    case .btr: return bitTest(o, .reset)
    case .btc: return bitTest(o, .complement)
    case .shld: return shiftDouble(o, left: true)
    case .shrd: return shiftDouble(o, left: false)
    case .bswap: setRegister(o.pointee.base, 4, register(o.pointee.base, 4).byteSwapped)
    case .xadd: return exchangeAdd(o)
    case .cmpxchg: return compareExchange(o)
    case .movs, .cmps, .stos, .lods, .scas: return string(o)
    case .xlat:
      let address = (reg(3) &+ UInt32(get(0, UInt8.self))) & o.pointee.mask
      guard let value = loadAt(o, Int(o.pointee.seg), address, 1) else { return false }
      set(0, UInt8(truncatingIfNeeded: value))
    case .pusha: return withWritesCounted(o) { pushAll(o) }
    case .popa: return popAll(o)
    case .pushf: return pushFlags(o)
    case .enter: return withWritesCounted(o) { enter(o) }
    case .leave: return leaveFrame(o)
    case .pushSegment: return pushSegment(o)
    case .popSegment: return popSegment(o)
    case .movToSegment: return moveToSegment(o)
    case .movFromSegment:
      let value = UInt32(seg(Int(o.pointee.b)).pointee.selector)
      return setOperand(o, o.pointee.isRegisterForm ? o.pointee.size : 2, value)
    case .loadFarPointer: return loadFarPointer(o)
    case .daa: decimalAdjust(subtracting: false)
    case .das: decimalAdjust(subtracting: true)
    case .aaa: asciiAdjust(subtracting: false)
    case .aas: asciiAdjust(subtracting: true)
    case .aam: return asciiAdjustAfterMultiply(UInt8(truncatingIfNeeded: o.pointee.imm))
    case .aad: asciiAdjustBeforeDivide(UInt8(truncatingIfNeeded: o.pointee.imm))
    case .salc: set(0, cf ? UInt8.max : 0)
    case .bound: return bound(o)
    case .cli: return clearInterruptFlag()
    case .wait: return waitForFPU(o)
    case .cpuid: return identify()
    case .arpl: return adjustRPL(o)
    case .lar: return loadAccessRights(o)
    case .lsl: return loadSegmentLimit(o)
    case .verr: return verify(o, write: false)
    case .verw: return verify(o, write: true)
    case .sldt: return storeSystemSelector(o, SegmentIndex.ldtr)
    case .str: return storeSystemSelector(o, SegmentIndex.tr)
    case .sgdt: return storeTable(o, s.pointee.gdtBase, s.pointee.gdtLimit)
    case .sidt: return storeTable(o, s.pointee.idtBase, s.pointee.idtLimit)
    case .lgdt, .lidt: return loadTable(o)
    case .smsw:
      chargeByMode(o)
      return setOperand(o, o.pointee.isRegisterForm ? o.pointee.size : 2, s.pointee.cr0)
    case .clts:
      guard isPrivileged else { return false }
      s.pointee.cr0 &= ~CR0.ts
    default:
      // The exception's clocks are all: back with the one that every operation has.
      s.pointee.left &+= 1
      fault(Vector.ud)
      return false
    }
    return true
  }

  /// Operations that end their block. Behind a far jump the pipeline starts anew with its target; the clocks of
  /// interrupts, task switches and IRET contain that.
  @inline(never) func executeLast(_ o: UnsafePointer<Op>) -> Flow {
    c.pointee.op = o
    let done: Bool
    switch Operation(rawValue: o.pointee.a) ?? .undefined {
    case .movs, .cmps, .stos, .lods, .scas: return repeatedString(o)
    case .ins, .outs: return repeatedString(o)
    case .inImmediate: done = input(o, port: UInt16(truncatingIfNeeded: o.pointee.imm))
    case .inDX: done = input(o, port: get(8, UInt16.self))
    case .outImmediate: done = output(o, port: UInt16(truncatingIfNeeded: o.pointee.imm))
    case .outDX: done = output(o, port: get(8, UInt16.self))
    case .popf: done = popFlags(o)
    case .sti: done = setInterruptFlag()
    case .hlt:
      guard isPrivileged else { return .leave }
      s.pointee.halted = true
      requestAttention()
      done = true
    case .popSegment: done = popSegment(o)
    case .movToSegment: done = moveToSegment(o)
    case .jmpFarPointer:
      s.pointee.pipe = Pipe.jumped
      return flow(farJump(o, selector: UInt16(truncatingIfNeeded: o.pointee.imm), offset: o.pointee.disp))
    case .callFarPointer:
      s.pointee.pipe = Pipe.jumped
      return flow(farCall(o, selector: UInt16(truncatingIfNeeded: o.pointee.imm), offset: o.pointee.disp))
    case .jmpFarMemory, .callFarMemory:
      s.pointee.pipe = Pipe.jumped
      return farMemory(o)
    case .retf, .retfPop:
      s.pointee.pipe = Pipe.jumped
      return flow(farReturn(o))
    case .iret:
      s.pointee.pipe = Pipe.flushed
      return flow(interruptReturn(o))
    case .int3: return flow(softwareInterrupt(o, Vector.bp, kind: .breakpoint))
    case .int: return flow(softwareInterrupt(o, o.pointee.imm, kind: .int))
    case .into:
      if !of { return .next }
      return flow(softwareInterrupt(o, Vector.of, kind: .breakpoint))
    case .icebp: return flow(softwareInterrupt(o, Vector.db, kind: .icebp))
    case .movFromControl, .movToControl, .movFromDebug, .movToDebug, .movFromTest, .movToTest:
      done = moveSpecial(o)
    case .lmsw: done = loadMachineStatus(o)
    case .lldt: done = loadLDT(o)
    case .ltr: done = loadTaskRegister(o)
    case .invlpg: done = invalidatePage(o)
    case .invd, .wbinvd:
      done = isPrivileged
      if done { emptyCache() }
    case .loadall:
      s.pointee.pipe = Pipe.flushed
      return flow(loadAll(o))
    default:
      // The exception's clocks are all: back with the one that every operation has.
      s.pointee.left &+= 1
      fault(Vector.ud)
      return .leave
    }
    return done || !faulted ? .next : .leave
  }

  private func flow(_ done: Bool) -> Flow { done ? .jumped : .leave }

  private func farMemory(_ o: UnsafePointer<Op>) -> Flow {
    let ea = offset(o)
    let size = o.pointee.size
    let index = Int(o.pointee.seg)
    guard let target = loadAt(o, index, ea, size),
      let selector = loadAt(o, index, (ea &+ UInt32(size)) & o.pointee.mask, 2)
    else { return .leave }
    let isJump = o.pointee.a == Operation.jmpFarMemory.rawValue
    return flow(
      isJump
        ? farJump(o, selector: UInt16(truncatingIfNeeded: selector), offset: target)
        : farCall(o, selector: UInt16(truncatingIfNeeded: selector), offset: target))
  }

  /// CPL 0 or real mode; otherwise #GP(0) is pending.
  var isPrivileged: Bool {
    if s.pointee.cpl == 0 { return true }
    gp0()
    return false
  }

  /// Makes the run loop look up at the next instruction boundary: a slice that is used up by one clock too much, so that
  /// a block that runs is left, too.
  func requestAttention() {
    s.pointee.target &-= s.pointee.left &+ 1
    s.pointee.left = -1
  }
}
