import Hardware

extension CPU {
  /// MUL and IMUL of the accumulator. CF = OF = the high half matters; the other flags are undefined and follow the low
  /// half here.
  ///
  /// The multiplication ends early with a small operand: `multiplyClocks`.
  func multiplyAccumulator(_ o: UnsafePointer<Op>) -> Bool {
    let size = o.pointee.size
    guard let b = operand(o, size) else { return false }
    let a = register(0, size)
    let signed = o.pointee.a == Operation.imul.rawValue
    let bits = UInt64(size * 8)
    let product: UInt64
    if signed {
      let x = Int64(Int32(bitPattern: extended(a, size)))
      let y = Int64(Int32(bitPattern: extended(b, size)))
      product = UInt64(bitPattern: x &* y)
    } else {
      product = UInt64(a) &* UInt64(b)
    }
    let low = UInt32(truncatingIfNeeded: product) & mask(size)
    let high = UInt32(truncatingIfNeeded: product >> bits) & mask(size)
    switch size {
    case 1: set(0, UInt16(truncatingIfNeeded: product))
    default:
      setRegister(0, size, low)
      setRegister(8, size, high)
    }
    s.pointee.fres = UInt64(extended(low, size))
    let matters = signed ? high != (low >> UInt32(bits - 1) & 1 != 0 ? mask(size) : 0) : high != 0
    setCarryOverflow(matters, matters)
    let negative = signed && extended(b, size) >> 31 != 0
    return charge(multiplyClocks(negative ? 0 &- extended(b, size) : b, negative: negative))
  }

  /// DIV and IDIV; #DE when the quotient doesn't fit or the divisor is zero.
  ///
  /// The flags are undefined, but programs of the time look at them: Cyrix's test divides 5 by 2 and takes a part that
  /// keeps all flags for one of theirs, Linux takes a 386 whose ZF stays set for a NexGen. Intel's change. Here they are
  /// those of remainder - divisor (magnitudes), the subtraction that a shifting divider tries in vain at last; that the
  /// silicon leaves just these is unverified.
  func divide(_ o: UnsafePointer<Op>) -> Bool {
    let size = o.pointee.size
    guard let divisor = operand(o, size) else { return false }
    if divisor == 0 {
      fault(Vector.de)
      return false
    }
    let bits = UInt64(size * 8)
    let high = size == 1 ? UInt32(get(1, UInt8.self)) : register(8, size)
    let dividend = UInt64(high) << bits | UInt64(register(0, size))
    let quotient: UInt64
    let remainder: UInt64
    let divisorMagnitude: UInt32
    let remainderMagnitude: UInt64
    if o.pointee.a == Operation.idiv.rawValue {
      let shift = Int64(64 - 2 * bits)
      let n = (Int64(bitPattern: dividend) << shift) >> shift
      let d = Int64(Int32(bitPattern: extended(divisor, size)))
      // -2^63 / -1 overflows even 64 bits.
      let (q, overflow) = n.dividedReportingOverflow(by: d)
      let limit = Int64(1) << Int64(bits - 1)
      if overflow || q >= limit || q < -limit {
        fault(Vector.de)
        return false
      }
      quotient = UInt64(bitPattern: q)
      remainder = UInt64(bitPattern: n - q * d)
      divisorMagnitude = UInt32(truncatingIfNeeded: d.magnitude)
      remainderMagnitude = (n - q * d).magnitude
    } else {
      quotient = dividend / UInt64(divisor)
      remainder = dividend % UInt64(divisor)
      if quotient >> bits != 0 {
        fault(Vector.de)
        return false
      }
      divisorMagnitude = divisor
      remainderMagnitude = remainder
    }
    switch size {
    case 1: _ = alu(.cmp, UInt8(truncatingIfNeeded: remainderMagnitude), UInt8(truncatingIfNeeded: divisorMagnitude))
    case 2: _ = alu(.cmp, UInt16(truncatingIfNeeded: remainderMagnitude), UInt16(truncatingIfNeeded: divisorMagnitude))
    default: _ = alu(.cmp, UInt32(truncatingIfNeeded: remainderMagnitude), divisorMagnitude)
    }
    if size == 1 {
      set(0, UInt8(truncatingIfNeeded: quotient))
      set(1, UInt8(truncatingIfNeeded: remainder))
    } else {
      setRegister(0, size, UInt32(truncatingIfNeeded: quotient))
      setRegister(8, size, UInt32(truncatingIfNeeded: remainder))
    }
    return true
  }

  /// Sign-extends the low `size` bytes.
  func extended(_ value: UInt32, _ size: Int) -> UInt32 {
    switch size {
    case 1: UInt8(truncatingIfNeeded: value).signExtended
    case 2: UInt16(truncatingIfNeeded: value).signExtended
    default: value
    }
  }

  /// All ones in `size` bytes.
  func mask(_ size: Int) -> UInt32 { size == 4 ? .max : (1 << UInt32(size * 8)) - 1 }
}

// MARK: Decimal

extension CPU {
  /// DAA and DAS. - Source: 386 PRM, DAA and DAS pages.
  func decimalAdjust(subtracting: Bool) {
    let old = get(0, UInt8.self)
    let oldCarry = cf
    var al = old
    var carry = false
    var half = false
    if old & 0xF > 9 || af {
      al = subtracting ? al &- 6 : al &+ 6
      carry = oldCarry || (subtracting ? old < 6 : old > 0xF9)
      half = true
    }
    if old > 0x99 || oldCarry {
      al = subtracting ? al &- 0x60 : al &+ 0x60
      carry = true
    }
    set(0, al)
    setLogic(al)
    s.pointee.faux = half ? 8 : 0
    setCarryOverflow(carry, false)
  }

  /// AAA and AAS. SF, ZF, PF follow AL (undefined by Intel).
  func asciiAdjust(subtracting: Bool) {
    let al = get(0, UInt8.self)
    let adjust = al & 0xF > 9 || af
    if adjust {
      let ax = get(0, UInt16.self)
      // On the 386 and later 6 is added to AX as a whole, so that a carry out of AL reaches AH.
      set(0, subtracting ? ax &- 0x106 : ax &+ 0x106)
    }
    let low = get(0, UInt8.self) & 0xF
    set(0, low)
    setLogic(low)
    s.pointee.faux = adjust ? 8 : 0
    setCarryOverflow(adjust, false)
  }

  /// AAM with any base; base 0 is a division by zero.
  func asciiAdjustAfterMultiply(_ base: UInt8) -> Bool {
    if base == 0 {
      fault(Vector.de)
      return false
    }
    let al = get(0, UInt8.self)
    set(1, al / base)
    set(0, al % base)
    setLogic(al % base)
    return true
  }

  /// AAD with any base.
  func asciiAdjustBeforeDivide(_ base: UInt8) {
    let al = get(0, UInt8.self) &+ get(1, UInt8.self) &* base
    set(0, UInt16(al))
    setLogic(al)
  }
}
