/// Why a disk image can't be used. The description is one line that names the file, what is wrong, and what would be
/// right.
public enum StorageError: Error, Equatable, CustomStringConvertible {
  /// There is no such file.
  case missing(path: String)
  /// A directory where a file is wanted.
  case isDirectory(path: String)
  /// A socket, a pipe or a terminal where a file is wanted.
  case notAFile(path: String)
  /// A file without a byte in it.
  case empty(path: String)
  /// The host refuses to open or read the file; `reason` is the host's own text.
  case unreadable(path: String, reason: String)
  /// The host refuses to write the file; `reason` is the host's own text.
  case unwritable(path: String, reason: String)
  /// Somebody has the file open for writing already; `by` says who, empty if that isn't known.
  case inUse(path: String, by: String = "")
  /// There is a file of this name already.
  case exists(path: String)
  /// The file ends before what its tables or its size promise.
  case truncated(path: String, offset: Int, wanted: Int, found: Int)
  /// The byte at `offset` makes no sense; `what` says what is there and what would be right.
  case damaged(path: String, offset: Int, what: String)
  /// A format or a feature of one that isn't known; `what` says which, and what helps.
  case unsupported(path: String, what: String)
  /// A sector behind the disk's end.
  case outside(path: String, sector: Int, sectors: Int)
  /// No floppy has this many bytes.
  case notAFloppySize(path: String, bytes: Int)
  /// No hard disk has this many bytes.
  case notADiskSize(path: String, bytes: Int)
  /// The file is none of the kinds that can be run or attached.
  case unknownKind(path: String, bytes: Int)
  /// The disk doesn't go into the drive it was meant for.
  case wrongDrive(path: String, disk: String, drive: String)

  /// Nothing of this name is in the image.
  case noSuchFile(path: String, file: String)
  /// A file in the image where a directory is wanted.
  case notADirectory(path: String, file: String)
  /// A directory in the image where a file is wanted.
  case isADirectoryThere(path: String, file: String)
  /// A directory in the image that isn't empty.
  case directoryNotEmpty(path: String, file: String)
  /// A name that the file system can't have.
  case badName(path: String, file: String)
  /// No room in the file system for `file`.
  case volumeFull(path: String, file: String)
  /// No room in a directory of fixed size.
  case directoryFull(path: String, file: String)

  /// The message.
  public var description: String {
    switch self {
    case .missing(let path): "\(path): no such file; check the name"
    case .isDirectory(let path): "\(path): is a directory; a disk image file is wanted"
    case .notAFile(let path): "\(path): is not a regular file; a disk image file is wanted"
    case .empty(let path): "\(path): is empty; a disk image has at least 160K"
    case .unreadable(let path, let reason): "\(path): can't be read (\(reason)); make it readable"
    case .unwritable(let path, let reason):
      "\(path): can't be written (\(reason)); make it writable, make room, or use --read-only"
    case .inUse(let path, let by):
      "\(path): is in use by \(by.isEmpty ? "another drive or machine" : by); close that one or use --read-only"
    case .exists(let path): "\(path): exists already; remove it or take another name"
    case .truncated(let path, let offset, let wanted, let found):
      "\(path): byte \(offset): \(found) bytes where \(wanted) should be; the file is cut off, take a whole copy"
    case .damaged(let path, let offset, let what): "\(path): byte \(offset): \(what)"
    case .unsupported(let path, let what): "\(path): \(what)"
    case .outside(let path, let sector, let sectors):
      "\(path): sector \(sector) is wanted of \(sectors); the tables on this disk don't fit its size"
    case .notAFloppySize(let path, let bytes):
      "\(path): \(Self.size(bytes)) isn't a floppy size; 160K, 180K, 320K, 360K, 720K, 1.2M, 1.44M or 2.88M are"
    case .notADiskSize(let path, let bytes):
      "\(path): \(Self.size(bytes)) isn't a hard disk's size; whole sectors of 512 bytes from 1 MB to 128 GB are"
    case .unknownKind(let path, let bytes):
      "\(path): \(Self.size(bytes)) without a floppy's size, a partition table or an ISO 9660 label; "
        + "a floppy, hard disk or CD image, a .heirloom or a .toml file is wanted"
    case .noSuchFile(let path, let file): "\(path): \(file): not in the image; `heirloom image ls` shows what is"
    case .notADirectory(let path, let file): "\(path): \(file): a file where a directory is wanted"
    case .isADirectoryThere(let path, let file): "\(path): \(file): a directory where a file is wanted"
    case .directoryNotEmpty(let path, let file):
      "\(path): \(file): the directory isn't empty; --recursive removes what is in it"
    case .badName(let path, let file):
      "\(path): \(file): not a name for a FAT file; no control characters and none of \" * / : < > ? \\ |"
    case .volumeFull(let path, let file):
      "\(path): \(file): no room in the image; remove something or take a larger one"
    case .directoryFull(let path, let file): "\(path): \(file): the directory is full; use a subdirectory"
    case .wrongDrive(let path, let disk, let drive):
      "\(path): a \(disk) disk doesn't go into a \(drive) drive; set the drive's type or take another disk"
    }
  }

  /// `bytes` as people say it: "3 bytes", "100 MB", "1.5 MB", "720 KB".
  static func size(_ bytes: Int) -> String {
    if bytes < 1024 { return bytes == 1 ? "1 byte" : "\(bytes) bytes" }
    if bytes < 1 << 20 { return bytes & 1023 == 0 ? "\(bytes >> 10) KB" : "\(bytes) bytes" }
    let tenths = bytes / ((1 << 20) / 10)
    return tenths % 10 == 0 || tenths >= 1000 ? "\(tenths / 10) MB" : "\(tenths / 10).\(tenths % 10) MB"
  }
}
