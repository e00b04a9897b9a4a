// F2XM1, FYL2X and FYL2XP1, with 128-bit significands like the trigonometric functions, and the constants.

// MARK: - Constants

extension Extended {
  /// FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ (`n` = 0...6). The 387 keeps them with more than 64 bits and
  /// rounds as RC says, without an exception.
  /// - Source: 387 DX User's Manual, "Load constant instructions".
  static func constant(_ n: UInt16, control: Control) -> Extended {
    var ignored: Raised = []
    let value: (exponent: Int32, high: UInt64, low: UInt64)
    switch n {
    case 0: return .one
    case 1: value = (0x4000, 0xD49A_784B_CD1B_8AFE, 0x492B_F6FF_4DAF_DB4C)
    case 2: value = (0x3FFF, 0xB8AA_3B29_5C17_F0BB, 0xBE87_FED0_691D_3E88)
    case 3: value = (0x4000, 0xC90F_DAA2_2168_C234, 0xC4C6_628B_80DC_1CD1)
    case 4: value = (0x3FFD, 0x9A20_9A84_FBCF_F798, 0x8F89_59AC_0B7C_9178)
    case 5: value = (0x3FFE, 0xB172_17F7_D1CF_79AB, 0xC9E3_B398_03F2_F6AF)
    default: return .zero
    }
    return rounded(
      sign: 0, exponent: value.exponent, high: value.high, low: value.low, control: control.fullPrecision,
      raised: &ignored)
  }
}

// MARK: - Exponential

extension Extended {
  /// F2XM1: 2^a - 1 for -1 <= a <= 1. Outside that range the 387's result is undefined; here it is the operand.
  /// - Source: 387 DX User's Manual, "F2XM1".
  static func exponentialMinusOne(_ a: Extended, control: Control, raised: inout Raised) -> Extended {
    if _slowPath(!a.isNormal) {
      if let nan = propagatedNaN(a, raised: &raised) { return nan }
      if a.isInfinite { return a.isNegative ? Extended(significand: integerBit, signExponent: 0xBFFF) : a }
      if a.isZero { return a }
      raised.insert(.denormal)
    }
    let x = Wide(a)
    if x.exponent >= 0 {
      if a.signExponent == 0xBFFF && a.significand == integerBit {
        return Extended(significand: integerBit, signExponent: 0xBFFE)
      }
      return a
    }
    if x.exponent < -6 { return exponentialSeries(x).rounded(control: control, raised: &raised) }
    // a = j/32 + r, 0 <= r < 1/32: 2^a - 1 = (2^(j/32) - 1) + 2^(j/32) (2^r - 1).
    let magnitude = x.significand &>> UInt128(truncatingIfNeeded: -1 &- x.exponent)
    var j = Int(truncatingIfNeeded: magnitude &>> 123)
    var rest = magnitude & (UInt128(1) &<< 123 &- 1)
    if a.isNegative {
      j = -j
      if rest != 0 {
        j &-= 1
        rest = (UInt128(1) &<< 123) &- rest
      }
    }
    // 2^(j/32) as a fraction of 2^127; j is -32...31.
    let table = TranscendentalTables.powersOfTwo[j & 31]
    let power = j < 0 ? table &>> 1 : table
    let one = UInt128(1) &<< 127
    if j == 0 {
      return exponentialSeries(Wide(sign: 0, exponent: -1, normalizing: rest))
        .rounded(control: control, raised: &raised)
    }
    let base =
      power > one
      ? Wide(sign: 0, exponent: 0, normalizing: power &- one)
      : Wide(sign: 0x8000, exponent: 0, normalizing: one &- power)
    if rest == 0 { return base.rounded(control: control, raised: &raised) }
    let growth =
      exponentialSeries(Wide(sign: 0, exponent: -1, normalizing: rest)) * Wide(sign: 0, exponent: 0, normalizing: power)
    return (base + growth).rounded(control: control, raised: &raised)
  }

  /// 2^r - 1 for |r| < 1/32, with its full relative precision.
  @inline(__always)
  private static func exponentialSeries(_ r: Wide) -> Wide {
    // u = r ln 2; e^u - 1 = u (1 + u/2! + u²/3! + ...).
    let u = r * TranscendentalTables.naturalLogarithmOfTwo
    let fraction = u.fraction
    var sum = TranscendentalTables.exponential[0]
    if u.sign == 0 {
      for i in 1..<13 { sum = TranscendentalTables.exponential[i] &+ Wide.multiplyHigh(fraction, sum) }
    } else {
      for i in 1..<13 { sum = TranscendentalTables.exponential[i] &- Wide.multiplyHigh(fraction, sum) }
    }
    return u * Wide(sign: 0, exponent: 0, normalizing: sum)
  }
}

// MARK: - Logarithm

extension Extended {
  /// FYL2X: y × log2(x).
  /// - Source: 387 DX User's Manual, "FYL2X" with the table of special operands.
  static func logarithm(of x: Extended, times y: Extended, control: Control, raised: inout Raised) -> Extended {
    if let nan = propagatedNaN(y, x, raised: &raised) { return nan }
    if x.isNegative && !x.isZero { return invalid(&raised) }
    if x.isZero {
      if y.isZero { return invalid(&raised) }
      if y.isInfinite { return infinity(sign: ~y.sign) }
      if y.isDenormal { raised.insert(.denormal) }
      raised.insert(.zeroDivide)
      return infinity(sign: ~y.sign)
    }
    let isOne = x.signExponent == 0x3FFF && x.significand == integerBit
    let below: UInt16 = x.exponent < 0x3FFF ? 0x8000 : 0
    if y.isInfinite {
      if isOne { return invalid(&raised) }
      if x.isDenormal { raised.insert(.denormal) }
      return infinity(sign: y.sign ^ below)
    }
    if x.isInfinite {
      if y.isZero { return invalid(&raised) }
      if y.isDenormal { raised.insert(.denormal) }
      return infinity(sign: y.sign)
    }
    if x.isDenormal || y.isDenormal { raised.insert(.denormal) }
    if y.isZero || isOne { return zero(sign: y.sign ^ below) }
    let wide = Wide(x)
    return (binaryLogarithm(wide.significand, exponent: wide.exponent) * Wide(y))
      .rounded(control: control, raised: &raised)
  }

