public import Hardware

/// The numeric unit: a 387 beside a 386, or the unit inside a 486, as software sees it.
///
/// A plain value. The processor decodes the addressing mode, makes the memory accesses and delivers the interrupt;
/// this type holds the registers and executes. Nothing in it depends on the host's floating-point unit.
/// - Source: Intel 387 DX User's Manual (231917); i486 Programmer's Reference Manual (240486), chapters 14...18.
public struct X87: Codable, Equatable, Sendable {
  // MARK: State

  /// Which unit this is. It decides timing and the few visible differences.
  public enum Model: UInt8, Codable, Sendable {
    case i387
    case i486
  }

  /// The eight physical registers R0...R7; ST(i) is register `(top + i) & 7`.
  public var registers: Bank<8, Extended>
  /// Control word.
  public var control: ControlWord
  /// Status word without TOP (see `statusWord`).
  public var status: StatusWord
  /// TOP, 0...7.
  public var top: UInt8
  /// Bit n set: physical register n is not empty. Valid, zero and special tags follow from the content.
  public var occupied: UInt8
  /// Which unit this is.
  public var model: Model
  /// Opcode of the last non-control instruction: bits 0...2 of the first byte, then the second byte; 11 bits.
  public var lastOpcode: UInt16
  /// Code segment selector of the last non-control instruction.
  public var instructionSelector: UInt16
  /// Data segment selector of the last memory operand.
  public var dataSelector: UInt16
  /// Offset of the last non-control instruction, prefixes included.
  public var instructionOffset: UInt32
  /// Offset of the last memory operand.
  public var dataOffset: UInt32

  /// The state after power-on, which is the state FNINIT leaves; the registers' contents are then all zero.
  public init(model: Model = .i486) {
    registers = Bank(repeating: .zero)
    control = ControlWord(rawValue: 0x037F)
    status = []
    top = 0
    occupied = 0
    self.model = model
    lastOpcode = 0
    instructionSelector = 0
    dataSelector = 0
    instructionOffset = 0
    dataOffset = 0
  }

  // MARK: Words

  /// The status word as FNSTSW stores it.
  @inline(__always)
  public var statusWord: UInt16 {
    status.rawValue | UInt16(truncatingIfNeeded: top) &<< 11
  }

  /// The full tag word: two bits per physical register, 0 valid, 1 zero, 2 special, 3 empty.
  public var tagWord: UInt16 {
    var word: UInt16 = 0
    for i in 0..<8 {
      let tag = occupied &>> UInt8(truncatingIfNeeded: i) & 1 == 0 ? 3 : registers[i].tag
      word |= tag &<< UInt16(truncatingIfNeeded: 2 &* i)
    }
    return word
  }

  /// True while an unmasked exception waits to be reported (ES and B). Waiting instructions must report it first.
  @inline(__always)
  public var pendingException: Bool { status.contains(.errorSummary) }

  // MARK: Register stack

  /// Physical index of ST(i).
  @inline(__always)
  func physical(_ i: Int) -> Int { (Int(top) &+ i) & 7 }

  /// True if ST(i) holds a value.
  @inline(__always)
  func isOccupied(_ i: Int) -> Bool {
    occupied &>> UInt8(truncatingIfNeeded: physical(i)) & 1 != 0
  }

  /// ST(i); writing tags it not empty.
  @inline(__always)
  public subscript(i: Int) -> Extended {
    get { registers[(Int(top) &+ i) & 7] }
    set {
      let index = (Int(top) &+ i) & 7
      registers[index] = newValue
      occupied |= 1 &<< UInt8(truncatingIfNeeded: index)
    }
  }

  /// Empties ST(0) and increments TOP.
  @inline(__always)
  mutating func pop() {
    occupied &= ~(1 &<< top)
    top = (top &+ 1) & 7
  }

  /// Decrements TOP and writes ST(0).
  @inline(__always)
  mutating func push(_ value: Extended) {
    top = (top &- 1) & 7
    self[0] = value
  }

  // MARK: Exceptions

  /// Adds what an operation raised to the status word: exception flags stick, C1 is replaced, ES and B follow.
  @inline(__always)
  mutating func record(_ raised: StatusWord) {
    status.remove(.c1)
    if _slowPath(!raised.isEmpty) {
      status.formUnion(raised)
      if !raised.intersection(.exceptions).isSubset(of: control.masked) { status.formUnion(.summary) }
    }
  }

  /// True if one of the exceptions that are found before the result (IE, DE, ZE) is unmasked: the instruction then
  /// leaves its operands alone.
  @inline(__always)
  func suppresses(_ raised: StatusWord) -> Bool {
    !raised.intersection(.beforeResult).isSubset(of: control.masked)
  }

  /// Makes ES and B agree with flags and masks, as loading either word does.
  mutating func updateSummary() {
    if status.intersection(.exceptions).isSubset(of: control.masked) {
      status.remove(.summary)
    } else {
      status.formUnion(.summary)
    }
  }
}
