import Foundation
import Hardware
import Testing

@testable import Storage

/// A directory for the files of a disc.
private final class DiscFolder {
  let url = FileManager.default.temporaryDirectory.appending(path: "heirloom-cd-\(UUID().uuidString)")
  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: url) }
  @discardableResult
  func put(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = url.appending(path: name)
    try Data(bytes).write(to: file)
    return file.path
  }
  func cue(_ text: String) throws -> CDImage { try CDImage.open(path: try put("disc.cue", Array(text.utf8))) }
}

@Suite struct CDImageTests {
  /// Blocks that begin with their number.
  private func blocks(_ count: Int, _ size: Int = 2048) -> [UInt8] {
    (0..<count).flatMap { [UInt8(truncatingIfNeeded: $0)] + [UInt8](repeating: 0x5A, count: size - 1) }
  }

  private func iso(_ count: Int, promising: Int? = nil) -> [UInt8] {
    var bytes = blocks(count)
    bytes.replaceSubrange(16 * 2048..<16 * 2048 + 7, with: [1] + Array("CD001".utf8) + [1])
    let size = promising ?? count
    for n in 0..<4 { bytes[16 * 2048 + 80 + n] = UInt8(truncatingIfNeeded: size >> (8 * n)) }
    return bytes
  }

  @Test func anISOImageIsOneDataTrack() throws {
    let folder = try DiscFolder()
    let disc = try CDImage.open(path: try folder.put("a.iso", iso(30)))
    #expect(disc.leadOut == 30 && disc.tracks.count == 1 && disc.tracks[0].control == 0x06)
    #expect(disc.data(3, count: 2)?[2048] == 4)
    #expect(disc.data(29, count: 2) == nil && disc.data(-1, count: 1) == nil)
  }

