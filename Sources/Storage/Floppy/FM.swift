/// What passes under a head in one revolution: flux or none, cell by cell.
struct FloppyCells {
  var flux: [Bool] = []
  /// Cells that read now so, now so; empty if there are none.
  var weak: [Bool] = []

  /// Which bits of the `count` bytes that begin at cell `start` have a weak clock or data cell; nil if none has.
  func weakBits(_ start: Int, _ count: Int) -> [UInt8]? {
    guard !weak.isEmpty else { return nil }
    let bits = (0..<count).map { index in
      (0..<8).reduce(UInt8(0)) {
        let at = start + index * 16 + $1 * 2
        return $0 << 1 | (weak[at % weak.count] || weak[(at + 1) % weak.count] ? 1 : 0)
      }
    }
    return bits.contains { $0 != 0 } ? bits : nil
  }
}

/// Tracks of single density as cells: a clock and a data bit each.
///
/// - Source: Intel 82077AA data sheet, "Format fields" of FM; ECMA-54: marks FEh, FBh, F8h with clock C7h, FCh with D7h,
///   the CRC is CCITT's from FFFFh over mark and bytes.
enum FM {
  private static func interleave(_ value: UInt8, _ clock: UInt8) -> Int {
    (0..<8).reduce(0) { cells, bit in
      let shift = UInt8(7 - bit)
      return cells << 2 | Int(clock >> shift & 1) << 1 | Int(value >> shift & 1)
    }
  }

  private static let idMark = interleave(0xFE, 0xC7)
  private static let dataMark = interleave(0xFB, 0xC7)
  private static let deletedMark = interleave(0xF8, 0xC7)

  /// The cells of one revolution of `track`, as many as it has data bits in MFM.
  static func cells(of track: FloppyTrack) -> [Bool] {
    var cells: [Bool] = []
    cells.reserveCapacity(track.trackBits)
    func byte(_ value: UInt8, clock: UInt8 = 0xFF) {
      let pattern = interleave(value, clock)
      for shift in stride(from: 15, through: 0, by: -1) { cells.append(pattern >> shift & 1 != 0) }
    }
    func fill(to count: Int) { while cells.count < count * 16 { byte(0xFF) } }
    func field(_ mark: UInt8, _ bytes: [UInt8], isWrong: Bool) {
      for _ in 0..<6 { byte(0) }
      byte(mark, clock: 0xC7)
      let sum = MFM.crc([mark] + bytes) ^ (isWrong ? 0xFFFF : 0)
      for value in bytes + [UInt8(truncatingIfNeeded: sum >> 8), UInt8(truncatingIfNeeded: sum)] {
        byte(value)
      }
    }
    fill(to: 40)
    for _ in 0..<6 { byte(0) }
    byte(0xFC, clock: 0xD7)
    for (sector, place) in zip(track.sectors, track.places) {
      fill(to: place.start)
      let id = sector.id
      field(0xFE, [id.cylinder, id.head, id.record, id.sizeCode], isWrong: sector.hasIDError)
      guard !sector.lacksData else { continue }
      for _ in 0..<11 { byte(0xFF) }
      field(sector.isDeleted ? 0xF8 : 0xFB, sector.data, isWrong: sector.hasDataError)
      byte(0xFF)
    }
    fill(to: (track.trackBits + 15) / 16)
    return Array(cells.prefix(track.trackBits))
  }

  /// The sectors in a revolution of cells, in order from the index hole.
  static func sectors(in cells: FloppyCells) -> [FloppySector] {
    let length = cells.flux.count
    guard length >= 512 else { return [] }
    func cell(_ at: Int) -> Int { cells.flux[at % length] ? 1 : 0 }
    func bytes(_ start: Int, _ count: Int) -> [UInt8] {
      (0..<count).map { index in
        (0..<8).reduce(UInt8(0)) {
          $0 << 1 | UInt8(truncatingIfNeeded: cell(start + index * 16 + $1 * 2 + 1))
        }
      }
    }
    // Places behind marks. A sector may go on over the index hole.
    var marks: [(at: Int, mark: Int)] = []
    var register = 0
    for at in 0..<length + 16 {
      register = (register << 1 | cell(at)) & 0xFFFF
      if [idMark, dataMark, deletedMark].contains(register), at >= 15, at - 15 < length {
        marks.append((at + 1, register))
      }
    }
    var sectors: [FloppySector] = []
    for (index, mark) in marks.enumerated() where mark.mark == idMark && sectors.count < 255 {
      let id = bytes(mark.at, 6)
      var sector = FloppySector(
        id: FloppySectorID(cylinder: id[0], head: id[1], record: id[2], sizeCode: id[3]), data: [])
      sector.hasIDError = MFM.crc([0xFE] + id) != 0
      sector.data = [UInt8](repeating: 0, count: sector.id.byteCount)
      let next = index + 1 < marks.count ? marks[index + 1] : (marks[0].at + length, marks[0].mark)
      if next.1 == idMark || next.0 - mark.at >= 60 * 16 {
        sector.lacksData = true
      } else {
        let whole = bytes(next.0, sector.id.byteCount + 2)
        sector.data = whole.slice(0, sector.id.byteCount)
        sector.isDeleted = next.1 == deletedMark
        sector.weakBits = cells.weakBits(next.0, sector.id.byteCount)
        sector.hasDataError =
          sector.weakBits != nil || MFM.crc([next.1 == deletedMark ? 0xF8 : 0xFB] + whole) != 0
      }
      sectors.append(sector)
    }
    return sectors
  }
}
