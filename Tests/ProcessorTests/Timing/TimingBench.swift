import Hardware

@testable import Processor

/// Ports E0h-E3h: every write to the first is stamped with guest time; the second ends the run. A write to the second
/// raises INTR until it is acknowledged, a write to the third is DMA's HOLD. Reads give 1.
final class Stopwatch: Device {
  struct State: SavedState {
    var stamps: [Instant] = []
  }
  var state = State()
  private let scheduler: Scheduler
  var onSecond: () -> Void = {}
  let request = Line()
  var onHold: () -> Void = {}

  init(_ scheduler: Scheduler) { self.scheduler = scheduler }

  var footprint: Footprint {
    Footprint("stopwatch", chip: "test", [.ports(0xE0...0xE3, block: 0), .line("intr", request)])
  }
  func readPort(_ block: Int, _ offset: Int) -> UInt8 { 1 }
  func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    if offset == 1 { request.raise() }
    if offset == 2 { onHold() }
    guard offset == 0 else { return }
    state.stamps.append(scheduler.now)
    if state.stamps.count == 2 { onSecond() }
  }
}

/// The mode that a microbenchmark runs in.
enum BenchMode: Equatable {
  case real
  /// Protected mode at privilege 0 or 3, I/O privilege 0 or 3.
  case protected(cpl: UInt8 = 0, iopl: UInt8 = 0)
  case v86
}

/// A processor with a program that repeats an instruction between two writes to the stopwatch.
///
/// Code lies at 10000h, data at 20000h, the stack at 30000h; every mode's segments begin there. Selectors: 08h code,
/// 10h data, 18h stack of privilege 0; 23h, 2Bh, 33h of privilege 3; the tables hold gates and tasks besides (`tables`).
final class TimingBench {
  let plane = Backplane(ramSize: 1 << 20)
  let processor: Processor
  let model: ProcessorModel
  private let watch: Stopwatch
  private let mode: BenchMode
  private let wide: Bool

  init(_ model: ProcessorModel, _ mode: BenchMode, wide: Bool) throws {
    self.model = model
    self.mode = mode
    self.wide = wide
    watch = Stopwatch(plane.scheduler)
    try plane.attach(watch)
    processor = Processor(model: model, fpu: true, memory: plane.memory, io: plane.io, scheduler: plane.scheduler)
    watch.onSecond = { [unowned processor] in processor.requestStop() }
    watch.request.connect { [unowned processor] in processor.setInterruptRequest($0) }
    processor.acknowledgeInterrupt = { [unowned watch] in
      watch.request.lower()
      return 0x20
    }
    tables()
    registers()
  }

  var cpu: CPU { processor.cpu }
  /// What DMA takes of the bus at a write to port E2h.
  var hold: Span = .seconds(0) {
    didSet { watch.onHold = { [unowned processor, hold] in processor.holdBus(for: hold) } }
  }

