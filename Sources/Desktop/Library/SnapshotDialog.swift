import Archive
import Hardware
import PC

/// A machine's snapshots as a tree.
final class SnapshotDialog: Dialog {
  private let entry: LibraryEntry
  private unowned let screen: LibraryScreen
  private let canChange: Bool
  private var tree: [(snapshot: Snapshot, depth: Int)] = []
  private var current: String?
  private var rows = Interface.Rows()
  private var said = ""
  private var trouble = ""
  private var wasCovered = true

  init(_ entry: LibraryEntry, screen: LibraryScreen) {
    (self.entry, self.screen) = (entry, screen)
    canChange = entry.isFree
  }

  private func read() {
    do {
      let file = try entry.open(.reading)
      tree = Snapshot.tree(try file.snapshots())
      let now = try file.summary().current
      if now != current || tree.isEmpty {
        current = now
        rows.chosen = tree.firstIndex { $0.snapshot.name == current } ?? 0
      }
      try file.finish()
    } catch { trouble = error.description }
  }

  private func change(_ body: (MachineFile) throws -> String) {
    (said, trouble) = ("", "")
    do {
      let file = try entry.open(.writing)
      said = try body(file)
      try file.finish()
    } catch { trouble = "\(error)" }
    read()
    screen.refresh()
  }

  func draw(_ interface: Interface) -> Bool {
    if wasCovered, interface.isEnabled { read() }
    wasCovered = !interface.isEnabled
    let room = interface.panel("Snapshots of \(entry.name)", width: 760, height: 560)
    let list = Rectangle(room.x, room.y, room.width, room.height - 68)
    let choice = interface.list(count: tree.count, rowHeight: 64, &rows, list) { [self] index, place in
      SnapshotRow.draw(
        tree[index].snapshot, depth: tree[index].depth, isCurrent: tree[index].snapshot.name == current, place,
        interface.canvas)
    }
    if tree.isEmpty {
      interface.paragraph(
        "There are none yet. A snapshot keeps the whole machine as it is; you can go back to it at any time.",
        list.x + 16, list.y + 14, width: list.width - 32, Interface.Style.dim)
    }
    let idle =
      canChange
      ? "Going back loses nothing: disks that have changed are kept as a snapshot first."
      : "The machine is \(entry.state.text): its own menu takes snapshots and goes back to them."
    let (line, colour) =
      !trouble.isEmpty
      ? (trouble, Interface.Style.danger)
      : !said.isEmpty ? (said, Interface.Style.good) : (idle, Interface.Style.dim)
    interface.canvas.name(line, room.x, room.y + room.height - 60, colour, width: room.width)
    let isOne = canChange && tree.indices.contains(rows.chosen)
    let pressed = interface.buttons(
      [
        Interface.Label("Go back to it", isOn: isOne, look: .main), Interface.Label("Take one...", isOn: canChange),
        Interface.Label("Copy from it...", isOn: isOne), Interface.Label("Delete...", isOn: isOne, look: .danger),
        Interface.Label("Close"),
      ], in: room)
    if isOne {
      let snapshot = tree[rows.chosen].snapshot
      if pressed == 0 || choice == .opened { goBack(snapshot) }
      if pressed == 2 { copy(snapshot, interface) }
      if pressed == 3 || interface.take(.delete) { delete(snapshot, interface) }
    }
    if pressed == 1 { take(interface) }
    return pressed != 4 && !interface.take(.escape)
  }

  private func goBack(_ snapshot: Snapshot) {
    change { file in
      let kept = try file.restore(snapshot)
      return "The next start is from \(snapshot.name)."
        + (kept.map { " The disks until now are kept as \"\($0)\"." } ?? "")
    }
  }

