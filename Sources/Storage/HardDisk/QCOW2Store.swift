import Compression

/// A QCOW2 image, versions 2 and 3, for reading: clusters, compressed clusters, zero clusters, a backing image.
///
/// - Source: QEMU, docs/interop/qcow2.txt (the format's specification).
public final class QCOW2Store: SectorStore {
  private let file: HostFile
  private let backing: (any SectorStore)?
  public let sectorCount: Int
  public var name: String { file.path }
  public let isWritable = false
  private let clusterBits: Int
  /// Bytes of a cluster.
  private var clusterSize: Int { 1 << clusterBits }
  private let version: Int
  private let firstLevel: [UInt8]
  private let firstLevelOffset: Int
  /// Second-level tables, by offset; and the last cluster that was unpacked.
  private var tables: [Int: [UInt8]] = [:]
  private var unpacked: (offset: Int, bytes: [UInt8])?

  static let magic: [UInt8] = [0x51, 0x46, 0x49, 0xFB]

  /// Reads the header and first-level table.
  ///
  /// - Throws: `damaged`, `truncated`, `unsupported`.
  init(file: HostFile, openBacking: (String) throws(StorageError) -> any SectorStore) throws(StorageError) {
    self.file = file
    let header = try file.readExactly(at: 0, count: min(file.size, 112))
    func wrong(_ at: Int, _ what: String) -> StorageError { .damaged(path: file.path, offset: at, what: what) }
    guard header.count >= 72 else { throw .truncated(path: file.path, offset: 0, wanted: 72, found: header.count) }
    version = header.big32(4)
    guard version == 2 || version == 3 else {
      throw .unsupported(path: file.path, what: "QCOW version \(version); 2 and 3 are known")
    }
    clusterBits = header.big32(20)
    guard (9...21).contains(clusterBits) else { throw wrong(20, "clusters of 2^\(clusterBits) bytes; 2^9 to 2^21 are") }
    let size = header.big64(24)
    guard size <= 1 << 37 else { throw wrong(24, "a disk of \(size) bytes; up to 128 GB are known") }
    sectorCount = size / 512
    guard header.big32(32) == 0 else { throw .unsupported(path: file.path, what: "it is encrypted; convert it first") }
    if version == 3 {
      guard header.count >= 104 else { throw .truncated(path: file.path, offset: 72, wanted: 32, found: 0) }
      // Bits 0 (refcounts are stale) and 3 with type 0 (deflate) don't matter for reading.
      let features = header.big64(72)
      guard features & ~0b1001 == 0, features & 8 == 0 || header.count <= 104 || header[104] == 0 else {
        throw .unsupported(
          path: file.path,
          what: "features \(String(features, radix: 16))h (corrupt, external data, zstd or extended "
            + "entries) aren't known; `qemu-img convert` makes it plain")
      }
    }
    let levels = header.big32(36)
    firstLevelOffset = header.big64(40)
    let covered = 1 << (clusterBits * 2 - 3)
    guard levels >= (size + covered - 1) / covered, levels <= 1 << 22 else {
      throw wrong(36, "a first-level table of \(levels) entries for \(size) bytes")
    }
    guard firstLevelOffset >= 0, firstLevelOffset <= file.size, levels * 8 <= file.size - firstLevelOffset else {
      throw wrong(40, "the first-level table at \(firstLevelOffset), behind the file's end; take a whole copy")
    }
    firstLevel = try file.readExactly(at: firstLevelOffset, count: levels * 8)
    let (nameOffset, nameLength) = (header.big64(8), header.big32(16))
    guard nameOffset != 0, nameLength > 0 else {
      backing = nil
      return
    }
    guard nameLength <= 1023, nameOffset <= file.size - nameLength else {
      throw wrong(8, "the backing file's name at \(nameOffset), behind the file's end")
    }
    let name = String(decoding: try file.readExactly(at: nameOffset, count: nameLength), as: UTF8.self)
    backing = try openBacking(HostFile.resolve(name, besides: file.path))
  }

