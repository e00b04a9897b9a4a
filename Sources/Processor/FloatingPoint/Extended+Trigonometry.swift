// FSIN, FCOS, FSINCOS, FPTAN and FPATAN. Everything is calculated with 128-bit significands, so that a result is
// within 0.501 units in the last place and follows the rounding control.
//
// Arguments are reduced with 256 bits of 2/π. The chips use a 66-bit π instead, and are off by that much for large
// arguments; here the result is that of the exact argument over the whole range.

// MARK: - Argument reduction

extension Extended {
  /// True for the arguments the trigonometric instructions refuse with C2: finite, 2^63 or more in size.
  /// - Source: 387 DX User's Manual, "FPTAN", "FSIN": operand range |x| < 2^63.
  @inline(__always)
  var isBeyondTrigonometricRange: Bool {
    exponent >= 0x3FFF + 63 && exponent != 0x7FFF && Int64(bitPattern: significand) < 0
  }

  /// |value| reduced to at most π/4 on either side of a multiple of π/2.
  ///
  /// - Returns: the multiple modulo 4, and the signed rest, or nil for a rest of zero (which no argument has).
  fileprivate var reduced: (quadrant: UInt64, rest: Wide) {
    let wide = Wide(self).withSign(0)
    let position = wide.exponent
    // π/4 = 0.C90FDAA2 2168C234 C4C6...: arguments not above it are their own rest.
    if position < -1 || (position == -1 && significand <= 0xC90F_DAA2_2168_C234) { return (0, wide) }
    // significand × 2/π as five words, moved so that the binary point is above the top word.
    let (p3, p2, p1, p0) = TranscendentalTables.twoOverPi
    let shift = UInt64(truncatingIfNeeded: position &+ 1)
    var words: InlineArray<5, UInt64> = [0, 0, 0, 0, 0]
    var carry: UInt64 = 0
    (carry, words[0]) = Extended.multiplyAdd(significand, p0, 0)
    (carry, words[1]) = Extended.multiplyAdd(significand, p1, carry)
    (carry, words[2]) = Extended.multiplyAdd(significand, p2, carry)
    (carry, words[3]) = Extended.multiplyAdd(significand, p3, carry)
    words[4] = carry
    var quadrant: UInt64 = 0
    if shift != 0 {
      quadrant = words[4] &>> (64 &- shift)
      for i in stride(from: 4, to: 0, by: -1) {
        words[i] = words[i] &<< shift | words[i &- 1] &>> (64 &- shift)
      }
    }
    var high = UInt128(words[4]) &<< 64 | UInt128(words[3])
    var low = UInt128(words[2]) &<< 64 | UInt128(words[1])
    var sign: UInt16 = 0
    if high &>> 127 != 0 {
      // Above a half: measure from the next multiple.
      high = ~high
      low = ~low
      sign = 0x8000
      quadrant &+= 1
    }
    let zeros = Wide.leadingZeros(high)
    if zeros > 127 { return (quadrant & 3, Wide(sign: sign, exponent: -129, normalizing: low | 1) * .halfPi) }
    let count = UInt128(truncatingIfNeeded: zeros)
    let significand = zeros == 0 ? high : high &<< count | low &>> (128 &- count)
    let turns = Wide(sign: sign, exponent: -1 &- Int32(truncatingIfNeeded: zeros), significand: significand)
    return (quadrant & 3, turns * .halfPi)
  }

  @inline(__always)
  private static func multiplyAdd(_ a: UInt64, _ b: UInt64, _ carry: UInt64) -> (high: UInt64, low: UInt64) {
    let (high, low) = a.multipliedFullWidth(by: b)
    let (sum, overflow) = low.addingReportingOverflow(carry)
    return (overflow ? high &+ 1 : high, sum)
  }
}

extension Wide {
  static var pi: Wide { TranscendentalTables.pi }
  static var halfPi: Wide { TranscendentalTables.halfPi }
}

