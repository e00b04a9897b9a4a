/// The instruction table: every form of the 386 and 486 (the FPU's below one entry), once. Decoder, disassembler and
/// timing read it.
///
/// Clock columns: 386 register form, 386 memory form, 486 register form, 486 memory form. - Source: 386 PRM chapter 17,
/// i486 PRM chapter 26, as collected in the timing tables; 386 branch targets are taken to have two components (m = 2).
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

  typealias Clocks = (UInt16, UInt16, UInt16, UInt16)

  private func form(
    _ mnemonic: StaticString, _ operation: Operation, _ operands: [Operand], _ k: Clocks,
    taken: (UInt16, UInt16) = (0, 0), lock: Bool = false, family: Int = 3, modRM: Bool = false
  ) -> InstructionForm {
    let uses: [Operand] = [
      .Eb, .Ew, .Ev, .Gb, .Gw, .Gv, .Mv, .Ma, .Mp, .Ms, .Mb, .Rd, .Cd, .Dd, .Td, .Sw,
    ]
    return InstructionForm(
      mnemonic: mnemonic, operation: operation,
      first: operands.count > 0 ? operands[0] : .none, second: operands.count > 1 ? operands[1] : .none,
      third: operands.count > 2 ? operands[2] : .none,
      clocks386: (k.0, k.1, taken.0), clocks486: (k.2, k.3, taken.1),
      hasModRM: modRM || operands.contains(where: uses.contains), isLockable: lock, family: family)
  }

  private mutating func add(
    _ opcode: Int, _ mnemonic: StaticString, _ operation: Operation, _ operands: [Operand], _ k: Clocks,
    taken: (UInt16, UInt16) = (0, 0), lock: Bool = false, family: Int = 3, modRM: Bool = false
  ) {
    forms[opcode] = form(
      mnemonic, operation, operands, k, taken: taken, lock: lock, family: family, modRM: modRM)
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
      // CMP m,r takes 5 clocks on the 386, CMP r,m 6; they write nothing.
      let memory: Clocks = compares ? (2, 5, 1, 2) : (2, 7, 1, 3)
      add(i * 8 + 0, name, operation, [.Eb, .Gb], memory, lock: !compares)
      add(i * 8 + 1, name, operation, [.Ev, .Gv], memory, lock: !compares)
      add(i * 8 + 2, name, operation, [.Gb, .Eb], (2, 6, 1, 2))
      add(i * 8 + 3, name, operation, [.Gv, .Ev], (2, 6, 1, 2))
      add(i * 8 + 4, name, operation, [.AL, .Ib], (2, 2, 1, 1))
      add(i * 8 + 5, name, operation, [.eAX, .Iz], (2, 2, 1, 1))
    }
    for (opcode, e, immediate) in [
      (0x80, Operand.Eb, Operand.Ib), (0x81, .Ev, .Iz), (0x82, .Eb, .Ib), (0x83, .Ev, .Ibs),
    ] {
      var members: [Int: InstructionForm] = [:]
      for (i, (name, operation)) in zip(names, operations).enumerated() {
        let k: Clocks = operation == .cmp ? (2, 5, 1, 2) : (2, 7, 1, 3)
        members[i] = form(name, operation, [e, immediate], k, lock: operation != .cmp)
      }
      group(opcode, members)
    }
    add(0x27, "daa", .daa, [], (4, 4, 2, 2))
    add(0x2F, "das", .das, [], (4, 4, 2, 2))
    add(0x37, "aaa", .aaa, [], (4, 4, 3, 3))
    add(0x3F, "aas", .aas, [], (4, 4, 3, 3))
    add(0xD4, "aam", .aam, [.Ib], (17, 17, 15, 15))
    add(0xD5, "aad", .aad, [.Ib], (19, 19, 14, 14))
    add(0xD6, "salc", .salc, [], (3, 3, 2, 2))
    for i in 0..<8 {
      add(0x40 + i, "inc", .inc, [.Zv], (2, 2, 1, 1))
      add(0x48 + i, "dec", .dec, [.Zv], (2, 2, 1, 1))
    }
    add(0x84, "test", .test, [.Eb, .Gb], (2, 5, 1, 2))
    add(0x85, "test", .test, [.Ev, .Gv], (2, 5, 1, 2))
    add(0xA8, "test", .test, [.AL, .Ib], (2, 2, 1, 1))
    add(0xA9, "test", .test, [.eAX, .Iz], (2, 2, 1, 1))
    add(0x69, "imul", .imulRI, [.Gv, .Ev, .Iz], (9, 12, 13, 13))
    add(0x6B, "imul", .imulRI, [.Gv, .Ev, .Ibs], (9, 12, 13, 13))
    let shifts: [StaticString] = ["rol", "ror", "rcl", "rcr", "shl", "shr", "shl", "sar"]
    for (opcode, e, count) in [
      (0xC0, Operand.Eb, Operand.Ib), (0xC1, .Ev, .Ib), (0xD0, .Eb, .one), (0xD1, .Ev, .one), (0xD2, .Eb, .CL),
      (0xD3, .Ev, .CL),
    ] {
      var members: [Int: InstructionForm] = [:]
      for (i, name) in shifts.enumerated() {
        let carries = i == 2 || i == 3
        let k: Clocks =
          carries
          ? (count == .one ? (9, 10, 3, 4) : (9, 10, 8, 9))
          : (count == .CL ? (3, 7, 3, 4) : (3, 7, count == .one ? 3 : 2, 4))
        members[i] = form(name, .shift, [e, count], k)
      }
      group(opcode, members)
    }
    for (opcode, e, immediate) in [(0xF6, Operand.Eb, Operand.Ib), (0xF7, .Ev, .Iz)] {
      group(
        opcode,
        [
          0: form("test", .test, [e, immediate], (2, 5, 1, 2)), 1: form("test", .test, [e, immediate], (2, 5, 1, 2)),
          2: form("not", .not, [e], (2, 6, 1, 3), lock: true), 3: form("neg", .neg, [e], (2, 6, 1, 3), lock: true),
          4: form("mul", .mul, [e], (9, 12, 13, 13)), 5: form("imul", .imul, [e], (9, 12, 13, 13)),
          6: form("div", .div, [e], e == .Eb ? (14, 17, 16, 16) : (22, 25, 24, 24)),
          7: form("idiv", .idiv, [e], e == .Eb ? (19, 19, 19, 20) : (27, 27, 27, 28)),
        ])
    }
    group(
      0xFE,
      [
        0: form("inc", .inc, [.Eb], (2, 6, 1, 3), lock: true), 1: form("dec", .dec, [.Eb], (2, 6, 1, 3), lock: true),
      ])
    group(
      0xFF,
      [
        0: form("inc", .inc, [.Ev], (2, 6, 1, 3), lock: true), 1: form("dec", .dec, [.Ev], (2, 6, 1, 3), lock: true),
        2: form("call", .callNear, [.Ev], (9, 12, 5, 5)), 3: form("call far", .callFarMemory, [.Mp], (22, 24, 17, 17)),
        4: form("jmp", .jmpNear, [.Ev], (9, 12, 5, 5)), 5: form("jmp far", .jmpFarMemory, [.Mp], (43, 45, 13, 13)),
        6: form("push", .push, [.Ev], (2, 5, 1, 4)),
      ])
  }

  // MARK: Data movement

  private mutating func dataMovement() {
    add(0x88, "mov", .mov, [.Eb, .Gb], (2, 2, 1, 1))
    add(0x89, "mov", .mov, [.Ev, .Gv], (2, 2, 1, 1))
    add(0x8A, "mov", .mov, [.Gb, .Eb], (2, 4, 1, 1))
    add(0x8B, "mov", .mov, [.Gv, .Ev], (2, 4, 1, 1))
    add(0x8C, "mov", .movFromSegment, [.Ev, .Sw], (2, 2, 3, 3))
    add(0x8D, "lea", .lea, [.Gv, .Mv], (2, 2, 1, 1))
    add(0x8E, "mov", .movToSegment, [.Sw, .Ew], (2, 5, 3, 3))
    group(0x8F, [0: form("pop", .pop, [.Ev], (4, 5, 1, 6))])
    add(0x86, "xchg", .xchg, [.Eb, .Gb], (3, 5, 3, 5), lock: true)
    add(0x87, "xchg", .xchg, [.Ev, .Gv], (3, 5, 3, 5), lock: true)
    add(0x90, "nop", .nop, [], (3, 3, 1, 1))
    for i in 1..<8 { add(0x90 + i, "xchg", .xchg, [.Zv, .eAX], (3, 3, 3, 3)) }
    add(0xA0, "mov", .mov, [.AL, .Ob], (4, 4, 1, 1))
    add(0xA1, "mov", .mov, [.eAX, .Ov], (4, 4, 1, 1))
    add(0xA2, "mov", .mov, [.Ob, .AL], (2, 2, 1, 1))
    add(0xA3, "mov", .mov, [.Ov, .eAX], (2, 2, 1, 1))
    for i in 0..<8 {
      add(0xB0 + i, "mov", .mov, [.Zb, .Ib], (2, 2, 1, 1))
      add(0xB8 + i, "mov", .mov, [.Zv, .Iz], (2, 2, 1, 1))
      add(0x50 + i, "push", .push, [.Zv], (2, 2, 1, 1))
      add(0x58 + i, "pop", .pop, [.Zv], (4, 4, 1, 1))
    }
    group(0xC6, [0: form("mov", .mov, [.Eb, .Ib], (2, 2, 1, 1))])
    group(0xC7, [0: form("mov", .mov, [.Ev, .Iz], (2, 2, 1, 1))])
    add(0xC4, "les", .loadFarPointer, [.Gv, .Mp, .ES], (7, 7, 6, 6))
    add(0xC5, "lds", .loadFarPointer, [.Gv, .Mp, .DS], (7, 7, 6, 6))
    for (opcode, name, segment) in [(0x06, 0, Operand.ES), (0x0E, 1, .CS), (0x16, 2, .SS), (0x1E, 3, .DS)] {
      add(opcode, "push", .pushSegment, [segment], (2, 2, 3, 3))
      if name != 1 { add(opcode + 1, "pop", .popSegment, [segment], (7, 7, 3, 3)) }
    }
    add(0x68, "push", .push, [.Iz], (2, 2, 1, 1))
    add(0x6A, "push", .push, [.Ibs], (2, 2, 1, 1))
    add(0x60, "pusha", .pusha, [], (18, 18, 11, 11))
    add(0x61, "popa", .popa, [], (24, 24, 9, 9))
    add(0x9C, "pushf", .pushf, [], (4, 4, 4, 4))
    add(0x9D, "popf", .popf, [], (5, 5, 9, 9))
    add(0x9E, "sahf", .sahf, [], (3, 3, 2, 2))
    add(0x9F, "lahf", .lahf, [], (2, 2, 3, 3))
    add(0x98, "cbw", .cbw, [], (3, 3, 3, 3))
    add(0x99, "cwd", .cwd, [], (2, 2, 3, 3))
    add(0xC8, "enter", .enter, [.Iw, .Ib], (10, 10, 14, 14))
    add(0xC9, "leave", .leave, [], (4, 4, 5, 5))
    add(0xD7, "xlat", .xlat, [], (5, 5, 4, 4))
    add(0xF5, "cmc", .cmc, [], (2, 2, 2, 2))
    add(0xF8, "clc", .clc, [], (2, 2, 2, 2))
    add(0xF9, "stc", .stc, [], (2, 2, 2, 2))
    add(0xFA, "cli", .cli, [], (3, 3, 5, 5))
    add(0xFB, "sti", .sti, [], (3, 3, 5, 5))
    add(0xFC, "cld", .cld, [], (2, 2, 2, 2))
    add(0xFD, "std", .std, [], (2, 2, 2, 2))
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
      add(0x70 + i, conditions[i], .jcc, [.Jb], (3, 3, 1, 1), taken: (6, 2))
      add(0x180 + i, conditions[i], .jcc, [.Jz], (3, 3, 1, 1), taken: (6, 2))
      add(0x190 + i, sets[i], .setcc, [.Eb], (4, 5, 3, 4))
    }
    add(0xE8, "call", .callRelative, [.Jz], (9, 9, 3, 3))
    add(0xE9, "jmp", .jmpRelative, [.Jz], (9, 9, 3, 3))
    add(0xEB, "jmp", .jmpRelative, [.Jb], (9, 9, 3, 3))
    add(0xEA, "jmp far", .jmpFarPointer, [.Ap], (14, 14, 17, 17))
    add(0x9A, "call far", .callFarPointer, [.Ap], (19, 19, 18, 18))
    add(0xC2, "ret", .retPop, [.Iw], (12, 12, 5, 5))
    add(0xC3, "ret", .ret, [], (12, 12, 5, 5))
    add(0xCA, "retf", .retfPop, [.Iw], (20, 20, 14, 14))
    add(0xCB, "retf", .retf, [], (20, 20, 13, 13))
    add(0xCC, "int3", .int3, [], (33, 33, 26, 26))
    add(0xCD, "int", .int, [.Ib], (37, 37, 30, 30))
    add(0xCE, "into", .into, [], (3, 3, 3, 3))
    add(0xCF, "iret", .iret, [], (22, 22, 15, 15))
    add(0xF1, "icebp", .icebp, [], (33, 33, 26, 26))
    add(0x62, "bound", .bound, [.Gv, .Ma], (10, 10, 7, 7))
    add(0xE0, "loopne", .loopne, [.Jb], (11, 11, 6, 6), taken: (2, 3))
    add(0xE1, "loope", .loope, [.Jb], (11, 11, 6, 6), taken: (2, 3))
    add(0xE2, "loop", .loop, [.Jb], (11, 11, 6, 6), taken: (2, 1))
    add(0xE3, "jcxz", .jcxz, [.Jb], (5, 5, 5, 5), taken: (6, 3))
  }

  // MARK: Strings and ports

  private mutating func stringsAndPorts() {
    // String instructions charge themselves: the cost depends on the repeat prefix and the count.
    let own: Clocks = (0, 0, 0, 0)
    add(0x6C, "ins", .ins, [.Yb, .DX], own)
    add(0x6D, "ins", .ins, [.Yv, .DX], own)
    add(0x6E, "outs", .outs, [.DX, .Xb], own)
    add(0x6F, "outs", .outs, [.DX, .Xv], own)
    add(0xA4, "movs", .movs, [.Yb, .Xb], own)
    add(0xA5, "movs", .movs, [.Yv, .Xv], own)
    add(0xA6, "cmps", .cmps, [.Xb, .Yb], own)
    add(0xA7, "cmps", .cmps, [.Xv, .Yv], own)
    add(0xAA, "stos", .stos, [.Yb, .AL], own)
    add(0xAB, "stos", .stos, [.Yv, .eAX], own)
    add(0xAC, "lods", .lods, [.AL, .Xb], own)
    add(0xAD, "lods", .lods, [.eAX, .Xv], own)
    add(0xAE, "scas", .scas, [.AL, .Yb], own)
    add(0xAF, "scas", .scas, [.eAX, .Yv], own)
    add(0xE4, "in", .inImmediate, [.AL, .Ib], (12, 12, 14, 14))
    add(0xE5, "in", .inImmediate, [.eAX, .Ib], (12, 12, 14, 14))
    add(0xE6, "out", .outImmediate, [.Ib, .AL], (10, 10, 16, 16))
    add(0xE7, "out", .outImmediate, [.Ib, .eAX], (10, 10, 16, 16))
    add(0xEC, "in", .inDX, [.AL, .DX], (13, 13, 14, 14))
    add(0xED, "in", .inDX, [.eAX, .DX], (13, 13, 14, 14))
    add(0xEE, "out", .outDX, [.DX, .AL], (11, 11, 16, 16))
    add(0xEF, "out", .outDX, [.DX, .eAX], (11, 11, 16, 16))
  }

  // MARK: Two-byte opcodes

  private mutating func twoByte() {
    add(0x1A0, "push", .pushSegment, [.FS], (2, 2, 3, 3))
    add(0x1A1, "pop", .popSegment, [.FS], (7, 7, 3, 3))
    add(0x1A8, "push", .pushSegment, [.GS], (2, 2, 3, 3))
    add(0x1A9, "pop", .popSegment, [.GS], (7, 7, 3, 3))
    add(0x1B2, "lss", .loadFarPointer, [.Gv, .Mp, .SS], (7, 7, 6, 6))
    add(0x1B4, "lfs", .loadFarPointer, [.Gv, .Mp, .FS], (7, 7, 6, 6))
    add(0x1B5, "lgs", .loadFarPointer, [.Gv, .Mp, .GS], (7, 7, 6, 6))
    add(0x1B6, "movzx", .movzx, [.Gv, .Eb], (3, 6, 3, 3))
    add(0x1B7, "movzx", .movzx, [.Gv, .Ew], (3, 6, 3, 3))
    add(0x1BE, "movsx", .movsx, [.Gv, .Eb], (3, 6, 3, 3))
    add(0x1BF, "movsx", .movsx, [.Gv, .Ew], (3, 6, 3, 3))
    add(0x1AF, "imul", .imulRR, [.Gv, .Ev], (9, 12, 13, 13))
    add(0x1A3, "bt", .bt, [.Ev, .Gv], (3, 12, 3, 8))
    add(0x1AB, "bts", .bts, [.Ev, .Gv], (6, 13, 6, 13), lock: true)
    add(0x1B3, "btr", .btr, [.Ev, .Gv], (6, 13, 6, 13), lock: true)
    add(0x1BB, "btc", .btc, [.Ev, .Gv], (6, 13, 6, 13), lock: true)
    group(
      0x1BA,
      [
        4: form("bt", .bt, [.Ev, .Ib], (3, 6, 3, 3)), 5: form("bts", .bts, [.Ev, .Ib], (6, 8, 6, 8), lock: true),
        6: form("btr", .btr, [.Ev, .Ib], (6, 8, 6, 8), lock: true),
        7: form("btc", .btc, [.Ev, .Ib], (6, 8, 6, 8), lock: true),
      ])
    add(0x1BC, "bsf", .bsf, [.Gv, .Ev], (10, 10, 6, 7))
    add(0x1BD, "bsr", .bsr, [.Gv, .Ev], (10, 10, 6, 7))
    add(0x1A4, "shld", .shld, [.Ev, .Gv, .Ib], (3, 7, 2, 3))
    add(0x1A5, "shld", .shld, [.Ev, .Gv, .CL], (3, 7, 3, 4))
    add(0x1AC, "shrd", .shrd, [.Ev, .Gv, .Ib], (3, 7, 2, 3))
    add(0x1AD, "shrd", .shrd, [.Ev, .Gv, .CL], (3, 7, 3, 4))
    for i in 0..<8 { add(0x1C8 + i, "bswap", .bswap, [.Zv], (1, 1, 1, 1), family: 4) }
    add(0x1C0, "xadd", .xadd, [.Eb, .Gb], (3, 4, 3, 4), lock: true, family: 4)
    add(0x1C1, "xadd", .xadd, [.Ev, .Gv], (3, 4, 3, 4), lock: true, family: 4)
    add(0x1B0, "cmpxchg", .cmpxchg, [.Eb, .Gb], (6, 7, 6, 7), lock: true, family: 4)
    add(0x1B1, "cmpxchg", .cmpxchg, [.Ev, .Gv], (6, 7, 6, 7), lock: true, family: 4)
    add(0x1A2, "cpuid", .cpuid, [], (14, 14, 14, 14), family: 4)
  }

  // MARK: System

  private mutating func system() {
    add(0x63, "arpl", .arpl, [.Ew, .Gw], (20, 21, 9, 9))
    add(0x9B, "wait", .wait, [], (6, 6, 1, 1))
    add(0xF4, "hlt", .hlt, [], (5, 5, 4, 4))
    for i in 0..<8 { add(0xD8 + i, "esc", .escape, [], (4, 4, 4, 4), modRM: true) }
    group(
      0x100,
      [
        0: form("sldt", .sldt, [.Ev], (2, 2, 2, 3)), 1: form("str", .str, [.Ev], (23, 27, 2, 3)),
        2: form("lldt", .lldt, [.Ew], (20, 20, 11, 11)), 3: form("ltr", .ltr, [.Ew], (23, 27, 20, 20)),
        4: form("verr", .verr, [.Ew], (10, 11, 11, 11)), 5: form("verw", .verw, [.Ew], (15, 16, 11, 11)),
      ])
    group(
      0x101,
      [
        0: form("sgdt", .sgdt, [.Ms], (9, 9, 10, 10)), 1: form("sidt", .sidt, [.Ms], (9, 9, 10, 10)),
        2: form("lgdt", .lgdt, [.Ms], (11, 11, 12, 12)), 3: form("lidt", .lidt, [.Ms], (11, 11, 12, 12)),
        4: form("smsw", .smsw, [.Ev], (2, 3, 2, 3)), 6: form("lmsw", .lmsw, [.Ew], (10, 13, 13, 13)),
        7: form("invlpg", .invlpg, [.Mb], (12, 12, 12, 12), family: 4),
      ])
    add(0x102, "lar", .lar, [.Gv, .Ew], (15, 16, 11, 11))
    add(0x103, "lsl", .lsl, [.Gv, .Ew], (20, 21, 10, 10))
    add(0x106, "clts", .clts, [], (5, 5, 7, 7))
    add(0x107, "loadall", .loadall, [], (122, 122, 122, 122), family: 30)
    add(0x108, "invd", .invd, [], (4, 4, 4, 4), family: 4)
    add(0x109, "wbinvd", .wbinvd, [], (5, 5, 5, 5), family: 4)
    add(0x120, "mov", .movFromControl, [.Rd, .Cd], (6, 6, 4, 4))
    add(0x121, "mov", .movFromDebug, [.Rd, .Dd], (22, 22, 10, 10))
    add(0x122, "mov", .movToControl, [.Cd, .Rd], (10, 10, 16, 16))
    add(0x123, "mov", .movToDebug, [.Dd, .Rd], (22, 22, 11, 11))
    add(0x124, "mov", .movFromTest, [.Rd, .Td], (12, 12, 4, 4))
    add(0x126, "mov", .movToTest, [.Td, .Rd], (12, 12, 4, 4))
  }
}
