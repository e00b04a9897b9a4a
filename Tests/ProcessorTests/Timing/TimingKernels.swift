import Hardware

@testable import Processor

/// Builds a microbenchmark for a row of the timing tables, from the row's encoding and operands alone.
struct TimingKernels {
  let row: TimingRow
  let family: Int

  /// The machine code's operand size: 32-bit operands run in 32-bit code, all others in 16-bit code.
  private var wide: Bool { row.size == "32" && !row.mode.hasPrefix("real") }
  private var dword: Bool { row.size == "32" }

  /// nil: the row isn't an instruction that a kernel can be made of; `TimingRow.coverage` has the reason.
  func kernels() -> [TimingKernel] {
    switch row.role {
    case "task", "task-gate", "inner", "outer", "to-v86", "gate-inner", "gate-parameters", "gate-same":
      return transfer()
    default: break
    }
    if row.opcodes.first == "interrupt" || row.opcodes.first == "exception" || row.opcodes.first == "task-switch" {
      return transfer()
    }
    if row.mnemonic == "UD (invalid opcode)" { return transfer() }
    let special = special()
    return special.isEmpty ? plain() : special
  }

  // MARK: Expectation

  /// The documented clocks, the variable part added.
  func expected(_ more: Int = 0) -> ClosedRange<Int> { row.minimum + more...row.maximum + more }

  /// Behind a jump the 386 decodes the next instruction, the filler's CLD of one component.
  private var jump: Int { family == 3 && row.varies.contains("m") ? 1 : 0 }

  private func kernel(_ body: [UInt8], more: Int = 0) -> TimingKernel {
    TimingKernel(mode: mode, wide: wide, body: { _ in body }, expected: expected(more))
  }

  var mode: BenchMode {
    switch row.mode {
    case "prot": .protected()
    case "prot CPL<=IOPL": .protected(cpl: 3, iopl: 3)
    case "prot CPL>IOPL", "prot CPL>IOPL / v86": .protected(cpl: 3, iopl: 0)
    case "v86": .v86
    default: wide ? .protected() : .real
    }
  }

  // MARK: Encoding

  /// Opcode bytes of an encoding's name.
  private func opcode(_ name: String, low: UInt8 = 0) -> [UInt8] {
    var text = name.split(separator: "/")[0]
    if text.last == "+" { text = text.dropLast() }
    let number = Int(text, radix: 16) ?? 0
    let last = UInt8(truncatingIfNeeded: number) + (name.contains("+") ? low : 0)
    let prefix: [UInt8] = dword && !wide ? [0x66] : []
    return prefix + (text.count == 4 ? [UInt8(truncatingIfNeeded: number >> 8)] : []) + [last]
  }
  private func reg(_ name: String) -> UInt8? { name.contains("/") ? UInt8(String(name.split(separator: "/")[1])) : nil }
  private func memory(_ reg: UInt8) -> UInt8 { reg << 3 | (wide ? 3 : 7) }
  private func register(_ reg: UInt8, _ rm: UInt8 = 1) -> UInt8 { 0xC0 | reg << 3 | rm }
  private func immediate(_ value: UInt32, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
  }
  private var operandBytes: Int { row.size == "8" ? 1 : dword ? 4 : 2 }
  private var addressBytes: Int { wide ? 4 : 2 }

  // MARK: Plain forms

  private var usesMemory: Bool {
    row.operands.split(whereSeparator: { $0 == " " || $0 == "," }).contains { $0.hasPrefix("m") }
  }

  /// ModRM forms, immediates, accumulators: all that has no effect but on registers, flags and one operand.
  private func plain() -> [TimingKernel] {
    guard let name = row.opcodes.first, name != "-" else { return rules() }
    if row.size == "fp", row.mnemonic != "FWAIT" { return numeric() }
    let first = opcode(name, low: name == "90+" ? 2 : 1)
    let number = Int(name.prefix { $0 != "/" && $0 != "+" }, radix: 16) ?? 0
    let modRM = hasModRM(number)
    var bytes = first
    if modRM {
      let reg = reg(name) ?? (number == 0x8E || number == 0x8C ? 0 : 2)
      bytes.append(usesMemory ? memory(reg) : register(reg, name == "8E" ? 1 : 1))
    }
    bytes += immediates(number)
    return [kernel(bytes, more: jump)]
  }

