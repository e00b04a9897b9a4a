import Hardware

// ESC and WAIT: the processor's side of the numeric unit.
//
// Errors. A waiting instruction that finds an unmasked exception pending
// - raises #MF on a 486 with CR0.NE = 1, and on a 386 whose ERROR# pin is wired to the 387 (`numericErrorsTrap`);
// - otherwise, which is how a PC works, FERR# (the 387's ERROR#) is driven and the processor stops in front of the
//   instruction until an interrupt is taken or the board asserts IGNNE#. A PC's board makes IRQ 13 of FERR#, and IGNNE#
//   (on a 386: the release of the latched BUSY#) of a write to port F0h, until FERR# falls.
// A 387 drives its pin as soon as the exception happens, a 486 when the next waiting instruction meets it. The 486 does
// so at once after some instructions; which ones is left out. With CR0.NE = 1 the pin stays idle (unverified).
//
// - Source: i486 PRM 18.2 and i486 data book "Numeric errors" (FERR#, IGNNE#); 387 DX data sheet, ERROR# and BUSY#.

/// What a memory form of ESC does, decided by the decoder (`Op.b`).
enum NumericAccess: UInt8 {
  case undefined
  case load2, load4, load8, load10
  case store2, store4, store8, store10
  case loadEnvironment, storeEnvironment, loadState, storeState

  init(_ form: X87.MemoryForm) {
    switch form.kind {
    case .undefined: self = .undefined
    case .load: self = form.bytes == 2 ? .load2 : form.bytes == 4 ? .load4 : form.bytes == 8 ? .load8 : .load10
    case .store: self = form.bytes == 2 ? .store2 : form.bytes == 4 ? .store4 : form.bytes == 8 ? .store8 : .store10
    case .loadEnvironment: self = .loadEnvironment
    case .storeEnvironment: self = .storeEnvironment
    case .loadState: self = .loadState
    case .storeState: self = .storeState
    }
  }
}

// MARK: Entry

extension CPU {
  /// ESC with a register operand. false: leave the block.
  @inline(never) func escapeRegister(_ o: UnsafePointer<Op>) -> Bool {
    let opcode = UInt16(truncatingIfNeeded: o.pointee.imm)
    if _slowPath(needsNumericCheck) {
      if let result = checkNumeric(o, opcode) { return result }
    }
    switch s.pointee.fpu.executeRegister(opcode: opcode) {
    case .done: break
    case .storeStatusInAX: set(0, s.pointee.fpu.statusWord)
    case .undefined:
      // A 386 doesn't look at the second byte, and a 387 does something of its own with it: taken as FNOP.
      if c.pointee.is486 {
        fault(Vector.ud)
        return false
      }
    }
    recordInstruction(o, opcode)
    return finishNumeric(o)
  }

  /// ESC with a memory operand. false: leave the block. Nothing has changed if a fault is pending.
  @inline(never) func escapeMemory(_ o: UnsafePointer<Op>) -> Bool {
    let opcode = UInt16(truncatingIfNeeded: o.pointee.imm)
    if _slowPath(needsNumericCheck) {
      if let result = checkNumeric(o, opcode) { return result }
    }
    let index = Int(o.pointee.seg)
    let ea = offset(o)
    switch NumericAccess(rawValue: o.pointee.b) ?? .undefined {
    case .load4:
      guard let linear = readable(index, ea, 4), let value: UInt32 = read(o, linear) else { return false }
      s.pointee.fpu.load(opcode: opcode, low: UInt64(value), high: 0)
    case .load8:
      guard let linear = numericOperand(index, ea, 8, write: false), let value = read64(o, linear) else { return false }
      s.pointee.fpu.load(opcode: opcode, low: value, high: 0)
    case .load2:
      guard let linear = readable(index, ea, 2), let value: UInt16 = read(o, linear) else { return false }
      s.pointee.fpu.load(opcode: opcode, low: UInt64(value), high: 0)
    case .load10:
      guard let linear = numericOperand(index, ea, 10, write: false), let low = read64(o, linear),
        let high: UInt16 = read(o, linear &+ 8)
      else { return false }
      s.pointee.fpu.load(opcode: opcode, low: low, high: high)
    case .store4:
      guard let linear = writable(index, ea, 4) else { return false }
      let result = s.pointee.fpu.prepareStore(opcode: opcode)
      if result.writes, !write(o, linear, UInt32(truncatingIfNeeded: result.low)), faulted { return false }
      s.pointee.fpu.commitStore(result)
    case .store8:
      guard let linear = numericOperand(index, ea, 8, write: true) else { return false }
      let result = s.pointee.fpu.prepareStore(opcode: opcode)
      if result.writes, !write64(o, linear, result.low) { return false }
      s.pointee.fpu.commitStore(result)
    case .store2:
      guard let linear = writable(index, ea, 2) else { return false }
      let result = s.pointee.fpu.prepareStore(opcode: opcode)
      if result.writes, !write(o, linear, UInt16(truncatingIfNeeded: result.low)), faulted { return false }
      s.pointee.fpu.commitStore(result)
    case .store10:
      guard let linear = numericOperand(index, ea, 10, write: true) else { return false }
      let result = s.pointee.fpu.prepareStore(opcode: opcode)
      if result.writes {
        guard pagesAreWritable(linear, 10), writePiece(o, linear, UInt32(truncatingIfNeeded: result.low)),
          writePiece(o, linear &+ 4, UInt32(truncatingIfNeeded: result.low >> 32)),
          writePiece(o, linear &+ 8, result.high)
        else { return false }
      }
      s.pointee.fpu.commitStore(result)
    case .loadEnvironment, .loadState, .storeEnvironment, .storeState:
      if !withWritesCounted(o, { transferEnvironment(o, index, ea) }) { return false }
    case .undefined:
      if c.pointee.is486 {
        fault(Vector.ud)
        return false
      }
    }
    if recordInstruction(o, opcode) {
      s.pointee.fpu.recordOperand(selector: seg(index).pointee.selector, offset: ea)
    }
    return finishNumeric(o)
  }

