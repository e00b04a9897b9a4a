import Devices
import Hardware
import Testing

/// Planar memory written from the IBM manual, plane by plane and bit by bit.
private struct PlainVGA {
  var planes = [[UInt8]](repeating: [UInt8](repeating: 0, count: 65_536), count: 4)
  var latch: [UInt8] = [0, 0, 0, 0]
  var sr: [UInt8] = [3, 1, 15, 0, 6]
  var gr: [UInt8] = [0, 0, 0, 0, 0, 0, 4, 15, 255]

  private func bit(_ value: UInt8, _ n: Int) -> Bool { (Int(value) >> n) % 2 == 1 }

  /// Plane offset and the planes an access at window address `a` concerns.
  private func place(_ a: Int, forRead: Bool) -> (offset: Int, planes: [Int]) {
    if bit(sr[4], 3) { return (a / 4 * 4 % 65_536, [a % 4]) }
    let oddEven = forRead ? bit(gr[5], 4) : !bit(sr[4], 2)
    guard oddEven else { return (a % 65_536, [0, 1, 2, 3]) }
    var offset = a
    if bit(gr[6], 1) {
      offset = a / 2 * 2
      if (gr[6] >> 2) % 4 == 0, a >= 65_536 { offset += 1 }
    }
    return (offset % 65_536, a % 2 == 0 ? [0, 2] : [1, 3])
  }

  mutating func write(_ a: Int, _ value: UInt8) {
    let (offset, wanted) = place(a, forRead: false)
    for plane in wanted where bit(sr[2], plane) {
      var result: UInt8 = 0
      for n in 0..<8 {
        let rotated = bit(value, (n + Int(gr[3] % 8)) % 8)
        var source: Bool
        var selected = bit(gr[8], n)
        switch gr[5] % 4 {
        case 0: source = bit(gr[1], plane) ? bit(gr[0], plane) : rotated
        case 1:
          source = bit(latch[plane], n)
          selected = false
        case 2: source = bit(value, plane)
        default:
          source = bit(gr[0], plane)
          selected = selected && rotated
        }
        let old = bit(latch[plane], n)
        switch gr[3] / 8 {
        case 1: source = source && old
        case 2: source = source || old
        case 3: source = source != old
        default: break
        }
        if selected ? source : old { result += UInt8(1 << n) }
      }
      planes[plane][offset] = result
    }
  }

  mutating func read(_ a: Int) -> UInt8 {
    let (offset, wanted) = place(a, forRead: true)
    for plane in 0..<4 { latch[plane] = planes[plane][offset] }
    if bit(gr[5], 3) {
      var result: UInt8 = 0
      for n in 0..<8 {
        var equal = true
        for plane in 0..<4 where bit(gr[7], plane) && bit(latch[plane], n) != bit(gr[2], plane) { equal = false }
        if equal { result += UInt8(1 << n) }
      }
      return result
    }
    switch wanted.count {
    case 1: return latch[wanted[0]]
    case 2: return latch[gr[4] >= 2 ? wanted[1] : wanted[0]]
    default: return latch[Int(gr[4])]
    }
  }
}

@Suite struct VGAMemoryTests {
  private struct Random {
    var seed: UInt64
    mutating func next() -> UInt64 {
      seed ^= seed << 13
      seed ^= seed >> 7
      seed ^= seed << 17
      return seed
    }
  }