  private func hasModRM(_ number: Int) -> Bool {
    if number >= 0x0F00 {
      let low = number & 0xFF
      return !(low == 6 || low == 8 || low == 9 || low & 0xF8 == 0xC8 || low & 0xF7 == 0xA0 || low & 0xF7 == 0xA1)
    }
    switch number {
    case 0x00..<0x40: return number & 7 < 4
    case 0x62, 0x63, 0x69, 0x6B, 0x80..<0x90, 0xC0, 0xC1, 0xC4...0xC7, 0xD0..<0xD4, 0xF6, 0xF7, 0xFE, 0xFF: return true
    default: return false
    }
  }

  private func immediates(_ number: Int) -> [UInt8] {
    switch number {
    case 0x80, 0x82, 0x83, 0xC0, 0xC1, 0x0FA4, 0x0FAC, 0x0FBA, 0x6A, 0x6B: return [1]
    case 0xD4, 0xD5: return [10]
    case 0x81, 0x69, 0x68: return immediate(1, max(operandBytes, 2))
    case 0xC6, 0xC7, 0xB0, 0xB8: return immediate(1, operandBytes)
    case 0xF6, 0xF7: return row.opcodes[0].hasSuffix("/0") ? immediate(1, operandBytes) : []
    case 0x04, 0x0C, 0x14, 0x1C, 0x24, 0x2C, 0x34, 0x3C, 0xA8: return [1]
    case 0x05, 0x0D, 0x15, 0x1D, 0x25, 0x2D, 0x35, 0x3D, 0xA9: return immediate(1, operandBytes)
    case 0xA0...0xA3: return immediate(0x100, addressBytes)
    case 0xE4...0xE7: return [0xE1]
    default: return []
    }
  }

  /// Numeric instructions follow each other: each waits for the one before, so that its whole time shows.
  private func numeric() -> [TimingKernel] {
    guard let name = row.opcodes.first, let number = Int(name.prefix { $0 != "/" }, radix: 16) else { return [] }
    let body: [UInt8] = reg(name).map { [UInt8(number), memory($0)] } ?? [UInt8(number >> 8), UInt8(number & 0xFF)]
    var kernel = TimingKernel(
      mode: row.role == "protected" ? .protected() : .real, body: { _ in body }, expected: expected())
    kernel.filler = []
    kernel.setup = { $0.put32(0x2_0100, 0x37F) }
    // What FLDENV and FRSTOR load has to mask all errors.
    if name == "D9/4" { kernel.start = [0xD9, memory(6)] }
    if name == "DD/4" { kernel.start = [0xDD, memory(6)] }
    return [kernel]
  }

  // MARK: Forms that need a hand

