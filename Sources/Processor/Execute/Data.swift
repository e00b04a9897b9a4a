import Hardware

// MARK: Leaving blocks

extension CPU {
  /// The block is being left behind operation `o`: either it faulted (EIP goes back to it), or the block is no longer
  /// what it was or the slice is used up (EIP goes on behind it). Gives back the clocks of what didn't run.
  func leave(_ block: UnsafeMutablePointer<Block>, _ o: UnsafePointer<Op>) {
    s.pointee.left &+= Int64(o.pointee.after)
    s.pointee.pipe = o.pointee.exit
    s.pointee.eip &+= UInt32(o.pointee.start)
    if c.pointee.exception == 0 { s.pointee.eip &+= UInt32(o.pointee.length) }
    _ = settle(block)
  }

  /// Leaves a block between a comparison with memory and the jump that was joined to it: the access took longer than
  /// the slice lasts.
  @inline(never) func stopInside(_ o: UnsafePointer<Op>, _ block: UnsafeMutablePointer<Block>) -> Pause {
    s.pointee.left &+= Int64(o.pointee.after)
    s.pointee.eip &+= UInt32((o + 1).pointee.start)
    s.pointee.pipe = (o + 1).pointee.exit
    return settle(block)
  }

  /// After a block: one that was overwritten while it ran is made void now.
  @inline(__always) func settle(_ block: UnsafeMutablePointer<Block>, _ pause: Pause = .again) -> Pause {
    if c.pointee.leaveBlock {
      c.pointee.leaveBlock = false
      let running = c.pointee.block
      if !running.pointee.valid { running.pointee.cycles = .max }
    }
    return pause
  }

  /// Charges what the path that an instruction took costs beyond its static clocks: the number for `role` in its record,
  /// or the basic one. false: the slice is used up, the block must be left.
  @discardableResult
  func charge(_ o: UnsafePointer<Op>, _ role: TimingRole, plus more: Int64 = 0) -> Bool {
    let timing = c.pointee.timing
    let record = o.pointee.record
    guard let total = timing.clocks(record, role) ?? timing.clocks(record, .base) else { return charge(more) }
    let clocks = total &+ more &- Int64(timing.least(record))
    if clocks < 0 {
      // Time that wasn't needed. The slice doesn't get longer by it: somebody may have asked for attention.
      s.pointee.target &+= clocks
      return s.pointee.left >= 0
    }
    return charge(clocks)
  }

  /// As `charge` with the number for the mode the processor is in.
  @discardableResult
  func chargeByMode(_ o: UnsafePointer<Op>) -> Bool {
    charge(o, isV86 ? .v86 : isProtected ? .protected : .base)
  }

  /// Charges clocks that the table can't know. false: the slice is used up, the block must be left.
  @discardableResult
  @inline(__always) func charge(_ clocks: Int64) -> Bool {
    s.pointee.left &-= clocks
    return s.pointee.left >= 0
  }
}

// MARK: Moves

extension CPU {
  @inline(__always) func loadRegister<T: Width>(_ o: UnsafePointer<Op>, _: T.Type) -> Bool {
    guard let value: T = load(o) else { return false }
    set(o.pointee.a, value)
    return true
  }

  /// SETcc.
  @inline(__always) func setByte(_ o: UnsafePointer<Op>, _ value: Bool) {
    set(o.pointee.a, UInt8(value ? 1 : 0))
    if value { chargeHere(o, Int64(o.pointee.extra)) }
  }

  @inline(__always) func storeByte(_ o: UnsafePointer<Op>, _ value: Bool) -> Bool {
    let done = store(o, UInt8(value ? 1 : 0))
    if !value, !faulted { chargeHere(o, Int64(o.pointee.extra)) }
    return done
  }

  @inline(__always) func testMemory<T: Width>(_ o: UnsafePointer<Op>, _ b: T) -> Bool {
    guard let a: T = load(o) else { return false }
    setLogic(a & b)
    return true
  }

  @inline(__always) func exchangeRegisters<T: Width>(_ o: UnsafePointer<Op>, _: T.Type) {
    let a = get(o.pointee.a, T.self)
    set(o.pointee.a, get(o.pointee.b, T.self))
    set(o.pointee.b, a)
  }

  @inline(__always) func exchangeMemory<T: Width>(_ o: UnsafePointer<Op>, _: T.Type) -> Bool {
    let new = get(o.pointee.b, T.self)
    var old: T = 0
    let done = modify(o) { (a: T) -> T in
      old = a
      return new
    }
    // A write that only asks to leave the block has happened.
    if !done, faulted { return false }
    set(o.pointee.b, old)
    return done
  }

  @inline(__always) func widen<From: Width, To: Width>(
    _ o: UnsafePointer<Op>, from: From.Type, to: To.Type, signed: Bool
  ) -> Bool {
    guard let value: From = load(o) else { return false }
    set(o.pointee.a, signed ? To(truncatingIfNeeded: value.signExtended) : To(truncatingIfNeeded: value))
    return true
  }

