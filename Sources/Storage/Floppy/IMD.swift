/// ImageDisk files: a comment, then each track with its mode, numbering and sectors.
///
/// - Source: Dave Dunfield, "ImageDisk 1.18", IMD.TXT, section 6 "IMAGE FILE FORMAT".
enum IMD {
  /// What `read` gives: the disk, the comment, and where each sector's record lies in the file.
  struct File {
    var contents = FloppyContents()
    var comment: [UInt8] = []
    /// Offset of the record's type byte, by track and sector.
    var records: [[Int]] = Array(repeating: [], count: FloppyImage.maxCylinders * 2)
  }

  /// - Throws: `damaged` with the offset at which the file makes no sense.
  static func read(_ bytes: [UInt8], path: String) throws(StorageError) -> File {
    var file = File()
    func wrong(_ at: Int, _ what: String) -> StorageError { .damaged(path: path, offset: at, what: what) }
    guard let end = bytes.firstIndex(of: 0x1A) else { throw wrong(0, "an IMD comment without end (1Ah)") }
    file.comment = Array(bytes[..<end])
    var at = end + 1
    while at < bytes.count {
      let start = at
      guard bytes.count - at >= 5 else { throw wrong(at, "a track without a header; the file is cut off") }
      let (mode, cylinder, headByte) = (Int(bytes[at]), Int(bytes[at + 1]), bytes[at + 2])
      let (count, sizeCode) = (Int(bytes[at + 3]), bytes[at + 4])
      at += 5
      guard mode <= 5 else { throw wrong(start, "mode \(mode); 0 to 5 are known") }
      guard headByte & 0x3E == 0 else { throw wrong(start + 2, "head \(headByte & 0x3F); 0 and 1 are known") }
      guard sizeCode <= 6 || sizeCode == 0xFF else { throw wrong(start + 4, "sector size code \(sizeCode)") }
      func map(_ present: Bool, _ width: Int = 1) throws(StorageError) -> [UInt8]? {
        guard present else { return nil }
        guard bytes.count - at >= count * width else { throw wrong(at, "a numbering map that is cut off") }
        defer { at += count * width }
        return bytes.slice(at, count * width)
      }
      guard let numbers = try map(true) else { continue }
      let cylinders = try map(headByte & 0x80 != 0)
      let heads = try map(headByte & 0x40 != 0)
      // FFh: a table of sizes, two bytes a sector.
      let sizes = try map(sizeCode == 0xFF, 2)
      var sectors: [FloppySector] = []
      var places: [Int] = []
      for index in 0..<count {
        let size = sizes.map { $0.u16(index * 2) } ?? 128 << Int(sizeCode)
        guard size >= 128, size <= 16_384, size & (size - 1) == 0 else {
          throw wrong(start + 4, "\(size) bytes a sector")
        }
        let id = FloppySectorID(
          cylinder: cylinders?[index] ?? UInt8(truncatingIfNeeded: cylinder), head: heads?[index] ?? headByte & 1,
          record: numbers[index], sizeCode: UInt8(truncatingIfNeeded: size.trailingZeroBitCount - 7))
        guard at < bytes.count else { throw wrong(at, "sector \(id.record) is missing; the file is cut off") }
        let type = bytes[at]
        guard type <= 8 else { throw wrong(at, "sector record of type \(type); 0 to 8 are known") }
        places.append(at)
        at += 1
        var sector = FloppySector(id: id, data: [])
        if type == 0 {
          sector.data = [UInt8](repeating: 0, count: size)
          sector.lacksData = true
        } else {
          // Odd types hold all bytes, even ones a single one that is repeated.
          let length = type & 1 == 1 ? size : 1
          guard bytes.count - at >= length else { throw wrong(at, "sector \(id.record) is cut off") }
          sector.data = type & 1 == 1 ? bytes.slice(at, size) : [UInt8](repeating: bytes[at], count: size)
          sector.isDeleted = [3, 4, 7, 8].contains(type)
          sector.hasDataError = type >= 5
          at += length
        }
        sectors.append(sector)
      }
      guard cylinder < FloppyImage.maxCylinders else { throw wrong(start + 1, "cylinder \(cylinder)") }
      let rate = [500, 300, 250][mode % 3]
      let payload = sectors.reduce(0) { $0 + $1.data.count }
      file.contents[cylinder, Int(headByte & 1)] = FloppyTrack(
        trackBits: FloppyContents.trackBits(rate: rate, payload: payload, isFiveInch: nil), isFM: mode < 3, gap3: 80,
        sectors: sectors)
      file.records[cylinder * 2 + Int(headByte & 1)] = places
    }
    agreeOnDiameter(&file.contents)
    return file
  }

  /// Tracks of 500 kbit/s with few bytes may be on either diameter; the fullest decides for all of them.
  private static func agreeOnDiameter(_ contents: inout FloppyContents) {
    guard contents.tracks.contains(where: { !$0.sectors.isEmpty && $0.trackBits == FloppyTrack.highDensity }) else {
      return
    }
    for at in contents.tracks.indices where contents.tracks[at].trackBits == FloppyTrack.highDensityFiveInch {
      contents.tracks[at].trackBits = FloppyTrack.highDensity
    }
  }

  /// Whether a track can be said in this format.
  static func canHold(_ track: FloppyTrack) -> Bool {
    guard let first = track.sectors.first, track.sectors.count <= 255 else { return track.sectors.isEmpty }
    return track.trackBits != FloppyTrack.extraDensity && first.id.sizeCode <= 6
      && track.sectors.allSatisfy {
        $0.id.sizeCode == first.id.sizeCode && $0.data.count == first.id.byteCount && !$0.hasIDError
          && $0.weakBits == nil
      }
  }

  /// A file of these tracks. Sectors are never compressed: they can be written in their place later.
  static func write(_ contents: FloppyContents, comment: [UInt8]) -> (bytes: [UInt8], records: [[Int]]) {
    var bytes = comment.isEmpty ? Array("IMD 1.18: 01/01/1980 00:00:00\r\n".utf8) : comment
    bytes.append(0x1A)
    var records: [[Int]] = Array(repeating: [], count: contents.tracks.count)
    for (at, track) in contents.tracks.enumerated() where canHold(track) {
      guard let first = track.sectors.first else { continue }
      let (cylinder, head) = (UInt8(truncatingIfNeeded: at / 2), UInt8(truncatingIfNeeded: at % 2))
      let rate = track.trackBits == FloppyTrack.doubleDensity ? 2 : 0
      let ownCylinders = track.sectors.contains { $0.id.cylinder != cylinder }
      let ownHeads = track.sectors.contains { $0.id.head != head }
      bytes += [
        UInt8(track.isFM ? rate : rate + 3), cylinder, head | (ownCylinders ? 0x80 : 0) | (ownHeads ? 0x40 : 0),
        UInt8(truncatingIfNeeded: track.sectors.count), first.id.sizeCode,
      ]
      bytes += track.sectors.map(\.id.record)
      if ownCylinders { bytes += track.sectors.map(\.id.cylinder) }
      if ownHeads { bytes += track.sectors.map(\.id.head) }
      for sector in track.sectors {
        records[at].append(bytes.count)
        bytes += record(sector)
      }
    }
    return (bytes, records)
  }

  /// A sector's type byte and data.
  static func record(_ sector: FloppySector) -> [UInt8] {
    if sector.lacksData { return [0] }
    return [UInt8(1 + (sector.isDeleted ? 2 : 0) + (sector.hasDataError ? 4 : 0))] + sector.data
  }
}
