import Archive
import Glibc
import PC

/// Machines that were started from the library, each a process of its own.
final class StartedMachines {
  private struct Child {
    var pid: pid_t
    var errors: Int32
    /// What it runs, nil for the built-in machine.
    var target: String?
  }
  private var children: [Child] = []

  deinit { for child in children { close(child.errors) } }

  /// What runs.
  var targets: Set<String> { Set(children.compactMap(\.target)) }

  /// Starts this program with `flags` beside this process.
  ///
  /// - Throws: `HostError` if the host has no process to give.
  func start(_ target: String?, _ flags: [String]) throws(HostError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw .usage("the host has no pipe to give: \(HostFiles.reason())") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO)
    let arguments = ["heirloom", "run"] + (target.map { [$0] } ?? []) + flags
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    // It may ask to be started again (`Restart`).
    var surroundings: [UnsafeMutablePointer<CChar>?] = [strdup("\(Restart.variable)=1")]
    var next = environ
    while let word = next.pointee {
      surroundings.append(strdup(word))
      next += 1
    }
    surroundings.append(nil)
    var pid = pid_t()
    let failure = posix_spawn(&pid, "/proc/self/exe", &actions, nil, &words, &surroundings)
    for word in words + surroundings { free(word) }
    posix_spawn_file_actions_destroy(&actions)
    close(ends[1])
    guard failure == 0 else {
      close(ends[0])
      throw .usage("the machine can't be started: \(String(cString: strerror(failure)))")
    }
    children.append(Child(pid: pid, errors: ends[0], target: target))
  }

  /// What machines that have ended since the last call had to say; those that asked for it are started again.
  func complaints() -> [String] {
    var said: [String] = []
    for child in Array(children) {
      var status: Int32 = 0
      guard waitpid(child.pid, &status, WNOHANG) == child.pid else { continue }
      children.removeAll { $0.pid == child.pid }
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let count = max(read(child.errors, &bytes, bytes.count), 0)
      close(child.errors)
      let text = String(decoding: bytes.prefix(count), as: UTF8.self)
      if let flags = Restart.flags(in: text) {
        do { try start(child.target, flags) } catch { said.append(error.description) }
      } else if status != 0 {
        said.append(text.isEmpty ? "The machine has ended unexpectedly." : Self.plain(text))
      }
    }
    return said
  }

  private static func plain(_ text: String) -> String {
    text.split(separator: "\n").map { $0.hasPrefix("heirloom: ") ? String($0.dropFirst(10)) : String($0) }
      .joined(separator: "\n")
  }
}
