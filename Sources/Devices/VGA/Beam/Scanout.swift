import Hardware

/// What all registers together say about the picture: how long its parts take, where its borders are, and how memory
/// becomes dots. Derived at every write to a register that has a part in it.
struct Scanout: Equatable {
  /// How memory becomes dots.
  enum Format: Equatable {
    /// Characters.
    case text
    /// The VGA's shift registers, three ways.
    case shifted
    /// A byte a dot, straight through the palette (ET4000).
    case linear8
    /// A word a dot of 5, 5, 5 or 5, 6, 5 bits, past the palette (ET4000 with HiColor DAC).
    case linear15, linear16
  }

  let clock: Clock
  /// Dots per character clock, and ticks of the dot clock per dot.
  let dots: Int
  let ticksPerDot: Int64
  /// Bytes of memory in a character clock of a linear format.
  let bytesPerCharacter: Int
  /// Ticks of the dot clock.
  let character: Int64
  let line: Int64
  /// Lines in a frame.
  let lines: Int64
  /// What is shown: character clocks of a line, lines of a frame.
  let displayCharacters: Int64
  let displayLines: Int64
  let retraceStart: Int64
  let retraceLength: Int64
  /// Border in character clocks and lines.
  let left: Int
  let right: Int
  let top: Int
  let bottom: Int

  let format: Format
  /// Address lines of the counter.
  let addressMask: Int
  /// Memory addresses are of bytes, four of them an offset of all planes (an ET4000's chained modes): as a shift.
  let packShift: Int
  /// From one row to the next.
  let rowOffset: Int
  /// Line after which the split begins.
  let lineCompare: Int

  /// What `state` says on a plain VGA, with what an extended card changes in it.
  init(_ state: VideoAdapter.State, _ card: VideoAdapter.Card) {
    let (crt, sequencer) = (state.crt, state.sequencer)
    let tseng = card == .et4000 ? state.et4000.scanout(state) : nil
    clock = tseng?.clock ?? state.miscellaneous.dotClock
    format = tseng?.format ?? (state.graphics.isGraphics ? .shifted : .text)
    switch format {
    case .text, .shifted:
      bytesPerCharacter = 0
      ticksPerDot = sequencer.isHalfClock ? 2 : 1
      dots = sequencer.dotsPerCharacter
    case .linear8:
      bytesPerCharacter = tseng?.bytesPerCharacter ?? 8
      ticksPerDot = sequencer.isHalfClock ? 2 : 1
      dots = bytesPerCharacter
    case .linear15, .linear16:
      // Eight bytes a character clock are four dots that take two ticks each, sixteen are eight of one tick.
      bytesPerCharacter = tseng?.bytesPerCharacter ?? 8
      dots = bytesPerCharacter / 2
      ticksPerDot = (bytesPerCharacter == 8 ? 2 : 1) * (sequencer.isHalfClock ? 2 : 1)
    }
    character = Int64(dots) * ticksPerDot
    let total = tseng?.horizontalTotal ?? crt.horizontalTotal
    line = character &* Int64(total)
    let height = crt.verticalTotal + (tseng?.highLines.total ?? 0) * crt.verticalScale
    lines = Int64(height)
    let characters = min(crt.horizontalDisplay, total)
    let shown = min(crt.verticalDisplay + (tseng?.highLines.display ?? 0) * crt.verticalScale, height)
    displayCharacters = Int64(characters)
    displayLines = Int64(shown)
    retraceStart = Int64(crt.retraceStart + (tseng?.highLines.retrace ?? 0) * crt.verticalScale)
    retraceLength = Int64(crt.retraceLength)
    rowOffset = tseng?.rowOffset ?? crt.rowOffset
    lineCompare = crt.lineCompare + (tseng?.highLines.compare ?? 0) * crt.verticalScale
    addressMask = tseng == nil ? 0xFFFF : 0x3_FFFF
    packShift = tseng != nil && sequencer.isChain4 ? 2 : 0

    // The border: from the end of blanking to the first dot, and from the last dot to the start of blanking. What
    // memory shows comes a character clock and a line later than the counters say, or the standard modes would have
    // all of their border on one side. (Unverified on silicon; it gives the eight dots and lines that IBM's manual
    // has around 640 by 480.)
    let limit = 8
    let blankEnd = crt.horizontalBlankStart + crt.horizontalBlankLength
    right = min(max(crt.horizontalBlankStart + 1 - characters, 0), max(total - characters, 0), limit)
    left = min(max(total - blankEnd - 1, 0), max(total - characters - right, 0), limit)
    let blankStart = crt.blankStart + (tseng?.highLines.blank ?? 0) * crt.verticalScale
    let lower = min(max(blankStart + 1 - shown, 0), max(height - shown, 0), 64)
    bottom = lower
    top = min(max(height - blankStart - crt.blankLength - 1, 0), max(height - shown - lower, 0), 64)
  }

  /// The plane offset that address counter value `counter` fetches in scan line `row` of its row.
  @inline(__always) func offset(_ crt: CRTController, _ counter: Int, row: Int) -> Int {
    crt.planeOffset(counter, row: row, mask: addressMask &<< packShift | (1 &<< packShift &- 1)) &>> packShift
  }

  var frame: Int64 { line &* lines }
  var refreshRate: Double { clock.hertz / Double(frame) }

  /// The line at which a picture begins: where vertical retrace starts, or line 0 if it never does.
  var firstLine: Int64 { retraceStart < lines ? retraceStart : 0 }

  /// Dots of a line and lines of a picture, border included.
  var width: Int { (Int(displayCharacters) + left + right) * dots }
  var height: Int { min(Int(displayLines) + top + bottom, Self.maximumHeight) }
  /// More lines than any standard has, so that absurd registers don't ask for absurd amounts of the host's memory.
  static let maximumHeight = 2048

  var border: VideoFrame.Border {
    VideoFrame.Border(left: left * dots, top: top, right: right * dots, bottom: height - top - shownLines)
  }
  private var shownLines: Int { min(Int(displayLines), Self.maximumHeight - top) }

  /// Width of the whole picture divided by its height on a monitor that fills 4:3 with the standard modes.
  ///
  /// At the VGA's line rate a monitor takes the same time from edge to edge whatever is displayed, so that narrower
  /// modes are narrower on it; the sync polarities tell it how many lines fill its height. SVGA modes are taken to
  /// fill 4:3, as their monitors are adjusted to do.
  func aspect(_ miscellaneous: MiscellaneousOutput) -> Double {
    let whole = Double(width * Int(displayLines)) / Double(max(Int(displayCharacters) * dots * height, 1)) * 4 / 3
    let lineRate = clock.hertz / Double(line)
    guard lineRate > 30_500, lineRate < 32_500 else { return whole }
    let nominal: (shown: Double, total: Double) =
      switch miscellaneous.rawValue >> 6 {
      case 1: (400, 449)
      case 2: (350, 449)
      case 3: (480, 525)
      default: (Double(displayLines), Double(lines))
      }
    let horizontal = Double(displayCharacters * character) / Double(line) / 0.8
    let vertical = Double(displayLines) / Double(lines) / (nominal.shown / nominal.total)
    let factor = horizontal / vertical
    return factor > 0.4 && factor < 2.5 ? whole * factor : whole
  }
}
