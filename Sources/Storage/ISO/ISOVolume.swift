/// An ISO 9660 file system, for reading; Joliet's long names where there are some.
///
/// - Source: ECMA-119 (2nd edition, 1987), 8 and 9; Microsoft, "Joliet Specification" (1995).
public final class ISOVolume: ImageFiles {
  private let store: any SectorStore
  private let root: Extent
  private let isJoliet: Bool
  private let volumeLabel: String

  /// Where a file or directory lies; several pieces in files over 4 GB.
  private struct Extent {
    var pieces: [(block: Int, size: Int)]
    var size: Int { pieces.reduce(0) { $0 + $1.size } }
  }

  private struct Record {
    var entry: ImageEntry
    var extent: Extent
  }

  static let blockSize = 2048
  /// Directories are read up to this size.
  private static let maxDirectory = 8 << 20

  /// - Throws: `unsupported` without a volume descriptor; `damaged`.
  public init(_ store: any SectorStore) throws(StorageError) {
    self.store = store
    var best: (descriptor: [UInt8], joliet: Bool)?
    for block in 16..<80 where (block + 1) * 4 <= store.sectorCount {
      let descriptor = try store.read(block * 4, count: 4)
      guard descriptor.slice(1, 5) == Array("CD001".utf8), descriptor[0] != 255 else { break }
      if descriptor[0] == 1, best == nil { best = (descriptor, false) }
      // Joliet: a supplementary descriptor with the escape sequence of UCS-2, level 1 to 3.
      if descriptor[0] == 2, descriptor[88] == 0x25, descriptor[89] == 0x2F,
        [0x40, 0x43, 0x45].contains(descriptor[90])
      {
        best = (descriptor, true)
      }
    }
    guard let best else { throw .unsupported(path: store.name, what: "no ISO 9660 file system") }
    guard best.descriptor.u16(128) == Self.blockSize else {
      throw .unsupported(path: store.name, what: "blocks of \(best.descriptor.u16(128)) bytes; 2048 are known")
    }
    isJoliet = best.joliet
    root = Extent(pieces: [(best.descriptor.u32(156 + 2), best.descriptor.u32(156 + 10))])
    let label = best.descriptor.slice(40, 32)
    var text = best.joliet ? Self.wide(label) : String(decoding: label, as: UTF8.self)
    while text.last == " " || text.last == "\0" { text.removeLast() }
    volumeLabel = text
  }

  public var kind: String { isJoliet ? "ISO 9660 with Joliet" : "ISO 9660" }

  public func label() throws(StorageError) -> String? { volumeLabel.isEmpty ? nil : volumeLabel }

  private static func wide(_ bytes: [UInt8]) -> String {
    String(
      decoding: stride(from: 0, to: bytes.count - 1, by: 2).map { UInt16(truncatingIfNeeded: bytes.big16($0)) },
      as: UTF16.self)
  }

  private func bytes(_ piece: (block: Int, size: Int), at offset: Int, count: Int) throws(StorageError) -> [UInt8] {
    let start = piece.block * Self.blockSize + offset
    let first = start / 512
    let last = (start + count + 511) / 512
    guard last <= store.sectorCount else {
      throw .truncated(path: store.name, offset: start, wanted: count, found: max(store.sectorCount * 512 - start, 0))
    }
    return try store.read(first, count: last - first).slice(start % 512, count)
  }

