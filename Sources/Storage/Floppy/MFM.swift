/// Tracks as cells on the disk's surface: clock and data bits of MFM.
///
/// - Source: Intel 82077AA data sheet, "Format fields" and "Encoding"; ECMA-100: marks are A1h and C2h with a clock bit
///   left out (4489h and 5224h as cells), the CRC is CCITT's from FFFFh over marks and bytes.
enum MFM {
  private static let syncMark = 0x4489

  static func crc(_ bytes: [UInt8]) -> Int {
    var crc = 0xFFFF
    for byte in bytes {
      crc ^= Int(byte) << 8
      for _ in 0..<8 { crc = crc & 0x8000 != 0 ? (crc << 1 ^ 0x1021) & 0xFFFF : crc << 1 & 0xFFFF }
    }
    return crc
  }

  // MARK: Writing

  /// Cells of a revolution being written.
  private struct Writer {
    var cells: [Bool] = []
    var last = false

    mutating func byte(_ value: UInt8) {
      for shift in stride(from: 7, through: 0, by: -1) {
        let bit = value >> UInt8(shift) & 1 != 0
        cells.append(!bit && !last)
        cells.append(bit)
        last = bit
      }
    }

    mutating func bytes(_ values: [UInt8]) { for value in values { byte(value) } }

    mutating func fill(_ value: UInt8, to count: Int) { while cells.count < count * 16 { byte(value) } }

    mutating func marks(_ pattern: Int, _ bit: Bool) {
      for _ in 0..<3 {
        for shift in stride(from: 15, through: 0, by: -1) { cells.append(pattern >> shift & 1 != 0) }
      }
      last = bit
    }
  }

  /// The cells of one revolution of `track`, twice as many as it has data bits.
  static func cells(of track: FloppyTrack) -> [Bool] {
    var writer = Writer()
    writer.cells.reserveCapacity(track.trackBits * 2)
    writer.fill(0x4E, to: 80)
    writer.fill(0, to: 92)
    writer.marks(0x5224, false)
    writer.byte(0xFC)
    for (sector, place) in zip(track.sectors, track.places) {
      writer.fill(0x4E, to: place.start)
      writer.bytes([UInt8](repeating: 0, count: 12))
      writer.marks(syncMark, true)
      let id = [0xFE, sector.id.cylinder, sector.id.head, sector.id.record, sector.id.sizeCode]
      writer.bytes(id + sum([0xA1, 0xA1, 0xA1] + id, isWrong: sector.hasIDError))
      guard !sector.lacksData else { continue }
      writer.bytes([UInt8](repeating: 0x4E, count: 22) + [UInt8](repeating: 0, count: 12))
      writer.marks(syncMark, true)
      let data = [sector.isDeleted ? 0xF8 : 0xFB] + sector.data
      writer.bytes(data + sum([0xA1, 0xA1, 0xA1] + data, isWrong: sector.hasDataError))
      // Eleven bytes of gap 3 at least, which drives need to see the next mark.
      writer.byte(0x4E)
    }
    writer.fill(0x4E, to: (track.trackBits + 7) / 8)
    return Array(writer.cells.prefix(track.trackBits * 2))
  }

  private static func sum(_ bytes: [UInt8], isWrong: Bool) -> [UInt8] {
    let crc = crc(bytes) ^ (isWrong ? 0xFFFF : 0)
    return [UInt8(truncatingIfNeeded: crc >> 8), UInt8(truncatingIfNeeded: crc)]
  }

  // MARK: Reading

  /// The sectors in a revolution of cells, in order from the index hole.
  static func sectors(in disk: FloppyCells) -> [FloppySector] {
    let cells = disk.flux
    guard cells.count >= 1024 else { return [] }
    // A sector may go on over the index hole.
    let length = cells.count
    func cell(_ at: Int) -> Int { cells[at % length] ? 1 : 0 }
    func bytes(_ start: Int, _ count: Int) -> [UInt8] {
      (0..<count).map { index in
        (0..<8).reduce(UInt8(0)) { $0 << 1 | UInt8(truncatingIfNeeded: cell(start + index * 16 + $1 * 2 + 1)) }
      }
    }
    // Places behind three marks, that are one after another.
    var marks: [Int] = []
    var register = 0
    var run = 0
    var lastMark = -1
    for at in 0..<length + 64 {
      register = (register << 1 | cell(at)) & 0xFFFF
      guard register == syncMark else { continue }
      run = at - lastMark == 16 ? run + 1 : 1
      lastMark = at
      if run == 3, at + 1 - 48 < length { marks.append(at + 1) }
    }
    var sectors: [FloppySector] = []
    for (index, mark) in marks.enumerated() {
      let id = bytes(mark, 7)
      guard id[0] == 0xFE else { continue }
      var sector = FloppySector(
        id: FloppySectorID(cylinder: id[1], head: id[2], record: id[3], sizeCode: id[4]), data: [])
      sector.hasIDError = crc([0xA1, 0xA1, 0xA1] + id) != 0
      sector.data = [UInt8](repeating: 0, count: sector.id.byteCount)
      // The data field's mark comes next, within the controller's patience of 43 bytes and a little.
      let next = index + 1 < marks.count ? marks[index + 1] : (marks.first ?? 0) + length
      let field = bytes(next, 1)[0]
      guard next - mark < 80 * 16, field == 0xFB || field == 0xF8 else {
        sector.lacksData = true
        sectors.append(sector)
        continue
      }
      let whole = bytes(next, sector.id.byteCount + 3)
      sector.data = whole.slice(1, sector.id.byteCount)
      sector.isDeleted = field == 0xF8
      sector.weakBits = disk.weakBits(next + 16, sector.id.byteCount)
      sector.hasDataError = sector.weakBits != nil || crc([0xA1, 0xA1, 0xA1] + whole) != 0
      sectors.append(sector)
      if sectors.count == 255 { break }
    }
    return sectors
  }
}
