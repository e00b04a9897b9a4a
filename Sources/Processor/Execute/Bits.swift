import Hardware

extension CPU {
  enum BitOperation {
    case test, set, reset, complement
  }

  /// BSF and BSR. A zero source sets ZF and leaves the destination alone (undefined by Intel; so on 386 and 486).
  func bitScan(_ o: UnsafePointer<Op>, forward: Bool) -> Bool {
    let size = o.pointee.size
    guard let value = operand(o, size) else { return false }
    if value == 0 {
      s.pointee.fres = 0
      return true
    }
    let index = forward ? value.trailingZeroBitCount : 31 - value.leadingZeroBitCount
    setRegister(o.pointee.b * 4, size, UInt32(index))
    s.pointee.fres = 1
    return charge(scanClocks(index, forward: forward, size))
  }

  /// Clocks of a bit scan above those with a source of 0 (486) or with the first bit set (386).
  ///
  /// - Source: 386 PRM: 10 + 3n, n the bits passed over. i486 PRM: BSF 8 + 4(b+1) + 3(i+1) + 3(n+1) with the numbers of
  ///   byte, nibble and bit that the scan finds; BSR 7 + 3(32-n); a clock more from memory, as in the tables' minimum.
  private func scanClocks(_ index: Int, forward: Bool, _ size: Int) -> Int64 {
    if !c.pointee.is486 { return Int64(3 * (forward ? index : size * 8 - 1 - index)) }
    if !forward { return Int64(1 + 3 * (32 - index)) }
    return Int64(2 + 4 * (index / 8 + 1) + 3 * (index / 4 % 2 + 1) + 3 * (index % 4 + 1))
  }

  /// BT BTS BTR BTC. With a register bit index and a memory operand the index reaches outside the operand, signed.
  func bitTest(_ o: UnsafePointer<Op>, _ operation: BitOperation) -> Bool {
    let size = o.pointee.size
    let byRegister = o.pointee.imm & 0x100 != 0
    let index = byRegister ? register(o.pointee.b * 4, size) : o.pointee.imm
    let bit = index & UInt32(size * 8 - 1)
    func changed(_ value: UInt32) -> UInt32 {
      setCarry(value >> bit & 1 != 0)
      switch operation {
      case .test: return value
      case .set: return value | 1 << bit
      case .reset: return value & ~(1 << bit)
      case .complement: return value ^ 1 << bit
      }
    }
    if o.pointee.isRegisterForm {
      let value = changed(register(o.pointee.base, size))
      if operation != .test { setRegister(o.pointee.base, size, value) }
      return true
    }
    var moved = o.pointee
    if byRegister {
      let away = Int32(bitPattern: extended(index, size)) >> (size == 2 ? 4 : 5)
      moved.disp = moved.disp &+ UInt32(bitPattern: away &* Int32(size))
    }
    return withUnsafePointer(to: &moved) { place in
      if operation == .test {
        guard let value = loadAt(o, Int(place.pointee.seg), offset(place), size) else { return false }
        _ = changed(value)
        return true
      }
      let done =
        size == 2
        ? modify(place) { (a: UInt16) in UInt16(truncatingIfNeeded: changed(UInt32(a))) }
        : modify(place) { (a: UInt32) in changed(a) }
      c.pointee.op = o
      return done
    }
  }

  func shiftDouble(_ o: UnsafePointer<Op>, left: Bool) -> Bool {
    let count = (o.pointee.imm == 0x100 ? reg(1) : o.pointee.imm) & 31
    let source = register(o.pointee.b * 4, o.pointee.size)
    if o.pointee.size == 2 {
      return change(o) { a in
        UInt32(doubleShift(left: left, UInt16(truncatingIfNeeded: a), UInt16(truncatingIfNeeded: source), count))
      }
    }
    return change(o) { a in doubleShift(left: left, a, source, count) }
  }

  /// XADD (486).
  func exchangeAdd(_ o: UnsafePointer<Op>) -> Bool {
    let size = o.pointee.size
    let addend = register(o.pointee.b, size)
    var old: UInt32 = 0
    var sum: UInt32 = 0
    let done = change(o) { a in
      old = a
      sum = sized(.add, a, addend, size)
      return sum
    }
    if !done, faulted { return false }
    setRegister(o.pointee.b, size, old)
    // XADD r,r with the same register twice: the destination is written last.
    if o.pointee.isRegisterForm { setRegister(o.pointee.base, size, sum) }
    return done
  }

  /// CMPXCHG (486). The destination is written in either case.
  func compareExchange(_ o: UnsafePointer<Op>) -> Bool {
    let size = o.pointee.size
    let accumulator = register(0, size)
    let source = register(o.pointee.b, size)
    var old: UInt32 = 0
    let done = change(o) { a in
      old = a
      _ = sized(.cmp, accumulator, a, size)
      return a == accumulator ? source : a
    }
    if !done, faulted { return false }
    if old != accumulator {
      setRegister(0, size, old)
      return charge(o, .unequal) && done
    }
    return done
  }

  /// One of the eight operations at a size known at run time.
  func sized(_ k: ALU, _ a: UInt32, _ b: UInt32, _ size: Int) -> UInt32 {
    switch size {
    case 1: UInt32(alu(k, UInt8(truncatingIfNeeded: a), UInt8(truncatingIfNeeded: b)))
    case 2: UInt32(alu(k, UInt16(truncatingIfNeeded: a), UInt16(truncatingIfNeeded: b)))
    default: alu(k, a, b)
    }
  }

  /// BOUND: #BR unless lower <= index <= upper, signed.
  func bound(_ o: UnsafePointer<Op>) -> Bool {
    let size = o.pointee.size
    let ea = offset(o)
    guard let lower = loadAt(o, Int(o.pointee.seg), ea, size),
      let upper = loadAt(o, Int(o.pointee.seg), (ea &+ UInt32(size)) & o.pointee.mask, size)
    else { return false }
    let index = Int32(bitPattern: extended(register(o.pointee.b * 4, size), size))
    if index < Int32(bitPattern: extended(lower, size)) || index > Int32(bitPattern: extended(upper, size)) {
      // The i486 PRM prints its clocks and those of an interrupt; the 386's has only the interrupt's.
      if c.pointee.is486 { charge(o, .taken) }
      fault(Vector.br)
      return false
    }
    return true
  }
}
