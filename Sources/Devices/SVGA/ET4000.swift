import Hardware

/// What a Tseng ET4000AX has beyond a VGA: its extended registers and its HiColor DAC.
///
/// - Source: register numbers and bits from the ET4000 chapter of F. Thomsen's VGADOC (release 4, 1995). What that
///   leaves open is marked unverified.
struct ET4000: Codable, Equatable, Sendable {
  /// CR30-CR3F.
  var crt = Bank<16, UInt8>(repeating: 0)
  /// TS06, state control.
  var stateControl: UInt8 = 0
  /// TS07, auxiliary mode: bit 6 halves the dot clock, bit 7 VGA rather than EGA. The value after reset is unverified;
  /// this one is a VGA's timing.
  var auxiliaryMode: UInt8 = 0xFC
  /// AR16 and AR17.
  var miscellaneous: UInt8 = 0
  var miscellaneous1: UInt8 = 0
  /// 3CDh: bits 3-0 write segment, bits 7-4 read segment.
  var segments: UInt8 = 0
  /// 3BFh.
  var hercules: UInt8 = 0
  /// The KEY: 3 to 3BFh, then A0h to 3D8h (3B8h) opens the extended CRT controller registers, 29h closes them.
  var isUnlocked = false
  /// HiColor DAC: its control register, and how many times 3C6h has been read in a row.
  var dacControl: UInt8 = 0
  var maskReads = 0

  /// The KEY's second half, a write to the mode control register at 3B8h or 3D8h.
  mutating func writeModeControl(_ value: UInt8) {
    if value == 0xA0, hercules & 3 == 3 { isUnlocked = true }
    if value == 0x29 { isUnlocked = false }
  }

  // MARK: Registers with numbers

  /// CR33 and CR35 need no KEY.
  private func isOpen(_ number: Int) -> Bool { isUnlocked || number == 0x33 || number == 0x35 }

  func readCRT(_ number: Int) -> UInt8 { 0x30...0x3F ~= number && isOpen(number) ? crt[number - 0x30] : 0xFF }

  mutating func writeCRT(_ number: Int, _ value: UInt8) {
    guard 0x30...0x3F ~= number, isOpen(number) else { return }
    crt[number - 0x30] = number == 0x33 ? value & 0x0F : value
  }

  private subscript(_ number: Int) -> Int { Int(crt[number - 0x30]) }

  // MARK: HiColor DAC

  /// 3C6h read: after four reads in a row the fifth access is one of the control register.
  ///
  /// - Returns: the control register if it is its turn, else nil: the PEL mask.
  mutating func readMask() -> UInt8? {
    if maskReads == 4 {
      maskReads = 0
      return dacControl
    }
    maskReads += 1
    return nil
  }

  /// 3C6h written; true if the control register took it.
  ///
  /// - Source: Sierra SC11487 HiCOLOR-15 and SC15025: bits 7-6 10 is 5-5-5, 11 is 5-6-5 (as VGADOC tells it).
  mutating func writeMask(_ value: UInt8) -> Bool {
    defer { maskReads = 0 }
    guard maskReads == 4 else { return false }
    dacControl = value
    return true
  }

  // MARK: Derived

  /// CR33 bits 1-0: start address bits 17-16.
  var startAddressHigh: Int { self[0x33] & 3 }
  /// CR33 bits 3-2: cursor address bits 17-16.
  var cursorAddressHigh: Int { self[0x33] >> 2 & 3 }
  /// Segments of 64 KB.
  var writeSegment: Int { Int(segments & 0x0F) }
  var readSegment: Int { Int(segments >> 4) }

  /// What the extended registers change in the picture.
  struct Picture {
    var clock: Clock
    /// nil: as a VGA.
    var format: Scanout.Format?
    /// Bytes of a character clock in linear formats: 16 with AR16 bit 5, high colour.
    var bytesPerCharacter: Int
    var horizontalTotal: Int
    var rowOffset: Int
    /// CR35: bit 10 of vertical values.
    var highLines: (blank: Int, total: Int, display: Int, retrace: Int, compare: Int)
  }

  /// The clock chip's frequencies in hertz, by CR34 bit 1 and miscellaneous output bits 3-2, before TS07 halves them.
  ///
  /// - Source: the clocks usually named for this card (recalled from XFree86's lists of probed clocks); boards differ.
  static let frequencies: [UInt64] = [
    50_350_000, 56_644_000, 65_000_000, 72_000_000, 80_000_000, 89_800_000, 63_000_000, 75_000_000,
  ]

  func scanout(_ state: VideoAdapter.State) -> Picture {
    let select = Int(state.miscellaneous.rawValue >> 2 & 3) | (self[0x34] & 2) << 1
    let divisor: UInt64 = auxiliaryMode & 0x40 == 0 ? 1 : auxiliaryMode & 1 == 0 ? 2 : 4
    var format: Scanout.Format?
    // 256-colour shifting without AR10 bit 6: a byte a dot.
    if state.graphics.isGraphics, state.graphics.is256Color, !state.attribute.is8Bit {
      switch dacControl >> 6 {
      case 2: format = .linear15
      case 3: format = .linear16
      default: format = .linear8
      }
    }
    let offset = Int(state.crt.registers[0x13]) | (self[0x3F] & 0x80) << 1
    let high = self[0x35]
    func bit10(_ n: Int) -> Int { (high >> n & 1) << 10 }
    return Picture(
      clock: Clock(numerator: Self.frequencies[select], denominator: divisor), format: format,
      bytesPerCharacter: miscellaneous & 0x20 != 0 ? 16 : 8,
      horizontalTotal: state.crt.horizontalTotal + (self[0x3F] & 1) << 8,
      rowOffset: (offset == 0 ? 0x100 : offset) * 2,
      highLines: (bit10(0), bit10(1), bit10(2), bit10(3), bit10(4)))
  }

  /// Puts numbers of a damaged saved state in range.
  mutating func repair() { maskReads = min(max(maskReads, 0), 4) }
}
