/// The formats of hard disk images.
public enum DiskFormat: String, CaseIterable, Sendable {
  /// Sectors in order and nothing else.
  case raw
  /// Microsoft's: fixed, dynamic or differencing. Read and written.
  case vhd
  /// VMware's sparse and flat extents. Read.
  case vmdk
  /// QEMU's, versions 2 and 3. Read.
  case qcow2

  /// The format of `file`, by its content.
  ///
  /// - Throws: what reading throws.
  static func detect(_ file: HostFile) throws(StorageError) -> DiskFormat {
    let head = try file.read(at: 0, count: 64)
    if head.starts(with: QCOW2Store.magic) { return .qcow2 }
    if head.starts(with: VMDKExtent.magic) || head.starts(with: VMDKStore.descriptorStart) { return .vmdk }
    return try VHDStore.isThere(file) ? .vhd : .raw
  }

  /// Images based on each other that are followed.
  private static let maxDepth = 16

  /// Opens the disk image at `path`, whatever its format. What it is based on is opened for reading, so that nobody
  /// can write it meanwhile.
  ///
  /// - Throws: what `HostFile` throws; `damaged`, `truncated` and `unsupported` for what the file's tables say.
  public static func open(path: String, access: HostFile.Access) throws(StorageError) -> any SectorStore {
    try open(path: path, access: access, depth: 0)
  }

  /// Opens an overlay and its base, both for writing.
  ///
  /// - Throws: as `open`; `unsupported` if it is no VHD.
  public static func openForCommit(path: String) throws(StorageError) -> VHDStore {
    let file = try HostFile(path: path, access: .writable)
    guard try detect(file) == .vhd else {
      throw .unsupported(path: path, what: "no overlay; `image create --base` makes them")
    }
    return try VHDStore(file: file, forCommit: true) { (path) throws(StorageError) in
      try open(path: path, access: .writableIfPermitted, depth: 1)
    }
  }

  private static func open(path: String, access: HostFile.Access, depth: Int) throws(StorageError) -> any SectorStore {
    guard depth < maxDepth else {
      throw .unsupported(path: path, what: "more than \(maxDepth) images based on each other, perhaps in a circle")
    }
    if HostFile.isDirectory(path) { return try FolderDisk(path: path) }
    let file = try HostFile(path: path, access: access)
    func openBase(_ path: String) throws(StorageError) -> any SectorStore {
      try open(path: path, access: .readOnlyShared, depth: depth + 1)
    }
    switch try detect(file) {
    case .raw:
      guard file.size % 512 == 0 else { throw .notADiskSize(path: path, bytes: file.size) }
      return RawStore(file: file)
    case .vhd: return try VHDStore(file: file, openParent: openBase)
    case .vmdk: return try VMDKStore(file: file)
    case .qcow2: return try QCOW2Store(file: file, openBacking: openBase)
    }
  }
}

extension SectorStore {
  /// What people call the format that a store reads: "raw", "VHD dynamic".
  public var formatName: String {
    switch self {
    case let vhd as VHDStore:
      switch vhd.footer.kind {
      case .fixed: "VHD fixed"
      case .dynamic: "VHD dynamic"
      case .differencing: "VHD differencing"
      }
    case is VMDKStore: "VMDK"
    case is QCOW2Store: "QCOW2"
    case is FolderDisk: "folder"
    default: "raw"
    }
  }
}
