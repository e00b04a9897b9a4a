public import Hardware

/// A 386 or 486 with everything on its pins. Owns the core's memory; everything hot happens in `CPU`.
public final class Processor: Wiring {
  /// What was built.
  public let model: ProcessorModel
  /// The core clock: instruction clocks are counted in it.
  public let clock: Clock
  /// INTA: the board's interrupt controller gives the vector.
  public var acknowledgeInterrupt: () -> UInt8 = { 0xFF }
  /// The processor has shut down after a triple fault.
  public var onShutdown: (() -> Void)?
  /// FERR# (on a 386: the 387's ERROR#) changed; true: asserted. On a PC it sets the latch of IRQ 13.
  public var onFERR: ((Bool) -> Void)?

  let memory: PhysicalMemory
  let io: IOSpace
  let scheduler: Scheduler
  let table: DecodeTable
  let cpu: CPU
  /// Bytes of an instruction on its way to the decoder in single steps.
  let fetchBuffer: UnsafeMutablePointer<UInt8>
  /// Rounds of loops that only wait are left out, to spare the host; the machine's state is the same with and without.
  public var isIdleSkipped = true
  /// Two ports that a waiting loop may read: reading them changes nothing, and their value changes by writes alone.
  public var quietPorts: (UInt16, UInt16) {
    get { cpu.c.pointee.quietPorts }
    set { cpu.c.pointee.quietPorts = newValue }
  }
  /// Clocks in which no instruction was executed, by HLT or because a loop only waited, since the processor was built.
  public internal(set) var restedClocks: Int64 = 0
  /// What is known of such a loop.
  var idle = IdleLoop()
  /// Inside `run`: an instruction may be in progress.
  private var isRunning = false
  /// RESET was active while an instruction was in progress.
  private var resetPending = false

  /// A processor of `model` in its reset state, on this memory and I/O space. `fpu`: a 387 beside a 386 or a 487
  /// beside a 486SX; nil for what the model has.
  public init(
    model: ProcessorModel, fpu: Bool? = nil, memory: PhysicalMemory, io: IOSpace, scheduler: Scheduler
  ) {
    self.model = model
    clock = model.clock
    self.memory = memory
    self.io = io
    self.scheduler = scheduler
    table = DecodeTable.allocate()
    fetchBuffer = .allocate(capacity: 32)
    fetchBuffer.initialize(repeating: 0, count: 32)
    precondition(MemoryLayout<CPUState>.offset(of: \.seg) == CPU.segmentOffset)
    let state = UnsafeMutablePointer<CPUState>.allocate(capacity: 1)
    state.initialize(to: CPUState())
    state.pointee.fpu = X87(model: model.family == 4 ? .i486 : .i387)
    let caches = UnsafeMutablePointer<Caches>.allocate(capacity: 1)
    cpu = CPU(s: state, c: caches)
    let tlb = UnsafeMutablePointer<TLBEntry>.allocate(capacity: 2 * TLBEntry.count)
    tlb.initialize(repeating: TLBEntry(), count: 2 * TLBEntry.count)
    let reads = UnsafeMutablePointer<ReadEntry>.allocate(capacity: 2 * ReadEntry.count)
    reads.initialize(repeating: ReadEntry(), count: 2 * ReadEntry.count)
    let jump = UnsafeMutablePointer<JumpEntry>.allocate(capacity: JumpEntry.count)
    jump.initialize(repeating: JumpEntry(), count: JumpEntry.count)
    let pages = memory.ramSize >> 12
    let store = BlockStore(ramPages: pages)
    caches.initialize(
      to: Caches(
        block: store.single, op: UnsafePointer(store.single.pointee.ops), tlb: tlb, tlbStorage: tlb,
        reads: reads, readStorage: reads, jump: jump,
        store: store, owner: Unmanaged.passUnretained(self), memory: Unmanaged.passUnretained(memory),
        io: Unmanaged.passUnretained(io), scheduler: Unmanaged.passUnretained(scheduler),
        period: clock.instant(ofTick: 1).picoseconds, ram: memory.ram, ramPages: UInt32(pages),
        codePages: memory.codePages, timing: model.family == 4 ? .i486 : .i386,
        pipelineModel: PipelineModel(is486: model.family == 4),
        tags: CacheTags(sets: 128, ways: 4, boardLines: 0), is486: model.family == 4,
        hasFPU: fpu ?? model.hasOwnFPU,
        hasCPUID: model.hasCPUID, ioWait8: Int64(6 * model.clocksPerBCLK - 2 * model.multiplier),
        ioWait16: Int64(3 * model.clocksPerBCLK - 2 * model.multiplier),
        addressMask: UInt32.max >> (32 - model.addressBits)))
    memory.onCodeWrite = { [unowned self] address, size in cpu.codeWasWritten(address, size) }
    memory.onMapChange = { [unowned self] in
      cpu.dropAllBlocks()
      cpu.flushSoftwareTLB()
    }
    scheduler.onNearerDeadline = { [unowned self] in cpu.requestAttention() }
    setTiming(.simple, board: .ideal)
    reset()
  }

