import Devices
import Hardware
import Testing

@Suite struct VGAPictureTests {
  private let glyph: [UInt8] = [
    0x00, 0x81, 0x42, 0x24, 0x18, 0xFF, 0x01, 0x80, 0x55, 0xAA, 0x0F, 0xF0, 0x3C, 0xC3, 0x7E, 0x01,
  ]

  private func put(_ host: VGAHost, _ row: Int, _ column: Int, _ code: UInt8, _ attribute: UInt8, columns: Int = 80) {
    let at = UInt32(0xB_8000 + (row * columns + column) * 2)
    host.poke(at, code)
    host.poke(at + 1, attribute)
  }

  private func expected(_ bits: UInt8, _ foreground: UInt32, _ background: UInt32, ninth: Bool = false) -> [UInt32] {
    (0..<9).map { $0 < 8 ? (bits >> (7 - $0) & 1 == 1 ? foreground : background) : ninth ? foreground : background }
  }

  @Test("80x25: 720x400 dots, each character its glyph in its colours, nine dots wide")
  func cell() throws {
    let host = try VGAHost(.text80x25)
    host.loadGlyph(0x41, glyph)
    put(host, 3, 5, 0x41, 0x1E)
    let frame = host.picture()
    #expect(frame.width == 720 && frame.height == 400)
    #expect(abs(frame.aspect - 4.0 / 3.0) < 1e-9)
    for row in 0..<16 {
      let dots = host.dots(frame, x: 5 * 9, y: 3 * 16 + row, count: 9)
      #expect(dots == expected(glyph[row], host.color(0x3E), host.color(1)), "row \(row)")
    }
  }

  @Test("The ninth dot repeats the eighth for C0h-DFh while AR10 bit 2 is set, and is background else")
  func ninthDot() throws {
    let host = try VGAHost(.text80x25)
    let solid = [UInt8](repeating: 0xFF, count: 16)
    for code in [0xBF, 0xC0, 0xDF, 0xE0] { host.loadGlyph(code, solid) }
    for (at, code) in [UInt8(0xBF), 0xC0, 0xDF, 0xE0].enumerated() { put(host, 0, at, code, 0x07) }
    let white = host.color(7)
    let black = host.color(0)
    var frame = host.picture()
    #expect((0..<4).map { frame.pixels[$0 * 9 + 8] } == [black, white, white, black])
    host.writeAttribute(0x10, 0x08)
    frame = host.picture()
    #expect((0..<4).map { frame.pixels[$0 * 9 + 8] } == [black, black, black, black])
  }

