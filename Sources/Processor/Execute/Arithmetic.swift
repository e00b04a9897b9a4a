import Hardware

/// The two-operand operations, in the order of the opcode map.
enum ALU {
  case add, or, adc, sbb, and, sub, xor, cmp
}

// MARK: Flags

extension CPU {
  @inline(__always) var cf: Bool { s.pointee.faux & 0x8000_0000 != 0 }
  @inline(__always) var zf: Bool { UInt32(truncatingIfNeeded: s.pointee.fres) == 0 }
  @inline(__always) var sf: Bool {
    UInt32(truncatingIfNeeded: s.pointee.fres >> 31 ^ s.pointee.fres >> 63) & 1 != 0
  }
  @inline(__always) var of: Bool { (s.pointee.faux ^ s.pointee.faux &<< 1) & 0x8000_0000 != 0 }
  @inline(__always) var af: Bool { s.pointee.faux & 8 != 0 }
  @inline(__always) var pf: Bool {
    let byte = UInt8(truncatingIfNeeded: s.pointee.fres ^ s.pointee.fres >> 40)
    return byte.nonzeroBitCount & 1 == 0
  }

  /// Condition codes 0-15 of Jcc and SETcc.
  @inline(__always) func condition(_ code: UInt8) -> Bool {
    let result: Bool
    switch code >> 1 {
    case 0: result = of
    case 1: result = cf
    case 2: result = zf
    case 3: result = cf || zf
    case 4: result = sf
    case 5: result = pf
    case 6: result = sf != of
    default: result = zf || sf != of
    }
    return result != (code & 1 != 0)
  }

  /// EFLAGS as a program sees it.
  var eflags: UInt32 {
    var v = s.pointee.flags
    if cf { v |= EFLAGS.cf }
    if pf { v |= EFLAGS.pf }
    if af { v |= EFLAGS.af }
    if zf { v |= EFLAGS.zf }
    if sf { v |= EFLAGS.sf }
    if of { v |= EFLAGS.of }
    return v
  }

  /// Sets the six arithmetic flags from EFLAGS bits.
  func setArithmeticFlags(_ v: UInt32) {
    var result: UInt64 = v & EFLAGS.zf != 0 ? 0 : 1
    // Byte 0 has even parity when it is 0, odd when it is 1; byte 5 corrects it.
    let even = v & EFLAGS.zf != 0
    if (v & EFLAGS.pf != 0) != even { result |= 1 << 40 }
    if v & EFLAGS.sf != 0 { result |= 1 << 63 }
    s.pointee.fres = result
    let carry: UInt32 = v & EFLAGS.cf != 0 ? 1 : 0
    let overflow: UInt32 = v & EFLAGS.of != 0 ? 1 : 0
    s.pointee.faux = carry << 31 | (carry ^ overflow) << 30 | (v & EFLAGS.af != 0 ? 8 : 0)
  }

  /// Sets CF and OF, keeps the rest.
  @inline(__always) func setCarryOverflow(_ carry: Bool, _ overflow: Bool) {
    let cBit: UInt32 = carry ? 1 : 0
    let oBit: UInt32 = overflow ? 1 : 0
    s.pointee.faux = (s.pointee.faux & 8) | cBit &<< 31 | (cBit ^ oBit) &<< 30
  }

  /// Sets CF, keeps the rest.
  @inline(__always) func setCarry(_ carry: Bool) { setCarryOverflow(carry, of) }

  @inline(__always) func setResult<T: Width>(_ r: T) { s.pointee.fres = UInt64(r.signExtended) }

  /// SF ZF PF of a result; CF = OF = AF = 0.
  @inline(__always) func setLogic<T: Width>(_ r: T) {
    s.pointee.fres = UInt64(r.signExtended)
    s.pointee.faux = 0
  }

  /// Stores a carry vector: bit n is the carry (or borrow) out of bit n.
  @inline(__always) func setCarries<T: Width>(_ vector: T) {
    if T.bytes == 4 {
      s.pointee.faux = UInt32(truncatingIfNeeded: vector)
    } else {
      let v = UInt32(truncatingIfNeeded: vector)
      s.pointee.faux = (v & 8) | v &<< (32 &- T.bytes &* 8)
    }
  }
}

// MARK: Operations

