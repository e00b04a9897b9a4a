import Devices
import Hardware
import Storage
import Testing

@Suite struct FloppyControllerTests {
  @Test("After a reset there is one interrupt, and SENSE INTERRUPT STATUS returns C0h, C1h, C2h, C3h, then 80h")
  func resetPolling() throws {
    let host = try FloppyHost()
    #expect(host.inb(0x3F4) == 0)
    host.outb(0x3F2, 0x0C)
    #expect(host.waitForInterrupt() == .microseconds(250))
    for unit in UInt8(0)..<4 {
      host.command(0x08)
      #expect(host.results() == [0xC0 | unit, 0])
    }
    #expect(!host.controller.interrupt.level)
    host.command(0x08)
    #expect(host.results() == [0x80])
    #expect(host.interrupts == 1)
  }

  @Test(
    "A driver that lets the reset's interrupt pass gets an edge at the end of its RECALIBRATE, and that result first")
  func resetIgnored() throws {
    let host = try FloppyHost()
    host.outb(0x3F2, 0x0C)
    #expect(host.waitForInterrupt() != nil)
    #expect(host.controller.interrupt.level)
    host.outb(0x3F2, 0x1C)
    host.command(0x07, 0)
    #expect(host.waitForInterrupt() != nil)
    #expect(host.interrupts == 2)
    host.command(0x08)
    #expect(host.results() == [0x20, 0])
  }

  @Test("Between result bytes RQM stays; after the last one it pauses")
  func resultBytes() throws {
    let host = try FloppyHost()
    host.outb(0x3F2, 0x0C)
    _ = host.waitForInterrupt()
    host.command(0x08)
    while host.inb(0x3F4) & 0xC0 != 0xC0 { host.pass(.microseconds(1)) }
    #expect(host.inb(0x3F5) == 0xC0)
    #expect(host.inb(0x3F4) & 0xC0 == 0xC0)
    #expect(host.inb(0x3F5) == 0)
    #expect(host.inb(0x3F4) & 0xC0 == 0)
  }

  @Test("DSR bit 7 resets the chip and clears itself; the data rate stays")
  func softwareReset() throws {
    let host = try FloppyHost()
    host.start()
    host.outb(0x3F4, 0x80)
    #expect(host.inb(0x3F4) == 0)
    #expect(host.waitForInterrupt() != nil)
    host.command(0x08)
    #expect(host.results() == [0xC0, 0])
  }

  @Test("VERSION returns 90h; invalid codes return 80h, PART ID of the 82078 among them")
  func identification() throws {
    let host = try FloppyHost()
    host.start()
    host.command(0x10)
    #expect(host.results() == [0x90])
    for code: UInt8 in [0x00, 0x18, 0x1F, 0x48] {
      host.command(code)
      #expect(host.results() == [0x80])
    }
  }

  @Test("CONFIGURE, PERPENDICULAR MODE and SPECIFY are seen in DUMPREG; LOCK keeps the FIFO over software resets")
  func registers() throws {
    let host = try FloppyHost()
    host.start()
    host.command(0x13, 0, 0x57, 0x11)
    host.command(0x12, 0x84)
    host.command(0x94)
    #expect(host.results() == [0x10])
    host.command(0x0E)
    #expect(host.results() == [0, 0, 0, 0, 0xDF, 0x02, 0, 0x84, 0x57, 0x11])
    host.outb(0x3F4, 0x80)
    host.waitForInterrupt()
    host.command(0x0E)
    #expect(host.results() == [0, 0, 0, 0, 0xDF, 0x02, 0, 0x84, 0x07, 0x11])
    host.command(0x14)
    #expect(host.results() == [0])
    host.outb(0x3F4, 0x80)
    host.waitForInterrupt()
    host.command(0x0E)
    #expect(host.results() == [0, 0, 0, 0, 0xDF, 0x02, 0, 0x04, 0x20, 0])
  }

  @Test("A SEEK of 10 cylinders at SRT = 13 takes 30 ms at 500 kbit/s, sets SE, and its drive is busy meanwhile")
  func seekTime() throws {
    let host = try FloppyHost()
    try host.controller.insert(numberedDisk(), drive: 0)
    host.start()
    host.command(0x0F, 0, 10)
    #expect(host.inb(0x3F4) & 0x1F == 0x01)
    let took = try #require(host.waitForInterrupt())
    #expect(took >= .milliseconds(30) && took < .milliseconds(31))
    host.command(0x08)
    #expect(host.results() == [0x20, 10])
    #expect(host.controller.activity(0).cylinder == 10)
  }