  /// WAIT. false: leave the block.
  ///
  /// - Source: i486 PRM, WAIT: #NM if MP and TS are both set.
  func waitForFPU(_ o: UnsafePointer<Op>) -> Bool {
    if s.pointee.cr0 & (CR0.mp | CR0.ts) == CR0.mp | CR0.ts {
      fault(Vector.nm)
      return false
    }
    if !c.pointee.hasFPU { return true }
    if s.pointee.fpu.pendingException, !s.pointee.ignoresNumericErrors { return reportNumericError(o) }
    return charge(max(0, s.pointee.numericBusyUntil &- time))
  }
}

// MARK: Before and after

extension CPU {
  /// Anything that keeps an ESC instruction from simply being executed.
  @inline(__always) private var needsNumericCheck: Bool {
    s.pointee.cr0 & (CR0.em | CR0.ts) != 0 || s.pointee.fpu.pendingException || !c.pointee.hasFPU
  }

  /// Traps, the empty socket and pending errors. nil: execute the instruction; otherwise the value to return.
  @inline(never) private func checkNumeric(_ o: UnsafePointer<Op>, _ opcode: UInt16) -> Bool? {
    if s.pointee.cr0 & (CR0.em | CR0.ts) != 0 {
      fault(Vector.nm)
      return false
    }
    // Nobody takes the instruction. A real 386 would still run the bus cycles of FNSTSW m16 and write what floats on
    // the bus; programs that look for a 387 are content with either.
    if !c.pointee.hasFPU { return true }
    guard s.pointee.fpu.pendingException, X87.waits(opcode: opcode), !s.pointee.ignoresNumericErrors else { return nil }
    // An undefined opcode is found while decoding, before the error.
    if c.pointee.is486, isUndefinedNumeric(opcode) { return nil }
    return reportNumericError(o)
  }

  private func isUndefinedNumeric(_ opcode: UInt16) -> Bool {
    if opcode & 0xC0 != 0xC0 { return X87.memoryForm(opcode: opcode).kind == .undefined }
    var copy = s.pointee.fpu
    return copy.executeRegister(opcode: opcode) == .undefined
  }

  /// A waiting instruction has met a pending error. Always false: leave the block in front of the instruction.
  private func reportNumericError(_ o: UnsafePointer<Op>) -> Bool {
    if c.pointee.is486 ? s.pointee.cr0 & CR0.ne != 0 : c.pointee.numericErrorsTrap {
      fault(Vector.mf)
      return false
    }
    c.pointee.op = o
    if !s.pointee.ferr { driveFERR(true) }
    // `leave` goes on behind the instruction, since no exception is pending; it must be met again.
    s.pointee.eip &-= UInt32(o.pointee.length)
    s.pointee.awaitsNumericInterrupt = true
    requestAttention()
    return false
  }

  /// Opcode and address of a non-control instruction. false: a control instruction.
  @discardableResult
  @inline(__always) private func recordInstruction(_ o: UnsafePointer<Op>, _ opcode: UInt16) -> Bool {
    if o.pointee.a == 0 { return false }
    s.pointee.fpu.recordInstruction(
      opcode: opcode, selector: seg(SegmentIndex.cs).pointee.selector,
      offset: s.pointee.eip &+ UInt32(o.pointee.start))
    return true
  }

