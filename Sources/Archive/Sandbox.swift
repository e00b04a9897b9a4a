import CSandbox
import Glibc

/// What the host's kernel takes away from this process once a machine is about to run: even a guest that found a way out
/// of its machine could then write only where the machine may, read little, start nothing, connect to nobody, and reach
/// no other process.
///
/// What stays possible: talking to the display and the sound server, reading the system's own files (`/usr`, `/etc` and
/// the like), and in a window reading where people keep disks, since any of them may be inserted there.
public enum Sandbox {
  /// Gives the rights up.
  ///
  /// - Parameters:
  ///   - readable: files and folders that are still read, besides the system's.
  ///   - writable: files and folders that are still read and written.
  /// - Returns: what the kernel hasn't got or refuses, a line each.
  public static func enter(readable: [String], writable: [String]) -> [String] {
    var left: Int32 = 0
    let files = withWords(system + readable) { readable in
      withWords(writable + ["/dev"]) { sandbox_limit_files(readable, $0, &left) }
    }
    let calls = sandbox_limit_calls()
    let missing = [("Landlock", files), ("seccomp", calls)].compactMap { name, failure in
      failure == 0
        ? nil : "this kernel gives no \(name) (\(String(cString: strerror(failure)))): the machine runs without it"
    }
    return left == 0 ? missing : missing + ["\(left) threads of this process keep their right to files"]
  }

  private static func withWords<T>(
    _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> T
  ) -> T {
    var words: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    return words.withUnsafeMutableBufferPointer { buffer in
      buffer.withMemoryRebound(to: UnsafePointer<CChar>?.self) { body(UnsafePointer($0.baseAddress)) }
    }
  }

  // MARK: Places

  /// What every program reads: libraries, fonts, time zones, what the display's and the sound server's libraries look at.
  private static let system = [
    "/usr", "/lib", "/lib32", "/lib64", "/bin", "/etc", "/opt", "/nix/store", "/gnu/store", "/proc", "/sys",
    "/run/user/\(getuid())", "/run/pulse", "/tmp/.X11-unix", "/var/lib/dbus", "/var/cache/fontconfig",
  ]

  /// Folders where a person looks for disks: their own, as far as it isn't hidden, and what is mounted; nobody else's.
  public static var personsPlaces: [String] {
    let home = getenv("HOME").map { String(cString: $0) } ?? "/root"
    let own =
      visible(in: home)
      + [".config/pulse", ".pulse-cookie", ".cache/mesa_shader_cache", ".icons"].map {
        home + "/" + $0
      }
    let others: Set<String> = ["boot", "home", "root", "var", "run", "proc", "sys", "lost+found"]
    let mounted = visible(in: "/").filter { !others.contains(String($0.dropFirst())) && !home.hasPrefix($0 + "/") }
    return own + mounted + ["/run/media", "/var/tmp", Library.folder]
  }

  /// Everything in `folder` whose name doesn't begin with a dot.
  private static func visible(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var places: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if !name.hasPrefix(".") { places.append(folder == "/" ? "/" + name : folder + "/" + name) }
    }
    return places
  }

  /// The folder that a file at `path` is in.
  public static func folder(of path: String) -> String {
    let path = Library.absolute(path)
    return path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }

  /// What has to be readable for the image at `path`: itself, or its folder if it lies in several files.
  public static func places(of path: String) -> [String] {
    let isSeveral = [".cue", ".vmdk", ".vhd", ".qcow2"].contains { path.lowercased().hasSuffix($0) }
    return isSeveral ? [path, folder(of: path)] : [path]
  }
}

extension Seal {
  /// What a run with this seal writes to: files that are named, and the folders of those that may have to be made.
  public var writable: [String] {
    reaches.compactMap { _, reach in if case .writes(let path) = reach { path } else { nil } }
  }

  /// What it reads.
  public var readable: [String] {
    reaches.flatMap { _, reach in
      switch reach {
      case .reads(let path), .writes(let path): Sandbox.places(of: path)
      case .standardStreams, .connection: [] as [String]
      }
    }
  }
}