  deinit {
    memory.onCodeWrite = nil
    memory.onMapChange = nil
    scheduler.onNearerDeadline = nil
    cpu.c.pointee.store.deallocate()
    cpu.c.pointee.tlbStorage.deallocate()
    cpu.c.pointee.readStorage.deallocate()
    cpu.c.pointee.jump.deallocate()
    cpu.c.pointee.tags.deallocate()
    cpu.c.deallocate()
    cpu.s.deallocate()
    fetchBuffer.deallocate()
    table.deallocate()
  }

  // MARK: Pins

  /// The RESET pin: registers as after power-on; the clock goes on. While the processor runs, the reset takes effect
  /// when the instruction in progress is over.
  ///
  /// The numeric unit of a 486 isn't touched (no self-test was asked for). A 387 is left as by FNINIT; the real one then
  /// drives ERROR# until its first FNINIT, which tells the 386 what it is and is over before anything is unmasked.
  ///
  /// - Source: 386 PRM 10.1, i486 PRM 10.1: EIP FFF0h, CS F000h with base FFFF0000h, DH:DL component and stepping; i486
  ///   data book, "Pin state and register values after RESET"; Intel SDM 3, 22.20 (387 after reset).
  public func reset() {
    if isRunning {
      resetPending = true
      cpu.c.pointee.leaveBlock = true
      cpu.requestAttention()
    } else {
      performReset()
    }
  }

  private func performReset() {
    resetPending = false
    idle = IdleLoop()
    let time = cpu.s.pointee.target &- cpu.s.pointee.left
    let intr = cpu.s.pointee.intr
    var fpu = cpu.s.pointee.fpu
    if model.family == 3 { fpu.initialize() }
    let hadError = cpu.s.pointee.ferr
    cpu.s.pointee = CPUState()
    cpu.s.pointee.target = time
    cpu.s.pointee.intr = intr
    cpu.s.pointee.fpu = fpu
    if hadError { onFERR?(false) }
    cpu.s.pointee.cr0 = model.family == 4 ? CR0.et | CR0.cd | CR0.nw : (cpu.c.pointee.hasFPU ? CR0.et : 0)
    cpu.setReg(2, model.resetSignature)
    for i in 0..<6 { cpu.seg(i).pointee = .real(0) }
    cpu.seg(SegmentIndex.ldtr).pointee.attributes = 0x82
    cpu.seg(SegmentIndex.tr).pointee.attributes = 0x8B
    let code = cpu.seg(SegmentIndex.cs)
    code.pointee.selector = 0xF000
    code.pointee.base = 0xFFFF_0000
    cpu.s.pointee.dr[6] = cpu.c.pointee.is486 ? 0xFFFF_0FF0 : 0
    cpu.s.pointee.dr[7] = 0
    cpu.c.pointee.exception = 0
    cpu.c.pointee.leaveBlock = false
    cpu.c.pointee.breakpointsArmed = false
    cpu.emptyCache()
    cpu.c.pointee.tags.invalidatePages()
    cpu.flushTLB()
    cpu.refreshMode()
  }

  /// INTR.
  public func setInterruptRequest(_ level: Bool) {
    cpu.s.pointee.intr = level
    if level { cpu.requestAttention() }
  }

  /// A rising edge on NMI.
  public func raiseNMI() {
    cpu.s.pointee.nmiPending = true
    cpu.requestAttention()
  }

