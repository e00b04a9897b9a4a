import Hardware

extension CPU {
  /// Loads ES, SS, DS, FS or GS with `selector`, with all checks of the current mode. false: a fault is pending.
  func loadSegment(_ index: Int, _ selector: UInt16) -> Bool {
    if isRealOrV86 {
      loadRealSegment(index, selector)
      return true
    }
    return loadProtectedSegment(index, selector)
  }

  /// Real mode and V86: base = selector * 16. In real mode limit and attributes stay as they are, so that a limit
  /// raised in protected mode survives ("unreal mode"); V86 always has 64 KB of read/write data.
  ///
  /// - Source: 386 PRM 14.4, 15.2; the surviving limit is what all 386 and 486 parts do (used by HIMEM and games).
  func loadRealSegment(_ index: Int, _ selector: UInt16) {
    let segment = seg(index)
    segment.pointee.selector = selector
    segment.pointee.base = UInt32(selector) << 4
    if isV86 {
      segment.pointee.limit = 0xFFFF
      segment.pointee.attributes = 0xF3
    } else if segment.pointee.attributes == 0 {
      // Null since protected mode: valid again. The limit is the one from before it was null (unverified).
      segment.pointee.attributes = 0x93
    }
    refresh(index)
    if index == SegmentIndex.ss { c.pointee.stackMask = segment.pointee.isBig ? .max : 0xFFFF }
  }

  /// MOV, POP and LxS of a data segment register in protected mode.
  ///
  /// - Source: 386 PRM 17, MOV (table "if SS is loaded", "if DS, ES, FS or GS is loaded").
  func loadProtectedSegment(_ index: Int, _ selector: UInt16) -> Bool {
    if selector.isNullSelector {
      if index == SegmentIndex.ss {
        gp0()
        return false
      }
      setNull(index, selector)
      return true
    }
    guard var d = descriptor(selector, else: Vector.gp) else { return false }
    let cpl = s.pointee.cpl
    if index == SegmentIndex.ss {
      guard selector.rpl == cpl, d.isWritableData, d.dpl == cpl else {
        fault(Vector.gp, selector.errorCode)
        return false
      }
    } else {
      guard d.isReadable, !d.isGuarded || d.dpl >= max(cpl, selector.rpl) else {
        fault(Vector.gp, selector.errorCode)
        return false
      }
    }
    if !d.isPresent {
      fault(index == SegmentIndex.ss ? Vector.ss : Vector.np, selector.errorCode)
      return false
    }
    guard markAccessed(&d) else { return false }
    setSegment(index, d.segment(selector))
    return true
  }

  /// LLDT.
  func loadLDT(_ o: UnsafePointer<Op>) -> Bool {
    guard systemInstructionIsAllowed, let operand = operand(o, 2) else { return false }
    let selector = UInt16(truncatingIfNeeded: operand)
    if selector.isNullSelector {
      setNull(SegmentIndex.ldtr, selector)
      return true
    }
    guard !selector.isLocal else {
      fault(Vector.gp, selector.errorCode)
      return false
    }
    guard let d = descriptor(selector, else: Vector.gp) else { return false }
    guard d.isSystem, d.type == SystemType.ldt else {
      fault(Vector.gp, selector.errorCode)
      return false
    }
    if !d.isPresent {
      fault(Vector.np, selector.errorCode)
      return false
    }
    setSegment(SegmentIndex.ldtr, d.segment(selector))
    return true
  }

  /// LTR.
  func loadTaskRegister(_ o: UnsafePointer<Op>) -> Bool {
    guard systemInstructionIsAllowed, let operand = operand(o, 2) else { return false }
    let selector = UInt16(truncatingIfNeeded: operand)
    guard !selector.isNullSelector, !selector.isLocal else {
      fault(Vector.gp, selector.errorCode)
      return false
    }
    guard var d = descriptor(selector, else: Vector.gp) else { return false }
    guard d.isSystem, d.type == SystemType.tss286 || d.type == SystemType.tss386 else {
      fault(Vector.gp, selector.errorCode)
      return false
    }
    if !d.isPresent {
      fault(Vector.np, selector.errorCode)
      return false
    }
    guard setBusy(true, &d) else { return false }
    setSegment(SegmentIndex.tr, d.segment(selector))
    return true
  }

  /// LLDT and LTR: unknown in real and V86 mode, privileged in protected mode.
  private var systemInstructionIsAllowed: Bool {
    if isRealOrV86 {
      fault(Vector.ud)
      return false
    }
    return isPrivileged
  }
}
