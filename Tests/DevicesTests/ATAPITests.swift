import Foundation
import Hardware
import Storage
import Testing

@testable import Devices

/// A channel with a CD-ROM drive as master, and a hand on its registers.
private final class PacketHost {
  let folder: URL
  let bench: Bench
  let controller: ATAController
  var interrupts = 0
  static let blocks = 40

  init(withDisc: Bool = true) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "heirloom-atapi-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    controller = ATAController(.secondary, master: .cdrom)
    bench = try Bench(controller)
    controller.interrupt.connect { [unowned self] in if $0 { interrupts += 1 } }
    if withDisc { controller.insert(try mixedDisc(), unit: 0) }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Track 1: data, `blocks` long, each beginning with its number; track 2: sound of 100 blocks after two seconds' gap.
  func mixedDisc() throws -> CDImage {
    var data = [UInt8](repeating: 0xE5, count: Self.blocks * 2048)
    for block in 0..<Self.blocks { data[block * 2048] = UInt8(block) }
    try Data(data).write(to: folder.appending(path: "data.bin"))
    let sound = (0..<100 * 2352).map { UInt8(truncatingIfNeeded: $0 / 2352 + 1) }
    try Data(sound).write(to: folder.appending(path: "sound.bin"))
    let sheet = """
      FILE "data.bin" BINARY
        TRACK 01 MODE1/2048
          INDEX 01 00:00:00
      FILE "sound.bin" BINARY
        TRACK 02 AUDIO
          PREGAP 00:02:00
          INDEX 01 00:00:00
      """
    try Data(sheet.utf8).write(to: folder.appending(path: "disc.cue"))
    return try CDImage.open(path: folder.appending(path: "disc.cue").path)
  }

  func inb(_ register: UInt16) -> UInt8 { bench.inp(0x170 + register) }
  func outb(_ register: UInt16, _ value: UInt8) { bench.out(0x170 + register, value) }
  func settle() { bench.run(.milliseconds(4)) }

  @discardableResult
  func command(_ code: UInt8) -> UInt8 {
    outb(6, 0xA0)
    outb(7, code)
    settle()
    return inb(7)
  }

  /// Sends a packet, up to the first answer.
  func packet(_ bytes: [UInt8], limit: Int = 0xFFFE) {
    outb(6, 0xA0)
    outb(1, 0)
    outb(4, UInt8(limit & 0xFF))
    outb(5, UInt8(limit >> 8))
    outb(7, 0xA0)
    settle()
    #expect(inb(7) & 0x88 == 0x08 && inb(2) & 3 == 1, "no request for the packet")
    let all = bytes + [UInt8](repeating: 0, count: 12 - bytes.count)
    for n in 0..<6 { bench.backplane.io.write(0x170, size: 2, UInt32(all[2 * n]) | UInt32(all[2 * n + 1]) << 8) }
    settle()
  }

  /// Sends a packet and takes all its data.
  ///
  /// - Returns: the data; nil if the command failed.
  func data(_ bytes: [UInt8], limit: Int = 0xFFFE, blocks: ((Int) -> Void)? = nil) -> [UInt8]? {
    packet(bytes, limit: limit)
    var result: [UInt8] = []
    while inb(7) & 0x08 != 0 {
      #expect(inb(2) & 3 == 2)
      let count = Int(inb(4)) | Int(inb(5)) << 8
      blocks?(count)
      var block: [UInt8] = []
      while block.count < count {
        let word = bench.backplane.io.read(0x170, size: 2)
        block += [UInt8(word & 0xFF), UInt8(word >> 8 & 0xFF)]
      }
      result += block.prefix(count)
      settle()
    }
    #expect(inb(2) & 3 == 3)
    return inb(7) & 1 != 0 ? nil : result
  }

  /// Key, code, qualifier.
  func sense() -> [UInt8] {
    let bytes = data([0x03, 0, 0, 0, 18]) ?? []
    return bytes.count == 18 ? [bytes[2], bytes[12], bytes[13]] : []
  }

  /// Takes the unit attention of power-on.
  func ready() { for _ in 0..<2 { _ = data([0x00]) } }
}

@Suite struct ATAPITests {
  @Test func afterAResetTheRegistersShowTheSignatureEB14AndStatus00() throws {
    let host = try PacketHost()
    func expectSignature() {
      #expect(host.inb(2) == 1 && host.inb(3) == 1 && host.inb(4) == 0x14 && host.inb(5) == 0xEB)
    }
    expectSignature()
    #expect(host.inb(7) == 0)
    host.bench.out(0x376, 0x04)
    host.bench.out(0x376, 0x00)
    host.settle()
    expectSignature()
    #expect(host.inb(7) == 0)
    // IDENTIFY DEVICE is aborted and leaves the signature.
    host.outb(4, 0)
    #expect(host.command(0xEC) & 0x89 == 0x01)
    #expect(host.inb(1) == 0x04)
    expectSignature()
    host.outb(5, 0)
    #expect(host.command(0x08) == 0)
    expectSignature()
    #expect(host.command(0x90) == 0 && host.inb(1) == 1)
    expectSignature()
  }