  @Test("AR10 bit 3: attribute bit 7 blinks every 16 frames, or is background intensity")
  func blink() throws {
    let host = try VGAHost(.text80x25)
    host.loadGlyph(1, [UInt8](repeating: 0xF0, count: 16))
    put(host, 0, 2, 1, 0x9E)
    let yellow = host.color(0x3E)
    let blue = host.color(1)
    var lit = 0
    _ = host.picture()
    for _ in 0..<64 {
      let dots = host.dots(host.video.render().trimmed, x: 18, y: 0, count: 8)
      #expect(Array(dots[4...]) == [blue, blue, blue, blue])
      if dots[0] == yellow { lit += 1 } else { #expect(dots[0] == blue) }
      host.pass(.nanoseconds(14_268_060))
    }
    #expect(lit == 32)
    host.writeAttribute(0x10, 0x04)
    let dots = host.dots(host.picture(), x: 18, y: 0, count: 8)
    #expect(dots == [yellow, yellow, yellow, yellow] + [UInt32](repeating: host.color(0x39), count: 4))
  }

  @Test("The cursor covers lines start to end of its cell for 8 frames of 16; CR0A bit 5 hides it")
  func cursor() throws {
    let host = try VGAHost(.text80x25)
    put(host, 1, 3, 0, 0x07)
    host.write(0x3D4, 0x0E, 0)
    host.write(0x3D4, 0x0F, 83)
    let white = host.color(7)
    func lines() -> [Int] {
      let frame = host.video.render().trimmed
      return (0..<16).filter { host.dots(frame, x: 27, y: 16 + $0, count: 9) == [UInt32](repeating: white, count: 9) }
    }
    var seen = 0
    _ = host.picture()
    for _ in 0..<32 {
      let now = lines()
      if now == [13, 14] { seen += 1 } else { #expect(now == []) }
      host.pass(.nanoseconds(14_268_060))
    }
    #expect(seen == 16)
    #expect(host.video.textScreen()?.cursor?.row == 1)
    #expect(host.video.textScreen()?.cursor?.column == 3)
    host.write(0x3D4, 0x0A, 0x2D)
    _ = host.picture()
    for _ in 0..<32 {
      #expect(lines() == [])
      host.pass(.nanoseconds(14_268_060))
    }
    #expect(host.video.textScreen()?.cursor == nil)
  }

  @Test("SR03 chooses two fonts by attribute bit 3, at 0, 16, 32, 48, 8, 24, 40 and 56 KB")
  func fonts() throws {
    let host = try VGAHost(.text80x25)
    for (number, kilobytes) in [0, 16, 32, 48, 8, 24, 40, 56].enumerated() {
      host.loadGlyph(2, [UInt8(number + 1)], font: kilobytes * 1024)
    }
    put(host, 0, 0, 2, 0x07)
    put(host, 0, 1, 2, 0x0F)
    for b in 0..<8 {
      for a in 0..<8 {
        host.write(0x3C4, 3, UInt8(b & 3 | (b & 4) << 2 | (a & 3) << 2 | (a & 4) << 3))
        let frame = host.picture()
        #expect(host.dots(frame, x: 0, y: 0, count: 9) == expected(UInt8(b + 1), host.color(7), host.color(0)))
        #expect(host.dots(frame, x: 9, y: 0, count: 9) == expected(UInt8(a + 1), host.color(0x3F), host.color(0)))
      }
    }
  }

  @Test("Underline: foreground 1 on background 0 in the line CR14 names")
  func underline() throws {
    let host = try VGAHost(.text80x25)
    host.write(0x3D4, 0x14, 12)
    put(host, 0, 2, 0, 0x01)
    put(host, 0, 3, 0, 0x02)
    let frame = host.picture()
    #expect(host.dots(frame, x: 18, y: 12, count: 9) == [UInt32](repeating: host.color(1), count: 9))
    #expect(host.dots(frame, x: 18, y: 11, count: 9) == [UInt32](repeating: host.color(0), count: 9))
    #expect(host.dots(frame, x: 27, y: 12, count: 9) == [UInt32](repeating: host.color(0), count: 9))
  }

  @Test("40x25 has 360x400 dots, 80x50 rows of 8 lines; the text is read from memory as it is displayed")
  func otherSizes() throws {
    let host = try VGAHost(.text40x25)
    put(host, 24, 39, 0x5A, 0x07, columns: 40)
    var frame = host.picture()
    #expect(frame.width == 360 && frame.height == 400)
    var text = try #require(host.video.textScreen())
    #expect(text.columns == 40 && text.rows == 25)
    #expect(text.cells.last == 0x075A)
    host.set(.text80x50)
    put(host, 49, 79, 0x59, 0x07)
    frame = host.picture()
    #expect(frame.width == 720 && frame.height == 400)
    text = try #require(host.video.textScreen())
    #expect(text.columns == 80 && text.rows == 50)
    #expect(text.codes.last == 0x59)
    host.set(.graphics320x200x256)
    #expect(host.video.textScreen() == nil)
  }

  @Test("Start address, line compare, panning and preset row scan move the text")
  func scrolling() throws {
    let host = try VGAHost(.text80x25)
    host.loadGlyph(0x41, glyph)
    put(host, 2, 0, 0x41, 0x07)
    put(host, 0, 1, 0x42, 0x07)
    host.write(0x3D4, 0x0D, 160)
    var frame = host.picture()
    #expect(host.dots(frame, x: 0, y: 5, count: 8) == [UInt32](repeating: host.color(7), count: 8))
    #expect(host.video.textScreen()?.codes.first == 0x41)
    // Panning by 3 dots (values 0-7 are 1-8 dots with nine-dot characters).
    host.writeAttribute(0x13, 2)
    frame = host.picture()
    #expect(host.dots(frame, x: 0, y: 1, count: 6) == Array(expected(0x81, host.color(7), host.color(0))[3...]))
    host.writeAttribute(0x13, 8)
    host.write(0x3D4, 8, 5)
    frame = host.picture()
    #expect(host.dots(frame, x: 0, y: 0, count: 8) == [UInt32](repeating: host.color(7), count: 8))
    host.write(0x3D4, 8, 0)
    // Split at line 99: from line 100 on memory from 0.
    host.write(0x3D4, 0x11, 0)
    host.write(0x3D4, 0x07, 0x0F)
    host.write(0x3D4, 0x09, 0x0F)
    host.write(0x3D4, 0x18, 99)
    put(host, 0, 0, 0x41, 0x07)
    frame = host.picture()
    #expect(host.dots(frame, x: 0, y: 105, count: 8) == [UInt32](repeating: host.color(7), count: 8))
    let text = try #require(host.video.textScreen())
    #expect(text.cells[7 * 80] == 0x0741 && text.cells[7 * 80 + 1] == 0x0742)
  }

  @Test("A picture that hasn't changed keeps its serial; one that has gets a new one")
  func serial() throws {
    let host = try VGAHost(.text80x25)
    host.write(0x3D4, 0x0A, 0x20)
    host.loadGlyph(0x41, glyph)
    let first = host.picture()
    #expect(host.picture().serial == first.serial)
    host.outb(0x3C8, 0xF0)
    for _ in 0..<3 { host.outb(0x3C9, 0x15) }
    #expect(host.picture().serial == first.serial)
    put(host, 0, 0, 0x41, 0x07)
    #expect(host.picture().serial == first.serial + 1)
  }

  // MARK: Graphics

  @Test("Mode 13h: one byte a dot, two dot clocks wide, every line twice")
  func mode13() throws {
    let host = try VGAHost(.graphics320x200x256)
    for i in 0..<16 { host.poke(0xA_0000 + UInt32(320 * 7 + 100 + i), UInt8(i * 16 + 3)) }
    let frame = host.picture()
    #expect(frame.width == 640 && frame.height == 400)
    for i in 0..<16 {
      let color = host.color(UInt8(i * 16 + 3))
      for y in [14, 15] { #expect(host.dots(frame, x: 200 + i * 2, y: y, count: 2) == [color, color]) }
    }
  }

  @Test("Unchained 256 colours (mode X, 320x240): dot x lies in plane x & 3 at x / 4")
  func modeX() throws {
    let host = try VGAHost(.graphicsX)
    for x in 0..<8 {
      host.write(0x3C4, 2, 1 << UInt8(x & 3))
      host.poke(0xA_0000 + UInt32(80 * 100 + x / 4), UInt8(0x40 + x))
    }
    let frame = host.picture()
    #expect(frame.width == 640 && frame.height == 480)
    for x in 0..<8 { #expect(frame.pixels[200 * 640 + x * 2 + 1] == host.color(UInt8(0x40 + x))) }
  }

  @Test("Mode 12h: four planes make 16 colours, eight dots a byte")
  func mode12() throws {
    let host = try VGAHost(.graphics640x480x16)
    for plane in UInt8(0)..<4 {
      host.write(0x3C4, 2, 1 << plane)
      host.poke(0xA_0000 + 80 * 479 + 79, [0x55, 0x33, 0x0F, 0xAA][Int(plane)])
    }
    let frame = host.picture()
    #expect(frame.width == 640 && frame.height == 480)
    let palette: [UInt8] = [0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F]
    let colors = [8, 1, 10, 3, 12, 5, 14, 7].map { host.color(palette[$0]) }
    #expect(host.dots(frame, x: 632, y: 479, count: 8) == colors)
  }

  @Test("CGA 320x200: two bits a dot, odd lines 8 KB further on")
  func mode4() throws {
    let host = try VGAHost(.graphics320x200x4)
    host.poke(0xB_8000, 0b00_01_10_11)
    host.poke(0xB_8001, 0b11_10_01_00)
    host.poke(0xB_A000, 0b11_11_00_00)
    let frame = host.picture()
    #expect(frame.width == 320 && frame.height == 400)
    let colors = [0, 0x13, 0x15, 0x17].map { host.color($0) }
    #expect(host.dots(frame, x: 0, y: 0, count: 8) == [0, 1, 2, 3, 3, 2, 1, 0].map { colors[$0] })
    #expect(host.dots(frame, x: 0, y: 1, count: 8) == host.dots(frame, x: 0, y: 0, count: 8))
    #expect(host.dots(frame, x: 0, y: 2, count: 5) == [3, 3, 0, 0, 0].map { colors[$0] })
  }

  @Test("Screen off is black; without PAS the screen shows the overscan colour")
  func blank() throws {
    let host = try VGAHost(.graphics320x200x256)
    host.writeAttribute(0x11, 0x3F)
    _ = host.inb(0x3DA)
    host.outb(0x3C0, 0)
    #expect(Set(host.picture().pixels) == [host.color(0x3F)])
    host.outb(0x3C0, 0)
    _ = host.inb(0x3DA)
    host.outb(0x3C0, 0x20)
    host.write(0x3C4, 1, 0x21)
    #expect(Set(host.picture().pixels) == [0])
  }

  // MARK: Whole

  @Test("A saved state shows the same picture in a new machine, at the same beam position")
  func savedState() throws {
    let host = try VGAHost(.text80x25)
    host.loadGlyph(0x41, glyph)
    put(host, 3, 5, 0x41, 0x9E)
    host.pass(.milliseconds(777))
    let saved = try SavedValue(serialized: host.backplane.savedState().serialized())
    let other = try VGAHost()
    #expect(try other.backplane.load(saved) == [])
    for _ in 0..<200 {
      #expect(host.inb(0x3DA) == other.inb(0x3DA))
      host.pass(.microseconds(97))
      other.pass(.microseconds(97))
    }
    host.pass(.milliseconds(30))
    other.pass(.milliseconds(30))
    #expect(host.video.render().pixels == other.video.render().pixels)
    #expect(try host.backplane.savedState() == other.backplane.savedState())
  }

  @Test(
    "Random registers give a picture of bounded size and never trap", arguments: [VideoAdapter.Card.vga, .et4000])
  func fuzz(card: VideoAdapter.Card) throws {
    var seed: UInt64 = 0xDEAD_BEEF_1234_5677
    func random() -> UInt64 {
      seed ^= seed << 13
      seed ^= seed >> 7
      seed ^= seed << 17
      return seed
    }
    let host = try VGAHost(.text80x25, card: card)
    for i in UInt32(0)..<0x8000 { host.poke(0xB_8000 + i, UInt8(truncatingIfNeeded: random())) }
    for round in 0..<60 {
      for _ in 0..<40 {
        let r = random()
        let ports: [UInt16] = [
          0x3C0, 0x3C2, 0x3C4, 0x3C5, 0x3C6, 0x3C7, 0x3C8, 0x3C9, 0x3CE, 0x3CF, 0x3D4, 0x3D5, 0x3D4, 0x3D5, 0x3DA,
          0x3B4,
          0x3B5, 0x3BA, 0x3CD, 0x3D8, 0x3BF,
        ]
        let port = ports[Int(r >> 8) % ports.count]
        if r & 7 == 0 { _ = host.inb(port) } else { host.outb(port, UInt8(truncatingIfNeeded: r >> 32)) }
        let address = 0xA_0000 + UInt32(r >> 40) % 0x1_FFFC
        if r & 8 == 0 {
          host.backplane.memory.write(address, size: [1, 2, 4][Int(r >> 12) % 3], UInt32(truncatingIfNeeded: r))
        } else {
          _ = host.backplane.memory.read(address, size: [1, 2, 4][Int(r >> 12) % 3])
        }
        host.pass(.microseconds(Int64(r >> 50)))
      }
      host.outb(0x3C2, 0x63)
      host.write(0x3C4, 0, 3)
      if round % 3 == 0 {
        host.outb(0x3BF, 3)
        host.outb(0x3D8, 0xA0)
        host.write(0x3D4, 0x30 + UInt8(random() & 15), UInt8(truncatingIfNeeded: random()))
        host.write(0x3C4, 7, UInt8(truncatingIfNeeded: random()))
        host.writeAttribute(0x16, UInt8(truncatingIfNeeded: random()))
      }
      if round % 4 == 0 {
        host.write(0x3D4, 0x17, 0x80 | UInt8(truncatingIfNeeded: random()))
        _ = host.inb(0x3DA)
        host.outb(0x3C0, 0x20)
      }
      let frame = host.video.render()
      #expect(frame.pixels.count == frame.width * frame.height)
      #expect(frame.width <= 4400 && frame.height <= 2048)
      _ = host.video.textScreen()
      let now = host.backplane.scheduler.now
      let next = host.video.nextFrameTime(after: now)
      #expect(next > now && next <= now + .milliseconds(50))
    }
  }
}
