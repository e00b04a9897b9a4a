import Archive
import Glibc
import PC
import Processor

/// A machine as the library shows it.
struct LibraryEntry {
  var path: String
  var name: String
  /// "off", "suspended", "running", or what is wrong with the file.
  var state: String
  var parts = ""
  var used = ""
  var size = 0
  /// The picture of the state that it goes on from, or of its last one.
  var thumbnail: [UInt8]?
  /// Changes when the picture may have.
  var version = ""
  var isReadable = true
  var isSuspended: Bool { state == "suspended" }
  var isRunning: Bool { state == "running" }

  /// All machines of the library and of the current folder.
  static func all() -> [LibraryEntry] {
    [Library.folder, "."].flatMap(Library.files).map(LibraryEntry.init)
  }

  init(_ path: String) {
    self.path = path
    name = Library.name(of: path)
    do {
      let isRunning = MachineFile.isRunning(path)
      let file = try MachineFile(path: path, access: .reading)
      let summary = try file.summary()
      name = summary.name
      state = isRunning ? "running" : summary.frozen == nil ? "off" : "suspended"
      used = summary.used.map { $0.replacing("T", with: " ").replacing("Z", with: " UTC") } ?? "never used"
      size = try file.sizes().file
      if let configuration = try? file.configuration() {
        parts = "\(configuration.cpu.model.rawValue), \(configuration.memory.size.configurationText)"
      }
      let snapshots = try file.snapshots()
      let shown = snapshots.last { $0.name == summary.frozen } ?? snapshots.last { $0.thumbnail != nil }
      thumbnail = shown?.thumbnail
      version = "\(path) \(shown?.id ?? 0) \(shown?.taken ?? "")"
      try file.finish()
    } catch {
      state = "\(error)"
      isReadable = false
    }
  }
}

/// Machines that were started from the library, each a process of its own.
final class StartedMachines {
  private var children: [(pid: pid_t, errors: Int32)] = []

  deinit { for child in children { close(child.errors) } }

  /// Starts this program with `arguments` beside this process.
  ///
  /// - Throws: `HostError` if the host has no process to give.
  func start(_ arguments: [String]) throws(HostError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw .usage("the host has no pipe to give: \(HostFiles.reason())") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO)
    var words: [UnsafeMutablePointer<CChar>?] = (["heirloom"] + arguments).map { strdup($0) } + [nil]
    var pid = pid_t()
    let failure = posix_spawn(&pid, "/proc/self/exe", &actions, nil, &words, environ)
    for word in words { free(word) }
    posix_spawn_file_actions_destroy(&actions)
    close(ends[1])
    guard failure == 0 else {
      close(ends[0])
      throw .usage("the machine can't be started: \(String(cString: strerror(failure)))")
    }
    children.append((pid, ends[0]))
  }

  /// What machines that have ended badly since the last call had to say.
  func complaints() -> [String] {
    var said: [String] = []
    children.removeAll { child in
      var status: Int32 = 0
      guard waitpid(child.pid, &status, WNOHANG) == child.pid else { return false }
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = max(read(child.errors, &bytes, bytes.count), 0)
      close(child.errors)
      let text = String(decoding: bytes.prefix(count), as: UTF8.self)
      if status != 0 { said.append(text.isEmpty ? "the machine has ended unexpectedly" : text) }
      return true
    }
    return said.map { $0.replacing("heirloom: ", with: "").replacing("\n", with: " ") }
  }
}