  private func special() -> [TimingKernel] {
    let mnemonic = row.mnemonic
    var kernel: TimingKernel
    switch mnemonic {
    case "DIV", "IDIV":
      kernel = plain()[0]
      // EDX:EAX / 1 without a remainder; bytes: AX = 5.
      if row.size == "8" { kernel.before = { [dword] _ in (dword ? [0x66] : []) + [0xB4, 0] } }
      return [kernel]
    case "MUL", "IMUL": return multiplications()
    case "BSF", "BSR":
      let bits = dword ? 32 : 16
      return (0..<bits).map { bit in
        var kernel = plain()[0]
        kernel.setup = {
          $0.cpu.setReg(1, 1 << UInt32(bit))
          $0.put32(0x2_0100, 1 << UInt32(bit))
        }
        let clocks = scan(bit, bits)
        kernel.expected = clocks...clocks
        return kernel
      }
    case "RCL", "RCR":
      guard row.varies == "bits" else { return [] }
      return [1, 5, 31].map { count in
        var kernel = plain()[0]
        if row.operands.hasSuffix("imm8") {
          let bytes = kernel.body(0).dropLast() + [UInt8(count)]
          kernel.body = { _ in Array(bytes) }
        }
        kernel.setup = { $0.cpu.setReg(1, UInt32(count)) }
        return kernel
      }
    case "CMPXCHG":
      kernel = plain()[0]
      let equal = row.condition == "equal"
      // The accumulator is 5; AL, AX or EAX is loaded with what memory holds.
      kernel.before = { [wide, dword] _ in
        equal ? [] : dword ? [0xB8, 9, 0, 0, 0] : wide ? [] : [0xB8, 9, 0]
      }
      kernel.setup = {
        $0.put32(0x2_0100, 5)
        $0.cpu.setReg(2, 5)
      }
      return [kernel]
    case "SETcc":
      kernel = plain()[0]
      let body = opcode("0F90+", low: row.condition == "false" ? 5 : 4) + [usesMemory ? memory(0) : register(0, 2)]
      kernel.body = { _ in body }
      kernel.start = [0x39, 0xC0]
      return [kernel]
    case "MOV":
      let registers = ["cr0": 0, "cr2": 2, "cr3": 3, "dr0": 0, "dr6": 6, "tr3": 3, "tr4": 4]
      if row.opcodes[0].hasPrefix("0F2") {
        let index = registers[row.role] ?? (row.operands.contains("TR6") ? 6 : 0)
        let number = UInt8(Int(row.opcodes[0].suffix(2), radix: 16) ?? 0)
        kernel = self.kernel([0x0F, number, 0xC0 | UInt8(index) << 3])
        kernel.mode = .protected()
        // EAX holds CR0 as it is; debug registers stay off.
        kernel.start = number == 0x22 && index == 0 ? [0x0F, 0x20, 0xC0] : [0x66, 0x31, 0xC0]
        return [kernel]
      }
      return segmentRegisters()
    case "LDS", "LES", "LSS", "LFS", "LGS", "Lseg (LDS LES LFS LGS LSS)", "POP", "PUSH": return segmentRegisters()
    case "ENTER":
      let level: UInt8 = row.role == "base" ? 0 : row.role == "one" ? 1 : 3
      let more = row.role == "many" ? (family == 4 ? 9 : 8) : 0
      kernel = self.kernel((dword && !wide ? [0x66] : []) + [0xC8, 0, 0, level], more: more)
      // The stack is put back each time.
      kernel.before = { [wide] _ in wide ? [0xBC, 0, 0xE0, 0, 0] : [0xBC, 0, 0xE0] }
      return [kernel]
    case "LEAVE":
      kernel = self.kernel([0xC9])
      kernel.before = { [wide] _ in wide ? [0xBD, 0, 0xE0, 0, 0] : [0xBD, 0, 0xE0] }
      return [kernel]
    case "POPF", "POPA":
      kernel = plain()[0]
      kernel.setup = { $0.put(0x3_E000, [UInt8](repeating: 0, count: 0x1FFF)) }
      kernel.before = { [wide] _ in wide ? [0xBC, 0, 0xE0, 0, 0] : [0xBC, 0, 0xE0] }
      return [kernel]
    case "HLT": return [halt()]
    case "LOADALL386", "CPUID", "SALC", "ICEBP (INT1)": return []
    case "INVLPG":
      kernel = fixed([0x0F, 0x01, memory(7)], .protected())
      // Without paging the TLB knows nothing. With it, the page is brought in by two reads whose lines share a set; where
      // it was taken away before, they walk the tables, whose entries are in the cache: 13 clocks.
      guard row.role == "base" else { return [kernel] }
      kernel.before = { _ in [0x8A, 0x07, 0x8A, 0x87, 0x00, 0x08] }
      kernel.setup = { $0.pages() }
      kernel.walks = 1
      return [kernel]
    case "LEA" where row.role == "note":
      // LEA AX,[BX+SI]
      return [fixed((dword ? [0x67, 0x8D, 0x04, 0x33] : [0x8D, 0x00]), mode)]
    case "LGDT", "LIDT":
      kernel = fixed([0x0F, 0x01, memory(mnemonic == "LGDT" ? 2 : 3)], .real)
      kernel.setup = { $0.put(0x2_0100, [0xFF, 0x03, 0, mnemonic == "LGDT" ? 0x10 : 0, 0, 0]) }
      return [kernel]
    case "LMSW":
      kernel = plain()[0]
      kernel.setup = {
        $0.cpu.setReg(1, 0)
        $0.put32(0x2_0100, 0)
      }
      return [kernel]
    case "LLDT", "LTR", "LAR", "LSL", "VERR", "VERW", "VERR/VERW": return selectors()
    case "BOUND":
      kernel = plain()[0]
      if row.condition == "out of range" { return [outOfBounds(kernel)] }
      kernel.setup = { $0.put(0x2_0100, [0, 0, 0, 0, 0xFF, 0x7F, 0xFF, 0x7F]) }
      if !dword { kernel.setup = { $0.put(0x2_0100, [0, 0, 0xFF, 0x7F]) } }
      return [kernel]
    case "XCHG": return []
    default: return flow() + strings()
    }
  }

