import Hardware

extension CPU {
  /// ROL ROR RCL RCR SHL SHR SHL SAR (`kind` = ModRM reg) by `count` 0-31. A count of 0 changes nothing, flags included.
  ///
  /// Flags beyond what Intel defines (OF after counts above 1, AF): as the operation leaves them; SHL and SHR by the
  /// operand's width or more shift zeros through CF.
  ///
  /// - Source: 386 PRM, RCL/RCR/ROL/ROR and SAL/SAR/SHL/SHR pages.
  func shift<T: Width>(_ kind: UInt8, _ a: T, _ count: UInt32) -> T {
    if count == 0 { return a }
    let width = UInt32(T.bitWidth)
    let top: T = 1 &<< T(truncatingIfNeeded: width &- 1)
    switch kind {
    case 0:  // ROL
      let n = T(truncatingIfNeeded: count % width)
      let r = n == 0 ? a : a &<< n | a &>> (T(truncatingIfNeeded: width) &- n)
      let carry = r & 1 != 0
      setCarryOverflow(carry, (r & top != 0) != carry)
      return r
    case 1:  // ROR
      let n = T(truncatingIfNeeded: count % width)
      let r = n == 0 ? a : a &>> n | a &<< (T(truncatingIfNeeded: width) &- n)
      setCarryOverflow(r & top != 0, (r & top != 0) != (r & (top >> 1) != 0))
      return r
    case 2:  // RCL
      var r = a
      var carry = cf
      for _ in 0..<count % (width &+ 1) {
        let out = r & top != 0
        r = r &<< 1 | (carry ? 1 : 0)
        carry = out
      }
      setCarryOverflow(carry, (r & top != 0) != carry)
      return r
    case 3:  // RCR
      var r = a
      var carry = cf
      for _ in 0..<count % (width &+ 1) {
        let out = r & 1 != 0
        r = r &>> 1 | (carry ? top : 0)
        carry = out
      }
      setCarryOverflow(carry, (r & top != 0) != (r & (top >> 1) != 0))
      return r
    case 5:  // SHR
      let r: T = count >= width ? 0 : a &>> T(truncatingIfNeeded: count)
      let carry = count > width ? false : (a >> T(truncatingIfNeeded: count &- 1)) & 1 != 0
      setLogic(r)
      setCarryOverflow(carry, r & (top &>> 1) != 0)
      return r
    case 7:  // SAR
      let signed = Int32(bitPattern: a.signExtended)
      let r = T(truncatingIfNeeded: signed >> Int32(count))
      let carry = (signed >> Int32(count &- 1)) & 1 != 0
      setLogic(r)
      setCarryOverflow(carry, false)
      return r
    default:  // SHL, SAL
      let r: T = count >= width ? 0 : a &<< T(truncatingIfNeeded: count)
      let carry = count > width ? false : a & (top >> T(truncatingIfNeeded: count &- 1)) != 0
      setLogic(r)
      setCarryOverflow(carry, (r & top != 0) != carry)
      return r
    }
  }

  /// The shift instruction's register form.
  @inline(__always) func shiftRegister<T: Width>(_ o: UnsafePointer<Op>, _: T.Type, _ count: UInt32) {
    set(o.pointee.a, shift(o.pointee.b, get(o.pointee.a, T.self), count))
  }

  /// The same by CL. RCL and RCR take longer the farther they go (486).
  @inline(__always) func shiftRegisterByCL<T: Width>(_ o: UnsafePointer<Op>, _: T.Type) {
    let count = reg(1) & 31
    shiftRegister(o, T.self, count)
    if o.pointee.extra != 0 { chargeHere(o, CPU.rotateClocks(count)) }
  }
  @inline(__always) func shiftMemoryByCL<T: Width>(_ o: UnsafePointer<Op>, _: T.Type) -> Bool {
    let count = reg(1) & 31
    guard shiftMemory(o, T.self, count) else { return false }
    if o.pointee.extra != 0 { chargeHere(o, CPU.rotateClocks(count)) }
    return true
  }

  /// The shift instruction's memory form. The operand is written even when the count is 0.
  @inline(__always) func shiftMemory<T: Width>(_ o: UnsafePointer<Op>, _: T.Type, _ count: UInt32) -> Bool {
    let kind = o.pointee.b
    return modify(o) { (a: T) -> T in shift(kind, a, count) }
  }

  /// SHLD and SHRD by `count` 0-31.
  ///
  /// With a count above 16 and 16-bit operands the result is undefined; this shifts the three words `a:b:a` (SHLD) and
  /// `a:b:a` (SHRD), as the 386 is reported to do. Unverified.
  func doubleShift<T: Width>(left: Bool, _ a: T, _ b: T, _ count: UInt32) -> T {
    if count == 0 { return a }
    let width = UInt32(T.bitWidth)
    let top: T = 1 &<< T(truncatingIfNeeded: width &- 1)
    let r: T
    let carry: Bool
    if left {
      let high = UInt64(truncatingIfNeeded: a) << UInt64(2 * width)
      let wide = high | UInt64(truncatingIfNeeded: b) << UInt64(width) | UInt64(truncatingIfNeeded: a)
      if width == 32 {
        let pair = UInt64(truncatingIfNeeded: a) << 32 | UInt64(truncatingIfNeeded: b)
        r = T(truncatingIfNeeded: (pair << UInt64(count)) >> 32)
        carry = a >> T(truncatingIfNeeded: width &- count) & 1 != 0
      } else {
        r = T(truncatingIfNeeded: (wide << UInt64(count)) >> UInt64(2 * width))
        carry = wide >> UInt64(3 * width &- count) & 1 != 0
      }
    } else {
      if width == 32 {
        let pair = UInt64(truncatingIfNeeded: b) << 32 | UInt64(truncatingIfNeeded: a)
        r = T(truncatingIfNeeded: pair >> UInt64(count))
      } else {
        let wide =
          UInt64(truncatingIfNeeded: a) << UInt64(2 * width) | UInt64(truncatingIfNeeded: b) << UInt64(width)
          | UInt64(truncatingIfNeeded: a)
        r = T(truncatingIfNeeded: wide >> UInt64(count))
      }
      let wide =
        UInt64(truncatingIfNeeded: width == 16 ? a : 0) << UInt64(2 * width)
        | UInt64(truncatingIfNeeded: b) << UInt64(width) | UInt64(truncatingIfNeeded: a)
      carry = wide >> UInt64(count &- 1) & 1 != 0
    }
    setLogic(r)
    setCarryOverflow(carry, (r ^ a) & top != 0)
    return r
  }
}