  @Test func identifyPacketDeviceSaysRemovableCDROMWith12BytePackets() throws {
    let host = try PacketHost()
    #expect(host.command(0xA1) & 0x89 == 0x08)
    #expect(host.interrupts == 1)
    let words = (0..<256).map { _ in UInt16(truncatingIfNeeded: host.bench.backplane.io.read(0x170, size: 2)) }
    #expect(words[0] == 0x85C0 && words[49] & 0x0200 != 0)
    #expect(words[27] == 0x4845)  // "HE"
    #expect(host.inb(7) == 0x50)
  }

  @Test func theFirstCommandAfterPowerOnReportsTheResetAsUnitAttention() throws {
    let host = try PacketHost()
    // INQUIRY is answered without taking it away.
    #expect(host.data([0x12, 0, 0, 0, 36])?.prefix(5) == [0x05, 0x80, 0x00, 0x21, 31])
    #expect(host.data([0x00]) == nil)
    #expect(host.inb(1) >> 4 == 6)
    #expect(host.sense() == [6, 0x29, 0])
    #expect(host.data([0x00]) == [])
    #expect(host.sense() == [0, 0, 0])
  }

  @Test func aChangeOfDiscsIsNotReadyThenUnitAttention28() throws {
    let host = try PacketHost()
    host.ready()
    host.controller.eject(unit: 0)
    #expect(host.data([0x00]) == nil)
    #expect(host.sense() == [2, 0x3A, 0])
    host.controller.insert(try host.mixedDisc(), unit: 0)
    #expect(host.data([0x00]) == nil)
    #expect(host.sense() == [2, 0x04, 1])
    host.bench.run(.seconds(1))
    // GET EVENT STATUS NOTIFICATION, polled, media class: new media, present.
    #expect(host.data([0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8]) == [0, 6, 4, 0x10, 2, 2, 0, 0])
    #expect(host.data([0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8]) == [0, 6, 4, 0x10, 0, 2, 0, 0])
    #expect(host.data([0x28, 0, 0, 0, 0, 0, 0, 0, 1]) == nil)
    #expect(host.sense() == [6, 0x28, 0])
    #expect(host.data([0x28, 0, 0, 0, 0, 0, 0, 0, 1])?.count == 2048)
  }

