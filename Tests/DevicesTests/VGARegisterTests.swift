import Devices
import Hardware
import Testing

@Suite struct VGARegisterTests {
  @Test("Every register reads back the bits that exist; the others read 0")
  func readBack() throws {
    let host = try VGAHost(.text80x25)
    let sequencer: [UInt8] = [0x03, 0x3D, 0x0F, 0x3F, 0x0E, 0, 0, 0]
    let graphics: [UInt8] = [0x0F, 0x0F, 0x0F, 0x1F, 0x03, 0x7B, 0x0F, 0x0F, 0xFF, 0]
    var crt = [UInt8](repeating: 0xFF, count: 25) + [0, 0]
    crt[0x08] = 0x7F
    crt[0x0A] = 0x3F
    crt[0x0B] = 0x7F
    crt[0x14] = 0x7F
    crt[0x17] = 0xEF
    for value: UInt8 in [0x00, 0xFF, 0x55, 0xAA, 0x3C] {
      for (i, mask) in sequencer.enumerated() {
        host.write(0x3C4, UInt8(i), value)
        #expect(host.read(0x3C4, UInt8(i)) == value & mask)
      }
      for (i, mask) in graphics.enumerated() {
        host.write(0x3CE, UInt8(i), value)
        #expect(host.read(0x3CE, UInt8(i)) == value & mask)
      }
      for (i, mask) in crt.enumerated() {
        host.write(0x3D4, 0x11, 0)
        host.write(0x3D4, UInt8(i), value)
        #expect(host.read(0x3D4, UInt8(i)) == value & mask, "CR \(i)")
      }
      let attribute: [UInt8] = [UInt8](repeating: 0x3F, count: 16) + [0xEF, 0xFF, 0x3F, 0x0F, 0x0F, 0, 0]
      for (i, mask) in attribute.enumerated() {
        host.writeAttribute(UInt8(i), value)
        _ = host.inb(0x3DA)
        host.outb(0x3C0, UInt8(i) | 0x20)
        #expect(host.inb(0x3C1) == value & mask, "AR \(i)")
      }
    }
    host.outb(0x3C4, 0xFF)
    #expect(host.inb(0x3C4) == 7)
    host.outb(0x3CE, 0xFF)
    #expect(host.inb(0x3CE) == 0x0F)
    host.outb(0x3D4, 0xFF)
    #expect(host.inb(0x3D4) == 0x3F)
  }

  @Test("CR11 bit 7 protects CR00-CR07, except the line compare bit in CR07")
  func protection() throws {
    let host = try VGAHost(.text80x25)
    for i in UInt8(0)...7 { host.write(0x3D4, i, 0) }
    #expect(host.read(0x3D4, 0) == 0x5F)
    #expect(host.read(0x3D4, 6) == 0xBF)
    #expect(host.read(0x3D4, 7) == 0x0F)
    host.write(0x3D4, 7, 0x10)
    #expect(host.read(0x3D4, 7) == 0x1F)
    host.write(0x3D4, 0x11, 0x0E)
    host.write(0x3D4, 0, 0x12)
    #expect(host.read(0x3D4, 0) == 0x12)
  }

  @Test("3C0h takes index and data in turn; reading input status 1 makes the next write an index")
  func flipFlop() throws {
    let host = try VGAHost(.text80x25)
    _ = host.inb(0x3DA)
    host.outb(0x3C0, 0x01)
    host.outb(0x3C0, 0x2A)
    host.outb(0x3C0, 0x02)
    _ = host.inb(0x3DA)
    host.outb(0x3C0, 0x21)
    #expect(host.inb(0x3C0) == 0x21)
    #expect(host.inb(0x3C1) == 0x2A)
  }

  @Test("Miscellaneous output bit 0 moves the CRT controller between 3B4h and 3D4h")
  func monochrome() throws {
    let host = try VGAHost(.text80x25)
    #expect(host.inb(0x3B5) == 0xFF)
    #expect(host.inb(0x3CC) == 0x67)
    host.outb(0x3C2, 0x66)
    host.outb(0x3B4, 0x13)
    #expect(host.inb(0x3B5) == 0x28)
    #expect(host.inb(0x3D5) == 0xFF)
    #expect(host.inb(0x3DA) == 0xFF)
    host.outb(0x3BA, 1)
    #expect(host.inb(0x3CA) == 1)
  }

