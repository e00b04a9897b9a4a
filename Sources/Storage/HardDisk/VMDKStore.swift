import Compression

/// A sparse extent of a VMDK, for reading: grains by two levels of tables, compressed ones (streamOptimized) too.
///
/// - Source: VMware, "Virtual Disk Format 5.0", "Hosted Sparse Extents" and "Stream-Optimized Compressed Sparse Extents".
final class VMDKExtent {
  private let file: HostFile
  /// Sectors of this extent.
  let sectorCount: Int
  /// Sectors of a grain.
  private let grain: Int
  private let entriesPerTable: Int
  private let directory: [UInt8]
  private let directoryOffset: Int
  private let isCompressed: Bool
  private let hasZeroGrains: Bool
  private var tables: [Int: [UInt8]] = [:]
  private var unpacked: (offset: Int, bytes: [UInt8])?
  /// The descriptor inside the extent; empty if it has none.
  let descriptor: String

  static let magic: [UInt8] = Array("KDMV".utf8)

  /// Reads the header and the grain directory.
  ///
  /// - Throws: `damaged`, `unsupported`, `truncated`.
  init(file: HostFile) throws(StorageError) {
    self.file = file
    var header = try file.readExactly(at: 0, count: 512)
    var headerAt = 0
    func wrong(_ at: Int, _ what: String) -> StorageError {
      .damaged(path: file.path, offset: headerAt + at, what: what)
    }
    guard header.starts(with: Self.magic) else { throw wrong(0, "no sparse extent") }
    // All ones: the directory's place is in the footer, one sector before the end-of-stream marker.
    if header.big32(56) == 0xFFFF_FFFF, header.big32(60) == 0xFFFF_FFFF {
      headerAt = file.size - 1024
      header = try file.readExactly(at: headerAt, count: 512)
      guard header.starts(with: Self.magic) else { throw wrong(0, "no footer; the file is cut off, take a whole copy") }
    }
    let version = header.u32(4)
    guard (1...3).contains(version) else {
      throw .unsupported(path: file.path, what: "a VMDK of version \(version); 1 to 3 are known")
    }
    let flags = header.u32(8)
    isCompressed = flags & 0x1_0000 != 0
    hasZeroGrains = flags & 4 != 0
    sectorCount = header.u64(12)
    grain = header.u64(20)
    entriesPerTable = header.u32(44)
    guard sectorCount > 0, sectorCount <= 1 << 28 else {
      throw wrong(12, "\(sectorCount) sectors; up to 128 GB are known")
    }
    guard grain >= 8, grain <= 1 << 15, grain & (grain - 1) == 0 else {
      throw wrong(20, "grains of \(grain) sectors; a power of two from 8 to 32768 is known")
    }
    guard (1...65_536).contains(entriesPerTable) else { throw wrong(44, "tables of \(entriesPerTable) entries") }
    guard !isCompressed || header.u16(77) == 1 else {
      throw .unsupported(path: file.path, what: "compression \(header.u16(77)); deflate is known")
    }
    let grains = (sectorCount + grain - 1) / grain
    let directories = (grains + entriesPerTable - 1) / entriesPerTable
    let place = header.u64(56)
    guard place > 0, place <= file.size / 512, directories * 4 <= file.size - place * 512 else {
      throw wrong(56, "the grain directory at sector \(place), behind the file's end; take a whole copy")
    }
    directoryOffset = place * 512
    directory = try file.readExactly(at: directoryOffset, count: directories * 4)
    let (at, length) = (header.u64(28), header.u64(36))
    if at > 0, length > 0, length <= 128, at <= file.size / 512 {
      let text = try file.read(at: at * 512, count: length * 512)
      descriptor = String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    } else {
      descriptor = ""
    }
  }

  func read(_ lba: Int, count: Int) throws(StorageError) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * 512)
    var at = lba
    while at < lba + count {
      let inGrain = at % grain
      let run = min(grain - inGrain, lba + count - at)
      bytes += try read(grain: at / grain, inGrain * 512, run * 512)
      at += run
    }
    return bytes
  }

  private func read(grain number: Int, _ start: Int, _ count: Int) throws(StorageError) -> [UInt8] {
    let index = number / entriesPerTable
    let place = directory.u32(index * 4)
    guard place != 0 else { return [UInt8](repeating: 0, count: count) }
    let table = try table(place * 512, index)
    let sector = table.u32(number % entriesPerTable * 4)
    if sector == 0 || sector == 1 && hasZeroGrains { return [UInt8](repeating: 0, count: count) }
    let offset = sector * 512
    func wrong(_ what: String) -> StorageError {
      .damaged(path: file.path, offset: place * 512 + number % entriesPerTable * 4, what: what)
    }
    guard offset < file.size else { throw wrong("a grain at \(offset), behind the file's end; take a whole copy") }
    guard isCompressed else { return try file.readExactly(at: offset + start, count: count) }
    if unpacked?.offset != offset {
      // A marker of the grain's first sector and its length goes before it.
      let marker = try file.readExactly(at: offset, count: 12)
      let length = marker.u32(8)
      guard length > 0, length <= grain * 1024 + 1024, offset + 12 <= file.size - length else {
        throw wrong("a grain of \(length) compressed bytes")
      }
      let packed = try file.readExactly(at: offset + 12, count: length)
      guard let bytes = try? Inflate.unpack(packed, framing: .zlib, count: grain * 512), bytes.count == grain * 512
      else { throw wrong("the grain at \(offset) can't be unpacked") }
      unpacked = (offset, bytes)
    }
    return unpacked?.bytes.slice(start, count) ?? []
  }

  private func table(_ offset: Int, _ index: Int) throws(StorageError) -> [UInt8] {
    if let table = tables[offset] { return table }
    guard offset <= file.size - entriesPerTable * 4 else {
      throw .damaged(
        path: file.path, offset: directoryOffset + index * 4,
        what: "a grain table at \(offset), behind the file's end; take a whole copy")
    }
    if tables.count >= (16 << 20) / (entriesPerTable * 4) { tables.removeAll(keepingCapacity: true) }
    let table = try file.readExactly(at: offset, count: entriesPerTable * 4)
    tables[offset] = table
    return table
  }
}

