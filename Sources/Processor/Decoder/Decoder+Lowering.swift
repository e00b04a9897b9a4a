import Hardware

// From an instruction form and its operands to one `Op`.
extension Decoder {
  var isByte: Bool {
    switch form.first {
    case .Eb, .Gb, .Zb, .AL, .Ob, .Xb, .Yb: true
    case .Ib, .DX: form.second == .AL || form.second == .Xb
    default: form.second == .AL && form.first != .Ev
    }
  }
  var reg: UInt8 { modRM >> 3 & 7 }
  var rm: UInt8 { modRM & 7 }
  /// Byte offset of register `n` at this size.
  func offset(_ n: UInt8, byte: Bool) -> UInt8 { byte ? (n & 3) * 4 + (n >> 2) : n * 4 }
  /// 0, 1, 2 for 8, 16, 32 bits.
  func sizeIndex(_ byte: Bool) -> UInt16 { byte ? 0 : (operandSize32 ? 2 : 1) }

  func id(_ base: OpID, _ offset: UInt16) -> OpID { OpID(rawValue: base.rawValue + offset) ?? .otherEnd }

  mutating func lower(_ op: inout Op) -> Status {
    let byte = isByte
    let z = sizeIndex(byte)
    op.record = timing.record(opcode: opcode, reg: Int(reg), memory: !isRegister, size: Int(z))
    op.clocks = timing.least(op.record)
    if let taken = timing.clocks(op.record, .taken) { op.extra = UInt16(max(taken - Int64(op.clocks), 0)) }
    switch form.operation {
    case .add, .or, .adc, .sbb, .and, .sub, .xor, .cmp:
      return twoOperands(&op, id(.add8rr, UInt16(form.operation.rawValue) * 15), byte, z)
    case .mov:
      return twoOperands(&op, .mov8rr, byte, z)
    case .test:
      // No rm form: TEST is symmetrical, so E,G with memory is `mr`.
      if isRegister, form.second == .Gb || form.second == .Gv {
        op.a = offset(rm, byte: byte)
        op.b = offset(reg, byte: byte)
        op.id = id(.test8rr, z)
      } else if form.first == .AL || form.first == .eAX {
        op.a = 0
        op.id = id(.test8rr, 3 + z)
      } else if form.second == .Gb || form.second == .Gv {
        op.b = offset(reg, byte: byte)
        op.id = id(.test8rr, 6 + z)
      } else {
        op.a = offset(rm, byte: byte)
        op.id = id(.test8rr, (isRegister ? 3 : 9) + z)
      }
    case .inc: oneOperand(&op, .inc8r, byte, z)
    case .dec: oneOperand(&op, .dec8r, byte, z)
    case .neg: oneOperand(&op, .neg8r, byte, z)
    case .not: oneOperand(&op, .not8r, byte, z)
    case .xchg:
      if form.first == .Zv {
        op.a = offset(UInt8(opcode & 7), byte: false)
        op.b = 0
        op.id = id(.xchg8rr, z)
      } else {
        op.a = offset(rm, byte: byte)
        op.b = offset(reg, byte: byte)
        op.id = id(.xchg8rr, (isRegister ? 0 : 3) + z)
      }
    case .shift: shift(&op, byte, z)
    case .movzx, .movsx:
      let wide: UInt16 = form.second == .Ew ? 2 : (operandSize32 ? 1 : 0)
      if form.second == .Ew, !operandSize32 {
        // MOVZX/MOVSX r16, r/m16 is a plain move.
        op.a = reg * 4
        op.b = rm * 4
        op.id = isRegister ? .mov16rr : .mov16rm
      } else {
        op.a = reg * 4
        op.b = offset(rm, byte: form.second == .Eb)
        op.id = id(isRegister ? .movzx16r8 : .movzx16m8, wide + (form.operation == .movsx ? 3 : 0))
      }
    case .lea:
      op.a = reg * 4
      op.id = operandSize32 ? .lea32 : .lea16
    case .imulRR, .imulRI:
      op.a = reg * 4
      op.b = rm * 4
      let base: OpID =
        form.operation == .imulRR ? (isRegister ? .imul16r : .imul16m) : (isRegister ? .imul16ri : .imul16mi)
      op.id = id(base, operandSize32 ? 1 : 0)
    case .push:
      let wide: UInt16 = operandSize32 ? 1 : 0
      switch form.first {
      case .Zv:
        op.a = UInt8(opcode & 7) * 4
        op.id = id(.push16r, wide)
      case .Iz, .Ibs: op.id = id(.push16i, wide)
      default:
        op.a = rm * 4
        op.id = id(isRegister ? .push16r : .push16m, wide)
      }
    case .pop:
      let wide: UInt16 = operandSize32 ? 1 : 0
      if form.first == .Zv {
        op.a = UInt8(opcode & 7) * 4
        op.id = id(.pop16r, wide)
      } else {
        op.a = rm * 4
        op.id = id(isRegister ? .pop16r : .pop16m, wide)
      }
    case .jcc:
      branch(&op)
      op.id = id(.jO, UInt16(opcode & 15))
      return .last
    case .setcc:
      op.a = offset(rm, byte: true)
      op.b = UInt8(opcode & 15)
      // The 486 takes a clock more to write 1 into a register, and one more to write 0 into memory.
      op.extra = is486 ? 1 : 0
      op.id = isRegister ? id(.setOr, UInt16(opcode & 15)) : .setccM
    case .jmpRelative:
      branch(&op)
      op.id = .jmp
      return .last
    case .callRelative:
      branch(&op)
      op.id = operandSize32 ? .call32 : .call16
      return .last
    case .ret, .retPop:
      op.id = operandSize32 ? .ret32 : .ret16
      return .last
    case .jmpNear, .callNear:
      op.a = rm * 4
      let base: OpID = form.operation == .jmpNear ? .jmp16r : .call16r
      op.id = id(base, (isRegister ? 0 : 2) + (operandSize32 ? 1 : 0))
      return .last
    case .loop, .loope, .loopne, .jcxz:
      branch(&op)
      op.mask = addressSize32 ? 0xFFFF_FFFF : 0xFFFF
      switch form.operation {
      case .loop: op.id = addressSize32 ? .loop32 : .loop16
      case .loope: op.id = .loope
      case .loopne: op.id = .loopne
      default: op.id = addressSize32 ? .jcxz32 : .jcxz16
      }
      return .last
    case .escape: escape(&op)
    case .nop: op.id = .nop
    case .cbw: op.id = operandSize32 ? .cwde : .cbw
    case .cwd: op.id = operandSize32 ? .cdq : .cwd
    case .clc: op.id = .clc
    case .stc: op.id = .stc
    case .cmc: op.id = .cmc
    case .cld: op.id = .cld
    case .std: op.id = .std
    case .lahf: op.id = .lahf
    case .sahf: op.id = .sahf
    default: return general(&op, byte)
    }
    return .more
  }

