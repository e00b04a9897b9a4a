/// A file or directory in an image, whatever the file system.
public struct ImageEntry: Sendable {
  /// Its name, the long one if there are two.
  public var name: String
  /// A directory.
  public var isDirectory: Bool
  /// Bytes; 0 for directories.
  public var size: Int
  /// Last change, local time.
  public var modified: FATTime
  /// "r", "h", "s", "a" as in DOS's ATTRIB; empty for none.
  public var attributes: String
  /// The short name, where there is one besides.
  public var shortName: String
}

/// What a file system in an image can do for everybody.
public protocol ImageFiles: AnyObject {
  /// "FAT16", "ISO 9660 with Joliet".
  var kind: String { get }
  /// The volume's label; nil if there is none.
  func label() throws(StorageError) -> String?
  /// What is in the directory at `path`; "" is the root.
  func entries(_ path: String) throws(StorageError) -> [ImageEntry]
  /// The entry at `path`; nil if there is none. The root has no entry.
  func find(_ path: String) throws(StorageError) -> ImageEntry?
  /// Hands the bytes of the file at `path` over, in order, in pieces.
  func read(_ path: String, _ take: ([UInt8]) throws -> Void) throws
}

extension FATVolume: ImageFiles {
  private static func entry(_ entry: FATEntry) -> ImageEntry {
    var attributes = ""
    for (bit, letter) in [(0x01, "r"), (0x02, "h"), (0x04, "s"), (0x20, "a")]
    where entry.attributes & UInt8(bit) != 0 {
      attributes += letter
    }
    return ImageEntry(
      name: entry.name, isDirectory: entry.isDirectory, size: entry.size, modified: entry.modified,
      attributes: attributes, shortName: entry.shortName)
  }

  public func entries(_ path: String) throws(StorageError) -> [ImageEntry] { try list(path).map(Self.entry) }

  public func find(_ path: String) throws(StorageError) -> ImageEntry? { try entry(path).map(Self.entry) }

  public func read(_ path: String, _ take: ([UInt8]) throws -> Void) throws {
    guard let entry = try entry(path), !entry.isDirectory else {
      throw StorageError.noSuchFile(path: store.name, file: path)
    }
    try read(entry, take)
  }
}
