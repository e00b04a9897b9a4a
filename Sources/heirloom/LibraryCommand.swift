import ArgumentParser
import Desktop

/// `heirloom library`: all machines in a window.
struct LibraryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "library", abstract: "Show all machines in a window: make, start, copy and delete them.")

  func run() throws { try LibraryWindow().run() }
}
