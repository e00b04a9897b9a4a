import Glibc
import PC

/// What is in a folder of the host.
struct FolderListing {
  /// A file or a folder.
  struct Entry: Equatable {
    var name: String
    var isFolder = false
    var size = 0
    /// Seconds since 1970.
    var modified = 0
  }
  var entries: [Entry] = []
  /// Why there is nothing; nil if the folder could be read.
  var trouble: String?

  /// Reads `folder`. Hidden files aren't shown.
  static func read(_ folder: String) -> FolderListing {
    guard let directory = opendir(folder) else { return FolderListing(trouble: HostFiles.reason()) }
    defer { closedir(directory) }
    var listing = FolderListing()
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      var status = stat()
      guard !name.hasPrefix("."), stat(folder + "/" + name, &status) == 0 else { continue }
      let kind = status.st_mode & S_IFMT
      guard kind == S_IFDIR || kind == S_IFREG else { continue }
      listing.entries.append(
        Entry(
          name: name, isFolder: kind == S_IFDIR, size: Int(status.st_size), modified: Int(status.st_mtim.tv_sec)))
    }
    return listing
  }

  /// What a chooser shows: files with one of `endings` first, then folders, then, if wanted, all other files; of those
  /// only what has `filter` in its name.
  func shown(endings: [String], filter: String, hasAll: Bool) -> [Entry] {
    func rank(_ entry: Entry) -> Int {
      if entry.isFolder { return 1 }
      return endings.isEmpty || endings.contains { entry.name.lowercased().hasSuffix($0) } ? 0 : 2
    }
    let wanted = filter.lowercased()
    return entries.filter { (hasAll || rank($0) < 2) && (wanted.isEmpty || $0.name.lowercased().contains(wanted)) }
      .sorted { (rank($0), $0.name.lowercased(), $0.name) < (rank($1), $1.name.lowercased(), $1.name) }
  }

  /// The folder that `path` is in.
  static func parent(of path: String) -> String {
    path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "/"
  }

  /// `name` in `folder`.
  static func join(_ folder: String, _ name: String) -> String { folder == "/" ? "/" + name : folder + "/" + name }
}
