import Hardware
import Testing

@testable import Processor

@Suite("x87 arithmetic")
struct X87ArithmeticTests {
  @Test("Round to nearest or even: of two equally near values the one with last bit zero")
  func nearestEven() {
    // 1 + 2^-64 lies between 1 and 1 + 2^-63.
    var unit = X87(x(1), x(0x3FFF - 64, 1 << 63))
    unit.execute(0xD8, 0xC1)
    #expect(unit[0] == x(1) && unit.statusWord & 0x0220 == 0x0020)
    unit = X87(x(0x3FFF, 1 << 63 | 1), x(0x3FFF - 64, 1 << 63))
    unit.execute(0xD8, 0xC1)
    #expect(unit[0] == x(0x3FFF, 1 << 63 | 2) && unit.statusWord & 0x0220 == 0x0220)
  }

  @Test("C1 tells whether the inexact result was rounded up", arguments: [0x037F, 0x077F, 0x0B7F, 0x0F7F] as [UInt16])
  func roundUp(control: UInt16) {
    for sign in [0, 0x8000] as [UInt16] {
      var unit = X87(x(0x3FFF | sign, 1 << 63), x((0x3FFF - 70) | sign, 1 << 63), control: control)
      unit.execute(0xD8, 0xC1)
      let away = (control == 0x077F && sign != 0) || (control == 0x0B7F && sign == 0)
      #expect(unit[0] == x(0x3FFF | sign, away ? 1 << 63 | 1 : 1 << 63))
      #expect(unit.status.contains(.c1) == away)
    }
  }

  @Test("Precision control: results of add, subtract, multiply, divide and square root have 24, 53 or 64 bits")
  func precisionControl() {
    for (control, significand) in [
      (0x007F, 0xAAAA_AB00_0000_0000), (0x027F, 0xAAAA_AAAA_AAAA_A800), (0x037F, 0xAAAA_AAAA_AAAA_AAAB),
    ] as [(UInt16, UInt64)] {
      var unit = X87(x(1), x(3), control: control)
      unit.execute(0xD8, 0xF1)
      #expect(unit[0] == x(0x3FFD, significand))
    }
  }

  @Test("x - x is +0, except that it is -0 when rounding down")
  func cancellation() {
    for control in [0x037F, 0x077F, 0x0B7F, 0x0F7F] as [UInt16] {
      var unit = X87(x(3.5), x(3.5), control: control)
      unit.execute(0xD8, 0xE1)
      #expect(unit[0] == x(control == 0x077F ? 0x8000 : 0, 0))
    }
  }

  @Test("Masked overflow gives infinity or the largest number, as the rounding control directs")
  func maskedOverflow() {
    for (control, result) in [
      (0x037F, Special.infinity), (0x077F, Special.largest), (0x0B7F, Special.infinity), (0x0F7F, Special.largest),
    ] as [(UInt16, Extended)] {
      var unit = X87(Special.largest, Special.largest, control: control)
      unit.execute(0xD8, 0xC1)
      #expect(unit[0] == result && unit.flags == 0x0028)
    }
  }

  @Test("Unmasked overflow and underflow divide and multiply the result by 2^24576")
  func bias() {
    var unit = X87(x(0x7000, 1 << 63), x(0x7000, 1 << 63), control: 0x0377)
    unit.execute(0xD8, 0xC9)
    #expect(unit[0] == x(UInt16(0x7000 + 0x7000 - 0x3FFF - 24576), 1 << 63) && unit.flags == 0x8088)
    unit = X87(x(0x1000, 1 << 63), x(0x1000, 1 << 63), control: 0x036F)
    unit.execute(0xD8, 0xC9)
    #expect(unit[0] == x(UInt16(0x1000 + 0x1000 - 0x3FFF + 24576), 1 << 63) && unit.flags == 0x8090)
  }

  @Test("Masked underflow is signalled only if the denormal result is inexact")
  func maskedUnderflow() {
    var unit = X87(Special.smallest, x(0.5))
    unit.execute(0xD8, 0xC9)
    #expect(unit[0] == x(0, 1 << 62) && unit.flags == 0)
    unit = X87(x(1, 1 << 63 | 1), x(0.5))
    unit.execute(0xD8, 0xC9)
    #expect(unit[0] == x(0, 1 << 62) && unit.flags == 0x0030)
    // Unmasked, tininess alone is enough.
    unit = X87(Special.smallest, x(0.5), control: 0x036F)
    unit.execute(0xD8, 0xC9)
    #expect(unit.flags == 0x8090)
  }

  @Test("Division of a finite number by zero: infinity with the product of the signs; unmasked, operands unchanged")
  func zeroDivide() {
    var unit = X87(x(-1), .zero)
    unit.execute(0xD8, 0xF1)
    #expect(unit[0] == x(0xFFFF, 1 << 63) && unit.flags == 0x0004)
    unit = X87(x(-1), .zero, control: 0x037B)
    unit.execute(0xDE, 0xF9)
    // FDIVP ST(1),ST divides ST(1) by ST(0): -0 here, so the operands are exchanged first.
    #expect(unit[0] == x(0x8000, 0))
    unit = X87(.zero, x(-1), control: 0x037B)
    unit.execute(0xDE, 0xF9)
    #expect(unit[0] == .zero && unit[1] == x(-1) && unit.top == 6 && unit.flags == 0x8084)
  }