  /// Shifts of registers by an immediate of 1 ... 31: the frequent ones, inline. Same flags as `shift`.
  @inline(__always) func shl<T: Width>(_ o: UnsafePointer<Op>, _: T.Type) {
    let wide = UInt64(get(o.pointee.a, T.self)) &<< UInt64(o.pointee.imm)
    let r = T(truncatingIfNeeded: wide)
    setLogic(r)
    let carry = UInt32(truncatingIfNeeded: wide &>> UInt64(T.bytes &* 8)) & 1
    let sign = UInt32(truncatingIfNeeded: r &>> (T(T.bitWidth) &- 1))
    s.pointee.faux = carry &<< 31 | sign &<< 30
    set(o.pointee.a, r)
  }
  @inline(__always) func shr<T: Width>(_ o: UnsafePointer<Op>, _: T.Type) {
    let before = UInt64(get(o.pointee.a, T.self)) &>> UInt64(o.pointee.imm &- 1)
    let r = T(truncatingIfNeeded: before &>> 1)
    setLogic(r)
    let carry = UInt32(truncatingIfNeeded: before) & 1
    // OF is the operand's sign after a shift by 1, which is the bit below the top of the result.
    let overflow = UInt32(truncatingIfNeeded: r &>> (T(T.bitWidth) &- 2)) & 1
    s.pointee.faux = carry &<< 31 | (carry ^ overflow) &<< 30
    set(o.pointee.a, r)
  }
  @inline(__always) func sar<T: Width>(_ o: UnsafePointer<Op>, _: T.Type) {
    let before =
      Int32(bitPattern: get(o.pointee.a, T.self).signExtended) &>> Int32(truncatingIfNeeded: o.pointee.imm &- 1)
    let r = T(truncatingIfNeeded: before &>> 1)
    setLogic(r)
    let carry = UInt32(bitPattern: before) & 1
    s.pointee.faux = carry &<< 31 | carry &<< 30
    set(o.pointee.a, r)
  }
}

// MARK: Stack

extension CPU {
  /// Pushes at the current stack size.
  @inline(__always) func push<T: Width>(_ o: UnsafePointer<Op>, _ value: T) -> Bool {
    let mask = c.pointee.stackMask
    let esp = reg(4)
    let new = (esp &- T.bytes) & mask
    guard let linear = writable(SegmentIndex.ss, new, T.bytes) else { return false }
    if write(o, linear, value) {
      setReg(4, esp & ~mask | new)
      return true
    }
    if faulted { return false }
    setReg(4, esp & ~mask | new)
    return false
  }

  /// The value on top of the stack, without popping it.
  @inline(__always) func top<T: Width>(_ o: UnsafePointer<Op>, _: T.Type = T.self) -> T? {
    guard let linear = readable(SegmentIndex.ss, reg(4) & c.pointee.stackMask, T.bytes) else { return nil }
    return read(o, linear)
  }

  /// Moves the stack pointer up by `bytes`.
  @inline(__always) func drop(_ bytes: UInt32) {
    let mask = c.pointee.stackMask
    let esp = reg(4)
    setReg(4, esp & ~mask | (esp &+ bytes) & mask)
  }

  @inline(__always) func pushMemory<T: Width>(_ o: UnsafePointer<Op>, _: T.Type) -> Bool {
    guard let value: T = load(o) else { return false }
    return push(o, value)
  }

  @inline(__always) func popRegister<T: Width>(_ o: UnsafePointer<Op>, _: T.Type) -> Bool {
    guard let value = top(o, T.self) else { return false }
    drop(T.bytes)
    set(o.pointee.a, value)
    return true
  }

  /// POP m: an ESP-based address uses the value after the pop. - Source: 386 PRM, POP.
  @inline(__always) func popMemory<T: Width>(_ o: UnsafePointer<Op>, _: T.Type) -> Bool {
    guard let value = top(o, T.self) else { return false }
    let esp = reg(4)
    drop(T.bytes)
    if store(o, value) { return true }
    if faulted { setReg(4, esp) }
    return false
  }
}

// MARK: Near transfers

extension CPU {
  /// Moves EIP to a branch target inside the code segment; #GP(0) outside.
  @inline(__always) func jump(to target: UInt32) -> Bool {
    if _slowPath(target > seg(SegmentIndex.cs).pointee.limit) {
      gp0()
      return false
    }
    s.pointee.eip = target
    s.pointee.pipe = Pipe.jumped
    return true
  }

  @inline(__always) func jump(_ o: UnsafePointer<Op>) -> Bool {
    jump(to: (s.pointee.eip &+ o.pointee.target) & o.pointee.targetMask)
  }

  @inline(__always) func branch(_ o: UnsafePointer<Op>, taken: Bool) -> Bool {
    if taken {
      s.pointee.left &-= Int64(o.pointee.extra)
      return jump(to: (s.pointee.eip &+ o.pointee.target) & o.pointee.targetMask)
    }
    s.pointee.eip &+= UInt32(o.pointee.start) &+ UInt32(o.pointee.length)
    s.pointee.pipe = o.pointee.exit
    return true
  }