  /// IGNNE#: while asserted, numeric errors don't stop the processor. A PC's board asserts it on a write to port F0h and
  /// takes it away when FERR# falls; beside a 386 this stands for the latch that holds BUSY#.
  public func setIgnoreNumericError(_ level: Bool) {
    cpu.s.pointee.ignoresNumericErrors = level
    if level { cpu.s.pointee.awaitsNumericInterrupt = false }
  }

  // MARK: Running

  /// HLT or shutdown.
  public var isHalted: Bool { cpu.s.pointee.halted }
  /// EFLAGS.VM: virtual 8086 mode.
  public var isVirtual8086: Bool { cpu.s.pointee.flags & EFLAGS.vm != 0 }

  /// Clocks since power-on.
  public var clocks: Int64 { cpu.s.pointee.target &- cpu.s.pointee.left }

  /// Guest time at the processor's last instruction boundary.
  public var now: Instant { clock.instant(ofTick: clocks) }

  /// Makes `run` return at the next instruction boundary.
  public func requestStop() {
    cpu.c.pointee.stopRequested = true
    cpu.requestAttention()
  }

  /// Executes until guest time reaches `limit` or a stop is requested. The result doesn't depend on how a run is cut
  /// into calls: alarms and interrupts take effect at the first instruction boundary at or after their time.
  public func run(until limit: Instant) {
    cpu.c.pointee.stopRequested = false
    isRunning = true
    defer { isRunning = false }
    while true {
      scheduler.advance(to: now)
      _ = cpu.settle(cpu.c.pointee.block)
      if resetPending { performReset() }
      // Before the run may end: a pending exception is no part of a saved state, and the instruction has been paid.
      if cpu.c.pointee.exception != 0 {
        cpu.deliverPendingException()
        continue
      }
      if cpu.c.pointee.stopRequested || now >= limit { return }
      if takeInterrupt() {
        cpu.s.pointee.awaitsNumericInterrupt = false
        continue
      }
      if cpu.c.pointee.memoryModel.needsBus, !cpu.s.pointee.halted, waitForBus() > 0 { continue }
      let wake = min(scheduler.nextDeadline, limit)
      if cpu.s.pointee.halted || cpu.s.pointee.awaitsNumericInterrupt {
        skip(to: wake)
        continue
      }
      let end = wake == .never ? clocks &+ (1 << 40) : clock.nextTick(from: wake)
      if passIdleTime(until: end) { continue }
      setSlice(until: beforeNextLook(end))
      if cpu.s.pointee.shadow || cpu.s.pointee.flags & EFLAGS.tf != 0 || cpu.c.pointee.breakpointsArmed {
        step()
      } else {
        // RF lasts for one instruction; without breakpoints nobody can tell which.
        cpu.s.pointee.flags &= ~EFLAGS.rf
        if runBlocks() == .step, !cpu.faulted { step() }
      }
    }
  }

  /// Gives the core all clocks up to clock `end`, or up to the next refresh that it has to wait for.
  private func setSlice(until end: Int64) {
    let now = clocks
    let refresh = cpu.c.pointee.memoryModel.refresh > 0 ? cpu.s.pointee.refreshAt : .max
    cpu.s.pointee.target = min(end, refresh)
    cpu.s.pointee.left = cpu.s.pointee.target &- now
  }

  /// Runs up to clock `end`, a refresh, or the first thing that wants attention.
  func runPlainly(until end: Int64) {
    setSlice(until: end)
    if cpu.s.pointee.shadow {
      step()
    } else {
      cpu.s.pointee.flags &= ~EFLAGS.rf
      if runBlocks() == .step, !cpu.faulted { step() }
    }
  }

  /// One instruction, with the slice ending at clock `end`.
  func stepPlainly(until end: Int64) {
    let now = clocks
    cpu.s.pointee.target = end
    cpu.s.pointee.left = end &- now
    cpu.s.pointee.flags &= ~EFLAGS.rf
    step()
    _ = cpu.settle(cpu.c.pointee.block)
  }

  /// HLT: time passes, nothing else.
  private func skip(to wake: Instant) {
    let end = wake == .never ? clocks &+ (1 << 40) : clock.nextTick(from: wake)
    restedClocks &+= max(end &- clocks, 0)
    cpu.s.pointee.target = max(end, clocks)
    cpu.s.pointee.left = 0
  }

