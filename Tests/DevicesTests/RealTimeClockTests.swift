import Hardware
import Testing

@testable import Devices

struct RealTimeClockTests {
  private func clock(
    _ start: RTCDate = RTCDate(year: 1995, month: 8, day: 24, hour: 12, minute: 34, second: 56)
  ) throws -> (Bench, RealTimeClock) {
    let rtc = RealTimeClock(start: start, cmos: CMOSSetup())
    return (try Bench(rtc), rtc)
  }

  private func read(_ b: Bench, _ index: UInt8) -> UInt8 {
    b.out(0x70, index)
    return b.inp(0x71)
  }
  private func write(_ b: Bench, _ index: UInt8, _ value: UInt8) {
    b.out(0x70, index)
    b.out(0x71, value)
  }
  /// Year, month, day, hour, minute, second as they stand in the registers, in hex.
  private func date(_ b: Bench) -> String {
    [UInt8](arrayLiteral: 9, 8, 7, 4, 2, 0).map { n in
      let text = String(read(b, n), radix: 16)
      return text.count < 2 ? "0" + text : text
    }.joined(separator: " ")
  }

  @Test("The clock starts at the date given, in BCD and 24 hours, with the century at 32h")
  func start() throws {
    let (b, _) = try clock()
    #expect(date(b) == "95 08 24 12 34 56")
    #expect(read(b, 6) == 5, "a Thursday")
    #expect(read(b, 0x32) == 0x19)
    #expect(read(b, 0x0A) == 0x26)
    #expect(read(b, 0x0B) == 0x02)
    #expect(read(b, 0x0D) == 0x80)
  }

  @Test("Time passes with guest time, once a second")
  func passes() throws {
    let (b, _) = try clock()
    b.run(Span(picoseconds: 999_999_999_999))
    #expect(date(b) == "95 08 24 12 34 56")
    b.run(Span(picoseconds: 1))
    #expect(date(b) == "95 08 24 12 34 57")
    b.run(.seconds(86_400))
    #expect(date(b) == "95 08 25 12 34 57")
  }

  @Test(
    "Months, leap years and years roll over",
    arguments: [
      (RTCDate(year: 1996, month: 2, day: 28, hour: 23, minute: 59, second: 59), "96 02 29 00 00 00"),
      (RTCDate(year: 1995, month: 2, day: 28, hour: 23, minute: 59, second: 59), "95 03 01 00 00 00"),
      (RTCDate(year: 1999, month: 12, day: 31, hour: 23, minute: 59, second: 59), "00 01 01 00 00 00"),
      (RTCDate(year: 1995, month: 4, day: 30, hour: 23, minute: 59, second: 59), "95 05 01 00 00 00"),
    ])
  func rollover(_ start: RTCDate, _ expected: String) throws {
    let (b, _) = try clock(start)
    let weekday = read(b, 6)
    b.run(.seconds(1))
    #expect(date(b) == expected)
    #expect(read(b, 6) == weekday % 7 + 1)
    #expect(read(b, 0x32) == 0x19, "the chip doesn't count centuries")
  }

  @Test("DM = 1 counts in binary, 24/12 = 0 in 12 hours with PM in bit 7")
  func formats() throws {
    let (b, _) = try clock()
    write(b, 0x0B, 0x84)  // SET, binary, 12 hours
    for (index, value) in [(9, 99), (8, 12), (7, 31), (6, 1), (4, 0x80 | 11), (2, 59), (0, 59)] {
      write(b, UInt8(index), UInt8(value))
    }
    write(b, 0x0B, 0x04)
    b.run(.seconds(1))
    #expect(date(b) == "00 01 01 0c 00 00", "midnight is 12 AM")
    b.run(.seconds(3_600))
    #expect(read(b, 4) == 1)
    b.run(.seconds(11 * 3_600))
    #expect(read(b, 4) == 0x8C, "noon is 12 PM")
    b.run(.seconds(3_600))
    #expect(read(b, 4) == 0x81)
  }

  @Test("12 hours in BCD")
  func twelveBCD() throws {
    let (b, _) = try clock()
    write(b, 0x0B, 0x80)
    write(b, 4, 0x09)
    write(b, 2, 0x59)
    write(b, 0, 0x59)
    write(b, 0x0B, 0x00)
    b.run(.seconds(1))
    #expect(read(b, 4) == 0x10)
    b.run(.seconds(3_600 * 2))
    #expect(read(b, 4) == 0x92)
  }

  @Test("UIP goes up 244 us before the update, which takes 1984 us; the time changes at its end")
  func updateInProgress() throws {
    let (b, _) = try clock()
    func tick(_ n: Int64) { b.run(to: Clock.rtc.instant(ofTick: n)) }
    tick(32_768 - 74)
    #expect(read(b, 0x0A) & 0x80 == 0)
    tick(32_768 - 73)
    #expect(read(b, 0x0A) & 0x80 != 0)
    #expect(read(b, 0) == 0x56)
    tick(32_767)
    #expect(read(b, 0x0A) & 0x80 != 0)
    tick(32_768)
    #expect(read(b, 0x0A) & 0x80 == 0)
    #expect(read(b, 0) == 0x57)
    // 73 periods of 30.5 us are 2228 us.
    let length = Clock.rtc.instant(ofTick: 32_768) - Clock.rtc.instant(ofTick: 32_768 - 73)
    #expect(abs(length.picoseconds / 1_000_000 - 2_228) <= 1)
  }

