import Hardware

/// Where an interrupt comes from: decides about privilege checks, error codes and the EXT bit.
enum InterruptKind {
  /// INTR or NMI.
  case hardware
  /// A fault or trap of the processor's own.
  case exception
  /// INT n: the gate's DPL is checked; IOPL is checked in V86.
  case int
  /// INT3 and INTO: the gate's DPL is checked, IOPL isn't.
  case breakpoint
  /// F1: like a hardware #DB.
  case icebp
}

extension CPU {
  /// INT n, INT3, INTO, ICEBP: EIP on the stack is behind the instruction.
  func softwareInterrupt(_ o: UnsafePointer<Op>, _ vector: UInt32, kind: InterruptKind) -> Bool {
    let eip = s.pointee.eip
    s.pointee.eip = following(o)
    if c.pointee.reportsBreakpoints, vector == Vector.bp || vector == Vector.of {
      fault(vector)
      return true
    }
    if deliver(vector, kind: kind) {
      // INTO has a number of its own for the path that is taken.
      let timing = c.pointee.timing
      let role = c.pointee.delivery
      if role == .taskGate, timing.clocks(o.pointee.record, role) == nil {
        charge((timing.clocks(timing.interrupt, role) ?? 0) &- Int64(o.pointee.clocks))
      } else {
        charge(o, role == .base ? .taken : role)
      }
      return true
    }
    s.pointee.eip = eip
    return false
  }

  /// Transfers control through the interrupt table to `vector`'s handler, saving flags, CS and EIP as they are now.
  /// false: a fault is pending and nothing has changed.
  func deliver(_ vector: UInt32, error: UInt32? = nil, kind: InterruptKind) -> Bool {
    if s.pointee.repeating {
      // Between two iterations of a repeated instruction: its breakpoint has been met. - Source: i486 PRM 11.3.1.1.
      s.pointee.repeating = false
      s.pointee.flags |= EFLAGS.rf
    }
    c.pointee.delivery = .base
    if kind == .hardware { c.pointee.worldEvents &+= 1 }
    s.pointee.pipe = Pipe.flushed
    if !isProtected { return deliverReal(vector) }
    return deliverProtected(vector, error: error, kind: kind)
  }

  /// Real mode: four bytes a vector, no error codes. - Source: 386 PRM 15.4.
  private func deliverReal(_ vector: UInt32) -> Bool {
    let o = c.pointee.op
    if vector &* 4 &+ 3 > s.pointee.idtLimit {
      // Beyond the table: exception 13, or 8 when that can't be delivered either.
      fault(Vector.gp)
      return false
    }
    let entry = readLinear(s.pointee.idtBase &+ vector &* 4, 4, user: false)
    if entry & SlowRead.fault != 0 { return false }
    let esp = reg(4)
    guard pushValue(o, 2, eflags), pushValue(o, 2, UInt32(seg(SegmentIndex.cs).pointee.selector)),
      pushValue(o, 2, s.pointee.eip)
    else {
      setReg(4, esp)
      return false
    }
    let eip = s.pointee.eip
    guard enterRealCode(UInt16(truncatingIfNeeded: entry >> 16), UInt32(truncatingIfNeeded: entry) & 0xFFFF) else {
      setReg(4, esp)
      s.pointee.eip = eip
      return false
    }
    s.pointee.flags &= ~(EFLAGS.if | EFLAGS.tf | EFLAGS.ac)
    return true
  }

  /// IRET.
  func interruptReturn(_ o: UnsafePointer<Op>) -> Bool {
    if isProtected { return interruptReturnProtected(o) }
    let size = o.pointee.size
    guard let offset = stackValue(o, size), let selector = stackValue(o, 2, above: UInt32(size)),
      let image = stackValue(o, size, above: UInt32(2 * size))
    else { return false }
    guard enterRealCode(UInt16(truncatingIfNeeded: selector), offset) else { return false }
    drop(UInt32(3 * size))
    setFlags(image, size: size, changeable: changeableFlags | EFLAGS.iopl | EFLAGS.rf)
    s.pointee.nmiBlocked = false
    return true
  }

