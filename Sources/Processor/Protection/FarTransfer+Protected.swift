import Hardware

// JMP, CALL and RET to other segments in protected mode. Everything is checked and every byte that a fault could stop
// is written before the first register changes.

extension CPU {
  // MARK: Code segments

  /// Whether `d` may be entered by a direct JMP or CALL, or (`gated`) a JMP through a gate, at the current privilege.
  private func mayEnterSameLevel(_ d: Descriptor, _ selector: UInt16, gated: Bool = false) -> Bool {
    guard d.isCode else { return false }
    if d.isConforming { return d.dpl <= s.pointee.cpl }
    return d.dpl == s.pointee.cpl && (gated || selector.rpl <= s.pointee.cpl)
  }

  /// Loads CS and EIP. Everything is checked by now; `cpl` becomes the selector's RPL.
  func enterCode(_ d: Descriptor, _ selector: UInt16, cpl: UInt8, _ offset: UInt32) {
    let changed = cpl != s.pointee.cpl
    s.pointee.cpl = cpl
    setSegment(SegmentIndex.cs, d.segment(selector & ~3 | UInt16(cpl)))
    s.pointee.eip = offset
    if changed { refreshMode() } else { refreshJumpKey() }
  }

  // MARK: JMP

  func farJumpProtected(_ o: UnsafePointer<Op>, selector: UInt16, offset: UInt32) -> Bool {
    if selector.isNullSelector {
      gp0()
      return false
    }
    guard var d = descriptor(selector, else: Vector.gp) else { return false }
    if d.isSystem { return farJumpSystem(o, selector, d) }
    guard mayEnterSameLevel(d, selector) else {
      fault(Vector.gp, selector.errorCode)
      return false
    }
    if !d.isPresent {
      fault(Vector.np, selector.errorCode)
      return false
    }
    if offset > d.limit {
      gp0()
      return false
    }
    guard markAccessed(&d) else { return false }
    enterCode(d, selector, cpl: s.pointee.cpl, offset)
    charge(o, .protected)
    return true
  }

  private func farJumpSystem(_ o: UnsafePointer<Op>, _ selector: UInt16, _ d: Descriptor) -> Bool {
    guard d.dpl >= max(s.pointee.cpl, selector.rpl) else {
      fault(Vector.gp, selector.errorCode)
      return false
    }
    switch d.type {
    case SystemType.callGate286, SystemType.callGate386:
      if !d.isPresent {
        fault(Vector.np, selector.errorCode)
        return false
      }
      let target = d.gateSelector
      if target.isNullSelector {
        gp0()
        return false
      }
      guard var code = descriptor(target, else: Vector.gp) else { return false }
      guard mayEnterSameLevel(code, target, gated: true) else {
        fault(Vector.gp, target.errorCode)
        return false
      }
      if !code.isPresent {
        fault(Vector.np, target.errorCode)
        return false
      }
      if d.gateOffset > code.limit {
        gp0()
        return false
      }
      guard markAccessed(&code) else { return false }
      enterCode(code, target, cpl: s.pointee.cpl, d.gateOffset)
      charge(o, .gateSame)
      return true
    default:
      return transferToTask(o, selector, d, .jump)
    }
  }

  /// JMP or CALL to a TSS or a task gate.
  private func transferToTask(
    _ o: UnsafePointer<Op>, _ selector: UInt16, _ d: Descriptor, _ kind: TaskSwitch, throughGate: Bool = false
  ) -> Bool {
    switch d.type {
    case SystemType.taskGate:
      if !d.isPresent {
        fault(Vector.np, selector.errorCode)
        return false
      }
      let target = d.gateSelector
      guard !target.isNullSelector, !target.isLocal else {
        fault(Vector.gp, target.errorCode)
        return false
      }
      guard let tss = descriptor(target, else: Vector.gp) else { return false }
      guard tss.isSystem, tss.type == SystemType.tss286 || tss.type == SystemType.tss386 else {
        fault(Vector.gp, target.errorCode)
        return false
      }
      return transferToTask(o, target, tss, kind, throughGate: true)
    case SystemType.tss286, SystemType.tss386:
      if selector.isLocal {
        fault(Vector.gp, selector.errorCode)
        return false
      }
      if !d.isPresent {
        fault(Vector.np, selector.errorCode)
        return false
      }
      return leaveTask(o, selector, d, kind, throughGate: throughGate)
    default:
      fault(Vector.gp, selector.errorCode)
      return false
    }
  }

  /// Switches tasks from within an instruction: the old task goes on behind it.
  func leaveTask(
    _ o: UnsafePointer<Op>, _ selector: UInt16, _ d: Descriptor, _ kind: TaskSwitch, throughGate: Bool = false
  ) -> Bool {
    let eip = s.pointee.eip
    s.pointee.eip = following(o)
    if switchTask(to: d, selector, kind) {
      charge(o, throughGate ? .taskGate : .task)
      return true
    }
    s.pointee.eip = eip
    return false
  }

