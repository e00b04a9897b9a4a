// Memory formats: single and double reals, two's-complement integers and packed BCD.

// MARK: - Loads

extension Extended {
  /// A single real as a register value, without any exception: a signalling NaN stays one, a denormal comes out
  /// normalized (its class is what the caller has to ask for, see `isDenormalSingle(_:)`).
  @inline(__always)
  init(single bits: UInt32) {
    let sign = UInt16(truncatingIfNeeded: bits &>> 16) & 0x8000
    let exponent = (bits &>> 23) & 0xFF
    let fraction = UInt64(bits & 0x007F_FFFF) &<< 40
    if _fastPath(exponent &- 1 < 0xFE) {
      self.init(
        significand: fraction | Extended.integerBit,
        signExponent: sign | UInt16(truncatingIfNeeded: exponent &+ (0x3FFF - 0x7F)))
    } else if exponent != 0 {
      self.init(significand: fraction | Extended.integerBit, signExponent: sign | 0x7FFF)
    } else if fraction == 0 {
      self.init(significand: 0, signExponent: sign)
    } else {
      let shift = UInt64(truncatingIfNeeded: fraction.leadingZeroBitCount)
      self.init(
        significand: fraction &<< shift,
        signExponent: sign | UInt16(truncatingIfNeeded: 0x3FFF - 0x7E &- shift))
    }
  }

  /// A double real as a register value; see `init(single:)`.
  @inline(__always)
  init(double bits: UInt64) {
    let sign = UInt16(truncatingIfNeeded: bits &>> 48) & 0x8000
    let exponent = (bits &>> 52) & 0x7FF
    let fraction = (bits &<< 11) & 0x7FFF_FFFF_FFFF_F800
    if _fastPath(exponent &- 1 < 0x7FE) {
      self.init(
        significand: fraction | Extended.integerBit,
        signExponent: sign | UInt16(truncatingIfNeeded: exponent &+ (0x3FFF - 0x3FF)))
    } else if exponent != 0 {
      self.init(significand: fraction | Extended.integerBit, signExponent: sign | 0x7FFF)
    } else if fraction == 0 {
      self.init(significand: 0, signExponent: sign)
    } else {
      let shift = UInt64(truncatingIfNeeded: fraction.leadingZeroBitCount)
      self.init(
        significand: fraction &<< shift,
        signExponent: sign | UInt16(truncatingIfNeeded: 0x3FFF - 0x3FE &- shift))
    }
  }

  /// True for a single real with exponent field zero and a fraction: loading or using it raises DE.
  @inline(__always)
  static func isDenormalSingle(_ bits: UInt32) -> Bool {
    bits & 0x7F80_0000 == 0 && bits & 0x007F_FFFF != 0
  }

  /// True for a double real with exponent field zero and a fraction.
  @inline(__always)
  static func isDenormalDouble(_ bits: UInt64) -> Bool {
    bits & 0x7FF0_0000_0000_0000 == 0 && bits & 0x000F_FFFF_FFFF_FFFF != 0
  }

  /// An integer, exactly.
  @inline(__always)
  init(integer value: Int64) {
    if value == 0 {
      self = .zero
      return
    }
    let magnitude = value.magnitude
    let shift = UInt64(truncatingIfNeeded: magnitude.leadingZeroBitCount)
    self.init(
      significand: magnitude &<< shift,
      signExponent: (value < 0 ? 0x8000 : 0) | UInt16(truncatingIfNeeded: 0x3FFF + 63 &- shift))
  }

  /// 18 packed decimal digits (`low`, then `high` bits 0...7) and a sign (`high` bit 15). Digits above 9 are not
  /// refused: each counts its value, as "the result of loading invalid digits is undefined" allows.
  /// - Source: 387 DX User's Manual, "FBLD".
  init(packedDecimal low: UInt64, high: UInt16) {
    var value: UInt64 = 0
    value = UInt64(high &>> 4 & 0xF) &* 10 &+ UInt64(high & 0xF)
    var digits = low
    for _ in 0..<16 {
      value = value &* 10 &+ digits &>> 60
      digits = digits &<< 4
    }
    self.init(integer: Int64(bitPattern: value))
    signExponent = signExponent & 0x7FFF | high & 0x8000
  }
}

// MARK: - Stores of reals

