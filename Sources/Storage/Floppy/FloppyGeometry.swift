/// A floppy drive as CMOS and the controller know it. Raw values are the names people use.
public enum FloppyDriveType: String, Codable, Sendable, CaseIterable {
  case drive360K = "360K"
  case drive1200K = "1.2M"
  case drive720K = "720K"
  case drive1440K = "1.44M"
  case drive2880K = "2.88M"

  /// True for 5.25-inch drives.
  public var isFiveInch: Bool { self == .drive360K || self == .drive1200K }
  /// Duration of one revolution in microseconds times three (so that 360 rpm, 166,666 2/3 us, is a whole number).
  ///
  /// - Source: drive specifications: 300 rpm for all but the 1.2 MB drive, which turns at 360 rpm.
  public var revolutionThirds: Int64 { self == .drive1200K ? 500_000 : 600_000 }
  /// Cylinders the head can reach, up to its inner stop. Tracks beyond 40 or 80 are reachable on real drives.
  public var cylinders: Int { self == .drive360K ? 42 : 84 }
  /// The most data bits per revolution (MFM) that its heads and electronics resolve.
  public var maxTrackBits: Int {
    switch self {
    case .drive360K, .drive720K: FloppyTrack.doubleDensity
    case .drive1200K: FloppyTrack.highDensityFiveInch
    case .drive1440K: FloppyTrack.highDensity
    case .drive2880K: FloppyTrack.extraDensity
    }
  }
  /// The drive type number in CMOS byte 10h.
  ///
  /// - Source: IBM PS/2 and PC BIOS Interface Technical Reference, INT 13h AH=08h; 5 by later AT BIOSes for 2.88M
  ///   (6 in some).
  public var cmosType: UInt8 {
    switch self {
    case .drive360K: 1
    case .drive1200K: 2
    case .drive720K: 3
    case .drive1440K: 4
    case .drive2880K: 5
    }
  }

  /// Whether a disk of this form fits and all of its tracks can be resolved.
  public func accepts(_ geometry: FloppyGeometry) -> Bool {
    guard geometry.isFiveInch == isFiveInch, geometry.trackBits <= maxTrackBits else { return false }
    return geometry.isFortyTrack || self != .drive360K
  }
}

/// How a disk was formatted, and on what.
public struct FloppyGeometry: Codable, Equatable, Sendable {
  /// 1 ... 86.
  public var cylinders: Int
  /// 1 or 2.
  public var heads: Int
  /// Sectors on each track, 1 ... 63.
  public var sectorsPerTrack: Int
  /// The N of its sectors: 128 << sizeCode bytes.
  public var sizeCode: UInt8
  /// Data bits per revolution.
  public var trackBits: Int
  /// A 5.25-inch disk.
  public var isFiveInch: Bool

  /// All fields.
  public init(
    cylinders: Int, heads: Int, sectorsPerTrack: Int, sizeCode: UInt8 = 2, trackBits: Int, isFiveInch: Bool
  ) {
    self.cylinders = cylinders
    self.heads = heads
    self.sectorsPerTrack = sectorsPerTrack
    self.sizeCode = sizeCode
    self.trackBits = trackBits
    self.isFiveInch = isFiveInch
  }

  /// Bytes of a sector.
  public var sectorSize: Int { 128 << Int(sizeCode & 7) }
  /// Bytes of the disk.
  public var byteCount: Int { cylinders * heads * sectorsPerTrack * sectorSize }
  /// 48 tracks per inch: a 96 tpi drive steps twice from one track to the next.
  public var isFortyTrack: Bool { isFiveInch && cylinders <= 43 }

  /// The plainest drive that takes the disk.
  public var driveType: FloppyDriveType {
    if isFiveInch { return isFortyTrack && trackBits <= FloppyTrack.doubleDensity ? .drive360K : .drive1200K }
    if trackBits > FloppyTrack.highDensity { return .drive2880K }
    // A 720 KB disk goes into the drive that AT-class machines had.
    return .drive1440K
  }

  /// The usual name of the size: "1.44M".
  public var name: String {
    switch byteCount {
    case 1_228_800: "1.2M"
    case 1_474_560: "1.44M"
    case 1_720_320: "1.68M"
    case 2_949_120: "2.88M"
    default: "\(byteCount >> 10)K"
    }
  }

  // MARK: Recognition

