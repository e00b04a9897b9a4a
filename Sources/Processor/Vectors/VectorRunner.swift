import Hardware

/// Result of a vector file on one model.
public struct VectorReport: Sendable {
  /// Name of the group.
  public var group = ""
  /// Records that matched, each in every mode it is valid for.
  public var passed = 0
  /// Records that didn't.
  public var failed = 0
  /// Records whose state after isn't a state that the instruction could leave; see `VectorRunner`. Neither passed nor
  /// failed.
  public var disputed = 0
  /// Records for another model.
  public var skipped = 0
  /// The first failures: record index, mode and what differed.
  public var failures: [String] = []
}

/// Runs vector files against the processor core.
///
/// Memory outside a record's own bytes holds `(address &* 0x9E3779B1) >> 24`; every record leaves it as it found it.
///
/// What is not compared, and why:
/// - The RPL of null selectors (records from silicon): see `compare`.
/// - Records from an 80286: the upper half of EIP (its IP has 16 bits; a 386 that runs off FFFFh has EIP 10000h). After
///   a division fault, the flags and the whole pushed FLAGS word (undefined by all manuals; the files ignore the word at
///   an even address only, also where SP is odd). SI and DI after a string instruction that faulted: the 80286 leaves
///   them advanced, the 386 and 486 restore them so that the instruction can be restarted (386 PRM 9.8, "faults ...
///   are restartable"; and the silicon records of the str_ groups agree).
/// - An instruction that ends at the segment limit was followed by the fetch of the next in the silicon records: where
///   they report #GP with the instruction done, the fetch is made here too.
/// - What MOV r,CR2 reads in records from emulators: they don't say which CR2 was loaded (their field is 0, the result
///   the address of some earlier fault).
/// - Records from emulators that end in a failed task switch describe the segment registers by looking their selectors
///   up. Where the new task has no LDT, a selector with TI = 1 has no descriptor (386 PRM 5.1.2), and only the selector
///   is compared.
///
/// Disputed are records that end with an unusable CS. In protected mode CS always holds a descriptor (386 PRM 6.3.1: "a
/// null selector in CS causes a general protection exception"). All that are known (58 of `sys_paging`) end in one and
/// the same state, EIP 1000077h with CR2 = 1074h: the recording program's own fault on its descriptor table in a page
/// that the record makes read-only.
public final class VectorRunner {
  private static let memorySize = 0x12_2000
  /// What the processor calls, owned here.
  private let memory = PhysicalMemory(ramSize: 2 << 20)
  private let processor: Processor
  private let model: ProcessorModel
  /// What memory must look like after the record.
  private let expected: UnsafeMutablePointer<UInt8>

  /// A runner for `model`, with its FPU or a 387.
  public init(model: ProcessorModel) {
    self.model = model
    processor = Processor(model: model, fpu: true, memory: memory, io: IOSpace(), scheduler: Scheduler())
    processor.cpu.c.pointee.numericErrorsTrap = true
    expected = .allocate(capacity: VectorRunner.memorySize)
    for i in 0..<memory.ramSize { memory.ram[i] = VectorRunner.background(i) }
    expected.update(from: memory.ram, count: VectorRunner.memorySize)
  }

  deinit { expected.deallocate() }