extension Extended {
  /// The parameters of a memory real.
  private struct Format {
    /// Significand bits, integer bit included.
    let precision: UInt64
    /// Exponent bias.
    let bias: Int32
    /// Exponent field of infinities and NaNs.
    let top: Int32
    /// What an unmasked overflow subtracts has no meaning in memory: nothing is stored then.
    var discarded: UInt64 { UInt64.max &>> precision }
  }

  /// The value as a single real, in the low 32 bits.
  @inline(__always)
  func single(control: Control, raised: inout Raised) -> UInt32 {
    let field = exponent &- (0x3FFF - 0x7F)
    let rest = significand & 0xFF_FFFF_FFFF
    if _fastPath(rest == 0 && isNormal && UInt32(bitPattern: field &- 1) < 0xFE) {
      return UInt32(signExponent & 0x8000) &<< 16 | UInt32(bitPattern: field) &<< 23
        | UInt32(truncatingIfNeeded: significand &>> 40) & 0x007F_FFFF
    }
    let (field2, fraction) = stored(Format(precision: 24, bias: 0x7F, top: 0xFF), control: control, raised: &raised)
    return UInt32(signOfStored) &<< 16 | UInt32(bitPattern: field2) &<< 23
      | UInt32(truncatingIfNeeded: fraction) & 0x007F_FFFF
  }

  /// The value as a double real.
  @inline(__always)
  func double(control: Control, raised: inout Raised) -> UInt64 {
    let field = exponent &- (0x3FFF - 0x3FF)
    let rest = significand & 0x7FF
    if _fastPath(rest == 0 && isNormal && UInt32(bitPattern: field &- 1) < 0x7FE) {
      return UInt64(signExponent & 0x8000) &<< 48 | UInt64(UInt32(bitPattern: field)) &<< 52
        | (significand &>> 11) & 0x000F_FFFF_FFFF_FFFF
    }
    let (field2, fraction) = stored(Format(precision: 53, bias: 0x3FF, top: 0x7FF), control: control, raised: &raised)
    return UInt64(signOfStored) &<< 48 | UInt64(UInt32(bitPattern: field2)) &<< 52
      | fraction & 0x000F_FFFF_FFFF_FFFF
  }

  /// The sign a store writes: an unsupported pattern becomes the (negative) indefinite NaN.
  @inline(__always)
  private var signOfStored: UInt16 { isUnsupported ? 0x8000 : sign }

  /// The exponent field and the fraction (right-aligned, the integer bit still on it) in a memory format.
  @inline(never)
  private func stored(_ format: Format, control: Control, raised: inout Raised) -> (field: Int32, fraction: UInt64) {
    let align = 64 &- format.precision
    if exponent == 0x7FFF || isUnsupported {
      if isUnsupported || isSignalling { raised.insert(.invalid) }
      if isUnsupported { return (format.top, Extended.quietBit &>> align) }
      if isInfinite { return (format.top, 0) }
      return (format.top, quieted.significand &>> align)
    }
    if isZero { return (0, 0) }
    let (trueExponent, bits) = normalized
    let field = trueExponent &- 0x3FFF &+ format.bias
    let rounding = control.rounding
    let discarded = format.discarded
    let unit = discarded &+ 1
    var (kept, rest) = Extended.split(bits, 0, discarded)
    var up = Extended.roundsUp(sign: sign, odd: kept & unit != 0, rest: rest, rounding: rounding)
    var roundedField = field
    var result = kept
    if up {
      result &+= unit
      if result == 0 {
        result = Extended.integerBit
        roundedField &+= 1
      }
    }
    if roundedField < 1 {
      if !control.masked.contains(.underflow) {
        // Nothing is stored: the handler finds the operand in the register.
        raised.insert(.underflow)
        return (0, 0)
      }
      let (high, low) = Extended.shiftedRight(bits, 0, by: 1 &- field)
      (kept, rest) = Extended.split(high, low, discarded)
      up = Extended.roundsUp(sign: sign, odd: kept & unit != 0, rest: rest, rounding: rounding)
      if rest != 0 { raised.formUnion([.underflow, .precision]) }
      if up {
        raised.insert(.c1)
        kept &+= unit
      }
      return (kept & Extended.integerBit != 0 ? 1 : 0, kept &>> align)
    }
    if roundedField >= format.top {
      raised.insert(.overflow)
      if !control.masked.contains(.overflow) { return (0, 0) }
      raised.insert(.precision)
      let toInfinity =
        switch rounding {
        case .nearestEven: true
        case .down: isNegative
        case .up: !isNegative
        case .towardZero: false
        }
      if toInfinity {
        raised.insert(.c1)
        return (format.top, 0)
      }
      return (format.top &- 1, UInt64.max &>> align)
    }
    if rest != 0 { raised.insert(.precision) }
    if up { raised.insert(.c1) }
    return (roundedField, result &>> align)
  }
}

