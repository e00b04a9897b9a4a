import Hardware

// The x87 blocks of vector records: control, status and tag word, an unused word, then ST(0)...ST(7) of ten bytes each.

extension VectorFile {
  /// Loads a numeric unit from a block. The tags of a record are full; the unit keeps only "empty".
  static func numericUnit(_ block: [UInt8], model: X87.Model) -> X87 {
    var unit = X87(model: model)
    guard block.count >= 88 else { return unit }
    func word(_ i: Int) -> UInt16 { UInt16(block[i]) | UInt16(block[i + 1]) << 8 }
    unit.control = X87.ControlWord(rawValue: word(0))
    let status = word(2)
    unit.status = X87.StatusWord(rawValue: status & 0xC7FF)
    unit.top = UInt8(truncatingIfNeeded: status >> 11) & 7
    for i in 0..<8 {
      let start = 8 + 10 * i
      let significand = block[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      unit[i] = Extended(significand: significand, signExponent: word(start + 8))
    }
    unit.occupied = 0
    for i in 0..<8 where word(4) >> UInt16(2 * i) & 3 != 3 { unit.occupied |= 1 << UInt8(i) }
    return unit
  }

  /// What differs between a unit and a record's expectation; nil if nothing does.
  static func difference(_ unit: X87, _ v: Vector) -> String? {
    func hex(_ value: some BinaryInteger) -> String { String(value, radix: 16) }
    let want = numericUnit(v.fpuAfter, model: unit.model)
    if unit.control != want.control {
      return "control word \(hex(unit.control.rawValue)), expected \(hex(want.control.rawValue))"
    }
    if (unit.statusWord ^ want.statusWord) & ~v.ignoredStatus != 0 {
      return "status word \(hex(unit.statusWord)), expected \(hex(want.statusWord))"
    }
    let tags = UInt16(v.fpuAfter[4]) | UInt16(v.fpuAfter[5]) << 8
    if unit.tagWord != tags { return "tag word \(hex(unit.tagWord)), expected \(hex(tags))" }
    for i in 0..<8 where want.isOccupied(i) {
      let tolerance = i < v.toleratedRegisters ? UInt64(v.toleratedUlps) : 0
      if distance(unit[i], want[i]) > tolerance {
        return "ST(\(i)) \(hex(unit[i].signExponent)):\(hex(unit[i].significand)), expected "
          + "\(hex(want[i].signExponent)):\(hex(want[i].significand)), tolerance \(tolerance) ulp"
      }
    }
    return nil
  }

  /// Distance in units of the last place; `.max` between values that no rounding can explain.
  private static func distance(_ a: Extended, _ b: Extended) -> UInt64 {
    if a == b { return 0 }
    if (a.signExponent ^ b.signExponent) & 0x8000 != 0 || a.exponent == 0x7FFF || b.exponent == 0x7FFF { return .max }
    func ordinal(_ x: Extended) -> Int128 { Int128(x.exponent) << 63 + Int128(x.significand & (UInt64.max >> 1)) }
    let difference = (ordinal(a) - ordinal(b)).magnitude
    return difference > 1 << 60 ? .max : UInt64(difference)
  }
}