/// A VMDK for reading: one sparse file, or a descriptor that names sparse and flat extents beside it.
///
/// - Source: VMware, "Virtual Disk Format 5.0", "The Descriptor File".
public final class VMDKStore: SectorStore {
  private enum Piece {
    case sparse(VMDKExtent)
    case flat(HostFile, offset: Int)
    case zero
  }
  private var pieces: [(start: Int, count: Int, piece: Piece)] = []
  public let name: String
  public let sectorCount: Int
  public let isWritable = false

  static let descriptorStart = Array("# Disk DescriptorFile".utf8)

  /// Extents that a descriptor may name.
  private static let maxExtents = 256

  /// Opens the image in `file`, with its extents.
  ///
  /// - Throws: `damaged`, `unsupported`, `missing`.
  init(file: HostFile) throws(StorageError) {
    name = file.path
    if try file.read(at: 0, count: 4) == VMDKExtent.magic {
      let extent = try VMDKExtent(file: file)
      try Self.checkParent(extent.descriptor, file.path)
      pieces = [(0, extent.sectorCount, .sparse(extent))]
      sectorCount = extent.sectorCount
      return
    }
    let text = String(decoding: try file.read(at: 0, count: min(file.size, 65_536)), as: UTF8.self)
    try Self.checkParent(text, file.path)
    var total = 0
    for line in text.split(whereSeparator: \.isNewline) {
      let fields = line.split(separator: " ", maxSplits: 3).map(String.init)
      guard fields.count >= 3, ["RW", "RDONLY"].contains(fields[0]), let count = Int(fields[1]) else { continue }
      guard pieces.count < Self.maxExtents, count > 0, count <= (1 << 28) - total else {
        throw .damaged(path: file.path, offset: 0, what: "extents of more than 128 GB")
      }
      let piece = try Self.piece(fields, count, besides: file.path)
      pieces.append((total, count, piece))
      total += count
    }
    guard total > 0 else { throw .damaged(path: file.path, offset: 0, what: "a VMDK descriptor that names no extents") }
    sectorCount = total
  }

  private static func checkParent(_ descriptor: String, _ path: String) throws(StorageError) {
    for line in descriptor.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: "=").map { $0.filter { $0 != " " && $0 != "\"" }.lowercased() }
      if parts.count == 2, parts[0] == "parentcid", parts[1] != "ffffffff" {
        throw .unsupported(path: path, what: "a VMDK that is based on another; `qemu-img convert` makes it whole")
      }
    }
  }

  private static func piece(_ fields: [String], _ count: Int, besides path: String) throws(StorageError) -> Piece {
    if fields[2] == "ZERO" { return .zero }
    let quoted = fields.count > 3 ? fields[3].split(separator: "\"", omittingEmptySubsequences: false) : []
    guard quoted.count >= 3, !quoted[1].isEmpty, !quoted[1].contains("/") else {
      throw .damaged(path: path, offset: 0, what: "an extent that names no file beside it")
    }
    let file = try HostFile(path: HostFile.resolve(String(quoted[1]), besides: path), access: .readOnlyShared)
    switch fields[2] {
    case "SPARSE":
      let extent = try VMDKExtent(file: file)
      guard extent.sectorCount >= count else {
        throw .damaged(path: file.path, offset: 12, what: "\(extent.sectorCount) sectors where \(count) should be")
      }
      return .sparse(extent)
    case "FLAT":
      let offset = Int(quoted[2].filter { $0 != " " }) ?? 0
      guard offset >= 0, offset <= file.size / 512, count <= file.size / 512 - offset else {
        throw .truncated(path: file.path, offset: 0, wanted: count * 512, found: file.size)
      }
      return .flat(file, offset: offset * 512)
    default: throw .unsupported(path: path, what: "extents of kind \(fields[2]); SPARSE, FLAT and ZERO are known")
    }
  }

  public func read(_ lba: Int, count: Int) throws(StorageError) -> [UInt8] {
    try check(lba, count)
    var bytes: [UInt8] = []
    for piece in pieces {
      let first = max(lba, piece.start)
      let last = min(lba + count, piece.start + piece.count)
      guard first < last else { continue }
      switch piece.piece {
      case .sparse(let extent): bytes += try extent.read(first - piece.start, count: last - first)
      case .flat(let file, let offset):
        bytes += try file.readExactly(at: offset + (first - piece.start) * 512, count: (last - first) * 512)
      case .zero: bytes += [UInt8](repeating: 0, count: (last - first) * 512)
      }
    }
    return bytes
  }

  public func write(_ lba: Int, _ bytes: [UInt8]) throws(StorageError) {
    throw .unwritable(path: name, reason: "VMDK images are read only; convert it, or use an overlay")
  }

  public func flush() throws(StorageError) {}
}
