import Archive
import CSDL2
import Hardware
import PC
import Storage

/// The menu over a running machine's picture: disks, snapshots, speed, sound, text in and out, the buttons of the case.
final class MachineMenu {
  /// What the window itself has to do.
  enum Request {
    case screenshot, copyText, paste, close, fullScreen, nextScaling
    case pause(Bool)
    case speed(Speed)
    /// Starts the machine anew with these flags.
    case restart([String])
  }
  /// What the menu has to know.
  struct Surroundings {
    var configuration: MachineConfiguration
    /// The machine's file; nil: it has none.
    var file: MachineFile?
    /// Whether `Request.restart` can be done.
    var canRestart: Bool
    var send: (Command) -> Void
    var ask: (Request) -> Void
    var status: () -> Status
    var speed: () -> Speed
    var isPaused: () -> Bool
    /// How the picture is fitted into the window.
    var scaling: () -> String
  }
  let interface: Interface
  private let reader: EventReader
  let around: Surroundings
  /// Whether it is there; then keys and mouse are the menu's and not the guest's.
  private(set) var isOpen = false
  /// It shows only a dialog, and goes with it.
  private var isOnlyDialog = false
  private var volume = 0
  private var speedStep = 0

  init(interface: Interface, reader: EventReader, around: Surroundings) {
    (self.interface, self.reader, self.around) = (interface, reader, around)
  }

  /// Opens or closes it.
  func toggle() {
    isOpen.toggle()
    isOnlyDialog = false
    interface.closeAll()
    interface.forget()
    interface.startOver()
    volume = (around.status().volume ?? 0) / 5
    speedStep = Self.speeds.firstIndex { $0 == around.speed() } ?? Self.realTime
    if isOpen { SDL_StartTextInput() } else { SDL_StopTextInput() }
  }

  /// Shows a dialog alone, and goes back to the machine after it.
  func show(_ dialog: any Dialog) {
    if !isOpen { toggle() }
    isOnlyDialog = true
    interface.show(dialog)
  }

  /// Takes an event.
  func read(_ event: SDL_Event) { reader.read(event, into: interface) }

  /// Draws one picture of the menu over what is in the renderer; true if another one has to follow.
  func draw() -> Bool {
    guard isOpen else { return false }
    if isOnlyDialog, !interface.hasDialog {
      toggle()
      return false
    }
    interface.canvas.begin()
    interface.draw { if !isOnlyDialog { menu() } }
    interface.canvas.end()
    return isOpen && interface.hasMore || isOnlyDialog && !interface.hasDialog
  }

  // MARK: The menu

  private static let speeds: [Speed] =
    [10, 25, 50, 75].map { .percent($0) } + [.realtime] + [150, 200, 300, 400].map { .percent($0) } + [.max]
  private static let realTime = 4

  private func menu() {
    let name = around.configuration.machine.name
    let room = interface.panel("\(name) - menu", width: 660, height: 400)
    let left = (room.width - 16) * 55 / 100
    let right = room.width - 16 - left
    disks(Rectangle(room.x, room.y, left, room.height))
    keeping(Rectangle(room.x, room.y + 3 * 36 + 44, left, room.height))
    controls(Rectangle(room.x + left + 16, room.y, right, room.height))
    let state =
      around.file != nil
      ? "A machine of a file: closing the window suspends it."
      : "Not kept: what goes on is gone when the window closes."
    interface.canvas.name(
      state, room.x, room.y + room.height - 58, Interface.Style.dim, width: room.width)
    let pressed = interface.buttons(
      [
        Interface.Label("Back to the machine", look: .main),
        Interface.Label(around.file != nil ? "Suspend and close" : "Close"),
        Interface.Label("Power off...", look: .danger),
      ], in: room)
    switch pressed {
    case 0: toggle()
    case 1: leave { around.ask(.close) }
    case 2:
      confirm("Power off", "switches the machine off, and the window closes") { [around] in around.send(.powerOff) }
    default: break
    }
    // The key that opens it closes it.
    let isKey = interface.input.key.map { $0.key == .m && $0.control } ?? false
    if isOpen, isKey || interface.take(.escape) { toggle() }
    if isOpen, let dropped = interface.takeDropped() { drop(dropped) }
  }