  @Test("SET stops updates and clears UIE; the time goes on from what was written")
  func set() throws {
    let (b, rtc) = try clock()
    write(b, 0x0B, 0x12)
    write(b, 0x0B, 0x92)
    #expect(read(b, 0x0B) == 0x82)
    b.run(.seconds(5))
    #expect(date(b) == "95 08 24 12 34 56")
    #expect(read(b, 0x0A) & 0x80 == 0)
    write(b, 0x0B, 0x02)
    b.run(.seconds(1))
    #expect(read(b, 0) == 0x57)
    // SET within an update aborts it.
    b.run(to: Clock.rtc.instant(ofTick: 7 * 32_768 - 10))
    #expect(read(b, 0x0A) & 0x80 != 0)
    write(b, 0x0B, 0x82)
    #expect(read(b, 0x0A) & 0x80 == 0)
    write(b, 0x0B, 0x02)
    let before = read(b, 0)
    b.run(.milliseconds(10))
    #expect(read(b, 0) == before)
    b.run(.seconds(1))
    #expect(read(b, 0) == before + 1)
    #expect(!rtc.interrupt.level)
  }

  @Test("The first update comes half a second after the divider is released")
  func dividerReset() throws {
    let (b, _) = try clock()
    write(b, 0x0A, 0x76)
    b.run(.seconds(3))
    #expect(read(b, 0) == 0x56)
    #expect(read(b, 0x0A) == 0x76)
    write(b, 0x0A, 0x26)
    b.run(.milliseconds(499))
    #expect(read(b, 0) == 0x56)
    b.run(.milliseconds(4))
    #expect(read(b, 0) == 0x57)
    b.run(.seconds(1))
    #expect(read(b, 0) == 0x58)
  }

  @Test(
    "Periodic interrupt rates",
    arguments: [(1, 256), (2, 128), (3, 8_192), (4, 4_096), (6, 1_024), (10, 64), (14, 4), (15, 2)])
  func periodic(_ rate: UInt8, _ hertz: Int) throws {
    let (b, rtc) = try clock()
    let edges = Edges(rtc.interrupt, b)
    rtc.interrupt.connect { if $0 { _ = self.read(b, 0x0C) } }
    write(b, 0x0A, 0x20 | rate)
    _ = read(b, 0x0C)
    write(b, 0x0B, 0x42)
    b.run(.seconds(2))
    #expect(abs(edges.rises.count - 2 * hertz) <= 1)
  }

  @Test("Reading register C clears all its flags and the interrupt; until then no new edge comes")
  func registerC() throws {
    let (b, rtc) = try clock()
    let edges = Edges(rtc.interrupt, b)
    _ = read(b, 0x0C)
    write(b, 0x0B, 0x42)
    b.run(.seconds(1))
    #expect(edges.rises.count == 1)
    #expect(rtc.interrupt.level)
    #expect(read(b, 0x0C) == 0xD0, "IRQF, PF, and UF though not enabled")
    #expect(!rtc.interrupt.level)
    #expect(read(b, 0x0C) == 0x00)
    b.run(.milliseconds(1))
    #expect(edges.rises.count == 2)
  }

  @Test("The update-ended interrupt comes at the end of each update")
  func updateEnded() throws {
    let (b, rtc) = try clock()
    let edges = Edges(rtc.interrupt, b)
    rtc.interrupt.connect { if $0 { _ = self.read(b, 0x0C) } }
    write(b, 0x0B, 0x12)
    b.run(.seconds(3))
    #expect(edges.rises == [1, 2, 3].map { Instant.zero + .seconds($0) })
  }

  @Test("The alarm comes when hours, minutes and seconds agree; C0h-FFh agrees with everything")
  func alarm() throws {
    let (b, rtc) = try clock()
    let edges = Edges(rtc.interrupt, b)
    rtc.interrupt.connect { if $0 { _ = self.read(b, 0x0C) } }
    write(b, 1, 0x05)
    write(b, 3, 0x35)
    write(b, 5, 0x12)
    write(b, 0x0B, 0x22)
    b.run(.seconds(100))
    #expect(edges.rises == [Instant.zero + .seconds(9)])
    write(b, 3, 0xC0)
    write(b, 5, 0xFF)
    b.run(.seconds(120))
    #expect(edges.rises.count == 3)
    write(b, 1, 0xC1)
    b.run(.seconds(10))
    #expect(edges.rises.count == 13)
  }

