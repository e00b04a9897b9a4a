import Devices
import Hardware
import Testing

/// Registers of a standard mode: miscellaneous output, SR00-04, CR00-18, GR00-08, AR00-14.
struct VGAMode {
  var misc: UInt8
  var sequencer: [UInt8]
  var crt: [UInt8]
  var graphics: [UInt8]
  var attribute: [UInt8]

  private static let egaPalette: [UInt8] = [
    0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F,
  ]

  static let text80x25 = VGAMode(
    misc: 0x67, sequencer: [3, 0, 3, 0, 2],
    crt: [
      0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81, 0xBF, 0x1F, 0, 0x4F, 0x0D, 0x0E, 0, 0, 0, 0, 0x9C, 0x8E, 0x8F, 0x28, 0x1F,
      0x96,
      0xB9, 0xA3, 0xFF,
    ], graphics: [0, 0, 0, 0, 0, 0x10, 0x0E, 0, 0xFF], attribute: egaPalette + [0x0C, 0, 0x0F, 8, 0])

  static let graphics320x200x256 = VGAMode(
    misc: 0x63, sequencer: [3, 1, 0x0F, 0, 0x0E],
    crt: [
      0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0xBF, 0x1F, 0, 0x41, 0, 0, 0, 0, 0, 0, 0x9C, 0x8E, 0x8F, 0x28, 0x40, 0x96,
      0xB9,
      0xA3, 0xFF,
    ], graphics: [0, 0, 0, 0, 0, 0x40, 5, 0x0F, 0xFF], attribute: Array(0..<16) + [0x41, 0, 0x0F, 0, 0])

  static let graphics640x480x16 = VGAMode(
    misc: 0xE3, sequencer: [3, 1, 0x0F, 0, 6],
    crt: [
      0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0x0B, 0x3E, 0, 0x40, 0, 0, 0, 0, 0, 0, 0xEA, 0x8C, 0xDF, 0x28, 0, 0xE7, 4,
      0xE3,
      0xFF,
    ], graphics: [0, 0, 0, 0, 0, 0, 5, 0x0F, 0xFF], attribute: egaPalette + [1, 0, 0x0F, 0, 0])

  static let graphics320x200x4 = VGAMode(
    misc: 0x63, sequencer: [3, 9, 3, 0, 2],
    crt: [
      0x2D, 0x27, 0x28, 0x90, 0x2B, 0x80, 0xBF, 0x1F, 0, 0xC1, 0, 0, 0, 0, 0, 0, 0x9C, 0x8E, 0x8F, 0x14, 0, 0x96, 0xB9,
      0xA2, 0xFF,
    ], graphics: [0, 0, 0, 0, 0, 0x30, 0x0F, 0, 0xFF],
    attribute: [0, 0x13, 0x15, 0x17, 2, 4, 6, 7, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 1, 0, 3, 0, 0])

  /// ET4000: 1024 by 768, 256 colours; with `TS07` BCh and CR34 00h 65 MHz.
  static let graphics1024x768x256 = VGAMode(
    misc: 0xEB, sequencer: [3, 1, 0x0F, 0, 0x0E],
    crt: [
      0xA3, 0x7F, 0x7F, 0x87, 0x83, 0x94, 0x24, 0xF5, 0, 0x60, 0, 0, 0, 0, 0, 0, 0x03, 0x89, 0xFF, 0x80, 0x60, 0xFF,
      0x25, 0xAB, 0xFF,
    ], graphics: [0, 0, 0, 0, 0, 0x40, 5, 0x0F, 0xFF], attribute: Array(0..<16) + [1, 0, 0x0F, 0, 0])

  static var text40x25: VGAMode {
    var mode = text80x25
    mode.sequencer[1] = 8
    mode.crt[0] = 0x2D
    mode.crt[1] = 0x27
    mode.crt[0x13] = 0x14
    return mode
  }

  static var text80x50: VGAMode {
    var mode = text80x25
    mode.crt[9] = 0x47
    mode.crt[0x0A] = 6
    mode.crt[0x0B] = 7
    return mode
  }