  func put(_ address: Int, _ bytes: [UInt8]) {
    for (i, byte) in bytes.enumerated() { plane.memory.ram[address + i] = byte }
  }
  func put32(_ address: Int, _ value: UInt32) {
    put(address, (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
  }

  /// Runs `program` at offset 0 of the code segment and returns the clocks between its two stamps; the second time, when
  /// the caches have it.
  func clocks(_ program: [UInt8], setup: (TimingBench) -> Void) -> Int64 {
    put(0x1_0000, program)
    setup(self)
    if processor.timingModel == .full {
      _ = pass()
      tables()
      registers()
      setup(self)
      watch.state = Stopwatch.State()
    }
    return pass()
  }

  /// Runs `program` once and returns the clocks at its stamps.
  func stamps(_ program: [UInt8]) -> [Int64] {
    put(0x1_0000, program)
    _ = pass()
    return watch.state.stamps.map { processor.clock.nextTick(from: $0) }
  }

  private func pass() -> Int64 {
    cpu.flushTLB()
    cpu.refreshMode()
    processor.run(until: processor.now + .seconds(2))
    guard watch.state.stamps.count == 2 else { return -1 }
    let clock = processor.clock
    return clock.nextTick(from: watch.state.stamps[1]) - clock.nextTick(from: watch.state.stamps[0])
  }

  // MARK: Setting up

  private func registers() {
    let s = cpu.s
    let values: [UInt32] = [5, 1, 0, 0x100, 0xE000, 0x200, 0x400, 0x800]
    for (i, value) in values.enumerated() { cpu.setReg(i, value) }
    s.pointee.eip = 0
    s.pointee.flags = 2
    s.pointee.pipe = Pipe.flushed
    s.pointee.cpl = 0
    s.pointee.cr0 = model.family == 4 ? CR0.et : CR0.et
    s.pointee.fpu.initialize()
    put32(0x2_0100, 1)
    switch mode {
    case .real:
      for (i, segment) in [(1, 0x1000), (2, 0x3000), (0, 0x2000), (3, 0x2000), (4, 0x2000), (5, 0x2000)] {
        cpu.seg(i).pointee = .real(UInt16(segment))
      }
    case .v86:
      s.pointee.cr0 |= CR0.pe
      s.pointee.flags |= EFLAGS.vm | EFLAGS.iopl
      s.pointee.cpl = 3
      for (i, segment) in [(1, 0x1000), (2, 0x3000), (0, 0x2000), (3, 0x2000), (4, 0x2000), (5, 0x2000)] {
        cpu.loadV86Segment(i, UInt16(segment))
      }
    case .protected(let cpl, let iopl):
      s.pointee.cr0 |= CR0.pe
      s.pointee.flags |= UInt32(iopl) << 12
      s.pointee.cpl = cpl
      let ring = cpl == 0 ? (0x08, 0x10, 0x18) : (0x23, 0x2B, 0x33)
      for (i, selector) in [(1, ring.0), (2, ring.2), (0, ring.1), (3, ring.1), (4, ring.1), (5, ring.1)] {
        if let d = cpu.findDescriptor(UInt16(selector)) { cpu.seg(i).pointee = d.segment(UInt16(selector)) }
      }
    }
    if let task = cpu.findDescriptor(0x38) { cpu.seg(SegmentIndex.tr).pointee = task.segment(0x38) }
    cpu.seg(SegmentIndex.tr).pointee.attributes |= 2
    if let ldt = cpu.findDescriptor(0x68) { cpu.seg(SegmentIndex.ldtr).pointee = ldt.segment(0x68) }
  }

  private func descriptor(_ selector: Int, base: UInt32, limit: UInt32, access: UInt8, flags: UInt8 = 0) {
    put32(0x1000 + selector, limit & 0xFFFF | base << 16)
    let high = UInt32(flags) << 20 | UInt32(access) << 8
    put32(0x1004 + selector, base >> 16 & 0xFF | high | limit & 0xF_0000 | base & 0xFF00_0000)
  }

  private func gate(at address: Int, selector: Int, offset: UInt32, type: UInt8, parameters: UInt8 = 0) {
    put32(address, UInt32(selector) << 16 | offset & 0xFFFF)
    put32(address + 4, offset & 0xFFFF_0000 | UInt32(type) << 8 | UInt32(parameters))
  }

  /// GDT at 1000h, IDT at 2000h, tasks at 3000h (the current one, with an I/O map that allows everything), 4000h (386),
  /// 4800h and 5800h (286), 5400h and 5C00h (V86), an empty LDT at 5000h. Handlers begin at code offset 8000h.
  private func tables() {
    let s = cpu.s
    let size: UInt8 = wide ? 4 : 0
    for (selector, base) in [(0x08, 0x1_0000), (0x10, 0x2_0000), (0x18, 0x3_0000)] {
      descriptor(selector, base: UInt32(base), limit: 0xFFFF, access: selector == 8 ? 0x9B : 0x93, flags: size)
    }
    for (selector, base) in [(0x20, 0x1_0000), (0x28, 0x2_0000), (0x30, 0x3_0000)] {
      descriptor(selector, base: UInt32(base), limit: 0xFFFF, access: selector == 0x20 ? 0xFB : 0xF3, flags: size)
    }
    descriptor(0x38, base: 0x3000, limit: 0xFF, access: 0xEB)
    descriptor(0x40, base: 0x4000, limit: 0xFF, access: 0xE9)
    descriptor(0x48, base: 0x4800, limit: 0xFF, access: 0xE1)
    descriptor(0x70, base: 0x5400, limit: 0xFF, access: 0xE9)
    descriptor(0x80, base: 0x5800, limit: 0xFF, access: 0xE1)
    descriptor(0x88, base: 0x5C00, limit: 0xFF, access: 0xE9)
    descriptor(0x68, base: 0x5000, limit: 0x7F, access: 0xE2)
    // A page-granular segment, for LSL.
    descriptor(0x78, base: 0, limit: 0xF, access: 0x93, flags: 8)
    let gateType: UInt8 = wide ? 0xEC : 0xE4
    gate(at: 0x1050, selector: 0x08, offset: 0x8000, type: gateType)
    gate(at: 0x1058, selector: 0x08, offset: 0x8000, type: gateType, parameters: 2)
    gate(at: 0x1060, selector: 0x40, offset: 0, type: 0xE5)
    for vector in 0..<0x40 {
      let isV86 = mode == .v86
      gate(at: 0x2000 + vector * 8, selector: 0x08, offset: 0x8000, type: isV86 || wide ? 0xEE : 0xE6)
    }
    gate(at: 0x2000 + 0x30 * 8, selector: 0x40, offset: 0, type: 0xE5)
    // Real mode: all vectors to the handler.
    if mode == .real { for vector in 0..<0x40 where vector * 4 < 0x100 { put32(vector * 4, 0x1000_8000) } }
    s.pointee.gdtBase = 0x1000
    s.pointee.gdtLimit = 0x7FF
    s.pointee.idtBase = mode == .real ? 0 : 0x2000
    s.pointee.idtLimit = 0x3FF
    put32(0x3004, 0xF000)
    put32(0x3008, 0x18)
    put(0x3066, [0x68, 0])
    put(0x30FF, [0xFF])
  }

  /// Identity pages for the first megabyte, directory at 6000h and table at 7000h, and paging on.
  func pages() {
    for i in 0..<1024 { put32(0x6000 + i * 4, i == 0 ? 0x7007 : 0) }
    for i in 0..<256 { put32(0x7000 + i * 4, UInt32(i) << 12 | 0x67) }
    cpu.s.pointee.cr3 = 0x6000
    cpu.s.pointee.cr0 |= CR0.pg
  }

  /// Fills the task state segment at `address`: privilege 0, starting at code offset `start`.
  func task(at address: Int, is386: Bool, v86: Bool = false, start: UInt16 = 0x9000) {
    if is386 {
      put32(address + 0x20, UInt32(start))
      put32(address + 0x24, v86 ? 0x2_3002 : 0x2)
      put32(address + 0x28 + 16, 0xD000)
      let segments: [UInt32] = v86 ? [0x2000, 0x1000, 0x3000, 0x2000, 0, 0] : [0x10, 0x08, 0x18, 0x10, 0, 0]
      for (i, selector) in segments.enumerated() { put32(address + 0x48 + i * 4, selector) }
      put32(address + 4, 0xF000)
      put32(address + 8, 0x18)
      put(address + 0x66, [0x68, 0])
    } else {
      put(address + 0x0E, [UInt8(truncatingIfNeeded: start), UInt8(start >> 8), 0x02, 0x00])
      put(address + 0x12 + 8, [0x00, 0xD0])
      put(address + 0x22, [0x10, 0, 0x08, 0, 0x18, 0, 0x10, 0])
      put(address + 2, [0x00, 0xF0, 0x18, 0x00])
    }
  }
}

/// One microbenchmark: an instruction with what must come before it each time.
struct TimingKernel {
  var mode = BenchMode.real
  /// 32-bit code segment.
  var wide = false
  /// Runs once, before the clock starts.
  var start: [UInt8] = []
  /// Runs before each repetition and is measured alone, too. Gets the offset of what follows the instruction.
  var before: (Int) -> [UInt8] = { _ in [] }
  /// The instruction. Gets the offset of what follows it.
  var body: (Int) -> [UInt8]
  /// Code at offset 8000h (handlers), 9000h and A000h (other tasks).
  var handler: [UInt8] = []
  var other: [UInt8] = []
  var third: [UInt8] = []
  /// Changes to the machine.
  var setup: (TimingBench) -> Void = { _ in }
  /// Put between repetitions: keeps the queue full and the decoder ahead. Numeric instructions overlap it.
  var filler: [UInt8] = [UInt8](repeating: 0xFC, count: 6)
  /// Bytes that go over the I/O bus: each has its wait states.
  var portAccesses = 0
  /// With full timing: walks through the page tables that the 486 does because of the instruction, 13 clocks each.
  var walks = 0
  /// The documented clocks of one repetition.
  var expected: ClosedRange<Int>

  /// Clocks of one repetition, from runs of 20 and 40.
  func measure(_ model: ProcessorModel, full: Bool) throws -> Double {
    func run(_ count: Int, _ withBody: Bool) throws -> Int64 {
      let bench = try TimingBench(model, mode, wide: wide)
      bench.processor.setTiming(full ? .full : .simple, board: .ideal)
      bench.put(0x1_8000, handler)
      bench.put(0x1_9000, other)
      bench.put(0x1_A000, third)
      var program = start + [0xE6, 0xE0]
      for _ in 0..<count {
        let length = before(0).count + filler.count + (withBody ? body(0).count : 0)
        let next = program.count + length
        program += before(next)
        program += filler
        if withBody { program += body(next) }
        program += filler
      }
      program += [0xE6, 0xE0, 0xEB, 0xFE]
      return bench.clocks(program, setup: setup)
    }
    func slope(_ withBody: Bool) throws -> Double {
      let (short, long) = (try run(20, withBody), try run(40, withBody))
      return short < 0 || long < 0 ? .infinity : Double(long - short) / 20
    }
    return try slope(true) - slope(false)
  }
}
