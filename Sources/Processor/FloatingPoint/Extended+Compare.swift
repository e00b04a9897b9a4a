extension Extended {
  /// The condition codes of FCOM, FUCOM and FTST: C3 C2 C0 = 000 greater, 001 less, 100 equal, 111 unordered.
  ///
  /// - Parameter quietNaNsAreInvalid: true for FCOM, FICOM and FTST, false for FUCOM, which raises IE for
  ///   signalling NaNs and unsupported patterns only.
  /// - Source: 387 DX User's Manual, "FCOM", "FUCOM".
  @inline(__always)
  static func compare(
    _ a: Extended, _ b: Extended, quietNaNsAreInvalid: Bool, raised: inout Raised
  ) -> X87.StatusWord {
    if _fastPath(a.isNormal && b.isNormal) { return ordered(a, b) }
    return compareSpecial(a, b, quietNaNsAreInvalid: quietNaNsAreInvalid, raised: &raised)
  }

  @inline(__always)
  private static func ordered(_ a: Extended, _ b: Extended) -> X87.StatusWord {
    if a.signExponent == b.signExponent && a.significand == b.significand { return .c3 }
    if a.sign != b.sign { return a.isNegative ? .c0 : [] }
    let smaller =
      a.signExponent == b.signExponent ? a.significand < b.significand : a.exponent < b.exponent
    return smaller != a.isNegative ? .c0 : []
  }

  @inline(never)
  private static func compareSpecial(
    _ a: Extended, _ b: Extended, quietNaNsAreInvalid: Bool, raised: inout Raised
  ) -> X87.StatusWord {
    if a.isUnsupported || b.isUnsupported || a.isNaN || b.isNaN {
      if quietNaNsAreInvalid || a.isUnsupported || b.isUnsupported || a.isSignalling || b.isSignalling {
        raised.insert(.invalid)
      }
      return .comparison
    }
    if a.isDenormal || b.isDenormal { raised.insert(.denormal) }
    if a.isZero && b.isZero { return .c3 }
    if a.isZero { return b.isNegative ? [] : .c0 }
    if b.isZero { return a.isNegative ? .c0 : [] }
    // A pseudo-denormal equals the normal number with exponent 1.
    return ordered(a.withTrueExponent, b.withTrueExponent)
  }

  /// The same value with a pseudo-denormal's exponent written as 1.
  @inline(__always)
  private var withTrueExponent: Extended {
    if isDenormal && Int64(bitPattern: significand) < 0 {
      return Extended(significand: significand, signExponent: sign | 1)
    }
    return self
  }

  /// The condition codes of FXAM for a register that is not empty; C1 is the sign.
  /// - Source: 387 DX User's Manual, "FXAM": C3 C2 C0 = 000 unsupported, 001 NaN, 010 normal, 011 infinity,
  ///   100 zero, 110 denormal.
  var examination: X87.StatusWord {
    var codes: X87.StatusWord = isNegative ? .c1 : []
    if isNormal {
      codes.insert(.c2)
    } else if isZero {
      codes.insert(.c3)
    } else if isDenormal {
      codes.formUnion([.c3, .c2])
    } else if isInfinite {
      codes.formUnion([.c2, .c0])
    } else if isNaN {
      codes.insert(.c0)
    }
    return codes
  }
}