  public func read(_ lba: Int, count: Int) throws(StorageError) -> [UInt8] {
    try check(lba, count)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * 512)
    var at = lba * 512
    let end = (lba + count) * 512
    while at < end {
      let inCluster = at & (clusterSize - 1)
      let run = min(clusterSize - inCluster, end - at)
      bytes += try cluster(at >> clusterBits, inCluster, run)
      at += run
    }
    return bytes
  }

  /// `count` bytes at `start` of guest cluster `number`.
  private func cluster(_ number: Int, _ start: Int, _ count: Int) throws(StorageError) -> [UInt8] {
    let perTable = clusterSize / 8
    let first = number / perTable
    let mask = 0x00FF_FFFF_FFFF_FE00
    let tableOffset = firstLevel.big64(first * 8) & mask
    guard tableOffset != 0 else { return try under(number, start, count) }
    let entryOffset = tableOffset + number % perTable * 8
    let table = try table(tableOffset, from: first)
    let high = table.big32(number % perTable * 8)
    let entry = table.big64(number % perTable * 8)
    // Bit 62: compressed; bit 0 of version 3: zeros.
    if high & 0x4000_0000 != 0 {
      return try compressed(entry & 0x3FFF_FFFF_FFFF_FFFF, entryOffset).slice(start, count)
    }
    if version == 3, entry & 1 != 0 { return [UInt8](repeating: 0, count: count) }
    let offset = entry & mask
    guard offset != 0 else { return try under(number, start, count) }
    guard offset <= file.size else {
      throw .damaged(
        path: file.path, offset: entryOffset, what: "a cluster at \(offset), behind the file's end; take a whole copy")
    }
    // The last cluster of a file may be cut where nothing more was written.
    var bytes = try file.read(at: offset + start, count: count)
    if bytes.count < count { bytes += [UInt8](repeating: 0, count: count - bytes.count) }
    return bytes
  }

  private func table(_ offset: Int, from first: Int) throws(StorageError) -> [UInt8] {
    if let table = tables[offset] { return table }
    guard offset <= file.size - clusterSize else {
      throw .damaged(
        path: file.path, offset: firstLevelOffset + first * 8,
        what: "a second-level table at \(offset), behind the file's end; take a whole copy")
    }
    // 16 MB at most.
    if tables.count >= (16 << 20) / clusterSize { tables.removeAll(keepingCapacity: true) }
    let table = try file.readExactly(at: offset, count: clusterSize)
    tables[offset] = table
    return table
  }

  private func compressed(_ descriptor: Int, _ entryOffset: Int) throws(StorageError) -> [UInt8] {
    if let unpacked, unpacked.offset == descriptor { return unpacked.bytes }
    let shift = 62 - (clusterBits - 8)
    let offset = descriptor & ((1 << shift) - 1)
    let length = ((descriptor >> shift) + 1) * 512 - (offset & 511)
    func wrong(_ what: String) -> StorageError { .damaged(path: file.path, offset: entryOffset, what: what) }
    guard offset < file.size else { throw wrong("a compressed cluster at \(offset), behind the file's end") }
    let packed = try file.read(at: offset, count: min(length, clusterSize * 2))
    guard let bytes = try? Inflate.unpack(packed, framing: .raw, count: clusterSize), bytes.count == clusterSize else {
      throw wrong("the compressed cluster at \(offset) can't be unpacked")
    }
    unpacked = (descriptor, bytes)
    return bytes
  }

  /// The backing image's bytes, zeros behind its end.
  private func under(_ number: Int, _ start: Int, _ count: Int) throws(StorageError) -> [UInt8] {
    guard let backing else { return [UInt8](repeating: 0, count: count) }
    let first = ((number << clusterBits) + start) / 512
    let there = max(min(count / 512, backing.sectorCount - first), 0)
    let bytes = there > 0 ? try backing.read(first, count: there) : []
    return bytes + [UInt8](repeating: 0, count: count - bytes.count)
  }

  public func write(_ lba: Int, _ bytes: [UInt8]) throws(StorageError) {
    throw .unwritable(path: name, reason: "QCOW2 images are read only; convert it, or use an overlay")
  }

  public func flush() throws(StorageError) {}
}
