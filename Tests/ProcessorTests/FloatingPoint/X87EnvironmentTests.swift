import Hardware
import Testing

@testable import Processor

@Suite("x87 environment")
struct X87EnvironmentTests {
  /// A unit with something in every field.
  private func sample() -> X87 {
    var unit = X87(x(1), x(-2.5), Special.quiet, control: 0x0B60)
    unit.recordInstruction(opcode: 0x5A3, selector: 0x1234, offset: 0x5678)
    unit.recordOperand(selector: 0x9ABC, offset: 0xDEF0)
    return unit
  }

  private func environment(_ unit: X87, _ layout: X87.EnvironmentLayout) -> [UInt16] {
    var bytes = [UInt8](repeating: 0, count: layout.environmentBytes)
    bytes.withUnsafeMutableBufferPointer {
      if let base = $0.baseAddress { unit.writeEnvironment(to: base, layout: layout) }
    }
    return stride(from: 0, to: bytes.count, by: 2).map { UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8 }
  }

  @Test("16-bit protected mode: CW, SW, TW, IP offset, CS selector, operand offset, operand selector")
  func protected16() {
    let words = environment(sample(), .init(is32Bit: false, isProtected: true))
    #expect(words == [0x0B60, 0x2800, 0x83FF, 0x5678, 0x1234, 0xDEF0, 0x9ABC])
  }

  @Test("16-bit real mode: IP 19..16 and the opcode share a word, operand 19..16 is in bits 15..12")
  func real16() {
    // 12340h + 5678h = 179B8h, 9ABC0h + DEF0h = A8AB0h.
    let words = environment(sample(), .init(is32Bit: false, isProtected: false))
    #expect(words == [0x0B60, 0x2800, 0x83FF, 0x79B8, 0x15A3, 0x8AB0, 0xA000])
  }

  @Test("32-bit protected mode: the opcode is in bits 26..16 above the CS selector")
  func protected32() {
    let words = environment(sample(), .init(is32Bit: true, isProtected: true))
    #expect(
      words == [
        0x0B60, 0xFFFF, 0x2800, 0xFFFF, 0x83FF, 0xFFFF, 0x5678, 0, 0x1234, 0x05A3, 0xDEF0, 0, 0x9ABC, 0xFFFF,
      ])
  }

  @Test("32-bit real mode: address bits 31..16 are in bits 27..12")
  func real32() {
    let words = environment(sample(), .init(is32Bit: true, isProtected: false))
    #expect(
      words == [
        0x0B60, 0xFFFF, 0x2800, 0xFFFF, 0x83FF, 0xFFFF, 0x79B8, 0, 0x15A3, 0, 0x8AB0, 0, 0xA000, 0,
      ])
  }

  @Test("FSAVE then FRSTOR restores the unit in every layout; FSAVE leaves it as FINIT does")
  func saveAndRestore() {
    for is32Bit in [false, true] {
      for isProtected in [false, true] {
        let layout = X87.EnvironmentLayout(is32Bit: is32Bit, isProtected: isProtected)
        var unit = sample()
        let before = unit
        var bytes = [UInt8](repeating: 0xEE, count: layout.stateBytes)
        bytes.withUnsafeMutableBufferPointer {
          if let base = $0.baseAddress { unit.writeState(to: base, layout: layout) }
        }
        #expect(unit == before)
        unit.initialize()
        #expect(unit.tagWord == 0xFFFF && unit.control.rawValue == 0x037F)
        bytes.withUnsafeBufferPointer {
          if let base = $0.baseAddress { unit.loadState(from: base, layout: layout) }
        }
        #expect(environment(unit, layout) == environment(before, layout))
        for i in 0..<8 { #expect(unit[i] == before[i]) }
      }
    }
  }

  @Test("FSTENV masks all exceptions after the store")
  func masks() {
    var unit = X87(x(1), .zero, control: 0x037B)
    unit.execute(0xD8, 0xF1)
    #expect(unit.pendingException)
    unit.environmentStored()
    #expect(unit.control.rawValue == 0x037F && !unit.pendingException && unit.flags == 0x0004)
  }

  @Test("FLDENV takes only 'empty' from the tag word; an unmasked flag in the image becomes pending")
  func loadEnvironment() {
    var unit = X87(x(1), .zero)
    let image: [UInt8] = [0x7E, 0x03, 0x01, 0x30, 0xFF, 0xAF, 0, 0, 0, 0, 0, 0, 0, 0]
    image.withUnsafeBufferPointer {
      if let base = $0.baseAddress {
        unit.loadEnvironment(from: base, layout: .init(is32Bit: false, isProtected: true))
      }
    }
    // Registers 6 and 7 are tagged "special" in the image; their contents are 1 and 0.
    #expect(unit.tagWord == 0x4FFF && unit.pendingException && unit.statusWord == 0xB081)
  }
}
