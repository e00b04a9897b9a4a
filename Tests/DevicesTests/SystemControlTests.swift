import Hardware
import Testing

@testable import Devices

struct SystemControlTests {
  @Test("Port 61h bits 0 and 1 drive timer gate 2 and the speaker; bits 3-0 read back")
  func speaker() throws {
    let system = SystemControl()
    let b = try Bench(system)
    b.out(0x61, 0xF3)
    #expect(b.inp(0x61) == 0x03)
    #expect(system.gate2.level && system.speakerData.level)
    b.out(0x61, 0x01)
    #expect(system.gate2.level && !system.speakerData.level)
  }

  @Test("Port 61h bit 4 changes with every refresh, bit 5 follows timer 2: asked for, or told")
  func inputs() throws {
    let pit = IntervalTimer()
    let system = SystemControl()
    let b = try Bench(pit, system)
    system.timer2.level = { pit.output(2) }
    system.refresh.level = { pit.refreshToggle }
    system.gate2.connect { pit.setGate(2, $0) }
    b.out(0x43, 0x54, 0xB0)
    b.out(0x41, 18)
    b.out(0x61, 0x01)
    b.out(0x42, 0xE8, 0x03)
    var toggles = 0
    var last = b.inp(0x61) & 0x10
    for _ in 0..<1_000 {
      b.run(.microseconds(1))
      if b.inp(0x61) & 0x10 != last { toggles += 1 }
      last = b.inp(0x61) & 0x10
    }
    // 15.0857 us each.
    #expect(toggles == 66)
    #expect(b.inp(0x61) & 0x20 != 0)
    let told = SystemControl()
    let c = try Bench(told)
    told.setRefresh(true)
    told.setTimer2Output(true)
    #expect(c.inp(0x61) == 0x30)
  }

  @Test("A parity error or channel check is latched, reads in bits 7 and 6, raises NMI, and is cleared by bits 2 and 3")
  func nmi() throws {
    let system = SystemControl()
    let b = try Bench(system)
    system.reportParityError()
    #expect(b.inp(0x61) == 0x80)
    #expect(system.nmi.level)
    b.out(0x61, 0x04)
    #expect(b.inp(0x61) == 0x04)
    #expect(!system.nmi.level)
    system.reportParityError()
    #expect(!system.nmi.level)
    system.reportChannelCheck()
    #expect(b.inp(0x61) == 0x44)
    #expect(system.nmi.level)
    b.out(0x61, 0x0C)
    #expect(!system.nmi.level)
  }

  @Test("Port 92h bit 1 opens A20, bit 0 going from 0 to 1 pulses the processor's reset once")
  func portA() throws {
    let system = SystemControl()
    let b = try Bench(system)
    let resets = Edges(system.fastReset, b)
    #expect(b.inp(0x92) == 0)
    b.out(0x92, 0x02)
    #expect(system.fastA20.level)
    #expect(b.inp(0x92) == 0x02)
    b.out(0x92, 0x03)
    b.out(0x92, 0x03)
    #expect(resets.rises.count == 1)
    b.out(0x92, 0x00)
    #expect(!system.fastA20.level)
    b.out(0x92, 0x01)
    #expect(resets.rises.count == 2)
  }

  @Test("Ports 80h and 84h keep the last POST code")
  func post() throws {
    let system = SystemControl()
    let b = try Bench(system)
    var codes: [UInt8] = []
    system.postSink = { codes.append($0) }
    b.out(0x80, 0x11, 0x22)
    b.out(0x84, 0x33)
    #expect(b.inp(0x80) == 0x22)
    #expect(b.inp(0x84) == 0x33)
    #expect(codes == [0x11, 0x22])
  }

  @Test("RESET closes fast A20 and switches the speaker off")
  func reset() throws {
    let system = SystemControl()
    let b = try Bench(system)
    b.out(0x92, 0x02)
    b.out(0x61, 0x03)
    b.backplane.reset()
    #expect(!system.fastA20.level && !system.gate2.level && !system.speakerData.level)
  }
}

struct DebugPortTests {
  @Test("Port E9h reads E9h and sends what is written to the sink")
  func port() throws {
    let debug = DebugPort()
    let b = try Bench(debug)
    b.out(0xE9, 0x40)
    var text = ""
    debug.sink = { text.append(Character(UnicodeScalar($0))) }
    for c in "hello".utf8 { b.out(0xE9, c) }
    #expect(text == "hello")
    #expect(b.inp(0xE9) == 0xE9)
  }
}

struct ParallelPortTests {
  @Test("Strobe prints the data latch; BUSY until the printer has acknowledged")
  func strobe() throws {
    let lpt = ParallelPort()
    let b = try Bench(lpt)
    var printed: [UInt8] = []
    lpt.sink = { printed.append($0) }
    #expect(b.inp(0x379) == 0xDF)
    b.out(0x378, 0x41)
    b.out(0x37A, 0x0D, 0x0C)
    #expect(printed == [0x41])
    #expect(b.inp(0x379) == 0x5F, "busy")
    b.run(.microseconds(11))
    #expect(b.inp(0x379) == 0x1F, "busy, acknowledge")
    b.run(.microseconds(10))
    #expect(b.inp(0x379) == 0xDF)
    #expect(b.inp(0x378) == 0x41)
    #expect(b.inp(0x37A) == 0xCC)
  }

  @Test("A strobe while busy is not seen")
  func busy() throws {
    let lpt = ParallelPort()
    let b = try Bench(lpt)
    var printed = 0
    lpt.sink = { _ in printed += 1 }
    b.out(0x37A, 0x01, 0x00, 0x01)
    #expect(printed == 1)
  }

  @Test("Control bit 4 lets the acknowledge pulse through to IRQ 7")
  func interrupt() throws {
    let lpt = ParallelPort()
    let b = try Bench(lpt)
    let edges = Edges(lpt.interrupt, b)
    b.out(0x37A, 0x01, 0x00)
    b.run(.milliseconds(1))
    #expect(edges.rises.isEmpty)
    b.out(0x37A, 0x11, 0x10)
    b.run(.milliseconds(1))
    #expect(edges.rises.count == 1)
    #expect(edges.falls.count == 1)
  }

  @Test("Control bit 5 turns the data lines round: nothing drives them")
  func direction() throws {
    let b = try Bench(ParallelPort())
    b.out(0x378, 0x00)
    b.out(0x37A, 0x20)
    #expect(b.inp(0x378) == 0xFF)
  }
}
