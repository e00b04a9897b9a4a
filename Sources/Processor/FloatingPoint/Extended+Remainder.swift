// Operations that take numbers apart: remainders, scaling, extraction. All are exact where a result exists.

// MARK: - Remainder

extension Extended {
  /// FPREM (truncating) and FPREM1 (IEEE, nearest) with the condition codes they leave. With a NaN or an invalid
  /// operand `conditions` is not touched.
  ///
  /// Up to an exponent difference of 63 the reduction is complete: C2 = 0 and C0, C3, C1 are bits 2, 1, 0 of the
  /// quotient. Beyond, the dividend is reduced by a multiple of the divisor that takes at least 32 and at most 63
  /// off the difference, and C2 = 1.
  /// - Source: 387 DX User's Manual, "FPREM", "FPREM1"; i486 Programmer's Reference Manual, "FPREM".
  static func remainder(
    _ a: Extended, _ b: Extended, nearest: Bool, control: Control, raised: inout Raised, conditions: inout Raised
  ) -> Extended {
    if let nan = propagatedNaN(a, b, raised: &raised) { return nan }
    if a.isInfinite || b.isZero { return invalid(&raised) }
    conditions = []
    if a.isDenormal || b.isDenormal { raised.insert(.denormal) }
    if a.isZero { return a }
    let (aExponent, aSignificand) = a.normalized
    if b.isInfinite {
      return rounded(
        sign: a.sign, exponent: aExponent, high: aSignificand, low: 0, control: control.fullPrecision,
        raised: &raised)
    }
    let (bExponent, bSignificand) = b.normalized
    let difference = aExponent &- bExponent
    var sign = a.sign
    var rest = aSignificand
    var exponent = bExponent
    var quotient: UInt64 = 0
    if difference > 63 {
      let step = difference & 31 | 32
      (quotient, rest) = divided(aSignificand, shiftedLeft: step, by: bSignificand)
      exponent = aExponent &- step
      conditions.insert(.c2)
    } else {
      if difference < 0 {
        // The quotient is 0, or 1 if FPREM1 finds the dividend above half the divisor.
        exponent = aExponent
        if nearest && difference == -1 && aSignificand > bSignificand {
          // a - b with b = 2 × bSignificand at a's exponent: negative, and below 2^64 in size.
          rest = (bSignificand &- aSignificand) &+ bSignificand
          sign ^= 0x8000
          quotient = 1
        }
      } else {
        (quotient, rest) = divided(aSignificand, shiftedLeft: difference, by: bSignificand)
        if nearest {
          let complement = bSignificand &- rest
          if rest > complement || (rest == complement && quotient & 1 != 0) {
            rest = complement
            sign ^= 0x8000
            quotient &+= 1
          }
        }
      }
      if quotient & 4 != 0 { conditions.insert(.c0) }
      if quotient & 2 != 0 { conditions.insert(.c3) }
      if quotient & 1 != 0 { conditions.insert(.c1) }
    }
    if rest == 0 { return zero(sign: a.sign) }
    let shift = rest.leadingZeroBitCount
    return rounded(
      sign: sign, exponent: exponent &- Int32(truncatingIfNeeded: shift),
      high: rest &<< UInt64(truncatingIfNeeded: shift), low: 0, control: control.fullPrecision, raised: &raised)
  }

  /// `a × 2^count` divided by a normalized `b`: the low 64 bits of the quotient and the remainder. 0...63.
  @inline(__always)
  private static func divided(
    _ a: UInt64, shiftedLeft count: Int32, by b: UInt64
  ) -> (quotient: UInt64, remainder: UInt64) {
    let n = UInt64(truncatingIfNeeded: count)
    if n == 0 { return a >= b ? (1, a &- b) : (0, a) }
    // The high part is below 2^63, hence below b: the quotient fits.
    return b.dividingFullWidth((a &>> (64 &- n), a &<< n))
  }
}

// MARK: - Scaling

extension Extended {
  /// FSCALE: a × 2^trunc(b).
  /// - Source: 387 DX User's Manual, "FSCALE" with the table of special operands.
  static func scaled(_ a: Extended, _ b: Extended, control: Control, raised: inout Raised) -> Extended {
    if let nan = propagatedNaN(a, b, raised: &raised) { return nan }
    if b.isInfinite {
      if b.isNegative ? a.isInfinite : a.isZero { return invalid(&raised) }
      if a.isDenormal { raised.insert(.denormal) }
      return b.isNegative ? zero(sign: a.sign) : infinity(sign: a.sign)
    }
    if a.isDenormal || b.isDenormal { raised.insert(.denormal) }
    if a.isInfinite || a.isZero { return a }
    let (aExponent, aSignificand) = a.normalized
    let position = b.exponent &- 0x3FFF
    var amount: Int32 = 0
    if position > 16 {
      amount = 0x1_0000
    } else if position >= 0 {
      amount = Int32(truncatingIfNeeded: b.significand &>> UInt64(truncatingIfNeeded: 63 &- position))
    }
    return rounded(
      sign: a.sign, exponent: b.isNegative ? aExponent &- amount : aExponent &+ amount, high: aSignificand, low: 0,
      control: control.fullPrecision, raised: &raised)
  }

  /// FXTRACT: the unbiased exponent as a real, and the significand as a real with exponent zero.
  /// - Source: 387 DX User's Manual, "FXTRACT".
  static func extracted(_ a: Extended, raised: inout Raised) -> (exponent: Extended, significand: Extended) {
    if let nan = propagatedNaN(a, raised: &raised) { return (nan, nan) }
    if a.isInfinite { return (infinity(sign: 0), a) }
    if a.isZero {
      raised.insert(.zeroDivide)
      return (infinity(sign: 0x8000), a)
    }
    if a.isDenormal { raised.insert(.denormal) }
    let (exponent, significand) = a.normalized
    return (
      Extended(integer: Int64(exponent &- 0x3FFF)),
      Extended(significand: significand, signExponent: a.sign | 0x3FFF)
    )
  }
}
