// The basic operations. Each takes any two register values, rounds as the control word says, and adds to `raised`
// what happened; what an unmasked exception then does to the registers is decided by the caller.

// MARK: - Addition and subtraction

extension Extended {
  /// a + b.
  @inline(__always)
  static func add(_ a: Extended, _ b: Extended, control: Control, raised: inout Raised) -> Extended {
    if _fastPath(a.isNormal && b.isNormal) {
      return addNormal(
        a.sign, a.exponent, a.significand, b.sign, b.exponent, b.significand, control: control, raised: &raised)
    }
    return addSpecial(a, b, negatingB: 0, control: control, raised: &raised)
  }

  /// a - b.
  @inline(__always)
  static func subtract(_ a: Extended, _ b: Extended, control: Control, raised: inout Raised) -> Extended {
    if _fastPath(a.isNormal && b.isNormal) {
      return addNormal(
        a.sign, a.exponent, a.significand, b.sign ^ 0x8000, b.exponent, b.significand, control: control,
        raised: &raised)
    }
    return addSpecial(a, b, negatingB: 0x8000, control: control, raised: &raised)
  }

  @inline(__always)
  private static func addNormal(
    _ aSign: UInt16, _ aExponent: Int32, _ aSignificand: UInt64,
    _ bSign: UInt16, _ bExponent: Int32, _ bSignificand: UInt64,
    control: Control, raised: inout Raised
  ) -> Extended {
    let swap = bExponent > aExponent || (bExponent == aExponent && bSignificand > aSignificand)
    let sign = swap ? bSign : aSign
    let exponent = swap ? bExponent : aExponent
    let large = swap ? bSignificand : aSignificand
    let small = swap ? aSignificand : bSignificand
    let distance = swap ? bExponent &- aExponent : aExponent &- bExponent
    let (smallHigh, smallLow) = shiftedRight(small, 0, by: distance)
    var high: UInt64
    var low: UInt64
    var resultExponent = exponent
    if aSign == bSign {
      let (sum, carry) = large.addingReportingOverflow(smallHigh)
      high = sum
      low = smallLow
      if carry {
        high = sum &>> 1 | integerBit
        low = smallLow &>> 1 | sum &<< 63 | smallLow & 1
        resultExponent &+= 1
      }
    } else {
      high = large &- smallHigh &- (smallLow != 0 ? 1 : 0)
      low = 0 &- smallLow
      if Int64(bitPattern: high) >= 0 {
        if high == 0 {
          // Exact cancellation gives +0, or -0 when rounding down.
          if low == 0 { return zero(sign: control.rounding == .down ? 0x8000 : 0) }
          high = low
          low = 0
          resultExponent &-= 64
        }
        let shift = UInt64(truncatingIfNeeded: high.leadingZeroBitCount)
        high = high &<< shift | (low &>> 1) &>> (63 &- shift)
        low = low &<< shift
        resultExponent &-= Int32(truncatingIfNeeded: shift)
      }
    }
    return rounded(
      sign: sign, exponent: resultExponent, high: high, low: low, control: control, raised: &raised)
  }

  @inline(never)
  private static func addSpecial(
    _ a: Extended, _ originalB: Extended, negatingB: UInt16, control: Control, raised: inout Raised
  ) -> Extended {
    if let nan = propagatedNaN(a, originalB, raised: &raised) { return nan }
    let b = Extended(significand: originalB.significand, signExponent: originalB.signExponent ^ negatingB)
    if a.isInfinite && b.isInfinite && a.sign != b.sign { return invalid(&raised) }
    if a.isDenormal || b.isDenormal { raised.insert(.denormal) }
    if a.isInfinite { return a }
    if b.isInfinite { return b }
    if a.isZero {
      if b.isZero {
        if a.sign == b.sign { return a }
        return zero(sign: control.rounding == .down ? 0x8000 : 0)
      }
      // The other operand still goes through the rounding that PC asks for.
      let (exponent, significand) = b.normalized
      return rounded(
        sign: b.sign, exponent: exponent, high: significand, low: 0, control: control, raised: &raised)
    }
    let (aExponent, aSignificand) = a.normalized
    if b.isZero {
      return rounded(
        sign: a.sign, exponent: aExponent, high: aSignificand, low: 0, control: control, raised: &raised)
    }
    let (bExponent, bSignificand) = b.normalized
    return addNormal(
      a.sign, aExponent, aSignificand, b.sign, bExponent, bSignificand, control: control, raised: &raised)
  }
}

