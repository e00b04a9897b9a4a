/// What a decoded operation does: the dense index of the interpreter's switch. Families are laid out regularly, so that
/// the decoder computes an id from a base: size is the fastest index (8, 16, 32), then the operand form.
enum OpID: UInt16 {
  // MARK: Arithmetic and logic: op x form (rr ri rm mr mi) x size
  case add8rr, add16rr, add32rr, add8ri, add16ri, add32ri, add8rm, add16rm, add32rm, add8mr, add16mr, add32mr, add8mi,
    add16mi, add32mi
  case or8rr, or16rr, or32rr, or8ri, or16ri, or32ri, or8rm, or16rm, or32rm, or8mr, or16mr, or32mr, or8mi, or16mi, or32mi
  case adc8rr, adc16rr, adc32rr, adc8ri, adc16ri, adc32ri, adc8rm, adc16rm, adc32rm, adc8mr, adc16mr, adc32mr, adc8mi,
    adc16mi, adc32mi
  case sbb8rr, sbb16rr, sbb32rr, sbb8ri, sbb16ri, sbb32ri, sbb8rm, sbb16rm, sbb32rm, sbb8mr, sbb16mr, sbb32mr, sbb8mi,
    sbb16mi, sbb32mi
  case and8rr, and16rr, and32rr, and8ri, and16ri, and32ri, and8rm, and16rm, and32rm, and8mr, and16mr, and32mr, and8mi,
    and16mi, and32mi
  case sub8rr, sub16rr, sub32rr, sub8ri, sub16ri, sub32ri, sub8rm, sub16rm, sub32rm, sub8mr, sub16mr, sub32mr, sub8mi,
    sub16mi, sub32mi
  case xor8rr, xor16rr, xor32rr, xor8ri, xor16ri, xor32ri, xor8rm, xor16rm, xor32rm, xor8mr, xor16mr, xor32mr, xor8mi,
    xor16mi, xor32mi
  case cmp8rr, cmp16rr, cmp32rr, cmp8ri, cmp16ri, cmp32ri, cmp8rm, cmp16rm, cmp32rm, cmp8mr, cmp16mr, cmp32mr, cmp8mi,
    cmp16mi, cmp32mi
  case test8rr, test16rr, test32rr, test8ri, test16ri, test32ri, test8mr, test16mr, test32mr, test8mi, test16mi,
    test32mi
  case mov8rr, mov16rr, mov32rr, mov8ri, mov16ri, mov32ri, mov8rm, mov16rm, mov32rm, mov8mr, mov16mr, mov32mr, mov8mi,
    mov16mi, mov32mi
  case inc8r, inc16r, inc32r, inc8m, inc16m, inc32m
  case dec8r, dec16r, dec32r, dec8m, dec16m, dec32m
  case neg8r, neg16r, neg32r, neg8m, neg16m, neg32m
  case not8r, not16r, not32r, not8m, not16m, not32m
  case xchg8rr, xchg16rr, xchg32rr, xchg8rm, xchg16rm, xchg32rm
  // MARK: Shifts: kind in `b` (ModRM reg), count in `imm` or CL
  case shift8rImm, shift16rImm, shift32rImm, shift8rCL, shift16rCL, shift32rCL, shift8mImm, shift16mImm, shift32mImm,
    shift8mCL, shift16mCL, shift32mCL
  case shl16rImm, shl32rImm, shr16rImm, shr32rImm, sar16rImm, sar32rImm
  // MARK: Widening, addresses, multiplication into a register
  case movzx16r8, movzx32r8, movzx32r16, movsx16r8, movsx32r8, movsx32r16
  case movzx16m8, movzx32m8, movzx32m16, movsx16m8, movsx32m8, movsx32m16
  case lea16, lea32, imul16r, imul32r, imul16m, imul32m, imul16ri, imul32ri, imul16mi, imul32mi
  // MARK: Stack
  case push16r, push32r, push16i, push32i, push16m, push32m, pop16r, pop32r, pop16m, pop32m
  // MARK: Control transfer
  case jO, jNO, jB, jNB, jZ, jNZ, jBE, jNBE, jS, jNS, jP, jNP, jL, jNL, jLE, jNLE
  case setOr, setNOr, setBr, setNBr, setZr, setNZr, setBEr, setNBEr, setSr, setNSr, setPr, setNPr, setLr, setNLr,
    setLEr, setNLEr
  case setccM
  case jmp, call16, call32, ret16, ret32, jmp16r, jmp32r, jmp16m, jmp32m, call16r, call32r, call16m, call32m
  case loop16, loop32, loope, loopne, jcxz16, jcxz32
  // MARK: Fused compare and branch: the branch's target in `target`, its condition as a truth table in `b`
  case cmp8rrJ, cmp16rrJ, cmp32rrJ, cmp8riJ, cmp16riJ, cmp32riJ, cmp8rmJ, cmp16rmJ, cmp32rmJ, cmp8miJ, cmp16miJ,
    cmp32miJ
  case test8rrJ, test16rrJ, test32rrJ, test8riJ, test16riJ, test32riJ
  case inc16rJ, inc32rJ, dec16rJ, dec32rJ
  // MARK: Flags and conversions
  case nop, cbw, cwde, cwd, cdq, clc, stc, cmc, cld, std, lahf, sahf
  // MARK: Numeric: opcode in `imm`, pointer recording in `a`, `NumericAccess` in `b`, concurrent clocks in `targetMask`
  case escapeRegister, escapeMemory
  // MARK: Everything else, by `Operation` in `a`
  /// May fault; goes on with the next operation.
  case other
  /// May fault; sets EIP itself or changes what blocks depend on; ends the block.
  case otherEnd
  /// The end of a block that falls through.
  case end
  /// Something may have to be done before the operation, whose id is in `original`.
  case event
}
