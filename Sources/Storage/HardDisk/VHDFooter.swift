/// The footer of a VHD, and the header of those that grow.
///
/// - Source: Microsoft, "Virtual Hard Disk Image Format Specification" 1.0 (October 2006).
struct VHDFooter: Equatable {
  /// Disk type, offset 60.
  enum Kind: Int {
    case fixed = 2
    case dynamic = 3
    case differencing = 4
  }
  var kind = Kind.fixed
  /// Bytes of the disk.
  var size = 0
  /// Where the header is; all ones in fixed disks.
  var headerOffset = -1
  /// Sixteen bytes.
  var identity = [UInt8](repeating: 0, count: 16)
  /// Seconds since 2000.
  var timestamp = 0

  static let cookie = Array("conectix".utf8)

  /// All bytes added up, but those of the sum itself, and inverted.
  static func checksum(_ bytes: [UInt8], sumAt: Int) -> Int {
    var sum: UInt32 = 0
    for (at, byte) in bytes.enumerated() where !(sumAt..<sumAt + 4).contains(at) { sum &+= UInt32(byte) }
    return Int(~sum)
  }

  /// Whether `sector` is a footer with a right sum.
  static func isThere(_ sector: [UInt8]) -> Bool {
    sector.count == 512 && sector.starts(with: cookie) && sector.big32(64) == checksum(sector, sumAt: 64)
  }

  /// A new disk's footer.
  init(kind: Kind, size: Int, identity: [UInt8], timestamp: Int) {
    self.kind = kind
    self.size = size
    self.identity = identity
    self.timestamp = timestamp
    if kind != .fixed { headerOffset = 512 }
  }

  /// Reads a footer whose sum is right.
  ///
  /// - Throws: `damaged`, `unsupported`.
  init(_ bytes: [UInt8], path: String, offset: Int) throws(StorageError) {
    guard let kind = Kind(rawValue: bytes.big32(60)) else {
      throw .unsupported(
        path: path, what: "a VHD of type \(bytes.big32(60)); fixed, dynamic and differencing are known")
    }
    self.kind = kind
    size = bytes.big64(48)
    headerOffset = kind == .fixed ? -1 : bytes.big64(16)
    identity = bytes.slice(68, 16)
    timestamp = bytes.big32(24)
    guard size % 512 == 0, size > 0, size <= 1 << 37 else {
      throw .damaged(
        path: path, offset: offset + 48, what: "a disk of \(size) bytes; whole sectors up to 128 GB are known")
    }
  }

  /// The 512 bytes.
  var bytes: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 512)
    bytes.put(0, Self.cookie)
    bytes.putBig32(8, 2)
    bytes.putBig32(12, 0x0001_0000)
    bytes.putBig64(16, headerOffset)
    bytes.putBig32(24, timestamp)
    // "win ": its images' size is the one in this footer. Of creators they don't know, other programs take the geometry
    // instead, which is a little less.
    bytes.put(28, Array("win ".utf8))
    bytes.putBig32(32, 0x0006_0001)
    bytes.put(36, Array("Wi2k".utf8))
    bytes.putBig64(40, size)
    bytes.putBig64(48, size)
    let geometry = Self.geometry(sectors: size / 512)
    bytes.putBig16(56, geometry.cylinders)
    bytes[58] = UInt8(truncatingIfNeeded: geometry.heads)
    bytes[59] = UInt8(truncatingIfNeeded: geometry.sectors)
    bytes.putBig32(60, kind.rawValue)
    bytes.put(68, identity)
    bytes.putBig32(64, Self.checksum(bytes, sumAt: 64))
    return bytes
  }

  /// - Source: the specification's appendix, "CHS Calculation".
  static func geometry(sectors total: Int) -> (cylinders: Int, heads: Int, sectors: Int) {
    let total = min(total, 65_535 * 16 * 255)
    if total >= 65_535 * 16 * 63 { return (total / (16 * 255), 16, 255) }
    var sectors = 17
    var perHead = total / sectors
    var heads = max((perHead + 1023) / 1024, 4)
    if perHead >= heads * 1024 || heads > 16 {
      sectors = 31
      heads = 16
      perHead = total / sectors
    }
    if perHead >= heads * 1024 {
      sectors = 63
      heads = 16
      perHead = total / sectors
    }
    return (perHead / heads, heads, sectors)
  }
}

