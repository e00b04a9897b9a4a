public import Hardware

#if canImport(Glibc)
  import Glibc
#endif

/// The picture follows the beam: before anything that shows is changed, what the beam has passed is drawn from what
/// registers and memory held until then. Registers change it to the dot, memory to the line.
///
/// Lines are drawn again only if what they come from has changed, so that a picture nobody changes costs a comparison
/// for each line.
extension VideoAdapter {
  /// Frames for which the cursor stays on or off, and characters stay lit or dark, as powers of two.
  ///
  /// - Source: IBM PS/2 Hardware Interface Technical Reference: the cursor blinks at the frame rate divided by 16,
  ///   characters at half that rate.
  private static let cursorShift: Int64 = 3
  private static let blinkShift: Int64 = 4

  /// The last whole picture that the beam has drawn, border included. `serial` grows when the picture differs.
  public func render() -> VideoFrame {
    catchUp(toDot: false)
    if !output.isValid {
      // The first picture isn't complete: the rest of it as registers and memory are now.
      finishPicture()
      restartPicture()
    }
    return output.frame
  }

  /// Called before every change of a register that can show.
  func displayWillChange() {
    catchUp()
    output.generation &+= 1
  }

  /// Called before memory is written.
  @inline(__always) func memoryWillChange() {
    if retrace.now >= output.deadline { catchUp(toDot: false) }
    if path.touchesFonts { output.generation &+= 1 }
  }

  // MARK: Pictures

  /// The number of the picture that the beam draws at `beam`.
  func picture(at beam: Beam) -> Int64 {
    let first = output.scanout.firstLine
    return first > 0 && beam.line >= first ? beam.frame &+ 1 : beam.frame
  }

  /// Ticks from the left edge of a line to its first dot of memory.
  private var lead: Int64 { Int64(output.scanout.left) &* output.scanout.character }

  /// Starts the picture that the beam is in anew: what is above the beam will be drawn as registers and memory are
  /// then. For changes of the picture's size, and for loaded states.
  func restartPicture() {
    let scanout = output.scanout
    if output.width != scanout.width || output.height != scanout.height { output.resize() }
    output.generation &+= 1
    output.colors.isStale = true
    begin(picture(at: beam(scanout, at: now, lead: lead)))
    output.deadline = .zero
  }

  private func begin(_ picture: Int64) {
    output.picture = picture
    output.next = 0
    output.drawnDots = 0
    output.cursor = ScanCursor(frameStart(of: picture))
  }

  /// Draws everything that the beam has passed: whole lines, and if `toDot` the part of the line it is in.
  func catchUp(toDot: Bool = true) {
    let scanout = output.scanout
    let beam = beam(scanout, at: now, lead: lead)
    let current = picture(at: beam)
    if current != output.picture {
      if current > output.picture {
        finishPicture()
        if current > output.picture &+ 1 {
          // Nothing has changed since: of all the pictures in between the last is enough.
          begin(current &- 1)
          finishPicture()
        }
      }
      begin(current)
    }
    let lines = Int(scanout.lines)
    let first = Int(scanout.firstLine)
    let line = Int(beam.line)
    let place = line >= first ? line - first : line - first + lines
    if place > output.next { drawLines(to: place) }
    if toDot { drawDots(line, to: Int(beam.dot / scanout.ticksPerDot)) }
    // Memory shows again at the end of this line, or of the next frame's first one.
    var end = beam
    end.dot = 0
    if end.line < scanout.displayLines { end.line += 1 } else { (end.frame, end.line) = (end.frame &+ 1, 1) }
    end.dot = -lead
    output.deadline = instant(scanout, of: end)
    memory.clock &+= 1
  }

  private func finishPicture() {
    drawLines(to: Int(output.scanout.lines))
    memory.clock &+= 1
    if output.hasChanged || !output.isValid { publish() }
  }

  private func publish() {
    output.hasChanged = false
    output.isValid = true
    let scanout = output.scanout
    output.frame = VideoFrame(
      width: output.width, height: output.height,
      pixels: Array(UnsafeBufferPointer(start: output.canvas, count: output.width * output.height)),
      aspect: scanout.aspect(state.miscellaneous), refreshRate: scanout.refreshRate,
      serial: output.frame.serial &+ 1, border: scanout.border)
  }

  // MARK: Start address

  /// What a retrace now would take over.
  var registersStart: FrameStart {
    let address = (card == .et4000 ? state.et4000.startAddressHigh << 16 : 0) + state.crt.startAddress
    return FrameStart(
      address: (address + state.crt.bytePanning) & output.scanout.addressMask,
      presetRowScan: state.crt.presetRowScan)
  }

  /// What retrace took over for the frame in `picture`.
  func frameStart(of picture: Int64) -> FrameStart {
    picture <= state.startPicture ? state.start : registersStart
  }

  /// Called before a register of `FrameStart` is written: keeps what the last retrace took over.
  func startWillChange() {
    catchUp(toDot: false)
    guard state.startPicture != output.picture else { return }
    state.start = registersStart
    state.startPicture = output.picture
  }

  // MARK: Lines

  /// Draws whole lines up to line number `place` of the picture.
  private func drawLines(to place: Int) {
    let lines = Int(output.scanout.lines)
    let first = Int(output.scanout.firstLine)
    let shown = Int(output.scanout.displayLines)
    while output.next < place {
      let line = output.next + first < lines ? output.next + first : output.next + first - lines
      draw(line, from: output.drawnDots, to: output.width)
      if line < shown { output.cursor.advance(from: line, state.crt, output.scanout) }
      output.drawnDots = 0
      output.next += 1
    }
  }