  // MARK: CALL

  func farCallProtected(_ o: UnsafePointer<Op>, selector: UInt16, offset: UInt32) -> Bool {
    if selector.isNullSelector {
      gp0()
      return false
    }
    guard let d = descriptor(selector, else: Vector.gp) else { return false }
    if d.isSystem { return farCallSystem(o, selector, d) }
    guard mayEnterSameLevel(d, selector) else {
      fault(Vector.gp, selector.errorCode)
      return false
    }
    return callSameLevel(o, d, selector, offset, size: o.pointee.size, .protected)
  }

  private func callSameLevel(
    _ o: UnsafePointer<Op>, _ d: Descriptor, _ selector: UInt16, _ offset: UInt32, size: Int, _ role: TimingRole
  ) -> Bool {
    if !d.isPresent {
      fault(Vector.np, selector.errorCode)
      return false
    }
    var code = d
    var stack = currentStack()
    guard push(&stack, size, UInt32(seg(SegmentIndex.cs).pointee.selector)), push(&stack, size, following(o)) else {
      return false
    }
    if offset > code.limit {
      gp0()
      return false
    }
    guard markAccessed(&code) else { return false }
    setStackPointer(stack)
    enterCode(code, selector, cpl: s.pointee.cpl, offset)
    charge(o, role)
    return true
  }

  private func farCallSystem(_ o: UnsafePointer<Op>, _ selector: UInt16, _ d: Descriptor) -> Bool {
    guard d.dpl >= max(s.pointee.cpl, selector.rpl) else {
      fault(Vector.gp, selector.errorCode)
      return false
    }
    guard d.type == SystemType.callGate286 || d.type == SystemType.callGate386 else {
      return transferToTask(o, selector, d, .call)
    }
    if !d.isPresent {
      fault(Vector.np, selector.errorCode)
      return false
    }
    let target = d.gateSelector
    if target.isNullSelector {
      gp0()
      return false
    }
    guard let code = descriptor(target, else: Vector.gp) else { return false }
    guard code.isCode, code.dpl <= s.pointee.cpl else {
      fault(Vector.gp, target.errorCode)
      return false
    }
    if !code.isPresent {
      fault(Vector.np, target.errorCode)
      return false
    }
    if !code.isConforming, code.dpl < s.pointee.cpl { return callInner(o, d, code) }
    return callSameLevel(o, code, target, d.gateOffset, size: d.gateIs32Bit ? 4 : 2, .gateSame)
  }

  /// CALL through a gate to more privilege: a new stack with the caller's stack pointer and parameters.
  private func callInner(_ o: UnsafePointer<Op>, _ gate: Descriptor, _ d: Descriptor) -> Bool {
    var code = d
    let size = gate.gateIs32Bit ? 4 : 2
    guard var stack = innerStack(code.dpl) else { return false }
    let old = seg(SegmentIndex.ss).pointee
    guard push(&stack, size, UInt32(old.selector)), push(&stack, size, reg(4)) else { return false }
    var index = gate.gateParameters
    while index > 0 {
      index &-= 1
      let place = (reg(4) &+ index &* UInt32(size)) & c.pointee.stackMask
      guard let linear = readable(SegmentIndex.ss, place, UInt32(size)),
        let value = readAs(user: s.pointee.cpl == 3, linear, size), push(&stack, size, value)
      else { return false }
    }
    guard push(&stack, size, UInt32(seg(SegmentIndex.cs).pointee.selector)), push(&stack, size, following(o)) else {
      return false
    }
    if gate.gateOffset > code.limit {
      gp0()
      return false
    }
    guard markAccessed(&code), markStackAccessed(&stack) else { return false }
    let parameters = Int64(gate.gateParameters)
    charge(o, parameters > 0 ? .gateParameters : .gateInner, plus: 4 * parameters)
    setSegment(SegmentIndex.ss, stack.segment)
    setStackPointer(stack)
    enterCode(code, gate.gateSelector, cpl: code.dpl, gate.gateOffset)
    return true
  }

  // MARK: Inner stacks

