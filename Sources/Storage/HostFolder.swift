import Glibc

/// A directory of the host with all that is below it, as it was when it was read.
public struct HostFolder: Sendable {
  /// A file or a directory.
  public struct Item: Sendable {
    /// Its name, without a path.
    public var name: String
    /// Its path on the host.
    public var path: String
    public var isDirectory: Bool
    /// Bytes; 0 for directories.
    public var size: Int
    /// Last change, local time.
    public var modified: FATTime
    /// Last change, nanoseconds since 1970: tells whether a file has been touched.
    public var stamp: Int
    /// Places in `items` of what is in it, in order of their names.
    public var children: [Int] = []
  }

  /// Everything, the directory itself first; children come after their parents.
  public private(set) var items: [Item] = []

  /// Files and directories that are taken at most.
  private static let limit = 200_000

  /// Reads the directory at `path`. What is neither a file nor a directory is left out; links are followed, but not to a
  /// directory that is being read already.
  ///
  /// - Throws: `missing`, `unreadable`.
  public init(path: String) throws(StorageError) {
    guard let root = try Self.item(path, name: path.split(separator: "/").last.map(String.init) ?? "FOLDER") else {
      throw .missing(path: path)
    }
    guard root.item.isDirectory else { throw .unreadable(path: path, reason: "not a directory") }
    items = [root.item]
    var identities = [root.identity: true]
    var at = 0
    while at < items.count {
      defer { at += 1 }
      guard items[at].isDirectory else { continue }
      for name in try Self.names(items[at].path) {
        guard let child = try Self.item(items[at].path + "/" + name, name: name) else { continue }
        if child.item.isDirectory, identities.updateValue(true, forKey: child.identity) != nil { continue }
        guard items.count < Self.limit else {
          throw .unreadable(path: path, reason: "more than \(Self.limit) files in it")
        }
        items[at].children.append(items.count)
        items.append(child.item)
      }
    }
  }

  private static func names(_ path: String) throws(StorageError) -> [String] {
    guard let handle = opendir(path) else { throw .unreadable(path: path, reason: "the host doesn't list it") }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// What there is at `path`; nil for what isn't a file or a directory. `identity` is device and inode.
  static func item(_ path: String, name: String) throws(StorageError) -> (item: Item, identity: String)? {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT || errno == ELOOP { return nil }
      throw .unreadable(path: path, reason: "the host doesn't tell about it")
    }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFDIR || kind == S_IFREG else { return nil }
    var seconds = status.st_mtim.tv_sec
    var fields = tm()
    localtime_r(&seconds, &fields)
    let modified = FATTime(
      year: Int(fields.tm_year) + 1900, month: Int(fields.tm_mon) + 1, day: Int(fields.tm_mday),
      hour: Int(fields.tm_hour), minute: Int(fields.tm_min), second: Int(fields.tm_sec))
    return (
      Item(
        name: name, path: path, isDirectory: kind == S_IFDIR, size: kind == S_IFDIR ? 0 : Int(status.st_size),
        modified: modified, stamp: status.st_mtim.tv_sec &* 1_000_000_000 &+ Int(status.st_mtim.tv_nsec)),
      "\(status.st_dev):\(status.st_ino)"
    )
  }

  /// Up to `count` bytes at `offset` of the host's file at `path`, zeros where it has become shorter or unreadable.
  static func read(_ path: String, at offset: Int, count: Int) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    var bytes = [UInt8](repeating: 0, count: count)
    guard descriptor >= 0 else { return bytes }
    defer { close(descriptor) }
    bytes.withUnsafeMutableBytes { buffer in
      var done = 0
      while done < count {
        let got = pread(descriptor, buffer.baseAddress?.advanced(by: done), count - done, offset + done)
        if got < 0, errno == EINTR { continue }
        if got <= 0 { break }
        done += got
      }
    }
    return bytes
  }
}
