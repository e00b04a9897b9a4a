/// The formats of hard disk images.
public enum DiskFormat: String, CaseIterable, Sendable {
  /// Sectors in order and nothing else.
  case raw

  /// The format of `file`, by its content.
  ///
  /// - Throws: what reading throws.
  static func detect(_ file: HostFile) throws(StorageError) -> DiskFormat {
    .raw
  }

  /// Opens the disk image at `path`, whatever its format.
  ///
  /// - Throws: what `HostFile` throws; `damaged` and `unsupported` for what the file's tables say.
  public static func open(path: String, access: HostFile.Access) throws(StorageError) -> any SectorStore {
    let file = try HostFile(path: path, access: access)
    switch try detect(file) {
    case .raw:
      guard file.size % 512 == 0 else { throw .notADiskSize(path: path, bytes: file.size) }
      return RawStore(file: file)
    }
  }
}
