/// The meaning of an instruction form, independent of operand form and size.
enum Operation: UInt8 {
  // The first eight in the order of the opcode map's ALU rows and of group 1.
  case add, or, adc, sbb, and, sub, xor, cmp
  case test, mov, inc, dec, neg, not, xchg, shift, movzx, movsx, lea, imulRR, imulRI
  case mul, imul, div, idiv
  case push, pop, pushSegment, popSegment, pusha, popa, pushf, popf, enter, leave
  case jcc, setcc, jmpRelative, callRelative, ret, retPop, jmpNear, callNear
  case jmpFarPointer, callFarPointer, jmpFarMemory, callFarMemory, retf, retfPop, iret
  case int3, int, into, icebp, bound
  case loop, loope, loopne, jcxz
  case inImmediate, inDX, outImmediate, outDX, ins, outs, movs, cmps, stos, lods, scas, xlat
  case cbw, cwd, lahf, sahf, clc, stc, cmc, cld, std, cli, sti, nop, hlt, wait
  case daa, das, aaa, aas, aam, aad, salc
  case loadFarPointer, movToSegment, movFromSegment
  case bt, bts, btr, btc, bsf, bsr, shld, shrd, bswap, xadd, cmpxchg
  case arpl, lar, lsl, sldt, str, lldt, ltr, verr, verw
  case sgdt, sidt, lgdt, lidt, smsw, lmsw, invlpg, clts
  case movFromControl, movToControl, movFromDebug, movToDebug, movFromTest, movToTest
  case invd, wbinvd, cpuid, loadall
  case escape
  case undefined
}
