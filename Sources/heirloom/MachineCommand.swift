import Archive
import ArgumentParser
import Glibc
import PC
import Processor
import Storage

/// `heirloom machine`: the life of machine files.
struct MachineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "machine", abstract: "Make, look at, copy and keep machine files.",
    discussion: """
      A machine is named by its file (old.heirloom), or by a name alone, which is looked for here and then in the \
      library ($HEIRLOOM_HOME, by default the folder Heirloom in your home).
      """,
    subcommands: [
      Create.self, List.self, Show.self, Edit.self, Clone.self, Rename.self, Delete.self, Export.self, Import.self,
      Verify.self, Measure.self,
    ])

  /// The machine that a command is about.
  struct Which: ParsableArguments {
    @Argument(help: ArgumentHelp("A machine file, or a machine's name.", valueName: "machine")) var name: String

    func open(_ access: MachineFile.Access) throws(HostError) -> MachineFile {
      let (path, machine) = Library.find(name)
      return try MachineFile(path: path, machine: machine, access: access)
    }

    /// The machine if it runs in another process.
    func running() throws(HostError) -> RunningMachine? {
      let (path, machine) = Library.find(name)
      return try RunningMachine(path: path, machine: machine)
    }
  }

  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "create", abstract: "Make a machine.",
      discussion: "Templates: " + Template.all.map { "\($0.name) (\($0.summary))" }.joined(separator: "; ") + ".")
    @Argument(help: "Its name, or the path of its file.") var name: String
    @Option(help: ArgumentHelp("What to begin with.", valueName: "NAME")) var template: String?
    @Option(
      name: .customLong("disk-size"), help: ArgumentHelp("Size of the empty first hard disk.", valueName: "500M"))
    var diskSize: ByteSize?
    @Flag(name: .customLong("attach"), help: "Leave images where they are, instead of taking them into the file.")
    var attach = false
    @Option(help: "A note about it.") var note = ""
    @OptionGroup(title: "Machine") var machine: MachineOptions

    func run() throws {
      let template = try template.map { try Template.named($0) }
      let path = try Library.place(for: name)
      var configuration = template?.configuration ?? MachineConfiguration()
      try machine.apply(to: &configuration)
      var creation = MachineFile.Creation(name: Library.name(of: path), configuration: configuration)
      if let bytes = diskSize?.bytes, !(1 << 20...128 << 30).contains(bytes) || bytes % 512 != 0 {
        throw HostError.usage("--disk-size: whole sectors of 512 bytes from 1M to 128G are wanted")
      }
      creation.diskSize = diskSize?.bytes ?? template?.diskSize
      creation.takesMedia = !attach
      creation.note = note
      try MachineFile.create(path, creation, progress: ProgressLine.make("taking in media"))
      print(path)
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List machines: those of the library and of this folder, or of a folder.")
    @Argument(help: "A folder.") var folder: String?
    @OptionGroup var table: ListCommand.Table

    func run() throws {
      if let folder, !HostFile.isDirectory(folder) {
        throw HostError.file("\(folder): isn't a folder; `heirloom machine show` takes a machine file")
      }
      let folders = folder.map { [$0] } ?? [Library.folder, "."]
      let files = folders.flatMap(Library.files)
      var rows: [[String]] = []
      for path in files {
        do {
          let file = try MachineFile(path: path, access: .reading)
          let summary = try file.summary()
          let configuration = try? file.configuration()
          let parts = configuration.map { "\($0.cpu.model.rawValue), \($0.memory.size.configurationText)" } ?? "?"
          rows.append([
            summary.name, summary.frozen == nil ? "off" : "suspended", parts, summary.used ?? "never",
            Size.text(try file.sizes().file), "\(summary.snapshots)", path,
          ])
          try file.finish()
        } catch { rows.append([Library.name(of: path), "unreadable", "", "", "", "", path]) }
      }
      table.print(["name", "state", "parts", "used", "size", "snapshots", "file"], rows)
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show what a machine is, what it holds and what it can touch.")
    @OptionGroup var which: Which
    @Flag(name: .customLong("json"), help: "As a JSON object.") var json = false

    func run() throws {
      let file = try which.open(.reading)
      let summary = try file.summary()
      let sizes = try file.sizes()
      let configuration = try file.configuration()
      let seal = Seal(configuration)
      let media = try file.media()
      if json {
        var members = [
          ("name", JSON.quoted(summary.name)), ("file", JSON.quoted(file.path)), ("uuid", JSON.quoted(summary.uuid)),
          ("state", JSON.quoted(summary.frozen == nil ? "off" : "suspended")), ("note", JSON.quoted(summary.note)),
          ("created", JSON.quoted(summary.created)), ("used", summary.used.map(JSON.quoted) ?? "null"),
          ("snapshots", "\(summary.snapshots)"), ("fileSize", "\(sizes.file)"), ("contentSize", "\(sizes.bytes)"),
        ]
        members.append(
          (
            "media",
            "["
              + media.map { medium in
                "{\"name\": \(JSON.quoted(medium.name)), \"kind\": \"\(medium.kind.rawValue)\", \"size\": \(medium.size), "
                  + "\"inside\": \(medium.isInside), \"sha256\": "
                  + (medium.sha256.map { "\"\($0)\"" } ?? "null") + "}"
              }.joined(separator: ", ") + "]"
          ))
        members.append(("touches", "[" + seal.lines.map(JSON.quoted).joined(separator: ", ") + "]"))
        members.append(
          (
            "configuration",
            "{"
              + ConfigurationKey.all.map { "\(JSON.quoted($0.name)): \(JSON.quoted($0.get(configuration)))" }
              .joined(separator: ", ") + "}"
          ))
        print("{" + members.map { "\(JSON.quoted($0)): \($1)" }.joined(separator: ",\n ") + "}")
        return
      }
      print("\(summary.name)  (\(file.path))")
      if !summary.note.isEmpty { print(summary.note) }
      print(summary.frozen == nil ? "off; starts from power-on" : "suspended; the next start goes on from there")
      print("made \(summary.created), last used \(summary.used ?? "never")")
      print(
        "\(Size.text(sizes.file)) on disk, \(Size.text(sizes.bytes)) of contents, \(summary.snapshots) snapshots")
      print("\nMedia")
      for medium in media {
        let sum = medium.sha256.map { "  SHA-256 \($0)" } ?? ""
        print(
          "  \(medium.name)  \(medium.kind.rawValue), \(Size.text(medium.size))"
            + "\(medium.isInside ? "" : ", left out of this file")\(sum)")
      }
      if media.isEmpty { print("  none in the file") }
      for reference in try file.references() {
        print("  \(reference.path)  cd, outside of this file  SHA-256 \(reference.sha256)")
      }
      print("\nSeal: what this machine can touch outside of its file")
      for line in seal.lines { print("  " + line) }
      print("\nConfiguration (what differs from the default machine)")
      print(configuration.toml(), terminator: "")
    }
  }

  struct Edit: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "edit", abstract: "Change a machine that is off.",
      discussion: "Images that are newly named are taken into the file, unless --attach is given.")
    @OptionGroup var which: Which
    @Flag(name: .customLong("attach"), help: "Leave images where they are, instead of taking them into the file.")
    var attach = false
    @Option(help: "A note about it.") var note: String?
    @Option(
      name: .customLong("medium"),
      help: ArgumentHelp("Bring back a medium that an export left out; its sum must be right.", valueName: "NAME=IMAGE")
    )
    var media: [String] = []
    @OptionGroup(title: "Machine") var machine: MachineOptions

    func run() throws {
      let file = try which.open(.writing)
      let before = try file.configuration()
      var configuration = before
      try machine.apply(to: &configuration)
      if configuration != before {
        let isOther = !configuration.hardwareDifferences(from: before).isEmpty || configuration.disk != before.disk
        if try file.summary().frozen != nil, isOther {
          throw HostError.usage(
            "\(file.path): is suspended; start it and switch it off first, or `heirloom run --cold` it once")
        }
        try configuration.validate()
        try file.settle(&configuration, attach: attach, progress: ProgressLine.make("taking in media"))
        try file.set(configuration)
        let drives = [configuration.floppy.a, configuration.floppy.b, configuration.cdrom.disc]
        if try file.summary().frozen != nil, drives != [before.floppy.a, before.floppy.b, before.cdrom.disc] {
          print("the machine is suspended; its disks are changed when it goes on")
        }
      }
      if let note { try file.set(note: note) }
      for assignment in media {
        guard let equals = assignment.firstIndex(of: "=") else {
          throw HostError.usage("--medium \(assignment): NAME=IMAGE is wanted")
        }
        try file.bringBack(
          String(assignment[..<equals]), from: String(assignment[assignment.index(after: equals)...]),
          progress: ProgressLine.make("taking in media"))
      }
      try file.finish()
    }
  }
}

/// Sizes for people.
enum Size {
  static func text(_ bytes: Int) -> String {
    if bytes < 1 << 20 { return "\((bytes + 1023) >> 10) KB" }
    let tenths = (bytes * 10 + (1 << 19)) >> 20
    return tenths >= 1000 || tenths % 10 == 0 ? "\(tenths / 10) MB" : "\(tenths / 10).\(tenths % 10) MB"
  }
}

extension ProgressLine {
  /// Shows how far a machine file's long work has come.
  static func make(_ title: String) -> Archive.Progress {
    var line = ProgressLine(title)
    return { done, all in
      line.show(done, of: all)
      if done >= all { line.end() }
    }
  }
}
