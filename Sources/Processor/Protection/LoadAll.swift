import Hardware

extension CPU {
  /// LOADALL of the 386 (0F 07): the whole state, hidden parts included, from 204 bytes at ES:EDI. CPL 0 only.
  ///
  /// - Source: no Intel manual; R. Collins, "The LOADALL instruction" (Tech Specialist, Oct. 1991). Which bits of the
  ///   descriptor attributes count is unverified: access byte and the D and G bits are taken from where a descriptor's
  ///   second doubleword has them.
  func loadAll(_ o: UnsafePointer<Op>) -> Bool {
    guard isPrivileged else { return false }
    let edi = reg(7)
    var image: InlineArray<51, UInt32> = .init(repeating: 0)
    for i in 0..<51 {
      guard let value = loadAt(o, SegmentIndex.es, edi &+ UInt32(4 * i), 4) else { return false }
      image[i] = value
    }
    let known = CR0.pe | CR0.mp | CR0.em | CR0.ts | CR0.et | CR0.pg
    s.pointee.cr0 = image[0] & known
    setArithmeticFlags(image[1] & EFLAGS.arithmetic)
    s.pointee.flags = image[1] & 0x3_7700 | 2
    s.pointee.eip = image[2]
    // EDI ESI EBP ESP EBX EDX ECX EAX.
    for i in 0..<8 { setReg(7 - i, image[3 + i]) }
    s.pointee.dr[6] = image[11] & 0xE00F
    s.pointee.dr[7] = image[12] & 0xFFFF_23FF
    // Selectors from 34h on: TR LDTR GS FS DS SS CS ES. Caches of three doublewords from 54h on: TR IDT GDT LDTR GS FS
    // DS SS CS ES.
    let order: InlineArray<8, Int> = [
      SegmentIndex.tr, SegmentIndex.ldtr, SegmentIndex.gs, SegmentIndex.fs, SegmentIndex.ds, SegmentIndex.ss,
      SegmentIndex.cs, SegmentIndex.es,
    ]
    for i in 0..<8 {
      let place = i == 0 ? 21 : 21 + 3 * (i + 2)
      let rights = image[place]
      seg(order[i]).pointee = Segment(
        base: image[place + 1], limit: image[place + 2], selector: UInt16(truncatingIfNeeded: image[13 + i]),
        attributes: UInt16(truncatingIfNeeded: rights >> 8) & 0xC0FF)
    }
    s.pointee.idtBase = image[25]
    s.pointee.idtLimit = image[26] & 0xFFFF
    s.pointee.gdtBase = image[28]
    s.pointee.gdtLimit = image[29] & 0xFFFF
    s.pointee.cpl = !isProtected ? 0 : (isV86 ? 3 : seg(SegmentIndex.ss).pointee.dpl)
    refreshBreakpoints()
    flushTLB()
    refreshMode()
    requestAttention()
    return true
  }
}
