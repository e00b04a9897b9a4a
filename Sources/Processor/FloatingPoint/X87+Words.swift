extension X87 {
  /// The status word, without the TOP field (bits 11...13), which `X87.top` holds. The same type gathers the
  /// exceptions of an operation while it runs.
  /// - Source: 387 DX User's Manual, figure "Status word"; i486 Programmer's Reference Manual, 15.1.1.
  public struct StatusWord: OptionSet, Codable, Equatable, Sendable {
    /// The sixteen bits; 11...13 are zero here.
    public var rawValue: UInt16

    /// A status word with the given bits.
    @inline(__always)
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// IE: invalid operation.
    public static var invalid: StatusWord { StatusWord(rawValue: 0x0001) }
    /// DE: denormal operand.
    public static var denormal: StatusWord { StatusWord(rawValue: 0x0002) }
    /// ZE: division of a finite number by zero.
    public static var zeroDivide: StatusWord { StatusWord(rawValue: 0x0004) }
    /// OE: overflow.
    public static var overflow: StatusWord { StatusWord(rawValue: 0x0008) }
    /// UE: underflow.
    public static var underflow: StatusWord { StatusWord(rawValue: 0x0010) }
    /// PE: inexact result.
    public static var precision: StatusWord { StatusWord(rawValue: 0x0020) }
    /// SF: the invalid operation was a stack fault; C1 tells overflow (1) from underflow (0).
    public static var stackFault: StatusWord { StatusWord(rawValue: 0x0040) }
    /// ES: an unmasked exception is pending.
    public static var errorSummary: StatusWord { StatusWord(rawValue: 0x0080) }
    /// C0.
    public static var c0: StatusWord { StatusWord(rawValue: 0x0100) }
    /// C1: also "the last rounding was upward" and the kind of stack fault.
    public static var c1: StatusWord { StatusWord(rawValue: 0x0200) }
    /// C2: also "reduction incomplete" and "operand out of range".
    public static var c2: StatusWord { StatusWord(rawValue: 0x0400) }
    /// C3.
    public static var c3: StatusWord { StatusWord(rawValue: 0x4000) }
    /// B: on the 387 and later a copy of ES.
    public static var busy: StatusWord { StatusWord(rawValue: 0x8000) }

    /// The six exception flags.
    static var exceptions: StatusWord { StatusWord(rawValue: 0x003F) }
    /// Exceptions found before the result is computed: unmasked, they leave the operands as they were.
    static var beforeResult: StatusWord { StatusWord(rawValue: 0x0007) }
    /// ES and B, always equal.
    static var summary: StatusWord { StatusWord(rawValue: 0x8080) }
    /// C0, C2 and C3: the result of a comparison.
    static var comparison: StatusWord { StatusWord(rawValue: 0x4500) }
    /// All four condition codes.
    static var conditions: StatusWord { StatusWord(rawValue: 0x4700) }
    /// Stack underflow: IE and SF with C1 clear.
    static var stackUnderflow: StatusWord { StatusWord(rawValue: 0x0041) }
    /// Stack overflow: IE and SF with C1 set.
    static var stackOverflow: StatusWord { StatusWord(rawValue: 0x0241) }
    /// The bits an operation may set while it runs: exceptions, SF and C1.
    static var raisable: StatusWord { StatusWord(rawValue: 0x027F) }
  }

  /// The control word.
  /// - Source: 387 DX User's Manual, figure "Control word"; i486 Programmer's Reference Manual, 15.1.2.
  public struct ControlWord: RawRepresentable, Codable, Equatable, Sendable {
    /// The sixteen bits.
    public var rawValue: UInt16

    /// A control word with the given bits.
    @inline(__always)
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Rounding control, bits 10 and 11.
    public enum Rounding: UInt8, Sendable {
      case nearestEven, down, up, towardZero
    }

    /// RC.
    @inline(__always)
    public var rounding: Rounding {
      switch rawValue & 0x0C00 {
      case 0x0400: .down
      case 0x0800: .up
      case 0x0C00: .towardZero
      default: .nearestEven
      }
    }

    /// The exceptions whose mask bit is set, in the status word's positions.
    @inline(__always)
    public var masked: StatusWord { StatusWord(rawValue: rawValue & 0x3F) }

    /// PC is 64 bits and RC is nearest-even: the setting after FNINIT, which has its own fast path.
    @inline(__always)
    var isDefaultRounding: Bool { rawValue & 0x0F00 == 0x0300 }

    /// PC is 53 bits and RC is nearest-even.
    @inline(__always)
    var isDoubleRounding: Bool { rawValue & 0x0F00 == 0x0200 }

    /// The significand bits below the precision PC selects. PC = 01 is reserved and works as 64 bits (unverified
    /// on a 387; later parts behave so).
    @inline(__always)
    var discardedBits: UInt64 {
      switch rawValue & 0x0300 {
      case 0x0000: 0x0000_00FF_FFFF_FFFF
      case 0x0200: 0x0000_0000_0000_07FF
      default: 0
      }
    }

    /// This word with PC set to 64 bits, for the instructions PC does not govern.
    @inline(__always)
    var fullPrecision: ControlWord { ControlWord(rawValue: rawValue | 0x0300) }

    /// What FLDCW, FLDENV and FRSTOR keep of a loaded word: bit 6 reads as one, the other reserved bits as zero.
    /// The infinity control (bit 12) is kept without effect.
    @inline(__always)
    static func loaded(_ value: UInt16) -> ControlWord { ControlWord(rawValue: value & 0x1F3F | 0x0040) }
  }
}
