import Hardware

// Far jumps, calls and returns. Each function leaves EIP set and returns true, or leaves a fault pending and everything
// as it was.

extension CPU {
  func farJump(_ o: UnsafePointer<Op>, selector: UInt16, offset: UInt32) -> Bool {
    if isRealOrV86 { return enterRealCode(selector, offset) }
    return farJumpProtected(o, selector: selector, offset: offset)
  }

  func farCall(_ o: UnsafePointer<Op>, selector: UInt16, offset: UInt32) -> Bool {
    if !isRealOrV86 { return farCallProtected(o, selector: selector, offset: offset) }
    if offset > seg(SegmentIndex.cs).pointee.limit {
      gp0()
      return false
    }
    let esp = reg(4)
    let size = o.pointee.size
    guard pushValue(o, size, UInt32(seg(SegmentIndex.cs).pointee.selector)), pushValue(o, size, following(o)) else {
      setReg(4, esp)
      return false
    }
    return enterRealCode(selector, offset)
  }

  /// RETF and RETF n.
  func farReturn(_ o: UnsafePointer<Op>) -> Bool {
    if !isRealOrV86 { return farReturnProtected(o) }
    let size = o.pointee.size
    guard let offset = stackValue(o, size), let selector = stackValue(o, size == 2 ? 2 : 4, above: UInt32(size)) else {
      return false
    }
    guard enterRealCode(UInt16(truncatingIfNeeded: selector), offset) else { return false }
    drop(UInt32(2 * size) &+ o.pointee.imm)
    return true
  }

  /// CS:EIP in real mode and V86. The limit of CS stays as it is in real mode.
  func enterRealCode(_ selector: UInt16, _ offset: UInt32) -> Bool {
    let code = seg(SegmentIndex.cs)
    if offset > code.pointee.limit {
      gp0()
      return false
    }
    code.pointee.selector = selector
    code.pointee.base = UInt32(selector) << 4
    s.pointee.eip = offset
    // A far jump in real mode right after leaving protected mode gives CS back its real-mode rights.
    if !isProtected { code.pointee.attributes = code.pointee.attributes & 0x4000 | 0x93 }
    refresh(SegmentIndex.cs)
    refreshJumpKey()
    return true
  }
}
