/// The instruction table: every form of the 386 and 486 (the FPU's below one entry), once. Decoder, disassembler and
/// timing read it.
///
/// Clocks are in the timing tables (`TimingTable`), by opcode.
struct InstructionTable {
  /// One-byte opcodes 0x00...0xFF and two-byte opcodes 0F 00...0F FF at 0x100. Groups have their eight forms in `groups`.
  private(set) var forms = [InstructionForm](repeating: InstructionForm(), count: 512)
  /// Eight forms per group; `groupIndex` of an opcode is 1-based, 0 for no group.
  private(set) var groups: [InstructionForm] = []
  private(set) var groupIndex = [UInt8](repeating: 0, count: 512)

  init() {
    arithmetic()
    dataMovement()
    controlTransfer()
    stringsAndPorts()
    twoByte()
    system()
  }

  private func form(
    _ mnemonic: StaticString, _ operation: Operation, _ operands: [Operand],
    lock: Bool = false, family: Int = 3, modRM: Bool = false
  ) -> InstructionForm {
    let uses: [Operand] = [
      .Eb, .Ew, .Ev, .Gb, .Gw, .Gv, .Mv, .Ma, .Mp, .Ms, .Mb, .Rd, .Cd, .Dd, .Td, .Sw,
    ]
    return InstructionForm(
      mnemonic: mnemonic, operation: operation,
      first: operands.count > 0 ? operands[0] : .none, second: operands.count > 1 ? operands[1] : .none,
      third: operands.count > 2 ? operands[2] : .none,
      hasModRM: modRM || operands.contains(where: uses.contains), isLockable: lock, family: family)
  }

  private mutating func add(
    _ opcode: Int, _ mnemonic: StaticString, _ operation: Operation, _ operands: [Operand],
    lock: Bool = false, family: Int = 3, modRM: Bool = false
  ) {
    forms[opcode] = form(
      mnemonic, operation, operands, lock: lock, family: family, modRM: modRM)
  }

  private mutating func group(_ opcode: Int, _ members: [Int: InstructionForm]) {
    for i in 0..<8 { groups.append(members[i] ?? InstructionForm(hasModRM: true)) }
    groupIndex[opcode] = UInt8(groups.count / 8)
    forms[opcode].hasModRM = true
  }

  // MARK: Arithmetic

  private mutating func arithmetic() {
    let names: [StaticString] = ["add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"]
    let operations: [Operation] = [.add, .or, .adc, .sbb, .and, .sub, .xor, .cmp]
    for (i, (name, operation)) in zip(names, operations).enumerated() {
      let compares = operation == .cmp
      add(i * 8 + 0, name, operation, [.Eb, .Gb], lock: !compares)
      add(i * 8 + 1, name, operation, [.Ev, .Gv], lock: !compares)
      add(i * 8 + 2, name, operation, [.Gb, .Eb])
      add(i * 8 + 3, name, operation, [.Gv, .Ev])
      add(i * 8 + 4, name, operation, [.AL, .Ib])
      add(i * 8 + 5, name, operation, [.eAX, .Iz])
    }
    for (opcode, e, immediate) in [
      (0x80, Operand.Eb, Operand.Ib), (0x81, .Ev, .Iz), (0x82, .Eb, .Ib), (0x83, .Ev, .Ibs),
    ] {
      var members: [Int: InstructionForm] = [:]
      for (i, (name, operation)) in zip(names, operations).enumerated() {
        members[i] = form(name, operation, [e, immediate], lock: operation != .cmp)
      }
      group(opcode, members)
    }
    add(0x27, "daa", .daa, [])
    add(0x2F, "das", .das, [])
    add(0x37, "aaa", .aaa, [])
    add(0x3F, "aas", .aas, [])
    add(0xD4, "aam", .aam, [.Ib])
    add(0xD5, "aad", .aad, [.Ib])
    add(0xD6, "salc", .salc, [])
    for i in 0..<8 {
      add(0x40 + i, "inc", .inc, [.Zv])
      add(0x48 + i, "dec", .dec, [.Zv])
    }
    add(0x84, "test", .test, [.Eb, .Gb])
    add(0x85, "test", .test, [.Ev, .Gv])
    add(0xA8, "test", .test, [.AL, .Ib])
    add(0xA9, "test", .test, [.eAX, .Iz])
    add(0x69, "imul", .imulRI, [.Gv, .Ev, .Iz])
    add(0x6B, "imul", .imulRI, [.Gv, .Ev, .Ibs])
    let shifts: [StaticString] = ["rol", "ror", "rcl", "rcr", "shl", "shr", "shl", "sar"]
    for (opcode, e, count) in [
      (0xC0, Operand.Eb, Operand.Ib), (0xC1, .Ev, .Ib), (0xD0, .Eb, .one), (0xD1, .Ev, .one), (0xD2, .Eb, .CL),
      (0xD3, .Ev, .CL),
    ] {
      var members: [Int: InstructionForm] = [:]
      for (i, name) in shifts.enumerated() {
        members[i] = form(name, .shift, [e, count])
      }
      group(opcode, members)
    }
    for (opcode, e, immediate) in [(0xF6, Operand.Eb, Operand.Ib), (0xF7, .Ev, .Iz)] {
      group(
        opcode,
        [
          0: form("test", .test, [e, immediate]), 1: form("test", .test, [e, immediate]),
          2: form("not", .not, [e], lock: true), 3: form("neg", .neg, [e], lock: true),
          4: form("mul", .mul, [e]), 5: form("imul", .imul, [e]),
          6: form("div", .div, [e]),
          7: form("idiv", .idiv, [e]),
        ])
    }
    group(
      0xFE,
      [
        0: form("inc", .inc, [.Eb], lock: true), 1: form("dec", .dec, [.Eb], lock: true),
      ])
    group(
      0xFF,
      [
        0: form("inc", .inc, [.Ev], lock: true), 1: form("dec", .dec, [.Ev], lock: true),
        2: form("call", .callNear, [.Ev]), 3: form("call far", .callFarMemory, [.Mp]),
        4: form("jmp", .jmpNear, [.Ev]), 5: form("jmp far", .jmpFarMemory, [.Mp]),
        6: form("push", .push, [.Ev]),
      ])
  }

