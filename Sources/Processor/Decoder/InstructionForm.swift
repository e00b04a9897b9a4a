/// Operand encodings, named as in Intel's opcode maps: E = ModRM r/m, G = ModRM reg, I = immediate, J = relative,
/// O = offset, S = segment register, M = memory only, R = register only, A = far pointer, X/Y = string source and
/// destination; b = byte, w = word, v = word or dword by operand size, z = immediate of operand size.
///
/// - Source: 386 PRM appendix A, i486 PRM appendix A.
enum Operand: UInt8 {
  case none
  case Eb, Ew, Ev, Gb, Gw, Gv, Mv, Ma, Mp, Ms, Mb, Rd, Cd, Dd, Td, Sw
  case Ib, Ibs, Iw, Iz, Jb, Jz, Ob, Ov, Ap
  case AL, eAX, DX, CL, one, three
  /// Register from the low three bits of the opcode.
  case Zb, Zv
  case ES, CS, SS, DS, FS, GS
  case Xb, Xv, Yb, Yv
}

/// One row of the instruction table.
struct InstructionForm {
  var mnemonic: StaticString = "(bad)"
  var operation = Operation.undefined
  var first = Operand.none
  var second = Operand.none
  var third = Operand.none
  /// Has a ModRM byte.
  var hasModRM = false
  /// LOCK is allowed with a memory destination.
  var isLockable = false
  /// 4: a 486 instruction; 30: on the 386 only.
  var family = 3

  var isDefined: Bool { operation != .undefined }
}
