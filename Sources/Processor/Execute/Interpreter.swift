import Hardware

/// Why `interpret` returned.
enum Pause {
  /// The next block doesn't fit in the slice, or none can be had: step one instruction.
  case step
  /// Something wants attention: an exception, a changed block, the end of the slice.
  case again
}

extension CPU {
  /// Runs decoded blocks, starting with `first`, until the slice ends or something wants attention.
  ///
  /// One dense switch; an operation that can fail leaves through `break outer` with either an exception pending or
  /// nothing pending (the block has to be left behind this instruction). Every line is one operation: what it does is
  /// in the file of its family.
  @inline(never) func interpret(_ first: UnsafeMutablePointer<Block>) -> Pause {
    var block = first
    var o = UnsafePointer<Op>(block.pointee.ops)
    outer: while true {
      s.pointee.left &-= Int64(block.pointee.cycles)
      c.pointee.block = block
      if _slowPath(block.pointee.epoch != c.pointee.epoch) { enter(block) }
      o = UnsafePointer(block.pointee.ops)
      body: while true {
        switch o.pointee.id {
        // ADD
        case .add8rr: rr(o, UInt8.self, .add)
        case .add16rr: rr(o, UInt16.self, .add)
        case .add32rr: rr(o, UInt32.self, .add)
        case .add8ri: ri(o, UInt8.self, .add)
        case .add16ri: ri(o, UInt16.self, .add)
        case .add32ri: ri(o, UInt32.self, .add)
        case .add8rm: if !rm(o, UInt8.self, .add) { break outer }
        case .add16rm: if !rm(o, UInt16.self, .add) { break outer }
        case .add32rm: if !rm(o, UInt32.self, .add) { break outer }
        case .add8mr: if !mr(o, UInt8.self, .add) { break outer }
        case .add16mr: if !mr(o, UInt16.self, .add) { break outer }
        case .add32mr: if !mr(o, UInt32.self, .add) { break outer }
        case .add8mi: if !mi(o, UInt8.self, .add) { break outer }
        case .add16mi: if !mi(o, UInt16.self, .add) { break outer }
        case .add32mi: if !mi(o, UInt32.self, .add) { break outer }
        // OR
        case .or8rr: rr(o, UInt8.self, .or)
        case .or16rr: rr(o, UInt16.self, .or)
        case .or32rr: rr(o, UInt32.self, .or)
        case .or8ri: ri(o, UInt8.self, .or)
        case .or16ri: ri(o, UInt16.self, .or)
        case .or32ri: ri(o, UInt32.self, .or)
        case .or8rm: if !rm(o, UInt8.self, .or) { break outer }
        case .or16rm: if !rm(o, UInt16.self, .or) { break outer }
        case .or32rm: if !rm(o, UInt32.self, .or) { break outer }
        case .or8mr: if !mr(o, UInt8.self, .or) { break outer }
        case .or16mr: if !mr(o, UInt16.self, .or) { break outer }
        case .or32mr: if !mr(o, UInt32.self, .or) { break outer }
        case .or8mi: if !mi(o, UInt8.self, .or) { break outer }
        case .or16mi: if !mi(o, UInt16.self, .or) { break outer }
        case .or32mi: if !mi(o, UInt32.self, .or) { break outer }
        // ADC
        case .adc8rr: rr(o, UInt8.self, .adc)
        case .adc16rr: rr(o, UInt16.self, .adc)
        case .adc32rr: rr(o, UInt32.self, .adc)
        case .adc8ri: ri(o, UInt8.self, .adc)
        case .adc16ri: ri(o, UInt16.self, .adc)
        case .adc32ri: ri(o, UInt32.self, .adc)
        case .adc8rm: if !rm(o, UInt8.self, .adc) { break outer }
        case .adc16rm: if !rm(o, UInt16.self, .adc) { break outer }
        case .adc32rm: if !rm(o, UInt32.self, .adc) { break outer }
        case .adc8mr: if !mr(o, UInt8.self, .adc) { break outer }
        case .adc16mr: if !mr(o, UInt16.self, .adc) { break outer }
        case .adc32mr: if !mr(o, UInt32.self, .adc) { break outer }
        case .adc8mi: if !mi(o, UInt8.self, .adc) { break outer }
        case .adc16mi: if !mi(o, UInt16.self, .adc) { break outer }
        case .adc32mi: if !mi(o, UInt32.self, .adc) { break outer }
        // SBB
        case .sbb8rr: rr(o, UInt8.self, .sbb)
        case .sbb16rr: rr(o, UInt16.self, .sbb)
        case .sbb32rr: rr(o, UInt32.self, .sbb)
        case .sbb8ri: ri(o, UInt8.self, .sbb)
        case .sbb16ri: ri(o, UInt16.self, .sbb)
        case .sbb32ri: ri(o, UInt32.self, .sbb)
        case .sbb8rm: if !rm(o, UInt8.self, .sbb) { break outer }
        case .sbb16rm: if !rm(o, UInt16.self, .sbb) { break outer }
        case .sbb32rm: if !rm(o, UInt32.self, .sbb) { break outer }
        case .sbb8mr: if !mr(o, UInt8.self, .sbb) { break outer }
        case .sbb16mr: if !mr(o, UInt16.self, .sbb) { break outer }
        case .sbb32mr: if !mr(o, UInt32.self, .sbb) { break outer }
        case .sbb8mi: if !mi(o, UInt8.self, .sbb) { break outer }
        case .sbb16mi: if !mi(o, UInt16.self, .sbb) { break outer }
        case .sbb32mi: if !mi(o, UInt32.self, .sbb) { break outer }
        // AND
        case .and8rr: rr(o, UInt8.self, .and)
        case .and16rr: rr(o, UInt16.self, .and)
        case .and32rr: rr(o, UInt32.self, .and)
        case .and8ri: ri(o, UInt8.self, .and)
        case .and16ri: ri(o, UInt16.self, .and)
        case .and32ri: ri(o, UInt32.self, .and)
        case .and8rm: if !rm(o, UInt8.self, .and) { break outer }
        case .and16rm: if !rm(o, UInt16.self, .and) { break outer }
        case .and32rm: if !rm(o, UInt32.self, .and) { break outer }
        case .and8mr: if !mr(o, UInt8.self, .and) { break outer }
        case .and16mr: if !mr(o, UInt16.self, .and) { break outer }
        case .and32mr: if !mr(o, UInt32.self, .and) { break outer }
        case .and8mi: if !mi(o, UInt8.self, .and) { break outer }
        case .and16mi: if !mi(o, UInt16.self, .and) { break outer }
        case .and32mi: if !mi(o, UInt32.self, .and) { break outer }
        // SUB
        case .sub8rr: rr(o, UInt8.self, .sub)
        case .sub16rr: rr(o, UInt16.self, .sub)
        case .sub32rr: rr(o, UInt32.self, .sub)
        case .sub8ri: ri(o, UInt8.self, .sub)
        case .sub16ri: ri(o, UInt16.self, .sub)
        case .sub32ri: ri(o, UInt32.self, .sub)
        case .sub8rm: if !rm(o, UInt8.self, .sub) { break outer }
        case .sub16rm: if !rm(o, UInt16.self, .sub) { break outer }
        case .sub32rm: if !rm(o, UInt32.self, .sub) { break outer }
        case .sub8mr: if !mr(o, UInt8.self, .sub) { break outer }
        case .sub16mr: if !mr(o, UInt16.self, .sub) { break outer }
        case .sub32mr: if !mr(o, UInt32.self, .sub) { break outer }
        case .sub8mi: if !mi(o, UInt8.self, .sub) { break outer }
        case .sub16mi: if !mi(o, UInt16.self, .sub) { break outer }
        case .sub32mi: if !mi(o, UInt32.self, .sub) { break outer }
        // XOR
        case .xor8rr: rr(o, UInt8.self, .xor)
        case .xor16rr: rr(o, UInt16.self, .xor)
        case .xor32rr: rr(o, UInt32.self, .xor)
        case .xor8ri: ri(o, UInt8.self, .xor)
        case .xor16ri: ri(o, UInt16.self, .xor)
        case .xor32ri: ri(o, UInt32.self, .xor)
        case .xor8rm: if !rm(o, UInt8.self, .xor) { break outer }
        case .xor16rm: if !rm(o, UInt16.self, .xor) { break outer }
        case .xor32rm: if !rm(o, UInt32.self, .xor) { break outer }
        case .xor8mr: if !mr(o, UInt8.self, .xor) { break outer }
        case .xor16mr: if !mr(o, UInt16.self, .xor) { break outer }
        case .xor32mr: if !mr(o, UInt32.self, .xor) { break outer }
        case .xor8mi: if !mi(o, UInt8.self, .xor) { break outer }
        case .xor16mi: if !mi(o, UInt16.self, .xor) { break outer }
        case .xor32mi: if !mi(o, UInt32.self, .xor) { break outer }
        // CMP
        case .cmp8rr: rr(o, UInt8.self, .cmp)
        case .cmp16rr: rr(o, UInt16.self, .cmp)
        case .cmp32rr: rr(o, UInt32.self, .cmp)
        case .cmp8ri: ri(o, UInt8.self, .cmp)
        case .cmp16ri: ri(o, UInt16.self, .cmp)
        case .cmp32ri: ri(o, UInt32.self, .cmp)
        case .cmp8rm: if !rm(o, UInt8.self, .cmp) { break outer }
        case .cmp16rm: if !rm(o, UInt16.self, .cmp) { break outer }
        case .cmp32rm: if !rm(o, UInt32.self, .cmp) { break outer }
        case .cmp8mr: if !mr(o, UInt8.self, .cmp) { break outer }
        case .cmp16mr: if !mr(o, UInt16.self, .cmp) { break outer }
        case .cmp32mr: if !mr(o, UInt32.self, .cmp) { break outer }
        case .cmp8mi: if !mi(o, UInt8.self, .cmp) { break outer }
        case .cmp16mi: if !mi(o, UInt16.self, .cmp) { break outer }
        case .cmp32mi: if !mi(o, UInt32.self, .cmp) { break outer }
        // TEST
        case .test8rr: setLogic(get(o.pointee.a, UInt8.self) & get(o.pointee.b, UInt8.self))
        case .test16rr: setLogic(get(o.pointee.a, UInt16.self) & get(o.pointee.b, UInt16.self))
        case .test32rr: setLogic(get(o.pointee.a, UInt32.self) & get(o.pointee.b, UInt32.self))
        case .test8ri: setLogic(get(o.pointee.a, UInt8.self) & UInt8(truncatingIfNeeded: o.pointee.imm))
        case .test16ri: setLogic(get(o.pointee.a, UInt16.self) & UInt16(truncatingIfNeeded: o.pointee.imm))
        case .test32ri: setLogic(get(o.pointee.a, UInt32.self) & UInt32(truncatingIfNeeded: o.pointee.imm))
        case .test8mr: if !testMemory(o, get(o.pointee.b, UInt8.self)) { break outer }
        case .test16mr: if !testMemory(o, get(o.pointee.b, UInt16.self)) { break outer }
        case .test32mr: if !testMemory(o, get(o.pointee.b, UInt32.self)) { break outer }
        case .test8mi: if !testMemory(o, UInt8(truncatingIfNeeded: o.pointee.imm)) { break outer }
        case .test16mi: if !testMemory(o, UInt16(truncatingIfNeeded: o.pointee.imm)) { break outer }
        case .test32mi: if !testMemory(o, UInt32(truncatingIfNeeded: o.pointee.imm)) { break outer }
        // MOV
        case .mov8rr: set(o.pointee.a, get(o.pointee.b, UInt8.self))
        case .mov16rr: set(o.pointee.a, get(o.pointee.b, UInt16.self))
        case .mov32rr: set(o.pointee.a, get(o.pointee.b, UInt32.self))
        case .mov8ri: set(o.pointee.a, UInt8(truncatingIfNeeded: o.pointee.imm))
        case .mov16ri: set(o.pointee.a, UInt16(truncatingIfNeeded: o.pointee.imm))
        case .mov32ri: set(o.pointee.a, UInt32(truncatingIfNeeded: o.pointee.imm))
        case .mov8rm: if !loadRegister(o, UInt8.self) { break outer }
        case .mov16rm: if !loadRegister(o, UInt16.self) { break outer }
        case .mov32rm: if !loadRegister(o, UInt32.self) { break outer }
        case .mov8mr: if !store(o, get(o.pointee.b, UInt8.self)) { break outer }
        case .mov16mr: if !store(o, get(o.pointee.b, UInt16.self)) { break outer }
        case .mov32mr: if !store(o, get(o.pointee.b, UInt32.self)) { break outer }
        case .mov8mi: if !store(o, UInt8(truncatingIfNeeded: o.pointee.imm)) { break outer }
        case .mov16mi: if !store(o, UInt16(truncatingIfNeeded: o.pointee.imm)) { break outer }
        case .mov32mi: if !store(o, UInt32(truncatingIfNeeded: o.pointee.imm)) { break outer }
        // INC DEC NEG NOT
        case .inc8r: set(o.pointee.a, increment(get(o.pointee.a, UInt8.self)))
        case .inc16r: set(o.pointee.a, increment(get(o.pointee.a, UInt16.self)))
        case .inc32r: set(o.pointee.a, increment(get(o.pointee.a, UInt32.self)))
        case .inc8m: if !modify(o, { (a: UInt8) -> UInt8 in increment(a) }) { break outer }
        case .inc16m: if !modify(o, { (a: UInt16) -> UInt16 in increment(a) }) { break outer }
        case .inc32m: if !modify(o, { (a: UInt32) -> UInt32 in increment(a) }) { break outer }
        case .dec8r: set(o.pointee.a, decrement(get(o.pointee.a, UInt8.self)))
        case .dec16r: set(o.pointee.a, decrement(get(o.pointee.a, UInt16.self)))
        case .dec32r: set(o.pointee.a, decrement(get(o.pointee.a, UInt32.self)))
        case .dec8m: if !modify(o, { (a: UInt8) -> UInt8 in decrement(a) }) { break outer }
        case .dec16m: if !modify(o, { (a: UInt16) -> UInt16 in decrement(a) }) { break outer }
        case .dec32m: if !modify(o, { (a: UInt32) -> UInt32 in decrement(a) }) { break outer }
        case .neg8r: set(o.pointee.a, negate(get(o.pointee.a, UInt8.self)))
        case .neg16r: set(o.pointee.a, negate(get(o.pointee.a, UInt16.self)))
        case .neg32r: set(o.pointee.a, negate(get(o.pointee.a, UInt32.self)))
        case .neg8m: if !modify(o, { (a: UInt8) -> UInt8 in negate(a) }) { break outer }
        case .neg16m: if !modify(o, { (a: UInt16) -> UInt16 in negate(a) }) { break outer }
        case .neg32m: if !modify(o, { (a: UInt32) -> UInt32 in negate(a) }) { break outer }
        case .not8r: set(o.pointee.a, ~get(o.pointee.a, UInt8.self))
        case .not16r: set(o.pointee.a, ~get(o.pointee.a, UInt16.self))
        case .not32r: set(o.pointee.a, ~get(o.pointee.a, UInt32.self))
        case .not8m: if !modify(o, { (a: UInt8) -> UInt8 in ~a }) { break outer }
        case .not16m: if !modify(o, { (a: UInt16) -> UInt16 in ~a }) { break outer }
        case .not32m: if !modify(o, { (a: UInt32) -> UInt32 in ~a }) { break outer }
        // XCHG
        case .xchg8rr: exchangeRegisters(o, UInt8.self)
        case .xchg16rr: exchangeRegisters(o, UInt16.self)
        case .xchg32rr: exchangeRegisters(o, UInt32.self)
        case .xchg8rm: if !exchangeMemory(o, UInt8.self) { break outer }
        case .xchg16rm: if !exchangeMemory(o, UInt16.self) { break outer }
        case .xchg32rm: if !exchangeMemory(o, UInt32.self) { break outer }
        // Shifts
        case .shift8rImm: shiftRegister(o, UInt8.self, o.pointee.imm)
        case .shift16rImm: shiftRegister(o, UInt16.self, o.pointee.imm)
        case .shift32rImm: shiftRegister(o, UInt32.self, o.pointee.imm)
        case .shift8rCL: shiftRegisterByCL(o, UInt8.self)
        case .shift16rCL: shiftRegisterByCL(o, UInt16.self)
        case .shift32rCL: shiftRegisterByCL(o, UInt32.self)
        case .shift8mImm: if !shiftMemory(o, UInt8.self, o.pointee.imm) { break outer }
        case .shift16mImm: if !shiftMemory(o, UInt16.self, o.pointee.imm) { break outer }
        case .shift32mImm: if !shiftMemory(o, UInt32.self, o.pointee.imm) { break outer }
        case .shift8mCL: if !shiftMemoryByCL(o, UInt8.self) { break outer }
        case .shift16mCL: if !shiftMemoryByCL(o, UInt16.self) { break outer }
        case .shift32mCL: if !shiftMemoryByCL(o, UInt32.self) { break outer }
        case .shl16rImm: shl(o, UInt16.self)
        case .shl32rImm: shl(o, UInt32.self)
        case .shr16rImm: shr(o, UInt16.self)
        case .shr32rImm: shr(o, UInt32.self)
        case .sar16rImm: sar(o, UInt16.self)
        case .sar32rImm: sar(o, UInt32.self)
        // Widening
        case .movzx16r8: set(o.pointee.a, UInt16(get(o.pointee.b, UInt8.self)))
        case .movzx32r8: set(o.pointee.a, UInt32(get(o.pointee.b, UInt8.self)))
        case .movzx32r16: set(o.pointee.a, UInt32(get(o.pointee.b, UInt16.self)))
        case .movsx16r8: set(o.pointee.a, UInt16(truncatingIfNeeded: get(o.pointee.b, UInt8.self).signExtended))
        case .movsx32r8: set(o.pointee.a, UInt32(truncatingIfNeeded: get(o.pointee.b, UInt8.self).signExtended))
        case .movsx32r16: set(o.pointee.a, UInt32(truncatingIfNeeded: get(o.pointee.b, UInt16.self).signExtended))
        case .movzx16m8: if !widen(o, from: UInt8.self, to: UInt16.self, signed: false) { break outer }
        case .movzx32m8: if !widen(o, from: UInt8.self, to: UInt32.self, signed: false) { break outer }
        case .movzx32m16: if !widen(o, from: UInt16.self, to: UInt32.self, signed: false) { break outer }
        case .movsx16m8: if !widen(o, from: UInt8.self, to: UInt16.self, signed: true) { break outer }
        case .movsx32m8: if !widen(o, from: UInt8.self, to: UInt32.self, signed: true) { break outer }
        case .movsx32m16: if !widen(o, from: UInt16.self, to: UInt32.self, signed: true) { break outer }
        case .lea16: set(o.pointee.a, UInt16(truncatingIfNeeded: offset(o)))
        case .lea32: set(o.pointee.a, offset(o))
        // IMUL into a register
        case .imul16r: set(o.pointee.a, multiply(o, get(o.pointee.a, UInt16.self), get(o.pointee.b, UInt16.self)))
        case .imul32r: set(o.pointee.a, multiply(o, get(o.pointee.a, UInt32.self), get(o.pointee.b, UInt32.self)))
        case .imul16m: if !multiplyByMemory(o, get(o.pointee.a, UInt16.self)) { break outer }
        case .imul32m: if !multiplyByMemory(o, get(o.pointee.a, UInt32.self)) { break outer }
        case .imul16ri:
          set(o.pointee.a, multiply(o, get(o.pointee.b, UInt16.self), UInt16(truncatingIfNeeded: o.pointee.imm)))
        case .imul32ri:
          set(o.pointee.a, multiply(o, get(o.pointee.b, UInt32.self), UInt32(truncatingIfNeeded: o.pointee.imm)))
        case .imul16mi: if !multiplyMemory(o, UInt16(truncatingIfNeeded: o.pointee.imm)) { break outer }
        case .imul32mi: if !multiplyMemory(o, UInt32(truncatingIfNeeded: o.pointee.imm)) { break outer }
        // Stack
        case .push16r: if !push(o, get(o.pointee.a, UInt16.self)) { break outer }
        case .push16i: if !push(o, UInt16(truncatingIfNeeded: o.pointee.imm)) { break outer }
        case .push16m: if !pushMemory(o, UInt16.self) { break outer }
        case .pop16r: if !popRegister(o, UInt16.self) { break outer }
        case .pop16m: if !popMemory(o, UInt16.self) { break outer }
        case .push32r: if !push(o, get(o.pointee.a, UInt32.self)) { break outer }
        case .push32i: if !push(o, UInt32(truncatingIfNeeded: o.pointee.imm)) { break outer }
        case .push32m: if !pushMemory(o, UInt32.self) { break outer }
        case .pop32r: if !popRegister(o, UInt32.self) { break outer }
        case .pop32m: if !popMemory(o, UInt32.self) { break outer }
        // Jcc SETcc
        case .jO: if branch(o, taken: condition(0)) { break body } else { break outer }
        case .jNO: if branch(o, taken: condition(1)) { break body } else { break outer }
        case .jB: if branch(o, taken: condition(2)) { break body } else { break outer }
        case .jNB: if branch(o, taken: condition(3)) { break body } else { break outer }
        case .jZ: if branch(o, taken: condition(4)) { break body } else { break outer }
        case .jNZ: if branch(o, taken: condition(5)) { break body } else { break outer }
        case .jBE: if branch(o, taken: condition(6)) { break body } else { break outer }
        case .jNBE: if branch(o, taken: condition(7)) { break body } else { break outer }
        case .jS: if branch(o, taken: condition(8)) { break body } else { break outer }
        case .jNS: if branch(o, taken: condition(9)) { break body } else { break outer }
        case .jP: if branch(o, taken: condition(10)) { break body } else { break outer }
        case .jNP: if branch(o, taken: condition(11)) { break body } else { break outer }
        case .jL: if branch(o, taken: condition(12)) { break body } else { break outer }
        case .jNL: if branch(o, taken: condition(13)) { break body } else { break outer }
        case .jLE: if branch(o, taken: condition(14)) { break body } else { break outer }
        case .jNLE: if branch(o, taken: condition(15)) { break body } else { break outer }
        case .setOr: setByte(o, condition(0))
        case .setNOr: setByte(o, condition(1))
        case .setBr: setByte(o, condition(2))
        case .setNBr: setByte(o, condition(3))
        case .setZr: setByte(o, condition(4))
        case .setNZr: setByte(o, condition(5))
        case .setBEr: setByte(o, condition(6))
        case .setNBEr: setByte(o, condition(7))
        case .setSr: setByte(o, condition(8))
        case .setNSr: setByte(o, condition(9))
        case .setPr: setByte(o, condition(10))
        case .setNPr: setByte(o, condition(11))
        case .setLr: setByte(o, condition(12))
        case .setNLr: setByte(o, condition(13))
        case .setLEr: setByte(o, condition(14))
        case .setNLEr: setByte(o, condition(15))
        case .setccM: if !storeByte(o, condition(o.pointee.b)) { break outer }
        // Near transfers
        case .jmp: if jump(o) { break body } else { break outer }
        case .call16: if call(o, UInt16.self) { break body } else { break outer }
        case .ret16: if ret(o, UInt16.self) { break body } else { break outer }
        case .jmp16r: if jump(to: UInt32(get(o.pointee.a, UInt16.self))) { break body } else { break outer }
        case .jmp16m: if jumpMemory(o, UInt16.self) { break body } else { break outer }
        case .call16r: if call(o, to: get(o.pointee.a, UInt16.self)) { break body } else { break outer }
        case .call16m: if callMemory(o, UInt16.self) { break body } else { break outer }
        case .call32: if call(o, UInt32.self) { break body } else { break outer }
        case .ret32: if ret(o, UInt32.self) { break body } else { break outer }
        case .jmp32r: if jump(to: UInt32(get(o.pointee.a, UInt32.self))) { break body } else { break outer }
        case .jmp32m: if jumpMemory(o, UInt32.self) { break body } else { break outer }
        case .call32r: if call(o, to: get(o.pointee.a, UInt32.self)) { break body } else { break outer }
        case .call32m: if callMemory(o, UInt32.self) { break body } else { break outer }
        case .loop16: if loop16(o) { break body } else { break outer }
        case .loop32: if loop32(o) { break body } else { break outer }
        case .loope: if loopWhile(o, zero: true) { break body } else { break outer }
        case .loopne: if loopWhile(o, zero: false) { break body } else { break outer }
        case .jcxz16: if branch(o, taken: get(4, UInt16.self) == 0) { break body } else { break outer }
        case .jcxz32: if branch(o, taken: reg(1) == 0) { break body } else { break outer }
        // Compare and branch
        case .cmp8rrJ:
          if branch(o, taken: compareTaken(o, get(o.pointee.a, UInt8.self), get(o.pointee.b, UInt8.self))) {
            break body
          } else {
            break outer
          }
        case .cmp16rrJ:
          if branch(o, taken: compareTaken(o, get(o.pointee.a, UInt16.self), get(o.pointee.b, UInt16.self))) {
            break body
          } else {
            break outer
          }
        case .cmp32rrJ:
          if branch(o, taken: compareTaken(o, get(o.pointee.a, UInt32.self), get(o.pointee.b, UInt32.self))) {
            break body
          } else {
            break outer
          }
        case .cmp8riJ:
          if branch(o, taken: compareTaken(o, get(o.pointee.a, UInt8.self), UInt8(truncatingIfNeeded: o.pointee.imm))) {
            break body
          } else {
            break outer
          }
        case .cmp16riJ:
          if branch(o, taken: compareTaken(o, get(o.pointee.a, UInt16.self), UInt16(truncatingIfNeeded: o.pointee.imm)))
          {
            break body
          } else {
            break outer
          }
        case .cmp32riJ:
          if branch(o, taken: compareTaken(o, get(o.pointee.a, UInt32.self), UInt32(truncatingIfNeeded: o.pointee.imm)))
          {
            break body
          } else {
            break outer
          }
        case .cmp8rmJ:
          guard let value: UInt8 = load(o) else { break outer }
          let taken = compareTaken(o, get(o.pointee.a, UInt8.self), value)
          if _slowPath(s.pointee.left < 0) { return stopInside(o, block) }
          if branch(o, taken: taken) { break body } else { break outer }
        case .cmp16rmJ:
          guard let value: UInt16 = load(o) else { break outer }
          let taken = compareTaken(o, get(o.pointee.a, UInt16.self), value)
          if _slowPath(s.pointee.left < 0) { return stopInside(o, block) }
          if branch(o, taken: taken) { break body } else { break outer }
        case .cmp32rmJ:
          guard let value: UInt32 = load(o) else { break outer }
          let taken = compareTaken(o, get(o.pointee.a, UInt32.self), value)
          if _slowPath(s.pointee.left < 0) { return stopInside(o, block) }
          if branch(o, taken: taken) { break body } else { break outer }
        case .cmp8miJ:
          guard let value: UInt8 = load(o) else { break outer }
          let taken = compareTaken(o, value, UInt8(truncatingIfNeeded: o.pointee.imm))
          if _slowPath(s.pointee.left < 0) { return stopInside(o, block) }
          if branch(o, taken: taken) { break body } else { break outer }
        case .cmp16miJ:
          guard let value: UInt16 = load(o) else { break outer }
          let taken = compareTaken(o, value, UInt16(truncatingIfNeeded: o.pointee.imm))
          if _slowPath(s.pointee.left < 0) { return stopInside(o, block) }
          if branch(o, taken: taken) { break body } else { break outer }
        case .cmp32miJ:
          guard let value: UInt32 = load(o) else { break outer }
          let taken = compareTaken(o, value, UInt32(truncatingIfNeeded: o.pointee.imm))
          if _slowPath(s.pointee.left < 0) { return stopInside(o, block) }
          if branch(o, taken: taken) { break body } else { break outer }
        case .test8rrJ:
          if branch(o, taken: testTaken(o, get(o.pointee.a, UInt8.self), get(o.pointee.b, UInt8.self))) {
            break body
          } else {
            break outer
          }
        case .test16rrJ:
          if branch(o, taken: testTaken(o, get(o.pointee.a, UInt16.self), get(o.pointee.b, UInt16.self))) {
            break body
          } else {
            break outer
          }
        case .test32rrJ:
          if branch(o, taken: testTaken(o, get(o.pointee.a, UInt32.self), get(o.pointee.b, UInt32.self))) {
            break body
          } else {
            break outer
          }
        case .test8riJ:
          if branch(o, taken: testTaken(o, get(o.pointee.a, UInt8.self), UInt8(truncatingIfNeeded: o.pointee.imm))) {
            break body
          } else {
            break outer
          }
        case .test16riJ:
          if branch(o, taken: testTaken(o, get(o.pointee.a, UInt16.self), UInt16(truncatingIfNeeded: o.pointee.imm))) {
            break body
          } else {
            break outer
          }
        case .test32riJ:
          if branch(o, taken: testTaken(o, get(o.pointee.a, UInt32.self), UInt32(truncatingIfNeeded: o.pointee.imm))) {
            break body
          } else {
            break outer
          }
        case .inc16rJ:
          let value = increment(get(o.pointee.a, UInt16.self))
          set(o.pointee.a, value)
          if branch(o, taken: resultTaken(o, value)) { break body } else { break outer }
        case .inc32rJ:
          let value = increment(get(o.pointee.a, UInt32.self))
          set(o.pointee.a, value)
          if branch(o, taken: resultTaken(o, value)) { break body } else { break outer }
        case .dec16rJ:
          let value = decrement(get(o.pointee.a, UInt16.self))
          set(o.pointee.a, value)
          if branch(o, taken: resultTaken(o, value)) { break body } else { break outer }
        case .dec32rJ:
          let value = decrement(get(o.pointee.a, UInt32.self))
          set(o.pointee.a, value)
          if branch(o, taken: resultTaken(o, value)) { break body } else { break outer }
        // Flags and conversions
        case .nop: break
        case .cbw: set(0, UInt16(truncatingIfNeeded: get(0, UInt8.self).signExtended))
        case .cwde: set(0, get(0, UInt16.self).signExtended)
        case .cwd: set(8, get(0, UInt16.self) & 0x8000 != 0 ? UInt16.max : 0)
        case .cdq: set(8, get(0, UInt32.self) & 0x8000_0000 != 0 ? UInt32.max : 0)
        case .clc: setCarry(false)
        case .stc: setCarry(true)
        case .cmc: setCarry(!cf)
        case .cld: s.pointee.flags &= ~EFLAGS.df
        case .std: s.pointee.flags |= EFLAGS.df
        case .lahf: set(1, UInt8(truncatingIfNeeded: eflags))
        case .sahf: setArithmeticFlags(UInt32(get(1, UInt8.self)) | (of ? EFLAGS.of : 0))
        case .escapeRegister: if !escapeRegister(o) { break outer }
        case .escapeMemory: if !escapeMemory(o) { break outer }
        case .other: if !execute(o) { break outer }
        case .otherEnd:
          switch executeLast(o) {
          case .next:
            s.pointee.eip &+= UInt32(o.pointee.start) &+ UInt32(o.pointee.length)
            s.pointee.pipe = o.pointee.exit
          case .jumped: break
          case .leave: break outer
          }
          if _slowPath(c.pointee.leaveBlock) { return settle(block) }
          break body
        case .end:
          s.pointee.eip &+= UInt32(o.pointee.start)
          s.pointee.pipe = o.pointee.exit
          break body
        // Something may have to be done before this operation.
        case .event:
          if look(at: o) { continue body } else { return .again }
        }
        o += 1
      }
      // The block is done and EIP is that of the next.
      if _slowPath(s.pointee.left <= 0) { return settle(block) }
      let code = seg(SegmentIndex.cs)
      let linear = code.pointee.base &+ s.pointee.eip
      let entry = jumpEntry(linear)
      if _fastPath(entry.pointee.key == jumpKey(linear)), let next = entry.pointee.block {
        block = next
      } else {
        guard let next = findBlock(linear) else { return settle(block, .step) }
        block = next
      }
      if _slowPath(s.pointee.left < Int64(block.pointee.cycles)) {
        if block.pointee.valid { return settle(block, .step) }
        guard let next = findBlock(linear) else { return settle(block, .step) }
        block = next
        if s.pointee.left < Int64(block.pointee.cycles) { return settle(block, .step) }
      }
      if _slowPath(UInt64(s.pointee.eip) &+ UInt64(block.pointee.length) &- 1 > UInt64(code.pointee.limit)) {
        return settle(block, .step)
      }
    }
    leave(block, o)
    return .again
  }
}
