/// Raw images: sectors in order of cylinder, head and number, nothing else.
extension FloppyImage {
  /// What becomes of the guest's writes.
  public enum Writing: Sendable {
    /// Into the host's file at once; if the host lets us only read it, the disk is write-protected.
    case toFile
    /// Into memory only: the file is never changed, the guest sees a disk that can be written.
    case inMemory
  }

  /// Opens the image at `path`: raw, IMD, TD0 or HFE (1 and 3), by its content. What the format can't be written in is
  /// write-protected for the guest.
  ///
  /// - Throws: what `HostFile` throws, `notAFloppySize`; `damaged` and `unsupported` for what the file says.
  public convenience init(path: String, writing: Writing = .toFile) throws(StorageError) {
    let file = try HostFile(path: path, access: writing == .toFile ? .writableIfPermitted : .readOnly)
    // No floppy has more than 4 MB, as cells not more than 16; don't read a hard disk to find that out.
    let head = try file.read(at: 0, count: 64)
    if let foreign = FloppyFormat.foreign(head) {
      throw .unsupported(path: path, what: "\(foreign) isn't read; HFE holds as much, convert it to that")
    }
    let format = FloppyFormat.detect(head)
    guard file.size <= (format == nil ? 4 << 20 : 16 << 20) else { throw .notAFloppySize(path: path, bytes: file.size) }
    let bytes = try file.readExactly(at: 0, count: file.size)
    if let format {
      let contents = try format.read(bytes, path: path)
      let isWritten = format == .imd || format == .hfe
      let keeps = writing == .toFile && file.isWritable && isWritten && !contents.isWriteProtected
      let comment = format == .imd ? Array(bytes.prefix { $0 != 0x1A }) : []
      self.init(
        name: path, geometry: contents.geometry, tracks: contents.tracks,
        isWriteProtected: writing == .toFile && !keeps,
        store: keeps ? FileFloppyStore(file: file, format: format, contents: contents, comment: comment) : nil)
      return
    }
    guard let geometry = FloppyGeometry.recognise(byteCount: bytes.count, bootSector: Array(bytes.prefix(512))) else {
      throw .notAFloppySize(path: path, bytes: file.size)
    }
    if XDFLayout.isThere(byteCount: bytes.count, bootSector: Array(bytes.prefix(512))) {
      self.init(
        name: path, geometry: geometry, tracks: XDFLayout.tracks(raw: bytes),
        isWriteProtected: writing == .toFile && !file.isWritable,
        store: writing == .toFile && file.isWritable ? XDFFloppyStore(file: file) : nil)
      return
    }
    self.init(
      name: path, geometry: geometry, tracks: Self.tracks(raw: bytes, geometry),
      isWriteProtected: writing == .toFile && !file.isWritable,
      store: writing == .toFile && file.isWritable ? RawFloppyStore(file: file, geometry: geometry) : nil)
  }

  /// A disk from raw bytes in memory, such as one embedded in the program. Writes live in memory only.
  ///
  /// - Throws: `notAFloppySize`.
  public convenience init(raw bytes: [UInt8], name: String, isWriteProtected: Bool = false) throws(StorageError) {
    guard let geometry = FloppyGeometry.recognise(byteCount: bytes.count, bootSector: Array(bytes.prefix(512))) else {
      throw .notAFloppySize(path: name, bytes: bytes.count)
    }
    self.init(
      name: name, geometry: geometry, tracks: Self.tracks(raw: bytes, geometry), isWriteProtected: isWriteProtected,
      store: nil)
  }

  /// A freshly formatted disk, filled with F6h as FORMAT leaves it.
  public convenience init(blank geometry: FloppyGeometry, name: String = "blank disk") {
    let bytes = [UInt8](repeating: 0xF6, count: geometry.byteCount)
    self.init(
      name: name, geometry: geometry, tracks: Self.tracks(raw: bytes, geometry), isWriteProtected: false, store: nil)
  }

  /// Gap 3 when formatting, by sector size and count.
  ///
  /// - Source: IBM PC AT and PS/2 BIOS diskette parameter tables: 50h for 9 sectors, 54h for 15 (1.2M), 6Ch for 18,
  ///   53h for 36.
  private static func gap3(_ geometry: FloppyGeometry) -> Int {
    switch geometry.sectorsPerTrack {
    case 15: 0x54
    case 18: 0x6C
    case 36: 0x53
    default: 0x50
    }
  }

  private static func tracks(raw bytes: [UInt8], _ geometry: FloppyGeometry) -> [FloppyTrack] {
    var tracks = [FloppyTrack](repeating: FloppyTrack(), count: maxCylinders * 2)
    var at = 0
    let size = geometry.sectorSize
    for cylinder in 0..<min(geometry.cylinders, maxCylinders) {
      for head in 0..<min(geometry.heads, 2) {
        var sectors: [FloppySector] = []
        for record in 0..<geometry.sectorsPerTrack where at + size <= bytes.count {
          let id = FloppySectorID(
            cylinder: UInt8(cylinder), head: UInt8(head), record: UInt8(record + 1), sizeCode: geometry.sizeCode)
          sectors.append(FloppySector(id: id, data: Array(bytes[at..<at + size])))
          at += size
        }
        tracks[cylinder * 2 + head] = FloppyTrack(trackBits: geometry.trackBits, gap3: gap3(geometry), sectors: sectors)
      }
    }
    return tracks
  }

  /// The whole disk as a raw image of its geometry; nil if a sector of it is missing on the disk.
  public func rawBytes() -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(geometry.byteCount)
    for cylinder in 0..<geometry.cylinders {
      for head in 0..<geometry.heads {
        let sectors = track(cylinder: cylinder, head: head).sectors
        for record in 1...max(geometry.sectorsPerTrack, 1) {
          guard let sector = sectors.first(where: { Int($0.id.record) == record }),
            sector.data.count == geometry.sectorSize
          else { return nil }
          bytes += sector.data
        }
      }
    }
    return bytes
  }
}

/// Writes sectors to their place in a raw image.
final class RawFloppyStore: FloppyStore {
  private let file: HostFile
  private let geometry: FloppyGeometry

  init(file: HostFile, geometry: FloppyGeometry) {
    self.file = file
    self.geometry = geometry
  }

  /// Exactly the sectors of the geometry, in any order. Marks and bad CRCs are lost in a raw image; their data is not.
  func canStore(_ track: FloppyTrack, cylinder: Int, head: Int) -> Bool {
    guard cylinder < geometry.cylinders, head < geometry.heads, track.sectors.count == geometry.sectorsPerTrack else {
      return false
    }
    var seen = Set<UInt8>()
    for sector in track.sectors {
      let id = sector.id
      guard id.cylinder == cylinder, id.head == head, id.sizeCode == geometry.sizeCode,
        (1...geometry.sectorsPerTrack).contains(Int(id.record)), sector.data.count == geometry.sectorSize,
        seen.insert(id.record).inserted
      else { return false }
    }
    return true
  }

  func store(_ track: FloppyTrack, sector: Int, cylinder: Int, head: Int) throws(StorageError) {
    let record = Int(track.sectors[sector].id.record) - 1
    let linear = (cylinder * geometry.heads + head) * geometry.sectorsPerTrack + record
    try file.write(track.sectors[sector].data, at: linear * geometry.sectorSize)
  }

  func sync() throws(StorageError) { try file.sync() }
}