/// The header of a dynamic or differencing VHD.
struct VHDHeader: Equatable {
  /// Where the block table is.
  var tableOffset = 1536
  /// Entries of the table.
  var entries = 0
  /// Bytes of a block's data, a power of two.
  var blockSize = 2 << 20
  /// The parent's, sixteen bytes.
  var parentIdentity = [UInt8](repeating: 0, count: 16)
  /// The parent's file name as the child has it.
  var parentName = ""
  /// Where else the parent may be: paths of this host, as the locators give them.
  var parentPaths: [String] = []

  static let cookie = Array("cxsparse".utf8)
  static let size = 1024

  init() {}

  /// Reads the header at `offset` of `file`.
  ///
  /// - Throws: `damaged`, `truncated`.
  init(_ file: HostFile, _ footer: VHDFooter) throws(StorageError) {
    let offset = footer.headerOffset
    func wrong(_ at: Int, _ what: String) -> StorageError { .damaged(path: file.path, offset: offset + at, what: what) }
    guard offset >= 512, offset <= file.size - Self.size else {
      throw .damaged(
        path: file.path, offset: 16, what: "the header at \(offset), behind the file's end; take a whole copy")
    }
    let bytes = try file.readExactly(at: offset, count: Self.size)
    guard bytes.starts(with: Self.cookie), bytes.big32(36) == VHDFooter.checksum(bytes, sumAt: 36) else {
      throw wrong(0, "no VHD header with a right sum")
    }
    tableOffset = bytes.big64(16)
    entries = bytes.big32(28)
    blockSize = bytes.big32(32)
    parentIdentity = bytes.slice(40, 16)
    guard blockSize >= 1 << 15, blockSize <= 1 << 28, blockSize & (blockSize - 1) == 0 else {
      throw wrong(32, "blocks of \(blockSize) bytes; a power of two from 32 KB to 256 MB is known")
    }
    let needed = (footer.size + blockSize - 1) / blockSize
    guard entries >= needed else { throw wrong(28, "\(entries) blocks where the disk's size needs \(needed)") }
    entries = needed
    guard tableOffset >= 512, tableOffset <= file.size, entries * 4 <= file.size - tableOffset else {
      throw wrong(16, "the block table at \(tableOffset), behind the file's end; take a whole copy")
    }
    guard footer.kind == .differencing else { return }
    parentName = Self.text(bytes.slice(64, 512), big: true)
    for locator in 0..<8 {
      let at = 576 + locator * 24
      let (length, place) = (bytes.big32(at + 8), bytes.big64(at + 16))
      guard (2...4096).contains(length), place <= file.size - length else { continue }
      let data = try file.readExactly(at: place, count: length)
      switch bytes.slice(at, 4) {
      case Array("W2ru".utf8), Array("W2ku".utf8):
        parentPaths.append(String(Self.text(data, big: false).map { $0 == "\\" ? "/" : $0 }))
      default: break
      }
    }
  }

  private static func text(_ bytes: [UInt8], big: Bool) -> String {
    var units: [UInt16] = []
    for at in stride(from: 0, to: bytes.count - 1, by: 2) {
      let unit = UInt16(truncatingIfNeeded: big ? bytes.big16(at) : bytes.u16(at))
      if unit == 0 { break }
      units.append(unit)
    }
    return String(decoding: units, as: UTF16.self)
  }

  /// The 1024 bytes; the locator of a parent points to `locatorOffset`.
  func bytes(locatorOffset: Int, timestamp: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.size)
    bytes.put(0, Self.cookie)
    bytes.putBig64(8, -1)
    bytes.putBig64(16, tableOffset)
    bytes.putBig32(24, 0x0001_0000)
    bytes.putBig32(28, entries)
    bytes.putBig32(32, blockSize)
    if !parentName.isEmpty {
      bytes.put(40, parentIdentity)
      bytes.putBig32(56, timestamp)
      for (index, unit) in parentName.utf16.prefix(255).enumerated() { bytes.putBig16(64 + index * 2, Int(unit)) }
      bytes.put(576, Array((parentName.hasPrefix("/") ? "W2ku" : "W2ru").utf8))
      bytes.putBig32(580, 512)
      bytes.putBig32(584, locator.count)
      bytes.putBig64(592, locatorOffset)
    }
    bytes.putBig32(36, VHDFooter.checksum(bytes, sumAt: 36))
    return bytes
  }

  /// The parent's relative path as the format wants it: UTF-16, backslashes, `.\` in front.
  var locator: [UInt8] {
    let path = String(parentName.map { $0 == "/" ? "\\" : $0 })
    let windows = parentName.hasPrefix("/") ? path : ".\\" + path
    return windows.utf16.prefix(255).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
  }
}
