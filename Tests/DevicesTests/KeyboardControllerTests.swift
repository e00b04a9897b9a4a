import Hardware
import Testing

@testable import Devices

struct KeyboardControllerTests {
  @Test("AAh: the self-test gives 55h, sets the system flag and switches both interfaces off")
  func selfTest() throws {
    let k = try KeyboardBench(enabled: false)
    #expect(k.bench.inp(0x64) & 0x04 == 0)
    k.command(0xAA)
    #expect(k.read() == 0x55)
    #expect(k.bench.inp(0x64) & 0x04 != 0)
    k.command(0x20)
    #expect(k.read() == 0x34)
  }

  @Test("IBF is set by a write until the firmware has taken it, bit 3 tells command from data")
  func inputBuffer() throws {
    let k = try KeyboardBench()
    k.bench.out(0x64, 0xAE)
    #expect(k.bench.inp(0x64) & 0x0A == 0x0A)
    k.bench.run(.microseconds(19))
    #expect(k.bench.inp(0x64) & 0x02 != 0)
    k.bench.run(.microseconds(2))
    #expect(k.bench.inp(0x64) & 0x02 == 0)
    k.bench.out(0x60, 0xEE)
    #expect(k.bench.inp(0x64) & 0x0A == 0x02)
  }

  @Test("20h-3Fh and 60h-7Fh read and write the controller's memory")
  func memory() throws {
    let k = try KeyboardBench()
    k.command(0x65)
    k.data(0x99)
    k.command(0x25)
    #expect(k.read() == 0x99)
    k.command(0x20)
    #expect(k.read() == 0x43)
  }

  @Test("A7h, A8h, ADh and AEh switch the interfaces by command byte bits 5 and 4")
  func interfaces() throws {
    let k = try KeyboardBench()
    for (command, expected): (UInt8, UInt8) in [(0xAD, 0x53), (0xA7, 0x73), (0xAE, 0x63), (0xA8, 0x43)] {
      k.command(command)
      k.command(0x20)
      #expect(k.read() == expected)
    }
  }

  @Test("A9h and ABh find no error, A4h no password, C0h gives the input port")
  func answers() throws {
    let k = try KeyboardBench()
    for (command, expected): (UInt8, UInt8) in [(0xA9, 0), (0xAB, 0), (0xA4, 0xF1), (0xC0, 0xB0)] {
      k.command(command)
      #expect(k.read() == expected)
    }
  }

  @Test("With the keyboard interface off its codes wait, on they arrive")
  func disabled() throws {
    let k = try KeyboardBench()
    k.command(0xAD)
    k.press(.a)
    k.release(.a)
    #expect(k.read() == nil)
    k.command(0xAE)
    #expect(k.readAll() == [0x1E, 0x9E])
  }

  @Test("A byte takes about 1 ms on the wire, then OBF and IRQ 1 come; reading the byte takes both back")
  func wire() throws {
    let k = try KeyboardBench()
    let edges = Edges(k.kbc.keyboardInterrupt, k.bench)
    let start = k.bench.now
    k.press(.a)
    k.bench.run(.microseconds(900))
    #expect(k.bench.inp(0x64) & 1 == 0)
    k.bench.run(.microseconds(100))
    #expect(k.bench.inp(0x64) & 0x21 == 0x01)
    #expect(edges.rises == [start + KeyboardController.byteTime])
    k.release(.a)
    k.bench.run(.milliseconds(5))
    #expect(edges.rises.count == 1, "the next byte waits until this one is read")
    #expect(k.bench.inp(0x60) == 0x1E)
    #expect(!k.kbc.keyboardInterrupt.level)
    k.bench.run(.milliseconds(2))  // F0h, which translation swallows, and the code
    #expect(edges.rises.count == 2)
    #expect(k.bench.inp(0x60) == 0x9E)
    #expect(k.bench.inp(0x60) == 0x9E, "an empty buffer reads the last byte")
  }

