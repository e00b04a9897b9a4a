import Archive
import CSDL2
import Hardware
import PC

/// The menu over a running machine's picture: disks, snapshots, speed, text in and out, the buttons of the case.
final class MachineMenu {
  private let interface: Interface
  private let reader: EventReader
  private let file: MachineFile?
  private let send: (Command) -> Void
  private var dialogs: [any Dialog] = []
  /// Whether it is there; then keys and mouse are the menu's and not the guest's.
  private(set) var isOpen = false
  /// What the window itself has to do.
  enum Request {
    case screenshot, copyText, paste, close, speed(Speed)
  }
  private let ask: (Request) -> Void

  /// - Parameter file: the machine's file, nil if it has none: then there are no snapshots to list.
  init(
    window: OpaquePointer, renderer: OpaquePointer, file: MachineFile?, send: @escaping (Command) -> Void,
    ask: @escaping (Request) -> Void
  ) {
    interface = Interface(canvas: Canvas(renderer: renderer))
    reader = EventReader(window: window)
    self.file = file
    self.send = send
    self.ask = ask
  }

  /// Opens or closes it.
  func toggle() {
    isOpen.toggle()
    dialogs = []
    interface.pressed = []
    interface.startOver()
    if isOpen { SDL_StartTextInput() } else { SDL_StopTextInput() }
  }

  /// Takes an event.
  func read(_ event: SDL_Event) { reader.read(event, into: interface) }

  /// Draws the menu over what is in the renderer.
  func draw() {
    guard isOpen else { return }
    var picturesLeft = 2  // The second one shows what the first one's buttons did.
    while isOpen, picturesLeft > 0 || interface.hasMore {
      picturesLeft -= 1
      interface.canvas.begin()
      interface.begin()
      if dialogs.isEmpty {
        menu()
      } else if let dialog = dialogs.last, !dialog.draw(interface) {
        dialogs.removeAll { $0 === dialog }
        interface.startOver()
      }
      interface.end()
      interface.canvas.end()
    }
  }

  private func show(_ dialog: any Dialog) {
    dialogs.append(dialog)
    interface.startOver()
  }

  private func menu() {
    let room = interface.panel("Menu - Escape goes back to the machine", width: 520, height: 420)
    var place = Rectangle(room.x, room.y, 234, 30)
    func button(_ label: String, isOn: Bool = true, danger: Bool = false) -> Bool {
      defer { place.y += 36 }
      return interface.button(label, place, isOn: isOn, danger: danger)
    }
    func perform(_ commands: Command...) {
      for command in commands { send(command) }
      toggle()
    }
    if button("Disk into drive A...") { choose(drive: 0) }
    if button("Disk into drive B...") { choose(drive: 1) }
    if button("Take the disk out of A") { perform(.eject(drive: 0)) }
    if button("Take a snapshot...", isOn: file != nil) {
      show(Question("Name of the snapshot", text: "snapshot") { name in perform(.snapshot(name)) })
    }
    if button("Go back to a snapshot...", isOn: file != nil), let file {
      show(SnapshotChoice(file) { name in perform(.restore(name)) })
    }
    if button("Paste text as keys") {
      ask(.paste)
      toggle()
    }
    if button("Copy the screen's text") {
      ask(.copyText)
      toggle()
    }
    if button("Screenshot") {
      ask(.screenshot)
      toggle()
    }
    place = Rectangle(room.x + 254, room.y, 234, 30)
    let speeds: [(String, Speed)] = [("Half speed", .percent(50)), ("Real time", .realtime), ("Full speed", .max)]
    for (label, speed) in speeds where button(label) {
      ask(.speed(speed))
      toggle()
    }
    place.y += 12
    if button("Ctrl+Alt+Del") {
      let keys: [Key] = [.leftControl, .leftAlt, .delete]
      for key in keys { send(.input(.key(key, pressed: true))) }
      for key in keys.reversed() { send(.input(.key(key, pressed: false))) }
      toggle()
    }
    if button("Reset", danger: true) { perform(.reset) }
    if button("Power off", danger: true) { perform(.powerOff) }
    if button(file != nil ? "Suspend and close" : "Close") {
      toggle()
      ask(.close)
    }
    if isOpen, dialogs.isEmpty, interface.take(.escape) { toggle() }
    if let dropped = interface.input.dropped.last { perform(.insert(path: dropped, drive: 0)) }
  }

  private func choose(drive: Int) {
    show(
      FileChooser("A floppy image for drive \(drive == 0 ? "A" : "B")", endings: FileChooser.floppies) {
        [unowned self] path in
        send(.insert(path: path, drive: drive))
        toggle()
      })
  }
}

/// A choice among the snapshots of a running machine.
private final class SnapshotChoice: Dialog {
  private let rows: [(snapshot: Snapshot, depth: Int)]
  private let then: (String) -> Void
  private var chosen = 0
  private var offset = 0

  init(_ file: MachineFile, then: @escaping (String) -> Void) {
    rows = Snapshot.tree((try? file.snapshots()) ?? [])
    self.then = then
    chosen = max(rows.count - 1, 0)
  }

  func draw(_ interface: Interface) -> Bool {
    let room = interface.panel("Go back to a snapshot; what isn't in one is lost", width: 640, height: 440)
    let choice = interface.list(
      count: rows.count, rowHeight: 64, chosen: &chosen, offset: &offset,
      Rectangle(room.x, room.y, room.width, room.height - 48)
    ) { [self] index, place, _ in SnapshotDialog.row(rows[index], isCurrent: false, place, interface) }
    let y = room.y + room.height - 36
    let goes = interface.button("Go back to it", Rectangle(room.x, y, 140, 32), isOn: !rows.isEmpty, danger: true)
    if interface.button("Cancel", Rectangle(room.x + 150, y, 110, 32)) || interface.take(.escape) { return false }
    guard goes || choice == .opened, rows.indices.contains(chosen) else { return true }
    then(rows[chosen].snapshot.name)
    return false
  }
}
