import Hardware
import Testing

@testable import Devices

struct InterruptControllerTests {
  /// Initialised as the firmware of an AT does it: vectors 08h and 70h, cascade on IR2, 8086 mode.
  private func at(icw4: UInt8 = 0x01, slaveICW4: UInt8 = 0x01, icw1: UInt8 = 0x11) throws -> (
    Bench, InterruptController
  ) {
    let pic = InterruptController()
    let bench = try Bench(pic)
    bench.out(0x20, icw1)
    bench.out(0x21, 0x08, 0x04, icw4)
    bench.out(0xA0, icw1)
    bench.out(0xA1, 0x70, 0x02, slaveICW4)
    return (bench, pic)
  }

  private func irr(_ b: Bench, _ port: UInt16 = 0x20) -> UInt8 {
    b.out(port, 0x0A)
    return b.inp(port)
  }
  private func isr(_ b: Bench, _ port: UInt16 = 0x20) -> UInt8 {
    b.out(port, 0x0B)
    return b.inp(port)
  }

  @Test("Before the initialisation words the chip accepts no interrupt requests")
  func uninitialised() throws {
    let pic = InterruptController()
    let bench = try Bench(pic)
    pic.setRequest(0, true)
    #expect(!pic.intr.level)
    bench.out(0x20, 0x11)
    bench.out(0x21, 0x08)
    pic.setRequest(1, true)
    #expect(!pic.intr.level)
  }

  @Test("An interrupt request raises INT; INTA gives T7-T3 and the level, sets ISR and resets IRR")
  func acknowledge() throws {
    let (bench, pic) = try at()
    pic.setRequest(3, true)
    #expect(pic.intr.level)
    #expect(irr(bench) == 0x08)
    #expect(pic.acknowledge() == 0x0B)
    #expect(!pic.intr.level)
    #expect(irr(bench) == 0)
    #expect(isr(bench) == 0x08)
  }

  @Test("Fully nested: while a bit is in service, requests of the same or lower priority are held off, higher pass")
  func nested() throws {
    let (bench, pic) = try at()
    pic.setRequest(4, true)
    #expect(pic.acknowledge() == 0x0C)
    pic.setRequest(6, true)
    pic.setRequest(4, false)
    pic.setRequest(4, true)
    #expect(!pic.intr.level)
    pic.setRequest(1, true)
    #expect(pic.intr.level)
    #expect(pic.acknowledge() == 0x09)
    bench.out(0x20, 0x20)  // ends 1
    #expect(isr(bench) == 0x10)
    #expect(!pic.intr.level)
    bench.out(0x20, 0x20)  // ends 4
    #expect(pic.acknowledge() == 0x0C)
    bench.out(0x20, 0x20)
    #expect(pic.acknowledge() == 0x0E)
  }

  @Test("Edge triggered: a request is a low-to-high transition, held high another one needs it to go low")
  func edge() throws {
    let (bench, pic) = try at()
    pic.setRequest(5, true)
    _ = pic.acknowledge()
    bench.out(0x20, 0x20)
    #expect(!pic.intr.level)
    pic.setRequest(5, false)
    pic.setRequest(5, true)
    #expect(pic.intr.level)
  }

  @Test("Level triggered: a high input requests again after EOI")
  func level() throws {
    let (bench, pic) = try at(icw1: 0x19)
    pic.setRequest(5, true)
    #expect(pic.acknowledge() == 0x0D)
    #expect(!pic.intr.level)
    bench.out(0x20, 0x20)
    #expect(pic.intr.level)
    pic.setRequest(5, false)
    #expect(!pic.intr.level)
  }

  @Test("ICW1 resets the edge sense circuit: an input that stays high must go low first")
  func edgeReset() throws {
    let (bench, pic) = try at()
    pic.setRequest(3, true)
    bench.out(0x20, 0x11)
    bench.out(0x21, 0x08, 0x04, 0x01)
    #expect(irr(bench) == 0)
    #expect(!pic.intr.level)
  }

