import Archive
import ArgumentParser
import Glibc
import PC

extension MachineCommand {
  struct Clone: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "clone", abstract: "Copy a machine.",
      discussion: """
        By default the clone is a file of its own with all snapshots. A linked clone lives in the same file and shares \
        everything that doesn't change; it is called FILE.heirloom#NAME.
        """)
    @OptionGroup var which: Which
    @Argument(help: "The clone's name, or the path of its file.") var new: String
    @Flag(help: "Within the same file.") var linked = false

    func run() throws {
      let file = try which.open(.writing)
      if linked {
        try file.linkedClone(name: new)
        print("\(file.path)#\(new)")
      } else {
        let path = try Library.place(for: new)
        try file.clone(to: path, name: Library.name(of: path))
        print(path)
      }
      try file.finish()
    }
  }

  struct Rename: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rename", abstract: "Give a machine another name; its file is called by it too.")
    @OptionGroup var which: Which
    @Argument(help: "The new name.") var new: String

    func run() throws {
      print(try Library.rename(try which.open(.writing), to: new))
    }
  }

  struct Delete: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "delete", abstract: "Delete a machine, after asking.")
    @OptionGroup var which: Which
    @Flag(name: [.customShort("y"), .customLong("yes")], help: "Don't ask.") var yes = false

    func run() throws {
      let file = try which.open(.writing)
      let summary = try file.summary()
      let media = try file.media().map(\.name)
      let lost =
        "\(file.path): machine \(summary.name) with \(summary.snapshots) snapshots"
        + (media.isEmpty ? "" : " and its disks (\(media.joined(separator: ", ")))")
      if !yes {
        guard isatty(STDIN_FILENO) != 0 else {
          throw HostError.usage("\(lost) would be lost for good; --yes says that this is meant")
        }
        print("\(lost) will be lost for good. Delete? [y/N] ", terminator: "")
        fflush(nil)
        guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
          try file.finish()
          print("nothing was deleted")
          return
        }
      }
      try file.delete()
    }
  }

  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export", abstract: "Write a machine as one file that needs no other.")
    @OptionGroup var which: Which
    @Argument(help: "The new file.") var output: String
    @Flag(
      name: .customLong("without-media"),
      help: "Leave out disks, CDs and snapshots, which may be under copyright; their sums stay.")
    var withoutMedia = false

    func run() throws {
      let file = try which.open(.writing)
      let output = output.hasSuffix(Library.ending) ? output : output + Library.ending
      let missing = try file.export(
        to: output, withMedia: !withoutMedia, progress: ProgressLine.make("taking in media"))
      for line in missing { ErrorReport.complain(line) }
      try file.finish()
      print(output)
    }
  }

  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import", abstract: "Make a machine of something else.",
      discussion: """
        An exported machine (.heirloom), a disk or floppy image, a configuration (.toml), or the configuration of 86Box \
        or PCem (.cfg) or DOSBox-X (.conf), with a report of what could not be taken over.
        """)
    @Argument(help: "What to import.") var source: String
    @Argument(help: "The machine's name, or the path of its file.") var name: String?
    @Option(help: ArgumentHelp("What to begin with, for disk images.", valueName: "NAME")) var template: String?

    func run() throws {
      let path = try Library.place(for: name ?? Importer.name(for: source))
      let template = try template.map { try Template.named($0) }
      let report = try Importer.importMachine(
        source, to: path, template: template, progress: ProgressLine.make("importing"))
      for line in report { print(line) }
      print(path)
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify", abstract: "Read all of a machine file and compare it with its sums.")
    @OptionGroup var which: Which

    func run() throws {
      let file = try which.open(.reading)
      let complaints = try file.verify(progress: ProgressLine.make("verifying"))
      guard complaints.isEmpty else {
        for line in complaints { print(line) }
        throw HostError.file("\(file.path): \(complaints.count) things are wrong; see above")
      }
      print("\(file.path): all is well")
    }
  }
}
