import Glibc

/// A file of the host, opened once and read and written by position.
///
/// The descriptor stays open for the life of this object, so a file that is deleted or renamed while it is mounted
/// goes on working. A file opened for writing is locked (`flock`), so that two machines can't write one image.
public final class HostFile {
  /// How to open a file.
  public enum Access: Sendable {
    /// Read only; no lock is taken.
    case readOnly
    /// For writing where the host lets us, else for reading; `isWritable` says which.
    case writableIfPermitted
    /// Read only, and nobody may write it meanwhile: for images that others are based on.
    case readOnlyShared
    /// For writing; `unwritable` if the host doesn't let us.
    case writable
  }

  /// The name it was opened by, for messages.
  public let path: String
  /// False when the host lets us only read.
  public let isWritable: Bool
  /// Bytes in the file when it was opened.
  public let size: Int
  private var descriptor: Int32
  /// Called after each write: tests look at the file at every moment at which the program might end.
  var afterWrite: (() -> Void)?

  /// Opens `path`.
  ///
  /// - Throws: `missing`, `isDirectory`, `notAFile`, `empty`, `unreadable` or `inUse`.
  public init(path: String, access: Access) throws(StorageError) {
    self.path = path
    var opened: Int32 = -1
    var writable = false
    if access == .writableIfPermitted || access == .writable {
      opened = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK)
      writable = opened >= 0
      if !writable, access == .writable, errno != ENOENT, errno != ENOTDIR, errno != EISDIR {
        throw .unwritable(path: path, reason: Self.hostReason())
      }
    }
    if opened < 0 { opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard opened >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { throw .missing(path: path) }
      throw .unreadable(path: path, reason: Self.hostReason())
    }
    do {
      size = try Self.check(opened, path)
      if writable || access == .readOnlyShared, flock(opened, (writable ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0,
        errno == EWOULDBLOCK
      {
        throw StorageError.inUse(path: path, by: FileLockHolder.describe(descriptor: opened))
      }
    } catch let error as StorageError {
      close(opened)
      throw error
    } catch {
      close(opened)
      throw .unreadable(path: path, reason: "\(error)")
    }
    descriptor = opened
    isWritable = writable
  }

  /// Makes a new file of `size` zero bytes (which take no room until they are written) and opens it for writing.
  ///
  /// - Throws: `exists` if there is one already, `unwritable` with the host's reason.
  public static func create(path: String, size: Int) throws(StorageError) -> HostFile {
    let made = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard made >= 0 else {
      if errno == EEXIST { throw .exists(path: path) }
      throw .unwritable(path: path, reason: hostReason())
    }
    guard ftruncate(made, off_t(max(size, 1))) == 0 else {
      let reason = hostReason()
      close(made)
      unlink(path)
      throw .unwritable(path: path, reason: reason)
    }
    close(made)
    return try HostFile(path: path, access: .writable)
  }

  /// `name` as seen from the directory of the file `path`.
  static func resolve(_ name: String, besides path: String) -> String {
    if name.hasPrefix("/") { return name }
    var relative = name[...]
    while relative.hasPrefix("./") { relative = relative.dropFirst(2) }
    guard let slash = path.lastIndex(of: "/") else { return String(relative) }
    return String(path[...slash]) + relative
  }

  /// Whether there is a directory of this name.
  public static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether there is anything of this name.
  public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  deinit { close(descriptor) }

  /// Bytes in the file now.
  public var currentSize: Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return size }
    return Int(status.st_size)
  }

  /// Puts a new file with these bytes in the place of this one, and goes on with it. The new file is whole and on the
  /// host's disk before it takes the name, so there is a whole file at every moment.
  ///
  /// - Throws: `unwritable` with the host's reason; the old file is still there then.
  public func replace(with bytes: [UInt8]) throws(StorageError) {
    let temporary = path + ".new"
    guard isWritable else { throw .unwritable(path: path, reason: "opened for reading") }
    unlink(temporary)
    do throws(StorageError) {
      let new = try HostFile.create(path: temporary, size: bytes.count)
      try new.write(bytes, at: 0)
      try new.sync()
      guard rename(temporary, path) == 0 else { throw StorageError.unwritable(path: path, reason: Self.hostReason()) }
      // The lock goes with the descriptor, which is exchanged: the old file's is closed with `new`.
      (descriptor, new.descriptor) = (new.descriptor, descriptor)
    } catch {
      unlink(temporary)
      throw error
    }
    afterWrite?()
  }

  /// Makes the file `size` bytes long.
  ///
  /// - Throws: `unwritable` with the host's reason.
  public func resize(to size: Int) throws(StorageError) {
    guard isWritable, ftruncate(descriptor, off_t(max(size, 0))) == 0 else {
      throw .unwritable(path: path, reason: Self.hostReason())
    }
  }

  /// Reads exactly `count` bytes at `offset`.
  ///
  /// - Throws: `unreadable` with the host's reason; `truncated` if the file ends before.
  public func readExactly(at offset: Int, count: Int) throws(StorageError) -> [UInt8] {
    let bytes = try read(at: offset, count: count)
    guard bytes.count == count else { throw .truncated(path: path, offset: offset, wanted: count, found: bytes.count) }
    return bytes
  }

  private static func check(_ descriptor: Int32, _ path: String) throws(StorageError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .unreadable(path: path, reason: hostReason()) }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: throw .isDirectory(path: path)
    case S_IFREG:
      guard status.st_size > 0 else { throw .empty(path: path) }
      return Int(status.st_size)
    case S_IFBLK:
      let end = lseek(descriptor, 0, SEEK_END)
      guard end > 0 else { throw .empty(path: path) }
      return Int(end)
    default: throw .notAFile(path: path)
    }
  }

  /// Reads up to `count` bytes at `offset`; fewer at the end of the file.
  ///
  /// - Throws: `unreadable` with the host's reason.
  public func read(at offset: Int, count: Int) throws(StorageError) -> [UInt8] {
    guard offset >= 0, count > 0 else { return [] }
    var failure: StorageError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      while used < count {
        let got = pread(descriptor, buffer.baseAddress?.advanced(by: used), count - used, offset + used)
        if got < 0, errno == EINTR { continue }
        if got < 0 { failure = .unreadable(path: path, reason: Self.hostReason()) }
        if got <= 0 { break }
        used += got
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Writes `bytes` at `offset`.
  ///
  /// - Throws: `unwritable` with the host's reason.
  public func write(_ bytes: [UInt8], at offset: Int) throws(StorageError) {
    guard isWritable else { throw .unwritable(path: path, reason: "opened for reading") }
    var failure: StorageError?
    bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let put = pwrite(descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done, offset + done)
        if put < 0, errno == EINTR { continue }
        if put <= 0 {
          failure = .unwritable(path: path, reason: Self.hostReason())
          break
        }
        done += put
      }
    }
    if let failure { throw failure }
    afterWrite?()
  }

  /// Has the host put everything written on its disk.
  ///
  /// - Throws: `unwritable` with the host's reason.
  public func sync() throws(StorageError) {
    guard isWritable else { return }
    guard fsync(descriptor) == 0 else { throw .unwritable(path: path, reason: Self.hostReason()) }
  }

  private static func hostReason() -> String {
    guard let text = strerror(errno) else { return "error \(errno)" }
    return String(cString: text)
  }
}
