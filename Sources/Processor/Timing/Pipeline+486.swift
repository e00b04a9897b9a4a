// The 486 runs a simple instruction a clock. What holds it up can be seen in the instructions themselves: prefixes,
// index registers, displacement with immediate, and registers that are wanted too soon.
//
// - Source: i486 PRM, notes to the clock tables (prefix, index, displacement and immediate, address interlock); M. Abrash,
//   Graphics Programming Black Book, chapters 12 and 13, for what he measured on two 486s: the interlock of two clocks
//   and the byte register rules. He measured one clock for the interlock in 32-bit protected mode; that it depends on
//   the code segment's size rather than the mode is unverified.

extension Pipeline {
  /// State: bit 1; bits 2-3: clocks of the last instruction, 3 at most; bits 4-7: register it wrote plus one; bit 8: a
  /// byte of it; bits 9-12: register written a clock earlier plus one; bit 13: a byte of it.
  mutating func issue486(_ op: inout Op, _ decoder: Decoder) {
    let isSequential = state & Pipe.sequential != 0
    // A jump takes three clocks, and what was written before it is long there.
    let before = isSequential ? Int(state >> 2 & 3) : 3
    let last = isSequential ? Int(state >> 4 & 15) : 0
    let lastIsByte = isSequential && state & 0x100 != 0
    let earlier = isSequential ? Int(state >> 9 & 15) : 0
    let earlierIsByte = isSequential && state & 0x2000 != 0
    let uses = decoder.registers(op)

    var wait = max(0, decoder.prefixes - max(before - 1, 0))
    // Clocks between the write of a register and its use in an address.
    let distance = code32 ? 2 : 3
    while wait < 8 {
      let interlocked =
        (last != 0 && uses.address >> UInt16(last - 1) & 1 != 0 && 1 + wait < distance)
        || (earlier != 0 && uses.address >> UInt16(earlier - 1) & 1 != 0 && 2 + wait < distance)
      let byteBeforeAddress =
        uses.address != 0 && ((lastIsByte && wait == 1) || (earlierIsByte && wait == 0))
      let partRead = lastIsByte && wait == 0 && last != 0 && uses.reads >> UInt16(last - 1) & 1 != 0
      if !interlocked, !byteBeforeAddress, !partRead { break }
      wait += 1
    }
    if uses.hasIndex { wait += 1 }
    if !decoder.isRegister, decoder.hasDisplacement, decoder.hasImmediate, decoder.form.hasModRM { wait += 1 }
    op.clocks &+= UInt16(wait)

    let duration = Int(op.clocks) + (op.isEscape ? Int(op.extra) : 0)
    let isNext = duration == 1
    state =
      Pipe.sequential | UInt16(min(max(duration, 1), 3)) << 2 | UInt16(uses.written) << 4
      | (uses.writesByte ? 0x100 : 0) | (isNext ? UInt16(last) << 9 : 0) | (isNext && lastIsByte ? 0x2000 : 0)
  }
}

/// Registers as an instruction of the 486's pipeline uses them: bit n is register n, whole or in part.
struct RegisterUse {
  /// In the address of a memory operand or of the stack.
  var address: UInt16 = 0
  /// As whole operands.
  var reads: UInt16 = 0
  /// The register written plus one, 0 for none.
  var written = 0
  var writesByte = false
  /// An index register takes part in the address.
  var hasIndex = false
}

extension Decoder {
  /// What the instruction just decoded does with registers.
  func registers(_ op: Op) -> RegisterUse {
    var use = RegisterUse()
    if !isRegister {
      if op.base < 32 { use.address |= 1 << UInt16(op.base / 4) }
      if op.index < 32 {
        use.address |= 1 << UInt16(op.index / 4)
        use.hasIndex = true
      }
    }
    switch form.operation {
    case .push, .pop, .callRelative, .callNear, .ret, .retPop, .pushSegment, .popSegment, .pusha, .popa, .pushf, .popf:
      use.address |= 1 << 4
    case .leave: use.address |= 1 << 5
    default: break
    }
    let first = operandRegister(form.first)
    if let (number, isByte) = first {
      if writesFirst {
        use.written = number + 1
        use.writesByte = isByte
      }
      if readsFirst, !isByte { use.reads |= 1 << UInt16(number) }
    }
    for operand in [form.second, form.third] {
      if let (number, isByte) = operandRegister(operand), !isByte { use.reads |= 1 << UInt16(number) }
    }
    switch form.operation {
    case .xlat, .lahf:
      use.written = 1
      use.writesByte = true
    case .cbw: use.written = 1
    case .cwd: use.written = 3
    default: break
    }
    return use
  }

  private func operandRegister(_ operand: Operand) -> (number: Int, isByte: Bool)? {
    switch operand {
    case .Eb: isRegister ? (Int(rm & 3), true) : nil
    case .Ew, .Ev: isRegister ? (Int(rm), false) : nil
    case .Rd: (Int(rm), false)
    case .Gb: (Int(reg & 3), true)
    case .Gw, .Gv: (Int(reg), false)
    case .Zb: (opcode & 3, true)
    case .Zv: (opcode & 7, false)
    case .AL: (0, true)
    case .CL: (1, true)
    case .eAX: (0, false)
    case .DX: (2, false)
    default: nil
    }
  }

  private var writesFirst: Bool {
    switch form.operation {
    case .add, .or, .adc, .sbb, .and, .sub, .xor, .mov, .inc, .dec, .neg, .not, .xchg, .shift, .movzx, .movsx, .lea,
      .imulRR, .imulRI, .pop, .setcc, .shld, .shrd, .bswap, .bsf, .bsr, .bts, .btr, .btc, .xadd, .cmpxchg,
      .movFromSegment, .loadFarPointer, .inImmediate, .inDX, .movFromControl, .movFromDebug, .movFromTest, .lar, .lsl:
      true
    default: false
    }
  }

  private var readsFirst: Bool {
    switch form.operation {
    case .mov, .movzx, .movsx, .lea, .imulRI, .pop, .setcc, .bsf, .bsr, .movFromSegment, .loadFarPointer, .lar, .lsl:
      false
    default: true
    }
  }
}
