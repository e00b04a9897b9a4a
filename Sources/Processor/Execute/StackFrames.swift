import Hardware

extension CPU {
  /// PUSHA: EAX ECX EDX EBX old ESP EBP ESI EDI. Nothing is changed unless all eight can be written.
  func pushAll(_ o: UnsafePointer<Op>) -> Bool {
    let esp = reg(4)
    for i in 0..<8 {
      if !pushValue(o, o.pointee.size, i == 4 ? esp : reg(i)) {
        setReg(4, esp)
        return false
      }
    }
    return !c.pointee.leaveBlock
  }

  /// POPA: the saved ESP is skipped.
  func popAll(_ o: UnsafePointer<Op>) -> Bool {
    let size = o.pointee.size
    var values: InlineArray<8, UInt32> = .init(repeating: 0)
    for i in 0..<8 {
      guard let value = stackValue(o, size, above: UInt32(i * size)) else { return false }
      values[i] = value
    }
    for i in 0..<8 where i != 3 { setRegister(UInt8(7 - i) * 4, size, values[i]) }
    drop(UInt32(8 * size))
    return true
  }

  /// ENTER size, level. - Source: 386 PRM, ENTER. The frame's last byte is checked for write access at the end.
  func enter(_ o: UnsafePointer<Op>) -> Bool {
    let size = o.pointee.size
    let level = Int(o.pointee.disp & 31)
    let esp = reg(4)
    let stackMask = c.pointee.stackMask
    guard pushValue(o, size, reg(5)) else { return false }
    let frame = reg(4)
    var done = true
    if level > 0 {
      for i in 1..<max(level, 1) {
        let address = (reg(5) &- UInt32(i * size)) & stackMask
        guard let value = loadAt(o, SegmentIndex.ss, address, size), pushValue(o, size, value) else {
          done = false
          break
        }
      }
      if done { done = pushValue(o, size, frame) }
    }
    if done {
      let new = reg(4) & ~stackMask | (reg(4) &- o.pointee.imm) & stackMask
      // The processor probes the new top of the stack for writing. - Source: i486 PRM, ENTER ("#PF if the ... ").
      if let linear = writable(SegmentIndex.ss, new & stackMask, UInt32(size)),
        translate(linear, write: true, user: s.pointee.cpl == 3) != nil
      {
        setReg(4, new)
        setRegister(20, size, frame)
        // 386 PRM: 10, 12, 15 + 4(n-1) clocks for levels 0, 1, n; i486 PRM: 14, 17, 17 + 3n.
        let each = c.pointee.is486 ? 3 * level : 4 * (level - 1)
        let done = level > 1 ? charge(o, .many, plus: Int64(each)) : charge(o, level == 1 ? .one : .base)
        return done && !c.pointee.leaveBlock
      }
    }
    setReg(4, esp)
    return false
  }

  /// LEAVE: ESP = EBP, pop EBP.
  func leaveFrame(_ o: UnsafePointer<Op>) -> Bool {
    let stackMask = c.pointee.stackMask
    guard let value = loadAt(o, SegmentIndex.ss, reg(5) & stackMask, o.pointee.size) else { return false }
    setReg(4, reg(4) & ~stackMask | reg(5) & stackMask)
    drop(UInt32(o.pointee.size))
    setRegister(20, o.pointee.size, value)
    return true
  }

  func pushSegment(_ o: UnsafePointer<Op>) -> Bool {
    let selector = seg(Int(o.pointee.b)).pointee.selector
    if o.pointee.size == 2 { return push(o, selector) }
    // A 32-bit push of a segment register writes only the low word on 386 and 486, and moves ESP by 4.
    let stackMask = c.pointee.stackMask
    let new = (reg(4) &- 4) & stackMask
    guard let linear = writable(SegmentIndex.ss, new, 4) else { return false }
    let done = write(o, linear, selector)
    if !done, faulted { return false }
    setReg(4, reg(4) & ~stackMask | new)
    return done
  }

  func popSegment(_ o: UnsafePointer<Op>) -> Bool {
    guard let selector = stackValue(o, 2) else { return false }
    let index = Int(o.pointee.b)
    let size = UInt32(o.pointee.size)
    guard loadSegment(index, UInt16(truncatingIfNeeded: selector)) else { return false }
    drop(size)
    chargeByMode(o)
    if index == SegmentIndex.ss { shadowNextInstruction() }
    return true
  }