  @Test("RECALIBRATE gives up after 79 steps with EC when track 0 isn't found")
  func recalibrateFar() throws {
    let host = try FloppyHost()
    try host.controller.insert(numberedDisk(), drive: 0)
    host.start()
    host.seek(83)
    host.command(0x07, 0)
    host.waitForInterrupt()
    host.command(0x08)
    #expect(host.results() == [0x70, 0])
    host.command(0x07, 0)
    host.waitForInterrupt()
    host.command(0x08)
    #expect(host.results() == [0x20, 0])
    host.command(0x04, 0)
    #expect(host.results() == [0x38])
  }

  @Test("Relative seek steps in with DIR = 1 and out with DIR = 0")
  func relativeSeek() throws {
    let host = try FloppyHost()
    host.start()
    host.command(0xCF, 0, 20)
    host.waitForInterrupt()
    host.command(0x08)
    #expect(host.results() == [0x20, 20])
    host.command(0x8F, 0, 5)
    host.waitForInterrupt()
    host.command(0x08)
    #expect(host.results() == [0x20, 15])
    #expect(host.controller.activity(0).cylinder == 15)
  }

  @Test("READ DATA of one sector through DMA: data, and R + 1 in the result")
  func readSector() throws {
    let host = try FloppyHost()
    let disk = try numberedDisk()
    try host.controller.insert(disk, drive: 0)
    host.start()
    host.prepare(reading: 512)
    #expect(host.transfer(c: 0, h: 0, r: 5) == [0, 0, 0, 0, 0, 6, 2])
    #expect(host.incoming == disk.track(cylinder: 0, head: 0).sectors[4].data)
  }

  @Test("READ DATA with MT goes on with head 1 after EOT of head 0; C + 1, R = 1 after EOT of head 1")
  func multiTrack() throws {
    let host = try FloppyHost()
    let disk = try numberedDisk()
    try host.controller.insert(disk, drive: 0)
    host.start()
    host.seek(7)
    host.prepare(reading: 36 * 512)
    let start = host.now
    #expect(host.transfer(c: 7, h: 0, r: 1) == [4, 0, 0, 8, 0, 1, 2])
    let raw = try #require(disk.rawBytes())
    #expect(host.incoming == Array(raw[7 * 36 * 512..<8 * 36 * 512]))
    // Two revolutions and at most one more to wait for sector 1.
    #expect(host.now - start < .milliseconds(620))
    host.prepare(reading: 18 * 512)
    // With MT the head changes at EOT, in the ID and on the disk.
    #expect(host.transfer(c: 7, h: 0, r: 1) == [4, 0, 0, 7, 1, 1, 2])
    host.prepare(reading: 18 * 512)
    #expect(host.transfer(0x66, c: 7, h: 0, r: 1) == [0, 0, 0, 8, 0, 1, 2])
  }

  @Test("Without TC the command ends after EOT with EN and abnormal termination")
  func endOfCylinder() throws {
    let host = try FloppyHost()
    try host.controller.insert(numberedDisk(), drive: 0)
    host.start()
    host.prepare(reading: 5000)
    #expect(host.transfer(0x66, c: 0, h: 0, r: 17) == [0x40, 0x80, 0, 1, 0, 1, 2])
    #expect(host.incoming.count == 1024)
  }

  @Test("Bytes arrive every 16 us at 500 kbit/s")
  func byteTime() throws {
    let host = try FloppyHost()
    try host.controller.insert(numberedDisk(), drive: 0)
    host.start()
    host.prepare(reading: 512)
    host.command(0xE6, 0, 0, 0, 1, 2, 18, 0x1B, 0xFF)
    while host.incoming.isEmpty { host.backplane.scheduler.advance(to: host.backplane.scheduler.nextDeadline) }
    let first = host.now
    while host.incoming.count < 512 { host.backplane.scheduler.advance(to: host.backplane.scheduler.nextDeadline) }
    #expect(host.now - first == .microseconds(511 * 16))
  }

  @Test(
    "Bytes arrive every 32 us at 250 kbit/s, every 26.7 us at 300 kbit/s, where a 1.2 MB drive turns 360 times a minute"
  )
  func slowerByteTimes() throws {
    for (type, bytes, sectors, rate, nanoseconds)
      in [(FloppyDriveType.drive720K, 737_280, 9, 2, 32_000), (.drive1200K, 368_640, 9, 1, 26_667)]
      as [(FloppyDriveType, Int, UInt8, UInt8, Int64)]
    {
      let host = try FloppyHost(.init(driveCount: 1, types: [type]))
      try host.controller.insert(numberedDisk(bytes), drive: 0)
      host.start(rate: rate)
      host.prepare(reading: 512)
      host.command(0xE6, 0, 0, 0, 1, 2, sectors, 0x2A, 0xFF)
      while host.incoming.isEmpty { host.backplane.scheduler.advance(to: host.backplane.scheduler.nextDeadline) }
      let first = host.now
      while host.incoming.count < 512 { host.backplane.scheduler.advance(to: host.backplane.scheduler.nextDeadline) }
      let each = Double((host.now - first).picoseconds) / 511_000
      #expect(abs(each - Double(nanoseconds)) < 2, "\(each) ns")
    }
  }

