/// A raw image: the disk's sectors in order and nothing else.
public final class RawStore: SectorStore {
  private let file: HostFile
  public let sectorCount: Int
  public var name: String { file.path }
  public var isWritable: Bool { file.isWritable }

  /// The whole sectors of `file`.
  public init(file: HostFile) {
    self.file = file
    sectorCount = file.size / 512
  }

  public func read(_ lba: Int, count: Int) throws(StorageError) -> [UInt8] {
    try check(lba, count)
    return try file.readExactly(at: lba * 512, count: count * 512)
  }

  public func write(_ lba: Int, _ bytes: [UInt8]) throws(StorageError) {
    try check(lba, bytes)
    try file.write(bytes, at: lba * 512)
  }

  public func flush() throws(StorageError) { try file.sync() }
}
