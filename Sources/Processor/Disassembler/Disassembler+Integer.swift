// Integer instructions: mnemonics with their sizes, and operands by kind.

extension InstructionReader {
  /// Mnemonic and operands of everything but ESC.
  mutating func instructionText(_ form: InstructionForm) -> String? {
    var mnemonic = name(form)
    var kinds = [form.first, form.second, form.third].filter { $0 != .none }
    switch form.operation {
    case .movs, .cmps, .stos, .lods, .scas, .ins, .outs, .salc, .nop: kinds = []
    case .loadFarPointer: kinds = [.Gv, .Mp]
    // NASM puts the first of two registers into the reg field.
    case .xchg where isRegister && form.first != .Zv: kinds.reverse()
    case .aam, .aad:
      let base = number(1)
      return base == 10 ? mnemonic : mnemonic + " " + Disassembler.hex(base)
    case .jmpFarPointer, .callFarPointer: return farPointer(form)
    case .jmpFarMemory, .callFarMemory:
      // The size of the pointer's offset needs a word only if it isn't that of the code.
      showsOperandSize = true
      if operandSize32 != is32Bit { mnemonic += operandSize32 ? " dword" : " word" }
      return mnemonic + " " + memory()
    case .loop, .loope, .loopne:
      let text = mnemonic + " " + target(1)
      if addressSize32 == is32Bit { return text }
      showsAddressSize = true
      return text + (addressSize32 ? ",ecx" : ",cx")
    case .jcc, .jmpRelative, .callRelative, .jcxz: return jump(form, mnemonic)
    case .push where form.first == .Ibs:
      return mnemonic + " byte " + signed(signedByte())
    case .push where form.first == .Iz:
      showsOperandSize = true
      let value = wideImmediate(hasShortForm: true)
      return mnemonic + " " + (value.hasPrefix("strict") ? value : (operandSize32 ? "dword " : "word ") + value)
    default: break
    }
    var operands: [String] = []
    for (i, kind) in kinds.enumerated() {
      guard let operand = operand(kind, form, needsSize: needsSize(kind, kinds, i)) else { return nil }
      operands.append(operand)
    }
    return operands.isEmpty ? mnemonic : mnemonic + " " + operands.joined(separator: ",")
  }

  // MARK: Mnemonics

  /// The mnemonic, with the suffixes that operand and address size call for.
  private mutating func name(_ form: InstructionForm) -> String {
    let name = "\(form.mnemonic)"
    switch form.operation {
    case .movs, .cmps, .stos, .lods, .scas, .ins, .outs:
      if opcode & 1 == 0 { return name + "b" }
      showsOperandSize = true
      return name + (operandSize32 ? "d" : "w")
    case .pusha, .popa, .pushf, .popf, .iret:
      showsOperandSize = true
      return name + (operandSize32 ? "d" : (is32Bit ? "w" : ""))
    case .cbw:
      showsOperandSize = true
      return operandSize32 ? "cwde" : "cbw"
    case .cwd:
      showsOperandSize = true
      return operandSize32 ? "cdq" : "cwd"
    case .xlat: return "xlatb"
    case .jcxz:
      showsAddressSize = true
      return addressSize32 ? "jecxz" : "jcxz"
    default: return name
    }
  }

  // MARK: Control transfer

  private mutating func jump(_ form: InstructionForm, _ mnemonic: String) -> String {
    if form.first == .Jb {
      return mnemonic + (form.operation == .jcxz ? " " : " short ") + target(1)
    }
    showsOperandSize = true
    let near = form.operation == .callRelative ? " " : " near "
    let size = operandSize32 == is32Bit ? "" : (operandSize32 ? "dword " : "word ")
    return mnemonic + near + size + target(operandBytes)
  }

  private mutating func farPointer(_ form: InstructionForm) -> String {
    showsOperandSize = true
    let offset = number(operandBytes)
    let selector = number(2)
    let size = operandSize32 == is32Bit ? " " : (operandSize32 ? " dword " : " word ")
    let mnemonic = form.operation == .jmpFarPointer ? "jmp" : "call"
    return mnemonic + size + Disassembler.hex(selector) + ":" + Disassembler.hex(offset)
  }

