import Hardware

/// Text: characters from plane 0, attributes from plane 1, fonts from plane 2.
///
/// - Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem, "Alphanumeric Modes" and the registers
///   named below.
extension VideoAdapter {
  /// Draws one line.
  func drawText(
    _ line: UnsafeMutableBufferPointer<UInt32>, _ scan: ScanCursor, _ colors: DotColors, cursor: Bool, blink: Bool
  ) {
    let crt = state.crt
    let attribute = state.attribute
    let dots = state.sequencer.dotsPerCharacter
    let fonts = (state.sequencer.fontOffset(bit3: false), state.sequencer.fontOffset(bit3: true))
    let blinks = attribute.blinks
    let extends = attribute.extendsLineGraphics
    let isUnderlineRow = scan.scan == crt.underlineRow
    let cursorAt = cursor && crt.cursorCovers(row: scan.scan) ? crt.cursorAddress : -1
    let shift = crt.countShift
    // Panned lines show a part of one more character.
    let count = crt.horizontalDisplay + (scan.panning > 0 ? 1 : 0)
    guard let first = line.baseAddress else { return }
    var x = -scan.panning
    for i in 0..<count {
      let counter = (scan.row + i >> shift) & 0xFFFF
      let cell = memory.load(crt.planeOffset(counter, row: scan.scan))
      let code = Int(cell & 0xFF)
      let look = UInt8(truncatingIfNeeded: cell >> 8)
      let font = look & 0x08 != 0 ? fonts.1 : fonts.0
      var bits = UInt32(memory.byte(font + code * 32 + scan.scan, plane: 2)) << 1
      if extends, code & 0xE0 == 0xC0 { bits |= bits >> 1 & 1 }
      // Underline: attributes with foreground 1 and background 0, whatever their intensity and blink bits.
      if isUnderlineRow, look & 0x77 == 0x01 { bits = 0x1FF }
      var back = look >> 4
      if blinks {
        back &= 7
        if look & 0x80 != 0, !blink { bits = 0 }
      }
      if cursorAt >= 0, (counter &- crt.cursorSkew) & 0xFFFF == cursorAt { bits = 0x1FF }
      let foreground = colors.sixteen[Int(look & 0x0F)]
      let background = colors.sixteen[Int(back)]
      if x >= 0, x + dots <= line.count {
        // Eight dots without a branch: this is most of the work of a text picture.
        let differs = foreground ^ background
        let cellAt = first + x
        for dot in 0..<8 {
          let lit = 0 &- (bits &>> UInt32(truncatingIfNeeded: 8 &- dot) & 1)
          cellAt[dot] = background ^ differs & lit
        }
        if dots == 9 { first[x + 8] = bits & 1 != 0 ? foreground : background }
      } else {
        for dot in 0..<dots where x + dot >= 0 && x + dot < line.count {
          first[x + dot] = bits & (0x100 >> UInt32(dot)) != 0 ? foreground : background
        }
      }
      x += dots
    }
  }

  /// The screen's characters, as they are displayed from memory; nil in graphics modes and while nothing is displayed.
  public func textScreen() -> VideoText? {
    guard !state.graphics.isGraphics, state.sequencer.isRunning, state.crt.isSynchronising,
      state.attribute.isDisplaying, !state.sequencer.isScreenOff
    else { return nil }
    let crt = state.crt
    let columns = crt.horizontalDisplay
    var text = VideoText(columns: columns)
    var scan = ScanCursor(state)
    var previous = -1
    while scan.line < crt.verticalDisplay {
      // A new row begins where the address changes, and at a split.
      if scan.row != previous || (scan.scan == 0 && scan.row == 0 && previous != 0) {
        for i in 0..<columns {
          let counter = (scan.row + i >> crt.countShift) & 0xFFFF
          if crt.hasCursor, (counter &- crt.cursorSkew) & 0xFFFF == crt.cursorAddress, text.cursor == nil {
            text.cursor = (text.rows, i)
          }
          text.cells.append(UInt16(truncatingIfNeeded: memory.load(crt.planeOffset(counter, row: scan.scan))))
        }
        previous = scan.row
      }
      scan.advance(state)
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
