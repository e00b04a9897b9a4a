import Hardware

/// Text: characters from plane 0, attributes from plane 1, fonts from plane 2.
///
/// - Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem, "Alphanumeric Modes" and the registers
///   named below.
extension VideoAdapter {
  /// Draws the characters `cells` of a line at `line` in the sixteen `colors`.
  func drawText(
    _ line: UnsafeMutablePointer<UInt32>, _ what: DrawnLine, _ cells: Range<Int>, _ colors: UnsafePointer<UInt32>
  ) {
    let crt = state.crt
    let attribute = state.attribute
    let scanout = output.scanout
    let mask = scanout.addressMask
    let dots = scanout.dots
    let fonts = (state.sequencer.fontOffset(bit3: false), state.sequencer.fontOffset(bit3: true))
    let blinks = attribute.blinks
    let extends = attribute.extendsLineGraphics
    let isUnderlineRow = what.scan == crt.underlineRow
    let shift = crt.countShift
    var cellAt = line
    for i in cells {
      let column = i &>> shift
      let counter = (what.row &+ column) & mask
      let cell = memory.load(crt.planeOffset(counter, row: what.scan, mask: mask))
      let code = Int(cell & 0xFF)
      let look = UInt8(truncatingIfNeeded: cell >> 8)
      let font = look & 0x08 != 0 ? fonts.1 : fonts.0
      var bits = UInt32(memory.byte(font + code * 32 + what.scan, plane: 2)) << 1
      if extends, code & 0xE0 == 0xC0 { bits |= bits >> 1 & 1 }
      // Underline: attributes with foreground 1 and background 0, whatever their intensity and blink bits.
      if isUnderlineRow, look & 0x77 == 0x01 { bits = 0x1FF }
      var back = look >> 4
      if blinks {
        back &= 7
        if look & 0x80 != 0, what.isDark { bits = 0 }
      }
      if column == what.cursor { bits = 0x1FF }
      let foreground = colors[Int(look & 0x0F)]
      let background = colors[Int(back)]
      // Eight dots without a branch: this is most of the work of a text picture.
      let differs = foreground ^ background
      for dot in 0..<8 {
        let lit = 0 &- (bits &>> UInt32(truncatingIfNeeded: 8 &- dot) & 1)
        cellAt[dot] = background ^ differs & lit
      }
      if dots == 9 { cellAt[8] = bits & 1 != 0 ? foreground : background }
      cellAt += dots
    }
  }

  /// The screen's characters, as they are displayed from memory; nil in graphics modes and while nothing is displayed.
  public func textScreen() -> VideoText? {
    guard output.scanout.format == .text, state.sequencer.isRunning, state.crt.isSynchronising,
      state.attribute.isDisplaying, !state.sequencer.isScreenOff
    else { return nil }
    let crt = state.crt
    let scanout = output.scanout
    let columns = Int(scanout.displayCharacters)
    var text = VideoText(columns: columns)
    var scan = ScanCursor(registersStart)
    var previous = -1
    for line in 0..<Int(scanout.displayLines) {
      // A new row begins where the address changes, and at a split.
      if scan.row != previous || (scan.scan == 0 && scan.row == 0 && previous != 0) {
        for i in 0..<columns {
          let counter = (scan.row + i >> crt.countShift) & scanout.addressMask
          if crt.hasCursor, counter == cursorAddress & scanout.addressMask, text.cursor == nil {
            text.cursor = (text.rows, i)
          }
          let cell = memory.load(crt.planeOffset(counter, row: scan.scan, mask: scanout.addressMask))
          text.cells.append(UInt16(truncatingIfNeeded: cell))
        }
        previous = scan.row
      }
      scan.advance(from: line, crt, scanout)
    }
    return text
  }
}

/// What a text mode displays: cells row by row, character code in bits 7-0, attribute in bits 15-8.
public struct VideoText: Sendable {
  /// Characters in a row.
  public let columns: Int
  /// `columns * rows` cells.
  public internal(set) var cells: [UInt16] = []
  /// Where the cursor is, if it is on and on the screen: row and column from 0.
  public internal(set) var cursor: (row: Int, column: Int)?

  init(columns: Int) { self.columns = max(columns, 1) }

  /// Rows, counting one that is cut off at the bottom.
  public var rows: Int { cells.count / columns }
  /// The character codes alone.
  public var codes: [UInt8] { cells.map { UInt8(truncatingIfNeeded: $0) } }
  /// The attributes alone.
  public var attributes: [UInt8] { cells.map { UInt8(truncatingIfNeeded: $0 >> 8) } }
}
