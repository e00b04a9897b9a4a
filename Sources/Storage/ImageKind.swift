/// What a file given on the command line is.
public enum ImageKind: Equatable, Sendable {
  /// A floppy image of this geometry.
  case floppy(FloppyGeometry)
  /// A hard disk image: of a format of its own, or raw with a partition table in its first sector.
  case hardDisk
  /// A CD image with an ISO 9660 (or El Torito) volume label.
  case cdrom
  /// A machine file (SQLite).
  case machine
  /// A configuration.
  case configuration

  /// Looks into the file at `path`. The first that fits: machine file by its header, configuration by its name, CD by
  /// its label, floppy by size, hard disk by its partition table.
  ///
  /// - Throws: what `HostFile` throws; `unknownKind` when nothing fits.
  public static func detect(path: String) throws(StorageError) -> ImageKind {
    let file = try HostFile(path: path, access: .readOnly)
    let head = try file.read(at: 0, count: 512)
    if head.starts(with: Array("SQLite format 3\0".utf8)) { return .machine }
    if path.hasSuffix(".toml") { return .configuration }
    if path.lowercased().hasSuffix(".cue") { return .cdrom }
    if let format = FloppyFormat.detect(head) {
      guard file.size <= 16 << 20 else { throw .notAFloppySize(path: path, bytes: file.size) }
      return .floppy(try format.read(try file.readExactly(at: 0, count: file.size), path: path).geometry)
    }
    if try DiskFormat.detect(file) != .raw { return .hardDisk }
    // Sector 16 of a CD: 2048-byte sectors, or raw 2352-byte ones with 16 or 24 bytes of header before the data.
    // Source: ECMA-119, 8.1; raw layouts from ECMA-130 (mode 1) and CD-ROM XA (mode 2 form 1).
    if try RawCDStore.detect(file) != nil { return .cdrom }
    if file.size <= 4 << 20, let geometry = FloppyGeometry.recognise(byteCount: file.size, bootSector: head) {
      return .floppy(geometry)
    }
    if PartitionTable.isThere(head), file.size >= 1 << 20 { return .hardDisk }
    throw .unknownKind(path: path, bytes: file.size)
  }
}