  @Test("Command byte bit 0 = 0 keeps IRQ 1 down, bit 6 = 0 leaves the codes untranslated")
  func commandByte() throws {
    let k = try KeyboardBench()
    k.command(0x60)
    k.data(0x00)
    k.press(.leftControl)
    k.release(.leftControl)
    #expect(k.readAll() == [0x14, 0xF0, 0x14])
    #expect(!k.kbc.keyboardInterrupt.level)
  }

  @Test("D0h and D1h read and write the output port; bit 1 is A20, open after reset")
  func outputPort() throws {
    let k = try KeyboardBench()
    #expect(k.kbc.a20.level)
    k.command(0xD1)
    k.data(0xDD)
    #expect(!k.kbc.a20.level)
    k.command(0xD0)
    #expect(k.read() == 0xCD)
    k.command(0xDF)
    #expect(k.kbc.a20.level)
    k.command(0xDD)
    #expect(!k.kbc.a20.level)
    k.bench.backplane.reset()
    #expect(k.kbc.a20.level)
  }

  @Test("FEh pulses the processor's reset, as does output port bit 0")
  func resetPulse() throws {
    let k = try KeyboardBench()
    let edges = Edges(k.kbc.resetRequest, k.bench)
    k.command(0xFE)
    #expect(edges.rises.count == 1 && edges.falls.count == 1)
    k.command(0xFF)
    k.command(0xF1)
    #expect(edges.rises.count == 1)
    k.command(0xD1)
    k.data(0xFE)
    #expect(k.kbc.resetRequest.level)
  }

  @Test("FDh pulses A20 low")
  func a20Pulse() throws {
    let k = try KeyboardBench()
    let edges = Edges(k.kbc.a20, k.bench)
    k.command(0xFD)
    #expect(edges.falls.count == 1 && edges.rises.count == 1)
  }

  @Test("D2h and D3h put a byte in the output buffer as the keyboard's or the mouse's")
  func loopback() throws {
    let k = try KeyboardBench()
    k.command(0xD2)
    k.data(0x55)
    #expect(k.kbc.keyboardInterrupt.level)
    #expect(k.bench.inp(0x64) & 0x20 == 0)
    #expect(k.read() == 0x55)
    k.command(0xD3)
    k.data(0x66)
    #expect(k.kbc.mouseInterrupt.level)
    #expect(k.bench.inp(0x64) & 0x20 != 0)
    #expect(k.read() == 0x66)
    #expect(!k.kbc.mouseInterrupt.level)
  }

  @Test("Answers wait for an output buffer that is full, and each makes its own interrupt")
  func queue() throws {
    let k = try KeyboardBench()
    let edges = Edges(k.kbc.keyboardInterrupt, k.bench)
    for byte: UInt8 in [1, 2, 3] {
      k.command(0xD2)
      k.data(byte)
    }
    #expect(k.readAll() == [1, 2, 3])
    #expect(edges.rises.count == 3)
  }

  @Test("C1h and C2h put half of the input port in the status")
  func poll() throws {
    let k = try KeyboardBench()
    k.command(0xC2)
    #expect(k.bench.inp(0x64) & 0xF0 == 0xB0)
    k.command(0xC1)
    #expect(k.bench.inp(0x64) & 0xF0 == 0x00)
    k.command(0xAE)
    #expect(k.bench.inp(0x64) & 0xF0 == 0x10)
  }

  @Test("E0h reads the test inputs: a disabled interface has its clock low")
  func testInputs() throws {
    let k = try KeyboardBench()
    k.command(0xE0)
    #expect(k.read() == 0x03)
    k.command(0xAD)
    k.command(0xE0)
    #expect(k.read() == 0x02)
  }

  @Test("A byte written to port 60h goes to the keyboard and switches its interface on")
  func toKeyboard() throws {
    let k = try KeyboardBench()
    k.command(0xAD)
    k.data(0xEE)
    #expect(k.read() == 0xEE)
    k.command(0x20)
    #expect(k.read() == 0x43)
  }
}