extension CPU {
  /// One of the eight operations; sets all six flags. `cmp` returns its first operand.
  @inline(__always) func alu<T: Width>(_ k: ALU, _ a: T, _ b: T) -> T {
    switch k {
    case .add:
      let r = a &+ b
      setResult(r)
      setCarries((a & b) | ((a | b) & ~r))
      return r
    case .adc:
      let r = a &+ b &+ (cf ? 1 : 0)
      setResult(r)
      setCarries((a & b) | ((a | b) & ~r))
      return r
    case .sub:
      let r = a &- b
      setResult(r)
      setCarries((~a & b) | ((~a | b) & r))
      return r
    case .sbb:
      let r = a &- b &- (cf ? 1 : 0)
      setResult(r)
      setCarries((~a & b) | ((~a | b) & r))
      return r
    case .cmp:
      let r = a &- b
      setResult(r)
      setCarries((~a & b) | ((~a | b) & r))
      return a
    case .and:
      let r = a & b
      setLogic(r)
      return r
    case .or:
      let r = a | b
      setLogic(r)
      return r
    case .xor:
      let r = a ^ b
      setLogic(r)
      return r
    }
  }

  /// INC: all flags but CF.
  @inline(__always) func increment<T: Width>(_ a: T) -> T {
    let r = a &+ 1
    let carry = s.pointee.faux & 0x8000_0000
    let overflow: UInt32 = r == (1 as T) &<< (T(T.bitWidth) &- 1) ? 0x4000_0000 : 0
    setResult(r)
    s.pointee.faux = carry | (carry >> 1 ^ overflow) | (r & 0xF == 0 ? 8 : 0)
    return r
  }

  /// DEC: all flags but CF.
  @inline(__always) func decrement<T: Width>(_ a: T) -> T {
    let r = a &- 1
    let carry = s.pointee.faux & 0x8000_0000
    let overflow: UInt32 = a == (1 as T) &<< (T(T.bitWidth) &- 1) ? 0x4000_0000 : 0
    setResult(r)
    s.pointee.faux = carry | (carry >> 1 ^ overflow) | (r & 0xF == 0xF ? 8 : 0)
    return r
  }

  @inline(__always) func negate<T: Width>(_ a: T) -> T { alu(.sub, 0, a) }

  // MARK: Operand forms

  @inline(__always) func rr<T: Width>(_ o: UnsafePointer<Op>, _: T.Type, _ k: ALU) {
    let r = alu(k, get(o.pointee.a, T.self), get(o.pointee.b, T.self))
    if k != .cmp { set(o.pointee.a, r) }
  }
  @inline(__always) func ri<T: Width>(_ o: UnsafePointer<Op>, _: T.Type, _ k: ALU) {
    let r = alu(k, get(o.pointee.a, T.self), T(truncatingIfNeeded: o.pointee.imm))
    if k != .cmp { set(o.pointee.a, r) }
  }
  @inline(__always) func rm<T: Width>(_ o: UnsafePointer<Op>, _: T.Type, _ k: ALU) -> Bool {
    guard let b: T = load(o) else { return false }
    let r = alu(k, get(o.pointee.a, T.self), b)
    if k != .cmp { set(o.pointee.a, r) }
    return true
  }
  @inline(__always) func mr<T: Width>(_ o: UnsafePointer<Op>, _: T.Type, _ k: ALU) -> Bool {
    let b = get(o.pointee.b, T.self)
    if k == .cmp {
      guard let a: T = load(o) else { return false }
      _ = alu(k, a, b)
      return true
    }
    return modify(o) { (a: T) -> T in alu(k, a, b) }
  }
  @inline(__always) func mi<T: Width>(_ o: UnsafePointer<Op>, _: T.Type, _ k: ALU) -> Bool {
    let b = T(truncatingIfNeeded: o.pointee.imm)
    if k == .cmp {
      guard let a: T = load(o) else { return false }
      _ = alu(k, a, b)
      return true
    }
    return modify(o) { (a: T) -> T in alu(k, a, b) }
  }

  // MARK: Fused compare and branch

  /// Compares, and says whether the branch is taken.
  @inline(__always) func compareTaken<T: Width>(_ o: UnsafePointer<Op>, _ a: T, _ b: T) -> Bool {
    _ = alu(.cmp, a, b)
    let below: UInt8 = a < b ? 1 : 0
    let less: UInt8 = Int32(bitPattern: a.signExtended) < Int32(bitPattern: b.signExtended) ? 2 : 0
    let equal: UInt8 = a == b ? 4 : 0
    return o.pointee.mode &>> (below | less | equal) & 1 != 0
  }

  @inline(__always) func resultTaken<T: Width>(_ o: UnsafePointer<Op>, _ r: T) -> Bool {
    let zero: UInt8 = r == 0 ? 1 : 0
    let negative: UInt8 = Int32(bitPattern: r.signExtended) < 0 ? 2 : 0
    return o.pointee.mode &>> (zero | negative) & 1 != 0
  }

  @inline(__always) func testTaken<T: Width>(_ o: UnsafePointer<Op>, _ a: T, _ b: T) -> Bool {
    let r = a & b
    setLogic(r)
    return resultTaken(o, r)
  }
}
