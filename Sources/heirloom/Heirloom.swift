import ArgumentParser
import Glibc
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
    openStandardStreams()
    do {
      var command = try Heirloom.parseAsRoot()
      try command.run()
      guard fflush(nil) == 0 else { throw HostError.file("standard output: can't be written (\(HostFiles.reason()))") }
    } catch {
      ErrorReport.end(with: error)
    }
  }

  /// A standard stream that is closed becomes /dev/null. Otherwise the next file that is opened, perhaps a disk image,
  /// would get its number and the text that belongs there.
  private static func openStandardStreams() {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY)
    }
  }
}
