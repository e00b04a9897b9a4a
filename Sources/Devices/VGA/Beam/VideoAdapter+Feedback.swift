import Hardware

/// The colour outputs that input status 1 feeds back for diagnosis.
extension VideoAdapter {
  /// Bits 5 and 4 of input status 1: two of the eight colour outputs, by AR12 bits 5-4. Outside of what memory shows they
  /// are the overscan colour's. Computed from registers and memory as they are, not from what has been drawn.
  ///
  /// - Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem, "Color Plane Enable Register", Video
  ///   Status MUX.
  func feedback() -> UInt8 {
    let color = output.status & 1 != 0 ? state.attribute.overscan : displayedColor()
    let (high, low): (UInt8, UInt8) =
      switch state.attribute.planeEnable >> 4 & 3 {
      case 0: (2, 0)
      case 1: (5, 4)
      case 2: (3, 1)
      default: (7, 6)
      }
    return (color >> high & 1) << 5 | (color >> low & 1) << 4
  }

  /// The number of the colour, before the PEL mask, of the dot that the beam is at.
  private func displayedColor() -> UInt8 {
    let scanout = output.scanout
    let beam = beam(scanout, at: now)
    let line = Int(beam.line)
    let what = content(line, of: beam.frame, at: counters(at: line, of: beam.frame))
    guard what.content == .memory else { return what.content == .border ? state.attribute.overscan : 0 }
    let dot = Int(beam.dot / scanout.ticksPerDot) + what.panning
    let (cell, place) = dot.quotientAndRemainder(dividingBy: scanout.dots)
    switch scanout.format {
    case .text, .shifted:
      return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 16) { dots in
        guard let line = dots.baseAddress, place < 9 else { return 0 }
        if scanout.format == .text {
          drawText(line, what, cell..<cell + 1, Self.numbers)
        } else if place == 8 {
          return state.attribute.overscan
        } else {
          drawShifted(line, what, cell..<cell + 1, Self.numbers)
          if state.attribute.is8Bit { return UInt8(truncatingIfNeeded: line[place]) }
        }
        let isTurned = what.isDark && scanout.format == .shifted
        return state.attribute.dacIndex(UInt8(truncatingIfNeeded: line[place]), turning: isTurned ? 8 : 0)
      }
    case .linear8:
      return UInt8(truncatingIfNeeded: memory.load(what.row &+ dot >> 2) >> UInt32(dot & 3 &* 8))
    case .linear15, .linear16:
      // These dots pass the palette's address inputs by.
      return 0
    }
  }

  /// The address counters at the start of `line`, as the registers are now. Programs poll, so the last answer is kept.
  private func counters(at line: Int, of picture: Int64) -> ScanCursor {
    let start = frameStart(of: picture)
    if output.probe.picture != picture || output.probe.generation != output.generation || output.probe.start != start
      || output.probe.line > line
    {
      output.probe = LineCounters(
        picture: picture, generation: output.generation, start: start, cursor: ScanCursor(start))
    }
    while output.probe.line < line {
      output.probe.cursor.advance(from: output.probe.line, state.crt, output.scanout)
      output.probe.line += 1
    }
    return output.probe.cursor
  }

  /// Tables of colours that say their own number.
  private nonisolated(unsafe) static let numbers: UnsafePointer<UInt32> = {
    let table = UnsafeMutablePointer<UInt32>.allocate(capacity: 256)
    for i in 0..<256 { table[i] = UInt32(i) }
    return UnsafePointer(table)
  }()
}