  /// Delivers the pending exception; a fault on the way becomes a double fault where the two don't go together, and a
  /// fault in delivering that shuts the processor down.
  ///
  /// - Source: 386 PRM 9.8.8 (double fault table), i486 PRM 9.9.8.
  func deliverPendingException() {
    leaveBlocks()
    var attempts = 0
    var vector = c.pointee.exception & 0xFF
    var error: UInt32? = c.pointee.exception & 0x200 != 0 ? c.pointee.errorCode : nil
    while true {
      c.pointee.exception = 0
      if vector == Vector.db { s.pointee.dr[7] &= ~DR7.gd }
      let delivered = deliverException(vector, error)
      // A fault is pending after a successful delivery, too: in the first moments of a task that is its handler.
      if delivered, !faulted { break }
      let second = c.pointee.exception & 0xFF
      // Two benign exceptions that raise each other for ever (#AC on the stack of its own handler) hang real parts.
      attempts += 1
      if vector == Vector.df || attempts > 16 {
        c.pointee.exception = 0
        shutDown()
        return
      }
      if CPU.makesDoubleFault(vector, second) {
        vector = Vector.df
        error = 0
      } else {
        vector = second
        error = c.pointee.exception & 0x200 != 0 ? c.pointee.errorCode : nil
      }
    }
    chargeDelivery(c.pointee.timing.exception)
  }

  /// One attempt at delivering an exception.
  private func deliverException(_ vector: UInt32, _ error: UInt32?) -> Bool {
    // Faults push EFLAGS with RF set, so that the restarted instruction doesn't meet its breakpoint again; debug
    // exceptions, traps and aborts don't. - Source: 386 PRM 12.3.1.1, i486 PRM 11.3.1.1.
    let isFault = vector != Vector.db && vector != Vector.bp && vector != Vector.of && vector != Vector.df
    guard isFault, s.pointee.flags & EFLAGS.rf == 0 else { return deliver(vector, error: error, kind: .exception) }
    s.pointee.flags |= EFLAGS.rf
    if deliver(vector, error: error, kind: .exception) { return true }
    s.pointee.flags &= ~EFLAGS.rf
    return false
  }

  /// Between instructions no block runs: accesses count from the clocks as they are.
  private func leaveBlocks() {
    let single = c.pointee.store.single
    c.pointee.block = single
    c.pointee.op = UnsafePointer(single.pointee.ops)
    single.pointee.cycles = 0
    single.pointee.ops.pointee.after = 0
    single.pointee.ops.pointee.original = .end
  }

  /// Charges an interrupt or exception that was delivered, by the way it went.
  private func chargeDelivery(_ record: UInt16) {
    let timing = c.pointee.timing
    charge(timing.clocks(record, c.pointee.delivery) ?? timing.clocks(record, .base) ?? 0)
  }

  private static func isContributory(_ vector: UInt32) -> Bool {
    vector == Vector.de || (vector >= Vector.ts && vector <= Vector.gp)
  }

  private static func makesDoubleFault(_ first: UInt32, _ second: UInt32) -> Bool {
    if isContributory(first) { return isContributory(second) }
    if first == Vector.pf { return isContributory(second) || second == Vector.pf }
    return false
  }

  /// Shutdown: the board usually answers with a reset.
  func shutDown() {
    s.pointee.isShutDown = true
    s.pointee.halted = true
    requestAttention()
    owner.onShutdown?()
  }

  /// Takes an external interrupt or NMI at an instruction boundary. A fault on the way is delivered instead.
  func deliverExternal(_ vector: UInt32) {
    leaveBlocks()
    s.pointee.halted = false
    if deliver(vector, kind: .hardware) { chargeDelivery(c.pointee.timing.interrupt) }
    if faulted { deliverPendingException() }
  }
}
