import Hardware

/// Graphics: eight dots of four bits in each character clock, put together from the planes in one of three ways.
///
/// - Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem, GR05 "Shift Register Mode", AR10.
extension VideoAdapter {
  /// Draws one line.
  func drawGraphics(_ line: UnsafeMutableBufferPointer<UInt32>, _ scan: ScanCursor, _ colors: DotColors) {
    let crt = state.crt
    let dots = state.sequencer.dotsPerCharacter
    let shift = crt.countShift
    let count = crt.horizontalDisplay + (scan.panning > 0 ? 1 : 0)
    let is8Bit = state.attribute.is8Bit
    guard let first = line.baseAddress, colors.sixteen.count == 16, !is8Bit || colors.all.count == 256 else { return }
    (is8Bit ? colors.all : colors.sixteen).withUnsafeBufferPointer { table in
      var x = -scan.panning
      for i in 0..<count {
        let counter = (scan.row + i >> shift) & 0xFFFF
        // Eight nibbles, first dot in the top one. Blinking in graphics (AR10 bit 3) is not shown.
        let nibbles = self.nibbles(memory.load(crt.planeOffset(counter, row: scan.scan)))
        let isInside = x >= 0 && x + 8 <= line.count
        if isInside, is8Bit {
          // Two nibbles are one dot, shown twice; the palette registers are passed by.
          for dot in 0..<4 {
            let color = table[Int(nibbles &>> UInt32(24 &- 8 &* dot) & 0xFF)]
            first[x &+ dot &* 2] = color
            first[x &+ dot &* 2 &+ 1] = color
          }
        } else if isInside {
          for dot in 0..<8 { first[x &+ dot] = table[Int(nibbles &>> UInt32(28 &- 4 &* dot) & 0x0F)] }
        } else {
          for dot in 0..<8 where x + dot >= 0 && x + dot < line.count {
            let at = UInt32(28 - 4 * dot)
            first[x + dot] = table[Int(is8Bit ? nibbles >> (at & ~7) & 0xFF : nibbles >> at & 0x0F)]
          }
        }
        x += 8
        if dots == 9 {
          // A ninth dot has nothing to show.
          if x >= 0, x < line.count { first[x] = colors.overscan }
          x += 1
        }
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
}