  /// Traps and external interrupts at an instruction boundary, in order of priority: debug traps, NMI, INTR.
  private func takeInterrupt() -> Bool {
    let s = cpu.s
    if s.pointee.isShutDown { return false }
    if s.pointee.pendingTrap != 0, !s.pointee.shadowHoldsTraps {
      let status = s.pointee.pendingTrap
      s.pointee.pendingTrap = 0
      s.pointee.dr[6] |= status
      s.pointee.halted = false
      cpu.c.pointee.exception = 0x100 | Vector.db
      cpu.deliverPendingException()
      return true
    }
    if s.pointee.nmiPending, !s.pointee.nmiBlocked, !s.pointee.shadowHoldsTraps {
      s.pointee.nmiPending = false
      s.pointee.nmiBlocked = true
      cpu.deliverExternal(Vector.nmi)
      return true
    }
    if s.pointee.intr, s.pointee.flags & EFLAGS.if != 0, !s.pointee.shadow {
      cpu.deliverExternal(UInt32(acknowledgeInterrupt()))
      return true
    }
    return false
  }

  private func runBlocks() -> Pause {
    let s = cpu.s
    let code = cpu.seg(SegmentIndex.cs)
    let linear = code.pointee.base &+ s.pointee.eip
    let entry = cpu.jumpEntry(linear)
    var found = entry.pointee.key == cpu.jumpKey(linear) ? entry.pointee.block : nil
    if found?.pointee.valid != true { found = cpu.findBlock(linear) }
    guard let block = found, s.pointee.left >= Int64(block.pointee.cycles),
      UInt64(s.pointee.eip) + UInt64(block.pointee.length) <= UInt64(code.pointee.limit) + 1
    else { return .step }
    return cpu.interpret(block)
  }

  // MARK: Single steps

  /// Executes one instruction, however long it takes.
  private func step() {
    let s = cpu.s
    let hadShadow = s.pointee.shadow
    let traps = s.pointee.flags & EFLAGS.tf != 0
    if cpu.c.pointee.breakpointsArmed, !s.pointee.shadowHoldsTraps, !s.pointee.repeating, cpu.instructionBreakpoint() {
      return
    }
    s.pointee.flags &= ~EFLAGS.rf
    let trapsBefore = s.pointee.pendingTrap
    guard let block = fetch() else { return }
    cpu.requestAttention()
    _ = cpu.interpret(block)
    // An instruction that faults has touched nothing: it reports its data breakpoints when it is restarted.
    if cpu.faulted { s.pointee.pendingTrap = trapsBefore }
    if hadShadow, !cpu.faulted {
      // What the previous instruction held back is due now, unless this one shadows again (only STI; MOV SS right
      // behind MOV SS doesn't).
      s.pointee.shadow = false
      s.pointee.shadowHoldsTraps = false
    }
    if traps, !cpu.faulted, !hasInterrupted(block), !s.pointee.awaitsNumericInterrupt {
      s.pointee.pendingTrap |= DR6.bs
    }
  }

  /// Whether the instruction was INT n, INT3, INTO or ICEBP and has gone through its gate: TF is cleared by then, and
  /// the handler isn't stepped. - Source: 386 PRM 12.3.1.4.
  private func hasInterrupted(_ block: UnsafeMutablePointer<Block>) -> Bool {
    guard block.pointee.ops.pointee.id == .otherEnd else { return false }
    switch Operation(rawValue: block.pointee.ops.pointee.a) ?? .undefined {
    case .int, .int3, .icebp: return true
    case .into: return cpu.s.pointee.flags & EFLAGS.tf == 0
    default: return false
    }
  }

  /// One instruction, for vector tests: nothing is delivered.
  func stepForTest() {
    setSlice(until: clocks &+ (1 << 40))
    step()
  }

