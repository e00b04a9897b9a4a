extension X87 {
  /// Clocks of one instruction, averages where the manual gives a range.
  public struct ClockCount: Equatable, Sendable {
    /// Core clocks from start to end. On a 387 this includes the operand transfer by the 386.
    public var clocks: UInt16
    /// How many of them, at the end, the i486's integer unit can work on. Zero for the 387, where the processor
    /// goes on by itself after handing the operands over (14...20 clocks, unverified) until the next ESC or WAIT.
    public var concurrent: UInt16
  }

  /// Clocks of an instruction; zero for undefined encodings.
  ///
  /// FDIV is counted with 64-bit precision (i486: 62 instead of 73 clocks with PC = 53 bits, 35 with 24 bits), the
  /// trigonometric functions without the extra clocks of large arguments.
  /// - Parameters:
  ///   - opcode: `(first byte & 7) << 8 | second byte`.
  ///   - isProtected: the i486 needs about eleven clocks more for the environment in real and virtual-8086 mode.
  /// - Source: 387 DX User's Manual and i486 data book, instruction clock tables.
  public static func clocks(opcode: UInt16, model: Model, isProtected: Bool) -> ClockCount {
    let index = X87Clocks.index(opcode: opcode)
    if model == .i387 { return ClockCount(clocks: X87Clocks.i387[index], concurrent: 0) }
    var count = ClockCount(clocks: X87Clocks.i486[index], concurrent: UInt16(X87Clocks.i486Concurrent[index]))
    if !isProtected {
      switch index {
      case 0o14: count.clocks &+= 10  // FLDENV
      case 0o16, 0o54, 0o56: count.clocks &+= 11  // FSTENV, FRSTOR, FSAVE
      default: break
      }
    }
    return count
  }

  /// Clocks of FWAIT with nothing to wait for.
  public static func waitClocks(model: Model) -> UInt16 { model == .i387 ? 6 : 1 }
}

/// The clock tables. Rows of eight: memory forms of D8...DF by the reg field, register forms of D8...DF by the reg
/// field, D9 E0...FF, DB E0...E7.
enum X87Clocks {
  /// Position of an opcode in the tables, always in range.
  @inline(__always)
  static func index(opcode: UInt16) -> Int {
    let form = Int((opcode &>> 5) & 0x38 | (opcode &>> 3) & 7)
    if opcode & 0xC0 != 0xC0 { return form }
    if form & 0x3C == 0o14 { return 128 &+ Int(opcode & 0x1F) }
    if form == 0o34 { return 160 &+ Int(opcode & 7) }
    return 64 &+ form
  }

  /// 387 clocks.
  static let i387: InlineArray<168, UInt16> = [
    28, 31, 26, 26, 28, 28, 89, 89,  // D8 m32
    20, 0, 44, 44, 71, 19, 104, 15,  // D9 memory
    65, 72, 60, 60, 70, 70, 124, 124,  // DA m32 integer
    49, 0, 86, 86, 0, 44, 0, 53,  // DB memory
    33, 45, 31, 31, 33, 33, 94, 94,  // DC m64
    25, 0, 45, 45, 308, 0, 376, 15,  // DD memory
    78, 82, 73, 73, 79, 79, 138, 138,  // DE m16 integer
    63, 0, 89, 89, 271, 62, 523, 89,  // DF memory
    29, 43, 24, 26, 32, 32, 88, 88,  // D8 ST,ST(i)
    14, 18, 12, 12, 0, 0, 0, 0,  // D9 C0...DF; E0...FF below
    0, 0, 0, 0, 0, 26, 0, 0,  // DA E8 FUCOMPP
    0, 0, 0, 0, 0, 0, 0, 0,  // DB; E0...E7 below
    29, 43, 24, 26, 32, 32, 88, 88,  // DC ST(i),ST
    18, 18, 11, 12, 24, 26, 0, 0,  // DD
    29, 43, 26, 26, 32, 32, 91, 91,  // DE, pops
    18, 18, 12, 12, 13, 0, 0, 0,  // DF
    25, 22, 0, 0, 28, 34, 0, 0,  // D9 E0
    24, 40, 40, 40, 41, 41, 20, 0,  // D9 E8
    344, 329, 344, 401, 73, 140, 22, 21,  // D9 F0
    115, 402, 126, 502, 73, 77, 447, 448,  // D9 F8
    12, 12, 11, 33, 12, 0, 0, 0,  // DB E0
  ]

