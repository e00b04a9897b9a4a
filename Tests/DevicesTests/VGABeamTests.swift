import Devices
import Hardware
import Testing

/// What is written while the beam is on its way shows from there on.
@Suite struct VGABeamTests {
  /// Passes to the start of line `line` of a mode with 800 or 900 dots a line, plus `dots`, in the next frame.
  private func wait(_ host: VGAHost, line: Int, dots: Int = 0, mode: (clock: Double, total: Int, lines: Int, sync: Int))
  {
    // `nextFrameTime` gives no moment sooner than 4 ms ahead: then the retrace lies between.
    var start = host.backplane.scheduler.now + .milliseconds(20)
    if host.video.nextFrameTime(after: start) == start + .milliseconds(4) { start = start + .milliseconds(5) }
    let retrace = host.video.nextFrameTime(after: start)
    let ticks = Double((mode.lines - mode.sync + line) * mode.total + dots)
    host.backplane.scheduler.advance(to: retrace + Span(picoseconds: Int64(ticks / mode.clock * 1e12) + 1000))
  }
  private let mode13 = (clock: 25.175e6, total: 800, lines: 449, sync: 412)

  private func setColor(_ host: VGAHost, _ index: UInt8, _ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    host.outb(0x3C8, index)
    for v in [red, green, blue] { host.outb(0x3C9, v) }
  }

  /// The picture that is being drawn, complete.
  private func finish(_ host: VGAHost) -> VideoFrame {
    let next = host.video.nextFrameTime(after: host.backplane.scheduler.now)
    host.backplane.scheduler.advance(to: next)
    return host.video.render()
  }

  @Test("A colour changed in mid-line has its new value from the dot the beam is at")
  func paletteInLine() throws {
    let host = try VGAHost(.graphics320x200x256)
    setColor(host, 0, 63, 0, 0)
    wait(host, line: 100, dots: 200, mode: mode13)
    setColor(host, 0, 0, 63, 0)
    wait(host, line: 100, mode: mode13)
    setColor(host, 0, 63, 0, 0)
    host.pass(Span(picoseconds: Int64(200 / 25.175e6 * 1e12)))
    setColor(host, 0, 0, 63, 0)
    let frame = finish(host)
    let b = frame.border
    #expect(b == VideoFrame.Border(left: 8, top: 7, right: 8, bottom: 7))
    let line = host.dots(frame, x: b.left, y: b.top + 100, count: 640)
    let (red, green): (UInt32, UInt32) = (0xFF0000, 0x00FF00)
    let edge = try #require(line.firstIndex(of: green))
    #expect((198...202).contains(edge))
    #expect(line[..<edge].allSatisfy { $0 == red } && line[edge...].allSatisfy { $0 == green })
    #expect(host.dots(frame, x: b.left, y: b.top + 99, count: 640).last == green)
    #expect(host.dots(frame, x: b.left, y: b.top + 101, count: 640).first == green)
  }

  @Test("Memory written behind the beam shows in the next frame, before the beam in this one")
  func memory() throws {
    let host = try VGAHost(.graphics320x200x256)
    setColor(host, 1, 63, 63, 63)
    for y in [UInt32(40), 160] { host.poke(0xA_0000 + y * 320, 0) }
    wait(host, line: 200, mode: mode13)
    for y in [UInt32(40), 160] { host.poke(0xA_0000 + y * 320, 1) }
    var frame = finish(host)
    let (x, y) = (frame.border.left, frame.border.top)
    #expect(frame.pixels[(y + 80) * frame.width + x] == 0)
    #expect(frame.pixels[(y + 320) * frame.width + x] == 0xFFFFFF)
    frame = finish(host)
    #expect(frame.pixels[(y + 80) * frame.width + x] == 0xFFFFFF)
  }

