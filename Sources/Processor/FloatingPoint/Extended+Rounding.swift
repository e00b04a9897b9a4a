extension Extended {
  typealias Raised = X87.StatusWord
  typealias Control = X87.ControlWord

  /// Rounds the exact value `±(high.low × 2^(exponent - 16383 - 63))` to a register value, the last step of every
  /// arithmetic instruction. `high` must have its top bit set; `low` holds the bits behind it, its lowest bit sticky.
  ///
  /// - Parameters:
  ///   - sign: bit 15 is the sign; the other bits must be zero.
  ///   - exponent: biased exponent, unbounded in both directions.
  ///   - raised: receives PE, OE, UE and C1 (set if the magnitude was rounded up).
  /// - Source: 387 DX User's Manual, "Rounding control", "Precision control", "Numeric underflow/overflow".
  @inline(__always)
  static func rounded(
    sign: UInt16, exponent: Int32, high: UInt64, low: UInt64, control: Control, raised: inout Raised
  ) -> Extended {
    if _fastPath(control.isDefaultRounding && UInt32(bitPattern: exponent &- 1) < 0x7FFD) {
      var significand = high
      var field = UInt16(truncatingIfNeeded: exponent)
      if low != 0 {
        raised.insert(.precision)
        // Nearest, ties to even: up if the rest is over a half, or a half and the last bit is odd.
        if low > integerBit || (low == integerBit && high & 1 != 0) {
          raised.insert(.c1)
          significand &+= 1
          if significand == 0 {
            significand = integerBit
            field &+= 1
          }
        }
      }
      return Extended(significand: significand, signExponent: sign | field)
    }
    if control.isDoubleRounding && UInt32(bitPattern: exponent &- 1) < 0x7FFD {
      // PC = 53 bits, to nearest: what many compilers' start-up code sets.
      var significand = high & ~0x7FF
      var field = UInt16(truncatingIfNeeded: exponent)
      if (high & 0x7FF) | low != 0 {
        raised.insert(.precision)
        let rest = (high & 0x7FF) &<< 1 | (low != 0 ? 1 : 0)
        // Half a unit is 0x800 here.
        if rest &+ (high &>> 11 & 1) > 0x800 {
          raised.insert(.c1)
          significand &+= 0x800
          if significand == 0 {
            significand = integerBit
            field &+= 1
          }
        }
      }
      return Extended(significand: significand, signExponent: sign | field)
    }
    return roundedSlowly(sign: sign, exponent: exponent, high: high, low: low, control: control, raised: &raised)
  }

  /// Adds one unit at `unit` if the rounding rule says so. `rest` is the discarded part scaled so that a half is
  /// bit 63, with sticky low bits.
  @inline(__always)
  static func roundsUp(sign: UInt16, odd: Bool, rest: UInt64, rounding: Control.Rounding) -> Bool {
    if rest == 0 { return false }
    switch rounding {
    case .nearestEven: return rest > integerBit || (rest == integerBit && odd)
    case .down: return sign != 0
    case .up: return sign == 0
    case .towardZero: return false
    }
  }

  /// Splits `high.low` at the precision boundary: the kept bits, and the rest scaled to bit 63 = a half.
  @inline(__always)
  static func split(_ high: UInt64, _ low: UInt64, _ discarded: UInt64) -> (kept: UInt64, rest: UInt64) {
    if discarded == 0 { return (high, low) }
    let shift = UInt64(truncatingIfNeeded: discarded.leadingZeroBitCount)
    return (high & ~discarded, (high & discarded) &<< shift | (low != 0 ? 1 : 0))
  }

  @inline(never)
  private static func roundedSlowly(
    sign: UInt16, exponent: Int32, high: UInt64, low: UInt64, control: Control, raised: inout Raised
  ) -> Extended {
    var exponent = exponent
    let discarded = control.discardedBits
    let rounding = control.rounding
    // The result as it would be with an unbounded exponent.
    var (kept, rest) = split(high, low, discarded)
    var up = roundsUp(sign: sign, odd: kept & (discarded &+ 1) != 0, rest: rest, rounding: rounding)
    var roundedExponent = exponent
    var significand = kept
    if up {
      significand &+= discarded &+ 1
      if significand == 0 {
        significand = integerBit
        roundedExponent &+= 1
      }
    }
    if roundedExponent < 1 {
      // Tiny after rounding. Unmasked: the exponent is raised by 24576 so that the handler can scale.
      if !control.masked.contains(.underflow) {
        raised.insert(.underflow)
        roundedExponent &+= 24576
        if rest != 0 { raised.insert(.precision) }
        if up { raised.insert(.c1) }
        // Only FSCALE can be further away than the bias reaches; its result is then a zero.
        if roundedExponent < 1 { return Extended(significand: 0, signExponent: sign) }
        return Extended(significand: significand, signExponent: sign | UInt16(truncatingIfNeeded: roundedExponent))
      }
      let (denormalHigh, denormalLow) = shiftedRight(high, low, by: 1 &- exponent)
      (kept, rest) = split(denormalHigh, denormalLow, discarded)
      up = roundsUp(sign: sign, odd: kept & (discarded &+ 1) != 0, rest: rest, rounding: rounding)
      if rest != 0 { raised.formUnion([.underflow, .precision]) }
      if up {
        raised.insert(.c1)
        kept &+= discarded &+ 1
      }
      // Rounding may have carried into the integer bit: then it is the smallest normal number.
      exponent = kept & integerBit != 0 ? 1 : 0
      return Extended(significand: kept, signExponent: sign | UInt16(truncatingIfNeeded: exponent))
    }
    if roundedExponent > 0x7FFE {
      raised.insert(.overflow)
      if !control.masked.contains(.overflow) {
        roundedExponent &-= 24576
        if rest != 0 { raised.insert(.precision) }
        if up { raised.insert(.c1) }
        if roundedExponent > 0x7FFE { return infinity(sign: sign) }
        return Extended(significand: significand, signExponent: sign | UInt16(truncatingIfNeeded: roundedExponent))
      }
      raised.insert(.precision)
      let toInfinity =
        switch rounding {
        case .nearestEven: true
        case .down: sign != 0
        case .up: sign == 0
        case .towardZero: false
        }
      if toInfinity {
        raised.insert(.c1)
        return infinity(sign: sign)
      }
      return Extended(significand: ~discarded, signExponent: sign | 0x7FFE)
    }
    if rest != 0 { raised.insert(.precision) }
    if up { raised.insert(.c1) }
    return Extended(significand: significand, signExponent: sign | UInt16(truncatingIfNeeded: roundedExponent))
  }

  /// `high.low` shifted right, bits lost collected in the lowest bit.
  @inline(__always)
  static func shiftedRight(_ high: UInt64, _ low: UInt64, by count: Int32) -> (high: UInt64, low: UInt64) {
    if count <= 0 { return (high, low) }
    let n = UInt64(truncatingIfNeeded: count)
    if count < 64 {
      let lost = low &<< (64 &- n)
      return (high &>> n, low &>> n | high &<< (64 &- n) | (lost != 0 ? 1 : 0))
    }
    if count == 64 { return (0, high | (low != 0 ? 1 : 0)) }
    if count < 128 {
      let lost = high &<< (128 &- n) | low
      return (0, high &>> (n &- 64) | (lost != 0 ? 1 : 0))
    }
    return (0, high | low != 0 ? 1 : 0)
  }
}
