/// An 80-bit extended real exactly as the 387 keeps it in a register: 64-bit significand with an explicit integer
/// bit, 15-bit exponent biased by 16383, sign in bit 15 of `signExponent`. Any bit pattern is legal here, including
/// the pseudo-values the 387 refuses to compute with.
/// - Source: 387 DX User's Manual, "Data Formats"; i486 Programmer's Reference Manual, 15.1 and table 15-8.
public struct Extended: Codable, Equatable, Sendable {
  /// 64-bit significand; bit 63 is the integer bit.
  public var significand: UInt64
  /// Bits 0...14: biased exponent. Bit 15: sign.
  public var signExponent: UInt16

  /// Builds a value from its two fields; any bit pattern is allowed.
  @inline(__always)
  public init(significand: UInt64, signExponent: UInt16) {
    self.significand = significand
    self.signExponent = signExponent
  }

  /// Positive zero.
  public static var zero: Extended { Extended(significand: 0, signExponent: 0) }
  /// +1.0.
  public static var one: Extended { Extended(significand: integerBit, signExponent: 0x3FFF) }
  /// "Real indefinite": the quiet NaN of the masked response to an invalid operation.
  /// - Source: 387 DX User's Manual, table "Masked responses to invalid operations".
  public static var indefinite: Extended { Extended(significand: 0xC000_0000_0000_0000, signExponent: 0xFFFF) }

  /// The explicit integer bit of the significand.
  static var integerBit: UInt64 { 0x8000_0000_0000_0000 }
  /// The bit that tells a quiet NaN from a signalling one.
  static var quietBit: UInt64 { 0x4000_0000_0000_0000 }

  /// Infinity with the sign taken from bit 15 of `sign`.
  @inline(__always)
  static func infinity(sign: UInt16) -> Extended {
    Extended(significand: integerBit, signExponent: sign & 0x8000 | 0x7FFF)
  }

  /// Zero with the sign taken from bit 15 of `sign`.
  @inline(__always)
  static func zero(sign: UInt16) -> Extended { Extended(significand: 0, signExponent: sign & 0x8000) }
}

// MARK: - Fields and classes

extension Extended {
  /// Sign in bit 15, all other bits zero.
  @inline(__always)
  var sign: UInt16 { signExponent & 0x8000 }
  /// The sign as a truth value.
  @inline(__always)
  var isNegative: Bool { signExponent & 0x8000 != 0 }
  /// Biased exponent, 0...0x7FFF.
  @inline(__always)
  var exponent: Int32 { Int32(truncatingIfNeeded: signExponent & 0x7FFF) }

  /// Finite, non-zero, integer bit set and exponent in 1...0x7FFE: what the arithmetic fast paths accept.
  @inline(__always)
  var isNormal: Bool {
    (signExponent & 0x7FFF) &- 1 < 0x7FFE && Int64(bitPattern: significand) < 0
  }
  /// Plus or minus zero.
  @inline(__always)
  var isZero: Bool { signExponent & 0x7FFF == 0 && significand == 0 }
  /// Exponent field zero, significand not zero: denormals and pseudo-denormals. Both raise the denormal exception.
  @inline(__always)
  var isDenormal: Bool { signExponent & 0x7FFF == 0 && significand != 0 }
  /// Infinity with its integer bit set (without it: a pseudo-infinity, which is unsupported).
  @inline(__always)
  var isInfinite: Bool { signExponent & 0x7FFF == 0x7FFF && significand == Extended.integerBit }
  /// A NaN in a supported encoding.
  @inline(__always)
  var isNaN: Bool {
    signExponent & 0x7FFF == 0x7FFF && Int64(bitPattern: significand) < 0 && significand << 1 != 0
  }
  /// A NaN with the quiet bit clear.
  @inline(__always)
  var isSignalling: Bool { isNaN && significand & Extended.quietBit == 0 }
  /// Pseudo-NaN, pseudo-infinity or unnormal: "the 387 raises the invalid-operation exception when it meets one".
  /// - Source: 387 DX User's Manual, "Unsupported formats".
  @inline(__always)
  var isUnsupported: Bool { signExponent & 0x7FFF != 0 && Int64(bitPattern: significand) >= 0 }

  /// The NaN with its quiet bit set.
  @inline(__always)
  var quieted: Extended { Extended(significand: significand | Extended.quietBit, signExponent: signExponent) }

  /// The tag the 387 shows for this content: 0 valid, 1 zero, 2 special (NaN, infinity, denormal, unsupported).
  /// - Source: i486 Programmer's Reference Manual, 15.1.3 "Tag word".
  var tag: UInt16 {
    if isNormal { return 0 }
    return isZero ? 1 : 2
  }

  /// Exponent and significand with the integer bit set. A denormal is shifted up and its exponent goes to zero or
  /// below, a pseudo-denormal becomes the normal number of equal value. Not for zero, infinity, NaN, unsupported.
  @inline(__always)
  var normalized: (exponent: Int32, significand: UInt64) {
    if Int64(bitPattern: significand) < 0 { return (max(exponent, 1), significand) }
    let shift = significand.leadingZeroBitCount
    return (1 &- Int32(truncatingIfNeeded: shift), significand &<< UInt64(truncatingIfNeeded: shift))
  }
}
