import Glibc

/// The little of the host's file system that the machine needs besides disk images.
public enum HostFiles {
  /// A whole file.
  ///
  /// - Throws: `HostError.file` naming the file and what is wrong with it.
  public static func read(_ path: String, atMost limit: Int = 64 << 20) throws(HostError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .file("\(path): \(reason())") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .file("\(path): \(reason())") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .file("\(path): is not a regular file") }
    guard status.st_size <= limit else { throw .file("\(path): \(status.st_size) bytes are too many") }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var done = 0
    while done < bytes.count {
      let got = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done, done)
      }
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { throw .file("\(path): \(reason())") }
      if got == 0 { break }
      done += got
    }
    bytes.removeLast(bytes.count - done)
    return bytes
  }

  /// A whole file as UTF-8 text.
  ///
  /// - Throws: as `read`, and when it isn't text.
  public static func text(_ path: String) throws(HostError) -> String {
    guard let text = String(validating: try read(path), as: UTF8.self) else {
      throw .file("\(path): is not a text file (UTF-8)")
    }
    return text
  }

  /// Writes a whole file, replacing it.
  ///
  /// - Throws: `HostError.file` naming the file and what the host says.
  public static func write(_ bytes: [UInt8], to path: String) throws(HostError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .file("\(path): can't be written: \(reason())") }
    defer { close(descriptor) }
    guard writeAll(descriptor, bytes) else { throw .file("\(path): can't be written: \(reason())") }
  }

  /// Writes all of `bytes`; false if the host refuses.
  static func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
    var done = 0
    while done < bytes.count {
      let put = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done) }
      if put < 0, errno == EINTR { continue }
      if put < 0, errno == EAGAIN {
        var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&wait, 1, 1000)
        continue
      }
      if put <= 0 { return false }
      done += put
    }
    return true
  }

  /// What the host says about its last refusal (`errno`).
  public static func reason() -> String {
    switch errno {
    case ENOENT: return "no such file or directory"
    case EACCES: return "permission denied"
    case EISDIR: return "is a directory"
    default:
      guard let text = strerror(errno) else { return "error \(errno)" }
      return String(cString: text)
    }
  }
}
