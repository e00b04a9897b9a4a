import CSandbox
import Glibc

/// What the host's kernel takes away from this process once a machine is about to run: even a guest that found a way out
/// of its machine could then write only where the machine may, start nothing, and connect to nobody.
///
/// What stays possible: reading files (disks are chosen while the machine runs), and talking to the display and the
/// sound server. Threads that were there before keep their right to write; the machine's own thread is none of them.
public enum Sandbox {
  /// Gives the rights up.
  ///
  /// - Parameter writable: files and folders that are still written to.
  /// - Returns: what the kernel hasn't got or refuses, a line each.
  public static func enter(writable: [String]) -> [String] {
    var words: [UnsafeMutablePointer<CChar>?] = (writable + ["/dev"]).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    let files = words.withUnsafeMutableBufferPointer { buffer in
      buffer.withMemoryRebound(to: UnsafePointer<CChar>?.self) { sandbox_limit_writes($0.baseAddress) }
    }
    let calls = sandbox_limit_calls()
    return [("Landlock", files), ("seccomp", calls)].compactMap { name, failure in
      failure == 0
        ? nil : "this kernel gives no \(name) (\(String(cString: strerror(failure)))): the machine runs without it"
    }
  }

  /// The folder that a file at `path` is in.
  public static func folder(of path: String) -> String {
    let path = Library.absolute(path)
    return path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }
}

extension Seal {
  /// What a run with this seal writes to: files that are named, and the folders of those that may have to be made.
  public var writable: [String] {
    reaches.compactMap { _, reach in if case .writes(let path) = reach { path } else { nil } }
  }
}