  /// E,G  G,E  E,I  accumulator,I  register,I and the offset forms of MOV.
  func twoOperands(_ op: inout Op, _ base: OpID, _ byte: Bool, _ z: UInt16) -> Status {
    let rr: UInt16 = 0
    let ri: UInt16 = 3
    let rm: UInt16 = 6
    let mr: UInt16 = 9
    let mi: UInt16 = 12
    let form: UInt16
    switch (self.form.first, self.form.second) {
    case (.Eb, .Gb), (.Ev, .Gv):
      op.a = offset(self.rm, byte: byte)
      op.b = offset(reg, byte: byte)
      form = isRegister ? rr : mr
    case (.Gb, .Eb), (.Gv, .Ev):
      op.a = offset(reg, byte: byte)
      op.b = offset(self.rm, byte: byte)
      form = isRegister ? rr : rm
    case (.AL, .Ob), (.eAX, .Ov):
      op.a = 0
      form = rm
    case (.Ob, .AL), (.Ov, .eAX):
      op.b = 0
      form = mr
    case (.AL, _), (.eAX, _):
      op.a = 0
      form = ri
    case (.Zb, _), (.Zv, _):
      op.a = offset(UInt8(opcode & 7), byte: byte)
      form = ri
    default:
      op.a = offset(self.rm, byte: byte)
      form = isRegister ? ri : mi
    }
    op.id = id(base, form + z)
    return .more
  }

  func oneOperand(_ op: inout Op, _ base: OpID, _ byte: Bool, _ z: UInt16) {
    if form.first == .Zv {
      op.a = UInt8(opcode & 7) * 4
      op.id = id(base, z)
    } else {
      op.a = offset(rm, byte: byte)
      op.id = id(base, (isRegister ? 0 : 3) + z)
    }
  }

  func shift(_ op: inout Op, _ byte: Bool, _ z: UInt16) {
    op.a = offset(rm, byte: byte)
    op.b = reg
    op.imm &= 31
    let byCL = form.second == .CL
    // RCL and RCR by a count on the 486: the rest of their range is charged by count.
    if is486, reg & 6 == 2, form.second != .one {
      if byCL { op.extra = 1 } else { op.clocks += UInt16(CPU.rotateClocks(op.imm)) }
    }
    op.id = id(.shift8rImm, (isRegister ? 0 : 6) + (byCL ? 3 : 0) + z)
    if isRegister, !byCL, !byte, op.imm != 0 {
      switch reg {
      case 4, 6: op.id = operandSize32 ? .shl32rImm : .shl16rImm
      case 5: op.id = operandSize32 ? .shr32rImm : .shr16rImm
      case 7: op.id = operandSize32 ? .sar32rImm : .sar16rImm
      default: break
      }
    }
  }