  private func records(_ directory: Extent) throws(StorageError) -> [Record] {
    guard let piece = directory.pieces.first, piece.size <= Self.maxDirectory else {
      throw .damaged(path: store.name, offset: 0, what: "a directory of \(directory.size) bytes")
    }
    let all = try bytes(piece, at: 0, count: piece.size)
    var records: [Record] = []
    var at = 0
    var isContinued = false
    while at + 33 < all.count {
      let length = Int(all[at])
      // The rest of a block is zero where the next record wouldn't fit.
      guard length >= 34, at + length <= all.count else {
        at = (at / Self.blockSize + 1) * Self.blockSize
        continue
      }
      let raw = all.slice(at, length)
      at += length
      let id = raw.slice(33, Int(raw[32]))
      guard id != [0], id != [1], !id.isEmpty else { continue }
      var name = isJoliet ? Self.wide(id) : String(id.map { Character(UnicodeScalar($0)) })
      if let semicolon = name.lastIndex(of: ";") { name = String(name[..<semicolon]) }
      if name.last == "." { name.removeLast() }
      let isDirectory = raw[25] & 2 != 0
      let place = (block: raw.u32(2) + Int(raw[1]), size: raw.u32(10))
      if isContinued, var last = records.popLast() {
        last.extent.pieces.append(place)
        last.entry.size = last.extent.size
        records.append(last)
      } else {
        let modified = FATTime(
          year: 1900 + Int(raw[18]), month: Int(raw[19]), day: Int(raw[20]), hour: Int(raw[21]), minute: Int(raw[22]),
          second: Int(raw[23]))
        records.append(
          Record(
            entry: ImageEntry(
              name: name, isDirectory: isDirectory, size: isDirectory ? 0 : place.size, modified: modified,
              attributes: raw[25] & 1 != 0 ? "h" : "", shortName: name), extent: Extent(pieces: [place])))
      }
      isContinued = raw[25] & 0x80 != 0
    }
    return records
  }

  private func record(_ path: String) throws(StorageError) -> Record? {
    var found: Record?
    var directory = root
    for name in FATVolume.components(path) {
      if let found {
        guard found.entry.isDirectory else { throw .notADirectory(path: store.name, file: path) }
        directory = found.extent
      }
      let wanted = name.uppercased()
      guard let next = try records(directory).first(where: { $0.entry.name.uppercased() == wanted }) else { return nil }
      found = next
    }
    return found
  }

  public func entries(_ path: String) throws(StorageError) -> [ImageEntry] {
    guard !FATVolume.components(path).isEmpty else { return try records(root).map(\.entry) }
    guard let directory = try record(path) else { throw .noSuchFile(path: store.name, file: path) }
    guard directory.entry.isDirectory else { throw .notADirectory(path: store.name, file: path) }
    return try records(directory.extent).map(\.entry)
  }

  public func find(_ path: String) throws(StorageError) -> ImageEntry? { try record(path)?.entry }

  public func read(_ path: String, _ take: ([UInt8]) throws -> Void) throws {
    guard let record = try record(path), !record.entry.isDirectory else {
      throw StorageError.noSuchFile(path: store.name, file: path)
    }
    for piece in record.extent.pieces {
      var at = 0
      while at < piece.size {
        let count = min(1 << 20, piece.size - at)
        try take(try bytes(piece, at: at, count: count))
        at += count
      }
    }
  }
}

/// A CD image with whole sectors of 2352 bytes: their 2048 bytes of data.
///
/// - Source: ECMA-130, 14: sync 12, header 4, then the data in mode 1; mode 2 form 1 has a subheader of 8 before them.
public final class RawCDStore: SectorStore {
  private let file: HostFile
  private let dataOffset: Int
  public let sectorCount: Int
  public let isWritable = false
  public var name: String { file.path }

  /// The offset of the data in each sector if the file has a volume label at one; 0 for plain 2048-byte sectors.
  static func detect(_ file: HostFile) throws(StorageError) -> (offset: Int, size: Int)? {
    for (offset, size) in [(0, 2048), (16, 2352), (24, 2352)] {
      if try file.read(at: 16 * size + offset + 1, count: 5) == Array("CD001".utf8) { return (offset, size) }
    }
    return nil
  }

  init(file: HostFile, dataOffset: Int) {
    self.file = file
    self.dataOffset = dataOffset
    sectorCount = file.size / 2352 * 4
  }

  public func read(_ lba: Int, count: Int) throws(StorageError) -> [UInt8] {
    try check(lba, count)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * 512)
    var at = lba
    while at < lba + count {
      let run = min(4 - at % 4, lba + count - at)
      bytes += try file.readExactly(at: at / 4 * 2352 + dataOffset + at % 4 * 512, count: run * 512)
      at += run
    }
    return bytes
  }

  public func write(_ lba: Int, _ bytes: [UInt8]) throws(StorageError) {
    throw .unwritable(path: name, reason: "CD images are read only")
  }

  public func flush() throws(StorageError) {}
}
