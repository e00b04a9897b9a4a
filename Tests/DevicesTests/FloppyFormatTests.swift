import Devices
import Hardware
import Storage
import Testing

@Suite struct FloppyFormatTests {
  private func ids(_ cylinder: UInt8, _ head: UInt8, _ records: [UInt8], n: UInt8 = 2) -> [UInt8] {
    records.flatMap { [cylinder, head, $0, n] }
  }

  @Test("FORMAT TRACK takes C, H, R, N of each sector from the host and ends with the index pulse")
  func format() throws {
    let host = try FloppyHost()
    let disk = try numberedDisk()
    try host.controller.insert(disk, drive: 0)
    host.start()
    host.seek(2)
    let records = (0..<18).map { UInt8($0 * 5 % 18 + 1) }
    host.prepare(writing: ids(2, 1, records))
    host.command(0x4D, 4, 2, 18, 0x6C, 0xF6)
    let took = try #require(host.waitForInterrupt())
    #expect(took > .milliseconds(200) && took < .milliseconds(401))
    #expect(host.results().prefix(3) == [4, 0, 0])
    let track = disk.track(cylinder: 2, head: 1)
    #expect(track.sectors.map(\.id.record) == records)
    #expect(track.sectors.allSatisfy { $0.data == [UInt8](repeating: 0xF6, count: 512) })
    host.prepare(reading: 18 * 512)
    #expect(host.transfer(0x46, c: 2, h: 1, r: 1) == [4, 0, 0, 3, 1, 1, 2])
  }

  @Test("A track may be formatted with other sector sizes and rates, and read back so")
  func oddFormat() throws {
    let host = try FloppyHost()
    let disk = try numberedDisk()
    try host.controller.insert(disk, drive: 0)
    host.start(rate: 2)
    host.prepare(writing: ids(0, 0, [1, 2, 3, 4, 5], n: 3))
    host.command(0x4D, 0, 3, 5, 0x35, 0x11)
    host.waitForInterrupt()
    #expect(host.results().prefix(3) == [0, 0, 0])
    let bytes = (0..<1024).map { UInt8(truncatingIfNeeded: $0 * 3) }
    host.prepare(writing: bytes)
    #expect(host.transfer(0x45, c: 0, h: 0, r: 4, n: 3, eot: 5) == [0, 0, 0, 0, 0, 5, 3])
    host.prepare(reading: 1024)
    #expect(host.transfer(0x46, c: 0, h: 0, r: 4, n: 3, eot: 5) == [0, 0, 0, 0, 0, 5, 3])
    #expect(host.incoming == bytes)
    // At the old rate the track is gone.
    host.outb(0x3F7, 0)
    #expect(host.transfer(0x46, c: 0, h: 0, r: 1)[1] == 0x01)
  }

  @Test("A host that gives no IDs gets OR")
  func formatOverrun() throws {
    let host = try FloppyHost()
    try host.controller.insert(numberedDisk(), drive: 0)
    host.start()
    host.command(0x4D, 0, 2, 18, 0x6C, 0xF6)
    host.waitForInterrupt()
    #expect(host.results().prefix(2) == [0x40, 0x10])
  }

  @Test("READ TRACK reads EOT sectors in physical order from the index hole, with ND where an ID differs")
  func readTrack() throws {
    let host = try FloppyHost()
    let disk = try numberedDisk()
    try host.controller.insert(disk, drive: 0)
    host.start()
    host.prepare(reading: 18 * 512)
    #expect(host.transfer(0x42, c: 0, h: 0, r: 1).prefix(3) == [0, 0, 0])
    #expect(host.incoming == disk.track(cylinder: 0, head: 0).sectors.flatMap(\.data))
    host.prepare(reading: 18 * 512)
    #expect(host.transfer(0x42, c: 9, h: 0, r: 1).prefix(3) == [0, 4, 0])
    #expect(host.incoming.count == 18 * 512)
  }

  @Test("VERIFY moves no data and ends at EOT, or after SC sectors with EC")
  func verify() throws {
    let host = try FloppyHost()
    try host.controller.insert(numberedDisk(), drive: 0)
    host.start()
    #expect(host.transfer(0x56, c: 0, h: 0, r: 1) == [0, 0, 0, 1, 0, 1, 2])
    #expect(host.transfer(0x56, c: 0, h: 0, r: 3, dtl: 4, extraBits: 0x80) == [0, 0, 0, 0, 0, 7, 2])
    #expect(host.interrupts == 4)
  }

  @Test("SCAN: SH when equal, neither SH nor SN when the condition holds, SN when no sector meets it")
  func scan() throws {
    let host = try FloppyHost()
    let disk = try numberedDisk()
    try host.controller.insert(disk, drive: 0)
    host.start()
    let sectors = disk.track(cylinder: 0, head: 0).sectors
    // FFh on either side is equal to anything.
    host.prepare(writing: sectors[1].data + sectors[2].data)
    #expect(host.transfer(0x51, c: 0, h: 0, r: 2, dtl: 1) == [0, 0, 0x08, 0, 0, 2, 2])
    host.prepare(writing: [UInt8](repeating: 0xFE, count: 512))
    #expect(host.transfer(0x59, c: 0, h: 0, r: 2, dtl: 1) == [0, 0, 0, 0, 0, 2, 2])
    host.prepare(writing: [UInt8](repeating: 0xFE, count: 1024))
    #expect(host.transfer(0x5D, c: 0, h: 0, r: 17, dtl: 1)[2] == 0x04)
  }