  /// Back to the machine, then `body`.
  private func leave(_ body: () -> Void) {
    if isOpen { toggle() }
    body()
  }

  /// Two buttons of a column; which one was pressed.
  private func pair(
    _ first: Interface.Label, _ second: Interface.Label, _ column: Rectangle, _ y: Int
  ) -> Int? {
    let half = (column.width - 8) / 2
    var pressed: Int?
    for (index, label) in [first, second].enumerated() {
      let place = Rectangle(column.x + index * (half + 8), y, half, 30)
      if interface.button(label.text, place, isOn: label.isOn, look: label.look) { pressed = index }
    }
    return pressed
  }

  private func disks(_ column: Rectangle) {
    let status = around.status()
    for (row, drive) in RemovableDrive.allCases.enumerated() {
      let y = column.y + row * 36
      let name = status.disks[drive]
      let label = drive == .cdrom ? "CD" : drive.rawValue.uppercased()
      interface.canvas.text(label, column.x, y + 7, Interface.Style.dim)
      interface.canvas.name(
        name ?? "empty", column.x + 28, y + 7, name == nil ? Interface.Style.off : Interface.Style.text,
        width: column.width - 28 - 184, keepsEnding: true)
      let x = column.x + column.width - 176
      if interface.button("Insert...", Rectangle(x, y, 96, 30)) { choose(drive) }
      if interface.button("Eject", Rectangle(x + 104, y, 72, 30), isOn: name != nil) {
        leave { around.send(.eject(drive)) }
      }
    }
    let pressed = pair(
      Interface.Label("Host folder..."), Interface.Label("Write it back", isOn: !status.folders.isEmpty), column,
      column.y + 3 * 36)
    if pressed == 0 { chooseFolder() }
    if pressed == 1 { leave { around.send(.commitFolders) } }
  }

  private func choose(_ drive: RemovableDrive) {
    let isDisc = drive == .cdrom
    interface.show(
      FileChooser(
        "An image for \(isDisc ? "the CD-ROM drive" : drive.label)",
        .file(isDisc ? FileChooser.discs : FileChooser.floppies)
      ) { [unowned self] path in leave { around.send(.insert(path: path, drive: drive)) } })
  }

  private func chooseFolder() {
    interface.show(FileChooser("A folder for the machine", .folder) { [unowned self] in askAboutFolder($0) })
  }

  private func keeping(_ column: Rectangle) {
    let status = around.status()
    let canGoBack = around.file != nil || !status.kept.isEmpty
    var y = column.y
    switch pair(
      Interface.Label("Take snapshot..."), Interface.Label("Snapshots...", isOn: canGoBack), column, y)
    {
    case 0: takeSnapshot()
    case 1: interface.show(SnapshotChoice(self))
    default: break
    }
    y += 36
    switch pair(
      Interface.Label("Screenshot"), Interface.Label(status.isRecording ? "Stop recording" : "Record video"), column, y)
    {
    case 0: leave { around.ask(.screenshot) }
    case 1: leave { around.send(.record) }
    default: break
    }
    y += 36
    switch pair(Interface.Label("Type clipboard"), Interface.Label("Copy text"), column, y) {
    case 0: leave { around.ask(.paste) }
    case 1: leave { around.ask(.copyText) }
    default: break
    }
  }

