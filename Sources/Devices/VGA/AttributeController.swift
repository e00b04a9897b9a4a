import Hardware

/// VGA attribute controller, ports 3C0h-3C1h: internal palette, overscan, panning, blinking.
///
/// - Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem, "Attribute Controller Registers".
struct AttributeController: Codable, Equatable, Sendable {
  /// Bits 4-0 register, bit 5 PAS: the display uses the palette.
  var index: UInt8 = 0
  /// The next write to 3C0h is data.
  var isData = false
  /// AR00-AR0F.
  var palette = Bank<16, UInt8>(repeating: 0)
  var mode: UInt8 = 0
  var overscan: UInt8 = 0
  var planeEnable: UInt8 = 0
  var panning: UInt8 = 0
  var colorSelect: UInt8 = 0

  /// A write to 3C0h: index and data in turn. (Whether the palette can be written while PAS is 1 is unverified; it can
  /// here.)
  mutating func write(_ value: UInt8) {
    isData.toggle()
    if isData {
      index = value & 0x3F
      return
    }
    switch index & 0x1F {
    case let n where n < 16: palette[Int(n)] = value & 0x3F
    case 0x10: mode = value & 0xEF
    case 0x11: overscan = value
    case 0x12: planeEnable = value & 0x3F
    case 0x13: panning = value & 0x0F
    case 0x14: colorSelect = value & 0x0F
    default: break
    }
  }

  /// A read of 3C1h.
  func read() -> UInt8 {
    switch index & 0x1F {
    case let n where n < 16: palette[Int(n)]
    case 0x10: mode
    case 0x11: overscan
    case 0x12: planeEnable
    case 0x13: panning
    case 0x14: colorSelect
    default: 0
    }
  }

  // MARK: Derived

  /// PAS: off, the screen shows the overscan colour and the palette belongs to the processor.
  var isDisplaying: Bool { index & 0x20 != 0 }
  /// AR10 bit 2: the ninth dot of C0h-DFh repeats the eighth.
  var extendsLineGraphics: Bool { mode & 0x04 != 0 }
  /// AR10 bit 3: attribute bit 7 blinks instead of being background intensity.
  var blinks: Bool { mode & 0x08 != 0 }
  /// AR10 bit 5: no panning below the line compare split.
  var splitsPanning: Bool { mode & 0x20 != 0 }
  /// AR10 bit 6: two 4-bit dots make one of 8 bits, twice as wide.
  var is8Bit: Bool { mode & 0x40 != 0 }

  /// What shows is the same in both.
  func looks(like other: AttributeController) -> Bool {
    var other = other
    other.isData = isData
    other.index = other.index & 0x20 | index & ~0x20
    return self == other
  }

  /// The DAC address (before the PEL mask) of a 4-bit colour, with the bits of `turning` turned over.
  func dacIndex(_ color: UInt8, turning: UInt8 = 0) -> UInt8 {
    var value = palette[Int(color & planeEnable & 0x0F ^ turning)]
    if mode & 0x80 != 0 { value = value & 0x0F | (colorSelect & 3) << 4 }
    return value | (colorSelect & 0x0C) << 4
  }
}