  /// The stack that the current TSS gives for privilege `level`. nil: a fault is pending.
  ///
  /// - Source: 386 PRM 6.3.4.2, 17 (CALL: "more privilege").
  func innerStack(_ level: UInt8, external: UInt32 = 0) -> PendingStack? {
    let task = seg(SegmentIndex.tr).pointee
    let is386 = task.attributes & 8 != 0
    let place = is386 ? UInt32(level) &* 8 &+ 4 : UInt32(level) &* 4 &+ 2
    if task.attributes == 0 || place &+ (is386 ? 7 : 3) > task.limit {
      fault(Vector.ts, task.selector.errorCode | external)
      return nil
    }
    guard let esp = systemRead(task.base &+ place, is386 ? 4 : 2),
      let ss = systemRead(task.base &+ place &+ (is386 ? 4 : 2), 2)
    else { return nil }
    let selector = UInt16(truncatingIfNeeded: ss)
    if selector.isNullSelector {
      fault(Vector.ts, external)
      return nil
    }
    guard let d = descriptor(selector, else: Vector.ts, external: external) else { return nil }
    guard selector.rpl == level, d.dpl == level, d.isWritableData else {
      fault(Vector.ts, selector.errorCode | external)
      return nil
    }
    if !d.isPresent {
      fault(Vector.ss, selector.errorCode | external)
      return nil
    }
    return PendingStack(
      segment: d.segment(selector), esp: esp, user: level == 3, error: selector.errorCode | external)
  }

  /// Sets the accessed bit of a new stack's descriptor. false: a page fault is pending.
  func markStackAccessed(_ stack: inout PendingStack) -> Bool {
    if stack.segment.attributes & 1 != 0 { return true }
    guard var d = findDescriptor(stack.segment.selector) else {
      if !faulted { fault(Vector.ts, stack.error) }
      return false
    }
    guard markAccessed(&d) else { return false }
    stack.segment.attributes |= 1
    return true
  }

  // MARK: RET

  func farReturnProtected(_ o: UnsafePointer<Op>) -> Bool {
    let size = o.pointee.size
    guard let offset = stackValue(o, size), let image = stackValue(o, size, above: UInt32(size)) else { return false }
    let selector = UInt16(truncatingIfNeeded: image)
    guard var code = returnCode(selector) else { return false }
    let used = UInt32(2 * size) &+ o.pointee.imm
    if selector.rpl == s.pointee.cpl {
      if offset > code.limit {
        gp0()
        return false
      }
      guard markAccessed(&code) else { return false }
      drop(used)
      enterCode(code, selector, cpl: selector.rpl, offset)
      charge(o, .protected)
      return true
    }
    guard let esp = stackValue(o, size, above: used), let ss = stackValue(o, size, above: used &+ UInt32(size)) else {
      return false
    }
    guard var stack = returnStack(UInt16(truncatingIfNeeded: ss), level: selector.rpl) else { return false }
    if offset > code.limit {
      gp0()
      return false
    }
    guard markAccessed(&code), markAccessed(&stack) else { return false }
    returnOuter(code, selector, offset, stack, UInt16(truncatingIfNeeded: ss), esp &+ o.pointee.imm, size)
    charge(o, .outer)
    return true
  }

  /// The descriptor of a return address's code segment, checked. nil: a fault is pending.
  func returnCode(_ selector: UInt16) -> Descriptor? {
    if selector.isNullSelector {
      gp0()
      return nil
    }
    guard let d = descriptor(selector, else: Vector.gp) else { return nil }
    guard selector.rpl >= s.pointee.cpl, d.isCode,
      d.isConforming ? d.dpl <= selector.rpl : d.dpl == selector.rpl
    else {
      fault(Vector.gp, selector.errorCode)
      return nil
    }
    if !d.isPresent {
      fault(Vector.np, selector.errorCode)
      return nil
    }
    return d
  }

  /// The descriptor of an outer level's stack, checked. nil: a fault is pending.
  func returnStack(_ selector: UInt16, level: UInt8) -> Descriptor? {
    if selector.isNullSelector {
      gp0()
      return nil
    }
    guard let d = descriptor(selector, else: Vector.gp) else { return nil }
    guard selector.rpl == level, d.isWritableData, d.dpl == level else {
      fault(Vector.gp, selector.errorCode)
      return nil
    }
    if !d.isPresent {
      fault(Vector.ss, selector.errorCode)
      return nil
    }
    return d
  }

  /// The end of a return to an outer level: CS, SS and ESP are loaded, and segment registers that the outer level may
  /// not use become null.
  ///
  /// - Source: 386 PRM 6.3.4.3, 17 (RET).
  func returnOuter(
    _ code: Descriptor, _ selector: UInt16, _ offset: UInt32, _ stack: Descriptor, _ ss: UInt16, _ esp: UInt32,
    _ size: Int
  ) {
    setSegment(SegmentIndex.ss, stack.segment(ss))
    let mask = c.pointee.stackMask
    setReg(4, reg(4) & ~mask | esp & mask)
    enterCode(code, selector, cpl: selector.rpl, offset)
    for i in 0..<6 where i != SegmentIndex.cs && i != SegmentIndex.ss {
      let segment = seg(i).pointee
      if segment.attributes != 0, !segment.isConforming, segment.dpl < selector.rpl { setNull(i) }
    }
  }
}