  /// Rows that are rules: a form of known clocks with the prefix. The instructions in front take one clock, so that they
  /// hide nothing.
  private func rules() -> [TimingKernel] {
    let add = family == 4 ? 3 : 7
    let move = family == 4 ? 1 : 2
    var kernel: TimingKernel
    switch row.mnemonic {
    case "LOCK": kernel = self.kernel([0xF0, 0x01, 0x07], more: add)
    case "prefix": kernel = self.kernel([0x26, 0x89, 0xC9], more: move)
    default: return []
    }
    kernel.filler = [UInt8](repeating: 0xF8, count: 6).flatMap { _ in [0x89, 0xC9] as [UInt8] }
    return [kernel]
  }

  /// OUT raises INTR while interrupts are off; STI, HLT: it is let in behind HLT. The handler returns to a CLI.
  private func halt() -> TimingKernel {
    let rows = TimingRow.all(family: family)
    let around = ["STI", "CLI"].map { name in rows.first { $0.mnemonic == name }?.clocks ?? 0 }.reduce(0, +)
    let interrupt = rows.first { $0.opcodes.contains("interrupt") && $0.role == "base" }?.clocks ?? 0
    let back = rows.first { $0.mnemonic == "IRET" && $0.role == "base" }
    let m = back?.varies.contains("m") == true ? 1 : 0
    var kernel = self.kernel([0xFB, 0xF4, 0xFA], more: around + interrupt + (back?.clocks ?? 0) + m)
    kernel.start = [0xFA]
    kernel.before = { _ in [0xE6, 0xE1] }
    kernel.handler = [0xCF]
    return kernel
  }

  /// The index lies above its bounds; the handler puts the return address behind BOUND, of two bytes: PUSH BP, MOV BP,SP,
  /// CLD, CLD, INC word [BP+2] twice, POP BP, CLD, IRET.
  private func outOfBounds(_ plain: TimingKernel) -> TimingKernel {
    let rows = TimingRow.all(family: family)
    let interrupt = rows.first { $0.opcodes.contains("exception") && $0.role == "base" }?.clocks ?? 0
    let back = rows.first { $0.mnemonic == "IRET" && $0.role == "base" }?.clocks ?? 0
    var kernel = plain
    kernel.handler = [0x55, 0x89, 0xE5, 0xFC, 0xFC, 0xFF, 0x46, 0x02, 0xFF, 0x46, 0x02, 0x5D, 0xFC, 0xCF]
    kernel.setup = { $0.put(0x2_0100, [0xFE, 0x7F, 0xFF, 0x7F]) }
    let more = interrupt + back + 1 + 1 + 4 + 6 + 1 + 2
    kernel.expected = expected(more)
    return kernel
  }

  private func fixed(_ body: [UInt8], _ mode: BenchMode) -> TimingKernel {
    TimingKernel(mode: mode, body: { _ in body }, expected: expected())
  }

  /// What the manuals' formulas give for a bit.
  private func scan(_ bit: Int, _ bits: Int) -> Int {
    let memory = usesMemory ? 1 : 0
    if family == 3 { return 10 + 3 * (row.mnemonic == "BSF" ? bit : bits - 1 - bit) }
    if row.mnemonic == "BSR" { return 7 + 3 * (32 - bit) + memory }
    return 8 + 4 * (bit / 8 + 1) + 3 * (bit / 4 % 2 + 1) + 3 * (bit % 4 + 1) + memory
  }

