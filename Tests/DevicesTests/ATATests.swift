import Foundation
import Hardware
import Storage
import Testing

@testable import Devices

/// A channel with disks of its own and a hand on its registers.
final class ATAHost {
  let folder: URL
  let bench: Bench
  let controller: ATAController
  var interrupts = 0
  static let sectors = 4096

  init(slave: Bool = false, writing: HardDiskImage.Writing = .toFile) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "heirloom-ata-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // Sectors that begin with their own number.
    var bytes = [UInt8](repeating: 0, count: Self.sectors * 512)
    for sector in 0..<Self.sectors {
      bytes[sector * 512] = UInt8(truncatingIfNeeded: sector)
      bytes[sector * 512 + 1] = UInt8(truncatingIfNeeded: sector >> 8)
    }
    try Data(bytes).write(to: folder.appending(path: "0.img"))
    try Data(bytes).write(to: folder.appending(path: "1.img"))
    let disks = try [folder.appending(path: "0.img"), folder.appending(path: "1.img")].map { file in
      ATADevice.disk(try HardDiskImage(path: file.path, writing: writing))
    }
    controller = ATAController(.primary, master: disks[0], slave: slave ? disks[1] : nil)
    bench = try Bench(controller)
    controller.interrupt.connect { [unowned self] in if $0 { interrupts += 1 } }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func inb(_ register: UInt16) -> UInt8 { bench.inp(0x1F0 + register) }
  func outb(_ register: UInt16, _ value: UInt8) { bench.out(0x1F0 + register, value) }
  var alternate: UInt8 { bench.inp(0x3F6) }
  func settle() { bench.run(.milliseconds(2)) }

  /// Gives a command and waits.
  ///
  /// - Returns: the status.
  @discardableResult
  func command(_ code: UInt8, count: UInt8 = 0, lba: Int = 0, drive: UInt8 = 0, features: UInt8 = 0) -> UInt8 {
    let high = UInt8(truncatingIfNeeded: lba >> 24) & 15
    outb(6, 0xE0 | drive << 4 | high)
    outb(1, features)
    outb(2, count)
    outb(3, UInt8(truncatingIfNeeded: lba))
    outb(4, UInt8(truncatingIfNeeded: lba >> 8))
    outb(5, UInt8(truncatingIfNeeded: lba >> 16))
    outb(7, code)
    settle()
    return inb(7)
  }

  @discardableResult
  func chs(_ code: UInt8, count: UInt8, _ cylinder: Int, _ head: UInt8, _ sector: UInt8) -> UInt8 {
    outb(6, 0xA0 | head)
    outb(2, count)
    outb(3, sector)
    outb(4, UInt8(truncatingIfNeeded: cylinder))
    outb(5, UInt8(truncatingIfNeeded: cylinder >> 8))
    outb(7, code)
    settle()
    return inb(7)
  }

  func words(_ count: Int = 256) -> [UInt16] {
    (0..<count).map { _ in UInt16(truncatingIfNeeded: bench.backplane.io.read(0x1F0, size: 2)) }
  }
  func put(_ words: [UInt16]) { for word in words { bench.backplane.io.write(0x1F0, size: 2, UInt32(word)) } }
  func file(_ unit: Int = 0) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appending(path: "\(unit).img")))
  }
}