  func moveToSegment(_ o: UnsafePointer<Op>) -> Bool {
    guard let selector = operand(o, 2) else { return false }
    let index = Int(o.pointee.b)
    guard loadSegment(index, UInt16(truncatingIfNeeded: selector)) else { return false }
    chargeByMode(o)
    if index == SegmentIndex.ss { shadowNextInstruction() }
    return true
  }

  /// MOV SS and POP SS hold back interrupts and debug traps until the next instruction is done.
  private func shadowNextInstruction() {
    s.pointee.shadow = true
    s.pointee.shadowHoldsTraps = true
    requestAttention()
  }

  /// LES LDS LSS LFS LGS.
  func loadFarPointer(_ o: UnsafePointer<Op>) -> Bool {
    let size = o.pointee.size
    let ea = offset(o)
    guard let value = loadAt(o, Int(o.pointee.seg), ea, size),
      let selector = loadAt(o, Int(o.pointee.seg), (ea &+ UInt32(size)) & o.pointee.mask, 2)
    else { return false }
    guard loadSegment(Int(o.pointee.imm), UInt16(truncatingIfNeeded: selector)) else { return false }
    setRegister(o.pointee.b * 4, size, value)
    chargeByMode(o)
    return true
  }
}

// MARK: Flags on the stack

extension CPU {
  func pushFlags(_ o: UnsafePointer<Op>) -> Bool {
    if isV86, iopl < 3 {
      gp0()
      return false
    }
    // VM and RF read as 0 in the image.
    let image = eflags & ~(EFLAGS.vm | EFLAGS.rf)
    chargeByMode(o)
    return o.pointee.size == 2 ? push(o, UInt16(truncatingIfNeeded: image)) : push(o, image)
  }

  func popFlags(_ o: UnsafePointer<Op>) -> Bool {
    if isV86, iopl < 3 {
      gp0()
      return false
    }
    guard let image = stackValue(o, o.pointee.size) else { return false }
    drop(UInt32(o.pointee.size))
    chargeByMode(o)
    // POPF never changes VM; POPFD clears RF.
    setFlags(image, size: o.pointee.size, changeable: changeableFlags)
    return true
  }

  /// The flag bits that POPF and IRET may change at the current privilege.
  var changeableFlags: UInt32 {
    var bits = EFLAGS.arithmetic | EFLAGS.tf | EFLAGS.df | EFLAGS.nt
    if c.pointee.is486 { bits |= EFLAGS.ac }
    if c.pointee.hasCPUID { bits |= EFLAGS.id }
    if s.pointee.cpl == 0 { bits |= EFLAGS.iopl }
    if s.pointee.cpl <= iopl || !isProtected { bits |= EFLAGS.if }
    return bits
  }

  /// Takes the `changeable` bits of `image` (its low word only when `size` is 2); a dword image also sets RF to 0 or, if
  /// `changeable` has it, to the image's.
  func setFlags(_ image: UInt32, size: Int, changeable: UInt32) {
    let bits = size == 2 ? changeable & 0xFFFF : changeable
    setArithmeticFlags(image & EFLAGS.arithmetic)
    var flags = s.pointee.flags & ~bits | image & bits & ~EFLAGS.arithmetic | 2
    flags &= ~(EFLAGS.arithmetic)
    if size == 4, changeable & EFLAGS.rf == 0 { flags &= ~EFLAGS.rf }
    let old = s.pointee.flags
    s.pointee.flags = flags
    if (old ^ flags) & EFLAGS.ac != 0 { refreshSegments() }
    requestAttention()
  }

  func clearInterruptFlag() -> Bool {
    if isProtected, s.pointee.cpl > iopl {
      gp0()
      return false
    }
    s.pointee.flags &= ~EFLAGS.if
    return true
  }

  func setInterruptFlag() -> Bool {
    if isProtected, s.pointee.cpl > iopl {
      gp0()
      return false
    }
    if s.pointee.flags & EFLAGS.if == 0 { s.pointee.shadow = true }
    s.pointee.flags |= EFLAGS.if
    requestAttention()
    return true
  }
}
