import Hardware
import Testing

@testable import Devices

struct SerialPortTests {
  private final class Terminal { var bytes: [(UInt8, Instant)] = [] }

  /// 9600 baud, 8N1, OUT2 on.
  private func port(divisor: UInt16 = 12, fifo: UInt8 = 0) throws -> (Bench, SerialPort, Terminal) {
    let serial = SerialPort(.com1)
    let b = try Bench(serial)
    let terminal = Terminal()
    serial.sink = { [unowned b] byte in terminal.bytes.append((byte, b.now)) }
    b.out(0x3FB, 0x80)
    b.out(0x3F8, UInt8(truncatingIfNeeded: divisor))
    b.out(0x3F9, UInt8(truncatingIfNeeded: divisor >> 8))
    b.out(0x3FB, 0x03)
    b.out(0x3FC, 0x0B)
    if fifo != 0 { b.out(0x3FA, fifo) }
    return (b, serial, terminal)
  }
  private let character = Span(picoseconds: 10 * 12 * 16 * 1_000_000_000_000 / 1_843_200)

  @Test("With DLAB set registers 0 and 1 are the divisor latch")
  func divisorLatch() throws {
    let (b, serial, _) = try port(divisor: 0x1234)
    b.out(0x3FB, 0x83)
    #expect(b.inp(0x3F8) == 0x34)
    #expect(b.inp(0x3F9) == 0x12)
    #expect(serial.state.chip.divisor == 0x1234)
    b.out(0x3FB, 0x03)
    b.out(0x3F9, 0xFF)
    #expect(b.inp(0x3F9) == 0x0F, "IER has four bits")
    #expect(b.inp(0x3FB) == 0x03)
  }

  @Test("A character is sent in start, data and stop bit times at the programmed rate")
  func transmit() throws {
    let (b, _, terminal) = try port()
    let start = b.now
    b.out(0x3F8, 0x41)
    #expect(b.inp(0x3FD) == 0x20, "THR empty, the shift register isn't")
    b.out(0x3F8, 0x42)
    #expect(b.inp(0x3FD) == 0x00)
    b.run(.milliseconds(5))
    #expect(terminal.bytes.map(\.0) == [0x41, 0x42])
    #expect(b.inp(0x3FD) == 0x60)
    for (i, byte) in terminal.bytes.enumerated() {
      let late = byte.1 - (start + character * Int64(i + 1))
      #expect(late.picoseconds >= 0 && late < .microseconds(2))
    }
  }

  @Test(
    "Character length by LCR: data bits, parity, stop bits",
    arguments: [(0x00, 14), (0x03, 20), (0x0B, 22), (0x07, 22), (0x04, 15), (0x1E, 22)])
  func length(_ lcr: UInt8, _ halfBits: Int64) {
    var chip = NS16550()
    chip.write(3, 0x80)
    chip.write(0, 1)
    chip.write(3, lcr)
    #expect(chip.characterTicks == halfBits * 8)
  }

  @Test("Characters from the line arrive one by one at the programmed rate")
  func receive() throws {
    let (b, serial, _) = try port()
    serial.receive(0x31)
    serial.receive(0x32)
    b.run(.microseconds(900))
    #expect(b.inp(0x3FD) & 1 == 0)
    b.run(.microseconds(200))
    #expect(b.inp(0x3FD) & 1 == 1)
    #expect(b.inp(0x3F8) == 0x31)
    #expect(b.inp(0x3FD) & 1 == 0)
    b.run(.milliseconds(1))
    #expect(b.inp(0x3F8) == 0x32)
    #expect(b.inp(0x3F8) == 0x32)
  }

  @Test("Without FIFO an unread character is overrun by the next; OE is cleared by reading the LSR")
  func overrun() throws {
    let (b, serial, _) = try port()
    for byte: UInt8 in [1, 2, 3] { serial.receive(byte) }
    b.run(.milliseconds(5))
    #expect(b.inp(0x3FD) == 0x63)
    #expect(b.inp(0x3FD) == 0x61)
    #expect(b.inp(0x3F8) == 3)
  }

