import ArgumentParser
import PC
import Storage

/// `heirloom image info`.
struct ImageInfo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Tell what an image is and what is on it.")

  @Argument(help: "IMG or IMG@N.") var image: String
  @OptionGroup var table: ListCommand.Table

  func run() throws {
    let rows = try withImages { try facts() }
    table.print(["what", "value"], rows)
  }

  private func facts() throws -> [[String]] {
    let image = try OpenImage(image, access: .readOnly)
    var rows = [
      ["file", image.path], ["format", image.format], ["size", "\(image.disk.sectorCount * 512)"],
      ["sectors", "\(image.disk.sectorCount)"],
    ]
    if let vhd = image.disk as? VHDStore, let parent = vhd.parent { rows.append(["base", parent.name]) }
    for partition in image.partitions {
      rows.append([
        "partition \(partition.number)",
        "\(partition.typeName), sector \(partition.start), \(partition.sectorCount) sectors"
          + (partition.isActive ? ", active" : ""),
      ])
    }
    let volumes =
      image.partition == nil && image.partitions.count > 1
      ? image.partitions.filter { !$0.isExtended }.map { "\(image.path)@\($0.number)" } : [self.image]
    for name in volumes { try describe(name, prefix: volumes.count > 1 ? "\(name) " : "", &rows) }
    return rows
  }

  private func describe(_ name: String, prefix: String, _ rows: inout [[String]]) throws {
    let files: any ImageFiles
    do { files = try OpenImage(name, access: .readOnly).files() } catch {
      guard case .unsupported = error else { throw error }
      rows.append([prefix + "file system", "none that is known"])
      return
    }
    rows.append([prefix + "file system", files.kind])
    if let label = try files.label() { rows.append([prefix + "label", label]) }
    if let fat = files as? FATVolume {
      if let serial = try fat.serial() { rows.append([prefix + "serial", serial]) }
      rows.append([prefix + "cluster", "\(fat.layout.bytesPerCluster)"])
      rows.append([prefix + "free", "\(try fat.freeBytes()) of \(fat.capacity)"])
    }
  }
}

/// `heirloom image verify`.
struct ImageVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check an image's structure and its file systems; nothing is changed.")

  @Argument(help: "IMG or IMG@N.") var image: String
  @OptionGroup var table: ListCommand.Table

  func run() throws {
    var rows: [[String]] = []
    try withImages {
      let opened = try OpenImage(image, access: .readOnly)
      if let vhd = opened.disk as? VHDStore { rows += try vhd.verify().map { [opened.path, $0] } }
      let names =
        opened.partition == nil && !opened.partitions.isEmpty
        ? opened.partitions.filter { !$0.isExtended }.map { "\(opened.path)@\($0.number)" } : [image]
      for name in names {
        do {
          guard let fat = try OpenImage(name, access: .readOnly).files() as? FATVolume else { continue }
          var progress = ProgressLine("verify")
          let report = try fat.verify { progress.show($0, of: $1) }
          progress.end()
          rows += report.problems.map { [name, $0] }
          if report.problemCount > report.problems.count {
            rows.append([name, "and \(report.problemCount - report.problems.count) more"])
          }
        } catch let error as StorageError {
          if case .unsupported = error { continue }
          rows.append([name, error.description])
        }
      }
    }
    if !rows.isEmpty || table.json { table.print(["image", "problem"], rows) }
    guard rows.isEmpty else { throw HostError.file("\(image): \(rows.count) problems; a copy from before is better") }
    if !table.json { print("\(image): no problem found") }
  }
}
