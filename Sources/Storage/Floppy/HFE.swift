/// HFE files of the HxC floppy emulator: the cells of each track. Version 1 is read and written; version 3, which has weak
/// cells, is read. Neither can hold 2.88M disks: a track's length has 16 bits.
///
/// FM cells take two places each, the second one empty. How long cells of version 3 last (SETBITRATE) isn't kept: tracks
/// turn at one rate here.
///
/// - Source: Jean-François Del Nero, "SDCard HxC Floppy Emulator HFE File format" revision 1.1 (2012); version 3 and FM as
///   Keir Fraser's Greaseweazle reads and writes them (image/hfe.py, public domain).
enum HFE {
  /// Blocks of a file.
  static let block = 512

  /// - Throws: `damaged` with an offset, `unsupported`.
  static func read(_ bytes: [UInt8], path: String) throws(StorageError) -> FloppyContents {
    guard bytes.count >= block * 2 else {
      throw .truncated(path: path, offset: 0, wanted: block * 2, found: bytes.count)
    }
    func wrong(_ at: Int, _ what: String) -> StorageError { .damaged(path: path, offset: at, what: what) }
    let isVersion3 = bytes.starts(with: Array("HXCHFEV3".utf8))
    guard bytes[8] == 0 else {
      throw .unsupported(path: path, what: "HFE of revision \(bytes[8]); 0 is known")
    }
    let (trackCount, sides, encoding) = (Int(bytes[9]), Int(bytes[10]), bytes[11])
    guard [0, 2, 0xFF].contains(encoding) else {
      throw .unsupported(
        path: path, what: "HFE with track encoding \(encoding); 0 and 2 (ISO MFM and FM) are known")
    }
    guard (1...2).contains(sides) else { throw wrong(10, "\(sides) sides") }
    let (rate, speed, list) = (bytes.u16(12), bytes.u16(14), bytes.u16(18) * block)
    guard list >= block, list + trackCount * 4 <= bytes.count else {
      throw wrong(18, "the track list lies behind the end")
    }
    var contents = FloppyContents()
    contents.isWriteProtected = bytes[20] == 0
    for cylinder in 0..<min(trackCount, FloppyImage.maxCylinders) {
      let (start, length) = (bytes.u16(list + cylinder * 4) * block, bytes.u16(list + cylinder * 4 + 2))
      guard start >= block, length > 0 else { continue }
      guard start + length <= bytes.count else {
        throw wrong(list + cylinder * 4, "track \(cylinder) lies behind the end")
      }
      for side in 0..<sides {
        let cells = cells(bytes, start, length, side)
        let disk = isVersion3 ? version3(cells) : FloppyCells(flux: cells)
        var sectors = MFM.sectors(in: disk)
        let isFM = sectors.isEmpty
        if isFM { sectors = FM.sectors(in: single(disk)) }
        guard !sectors.isEmpty else { continue }
        let fiveInch: Bool? = speed == 360 ? true : cells.count > 180_000 ? false : nil
        contents[cylinder, side] = FloppyTrack(
          trackBits: FloppyContents.trackBits(
            rate: rate == 0 ? cells.count / 400 : rate, payload: 0,
            isFiveInch: fiveInch ?? (rate >= 400 && cells.count < 180_000)), isFM: isFM,
          gap3: isFM ? 0x1B : gap3(sectors), sectors: sectors)
      }
    }
    if speed == 360 { contents.isFiveInch = true }
    return contents
  }

  /// The gap isn't in the sectors; what formatting uses for as many of them.
  private static func gap3(_ sectors: [FloppySector]) -> Int {
    switch sectors.count {
    case 15: 0x54
    case 18: 0x6C
    default: 0x50
    }
  }

  /// Cells of a side: every other 256 bytes, the lowest bit first.
  private static func cells(_ bytes: [UInt8], _ start: Int, _ length: Int, _ side: Int) -> [Bool] {
    var cells: [Bool] = []
    cells.reserveCapacity(length * 4)
    let perSide = length / 2
    for at in 0..<perSide {
      let place = start + at / 256 * block + side * 256 + at % 256
      guard place < bytes.count else { break }
      for bit in 0..<8 { cells.append(bytes[place] >> UInt8(bit) & 1 != 0) }
    }
    return cells
  }

  /// Cells of FM, of which each takes two places.
  private static func single(_ cells: FloppyCells) -> FloppyCells {
    func paired(_ values: [Bool]) -> [Bool] {
      (0..<values.count / 2).map { values[$0 * 2] || values[$0 * 2 + 1] }
    }
    return FloppyCells(flux: paired(cells.flux), weak: paired(cells.weak))
  }

