import Glibc

/// Bringing the guest's changes into the folder.
extension FolderDisk {
  /// What a commit has done and hasn't.
  public struct Report: Sendable, Equatable {
    /// Paths written or made.
    public var written: [String] = []
    /// Paths removed.
    public var removed: [String] = []
    /// Left alone, with the reason: somebody has changed the host's file meanwhile.
    public var conflicts: [String] = []
  }

  private struct Change {
    var path: String
    var entry: FATEntry
  }

  /// Compares the guest's files with what was there at attachment and writes what is new or different. A file that has
  /// changed on the host meanwhile is a conflict and left alone. Each file is written beside the old one and then takes
  /// its place.
  ///
  /// - Throws: `unsupported` if the guest's file system isn't whole: nothing is done then; `unwritable`.
  public func commit() throws -> Report {
    let volume = try volume()
    let check = try volume.verify()
    guard check.problems.isEmpty else {
      throw StorageError.unsupported(
        path: name, what: "the guest's file system isn't whole (\(check.problems[0])); let the guest finish writing")
    }
    var report = Report()
    var present: [String: Change] = [:]
    var order: [String] = []
    var waiting = [""]
    while let directory = waiting.popLast() {
      for entry in try volume.list(directory) {
        let path = directory + "/" + entry.name
        guard !entry.name.contains("/"), !entry.name.contains("\0"), entry.name != "..", entry.name != "." else {
          report.conflicts.append("\(path): not a name for the host")
          continue
        }
        present[path.uppercased()] = Change(path: path, entry: entry)
        order.append(path.uppercased())
        if entry.isDirectory { waiting.append(path) }
      }
    }
    var replaced = Set<String>()
    // What is gone first, the deepest first, so that a file may become a directory.
    for key in known.keys.sorted(by: >)
    where present[key].map({ $0.entry.isDirectory != known[key]?.item.isDirectory }) ?? true {
      guard let old = known[key]?.item else { continue }
      if remove(old, &report) {
        replaced.insert(old.path)
        known[key] = nil
      }
    }
    for key in order {
      guard let change = present[key] else { continue }
      // A known file keeps the host's way of writing its name.
      let host = known[key]?.item.path ?? hostPath(change.path)
      if change.entry.isDirectory {
        if known[key] == nil, !HostFile.isDirectory(host) {
          guard mkdir(host, 0o777) == 0 else {
            report.conflicts.append("\(host): can't be made a directory")
            continue
          }
          report.written.append(host)
        }
      } else {
        if let old = known[key], let was = old.entry, was.size == change.entry.size,
          was.modified == change.entry.modified, was.firstCluster == change.entry.firstCluster,
          try !isTouched(change.entry, volume)
        {
          continue
        }
        let now = try HostFolder.item(host, name: change.entry.name)?.item
        guard now?.stamp == known[key]?.item.stamp, now?.size == known[key]?.item.size else {
          report.conflicts.append("\(host): has changed on the host too")
          continue
        }
        try write(change.entry, volume, to: host)
        report.written.append(host)
        replaced.insert(host)
      }
      if let item = try HostFolder.item(host, name: change.entry.name)?.item {
        known[key] = Known(item: item, entry: change.entry)
      }
    }
    if report.conflicts.isEmpty { try committed(replaced) }
    return report
  }

  /// The host's path of a new file: directories that are there already keep the host's way of writing.
  private func hostPath(_ path: String) -> String {
    let parts = path.split(separator: "/").map(String.init)
    var key = ""
    var host = name
    for part in parts {
      key += "/" + part.uppercased()
      host = known[key]?.item.path ?? host + "/" + part
    }
    return host
  }

  private func remove(_ old: HostFolder.Item, _ report: inout Report) -> Bool {
    guard let now = try? HostFolder.item(old.path, name: old.name)?.item else { return true }
    if !old.isDirectory, now.stamp != old.stamp || now.size != old.size {
      report.conflicts.append("\(old.path): removed by the guest, but has changed on the host")
      return false
    }
    guard old.isDirectory ? rmdir(old.path) == 0 : unlink(old.path) == 0 else {
      report.conflicts.append("\(old.path): can't be removed" + (old.isDirectory ? "; it isn't empty on the host" : ""))
      return false
    }
    report.removed.append(old.path)
    return true
  }

  private func write(_ entry: FATEntry, _ volume: FATVolume, to path: String) throws {
    let temporary = path + ".heirloom-new"
    unlink(temporary)
    let file = try HostFile.create(path: temporary, size: entry.size)
    do {
      var at = 0
      try volume.read(entry) { bytes in
        try file.write(bytes, at: at)
        at += bytes.count
      }
      try file.resize(to: entry.size)
      try file.sync()
      guard rename(temporary, path) == 0 else {
        throw StorageError.unwritable(path: path, reason: "the host refuses to put it there")
      }
    } catch {
      unlink(temporary)
      throw error
    }
  }
}