  private func controls(_ column: Rectangle) {
    let canvas = interface.canvas
    var y = column.y
    canvas.text("Speed", column.x, y, Interface.Style.dim)
    canvas.text(Self.speeds[speedStep].label, column.x + 56, y, Interface.Style.text)
    if interface.slider(&speedStep, most: Self.speeds.count - 1, Rectangle(column.x, y + 18, column.width, 26)) {
      around.ask(.speed(Self.speeds[speedStep]))
    }
    y += 52
    let isPaused = around.isPaused()
    switch pair(Interface.Label(isPaused ? "Go on" : "Pause"), Interface.Label("Real time"), column, y) {
    case 0: leave { around.ask(.pause(!isPaused)) }
    case 1:
      speedStep = Self.realTime
      around.ask(.speed(.realtime))
    default: break
    }
    y += 40
    let status = around.status()
    canvas.text("Sound", column.x, y, Interface.Style.dim)
    canvas.text(
      status.volume == nil ? "no sound device" : status.isMuted ? "off" : "\(volume * 5) %", column.x + 56, y,
      Interface.Style.text)
    if interface.slider(&volume, most: 20, Rectangle(column.x, y + 18, column.width, 26)) {
      around.send(.volume(volume * 5))
    }
    y += 52
    switch pair(
      Interface.Label(status.isMuted ? "Sound on" : "Mute", isOn: status.volume != nil), Interface.Label("Full screen"),
      column, y)
    {
    case 0: around.send(.mute(!status.isMuted))
    case 1: leave { around.ask(.fullScreen) }
    default: break
    }
    y += 36
    if interface.button("Picture: \(around.scaling())", Rectangle(column.x, y, column.width, 30)) {
      around.ask(.nextScaling)
    }
    y += 36
    switch pair(Interface.Label("Ctrl+Alt+Del"), Interface.Label("Reset...", look: .danger), column, y) {
    case 0:
      let keys: [Key] = [.leftControl, .leftAlt, .delete]
      leave {
        for key in keys { around.send(.input(.key(key, pressed: true))) }
        for key in keys.reversed() { around.send(.input(.key(key, pressed: false))) }
      }
    case 1: confirm("Reset", "starts the machine anew, as its reset button does") { [around] in around.send(.reset) }
    default: break
    }
  }

  private func confirm(_ what: String, _ effect: String, _ body: @escaping () -> Void) {
    interface.show(
      Notice(
        "This \(effect). What programs in it haven't saved is lost.", title: "\(what)?",
        answers: [
          Notice.Answer(label: what, look: .danger) { [unowned self] in leave(body) }, Notice.Answer(label: "Cancel"),
        ]))
  }

  private func takeSnapshot() {
    let taken = snapshots.map(\.name)
    interface.show(
      Question(
        "Name of the snapshot", text: SnapshotRow.freeName(taken),
        explanation: around.file != nil
          ? "Keeps the whole machine as it is now, in its file." : "Keeps the machine until its window closes.",
        yes: "Take it"
      ) { [unowned self] name in
        guard !taken.contains(name) else {
          throw HostError.usage("There is a snapshot of this name already; take another one.")
        }
        leave { around.send(.snapshot(name: name, note: "")) }
      })
  }

  /// What can be gone back to.
  var snapshots: [(name: String, depth: Int)] {
    guard let file = around.file else { return around.status().kept.map { ($0.name, 0) } }
    return Snapshot.tree((try? file.snapshots()) ?? []).map { ($0.snapshot.name, $0.depth) }
  }

  // MARK: Dropped files

  /// What to do with a file or folder that was dropped on the machine.
  func drop(_ path: String) {
    if HostFile.isDirectory(path) { return askAboutFolder(path) }
    if isOpen { toggle() }
    around.send(.insert(path: path, drive: nil))
  }

  /// How a folder comes into the machine.
  func askAboutFolder(_ path: String) {
    let key = freeDisk
    var text =
      "As a CD it is there at once and can be read. Inserting it again shows what has changed."
    var answers = [
      Notice.Answer(label: "As a CD", look: .main) { [unowned self] in
        leave { around.send(.insert(path: path, drive: .cdrom)) }
      }
    ]
    if let key, around.canRestart {
      text +=
        "\n\nAs a hard disk it can be written, too; \"Write it back\" brings changes into the folder. A hard disk goes into a "
        + "machine that is off: it is switched off and on again, and what programs in it haven't saved is lost."
      answers.append(
        Notice.Answer(label: "As a hard disk") { [unowned self] in
          leave { around.ask(.restart((around.file != nil ? ["--cold"] : []) + ["--\(key)", path])) }
        })
    } else if let key {
      text += "\n\nAs a hard disk it can be had, too, when the machine is started with --\(key) \(path)"
    }
    answers.append(Notice.Answer(label: "Cancel"))
    let dialog = Notice(text, title: path.split(separator: "/").last.map(String.init) ?? path, answers: answers)
    if isOpen { interface.show(dialog) } else { show(dialog) }
  }

  /// The flag of the first place for a hard disk that is free.
  private var freeDisk: String? {
    let disk = around.configuration.disk
    if disk.hda.path == nil { return "hda" }
    if disk.hdb.path == nil { return "hdb" }
    return disk.hdc.path != nil && disk.hdd.path == nil ? "hdd" : nil
  }
}