  @Test func aFileThatIsNoCDOrIsCutOffIsRefusedWithTheOffset() throws {
    let folder = try DiscFolder()
    #expect(throws: StorageError.self) { try CDImage.open(path: try folder.put("b.iso", blocks(30))) }
    let error = #expect(throws: StorageError.self) {
      try CDImage.open(path: try folder.put("c.iso", iso(30, promising: 400)))
    }
    #expect(error?.description.contains("byte 61440") == true, "\(error.map { "\($0)" } ?? "")")
    // Padding that was left away is no loss.
    #expect(try CDImage.open(path: try folder.put("d.iso", iso(30, promising: 180))).leadOut == 30)
  }

  @Test func aCueSheetPutsTracksOfOneFileWhereTheirIndicesSay() throws {
    let folder = try DiscFolder()
    try folder.put("All.BIN", blocks(10, 2352) + blocks(300, 2352))
    let disc = try folder.cue(
      """
      REM made by hand\r
      FILE "ALL.bin" BINARY\r
        TRACK 01 MODE1/2352\r
          INDEX 01 00:00:00\r
        TRACK 02 AUDIO\r
          FLAGS DCP PRE\r
          INDEX 00 00:00:10\r
          INDEX 01 00:02:10\r
          INDEX 02 00:03:00\r
      """)
    #expect(disc.tracks.map(\.start) == [0, 160] && disc.tracks.map(\.pregap) == [0, 10] && disc.leadOut == 310)
    #expect(disc.tracks[1].control == 0x03)
    #expect(disc.track(at: 9)?.number == 1 && disc.track(at: 10)?.number == 2)
    #expect([100, 160, 225].map { disc.tracks[1].index(at: $0) } == [0, 1, 2])
    #expect(disc.raw(12)?[0] == 2 && disc.data(160, count: 1) == nil)
  }

  @Test func gapsThatNoFileHoldsAreSilent() throws {
    let folder = try DiscFolder()
    try folder.put("a.bin", blocks(5, 2352))
    try folder.put("b.bin", blocks(6, 2352))
    let disc = try folder.cue(
      """
      FILE a.bin BINARY
      TRACK 01 AUDIO
      PREGAP 00:02:00
      INDEX 01 00:00:00
      POSTGAP 00:00:03
      FILE "b.bin" MOTOROLA
      TRACK 02 AUDIO
      PREGAP 00:00:04
      INDEX 01 00:00:00
      """)
    // The two seconds before track 1 are the lead-in's.
    #expect(disc.tracks.map(\.start) == [0, 12] && disc.leadOut == 18)
    #expect(disc.raw(6)?.allSatisfy { $0 == 0 } == true)
    // Samples with the high byte first.
    #expect(disc.raw(14)?.prefix(2) == [0x5A, 2])
  }

  @Test func waveFilesAreTracksIfTheyAreOfACDsKind() throws {
    let folder = try DiscFolder()
    func wave(rate: Int) -> [UInt8] {
      func long(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
      let sound = [UInt8](repeating: 7, count: 3 * 2352)
      return Array("RIFF".utf8) + long(36 + sound.count) + Array("WAVEfmt ".utf8) + long(16) + [1, 0, 2, 0]
        + long(rate) + long(rate * 4) + [4, 0, 16, 0] + Array("data".utf8) + long(sound.count) + sound
    }
    let sheet = "FILE \"s.wav\" WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
    try folder.put("s.wav", wave(rate: 44_100))
    let disc = try folder.cue(sheet)
    #expect(disc.leadOut == 3 && disc.raw(2)?.allSatisfy { $0 == 7 } == true)
    try folder.put("s.wav", wave(rate: 22_050))
    #expect(throws: StorageError.self) { try folder.cue(sheet) }
  }

  @Test func sheetsThatMakeNoSenseAreErrorsThatNameTheFile() throws {
    let folder = try DiscFolder()
    try folder.put("a.bin", blocks(5, 2352))
    let sheets = [
      "", "TRACK 01 AUDIO", "FILE a.bin BINARY\nTRACK 00 AUDIO", "FILE a.bin BINARY\nTRACK 01 VIDEO",
      "FILE a.bin BINARY\nTRACK 01 AUDIO", "FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 99:99:99",
      "FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:07", "FILE a.mp3 MP3\nTRACK 01 AUDIO\nINDEX 01 00:00:00",
      "FILE gone.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00", "FILE a.bin BINARY\nINDEX 01 00:00:00",
      "FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 03 AUDIO\nINDEX 01 00:00:01",
      "FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:03\nTRACK 02 AUDIO\nINDEX 01 00:00:01",
    ]
    for sheet in sheets { #expect(throws: StorageError.self, "\(sheet)") { try folder.cue(sheet) } }
  }

  /// - Source: ECMA-130, Annex A: both sums of a code word over GF(256) are zero.
  @Test func wholeSectorsHaveTheirHeaderAndCodes() {
    let sector = CDSector.mode1(lba: 16, data: (0..<2048).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    #expect(sector.count == 2352 && Array(sector[12..<16]) == [0x00, 0x02, 0x16, 0x01])
    // The CRC of a message with its CRC behind it is zero.
    #expect(CDSector.checksum(sector[0..<2068]) == 0)
    func times2(_ value: UInt8) -> UInt8 { value << 1 ^ (value & 0x80 != 0 ? 0x1D : 0) }
    func sums(_ places: [Int]) -> [UInt8] {
      places.reduce([0, 0]) { [$0[0] ^ sector[$1], times2($0[1]) ^ sector[$1]] }
    }
    for column in 0..<86 { #expect(sums((0..<26).map { 12 + column + 86 * $0 }) == [0, 0]) }
    for diagonal in 0..<52 {
      let places = (0..<43).map { 12 + (diagonal / 2 * 43 + $0 * 44) % 1118 * 2 + diagonal % 2 }
      #expect(sums(places + [2248 + diagonal, 2300 + diagonal]) == [0, 0])
    }
  }

  @Test func aStateIsOfOneDisc() throws {
    let folder = try DiscFolder()
    let (one, other) = (
      try CDImage.open(path: try folder.put("a.iso", iso(30))), try CDImage.open(path: try folder.put("b.iso", iso(31)))
    )
    let saved = try one.savedPart()
    try CDImage.open(path: folder.url.appending(path: "a.iso").path).loadPart(saved)
    #expect(throws: SavedStateError.self) { try other.loadPart(saved) }
  }

  @Test func mutatedSheetsNeverCrash() throws {
    let folder = try DiscFolder()
    try folder.put("a.bin", blocks(20, 2352))
    let sheet = Array(
      "FILE \"a.bin\" BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nPREGAP 00:02:00\nINDEX 00 00:00:05\nINDEX 01 00:00:08\n"
        .utf8)
    var seed: UInt64 = 3
    for round in 0..<400 {
      var bytes = sheet
      for _ in 0...round % 4 {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        bytes[Int(seed >> 33) % bytes.count] = UInt8(truncatingIfNeeded: seed >> 50)
      }
      guard let disc = try? CDImage.open(path: try folder.put("f.cue", bytes)) else { continue }
      for lba in stride(from: -1, through: disc.leadOut, by: max(disc.leadOut / 16, 1)) {
        _ = (disc.raw(lba), disc.data(lba, count: 2), disc.track(at: lba))
      }
    }
  }
}
