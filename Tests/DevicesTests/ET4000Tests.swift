import Devices
import Hardware
import Testing

@Suite struct ET4000Tests {
  private func card(_ mode: VGAMode? = nil) throws -> VGAHost { try VGAHost(mode, card: .et4000) }

  private func unlock(_ host: VGAHost) {
    host.outb(0x3BF, 3)
    host.outb(0x3D8, 0xA0)
  }

  @Test("The KEY, 3 to 3BFh and A0h to 3D8h, opens the extended CRT controller registers but for 33h and 35h")
  func key() throws {
    let host = try card(.text80x25)
    host.write(0x3D4, 0x34, 2)
    #expect(host.read(0x3D4, 0x34) == 0xFF)
    host.write(0x3D4, 0x33, 0x0F)
    #expect(host.read(0x3D4, 0x33) == 0x0F)
    host.outb(0x3D8, 0xA0)
    host.write(0x3D4, 0x34, 2)
    #expect(host.read(0x3D4, 0x34) == 0xFF)
    unlock(host)
    host.write(0x3D4, 0x34, 2)
    #expect(host.read(0x3D4, 0x34) == 2)
    host.outb(0x3D8, 0x29)
    #expect(host.read(0x3D4, 0x34) == 0xFF)
    // A plain VGA has none of it.
    let plain = try VGAHost(.text80x25)
    plain.write(0x3D4, 0x33, 0x0F)
    #expect(plain.read(0x3D4, 0x33) == 0)
    plain.outb(0x3CD, 0x11)
    #expect(plain.inb(0x3CD) == 0xFF)
  }

  @Test("3CDh chooses the 64 KB segment for writes in bits 3-0 and for reads in bits 7-4")
  func segments() throws {
    let host = try card(.graphics1024x768x256)
    for segment in UInt8(0)..<16 {
      host.outb(0x3CD, segment)
      host.poke(0xA_0123, 0x40 + segment)
    }
    for segment in UInt8(0)..<16 {
      host.outb(0x3CD, segment << 4)
      #expect(host.peek(0xA_0123) == 0x40 + segment)
      #expect(host.inb(0x3CD) == segment << 4)
    }
  }

  @Test("Without AR10 bit 6 a byte is a dot, at eight times CR13 bytes from line to line, start in fours of bytes")
  func bytes() throws {
    let host = try card(.graphics1024x768x256)
    host.write(0x3C4, 7, 0xBC)
    let at = 1024 * 700 + 77
    host.outb(0x3CD, UInt8(at >> 16))
    host.poke(0xA_0000 + UInt32(at & 0xFFFF), 0x2A)
    var frame = host.picture()
    #expect(frame.width == 1024 && frame.height == 768)
    #expect(frame.pixels[at] == host.color(0x2A))
    // Twenty lines and twelve dots further on.
    let start = (1024 * 20 + 12) / 4
    host.write(0x3D4, 0x33, UInt8(start >> 16))
    host.write(0x3D4, 0x0C, UInt8(start >> 8 & 0xFF))
    host.write(0x3D4, 0x0D, UInt8(start & 0xFF))
    frame = host.picture()
    #expect(frame.pixels[1024 * 680 + 65] == host.color(0x2A))
  }

  @Test("The HiColor DAC's control register answers to the access after four reads of 3C6h")
  func dac() throws {
    let host = try card(.text80x25)
    for _ in 0..<4 { #expect(host.inb(0x3C6) == 0xFF) }
    host.outb(0x3C6, 0x80)
    for _ in 0..<4 { #expect(host.inb(0x3C6) == 0xFF) }
    #expect(host.inb(0x3C6) == 0x80)
    #expect(host.inb(0x3C6) == 0xFF)
    // An access elsewhere begins anew.
    for _ in 0..<3 { _ = host.inb(0x3C6) }
    host.outb(0x3C8, 0)
    #expect(host.inb(0x3C6) == 0xFF)
    #expect(host.inb(0x3C6) == 0xFF)
  }

  @Test("Sixteen bits a dot, 5-5-5 or 5-6-5, past the palette; AR16 bit 5 keeps eight dots a character")
  func hiColor() throws {
    var mode = VGAMode.graphics640x480x16
    mode.sequencer[4] = 0x0E
    mode.graphics[5] = 0x40
    mode.crt[0x13] = 0xA0
    mode.attribute[0x10] = 1
    let host = try card(mode)
    host.writeAttribute(0x16, 0x20)
    for _ in 0..<4 { _ = host.inb(0x3C6) }
    host.outb(0x3C6, 0x80)
    host.backplane.memory.write(0xA_0000, size: 2, 0x7C1F)
    host.backplane.memory.write(0xA_0000 + 1280, size: 2, 0x03E0)
    var frame = host.picture()
    #expect(frame.width == 640 && frame.height == 480)
    #expect(abs(frame.refreshRate - 59.94) < 0.01)
    #expect(frame.pixels[0] == 0xFF00FF && frame.pixels[640] == 0x00FF00)
    for _ in 0..<4 { _ = host.inb(0x3C6) }
    host.outb(0x3C6, 0xC0)
    host.backplane.memory.write(0xA_0000, size: 2, 0xF81F)
    host.backplane.memory.write(0xA_0000 + 1280, size: 2, 0x07E0)
    frame = host.picture()
    #expect(frame.pixels[0] == 0xFF00FF && frame.pixels[640] == 0x00FF00)
  }

  @Test("Chained modes pack four dots into an offset: plane 0 of offset 1 is dot 4")
  func packed() throws {
    let host = try card(.graphics320x200x256)
    host.poke(0xA_0004, 0x33)
    let frame = host.picture()
    #expect(frame.pixels[8] == host.color(0x33))
    host.write(0x3C4, 4, 6)
    host.write(0x3CE, 5, 0)
    #expect(host.peek(0xA_0001) == 0x33)
  }

  @Test("A state of an ET4000 comes back with its megabyte, its segments and its picture")
  func savedState() throws {
    let host = try card(.graphics1024x768x256)
    for segment in UInt8(0)..<12 {
      host.outb(0x3CD, segment)
      for i in UInt32(0)..<64 { host.poke(0xA_0000 + i * 1000, UInt8(truncatingIfNeeded: i) &+ segment) }
    }
    let saved = try SavedValue(serialized: host.backplane.savedState().serialized())
    let other = try card()
    #expect(try other.backplane.load(saved) == [])
    #expect(other.inb(0x3CD) == 11)
    #expect(host.picture().pixels == other.picture().pixels)
    #expect(throws: SavedStateError.self) { try VGAHost().backplane.load(saved) }
  }
}
