import Foundation
import Hardware
import Testing

@testable import Storage

/// File systems, sheets and tables in which a few bytes are wrong: an error or an answer, never a crash, never without end.
@Suite struct DiscFuzzTests {
  /// `seed` with some bytes below `structured` changed, and now and then cut off.
  private func mutated(_ seed: [UInt8], _ structured: [Range<Int>], _ dice: inout Dice) -> [UInt8] {
    var bytes = seed
    for _ in 0..<Int.random(in: 1...6, using: &dice) {
      let area = structured[Int.random(in: 0..<structured.count, using: &dice)]
      let at = Int.random(in: area, using: &dice)
      bytes[at] = [0, 0xFF, UInt8.random(in: 0...255, using: &dice)][Int.random(in: 0..<3, using: &dice)]
    }
    if Int.random(in: 0..<8, using: &dice) == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &dice)) }
    return bytes
  }

  /// Everything in a folder of an image, to a depth; what can't be read is left out.
  private func walk(_ volume: ISOVolume, _ path: String, depth: Int, left: inout Int) {
    guard depth > 0, left > 0, let entries = try? volume.entries(path) else { return }
    for entry in entries.prefix(8) {
      left -= 1
      let inner = path.isEmpty ? entry.name : path + "/" + entry.name
      if entry.isDirectory {
        walk(volume, inner, depth: depth - 1, left: &left)
      } else {
        var length = 0
        try? volume.read(inner) { piece in
          // A lying length is given out in pieces.
          #expect(piece.count <= 4 << 20)
          length += piece.count
          if length > 1 << 20 { throw StorageError.noSuchFile(path: "", file: "") }
        }
      }
    }
  }

  @Test("A disc with any bytes changed in descriptors and directories")
  func iso() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "heirloom-fuzz-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: url) }
    try FileManager.default.createDirectory(at: url.appending(path: "sub/deeper"), withIntermediateDirectories: true)
    for name in ["a.txt", "a longer name.bin", "sub/b.dat", "sub/deeper/c.dat"] {
      try Data([UInt8](repeating: 7, count: 3000)).write(to: url.appending(path: name))
    }
    let folder = try FolderCD(path: url.path)
    let seed = try folder.read(0, count: folder.sectorCount)
    // Volume descriptors, path tables and directories lie below block 40.
    let areas = [16 * 2048..<16 * 2048 + 200, 17 * 2048..<17 * 2048 + 200, 19 * 2048..<40 * 2048]
    let scratch = try Scratch()
    var dice = Dice(5)
    for _ in 0..<400 {
      let bytes = mutated(seed, areas.map { $0.clamped(to: 0..<seed.count) }, &dice)
      let whole = Array(bytes.prefix(bytes.count / 512 * 512))
      if let volume = try? ISOVolume(MemoryStore(name: "m", bytes: whole)) {
        var left = 100
        walk(volume, "", depth: 4, left: &left)
      }
      if let disc = try? CDImage.open(path: try scratch.write("fuzz.iso", bytes)) {
        #expect(disc.leadOut <= bytes.count / 2048 + 1)
        for _ in 0..<4 { _ = disc.data(Int.random(in: -2...disc.leadOut + 2, using: &dice), count: 2) }
      }
    }
  }

  @Test("A cue sheet with any characters changed, and a WAVE file with any bytes")
  func cue() throws {
    let scratch = try Scratch()
    let sheet = Array(
      """
      FILE "data.bin" BINARY
        TRACK 01 MODE1/2352
          INDEX 01 00:00:00
        TRACK 02 AUDIO
          PREGAP 00:02:00
          INDEX 01 00:00:10
      FILE "sound.wav" WAVE
        TRACK 03 AUDIO
          INDEX 00 00:00:00
          INDEX 01 00:00:02
      """.utf8)
    _ = try scratch.write("data.bin", [UInt8](repeating: 1, count: 40 * 2352))
    var wave = Array("RIFF".utf8) + [0, 0, 0, 0] + Array("WAVEfmt ".utf8) + [16, 0, 0, 0, 1, 0, 2, 0]
    wave += [0x44, 0xAC, 0, 0, 0x10, 0xB1, 2, 0, 4, 0, 16, 0] + Array("data".utf8) + [0, 0x80, 0, 0]
    let header = wave.count
    wave += [UInt8](repeating: 3, count: 0x8000)
    var dice = Dice(6)
    for round in 0..<600 {
      let isSheet = round % 2 == 0
      _ = try scratch.write("sound.wav", isSheet ? wave : mutated(wave, [0..<header], &dice))
      let path = try scratch.write("fuzz.cue", isSheet ? mutated(sheet, [0..<sheet.count], &dice) : sheet)
      guard let disc = try? CDImage.open(path: path) else { continue }
      for _ in 0..<4 { _ = disc.data(Int.random(in: -200...disc.leadOut + 200, using: &dice), count: 2) }
    }
  }

  @Test("Partition tables with any bytes changed, chains that bite their tails among them")
  func partitions() throws {
    var seed = [UInt8](repeating: 0, count: 400 * 512)
    func entry(_ at: Int, _ type: UInt8, _ start: Int, _ count: Int) {
      seed[at + 4] = type
      for n in 0..<4 {
        seed[at + 8 + n] = UInt8(truncatingIfNeeded: start >> (8 * n))
        seed[at + 12 + n] = UInt8(truncatingIfNeeded: count >> (8 * n))
      }
    }
    for sector in [0, 100, 200, 300] { (seed[sector * 512 + 510], seed[sector * 512 + 511]) = (0x55, 0xAA) }
    entry(446, 6, 1, 90)
    entry(462, 5, 100, 300)
    for (n, sector) in [100, 200, 300].enumerated() {
      entry(sector * 512 + 446, 6, 10, 80)
      if sector < 300 { entry(sector * 512 + 462, 5, (n + 1) * 100, 100) }
    }
    #expect(try PartitionTable.read(MemoryStore(name: "m", bytes: seed)).map(\.number) == [1, 2, 5, 6, 7])
    let chain = seed
    // Two tables without partitions that lead to each other.
    for sector in [200, 300] {
      seed[sector * 512 + 450] = 0
      entry(sector * 512 + 462, 5, sector == 200 ? 200 : 100, 100)
    }
    let ring = seed
    #expect(try PartitionTable.read(MemoryStore(name: "m", bytes: ring)).map(\.number) == [1, 2, 5])
    var dice = Dice(7)
    let areas = [446..<512, 100 * 512 + 446..<101 * 512, 200 * 512 + 446..<201 * 512, 300 * 512 + 446..<301 * 512]
    for round in 0..<2_000 {
      let bytes = mutated(round % 2 == 0 ? chain : ring, areas, &dice)
      let whole = Array(bytes.prefix(bytes.count / 512 * 512))
      guard let found = try? PartitionTable.read(MemoryStore(name: "m", bytes: whole)) else { continue }
      #expect(found.count < 70 && found.allSatisfy { $0.start + $0.sectorCount <= whole.count / 512 })
    }
  }
}
