import Glibc
import Hardware
import Storage
import Testing

/// A directory of its own for one test, removed with all its files afterwards.
final class Scratch {
  let path: String
  private var files: [String] = []

  init() throws {
    var template = Array("/tmp/heirloom-test-XXXXXX".utf8CString)
    path = try #require(mkdtemp(&template).map { String(cString: $0) })
  }

  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = path + "/" + name
    let descriptor = open(file, O_CREAT | O_TRUNC | O_WRONLY, 0o644)
    try #require(descriptor >= 0)
    var done = 0
    while done < bytes.count {
      let put = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done)
      }
      try #require(put > 0)
      done += put
    }
    close(descriptor)
    files.append(file)
    return file
  }

  /// Removes a file with the others that it didn't write itself.
  func adopt(_ file: String) { files.append(file) }

  func read(_ file: String) throws -> [UInt8] {
    let host = try HostFile(path: file, access: .readOnly)
    return try host.read(at: 0, count: host.size)
  }

  deinit {
    for file in files { unlink(file) }
    rmdir(path)
  }
}

func pattern(_ count: Int, seed: Int = 1) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9 &+ seed) }
}

@Suite struct FloppyImageTests {
  @Test(
    "Sizes tell the format",
    arguments: [
      (163_840, 40, 1, 8, "360K"), (184_320, 40, 1, 9, "360K"), (327_680, 40, 2, 8, "360K"),
      (368_640, 40, 2, 9, "360K"), (737_280, 80, 2, 9, "1.44M"), (1_228_800, 80, 2, 15, "1.2M"),
      (1_474_560, 80, 2, 18, "1.44M"), (2_949_120, 80, 2, 36, "2.88M"), (1_720_320, 80, 2, 21, "1.44M"),
      (1_763_328, 82, 2, 21, "1.44M"), (1_884_160, 80, 2, 23, "1.44M"),
    ])
  func sizes(bytes: Int, cylinders: Int, heads: Int, sectors: Int, drive: String) throws {
    let image = try FloppyImage(raw: pattern(bytes), name: "x")
    #expect(image.geometry.cylinders == cylinders)
    #expect(image.geometry.heads == heads)
    #expect(image.geometry.sectorsPerTrack == sectors)
    #expect(image.geometry.driveType.rawValue == drive)
    #expect(image.rawBytes() == pattern(bytes))
  }

  @Test("Other sizes are taken from a BIOS parameter block that describes them exactly")
  func parameterBlock() throws {
    var bytes = [UInt8](repeating: 0, count: 81 * 2 * 12 * 512)
    #expect(throws: StorageError.self) { try FloppyImage(raw: bytes, name: "x") }
    let total = 81 * 2 * 12
    bytes[11...12] = [0, 2]
    bytes[19...20] = [UInt8(total & 255), UInt8(total >> 8)]
    bytes[24...27] = [12, 0, 2, 0]
    let image = try FloppyImage(raw: bytes, name: "x")
    #expect(image.geometry.cylinders == 81)
    #expect(image.geometry.sectorsPerTrack == 12)
  }

