import Hardware

extension CPU {
  /// IRET in protected and V86 mode.
  ///
  /// - Source: 386 PRM 17 (IRET); i486 PRM 26.
  func interruptReturnProtected(_ o: UnsafePointer<Op>) -> Bool {
    if isV86 { return interruptReturnV86(o) }
    if s.pointee.flags & EFLAGS.nt != 0 { return returnToOuterTask(o) }
    let size = o.pointee.size
    guard let offset = stackValue(o, size), let second = stackValue(o, size, above: UInt32(size)),
      let image = stackValue(o, size, above: UInt32(2 * size))
    else { return false }
    let selector = UInt16(truncatingIfNeeded: second)
    if size == 4, image & EFLAGS.vm != 0, s.pointee.cpl == 0 { return returnToV86(o, selector, offset, image) }
    guard var code = returnCode(selector) else { return false }
    if selector.rpl == s.pointee.cpl {
      if offset > code.limit {
        gp0()
        return false
      }
      guard markAccessed(&code) else { return false }
      drop(UInt32(3 * size))
      setFlags(image, size: size, changeable: changeableFlags | EFLAGS.rf)
      enterCode(code, selector, cpl: selector.rpl, offset)
      s.pointee.nmiBlocked = false
      charge(o, .protected)
      return true
    }
    guard let esp = stackValue(o, size, above: UInt32(3 * size)), let ss = stackValue(o, size, above: UInt32(4 * size))
    else { return false }
    guard var stack = returnStack(UInt16(truncatingIfNeeded: ss), level: selector.rpl) else { return false }
    if offset > code.limit {
      gp0()
      return false
    }
    guard markAccessed(&code), markAccessed(&stack) else { return false }
    setFlags(image, size: size, changeable: changeableFlags | EFLAGS.rf)
    returnOuter(code, selector, offset, stack, UInt16(truncatingIfNeeded: ss), esp, size)
    s.pointee.nmiBlocked = false
    charge(o, .outer)
    return true
  }

  /// IRET within V86 mode: as in real mode, but IOPL and VM stay.
  private func interruptReturnV86(_ o: UnsafePointer<Op>) -> Bool {
    if iopl < 3 {
      gp0()
      return false
    }
    let size = o.pointee.size
    guard let offset = stackValue(o, size), let selector = stackValue(o, size, above: UInt32(size)),
      let image = stackValue(o, size, above: UInt32(2 * size))
    else { return false }
    guard enterRealCode(UInt16(truncatingIfNeeded: selector), offset) else { return false }
    drop(UInt32(3 * size))
    setFlags(image, size: size, changeable: changeableFlags | EFLAGS.rf)
    s.pointee.nmiBlocked = false
    return true
  }

  /// IRETD at CPL 0 with VM set in the image: EIP CS EFLAGS ESP SS ES DS FS GS.
  private func returnToV86(_ o: UnsafePointer<Op>, _ selector: UInt16, _ offset: UInt32, _ image: UInt32) -> Bool {
    var values: InlineArray<6, UInt32> = .init(repeating: 0)
    for i in 0..<6 {
      guard let value = stackValue(o, 4, above: UInt32(12 + 4 * i)) else { return false }
      values[i] = value
    }
    if offset > 0xFFFF {
      gp0()
      return false
    }
    setFlags(
      image, size: 4, changeable: changeableFlags | EFLAGS.rf | EFLAGS.vm | EFLAGS.iopl | EFLAGS.if)
    s.pointee.cpl = 3
    loadV86Segment(SegmentIndex.cs, selector)
    loadV86Segment(SegmentIndex.ss, UInt16(truncatingIfNeeded: values[1]))
    loadV86Segment(SegmentIndex.es, UInt16(truncatingIfNeeded: values[2]))
    loadV86Segment(SegmentIndex.ds, UInt16(truncatingIfNeeded: values[3]))
    loadV86Segment(SegmentIndex.fs, UInt16(truncatingIfNeeded: values[4]))
    loadV86Segment(SegmentIndex.gs, UInt16(truncatingIfNeeded: values[5]))
    setReg(4, values[0])
    s.pointee.eip = offset
    refreshMode()
    s.pointee.nmiBlocked = false
    charge(o, .toV86)
    return true
  }

  /// A segment register as V86 mode has it: base = selector * 16, 64 KB, DPL 3.
  func loadV86Segment(_ index: Int, _ selector: UInt16) {
    seg(index).pointee = Segment(
      base: UInt32(selector) << 4, limit: 0xFFFF, selector: selector, attributes: 0xF3)
  }

  /// IRET with NT set: back to the task whose selector the current TSS links to.
  private func returnToOuterTask(_ o: UnsafePointer<Op>) -> Bool {
    guard let link = systemRead(seg(SegmentIndex.tr).pointee.base, 2) else { return false }
    let selector = UInt16(truncatingIfNeeded: link)
    guard !selector.isLocal, !selector.isNullSelector else {
      fault(Vector.ts, selector.errorCode)
      return false
    }
    guard let d = descriptor(selector, else: Vector.ts) else { return false }
    guard d.isSystem, d.type == SystemType.busyTSS286 || d.type == SystemType.busyTSS386 else {
      fault(Vector.ts, selector.errorCode)
      return false
    }
    if !d.isPresent {
      fault(Vector.np, selector.errorCode)
      return false
    }
    guard leaveTask(o, selector, d, .return) else { return false }
    s.pointee.nmiBlocked = false
    return true
  }
}