  /// FYL2XP1: y × log2(x + 1). The 387 promises a result for -(1 - √½) < x < √2 - 1; here every x above -1 has its
  /// logarithm, below it the operation is invalid (unverified).
  /// - Source: 387 DX User's Manual, "FYL2XP1".
  static func logarithm(
    ofOnePlus x: Extended, times y: Extended, control: Control, raised: inout Raised
  ) -> Extended {
    if let nan = propagatedNaN(y, x, raised: &raised) { return nan }
    if x.isInfinite {
      if x.isNegative || y.isZero { return invalid(&raised) }
      if y.isDenormal { raised.insert(.denormal) }
      return infinity(sign: y.sign)
    }
    if y.isInfinite {
      if x.isZero { return invalid(&raised) }
      if x.isDenormal { raised.insert(.denormal) }
      if x.isNegative && x.exponent >= 0x3FFF { return invalid(&raised) }
      return infinity(sign: y.sign ^ x.sign)
    }
    if x.isDenormal || y.isDenormal { raised.insert(.denormal) }
    if x.isZero || y.isZero { return zero(sign: x.sign ^ y.sign) }
    if x.isNegative && x.exponent >= 0x3FFF { return invalid(&raised) }
    let wideX = Wide(x)
    let wideY = Wide(y)
    if wideX.exponent < -7 {
      let two = Wide(exponent: 1, significand: UInt128(1) &<< 127)
      return (logarithmSeries(wideX / (two + wideX)) * wideY).rounded(control: control, raised: &raised)
    }
    let one = Wide(exponent: 0, significand: UInt128(1) &<< 127)
    let sum = one + wideX
    return (binaryLogarithm(sum.significand, exponent: sum.exponent) * wideY)
      .rounded(control: control, raised: &raised)
  }

  /// log2(significand × 2^(exponent - 127)), not for 1. The lowest 10 bits of the significand must be zero, or the
  /// number far enough from 1.
  private static func binaryLogarithm(_ significand: UInt128, exponent: Int32) -> Wide {
    // m = significand / 2^127 = (256 / k) (1 + f), |f| <= 2^-7, k the integer next to 256 / m; k is 256 or 128 at
    // the two ends, so that nothing cancels near 1. log2 m = (8 - log2 k) + log2(1 + f).
    let index = UInt64(truncatingIfNeeded: significand &>> 120) & 0x7F
    let middle = 257 &+ 2 &* index
    let k = index == 0 ? 256 : (0x1_0000 &+ middle &>> 1) / middle
    // m k / 256 - 1 as a fraction of 2^127, negative values as two's complement.
    let factor = UInt128(k)
    let product = (significand &>> 8) &* factor &+ ((significand & 0xFF) &* factor) &>> 8
    let difference = Int128(truncatingIfNeeded: product &- UInt128(1) &<< 127)
    let tabulated = TranscendentalTables.logarithms[Int(truncatingIfNeeded: k &- 128)]
    // exponent + table, exactly.
    let base = fixedPoint(exponent, tabulated)
    if difference == 0 {
      return base ?? Wide(exponent: -16_500, significand: UInt128(1) &<< 127)
    }
    let f = Wide(
      sign: difference < 0 ? 0x8000 : 0, exponent: 0, normalizing: UInt128(truncatingIfNeeded: difference.magnitude))
    let two = Wide(exponent: 1, significand: UInt128(1) &<< 127)
    let tail = logarithmSeries(f / (two + f))
    if let base { return base + tail }
    return tail
  }

  /// `exponent + fraction / 2^127`, nil if it is zero.
  @inline(__always)
  private static func fixedPoint(_ exponent: Int32, _ fraction: UInt128) -> Wide? {
    if exponent >= 0 {
      if exponent == 0 { return fraction == 0 ? nil : Wide(sign: 0, exponent: 0, normalizing: fraction) }
      // 15 bits of integer above 113 bits of fraction.
      let value = UInt128(truncatingIfNeeded: exponent) &<< 112 &+ fraction &>> 15
      return Wide(sign: 0, exponent: 15, normalizing: value)
    }
    let magnitude = UInt128(truncatingIfNeeded: -exponent)
    if exponent == -1 {
      let value = (UInt128(1) &<< 127) &- fraction
      return value == 0 ? nil : Wide(sign: 0x8000, exponent: 0, normalizing: value)
    }
    return Wide(sign: 0x8000, exponent: 15, normalizing: magnitude &<< 112 &- fraction &>> 15)
  }

  /// log2((1 + s) / (1 - s)) for |s| < 2^-7.
  @inline(__always)
  private static func logarithmSeries(_ s: Wide) -> Wide {
    let fraction = s.fraction
    let z = Wide.multiplyHigh(fraction, fraction)
    var sum = TranscendentalTables.hyperbolicArctangent[0]
    for i in 1..<7 { sum = TranscendentalTables.hyperbolicArctangent[i] &+ Wide.multiplyHigh(z, sum) }
    return s * Wide(sign: 0, exponent: 0, normalizing: sum) * TranscendentalTables.twoOverNaturalLogarithmOfTwo
  }
}