  /// Small and large multipliers, with the clocks of the manuals' formula.
  private func multiplications() -> [TimingKernel] {
    let bits = row.size == "8" || row.opcodes[0] == "6B" ? 8 : dword ? 32 : 16
    let signed = row.mnemonic == "IMUL"
    var cases: [(UInt32, Int)] = [(0, 0), (1, 0), (9, 4), (127, 7)]
    if !signed { cases += [(UInt32(truncatingIfNeeded: UInt64(1) << UInt64(bits)) &- 1, bits)] }
    if signed { cases += [(.max, family == 4 ? 5 : 0), (UInt32.max << UInt32(bits - 1), bits - 1)] }
    return cases.map { value, log in
      let body: [UInt8]
      let name = row.opcodes[0]
      let modRM = usesMemory ? memory(reg(name) ?? 2) : register(reg(name) ?? 2)
      switch name {
      case "69": body = opcode(name) + [modRM] + immediate(value, operandBytes)
      case "6B": body = opcode(name) + [modRM, UInt8(truncatingIfNeeded: value)]
      default: body = opcode(name) + [modRM]
      }
      let clocks = row.minimum + max(log, 3) - 3
      var kernel = TimingKernel(mode: mode, wide: wide, body: { _ in body }, expected: clocks...clocks)
      kernel.setup = {
        $0.cpu.setReg(1, value)
        $0.put32(0x2_0100, value)
      }
      return kernel
    }
  }

  /// Loads, pushes and pops of segment registers: ES with the data segment's selector. Plain pushes and pops, too.
  private func segmentRegisters() -> [TimingKernel] {
    let isSegment = row.operands.contains("sreg") || row.operands.contains("far")
    guard isSegment else {
      var kernel = plain()[0]
      if row.mnemonic == "PUSH" || row.mnemonic == "POP" {
        kernel.before = { [wide] _ in wide ? [0xBC, 0, 0xE0, 0, 0] : [0xBC, 0, 0xE0] }
      }
      // POP r writes ECX.
      return [kernel]
    }
    let selector: UInt16 = row.mode == "prot" ? 0x10 : 0x2000
    let isStack = row.mnemonic == "LSS"
    var kernel = plain()[0]
    let first = row.opcodes[0]
    if row.mnemonic == "POP" { kernel = self.kernel(opcode("07")) }
    if first == "C4" || row.mnemonic.hasPrefix("L") {
      kernel = self.kernel(opcode(row.mnemonic.hasPrefix("Lseg") ? "C4" : first) + [memory(2)])
    }
    kernel.before = { [wide] _ in row.mnemonic == "MOV" ? [] : wide ? [0xBC, 0, 0xE0, 0, 0] : [0xBC, 0, 0xE0] }
    let far: [UInt8] = (dword ? [0, 0] : []) + [0, 0]
    let stack: UInt16 = row.mode == "prot" ? 0x18 : 0x3000
    let value = isStack ? stack : selector
    let pair = [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
    kernel.setup = {
      $0.cpu.setReg(1, UInt32(value))
      $0.put(0x2_0100, row.mnemonic == "MOV" ? pair : far + pair)
      $0.put(0x3_E000, pair + [0, 0])
    }
    return [kernel]
  }

  /// Instructions on a selector: the data segment's, the LDT's, the task's or a page-granular one.
  private func selectors() -> [TimingKernel] {
    var kernel = plain()[0]
    kernel.mode = .protected()
    let selector: UInt32 =
      switch row.mnemonic {
      case "LLDT": 0x68
      case "LTR": 0x38
      default: row.role == "granular" ? 0x78 : 0x10
      }
    kernel.setup = {
      $0.cpu.setReg(1, selector)
      $0.put32(0x2_0100, selector)
    }
    // LTR wants a task that isn't busy: the descriptor is put back each time.
    if row.mnemonic == "LTR" {
      let isMemory = usesMemory
      kernel.before = { _ in [0x65, 0xC6, 0x06, 0x3D, 0x10, 0x89] }
      kernel.setup = {
        $0.cpu.setReg(1, selector)
        if isMemory { $0.put32(0x2_0100, selector) }
        $0.cpu.seg(SegmentIndex.gs).pointee.base = 0
      }
    }
    return [kernel]
  }
}
