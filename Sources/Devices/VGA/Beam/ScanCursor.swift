import Hardware

/// What the CRT controller holds during vertical retrace for the frame after it.
///
/// - Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem: CR08 "starting row scan count after a
///   vertical retrace". That the start address is taken over as vertical retrace begins is what programs of the time
///   rely on (recalled: M. Abrash, "Graphics Programming Black Book"); that CR08 is too is unverified.
struct FrameStart: Codable, Equatable, Sendable {
  /// Address counter of the first character: start address and byte panning.
  var address = 0
  /// First scan line of the topmost row.
  var presetRowScan = 0
}

/// The CRT controller's address counters from line to line, kept while the beam goes down the picture.
struct ScanCursor {
  /// Address counter at the start of the line.
  private(set) var row = 0
  /// Scan line within the character row.
  private(set) var scan = 0
  /// Below the split.
  private(set) var isSplit = false
  private var isSecond = false

  /// At the top of a frame.
  init(_ start: FrameStart) {
    row = start.address
    scan = start.presetRowScan
  }

  /// Dots by which a line begins late. With 9 dots the values 0-7 mean 1-8 and 8 means none.
  func panning(_ state: VideoAdapter.State) -> Int {
    if isSplit, state.attribute.splitsPanning { return 0 }
    let value = Int(state.attribute.panning)
    if state.sequencer.dotsPerCharacter == 9 { return value >= 8 ? 0 : value + 1 }
    return value & 7
  }

  /// From `line` on to the next.
  mutating func advance(from line: Int, _ crt: CRTController, _ scanout: Scanout) {
    // The line counter equals the line compare register on the last line above the split.
    if line == scanout.lineCompare {
      row = 0
      scan = 0
      isSecond = false
      isSplit = true
      return
    }
    if crt.isDoubleScan {
      isSecond.toggle()
      if isSecond { return }
    }
    if scan == crt.maximumScanLine {
      scan = 0
      row = (row + scanout.rowOffset) & scanout.addressMask
    } else {
      scan = (scan + 1) & 0x1F
    }
  }
}
