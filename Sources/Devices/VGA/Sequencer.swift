/// VGA sequencer, ports 3C4h-3C5h: character clock, which planes are written, fonts, memory addressing.
///
/// - Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem, "Sequencer Registers".
struct Sequencer: Codable, Equatable, Sendable {
  /// Bits that exist in each register; the others read 0.
  private static let masks: [UInt8] = [0x03, 0x3D, 0x0F, 0x3F, 0x0E]

  var index: UInt8 = 0
  /// SR00 reset, SR01 clocking mode, SR02 map mask, SR03 character map select, SR04 memory mode.
  var reset: UInt8 = 0
  var clocking: UInt8 = 0
  var mapMask: UInt8 = 0
  var characterMap: UInt8 = 0
  var memoryMode: UInt8 = 0

  mutating func writeIndex(_ value: UInt8) { index = value & 7 }

  func read() -> UInt8 {
    switch index {
    case 0: reset
    case 1: clocking
    case 2: mapMask
    case 3: characterMap
    case 4: memoryMode
    default: 0
    }
  }

  mutating func write(_ value: UInt8) {
    guard Int(index) < Self.masks.count else { return }
    let v = value & Self.masks[Int(index)]
    switch index {
    case 0: reset = v
    case 1: clocking = v
    case 2: mapMask = v
    case 3: characterMap = v
    default: memoryMode = v
    }
  }

  // MARK: Derived

  /// Both reset bits are 1: the sequencer runs.
  var isRunning: Bool { reset & 3 == 3 }
  /// SR01 bit 0: 8 dots per character instead of 9.
  var dotsPerCharacter: Int { clocking & 0x01 != 0 ? 8 : 9 }
  /// SR01 bit 3: the dot clock is halved.
  var isHalfClock: Bool { clocking & 0x08 != 0 }
  /// SR01 bit 5: screen off.
  var isScreenOff: Bool { clocking & 0x20 != 0 }
  /// SR04 bit 1: more than 64 KB are there.
  var hasExtendedMemory: Bool { memoryMode & 0x02 != 0 }
  /// SR04 bit 2 clear: even addresses go to planes 0 and 2, odd ones to 1 and 3.
  var isOddEven: Bool { memoryMode & 0x04 == 0 }
  /// SR04 bit 3: the two low address bits choose the plane.
  var isChain4: Bool { memoryMode & 0x08 != 0 }

  /// Offset in plane 2 of the font for characters with attribute bit 3 clear (map B) or set (map A): 3-bit numbers
  /// count 0, 16, 32, 48, 8, 24, 40, 56 KB.
  func fontOffset(bit3: Bool) -> Int {
    let s = Int(characterMap)
    let low = bit3 ? s >> 2 & 3 : s & 3
    let high = bit3 ? s >> 5 & 1 : s >> 4 & 1
    return low << 14 | high << 13
  }
}