  /// Draws `line` up to dot `end`, where a register is about to change.
  private func drawDots(_ line: Int, to end: Int) {
    let end = min(end, output.width)
    guard end > output.drawnDots else { return }
    draw(line, from: output.drawnDots, to: end)
    output.drawnDots = end
  }

  /// The canvas's line for CRT controller line `line`; nil in blanking.
  private func canvasLine(_ line: Int) -> Int? {
    let scanout = output.scanout
    let lines = Int(scanout.lines)
    if line < Int(scanout.displayLines) + scanout.bottom {
      let y = line + scanout.top
      return y < output.height ? y : nil
    }
    let y = line - lines + scanout.top
    return y >= 0 && y < output.height ? y : nil
  }

  private func draw(_ line: Int, from start: Int, to end: Int) {
    guard let y = canvasLine(line) else { return }
    let what = content(line, of: output.picture, at: output.cursor)
    let isWhole = start == 0 && end == output.width
    if isWhole, output.lines[y] == what, what.content != .memory || !isWritten(what, y) { return }
    let line = output.scratch + VideoOutput.margin
    output.colors.refresh(state)
    switch what.content {
    case .nothing, .black: line.update(repeating: 0, count: output.width)
    case .border: line.update(repeating: output.colors.overscan, count: output.width)
    case .memory: drawMemory(line, what)
    }
    output.lines[y] = isWhole ? what : DrawnLine()
    output.drawnAt[y] = memory.clock
    let bytes = (end - start) * 4
    let target = output.canvas + (y * output.width + start)
    if memcmp(target, line + start, bytes) != 0 {
      memcpy(target, line + start, bytes)
      output.hasChanged = true
    }
  }

  private func drawMemory(_ line: UnsafeMutablePointer<UInt32>, _ what: DrawnLine) {
    let scanout = output.scanout
    let left = scanout.left * scanout.dots
    let shown = Int(scanout.displayCharacters) * scanout.dots
    // Panned lines show a part of one more character.
    let cells = 0..<Int(scanout.displayCharacters) + (what.panning > 0 ? 1 : 0)
    let colors = output.colors
    switch scanout.format {
    case .text: drawText(line + (left - what.panning), what, cells, colors.sixteen)
    case .shifted:
      let table = state.attribute.is8Bit ? colors.all : what.isDark ? colors.turned : colors.sixteen
      drawShifted(line + (left - what.panning), what, cells, table)
    case .linear8, .linear15, .linear16: drawLinear(line + left, what)
    }
    let right = output.width - left - shown
    if left > 0 { line.update(repeating: output.colors.overscan, count: left) }
    if right > 0 { (line + (left + shown)).update(repeating: output.colors.overscan, count: right) }
  }

  /// What `line` of `picture` shows, with the address counters in `cursor`.
  func content(_ line: Int, of picture: Int64, at cursor: ScanCursor) -> DrawnLine {
    var what = DrawnLine()
    what.generation = output.generation
    let isEnabled = state.motherboardEnable & 1 != 0 && state.adapterEnable & 0x08 != 0
    guard state.sequencer.isRunning, state.crt.isSynchronising, isEnabled, !state.sequencer.isScreenOff else {
      what.content = .black
      return what
    }
    guard state.attribute.isDisplaying, line < Int(output.scanout.displayLines) else {
      what.content = .border
      return what
    }
    what.content = .memory
    what.row = cursor.row
    what.scan = cursor.scan
    what.panning = cursor.panning(state)
    if state.attribute.blinks { what.isDark = picture >> Self.blinkShift & 1 != 0 }
    if output.scanout.format == .text, picture >> Self.cursorShift & 1 == 0,
      state.crt.cursorCovers(row: what.scan)
    {
      let column = (cursorAddress - what.row) & output.scanout.addressMask
      if column <= Int(output.scanout.displayCharacters) >> state.crt.countShift { what.cursor = column }
    }
    return what
  }

  /// The address counter at which the cursor shows.
  var cursorAddress: Int {
    state.crt.cursorAddress + state.crt.cursorSkew + (card == .et4000 ? state.et4000.cursorAddressHigh << 16 : 0)
  }

  /// Whether memory that line `y` shows has been written since it was drawn.
  private func isWritten(_ what: DrawnLine, _ y: Int) -> Bool {
    let scanout = output.scanout
    let mask = scanout.addressMask
    let first: Int
    let span: Int
    if scanout.format == .shifted || scanout.format == .text {
      let crt = state.crt
      let step = crt.addressStep
      first = scanout.offset(crt, what.row, row: what.scan) & ~(step &- 1)
      span = (Int(scanout.displayCharacters) >> crt.countShift &+ 2) &* step
      // Where the addresses jump, a line is simply drawn again.
      if !crt.isContiguous, first >> 13 != (first &+ span) >> 13 { return true }
      if what.row &+ span > mask { return true }
    } else {
      first = what.row
      span = (Int(scanout.displayCharacters) &+ 1) &* scanout.bytesPerCharacter >> 2
    }
    if first &+ span > min(mask, memory.offsetMask) { return true }
    return memory.isWritten(first, first &+ span, since: output.drawnAt[y])
  }
}
