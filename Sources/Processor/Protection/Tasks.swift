import Hardware

/// What causes a task switch.
enum TaskSwitch {
  case jump
  case call
  case interrupt
  /// IRET with NT set.
  case `return`
}

/// Offsets in a task state segment.
///
/// - Source: 386 PRM 7.1 (figure 7-1); 286 PRM 8.2.
private struct TaskLayout {
  let is386: Bool
  /// Highest offset that must lie inside.
  var lastByte: UInt32 { is386 ? 0x67 : 0x2B }
  /// Bytes per register.
  var size: Int { is386 ? 4 : 2 }
  var eip: UInt32 { is386 ? 0x20 : 0x0E }
  var eflags: UInt32 { is386 ? 0x24 : 0x10 }
  /// EAX, and the other seven behind it.
  var registers: UInt32 { is386 ? 0x28 : 0x12 }
  /// ES, and CS SS DS (FS GS) behind it.
  var segments: UInt32 { is386 ? 0x48 : 0x22 }
  var segmentCount: Int { is386 ? 6 : 4 }
  var ldt: UInt32 { is386 ? 0x60 : 0x2A }
}

/// What a task state segment gives to the processor.
private struct TaskImage {
  var cr3: UInt32 = 0
  var eip: UInt32 = 0
  var eflags: UInt32 = 0
  var registers: InlineArray<8, UInt32> = .init(repeating: 0)
  var segments: InlineArray<6, UInt16> = .init(repeating: 0)
  var ldt: UInt16 = 0
  var trap = false
}

extension CPU {
  /// Switches to the task of TSS descriptor `d`, whose type, presence and privilege the caller has checked. EIP is
  /// already what the old task goes on with.
  ///
  /// - Returns: false: a fault is pending, and nothing has changed. true: the new task is current; a fault that is
  ///   pending now is the new task's.
  /// - Source: 386 PRM 7.5 (task switching, table 7-1), 7.6 (links and busy bits); i486 PRM 7.5.
  func switchTask(
    to d: Descriptor, _ selector: UInt16, _ kind: TaskSwitch, error: UInt32? = nil, external: UInt32 = 0
  ) -> Bool {
    var d = d
    let new = TaskLayout(is386: d.type & 8 != 0)
    if d.limit < new.lastByte {
      fault(Vector.ts, selector.errorCode | external)
      return false
    }
    // Everything that can fault in the old task comes first: the new TSS is read, the old one's pages are tried.
    guard var image = readTask(d.base, new) else { return false }
    let task = seg(SegmentIndex.tr).pointee
    let old = TaskLayout(is386: task.attributes & 8 != 0)
    let first = task.base &+ old.eip
    let last = task.base &+ old.segments &+ UInt32(old.segmentCount * old.size) &- 1
    guard translate(first, write: true, user: false) != nil, translate(last, write: true, user: false) != nil else {
      return false
    }
    guard translate(d.address &+ 5, write: true, user: false) != nil else { return false }
    if kind == .call || kind == .interrupt {
      guard translate(d.base, write: true, user: false) != nil,
        translate(d.base &+ 1, write: true, user: false) != nil
      else { return false }
    }
    if kind == .jump || kind == .return {
      guard var oldDescriptor = descriptor(task.selector, else: Vector.ts, external: external),
        setBusy(false, &oldDescriptor)
      else { return false }
    }
    if kind != .return {
      guard setBusy(true, &d) else { return false }
    }
    saveTask(task.base, old, clearNT: kind == .return)
    if kind == .call || kind == .interrupt {
      _ = systemWrite(d.base, 2, UInt32(task.selector))
      image.eflags |= EFLAGS.nt
    }
    chargeTaskSwitch(from386: old.is386, to386: new.is386, toV86: new.is386 && image.eflags & EFLAGS.vm != 0)
    s.pointee.pipe = Pipe.flushed

    // The commit: from here on faults belong to the new task.
    setSegment(SegmentIndex.tr, d.segment(selector))
    seg(SegmentIndex.tr).pointee.attributes |= UInt16(SystemType.busy)
    s.pointee.cr0 |= CR0.ts
    if new.is386, s.pointee.cr0 & CR0.pg != 0 {
      s.pointee.cr3 = image.cr3
      c.pointee.tags.invalidatePages()
      flushTLB()
    }
    // L0-L3 and LE are for one task. - Source: 386 PRM 12.2.2.
    s.pointee.dr[7] &= ~0x155
    refreshBreakpoints()
    loadRegisters(image, is386: new.is386)
    requestAttention()
    if loadSegments(image, is386: new.is386, external: external), let error { pushTaskError(error, new) }
    // The T bit traps in front of the new task's first instruction, if it gets that far.
    if image.trap, !faulted { s.pointee.pendingTrap |= DR6.bt }
    return true
  }