  @Test(
    "Invalid operations give the real indefinite: inf - inf, 0 x inf, inf / inf, 0 / 0, root of a negative number")
  func invalid() {
    let cases: [(Extended, Extended, UInt8)] = [
      (Special.infinity, Special.infinity, 0xE1), (.zero, Special.infinity, 0xC9),
      (Special.infinity, Special.infinity, 0xF1), (.zero, .zero, 0xF1),
    ]
    for (a, b, second) in cases {
      var unit = X87(a, b)
      unit.execute(0xD8, second)
      #expect(unit[0] == .indefinite && unit.flags == 0x0001)
      unit = X87(a, b, control: 0x037E)
      unit.execute(0xD8, second)
      #expect(unit[0] == a && unit.flags == 0x8081)
    }
    var unit = X87(x(-4))
    unit.execute(0xD9, 0xFA)
    #expect(unit[0] == .indefinite && unit.flags == 0x0001)
    unit = X87(x(0x8000, 0))
    unit.execute(0xD9, 0xFA)
    #expect(unit[0] == x(0x8000, 0) && unit.flags == 0)
  }

  @Test("Pseudo-NaNs, pseudo-infinities and unnormals are invalid operands for the 387")
  func unsupported() {
    for value in [Special.unnormal, x(0x7FFF, 0), x(0x7FFF, 1)] {
      var unit = X87(value, x(1))
      unit.execute(0xD8, 0xC1)
      #expect(unit[0] == .indefinite && unit.flags == 0x0001)
      unit = X87(value)
      unit.execute(0xD9, 0xE5)
      #expect(unit.statusWord & 0x4500 == 0)
    }
  }

  @Test("Of two quiet NaNs the one with the larger significand is the result; a signalling NaN becomes quiet")
  func nans() {
    let larger = x(0x7FFF, 0xC000_0000_0000_0002)
    var unit = X87(Special.quiet, larger)
    unit.execute(0xD8, 0xC1)
    #expect(unit[0] == larger && unit.flags == 0)
    unit = X87(Special.signalling, x(1))
    unit.execute(0xD8, 0xC1)
    #expect(unit[0] == Special.quiet && unit.flags == 0x0001)
    unit = X87(x(0x7FFF, 0xBFFF_FFFF_FFFF_FFFF), Special.quiet)
    unit.execute(0xD8, 0xC9)
    #expect(unit[0] == Special.quiet && unit.flags == 0x0001)
  }

  @Test("Denormal operand: masked, the operation proceeds; unmasked, the operands stay")
  func denormalOperand() {
    var unit = X87(Special.denormal, x(1))
    unit.execute(0xD8, 0xC9)
    #expect(unit[0] == Special.denormal && unit.flags == 0x0002)
    unit = X87(Special.denormal, x(1), control: 0x037D)
    unit.execute(0xD8, 0xC9)
    #expect(unit[0] == Special.denormal && unit.flags == 0x8082)
    // A pseudo-denormal has the value of the normal number with exponent 1.
    unit = X87(x(0, 1 << 63), x(1, 1 << 63))
    unit.execute(0xD8, 0xD1)
    #expect(unit.statusWord & 0x4500 == 0x4000 && unit.flags == 0x0002)
  }

  @Test("Stack underflow: IE, SF, C1 = 0, the result is the indefinite value; overflow: C1 = 1")
  func stackFaults() {
    var unit = X87(x(1))
    unit.execute(0xD8, 0xC1)
    #expect(unit[0] == .indefinite && unit.statusWord & 0x0241 == 0x0041)
    unit = X87()
    for _ in 0..<8 { unit.execute(0xD9, 0xE8) }
    unit.execute(0xD9, 0xEB)
    #expect(unit.top == 7 && unit[0] == .indefinite && unit.statusWord & 0x0241 == 0x0241)
    // Unmasked: nothing moves.
    unit = X87(control: 0x037E)
    unit.execute(0xDE, 0xC1)
    #expect(unit.top == 0 && unit.tagWord == 0xFFFF && unit.flags == 0x80C1)
  }

  @Test("FCOM sets C3 C2 C0: greater 000, less 001, equal 100, unordered 111; FUCOM accepts quiet NaNs")
  func compare() {
    let cases: [(Extended, Extended, UInt16)] = [
      (x(2), x(1), 0), (x(-2), x(1), 0x0100), (x(1), x(1), 0x4000), (.zero, x(0x8000, 0), 0x4000),
      (Special.infinity, Special.largest, 0), (x(-1), x(-2), 0), (Special.quiet, x(1), 0x4500),
    ]
    for (a, b, codes) in cases {
      var unit = X87(a, b)
      unit.execute(0xD8, 0xD1)
      #expect(unit.statusWord & 0x4500 == codes)
      #expect(unit.flags == (codes == 0x4500 ? 1 : 0))
      unit = X87(a, b)
      unit.execute(0xDA, 0xE9)
      #expect(unit.statusWord & 0x4500 == codes && unit.flags == 0 && unit.tagWord == 0xFFFF)
    }
  }

  @Test("FXAM: C3 C2 C0 name the class, C1 the sign")
  func examine() {
    let cases: [(Extended, UInt16)] = [
      (Special.unnormal, 0x0000), (Special.quiet, 0x0100), (x(1), 0x0400), (x(-1), 0x0600),
      (Special.infinity, 0x0500), (.zero, 0x4000), (x(0x8000, 0), 0x4200), (Special.denormal, 0x4400),
    ]
    for (value, codes) in cases {
      var unit = X87(value)
      unit.execute(0xD9, 0xE5)
      #expect(unit.statusWord & 0x4700 == codes)
    }
    var unit = X87()
    unit.execute(0xD9, 0xE5)
    #expect(unit.statusWord & 0x4500 == 0x4100)
  }
}