  // MARK: Data movement

  private mutating func dataMovement() {
    add(0x88, "mov", .mov, [.Eb, .Gb])
    add(0x89, "mov", .mov, [.Ev, .Gv])
    add(0x8A, "mov", .mov, [.Gb, .Eb])
    add(0x8B, "mov", .mov, [.Gv, .Ev])
    add(0x8C, "mov", .movFromSegment, [.Ev, .Sw])
    add(0x8D, "lea", .lea, [.Gv, .Mv])
    add(0x8E, "mov", .movToSegment, [.Sw, .Ew])
    group(0x8F, [0: form("pop", .pop, [.Ev])])
    add(0x86, "xchg", .xchg, [.Eb, .Gb], lock: true)
    add(0x87, "xchg", .xchg, [.Ev, .Gv], lock: true)
    add(0x90, "nop", .nop, [])
    for i in 1..<8 { add(0x90 + i, "xchg", .xchg, [.Zv, .eAX]) }
    add(0xA0, "mov", .mov, [.AL, .Ob])
    add(0xA1, "mov", .mov, [.eAX, .Ov])
    add(0xA2, "mov", .mov, [.Ob, .AL])
    add(0xA3, "mov", .mov, [.Ov, .eAX])
    for i in 0..<8 {
      add(0xB0 + i, "mov", .mov, [.Zb, .Ib])
      add(0xB8 + i, "mov", .mov, [.Zv, .Iz])
      add(0x50 + i, "push", .push, [.Zv])
      add(0x58 + i, "pop", .pop, [.Zv])
    }
    group(0xC6, [0: form("mov", .mov, [.Eb, .Ib])])
    group(0xC7, [0: form("mov", .mov, [.Ev, .Iz])])
    add(0xC4, "les", .loadFarPointer, [.Gv, .Mp, .ES])
    add(0xC5, "lds", .loadFarPointer, [.Gv, .Mp, .DS])
    for (opcode, name, segment) in [(0x06, 0, Operand.ES), (0x0E, 1, .CS), (0x16, 2, .SS), (0x1E, 3, .DS)] {
      add(opcode, "push", .pushSegment, [segment])
      if name != 1 { add(opcode + 1, "pop", .popSegment, [segment]) }
    }
    add(0x68, "push", .push, [.Iz])
    add(0x6A, "push", .push, [.Ibs])
    add(0x60, "pusha", .pusha, [])
    add(0x61, "popa", .popa, [])
    add(0x9C, "pushf", .pushf, [])
    add(0x9D, "popf", .popf, [])
    add(0x9E, "sahf", .sahf, [])
    add(0x9F, "lahf", .lahf, [])
    add(0x98, "cbw", .cbw, [])
    add(0x99, "cwd", .cwd, [])
    add(0xC8, "enter", .enter, [.Iw, .Ib])
    add(0xC9, "leave", .leave, [])
    add(0xD7, "xlat", .xlat, [])
    add(0xF5, "cmc", .cmc, [])
    add(0xF8, "clc", .clc, [])
    add(0xF9, "stc", .stc, [])
    add(0xFA, "cli", .cli, [])
    add(0xFB, "sti", .sti, [])
    add(0xFC, "cld", .cld, [])
    add(0xFD, "std", .std, [])
  }