  private func readTask(_ base: UInt32, _ layout: TaskLayout) -> TaskImage? {
    var image = TaskImage()
    let size = layout.size
    if layout.is386 {
      guard let cr3 = systemRead(base &+ 0x1C, 4), let trap = systemRead(base &+ 0x64, 2) else { return nil }
      image.cr3 = cr3
      image.trap = trap & 1 != 0
    }
    guard let eip = systemRead(base &+ layout.eip, size), let eflags = systemRead(base &+ layout.eflags, size) else {
      return nil
    }
    image.eip = eip
    image.eflags = eflags
    for i in 0..<8 {
      guard let value = systemRead(base &+ layout.registers &+ UInt32(i * size), size) else { return nil }
      // A 286 TSS has no upper halves; a 386 loads ones (286 PRM knows none; observed, not documented).
      image.registers[i] = layout.is386 ? value : value | 0xFFFF_0000
    }
    for i in 0..<layout.segmentCount {
      guard let value = systemRead(base &+ layout.segments &+ UInt32(i * size), 2) else { return nil }
      image.segments[i] = UInt16(truncatingIfNeeded: value)
    }
    guard let ldt = systemRead(base &+ layout.ldt, 2) else { return nil }
    image.ldt = UInt16(truncatingIfNeeded: ldt)
    return image
  }

  private func saveTask(_ base: UInt32, _ layout: TaskLayout, clearNT: Bool) {
    let size = layout.size
    _ = systemWrite(base &+ layout.eip, size, s.pointee.eip)
    _ = systemWrite(base &+ layout.eflags, size, clearNT ? eflags & ~EFLAGS.nt : eflags)
    for i in 0..<8 { _ = systemWrite(base &+ layout.registers &+ UInt32(i * size), size, reg(i)) }
    for i in 0..<layout.segmentCount {
      _ = systemWrite(base &+ layout.segments &+ UInt32(i * size), 2, UInt32(seg(i).pointee.selector))
    }
  }

  /// EIP, EFLAGS, the general registers and the visible halves of the segment registers.
  private func loadRegisters(_ image: TaskImage, is386: Bool) {
    s.pointee.eip = image.eip
    var allowed = EFLAGS.arithmetic | EFLAGS.tf | EFLAGS.if | EFLAGS.df | EFLAGS.iopl | EFLAGS.nt
    if is386 {
      allowed |= EFLAGS.rf | EFLAGS.vm
      if c.pointee.is486 { allowed |= EFLAGS.ac }
      if c.pointee.hasCPUID { allowed |= EFLAGS.id }
    }
    setArithmeticFlags(image.eflags & EFLAGS.arithmetic)
    s.pointee.flags = image.eflags & allowed & ~EFLAGS.arithmetic | 2
    for i in 0..<8 { setReg(i, image.registers[i]) }
    for i in 0..<6 { setNull(i, image.segments[i]) }
    setNull(SegmentIndex.ldtr, image.ldt)
    s.pointee.cpl = isV86 ? 3 : image.segments[SegmentIndex.cs].rpl
    refreshMode()
  }

  /// The hidden halves. false: a fault is pending in the new task.
  private func loadSegments(_ image: TaskImage, is386: Bool, external: UInt32) -> Bool {
    guard loadTaskLDT(image.ldt, external) else { return false }
    if isV86 {
      for i in 0..<6 { loadV86Segment(i, image.segments[i]) }
      refreshMode()
      return checkTaskEIP(external)
    }
    guard loadTaskCode(image.segments[SegmentIndex.cs], external),
      loadTaskStack(image.segments[SegmentIndex.ss], external)
    else { return false }
    for i in 0..<6 where i != SegmentIndex.cs && i != SegmentIndex.ss {
      guard loadTaskData(i, image.segments[i], external) else { return false }
    }
    return checkTaskEIP(external)
  }

