import Hardware

// ARPL LAR LSL VERR VERW: looking at selectors without loading them. Unknown in real and V86 mode.

extension CPU {
  private var inspectionIsAllowed: Bool {
    if isRealOrV86 {
      fault(Vector.ud)
      return false
    }
    return true
  }

  private func setZero(_ zero: Bool) {
    let flags = eflags
    setArithmeticFlags(zero ? flags | EFLAGS.zf : flags & ~EFLAGS.zf)
  }

  /// ARPL: raises the destination's RPL to the source's. Nothing is written when it is high enough.
  func adjustRPL(_ o: UnsafePointer<Op>) -> Bool {
    guard inspectionIsAllowed, let old = operand(o, 2) else { return false }
    let wanted = register(o.pointee.b * 4, 2) & 3
    if old & 3 >= wanted {
      setZero(false)
      return true
    }
    let done = setOperand(o, 2, old & ~3 | wanted)
    if !done, faulted { return false }
    setZero(true)
    return done
  }

  /// The descriptor of the operand's selector if there is one. `failed`: a fault is pending.
  private func inspected(_ o: UnsafePointer<Op>) -> (d: Descriptor?, selector: UInt16, failed: Bool) {
    guard inspectionIsAllowed, let operand = operand(o, 2) else { return (nil, 0, true) }
    let selector = UInt16(truncatingIfNeeded: operand)
    if selector.isNullSelector { return (nil, selector, false) }
    let found = findDescriptor(selector)
    return (found, selector, found == nil && faulted)
  }

  private func isVisible(_ d: Descriptor, _ selector: UInt16) -> Bool {
    d.isConforming || d.dpl >= max(s.pointee.cpl, selector.rpl)
  }

  /// LAR.
  ///
  /// - Source: 386 PRM 17, LAR: valid system types are 1-5, 9, B, C.
  func loadAccessRights(_ o: UnsafePointer<Op>) -> Bool {
    let found = inspected(o)
    if found.failed { return false }
    guard let d = found.d, isVisible(d, found.selector), !d.isSystem || 0x1A3E >> UInt32(d.type) & 1 != 0 else {
      setZero(false)
      return true
    }
    setRegister(o.pointee.b * 4, o.pointee.size, d.high & (o.pointee.size == 2 ? 0xFF00 : 0x00F0_FF00))
    setZero(true)
    return true
  }

  /// LSL.
  ///
  /// - Source: 386 PRM 17, LSL: valid system types are 1, 2, 3, 9, B.
  func loadSegmentLimit(_ o: UnsafePointer<Op>) -> Bool {
    let found = inspected(o)
    if found.failed { return false }
    guard let d = found.d, isVisible(d, found.selector), !d.isSystem || 0x0A0E >> UInt32(d.type) & 1 != 0 else {
      setZero(false)
      return true
    }
    setRegister(o.pointee.b * 4, o.pointee.size, d.limit)
    setZero(true)
    return d.high & 0x80_0000 == 0 || charge(o, .granular)
  }

  /// VERR and VERW.
  func verify(_ o: UnsafePointer<Op>, write: Bool) -> Bool {
    let found = inspected(o)
    if found.failed { return false }
    guard let d = found.d, !d.isSystem else {
      setZero(false)
      return true
    }
    let visible = isVisible(d, found.selector)
    setZero(visible && (write ? d.isWritableData : d.isReadable))
    return true
  }
}