  @Test("The start address is taken over when vertical retrace begins: a change in mid-frame moves no line of it")
  func startAddress() throws {
    let host = try VGAHost(.graphicsX)
    setColor(host, 1, 63, 63, 63)
    host.write(0x3C4, 2, 15)
    host.poke(0xA_0000 + 80 * 200, 1)
    let mode = (clock: 25.175e6, total: 800, lines: 525, sync: 490)
    wait(host, line: 100, mode: mode)
    // 100 rows of 80 down.
    host.write(0x3D4, 0x0C, UInt8((80 * 100) >> 8))
    host.write(0x3D4, 0x0D, UInt8(80 * 100 & 0xFF))
    var frame = finish(host)
    let (x, y) = (frame.border.left, frame.border.top)
    func lit(_ frame: VideoFrame) -> [Int] {
      (0..<480).filter { frame.pixels[(y + $0) * frame.width + x] == 0xFFFFFF }
    }
    #expect(lit(frame) == [400, 401])
    frame = finish(host)
    #expect(lit(frame) == [200, 201])
    // Between retrace and the first line it is too late as well.
    wait(host, line: -10, mode: mode)
    host.write(0x3D4, 0x0C, 0)
    host.write(0x3D4, 0x0D, 0)
    frame = finish(host)
    #expect(lit(frame) == [200, 201])
    frame = finish(host)
    #expect(lit(frame) == [400, 401])
  }

  @Test("Panning changed between lines shears the picture from the next line on")
  func panning() throws {
    let host = try VGAHost(.graphics640x480x16)
    host.write(0x3C4, 2, 15)
    for line in UInt32(0)..<480 { host.poke(0xA_0000 + line * 80, 0x80) }
    for line in UInt32(0)..<480 { host.poke(0xA_0001 + line * 80, 0x80) }
    let mode = (clock: 25.175e6, total: 800, lines: 525, sync: 490)
    wait(host, line: 99, dots: 700, mode: mode)
    host.writeAttribute(0x13, 3)
    let frame = finish(host)
    let (x, y) = (frame.border.left, frame.border.top)
    func first(_ line: Int) -> [Int] {
      host.dots(frame, x: x, y: y + line, count: 16).enumerated().filter { $0.1 != 0 }.map(\.0)
    }
    #expect(first(99) == [0, 8])
    #expect(first(100) == [5])
  }

  @Test("The split begins after the line whose number is in line compare, with row 0 of memory, also when moved")
  func split() throws {
    let host = try VGAHost(.graphics320x200x256)
    setColor(host, 1, 63, 63, 63)
    host.write(0x3D4, 0x11, 0)
    host.write(0x3D4, 0x07, 0x0F)
    host.write(0x3D4, 0x09, 0x01)
    host.write(0x3D4, 0x18, 99)
    host.write(0x3D4, 0x0C, 0x20)
    host.poke(0xA_0000, 1)
    let frame = host.picture()
    let lit = (0..<400).filter { frame.pixels[$0 * 640] == 0xFFFFFF }
    #expect(lit == [100, 101])
  }

  @Test("The overscan colour fills the border, a character and about seven lines wide, and changes where the beam is")
  func overscan() throws {
    let host = try VGAHost(.text80x25)
    host.writeAttribute(0x11, 4)
    var frame = host.picture()
    #expect(frame.width == 738 && frame.height == 414)
    #expect(frame.border == VideoFrame.Border(left: 9, top: 7, right: 9, bottom: 7))
    #expect(frame.pixels[0] == host.color(4) && frame.pixels[738 * 200 + 737] == host.color(4))
    #expect(frame.pixels[738 * 413] == host.color(4) && frame.pixels[738 * 7 + 9] == 0)
    let text = (clock: 28.322e6, total: 900, lines: 449, sync: 412)
    wait(host, line: 300, mode: text)
    host.writeAttribute(0x11, 2)
    frame = finish(host)
    #expect(frame.pixels[738 * (7 + 299)] == host.color(4) && frame.pixels[738 * (7 + 301)] == host.color(2))
    host.set(.graphics640x480x16)
    host.writeAttribute(0x11, 4)
    frame = host.picture()
    #expect(frame.width == 656 && frame.height == 496)
  }

  @Test("Blinking in graphics modes (AR10 bit 3) turns bit 3 of the colours over every 16 frames")
  func graphicsBlink() throws {
    let host = try VGAHost(.graphics640x480x16)
    host.write(0x3C4, 2, 2)
    host.poke(0xA_0000, 0x80)
    host.writeAttribute(0x10, 0x09)
    let frame = Span(picoseconds: Int64(800 * 525 / 25.175e6 * 1e12))
    host.pass(.milliseconds(40))
    var seen: [UInt32] = []
    for _ in 0..<64 {
      let picture = host.video.render()
      seen.append(picture.pixels[picture.border.top * picture.width + picture.border.left])
      host.pass(frame)
    }
    #expect(seen.filter { $0 == host.color(2) }.count == 32)
    #expect(seen.filter { $0 == host.color(0x3A) }.count == 32)
  }

