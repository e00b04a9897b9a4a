/// The four ID bytes in front of a sector.
public struct FloppySectorID: Codable, Equatable, Sendable {
  /// C: cylinder number as written in the ID.
  public var cylinder: UInt8
  /// H: head number as written in the ID.
  public var head: UInt8
  /// R: record, the sector's number.
  public var record: UInt8
  /// N: size code, 128 << N bytes.
  public var sizeCode: UInt8

  /// C, H, R, N.
  public init(cylinder: UInt8, head: UInt8, record: UInt8, sizeCode: UInt8) {
    self.cylinder = cylinder
    self.head = head
    self.record = record
    self.sizeCode = sizeCode
  }

  /// Bytes of a sector with this N; codes above 7 are taken as 7 (16 KB, the largest the controllers know).
  public var byteCount: Int { 128 << Int(min(sizeCode, 7)) }
}

/// One sector as it lies on the disk, with what may be odd about it.
public struct FloppySector: Codable, Equatable, Sendable {
  /// The ID field.
  public var id: FloppySectorID
  /// The data field; normally `id.byteCount` bytes.
  public var data: [UInt8]
  /// Written with a deleted data address mark.
  public var isDeleted = false
  /// The data field's CRC is wrong.
  public var hasDataError = false
  /// The ID field's CRC is wrong.
  public var hasIDError = false
  /// There is an ID field and no data field after it.
  public var lacksData = false

  /// A good sector.
  public init(id: FloppySectorID, data: [UInt8]) {
    self.id = id
    self.data = data
  }
}

/// One track: what passes under one head in one revolution. Any format that knows sectors can be put in this form,
/// with sectors in physical order from the index hole.
public struct FloppyTrack: Codable, Equatable, Sendable {
  /// Data bits (MFM) per revolution at 250 kbit/s and 300 rpm, or 300 kbit/s and 360 rpm.
  public static let doubleDensity = 50_000
  /// At 500 kbit/s and 360 rpm.
  public static let highDensityFiveInch = 83_333
  /// At 500 kbit/s and 300 rpm.
  public static let highDensity = 100_000
  /// At 1 Mbit/s and 300 rpm.
  public static let extraDensity = 200_000

  /// Data bits per revolution that it was written with, counted in MFM; one of the four constants.
  public var trackBits = FloppyTrack.doubleDensity
  /// Recorded in FM, with half the data bits.
  public var isFM = false
  /// Gap 3: bytes between a sector's CRC and the next sector's sync. Reduced where the sectors wouldn't fit else.
  public var gap3 = 80
  /// Sectors in the order in which they pass the head. Empty: an unformatted track.
  public var sectors: [FloppySector] = []

  /// An unformatted track.
  public init() {}

  /// A track with these sectors.
  public init(trackBits: Int, isFM: Bool = false, gap3: Int, sectors: [FloppySector]) {
    self.trackBits = trackBits
    self.isFM = isFM
    self.gap3 = gap3
    self.sectors = sectors
  }

  /// Whether every number lies in the range that a controller and a drive can make. False only for damaged files.
  public var isPlausible: Bool {
    (10_000...400_000).contains(trackBits) && (0...255).contains(gap3) && sectors.count <= 255
      && sectors.allSatisfy { $0.data.count <= 16_384 }
  }

  // MARK: Layout

  /// Bytes in one revolution.
  public var byteCount: Int { max(isFM ? trackBits / 16 : trackBits / 8, 1) }

  /// Bytes between the index hole and the first sector's sync: gap 4a, sync, IAM, gap 1.
  public static func preamble(isFM: Bool) -> Int { isFM ? 73 : 146 }

  /// Where in a revolution the parts of a sector lie, in bytes after the index hole.
  public struct Place: Equatable, Sendable {
    /// The first byte of the ID's sync field.
    public var start: Int
    /// Behind the ID's CRC.
    public var idEnd: Int
    /// The first byte of the data.
    public var data: Int
    /// Behind the data's CRC.
    public var end: Int
  }

  /// The place of each sector, in the order of `sectors`. A track that is too full for its bits is squeezed evenly,
  /// so that every sector still passes once in a revolution.
  ///
  /// - Source: Intel 82077AA data sheet, "Format fields": MFM gap 4a 80, sync 12, IAM 4, gap 1 50, per sector sync 12,
  ///   IDAM 4, ID 4, CRC 2, gap 2 22, sync 12, DAM 4, data, CRC 2, gap 3; FM 40, 6, 1, 26, 6, 1, 4, 2, 11, 6, 1.
  public var places: [Place] {
    let preamble = Self.preamble(isFM: isFM)
    let idField = isFM ? 13 : 22
    let dataField = isFM ? 18 : 38
    let payload = sectors.reduce(0) { $0 + idField + dataField + $1.data.count + 2 }
    let room = byteCount - preamble
    let gap = sectors.isEmpty ? 0 : max(0, min(gap3, (room - payload) / sectors.count))
    let squeezed = payload > room
    func scaled(_ at: Int) -> Int { squeezed ? preamble + (at - preamble) * max(room, 1) / payload : at }
    var at = preamble
    return sectors.map { sector in
      let idEnd = at + idField
      let data = idEnd + dataField
      let end = data + sector.data.count + 2
      defer { at = end + gap }
      return Place(start: scaled(at), idEnd: scaled(idEnd), data: scaled(data), end: scaled(end))
    }
  }
}
