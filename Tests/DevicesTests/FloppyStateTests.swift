import Devices
import Hardware
import Storage
import Testing

@Suite struct FloppyStateTests {
  @Test("A state saved in the middle of a transfer goes on in a new machine to the same end")
  func midTransfer() throws {
    for fifo: UInt8 in [0x20, 0x07] {
      for steps in [1, 40, 300, 800] {
        let host = try FloppyHost()
        try host.controller.insert(numberedDisk(), drive: 0)
        host.start()
        host.command(0x13, 0, fifo, 0)
        let bytes = (0..<2048).map { UInt8(truncatingIfNeeded: $0 * 13) }
        host.prepare(writing: bytes)
        host.command(0xC5, 0, 0, 0, 5, 2, 18, 0x1B, 0xFF)
        for _ in 0..<steps where host.backplane.scheduler.nextDeadline != .never {
          host.backplane.scheduler.advance(to: host.backplane.scheduler.nextDeadline)
        }
        let saved = try SavedValue(serialized: host.backplane.savedState().serialized())
        let other = try FloppyHost()
        try other.controller.insert(numberedDisk(), drive: 0)
        #expect(try other.backplane.load(saved) == [])
        (other.outgoing, other.count, other.isWrite, other.isMasked) = (host.outgoing, host.count, true, false)
        host.waitForInterrupt()
        other.waitForInterrupt()
        #expect(host.now == other.now)
        #expect(host.results() == other.results())
        #expect(try host.backplane.savedState() == other.backplane.savedState())
        #expect(host.controller.image(in: 0)?.rawBytes() == other.controller.image(in: 0)?.rawBytes())
      }
    }
  }

  @Test("A state with a disk needs that disk; one without takes the disk out")
  func disks() throws {
    let host = try FloppyHost()
    let empty = try host.backplane.savedState()
    try host.controller.insert(numberedDisk(), drive: 0)
    let full = try host.backplane.savedState()
    let other = try FloppyHost()
    #expect(throws: SavedStateError.self) { try other.backplane.load(full) }
    try other.controller.insert(numberedDisk(737_280), drive: 0)
    #expect(throws: SavedStateError.self) { try other.backplane.load(full) }
    try other.controller.insert(numberedDisk(), drive: 0)
    #expect(try other.backplane.load(full) == [])
    #expect(try other.backplane.load(empty) == [])
    #expect(other.controller.image(in: 0) == nil)
  }

  @Test("Random port traffic never traps, and a reset always brings the chip back")
  func fuzz() throws {
    var seed: UInt64 = 0x9E37_79B9_7F4A_7C15
    func random() -> UInt64 {
      seed ^= seed << 13
      seed ^= seed >> 7
      seed ^= seed << 17
      return seed
    }
    for round in 0..<12 {
      let host = try FloppyHost()
      host.start()
      let sizes = [163_840, 368_640, 737_280, 1_228_800, 1_474_560, 2_949_120]
      let codes: [UInt8] = [
        0x02, 0x05, 0x06, 0x09, 0x0A, 0x0C, 0x0D, 0x11, 0x16, 0x19, 0x1D, 0x07, 0x0F, 0x8F, 0x13, 0x12, 0x03,
      ]
      for _ in 0..<1500 {
        let r = random()
        let value = UInt8(truncatingIfNeeded: r >> 16)
        switch r % 16 {
        case 0: host.outb(0x3F2, value)
        case 1: host.outb(0x3F4, value & (r >> 30 & 7 == 0 ? 0xFF : 0x7F))
        case 2: host.outb(0x3F7, value)
        case 3: _ = host.inb(0x3F0 + UInt16(r >> 24 & 7))
        case 4: host.outb(0x3F2, 0x1C)
        case 5: try host.controller.insert(numberedDisk(sizes[Int(r >> 20) % sizes.count]), drive: Int(r >> 40 & 1))
        case 6: host.controller.eject(drive: Int(r >> 40 & 1))
        case 7: host.prepare(reading: Int(r >> 24 & 0xFFF))
        case 8: host.prepare(writing: (0..<Int(r >> 24 & 0xFFF)).map { UInt8(truncatingIfNeeded: $0) })
        case 9: host.pass(.milliseconds(Int64(r >> 24 & 0xFF)))
        case 10: _ = host.results()
        default:
          host.outb(0x3F5, codes[Int(r >> 24) % codes.count] | value & 0xE0)
          for at in UInt64(0)..<8 {
            host.outb(0x3F5, UInt8(truncatingIfNeeded: r >> (at * 7)) & (r >> 60 & 1 == 0 ? 0x07 : 0xFF))
          }
        }
        host.pass(.microseconds(Int64(random() & 0xFFF)))
        if round == 0, r % 64 == 5 { _ = try? host.backplane.load(host.backplane.savedState()) }
      }
      host.outb(0x3F2, 0)
      host.outb(0x3F2, 0x0C)
      #expect(host.waitForInterrupt() == .microseconds(250))
      host.command(0x08)
      #expect(host.results() == [0xC0, 0])
    }
  }
}