  /// The formats that a size alone tells: bytes, cylinders, heads, sectors, N, bits per revolution, 5.25 inch.
  ///
  /// - Source: ECMA-66, -70, -78, -99, -100, -125, -147 formats as IBM's DOS used them; 1232 KB is NEC's 2HD.
  private static let known: [FloppyGeometry] = [
    FloppyGeometry(
      cylinders: 40, heads: 1, sectorsPerTrack: 8, trackBits: FloppyTrack.doubleDensity, isFiveInch: true),
    FloppyGeometry(
      cylinders: 40, heads: 1, sectorsPerTrack: 9, trackBits: FloppyTrack.doubleDensity, isFiveInch: true),
    FloppyGeometry(
      cylinders: 40, heads: 2, sectorsPerTrack: 8, trackBits: FloppyTrack.doubleDensity, isFiveInch: true),
    FloppyGeometry(
      cylinders: 40, heads: 2, sectorsPerTrack: 9, trackBits: FloppyTrack.doubleDensity, isFiveInch: true),
    FloppyGeometry(
      cylinders: 80, heads: 2, sectorsPerTrack: 9, trackBits: FloppyTrack.doubleDensity, isFiveInch: false),
    FloppyGeometry(
      cylinders: 80, heads: 2, sectorsPerTrack: 15, trackBits: FloppyTrack.highDensityFiveInch, isFiveInch: true),
    FloppyGeometry(
      cylinders: 77, heads: 2, sectorsPerTrack: 8, sizeCode: 3, trackBits: FloppyTrack.highDensityFiveInch,
      isFiveInch: true),
    FloppyGeometry(
      cylinders: 80, heads: 2, sectorsPerTrack: 18, trackBits: FloppyTrack.highDensity, isFiveInch: false),
    FloppyGeometry(
      cylinders: 80, heads: 2, sectorsPerTrack: 36, trackBits: FloppyTrack.extraDensity, isFiveInch: false),
  ]

  /// The geometry of a raw image of `byteCount` bytes; `bootSector` is its first 512 bytes or what there is of them.
  ///
  /// A known size decides. Other sizes are taken from a BIOS parameter block that describes exactly this size, then
  /// from the 80-cylinder over-formats (DMF's 21 sectors, 82 cylinders and the like). Nil when no floppy is like that.
  public static func recognise(byteCount: Int, bootSector: [UInt8]) -> FloppyGeometry? {
    if let geometry = known.first(where: { $0.byteCount == byteCount }) { return geometry }
    if let geometry = fromParameterBlock(byteCount: byteCount, bootSector) { return geometry }
    // Over-formats of two-sided 80-track disks with 512-byte sectors. 10 and 11 sectors are double density, up to 24
    // high density (23 is what raw copies of XDF disks have, see `XDFLayout`).
    for cylinders in 80...84 {
      for sectors in [10, 11, 16, 17, 18, 19, 20, 21, 22, 23, 24, 40, 42, 44, 46, 48]
      where cylinders * 2 * sectors * 512 == byteCount {
        return overFormat(cylinders: cylinders, heads: 2, sectors: sectors, sizeCode: 2)
      }
    }
    return nil
  }

  private static func overFormat(cylinders: Int, heads: Int, sectors: Int, sizeCode: UInt8) -> FloppyGeometry {
    let bytes = sectors * 128 << Int(sizeCode)
    let bits =
      bytes <= 11 * 512
      ? FloppyTrack.doubleDensity : bytes <= 24 * 512 ? FloppyTrack.highDensity : FloppyTrack.extraDensity
    let fiveInch = cylinders <= 43
    return FloppyGeometry(
      cylinders: cylinders, heads: heads, sectorsPerTrack: sectors, sizeCode: sizeCode,
      trackBits: fiveInch && bits > FloppyTrack.doubleDensity ? FloppyTrack.highDensityFiveInch : bits,
      isFiveInch: fiveInch)
  }

  /// - Source: Microsoft FAT specification 1.03, boot sector and BPB.
  private static func fromParameterBlock(byteCount: Int, _ sector: [UInt8]) -> FloppyGeometry? {
    guard sector.count >= 36 else { return nil }
    func word(_ at: Int) -> Int { Int(sector[at]) | Int(sector[at + 1]) << 8 }
    let bytesPerSector = word(11)
    guard let sizeCode = [128: 0, 256: 1, 512: 2, 1024: 3][bytesPerSector] else { return nil }
    let small = word(19)
    let total = small != 0 ? small : word(32) | word(34) << 16
    let sectors = word(24)
    let heads = word(26)
    guard (1...63).contains(sectors), (1...2).contains(heads), total * bytesPerSector == byteCount else { return nil }
    guard sectors * bytesPerSector <= 48 * 512, total % (sectors * heads) == 0 else { return nil }
    let cylinders = total / (sectors * heads)
    guard (1...86).contains(cylinders) else { return nil }
    return overFormat(cylinders: cylinders, heads: heads, sectors: sectors, sizeCode: UInt8(sizeCode))
  }
}