@Suite struct ATATests {
  @Test func identifyTellsGeometrySizeAndNames() throws {
    let host = try ATAHost()
    #expect(host.command(0xEC) == 0x58)
    #expect(host.interrupts == 1)
    let words = host.words()
    #expect(host.inb(7) == 0x50)
    // 4096 sectors are 4 cylinders of 1008.
    let expected: [(Int, UInt16)] = [
      (0, 0x0040), (1, 4), (3, 16), (6, 63), (47, 0x8010), (49, 0x0200), (53, 1), (54, 4), (55, 16), (56, 63),
      (57, 4032), (58, 0), (59, 0), (60, UInt16(ATAHost.sectors)), (61, 0), (80, 0x0006),
    ]
    for (at, word) in expected { #expect(words[at] == word, "word \(at)") }
    var model: [UInt8] = []
    for word in words[27...46] {
      model.append(UInt8(word >> 8))
      model.append(UInt8(word & 0xFF))
    }
    #expect(String(decoding: model, as: UTF8.self).hasPrefix("HEIRLOOM HARD DISK  "))
  }

  @Test func whatIsWrittenByCHSIsReadByLBAAndIsInTheFile() throws {
    let host = try ATAHost()
    // Cylinder 1, head 2, sector 3: (1 * 16 + 2) * 63 + 2 = 1136.
    #expect(host.chs(0x30, count: 2, 1, 2, 3) == 0x58)
    #expect(host.interrupts == 0)
    host.put(Array(0x4000...0x40FF))
    #expect(host.alternate == 0x80)
    host.settle()
    #expect(host.interrupts == 1 && host.inb(7) == 0x58)
    host.put(Array(0x5000...0x50FF))
    host.settle()
    #expect(host.interrupts == 2 && host.inb(7) == 0x50)
    #expect(host.inb(2) == 0 && host.inb(3) == 4)
    #expect(host.command(0x20, count: 2, lba: 1136) == 0x58)
    #expect(host.words()[255] == 0x40FF)
    host.settle()
    #expect(host.words()[0] == 0x5000)
    #expect(host.inb(7) == 0x50)
    #expect(host.inb(3) == 0x71)
    let file = try host.file()
    #expect(file[1136 * 512 + 1] == 0x40)
    #expect(file[1137 * 512 + 510] == 0xFF)
  }

  @Test func doublewordsAreTwoWords() throws {
    let host = try ATAHost()
    host.command(0x20, count: 1, lba: 0x123)
    #expect(host.bench.backplane.io.read(0x1F0, size: 4) == 0x0000_0123)
    #expect(host.inb(7) == 0x58)
    for _ in 0..<127 { _ = host.bench.backplane.io.read(0x1F0, size: 4) }
    #expect(host.inb(7) == 0x50)
  }

  @Test func addressesBeyondTheDiskAreNotFound() throws {
    let host = try ATAHost()
    for code: UInt8 in [0x20, 0x30, 0x40, 0x70] {
      #expect(host.command(code, count: 1, lba: ATAHost.sectors) == 0x51, "\(code)")
      #expect(host.inb(1) == 0x10)
    }
    #expect(host.chs(0x20, count: 1, 0, 0, 0) == 0x51)
    #expect(host.chs(0x20, count: 1, 0, 0, 64) == 0x51)
    #expect(host.chs(0x20, count: 1, 4, 0, 1) == 0x51)
    #expect(host.chs(0x20, count: 1, 3, 15, 63) == 0x58)
    _ = host.words()
    // Two sectors at the last one: the first comes, the second is the error.
    #expect(host.command(0x20, count: 2, lba: ATAHost.sectors - 1) == 0x58)
    _ = host.words()
    host.settle()
    #expect(host.inb(7) == 0x51 && host.inb(1) == 0x10)
    #expect(host.command(0x40, count: 16, lba: ATAHost.sectors - 4) == 0x51)
    #expect(host.command(0x40, count: 4, lba: ATAHost.sectors - 4) == 0x50)
  }

  @Test func unknownCommandsAreAborted() throws {
    let host = try ATAHost()
    for code: UInt8 in [0x00, 0x51, 0xA1, 0xC8, 0xF5, 0xFF] {
      #expect(host.command(code) == 0x51)
      #expect(host.inb(1) == 0x04)
    }
    #expect(host.command(0xEF, features: 0x99) == 0x51)
    #expect(host.command(0xEF, features: 0xAA) == 0x50)
    #expect(host.command(0xE5) == 0x50 && host.inb(2) == 0xFF)
    #expect(host.command(0xE0) == 0x50)
    #expect(host.command(0xE5) == 0x50 && host.inb(2) == 0x00)
  }

  @Test func multipleMovesBlocksWithOneInterruptEach() throws {
    let host = try ATAHost()
    #expect(host.command(0xC4, count: 8) == 0x51)
    #expect(host.command(0xC6, count: 3) == 0x51)
    #expect(host.command(0xC6, count: 32) == 0x51)
    #expect(host.command(0xC6, count: 8) == 0x50)
    host.interrupts = 0
    #expect(host.command(0xC4, count: 11, lba: 100) == 0x58)
    let first = host.words(8 * 256)
    for n in 0..<8 { #expect(first[n * 256] == UInt16(100 + n)) }
    host.settle()
    #expect(host.inb(7) == 0x58)
    #expect(host.words(3 * 256)[512] == 110)
    #expect(host.inb(7) == 0x50 && host.interrupts == 2)
    #expect(host.command(0xC5, count: 9, lba: 200) == 0x58)
    host.put([UInt16](repeating: 0x1111, count: 8 * 256))
    host.settle()
    #expect(host.inb(7) == 0x58)
    host.put([UInt16](repeating: 0x2222, count: 256))
    host.settle()
    #expect(host.inb(7) == 0x50)
    let file = try host.file()
    let starts: [UInt8] = [207, 208, 209].map { (sector: Int) in file[sector * 512] }
    #expect(starts == [0x11, 0x22, 209])
    host.command(0xEC)
    #expect(host.words()[59] == 0x0108)
  }

  @Test func theTranslationCanBeChanged() throws {
    let host = try ATAHost()
    host.outb(6, 0xA0 | 3)
    host.outb(2, 32)
    host.outb(7, 0x91)
    host.settle()
    #expect(host.inb(7) == 0x50)
    #expect(host.chs(0x20, count: 1, 5, 1, 7) == 0x58)
    // (5 * 4 + 1) * 32 + 6
    #expect(host.words()[0] == 678)
    #expect(host.chs(0x20, count: 1, 0, 4, 1) == 0x51)
    #expect(host.chs(0x20, count: 1, 0, 0, 33) == 0x51)
  }

  @Test func aResetLeavesTheSignature() throws {
    let host = try ATAHost(slave: true)
    host.command(0x20, count: 4, lba: 0xCDE)
    host.bench.out(0x3F6, 0x04)
    #expect(host.alternate == 0x80)
    host.bench.out(0x3F6, 0x00)
    #expect(host.alternate == 0x80)
    host.settle()
    for drive: UInt8 in [0, 1] {
      host.outb(6, 0xA0 | drive << 4)
      let registers: [UInt8] = [7, 1, 2, 3, 4, 5].map { host.inb($0) }
      #expect(registers == [0x50, 1, 1, 1, 0, 0])
    }
    host.interrupts = 0
    host.command(0x90)
    #expect(host.inb(1) == 1 && host.interrupts == 1)
    #expect(host.inb(2) == 1 && host.inb(7) == 0x50)
  }

  @Test func statusTakesTheInterruptBackAndTheAlternateDoesNot() throws {
    let host = try ATAHost()
    host.outb(6, 0xE0)
    host.outb(7, 0xEC)
    #expect(host.alternate == 0x80 && host.inb(3) == 0x80)
    host.settle()
    #expect(host.controller.interrupt.level)
    _ = host.alternate
    #expect(host.controller.interrupt.level)
    _ = host.inb(7)
    #expect(!host.controller.interrupt.level)
    _ = host.words()
    // nIEN holds it back until it is taken away.
    host.bench.out(0x3F6, 0x02)
    host.outb(7, 0xEC)
    host.settle()
    #expect(!host.controller.interrupt.level && host.alternate == 0x58)
    host.bench.out(0x3F6, 0x00)
    #expect(host.controller.interrupt.level)
  }

  @Test func anAbsentSlaveHasNoStatus() throws {
    let host = try ATAHost()
    host.outb(6, 0xB0)
    #expect(host.inb(7) == 0 && host.alternate == 0)
    host.outb(7, 0xEC)
    host.settle()
    #expect(host.inb(7) == 0 && host.interrupts == 0)
    host.outb(6, 0xA0)
    #expect(host.inb(7) == 0x50)
  }

  @Test func twoDrivesAreTwoDisks() throws {
    let host = try ATAHost(slave: true)
    host.command(0x30, count: 1, lba: 9, drive: 1)
    host.put([UInt16](repeating: 0x7777, count: 256))
    host.settle()
    #expect(try host.file(1)[9 * 512] == 0x77 && host.file(0)[9 * 512] == 9)
    host.command(0x20, count: 1, lba: 9)
    #expect(host.words()[0] == 9)
  }

  @Test func aReadOnlyRunLeavesTheFileAlone() throws {
    let host = try ATAHost(writing: .inMemory)
    host.command(0x30, count: 1, lba: 9)
    host.put([UInt16](repeating: 0x7777, count: 256))
    host.settle()
    host.command(0x20, count: 1, lba: 9)
    #expect(host.words()[0] == 0x7777)
    #expect(try host.file()[9 * 512] == 9)
  }

  @Test func aStateInTheMiddleOfATransferGoesOn() throws {
    let host = try ATAHost()
    host.command(0xC6, count: 4)
    host.command(0x30, count: 1, lba: 50)
    host.put([UInt16](repeating: 0x3333, count: 256))
    host.settle()
    host.command(0xC4, count: 6, lba: 48)
    let head = host.words(300)
    let saved = try host.bench.saved()
    let other = try ATAHost()
    #expect(try other.bench.load(saved) == [])
    func rest(_ host: ATAHost) -> [UInt16] {
      var words = host.words(4 * 256 - 300)
      host.settle()
      words += host.words(512)
      words.append(UInt16(host.inb(7)))
      return words
    }
    let whole = rest(host)
    let again = rest(other)
    #expect(head[0] == 48 && whole == again)
    #expect(whole[512 - 300] == 0x3333 && whole.last == 0x50)
    #expect(try host.bench.saved() == other.bench.saved())
  }

  @Test func anOlderStateTakesWritesBackWithoutTouchingTheFile() throws {
    let host = try ATAHost()
    let before = try host.bench.saved()
    host.command(0x30, count: 1, lba: 50)
    host.put([UInt16](repeating: 0x3333, count: 256))
    host.settle()
    let after = try host.bench.saved()
    let file = try host.file()
    _ = try host.bench.load(before)
    #expect(host.controller.image(0)?.isDetached == true)
    host.command(0x20, count: 1, lba: 50)
    #expect(host.words()[0] == 50)
    #expect(try host.file() == file)
    _ = try host.bench.load(after)
    #expect(host.controller.image(0)?.isDetached == false)
    host.command(0x20, count: 1, lba: 50)
    #expect(host.words()[0] == 0x3333)
  }

  @Test func randomTrafficNeverTrapsAndAResetBringsTheDrivesBack() throws {
    var dice = Dice(14)
    for round in 0..<8 {
      let host = try ATAHost(slave: round % 2 == 1, writing: .inMemory)
      let io = host.bench.backplane.io
      let codes: [UInt8] = [0x20, 0x30, 0x40, 0xC4, 0xC5, 0xC6, 0x91, 0xEC, 0x90, 0xEF, 0x70, 0x10, 0xE6]
      for _ in 0..<4000 {
        switch dice.below(12) {
        case 0...2: host.outb(UInt16(dice.below(7)), dice.byte())
        case 3: host.outb(7, dice.below(4) == 0 ? dice.byte() : codes[dice.below(codes.count)])
        case 4: host.outb(5, 0)
        case 5: for _ in 0..<dice.below(300) { _ = io.read(0x1F0, size: dice.below(2) == 0 ? 2 : 4) }
        case 6: for _ in 0..<dice.below(300) { io.write(0x1F0, size: 2, UInt32(dice.byte())) }
        case 7: host.bench.run(.microseconds(Int64(dice.below(900))))
        case 8: if dice.below(20) == 0 { host.bench.out(0x3F6, dice.byte()) }
        case 9: _ = io.read(0x1F0 + UInt16(dice.below(8)), size: [1, 2, 4][dice.below(3)])
        case 10: if dice.below(100) == 0 { _ = try host.bench.load(try host.bench.saved()) }
        default: _ = host.alternate
        }
      }
      host.bench.out(0x3F6, 0x04)
      host.bench.out(0x3F6, 0x00)
      host.settle()
      #expect(host.command(0xEC) == 0x58)
      #expect(host.words()[0] == 0x0040)
    }
  }
}
