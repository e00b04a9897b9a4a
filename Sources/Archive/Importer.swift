public import PC
import Storage

/// Machines out of what other programs keep.
public enum Importer {
  /// What a machine made of `source` is called when nobody says.
  public static func name(for source: String) -> String {
    let parts = source.split(separator: "/")
    let file = parts.last.map(String.init) ?? "machine"
    let name = file.lastIndex(of: ".").map { $0 == file.startIndex ? file : String(file[..<$0]) } ?? file
    // 86Box keeps each machine in a folder of its own, in a file that is always called so.
    return file == "86box.cfg" ? parts.dropLast().last.map(String.init) ?? "machine" : name
  }

  /// Makes a machine file at `path` of `source`.
  ///
  /// - Returns: what was and what was not taken over, a line each.
  /// - Throws: `HostError`.
  public static func importMachine(
    _ source: String, to path: String, template: Template? = nil, progress: Progress? = nil
  ) throws(HostError) -> [String] {
    guard Library.isThere(source) else { throw .file("\(source): no such file; check the name") }
    if source.hasSuffix(Library.ending) {
      let file = try MachineFile(path: source, access: .reading)
      let complaints = try file.verify(progress: progress)
      guard complaints.isEmpty else {
        throw .file("\(source): is damaged: \(complaints[0]); `heirloom machine verify` lists all that is")
      }
      try file.copy(to: path, isAlone: false) { _ in }
      let (old, new) = (try file.summary().name, Library.name(of: path))
      // It is called by its file here, unless a clone in the file has that name.
      guard new != old, try !file.machineNames().contains(new) else { return ["took in machine \(old)"] }
      let copy = try MachineFile(path: path, access: .writing)
      try copy.rename(to: new)
      try copy.finish()
      return ["took in machine \(old) as \(new)"]
    }
    // 86Box keeps a machine in a folder of its own.
    let file = Library.isThere(source + "/86box.cfg") ? source + "/86box.cfg" : source
    if file.hasSuffix(".cfg") || file.hasSuffix(".conf") {
      let foreign = try ForeignConfiguration(try HostFiles.text(file), path: file)
      var creation = MachineFile.Creation(name: Library.name(of: path), configuration: foreign.configuration)
      creation.note = "imported from \(file)"
      try MachineFile.create(path, creation, progress: progress)
      return foreign.report
    }
    var configuration = template?.configuration ?? MachineConfiguration()
    var report: [String] = []
    if source.hasSuffix(".toml") {
      try configuration.apply(toml: try HostFiles.text(source), path: source)
      report.append("took over the configuration \(source) with its images")
    } else {
      switch try kind(of: source) {
      case .floppy:
        configuration.floppy.a = HostPath(path: source)
        report.append("took in the floppy disk \(source); it is in drive A")
      case .cd:
        configuration.cdrom.disc = HostPath(path: source)
        report.append("took in the CD \(source)")
      case .disk:
        configuration.disk.hda = HostPath(path: source)
        report.append("took in the hard disk \(source) (\(try format(of: source))) as the first one")
      }
    }
    var creation = MachineFile.Creation(name: Library.name(of: path), configuration: configuration)
    creation.diskSize = configuration.disk.hda.path == nil ? template?.diskSize : nil
    try MachineFile.create(path, creation, progress: progress)
    return report
  }

  private static func kind(of source: String) throws(HostError) -> Medium.Kind {
    if HostFile.isDirectory(source) { return .disk }
    do {
      switch try ImageKind.detect(path: source) {
      case .floppy: return .floppy
      case .cdrom: return .cd
      case .configuration, .machine, .hardDisk: return .disk
      }
    } catch StorageError.unknownKind {
      // A disk without a partition table, or in a format that isn't told by its first sector.
      return .disk
    } catch { throw .file(error.description) }
  }

  private static func format(of source: String) throws(HostError) -> String {
    do { return try DiskFormat.open(path: source, access: .readOnly).formatName } catch {
      throw .file(error.description)
    }
  }
}