  @Test("ICW1 clears the mask, gives IR7 the lowest priority and sets status read to IRR")
  func icw1() throws {
    let (bench, pic) = try at()
    bench.out(0x21, 0xFF)
    bench.out(0x20, 0xC3)  // IR3 lowest
    bench.out(0x20, 0x0B)
    pic.setRequest(1, true)
    bench.out(0x20, 0x11)
    bench.out(0x21, 0x08, 0x04, 0x01)
    #expect(bench.inp(0x21) == 0)
    pic.setRequest(7, true)
    pic.setRequest(4, true)
    #expect(bench.inp(0x20) == 0x90)
    #expect(pic.acknowledge() == 0x0C)
  }

  @Test("A masked request sets IRR but not INT; unmasking lets it through")
  func mask() throws {
    let (bench, pic) = try at()
    bench.out(0x21, 0x02)
    pic.setRequest(1, true)
    #expect(!pic.intr.level)
    #expect(irr(bench) == 0x02)
    #expect(bench.inp(0x21) == 0x02)
    bench.out(0x21, 0)
    #expect(pic.intr.level)
  }

  @Test("If the request goes away before INTA a default level 7 is given, without its ISR bit")
  func spurious() throws {
    let (bench, pic) = try at()
    pic.setRequest(4, true)
    pic.setRequest(4, false)
    #expect(pic.acknowledge() == 0x0F)
    #expect(isr(bench) == 0)
    #expect(irr(bench) == 0)
  }

  @Test("A request that vanishes at the slave gives level 15 and leaves IR2 in service at the master")
  func spuriousSlave() throws {
    let (bench, pic) = try at()
    pic.setRequest(12, true)
    #expect(pic.intr.level)
    // Between the master's resolution and the slave's INTA.
    pic.state.slave.setInput(4, false)
    #expect(pic.acknowledge() == 0x77)
    #expect(isr(bench) == 0x04)
    #expect(isr(bench, 0xA0) == 0)
  }

  @Test("Cascade: the slave of the acknowledged input's identity gives the vector, both ISRs are set")
  func cascade() throws {
    let (bench, pic) = try at()
    pic.setRequest(8, true)
    #expect(irr(bench) == 0x04)
    #expect(pic.acknowledge() == 0x70)
    #expect(isr(bench) == 0x04)
    #expect(isr(bench, 0xA0) == 0x01)
    pic.setRequest(15, true)
    #expect(!pic.intr.level)
    bench.out(0xA0, 0x20)
    #expect(!pic.intr.level, "the master still has IR2 in service")
    bench.out(0x20, 0x20)
    #expect(pic.acknowledge() == 0x77)
  }

  @Test("IRQ 2 and numbers off the board can't be driven")
  func cascadeInput() throws {
    let (_, pic) = try at()
    for irq in [2, -1, 16, 1_000] { pic.setRequest(irq, true) }
    #expect(!pic.intr.level)
  }

  @Test("A slave of another identity doesn't answer: the bus floats")
  func identity() throws {
    let (bench, pic) = try at()
    bench.out(0xA0, 0x11)
    bench.out(0xA1, 0x70, 0x05, 0x01)
    pic.setRequest(9, true)
    #expect(pic.acknowledge() == 0xFF)
  }