  private func take(_ interface: Interface) {
    interface.show(
      Question(
        "Name of the snapshot", text: SnapshotRow.freeName(tree.map(\.snapshot.name)),
        explanation: "Keeps the machine as it is now: its disks, and what goes on in it if it is suspended.",
        yes: "Take it"
      ) { [unowned self] name in
        guard !tree.contains(where: { $0.snapshot.name == name }) else {
          throw HostError.usage("There is a snapshot of this name already; take another one.")
        }
        change {
          try $0.takeSnapshot(name)
          return "\(name) was taken."
        }
      })
  }

  private func copy(_ snapshot: Snapshot, _ interface: Interface) {
    interface.show(
      CopyDialog(entry, snapshot: snapshot.name) { [unowned self] name, _ in
        let path = try screen.placeForNew(name)
        screen.work(
          "Copying \(entry.name)",
          { [entry] _ in
            let file = try entry.open(.writing)
            try file.clone(to: path, name: name)
            try file.finish()
            let copy = try MachineFile(path: path, machine: name, access: .writing)
            try copy.restore(try copy.snapshot(snapshot.name))
            try copy.finish()
            return "\(name) was made; it starts from snapshot \(snapshot.name)"
          }, then: path)
      })
  }

  private func delete(_ snapshot: Snapshot, _ interface: Interface) {
    let isFrozen = entry.state == .suspended && snapshot.kind == .frozen
    interface.show(
      Notice(
        "Snapshot \(snapshot.name) will be lost for good. Those that came from it stay."
          + (isFrozen ? " It is what the machine goes on from: the next start would be one from power-on." : ""),
        title: "Delete the snapshot?",
        answers: [
          Notice.Answer(label: "Delete for good", look: .danger) { [unowned self] in
            change {
              try $0.delete(snapshot)
              return "\(snapshot.name) was deleted."
            }
          },
          Notice.Answer(label: "Keep it"),
        ]))
  }
}

/// A snapshot as lists show it.
enum SnapshotRow {
  static func draw(_ snapshot: Snapshot, depth: Int, isCurrent: Bool, _ place: Rectangle, _ canvas: Canvas) {
    let x = place.x + 8 + min(depth, 12) * 20
    if depth > 0 {
      canvas.fill(Rectangle(x - 12, place.y, 1, 32), Interface.Style.dim)
      canvas.fill(Rectangle(x - 12, place.y + 32, 10, 1), Interface.Style.dim)
    }
    canvas.picture("\(snapshot.id) \(snapshot.taken)", { snapshot.thumbnail }, in: Rectangle(x, place.y + 4, 74, 56))
    let width = place.x + place.width - x - 94
    canvas.name(
      snapshot.name + (isCurrent ? "  (the machine comes from here)" : ""), x + 86, place.y + 6, Interface.Style.text,
      width: width)
    canvas.name(
      "\(LocalTime.text(snapshot.taken)), \(time(snapshot))", x + 86, place.y + 24, Interface.Style.dim, width: width)
    canvas.name(note(snapshot), x + 86, place.y + 42, Interface.Style.dim, width: width)
  }

  private static func note(_ snapshot: Snapshot) -> String {
    if !snapshot.note.isEmpty { return snapshot.note }
    switch snapshot.kind {
    case .kept: return ""
    case .frozen: return "made when the window was closed"
    case .automatic: return "made before going back"
    }
  }

  private static func time(_ snapshot: Snapshot) -> String {
    guard let time = snapshot.guestTime else { return "disks only, the machine was off" }
    let seconds = time / 1_000_000_000_000
    return seconds < 60
      ? "after running for \(seconds) s"
      : seconds < 3600
        ? "after running for \(seconds / 60) min \(seconds % 60) s"
        : "after running for \(seconds / 3600) h \(seconds / 60 % 60) min"
  }

  /// "snapshot 1", or with the first number that isn't taken.
  static func freeName(_ taken: [String]) -> String {
    let taken = Set(taken)
    return (1...taken.count + 1).map { "snapshot \($0)" }.first { !taken.contains($0) } ?? "snapshot"
  }
}