  @Test("A frame nobody changed is the same array: nothing is drawn, nothing copied")
  func idle() throws {
    let host = try VGAHost(.graphics320x200x256)
    let first = host.picture()
    for _ in 0..<10 { #expect(host.picture().serial == first.serial) }
  }

  @Test("Asking for pictures changes nothing in the machine")
  func asking() throws {
    let (host, other) = (try VGAHost(.graphicsX), try VGAHost(.graphicsX))
    for i in 0..<400 {
      for h in [host, other] {
        h.pass(.microseconds(137))
        h.write(0x3D4, 0x0D, UInt8(truncatingIfNeeded: i))
        if i % 7 == 0 { h.write(0x3D4, 0x0C, UInt8(truncatingIfNeeded: i * 3)) }
      }
      if i % 3 == 0 { _ = host.video.render() }
    }
    #expect(try host.backplane.savedState() == other.backplane.savedState())
    host.pass(.milliseconds(40))
    other.pass(.milliseconds(40))
    #expect(host.video.render().pixels == other.video.render().pixels)
  }

  /// Bits 5 and 4 of input status 1 for each multiplexer setting, at a moment when memory shows (or doesn't).
  private func feedback(_ host: VGAHost, shown: Bool = true) -> [UInt8] {
    (UInt8(0)..<4).map { mux in
      host.writeAttribute(0x12, 0x0F | mux << 4)
      for _ in 0..<40_000 where (host.inb(0x3DA) & 1 == 0) != shown { host.pass(.nanoseconds(500)) }
      return host.inb(0x3DA) >> 4 & 3
    }
  }

  @Test("AR12 bits 5-4 feed P2 and P0, P5 and P4, P3 and P1 or P7 and P6 back in bits 5 and 4 of input status 1")
  func colorFeedback() throws {
    func expected(_ v: UInt8) -> [UInt8] {
      [(2, 0), (5, 4), (3, 1), (7, 6)].map { pair in (v >> pair.0 & 1) << 1 | v >> pair.1 & 1 }
    }
    let host = try VGAHost(.graphics320x200x256)
    for value: UInt8 in [0x00, 0xFF, 0xA5, 0x5A, 0x13, 0xC8] {
      for i in 0..<0x1_0000 { host.poke(0xA_0000 + UInt32(i), value) }
      #expect(feedback(host) == expected(value), "colour \(value)")
      host.writeAttribute(0x11, ~value)
      #expect(feedback(host, shown: false) == expected(~value), "overscan \(~value)")
    }
    // Sixteen colours go through the palette registers: attribute 1Eh on a full block is palette register 14.
    let text = try VGAHost(.text80x25)
    text.loadGlyph(0xDB, [UInt8](repeating: 0xFF, count: 16))
    for i in 0..<0x4000 { text.poke(0xB_8000 + UInt32(i), i & 1 == 0 ? 0xDB : 0x1E) }
    #expect(feedback(text) == expected(0x3E))
    text.writeAttribute(0x0E, 0x15)
    #expect(feedback(text) == expected(0x15))
  }

  @Test("The colours fed back are those of the dots that the beam passes")
  func feedbackFollowsTheBeam() throws {
    let host = try VGAHost(.graphics320x200x256)
    host.writeAttribute(0x12, 0x0F)
    for i in 0..<64_000 { host.poke(0xA_0000 + UInt32(i), i % 320 < 160 ? 0x00 : (i / 320 < 100 ? 0x01 : 0x04)) }
    // From the first dot of a frame: 31.778 us a line of 800 dots, each shown twice.
    for _ in 0..<200_000 where host.inb(0x3DA) & 8 == 0 { host.pass(.nanoseconds(200)) }
    for _ in 0..<200_000 where host.inb(0x3DA) & 1 != 0 { host.pass(.nanoseconds(40)) }
    host.pass(.nanoseconds(4_000))
    #expect(host.inb(0x3DA) & 0x31 == 0x00, "left half, line 0")
    host.pass(.nanoseconds(16_000))
    #expect(host.inb(0x3DA) & 0x31 == 0x10, "right half, line 0")
    host.pass(.nanoseconds(31_778 * 300))
    #expect(host.inb(0x3DA) & 0x31 == 0x20, "right half, line 300")
  }
}