  /// Time, FERR#, and code that was overwritten. false: leave the block.
  ///
  /// The unit works on by itself for the last clocks of an instruction; the next one waits for it.
  @inline(__always) private func finishNumeric(_ o: UnsafePointer<Op>) -> Bool {
    let now = s.pointee.target &- s.pointee.left &- Int64(o.pointee.after)
    // One clock is static and lies before `now`.
    let start = max(now &- 1, s.pointee.numericBusyUntil)
    var end = start &+ 1 &+ Int64(o.pointee.extra)
    var free = Int64(o.pointee.targetMask)
    if o.pointee.mode & Op.divides != 0 {
      let saved = savedByPrecision
      end &-= saved
      free &-= saved
    }
    s.pointee.numericBusyUntil = end
    s.pointee.left &-= end &- now &- free
    if _slowPath(s.pointee.fpu.pendingException || s.pointee.ferr) {
      if updateFERR(o) { return false }
    }
    return s.pointee.left >= 0 && !c.pointee.leaveBlock
  }

  /// Clocks that a division to fewer bits saves.
  ///
  /// - Source: i486 data book, notes to the numeric clocks as the timing notes have them: 73 to 64 bits, 62 to 53, 35 to 24.
  private var savedByPrecision: Int64 {
    switch s.pointee.fpu.control.rawValue >> 8 & 3 {
    case 0: 38
    case 2: 11
    default: 0
    }
  }

  /// Makes the pin agree with the unit. - Returns: whether it changed.
  @inline(never) private func updateFERR(_ o: UnsafePointer<Op>) -> Bool {
    let pending = s.pointee.fpu.pendingException
    if pending == s.pointee.ferr || (pending && (c.pointee.is486 || c.pointee.numericErrorsTrap)) { return false }
    c.pointee.op = o
    driveFERR(pending)
    return true
  }

  private func driveFERR(_ level: Bool) {
    s.pointee.ferr = level
    publishTime()
    owner.onFERR?(level)
  }
}

// MARK: Operands

extension CPU {
  /// Limit and alignment checks of an 8- or 10-byte operand. nil: a fault is pending.
  ///
  /// - Source: i486 PRM table 9-9: long and temporary reals are aligned to 8 bytes.
  @inline(__always) private func numericOperand(_ index: Int, _ ea: UInt32, _ size: UInt32, write: Bool) -> UInt32? {
    guard let linear = write ? writable(index, ea, size) : readable(index, ea, size) else { return nil }
    if _slowPath(c.pointee.alignmentChecked), linear & 7 != 0 {
      fault(Vector.ac, 0)
      return nil
    }
    return linear
  }

  @inline(__always) private func read64(_ o: UnsafePointer<Op>, _ linear: UInt32) -> UInt64? {
    let entry = c.pointee.tlb + Int((linear &>> 12) & UInt32(TLBEntry.count - 1))
    if _fastPath((linear &+ 7) & 0xFFFF_F000 == entry.pointee.readTag) {
      touch(o, entry, linear, 4)
      touch(o, entry, linear &+ 4, 4)
      return entry.pointee.host(linear).loadUnaligned(as: UInt64.self)
    }
    return slowRead64(o, linear)
  }

  @inline(never) private func slowRead64(_ o: UnsafePointer<Op>, _ linear: UInt32) -> UInt64? {
    guard let low: UInt32 = read(o, linear), let high: UInt32 = read(o, linear &+ 4) else { return nil }
    return UInt64(low) | UInt64(high) << 32
  }

  /// false: a fault is pending, and nothing was written.
  @inline(__always) private func write64(_ o: UnsafePointer<Op>, _ linear: UInt32, _ value: UInt64) -> Bool {
    let entry = c.pointee.tlb + Int((linear &>> 12) & UInt32(TLBEntry.count - 1))
    if _fastPath((linear &+ 7) & 0xFFFF_F000 == entry.pointee.writeTag) {
      post(o, linear, 4)
      post(o, linear &+ 4, 4)
      entry.pointee.host(linear).storeBytes(of: value, as: UInt64.self)
      return true
    }
    return slowWrite64(o, linear, value)
  }

  @inline(never) private func slowWrite64(_ o: UnsafePointer<Op>, _ linear: UInt32, _ value: UInt64) -> Bool {
    pagesAreWritable(linear, 8) && writePiece(o, linear, UInt32(truncatingIfNeeded: value))
      && writePiece(o, linear &+ 4, UInt32(truncatingIfNeeded: value >> 32))
  }

