import Archive
import Hardware
import PC

/// The machines that there are, and what can be done with them.
final class LibraryScreen {
  var entries: [LibraryEntry] = []
  var rows = Interface.Rows()
  let started: StartedMachines
  /// Where new machines go.
  let folder: String
  let interface: Interface
  private var index = LibraryIndex()
  private let preview: BuiltInPreview?
  /// What was done last, at the bottom.
  var status = ""
  /// The window is to be closed.
  private(set) var isOver = false

  init(
    _ interface: Interface, started: StartedMachines = StartedMachines(), folder: String = Library.folder,
    hasPreview: Bool = true
  ) {
    self.interface = interface
    self.folder = folder
    self.started = started
    preview = hasPreview ? BuiltInPreview() : nil
    refresh()
  }

  /// Looks at the machines again.
  func refresh() {
    let before = entry?.target
    let running = started.targets
    for text in started.complaints() { interface.show(Notice(text, title: "A machine couldn't go on")) }
    // What was said of one that has ended is no longer so.
    if started.targets != running { status = "" }
    entries = index.all(in: [folder, "."], running: started.targets)
    choose(before)
  }

  /// The chosen machine; nil for the built-in one.
  var entry: LibraryEntry? { entries.indices.contains(rows.chosen - 1) ? entries[rows.chosen - 1] : nil }

  /// Goes to the machine `target`, if it is there.
  func choose(_ target: String?) {
    guard let target else { return }
    rows.chosen = (entries.firstIndex { $0.target == target } ?? rows.chosen - 1) + 1
  }

  // MARK: Drawing

  private static let side = 268

  func draw() {
    let canvas = interface.canvas
    let (width, height) = (canvas.width, canvas.height)
    canvas.fill(Rectangle(0, 0, width, height), Interface.Style.background)
    canvas.text("Heirloom", 20, 12, Interface.Style.text, size: 2)
    let list = Rectangle(16, 56, width - Self.side - 44, height - 56 - 36)
    let chosen = rows.chosen
    let choice = interface.list(count: entries.count + 1, rowHeight: 84, &rows, list) { [self] index, place in
      row(index, place, isChosen: index == chosen)
    }
    if entries.isEmpty { welcome(Rectangle(list.x, list.y + 100, list.width, list.height - 100)) }
    details(Rectangle(width - Self.side - 16, 56, Self.side, height - 56 - 36))
    let top = ["Start a disk...", "New machine...", "Import..."].map { Interface.Label($0) }
    let pressed = interface.buttons(top, x: width - 16 - Interface.width(of: top), y: 14, height: 30)
    canvas.name(
      status.isEmpty
        ? "Enter starts. Tab goes round. N new machine, D start a disk, Ctrl+Q close" : status,
      16, height - 26, status.isEmpty ? Interface.Style.dim : Interface.Style.good, width: width - 32)
    if choice == .moved { status = "" }
    if choice == .opened { start() }
    switch pressed {
    case 0: startDisk()
    case 1: newMachine()
    case 2: importMachine()
    default: break
    }
    if interface.takeLetter("n") { newMachine() }
    if interface.takeLetter("d") { startDisk() }
    if interface.take(.delete), let entry, entry.isFree { delete(entry) }
    if interface.take(.f2), let entry, entry.isFree { rename(entry) }
    if interface.take(.f5) { refresh() }
    if let file = interface.takeDropped() { dropped(file) }
    if let pressed = interface.input.key, pressed.control, pressed.key == .q { isOver = true }
  }

  private func welcome(_ place: Rectangle) {
    guard place.height > 120 else { return }
    let lines = [
      "Machines that you keep appear here.", "",
      "To begin: drop a floppy, CD or hard disk image on this window, or press D to start one at once.", "",
      "N makes a machine that stays, with a hard disk of its own. Enter starts the built-in one, which shows what works.",
    ]
    interface.paragraph(
      lines.joined(separator: "\n"), place.x + 20, place.y + 8, width: place.width - 40, Interface.Style.dim)
  }