  @Test("Non-DMA mode: each byte asks with INT and RQM, the end is the last sector's EOT")
  func nonDMA() throws {
    let host = try FloppyHost()
    let disk = try numberedDisk()
    try host.controller.insert(disk, drive: 0)
    host.start()
    host.command(0x03, 0xDF, 0x03)
    host.command(0xE6, 0, 0, 0, 18, 2, 18, 0x1B, 0xFF)
    var bytes: [UInt8] = []
    while bytes.count < 512, host.waitForInterrupt(within: .seconds(1)) != nil {
      guard host.inb(0x3F4) == 0xF0 else { break }
      bytes.append(host.inb(0x3F5))
    }
    #expect(bytes == disk.track(cylinder: 0, head: 0).sectors[17].data)
    // MT went on with head 1 in the same command; a reset ends it.
    host.outb(0x3F4, 0x80)
    host.waitForInterrupt()
    host.command(0x08)
    _ = host.results()
    host.command(0x66, 0, 0, 0, 18, 2, 18, 0x1B, 0xFF)
    for _ in 0..<512 {
      host.waitForInterrupt()
      _ = host.inb(0x3F5)
    }
    host.waitForInterrupt()
    #expect(host.results() == [0x40, 0x80, 0, 1, 0, 1, 2])
  }

  @Test("Implied seek: the data command seeks to C first")
  func impliedSeek() throws {
    let host = try FloppyHost()
    try host.controller.insert(numberedDisk(), drive: 0)
    host.start()
    host.command(0x13, 0, 0x60, 0)
    host.prepare(reading: 512)
    #expect(host.transfer(c: 40, h: 1, r: 1) == [4, 0, 0, 40, 1, 2, 2])
    #expect(host.controller.activity(0).cylinder == 40)
  }

  @Test("Every raw format reads and writes in its drive at its data rate")
  func formats() throws {
    let cases: [(Int, UInt8, UInt8, FloppyDriveType)] = [
      (163_840, 2, 8, .drive360K), (184_320, 2, 9, .drive360K), (327_680, 2, 8, .drive360K),
      (368_640, 2, 9, .drive360K), (737_280, 2, 9, .drive1440K), (1_228_800, 0, 15, .drive1200K),
      (1_474_560, 0, 18, .drive1440K), (1_720_320, 0, 21, .drive1440K), (2_949_120, 3, 36, .drive2880K),
    ]
    for (size, rate, sectors, type) in cases {
      let host = try FloppyHost()
      let disk = try numberedDisk(size)
      try host.controller.insert(disk, drive: 0)
      #expect(host.controller.driveType(0) == type)
      host.start(rate: rate)
      host.seek(39)
      let head = UInt8(disk.geometry.heads - 1)
      host.prepare(reading: Int(sectors) * 512)
      let start = host.now
      let result = host.transfer(0x46, c: 39, h: head, r: 1, eot: sectors)
      #expect(result == [head << 2, 0, 0, 40, head, 1, 2], "\(size)")
      #expect(host.incoming == disk.track(cylinder: 39, head: Int(head)).sectors.flatMap(\.data))
      #expect(host.now - start < .milliseconds(430), "one revolution and the wait for sector 1")
      host.prepare(writing: [UInt8](repeating: 0xA5, count: 512))
      #expect(host.transfer(0x45, c: 39, h: head, r: sectors, eot: sectors)[0] == head << 2)
    }
  }

  @Test("A 360K disk in a 1.2M drive: 300 kbit/s and double steps")
  func doubleStep() throws {
    let host = try FloppyHost(.init(types: [.drive1200K]))
    let disk = try numberedDisk(368_640)
    try host.controller.insert(disk, drive: 0)
    host.start(rate: 1)
    host.seek(20)
    host.prepare(reading: 512)
    #expect(host.transfer(0x46, c: 10, h: 0, r: 1, eot: 9)[0] == 0)
    #expect(host.incoming == disk.track(cylinder: 10, head: 0).sectors[0].data)
    host.seek(21)
    #expect(host.transfer(0x46, c: 10, h: 0, r: 1, eot: 9)[1] == 0x01)
  }

  @Test("A configured drive refuses disks that don't fit, naming both")
  func wrongDrive() throws {
    let host = try FloppyHost(.init(driveCount: 1, types: [.drive720K]))
    #expect(throws: StorageError.wrongDrive(path: "numbered", disk: "1.44M", drive: "720K")) {
      try host.controller.insert(numberedDisk(), drive: 0)
    }
    #expect(throws: StorageError.self) { try host.controller.insert(numberedDisk(737_280), drive: 1) }
    try host.controller.insert(numberedDisk(737_280), drive: 0)
  }
}