  @Test("With the FIFO on, DREQ comes when 16 - threshold bytes are in it; the data is the same")
  func fifo() throws {
    for threshold: UInt8 in [0, 7, 14, 15] {
      let host = try FloppyHost()
      let disk = try numberedDisk()
      try host.controller.insert(disk, drive: 0)
      host.start()
      host.command(0x13, 0, threshold, 0)
      host.prepare(reading: 1024)
      #expect(host.transfer(c: 0, h: 0, r: 2) == [0, 0, 0, 0, 0, 4, 2])
      let raw = try #require(disk.rawBytes())
      #expect(host.incoming == Array(raw[512..<1536]))
      let bytes = (0..<1024).map { UInt8(truncatingIfNeeded: $0 * 3 + Int(threshold)) }
      host.prepare(writing: bytes)
      #expect(host.transfer(0xC5, c: 0, h: 0, r: 9) == [0, 0, 0, 0, 0, 11, 2])
      #expect(disk.rawBytes().map { Array($0[8 * 512..<10 * 512]) } == bytes)
    }
  }

  @Test("A host that doesn't serve the request in time gets OR")
  func overrun() throws {
    let host = try FloppyHost()
    try host.controller.insert(numberedDisk(), drive: 0)
    host.start()
    #expect(host.transfer(c: 0, h: 0, r: 1) == [0x40, 0x10, 0, 0, 0, 1, 2])
    #expect(host.transfer(0xC5, c: 0, h: 0, r: 1) == [0x40, 0x10, 0, 0, 0, 1, 2])
    host.command(0x13, 0, 0x07, 0)
    #expect(host.transfer(c: 0, h: 0, r: 1) == [0x40, 0x10, 0, 0, 0, 1, 2])
  }

  @Test("WRITE DATA writes; after TC the rest of the sector is filled with zeros")
  func write() throws {
    let host = try FloppyHost()
    let disk = try numberedDisk()
    try host.controller.insert(disk, drive: 0)
    host.start()
    host.seek(3)
    let bytes = (0..<700).map { UInt8(truncatingIfNeeded: $0 ^ 0x5A) }
    host.prepare(writing: bytes)
    #expect(host.transfer(0xC5, c: 3, h: 1, r: 4) == [4, 0, 0, 3, 1, 6, 2])
    let raw = try #require(disk.rawBytes())
    let at = (3 * 36 + 18 + 3) * 512
    #expect(Array(raw[at..<at + 1024]) == bytes + [UInt8](repeating: 0, count: 324))
    host.prepare(reading: 1024)
    #expect(host.transfer(c: 3, h: 1, r: 4) == [4, 0, 0, 3, 1, 6, 2])
    #expect(host.incoming.prefix(700) == bytes[...])
  }

  @Test("A write-protected disk: NW, and WP in ST3")
  func writeProtect() throws {
    let host = try FloppyHost()
    let disk = try numberedDisk()
    disk.isWriteProtected = true
    try host.controller.insert(disk, drive: 0)
    host.start()
    host.prepare(writing: [1, 2, 3])
    #expect(host.transfer(0xC5, c: 0, h: 0, r: 1) == [0x40, 0x02, 0, 0, 0, 1, 2])
    host.command(0x04, 0)
    #expect(host.results() == [0x78])
  }

  @Test("Deleted data: WRITE DELETED DATA marks, READ DATA reads it with CM and stops, SK skips it")
  func deletedData() throws {
    let host = try FloppyHost()
    try host.controller.insert(numberedDisk(), drive: 0)
    host.start()
    let bytes = [UInt8](repeating: 0xDD, count: 512)
    host.prepare(writing: bytes)
    #expect(host.transfer(0xC9, c: 0, h: 0, r: 3) == [0, 0, 0, 0, 0, 4, 2])
    host.prepare(reading: 2048)
    #expect(host.transfer(0xC6, c: 0, h: 0, r: 2) == [0, 0, 0x40, 0, 0, 3, 2])
    #expect(host.incoming.count == 1024)
    host.prepare(reading: 1024)
    #expect(host.transfer(0xE6, c: 0, h: 0, r: 2) == [0, 0, 0x40, 0, 0, 5, 2])
    #expect(host.incoming.first == 1)
    #expect(host.incoming.dropFirst(512).first == 3)
    host.prepare(reading: 512)
    #expect(host.transfer(0xCC, c: 0, h: 0, r: 3) == [0, 0, 0, 0, 0, 4, 2])
    #expect(host.incoming == bytes)
  }