  // MARK: Control transfer

  private mutating func controlTransfer() {
    let conditions: [StaticString] = [
      "jo", "jno", "jb", "jnb", "jz", "jnz", "jbe", "jnbe", "js", "jns", "jp", "jnp", "jl", "jnl", "jle", "jnle",
    ]
    let sets: [StaticString] = [
      "seto", "setno", "setb", "setnb", "setz", "setnz", "setbe", "setnbe", "sets", "setns", "setp", "setnp", "setl",
      "setnl", "setle", "setnle",
    ]
    for i in 0..<16 {
      add(0x70 + i, conditions[i], .jcc, [.Jb])
      add(0x180 + i, conditions[i], .jcc, [.Jz])
      add(0x190 + i, sets[i], .setcc, [.Eb])
    }
    add(0xE8, "call", .callRelative, [.Jz])
    add(0xE9, "jmp", .jmpRelative, [.Jz])
    add(0xEB, "jmp", .jmpRelative, [.Jb])
    add(0xEA, "jmp far", .jmpFarPointer, [.Ap])
    add(0x9A, "call far", .callFarPointer, [.Ap])
    add(0xC2, "ret", .retPop, [.Iw])
    add(0xC3, "ret", .ret, [])
    add(0xCA, "retf", .retfPop, [.Iw])
    add(0xCB, "retf", .retf, [])
    add(0xCC, "int3", .int3, [])
    add(0xCD, "int", .int, [.Ib])
    add(0xCE, "into", .into, [])
    add(0xCF, "iret", .iret, [])
    add(0xF1, "icebp", .icebp, [])
    add(0x62, "bound", .bound, [.Gv, .Ma])
    add(0xE0, "loopne", .loopne, [.Jb])
    add(0xE1, "loope", .loope, [.Jb])
    add(0xE2, "loop", .loop, [.Jb])
    add(0xE3, "jcxz", .jcxz, [.Jb])
  }

  // MARK: Strings and ports

  private mutating func stringsAndPorts() {
    add(0x6C, "ins", .ins, [.Yb, .DX])
    add(0x6D, "ins", .ins, [.Yv, .DX])
    add(0x6E, "outs", .outs, [.DX, .Xb])
    add(0x6F, "outs", .outs, [.DX, .Xv])
    add(0xA4, "movs", .movs, [.Yb, .Xb])
    add(0xA5, "movs", .movs, [.Yv, .Xv])
    add(0xA6, "cmps", .cmps, [.Xb, .Yb])
    add(0xA7, "cmps", .cmps, [.Xv, .Yv])
    add(0xAA, "stos", .stos, [.Yb, .AL])
    add(0xAB, "stos", .stos, [.Yv, .eAX])
    add(0xAC, "lods", .lods, [.AL, .Xb])
    add(0xAD, "lods", .lods, [.eAX, .Xv])
    add(0xAE, "scas", .scas, [.AL, .Yb])
    add(0xAF, "scas", .scas, [.eAX, .Yv])
    add(0xE4, "in", .inImmediate, [.AL, .Ib])
    add(0xE5, "in", .inImmediate, [.eAX, .Ib])
    add(0xE6, "out", .outImmediate, [.Ib, .AL])
    add(0xE7, "out", .outImmediate, [.Ib, .eAX])
    add(0xEC, "in", .inDX, [.AL, .DX])
    add(0xED, "in", .inDX, [.eAX, .DX])
    add(0xEE, "out", .outDX, [.DX, .AL])
    add(0xEF, "out", .outDX, [.DX, .eAX])
  }

  // MARK: Two-byte opcodes