  @Test("With FIFO 16 characters are kept and the following are lost")
  func fifoOverrun() throws {
    let (b, serial, _) = try port(fifo: 0x01)
    for byte in UInt8(0)..<20 { serial.receive(byte) }
    b.run(.milliseconds(30))
    #expect(b.inp(0x3FD) & 0x02 != 0)
    #expect((0..<16).map { _ in b.inp(0x3F8) } == (0..<16).map { UInt8($0) })
    #expect(b.inp(0x3FD) & 1 == 0)
  }

  @Test("FIFO trigger levels", arguments: [(0x01, 1), (0x41, 4), (0x81, 8), (0xC1, 14)])
  func trigger(_ fcr: UInt8, _ level: Int) throws {
    let (b, serial, _) = try port(fifo: fcr)
    b.out(0x3F9, 0x01)
    for n in 1...level {
      #expect(!serial.interrupt.level)
      serial.receive(UInt8(n))
      b.run(.microseconds(1_100))
    }
    #expect(serial.interrupt.level)
    #expect(b.inp(0x3FA) == 0xC4)
    _ = b.inp(0x3F8)
    #expect(serial.interrupt.level == false)
  }

  @Test("Character time-out: four character times without arrival or read, cleared by a read")
  func timeout() throws {
    let (b, serial, _) = try port(fifo: 0xC1)
    b.out(0x3F9, 0x01)
    serial.receive(0x55)
    serial.receive(0x66)
    b.run(.microseconds(2 * 1_042 + 4 * 1_041))
    #expect(!serial.interrupt.level)
    b.run(.microseconds(20))
    #expect(b.inp(0x3FA) == 0xCC)
    #expect(b.inp(0x3F8) == 0x55)
    #expect(b.inp(0x3FA) == 0xC1)
    b.run(.milliseconds(5))
    #expect(b.inp(0x3FA) == 0xCC)
    #expect(b.inp(0x3F8) == 0x66)
    b.run(.milliseconds(50))
    #expect(b.inp(0x3FA) == 0xC1)
  }

  @Test("THRE interrupt: at once when enabled on an empty register, and each time it empties; IIR read clears it")
  func transmitterEmpty() throws {
    let (b, serial, _) = try port()
    b.out(0x3F9, 0x02)
    #expect(serial.interrupt.level)
    #expect(b.inp(0x3FA) == 0x02)
    #expect(!serial.interrupt.level)
    #expect(b.inp(0x3FA) == 0x01)
    b.out(0x3F8, 1)
    #expect(b.inp(0x3FA) == 0x02, "the shift register took it at once")
    b.out(0x3F8, 2)
    #expect(b.inp(0x3FA) == 0x01)
    b.run(.microseconds(1_100))
    #expect(b.inp(0x3FA) == 0x02)
  }

  @Test("Interrupt priorities: line status, received data, transmitter empty, modem status")
  func priorities() throws {
    let (b, serial, _) = try port()
    b.out(0x3F9, 0x0F)
    serial.setModemInputs(0x00)
    serial.receive(1)
    serial.receive(2)
    b.run(.milliseconds(3))
    #expect(b.inp(0x3FA) == 0x06)
    _ = b.inp(0x3FD)
    #expect(b.inp(0x3FA) == 0x04)
    _ = b.inp(0x3F8)
    #expect(b.inp(0x3FA) == 0x02)
    #expect(b.inp(0x3FA) == 0x00)
    #expect(b.inp(0x3FE) == 0x0B)
    #expect(b.inp(0x3FA) == 0x01)
    #expect(!serial.interrupt.level)
  }

  @Test("OUT2 gates the interrupt to the bus")
  func out2() throws {
    let (b, serial, _) = try port()
    b.out(0x3FC, 0x03)
    b.out(0x3F9, 0x02)
    #expect(!serial.interrupt.level)
    b.out(0x3FC, 0x0B)
    #expect(serial.interrupt.level)
    #expect(serial.dtr.level && serial.rts.level)
  }