// MARK: - Stores of integers

extension Extended {
  /// The value rounded to an integer as RC says, as magnitude; nil if it is a NaN, infinite, unsupported or does
  /// not fit in 64 bits. Adds PE and C1 to `raised` on success.
  @inline(__always)
  private func roundedMagnitude(control: Control, raised: inout Raised) -> UInt64? {
    if isZero { return 0 }
    if !isNormal && !isDenormal { return nil }
    let (trueExponent, bits) = normalized
    let position = trueExponent &- 0x3FFF
    if position > 63 { return nil }
    let (whole, fraction) =
      position == 63 ? (bits, 0) : Extended.shiftedRight(bits, 0, by: 63 &- position)
    if fraction == 0 { return whole }
    if Extended.roundsUp(sign: sign, odd: whole & 1 != 0, rest: fraction, rounding: control.rounding) {
      if whole == .max { return nil }
      raised.formUnion([.precision, .c1])
      return whole &+ 1
    }
    raised.insert(.precision)
    return whole
  }

  /// The value as a two's-complement integer of `bits` (16, 32 or 64) bits. Out of range: IE and the indefinite
  /// integer, the most negative number.
  /// - Source: 387 DX User's Manual, "FIST", "Masked responses to invalid operations".
  @inline(__always)
  func integer(bits: UInt64, control: Control, raised: inout Raised) -> UInt64 {
    let indefinite = UInt64.max &<< (bits &- 1)
    var local: Raised = []
    guard let magnitude = roundedMagnitude(control: control, raised: &local) else {
      raised.insert(.invalid)
      return indefinite
    }
    let limit = UInt64(1) &<< (bits &- 1)
    if magnitude > (isNegative ? limit : limit &- 1) {
      raised.insert(.invalid)
      return indefinite
    }
    raised.formUnion(local)
    return isNegative ? 0 &- magnitude : magnitude
  }

  /// The value as packed decimal. Out of range: IE and the packed decimal indefinite FFFF C000 0000 0000 0000h.
  /// - Source: 387 DX User's Manual, "FBSTP", "Packed decimal".
  @inline(never)
  func packedDecimal(control: Control, raised: inout Raised) -> (low: UInt64, high: UInt16) {
    var local: Raised = []
    let magnitude = roundedMagnitude(control: control, raised: &local) ?? .max
    if magnitude > 999_999_999_999_999_999 {
      raised.insert(.invalid)
      return (0xC000_0000_0000_0000, 0xFFFF)
    }
    raised.formUnion(local)
    var rest = magnitude
    var low: UInt64 = 0
    for _ in 0..<16 {
      low = low &>> 4 | (rest % 10) &<< 60
      rest /= 10
    }
    let high = UInt16(truncatingIfNeeded: rest / 10 &* 16 &+ rest % 10)
    return (low, high | sign)
  }
}

// MARK: - Rounding to an integer in a register

extension Extended {
  /// FRNDINT.
  /// - Source: 387 DX User's Manual, "FRNDINT".
  static func roundedToInteger(_ a: Extended, control: Control, raised: inout Raised) -> Extended {
    if let nan = propagatedNaN(a, raised: &raised) { return nan }
    if a.isZero || a.isInfinite { return a }
    if a.isDenormal { raised.insert(.denormal) }
    let (trueExponent, bits) = a.normalized
    let position = trueExponent &- 0x3FFF
    if position >= 63 { return a }
    let (whole, fraction) = shiftedRight(bits, 0, by: 63 &- position)
    if fraction == 0 { return a }
    raised.insert(.precision)
    var result = whole
    if roundsUp(sign: a.sign, odd: whole & 1 != 0, rest: fraction, rounding: control.rounding) {
      raised.insert(.c1)
      result &+= 1
    }
    if result == 0 { return zero(sign: a.sign) }
    let shift = UInt64(truncatingIfNeeded: result.leadingZeroBitCount)
    return Extended(
      significand: result &<< shift, signExponent: a.sign | UInt16(truncatingIfNeeded: 0x3FFF + 63 &- shift))
  }
}
