import Archive
import Hardware
import PC

/// The snapshots of a running machine.
final class SnapshotChoice: Dialog {
  private unowned let menu: MachineMenu
  private var tree: [(snapshot: Snapshot, depth: Int)] = []
  private var current: String?
  private var rows = Interface.Rows()
  private var keepsPresent = true
  private var trouble = ""

  init(_ menu: MachineMenu) {
    self.menu = menu
    read()
    rows.chosen = max(count - 1, 0)
  }

  private func read() {
    guard let file = menu.around.file else { return }
    do {
      tree = Snapshot.tree(try file.snapshots())
      current = try file.summary().current
    } catch { trouble = error.description }
  }

  private var kept: [KeptState] { menu.around.status().kept }
  private var count: Int { menu.around.file == nil ? kept.count : tree.count }

  func draw(_ interface: Interface) -> Bool {
    let canvas = interface.canvas
    let room = interface.panel("Snapshots", width: 700, height: 520)
    let list = Rectangle(room.x, room.y, room.width, room.height - 76)
    let choice = interface.list(count: count, rowHeight: 64, &rows, list) { [self] index, place in
      if menu.around.file == nil {
        KeptRow.draw(kept[index], place, canvas)
      } else {
        let (snapshot, depth) = tree[index]
        SnapshotRow.draw(snapshot, depth: depth, isCurrent: snapshot.name == current, place, canvas)
      }
    }
    let y = room.y + room.height - 66
    if trouble.isEmpty {
      interface.toggle("Keep where the machine is now as a snapshot, too", &keepsPresent, x: room.x, y: y)
    } else {
      canvas.name(trouble, room.x, y + 5, Interface.Style.danger, width: room.width)
    }
    let isOne = rows.chosen < count
    let canDelete = isOne && menu.around.file != nil
    let pressed = interface.buttons(
      [
        Interface.Label("Go back to it", isOn: isOne, look: .main),
        Interface.Label("Delete...", isOn: canDelete, look: .danger), Interface.Label("Cancel"),
      ], in: room)
    if pressed == 2 || interface.take(.escape) { return false }
    if canDelete, pressed == 1 || interface.take(.delete) { delete(tree[rows.chosen].snapshot, interface) }
    guard isOne, pressed == 0 || choice == .opened else { return true }
    let name = menu.around.file == nil ? kept[rows.chosen].name : tree[rows.chosen].snapshot.name
    menu.around.send(.restore(name: name, keepingAs: keepsPresent ? presentName(before: name) : nil))
    menu.toggle()
    return false
  }

  private func presentName(before name: String) -> String {
    let taken = Set(menu.snapshots.map(\.name))
    let wanted = "before \(name)"
    guard taken.contains(wanted) else { return wanted }
    return (2...taken.count + 2).map { "\(wanted) \($0)" }.first { !taken.contains($0) } ?? wanted
  }

  private func delete(_ snapshot: Snapshot, _ interface: Interface) {
    interface.show(
      Notice(
        "Snapshot \(snapshot.name) will be lost for good. Those that came from it stay, and so does the machine.",
        title: "Delete the snapshot?",
        answers: [
          Notice.Answer(label: "Delete for good", look: .danger) { [unowned self] in
            do { try menu.around.file?.delete(snapshot) } catch { trouble = "\(error)" }
            read()
          },
          Notice.Answer(label: "Keep it"),
        ]))
  }
}

/// A snapshot in memory as lists show it.
enum KeptRow {
  static func draw(_ state: KeptState, _ place: Rectangle, _ canvas: Canvas) {
    canvas.picture("kept \(state.name) \(state.seconds)", in: Rectangle(place.x + 8, place.y + 4, 74, 56)) {
      state.picture
    }
    canvas.name(state.name, place.x + 94, place.y + 6, Interface.Style.text, width: place.width - 100)
    canvas.name(
      "after running for \(state.seconds) s, until the window closes", place.x + 94, place.y + 24, Interface.Style.dim,
      width: place.width - 100)
  }
}