// MARK: - Series on [-π/4, π/4]

extension Extended {
  /// sin of a reduced argument.
  @inline(__always)
  fileprivate static func sineSeries(_ rest: Wide, squared: UInt128) -> Wide {
    // sin r = r (1 - z (1/3! - z (1/5! - ...))), z = r²; the 1 is the largest fraction, which is slightly less, so
    // that a tiny r gives a result below r, as it must.
    var sum = TranscendentalTables.sine[0]
    for i in 1..<12 { sum = TranscendentalTables.sine[i] &- Wide.multiplyHigh(squared, sum) }
    return rest.times(fraction: UInt128.max &- Wide.multiplyHigh(squared, sum))
  }

  /// cos of a reduced argument.
  @inline(__always)
  fileprivate static func cosineSeries(squared: UInt128) -> Wide {
    var sum = TranscendentalTables.cosine[0]
    for i in 1..<12 { sum = TranscendentalTables.cosine[i] &- Wide.multiplyHigh(squared, sum) }
    // The last bit keeps 1 - z/2 from looking exact where z² is lost.
    return Wide(sign: 0, exponent: -1, significand: (UInt128.max &- Wide.multiplyHigh(squared, sum)) | 1)
  }

  @inline(__always)
  fileprivate static func square(_ rest: Wide) -> UInt128 {
    let fraction = rest.fraction
    return Wide.multiplyHigh(fraction, fraction)
  }

  /// What the three functions do with anything but a finite non-zero number; nil for such a number.
  @inline(__always)
  private static func specialTrigonometric(_ a: Extended, ofZero: Extended, raised: inout Raised) -> Extended? {
    if _fastPath(a.isNormal) { return nil }
    if let nan = propagatedNaN(a, raised: &raised) { return nan }
    if a.isInfinite { return invalid(&raised) }
    if a.isZero { return ofZero }
    raised.insert(.denormal)
    return nil
  }

  /// sin a, |a| < 2^63.
  static func sine(_ a: Extended, control: Control, raised: inout Raised) -> Extended {
    if let special = specialTrigonometric(a, ofZero: a, raised: &raised) { return special }
    let (quadrant, rest) = a.reduced
    let z = square(rest)
    var result = quadrant & 1 == 0 ? sineSeries(rest, squared: z) : cosineSeries(squared: z)
    result.sign ^= a.sign ^ (quadrant & 2 != 0 ? 0x8000 : 0)
    return result.rounded(control: control, raised: &raised)
  }

  /// cos a, |a| < 2^63.
  static func cosine(_ a: Extended, control: Control, raised: inout Raised) -> Extended {
    if let special = specialTrigonometric(a, ofZero: .one, raised: &raised) { return special }
    let (quadrant, rest) = a.reduced
    let z = square(rest)
    var result = quadrant & 1 == 0 ? cosineSeries(squared: z) : sineSeries(rest, squared: z)
    // cos in the quadrants: cos, -sin, -cos, sin.
    result.sign ^= (quadrant &+ 1) & 2 != 0 ? 0x8000 : 0
    return result.rounded(control: control, raised: &raised)
  }

  /// tan a, |a| < 2^63.
  static func tangent(_ a: Extended, control: Control, raised: inout Raised) -> Extended {
    if let special = specialTrigonometric(a, ofZero: a, raised: &raised) { return special }
    let (quadrant, rest) = a.reduced
    var result: Wide
    if rest.exponent < -50 && quadrant & 1 == 0 {
      // tan r is just above r.
      result = Wide(sign: rest.sign, exponent: rest.exponent, significand: rest.significand | 1)
    } else {
      let z = square(rest)
      let sine = sineSeries(rest, squared: z)
      let cosine = cosineSeries(squared: z)
      result = quadrant & 1 == 0 ? sine / cosine : (cosine / sine).negated
    }
    result.sign ^= a.sign
    return result.rounded(control: control, raised: &raised)
  }
}

