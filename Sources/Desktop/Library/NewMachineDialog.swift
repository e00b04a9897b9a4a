import Archive
import Hardware
import PC
import Storage

/// A new machine: a name, what to begin with, its hard disk, and a disk to start from.
final class NewMachineDialog: Dialog {
  private var name: String
  private var hasOwnName = false
  private var image: String?
  private var rows = Interface.Rows(chosen: 1)
  private var diskSize = ""
  private var trouble = ""
  private let then: (MachineFile.Creation, _ starts: Bool) throws -> Void

  init(image: String?, then: @escaping (MachineFile.Creation, _ starts: Bool) throws -> Void) {
    self.image = image
    self.then = then
    name = "my machine"
    if let image { take(image) }
    fillSize()
  }

  private func take(_ path: String) {
    trouble = LibraryScreen.trouble(with: path) ?? ""
    guard trouble.isEmpty else { return }
    image = path
    if !hasOwnName { name = Importer.name(for: path) }
  }

  private var template: Template { Template.all[min(max(rows.chosen, 0), Template.all.count - 1)] }

  private func fillSize() { diskSize = "\(template.diskSize >> 20)" }

  func draw(_ interface: Interface) -> Bool {
    let room = interface.panel("New machine", width: 690, height: 436)
    let canvas = interface.canvas
    let (x, width) = (room.x + 112, room.width - 112)
    func label(_ text: String, _ y: Int) { canvas.text(text, room.x, y + 8, Interface.Style.dim) }
    label("Name", room.y)
    let before = name
    let isDone = interface.field(&name, Rectangle(x, room.y, width, 30))
    if name != before { hasOwnName = true }
    label("Like", room.y + 38)
    let choice = interface.list(
      count: Template.all.count, rowHeight: 38, &rows, Rectangle(x, room.y + 38, width, 192)
    ) { index, place in
      canvas.text(Template.all[index].name, place.x + 8, place.y + 2, Interface.Style.text)
      canvas.name(Template.all[index].summary, place.x + 8, place.y + 19, Interface.Style.dim, width: place.width - 12)
    }
    if choice == .moved { fillSize() }
    label("Hard disk", room.y + 238)
    _ = interface.field(&diskSize, Rectangle(x, room.y + 238, 90, 30), hint: "none")
    canvas.text("MB, empty; nothing here: no hard disk", x + 100, room.y + 246, Interface.Style.dim)
    label("Starts from", room.y + 276)
    let shown = image.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    if interface.button(
      shown ?? "choose a floppy, CD or disk image...", Rectangle(x, room.y + 276, width - 88, 30), isName: true)
    {
      interface.show(
        FileChooser("The disk to start from", .file(FileChooser.all)) { [unowned self] in
          take($0)
          interface.wantedButton = "Make and start"
        })
    }
    if interface.button("None", Rectangle(x + width - 80, room.y + 276, 80, 30), isOn: image != nil) { image = nil }
    if let file = interface.takeDropped() { take(file) }
    let problem = trouble.isEmpty ? sizeTrouble ?? LibraryScreen.trouble(withName: name) : trouble
    if let problem {
      interface.canvas.name(problem, room.x, room.y + 316, Interface.Style.danger, width: room.width)
    }
    let isGood = sizeTrouble == nil && LibraryScreen.trouble(withName: name) == nil
    let pressed = interface.buttons(
      [
        Interface.Label("Make and start", isOn: isGood, look: .main), Interface.Label("Make", isOn: isGood),
        Interface.Label("Cancel"),
      ], in: room)
    if pressed == 2 || interface.take(.escape) { return false }
    guard isDone || pressed != nil || choice == .opened, isGood else { return true }
    do {
      try then(try creation(), pressed != 1)
      return false
    } catch {
      trouble = "\(error)"
      return true
    }
  }

  /// What is wrong with the hard disk's size; nil if nothing is.
  private var sizeTrouble: String? {
    diskSize.isEmpty || Int(diskSize).map { (1...131_072).contains($0) } == true
      ? nil : "The hard disk's size: 1 to 131072 MB, or nothing."
  }

  private func creation() throws -> MachineFile.Creation {
    var configuration = template.configuration
    if let image {
      switch try ImageKind.detect(path: image) {
      case .floppy: configuration.floppy.a = HostPath(path: image)
      case .cdrom: configuration.cdrom.disc = HostPath(path: image)
      case .hardDisk: configuration.disk.hda = HostPath(path: image)
      case .configuration, .machine: throw HostError.usage("\(image): is no disk; Import takes it")
      }
    }
    var creation = MachineFile.Creation(name: name, configuration: configuration)
    creation.diskSize = Int(diskSize).map { $0 << 20 }
    return creation
  }
}

/// A copy of a machine: its name, and whether it is a file of its own.
final class CopyDialog: Dialog {
  private let entry: LibraryEntry
  private let title: String
  private let canLink: Bool
  private var name: String
  private var isLinked = false
  private var trouble = ""
  private let then: (_ name: String, _ isLinked: Bool) throws -> Void

  init(
    _ entry: LibraryEntry, snapshot: String? = nil, then: @escaping (_ name: String, _ isLinked: Bool) throws -> Void
  ) {
    self.entry = entry
    self.then = then
    canLink = snapshot == nil
    title = snapshot.map { "A copy of \(entry.name) as in snapshot \($0)" } ?? "Copy \(entry.name)"
    name = entry.name + " " + (snapshot ?? "copy")
  }

  func draw(_ interface: Interface) -> Bool {
    let room = interface.panel(title, width: 540, height: 250)
    let isDone = interface.field(&name, Rectangle(room.x, room.y, room.width, 32))
    var y = room.y + 42
    if canLink {
      interface.toggle("In the same file, sharing what doesn't change", &isLinked, x: room.x, y: y)
      y += 30
    }
    let text =
      isLinked
      ? "Takes next to no room. The two can't run at the same time, and live and die with one file. Snapshots stay with "
        + "the original."
      : "A file of its own with all disks and snapshots: \(TextLayout.size(entry.size))."
    interface.paragraph(
      trouble.isEmpty ? text : trouble, room.x, y + 4, width: room.width,
      trouble.isEmpty ? Interface.Style.dim : Interface.Style.danger)
    let pressed = interface.buttons(
      [Interface.Label("Copy", isOn: !name.isEmpty, look: .main), Interface.Label("Cancel")], in: room)
    if pressed == 1 || interface.take(.escape) { return false }
    guard isDone || pressed == 0, !name.isEmpty else { return true }
    do {
      try then(name, isLinked)
      return false
    } catch {
      trouble = "\(error)"
      return true
    }
  }
}
