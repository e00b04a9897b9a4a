import Devices
import GRDB
import Hardware
public import PC
public import Storage

/// The media of a running machine: those of its file, and others.
extension OpenMachine {
  public func floppy(_ path: String, readOnly: Bool) throws(HostError) -> FloppyImage {
    guard let name = Medium.name(in: path) else { return try HostMedia().floppy(path, readOnly: readOnly) }
    return try naming(file.path) {
      let medium = try self.medium(name, .floppy)
      try live.open(medium.id)
      try live.drain()
      return try floppy(medium, bytes: try file.bytes(of: medium), readOnly: readOnly)
    }
  }

  private func floppy(_ medium: Medium, bytes: [UInt8], readOnly: Bool) throws -> FloppyImage {
    if medium.format == .tracks {
      return try FloppyTracks.disk(
        bytes, name: Medium.prefix + medium.name, store: readOnly ? nil : LiveTrackStore(live, medium: medium.id))
    }
    let plain = try FloppyImage(raw: bytes, name: Medium.prefix + medium.name)
    if readOnly { return plain }
    let tracks = (0..<FloppyImage.maxCylinders * 2).map { plain.track(cylinder: $0 / 2, head: $0 % 2) }
    return FloppyImage(
      name: plain.name, geometry: plain.geometry, tracks: tracks, isWriteProtected: false,
      store: LiveFloppyStore(live, medium: medium.id, geometry: plain.geometry))
  }

  public func hardDisk(_ path: String, readOnly: Bool) throws(HostError) -> HardDiskImage {
    guard let name = Medium.name(in: path) else { return try HostMedia().hardDisk(path, readOnly: readOnly) }
    return try naming(file.path) {
      let medium = try self.medium(name, .disk)
      try live.open(medium.id)
      let disk = LiveDisk(live, medium: medium.id, name: path, size: medium.size)
      return try HardDiskImage(store: disk, writing: readOnly ? .inMemory : .toFile)
    }
  }

  private func medium(_ name: String, _ kind: Medium.Kind) throws -> Medium {
    let medium = try file.medium(name)
    guard medium.kind == kind else {
      throw ArchiveError.refused("medium \(name) is a \(medium.kind.rawValue), a \(kind.rawValue) is wanted there")
    }
    return medium
  }

  public func cd(_ path: String) throws(HostError) -> CDImage {
    guard let name = Medium.name(in: path) else { return try HostMedia().cd(path) }
    return try naming(file.path) {
      let source = try LiveCD(live, medium: try medium(name, .cd))
      guard try medium(name, .cd).format == .cue else { return try CDImage.open(source) }
      let sheet = try source.read(at: 0, count: source.byteCount)
      var failure: (any Error)?
      do {
        return try CDImage.open(cue: sheet, path: path) { part throws(StorageError) in
          do { return try LiveCD(live, medium: try medium(name + "/" + part, .cd)) } catch {
            failure = error
            throw .missing(path: part)
          }
        }
      } catch { throw failure ?? error }
    }
  }

  /// What is in the drives, for a state that is kept.
  func drives(of machine: Machine) throws -> [StateWriter.Drive] {
    var drives: [StateWriter.Drive] = []
    for (number, name) in ["a", "b"].enumerated() {
      guard let disk = machine.board.floppy.image(in: number) else { continue }
      // A copy, as it may not be there any more when somebody wants to go on.
      let bytes = Medium.name(in: disk.name) != nil ? nil : try disk.rawBytes() ?? FloppyTracks.bytes(of: disk)
      drives.append(StateWriter.Drive(name: name, source: Self.place(disk.name), bytes: bytes))
    }
    if let disc = machine.cd {
      drives.append(StateWriter.Drive(name: "cdrom", source: Self.place(disc.name), bytes: nil))
    }
    return drives
  }

