import Archive
import Hardware
import PC

/// The machines that there are, and what can be done with them.
final class LibraryScreen {
  private var entries: [LibraryEntry] = []
  private var chosen = 0
  private var offset = 0
  private var dialogs: [any Dialog] = []
  private let started = StartedMachines()
  private let interface: Interface
  /// The window is to be closed.
  private(set) var isOver = false

  init(_ interface: Interface) {
    self.interface = interface
    refresh()
  }

  /// Looks at the machines again.
  func refresh() {
    entries = LibraryEntry.all()
    for text in started.complaints() { dialogs.append(Notice(text)) }
  }

  /// The chosen machine; nil for the built-in one.
  private var entry: LibraryEntry? { entries.indices.contains(chosen - 1) ? entries[chosen - 1] : nil }

  // MARK: Drawing

  func draw() {
    let canvas = interface.canvas
    interface.begin()
    interface.isEnabled = dialogs.isEmpty
    canvas.fill(Rectangle(0, 0, canvas.width, canvas.height), Interface.Style.background)
    canvas.text("Heirloom", 20, 14, Interface.Style.text, size: 2)
    let side = 260
    let listWidth = canvas.width - side - 56
    let choice = interface.list(
      count: entries.count + 1, rowHeight: 84, chosen: &chosen, offset: &offset,
      Rectangle(20, 60, listWidth, canvas.height - 108)
    ) { [self] index, place, _ in row(index, place) }
    details(Rectangle(canvas.width - side - 16, 60, side, canvas.height - 108))
    canvas.text(
      "Arrows choose   Enter starts   Tab goes on   N new machine   Esc closes", 20, canvas.height - 32,
      Interface.Style.dim, width: canvas.width - 40)
    if choice == .opened { start() }
    if dialogs.isEmpty, interface.take(.n) { newMachine() }
    if let file = interface.input.dropped.last, dialogs.isEmpty { newMachine(with: file) }
    if dialogs.isEmpty, interface.take(.escape) { isOver = true }
    drawDialog()
    interface.end()
  }

  private func drawDialog() {
    guard let dialog = dialogs.last else { return }
    interface.isEnabled = true
    // Widgets below were not enabled, so the numbering begins with the dialog's.
    if !dialog.draw(interface) {
      dialogs.removeAll { $0 === dialog }
      interface.startOver()
      refresh()
    }
  }

  private func show(_ dialog: any Dialog) {
    dialogs.append(dialog)
    interface.startOver()
  }

  private func row(_ index: Int, _ place: Rectangle) {
    let canvas = interface.canvas
    let picture = Rectangle(place.x + 8, place.y + 6, 96, 72)
    let x = place.x + 116
    let width = place.width - 128
    guard entries.indices.contains(index - 1) else {
      canvas.picture("built-in", { nil }, in: picture)
      canvas.text("A:\\>_", picture.x + 8, picture.y + 8, 0xFFB0_B0B0)
      canvas.text("The built-in machine", x, place.y + 12, Interface.Style.text, width: width)
      canvas.text("486dx2-66, 16M", x, place.y + 32, Interface.Style.dim, width: width)
      canvas.text("its disk shows what works", x, place.y + 50, Interface.Style.dim, width: width)
      return
    }
    let entry = entries[index - 1]
    canvas.picture(entry.version.isEmpty ? entry.path : entry.version, { entry.thumbnail }, in: picture)
    canvas.text(entry.name, x, place.y + 12, Interface.Style.text, width: width)
    let state = entry.isReadable ? "\(entry.state)  \(entry.parts)" : entry.state
    canvas.text(
      state, x, place.y + 32,
      !entry.isReadable ? Interface.Style.danger : entry.isRunning ? 0xFF7A_C47A : Interface.Style.dim,
      width: width)
    canvas.text("\(Self.size(entry.size))  \(entry.used)", x, place.y + 50, Interface.Style.dim, width: width)
  }

  static func size(_ bytes: Int) -> String {
    bytes < 1 << 20 ? "\((bytes + 1023) >> 10) KB" : "\((bytes + (1 << 19)) >> 20) MB"
  }

  private func details(_ place: Rectangle) {
    let canvas = interface.canvas
    canvas.fill(place, Interface.Style.panel)
    let inner = place.inset(14)
    let picture = Rectangle(inner.x, inner.y, inner.width, inner.width * 3 / 4)
    if let entry {
      canvas.picture(entry.version.isEmpty ? entry.path : entry.version, { entry.thumbnail }, in: picture)
    } else {
      canvas.picture("built-in", { nil }, in: picture)
    }
    var y = picture.y + picture.height + 10
    func button(_ label: String, isOn: Bool = true, danger: Bool = false) -> Bool {
      defer { y += 30 }
      return interface.button(label, Rectangle(inner.x, y, inner.width, 26), isOn: isOn, danger: danger)
    }
    let canChange = entry.map { $0.isReadable && !$0.isRunning } ?? false
    if button(entry?.isSuspended == true ? "Go on" : "Start", isOn: entry == nil || canChange) { start() }
    if let entry {
      if button("Start from power-on", isOn: canChange && entry.isSuspended) { start(["--cold"]) }
      if button("Disks...", isOn: canChange) { show(MediaDialog(entry.path, report: report)) }
      if button("Snapshots...", isOn: entry.isReadable) {
        show(SnapshotDialog(entry.path, canChange: canChange, report: report))
      }
      if button("Copy...", isOn: canChange) { copy(entry) }
      if button("Delete...", isOn: canChange, danger: true) { delete(entry) }
    }
    y += 8
    if button("New machine...") { newMachine() }
    if button("Import...") { importMachine() }
  }

  // MARK: Doing

  private func report(_ error: any Error) { dialogs.append(Notice("\(error)")) }

  private func attempt(_ body: () throws -> Void) {
    do { try body() } catch { report(error) }
    refresh()
  }

  private func start(_ flags: [String] = []) {
    if let entry, !entry.isReadable || entry.isRunning { return }
    attempt { try started.start(["run"] + (entry.map { [$0.path] } ?? []) + flags) }
  }

  private func newMachine(with image: String? = nil) {
    show(
      NewMachineDialog(image: image, push: { [unowned self] in show($0) }) { [unowned self] creation in
        attempt {
          let path = try Library.place(for: creation.name)
          try MachineFile.create(path, creation)
          refresh()
          chosen = (entries.firstIndex { $0.path == path } ?? -1) + 1
        }
      })
  }

  private func importMachine() {
    show(
      FileChooser("Import a machine, a disk image, or a configuration") { [unowned self] source in
        attempt {
          let path = try Library.place(for: Importer.name(for: source))
          let report = try Importer.importMachine(source, to: path)
          dialogs.append(Notice(report.joined(separator: " - ")))
        }
      })
  }

  private func copy(_ entry: LibraryEntry) {
    show(
      Question("Name of the copy", text: entry.name + " copy") { [unowned self] name in
        attempt {
          let file = try MachineFile(path: entry.path, access: .writing)
          try file.clone(to: try Library.place(for: name), name: name)
          try file.finish()
        }
      })
  }

  private func delete(_ entry: LibraryEntry) {
    let count = (try? MachineFile(path: entry.path, access: .reading).summary().snapshots) ?? 0
    show(
      Notice(
        "\(entry.name) with all its disks and \(count) snapshots (\(Self.size(entry.size))) will be lost for good.",
        yes: "Delete"
      ) { [unowned self] in attempt { try MachineFile(path: entry.path, access: .writing).delete() } })
  }
}
