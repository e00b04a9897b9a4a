// Facts about opcodes that the processor asks for before it executes them.

extension X87 {
  /// True if the instruction first waits for pending exceptions: all but FNINIT, FNCLEX, FNSTSW, FNSTCW, FNSTENV,
  /// FNSAVE and the 287's FENI, FDISI and FSETPM.
  /// - Parameter opcode: `(first byte & 7) << 8 | second byte`.
  /// - Source: 387 DX User's Manual, "Synchronization"; i486 Programmer's Reference Manual, 18.2.
  @inline(__always)
  public static func waits(opcode: UInt16) -> Bool {
    if opcode & 0x00C0 == 0x00C0 {
      // DB E0...E4, DF E0.
      return !(opcode &- 0x3E0 < 5 || opcode == 0x7E0)
    }
    switch opcode & 0x738 {
    // D9 /6, D9 /7, DD /6, DD /7.
    case 0x130, 0x138, 0x530, 0x538: return false
    default: return true
    }
  }

  /// True if the instruction leaves its address, its operand's address and its opcode in the pointer registers: all
  /// but the control instructions. The operand's address is recorded only if there is a memory operand.
  /// - Source: i486 Programmer's Reference Manual, 15.1.4 "The last instruction and data pointers".
  @inline(__always)
  public static func recordsPointers(opcode: UInt16) -> Bool {
    if opcode & 0x00C0 == 0x00C0 { return !(opcode &- 0x3E0 < 5 || opcode == 0x7E0) }
    switch opcode & 0x738 {
    // D9 /4.../7, DD /4, DD /6, DD /7.
    case 0x120, 0x128, 0x130, 0x138, 0x520, 0x530, 0x538: return false
    default: return true
    }
  }

  /// Records the pointers of a non-control instruction, before it executes.
  @inline(__always)
  public mutating func recordInstruction(opcode: UInt16, selector: UInt16, offset: UInt32) {
    lastOpcode = opcode
    instructionSelector = selector
    instructionOffset = offset
  }

  /// Records the pointers of a non-control instruction's memory operand.
  @inline(__always)
  public mutating func recordOperand(selector: UInt16, offset: UInt32) {
    dataSelector = selector
    dataOffset = offset
  }
}
