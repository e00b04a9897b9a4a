/// A floppy as a file holds it: tracks, indexed by cylinder * 2 + head, and the drive they were made for.
struct FloppyContents {
  var tracks = [FloppyTrack](repeating: FloppyTrack(), count: FloppyImage.maxCylinders * 2)
  /// On a 5.25-inch disk, if the file says so.
  var isFiveInch: Bool?
  /// The file asks not to be written.
  var isWriteProtected = false

  subscript(cylinder: Int, head: Int) -> FloppyTrack {
    get { tracks.indices.contains(cylinder * 2 + head) ? tracks[cylinder * 2 + head] : FloppyTrack() }
    set { if tracks.indices.contains(cylinder * 2 + head) { tracks[cylinder * 2 + head] = newValue } }
  }

  /// Highest formatted cylinder plus one, and sides with something on them.
  var extent: (cylinders: Int, heads: Int) {
    var (cylinders, heads) = (1, 1)
    for at in tracks.indices where !tracks[at].sectors.isEmpty {
      cylinders = max(cylinders, at / 2 + 1)
      heads = max(heads, at % 2 + 1)
    }
    return (cylinders, heads)
  }

  /// The geometry that most of the disk has: that of the track whose layout is the commonest.
  var geometry: FloppyGeometry {
    var counts: [Int: (count: Int, track: FloppyTrack)] = [:]
    for track in tracks {
      guard let first = track.sectors.first else { continue }
      let key = track.sectors.count << 8 | Int(first.id.sizeCode)
      counts[key] = ((counts[key]?.count ?? 0) + 1, track)
    }
    let common = counts.sorted { ($0.value.count, $0.key) > ($1.value.count, $1.key) }.first?.value.track
    let (cylinders, heads) = extent
    let bits = tracks.map { $0.sectors.isEmpty ? 0 : $0.trackBits }.max() ?? FloppyTrack.doubleDensity
    let fiveInch =
      isFiveInch ?? (bits == FloppyTrack.highDensityFiveInch || bits == FloppyTrack.doubleDensity && cylinders <= 43)
    return FloppyGeometry(
      cylinders: cylinders, heads: heads, sectorsPerTrack: min(max(common?.sectors.count ?? 9, 1), 63),
      sizeCode: min(common?.sectors.first?.id.sizeCode ?? 2, 7), trackBits: max(bits, FloppyTrack.doubleDensity),
      isFiveInch: fiveInch)
  }

  /// The nearest of the four track lengths for data at `rate` kbit/s (MFM) and `payload` bytes of sectors.
  static func trackBits(rate: Int, payload: Int, isFiveInch: Bool?) -> Int {
    switch rate {
    case ..<400: FloppyTrack.doubleDensity
    // 500 kbit/s at 360 rpm has room for 10,416 bytes, at 300 rpm for 12,500.
    case ..<800: isFiveInch ?? (payload <= 15 * 512) ? FloppyTrack.highDensityFiveInch : FloppyTrack.highDensity
    default: FloppyTrack.extraDensity
    }
  }
}

/// The formats of floppy images that aren't raw.
enum FloppyFormat: String {
  case imd
  case td0
  case hfe
  case hfe3

  /// What people call it.
  var name: String {
    switch self {
    case .imd: "ImageDisk (IMD)"
    case .td0: "Teledisk (TD0)"
    case .hfe: "HxC (HFE)"
    case .hfe3: "HxC (HFE version 3)"
    }
  }

  static func detect(_ head: [UInt8]) -> FloppyFormat? {
    if head.starts(with: Array("IMD ".utf8)) { return .imd }
    if head.starts(with: Array("HXCPICFE".utf8)) { return .hfe }
    if head.starts(with: Array("HXCHFEV3".utf8)) { return .hfe3 }
    // "TD" or "td", with a right sum over the header's first ten bytes.
    if head.count >= 12, head.starts(with: [0x54, 0x44]) || head.starts(with: [0x74, 0x64]),
      TD0.crc(head.slice(0, 10)) == head.u16(10)
    {
      return .td0
    }
    return nil
  }

  /// What a file's first bytes say of formats that aren't read.
  static func foreign(_ head: [UInt8]) -> String? {
    let names = [
      "86BF": "86Box's 86F", "SCP": "SuperCard Pro's flux (SCP)",
      "CAPS": "an Interchangeable Preservation File",
    ]
    return names.sorted { $0.key < $1.key }.first { head.starts(with: Array($0.key.utf8)) }?.value
  }

  func read(_ bytes: [UInt8], path: String) throws(StorageError) -> FloppyContents {
    switch self {
    case .imd: try IMD.read(bytes, path: path).contents
    case .td0: try TD0.read(bytes, path: path)
    case .hfe, .hfe3: try HFE.read(bytes, path: path)
    }
  }
}
