import Archive
import Devices
import Glibc
import Hardware
import PC
import Storage

extension RemovableDrive {
  /// What people call it.
  var label: String {
    switch self {
    case .a: "Drive A"
    case .b: "Drive B"
    case .cdrom: "CD-ROM drive"
    }
  }
}

extension Speed {
  /// What people call it.
  var label: String {
    switch self {
    case .realtime, .percent(100): "Real time"
    case .max: "As fast as the host can"
    case .percent(let number): "\(number) % of real time"
    }
  }
}

/// What a person asks of the machine.
extension EmulationThread {
  /// What is in a drive; nil: nothing.
  func contents(of drive: RemovableDrive) -> String? {
    let machine = session.machine
    let name: String? =
      switch drive {
      case .a: machine.board.floppy.image(in: 0)?.name
      case .b: machine.board.floppy.image(in: 1)?.name
      case .cdrom: machine.cd?.name
      }
    return name.map(Self.short)
  }

  private static func short(_ path: String) -> String {
    path.split(whereSeparator: { $0 == "/" || $0 == ":" }).last.map(String.init) ?? path
  }

  /// Puts an image or a folder into `drive`, or into the one that it belongs in.
  func insert(_ path: String, _ drive: RemovableDrive?) {
    let machine = session.machine
    let name = Self.short(path)
    do {
      let drive = try drive ?? Self.drive(for: path)
      guard drive != .cdrom else {
        try machine.insertCD(path: path)
        exchange.tell("CD-ROM drive: \(name) inserted")
        return
      }
      var number = drive == .a ? 0 : 1
      do { try machine.insert(path: path, drive: number) } catch {
        // A disk that doesn't fit into A may fit into B.
        guard number == 0, (try? machine.insert(path: path, drive: 1)) != nil else { throw error }
        number = 1
      }
      let isProtected = machine.board.floppy.image(in: number)?.isWriteProtected == true
      exchange.tell(
        "Drive \(number == 0 ? "A" : "B"): \(name) inserted"
          + (isProtected ? ", write-protected (its file can't be written from here)" : ""))
    } catch { exchange.tell("\(error)") }
  }

  /// Where an image belongs.
  static func drive(for path: String) throws -> RemovableDrive {
    if HostFile.isDirectory(path) { return .cdrom }
    switch try ImageKind.detect(path: path) {
    case .floppy: return .a
    case .cdrom: return .cdrom
    case .hardDisk:
      throw HostError.usage("\(path): is a hard disk, which can only be put in while the machine is off")
    case .machine, .configuration: throw HostError.usage("\(path): is no disk; start it by itself")
    }
  }

  /// Brings the guest's changes into folders that are hard disks.
  func commitFolders() {
    do {
      let lines = try session.machine.commitFolders()
      let conflicts = lines.filter { $0.hasPrefix("conflict: ") }
      let written = lines.count - conflicts.count
      exchange.tell(
        session.machine.board.hardDisks.allSatisfy { $0.folder == nil }
          ? "No disk of this machine is a folder"
          : lines.isEmpty
            ? "Nothing has changed on the folder's disk"
            : "\(TextLayout.count(written, "change")) written to the folder")
      for line in conflicts { exchange.tell("Left alone: " + line.dropFirst("conflict: ".count)) }
    } catch { exchange.tell("\(error)") }
  }

  /// Keeps the machine, in its file or in memory.
  func keep(_ name: String, _ note: String) throws {
    let machine = session.machine
    if let file = session.keeper as? OpenMachine, !machine.configuration.media.readOnly {
      return try file.keep(machine, as: name, note: note)
    }
    try session.keep(as: name)
    kept.removeAll { $0.name == name }
    kept.append(
      KeptState(
        name: name, note: note, seconds: machine.now.picoseconds / 1_000_000_000_000, picture: machine.picture()))
  }

  /// What is typed at most: four minutes of guest time.
  private static let longest = 6000

  /// Types text on the guest's keyboard.
  func type(_ text: String) {
    let machine = session.machine
    guard !text.isEmpty else { return exchange.tell("The clipboard has no text") }
    let known = text.filter { Typist.untypable(in: String($0)) == nil }
    let typed = String(known.prefix(Self.longest))
    // Half a second ahead: the keys of the menu are up again by then.
    let start = machine.now + .milliseconds(500)
    for (after, event) in Typist.events(typing: typed) { machine.post(event, at: start + after) }
    var line = "Typing \(typed.count) characters"
    if known.count > typed.count { line += "; \(known.count - typed.count) are too many" }
    if text.count > known.count { line += "; \(text.count - known.count) aren't on this keyboard" }
    exchange.tell(line)
  }
}