  @Test(arguments: [2048, 4096, 0xFFFE, 2047, 512, 0])
  func blocksAreNoLongerThanTheByteCountLimitAndEven(limit: Int) throws {
    let host = try PacketHost()
    host.ready()
    host.interrupts = 0
    var counts: [Int] = []
    let bytes = try #require(host.data([0x28, 0, 0, 0, 0, 3, 0, 0, 5], limit: limit) { counts.append($0) })
    #expect(bytes.count == 5 * 2048)
    for n in 0..<5 { #expect(bytes[n * 2048] == UInt8(3 + n) && bytes[n * 2048 + 1] == 0xE5) }
    let largest = limit == 0 ? 0xFFFE : limit & ~1
    #expect(counts.allSatisfy { $0 <= largest && $0 % 2 == 0 })
    // One interrupt a block, one for the status.
    #expect(host.interrupts == counts.count + 1)
  }

  @Test func readCapacityAndTableOfContents() throws {
    let host = try PacketHost()
    host.ready()
    // 40 blocks, 150 of gap, 100: the last one is 289.
    #expect(host.data([0x25]) == [0, 0, 1, 0x21, 0, 0, 8, 0])
    let toc = try #require(host.data([0x43, 0, 0, 0, 0, 0, 0, 0x01, 0]))
    #expect(Array(toc.prefix(4)) == [0, 26, 1, 2])
    #expect(Array(toc[4..<12]) == [0, 0x14, 1, 0, 0, 0, 0, 0])
    #expect(Array(toc[12..<20]) == [0, 0x10, 2, 0, 0, 0, 0, 190])
    #expect(Array(toc[20...]) == [0, 0x10, 0xAA, 0, 0, 0, 1, 0x22])
    // MSF: 190 + 150 frames are 4 s 40.
    let times = try #require(host.data([0x43, 2, 0, 0, 0, 0, 2, 0, 20]))
    #expect(Array(times[4..<12]) == [0, 0x10, 2, 0, 0, 0, 4, 40])
    #expect(host.data([0x43, 0, 0, 0, 0, 0, 3, 0, 20]) == nil)
    #expect(host.sense() == [5, 0x24, 0])
    // Multi-session information: one session.
    #expect(host.data([0x43, 0, 0, 0, 0, 0, 0, 0, 12, 0x40]) == [0, 10, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0])
  }

  @Test func errorsNameTheirReason() throws {
    let host = try PacketHost()
    host.ready()
    let cases: [([UInt8], [UInt8])] = [
      ([0x28, 0, 0, 0, 1, 0x22, 0, 0, 1], [5, 0x21, 0]),  // behind the end
      ([0x28, 0, 0, 0, 0, 200, 0, 0, 1], [5, 0x64, 0]),  // sound is not data
      ([0xA8, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [5, 0x21, 0]),
      ([0x0A], [5, 0x20, 0]),  // no such command
      ([0x5A, 0, 0x3B, 0, 0, 0, 0, 0, 8], [5, 0x24, 0]),  // no such page
      ([0x5A, 0, 0xC1, 0, 0, 0, 0, 0, 8], [5, 0x39, 0]),  // nothing is saved
      ([0x45, 0, 0, 0, 0, 0, 0, 0, 5], [5, 0x64, 0]),  // data can't be played
      ([0xBE, 0x04, 0, 0, 0, 0, 0, 0, 1, 0x10], [5, 0x64, 0]),  // sound was expected
    ]
    for (packet, sense) in cases {
      #expect(host.data(packet) == nil, "\(packet)")
      #expect(host.sense() == sense, "\(packet)")
    }
  }

  @Test func readCDGivesWholeSectors() throws {
    let host = try PacketHost()
    host.ready()
    let sector = try #require(host.data([0xBE, 0, 0, 0, 0, 7, 0, 0, 1, 0xF8]))
    #expect(sector.count == 2352)
    // Sync; 00:02:07 in BCD, mode 1.
    #expect(Array(sector[10..<17]) == [0xFF, 0, 0, 2, 7, 1, 7])
    let sound = try #require(host.data([0xBE, 0x04, 0, 0, 0, 191, 0, 0, 2, 0x10]))
    #expect(sound.count == 2 * 2352 && sound[0] == 2 && sound[2352] == 3)
    // User data and Q: track 2, index 1, at 00:00:01, 00:04:41 of the disc.
    let q = try #require(host.data([0xBE, 0, 0, 0, 0, 191, 0, 0, 1, 0x10, 2]))
    #expect(Array(q[2352..<2362]) == [0x01, 2, 1, 0, 0, 1, 0, 0, 4, 0x41])
    // READ CD MSF, from 00:02:03 to 00:02:05.
    #expect(host.data([0xB9, 0, 0, 0, 2, 3, 0, 2, 5, 0x10])?.count == 4096)
  }

  @Test func playingMovesTheHeadAt75BlocksASecond() throws {
    let host = try PacketHost()
    host.ready()
    func status() -> (UInt8, UInt8) {
      let bytes = host.data([0x42, 0, 0x40, 1, 0, 0, 0, 0, 16]) ?? []
      return bytes.count == 16 ? (bytes[1], bytes[11]) : (0, 0)
    }
    #expect(status().0 == 0x15)
    // From track 2 on, 75 blocks: MSF 00:04:40 to 00:05:40.
    #expect(host.data([0x47, 0, 0, 0, 4, 40, 0, 5, 40]) == [])
    host.bench.run(.milliseconds(400))
    let (playing, at) = status()
    #expect(playing == 0x11 && (218...222).contains(at))
    #expect(host.data([0x4B, 0, 0, 0, 0, 0, 0, 0, 0]) == [])
    let paused = status()
    host.bench.run(.milliseconds(400))
    #expect(status() == paused && paused.0 == 0x12)
    #expect(host.data([0x4B, 0, 0, 0, 0, 0, 0, 0, 1]) == [])
    host.bench.run(.milliseconds(900))
    // The end is told once.
    #expect(status().0 == 0x13)
    #expect(status().0 == 0x15)
  }

  @Test func whatPlaysIsGivenToTheMixerSampleBySample() throws {
    let host = try PacketHost()
    host.ready()
    var wakes = 0
    host.controller.connectAudio { wakes += 1 }
    var samples: [StereoSample] = []
    host.controller.render(until: host.bench.now, into: &samples)
    #expect(samples.isEmpty && wakes == 0)
    // Blocks 190 to 193 hold 1, 2 and 3 in all bytes.
    #expect(host.data([0x45, 0, 0, 0, 0, 190, 0, 0, 3]) == [])
    #expect(wakes >= 1)
    host.bench.run(.milliseconds(200))
    host.controller.render(until: host.bench.now, into: &samples)
    let heard = samples.filter { $0.left != 0 }
    #expect(heard.count == 3 * 588)
    #expect(heard.first?.left == 0x0101 && heard.last?.right == 0x0303)
    // Silence up to the moment of asking, so that the last sample is the newest.
    #expect(samples.last == StereoSample(left: 0, right: 0))
    // In two askings as in one.
    #expect(host.data([0x45, 0, 0, 0, 0, 190, 0, 0, 3]) == [])
    var parts: [StereoSample] = []
    for _ in 0..<20 {
      host.controller.render(until: host.bench.now, into: &parts)
      host.bench.run(.milliseconds(7))
    }
    #expect(parts.filter { $0.left != 0 } == heard)
  }

  @Test func modeSelectSetsTheVolumeThatModeSenseShows() throws {
    let host = try PacketHost()
    host.ready()
    let before = try #require(host.data([0x5A, 0, 0x0E, 0, 0, 0, 0, 0, 24]))
    #expect(before.count == 24 && before[1] == 22 && before[2] == 0x03 && before[8] == 0x0E && before[17] == 0xFF)
    var page = before
    page[17] = 0x40
    page[19] = 0x20
    host.packet([0x55, 0x10, 0, 0, 0, 0, 0, 0, 24])
    #expect(host.inb(7) & 8 != 0 && host.inb(2) & 3 == 0 && host.inb(4) == 24)
    for n in 0..<12 {
      host.bench.backplane.io.write(0x170, size: 2, UInt32(page[2 * n]) | UInt32(page[2 * n + 1]) << 8)
    }
    host.settle()
    #expect(host.inb(7) & 0x89 == 0)
    let after = try #require(host.data([0x5A, 0, 0x0E, 0, 0, 0, 0, 0, 24]))
    #expect(after[17] == 0x40 && after[19] == 0x20)
    // Capabilities: plays sound, tray that opens.
    let capabilities = try #require(host.data([0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 28]))
    #expect(capabilities.count == 28 && capabilities[12] & 1 != 0 && capabilities[14] >> 5 == 1)
  }

  @Test func aLockedDriveDoesNotOpenItsTray() throws {
    let host = try PacketHost()
    host.ready()
    #expect(host.data([0x1E, 0, 0, 0, 1]) == [])
    #expect(host.data([0x1B, 0, 0, 0, 2]) == nil)
    #expect(host.sense() == [5, 0x53, 2])
    #expect(host.data([0x1E, 0, 0, 0, 0]) == [])
    #expect(host.data([0x1B, 0, 0, 0, 2]) == [])
    #expect(host.data([0xBD, 0, 0, 0, 0, 0, 0, 0, 0, 8])?[1] == 0x10)
    // What lies in the open tray isn't there; it is found as a new disc when the tray closes.
    #expect(host.data([0x00]) == nil)
    #expect(host.sense().first == 2)
    #expect(host.data([0x1B, 0, 0, 0, 3]) == [])
    #expect(host.data([0x00]) == nil)
    #expect(host.sense() == [6, 0x28, 0])
    #expect(host.data([0x00]) == [])
  }

  @Test func deviceResetEndsACommandInItsMiddle() throws {
    let host = try PacketHost()
    host.ready()
    host.packet([0x28, 0, 0, 0, 0, 0, 0, 0, 8], limit: 2048)
    #expect(host.inb(7) & 8 != 0)
    host.outb(7, 0x08)
    #expect(host.inb(7) == 0 && host.inb(5) == 0xEB)
    host.settle()
    #expect(host.inb(7) == 0)
  }

  @Test func randomPacketsNeverHangOrCrashTheDrive() throws {
    let host = try PacketHost()
    var seed: UInt64 = 1
    func next() -> UInt8 {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: seed >> 56)
    }
    let operations: [UInt8] = [
      0x00, 0x03, 0x12, 0x1B, 0x1E, 0x25, 0x28, 0x2B, 0x42, 0x43, 0x44, 0x45, 0x47, 0x4A, 0x4B, 0x4E, 0x55, 0x5A, 0xA5,
      0xA8, 0xB9, 0xBB, 0xBD, 0xBE,
    ]
    for round in 0..<400 {
      var packet = (0..<12).map { _ in next() & (next() & 1 == 0 ? 0xFF : 0x03) }
      packet[0] = operations[round % operations.count]
      host.packet(packet, limit: Int(next()) << 8 | Int(next()))
      var words = 0
      while host.inb(7) & 0x08 != 0, words < 200_000 {
        if host.inb(2) & 2 != 0 {
          _ = host.bench.backplane.io.read(0x170, size: 4)
        } else {
          host.bench.backplane.io.write(0x170, size: 2, UInt32(next()))
        }
        words += 1
        if words % 512 == 0 { host.settle() }
        if host.inb(7) & 0x80 != 0 { host.settle() }
      }
      if host.inb(7) & 0x88 != 0 { host.outb(7, 0x08) }
      #expect(host.inb(7) & 0x88 == 0, "\(packet)")
    }
  }
}
