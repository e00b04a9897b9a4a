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