  /// EIP behind the operation.
  @inline(__always) func following(_ o: UnsafePointer<Op>) -> UInt32 {
    s.pointee.eip &+ UInt32(o.pointee.start) &+ UInt32(o.pointee.length)
  }

  @inline(__always) func call<T: Width>(_ o: UnsafePointer<Op>, _: T.Type) -> Bool {
    callTo(o, (s.pointee.eip &+ o.pointee.target) & o.pointee.targetMask, T.self)
  }

  @inline(__always) func call<T: Width>(_ o: UnsafePointer<Op>, to target: T) -> Bool {
    callTo(o, UInt32(truncatingIfNeeded: target), T.self)
  }

  @inline(__always) private func callTo<T: Width>(_ o: UnsafePointer<Op>, _ target: UInt32, _: T.Type) -> Bool {
    // The push comes first: a stack fault wins over a target outside the segment. A push that overwrote this very
    // block has happened all the same: it ends here anyhow.
    let esp = reg(4)
    if !push(o, T(truncatingIfNeeded: following(o))) {
      if faulted { return false }
      _ = settle(c.pointee.block)
    }
    if _slowPath(target > seg(SegmentIndex.cs).pointee.limit) {
      setReg(4, esp)
      gp0()
      return false
    }
    s.pointee.eip = target
    s.pointee.pipe = Pipe.jumped
    return true
  }

  @inline(__always) func callMemory<T: Width>(_ o: UnsafePointer<Op>, _: T.Type) -> Bool {
    guard let target: T = load(o) else { return false }
    return call(o, to: target)
  }

  @inline(__always) func jumpMemory<T: Width>(_ o: UnsafePointer<Op>, _: T.Type) -> Bool {
    guard let target: T = load(o) else { return false }
    return jump(to: UInt32(truncatingIfNeeded: target))
  }

  /// RET and RET n.
  @inline(__always) func ret<T: Width>(_ o: UnsafePointer<Op>, _: T.Type) -> Bool {
    guard let target = top(o, T.self) else { return false }
    guard jump(to: UInt32(truncatingIfNeeded: target)) else { return false }
    drop(T.bytes &+ o.pointee.imm)
    return true
  }

  @inline(__always) func loop16(_ o: UnsafePointer<Op>) -> Bool {
    let count = get(4, UInt16.self) &- 1
    if count != 0, !inCode((s.pointee.eip &+ o.pointee.target) & o.pointee.targetMask) { return false }
    set(4, count)
    return branch(o, taken: count != 0)
  }

  @inline(__always) func loop32(_ o: UnsafePointer<Op>) -> Bool {
    let count = reg(1) &- 1
    if count != 0, !inCode((s.pointee.eip &+ o.pointee.target) & o.pointee.targetMask) { return false }
    setReg(1, count)
    return branch(o, taken: count != 0)
  }

  @inline(__always) func loopWhile(_ o: UnsafePointer<Op>, zero: Bool) -> Bool {
    let count = (reg(1) &- 1) & o.pointee.mask
    let taken = count != 0 && zf == zero
    if taken, !inCode((s.pointee.eip &+ o.pointee.target) & o.pointee.targetMask) { return false }
    setReg(1, reg(1) & ~o.pointee.mask | count)
    return branch(o, taken: taken)
  }

  /// Whether a branch target lies in the code segment; #GP(0) is pending if not. For branches that also count: the
  /// count must not change when the branch faults.
  @inline(__always) private func inCode(_ target: UInt32) -> Bool {
    if target > seg(SegmentIndex.cs).pointee.limit {
      gp0()
      return false
    }
    return true
  }
}

// MARK: Multiplication into a register

extension CPU {
  /// IMUL r, r/m and IMUL r, r/m, imm: CF and OF tell whether the product lost bits. The time depends on `b`, the
  /// immediate or else the r/m operand.
  @inline(__always) func multiply<T: Width>(_ o: UnsafePointer<Op>, _ a: T, _ b: T) -> T {
    let x = Int64(Int32(bitPattern: a.signExtended))
    let y = Int64(Int32(bitPattern: b.signExtended))
    let product = x &* y
    let r = T(truncatingIfNeeded: product)
    setResult(r)
    let lost = Int64(Int32(bitPattern: r.signExtended)) != product
    setCarryOverflow(lost, lost)
    chargeHere(o, multiplyClocks(UInt32(truncatingIfNeeded: y.magnitude), negative: y < 0))
    return r
  }

  @inline(__always) func multiplyByMemory<T: Width>(_ o: UnsafePointer<Op>, _ a: T) -> Bool {
    guard let b: T = load(o) else { return false }
    set(o.pointee.a, multiply(o, a, b))
    return true
  }

  @inline(__always) func multiplyMemory<T: Width>(_ o: UnsafePointer<Op>, _ b: T) -> Bool {
    guard let a: T = load(o) else { return false }
    set(o.pointee.a, multiply(o, a, b))
    return true
  }
}