  // MARK: Operands

  /// Whether a memory operand must say its size: no register beside it does.
  private func needsSize(_ kind: Operand, _ kinds: [Operand], _ position: Int) -> Bool {
    let others = kinds.enumerated().filter { $0.offset != position }.map(\.element)
    switch kind {
    case .Eb: return !others.contains { $0 == .Gb || $0 == .AL }
    case .Ev: return !others.contains { $0 == .Gv || $0 == .eAX || $0 == .Sw }
    case .Ew: return !others.contains { $0 == .Gw || $0 == .Sw }
    default: return false
    }
  }

  private mutating func operand(_ kind: Operand, _ form: InstructionForm, needsSize: Bool) -> String? {
    switch kind {
    case .Eb: return general(1, needsSize)
    case .Ew: return general(2, needsSize)
    case .Ev:
      // SLDT, STR, SMSW and MOV from a segment register store 16 bits in memory whatever the operand size.
      switch form.operation {
      case .sldt, .str, .smsw, .movFromSegment: if !isRegister { return general(2, needsSize) }
      default: break
      }
      showsOperandSize = true
      return general(operandBytes, needsSize)
    case .Gb: return Self.register(reg, 1)
    case .Gw: return Self.register(reg, 2)
    case .Gv:
      showsOperandSize = true
      return Self.register(reg, operandBytes)
    case .Mv, .Ma, .Mp, .Ms, .Mb: return memory()
    case .Rd: return Self.register(rm, 4)
    case .Cd: return "cr\(reg)"
    case .Dd: return "dr\(reg)"
    case .Td: return "tr\(reg)"
    case .Sw: return Self.segments[Int(min(reg, 5))]
    case .Ib:
      let value = number(1)
      // A count of one in the form with a count byte.
      return form.operation == .shift && value == 1 ? "byte 0x1" : Disassembler.hex(value)
    case .Ibs:
      showsOperandSize = true
      return "byte " + signed(signedByte())
    case .Iw: return Disassembler.hex(number(2))
    case .Iz:
      switch form.operation {
      case .mov, .test: return wideImmediate(hasShortForm: false)
      default: return wideImmediate(hasShortForm: true)
      }
    case .Ob, .Ov: return directMemory()
    case .AL: return "al"
    case .eAX:
      showsOperandSize = true
      return Self.register(0, operandBytes)
    case .DX: return "dx"
    case .CL: return "cl"
    case .one: return "1"
    case .three: return "3"
    case .Zb: return Self.register(UInt8(opcode & 7), 1)
    case .Zv:
      showsOperandSize = true
      return Self.register(UInt8(opcode & 7), operandBytes)
    case .ES, .CS, .SS, .DS, .FS, .GS: return "\(kind)".lowercased()
    case .none, .Jb, .Jz, .Ap, .Xb, .Xv, .Yb, .Yv: return nil
    }
  }

  /// An immediate of operand size; `strict` keeps NASM from using the form with a sign-extended byte.
  private mutating func wideImmediate(hasShortForm: Bool) -> String {
    let value = number(operandBytes)
    let signed = operandSize32 ? Int32(bitPattern: value) : Int32(Int16(truncatingIfNeeded: value))
    guard hasShortForm, -128...127 ~= signed else { return Disassembler.hex(value) }
    return (operandSize32 ? "strict dword " : "strict word ") + Disassembler.hex(value)
  }

  /// The r/m operand.
  private mutating func general(_ size: Int, _ needsSize: Bool) -> String {
    if isRegister { return Self.register(rm, size) }
    return (needsSize ? (size == 1 ? "byte " : (size == 2 ? "word " : "dword ")) : "") + memory()
  }

  private func signed(_ value: Int32) -> String { (value < 0 ? "-" : "+") + Disassembler.hex(value.magnitude) }
}
