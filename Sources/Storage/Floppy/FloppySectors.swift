/// A floppy's 512-byte sectors by number, whatever the format of its file: for work on what is in it.
public final class FloppySectors: SectorStore {
  /// The disk.
  public let image: FloppyImage
  public let sectorCount: Int
  public let isWritable: Bool
  public var name: String { image.name }

  /// The sectors of `image`'s geometry.
  ///
  /// - Throws: `unsupported` if it has sectors of another size.
  public init(_ image: FloppyImage, isWritable: Bool) throws(StorageError) {
    guard image.geometry.sizeCode == 2 else {
      throw .unsupported(
        path: image.name, what: "sectors of \(image.geometry.sectorSize) bytes; file systems are known on 512 only")
    }
    self.image = image
    self.isWritable = isWritable && !image.isWriteProtected
    sectorCount = image.geometry.byteCount / 512
  }

  /// Cylinder, head and place on the track.
  private func locate(_ lba: Int) throws(StorageError) -> (cylinder: Int, head: Int, sector: Int) {
    let geometry = image.geometry
    let (track, record) = (lba / geometry.sectorsPerTrack, lba % geometry.sectorsPerTrack + 1)
    let (cylinder, head) = (track / geometry.heads, track % geometry.heads)
    let sectors = image.track(cylinder: cylinder, head: head).sectors
    guard let at = sectors.firstIndex(where: { Int($0.id.record) == record && $0.data.count == 512 && !$0.lacksData })
    else { throw .unreadable(path: name, reason: "cylinder \(cylinder), head \(head) has no sector \(record)") }
    return (cylinder, head, at)
  }

  public func read(_ lba: Int, count: Int) throws(StorageError) -> [UInt8] {
    try check(lba, count)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * 512)
    for lba in lba..<lba + count {
      let (cylinder, head, sector) = try locate(lba)
      bytes += image.track(cylinder: cylinder, head: head).sectors[sector].data
    }
    return bytes
  }

  public func write(_ lba: Int, _ bytes: [UInt8]) throws(StorageError) {
    try check(lba, bytes)
    for index in 0..<bytes.count / 512 {
      let (cylinder, head, sector) = try locate(lba + index)
      guard isWritable, image.write(bytes.slice(index * 512, 512), sector: sector, cylinder: cylinder, head: head)
      else { throw .unwritable(path: name, reason: "the disk is write-protected") }
      if let error = image.hostError { throw error }
    }
  }

  public func flush() throws(StorageError) { try image.sync() }
}

/// Floppy files that are made from other floppies.
extension FloppyImage {
  /// Formats that `export` writes.
  public enum ExportFormat: String, Sendable, CaseIterable {
    case imd
    case hfe
  }

  /// Writes the disk into a new file.
  ///
  /// - Throws: `unsupported` naming the first track that the format can't hold; `exists`, `unwritable`.
  public func export(to path: String, format: ExportFormat) throws(StorageError) {
    var contents = FloppyContents()
    contents.isFiveInch = geometry.isFiveInch
    for cylinder in 0..<Self.maxCylinders {
      for head in 0..<2 {
        let track = track(cylinder: cylinder, head: head)
        guard format == .imd ? IMD.canHold(track) : HFE.canHold(track) else {
          throw .unsupported(
            path: path,
            what: "cylinder \(cylinder), head \(head) can't be said in \(format.rawValue); take the other "
              + "of imd and hfe")
        }
        contents[cylinder, head] = track
      }
    }
    let bytes = format == .imd ? IMD.write(contents, comment: []).bytes : HFE.write(contents).bytes
    let file = try HostFile.create(path: path, size: bytes.count)
    try file.write(bytes, at: 0)
    try file.sync()
  }
}