  private mutating func twoByte() {
    add(0x1A0, "push", .pushSegment, [.FS])
    add(0x1A1, "pop", .popSegment, [.FS])
    add(0x1A8, "push", .pushSegment, [.GS])
    add(0x1A9, "pop", .popSegment, [.GS])
    add(0x1B2, "lss", .loadFarPointer, [.Gv, .Mp, .SS])
    add(0x1B4, "lfs", .loadFarPointer, [.Gv, .Mp, .FS])
    add(0x1B5, "lgs", .loadFarPointer, [.Gv, .Mp, .GS])
    add(0x1B6, "movzx", .movzx, [.Gv, .Eb])
    add(0x1B7, "movzx", .movzx, [.Gv, .Ew])
    add(0x1BE, "movsx", .movsx, [.Gv, .Eb])
    add(0x1BF, "movsx", .movsx, [.Gv, .Ew])
    add(0x1AF, "imul", .imulRR, [.Gv, .Ev])
    add(0x1A3, "bt", .bt, [.Ev, .Gv])
    add(0x1AB, "bts", .bts, [.Ev, .Gv], lock: true)
    add(0x1B3, "btr", .btr, [.Ev, .Gv], lock: true)
    add(0x1BB, "btc", .btc, [.Ev, .Gv], lock: true)
    group(
      0x1BA,
      [
        4: form("bt", .bt, [.Ev, .Ib]), 5: form("bts", .bts, [.Ev, .Ib], lock: true),
        6: form("btr", .btr, [.Ev, .Ib], lock: true),
        7: form("btc", .btc, [.Ev, .Ib], lock: true),
      ])
    add(0x1BC, "bsf", .bsf, [.Gv, .Ev])
    add(0x1BD, "bsr", .bsr, [.Gv, .Ev])
    add(0x1A4, "shld", .shld, [.Ev, .Gv, .Ib])
    add(0x1A5, "shld", .shld, [.Ev, .Gv, .CL])
    add(0x1AC, "shrd", .shrd, [.Ev, .Gv, .Ib])
    add(0x1AD, "shrd", .shrd, [.Ev, .Gv, .CL])
    for i in 0..<8 { add(0x1C8 + i, "bswap", .bswap, [.Zv], family: 4) }
    add(0x1C0, "xadd", .xadd, [.Eb, .Gb], lock: true, family: 4)
    add(0x1C1, "xadd", .xadd, [.Ev, .Gv], lock: true, family: 4)
    add(0x1B0, "cmpxchg", .cmpxchg, [.Eb, .Gb], lock: true, family: 4)
    add(0x1B1, "cmpxchg", .cmpxchg, [.Ev, .Gv], lock: true, family: 4)
    add(0x1A2, "cpuid", .cpuid, [], family: 4)
  }

  // MARK: System

  private mutating func system() {
    add(0x63, "arpl", .arpl, [.Ew, .Gw])
    add(0x9B, "wait", .wait, [])
    add(0xF4, "hlt", .hlt, [])
    for i in 0..<8 { add(0xD8 + i, "esc", .escape, [], modRM: true) }
    group(
      0x100,
      [
        0: form("sldt", .sldt, [.Ev]), 1: form("str", .str, [.Ev]),
        2: form("lldt", .lldt, [.Ew]), 3: form("ltr", .ltr, [.Ew]),
        4: form("verr", .verr, [.Ew]), 5: form("verw", .verw, [.Ew]),
      ])
    group(
      0x101,
      [
        0: form("sgdt", .sgdt, [.Ms]), 1: form("sidt", .sidt, [.Ms]),
        2: form("lgdt", .lgdt, [.Ms]), 3: form("lidt", .lidt, [.Ms]),
        4: form("smsw", .smsw, [.Ev]), 6: form("lmsw", .lmsw, [.Ew]),
        7: form("invlpg", .invlpg, [.Mb], family: 4),
      ])
    add(0x102, "lar", .lar, [.Gv, .Ew])
    add(0x103, "lsl", .lsl, [.Gv, .Ew])
    add(0x106, "clts", .clts, [])
    add(0x107, "loadall", .loadall, [], family: 30)
    add(0x108, "invd", .invd, [], family: 4)
    add(0x109, "wbinvd", .wbinvd, [], family: 4)
    add(0x120, "mov", .movFromControl, [.Rd, .Cd])
    add(0x121, "mov", .movFromDebug, [.Rd, .Dd])
    add(0x122, "mov", .movToControl, [.Cd, .Rd])
    add(0x123, "mov", .movToDebug, [.Dd, .Rd])
    add(0x124, "mov", .movFromTest, [.Rd, .Td])
    add(0x126, "mov", .movToTest, [.Td, .Rd])
  }
}
