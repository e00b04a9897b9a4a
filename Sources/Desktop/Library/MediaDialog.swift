import Archive
import Hardware
import PC
import Storage

/// What is in the drives of a machine that doesn't run.
final class MediaDialog: Dialog {
  private let entry: LibraryEntry
  private var configuration: MachineConfiguration?
  private var trouble = ""
  private let isSuspended: Bool
  /// Starts the machine with more flags.
  private let start: ([String]) -> Void
  private let work: (String, @escaping @Sendable (@escaping Progress) throws -> String) -> Void
  private var inserting: String?
  private let key: String?
  private var wasCovered = false

  private static let drives = [
    ("Drive A", "floppy.a"), ("Drive B", "floppy.b"), ("CD", "cdrom.disc"), ("Hard disk 1", "disk.hda"),
    ("Hard disk 2", "disk.hdb"), ("Hard disk 4", "disk.hdd"),
  ]

  /// - Parameters:
  ///   - inserting: an image that goes into the drive that it belongs in.
  ///   - key: which drive that is, if it is known.
  init(_ entry: LibraryEntry, screen: LibraryScreen, inserting: String? = nil, key: String? = nil) {
    self.entry = entry
    self.inserting = inserting
    self.key = key
    isSuspended = entry.state == .suspended
    start = { [unowned screen] flags in
      screen.attempt { try screen.started.start(entry.target, flags) }
      screen.status = "\(entry.name) goes on in a window of its own"
    }
    work = { [unowned screen] title, body in screen.work(title, body, then: entry.target) }
    read()
  }

  private func read() {
    do { configuration = try entry.open(.reading).configuration() } catch { trouble = error.description }
  }

  private func value(_ key: String) -> String {
    configuration.flatMap { ConfigurationKey.named(key)?.get($0) } ?? "none"
  }

  /// Has `value` in the drive of `key` from now on.
  private func set(_ key: String, to value: String, _ interface: Interface) {
    trouble = ""
    if isSuspended { return change(key, to: value, interface) }
    let entry = entry
    work("Taking in \(Self.short(value))") { progress in
      let file = try entry.open(.writing)
      var changed = try file.configuration()
      try changed.set(key, to: value)
      try changed.validate()
      try file.settle(&changed, attach: false, progress: progress)
      try file.set(changed)
      try file.finish()
      return value == "none" ? "The drive is empty now" : "\(Self.short(value)) is in \(entry.name)"
    }
  }

  /// A suspended machine's disks are changed as by a person, while it runs.
  private func change(_ key: String, to value: String, _ interface: Interface) {
    let drive = ["floppy.a": "a", "floppy.b": "b", "cdrom.disc": "cdrom"][key]
    guard let drive else {
      trouble = "The machine is suspended: a hard disk can change only when it was switched off."
      return
    }
    let quoted = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    let step = value == "none" ? "eject \(drive)" : "insert \"\(drive)=\(quoted)\""
    interface.show(
      Notice(
        "\(entry.name) is suspended. It goes on now, and the disk is changed as if you had done it by hand.",
        title: "Go on with another disk?",
        answers: [
          Notice.Answer(label: "Go on", look: .main) { [unowned self] in
            start(["--do", step])
            interface.close(self)
          },
          Notice.Answer(label: "Cancel"),
        ]))
  }

  private nonisolated static func short(_ image: String) -> String {
    image == "none" ? "empty" : image.split(whereSeparator: { $0 == "/" || $0 == ":" }).last.map(String.init) ?? image
  }

  func draw(_ interface: Interface) -> Bool {
    if let image = inserting {
      inserting = nil
      insert(image, interface)
    }
    // After work on it the dialog is on top again.
    if interface.isEnabled, wasCovered { read() }
    wasCovered = !interface.isEnabled
    let room = interface.panel("Disks of \(entry.name)", width: 640, height: 400)
    for (row, (label, key)) in Self.drives.enumerated() { drive(label, key, room.y + row * 38, room, interface) }
    let note =
      isSuspended
      ? "The machine is suspended: its drives hold what they held then. Floppies and CDs are changed as it goes on."
      : "Images are taken into the machine's file; the originals aren't changed. Drop a file here to put it in its drive."
    interface.paragraph(
      trouble.isEmpty ? note : trouble, room.x, room.y + 236, width: room.width,
      trouble.isEmpty ? Interface.Style.dim : Interface.Style.danger)
    if let file = interface.takeDropped() { insert(file, interface) }
    return interface.buttons([Interface.Label("Close", look: .main)], in: room) == nil && !interface.take(.escape)
  }

  private func drive(_ label: String, _ key: String, _ y: Int, _ room: Rectangle, _ interface: Interface) {
    let image = value(key)
    let isDisk = key.hasPrefix("disk")
    interface.canvas.text(label, room.x, y + 7, Interface.Style.dim)
    let shown = isSuspended && !isDisk ? "as it was left" : Self.short(image)
    interface.canvas.name(
      shown, room.x + 100, y + 7, image == "none" ? Interface.Style.off : Interface.Style.text, width: 212,
      keepsEnding: true)
    let x = room.x + 320
    if interface.button("Image...", Rectangle(x, y, 92, 30), isOn: !isDisk || !isSuspended) {
      let endings =
        key.hasPrefix("floppy") ? FileChooser.floppies : isDisk ? FileChooser.disks : FileChooser.discs
      interface.show(
        FileChooser("An image for \(label.inSentence)", .file(endings)) { [unowned self] in set(key, to: $0, interface)
        })
    }
    if interface.button(
      "Folder...", Rectangle(x + 98, y, 96, 30), isOn: !key.hasPrefix("floppy") && (!isDisk || !isSuspended))
    {
      interface.show(
        FileChooser("A folder that becomes \(label.inSentence)", .folder) { [unowned self] in
          set(key, to: $0, interface)
        })
    }
    let isFull = isSuspended ? !isDisk : image != "none"
    if interface.button("Empty", Rectangle(x + 200, y, 88, 30), isOn: isFull) { empty(key, label, interface) }
  }

  /// A hard disk in the file isn't taken out without asking.
  private func empty(_ key: String, _ label: String, _ interface: Interface) {
    guard key.hasPrefix("disk") else { return set(key, to: "none", interface) }
    interface.show(
      Notice(
        "\(label) (\(Self.short(value(key)))) is taken out of \(entry.name). Its contents stay in the machine's file, and "
          + "snapshots that have it bring it back.",
        title: "Take it out?",
        answers: [
          Notice.Answer(label: "Take it out", look: .danger) { [unowned self] in set(key, to: "none", interface) },
          Notice.Answer(label: "Cancel"),
        ]))
  }

  /// Puts an image into the drive that it belongs in.
  private func insert(_ image: String, _ interface: Interface) {
    do {
      if let key, !key.isEmpty { return set(key, to: image, interface) }
      let isFolder = HostFile.isDirectory(image)
      switch isFolder ? (key == nil ? .cdrom : .hardDisk) : try ImageKind.detect(path: image) {
      case .floppy: set("floppy.a", to: image, interface)
      case .cdrom: set("cdrom.disc", to: image, interface)
      case .hardDisk:
        let free = ["disk.hda", "disk.hdb", "disk.hdd"].first { value($0) == "none" }
        guard let free else { throw HostError.usage("All places for hard disks are taken; empty one first.") }
        set(free, to: image, interface)
      case .machine, .configuration: throw HostError.usage("\(image): is no disk; Import takes it")
      }
    } catch { trouble = "\(error)" }
  }
}