  @Test("Special fully nested: requests of the slave in service that are higher within it pass the master")
  func specialFullyNested() throws {
    for special in [false, true] {
      let (bench, pic) = try at(icw4: special ? 0x11 : 0x01)
      pic.setRequest(14, true)
      #expect(pic.acknowledge() == 0x76)
      pic.setRequest(9, true)
      #expect(pic.intr.level == special)
      pic.setRequest(4, true)
      if special { #expect(pic.acknowledge() == 0x71) }
      // Lower inputs of the master stay blocked.
      bench.out(0xA0, 0x20)
      #expect(!pic.intr.level)
    }
  }

  @Test("Automatic EOI: ISR is reset with the last INTA")
  func autoEOI() throws {
    let (bench, pic) = try at(icw4: 0x03)
    pic.setRequest(6, true)
    #expect(pic.acknowledge() == 0x0E)
    #expect(isr(bench) == 0)
    pic.setRequest(7, true)
    #expect(pic.intr.level)
  }

  @Test("Rotate in automatic EOI mode: the level served becomes the lowest")
  func rotateAEOI() throws {
    let (bench, pic) = try at(icw4: 0x03)
    bench.out(0x20, 0x80)
    for irq in [0, 1] { pic.setRequest(irq, true) }
    #expect(pic.acknowledge() == 0x08)
    pic.setRequest(0, false)
    pic.setRequest(0, true)
    #expect(pic.acknowledge() == 0x09)
    #expect(pic.acknowledge() == 0x08)
    bench.out(0x20, 0x00)
    pic.setRequest(1, false)
    pic.setRequest(1, true)
    #expect(pic.acknowledge() == 0x09)
    #expect(pic.state.master.lowestPriority == 0)
  }

  @Test("Specific EOI resets the ISR bit of its level only")
  func specificEOI() throws {
    let (bench, pic) = try at()
    pic.setRequest(5, true)
    _ = pic.acknowledge()
    pic.setRequest(1, true)
    _ = pic.acknowledge()
    bench.out(0x20, 0x65)
    #expect(isr(bench) == 0x02)
    bench.out(0x20, 0x61)
    #expect(isr(bench) == 0)
  }

  @Test("Rotate on non-specific EOI: the highest in service is reset and becomes the lowest")
  func rotateEOI() throws {
    let (bench, pic) = try at()
    pic.setRequest(4, true)
    _ = pic.acknowledge()
    bench.out(0x20, 0xA0)
    #expect(isr(bench) == 0)
    pic.setRequest(4, false)
    pic.setRequest(4, true)
    pic.setRequest(7, true)
    #expect(pic.acknowledge() == 0x0F)
  }

  @Test("Rotate on specific EOI and set priority name the lowest level")
  func specificRotation() throws {
    let (bench, pic) = try at()
    pic.setRequest(3, true)
    _ = pic.acknowledge()
    bench.out(0x20, 0xE3)
    #expect(isr(bench) == 0)
    #expect(pic.state.master.lowestPriority == 3)
    bench.out(0x20, 0xC5)
    for irq in [5, 6, 0] { pic.setRequest(irq, true) }
    #expect(pic.acknowledge() == 0x0E)
  }

  @Test("Special mask mode: a masked level in service lets all other unmasked levels through")
  func specialMask() throws {
    let (bench, pic) = try at()
    pic.setRequest(1, true)
    _ = pic.acknowledge()
    pic.setRequest(6, true)
    bench.out(0x21, 0x02)
    #expect(!pic.intr.level)
    bench.out(0x20, 0x68)
    #expect(pic.intr.level)
    #expect(pic.acknowledge() == 0x0E)
    // A non-specific EOI passes over the masked bit.
    bench.out(0x20, 0x20)
    #expect(isr(bench) == 0x02)
    bench.out(0x20, 0x48)
    pic.setRequest(6, false)
    pic.setRequest(6, true)
    #expect(!pic.intr.level)
  }

  @Test("Poll: the next read acknowledges, and gives bit 7 and the level")
  func poll() throws {
    let (bench, pic) = try at()
    bench.out(0x20, 0x0C)
    #expect(bench.inp(0x20) == 0)
    pic.setRequest(5, true)
    bench.out(0x20, 0x0C)
    #expect(bench.inp(0x20) == 0x85)
    #expect(isr(bench) == 0x20)
    #expect(!pic.intr.level)
  }

  @Test("Reads at A0 = 0 give IRR or ISR as the last OCW3 said")
  func readRegister() throws {
    let (bench, pic) = try at()
    pic.setRequest(0, true)
    pic.setRequest(1, true)
    _ = pic.acknowledge()
    bench.out(0x20, 0x0B)
    #expect(bench.inp(0x20) == 0x01)
    #expect(bench.inp(0x20) == 0x01)
    bench.out(0x20, 0x08)  // RR = 0: no change
    #expect(bench.inp(0x20) == 0x01)
    bench.out(0x20, 0x0A)
    #expect(bench.inp(0x20) == 0x02)
  }

  @Test("SNGL and IC4 say which initialisation words follow")
  func sequence() throws {
    let (bench, pic) = try at()
    bench.out(0x20, 0x13)  // single, with ICW4
    bench.out(0x21, 0x20, 0x01, 0xAA)
    #expect(bench.inp(0x21) == 0xAA)
    bench.out(0x20, 0x12)  // single, no ICW4
    bench.out(0x21, 0x40, 0x55)
    #expect(bench.inp(0x21) == 0x55)
    pic.setRequest(3, true)
    #expect(pic.acknowledge() == 0x43)
  }
}
