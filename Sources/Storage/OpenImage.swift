/// An image opened for work on what is in it: `IMG`, or `IMG@1` for its first partition.
public struct OpenImage {
  /// The path, without a partition.
  public let path: String
  /// The partition that was named.
  public let partition: Int?
  /// The whole image.
  public let disk: any SectorStore
  /// What the image file is: "raw", "VHD dynamic".
  public let format: String
  /// Its partitions; none on floppies and unpartitioned disks.
  public let partitions: [Partition]

  /// Opens the image. `IMG@1` means a partition unless there is a file of just this name.
  ///
  /// - Throws: what opening the format throws; `unsupported` for a partition that isn't there.
  public init(_ argument: String, access: HostFile.Access) throws(StorageError) {
    var path = argument
    var number: Int?
    if !HostFile.exists(argument), let at = argument.lastIndex(of: "@"),
      let value = Int(argument[argument.index(after: at)...])
    {
      path = String(argument[..<at])
      number = value
    }
    self.path = path
    partition = number
    if HostFile.isDirectory(path) {
      // What it would be as a CD.
      (disk, format) = (try FolderCD(path: path), "folder, as a CD")
    } else {
      (disk, format) = try ImageFormats.open(path: path, access: access)
    }
    // A floppy's boot sector may look like a table; its parameter block says what it is.
    let first = disk.sectorCount > 2 ? try disk.read(0, count: 1) : []
    partitions = FATLayout.looksLikeFAT(first) ? [] : try PartitionTable.read(disk)
  }

  /// The sectors that are meant: the partition named, else the only one that isn't extended, else the whole image.
  ///
  /// - Throws: `unsupported` if there are several.
  public func volume() throws(StorageError) -> any SectorStore {
    let candidates = partitions.filter { !$0.isExtended }
    if let partition {
      guard let found = candidates.first(where: { $0.number == partition }) else {
        throw .unsupported(path: path, what: "no partition \(partition); \(Self.list(path, candidates))")
      }
      return range(found)
    }
    if candidates.count > 1 {
      throw .unsupported(path: path, what: "several partitions; \(Self.list(path, candidates))")
    }
    return candidates.first.map(range) ?? disk
  }

  private func range(_ partition: Partition) -> SectorRange {
    SectorRange(disk, start: partition.start, sectorCount: partition.sectorCount, name: "\(path)@\(partition.number)")
  }

  private static func list(_ path: String, _ partitions: [Partition]) -> String {
    partitions.isEmpty
      ? "it has none; name the image alone"
      : "name one: " + partitions.map { "\(path)@\($0.number) (\($0.typeName))" }.joined(separator: ", ")
  }

  /// The file system that is meant.
  ///
  /// - Throws: `unsupported` if it is none that is known.
  public func files() throws(StorageError) -> any ImageFiles {
    let volume = try volume()
    let label = volume.sectorCount >= 68 ? try volume.read(64, count: 1).slice(1, 5) : []
    return label == Array("CD001".utf8) ? try ISOVolume(volume) : try FATVolume(volume)
  }

  /// The FAT file system that is meant, for changing it.
  ///
  /// - Throws: `unsupported` if it is no FAT volume; `unwritable` if the image can only be read.
  public func fat() throws(StorageError) -> FATVolume {
    let volume = try FATVolume(volume())
    guard disk.isWritable else { throw .unwritable(path: path, reason: "\(format) images can't be changed here") }
    return volume
  }
}

/// Every format that holds sectors, floppies and hard disks alike.
public enum ImageFormats {
  /// Opens `path` by its content.
  ///
  /// - Returns: the sectors, and what the file is called.
  /// - Throws: what `HostFile` throws; what the format finds wrong.
  public static func open(path: String, access: HostFile.Access) throws(StorageError) -> (
    store: any SectorStore, format: String
  ) {
    let file = try HostFile(path: path, access: .readOnly)
    if let format = FloppyFormat.detect(try file.read(at: 0, count: 64)) {
      let isWriting = access == .writable || access == .writableIfPermitted
      let image = try FloppyImage(path: path, writing: isWriting ? .toFile : .inMemory)
      return (try FloppySectors(image, isWritable: isWriting), format.name)
    }
    if let (offset, size) = try RawCDStore.detect(file) {
      if size == 2048 { return (RawStore(file: file), "ISO 9660 CD image") }
      return (RawCDStore(file: file, dataOffset: offset), "CD image of whole sectors")
    }
    let store = try DiskFormat.open(path: path, access: access)
    return (store, store.formatName)
  }
}
