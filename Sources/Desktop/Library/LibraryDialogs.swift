import Archive
import Hardware
import PC

/// A new machine: a name, what to begin with, and a disk to start from.
final class NewMachineDialog: Dialog {
  private var name = ""
  private var image: String?
  private var chosen = 1
  private var offset = 0
  private let push: (any Dialog) -> Void
  private let then: (MachineFile.Creation) -> Void

  init(
    image: String?, push: @escaping (any Dialog) -> Void, then: @escaping (MachineFile.Creation) -> Void
  ) {
    self.image = image
    self.push = push
    self.then = then
  }

  func draw(_ interface: Interface) -> Bool {
    let room = interface.panel("New machine", width: 640, height: 440)
    let canvas = interface.canvas
    canvas.text("Name", room.x, room.y + 8, Interface.Style.dim)
    let isDone = interface.field(&name, Rectangle(room.x + 120, room.y, room.width - 120, 32), hint: "my 486")
    canvas.text("Begin with", room.x, room.y + 48, Interface.Style.dim)
    let choice = interface.list(
      count: Template.all.count, rowHeight: 40, chosen: &chosen, offset: &offset,
      Rectangle(room.x + 120, room.y + 44, room.width - 120, 200)
    ) { index, place, _ in
      canvas.text(Template.all[index].name, place.x + 8, place.y + 3, Interface.Style.text)
      canvas.text(
        Template.all[index].summary, place.x + 8, place.y + 20, Interface.Style.dim, width: place.width - 16)
    }
    canvas.text("Disk in A:", room.x, room.y + 262, Interface.Style.dim)
    let shown =
      image.map { $0.split(separator: "/").last.map(String.init) ?? $0 } ?? "none; choose a floppy image to start from"
    if interface.button(shown, Rectangle(room.x + 120, room.y + 254, room.width - 120, 32)) {
      push(
        FileChooser("A floppy image for drive A", endings: FileChooser.floppies) { [unowned self] in image = $0 })
    }
    if let file = interface.input.dropped.last { image = file }
    let y = room.y + room.height - 36
    let creates = interface.button("Create", Rectangle(room.x, y, 120, 32), isOn: isNameGood)
    if interface.button("Cancel", Rectangle(room.x + 132, y, 120, 32)) || interface.take(.escape) { return false }
    guard isDone || creates || choice == .opened, isNameGood else { return true }
    let template = Template.all[min(max(chosen, 0), Template.all.count - 1)]
    var configuration = template.configuration
    configuration.floppy.a = HostPath(path: image)
    var creation = MachineFile.Creation(name: name, configuration: configuration)
    creation.diskSize = template.diskSize
    then(creation)
    return false
  }

  private var isNameGood: Bool { !name.isEmpty && !name.contains("/") && !name.contains("#") && !name.hasPrefix(".") }
}

extension FileChooser {
  /// Endings of floppy images.
  static let floppies = [
    ".img", ".ima", ".flp", ".vfd", ".dsk", ".imd", ".td0", ".86f", ".hfe", ".360", ".720", ".144",
  ]
  /// Endings of hard disk images.
  static let disks = [".img", ".ima", ".vhd", ".vmdk", ".qcow2", ".hdd", ".raw"]
}

/// What is in the drives of a machine that is off.
final class MediaDialog: Dialog {
  private let path: String
  private let report: (any Error) -> Void
  private var configuration: MachineConfiguration?
  private var chooser: FileChooser?

  private static let drives = [
    ("Drive A", "floppy.a"), ("Drive B", "floppy.b"), ("Hard disk 1", "disk.hda"), ("Hard disk 2", "disk.hdb"),
    ("CD", "cdrom.disc"),
  ].filter { ConfigurationKey.named($0.1) != nil }

  init(_ path: String, report: @escaping (any Error) -> Void) {
    self.path = path
    self.report = report
    read()
  }

  private func read() {
    do { configuration = try MachineFile(path: path, access: .reading).configuration() } catch { report(error) }
  }

  private func set(_ key: String, to value: String) {
    do {
      let file = try MachineFile(path: path, access: .writing)
      var changed = try file.configuration()
      let before = changed
      try changed.set(key, to: value)
      try changed.validate()
      if try file.summary().frozen != nil, !changed.hardwareDifferences(from: before).isEmpty {
        throw HostError.usage("the machine is suspended: go on with it and switch it off before its hard disks change")
      }
      try file.settle(&changed, attach: false)
      try file.set(changed)
      try file.finish()
    } catch { report(error) }
    read()
  }

