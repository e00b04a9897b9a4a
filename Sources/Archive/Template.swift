public import PC

/// A machine to begin with.
public struct Template: Sendable {
  /// What it is called on the command line.
  public let name: String
  /// What it is for.
  public let summary: String
  /// Bytes of its empty hard disk.
  public let diskSize: Int
  private let settings: [(key: String, values: [String])]

  /// All of them. Of several values the first is taken that this version has.
  public static let all = [
    Template(
      name: "dos-386", summary: "386DX-33, 4 MB, 100 MB disk: DOS programs of about 1990", diskSize: 100 << 20,
      settings: [("cpu.model", ["386dx-33"]), ("memory.size", ["4M"]), ("sound.card", ["sb2", "sb16", "none"])]),
    Template(
      name: "dos-486", summary: "486DX2-66, 16 MB, 500 MB disk, Sound Blaster: DOS games of 1993 to 1996",
      diskSize: 500 << 20,
      settings: [("cpu.model", ["486dx2-66"]), ("memory.size", ["16M"]), ("sound.card", ["sb16", "none"])]),
    Template(
      name: "win31", summary: "486DX-33, 8 MB, 200 MB disk: Windows 3.1", diskSize: 200 << 20,
      settings: [
        ("cpu.model", ["486dx-33"]), ("memory.size", ["8M"]), ("sound.card", ["sb16", "none"]),
        ("video.card", ["et4000", "vga"]),
      ]),
    Template(
      name: "win95", summary: "486DX4-100, 32 MB, 1000 MB disk: Windows 95", diskSize: 1000 << 20,
      settings: [
        ("cpu.model", ["486dx4-100"]), ("memory.size", ["32M"]), ("sound.card", ["sb16", "none"]),
        ("video.card", ["s3", "et4000", "vga"]),
      ]),
    Template(
      name: "win98", summary: "486DX4-100, 64 MB, 2000 MB disk: Windows 98", diskSize: 2000 << 20,
      settings: [
        ("cpu.model", ["486dx4-100"]), ("memory.size", ["64M"]), ("sound.card", ["sb16", "none"]),
        ("video.card", ["s3", "et4000", "vga"]),
      ]),
  ]

  /// The template called `name`.
  ///
  /// - Throws: `HostError.usage` naming those that there are.
  public static func named(_ name: String) throws(HostError) -> Template {
    if let template = all.first(where: { $0.name == name }) { return template }
    let near = nearest(to: name, among: all.map(\.name)).map { "; did you mean \($0)?" } ?? ""
    throw .usage("--template: there is no \(name); there are \(all.map(\.name).joined(separator: ", "))\(near)")
  }

  /// The configuration, without media.
  public var configuration: MachineConfiguration {
    var configuration = MachineConfiguration()
    for (key, values) in settings {
      for value in values where (try? configuration.set(key, to: value)) != nil { break }
    }
    return configuration
  }
}
