import Hardware

/// Graphics: the shift registers' dots, and the straight ones of an ET4000.
///
/// - Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem, GR05 "Shift Register Mode", AR10.
extension VideoAdapter {
  /// Draws the character clocks `cells` of a line of a VGA's graphics at `line` in the colours of `table`: eight dots of
  /// four bits in each, put together from the planes in one of three ways.
  func drawShifted(
    _ line: UnsafeMutablePointer<UInt32>, _ what: DrawnLine, _ cells: Range<Int>, _ table: UnsafePointer<UInt32>
  ) {
    let crt = state.crt
    let scanout = output.scanout
    let shift = crt.countShift
    let mask = scanout.addressMask
    let isNine = scanout.dots == 9
    let is8Bit = state.attribute.is8Bit
    var dot = line
    for i in cells {
      let counter = (what.row &+ i &>> shift) & mask
      // Eight nibbles, first dot in the top one.
      let nibbles = self.nibbles(memory.load(scanout.offset(crt, counter, row: what.scan)))
      if is8Bit {
        // Two nibbles are one dot, shown twice; the palette registers are passed by (unverified: on IBM's chip each
        // nibble may go through them).
        for pair in 0..<4 {
          let color = table[Int(nibbles &>> UInt32(truncatingIfNeeded: 24 &- 8 &* pair) & 0xFF)]
          dot[pair &* 2] = color
          dot[pair &* 2 &+ 1] = color
        }
      } else {
        for n in 0..<8 { dot[n] = table[Int(nibbles &>> UInt32(truncatingIfNeeded: 28 &- 4 &* n) & 0x0F)] }
      }
      dot += 8
      if isNine {
        // A ninth dot has nothing to show.
        dot[0] = output.colors.overscan
        dot += 1
      }
    }
  }

  /// The shift registers' output for one load of the four planes.
  @inline(__always) private func nibbles(_ planes: UInt32) -> UInt32 {
    if state.graphics.is256Color {
      // Plane 0's byte first, high nibble first.
      return planes.byteSwapped
    }
    if state.graphics.isInterleaved {
      // Bits in pairs: planes 0 and 2 make four dots, planes 1 and 3 the next four.
      var result: UInt32 = 0
      for dot in 0..<8 {
        let low = planes >> (dot < 4 ? 0 : 8)
        let pair = UInt32(6 &- 2 &* (dot & 3))
        let value = low >> pair & 3 | (low >> (pair + 16) & 3) << 2
        result = result << 4 | value
      }
      return result
    }
    return Self.deal(planes & 0xFF) | Self.deal(planes >> 8 & 0xFF) << 1 | Self.deal(planes >> 16 & 0xFF) << 2
      | Self.deal(planes >> 24) << 3
  }

  /// Spreads the eight bits of a byte to the low bits of eight nibbles, keeping their order.
  @inline(__always) private static func deal(_ byte: UInt32) -> UInt32 {
    var v = byte
    v = (v | v << 12) & 0x000F_000F
    v = (v | v << 6) & 0x0303_0303
    return (v | v << 3) & 0x1111_1111
  }

  /// Draws one line of bytes or words that are dots.
  func drawLinear(_ line: UnsafeMutablePointer<UInt32>, _ what: DrawnLine) {
    let scanout = output.scanout
    let words = (Int(scanout.displayCharacters) &* scanout.bytesPerCharacter) >> 2
    var dot = line
    switch scanout.format {
    case .linear15:
      for i in 0..<words {
        let pair = memory.load(what.row &+ i)
        dot[0] = Self.rgb15(pair & 0x7FFF)
        dot[1] = Self.rgb15(pair >> 16 & 0x7FFF)
        dot += 2
      }
    case .linear16:
      for i in 0..<words {
        let pair = memory.load(what.row &+ i)
        dot[0] = Self.rgb16(pair & 0xFFFF)
        dot[1] = Self.rgb16(pair >> 16)
        dot += 2
      }
    default:
      let table = output.colors.all
      for i in 0..<words {
        let four = memory.load(what.row &+ i)
        dot[0] = table[Int(four & 0xFF)]
        dot[1] = table[Int(four >> 8 & 0xFF)]
        dot[2] = table[Int(four >> 16 & 0xFF)]
        dot[3] = table[Int(four >> 24)]
        dot += 4
      }
    }
  }

  @inline(__always) private static func rgb15(_ v: UInt32) -> UInt32 {
    let (r, g, b) = (v >> 10, v >> 5 & 31, v & 31)
    return (r << 3 | r >> 2) << 16 | (g << 3 | g >> 2) << 8 | b << 3 | b >> 2
  }

  @inline(__always) private static func rgb16(_ v: UInt32) -> UInt32 {
    let (r, g, b) = (v >> 11, v >> 5 & 63, v & 31)
    return (r << 3 | r >> 2) << 16 | (g << 2 | g >> 4) << 8 | b << 3 | b >> 2
  }
}
