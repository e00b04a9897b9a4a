/// A number with a 128-bit significand, the working format of the transcendental functions: ± significand ×
/// 2^(exponent - 127), top bit of the significand set. Never zero. Results are truncated; the few units of error in
/// the last of 128 places are far below what the 64-bit results can show.
struct Wide {
  /// Bit 15 is the sign.
  var sign: UInt16
  /// Exponent of the leading bit, unbiased.
  var exponent: Int32
  /// Normalized significand.
  var significand: UInt128

  @inline(__always)
  init(sign: UInt16 = 0, exponent: Int32, significand: UInt128) {
    self.sign = sign
    self.exponent = exponent
    self.significand = significand
  }

  /// A finite non-zero register value.
  @inline(__always)
  init(_ value: Extended) {
    let (biased, bits) = value.normalized
    self.init(sign: value.sign, exponent: biased &- 0x3FFF, significand: UInt128(bits) &<< 64)
  }

  /// `bits × 2^(exponent - 127)` with any leading zeros; `bits` must not be zero.
  @inline(__always)
  init(sign: UInt16, exponent: Int32, normalizing bits: UInt128) {
    let shift = Wide.leadingZeros(bits)
    self.init(
      sign: sign, exponent: exponent &- Int32(truncatingIfNeeded: shift),
      significand: bits &<< UInt128(truncatingIfNeeded: shift))
  }

  /// The same size with another sign.
  @inline(__always)
  func withSign(_ sign: UInt16) -> Wide {
    Wide(sign: sign, exponent: exponent, significand: significand)
  }

  /// As a fraction of 2^128 (exponent must be below zero); bits below are dropped.
  @inline(__always)
  var fraction: UInt128 {
    let shift = -1 &- exponent
    return shift > 127 ? 0 : significand &>> UInt128(truncatingIfNeeded: shift)
  }

  /// Rounds to a register value.
  @inline(__always)
  func rounded(control: X87.ControlWord, raised: inout X87.StatusWord) -> Extended {
    Extended.rounded(
      sign: sign, exponent: exponent &+ 0x3FFF, high: UInt64(truncatingIfNeeded: significand &>> 64),
      low: UInt64(truncatingIfNeeded: significand), control: control, raised: &raised)
  }
}

// MARK: - Arithmetic

extension Wide {
  @inline(__always)
  static func leadingZeros(_ value: UInt128) -> Int {
    let high = UInt64(truncatingIfNeeded: value &>> 64)
    return high != 0
      ? high.leadingZeroBitCount : 64 &+ UInt64(truncatingIfNeeded: value).leadingZeroBitCount
  }

  /// The upper half of a 256-bit product, at most two units too small.
  @inline(__always)
  static func multiplyHigh(_ a: UInt128, _ b: UInt128) -> UInt128 {
    let a1 = UInt64(truncatingIfNeeded: a &>> 64)
    let a0 = UInt64(truncatingIfNeeded: a)
    let b1 = UInt64(truncatingIfNeeded: b &>> 64)
    let b0 = UInt64(truncatingIfNeeded: b)
    let top = a1.multipliedFullWidth(by: b1)
    let cross1 = a1.multipliedFullWidth(by: b0).high
    let cross2 = a0.multipliedFullWidth(by: b1).high
    return UInt128(top.high) &<< 64 &+ UInt128(top.low) &+ UInt128(cross1) &+ UInt128(cross2)
  }

  /// Product with a fraction of 2^128 that is at least a quarter.
  @inline(__always)
  func times(fraction: UInt128) -> Wide {
    Wide(sign: sign, exponent: exponent, normalizing: Wide.multiplyHigh(significand, fraction))
  }

  /// Product.
  @inline(__always)
  static func * (a: Wide, b: Wide) -> Wide {
    Wide(
      sign: a.sign ^ b.sign, exponent: a.exponent &+ b.exponent &+ 1,
      normalizing: multiplyHigh(a.significand, b.significand))
  }

  /// Quotient.
  @inline(__always)
  static func / (a: Wide, b: Wide) -> Wide {
    var dividend = a.significand
    var exponent = a.exponent &- b.exponent &- 1
    if dividend >= b.significand {
      dividend = dividend &>> 1
      exponent &+= 1
    }
    let (first, rest) = quotientDigit(dividend, 0, b.significand)
    let (second, _) = quotientDigit(rest, 0, b.significand)
    return Wide(
      sign: a.sign ^ b.sign, exponent: exponent, normalizing: UInt128(first) &<< 64 | UInt128(second))
  }

  /// One 64-bit digit of a long division: `rest.next` by a normalized divisor, `rest` below the divisor.
  @inline(__always)
  private static func quotientDigit(
    _ rest: UInt128, _ next: UInt64, _ divisor: UInt128
  ) -> (digit: UInt64, rest: UInt128) {
    let u2 = UInt64(truncatingIfNeeded: rest &>> 64)
    let u1 = UInt64(truncatingIfNeeded: rest)
    let d1 = UInt64(truncatingIfNeeded: divisor &>> 64)
    let d0 = UInt64(truncatingIfNeeded: divisor)
    var digit: UInt64 = .max
    // The remainder of u2.u1 by d1 times the digit; above 64 bits no correction is needed any more.
    var partial: UInt128
    if u2 >= d1 {
      partial = UInt128(u1) &+ UInt128(d1)
    } else {
      let (q, r) = d1.dividingFullWidth((u2, u1))
      digit = q
      partial = UInt128(r)
    }
    var product = UInt128(digit) &* UInt128(d0)
    while partial &>> 64 == 0 && product > (partial &<< 64 | UInt128(next)) {
      digit &-= 1
      product &-= UInt128(d0)
      partial &+= UInt128(d1)
    }
    return (digit, (partial &<< 64 | UInt128(next)) &- product)
  }

  /// Sum. The operands must not cancel exactly; bits shifted out leave a trace in the last place.
  @inline(__always)
  static func + (a: Wide, b: Wide) -> Wide {
    let swap = b.exponent > a.exponent || (b.exponent == a.exponent && b.significand > a.significand)
    let large = swap ? b : a
    let small = swap ? a : b
    let distance = large.exponent &- small.exponent
    if distance > 127 {
      // Less than the last place: only the direction of a directed rounding could see it.
      return large
    }
    let aligned = small.significand &>> UInt128(truncatingIfNeeded: distance)
    if large.sign == small.sign {
      let (sum, carry) = large.significand.addingReportingOverflow(aligned)
      if carry {
        return Wide(
          sign: large.sign, exponent: large.exponent &+ 1,
          significand: sum &>> 1 | UInt128(1) &<< 127 | sum & 1)
      }
      return Wide(sign: large.sign, exponent: large.exponent, significand: sum)
    }
    let difference = large.significand &- aligned
    // Guarded although the functions never subtract equal values.
    return Wide(sign: large.sign, exponent: large.exponent, normalizing: difference == 0 ? 1 : difference)
  }
}