  @Test("Read modes, write modes, set/reset, functions, masks and addressing agree with the manual's words")
  func model() throws {
    var random = Random(seed: 0x1234_5678_9ABC_DEF1)
    let host = try VGAHost(.graphics640x480x16)
    var model = PlainVGA()
    for _ in 0..<4000 {
      for _ in 0..<3 {
        let r = random.next()
        let value = UInt8(truncatingIfNeeded: r >> 8)
        switch r % 12 {
        case 0: model.sr[2] = value & 15
        case 1: model.sr[4] = value & 0x0C | 2
        case 2: model.gr[6] = value & 0x0E
        case let n where n < 12:
          let index = Int(r >> 32) % 9
          if index != 6 { model.gr[index] = value & [15, 15, 15, 31, 3, 0x1B, 0, 15, 255][index] }
        default: break
        }
      }
      for i in [2, 4] { host.write(0x3C4, UInt8(i), model.sr[i]) }
      for i in 0..<9 { host.write(0x3CE, UInt8(i), model.gr[i]) }
      let (base, size): (UInt32, UInt32) = [
        (0xA_0000, 0x2_0000), (0xA_0000, 0x1_0000), (0xB_0000, 0x8000), (0xB_8000, 0x8000),
      ][Int(model.gr[6] >> 2)]
      for _ in 0..<6 {
        let r = random.next()
        // A small part of memory, so that accesses meet, but with both halves of the large window.
        let a = (UInt32(r >> 8 & 0x3F) | (r & 64 == 0 ? 0 : size / 2)) % size
        let bytes = [1, 2, 4][Int(r >> 16 & 0xFF) % 3]
        if r & 1 == 0 {
          let value = UInt32(truncatingIfNeeded: r >> 30)
          host.backplane.memory.write(base + a, size: bytes, value)
          for i in 0..<bytes where a + UInt32(i) < size {
            model.write(Int(a) + i, UInt8(truncatingIfNeeded: value >> UInt32(8 * i)))
          }
        } else {
          let value = host.backplane.memory.read(base + a, size: bytes)
          var expected: UInt32 = 0
          for i in 0..<bytes { expected |= UInt32(model.read(Int(a) + i)) << UInt32(8 * i) }
          #expect(value == expected, "SR04 \(model.sr[4]) GR \(model.gr) at \(a)")
        }
      }
    }
    // Everything that was written, plane by plane.
    host.write(0x3C4, 4, 6)
    host.write(0x3CE, 5, 0)
    host.write(0x3CE, 6, 4)
    for plane in 0..<4 {
      host.write(0x3CE, 4, UInt8(plane))
      var same = true
      for offset in 0..<65_536 where host.peek(0xA_0000 + UInt32(offset)) != model.planes[plane][offset] {
        same = false
      }
      #expect(same, "plane \(plane)")
    }
  }

  /// Values, bit masks and the bytes of the four latches of eight writes: in every bit position and every plane, the
  /// eight writes have all eight combinations of value bit, mask bit and latch bit.
  private static let eightWrites: [(value: UInt8, mask: UInt8, latches: [UInt8])] = (0..<8).map { write in
    func byte(_ bit: Int, _ shift: Int) -> UInt8 {
      (0..<8).reduce(0) { $0 | UInt8(((write + $1 + shift) & 7) >> bit & 1) << UInt8($1) }
    }
    return (byte(0, 0), byte(1, 0), (0..<4).map { plane in byte(2, 0) ^ UInt8(truncatingIfNeeded: 0x9C >> plane) })
  }

  @Test("Every write mode, function, rotation, set/reset and enable, with every bit of value, mask and latch")
  func everyWrite() throws {
    let host = try VGAHost(.graphics640x480x16)
    var model = PlainVGA()
    // The latches' contents at offsets 0-7.
    for (i, write) in Self.eightWrites.enumerated() {
      for plane in 0..<4 {
        host.write(0x3C4, 2, 1 << UInt8(plane))
        host.poke(0xA_0000 + UInt32(i), write.latches[plane])
        model.planes[plane][i] = write.latches[plane]
      }
    }
    host.write(0x3C4, 2, 15)
    var wrong = 0
    for combination in 0..<32_768 {
      let registers: [(Int, Int)] = [
        (0, combination & 15), (1, combination >> 4 & 15), (3, combination >> 8 & 31), (5, combination >> 13 & 3),
      ]
      for (index, value) in registers {
        host.write(0x3CE, UInt8(index), UInt8(value))
        model.gr[index] = UInt8(value)
      }
      for (i, write) in Self.eightWrites.enumerated() {
        host.write(0x3CE, 8, write.mask)
        model.gr[8] = write.mask
        _ = host.peek(0xA_0000 + UInt32(i))
        model.latch = write.latches
        host.poke(0xA_0100 + UInt32(i), write.value)
        model.write(0x100 + i, write.value)
      }
      for plane in 0..<4 {
        host.write(0x3CE, 4, UInt8(plane))
        for i in 0..<8 where host.peek(0xA_0100 + UInt32(i)) != model.planes[plane][0x100 + i] { wrong += 1 }
      }
      if wrong > 0 {
        Issue.record("GR00, GR01, GR03, GR05 \(registers): \(wrong) bytes differ")
        return
      }
    }
  }

