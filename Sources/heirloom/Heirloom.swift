import ArgumentParser
import PC

/// The command line. What it promises is in README.md, "Command line".
struct Heirloom: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "heirloom",
    abstract: "A 386 or 486 PC that keeps old systems running.",
    discussion: """
      Without arguments, a window shows all machines, with a built-in one whose disk shows what works. \
      `heirloom disk.img` starts from a floppy image.
      """,
    version: "0.1",
    subcommands: [
      RunCommand.self, LibraryCommand.self, MachineCommand.self, SnapshotCommand.self, ImageCommand.self,
      ListCommand.self,
      VectorsCommand.self, DisassembleCommand.self, MeasureCommand.self,
    ],
    defaultSubcommand: RunCommand.self)
}

@main
enum Program {
  static func main() {
    do {
      var command = try Heirloom.parseAsRoot()
      try command.run()
    } catch {
      ErrorReport.end(with: error)
    }
  }
}