extension Wide {
  @inline(__always)
  fileprivate var negated: Wide { withSign(sign ^ 0x8000) }
}

// MARK: - Arctangent

extension Extended {
  /// FPATAN: the angle of the point (x, y), -π...π.
  /// - Source: 387 DX User's Manual, "FPATAN" with the table of special operands.
  static func arctangent(_ y: Extended, _ x: Extended, control: Control, raised: inout Raised) -> Extended {
    if _slowPath(!(x.isNormal && y.isNormal)) {
      if let nan = propagatedNaN(y, x, raised: &raised) { return nan }
      if x.isDenormal || y.isDenormal { raised.insert(.denormal) }
      var angle: Wide?
      if y.isInfinite {
        angle = .halfPi
        if x.isInfinite {
          angle = x.isNegative ? TranscendentalTables.threeQuarterPi : TranscendentalTables.quarterPi
        }
      } else if x.isInfinite || y.isZero {
        if !x.isNegative { return zero(sign: y.sign) }
        angle = .pi
      } else if x.isZero {
        angle = .halfPi
      }
      if let angle { return angle.withSign(y.sign).rounded(control: control, raised: &raised) }
    }
    let wideY = Wide(y).withSign(0)
    let wideX = Wide(x).withSign(0)
    let steep =
      wideY.exponent > wideX.exponent
      || (wideY.exponent == wideX.exponent && wideY.significand > wideX.significand)
    var angle = steep ? arctangent(ofRatio: wideX, wideY) : arctangent(ofRatio: wideY, wideX)
    if steep {
      // atan(y/x) = π/2 - atan(x/y); with x negative the two signs cancel.
      angle = .halfPi + angle.withSign(x.isNegative ? 0 : 0x8000)
    } else if x.isNegative {
      angle = .pi + angle.withSign(0x8000)
    }
    return angle.withSign(y.sign).rounded(control: control, raised: &raised)
  }

  /// atan(n/d) for positive n not above d.
  private static func arctangent(ofRatio n: Wide, _ d: Wide) -> Wide {
    // atan(n/d) = atan(j/16) + atan((16 n - j d) / (16 d + j n)), j the nearest sixteenth: |rest| <= 1/32. The
    // operands have 64 significant bits, so the new numerator and denominator are exact in 128.
    let distance = d.exponent &- n.exponent
    var rest: Wide
    var j = 0
    if distance > 6 {
      rest = n / d
    } else {
      let num = n.significand &>> 64
      let den = (d.significand &>> 64) &<< UInt128(truncatingIfNeeded: distance)
      let scaledDen = UInt64(truncatingIfNeeded: den &>> 32)
      let scaledNum = UInt64(truncatingIfNeeded: num &>> 32)
      j = Int(truncatingIfNeeded: (scaledNum &* 32 &+ scaledDen) / (scaledDen &* 2))
      let product = UInt128(truncatingIfNeeded: j) &* den
      let scaled = num &* 16
      if product == scaled { return Wide(sign: 0, exponent: -1, normalizing: TranscendentalTables.arctangents[j]) }
      let negative = product > scaled
      rest =
        Wide(
          sign: negative ? 0x8000 : 0, exponent: 127, normalizing: negative ? product &- scaled : scaled &- product)
        / Wide(sign: 0, exponent: 127, normalizing: den &* 16 &+ UInt128(truncatingIfNeeded: j) &* num)
    }
    let z = square(rest)
    var sum = TranscendentalTables.arctangent[0]
    for i in 1..<9 { sum = TranscendentalTables.arctangent[i] &- Wide.multiplyHigh(z, sum) }
    let angle = rest.times(fraction: UInt128.max &- Wide.multiplyHigh(z, sum))
    if j == 0 { return angle }
    return Wide(sign: 0, exponent: -1, normalizing: TranscendentalTables.arctangents[j]) + angle
  }
}
