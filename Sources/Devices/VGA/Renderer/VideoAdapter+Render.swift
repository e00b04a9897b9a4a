public import Hardware

/// The picture.
extension VideoAdapter {
  /// Frames for which the cursor stays on or off, and characters stay lit or dark, as powers of two.
  ///
  /// - Source: IBM PS/2 Hardware Interface Technical Reference: the cursor blinks at the frame rate divided by 16,
  ///   characters at half that rate.
  private static let cursorShift: Int64 = 3
  private static let blinkShift: Int64 = 4

  /// The picture that registers and memory show now, dot by dot as it leaves the adapter, without border. Costs
  /// nothing to speak of if nothing has changed since the last one; `serial` grows when the picture differs.
  public func render() -> VideoFrame {
    let frames = frameNumber
    let cursorPhase = frames >> Self.cursorShift & 1 == 0
    let blinkPhase = frames >> Self.blinkShift & 1 == 0
    let isBlinking =
      output.hasCursor && cursorPhase != output.cursorPhase || output.hasBlink && blinkPhase != output.blinkPhase
    guard output.isDirty || isBlinking else { return output.frame }
    output.isDirty = false
    output.cursorPhase = cursorPhase
    output.blinkPhase = blinkPhase

    let dots = state.sequencer.dotsPerCharacter
    let width = state.crt.horizontalDisplay * dots
    let height = state.crt.verticalDisplay
    let isText = !state.graphics.isGraphics
    output.hasCursor = isText && state.crt.hasCursor
    output.hasBlink = isText && state.attribute.blinks
    let colors = DotColors(state)
    let pixels: [UInt32]
    if let blank = blankColor(colors) {
      output.hasCursor = false
      output.hasBlink = false
      pixels = [UInt32](repeating: blank, count: width * height)
    } else {
      pixels = [UInt32](unsafeUninitializedCapacity: width * height) { buffer, count in
        var scan = ScanCursor(state)
        while scan.line < height {
          let line = UnsafeMutableBufferPointer(rebasing: buffer[scan.line * width..<(scan.line + 1) * width])
          if isText {
            drawText(line, scan, colors, cursor: cursorPhase, blink: blinkPhase)
          } else {
            drawGraphics(line, scan, colors)
          }
          scan.advance(state)
        }
        count = width * height
      }
    }
    let old = output.frame
    let isSame = old.width == width && old.height == height && Self.isEqual(old.pixels, pixels)
    output.frame = VideoFrame(
      width: width, height: height, pixels: isSame ? old.pixels : pixels, refreshRate: timing.refreshRate,
      serial: isSame ? old.serial : old.serial &+ 1)
    return output.frame
  }

  /// Whether two pictures have the same dots, sixteen at a time.
  private static func isEqual(_ a: [UInt32], _ b: [UInt32]) -> Bool {
    guard a.count == b.count else { return false }
    return a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        var at = 0
        while at + 16 <= a.count {
          var differs: UInt32 = 0
          for i in 0..<16 { differs |= a[at &+ i] ^ b[at &+ i] }
          if differs != 0 { return false }
          at += 16
        }
        while at < a.count {
          if a[at] != b[at] { return false }
          at += 1
        }
        return true
      }
    }
  }

  /// The colour of a screen that shows no memory; nil if it does.
  private func blankColor(_ colors: DotColors) -> UInt32? {
    let isEnabled = state.motherboardEnable & 1 != 0 && state.adapterEnable & 0x08 != 0
    guard state.sequencer.isRunning, state.crt.isSynchronising, isEnabled else { return 0 }
    if state.sequencer.isScreenOff { return 0 }
    return state.attribute.isDisplaying ? nil : colors.overscan
  }
}