  static var graphicsX: VGAMode {
    var mode = graphics320x200x256
    mode.misc = 0xE3
    mode.sequencer[4] = 6
    for (number, value) in [
      (6, 0x0D), (7, 0x3E), (9, 0x41), (0x10, 0xEA), (0x11, 0xAC), (0x12, 0xDF), (0x14, 0), (0x15, 0xE7), (0x16, 6),
      (0x17, 0xE3),
    ] {
      mode.crt[number] = UInt8(value)
    }
    return mode
  }
}

final class VGAHost {
  let backplane = Backplane(ramSize: 1 << 16)
  let video: VideoAdapter

  init(_ mode: VGAMode? = nil, card: VideoAdapter.Card = .vga) throws {
    video = VideoAdapter(card)
    try backplane.attach(video)
    if let mode { set(mode) }
  }

  func inb(_ port: UInt16) -> UInt8 { backplane.io.read8(port) }
  func outb(_ port: UInt16, _ value: UInt8) { backplane.io.write8(port, value) }
  func pass(_ span: Span) { backplane.scheduler.advance(to: backplane.scheduler.now + span) }
  func peek(_ address: UInt32) -> UInt8 { backplane.memory.read8(address) }
  func poke(_ address: UInt32, _ value: UInt8) { backplane.memory.write8(address, value) }

  func write(_ port: UInt16, _ index: UInt8, _ value: UInt8) {
    outb(port, index)
    outb(port + 1, value)
  }
  func read(_ port: UInt16, _ index: UInt8) -> UInt8 {
    outb(port, index)
    return inb(port + 1)
  }
  func writeAttribute(_ index: UInt8, _ value: UInt8) {
    _ = inb(0x3DA)
    outb(0x3C0, index | 0x20)
    outb(0x3C0, value)
  }

  /// Sets a mode; the DAC gets the 64 colours of the EGA, then a grey ramp of red only.
  func set(_ mode: VGAMode) {
    outb(0x3C2, mode.misc)
    for (i, v) in mode.sequencer.enumerated() { write(0x3C4, UInt8(i), v) }
    write(0x3D4, 0x11, 0)
    for (i, v) in mode.crt.enumerated() { write(0x3D4, UInt8(i), v) }
    for (i, v) in mode.graphics.enumerated() { write(0x3CE, UInt8(i), v) }
    _ = inb(0x3DA)
    for (i, v) in mode.attribute.enumerated() {
      outb(0x3C0, UInt8(i))
      outb(0x3C0, v)
    }
    outb(0x3C0, 0x20)
    outb(0x3C6, 0xFF)
    outb(0x3C8, 0)
    for i in UInt8(0)..<64 {
      for shift in UInt8(0)..<3 {
        // EGA colours: bits rgbRGB.
        let high = i >> (2 - shift) & 1
        let low = i >> (5 - shift) & 1
        outb(0x3C9, high * 42 + low * 21)
      }
    }
    for i in 64..<256 {
      outb(0x3C9, UInt8(i >> 2))
      outb(0x3C9, UInt8(i & 3))
      outb(0x3C9, 1)
    }
  }

  /// 0x00RRGGBB of a DAC entry.
  func color(_ index: UInt8) -> UInt32 {
    outb(0x3C7, index)
    return (0..<3).reduce(0) { sum, _ in
      let v = inb(0x3C9)
      return sum << 8 | UInt32(v << 2 | v >> 4)
    }
  }

  /// Puts a glyph into a font in plane 2.
  func loadGlyph(_ code: Int, _ rows: [UInt8], font: Int = 0) {
    write(0x3C4, 2, 4)
    write(0x3C4, 4, 6)
    write(0x3CE, 5, 0)
    write(0x3CE, 6, 4)
    for (i, row) in rows.enumerated() { poke(0xA_0000 + UInt32(font + code * 32 + i), row) }
    write(0x3C4, 2, 3)
    write(0x3C4, 4, 2)
    write(0x3CE, 5, 0x10)
    write(0x3CE, 6, 0x0E)
  }

  /// The next picture that begins and ends from now on, without a black border.
  func picture() -> VideoFrame {
    pass(.milliseconds(34))
    return video.render().trimmed
  }

  /// A part of a line of the picture as colours.
  func dots(_ frame: VideoFrame, x: Int, y: Int, count: Int) -> [UInt32] {
    Array(frame.pixels[y * frame.width + x..<y * frame.width + x + count])
  }
}
