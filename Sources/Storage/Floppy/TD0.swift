/// Teledisk files, plain and with "advanced compression", for reading.
///
/// - Source: the format was never published; Dave Dunfield, "TD0NOTES.TXT" (reverse-engineered, recalled).
enum TD0 {
  /// Bytes that a packed file may unpack to: more than any floppy.
  private static let limit = 8 << 20

  /// The format's CRC: polynomial A097h, from 0.
  static func crc(_ bytes: [UInt8], from start: Int = 0) -> Int {
    var crc = start
    for byte in bytes {
      crc ^= Int(byte) << 8
      for _ in 0..<8 { crc = crc & 0x8000 != 0 ? (crc << 1 ^ 0xA097) & 0xFFFF : crc << 1 & 0xFFFF }
    }
    return crc
  }

  /// - Throws: `damaged` with an offset (in the unpacked data, if the file is packed), `unsupported`.
  static func read(_ file: [UInt8], path: String) throws(StorageError) -> FloppyContents {
    guard file.count >= 12 else { throw .truncated(path: path, offset: 0, wanted: 12, found: file.count) }
    let isPacked = file[0] == 0x74
    if isPacked, file[4] < 20 {
      throw .unsupported(path: path, what: "packed by Teledisk 1.x; unpack it with Teledisk itself")
    }
    let bytes = isPacked ? Array(file.prefix(12)) + LZHUF.unpack(file[12...], limit: limit) : file
    func wrong(_ at: Int, _ what: String) -> StorageError {
      .damaged(path: path, offset: at, what: isPacked ? "of the unpacked data: " + what : what)
    }
    var contents = FloppyContents()
    let rate = [250, 300, 500, 250][Int(bytes[5] & 3)]
    // Drive types: 1 360K, 2 1.2M, 3 720K, 4 1.44M (5 and 6 are 8-inch and 3.5-inch 2.88M).
    contents.isFiveInch = [1, 2].contains(bytes[6]) ? true : [3, 4, 6].contains(bytes[6]) ? false : nil
    var at = 12
    if bytes[7] & 0x80 != 0 {
      guard bytes.count >= 22 else { throw wrong(12, "a comment that is cut off") }
      at += 10 + bytes.u16(14)
    }
    while at < bytes.count, bytes[at] != 0xFF {
      guard bytes.count - at >= 4 else { throw wrong(at, "a track header that is cut off") }
      let (count, cylinder, headByte) = (Int(bytes[at]), Int(bytes[at + 1]), bytes[at + 2])
      guard crc(bytes.slice(at, 3)) & 0xFF == Int(bytes[at + 3]) else {
        throw wrong(at, "a track header with a wrong sum")
      }
      guard cylinder < FloppyImage.maxCylinders else { throw wrong(at + 1, "cylinder \(cylinder)") }
      at += 4
      var sectors: [FloppySector] = []
      for _ in 0..<count {
        if let sector = try sector(bytes, &at, wrong) { sectors.append(sector) }
      }
      let payload = sectors.reduce(0) { $0 + $1.data.count }
      contents[cylinder, Int(headByte & 1)] = FloppyTrack(
        trackBits: FloppyContents.trackBits(rate: rate, payload: payload, isFiveInch: contents.isFiveInch),
        isFM: (headByte | bytes[5]) & 0x80 != 0, gap3: 80, sectors: sectors)
    }
    guard at < bytes.count else { throw wrong(bytes.count, "the end of the tracks is missing; take a whole copy") }
    return contents
  }

  /// One sector; nil for one whose ID was never found, which Teledisk numbers itself.
  private static func sector(
    _ bytes: [UInt8], _ at: inout Int, _ wrong: (Int, String) -> StorageError
  ) throws(StorageError) -> FloppySector? {
    guard bytes.count - at >= 6 else { throw wrong(at, "a sector header that is cut off") }
    let id = FloppySectorID(
      cylinder: bytes[at], head: bytes[at + 1], record: bytes[at + 2], sizeCode: bytes[at + 3])
    let flags = bytes[at + 4]
    guard id.sizeCode <= 7 else { throw wrong(at + 3, "sector size code \(id.sizeCode)") }
    let header = at
    at += 6
    let size = id.byteCount
    var sector = FloppySector(id: id, data: [UInt8](repeating: 0, count: size))
    sector.hasDataError = flags & 0x02 != 0
    sector.isDeleted = flags & 0x04 != 0
    // 10h: not copied, because DOS had it free. 20h: no data field was found.
    sector.lacksData = flags & 0x20 != 0
    if flags & 0x30 == 0 {
      guard bytes.count - at >= 3 else { throw wrong(at, "a sector's data that is cut off") }
      let length = bytes.u16(at)
      guard length >= 1, bytes.count - at - 2 >= length else { throw wrong(at, "\(length) bytes of data, cut off") }
      sector.data = try data(bytes.slice(at + 3, length - 1), method: bytes[at + 2], size: size) { wrong(at, $0) }
      guard crc(sector.data) & 0xFF == Int(bytes[header + 5]) else {
        throw wrong(header + 5, "sector \(id.record) has a wrong sum")
      }
      at += 2 + length
    }
    // 40h: no ID field was found.
    return flags & 0x40 != 0 ? nil : sector
  }

  /// Method 0: as it is; 1: a pair of bytes, repeated; 2: runs of bytes and of repeated patterns.
  private static func data(
    _ packed: [UInt8], method: UInt8, size: Int, _ wrong: (String) -> StorageError
  ) throws(StorageError) -> [UInt8] {
    var data: [UInt8] = []
    data.reserveCapacity(size)
    func repeating(_ pattern: [UInt8], _ count: Int) {
      var left = count
      while left > 0, data.count < size {
        data += pattern
        left -= 1
      }
    }
    switch method {
    case 0: data = packed
    case 1:
      var at = 0
      while at + 4 <= packed.count {
        repeating(packed.slice(at + 2, 2), packed.u16(at))
        at += 4
      }
    case 2:
      var at = 0
      while at + 2 <= packed.count {
        let (kind, count) = (Int(packed[at]), Int(packed[at + 1]))
        at += 2
        if kind == 0 {
          data += packed.slice(at, count)
          at += count
        } else {
          repeating(packed.slice(at, kind * 2), count)
          at += kind * 2
        }
      }
    default: throw wrong("data packed by method \(method); 0 to 2 are known")
    }
    guard data.count >= size else { throw wrong("data that unpack to \(data.count) of \(size) bytes") }
    return Array(data.prefix(size))
  }
}
