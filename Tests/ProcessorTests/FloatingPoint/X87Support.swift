import Hardware

@testable import Processor

/// A value written as `exponent:significand` in the datasheet's way: sign and exponent in 16 bits, then 64 bits.
func x(_ signExponent: UInt16, _ significand: UInt64) -> Extended {
  Extended(significand: significand, signExponent: signExponent)
}

/// The register value of a Swift double.
func x(_ value: Double) -> Extended { Extended(double: value.bitPattern) }

/// Positive infinity, a quiet NaN, a signalling NaN, the smallest denormal and the largest finite number.
enum Special {
  static let infinity = x(0x7FFF, 0x8000_0000_0000_0000)
  static let quiet = x(0x7FFF, 0xC000_0000_0000_0001)
  static let signalling = x(0x7FFF, 0x8000_0000_0000_0001)
  static let denormal = x(0x0000, 1)
  static let largest = x(0x7FFE, .max)
  static let smallest = x(0x0001, 0x8000_0000_0000_0000)
  static let unnormal = x(0x3FFF, 0x4000_0000_0000_0000)
}

extension X87 {
  /// A unit with the given values in ST(0), ST(1)...
  init(_ stack: Extended..., control: UInt16 = 0x037F) {
    self.init(model: .i486)
    self.control = ControlWord(rawValue: control)
    for value in stack.reversed() { push(value) }
  }

  /// Executes a register form given by its two bytes.
  @discardableResult
  mutating func execute(_ first: UInt8, _ second: UInt8) -> Outcome {
    executeRegister(opcode: UInt16(first & 7) << 8 | UInt16(second))
  }

  /// Executes a load with a memory operand; `second` is the mod r/m byte.
  mutating func load(_ first: UInt8, _ second: UInt8, _ low: UInt64, _ high: UInt16 = 0) {
    load(opcode: UInt16(first & 7) << 8 | UInt16(second), low: low, high: high)
  }

  /// Prepares and commits a store.
  mutating func store(_ first: UInt8, _ second: UInt8) -> StoreResult {
    let result = prepareStore(opcode: UInt16(first & 7) << 8 | UInt16(second))
    commitStore(result)
    return result
  }

  /// The exception flags with SF, ES and B.
  var flags: UInt16 { statusWord & 0x80FF }
}
