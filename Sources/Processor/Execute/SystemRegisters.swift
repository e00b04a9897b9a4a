import Hardware

extension CPU {
  /// MOV to and from CR, DR and TR.
  func moveSpecial(_ o: UnsafePointer<Op>) -> Bool {
    guard isPrivileged else { return false }
    let index = Int(o.pointee.b)
    let value = register(o.pointee.base, 4)
    chargeSpecial(o, index)
    switch Operation(rawValue: o.pointee.a) ?? .undefined {
    case .movFromControl:
      switch index {
      case 0: setRegister(o.pointee.base, 4, s.pointee.cr0)
      case 2: setRegister(o.pointee.base, 4, s.pointee.cr2)
      default: setRegister(o.pointee.base, 4, s.pointee.cr3)
      }
    case .movToControl:
      switch index {
      case 0: return setCR0(value)
      case 2: s.pointee.cr2 = value
      default:
        s.pointee.cr3 = value
        c.pointee.tags.invalidatePages()
        flushTLB()
      }
    case .movFromDebug, .movToDebug:
      return moveDebugRegister(o, index, load: o.pointee.a == Operation.movToDebug.rawValue)
    case .movFromTest: setRegister(o.pointee.base, 4, s.pointee.tr[index])
    default: setTestRegister(index, value)
    }
    return true
  }

  private func chargeSpecial(_ o: UnsafePointer<Op>, _ index: Int) {
    switch Operation(rawValue: o.pointee.a) ?? .undefined {
    case .movFromControl, .movToControl: charge(o, index == 0 ? .cr0 : index == 2 ? .cr2 : .cr3)
    case .movFromDebug, .movToDebug: charge(o, index < 4 ? .dr0 : .dr6)
    default: charge(o, index == 3 ? .tr3 : .tr4)
    }
  }

  /// TR6 commands the TLB. TR3-TR5, the 486's cache tests, hold what was written and do nothing.
  private func setTestRegister(_ index: Int, _ value: UInt32) {
    s.pointee.tr[index] = value
    if index == 6 { testTLB(value) }
  }

  /// Writes CR0. Bits that don't exist read back as 0 (486) or as the 386 wires them; ET is 1 on the 486.
  ///
  /// - Source: 386 PRM 4.1.1, i486 PRM 4.1.1 and 10.2 (PG without PE, NW without CD: #GP(0)).
  func setCR0(_ value: UInt32) -> Bool {
    var new = value
    if c.pointee.is486 {
      new &= CR0.pe | CR0.mp | CR0.em | CR0.ts | CR0.ne | CR0.wp | CR0.am | CR0.nw | CR0.cd | CR0.pg
      new |= CR0.et
      if new & CR0.pg != 0, new & CR0.pe == 0 || (new & CR0.nw != 0 && new & CR0.cd == 0) {
        gp0()
        return false
      }
      if new & CR0.nw != 0, new & CR0.cd == 0 {
        gp0()
        return false
      }
    } else {
      new &= CR0.pe | CR0.mp | CR0.em | CR0.ts | CR0.et | CR0.pg
      if new & CR0.pg != 0, new & CR0.pe == 0 {
        gp0()
        return false
      }
    }
    let changed = new ^ s.pointee.cr0
    s.pointee.cr0 = new
    if changed & (CR0.pg | CR0.pe) != 0 {
      c.pointee.tags.invalidatePages()
      flushTLB()
    }
    if changed & CR0.wp != 0 { flushSoftwareTLB() }
    if changed & (CR0.pe | CR0.am) != 0 { refreshMode() }
    refreshCache()
    return true
  }

  /// Recomputes everything that depends on mode, privilege and stack size.
  func refreshMode() {
    refreshSegments()
    c.pointee.stackMask = seg(SegmentIndex.ss).pointee.isBig ? .max : 0xFFFF
    refreshJumpKey()
    refreshCache()
  }

  /// LMSW: PE MP EM TS; PE can be set, not cleared.
  func loadMachineStatus(_ o: UnsafePointer<Op>) -> Bool {
    guard isPrivileged, let value = operand(o, 2) else { return false }
    let keep = s.pointee.cr0 & ~(CR0.mp | CR0.em | CR0.ts)
    return setCR0(keep | value & 0xF)
  }

  /// SGDT and SIDT store six bytes whatever the operand size.
  func storeTable(_ o: UnsafePointer<Op>, _ base: UInt32, _ limit: UInt32) -> Bool {
    let ea = offset(o)
    let index = Int(o.pointee.seg)
    // All six bytes are checked before the first is written.
    guard writable(index, ea, 6) != nil || !faulted else { return false }
    guard storeAt(o, index, ea, 2, limit), storeAt(o, index, (ea &+ 2) & o.pointee.mask, 4, base) else { return false }
    return !c.pointee.leaveBlock
  }

  /// LGDT and LIDT: a 16-bit operand size takes 24 bits of the base.
  func loadTable(_ o: UnsafePointer<Op>) -> Bool {
    guard isPrivileged else { return false }
    let ea = offset(o)
    guard let limit = loadAt(o, Int(o.pointee.seg), ea, 2),
      let base = loadAt(o, Int(o.pointee.seg), (ea &+ 2) & o.pointee.mask, 4)
    else { return false }
    let used = o.pointee.size == 2 ? base & 0xFF_FFFF : base
    if o.pointee.a == Operation.lgdt.rawValue {
      s.pointee.gdtBase = used
      s.pointee.gdtLimit = limit
    } else {
      s.pointee.idtBase = used
      s.pointee.idtLimit = limit
    }
    return true
  }

  func storeSystemSelector(_ o: UnsafePointer<Op>, _ index: Int) -> Bool {
    guard !isRealOrV86 else {
      fault(Vector.ud)
      return false
    }
    let value = UInt32(seg(index).pointee.selector)
    return setOperand(o, o.pointee.isRegisterForm ? o.pointee.size : 2, value)
  }

  func invalidatePage(_ o: UnsafePointer<Op>) -> Bool {
    guard isPrivileged else { return false }
    let linear = seg(Int(o.pointee.seg)).pointee.base &+ offset(o)
    // Without a TLB in the model every page counts as known.
    let isKnown = !c.pointee.memoryModel.isModelled || c.pointee.tags.hasPage(linear >> 12)
    charge(o, isKnown ? .base : .miss)
    c.pointee.tags.invalidatePage(linear >> 12)
    flushTLB(page: linear)
    return true
  }

  /// CPUID of the late 486 parts. - Source: Intel AP-485.
  func identify() -> Bool {
    guard c.pointee.hasCPUID else {
      fault(Vector.ud)
      return false
    }
    switch reg(0) {
    case 0:
      setReg(0, 1)
      setReg(3, 0x756E_6547)  // "Genu"
      setReg(2, 0x4965_6E69)  // "ineI"
      setReg(1, 0x6C65_746E)  // "ntel"
    case 1:
      setReg(0, owner.model.resetSignature)
      setReg(3, 0)
      setReg(1, 0)
      setReg(2, c.pointee.hasFPU ? 1 : 0)
    default:
      for i in 0..<4 { setReg(i, 0) }
    }
    return true
  }
}
