import Hardware

/// DR6 bits.
enum DR6 {
  static let bd: UInt32 = 1 << 13, bs: UInt32 = 1 << 14, bt: UInt32 = 1 << 15
}

/// DR7 bits.
enum DR7 {
  static let gd: UInt32 = 1 << 13
}

// The debug registers.
//
// - Source: 386 PRM 12.2-12.3; i486 PRM 11.2-11.3.
extension CPU {
  /// MOV to and from DR0-DR7; the caller has checked the privilege. DR4 and DR5 are DR6 and DR7.
  func moveDebugRegister(_ o: UnsafePointer<Op>, _ index: Int, load: Bool) -> Bool {
    if s.pointee.dr[7] & DR7.gd != 0 {
      // The debug registers are guarded: a fault, with BD telling why.
      s.pointee.dr[6] |= DR6.bd
      fault(Vector.db)
      return false
    }
    let which = index == 4 || index == 5 ? index + 2 : index
    if !load {
      setRegister(o.pointee.base, 4, s.pointee.dr[which])
      return true
    }
    let value = register(o.pointee.base, 4)
    switch which {
    case 6: s.pointee.dr[6] = c.pointee.is486 ? value & 0xE00F | 0xFFFF_0FF0 : value & 0xE00F
    case 7:
      // Bits 10-12, 14 and 15 don't exist; bit 10 reads as 1 on the 486.
      s.pointee.dr[7] = value & 0xFFFF_23FF | (c.pointee.is486 ? 0x400 : 0)
      refreshBreakpoints()
    default:
      s.pointee.dr[which] = value
      refreshBreakpoints()
    }
    return true
  }

  /// Works out whether any breakpoint is enabled. While one is, code runs one instruction at a time and every data
  /// access takes the slow path; otherwise breakpoints cost nothing.
  func refreshBreakpoints() {
    let armed = s.pointee.dr[7] & 0xFF != 0
    if armed == c.pointee.breakpointsArmed { return }
    c.pointee.breakpointsArmed = armed
    flushSoftwareTLB()
    requestAttention()
  }

  private func isEnabled(_ i: Int) -> Bool { s.pointee.dr[7] >> UInt32(2 * i) & 3 != 0 }
  /// R/W field: 0 execution, 1 writes, 3 reads and writes (2 is undefined).
  private func condition(_ i: Int) -> UInt32 { s.pointee.dr[7] >> UInt32(16 + 4 * i) & 3 }
  /// Bytes watched minus one: 0, 1 or 3 (the undefined code 2 watches as many as its bits say).
  private func lengthMask(_ i: Int) -> UInt32 { s.pointee.dr[7] >> UInt32(18 + 4 * i) & 3 }

  /// Remembers that a data access touched a breakpoint; the trap comes after the instruction. Once one enabled
  /// breakpoint matches, the bits of all that match are set, enabled or not.
  func noteDataBreakpoint(_ linear: UInt32, _ size: UInt32, write: Bool) {
    var matched: UInt32 = 0
    var hit = false
    for i in 0..<4 {
      let kind = condition(i)
      guard kind == 3 || (kind == 1 && write) else { continue }
      let mask = lengthMask(i)
      let first = s.pointee.dr[i] & ~mask
      // Overlap on a circle of 4 GB.
      guard linear &- first <= mask || first &- linear < size else { continue }
      matched |= 1 << UInt32(i)
      if isEnabled(i) { hit = true }
    }
    if hit {
      s.pointee.pendingTrap |= matched
      requestAttention()
    }
  }

  /// Checks for an instruction breakpoint at CS:EIP. true: #DB is pending, as a fault.
  func instructionBreakpoint() -> Bool {
    if s.pointee.flags & EFLAGS.rf != 0 { return false }
    let linear = seg(SegmentIndex.cs).pointee.base &+ s.pointee.eip
    var matched: UInt32 = 0
    var hit = false
    for i in 0..<4 where condition(i) == 0 && s.pointee.dr[i] == linear {
      matched |= 1 << UInt32(i)
      if isEnabled(i) { hit = true }
    }
    if !hit { return false }
    s.pointee.dr[6] |= matched
    fault(Vector.db)
    return true
  }
}