  /// Decodes the instruction at CS:EIP, byte-exact in limits and page faults, into the one-instruction block. nil: a
  /// fault is pending.
  private func fetch() -> UnsafeMutablePointer<Block>? {
    let code = cpu.seg(SegmentIndex.cs).pointee
    let eip = cpu.s.pointee.eip
    let block = cpu.c.pointee.store.single
    cpu.c.pointee.block = block
    cpu.c.pointee.op = UnsafePointer(block.pointee.ops)
    block.pointee.cycles = 0
    block.pointee.epoch = 0
    block.pointee.pipe = cpu.s.pointee.pipe
    block.pointee.count = 1
    block.pointee.ops.pointee.after = 0
    guard eip <= code.limit else {
      cpu.gp0()
      return nil
    }
    let allowed = Int(min(UInt64(code.limit) - UInt64(eip) + 1, 16))
    let linear = code.base &+ eip
    let inPage = min(allowed, 0x1000 - Int(linear & 0xFFF))
    guard copyCode(linear, count: inPage, to: 0) else { return nil }
    if let block = decode(available: inPage, code) { return block }
    if cpu.faulted { return nil }
    if inPage < allowed {
      guard copyCode(linear &+ UInt32(inPage), count: allowed - inPage, to: inPage) else { return nil }
      if let block = decode(available: allowed, code) { return block }
    }
    if !cpu.faulted { cpu.gp0() }
    return nil
  }

  private func copyCode(_ linear: UInt32, count: Int, to start: Int) -> Bool {
    guard let physical = cpu.translate(linear, write: false, user: cpu.s.pointee.cpl == 3) else { return false }
    if start == 0 { cpu.c.pointee.store.single.pointee.physical = physical & memory.addressMask }
    for i in 0..<count { fetchBuffer[start + i] = memory.read8(physical &+ UInt32(i)) }
    return true
  }

  /// nil: the bytes aren't enough, or (fault pending) the instruction is too long.
  private func decode(available: Int, _ code: Segment) -> UnsafeMutablePointer<Block>? {
    let block = cpu.c.pointee.store.single
    var op = Op()
    var decoder = Decoder(
      UnsafePointer(fetchBuffer), available: available, code32: code.isBig, is486: cpu.c.pointee.is486, table: table,
      timing: cpu.c.pointee.timing)
    let status = decoder.decode(&op)
    if status == .short {
      if available > Decoder.longest || decoder.length >= Decoder.longest { cpu.gp0() }
      return nil
    }
    if decoder.length > Decoder.longest {
      cpu.gp0()
      return nil
    }
    var pipeline = Pipeline(
      state: cpu.s.pointee.pipe, model: cpu.c.pointee.pipelineModel, code32: code.isBig,
      address: code.base &+ cpu.s.pointee.eip)
    pipeline.issue(&op, decoder)
    op.length = UInt8(decoder.length)
    op.target = op.target &+ UInt32(decoder.length)
    op.original = op.id
    block.pointee.ops[0] = op
    var end = Op()
    end.start = UInt16(decoder.length)
    end.exit = pipeline.state
    block.pointee.ops[1] = end
    block.pointee.cycles = Int32(op.clocks)
    block.pointee.length = UInt16(decoder.length)
    return block
  }

  // MARK: Saved state

  /// The processor's state as a tree, with the flags in canonical form.
  public func savedState() throws -> SavedValue {
    cpu.setArithmeticFlags(cpu.eflags & EFLAGS.arithmetic)
    var state = cpu.s.pointee
    state.target = clocks
    state.left = 0
    // Where a write costs nothing its end means nothing.
    if cpu.c.pointee.memoryModel.write == 0 { state.writesUntil = 0 }
    state.cacheTags = cpu.c.pointee.tags.bytes
    return try state.savedValue()
  }

  /// - Throws: `SavedStateError` if `load` would.
  public func check(_ saved: SavedValue) throws { _ = try CPUState.loading(saved) }

  /// Takes back what `savedState` gave. - Returns: paths of saved values that nothing asked for.
  public func load(_ saved: SavedValue) throws -> [String] {
    let (state, ignored) = try CPUState.loading(saved)
    cpu.s.pointee = state
    cpu.s.pointee.cacheTags = []
    idle = IdleLoop()
    cpu.c.pointee.exception = 0
    cpu.c.pointee.leaveBlock = false
    cpu.dropAllBlocks()
    cpu.flushSoftwareTLB()
    cpu.refreshMode()
    cpu.refreshBreakpoints()
    cpu.c.pointee.tags.load(state.cacheTags)
    cpu.voidReads()
    cpu.releaseAllBlocks()
    return ignored
  }
}
