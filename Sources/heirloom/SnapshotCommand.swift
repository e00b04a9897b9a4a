import Archive
import ArgumentParser
import Glibc
import PC

/// `heirloom snapshot`: the states that a machine file keeps.
struct SnapshotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot", abstract: "Keep the states of a machine, and go back to them.",
    discussion: """
      Of machines that run, too: the process in which they do keeps its state, or goes back to one, while it goes on.
      """,
    subcommands: [Take.self, List.self, Restore.self, Delete.self, Show.self])

  struct Take: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "take", abstract: "Keep a machine as it is: its disks, and its state if it is suspended.")
    @OptionGroup var which: MachineCommand.Which
    @Argument(help: "The snapshot's name.") var name: String
    @Option(help: "A note about it.") var note = ""

    func run() throws {
      if let running = try which.running(), try running.takeSnapshot(name, note: note) { return }
      let file = try which.open(.writing)
      try file.takeSnapshot(name, note: note)
      try file.finish()
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List a machine's snapshots as a tree.")
    @OptionGroup var which: MachineCommand.Which
    @OptionGroup var table: ListCommand.Table

    func run() throws {
      let file = try which.open(.reading)
      let all = try file.snapshots()
      let current = try file.summary().current
      var rows: [[String]] = []
      for (snapshot, depth) in Snapshot.tree(all) {
        let indent = table.json ? "" : String(repeating: "  ", count: min(depth, 20))
        let parent = all.first { $0.id == snapshot.parent }?.name ?? ""
        let row = [indent + snapshot.name, SnapshotCommand.state(snapshot), snapshot.taken]
        let here = snapshot.name == current ? "current" : ""
        rows.append(
          table.json
            ? ["\(snapshot.id)"] + row + [parent, here, snapshot.kind.rawValue, snapshot.note]
            : row + [here, snapshot.note])
      }
      table.print(
        table.json
          ? ["id", "name", "state", "taken", "parent", "current", "kind", "note"]
          : ["name", "state", "taken", "current", "note"], rows)
    }
  }

  static func state(_ snapshot: Snapshot) -> String {
    guard let time = snapshot.guestTime else { return "disks only" }
    return "running for \(Double(time / 1_000_000_000_00) / 10)s"
  }

  struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "restore", abstract: "Go back to a snapshot: the next start goes on from there.")
    @OptionGroup var which: MachineCommand.Which
    @Argument(help: "The snapshot's name or number.") var name: String

    func run() throws {
      if let running = try which.running(), try running.restore(name) { return }
      let file = try which.open(.writing)
      if let kept = try file.restore(try file.snapshot(name)) {
        print("the disks as they were until now are kept as snapshot \"\(kept)\"")
      }
      try file.finish()
    }
  }

  struct Delete: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "delete", abstract: "Forget a snapshot; those that came from it stay.")
    @OptionGroup var which: MachineCommand.Which
    @Argument(help: "The snapshot's name or number.") var name: String

    func run() throws {
      if let running = try which.running(), try running.delete(name) { return }
      let file = try which.open(.writing)
      try file.delete(try file.snapshot(name))
      try file.finish()
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show a snapshot; write its picture to a file.")
    @OptionGroup var which: MachineCommand.Which
    @Argument(help: "The snapshot's name or number.") var name: String
    @Option(help: ArgumentHelp("Write its picture there.", valueName: "FILE.png")) var picture: String?
    @Flag(name: .customLong("json"), help: "As a JSON object.") var json = false

    func run() throws {
      let file = try which.open(.reading)
      let snapshot = try file.snapshot(name)
      if let picture {
        guard let png = snapshot.thumbnail else {
          throw HostError.usage("\(name): was taken while the machine was off; there is no picture")
        }
        try HostFiles.write(png, to: picture)
      }
      let members = [
        ("name", snapshot.name), ("number", "\(snapshot.id)"), ("kind", snapshot.kind.rawValue),
        ("state", SnapshotCommand.state(snapshot)), ("taken", snapshot.taken), ("note", snapshot.note),
        ("hash", snapshot.stateHash ?? ""), ("program", snapshot.program),
      ]
      if json {
        print("{" + members.map { "\(JSON.quoted($0)): \(JSON.quoted($1))" }.joined(separator: ",\n ") + "}")
      } else {
        for (name, value) in members where !value.isEmpty { print("\(name): \(value)") }
      }
    }
  }
}