  func branch(_ op: inout Op) {
    op.target = op.imm  // completed with the instruction's place by the block builder
    op.targetMask = operandSize32 ? 0xFFFF_FFFF : 0xFFFF
  }

  /// ESC: what the numeric unit does and how long it takes is known from the two bytes.
  func escape(_ op: inout Op) {
    let opcode = UInt16(truncatingIfNeeded: self.opcode & 7) << 8 | UInt16(modRM)
    op.id = isRegister ? .escapeRegister : .escapeMemory
    op.imm = UInt32(opcode)
    op.mode = operandSize32 ? 4 : 2
    op.a = X87.recordsPointers(opcode: opcode) ? 1 : 0
    let access = isRegister ? .undefined : NumericAccess(X87.memoryForm(opcode: opcode))
    op.b = access.rawValue
    if is486, isDivision(opcode) { op.mode |= Op.divides }
    // One clock is static: an instruction that traps (#NM) costs no more than that. The rest is charged on execution.
    let count = X87.clocks(opcode: opcode, model: is486 ? .i486 : .i387, isProtected: true)
    op.clocks = 1
    op.extra = count.clocks == 0 ? 0 : count.clocks &- 1
    op.targetMask = UInt32(min(count.concurrent, op.extra))
    // A 386 goes on once it has handed the instruction and its operands over, except for results it has to fetch.
    // The 16 clocks are from memory (timing notes 1.7) and unverified.
    let fetches = access.rawValue >= NumericAccess.store2.rawValue || opcode == 0x7E0
    if !is486, !fetches, op.extra > 15 { op.targetMask = UInt32(op.extra &- 15) }
  }

  /// FDIV and FDIVR of numbers with a point.
  private func isDivision(_ opcode: UInt16) -> Bool {
    opcode >> 3 & 6 == 6 && (opcode >> 8 & 3 == 0 || opcode >> 8 == 6 && isRegister)
  }

  /// Everything that goes through `CPU.execute`.
  func general(_ op: inout Op, _ byte: Bool) -> Status {
    op.a = form.operation.rawValue
    op.b = reg
    op.mode = byte ? 1 : (operandSize32 ? 4 : 2)
    op.mode |= repeatPrefix | (isRegister ? 0x20 : 0) | (addressSize32 ? 0x10 : 0)
    if isRegister, form.hasModRM { op.base = form.first == .Eb ? offset(rm, byte: true) : rm * 4 }
    var ends = false
    switch form.operation {
    case .movs, .cmps, .stos, .lods, .scas, .ins, .outs, .xlat:
      // Strings charge themselves: the time depends on the repeat prefix, the count and the mode.
      if form.operation != .xlat { op.clocks = 0 }
      op.seg = segmentOverride == 0xFF ? UInt8(SegmentIndex.ds) : segmentOverride
      op.mask = addressSize32 ? 0xFFFF_FFFF : 0xFFFF
      ends = repeatPrefix != 0 || form.operation == .ins || form.operation == .outs
      if form.operation == .xlat { ends = false }
    case .pushSegment, .popSegment: op.b = segment(form.first)
    case .movToSegment:
      op.mode = op.mode & 0xF0 | 2
      ends = reg == UInt8(SegmentIndex.ss)
    case .loadFarPointer: op.imm = UInt32(segment(form.third))
    case .xadd, .cmpxchg:
      op.b = offset(reg, byte: byte)
      op.base = isRegister ? offset(rm, byte: byte) : op.base
    case .shld, .shrd:
      // A count in CL is marked by an impossible immediate.
      if form.third == .CL { op.imm = 0x100 }
    case .bt, .bts, .btr, .btc: if form.second == .Gv { op.imm = 0x100 }
    case .bswap: op.base = UInt8(opcode & 7) * 4
    case .movFromControl, .movToControl, .movFromDebug, .movToDebug, .movFromTest, .movToTest:
      op.base = rm * 4
      ends = true
    case .pushf, .pusha, .popa, .enter, .leave, .mul, .imul, .div, .idiv, .bsf, .bsr, .daa, .das, .aaa, .aas, .aam,
      .aad, .salc, .movFromSegment, .bound, .arpl, .lar, .lsl, .sldt, .str, .verr, .verw, .sgdt, .sidt, .lgdt, .lidt,
      .smsw, .cli, .wait, .cpuid, .clts:
      break
    default: ends = true
    }
    if form.operation == .popSegment, op.b == UInt8(SegmentIndex.ss) { ends = true }
    op.id = ends ? .otherEnd : .other
    return ends ? .last : .more
  }

  func segment(_ operand: Operand) -> UInt8 {
    switch operand {
    case .ES: UInt8(SegmentIndex.es)
    case .CS: UInt8(SegmentIndex.cs)
    case .SS: UInt8(SegmentIndex.ss)
    case .FS: UInt8(SegmentIndex.fs)
    case .GS: UInt8(SegmentIndex.gs)
    default: UInt8(SegmentIndex.ds)
    }
  }
}
