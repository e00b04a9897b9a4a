import Hardware
import Testing

@testable import Processor

@Suite("x87 remainder, scaling, state")
struct X87RemainderTests {
  @Test("FPREM truncates, FPREM1 rounds the quotient to nearest; C0 C3 C1 are its low three bits")
  func remainders() {
    // 13 = 4 x 3 + 1 and 14 = 5 x 3 - 1.
    for (a, truncated, quotient, nearest, quotient1) in [(13, 1, 4, 1, 4), (14, 2, 4, -1, 5), (7.5, 1.5, 2, 1.5, 2)]
      as [(Double, Double, Int, Double, Int)]
    {
      for (second, result, q) in [(0xF8, truncated, quotient), (0xF5, nearest, quotient1)] as [(UInt8, Double, Int)] {
        var unit = X87(x(a), x(3))
        unit.execute(0xD9, second)
        let bits =
          (unit.status.contains(.c0) ? 4 : 0) + (unit.status.contains(.c3) ? 2 : 0)
          + (unit.status.contains(.c1) ? 1 : 0)
        #expect(unit[0] == x(result) && bits == q && !unit.status.contains(.c2) && unit.flags == 0)
      }
    }
  }

  @Test("FPREM with an exponent difference of 64 or more is partial: C2 = 1; repeating it finishes")
  func partial() {
    var unit = X87(x(0x7000, 0xFEDC_BA98_7654_3211), x(3))
    var steps = 0
    repeat {
      let before = unit[0].exponent
      unit.execute(0xD9, 0xF8)
      steps += 1
      if unit.status.contains(.c2) { #expect(before - unit[0].exponent >= 32) }
    } while unit.status.contains(.c2) && steps < 1000
    // The dividend is odd × 2^(0x7000 - 0x3FFF - 63); 2^n mod 3 is 1 or 2 by the parity of n.
    #expect(steps < 400 && (unit[0] == x(1) || unit[0] == x(2) || unit[0] == .zero))
  }

  @Test("FSCALE adds the integer part of ST(1) to the exponent")
  func scale() {
    var unit = X87(x(1.5), x(-3.9))
    unit.execute(0xD9, 0xFD)
    #expect(unit[0] == x(0.1875) && unit[1] == x(-3.9))
    unit = X87(x(1), x(1e300))
    unit.execute(0xD9, 0xFD)
    #expect(unit[0] == Special.infinity && unit.flags == 0x28)
  }

  @Test("FXTRACT: exponent in ST(1), significand in ST; of zero the exponent is -infinity with ZE")
  func extract() {
    var unit = X87(x(-12))
    unit.execute(0xD9, 0xF4)
    #expect(unit[0] == x(-1.5) && unit[1] == x(3))
    unit = X87(.zero)
    unit.execute(0xD9, 0xF4)
    #expect(unit[0] == .zero && unit[1] == x(0xFFFF, 1 << 63) && unit.flags == 0x0004)
  }

  @Test("FRNDINT rounds as the rounding control says")
  func roundToInteger() {
    for (control, result) in [(0x037F, -2), (0x077F, -3), (0x0B7F, -2), (0x0F7F, -2)] as [(UInt16, Double)] {
      var unit = X87(x(-2.5), control: control)
      unit.execute(0xD9, 0xFC)
      #expect(unit[0] == x(result) && unit.flags == 0x20)
    }
  }

  @Test("Any state and any instruction: no trap, and the state stays well-formed")
  func anything() {
    var seed: UInt64 = 0x9E37_79B9_7F4A_7C15
    func random() -> UInt64 {
      seed ^= seed << 13
      seed ^= seed >> 7
      seed ^= seed << 17
      return seed
    }
    func value() -> Extended {
      let bits = random()
      let exponents: [UInt64] = [0, 1, 0x3FFE, 0x3FFF, 0x4000, 0x403D, 0x7FFE, 0x7FFF, bits >> 8 & 0x7FFF]
      let significands: [UInt64] = [0, 1, 1 << 63, .max, 1 << 62, random(), random() | 1 << 63, random() | 1 << 63]
      return x(
        UInt16(truncatingIfNeeded: exponents[Int(bits % 9)] | bits >> 40 & 0x8000),
        significands[Int(bits >> 4 & 7)])
    }
    var unit = X87()
    var bytes = [UInt8](repeating: 0, count: X87.largestStateBytes)
    for round in 0..<400_000 {
      if round & 3 == 0 {
        unit.loadControlWord(UInt16(truncatingIfNeeded: random()))
        unit.top = UInt8(truncatingIfNeeded: random()) & 7
        for i in 0..<8 { unit[i] = value() }
        unit.occupied |= UInt8(truncatingIfNeeded: random())
      }
      let opcode = UInt16(truncatingIfNeeded: random() & 0x7FF)
      if opcode & 0xC0 == 0xC0 {
        _ = unit.executeRegister(opcode: opcode)
      } else {
        let layout = X87.EnvironmentLayout(is32Bit: round & 1 == 0, isProtected: round & 2 == 0)
        switch X87.memoryForm(opcode: opcode).kind {
        case .undefined: break
        case .load:
          unit.load(opcode: opcode, low: random(), high: UInt16(truncatingIfNeeded: random()))
        case .store: unit.commitStore(unit.prepareStore(opcode: opcode))
        case .loadEnvironment, .loadState:
          for i in bytes.indices { bytes[i] = UInt8(truncatingIfNeeded: random()) }
          bytes.withUnsafeBufferPointer {
            if let base = $0.baseAddress { unit.loadState(from: base, layout: layout) }
          }
        case .storeEnvironment, .storeState:
          bytes.withUnsafeMutableBufferPointer {
            if let base = $0.baseAddress { unit.writeState(to: base, layout: layout) }
          }
          unit.environmentStored()
        }
      }
      let pending = unit.statusWord & 0x3F & ~unit.control.rawValue != 0
      if unit.top > 7 || (pending && !unit.pendingException) {
        Issue.record("opcode \(opcode) broke the state")
        break
      }
    }
  }
}
