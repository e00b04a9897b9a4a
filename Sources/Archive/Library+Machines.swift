import GRDB
import Glibc
public import PC

extension MachineFile {
  /// The names of all machines of the file: it may hold several, clones that share chunks.
  public func machineNames() throws(HostError) -> [String] {
    try naming(path) { try database.read { try String.fetchAll($0, sql: "SELECT name FROM machine ORDER BY id") } }
  }
}

extension Library {
  /// Gives a machine another name, and its file, if that is called by the old one. `file` is closed afterwards.
  ///
  /// - Returns: the file's path now.
  /// - Throws: `HostError` if the name can't be used or is taken.
  @discardableResult
  public static func rename(_ file: MachineFile, to new: String) throws(HostError) -> String {
    let new = new.hasSuffix(ending) ? String(new.dropLast(ending.count)) : new
    guard !new.isEmpty, !new.contains("/"), !new.contains("#") else {
      throw .usage("\(new): a name without / and # is wanted")
    }
    let old = try file.summary().name
    let others = try file.machineNames()
    guard new == old || !others.contains(new) else {
      throw .usage("\(file.path): has a machine \(new) already; choose another name")
    }
    let isFileToo = name(of: file.path) == old && new != old
    let folder = file.path.lastIndex(of: "/").map { String(file.path[...$0]) } ?? ""
    let path = folder + new + ending
    if isFileToo, isThere(path) { throw .file("\(path): is there already; choose another name") }
    try file.rename(to: new)
    try file.finish()
    guard isFileToo else { return file.path }
    guard Glibc.rename(file.path, path) == 0 else {
      throw .file("\(file.path): can't be renamed: \(HostFiles.reason())")
    }
    return path
  }
}