  @Test("Every map mask lets each write mode reach its planes and no others")
  func everyMapMask() throws {
    let host = try VGAHost(.graphics640x480x16)
    var model = PlainVGA()
    for mask in 0..<16 {
      for mode in 0..<4 {
        for value in 0..<256 {
          host.write(0x3CE, 5, UInt8(mode))
          model.gr[5] = UInt8(mode)
          host.write(0x3C4, 2, UInt8(mask))
          model.sr[2] = UInt8(mask)
          host.poke(0xA_0000 + UInt32(value), UInt8(value))
          model.write(value, UInt8(value))
          #expect(host.peek(0xA_0000 + UInt32(255 - value)) == model.read(255 - value))
        }
      }
    }
    host.write(0x3CE, 5, 0)
    for plane in 0..<4 {
      host.write(0x3CE, 4, UInt8(plane))
      #expect((0..<256).allSatisfy { host.peek(0xA_0000 + UInt32($0)) == model.planes[plane][$0] })
    }
  }

  @Test("Read mode 1 compares every colour with every compare and don't-care register")
  func everyCompare() throws {
    let host = try VGAHost(.graphics640x480x16)
    var model = PlainVGA()
    host.write(0x3CE, 5, 2)
    model.gr[5] = 2
    // Colour n at offset n, all eight dots.
    for color in 0..<16 {
      host.poke(0xA_0000 + UInt32(color), UInt8(color))
      model.write(color, UInt8(color))
    }
    host.write(0x3CE, 5, 8)
    model.gr[5] = 8
    for compare in 0..<16 {
      for care in 0..<16 {
        host.write(0x3CE, 2, UInt8(compare))
        host.write(0x3CE, 7, UInt8(care))
        model.gr[2] = UInt8(compare)
        model.gr[7] = UInt8(care)
        for color in 0..<16 { #expect(host.peek(0xA_0000 + UInt32(color)) == model.read(color)) }
      }
    }
  }

  @Test("The four windows answer where GR06 says, and nowhere else")
  func windows() throws {
    let host = try VGAHost(.graphics640x480x16)
    let probes: [UInt32] = [0xA_0000, 0xA_FFFF, 0xB_0000, 0xB_7FFF, 0xB_8000, 0xB_FFFF]
    let answers: [[Bool]] = [
      [true, true, true, true, true, true], [true, true, false, false, false, false],
      [false, false, true, true, false, false], [false, false, false, false, true, true],
    ]
    for (map, expected) in answers.enumerated() {
      host.write(0x3CE, 6, UInt8(map << 2 | 1))
      for (probe, answer) in zip(probes, expected) {
        host.poke(probe, 0x5A)
        #expect((host.peek(probe) == 0x5A) == answer, "map \(map) at \(probe)")
      }
      // Clean again.
      for probe in probes { host.poke(probe, 0) }
    }
    host.outb(0x3C2, 0xE1)
    #expect(host.peek(0xB_8000) == 0xFF)
  }

  @Test("In text modes a word write puts a character into plane 0 and its attribute into plane 1")
  func textPlanes() throws {
    let host = try VGAHost(.text80x25)
    host.backplane.memory.write(0xB_8000 + 10, size: 4, 0x0742_1E41)
    host.write(0x3C4, 4, 6)
    host.write(0x3CE, 5, 0)
    host.write(0x3CE, 6, 4)
    #expect(host.peek(0xA_000A) == 0x41)
    #expect(host.peek(0xA_000C) == 0x42)
    host.write(0x3CE, 4, 1)
    #expect(host.peek(0xA_000A) == 0x1E)
    #expect(host.peek(0xA_000C) == 0x07)
  }
}