  /// i486 clocks.
  static let i486: InlineArray<168, UInt16> = [
    10, 11, 4, 4, 10, 10, 73, 73,  // D8 m32
    3, 0, 7, 7, 34, 4, 56, 3,  // D9 memory
    23, 24, 17, 17, 23, 23, 86, 86,  // DA m32 integer
    12, 0, 32, 33, 0, 6, 0, 6,  // DB memory
    10, 14, 4, 4, 10, 10, 73, 73,  // DC m64
    3, 0, 8, 8, 120, 0, 143, 3,  // DD memory
    24, 25, 18, 18, 24, 24, 87, 87,  // DE m16 integer
    15, 0, 33, 33, 75, 17, 175, 33,  // DF memory
    10, 16, 4, 4, 10, 10, 73, 73,  // D8 ST,ST(i)
    4, 4, 3, 3, 0, 0, 0, 0,  // D9 C0...DF; E0...FF below
    0, 0, 0, 0, 0, 5, 0, 0,  // DA E8 FUCOMPP
    0, 0, 0, 0, 0, 0, 0, 0,  // DB; E0...E7 below
    10, 16, 4, 4, 10, 10, 73, 73,  // DC ST(i),ST
    3, 4, 3, 3, 4, 4, 0, 0,  // DD
    10, 16, 4, 5, 10, 10, 73, 73,  // DE, pops
    3, 4, 3, 3, 3, 0, 0, 0,  // DF
    6, 3, 0, 0, 4, 8, 0, 0,  // D9 E0
    4, 8, 8, 8, 8, 8, 4, 0,  // D9 E8
    242, 311, 244, 289, 19, 95, 3, 3,  // D9 F0
    84, 313, 86, 291, 29, 31, 241, 241,  // D9 F8
    3, 3, 7, 17, 3, 0, 0, 0,  // DB E0
  ]

  /// Clocks at the end during which the integer unit of an i486 is free.
  static let i486Concurrent: InlineArray<168, UInt8> = [
    7, 8, 1, 1, 7, 7, 70, 70,  // D8 m32
    0, 0, 0, 0, 0, 0, 0, 0,  // D9 memory
    9, 8, 1, 1, 9, 9, 70, 70,  // DA m32 integer
    3, 0, 0, 0, 0, 0, 0, 0,  // DB memory
    7, 11, 1, 1, 7, 7, 70, 70,  // DC m64
    0, 0, 0, 0, 0, 0, 0, 0,  // DD memory
    9, 8, 1, 1, 9, 9, 70, 70,  // DE m16 integer
    4, 0, 0, 0, 5, 5, 0, 0,  // DF memory
    7, 13, 1, 1, 7, 7, 70, 70,  // D8 ST,ST(i)
    0, 0, 0, 0, 0, 0, 0, 0,  // D9 C0...DF; E0...FF below
    0, 0, 0, 0, 0, 1, 0, 0,  // DA E8 FUCOMPP
    0, 0, 0, 0, 0, 0, 0, 0,  // DB; E0...E7 below
    7, 13, 1, 1, 7, 7, 70, 70,  // DC ST(i),ST
    0, 0, 0, 0, 1, 1, 0, 0,  // DD
    7, 13, 1, 1, 7, 7, 70, 70,  // DE, pops
    0, 0, 0, 0, 0, 0, 0, 0,  // DF
    0, 0, 0, 0, 1, 0, 0, 0,  // D9 E0
    0, 2, 2, 2, 2, 2, 0, 0,  // D9 E8
    2, 13, 70, 10, 3, 10, 0, 0,  // D9 F0
    5, 13, 70, 2, 5, 2, 2, 2,  // D9 F8
    0, 0, 0, 0, 0, 0, 0, 0,  // DB E0
  ]
}