// MARK: - Multiplication

extension Extended {
  /// a × b.
  @inline(__always)
  static func multiply(_ a: Extended, _ b: Extended, control: Control, raised: inout Raised) -> Extended {
    if _fastPath(a.isNormal && b.isNormal) {
      return multiplyNormal(
        (a.signExponent ^ b.signExponent) & 0x8000, a.exponent, a.significand, b.exponent, b.significand,
        control: control, raised: &raised)
    }
    return multiplySpecial(a, b, control: control, raised: &raised)
  }

  @inline(__always)
  private static func multiplyNormal(
    _ sign: UInt16, _ aExponent: Int32, _ aSignificand: UInt64, _ bExponent: Int32, _ bSignificand: UInt64,
    control: Control, raised: inout Raised
  ) -> Extended {
    var (high, low) = aSignificand.multipliedFullWidth(by: bSignificand)
    var exponent = aExponent &+ bExponent &- 0x3FFE
    if Int64(bitPattern: high) >= 0 {
      high = high &<< 1 | low &>> 63
      low = low &<< 1
      exponent &-= 1
    }
    return rounded(sign: sign, exponent: exponent, high: high, low: low, control: control, raised: &raised)
  }

  @inline(never)
  private static func multiplySpecial(
    _ a: Extended, _ b: Extended, control: Control, raised: inout Raised
  ) -> Extended {
    if let nan = propagatedNaN(a, b, raised: &raised) { return nan }
    let sign = (a.signExponent ^ b.signExponent) & 0x8000
    if (a.isInfinite && b.isZero) || (a.isZero && b.isInfinite) { return invalid(&raised) }
    if a.isDenormal || b.isDenormal { raised.insert(.denormal) }
    if a.isInfinite || b.isInfinite { return infinity(sign: sign) }
    if a.isZero || b.isZero { return zero(sign: sign) }
    let (aExponent, aSignificand) = a.normalized
    let (bExponent, bSignificand) = b.normalized
    return multiplyNormal(
      sign, aExponent, aSignificand, bExponent, bSignificand, control: control, raised: &raised)
  }
}

// MARK: - Division

extension Extended {
  /// a ÷ b.
  @inline(__always)
  static func divide(_ a: Extended, _ b: Extended, control: Control, raised: inout Raised) -> Extended {
    if _fastPath(a.isNormal && b.isNormal) {
      return divideNormal(
        (a.signExponent ^ b.signExponent) & 0x8000, a.exponent, a.significand, b.exponent, b.significand,
        control: control, raised: &raised)
    }
    return divideSpecial(a, b, control: control, raised: &raised)
  }

  @inline(__always)
  private static func divideNormal(
    _ sign: UInt16, _ aExponent: Int32, _ aSignificand: UInt64, _ bExponent: Int32, _ bSignificand: UInt64,
    control: Control, raised: inout Raised
  ) -> Extended {
    // Both significands are normalized, so the quotient of the (halved, if not smaller) dividend by the divisor has
    // its top bit set.
    var exponent = aExponent &- bExponent &+ 0x3FFE
    var high = aSignificand
    var low: UInt64 = 0
    if aSignificand >= bSignificand {
      low = high &<< 63
      high = high &>> 1
      exponent &+= 1
    }
    let (quotient, remainder) = bSignificand.dividingFullWidth((high, low))
    // The rest as rounding wants it: less than, equal to or more than a half.
    var rest: UInt64 = 0
    if remainder != 0 {
      let complement = bSignificand &- remainder
      rest = remainder < complement ? 1 : remainder == complement ? integerBit : integerBit | 1
    }
    return rounded(sign: sign, exponent: exponent, high: quotient, low: rest, control: control, raised: &raised)
  }