  @Test("Every sector of a track passes once in a revolution, in order, also where they barely fit")
  func places() throws {
    for size in [368_640, 737_280, 1_228_800, 1_474_560, 1_720_320, 1_884_160, 2_949_120] {
      let track = try FloppyImage(raw: pattern(size), name: "x").track(cylinder: 3, head: 0)
      let places = track.places
      for (place, next) in zip(places, places.dropFirst()) { #expect(place.end <= next.start) }
      let last = try #require(places.last)
      #expect(last.end <= track.byteCount, "\(size)")
    }
  }

  @Test("Guest writes are in the file at once, and only there where they belong")
  func writeThrough() throws {
    let scratch = try Scratch()
    let path = try scratch.write("a.img", pattern(1_474_560))
    let image = try FloppyImage(path: path)
    #expect(!image.isWriteProtected)
    #expect(image.write([UInt8](repeating: 0xEE, count: 512), sector: 3, cylinder: 5, head: 1))
    var expected = pattern(1_474_560)
    let at = ((5 * 2 + 1) * 18 + 3) * 512
    for i in at..<at + 512 { expected[i] = 0xEE }
    #expect(try scratch.read(path) == expected)
  }

  @Test("With writing in memory only the guest sees its writes and the file stays as it is")
  func inMemory() throws {
    let scratch = try Scratch()
    let path = try scratch.write("a.img", pattern(737_280))
    let image = try FloppyImage(path: path, writing: .inMemory)
    #expect(!image.isWriteProtected)
    #expect(image.write([UInt8](repeating: 0xEE, count: 512), sector: 0, cylinder: 0, head: 0))
    #expect(image.track(cylinder: 0, head: 0).sectors[0].data.first == 0xEE)
    #expect(try scratch.read(path) == pattern(737_280))
  }

  @Test(
    "A file the host lets us only read is a write-protected disk",
    .enabled(if: getuid() != 0, "root may write everything; CommandLineTests try it as another user"))
  func readOnlyFile() throws {
    let scratch = try Scratch()
    let path = try scratch.write("a.img", pattern(737_280))
    chmod(path, 0o444)
    let image = try FloppyImage(path: path)
    #expect(image.isWriteProtected)
    #expect(!image.write([UInt8](repeating: 0, count: 512), sector: 0, cylinder: 0, head: 0))
  }

  @Test("A file that is deleted while mounted goes on working")
  func deleted() throws {
    let scratch = try Scratch()
    let path = try scratch.write("a.img", pattern(737_280))
    let image = try FloppyImage(path: path)
    unlink(path)
    #expect(image.write([UInt8](repeating: 1, count: 512), sector: 0, cylinder: 0, head: 0))
    #expect(image.hostError == nil)
    #expect(image.track(cylinder: 0, head: 0).sectors[0].data.first == 1)
  }

  @Test("An image opened twice for writing is refused; reading is allowed")
  func locked() throws {
    let scratch = try Scratch()
    let path = try scratch.write("a.img", pattern(737_280))
    let first = try FloppyImage(path: path)
    #expect(throws: StorageError.inUse(path: path)) { try FloppyImage(path: path) }
    _ = try FloppyImage(path: path, writing: .inMemory)
    _ = first
  }

  @Test("Bad files are refused in one line that names the file, what is wrong and what would be right")
  func badFiles() throws {
    let scratch = try Scratch()
    let missing = scratch.path + "/none.img"
    #expect(throws: StorageError.missing(path: missing)) { try FloppyImage(path: missing) }
    #expect(throws: StorageError.isDirectory(path: scratch.path)) { try FloppyImage(path: scratch.path) }
    let empty = try scratch.write("empty.img", [])
    #expect(throws: StorageError.empty(path: empty)) { try FloppyImage(path: empty) }
    let three = try scratch.write("three.img", [1, 2, 3])
    #expect(throws: StorageError.notAFloppySize(path: three, bytes: 3)) { try FloppyImage(path: three) }
    let big = try scratch.write("big.img", [0])
    truncate(big, 100 << 20)
    do {
      _ = try FloppyImage(path: big)
      Issue.record("100 MB as floppy")
    } catch {
      #expect(
        error.description
          == "\(big): 100 MB isn't a floppy size; 160K, 180K, 320K, 360K, 720K, 1.2M, 1.44M or 2.88M are")
    }
    #expect(throws: StorageError.notAFile(path: "/dev/null")) { try FloppyImage(path: "/dev/null") }
    #expect("\(StorageError.missing(path: missing))" == "\(missing): no such file; check the name")
  }

  @Test("What is given to run is known by its content")
  func kinds() throws {
    let scratch = try Scratch()
    let floppy = try scratch.write("f.bin", pattern(1_474_560))
    guard case .floppy(let geometry) = try ImageKind.detect(path: floppy) else {
      Issue.record("not a floppy")
      return
    }
    #expect(geometry.name == "1.44M")
    var disk = [UInt8](repeating: 0, count: 8 << 20)
    disk[446...461] = [0x80, 1, 1, 0, 6, 15, 63, 10, 63, 0, 0, 0, 0, 0x40, 0, 0]
    disk[510...511] = [0x55, 0xAA]
    #expect(try ImageKind.detect(path: scratch.write("h.img", disk)) == .hardDisk)
    for at in [16 * 2048 + 1, 16 * 2352 + 17, 16 * 2352 + 25] {
      var cd = [UInt8](repeating: 0, count: 1 << 20)
      cd[at..<at + 5] = Array("CD001".utf8)[...]
      #expect(try ImageKind.detect(path: scratch.write("c.iso", cd)) == .cdrom)
    }
    #expect(try ImageKind.detect(path: scratch.write("m", Array("SQLite format 3\0....".utf8))) == .machine)
    #expect(try ImageKind.detect(path: scratch.write("m.toml", Array("cpu=1".utf8))) == .configuration)
    let other = try scratch.write("other.img", [1, 2, 3])
    #expect(throws: StorageError.unknownKind(path: other, bytes: 3)) { try ImageKind.detect(path: other) }
  }

