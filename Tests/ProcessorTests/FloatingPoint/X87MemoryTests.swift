import Hardware
import Testing

@testable import Processor

@Suite("x87 memory formats")
struct X87MemoryTests {
  @Test("FLD of a single or double converts exactly; FSTP gives the same bits back")
  func roundTrip() {
    for bits in [0, 0x8000_0000, 1, 0x007F_FFFF, 0x0080_0000, 0x3F80_0000, 0x7F7F_FFFF, 0xFF80_0000, 0x7FC0_0001]
      as [UInt64]
    {
      var unit = X87()
      unit.load(0xD9, 0x00, bits)
      let result = unit.store(0xD9, 0x18)
      #expect(result.low == bits && result.writes && unit.tagWord == 0xFFFF)
    }
    for bits in [0, 1 << 63, 1, 0x000F_FFFF_FFFF_FFFF, 0x0010_0000_0000_0000, 0x7FEF_FFFF_FFFF_FFFF] as [UInt64] {
      var unit = X87()
      unit.load(0xDD, 0x00, bits)
      let result = unit.store(0xDD, 0x18)
      #expect(result.low == bits && result.writes && unit.tagWord == 0xFFFF)
    }
  }

  @Test("Loading a signalling NaN from a short or long real raises IE and quiets it; from an 80-bit real it does not")
  func signalling() {
    var unit = X87()
    unit.load(0xD9, 0x00, 0x7F80_0001)
    #expect(unit[0] == x(0x7FFF, 0xC000_0100_0000_0000) && unit.flags == 1)
    unit = X87()
    unit.load(0xDB, 0x28, Special.signalling.significand, 0x7FFF)
    #expect(unit[0] == Special.signalling && unit.flags == 0)
  }

  @Test("Loading a denormal short or long real raises DE and normalizes it")
  func denormals() {
    var unit = X87()
    unit.load(0xD9, 0x00, 1)
    #expect(unit[0] == x(0x3FFF - 149, 1 << 63) && unit.flags == 2)
    unit = X87()
    unit.load(0xDD, 0x00, 1)
    #expect(unit[0] == x(0x3FFF - 1074, 1 << 63) && unit.flags == 2)
  }

  @Test("FIST rounds as RC says; a value out of range stores the integer indefinite with IE")
  func integers() {
    for (control, two, three) in [
      (0x037F, 2, -4), (0x077F, 2, -4), (0x0B7F, 3, -3), (0x0F7F, 2, -3),
    ] as [(UInt16, Int64, Int64)] {
      var unit = X87(x(2.5), control: control)
      #expect(Int16(truncatingIfNeeded: unit.store(0xDF, 0x10).low) == Int16(two))
      unit = X87(x(-3.5), control: control)
      #expect(Int64(bitPattern: unit.store(0xDF, 0x38).low) == three)
    }
    for (value, bits) in [(32768.0, 0x8000), (-32769.0, 0x8000)] as [(Double, UInt64)] {
      var unit = X87(x(value))
      #expect(unit.store(0xDF, 0x18).low & 0xFFFF == bits && unit.flags == 1)
    }
    var unit = X87(x(-32768))
    #expect(unit.store(0xDF, 0x18).low & 0xFFFF == 0x8000 && unit.flags == 0)
    unit = X87(Special.quiet)
    #expect(unit.store(0xDB, 0x18).low & 0xFFFF_FFFF == 0x8000_0000 && unit.flags == 1)
  }

  @Test("FBLD and FBSTP: 18 packed digits and a sign; FBSTP out of range stores FFFFC000000000000000H")
  func packedDecimal() {
    var unit = X87()
    unit.load(0xDF, 0x20, 0x3456_7890_1234_5678, 0x8012)
    #expect(unit[0] == Extended(integer: -123_456_789_012_345_678))
    let result = unit.store(0xDF, 0x30)
    #expect(result.low == 0x3456_7890_1234_5678 && result.high == 0x8012)
    unit = X87(Extended(integer: 1_000_000_000_000_000_000))
    let indefinite = unit.store(0xDF, 0x30)
    #expect(indefinite.low == 0xC000_0000_0000_0000 && indefinite.high == 0xFFFF && unit.flags == 1)
    unit = X87(x(0x8000, 0))
    #expect(unit.store(0xDF, 0x30).high == 0x8000)
  }

  @Test("A store with an unmasked overflow, underflow or invalid operation writes nothing and does not pop")
  func suppressedStores() {
    for (value, control) in [(Special.largest, 0x0377), (Special.smallest, 0x036F), (Special.signalling, 0x037E)]
      as [(Extended, UInt16)]
    {
      var unit = X87(value, control: control)
      let result = unit.store(0xD9, 0x18)
      #expect(!result.writes && unit[0] == value && unit.top == 7 && unit.pendingException)
    }
    var unit = X87(x(0.1), control: 0x035F)
    let result = unit.store(0xD9, 0x18)
    #expect(result.writes && unit.tagWord == 0xFFFF && unit.flags == 0x80A0)
  }

  @Test("Preparing a store changes nothing, so that a page fault can restart it")
  func twoPhases() {
    var unit = X87(x(0.1))
    let before = unit
    let result = unit.prepareStore(opcode: 0x118)
    #expect(unit == before)
    unit.commitStore(result)
    #expect(unit.tagWord == 0xFFFF)
  }

  @Test("Storing an empty register: masked, the indefinite value of the format")
  func emptyStores() {
    let cases: [(UInt8, UInt8, UInt64, UInt16)] = [
      (0xD9, 0x18, 0xFFC0_0000, 0), (0xDD, 0x18, 0xFFF8_0000_0000_0000, 0), (0xDF, 0x18, 0x8000, 0),
      (0xDB, 0x18, 0x8000_0000, 0), (0xDF, 0x38, 1 << 63, 0), (0xDB, 0x38, 0xC000_0000_0000_0000, 0xFFFF),
      (0xDF, 0x30, 0xC000_0000_0000_0000, 0xFFFF),
    ]
    for (first, second, low, high) in cases {
      var unit = X87()
      let result = unit.store(first, second)
      #expect(result.low == low && result.high == high && result.writes && unit.flags == 0x41)
    }
  }

  @Test("FNSTCW and FNSTSW store their word and change nothing")
  func words() {
    var unit = X87(x(1))
    unit.status = [.c1, .c3, .precision]
    let before = unit
    #expect(unit.store(0xD9, 0x38).low == 0x037F)
    #expect(unit.store(0xDD, 0x38).low == 0x7A20)
    #expect(unit == before)
  }
}