  @inline(never)
  private static func divideSpecial(
    _ a: Extended, _ b: Extended, control: Control, raised: inout Raised
  ) -> Extended {
    if let nan = propagatedNaN(a, b, raised: &raised) { return nan }
    let sign = (a.signExponent ^ b.signExponent) & 0x8000
    if (a.isInfinite && b.isInfinite) || (a.isZero && b.isZero) { return invalid(&raised) }
    if b.isZero && !a.isInfinite {
      // Found before a denormal dividend is looked at: DE stays as it was (seen on silicon).
      raised.insert(.zeroDivide)
      return infinity(sign: sign)
    }
    if a.isDenormal || b.isDenormal { raised.insert(.denormal) }
    if a.isInfinite { return infinity(sign: sign) }
    if b.isInfinite { return zero(sign: sign) }
    if a.isZero { return zero(sign: sign) }
    let (aExponent, aSignificand) = a.normalized
    let (bExponent, bSignificand) = b.normalized
    return divideNormal(
      sign, aExponent, aSignificand, bExponent, bSignificand, control: control, raised: &raised)
  }
}

// MARK: - Square root

extension Extended {
  /// √a.
  @inline(__always)
  static func squareRoot(_ a: Extended, control: Control, raised: inout Raised) -> Extended {
    if _fastPath(a.isNormal && !a.isNegative) {
      return squareRootNormal(a.exponent, a.significand, control: control, raised: &raised)
    }
    if let nan = propagatedNaN(a, raised: &raised) { return nan }
    if a.isZero { return a }
    if a.isNegative { return invalid(&raised) }
    if a.isInfinite { return a }
    raised.insert(.denormal)
    let (exponent, significand) = a.normalized
    return squareRootNormal(exponent, significand, control: control, raised: &raised)
  }

  @inline(__always)
  private static func squareRootNormal(
    _ exponent: Int32, _ significand: UInt64, control: Control, raised: inout Raised
  ) -> Extended {
    // Radicand R = significand × 2^63 or 2^64, so that the exponent becomes even and floor(√R) has 64 bits.
    let unbiased = exponent &- 0x3FFF
    let odd = unbiased & 1 != 0
    let high = odd ? significand : significand &>> 1
    let low = odd ? 0 : significand &<< 63
    let (root, rest) = integerSquareRoot(high, low)
    // (root + 1/2)² = root² + root + 1/4: a remainder above `root` is more than a half, and a half cannot occur.
    let sticky: UInt64 = rest == 0 ? 0 : rest > UInt128(root) ? integerBit | 1 : 1
    return rounded(
      sign: 0, exponent: (unbiased &>> 1) &+ 0x3FFF, high: root, low: sticky, control: control, raised: &raised)
  }

  /// The floor of the square root of `high.low` and the remainder. `high` must be at least 2^62.
  @inline(__always)
  private static func integerSquareRoot(_ high: UInt64, _ low: UInt64) -> (root: UInt64, rest: UInt128) {
    // An estimate from IEEE double arithmetic (correctly rounded everywhere), one Newton step in integers, and an
    // exact correction; the result does not depend on the estimate.
    let estimate = Double(high).squareRoot() * 4_294_967_296.0
    var root = estimate >= 18_446_744_073_709_551_615.0 ? UInt64.max : UInt64(estimate)
    if high != .max {
      // The divisor must exceed `high`, as the true root does.
      root = max(root, high &+ 1)
      let quotient = root.dividingFullWidth((high, low)).quotient
      root = (root &>> 1) &+ (quotient &>> 1) &+ (root & quotient & 1)
    }
    let radicand = UInt128(high) &<< 64 | UInt128(low)
    while true {
      let (squareHigh, squareLow) = root.multipliedFullWidth(by: root)
      let square = UInt128(squareHigh) &<< 64 | UInt128(squareLow)
      if square > radicand {
        root &-= 1
        continue
      }
      let rest = radicand &- square
      if rest > UInt128(root) &* 2 {
        root &+= 1
        continue
      }
      return (root, rest)
    }
  }
}
