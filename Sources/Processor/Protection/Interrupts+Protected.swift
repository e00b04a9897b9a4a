import Hardware

// Interrupts through the IDT: interrupt, trap and task gates.

extension CPU {
  /// Delivers `vector` through the IDT. false: a fault is pending and nothing has changed. true with a fault pending:
  /// a task switch has happened, and the fault belongs to the new task.
  ///
  /// - Source: 386 PRM 9.6, 17 (INT); i486 PRM 9.6; error codes 386 PRM 9.7.
  func deliverProtected(_ vector: UInt32, error: UInt32?, kind: InterruptKind) -> Bool {
    let isSoftware = kind == .int || kind == .breakpoint
    if kind == .int, isV86, iopl < 3 {
      gp0()
      return false
    }
    let external: UInt32 = isSoftware ? 0 : 1
    let gateError = vector << 3 | 2 | external
    if vector &* 8 &+ 7 > s.pointee.idtLimit {
      fault(Vector.gp, gateError)
      return false
    }
    let address = s.pointee.idtBase &+ vector &* 8
    guard let low = systemRead(address, 4), let high = systemRead(address &+ 4, 4) else { return false }
    let gate = Descriptor(low: low, high: high, address: address)
    guard gate.isSystem else {
      fault(Vector.gp, gateError)
      return false
    }
    switch gate.type {
    case SystemType.taskGate, SystemType.interruptGate286, SystemType.trapGate286, SystemType.interruptGate386,
      SystemType.trapGate386:
      break
    default:
      fault(Vector.gp, gateError)
      return false
    }
    if isSoftware, gate.dpl < s.pointee.cpl {
      fault(Vector.gp, gateError)
      return false
    }
    if !gate.isPresent {
      fault(Vector.np, gateError)
      return false
    }
    if gate.type == SystemType.taskGate { return deliverToTask(gate, error, external) }
    return deliverToGate(gate, error, external)
  }

  private func deliverToTask(_ gate: Descriptor, _ error: UInt32?, _ external: UInt32) -> Bool {
    let selector = gate.gateSelector
    guard !selector.isNullSelector, !selector.isLocal else {
      fault(Vector.gp, selector.errorCode | external)
      return false
    }
    guard let d = descriptor(selector, else: Vector.gp, external: external) else { return false }
    guard d.isSystem, d.type == SystemType.tss286 || d.type == SystemType.tss386 else {
      fault(Vector.gp, selector.errorCode | external)
      return false
    }
    if !d.isPresent {
      fault(Vector.np, selector.errorCode | external)
      return false
    }
    c.pointee.delivery = .taskGate
    return switchTask(to: d, selector, .interrupt, error: error, external: external)
  }

  private func deliverToGate(_ gate: Descriptor, _ error: UInt32?, _ external: UInt32) -> Bool {
    let selector = gate.gateSelector
    if selector.isNullSelector {
      fault(Vector.gp, external)
      return false
    }
    guard var code = descriptor(selector, else: Vector.gp, external: external) else { return false }
    let cpl = s.pointee.cpl
    let wasV86 = isV86
    guard code.isCode, code.dpl <= cpl else {
      fault(Vector.gp, selector.errorCode | external)
      return false
    }
    if !code.isPresent {
      fault(Vector.np, selector.errorCode | external)
      return false
    }
    let size = gate.gateIs32Bit ? 4 : 2
    var stack: PendingStack
    let toInner = !code.isConforming && code.dpl < cpl
    if toInner {
      if wasV86, code.dpl != 0 {
        fault(Vector.gp, selector.errorCode | external)
        return false
      }
      guard let inner = innerStack(code.dpl, external: external) else { return false }
      stack = inner
      if wasV86 {
        guard push(&stack, size, UInt32(seg(SegmentIndex.gs).pointee.selector)),
          push(&stack, size, UInt32(seg(SegmentIndex.fs).pointee.selector)),
          push(&stack, size, UInt32(seg(SegmentIndex.ds).pointee.selector)),
          push(&stack, size, UInt32(seg(SegmentIndex.es).pointee.selector))
        else { return false }
      }
      guard push(&stack, size, UInt32(seg(SegmentIndex.ss).pointee.selector)), push(&stack, size, reg(4)) else {
        return false
      }
    } else {
      // From V86 mode there is no way but to ring 0.
      if wasV86 {
        fault(Vector.gp, selector.errorCode | external)
        return false
      }
      stack = currentStack(external: external)
    }
    guard push(&stack, size, eflags), push(&stack, size, UInt32(seg(SegmentIndex.cs).pointee.selector)),
      push(&stack, size, s.pointee.eip)
    else { return false }
    if let error { guard push(&stack, size, error) else { return false } }
    if gate.gateOffset > code.limit {
      fault(Vector.gp, external)
      return false
    }
    guard markAccessed(&code), !toInner || markStackAccessed(&stack) else { return false }

    // Nothing can fail any more.
    s.pointee.flags &= ~(EFLAGS.tf | EFLAGS.nt | EFLAGS.rf | EFLAGS.vm)
    if gate.type & 1 == 0 { s.pointee.flags &= ~EFLAGS.if }
    let level = toInner ? code.dpl : cpl
    if wasV86 {
      for i in 0..<6 where i != SegmentIndex.cs && i != SegmentIndex.ss { setNull(i) }
    }
    if toInner {
      s.pointee.cpl = level
      setSegment(SegmentIndex.ss, stack.segment)
    }
    setStackPointer(stack)
    setSegment(SegmentIndex.cs, code.segment(selector & ~3 | UInt16(level)))
    s.pointee.eip = gate.gateOffset
    if toInner { refreshMode() } else { refreshJumpKey() }
    c.pointee.delivery = wasV86 ? .v86 : toInner ? .inner : .protected
    return true
  }
}