  // MARK: Saved states

  @Test("A state holds the tracks written since insertion, and gives the same disk from either base")
  func savedState() throws {
    let scratch = try Scratch()
    let path = try scratch.write("a.img", pattern(737_280))
    let original = try scratch.write("b.img", pattern(737_280))
    let saved: SavedValue
    let content: [UInt8]?
    do {
      let image = try FloppyImage(path: path)
      #expect(image.write([UInt8](repeating: 7, count: 512), sector: 2, cylinder: 40, head: 1))
      saved = try image.savedPart()
      content = image.rawBytes()
    }
    #expect(saved.serialized().count < 12_000)
    // The file as it is now: attached.
    let same = try FloppyImage(path: path)
    try same.loadPart(saved)
    #expect(same.rawBytes() == content)
    #expect(!same.isDetached)
    // The file as it was at insertion: the state doesn't change it, and neither do writes from now on.
    let old = try FloppyImage(path: original)
    try old.loadPart(saved)
    #expect(old.rawBytes() == content)
    #expect(old.isDetached)
    #expect(old.write([UInt8](repeating: 8, count: 512), sector: 0, cylinder: 0, head: 0))
    #expect(try scratch.read(original) == pattern(737_280))
    try old.commit()
    #expect(try scratch.read(original) == old.rawBytes())
    #expect(!old.isDetached)
  }

  @Test("Going back to an earlier state in the same machine brings the earlier disk back and leaves the file alone")
  func back() throws {
    let scratch = try Scratch()
    let path = try scratch.write("a.img", pattern(737_280))
    let image = try FloppyImage(path: path)
    let before = try image.savedPart()
    image.write([UInt8](repeating: 7, count: 512), sector: 0, cylinder: 1, head: 0)
    let after = try image.savedPart()
    let written = try scratch.read(path)
    try image.loadPart(before)
    #expect(image.rawBytes() == pattern(737_280))
    #expect(try scratch.read(path) == written)
    #expect(image.isDetached)
    try image.loadPart(after)
    #expect(!image.isDetached)
  }

  @Test("A state doesn't load over another disk, and a damaged one changes nothing")
  func mismatch() throws {
    let image = try FloppyImage(raw: pattern(737_280), name: "x")
    image.write([UInt8](repeating: 7, count: 512), sector: 0, cylinder: 1, head: 0)
    let saved = try image.savedPart()
    let other = try FloppyImage(raw: pattern(737_280, seed: 2), name: "other")
    #expect(throws: SavedStateError.self) { try other.loadPart(saved) }
    #expect(other.rawBytes() == pattern(737_280, seed: 2))
    other.contentIdentity = "b"
    image.contentIdentity = "a"
    #expect(throws: SavedStateError.self) { try other.loadPart(image.savedPart()) }
    #expect(throws: SavedStateError.self) { try other.loadPart(.object(["tracks": .int(1)])) }
  }

  @Test("Marks, bad CRCs and odd sizes live in memory where a raw file can't hold them")
  func oddTracks() throws {
    let scratch = try Scratch()
    let path = try scratch.write("a.img", pattern(737_280))
    let image = try FloppyImage(path: path)
    let id = FloppySectorID(cylinder: 0, head: 0, record: 9, sizeCode: 4)
    let track = FloppyTrack(
      trackBits: FloppyTrack.doubleDensity, gap3: 10,
      sectors: [FloppySector(id: id, data: [UInt8](repeating: 1, count: 2048))])
    #expect(image.format(track, cylinder: 0, head: 0))
    #expect(try scratch.read(path) == pattern(737_280))
    #expect(image.unstored.map(\.cylinder) == [0])
    #expect(image.rawBytes() == nil)
    let copy = try FloppyImage(path: path, writing: .inMemory)
    try copy.loadPart(image.savedPart())
    #expect(copy.track(cylinder: 0, head: 0) == track)
  }
}