  private func row(_ index: Int, _ place: Rectangle, isChosen: Bool) {
    let canvas = interface.canvas
    let picture = Rectangle(place.x + 8, place.y + 6, 96, 72)
    let x = place.x + 116
    let width = place.width - 124
    guard entries.indices.contains(index - 1) else {
      builtIn(picture)
      canvas.name("The built-in machine", x, place.y + 12, Interface.Style.text, width: width)
      canvas.name("486dx2-66, 16M", x, place.y + 32, Interface.Style.dim, width: width)
      canvas.name("its disk shows what works", x, place.y + 50, Interface.Style.dim, width: width)
      return
    }
    let entry = entries[index - 1]
    thumbnail(entry, picture)
    canvas.name(entry.name, x, place.y + 12, Interface.Style.text, width: width)
    let colour = isChosen ? Interface.Style.text : Self.colour(entry.state)
    canvas.name(entry.state.text, x, place.y + 32, colour, width: width)
    let parts = entry.parts.isEmpty ? entry.path : "\(entry.parts), \(TextLayout.size(entry.size))"
    let used = entry.used.map { ", " + LocalTime.text($0) } ?? ""
    canvas.name(parts + used, x, place.y + 50, Interface.Style.dim, width: width)
  }

  private static func colour(_ state: LibraryEntry.State) -> Colour {
    switch state {
    case .off: Interface.Style.dim
    case .suspended: Interface.Style.accent
    case .running: Interface.Style.good
    case .inUse, .unreadable: Interface.Style.danger
    }
  }

  private func thumbnail(_ entry: LibraryEntry, _ place: Rectangle) {
    interface.canvas.picture(entry.version.isEmpty ? entry.path : entry.version, { entry.thumbnail }, in: place)
    guard entry.thumbnail == nil else { return }
    interface.canvas.text(
      "no picture", place.x + (place.width - 80) / 2, place.y + (place.height - 16) / 2, Interface.Style.off)
  }

  private func builtIn(_ place: Rectangle) {
    let isThere = interface.canvas.picture("built-in", in: place) { preview?.frame }
    if preview?.isReady == false { interface.isBusy = true }
    if !isThere, place.width < 120 { interface.canvas.text("A:\\>_", place.x + 8, place.y + 8, Interface.Style.dim) }
  }

  private func details(_ place: Rectangle) {
    let canvas = interface.canvas
    canvas.fill(place, Interface.Style.panel)
    let inner = place.inset(12)
    // What room the buttons leave.
    let pictureHeight = min(inner.width * 3 / 4, max(inner.height - 282, 60))
    let picture = Rectangle(
      inner.x + (inner.width - pictureHeight * 4 / 3) / 2, inner.y, pictureHeight * 4 / 3, pictureHeight)
    var y = picture.y + picture.height + 8
    guard let entry else {
      builtIn(picture)
      canvas.name("The built-in machine", inner.x, y, Interface.Style.text, width: inner.width)
      interface.paragraph(
        "It isn't kept: what you do in it is gone when its window closes.", inner.x, y + 22, width: inner.width,
        Interface.Style.dim)
      if interface.button("Start", Rectangle(inner.x, y + 84, inner.width, 30), look: .main) { start() }
      return
    }
    thumbnail(entry, picture)
    canvas.name(entry.name, inner.x, y, Interface.Style.text, width: inner.width)
    canvas.name(
      "used \(entry.used.map { LocalTime.text($0) } ?? "never"), \(TextLayout.count(entry.snapshots, "snapshot"))",
      inner.x, y + 18,
      Interface.Style.dim, width: inner.width)
    y += 42
    guard entry.isReadable else {
      interface.paragraph(entry.state.text, inner.x, y, width: inner.width, Interface.Style.danger)
      return
    }
    let half = (inner.width - 8) / 2
    func wide(_ label: String, isOn: Bool = true, look: Interface.Look = .plain) -> Bool {
      defer { y += 34 }
      return interface.button(label, Rectangle(inner.x, y, inner.width, 30), isOn: isOn, look: look)
    }
    func pair(_ left: String, _ right: String, isOn: Bool, second: Interface.Look = .plain) -> Int? {
      defer { y += 34 }
      let first = interface.button(left, Rectangle(inner.x, y, half, 30), isOn: isOn)
      let other = interface.button(right, Rectangle(inner.x + half + 8, y, half, 30), isOn: isOn, look: second)
      return first ? 0 : other ? 1 : nil
    }
    if wide(entry.state == .suspended ? "Go on" : "Start", isOn: entry.isFree, look: .main) { start() }
    if wide("Start from power-on", isOn: entry.state == .suspended) { start(cold: true) }
    if wide("Disks...", isOn: entry.isFree) { interface.show(MediaDialog(entry, screen: self)) }
    if wide("Snapshots...") { interface.show(SnapshotDialog(entry, screen: self)) }
    switch pair("Copy...", "Rename...", isOn: entry.isFree) {
    case 0: copy(entry)
    case 1: rename(entry)
    default: break
    }
    switch pair("Export...", "Delete...", isOn: entry.isFree, second: .danger) {
    case 0: export(entry)
    case 1: delete(entry)
    default: break
    }
  }
}
