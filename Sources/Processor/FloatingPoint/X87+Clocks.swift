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
  /// - Source: the timing tables (387 DX User's Manual and i486 data book, instruction clock tables).
  public static func clocks(opcode: UInt16, model: Model, isProtected: Bool) -> ClockCount {
    let index = X87Clocks.index(opcode: opcode)
    let table = model == .i387 ? TimingTable.i386 : TimingTable.i486
    return ClockCount(
      clocks: table.numericClocks(index, protected: isProtected), concurrent: table.numericConcurrency(index))
  }
}

/// Places in the numeric clock tables: memory forms of D8...DF by the reg field, register forms of D8...DF by the reg
/// field, D9 E0...FF, DB E0...E7.
enum X87Clocks {
  static let count = 168

  /// Position of an opcode in the tables, always in range.
  @inline(__always)
  static func index(opcode: UInt16) -> Int {
    let form = Int((opcode &>> 5) & 0x38 | (opcode &>> 3) & 7)
    if opcode & 0xC0 != 0xC0 { return form }
    if form & 0x3C == 0o14 { return 128 &+ Int(opcode & 0x1F) }
    if form == 0o34 { return 160 &+ Int(opcode & 7) }
    return 64 &+ form
  }
}
