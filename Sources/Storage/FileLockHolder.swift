import Glibc

/// Who holds a lock on a file, for messages.
enum FileLockHolder {
  /// The program that has locked the open file: "heirloom old.toml (process 4711)"; empty for ourselves, and if the host
  /// doesn't tell.
  ///
  /// - Source: proc(5), /proc/locks: `1: FLOCK  ADVISORY  WRITE 4711 fd:01:123456 0 EOF`.
  static func describe(descriptor: Int32) -> String {
    var status = stat()
    guard fstat(descriptor, &status) == 0, let locks = text(of: "/proc/locks") else { return "" }
    let inode = "\(status.st_ino)"
    for line in locks.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count >= 6, fields[1] == "FLOCK", fields[5].split(separator: ":").last.map(String.init) == inode,
        let process = Int32(fields[4])
      else { continue }
      if process == getpid() { return "" }
      guard let command = text(of: "/proc/\(process)/cmdline") else { return "process \(process)" }
      let words = command.split(separator: "\0").map(String.init)
      let program = words.first?.split(separator: "/").last.map(String.init) ?? "another machine"
      // What it runs: a machine, a configuration or an image, after the program's name and `run`.
      let target = words.dropFirst().first { !$0.hasPrefix("-") && $0 != "run" } ?? ""
      return "\(target.isEmpty ? program : "\(program) \(target)") (process \(process))"
    }
    return ""
  }

  private static func text(of path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let got = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
    guard got > 0 else { return nil }
    return String(decoding: bytes.prefix(got), as: UTF8.self)
  }
}
