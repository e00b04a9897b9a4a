import Hardware
import Storage
import Testing

@testable import Devices

/// What protected-mode floppy drivers (HSFLOP.PDR of Windows 95) time and count on, beyond what BIOS and DOS do.
@Suite struct FloppyTimingTests {
  @Test(
    "SENSE INTERRUPT STATUS can be given as soon as INT rises, takes INT back with its first result, and is 80h then"
  )
  func senseInterrupt() throws {
    let host = try FloppyHost()
    try host.controller.insert(numberedDisk(), drive: 0)
    host.start()
    host.command(0x0F, 0, 5)
    host.waitForInterrupt()
    // No pause between INT and RQM.
    #expect(host.inb(0x3F4) & 0xC0 == 0x80)
    host.outb(0x3F5, 0x08)
    var waited = 0
    while host.inb(0x3F4) & 0xD0 != 0xD0, waited < 100 {
      host.pass(.microseconds(1))
      waited += 1
    }
    #expect(waited < 30, "\(waited) us")
    #expect(host.inb(0x3F5) == 0x20)
    #expect(!host.controller.interrupt.level)
    host.pass(.microseconds(20))
    #expect(host.inb(0x3F5) == 5)
    host.command(0x08)
    #expect(host.results() == [0x80])
  }

  @Test(
    "READ ID answers within a revolution with an ID, and the IDs of a track come 11 ms apart at 18 to the track"
  )
  func readID() throws {
    let host = try FloppyHost()
    try host.controller.insert(numberedDisk(), drive: 0)
    host.start()
    host.pass(.milliseconds(37))
    var records: [UInt8] = []
    var times: [Instant] = []
    for _ in 0..<19 {
      host.command(0x4A, 0)
      let took = try #require(host.waitForInterrupt())
      #expect(took < .milliseconds(40))
      let results = host.results()
      #expect(results.count == 7 && results[0] == 0)
      records.append(results[5])
      times.append(host.now)
    }
    // One after the other, whoever asks at once: 1 follows 18.
    for (one, next) in zip(records, records.dropFirst()) { #expect(next == one % 18 + 1) }
    #expect(times[18] - times[0] > .milliseconds(199) && times[18] - times[0] < .milliseconds(201))
    // The longest way is over gap 4 and the index hole.
    let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
    #expect(gaps.filter { $0 < .milliseconds(11) && $0 > .milliseconds(10) }.count >= 17)
  }

  @Test(
    "Nothing is read before the spindle is up to speed, half a second after the motor went on; a short stop costs less"
  )
  func spinUp() throws {
    let host = try FloppyHost()
    try host.controller.insert(numberedDisk(), drive: 0)
    host.start()
    host.outb(0x3F2, 0x0C)
    host.pass(.seconds(3))
    host.outb(0x3F2, 0x1C)
    host.command(0x4A, 0)
    let cold = try #require(host.waitForInterrupt())
    #expect(cold >= .milliseconds(500) && cold < .milliseconds(540))
    _ = host.results()
    host.outb(0x3F2, 0x0C)
    host.pass(.milliseconds(100))
    host.outb(0x3F2, 0x1C)
    host.command(0x4A, 0)
    let warm = try #require(host.waitForInterrupt())
    #expect(warm >= .milliseconds(100) && warm < .milliseconds(140))
    // Seeking doesn't wait for the motor.
    _ = host.results()
    host.outb(0x3F2, 0x0C)
    host.command(0x0F, 0, 10)
    let seek = try #require(host.waitForInterrupt())
    #expect(seek < .milliseconds(31))
  }

  @Test("After a seek the head settles for 15 ms before an ID is read")
  func settle() throws {
    let host = try FloppyHost()
    try host.controller.insert(numberedDisk(), drive: 0)
    host.start()
    for cylinder in 1...6 as ClosedRange<UInt8> {
      host.seek(cylinder)
      host.command(0x4A, 0)
      let took = try #require(host.waitForInterrupt())
      #expect(took >= .milliseconds(15) && took < .milliseconds(40))
      #expect(host.results()[3] == cylinder)
    }
  }

  @Test(
    "Index pulses show in PS/2 mode's status register A once a revolution, while the motor turns")
  func index() throws {
    let host = try FloppyHost(.init(mode: .ps2))
    try host.controller.insert(numberedDisk(), drive: 0)
    host.start()
    func pulses(_ milliseconds: Int) -> Int {
      var count = 0
      var before = host.inb(0x3F0) & 4
      for _ in 0..<milliseconds * 2 {
        host.pass(.microseconds(500))
        let now = host.inb(0x3F0) & 4
        if before != 0, now == 0 { count += 1 }
        before = now
      }
      return count
    }
    #expect(pulses(2000) == 10)
    host.outb(0x3F2, 0x0C)
    #expect(pulses(1000) == 0)
  }

  @Test(
    "Weak bits read differently each time, with a data error, the same in every run, and a write heals them"
  )
  func weakBits() throws {
    func readings() throws -> [[UInt8]] {
      let host = try FloppyHost()
      let plain = try numberedDisk()
      var track = plain.track(cylinder: 0, head: 0)
      track.sectors[2].weakBits =
        [UInt8](repeating: 0, count: 256) + [0xFF, 0x0F] + [UInt8](repeating: 0, count: 254)
      track.sectors[2].hasDataError = true
      #expect(plain.format(track, cylinder: 0, head: 0))
      try host.controller.insert(plain, drive: 0)
      host.start()
      var found: [[UInt8]] = []
      for _ in 0..<4 {
        host.prepare(reading: 512)
        let results = host.transfer(c: 0, h: 0, r: 3)
        #expect(results[0] == 0x40 && results[1] == 0x20 && results[2] == 0x20)
        found.append(host.incoming)
      }
      host.prepare(writing: [UInt8](repeating: 0x55, count: 512))
      #expect(host.transfer(0xC5, c: 0, h: 0, r: 3)[0] == 0)
      host.prepare(reading: 512)
      #expect(host.transfer(c: 0, h: 0, r: 3)[0] == 0)
      #expect(host.incoming.allSatisfy { $0 == 0x55 })
      return found
    }
    let found = try readings()
    #expect(Set(found).count == 4)
    #expect(
      Set(found.map { $0[0..<256] }).count == 1 && Set(found.map { $0[257] & 0xF0 }).count == 1)
    #expect(try readings() == found)
  }
}