  @Test("Modem status: levels in bits 7-4, changes in bits 3-0 until read; RI counts its trailing edge")
  func modem() throws {
    let (b, serial, _) = try port()
    #expect(b.inp(0x3FE) == 0xB0)
    serial.setModemInputs(0xF0)
    #expect(b.inp(0x3FE) == 0xF0)
    serial.setModemInputs(0x20)
    #expect(b.inp(0x3FE) == 0x2D)
    #expect(b.inp(0x3FE) == 0x20)
  }

  @Test("Loopback: what is sent is received, modem outputs come back as inputs, nothing leaves")
  func loopback() throws {
    let (b, serial, terminal) = try port()
    b.out(0x3FC, 0x1A)
    #expect(b.inp(0x3FE) & 0xF0 == 0x90)
    b.out(0x3FC, 0x15)
    #expect(b.inp(0x3FE) & 0xF0 == 0x60)
    #expect(!serial.dtr.level && !serial.interrupt.level)
    b.out(0x3F8, 0xA5)
    serial.receive(0x77)
    b.run(.milliseconds(3))
    #expect(b.inp(0x3F8) == 0xA5)
    #expect(b.inp(0x3FD) & 1 == 0)
    #expect(terminal.bytes.isEmpty)
    b.out(0x3FB, 0x43)
    #expect(b.inp(0x3FD) & 0x11 == 0x11, "a break comes in as a zero with BI")
    #expect(b.inp(0x3F8) == 0)
  }

  @Test("FCR: bits 1 and 2 clear the FIFOs, bit 0 switches both and clears them; IIR bits 7-6 show FIFOs on")
  func fifoControl() throws {
    let (b, serial, terminal) = try port(fifo: 0xC1)
    for byte in UInt8(0)..<5 { serial.receive(byte) }
    b.run(.milliseconds(6))
    b.out(0x3FA, 0xC3)
    #expect(b.inp(0x3FD) & 1 == 0)
    for byte in UInt8(0)..<10 { b.out(0x3F8, byte) }
    b.out(0x3FA, 0xC5)
    b.run(.milliseconds(20))
    #expect(terminal.bytes.map(\.0) == [0], "only the one in the shift register")
    b.out(0x3FA, 0x00)
    #expect(b.inp(0x3FA) & 0xC0 == 0)
  }

  @Test("The transmitter's FIFO takes 16 characters behind the shift register")
  func transmitFIFO() throws {
    let (b, _, terminal) = try port(fifo: 0x01)
    for byte in UInt8(0)..<20 { b.out(0x3F8, byte) }
    b.run(.milliseconds(30))
    #expect(terminal.bytes.map(\.0) == (0..<17).map { UInt8($0) })
  }

  @Test("Short words lose their upper bits; the scratch register keeps a byte")
  func words() throws {
    let (b, _, terminal) = try port()
    b.out(0x3FB, 0x00)
    b.out(0x3F8, 0xFF)
    b.run(.milliseconds(3))
    #expect(terminal.bytes.map(\.0) == [0x1F])
    b.out(0x3FF, 0x5A)
    #expect(b.inp(0x3FF) == 0x5A)
  }

  @Test("COM2 is at 2F8h with IRQ 3")
  func com2() throws {
    let serial = SerialPort(.com2)
    let b = try Bench(serial)
    #expect(b.backplane.interrupts.map(\.irq) == [3])
    b.out(0x2FF, 7)
    #expect(b.inp(0x2FF) == 7)
  }

  @Test("RESET clears the control registers and stops the transmitter")
  func reset() throws {
    let (b, serial, terminal) = try port()
    b.out(0x3F8, 1)
    b.backplane.reset()
    b.run(.milliseconds(5))
    #expect(terminal.bytes.isEmpty)
    #expect(b.inp(0x3FD) == 0x60)
    #expect(!serial.dtr.level)
  }
}