  func draw(_ interface: Interface) -> Bool {
    if let chooser {
      if !chooser.draw(interface) {
        self.chooser = nil
        interface.startOver()
      }
      return true
    }
    let room = interface.panel("Disks of \(Library.name(of: path))", width: 640, height: 330)
    for (row, (label, key)) in Self.drives.enumerated() {
      let y = room.y + row * 40
      let image = configuration.flatMap { ConfigurationKey.named(key)?.get($0) } ?? "none"
      interface.canvas.text(label, room.x, y + 8, Interface.Style.dim)
      let shown =
        image == "none"
        ? "empty" : image.split(whereSeparator: { $0 == "/" || $0 == ":" }).last.map(String.init) ?? image
      interface.canvas.text(shown, room.x + 110, y + 8, Interface.Style.text, width: 250)
      if interface.button("Choose...", Rectangle(room.x + 370, y, 110, 32)) {
        let endings =
          key.hasPrefix("floppy") ? FileChooser.floppies : key.hasPrefix("disk") ? FileChooser.disks : [".iso", ".cue"]
        chooser = FileChooser("An image for \(label)", endings: endings) { [unowned self] in set(key, to: $0) }
        interface.startOver()
      }
      if interface.button("Empty", Rectangle(room.x + 490, y, 110, 32), isOn: image != "none") { set(key, to: "none") }
    }
    interface.paragraph(
      "Images are taken into the machine's file; the originals aren't changed.", room.x, room.y + room.height - 68,
      width: room.width, Interface.Style.dim)
    let closes = interface.button("Close", Rectangle(room.x, room.y + room.height - 36, 120, 32))
    return !closes && !interface.take(.escape)
  }
}

/// A machine's snapshots as a tree.
final class SnapshotDialog: Dialog {
  private let path: String
  private let canChange: Bool
  private let report: (any Error) -> Void
  private var rows: [(snapshot: Snapshot, depth: Int)] = []
  private var current: String?
  private var chosen = 0
  private var offset = 0
  private var inner: (any Dialog)?

  init(_ path: String, canChange: Bool, report: @escaping (any Error) -> Void) {
    self.path = path
    self.canChange = canChange
    self.report = report
    read()
  }

  private func read() {
    do {
      let file = try MachineFile(path: path, access: .reading)
      rows = Snapshot.tree(try file.snapshots())
      current = try file.summary().current
      chosen = rows.firstIndex { $0.snapshot.name == current } ?? 0
    } catch { report(error) }
  }

  private func change(_ body: (MachineFile) throws -> Void) {
    do {
      let file = try MachineFile(path: path, access: .writing)
      try body(file)
      try file.finish()
    } catch { report(error) }
    read()
  }

  func draw(_ interface: Interface) -> Bool {
    if let inner {
      if !inner.draw(interface) {
        self.inner = nil
        interface.startOver()
      }
      return true
    }
    let room = interface.panel("Snapshots of \(Library.name(of: path))", width: 720, height: 520)
    let choice = interface.list(
      count: rows.count, rowHeight: 64, chosen: &chosen, offset: &offset,
      Rectangle(room.x, room.y, room.width, room.height - 48)
    ) { [self] index, place, _ in
      SnapshotDialog.row(rows[index], isCurrent: rows[index].snapshot.name == current, place, interface)
    }
    let y = room.y + room.height - 36
    let isOne = canChange && rows.indices.contains(chosen)
    if interface.button("Take one...", Rectangle(room.x, y, 130, 32), isOn: canChange) {
      inner = Question("Name of the snapshot") { [unowned self] name in change { try $0.takeSnapshot(name) } }
      interface.startOver()
    }
    if interface.button("Go back to it", Rectangle(room.x + 140, y, 140, 32), isOn: isOne)
      || (choice == .opened && isOne)
    {
      let snapshot = rows[chosen].snapshot
      change { try $0.restore(snapshot) }
      return false
    }
    if interface.button("Delete...", Rectangle(room.x + 290, y, 110, 32), isOn: isOne, danger: true) {
      let snapshot = rows[chosen].snapshot
      inner = Notice("Snapshot \(snapshot.name) will be lost for good. Those that came from it stay.", yes: "Delete") {
        [unowned self] in change { try $0.delete(snapshot) }
      }
      interface.startOver()
    }
    let closes = interface.button("Close", Rectangle(room.x + room.width - 110, y, 110, 32))
    return !closes && !interface.take(.escape)
  }

  /// One snapshot in a list.
  static func row(
    _ row: (snapshot: Snapshot, depth: Int), isCurrent: Bool, _ place: Rectangle, _ interface: Interface
  ) {
    let canvas = interface.canvas
    let snapshot = row.snapshot
    let x = place.x + 8 + min(row.depth, 12) * 20
    if row.depth > 0 {
      canvas.fill(Rectangle(x - 12, place.y, 1, 32), Interface.Style.line)
      canvas.fill(Rectangle(x - 12, place.y + 32, 10, 1), Interface.Style.line)
    }
    canvas.picture("\(snapshot.id) \(snapshot.taken)", { snapshot.thumbnail }, in: Rectangle(x, place.y + 4, 74, 56))
    canvas.text(
      snapshot.name + (isCurrent ? "  (here)" : ""), x + 86, place.y + 8, Interface.Style.text,
      width: place.width - x - 90 + place.x)
    let time = snapshot.guestTime.map { "running for \($0 / 1_000_000_000_000) s" } ?? "disks only"
    canvas.text(
      "\(snapshot.taken.replacing("T", with: " ").replacing("Z", with: ""))  \(time)", x + 86, place.y + 26,
      Interface.Style.dim, width: place.width - x - 90 + place.x)
    canvas.text(snapshot.note, x + 86, place.y + 43, Interface.Style.dim, width: place.width - x - 90 + place.x)
  }
}