  @Test("The DAC takes three 6-bit components a colour and steps its address")
  func dac() throws {
    let host = try VGAHost(.text80x25)
    host.outb(0x3C8, 0x10)
    for v: UInt8 in [0xFF, 0x12, 0x23, 1, 2, 3] { host.outb(0x3C9, v) }
    #expect(host.inb(0x3C8) == 0x12)
    #expect(host.inb(0x3C7) == 0)
    host.outb(0x3C7, 0x10)
    #expect(host.inb(0x3C7) == 3)
    #expect((0..<6).map { _ in host.inb(0x3C9) } == [0x3F, 0x12, 0x23, 1, 2, 3])
    // A colour that isn't complete isn't stored.
    host.outb(0x3C8, 0x10)
    host.outb(0x3C9, 7)
    host.outb(0x3C7, 0x10)
    #expect(host.inb(0x3C9) == 0x3F)
    host.outb(0x3C6, 0x0F)
    #expect(host.inb(0x3C6) == 0x0F)
  }

  @Test("46E8h bit 3 and 3C3h bit 0 switch ports and memory off")
  func enable() throws {
    let host = try VGAHost(.text80x25)
    host.poke(0xB_8000, 0x41)
    for port: UInt16 in [0x46E8, 0x3C3] {
      host.outb(port, 0)
      #expect(host.inb(0x3C4) == 0xFF)
      #expect(host.peek(0xB_8000) == 0xFF)
      host.outb(port, port == 0x3C3 ? 1 : 8)
      #expect(host.peek(0xB_8000) == 0x41)
    }
  }

  // MARK: Time

  @Test("Text mode: 449 lines of 900 dots at 28.322 MHz, 70.087 frames per second, retrace in lines 412 and 413")
  func textTiming() throws {
    let host = try VGAHost(.text80x25)
    #expect(abs(host.video.refreshRate - 70.086612) < 0.000001)
    let line = 900.0 / 28.322e6
    let start = Double(host.backplane.scheduler.now.picoseconds)
    // The origin is where the CRT controller happens to be: find the start of a retrace first.
    while host.inb(0x3DA) & 8 != 0 { host.pass(.nanoseconds(100)) }
    while host.inb(0x3DA) & 8 == 0 { host.pass(.nanoseconds(100)) }
    let retrace = host.backplane.scheduler.now
    var high = 0
    var blank = 0
    let samples = 100_000
    for i in 1...samples {
      let t = retrace + Span(picoseconds: Int64(Double(i) / Double(samples) * 449 * line * 1e12))
      host.backplane.scheduler.advance(to: t)
      let status = host.inb(0x3DA)
      if status & 8 != 0 { high += 1 }
      if status & 1 != 0 { blank += 1 }
    }
    #expect(abs(Double(high) / Double(samples) - 2.0 / 449) < 0.0001)
    #expect(abs(Double(blank) / Double(samples) - (1 - 0.8 * 400 / 449)) < 0.001)
    _ = start
  }

  @Test("Mode 13h has 449 lines of 31.7776 us: 70.086 frames per second; mode 12h 525 lines: 59.940")
  func graphicsTiming() throws {
    let host = try VGAHost(.graphics320x200x256)
    #expect(abs(host.video.refreshRate - 70.086303) < 0.000001)
    host.set(.graphics640x480x16)
    #expect(abs(host.video.refreshRate - 59.940476) < 0.000001)
    host.set(.graphics320x200x4)
    #expect(abs(host.video.refreshRate - 70.086303) < 0.000001)
    host.set(.text40x25)
    #expect(abs(host.video.refreshRate - 70.086612) < 0.000001)
  }

  @Test("Frames don't drift: after 24 hours retrace begins where the clock says")
  func drift() throws {
    let host = try VGAHost(.graphics320x200x256)
    let first = host.video.nextFrameTime(after: host.backplane.scheduler.now)
    host.backplane.scheduler.advance(to: first + .seconds(86_400))
    let next = host.video.nextFrameTime(after: host.backplane.scheduler.now)
    let frame = 800.0 * 449 / 25.175e6
    let frames = Double((next - first).picoseconds) / 1e12 / frame
    #expect(abs(frames - frames.rounded()) < 1e-6)
  }

  @Test("Input status 0 bit 7 is set by vertical retrace and cleared by CR11 bit 4")
  func interruptFlag() throws {
    let host = try VGAHost(.text80x25)
    host.write(0x3D4, 0x11, 0x0E & 0x0F)
    host.pass(.milliseconds(40))
    #expect(host.inb(0x3C2) & 0x80 == 0)
    host.write(0x3D4, 0x11, 0x1E)
    #expect(host.inb(0x3C2) & 0x80 == 0)
    host.pass(.milliseconds(15))
    #expect(host.inb(0x3C2) & 0x80 != 0)
    host.write(0x3D4, 0x11, 0x0E)
    host.write(0x3D4, 0x11, 0x1E)
    #expect(host.inb(0x3C2) & 0x80 == 0)
  }
}