  /// false only on a fault; `leaveBlock` may be set.
  private func writePiece<T: Width>(_ o: UnsafePointer<Op>, _ linear: UInt32, _ value: T) -> Bool {
    write(o, linear, value) || !faulted
  }

  /// All pages of an operand can be written, before its first byte is. false: a page fault is pending.
  private func pagesAreWritable(_ linear: UInt32, _ size: UInt32) -> Bool {
    let user = s.pointee.cpl == 3
    guard translate(linear, write: true, user: user) != nil else { return false }
    let last = linear &+ size &- 1
    return (linear ^ last) & 0xFFFF_F000 == 0 || translate(last & 0xFFFF_F000, write: true, user: user) != nil
  }

  /// FLDENV, FSTENV, FRSTOR and FSAVE. false: a fault is pending, and nothing has changed.
  @inline(never) private func transferEnvironment(_ o: UnsafePointer<Op>, _ index: Int, _ ea: UInt32) -> Bool {
    let layout = X87.EnvironmentLayout(is32Bit: o.pointee.size == 4, isProtected: !isRealOrV86)
    let access = NumericAccess(rawValue: o.pointee.b) ?? .undefined
    let whole = access == .loadState || access == .storeState
    let stores = access == .storeState || access == .storeEnvironment
    let size = UInt32(truncatingIfNeeded: whole ? layout.stateBytes : layout.environmentBytes)
    guard let linear = stores ? writable(index, ea, size) : readable(index, ea, size) else { return false }
    let done = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: X87.largestStateBytes) { buffer -> Bool in
      buffer.initialize(repeating: 0)
      guard let bytes = buffer.baseAddress else { return false }
      switch access {
      case .loadState, .loadEnvironment:
        guard readRun(o, linear, bytes, size) else { return false }
        if whole {
          s.pointee.fpu.loadState(from: bytes, layout: layout)
        } else {
          s.pointee.fpu.loadEnvironment(from: bytes, layout: layout)
        }
      case .storeState:
        s.pointee.fpu.writeState(to: bytes, layout: layout)
        guard writeRun(o, linear, bytes, size) else { return false }
        s.pointee.fpu.initialize()
      default:
        s.pointee.fpu.writeEnvironment(to: bytes, layout: layout)
        guard writeRun(o, linear, bytes, size) else { return false }
        s.pointee.fpu.environmentStored()
      }
      return true
    }
    // The decoder has counted protected mode; real and virtual-8086 mode take the 486 some clocks more.
    if done, !layout.isProtected {
      let timing = c.pointee.timing
      let form = X87Clocks.index(opcode: UInt16(truncatingIfNeeded: o.pointee.imm))
      let more = timing.numericClocks(form, protected: false) &- timing.numericClocks(form, protected: true)
      s.pointee.left &-= Int64(more)
    }
    return done
  }

  /// Reads `size` bytes (even) in double words and a last word.
  private func readRun(
    _ o: UnsafePointer<Op>, _ linear: UInt32, _ bytes: UnsafeMutablePointer<UInt8>, _ size: UInt32
  ) -> Bool {
    let raw = UnsafeMutableRawPointer(bytes)
    var i: UInt32 = 0
    while i < size {
      if size &- i >= 4 {
        guard let value: UInt32 = read(o, linear &+ i) else { return false }
        raw.storeBytes(of: value, toByteOffset: Int(i), as: UInt32.self)
        i &+= 4
      } else {
        guard let value: UInt16 = read(o, linear &+ i) else { return false }
        raw.storeBytes(of: value, toByteOffset: Int(i), as: UInt16.self)
        i &+= 2
      }
    }
    return true
  }

  /// Writes `size` bytes (even), or none if a fault is pending.
  private func writeRun(
    _ o: UnsafePointer<Op>, _ linear: UInt32, _ bytes: UnsafePointer<UInt8>, _ size: UInt32
  ) -> Bool {
    guard pagesAreWritable(linear, size) else { return false }
    let raw = UnsafeRawPointer(bytes)
    var i: UInt32 = 0
    while i < size {
      if size &- i >= 4 {
        guard writePiece(o, linear &+ i, raw.loadUnaligned(fromByteOffset: Int(i), as: UInt32.self)) else {
          return false
        }
        i &+= 4
      } else {
        guard writePiece(o, linear &+ i, raw.loadUnaligned(fromByteOffset: Int(i), as: UInt16.self)) else {
          return false
        }
        i &+= 2
      }
    }
    return true
  }
}