  @Test("Daylight saving: April 1:59:59 to 3:00:00, October 1:59:59 to 1:00:00 once")
  func daylight() throws {
    let (b, _) = try clock(RTCDate(year: 1995, month: 4, day: 30, hour: 1, minute: 59, second: 59))
    write(b, 0x0B, 0x03)
    b.run(.seconds(1))
    #expect(date(b) == "95 04 30 03 00 00")
    let (c, _) = try clock(RTCDate(year: 1995, month: 10, day: 29, hour: 1, minute: 59, second: 59))
    write(c, 0x0B, 0x03)
    c.run(.seconds(1))
    #expect(date(c) == "95 10 29 01 00 00")
    c.run(.seconds(3_600))
    #expect(date(c) == "95 10 29 02 00 00")
  }

  @Test("Register A bit 7, C and D are read-only; the rest is memory that keeps what is written")
  func memory() throws {
    let (b, _) = try clock()
    write(b, 0x0A, 0xA6)
    #expect(read(b, 0x0A) == 0x26)
    write(b, 0x0D, 0)
    #expect(read(b, 0x0D) == 0x80)
    for index in UInt8(0x0E)...0x7F { write(b, index, index ^ 0xFF) }
    for index in UInt8(0x0E)...0x7F { #expect(read(b, index) == index ^ 0xFF) }
  }

  @Test("Port 70h bit 7 masks NMI; RESET masks it and keeps memory, but clears the interrupt enables")
  func nmiAndReset() throws {
    let (b, rtc) = try clock()
    b.out(0x70, 0x8F)
    #expect(rtc.nmiMask.level)
    b.out(0x70, 0x0F)
    #expect(!rtc.nmiMask.level)
    b.out(0x71, 0x42)
    write(b, 0x0B, 0x72)
    b.run(.seconds(2))
    #expect(rtc.interrupt.level)
    b.backplane.reset()
    #expect(!rtc.interrupt.level)
    #expect(rtc.nmiMask.level)
    #expect(read(b, 0x0F) == 0x42)
    #expect(read(b, 0x0B) == 0x02)
    #expect(read(b, 0) == 0x58)
    #expect(b.inp(0x70) == 0xFF)
  }

  @Test("Setup: drives, equipment, memory, boot order and the checksum of 10h-2Dh in 2Eh and 2Fh")
  func setup() {
    var setup = CMOSSetup()
    setup.floppyB = .inch5_1200K
    setup.memorySize = 32 << 20
    setup.bootOrder = [.hardDisk, .floppy, .cdrom]
    setup.coprocessor = true
    setup.hardDisk0 = .init(cylinders: 1_024, heads: 16, sectors: 63)
    setup.extra = [0x2D: 0x11, 0x05: 0x99, 0x400: 1]
    let cmos = setup.bytes
    #expect(cmos.count == 128)
    #expect(cmos[0x10] == 0x42)
    #expect(cmos[0x14] == 0x47)
    #expect(cmos[0x15] == 0x80 && cmos[0x16] == 0x02)
    #expect(Int(cmos[0x17]) | Int(cmos[0x18]) << 8 == 31 * 1_024)
    #expect(Int(cmos[0x30]) | Int(cmos[0x31]) << 8 == 31 * 1_024)
    #expect(Int(cmos[0x34]) | Int(cmos[0x35]) << 8 == 256)
    #expect(cmos[0x3D] == 0x12)
    #expect(cmos[0x38] == 0x30)
    #expect(cmos[0x12] == 0xF0 && cmos[0x19] == 47)
    #expect(Array(cmos[0x1B...0x23]) == [0x00, 0x04, 16, 0xFF, 0xFF, 0xC8, 0x00, 0x04, 63])
    #expect(cmos[0x2D] == 0x11)
    #expect(cmos[0x05] == 0)
    let sum = cmos[0x10...0x2D].reduce(0) { $0 + Int($1) }
    #expect(Int(cmos[0x2E]) << 8 | Int(cmos[0x2F]) == sum)
    setup.memorySize = 1 << 30
    #expect(setup.bytes[0x17] == 0xFF && setup.bytes[0x18] == 0xFF)
    setup.memorySize = 512 << 10
    #expect(setup.bytes[0x16] == 0x02 && setup.bytes[0x15] == 0x00)
    #expect(CMOSSetup.checksum([]) == 0)
  }

  @Test("Dates out of range are limited; weekdays are right")
  func dates() {
    let odd = RTCDate(year: 0, month: 44, day: 99, hour: -1, minute: 60, second: 99)
    #expect(odd == RTCDate(year: 1900, month: 12, day: 31, hour: 0, minute: 59, second: 59))
    #expect(RTCDate(year: 2000, month: 2, day: 30).day == 29)
    #expect(RTCDate(year: 1900, month: 2, day: 29).day == 28)
    #expect(RTCDate(year: 1980, month: 1, day: 1).weekday == 3)
    #expect(RTCDate(year: 2000, month: 1, day: 1).weekday == 7)
    #expect(RTCDate(year: 1995, month: 8, day: 24).weekday == 5)
  }
}