  @Test("READ ID returns the next ID under the head")
  func readID() throws {
    let host = try FloppyHost()
    try host.controller.insert(numberedDisk(), drive: 0)
    host.start()
    host.seek(12)
    var seen = Set<UInt8>()
    for _ in 0..<40 {
      host.command(0x4A, 4)
      #expect(host.waitForInterrupt() != nil)
      let r = host.results()
      #expect(Array(r.prefix(5)) == [4, 0, 0, 12, 1] && r.last == 2)
      seen.insert(r[5])
    }
    #expect(seen.count == 18)
  }

  @Test("A wrong data rate finds no ID: MA after the second index pulse")
  func wrongRate() throws {
    let host = try FloppyHost()
    try host.controller.insert(numberedDisk(), drive: 0)
    host.start(rate: 2)
    host.command(0x4A, 0)
    let took = try #require(host.waitForInterrupt())
    #expect(took > .milliseconds(200) && took <= .milliseconds(410))
    #expect(host.results().prefix(3) == [0x40, 0x01, 0])
    #expect(host.transfer(0xA6, c: 0, h: 0, r: 1).prefix(3) == [0x40, 0x01, 0])
  }

  @Test("A sector that isn't there: ND, with WC if the IDs have another cylinder")
  func notFound() throws {
    let host = try FloppyHost()
    try host.controller.insert(numberedDisk(), drive: 0)
    host.start()
    #expect(host.transfer(c: 0, h: 0, r: 19, eot: 20) == [0x40, 0x04, 0, 0, 0, 19, 2])
    #expect(host.transfer(c: 5, h: 0, r: 1) == [0x40, 0x04, 0x10, 5, 0, 1, 2])
    #expect(host.transfer(c: 0, h: 0, r: 1, n: 3) == [0x40, 0x04, 0, 0, 0, 1, 3])
  }

  @Test("Without a disk or with the motor off there are no index pulses and the command doesn't end")
  func noDisk() throws {
    let host = try FloppyHost()
    host.start()
    host.prepare(reading: 512)
    host.command(0xE6, 0, 0, 0, 1, 2, 18, 0x1B, 0xFF)
    #expect(host.waitForInterrupt(within: .seconds(10)) == nil)
    // It goes on when a disk comes.
    try host.controller.insert(numberedDisk(), drive: 0)
    #expect(host.waitForInterrupt(within: .seconds(1)) != nil)
    #expect(host.results() == [0, 0, 0, 0, 0, 2, 2])
    host.outb(0x3F2, 0x0C)
    host.command(0x4A, 0)
    #expect(host.waitForInterrupt(within: .seconds(10)) == nil)
    host.outb(0x3F2, 0x1C)
    let took = try #require(host.waitForInterrupt())
    #expect(took >= .milliseconds(500))
  }

  @Test("DSKCHG is set by taking the disk out and cleared by a step with a disk in")
  func diskChange() throws {
    let host = try FloppyHost()
    try host.controller.insert(numberedDisk(), drive: 0)
    host.outb(0x3F2, 0x1C)
    host.waitForInterrupt()
    #expect(host.inb(0x3F7) & 0x80 != 0)
    host.start()
    host.seek(1)
    #expect(host.inb(0x3F7) & 0x80 == 0)
    host.controller.eject(drive: 0)
    #expect(host.inb(0x3F7) & 0x80 != 0)
    host.seek(2)
    #expect(host.inb(0x3F7) & 0x80 != 0)
    try host.controller.insert(numberedDisk(), drive: 0)
    #expect(host.inb(0x3F7) & 0x80 != 0)
    host.seek(2)
    #expect(host.inb(0x3F7) & 0x80 != 0)
    host.seek(3)
    #expect(host.inb(0x3F7) & 0x80 == 0)
    // The line of the drive that isn't selected isn't seen.
    host.controller.eject(drive: 0)
    host.outb(0x3F2, 0x0E)
    #expect(host.inb(0x3F7) & 0x80 == 0)
  }

  @Test("DMAGATE low keeps INT and DRQ in the chip")
  func gate() throws {
    let host = try FloppyHost()
    host.outb(0x3F2, 0x04)
    host.pass(.milliseconds(1))
    #expect(!host.controller.interrupt.level)
    host.outb(0x3F2, 0x0C)
    #expect(host.controller.interrupt.level)
  }
}
