import Hardware

/// The last picture made: a cache of what registers and memory show, never part of the machine's state.
final class VideoOutput: Wiring {
  /// Something that can show has changed since the last picture.
  var isDirty = true
  /// The last picture.
  var frame = VideoFrame(width: 1, height: 1, pixels: [0])
  /// Blinking as it was in the last picture.
  var cursorPhase = false
  var blinkPhase = false
  /// Which of the two it depends on.
  var hasCursor = false
  var hasBlink = false
}

/// The CRT controller's address counters from line to line. A picture is drawn with one of these from its first line
/// on; a renderer that follows the beam keeps it between two calls.
struct ScanCursor {
  /// Line of the picture, 0 ... height - 1.
  private(set) var line = 0
  /// Address counter at the start of the line.
  private(set) var row: Int
  /// Scan line within the character row.
  private(set) var scan: Int
  /// Pixel panning, in dots.
  private(set) var panning: Int
  private var isSecond = false
  private var isSplit = false

  /// At the top of a frame.
  init(_ state: VideoAdapter.State) {
    row = (state.crt.startAddress + state.crt.bytePanning) & 0xFFFF
    scan = state.crt.presetRowScan
    panning = Self.panning(state)
  }

  /// Dots by which the line begins late. With 9 dots the values 0-7 mean 1-8 and 8 means none.
  private static func panning(_ state: VideoAdapter.State) -> Int {
    let value = Int(state.attribute.panning)
    if state.sequencer.dotsPerCharacter == 9 { return value >= 8 ? 0 : value + 1 }
    return value & 7
  }

  private mutating func split(_ state: VideoAdapter.State) {
    row = 0
    scan = 0
    isSecond = false
    isSplit = true
    if state.attribute.splitsPanning { panning = 0 }
  }

  /// On to the next line.
  mutating func advance(_ state: VideoAdapter.State) {
    line += 1
    // The line counter equals the line compare register on the last line above the split.
    if !isSplit, line > state.crt.lineCompare { return split(state) }
    if state.crt.isDoubleScan {
      isSecond.toggle()
      if isSecond { return }
    }
    if scan == state.crt.maximumScanLine {
      scan = 0
      row = (row + state.crt.rowOffset) & 0xFFFF
    } else {
      scan = (scan + 1) & 0x1F
    }
  }
}

/// Everything a line needs that doesn't change from line to line.
struct DotColors {
  /// RGB of the 16 colours behind the attribute controller's palette.
  let sixteen: [UInt32]
  /// RGB of all 256, for 8-bit dots.
  let all: [UInt32]
  /// RGB of the overscan colour.
  let overscan: UInt32

  init(_ state: VideoAdapter.State) {
    sixteen = (0..<16).map { state.dac.rgb(state.attribute.dacIndex(UInt8($0))) }
    all = state.attribute.is8Bit ? (0..<256).map { state.dac.rgb(UInt8($0)) } : []
    overscan = state.dac.rgb(state.attribute.overscan)
  }
}
