import Archive
import Glibc
import PC
import Processor

/// A machine as the library shows it.
struct LibraryEntry {
  /// What it does now.
  enum State: Equatable {
    case off
    case suspended
    /// Started from this window.
    case running
    /// Another program has its file.
    case inUse
    /// What is wrong with the file.
    case unreadable(String)

    var text: String {
      switch self {
      case .off: "off"
      case .suspended: "suspended"
      case .running: "running"
      case .inUse: "in use by another program"
      case .unreadable(let reason): reason
      }
    }
  }
  /// Its file.
  var path: String
  /// Which one of its file it is; nil: the only one.
  var machine: String?
  var name: String
  var state: State
  /// "486dx2-66, 16M".
  var parts = ""
  /// When it ran last; nil: never.
  var used: String?
  var size = 0
  var snapshots = 0
  /// The picture of the state that it goes on from, or of its last one.
  var thumbnail: [UInt8]?
  /// Changes when the picture may have.
  var version = ""

  /// What the command line calls it.
  var target: String { machine.map { path + "#" + $0 } ?? path }
  var isReadable: Bool { if case .unreadable = state { false } else { true } }
  /// It is there and nobody has it.
  var isFree: Bool { state == .off || state == .suspended }

  /// Opens its file.
  ///
  /// - Throws: `HostError`.
  func open(_ access: MachineFile.Access) throws(HostError) -> MachineFile {
    try MachineFile(path: path, machine: machine, access: access)
  }

  /// The machines of the file at `path`.
  static func read(_ path: String) -> [LibraryEntry] {
    do {
      let file = try MachineFile(path: path, access: .reading)
      let names = try file.machineNames()
      try file.finish()
      return names.map { LibraryEntry(path, machine: names.count > 1 ? $0 : nil) }
    } catch { return [LibraryEntry(path, machine: nil)] }
  }

  init(_ path: String, machine: String?) {
    self.path = path
    self.machine = machine
    name = machine ?? Library.name(of: path)
    do {
      let isInUse = MachineFile.isRunning(path)
      let file = try MachineFile(path: path, machine: machine, access: .reading)
      let summary = try file.summary()
      name = summary.name
      state = isInUse ? .inUse : summary.frozen == nil ? .off : .suspended
      used = summary.used
      size = try file.sizes().file
      if let configuration = try? file.configuration() {
        parts = "\(configuration.cpu.model.rawValue), \(configuration.memory.size.configurationText)"
      }
      let all = try file.snapshots()
      snapshots = all.count
      let shown = all.last { $0.name == summary.frozen } ?? all.last { $0.thumbnail != nil }
      thumbnail = shown?.thumbnail
      version = "\(path) \(shown?.id ?? 0) \(shown?.taken ?? "")"
      try file.finish()
    } catch { state = .unreadable(error.description.replacing(path + ": ", with: "")) }
  }
}

/// What is known of machine files: one that hasn't changed isn't opened again.
struct LibraryIndex {
  private var known: [String: (stamp: String, entries: [LibraryEntry])] = [:]

  /// All machines of these folders.
  mutating func all(in folders: [String], running: Set<String>) -> [LibraryEntry] {
    var now: [String: (stamp: String, entries: [LibraryEntry])] = [:]
    var all: [LibraryEntry] = []
    var seen = Set<String>()
    for path in folders.flatMap(Library.files) {
      let stamp = Self.stamp(path)
      // The same file, if the library is the current folder.
      guard seen.insert(Self.place(path) ?? path).inserted else { continue }
      let entries = known[path].flatMap { $0.stamp == stamp ? $0.entries : nil } ?? LibraryEntry.read(path)
      now[path] = (stamp, entries)
      all += entries.map { entry in
        var entry = entry
        if entry.state == .inUse, running.contains(entry.target) { entry.state = .running }
        return entry
      }
    }
    known = now
    return all
  }

  /// Differs when the file, its log or its user does.
  private static func stamp(_ path: String) -> String {
    var text = "\(MachineFile.isRunning(path))"
    for suffix in ["", "-wal"] {
      var status = stat()
      guard stat(path + suffix, &status) == 0 else { continue }
      text += " \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) \(status.st_mode)"
    }
    return text
  }

  private static func place(_ path: String) -> String? {
    var status = stat()
    return stat(path, &status) == 0 ? "\(status.st_dev) \(status.st_ino)" : nil
  }
}