  /// Cells of version 3: bytes F0h to F4h are orders. 0: nothing, 1: index, 2: cell length follows, 3: a count follows, of
  /// first bits of the byte behind it that aren't cells, 4: eight weak cells.
  private static func version3(_ raw: [Bool]) -> FloppyCells {
    var cells = FloppyCells()
    func byte(_ at: Int) -> Int {
      (0..<8).reduce(0) { $0 << 1 | (at * 8 + $1 < raw.count && raw[at * 8 + $1] ? 1 : 0) }
    }
    func put(_ value: Int, skipping: Int) {
      for bit in min(skipping, 8)..<8 {
        cells.flux.append(value != 0xF4 && value >> (7 - bit) & 1 != 0)
        cells.weak.append(value == 0xF4)
      }
    }
    var at = 0
    while at < raw.count / 8 {
      let value = byte(at)
      switch value {
      case 0xF0, 0xF1: break
      case 0xF2: at += 1
      case 0xF3:
        put(byte(at + 2), skipping: byte(at + 1))
        at += 2
      default: put(value, skipping: 0)
      }
      at += 1
    }
    if !cells.weak.contains(true) { cells.weak = [] }
    return cells
  }

  /// Whether a track can be said in version 1: no weak bits, and short enough for its 16-bit length.
  static func canHold(_ track: FloppyTrack) -> Bool {
    track.trackBits < FloppyTrack.extraDensity
      && track.sectors.allSatisfy { $0.data.count == $0.id.byteCount && $0.weakBits == nil }
  }

  /// Bytes of both sides of a track of `bits` data bits, without padding.
  static func length(bits: Int) -> Int { (bits * 2 + 7) / 8 * 2 }

  /// A cylinder's blocks: its two sides, interleaved.
  static func cylinder(_ tracks: [FloppyTrack], bits: Int) -> [UInt8] {
    let length = length(bits: bits)
    var bytes = [UInt8](repeating: 0, count: (length + block - 1) / block * block)
    for (side, track) in tracks.prefix(2).enumerated() {
      var shown = track
      if track.sectors.isEmpty { shown.trackBits = bits }
      let cells = shown.isFM ? FM.cells(of: shown).flatMap { [$0, false] } : MFM.cells(of: shown)
      for (index, isSet) in cells.enumerated() where isSet {
        let place = index / 8 / 256 * block + side * 256 + index / 8 % 256
        if place < bytes.count { bytes[place] |= 1 << UInt8(index % 8) }
      }
    }
    return bytes
  }

  /// A file of these tracks, and where each cylinder lies in it.
  static func write(_ contents: FloppyContents) -> (bytes: [UInt8], cylinders: [(offset: Int, bits: Int)]) {
    let (count, heads) = contents.extent
    let geometry = contents.geometry
    var header = [UInt8](repeating: 0xFF, count: block)
    header.put(0, Array("HXCPICFE".utf8))
    header[8] = 0
    header[9] = UInt8(truncatingIfNeeded: count)
    header[10] = UInt8(truncatingIfNeeded: heads)
    header[11] = contents.tracks.allSatisfy { $0.isFM || $0.sectors.isEmpty } ? 2 : 0
    header.put16(12, geometry.trackBits == FloppyTrack.doubleDensity ? 250 : 500)
    header.put16(14, geometry.trackBits == FloppyTrack.highDensityFiveInch ? 360 : 300)
    // The interface of a PC, double or high density.
    header[16] = geometry.trackBits == FloppyTrack.doubleDensity ? 0 : 1
    header[17] = 1
    header.put16(18, 1)
    header[20] = 0xFF
    header[21] = 0xFF
    var list = [UInt8](repeating: 0xFF, count: block)
    var body: [UInt8] = []
    var cylinders: [(offset: Int, bits: Int)] = []
    for cylinder in 0..<count {
      let tracks = [contents[cylinder, 0], contents[cylinder, 1]]
      let bits = tracks.map { $0.sectors.isEmpty ? 0 : $0.trackBits }.max() ?? 0
      let used = bits == 0 ? geometry.trackBits : bits
      let offset = block * 2 + body.count
      list.put16(cylinder * 4, offset / block)
      list.put16(cylinder * 4 + 2, length(bits: used))
      body += Self.cylinder(tracks, bits: used)
      cylinders.append((offset, used))
    }
    return (header + list + body, cylinders)
  }
}
