import ArgumentParser
import Glibc
import PC
import Storage

/// `heirloom image ls`.
struct ImageList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List a directory of a FAT or ISO 9660 image.")

  @Argument(help: "IMG or IMG@N.") var image: String
  @Argument(help: "A directory or a file; the root if left out.") var path = ""
  @Flag(name: .shortAndLong, help: "What is in its directories too.") var recursive = false
  @OptionGroup var table: ListCommand.Table

  func run() throws {
    let rows = try withImages {
      let files = try OpenImage(image, access: .readOnly).files()
      var rows: [[String]] = []
      if let entry = try files.find(path), !entry.isDirectory {
        rows.append(Self.row(entry, entry.name))
      } else {
        try list(files, path, "", 0, &rows)
      }
      return rows
    }
    table.print(["name", "size", "modified", "attributes", "short"], rows)
  }

  private func list(
    _ files: any ImageFiles, _ path: String, _ prefix: String, _ depth: Int, _ rows: inout [[String]]
  ) throws {
    guard depth <= FATVolume.maxDepth else {
      throw HostError.file("\(image): directories hold each other; `heirloom image verify` shows which")
    }
    for entry in try files.entries(path) {
      rows.append(Self.row(entry, prefix + entry.name))
      if recursive, entry.isDirectory {
        try list(files, path + "/" + entry.name, prefix + entry.name + "/", depth + 1, &rows)
      }
    }
  }

  private static func row(_ entry: ImageEntry, _ name: String) -> [String] {
    [
      entry.isDirectory ? name + "/" : name, entry.isDirectory ? "" : "\(entry.size)", entry.modified.text,
      entry.attributes, entry.shortName == entry.name ? "" : entry.shortName,
    ]
  }
}

/// `heirloom image get`.
struct ImageGet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Copy files and directories out of an image.")

  @Argument(help: "IMG or IMG@N.") var image: String
  @Argument(help: "Files or directories in the image; / is all.") var paths: [String]
  @Option(
    name: [.customLong("to"), .customShort("o")],
    help: "A directory of the host, or the name for a single file; - is standard output.")
  var to = "."

  func run() throws {
    try withImages {
      let files = try OpenImage(image, access: .readOnly).files()
      var progress = ProgressLine("get")
      defer { progress.end() }
      for path in paths {
        let parts = path.split { $0 == "/" || $0 == "\\" }.map(String.init)
        if parts.isEmpty {
          try HostTree.makeDirectories(to)
          try copy(files, directory: "", to: to, 0, &progress)
          continue
        }
        guard let entry = try files.find(path) else { throw StorageError.noSuchFile(path: image, file: path) }
        if to == "-", !entry.isDirectory {
          try files.read(path) { bytes in try Self.writeOut(bytes) }
          continue
        }
        let isInto = entry.isDirectory || paths.count > 1 || ((try? HostTree.item(to))?.isDirectory ?? false)
        if isInto { try HostTree.makeDirectories(to) }
        let target = isInto ? to + "/" + Self.hostName(entry.name) : to
        if entry.isDirectory {
          try HostTree.makeDirectory(target)
          try copy(files, directory: path, to: target, 0, &progress)
        } else {
          try copy(files, path, entry, to: target, &progress)
        }
      }
    }
  }

  private func copy(
    _ files: any ImageFiles, directory: String, to target: String, _ depth: Int, _ progress: inout ProgressLine
  ) throws {
    guard depth <= FATVolume.maxDepth else {
      throw HostError.file("\(image): directories hold each other; `heirloom image verify` shows which")
    }
    for entry in try files.entries(directory) {
      let path = directory + "/" + entry.name
      let host = target + "/" + Self.hostName(entry.name)
      if entry.isDirectory {
        try HostTree.makeDirectory(host)
        try copy(files, directory: path, to: host, depth + 1, &progress)
      } else {
        try copy(files, path, entry, to: host, &progress)
      }
    }
  }

  private func copy(
    _ files: any ImageFiles, _ path: String, _ entry: ImageEntry, to target: String, _ progress: inout ProgressLine
  ) throws {
    let output = try HostTree.Output(target)
    var done = 0
    try files.read(path) { bytes in
      try output.write(bytes)
      done += bytes.count
      progress.show(done, of: entry.size)
    }
    HostDate.set(entry.modified, target)
  }

  /// A name from an image as a name of the host: it can't lead to another directory.
  private static func hostName(_ name: String) -> String {
    let safe = String(name.map { $0 == "/" || $0 == "\0" ? "_" : $0 })
    return safe == "." || safe == ".." || safe.isEmpty ? "_" : safe
  }

  private static func writeOut(_ bytes: [UInt8]) throws {
    var done = 0
    while done < bytes.count {
      let put = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress?.advanced(by: done), $0.count - done) }
      if put <= 0 { throw HostError.file("standard output: can't be written (\(HostFiles.reason()))") }
      done += put
    }
  }
}

/// `heirloom image put`.
struct ImagePut: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "put", abstract: "Copy files and directories of the host into a FAT image.")

  @Argument(help: "IMG or IMG@N.") var image: String
  @Argument(help: "Files or directories of the host.") var files: [String]
  @Option(
    name: .customLong("to"), help: "A directory in the image (made if need be), or the new name of a single file.")
  var to = ""

  func run() throws {
    try withImages {
      let volume = try OpenImage(image, access: .writable).fat()
      var items: [(item: HostTree.Item, relative: String)] = []
      for file in files { items += try HostTree.all(try HostTree.item(file)) }
      let total = items.reduce(0) { $0 + $1.item.size }
      let interruption = Interruption()
      var progress = ProgressLine("put")
      defer { progress.end() }
      // A single file may get a new name.
      let there = try volume.entry(to)
      let renames =
        items.count == 1 && !items[0].item.isDirectory && !to.isEmpty && there?.isDirectory != true
        && !to.hasSuffix("/") && !to.hasSuffix("\\")
      if !renames, !to.isEmpty { try volume.makeDirectory(to, modified: HostDate.now) }
      var done = 0
      for (item, relative) in items {
        let target = renames ? to : to + "/" + relative
        let modified = HostDate.fat(item.modified)
        if item.isDirectory {
          try volume.makeDirectory(target, modified: modified)
          continue
        }
        let input = try HostTree.Input(item.path)
        try volume.put(target, size: item.size, modified: modified) { count in
          done += count
          progress.show(done, of: total)
          try interruption.check(image)
          return try input.read(count)
        }
      }
      try volume.flush()
    }
  }
}

/// `heirloom image rm`.
struct ImageRemove: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Remove files and directories from a FAT image.")

  @Argument(help: "IMG or IMG@N.") var image: String
  @Argument(help: "Files or directories in the image.") var paths: [String]
  @Flag(name: .shortAndLong, help: "Directories with what is in them.") var recursive = false

  func run() throws {
    try withImages {
      let volume = try OpenImage(image, access: .writable).fat()
      for path in paths { try volume.remove(path, recursively: recursive) }
      try volume.flush()
    }
  }
}

/// `heirloom image mkdir`.
struct ImageMakeDirectory: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mkdir", abstract: "Make directories in a FAT image, with those above them.")

  @Argument(help: "IMG or IMG@N.") var image: String
  @Argument(help: "Directories.") var paths: [String]

  func run() throws {
    try withImages {
      let volume = try OpenImage(image, access: .writable).fat()
      for path in paths { try volume.makeDirectory(path, modified: HostDate.now) }
      try volume.flush()
    }
  }
}