  private static func background(_ address: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: (UInt32(truncatingIfNeeded: address) &* 0x9E37_79B1) >> 24)
  }

  /// Runs every `stride`-th record; keeps the texts of the first `keeping` failures.
  public func run(_ file: VectorFile, stride: Int = 1, keeping: Int = 10) -> VectorReport {
    var report = VectorReport(group: file.group)
    let only386 = file.group.hasPrefix("spec_ud_386")
    for (index, vector) in file.records.enumerated() where index % max(stride, 1) == 0 {
      let family = model.family
      if only386 ? family != 3 : vector.cpu > family {
        report.skipped += 1
        continue
      }
      if vector.mode != 0, vector.segmentsAfter[1].attributes == 0 {
        report.disputed += 1
        continue
      }
      var modes = [vector.mode]
      if vector.flags & 8 != 0 { modes += [0, 3] }
      var problem: String?
      for mode in modes where problem == nil {
        problem = check(vector, mode: mode).map { "\(index) mode \(mode): \($0)" }
      }
      if let problem {
        report.failed += 1
        if report.failures.count < keeping {
          let bytes = vector.instruction.map { String($0, radix: 16) }.joined(separator: " ")
          report.failures.append("\(problem) [\(bytes)]")
        }
      } else {
        report.passed += 1
      }
    }
    return report
  }

  // MARK: One record

  private func check(_ v: VectorFile.Vector, mode: Int) -> String? {
    let cpu = processor.cpu
    let converted = mode != v.mode
    prepare(v, mode: mode, converted: converted)
    for run in monitorMemory(v) {
      put(run, memory.ram)
      put(run, expected)
    }
    for run in v.memoryBefore {
      put(run, memory.ram)
      put(run, expected)
    }
    for run in v.memoryAfter { put(run, expected) }
    cpu.dropAllBlocks()
    cpu.flushTLB()

    var problem: String?
    if v.flags & 1 != 0 { runToHalt() } else { problem = executeOne(v, mode: mode, converted: converted) }
    problem = problem ?? compare(v, mode: mode, converted: converted)
    if let difference = restoreMemory(v), problem == nil { problem = difference }
    cpu.c.pointee.exception = 0
    return problem
  }

  /// What the records from emulators don't list though it isn't background: the program that took them had filled
  /// its code segment, 10000h-17FFFh, with INT3, and entered the instruction with IRET. At CPL 0 that frame lies just
  /// below the record's stack pointer. Both show wherever an instruction reads or partly overwrites them.
  private func monitorMemory(_ v: VectorFile.Vector) -> [VectorFile.Run] {
    guard v.source >= 3, v.systemBefore != nil else { return [] }
    var runs = [VectorFile.Run(address: 0x1_0000, bytes: VectorRunner.landingZone)]
    let stack = v.segmentsBefore[2]
    let mask: UInt32 = stack.attributes & 0x4000 != 0 ? .max : 0xFFFF
    if v.mode == 1 || v.mode == 2, v.segmentsBefore[1].selector & 3 == 0, v.before[4] & mask >= 12 {
      var bytes: [UInt8] = []
      for value in [v.before[8], UInt32(v.segmentsBefore[1].selector), v.before[9]] {
        for i in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(8 * i))) }
      }
      runs.append(VectorFile.Run(address: stack.base &+ (v.before[4] &- 12) & mask, bytes: bytes))
    }
    return runs
  }

  private static let landingZone = [UInt8](repeating: 0xCC, count: 0x8000)

  private func put(_ run: VectorFile.Run, _ place: UnsafeMutablePointer<UInt8>) {
    for (i, byte) in run.bytes.enumerated() where Int(run.address) + i < VectorRunner.memorySize {
      place[Int(run.address) + i] = byte
    }
  }

  private func prepare(_ v: VectorFile.Vector, mode: Int, converted: Bool) {
    processor.reset()
    let cpu = processor.cpu
    let s = cpu.s
    s.pointee.nmiBlocked = false
    for i in 0..<8 { cpu.setReg(i, v.before[i]) }
    s.pointee.eip = v.before[8]
    var flags = v.before[9]
    if converted { flags = mode == 3 ? flags & ~EFLAGS.iopl | EFLAGS.vm : flags & ~EFLAGS.vm }
    if mode == 3 { flags |= EFLAGS.vm }
    cpu.setArithmeticFlags(flags)
    s.pointee.flags = flags & ~EFLAGS.arithmetic | 2
    for i in 0..<6 {
      let from = v.segmentsBefore[i]
      var segment = Segment()
      segment.base = from.base
      segment.limit = converted ? 0xFFFF : from.limit
      segment.selector = converted ? UInt16(truncatingIfNeeded: from.base >> 4) : from.selector
      segment.attributes = converted || mode == 0 || mode == 3 ? (mode == 3 ? 0xF3 : 0x93) : from.attributes
      if mode == 0 || mode == 3, !converted { segment.attributes = from.attributes == 0 ? 0x93 : from.attributes }
      // See `compare`: the operating system had made a null selector 0 before the instruction ran.
      if segment.attributes == 0, v.source == 1 { segment.selector &= ~3 }
      cpu.seg(i).pointee = segment
    }
    s.pointee.cpl = mode == 0 ? 0 : (mode == 3 ? 3 : UInt8(v.segmentsBefore[1].selector & 3))
    s.pointee.cr0 = mode == 0 ? 0x10 : 0x11
    // Where nothing else is said the task has no I/O permission bitmap.
    cpu.seg(SegmentIndex.tr).pointee.limit = 0
    // Numeric errors are #MF; a system block brings its own CR0.
    if cpu.c.pointee.is486 { s.pointee.cr0 |= CR0.ne }
    s.pointee.fpu = VectorFile.numericUnit(v.fpuBefore, model: s.pointee.fpu.model)
    if let system = v.systemBefore, !converted { load(system) }
    cpu.c.pointee.exception = 0
    cpu.refreshMode()
    cpu.refreshBreakpoints()
  }

  private func load(_ system: VectorFile.System) {
    let s = processor.cpu.s
    s.pointee.cr0 = system.cr0
    s.pointee.cr2 = system.cr2
    s.pointee.cr3 = system.cr3
    for (i, value) in zip([0, 1, 2, 3, 6, 7], system.dr) { s.pointee.dr[i] = value }
    s.pointee.gdtBase = system.gdtBase
    s.pointee.gdtLimit = system.gdtLimit
    s.pointee.idtBase = system.idtBase
    s.pointee.idtLimit = system.idtLimit
    for (i, from) in [(SegmentIndex.ldtr, system.ldtr), (SegmentIndex.tr, system.tr)] {
      processor.cpu.seg(i).pointee = Segment(
        base: from.base, limit: from.limit, selector: from.selector, attributes: from.attributes)
    }
  }

  /// One instruction, or the whole of a repeated one. Exceptions stay pending.
  private func executeOne(_ v: VectorFile.Vector, mode: Int, converted: Bool) -> String? {
    let cpu = processor.cpu
    cpu.c.pointee.reportsBreakpoints = v.systemBefore == nil || v.source == 1
    repeat { processor.stepForTest() } while cpu.s.pointee.repeating && !cpu.faulted
    cpu.c.pointee.reportsBreakpoints = false
    if v.exception == 13, !cpu.faulted, cpu.s.pointee.eip > cpu.seg(SegmentIndex.cs).pointee.limit {
      processor.stepForTest()
    }
    let exception = cpu.c.pointee.exception
    var number = exception == 0 ? 255 : Int(exception & 0xFF)
    if exception == 0, cpu.s.pointee.pendingTrap != 0 {
      number = 1
      cpu.s.pointee.dr[6] |= cpu.s.pointee.pendingTrap
      cpu.s.pointee.pendingTrap = 0
    }
    if number != v.exception { return "exception \(number), expected \(v.exception)" }
    if v.errorMode != 0, !converted {
      let mask: UInt32 = v.errorMode == 3 ? 0xFFFD : 0xFFFF
      if exception & 0x200 == 0 { return "no error code" }
      if (cpu.c.pointee.errorCode ^ v.error) & mask != 0 {
        return "error code \(cpu.c.pointee.errorCode), expected \(v.error)"
      }
    }
    return nil
  }

  private func runToHalt() {
    for _ in 0..<200 where !processor.isHalted {
      processor.run(until: processor.now + .microseconds(1))
    }
  }

  private func compare(_ v: VectorFile.Vector, mode: Int, converted: Bool) -> String? {
    let cpu = processor.cpu
    let names = ["EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"]
    for i in 0..<8 {
      var ignored: UInt32 = 0
      for (register, mask) in v.ignoredRegisters where register == i { ignored |= mask }
      if i >= 6, v.is286StringFault { ignored = .max }
      if i == v.registerFromCR2 { ignored = .max }
      if (cpu.reg(i) ^ v.after[i]) & ~ignored != 0 {
        return "\(names[i]) \(hex(cpu.reg(i))), expected \(hex(v.after[i]))"
      }
    }
    let eipMask: UInt32 = v.source == 2 ? 0xFFFF : .max
    if (cpu.s.pointee.eip ^ v.after[8]) & eipMask != 0 {
      return "EIP \(hex(cpu.s.pointee.eip)), expected \(hex(v.after[8]))"
    }
    var ignored = v.ignoredFlags
    var wanted = v.after[9]
    if v.source == 2, v.exception == 0 { ignored |= EFLAGS.arithmetic }
    if converted {
      ignored |= EFLAGS.iopl
      wanted = mode == 3 ? wanted | EFLAGS.vm : wanted & ~EFLAGS.vm
    }
    if mode == 3 { wanted |= EFLAGS.vm }
    if (cpu.eflags ^ wanted) & ~ignored & 0x3F_FFFF != 0,
      v.systemAfter == nil || (cpu.eflags ^ v.after[9]) & ~ignored & 0x3F_FFFF != 0
    {
      return "EFLAGS \(hex(cpu.eflags)), expected \(hex(wanted)), ignoring \(hex(ignored))"
    }
    let segments = ["ES", "CS", "SS", "DS", "FS", "GS"]
    for i in 0..<6 {
      let have = cpu.seg(i).pointee
      let want = v.segmentsAfter[i]
      let selector = converted ? UInt16(truncatingIfNeeded: want.base >> 4) : want.selector
      // A null selector's RPL: the records were taken under an operating system whose return to user mode writes 0 over
      // it, which no instruction tested does. Null is null.
      let isUnknown = v.systemAfter?.ldtr.attributes == 0 && selector & 4 != 0 && v.exception == 10
      let bothNull = want.attributes == 0 && have.selector | selector < 4
      if have.selector != selector, !bothNull {
        return "\(segments[i]) \(hex(have.selector)), expected \(hex(selector))"
      }
      if want.attributes != 0, !isUnknown, have.base != want.base {
        return "\(segments[i]) base \(hex(have.base)), expected \(hex(want.base))"
      }
      if want.attributes != 0, !converted, !isUnknown, have.limit != want.limit {
        return "\(segments[i]) limit \(hex(have.limit)), expected \(hex(want.limit))"
      }
    }
    if v.flags & 2 != 0, let difference = VectorFile.difference(cpu.s.pointee.fpu, v) { return difference }
    if let system = v.systemAfter, !converted { return compare(system, v) }
    return nil
  }

  private func compare(_ system: VectorFile.System, _ v: VectorFile.Vector) -> String? {
    let s = processor.cpu.s.pointee
    if v.exception == 14, s.cr2 != system.cr2 { return "CR2 \(hex(s.cr2)), expected \(hex(system.cr2))" }
    if v.source == 1 { return nil }
    if (s.cr0 ^ system.cr0) & 0x8005_003F != 0 { return "CR0 \(hex(s.cr0)), expected \(hex(system.cr0))" }
    if s.cr3 != system.cr3 { return "CR3 \(hex(s.cr3)), expected \(hex(system.cr3))" }
    if s.gdtBase != system.gdtBase || s.gdtLimit != system.gdtLimit { return "GDTR" }
    if s.idtBase != system.idtBase || s.idtLimit != system.idtLimit { return "IDTR" }
    let ldtr = processor.cpu.seg(SegmentIndex.ldtr).pointee.selector
    if ldtr != system.ldtr.selector { return "LDTR \(hex(ldtr)), expected \(hex(system.ldtr.selector))" }
    let tr = processor.cpu.seg(SegmentIndex.tr).pointee.selector
    if tr != system.tr.selector { return "TR \(hex(tr)), expected \(hex(system.tr.selector))" }
    let dr7 = s.dr[7] & 0x3FF | 0xFFFF_0000
    let wanted7 = system.dr[5] & 0x3FF | 0xFFFF_0000
    if dr7 != wanted7 { return "DR7 \(hex(dr7)), expected \(hex(wanted7))" }
    if v.exception == 1, (s.dr[6] ^ system.dr[4]) & 0xE00F != 0 {
      return "DR6 \(hex(s.dr[6])), expected \(hex(system.dr[4]))"
    }
    return nil
  }

  /// Compares memory with what it should be, and puts the background back.
  private func restoreMemory(_ v: VectorFile.Vector) -> String? {
    let extra = v.source == 2 && v.exception == 0 ? 1 : 0
    for (address, count) in v.skipped {
      for i in 0..<count + extra where Int(address) + i < VectorRunner.memorySize {
        expected[Int(address) + i] = memory.ram[Int(address) + i]
      }
    }
    var problem: String?
    let words = VectorRunner.memorySize / 8
    let have = UnsafeRawPointer(memory.ram).assumingMemoryBound(to: UInt64.self)
    let want = UnsafeRawPointer(expected).assumingMemoryBound(to: UInt64.self)
    var difference: UInt64 = 0
    for i in 0..<words { difference |= have[i] ^ want[i] }
    if difference != 0 {
      for i in 0..<VectorRunner.memorySize where memory.ram[i] != expected[i] {
        if problem == nil {
          problem = "memory \(hex(UInt32(i))): \(hex(memory.ram[i])), expected \(hex(expected[i]))"
        }
        memory.ram[i] = VectorRunner.background(i)
        expected[i] = VectorRunner.background(i)
      }
    }
    for run in v.memoryBefore + v.memoryAfter { undo(run.address, run.bytes.count) }
    for run in monitorMemory(v) { undo(run.address, run.bytes.count) }
    for (address, count) in v.skipped { undo(address, count + extra) }
    return problem
  }

  private func undo(_ address: UInt32, _ count: Int) {
    for i in Int(address)..<Int(address) + count where i < VectorRunner.memorySize {
      memory.ram[i] = VectorRunner.background(i)
      expected[i] = VectorRunner.background(i)
    }
  }

  private func hex(_ value: some BinaryInteger) -> String { String(value, radix: 16) }
}

extension VectorFile.Vector {
  /// The destination of MOV r,CR2 in a record from emulators.
  fileprivate var registerFromCR2: Int? {
    guard source >= 3, let i = instruction.firstIndex(of: 0x0F), i + 2 < instruction.count, instruction[i + 1] == 0x20,
      instruction[i + 2] >> 3 & 7 == 2
    else { return nil }
    return Int(instruction[i + 2] & 7)
  }

  /// A record of an 80286 whose string instruction raised #GP or #SS.
  fileprivate var is286StringFault: Bool {
    guard source == 2, exception == 12 || exception == 13, let opcode = instruction.last else { return false }
    return (opcode >= 0xA4 && opcode <= 0xA7) || (opcode >= 0xAA && opcode <= 0xAF)
  }
}
