// ESC instructions: D8...DF.

extension InstructionReader {
  /// Mnemonic and operand of an ESC instruction; nil for what a 387 or 486 doesn't define.
  mutating func numericText() -> String? {
    let group = opcode & 7
    if !isRegister {
      let entry = NumericMnemonics.memory[group * 8 + Int(reg)]
      if entry.isEmpty { return nil }
      return entry + " " + memory()
    }
    let i = Int(rm)
    switch (group, reg) {
    case (1, 4...7): return named(NumericMnemonics.d9[Int(modRM & 0x1F)])
    case (1, 2): return i == 0 ? "fnop" : nil
    case (2, 5): return i == 1 ? "fucompp" : nil
    case (3, 4): return i < 5 ? NumericMnemonics.db[i] : nil
    case (6, 3): return i == 1 ? "fcompp" : nil
    case (7, 4): return i == 0 ? "fnstsw ax" : nil
    default: break
    }
    let mnemonic = NumericMnemonics.registers[group * 8 + Int(reg)]
    if mnemonic.isEmpty { return nil }
    switch group {
    case 0: return mnemonic + " st0,st\(i)"
    // DC D0 and DC D8 compare ST(0) with ST(i), as D8 does.
    case 4: return reg == 2 || reg == 3 ? mnemonic + " st0,st\(i)" : mnemonic + " st\(i),st0"
    case 6: return reg == 2 ? mnemonic + " st0,st\(i)" : mnemonic + " st\(i),st0"
    default: return mnemonic + " st\(i)"
    }
  }

  private func named(_ mnemonic: String) -> String? { mnemonic.isEmpty ? nil : mnemonic }
}

/// NASM's names, rows of eight by the ModRM byte's reg field. Empty: not defined.
///
/// - Source: 387 DX User's Manual, appendix A; the unlisted copies are those `X87.executeRegister` knows.
enum NumericMnemonics {
  static let memory: [String] = [
    "fadd dword", "fmul dword", "fcom dword", "fcomp dword", "fsub dword", "fsubr dword", "fdiv dword", "fdivr dword",
    "fld dword", "", "fst dword", "fstp dword", "fldenv", "fldcw word", "fnstenv", "fnstcw word",
    "fiadd dword", "fimul dword", "ficom dword", "ficomp dword", "fisub dword", "fisubr dword", "fidiv dword",
    "fidivr dword",
    "fild dword", "", "fist dword", "fistp dword", "", "fld tword", "", "fstp tword",
    "fadd qword", "fmul qword", "fcom qword", "fcomp qword", "fsub qword", "fsubr qword", "fdiv qword", "fdivr qword",
    "fld qword", "", "fst qword", "fstp qword", "frstor", "", "fnsave", "fnstsw word",
    "fiadd word", "fimul word", "ficom word", "ficomp word", "fisub word", "fisubr word", "fidiv word", "fidivr word",
    "fild word", "", "fist word", "fistp word", "fbld tword", "fild qword", "fbstp tword", "fistp qword",
  ]

  static let registers: [String] = [
    "fadd", "fmul", "fcom", "fcomp", "fsub", "fsubr", "fdiv", "fdivr",
    "fld", "fxch", "", "fstp", "", "", "", "",
    "", "", "", "", "", "", "", "",
    "", "", "", "", "", "", "", "",
    "fadd", "fmul", "fcom", "fcomp", "fsubr", "fsub", "fdivr", "fdiv",
    "ffree", "fxch", "fst", "fstp", "fucom", "fucomp", "", "",
    "faddp", "fmulp", "fcomp", "", "fsubrp", "fsubp", "fdivrp", "fdivp",
    "ffreep", "fxch", "fstp", "fstp", "", "", "", "",
  ]

  /// D9 E0...FF.
  static let d9: [String] = [
    "fchs", "fabs", "", "", "ftst", "fxam", "", "",
    "fld1", "fldl2t", "fldl2e", "fldpi", "fldlg2", "fldln2", "fldz", "",
    "f2xm1", "fyl2x", "fptan", "fpatan", "fxtract", "fprem1", "fdecstp", "fincstp",
    "fprem", "fyl2xp1", "fsqrt", "fsincos", "frndint", "fscale", "fsin", "fcos",
  ]

  /// DB E0...E4.
  static let db: [String] = ["fneni", "fndisi", "fnclex", "fninit", "fsetpm"]
}
