import Archive
import ArgumentParser
import Desktop

/// `heirloom library`: all machines in a window.
struct LibraryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "library", abstract: "Show all machines in a window: make, start, copy and delete them.")

  func run() throws { try LibraryWindow().run() }

  /// Whether the person has machines: then they are what the program shows when nothing is asked for.
  static var hasMachines: Bool { [Library.folder, "."].contains { !Library.files(in: $0).isEmpty } }
}