  /// Files of the host that the machine's states name: what was in their drives, which floppies may be written.
  public var imagesOfStates: (readable: [String], writable: [String]) {
    let rows = try? file.database.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT DISTINCT drive = 'cdrom', source FROM snapshot_drive JOIN snapshot ON snapshot.id = snapshot
          WHERE machine = ?
          """, arguments: [file.machine]
      ).map { (isDisc: try $0.value(0) as Bool, source: try $0.value(1) as String) }
    }
    let outside = (rows ?? []).filter { Medium.name(in: $0.source) == nil && $0.source != Machine.welcomeDiskName }
    return (outside.flatMap { Sandbox.places(of: $0.source) }, outside.filter { !$0.isDisc }.map(\.source))
  }

  /// The machine's state for other processes: disks outside that went back with the machine, while their files didn't,
  /// bring along what the files have no longer.
  func state(of machine: Machine) throws -> SavedValue {
    var state = try machine.savedState()
    for channel in machine.board.ata {
      for (unit, name) in ["master", "slave"].enumerated() {
        guard let disk = channel.image(unit), disk.isDetached else { continue }
        Self.set(
          "part:\(channel.footprint.name).\(name)", to: .object(["disk": try disk.savedView()]), in: &state)
      }
    }
    return state
  }

  /// A host's path from its root: the next start may be in another folder.
  private static func place(_ name: String) -> String {
    name == Machine.welcomeDiskName ? name : Library.absolute(name)
  }

  // MARK: Drives of a snapshot

  /// Disks and disc for a state that is taken back.
  struct Drives {
    var disks: [FloppyImage?] = [nil, nil]
    var disc: CDImage?
    /// Media of the file that are in drives, and what they held.
    var media: [(medium: Int64, identity: Digest)] = []
    /// For the person.
    var notices: [String] = []
    /// Disks that are changed as soon as the machine has its state.
    var changes: [(Machine) throws -> Void] = []
  }

  /// Finds what was in the drives. Where it is another one now and may be, the drive is empty in `state`, and what is to
  /// be in it comes into it as by a person's hand.
  func drives(_ machine: Machine, of snapshot: Snapshot, in state: inout SavedValue) throws -> Drives {
    let rows = try file.database.read { [file] db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT snapshot_drive.*, medium.id AS medium, snapshot_medium.layer AS kept, layer.identity AS identity
          FROM snapshot_drive LEFT JOIN medium ON medium.machine = ? AND 'medium:' || medium.name = source
          LEFT JOIN snapshot_medium ON snapshot_medium.medium = medium.id
            AND snapshot_medium.snapshot = snapshot_drive.snapshot
          LEFT JOIN layer ON layer.id = snapshot_medium.layer WHERE snapshot_drive.snapshot = ?
          """, arguments: [file.machine, snapshot.id])
    }
    var drives = Drives()
    let readOnly = machine.configuration.media.readOnly
    var disc = try self.disc(of: snapshot)
    for row in rows {
      let (drive, source): (String, String) = (try row.value("drive"), try row.value("source"))
      if drive == "cdrom" {
        disc = source
        continue
      }
      let number = drive == "a" ? 0 : 1
      guard let name = Medium.name(in: source) else {
        try hostDisk(source, copy: row, snapshot, drive: number, machine, &state, &drives)
        continue
      }
      guard let layer = try row.optional("kept") as Int64?, let identity = try ChunkStore.digest(row, "identity") else {
        throw ArchiveError.refused("snapshot \(snapshot.name) needs medium \(name), which isn't there any more")
      }
      let medium = try self.medium(name, .floppy)
      try live.open(medium.id)
      drives.disks[number] = try floppy(medium, bytes: try file.bytes(of: layer), readOnly: readOnly)
      drives.media.append((medium.id, identity))
    }
    if let disc { try hostDisc(disc, snapshot, machine, &state, &drives) }
    return drives
  }

  /// The disc of a snapshot of format 1, which didn't list it: the configuration's.
  private func disc(of snapshot: Snapshot) throws -> String? {
    var then = MachineConfiguration()
    try then.apply(toml: snapshot.configuration, path: file.path)
    return then.cdrom.disc.path
  }

  /// A disk that was in a drive from outside. The host's file if it still is what it was; otherwise the copy.
  private func hostDisk(
    _ source: String, copy: Row, _ snapshot: Snapshot, drive: Int, _ machine: Machine, _ state: inout SavedValue,
    _ drives: inout Drives
  ) throws {
    let saved = state["board"]?["devices"]?["part:fdc.drive-\(drive == 0 ? "a" : "b")"]?["disk"]
    // The file may be open already, for the disk that is in the drive now.
    if let present = machine.board.floppy.image(in: drive), Self.place(present.name) == source, let saved,
      (try? present.checkPart(saved)) != nil
    {
      drives.disks[drive] = present
      return
    }
    if source != Machine.welcomeDiskName,
      let disk = try? HostMedia().floppy(source, readOnly: machine.configuration.media.readOnly),
      let saved, (try? disk.checkPart(saved)) != nil
    {
      drives.disks[drive] = disk
      return
    }
    guard let layer = try copy.optional("layer") as Int64? else {
      // Format 1 kept no copy of disks that no raw image can hold.
      throw ArchiveError.refused("snapshot \(snapshot.name) needs \(source), which is missing or has changed")
    }
    let bytes = try file.bytes(of: layer)
    drives.disks[drive] =
      bytes.count == FloppyTracks.size
      ? try FloppyTracks.disk(bytes, name: source, store: nil) : try FloppyImage(raw: bytes, name: source)
    guard source != Machine.welcomeDiskName else { return }
    drives.notices.append(
      "\(source): is missing or has changed since snapshot \(snapshot.name); drive \(drive == 0 ? "A" : "B") has the "
        + "copy from then, and what is written to it stays in the machine; insert the file to have it as it is now")
  }

  /// The disc that was in the CD-ROM drive: the one that is in it now, or the one at the place where it was.
  private func hostDisc(
    _ source: String, _ snapshot: Snapshot, _ machine: Machine, _ state: inout SavedValue, _ drives: inout Drives
  ) throws {
    guard let (part, saved) = Self.disc(in: state) else { return }
    let present = machine.cd
    let isEdited = edited.contains("cdrom.disc") && snapshot.id == frozen?.id
    var trouble = "was in the drive when the machine was suspended"
    var found: CDImage?
    if !isEdited {
      if let present, (try? present.checkPart(saved)) != nil, present.name != source || Medium.name(in: source) != nil {
        let isInside = Medium.name(in: present.name) != nil
        if try isInside || file.change(outside: present.name, noted: source) == nil {
          drives.disc = present
          return
        }
      }
      trouble = "is missing"
      do {
        let disc = try cd(source)
        found = disc
        trouble = "has changed since"
        let change = Medium.name(in: source) == nil ? try file.change(outside: source) : nil
        if change == nil, (try? disc.checkPart(saved)) != nil {
          drives.disc = disc
          return
        }
      } catch let error as HostError { trouble = "can't be used (\(error))" }
    }
    let instead = present ?? found
    switch isEdited ? .accept : changedMedia {
    case .accept:
      guard let instead else { fallthrough }
      drives.notices.append(
        "\(source): \(trouble); the CD-ROM drive has \(instead.name) now, as after a change of discs")
      drives.changes.append { try $0.insert(instead) }
    case .empty:
      drives.notices.append("\(source): \(trouble); the CD-ROM drive is empty now")
      // Only a disc that is there can be taken out, which the guest is told.
      let blank = try CDImage(data: BlankDisc())
      drives.changes.append {
        try $0.insert(blank)
        $0.ejectCD()
      }
    case .refuse:
      changedDisc = ChangedDisc(path: source, trouble: trouble, hasOther: instead != nil)
      throw ArchiveError.refused(
        "snapshot \(snapshot.name) needs the CD \(source), which \(trouble); name its place with --cdrom PATH, or go on "
          + "without it (--changed-media empty), or with what is there now (--changed-media accept)")
    }
    Self.set(part, to: .null, in: &state)
  }

  /// A disc with nothing on it.
  private final class BlankDisc: CDSource {
    let name = "no disc"
    let byteCount = CDImage.dataBytes
    func read(at offset: Int, count: Int) -> [UInt8] {
      [UInt8](repeating: 0, count: max(min(count, byteCount - offset), 0))
    }
  }

  /// Where a state has a disc in a drive, and which.
  private static func disc(in state: SavedValue) -> (part: String, saved: SavedValue)? {
    guard case .object(let members)? = state["board"]?["devices"] else { return nil }
    for name in members.keys.sorted() where name.hasPrefix("part:") {
      if let disc = members[name]?["disc"] { return (name, disc) }
    }
    return nil
  }

  /// A part's state in a state is `value`.
  private static func set(_ part: String, to value: SavedValue, in state: inout SavedValue) {
    guard case .object(var all) = state, case .object(var board)? = all["board"],
      case .object(var devices)? = board["devices"]
    else { return }
    devices[part] = value
    board["devices"] = .object(devices)
    all["board"] = .object(board)
    state = .object(all)
  }
}
