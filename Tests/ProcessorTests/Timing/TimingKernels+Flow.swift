import Hardware

@testable import Processor

// Strings, jumps, calls, interrupts and task switches.

extension TimingKernels {
  private func low(_ value: Int) -> [UInt8] {
    [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
  }

  /// Another row's clocks: of what brings the program back.
  private func clocks(_ mnemonic: String, _ role: String, operands: String? = nil) -> Int {
    TimingRow.all(family: family).first {
      $0.mnemonic == mnemonic && $0.role == role && (operands == nil || $0.operands == operands)
    }?.clocks ?? 0
  }

  private func flowKernel(
    _ body: @escaping (Int) -> [UInt8], more: Int = 0, before: @escaping (Int) -> [UInt8] = { _ in [] }
  ) -> TimingKernel {
    let jump = family == 3 && row.varies.contains("m") ? 1 : 0
    return TimingKernel(mode: mode, before: before, body: body, expected: expected(jump + more))
  }

  /// Strings, once and repeated seven times (or as the row says).
  func strings() -> [TimingKernel] {
    let names = ["MOVS": 0xA4, "CMPS": 0xA6, "STOS": 0xAA, "LODS": 0xAC, "SCAS": 0xAE, "INS": 0x6C, "OUTS": 0x6E]
    let name = String(row.mnemonic.split(separator: " ").last ?? "")
    let isPort = name == "INS" || name == "OUTS" || name == "IN" || name == "OUT"
    guard let base = names[name] ?? (isPort ? 0 : nil) else { return [] }
    let dword = row.size == "32"
    let wide = dword && mode != .real && mode != .v86
    let prefix: [UInt8] = dword && !wide ? [0x66] : []
    let bytes = row.size == "8" ? 1 : dword ? 4 : 2
    var opcode = UInt8(base) + (bytes == 1 ? 0 : 1)
    if base == 0 { opcode = UInt8(row.opcodes[0], radix: 16) ?? 0 }
    var body = prefix + [opcode]
    if opcode & 0xFC == 0xE4 { body.append(0xE1) }
    var more = 0
    var accesses = 1
    var before: [UInt8] = []
    if row.operands == "rep" {
      accesses = row.role == "repeat-none" ? 0 : row.role == "repeat-one" ? 1 : 7
      more = accesses > 1 ? (Int(row.varies.prefix { $0.isNumber }) ?? 0) * accesses : 0
      body = [name == "SCAS" ? 0xF2 : 0xF3] + body
      before = [0xB9] + low(accesses) + (wide ? [0, 0] : [])
    }
    var kernel = TimingKernel(mode: mode, wide: wide, body: { _ in body }, expected: expected(more))
    kernel.before = { _ in before }
    // The bus's wait states come on top: the stopwatch's ports are 8 bits wide.
    kernel.portAccesses = isPort ? accesses * bytes : 0
    kernel.setup = {
      $0.cpu.setReg(2, 0xE1)
      $0.put32(0x2_0100, 0)
    }
    return [kernel]
  }

  func flow() -> [TimingKernel] {
    let isReal = mode == .real
    let code = isReal ? [0x00, 0x10] as [UInt8] : [0x08, 0x00]
    let memory = { (next: Int) -> [UInt8] in [0xC7, 0x07] + low(next) }
    let farMemory = { (next: Int) -> [UInt8] in [0xC7, 0x07] + low(next) + [0xC7, 0x47, 0x02] + code }
    var kernel: TimingKernel
    switch (row.mnemonic, row.opcodes.first ?? "") {
    case ("Jcc", let name):
      let condition: UInt8 = row.condition == "taken" ? 4 : 5
      let body: [UInt8] =
        name == "70+"
        ? [0x70 | condition, 0] : [0x0F, 0x80 | condition, 0, 0] + (row.operands == "rel32" ? [0, 0] : [])
      kernel = flowKernel({ _ in body })
      kernel.start = [0x39, 0xC0]
      if row.operands == "rel32" {
        kernel.wide = true
        kernel.mode = .protected()
      }
    case ("JCXZ/JECXZ", _):
      kernel = flowKernel({ _ in [0xE3, 0] })
      if row.condition == "taken" { kernel.start = [0x31, 0xC9] }
    case ("LOOP", let name), ("LOOPE", let name), ("LOOPNE", let name):
      kernel = flowKernel({ _ in [name == "E2" ? 0xE2 : name == "E1" ? 0xE1 : 0xE0, 0] })
      kernel.start = name == "E0" ? [0xB9, 0xFF, 0x7F, 0x3C, 0x01] : [0xB9, 0xFF, 0x7F, 0x39, 0xC0]
      if row.condition != "taken" { kernel.before = { _ in [0xB9, 1, 0] } }
    case ("JMP", "EB"): kernel = flowKernel({ _ in [0xEB, 0] })
    case ("JMP", "E9"):
      kernel = flowKernel({ _ in [0xE9, 0, 0] + (row.operands == "rel32" ? [0, 0] : []) })
      if row.operands == "rel32" {
        kernel.wide = true
        kernel.mode = .protected()
      }
    case ("JMP", "FF/4"):
      let isMemory = row.operands == "m"
      kernel = flowKernel({ _ in [0xFF, isMemory ? 0x27 : 0xE1] })
      kernel.before = isMemory ? memory : { [0xB9] + low($0) }
    case ("CALL", "E8"): kernel = flowKernel({ _ in [0xE8, 0, 0] })
    case ("CALL", "FF/2"):
      let isMemory = row.operands == "m"
      kernel = flowKernel({ _ in [0xFF, isMemory ? 0x17 : 0xD1] })
      kernel.before = isMemory ? memory : { [0xB9] + low($0) }
    case ("JMP", "EA"): kernel = flowKernel({ [0xEA] + low($0) + code })
    case ("CALL", "9A"): kernel = flowKernel({ [0x9A] + low($0) + code })
    case ("JMP", "FF/5"): kernel = flowKernel({ _ in [0xFF, 0x2F] }, before: farMemory)
    case ("CALL", "FF/3"): kernel = flowKernel({ _ in [0xFF, 0x1F] }, before: farMemory)
    case ("RET", "C3"): kernel = flowKernel({ _ in [0xC3] }, before: { [0x68] + low($0) })
    case ("RET", "C2"): kernel = flowKernel({ _ in [0xC2, 0, 0] }, before: { [0x68] + low($0) })
    case ("RET", "CB"): kernel = flowKernel({ _ in [0xCB] }, before: { [0x0E, 0x68] + low($0) })
    case ("RET", "CA"): kernel = flowKernel({ _ in [0xCA, 0, 0] }, before: { [0x0E, 0x68] + low($0) })
    case ("IRET", _): kernel = flowKernel({ _ in [0xCF] }, before: { [0x9C, 0x0E, 0x68] + low($0) })
    case ("INT 3", _), ("INT n", _), ("INTO", _):
      let body: [UInt8] = row.mnemonic == "INT 3" ? [0xCC] : row.mnemonic == "INTO" ? [0xCE] : [0xCD, 0x20]
      if row.mnemonic == "INTO", row.role == "base" { return [flowKernel({ _ in body })] }
      if row.role == "v86" { return transfer() }
      kernel = flowKernel({ _ in body }, more: clocks("IRET", isReal ? "base" : "protected"))
      kernel.handler = [0xCF]
      // AL = 7Fh + 1: overflow.
      kernel.start = [0xB0, 0x7F, 0x04, 0x01]
    default: return []
    }
    return [kernel]
  }

  /// Changes of privilege and of tasks: there and back, with the clocks of both rows. What is 386's `m` is counted for
  /// the first instruction behind each transfer.
  func transfer() -> [TimingKernel] {
    let m = family == 3 ? 1 : 0
    let isMemory = row.opcodes.first == "FF/3" || row.opcodes.first == "FF/5"
    let ring3 = BenchMode.protected(cpl: 3, iopl: 0)
    func far(_ selector: Int) -> (before: [UInt8], body: [UInt8]) {
      let isCall = row.mnemonic != "JMP"
      return isMemory
        ? ([0xC7, 0x47, 0x02] + low(selector), [0xFF, isCall ? 0x1F : 0x2F])
        : ([], [isCall ? 0x9A : 0xEA, 0, 0] + low(selector))
    }
    func kernel(
      _ mode: BenchMode, _ there: (before: [UInt8], body: [UInt8]), back: Int, handler: [UInt8] = [],
      other: [UInt8] = [], setup: @escaping (TimingBench) -> Void = { _ in }
    ) -> [TimingKernel] {
      [
        TimingKernel(
          mode: mode, before: { _ in there.before }, body: { _ in there.body }, handler: handler, other: other,
          setup: setup, expected: expected(back))
      ]
    }
    func switches(_ to: String, _ from: String) -> Int {
      let short = ["protected", "base", "v86"].contains(to) ? clocks("task switch TS", to) : 0
      return family == 4 ? short : clocks("task switch ts", "\(to)-from-\(from)")
    }
    let task386 = { (bench: TimingBench) in bench.task(at: 0x4000, is386: true) }
    let toTask = switches("protected", "protected")
    switch (row.mnemonic, row.role) {
    case ("CALL", "gate-same"):
      let back = clocks("RET", "protected", operands: "far")
      return kernel(.protected(), far(0x50), back: back + 2 * m, handler: [0xCB])
    case ("JMP", "gate-same"):
      // The handler is JMP BP, of two components.
      let there = far(0x50)
      var kernels = kernel(
        .protected(), there, back: clocks("JMP", "base", operands: "r") + 3 * m, handler: [0xFF, 0xE5])
      kernels[0].before = { [0xBD] + low($0) + there.before }
      return kernels
    case ("CALL", "gate-inner"):
      return kernel(ring3, far(0x53), back: clocks("RET", "outer", operands: "far") + 2 * m, handler: [0xCB])
    case ("CALL", "gate-parameters"):
      let back = clocks("RET", "outer", operands: "far imm16") + 8 + 3 * m
      return kernel(ring3, far(0x5B), back: back, handler: [0xCA, 4, 0])
    case ("RET", "outer"):
      let isShort = row.opcodes.first == "CB"
      let there =
        isShort
        ? clocks("CALL", "gate-inner", operands: "ptr far") : clocks("CALL", "gate-parameters", operands: "ptr far") + 8
      return kernel(
        ring3, ([], [0x9A, 0, 0, isShort ? 0x53 : 0x5B, 0]), back: there + (isShort ? 2 : 3) * m,
        handler: isShort ? [0xCB] : [0xCA, 4, 0])
    case ("INT 3", "inner"), ("INT n", "inner"), ("INTO", "inner"):
      let body: [UInt8] = row.mnemonic == "INT 3" ? [0xCC] : row.mnemonic == "INTO" ? [0xCE] : [0xCD, 0x20]
      var kernels = kernel(ring3, ([], body), back: clocks("IRET", "outer"), handler: [0xCF])
      kernels[0].start = [0xB0, 0x7F, 0x04, 0x01]
      return kernels
    case ("IRET", "outer"):
      return kernel(ring3, ([], [0xCD, 0x20]), back: clocks("INT n", "inner"), handler: [0xCF])
    case ("INT 3", "v86"), ("INT n", "v86"), ("INTO", "v86"):
      let body: [UInt8] = row.mnemonic == "INT 3" ? [0xCC] : row.mnemonic == "INTO" ? [0xCE] : [0xCD, 0x20]
      var kernels = kernel(.v86, ([], body), back: clocks("IRET", "to-v86"), handler: [0x66, 0xCF])
      kernels[0].start = [0xB0, 0x7F, 0x04, 0x01]
      return kernels
    case ("IRET", "to-v86"):
      return kernel(.v86, ([], [0xCD, 0x20]), back: clocks("INT n", "v86"), handler: [0x66, 0xCF])
    case ("JMP", "task"):
      let back = clocks("JMP", "task", operands: "ptr far") + 2 * toTask
      let other = [[UInt8]](repeating: [0xEA, 0, 0, 0x38, 0], count: 60).flatMap { $0 }
      return kernel(.protected(), far(0x40), back: back, other: other, setup: task386)
    case ("JMP", "task-gate"):
      let back = clocks("JMP", "task", operands: "ptr far") + 2 * toTask
      let other = [[UInt8]](repeating: [0xEA, 0, 0, 0x38, 0], count: 60).flatMap { $0 }
      return kernel(.protected(), far(0x60), back: back, other: other, setup: task386)
    case ("CALL", "task"), ("CALL", "task-gate"):
      let there = far(row.role == "task" ? 0x40 : 0x60)
      let back = clocks("IRET", "task") + 2 * toTask
      return kernel(.protected(), there, back: back, other: [UInt8](repeating: 0xCF, count: 60), setup: task386)
    case ("IRET", "task"):
      let back = clocks("CALL", "task", operands: "ptr far") + 2 * toTask
      return kernel(
        .protected(), ([], [0x9A, 0, 0, 0x40, 0]), back: back, other: [UInt8](repeating: 0xCF, count: 60),
        setup: task386)
    case ("INT 3", "task-gate"), ("INT n", "task-gate"), ("INT/INTR", "task-gate"), ("INT 3", "task"),
      ("INT n", "task"):
      let back = clocks("IRET", "task") + 2 * toTask
      let isBreakpoint = row.mnemonic == "INT 3"
      return kernel(
        .protected(), ([], isBreakpoint ? [0xCC] : [0xCD, 0x30]), back: back,
        other: [UInt8](repeating: 0xCF, count: 60)
      ) { bench in
        task386(bench)
        if isBreakpoint {
          bench.put(0x2018, Array(UnsafeBufferPointer(start: bench.plane.memory.ram + 0x2180, count: 8)))
        }
      }
    case ("hw INTR / exception", _), ("exception", _), ("UD (invalid opcode)", _): return exceptions()
    case ("task switch TS", _), ("task switch ts", _): return taskSwitches()
    default: return []
    }
  }

  /// An undefined opcode; the handler goes on behind it: PUSH BP, MOV BP,SP, CLD, CLD, INC word [BP+2] twice, POP BP, CLD,
  /// IRET.
  private func exceptions() -> [TimingKernel] {
    let isV86 = row.role == "v86"
    let back = clocks(
      "IRET", isV86 ? "to-v86" : row.role == "inner" ? "outer" : row.role == "protected" ? "protected" : "base")
    let handler = family == 4 ? 1 + 1 + 4 + 6 + 1 + 2 : 2 + 2 + 4 + 12 + 4 + 2
    let bytes: [UInt8] =
      [0x55, 0x89, 0xE5, 0xFC, 0xFC, 0xFF, 0x46, 0x02, 0xFF, 0x46, 0x02, 0x5D, 0xFC] + (isV86 ? [0x66, 0xCF] : [0xCF])
    var kernel = TimingKernel(body: { _ in [0x0F, 0xFF] }, handler: bytes, expected: expected(back + handler))
    kernel.mode =
      switch row.role {
      case "inner": .protected(cpl: 3, iopl: 0)
      case "protected": .protected()
      case "v86": .v86
      default: .real
      }
    return [kernel]
  }

  /// There by JMP and back by JMP; to V86 by IRET and back through a task gate.
  private func taskSwitches() -> [TimingKernel] {
    let roles = row.role.components()
    let (to, from) = (roles.to, roles.from ?? "protected")
    func ts(_ to: String, _ from: String) -> Int {
      family == 4 ? clocks("task switch TS", to) : clocks("task switch ts", "\(to)-from-\(from)")
    }
    let jump = clocks("JMP", "task", operands: "ptr far")
    if to == "v86" || from == "v86", to != "base", from != "base", !(to == "v86" && from == "v86") {
      // The program starts the V86 task by a jump; it answers with INT 31h, a gate to the first task, whose IRETs go on.
      let gate = clocks(family == 4 ? "INT/INTR" : "INT n", family == 4 ? "task-gate" : "task")
      let both = ts("v86", "protected") + ts("protected", "v86") + gate + clocks("IRET", "task")
      var kernel = TimingKernel(
        mode: .protected(), start: [0xEA, 0, 0, 0x70, 0], body: { _ in [0xCF] },
        other: [[UInt8]](repeating: [0xCD, 0x31], count: 60).flatMap { $0 }, expected: both...both)
      kernel.setup = { bench in
        bench.task(at: 0x5400, is386: true, v86: true)
        bench.put(0x2000 + 0x31 * 8, [0, 0, 0x38, 0, 0, 0xE5, 0, 0])
      }
      return [kernel]
    }
    if to == "v86" || from == "v86" || (to == "base" && from == "base") {
      return [roundTrip(to, from, jump: jump, switching: ts)]
    }
    let other = to == "base" || from == "base" ? "base" : "protected"
    let both = 2 * jump + ts(other, "protected") + ts("protected", other)
    let selector: UInt8 = other == "base" ? 0x48 : 0x40
    var kernel = TimingKernel(
      mode: .protected(), body: { _ in [0xEA, 0, 0, selector, 0] },
      other: [[UInt8]](repeating: [0xEA, 0, 0, 0x38, 0], count: 60).flatMap { $0 }, expected: both...both)
    kernel.setup = { $0.task(at: selector == 0x48 ? 0x4800 : 0x4000, is386: selector == 0x40) }
    return [kernel]
  }
}

extension TimingKernels {
  /// Switches in which the program's task, of a 386, takes no part: it starts the task `from`, that the task `to`, and
  /// that comes back. V86 tasks leave by an interrupt through a task gate and stay busy: the program makes them
  /// available again in the GDT, through GS, each time.
  private func roundTrip(
    _ to: String, _ from: String, jump: Int, switching ts: (String, String) -> Int
  ) -> TimingKernel {
    let gate = clocks(family == 4 ? "INT/INTR" : "INT n", family == 4 ? "task-gate" : "task")
    let (first, second): (UInt8, UInt8) = (from == "v86" ? 0x70 : 0x48, to == "v86" ? 0x88 : 0x80)
    let total =
      jump + ts(from, "protected") + (from == "v86" ? gate : jump) + ts(to, from) + (to == "v86" ? gate : jump)
      + ts("protected", to)
    func leave(_ isV86: Bool, _ vector: UInt8, _ selector: UInt8) -> [UInt8] {
      [[UInt8]](repeating: isV86 ? [0xCD, vector] : [0xEA, 0, 0, selector, 0], count: 60).flatMap { $0 }
    }
    let available = { (selector: UInt8) in [0x65, 0xC6, 0x06, selector + 5, 0x10, 0xE9] as [UInt8] }
    let busy = (from == "v86" ? available(first) : []) + (to == "v86" ? available(second) : [])
    var kernel = TimingKernel(
      mode: .protected(), before: { _ in busy }, body: { _ in [0xEA, 0, 0, first, 0] },
      other: leave(from == "v86", 0x32, second), third: leave(to == "v86", 0x31, 0x38), expected: total...total)
    kernel.setup = { bench in
      if let all = bench.cpu.findDescriptor(0x78) { bench.cpu.seg(SegmentIndex.gs).pointee = all.segment(0x78) }
      bench.task(at: from == "v86" ? 0x5400 : 0x4800, is386: from == "v86", v86: from == "v86")
      bench.task(at: to == "v86" ? 0x5C00 : 0x5800, is386: to == "v86", v86: to == "v86", start: 0xA000)
      bench.put(0x2000 + 0x31 * 8, [0, 0, 0x38, 0, 0, 0xE5, 0, 0])
      bench.put(0x2000 + 0x32 * 8, [0, 0, second, 0, 0, 0xE5, 0, 0])
    }
    return kernel
  }
}

extension String {
  /// "to-from-from" of a task switch's role.
  fileprivate func components() -> (to: String, from: String?) {
    let parts = split(separator: "-")
    return (String(parts[0]), parts.count == 3 ? String(parts[2]) : nil)
  }
}
