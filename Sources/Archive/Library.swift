import Glibc
public import PC

/// Where machines are kept when nobody says where.
public enum Library {
  /// The ending of machine files.
  public static let ending = ".heirloom"

  /// `$HEIRLOOM_HOME`, or the folder `Heirloom` in the person's home.
  public static var folder: String {
    if let folder = getenv("HEIRLOOM_HOME").map({ String(cString: $0) }), !folder.isEmpty { return folder }
    let home = getenv("HOME").map { String(cString: $0) } ?? "."
    return home + "/Heirloom"
  }

  /// The machine file that `name` means, and which machine in it (behind a `#`): a path, a file of this name here, or one
  /// in the library.
  public static func find(_ name: String) -> (path: String, machine: String?) {
    if isThere(name) { return (name, nil) }
    if let hash = name.lastIndex(of: "#") {
      let machine = String(name[name.index(after: hash)...])
      return (find(String(name[..<hash])).path, machine.isEmpty ? nil : machine)
    }
    let file = name.hasSuffix(ending) ? name : name + ending
    if name.contains("/") || isThere(file) { return (isThere(file) ? file : name, nil) }
    let kept = folder + "/" + file
    return (isThere(kept) ? kept : file, nil)
  }

  /// Where a new machine called `name` goes: as said if it is a path or has the ending, otherwise into the library,
  /// whose folder is made if it isn't there.
  ///
  /// - Throws: `HostError.file` if the folder can't be made.
  public static func place(for name: String) throws(HostError) -> String {
    if name.contains("/") || name.hasSuffix(ending) { return name.hasSuffix(ending) ? name : name + ending }
    guard mkdir(folder, 0o777) == 0 || errno == EEXIST else {
      throw .file("\(folder): can't be made: \(HostFiles.reason())")
    }
    return folder + "/" + name + ending
  }

  /// The name of a machine at `path`.
  public static func name(of path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    return file.hasSuffix(ending) ? String(file.dropLast(ending.count)) : file
  }

  /// All machine files in `folder`, by name.
  public static func files(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var files: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(ending), !name.hasPrefix(".") { files.append(folder == "." ? name : folder + "/" + name) }
    }
    return files.sorted()
  }

  /// Whether there is something at `path`.
  static func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// `path` from the root of the host's file system.
  static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") || path.hasPrefix(Medium.prefix) { return path }
    guard let here = getcwd(nil, 0) else { return path }
    defer { free(here) }
    return String(cString: here) + "/" + path
  }
}
