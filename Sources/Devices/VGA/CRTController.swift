import Hardware

/// VGA CRT controller, ports 3B4h-3B5h or 3D4h-3D5h: timing, addressing of the display memory, cursor.
///
/// - Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem, "CRT Controller Registers".
struct CRTController: Codable, Equatable, Sendable {
  private static let masks: [UInt8] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0x3F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0x7F, 0xFF, 0xFF, 0xEF, 0xFF,
  ]

  var index: UInt8 = 0
  /// CR00-CR18.
  var registers = Bank<25, UInt8>(repeating: 0)

  mutating func writeIndex(_ value: UInt8) { index = value & 0x3F }

  /// A register's value; 0 for numbers above 18h. (CR10 and CR11 read as written whatever CR03 bit 7 says: the light
  /// pen of the EGA that bit 7 = 0 would show isn't there.)
  func read() -> UInt8 { index < 25 ? registers[Int(index)] : 0 }

  /// CR11 bit 7 protects CR00-CR07, but for the line compare bit in CR07.
  mutating func write(_ value: UInt8) {
    guard index < 25 else { return }
    let number = Int(index)
    if number < 8, registers[0x11] & 0x80 != 0 {
      if number == 7 { registers[7] = registers[7] & ~0x10 | value & 0x10 }
      return
    }
    registers[number] = value & Self.masks[number]
  }

  // MARK: Derived: horizontal and vertical

  private subscript(_ number: Int) -> Int { Int(registers[number]) }

  /// Character clocks per line.
  var horizontalTotal: Int { self[0x00] + 5 }
  /// Character clocks shown.
  var horizontalDisplay: Int { self[0x01] + 1 }
  /// CR17 bit 2: the vertical counter steps every other line.
  var verticalScale: Int { self[0x17] & 0x04 != 0 ? 2 : 1 }
  /// Lines per frame.
  var verticalTotal: Int { ((self[0x06] | (self[7] & 1) << 8 | (self[7] & 0x20) << 4) + 2) * verticalScale }
  /// Lines shown.
  var verticalDisplay: Int { ((self[0x12] | (self[7] & 2) << 7 | (self[7] & 0x40) << 3) + 1) * verticalScale }
  /// Line at which vertical retrace begins.
  var retraceStart: Int { (self[0x10] | (self[7] & 4) << 6 | (self[7] & 0x80) << 2) * verticalScale }
  /// Lines of vertical retrace: up to the next line whose four low bits are CR11's.
  var retraceLength: Int {
    let length = (self[0x11] - self[0x10]) & 0x0F
    return (length == 0 ? 16 : length) * verticalScale
  }
  /// First line of the frame's lower border that is blank.
  var blankStart: Int { (self[0x15] | (self[7] & 8) << 5 | (self[9] & 0x20) << 4) * verticalScale }
  /// Lines of vertical blanking: up to the next line whose eight low bits are CR16's.
  var blankLength: Int {
    let length = (self[0x16] - self[0x15]) & 0xFF
    return (length == 0 ? 256 : length) * verticalScale
  }
  /// Character clock at which horizontal blanking begins.
  var horizontalBlankStart: Int { self[0x02] }
  /// Character clocks of horizontal blanking: up to the next count whose six low bits are CR03's and CR05's.
  var horizontalBlankLength: Int {
    let length = ((self[0x03] & 0x1F | (self[0x05] & 0x80) >> 2) - self[0x02]) & 0x3F
    return length == 0 ? 64 : length
  }
  /// Line after which the split begins.
  var lineCompare: Int {
    (self[0x18] | (self[7] & 0x10) << 4 | (self[9] & 0x40) << 3) * verticalScale
  }
  /// CR17 bit 7: retrace pulses reach the monitor.
  var isSynchronising: Bool { self[0x17] & 0x80 != 0 }

  // MARK: Derived: addressing

  /// Last scan line of a character row.
  var maximumScanLine: Int { self[0x09] & 0x1F }
  /// CR09 bit 7: every line is shown twice.
  var isDoubleScan: Bool { self[0x09] & 0x80 != 0 }
  /// First scan line of the topmost row.
  var presetRowScan: Int { self[0x08] & 0x1F }
  /// Characters skipped at the left, in addition to the start address.
  var bytePanning: Int { self[0x08] >> 5 & 3 }
  var startAddress: Int { self[0x0C] << 8 | self[0x0D] }
  /// Addresses from one row to the next.
  var rowOffset: Int { self[0x13] * 2 }
  /// Address counter steps every 1, 2 or 4 characters: as a shift.
  var countShift: Int { self[0x14] & 0x20 != 0 ? 2 : self[0x17] & 0x08 != 0 ? 1 : 0 }

  /// The plane offset that address counter value `counter` fetches in scan line `row` of its row.
  ///
  /// - Parameters:
  ///   - mask: the address lines there are: 16 on a VGA, 18 with 1 MB.
  @inline(__always) func planeOffset(_ counter: Int, row: Int, mask: Int = 0xFFFF) -> Int {
    let mode = self[0x17]
    var address: Int
    if self[0x14] & 0x40 != 0 {
      address = counter << 2 | counter >> 14 & 3
    } else if mode & 0x40 == 0 {
      address = counter << 1 | (mode & 0x20 != 0 ? counter >> 15 : counter >> 13) & 1
    } else {
      address = counter
    }
    if mode & 1 == 0 { address = address & ~0x2000 | (row & 1) << 13 }
    if mode & 2 == 0 { address = address & ~0x4000 | (row & 2) << 13 }
    return address & mask
  }

  /// How far apart the plane offsets of two neighbouring counter values are.
  var addressStep: Int { self[0x14] & 0x40 != 0 ? 4 : self[0x17] & 0x40 == 0 ? 2 : 1 }
  /// CR17 bits 1-0: no row scan line replaces an address bit.
  var isContiguous: Bool { self[0x17] & 3 == 3 }

  // MARK: Derived: cursor

  var cursorAddress: Int { self[0x0E] << 8 | self[0x0F] }
  /// Characters by which the cursor is shown late.
  var cursorSkew: Int { self[0x0B] >> 5 & 3 }
  /// Underline location.
  var underlineRow: Int { self[0x14] & 0x1F }

  /// Whether the cursor covers scan line `row`; a start below the end shows no cursor on a VGA.
  func cursorCovers(row: Int) -> Bool {
    self[0x0A] & 0x20 == 0 && row >= self[0x0A] & 0x1F && row <= self[0x0B] & 0x1F
  }
  /// CR0A bit 5 clear and a shape that has lines.
  var hasCursor: Bool { self[0x0A] & 0x20 == 0 && self[0x0A] & 0x1F <= self[0x0B] & 0x1F }
}
