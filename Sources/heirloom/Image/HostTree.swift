import Glibc
import PC

/// Files and directories of the host, for copying into images and out of them.
enum HostTree {
  /// What there is at `path`.
  struct Item {
    var path: String
    /// Last part of the path.
    var name: String
    var isDirectory: Bool
    var size: Int
    /// Seconds since 1970.
    var modified: Int
  }

  /// - Throws: `HostError.file` if there is nothing, or something else than a file or a directory.
  static func item(_ path: String) throws(HostError) -> Item {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .file("\(path): no such file; check the name") }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFDIR || kind == S_IFREG else {
      throw .file("\(path): is neither a file nor a directory; only those can be copied")
    }
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return Item(
      path: path, name: name, isDirectory: kind == S_IFDIR, size: kind == S_IFDIR ? 0 : Int(status.st_size),
      modified: status.st_mtim.tv_sec)
  }

  /// What is in a directory, sorted by name.
  static func children(_ directory: Item) throws(HostError) -> [Item] {
    guard let handle = opendir(directory.path) else { throw .file("\(directory.path): can't be read") }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    var items: [Item] = []
    for name in names.sorted() { items.append(try item(directory.path + "/" + name)) }
    return items
  }

  /// All files and directories below `root` and itself, with their paths from there; directories before what is in them.
  static func all(_ root: Item) throws(HostError) -> [(item: Item, relative: String)] {
    var found = [(item: root, relative: root.name)]
    var at = 0
    while at < found.count {
      let next = found[at]
      at += 1
      guard next.item.isDirectory else { continue }
      for child in try children(next.item) { found.append((child, next.relative + "/" + child.name)) }
    }
    return found
  }

  /// Makes a directory; it may be there already.
  static func makeDirectory(_ path: String) throws(HostError) {
    if mkdir(path, 0o777) == 0 { return }
    guard errno == EEXIST, let there = try? item(path), there.isDirectory else {
      throw .file("\(path): can't be made a directory")
    }
  }

  /// Makes a directory and those above it.
  static func makeDirectories(_ path: String) throws(HostError) {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      made += part + "/"
      if access(made, F_OK) != 0 { try makeDirectory(made) }
    }
  }

  /// A file that is written piece by piece.
  final class Output {
    private let descriptor: Int32
    private let path: String

    /// - Throws: `HostError.file`.
    init(_ path: String) throws(HostError) {
      self.path = path
      descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw .file("\(path): can't be written: \(Self.reason)") }
    }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8]) throws(HostError) {
      var done = 0
      while done < bytes.count {
        let put = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done) }
        if put < 0, errno == EINTR { continue }
        guard put > 0 else { throw .file("\(path): can't be written: \(Self.reason)") }
        done += put
      }
    }

    private static var reason: String { strerror(errno).map { String(cString: $0) } ?? "error \(errno)" }
  }

  /// A file that is read piece by piece.
  final class Input {
    private let descriptor: Int32
    private let path: String

    /// - Throws: `HostError.file`.
    init(_ path: String) throws(HostError) {
      self.path = path
      descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw .file("\(path): can't be read") }
    }

    deinit { close(descriptor) }

    /// `count` bytes; fewer at the end.
    func read(_ count: Int) throws(HostError) -> [UInt8] {
      var failed = false
      let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
        while used < count {
          let got = Glibc.read(descriptor, buffer.baseAddress?.advanced(by: used), count - used)
          if got < 0, errno == EINTR { continue }
          if got < 0 { failed = true }
          if got <= 0 { break }
          used += got
        }
      }
      if failed { throw .file("\(path): can't be read") }
      return bytes
    }
  }
}