  private func checkTaskEIP(_ external: UInt32) -> Bool {
    if s.pointee.eip <= seg(SegmentIndex.cs).pointee.limit { return true }
    fault(Vector.gp, external)
    return false
  }

  private func loadTaskLDT(_ selector: UInt16, _ external: UInt32) -> Bool {
    if selector.isNullSelector { return true }
    guard !selector.isLocal else {
      fault(Vector.ts, selector.errorCode | external)
      return false
    }
    guard let d = descriptor(selector, else: Vector.ts, external: external) else { return false }
    guard d.isSystem, d.type == SystemType.ldt, d.isPresent else {
      fault(Vector.ts, selector.errorCode | external)
      return false
    }
    setSegment(SegmentIndex.ldtr, d.segment(selector))
    return true
  }

  private func loadTaskCode(_ selector: UInt16, _ external: UInt32) -> Bool {
    guard !selector.isNullSelector else {
      fault(Vector.ts, selector.errorCode | external)
      return false
    }
    guard var d = descriptor(selector, else: Vector.ts, external: external) else { return false }
    keepUnusable(SegmentIndex.cs, d, selector)
    guard d.isCode, d.isConforming ? d.dpl <= selector.rpl : d.dpl == selector.rpl else {
      fault(Vector.ts, selector.errorCode | external)
      return false
    }
    if !d.isPresent {
      fault(Vector.np, selector.errorCode | external)
      return false
    }
    guard markAccessed(&d) else { return false }
    setSegment(SegmentIndex.cs, d.segment(selector))
    refreshJumpKey()
    return true
  }

  private func loadTaskStack(_ selector: UInt16, _ external: UInt32) -> Bool {
    guard !selector.isNullSelector else {
      fault(Vector.ts, selector.errorCode | external)
      return false
    }
    guard var d = descriptor(selector, else: Vector.ts, external: external) else { return false }
    keepUnusable(SegmentIndex.ss, d, selector)
    guard d.isWritableData, d.dpl == s.pointee.cpl, selector.rpl == s.pointee.cpl else {
      fault(Vector.ts, selector.errorCode | external)
      return false
    }
    if !d.isPresent {
      fault(Vector.ss, selector.errorCode | external)
      return false
    }
    guard markAccessed(&d) else { return false }
    setSegment(SegmentIndex.ss, d.segment(selector))
    return true
  }

  private func loadTaskData(_ index: Int, _ selector: UInt16, _ external: UInt32) -> Bool {
    if selector.isNullSelector { return true }
    guard var d = descriptor(selector, else: Vector.ts, external: external) else { return false }
    keepUnusable(index, d, selector)
    guard d.isReadable, !d.isGuarded || d.dpl >= max(s.pointee.cpl, selector.rpl) else {
      fault(Vector.ts, selector.errorCode | external)
      return false
    }
    if !d.isPresent {
      fault(Vector.np, selector.errorCode | external)
      return false
    }
    guard markAccessed(&d) else { return false }
    setSegment(index, d.segment(selector))
    return true
  }

  /// The descriptor has been read into the hidden part, but the register can't be used until its checks are passed.
  private func keepUnusable(_ index: Int, _ d: Descriptor, _ selector: UInt16) {
    var segment = d.segment(selector)
    segment.attributes = 0
    setSegment(index, segment)
  }

  /// The error code of an exception handled by a task goes onto the new task's stack.
  private func pushTaskError(_ error: UInt32, _ layout: TaskLayout) {
    var stack = currentStack(external: 1)
    if push(&stack, layout.size, error) { setStackPointer(stack) }
  }

  /// The clocks that the tables name "ts". On the 486 they depend on the new task only.
  private func chargeTaskSwitch(from386: Bool, to386: Bool, toV86: Bool) {
    let timing = c.pointee.timing
    let fromV86: TimingRole = toV86 ? .v86FromV86 : to386 ? .protectedFromV86 : .baseFromV86
    let from286: TimingRole = toV86 ? .v86FromBase : to386 ? .protectedFromBase : .baseFromBase
    let fromProtected: TimingRole = toV86 ? .v86FromProtected : to386 ? .protectedFromProtected : .baseFromProtected
    let role = isV86 ? fromV86 : from386 ? fromProtected : from286
    let short: TimingRole = toV86 ? .v86 : to386 ? .protected : .base
    charge(timing.clocks(timing.taskSwitch, role) ?? timing.clocks(timing.taskSwitch, short) ?? 0)
  }
}
