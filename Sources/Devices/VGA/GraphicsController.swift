/// VGA graphics controller, ports 3CEh-3CFh: what happens between the processor's byte and the four planes.
///
/// - Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem, "Graphics Controller Registers".
struct GraphicsController: Codable, Equatable, Sendable {
  private static let masks: [UInt8] = [0x0F, 0x0F, 0x0F, 0x1F, 0x03, 0x7B, 0x0F, 0x0F, 0xFF]

  var index: UInt8 = 0
  var setReset: UInt8 = 0
  var enableSetReset: UInt8 = 0
  var colorCompare: UInt8 = 0
  /// GR03: rotate count in bits 2-0, function in bits 4-3.
  var dataRotate: UInt8 = 0
  var readMapSelect: UInt8 = 0
  var mode: UInt8 = 0
  var miscellaneous: UInt8 = 0
  var colorDontCare: UInt8 = 0
  var bitMask: UInt8 = 0

  mutating func writeIndex(_ value: UInt8) { index = value & 0x0F }

  func read() -> UInt8 {
    switch index {
    case 0: setReset
    case 1: enableSetReset
    case 2: colorCompare
    case 3: dataRotate
    case 4: readMapSelect
    case 5: mode
    case 6: miscellaneous
    case 7: colorDontCare
    case 8: bitMask
    default: 0
    }
  }

  mutating func write(_ value: UInt8) {
    guard Int(index) < Self.masks.count else { return }
    let v = value & Self.masks[Int(index)]
    switch index {
    case 0: setReset = v
    case 1: enableSetReset = v
    case 2: colorCompare = v
    case 3: dataRotate = v
    case 4: readMapSelect = v
    case 5: mode = v
    case 6: miscellaneous = v
    case 7: colorDontCare = v
    default: bitMask = v
    }
  }

  // MARK: Derived

  /// GR06 bit 0: graphics; clear: text.
  var isGraphics: Bool { miscellaneous & 1 != 0 }
  /// GR06 bit 1: address bit 0 is replaced by a higher one in odd/even mode.
  var chainsOddEven: Bool { miscellaneous & 2 != 0 }
  /// GR06 bits 3-2: A0000h 128 KB, A0000h 64 KB, B0000h 32 KB, B8000h 32 KB; as offset from A0000h and size.
  var window: (base: UInt32, size: UInt32) {
    switch miscellaneous >> 2 & 3 {
    case 0: (0, 0x2_0000)
    case 1: (0, 0x1_0000)
    case 2: (0x1_0000, 0x8000)
    default: (0x1_8000, 0x8000)
    }
  }
  /// GR05 bit 4: reads take the plane of the address's parity.
  var readsOddEven: Bool { mode & 0x10 != 0 }
  /// GR05 bit 3.
  var readMode1: Bool { mode & 0x08 != 0 }
  /// GR05 bit 5: the shift registers deliver CGA's two bits per dot.
  var isInterleaved: Bool { mode & 0x20 != 0 }
  /// GR05 bit 6: the shift registers deliver 256-colour nibbles.
  var is256Color: Bool { mode & 0x40 != 0 }

  /// Nothing changes the processor's byte on its way: write mode 0, no rotation, no function, all bits.
  var isPlainWrite: Bool { mode & 3 == 0 && dataRotate == 0 && enableSetReset == 0 && bitMask == 0xFF }

  /// What shows is the same in both: text or graphics, and the shift registers' mode.
  func looks(like other: GraphicsController) -> Bool {
    (mode ^ other.mode) & 0x60 == 0 && isGraphics == other.isGraphics
  }

  // MARK: Data path

  /// Four bits, one per plane, spread to 00h or FFh in each plane's byte.
  @inline(__always) static func spread(_ bits: UInt8) -> UInt32 {
    ((UInt32(bits & 0x0F) &* 0x0020_4081) & 0x0101_0101) &* 0xFF
  }

  /// What reaches the four planes (before the map mask) when the processor writes `value` over `latches`.
  ///
  /// In write mode 3 the logical function applies too, as in modes 0 and 2 (the reference draws it in the same path).
  @inline(__always) func combine(_ value: UInt8, latches: UInt32) -> UInt32 {
    let count = dataRotate & 7
    var mask = UInt32(bitMask) &* 0x0101_0101
    var data: UInt32
    switch mode & 3 {
    case 0:
      let rotated = value >> count | value << ((8 &- count) & 7)
      data = UInt32(count == 0 ? value : rotated) &* 0x0101_0101
      let enable = Self.spread(enableSetReset)
      data = data & ~enable | Self.spread(setReset) & enable
    case 1: return latches
    case 2: data = Self.spread(value)
    default:
      let rotated = count == 0 ? value : value >> count | value << ((8 &- count) & 7)
      mask = UInt32(rotated & bitMask) &* 0x0101_0101
      data = Self.spread(setReset)
    }
    switch dataRotate >> 3 {
    case 1: data &= latches
    case 2: data |= latches
    case 3: data ^= latches
    default: break
    }
    return data & mask | latches & ~mask
  }

  /// Read mode 1: a 1 for each dot whose colour equals the compare register in the planes that count.
  @inline(__always) func compare(_ latches: UInt32) -> UInt8 {
    let differs = (latches ^ Self.spread(colorCompare)) & Self.spread(colorDontCare)
    let any = differs | differs >> 16
    return ~UInt8(truncatingIfNeeded: any | any >> 8)
  }
}
