import Hardware
import Storage
import Testing

@testable import Devices

/// READ LONG, WRITE LONG, FORMAT TRACK, and what else of ATA-2 has no test in `ATATests`.
@Suite struct ATALongTests {
  /// The sector and its correction bytes, which pass one by one.
  private func readLong(_ host: ATAHost, _ lba: Int) -> (words: [UInt16], code: [UInt8]) {
    #expect(host.command(0x22, count: 1, lba: lba) == 0x58)
    let words = host.words()
    #expect(host.inb(7) == 0x58)
    let code = (0..<4).map { _ in host.inb(0) }
    #expect(host.inb(7) == 0x50)
    return (words, code)
  }

  private func writeLong(_ host: ATAHost, _ lba: Int, _ words: [UInt16], _ code: [UInt8]) {
    #expect(host.command(0x32, count: 1, lba: lba) == 0x58)
    host.put(words)
    for byte in code { host.outb(0, byte) }
    #expect(host.alternate == 0x80)
    host.settle()
    #expect(host.inb(7) == 0x50)
  }

  @Test(
    "READ LONG gives 256 words and then as many bytes as IDENTIFY's word 22 says, one interrupt for all"
  )
  func read() throws {
    let host = try ATAHost()
    _ = host.command(0xEC)
    #expect(host.words()[22] == 4)
    host.interrupts = 0
    let (words, _) = readLong(host, 1136)
    #expect(words[0] == 1136 && host.interrupts == 1)
    #expect(readLong(host, 1137).code != readLong(host, 1136).code)
  }

  @Test(
    "A sector written by WRITE LONG with the bytes that READ LONG gave is good; with others it is UNC until written"
  )
  func write() throws {
    let host = try ATAHost()
    let (words, code) = readLong(host, 40)
    var changed = words
    changed[7] = 0x1234
    writeLong(host, 40, words, code)
    #expect(host.command(0x20, count: 1, lba: 40) == 0x58)
    #expect(host.words() == words)
    writeLong(host, 40, changed, code)
    #expect(readLong(host, 40).words == changed && readLong(host, 40).code == code)
    // READ SECTORS ends at it, READ VERIFY and READ MULTIPLE, too: address and count tell which.
    #expect(host.command(0x20, count: 3, lba: 39) == 0x58)
    _ = host.words()
    host.settle()
    #expect(host.inb(7) == 0x51 && host.inb(1) == 0x40 && host.inb(3) == 40)
    #expect(host.command(0x40, count: 3, lba: 39) == 0x51)
    #expect(host.inb(1) == 0x40 && host.inb(3) == 40 && host.inb(2) == 2)
    // A reset leaves the surface as it is, and so does a saved state.
    let saved = try host.bench.saved()
    host.controller.reset()
    #expect(host.command(0x20, count: 1, lba: 40) == 0x51)
    #expect(host.command(0x30, count: 1, lba: 40) == 0x58)
    host.put(words)
    host.settle()
    #expect(host.command(0x20, count: 1, lba: 40) == 0x58)
    _ = host.words()
    _ = try host.bench.load(saved)
    #expect(host.command(0x20, count: 1, lba: 40) == 0x51)
  }

  @Test("FORMAT TRACK takes 256 words and leaves the track's sectors zero and good, and no others")
  func format() throws {
    let host = try ATAHost()
    let (words, code) = readLong(host, 1136)
    writeLong(host, 1136, [0xFFFF] + words.dropFirst(), code)
    // Cylinder 1, head 2: sectors 1134 to 1196.
    #expect(host.chs(0x50, count: 63, 1, 2, 1) == 0x58)
    host.put([UInt16](repeating: 0x0100, count: 256))
    host.settle()
    #expect(host.inb(7) == 0x50)
    for lba in [1133, 1134, 1136, 1196, 1197] {
      #expect(host.command(0x20, count: 1, lba: lba) == 0x58)
      #expect(host.words()[0] == (lba == 1133 || lba == 1197 ? UInt16(lba) : 0), "\(lba)")
    }
    #expect(host.chs(0x50, count: 63, 9, 2, 1) == 0x51)
    #expect(host.inb(1) == 0x10)
  }

  @Test(
    "NOP is aborted; what WRITE BUFFER gives READ BUFFER gets; SLEEP ends with a reset, STANDBY with an access"
  )
  func others() throws {
    let host = try ATAHost()
    #expect(host.command(0x00) == 0x51)
    #expect(host.inb(1) == 0x04)
    #expect(host.command(0xE8) == 0x58)
    host.put(Array(0x7000...0x70FF))
    host.settle()
    #expect(host.command(0xE4) == 0x58)
    #expect(host.words() == Array(0x7000...0x70FF))
    #expect(host.command(0xE0) == 0x50)
    _ = host.command(0xE5)
    #expect(host.inb(2) == 0x00)
    #expect(host.command(0x20, count: 1, lba: 1) == 0x58)
    _ = host.words()
    _ = host.command(0xE5)
    #expect(host.inb(2) == 0xFF)
    #expect(host.command(0xE6) == 0x50)
    host.interrupts = 0
    _ = host.command(0xEC)
    #expect(host.interrupts == 0)
    host.bench.out(0x3F6, 4)
    host.bench.out(0x3F6, 0)
    host.settle()
    #expect(host.command(0xEC) == 0x58)
  }

  @Test(
    "Plain words of the data register come as by single accesses, and the last one is never among them"
  )
  func plain() throws {
    let host = try ATAHost()
    let io = host.bench.backplane.io
    #expect(io.plainAccesses(0x1F0, size: 2, writes: false) == 0)
    #expect(host.command(0x20, count: 2, lba: 1136) == 0x58)
    #expect(io.plainAccesses(0x1F0, size: 2, writes: false) == 255)
    #expect(io.plainAccesses(0x1F0, size: 4, writes: false) == 127)
    #expect(io.plainAccesses(0x1F0, size: 2, writes: true) == 0)
    #expect(io.plainAccesses(0x1F7, size: 2, writes: false) == 0)
    var bytes = [UInt8](repeating: 0, count: 510)
    bytes.withUnsafeMutableBytes { io.readPlainly(0x1F0, $0) }
    #expect(host.alternate == 0x58 && io.plainAccesses(0x1F0, size: 2, writes: false) == 0)
    #expect(Array(try host.file()[1136 * 512..<1136 * 512 + 510]) == bytes)
    _ = host.words(1)
    #expect(host.alternate == 0x80)
    host.settle()
    #expect(host.words()[0] == 1137)
    #expect(host.command(0x30, count: 1, lba: 9) == 0x58)
    #expect(io.plainAccesses(0x1F0, size: 2, writes: true) == 255)
    bytes.withUnsafeBytes { io.writePlainly(0x1F0, $0) }
    host.put([0xABCD])
    host.settle()
    #expect(host.inb(7) == 0x50)
    #expect(Array(try host.file()[9 * 512..<10 * 512]) == bytes + [0xCD, 0xAB])
  }
}
