import Devices
import GRDB
import Hardware
public import PC
import Storage

/// A machine of a file while it runs: gives it its media, and keeps its states.
public final class OpenMachine: MachineKeeper {
  /// The file.
  public let file: MachineFile
  /// What the machine is built from: as in the snapshot that it goes on from, or as in the file.
  public let configuration: MachineConfiguration
  /// What becomes of floppies and CDs that a kept state names and that are missing or changed.
  public enum ChangedMedia: String, CaseIterable, Sendable {
    /// The state isn't taken up.
    case refuse
    /// The drive is empty then, as if the person had taken the disk out.
    case empty
    /// What is at that place now is in the drive, as if the person had changed disks.
    case accept
  }
  /// See `ChangedMedia`.
  public var changedMedia = ChangedMedia.refuse
  /// A CD that a state needs and that isn't what it was, for which `changedMedia` has let nothing be done.
  public struct ChangedDisc: Sendable {
    /// Where it was.
    public let path: String
    /// What is wrong with it: "is missing", say.
    public let trouble: String
    /// There is another disc that could be taken.
    public let hasOther: Bool
  }
  /// Why going back to a state was refused, if it was for a CD.
  public var changedDisc: ChangedDisc?
  /// Told what the person should know about media, a line each.
  public var onNotice: (String) -> Void = { _ in }
  /// What is in its ROM sockets when it goes on from a snapshot.
  public let roms: Motherboard.ROMs?
  /// Told, on another thread, how keeping a state ended: its name, and what went wrong.
  public var onKept: @Sendable (String, HostError?) -> Void = { _, _ in }

  let live: LiveStore
  private let named: MachineConfiguration
  let frozen: Snapshot?
  /// Drives whose disk or disc the person has changed in the configuration while the machine was suspended.
  let edited: Set<String>
  private let writer: StateWriter
  /// Where other processes ask for snapshots.
  let control: ControlSocket?
  /// Snapshots since whose taking the images outside have been open here all the time.
  private var ownSnapshots: Set<String> = []

  /// Opens the machine file at `path` for running.
  ///
  /// - Parameters:
  ///   - name: which machine of the file; nil: its first.
  ///   - fresh: starts it from power-on, whether it is frozen or not.
  ///   - readOnly: nothing is written to the file.
  /// - Throws: `HostError`.
  public init(
    path: String, machine name: String? = nil, fresh: Bool = false, readOnly: Bool = false
  ) throws(HostError) {
    let file = try MachineFile(path: path, machine: name, access: readOnly ? .reading : .writing)
    let summary = try file.summary()
    frozen = fresh ? nil : try summary.frozen.map { name throws(HostError) in try file.snapshot(name) }
    var configuration = MachineConfiguration()
    try configuration.apply(toml: frozen?.configuration ?? summary.configuration, path: path)
    var edited: Set<String> = []
    if frozen != nil {
      var now = MachineConfiguration()
      try now.apply(toml: summary.configuration, path: path)
      for name in Self.removable {
        guard let key = ConfigurationKey.named(name) else { continue }
        if key.get(now) != key.get(configuration) { edited.insert(name) }
        try configuration.set(name, to: key.get(now))
      }
    }
    named = configuration
    self.edited = edited
    // What was in the other drives comes with the state.
    for name in Self.removable where frozen != nil && !edited.contains(name) { try configuration.set(name, to: "none") }
    self.configuration = configuration
    roms = try frozen.map { snapshot throws(HostError) in try naming(path) { try file.roms(of: snapshot) } } ?? nil
    self.file = file
    live = LiveStore(file)
    writer = StateWriter(file, live)
    control = readOnly ? nil : ControlSocket(path)
    if !readOnly { try naming(path) { try file.noteUse() } }
  }

  private static let removable = ["floppy.a", "floppy.b", "cdrom.disc"]

  /// Whether the machine goes on from a kept state.
  public var isFrozen: Bool { frozen != nil }

  public var trouble: String? { live.failure?.description }

  // MARK: Keeping

  /// Keeps the machine's state; the machine waits only while it is copied, packing and writing go on beside it. A
  /// snapshot of that name is replaced.
  public func keep(_ machine: Machine, as name: String) throws { try keep(machine, as: name, kind: .kept, note: "") }

  /// The same with a note.
  public func keep(_ machine: Machine, as name: String, note: String) throws {
    try keep(machine, as: name, kind: .kept, note: note)
  }

  /// Keeps the machine's state as that from which the next start goes on. When this returns, it is in the file.
  public func freeze(_ machine: Machine) throws(HostError) {
    try naming(file.path) {
      try keep(machine, as: MachineFile.frozenName, kind: .frozen, note: "")
      if let refusal = machine.flush().first { throw HostError.file(refusal) }
      for disk in Self.disksOutside(machine.configuration) { try file.note(outside: Library.absolute(disk.path)) }
      try writer.settle()
      if let failure = live.failure { throw failure }
      let isThere = try file.summary().frozen == MachineFile.frozenName
      if !isThere { throw ArchiveError.refused("the machine's state could not be kept") }
    }
  }

  func keep(
    _ machine: Machine, as name: String, kind: Snapshot.Kind, note: String,
    then: @escaping @Sendable (HostError?) -> Void = { _ in }
  ) throws {
    guard file.access == .writing, !machine.configuration.media.readOnly else {
      throw HostError.usage("\(file.path): nothing is kept of a run with --read-only")
    }
    let capture = StateWriter.Capture(
      name: name, kind: kind, note: note, taken: HostMoment.now, state: try state(of: machine),
      time: machine.now.picoseconds,
      picture: machine.picture(),
      drives: try drives(of: machine), configuration: kept(machine.configuration).toml(all: true), roms: machine.roms)
    writer.keep(capture) { [onKept] in
      onKept(name, $0)
      then($0)
    }
    ownSnapshots.insert(name)
  }

  /// The machine as its file has it, with the parts that it was run with. (Where its ports went in this run, and the
  /// time its clock was set to, are no part of it.)
  private func kept(_ run: MachineConfiguration) -> MachineConfiguration {
    var kept = named
    for key in ConfigurationKey.all where run.hardwareDifferences(from: named).contains(key.name) {
      try? kept.set(key.name, to: key.get(run))
    }
    // A disk that was found at another place.
    for (key, kind) in MachineFile.mediaKeys where kind == .disk {
      guard let path = ConfigurationKey.named(key)?.get(run), path != "none" else { continue }
      try? kept.set(key, to: Library.absolute(path))
    }
    return kept
  }

  // MARK: Going back

  public func resume(_ machine: Machine) throws -> Bool {
    if let frozen {
      let (wanted, disc) = ([0, 1].map { machine.board.floppy.image(in: $0) }, machine.cd)
      try goBack(machine, to: frozen)
      ownSnapshots.insert(frozen.name)
      try changeDisks(of: machine, to: wanted, disc)
    }
    // From here on the disks go their own way: after a crash the machine starts from power-on.
    if file.access == .writing {
      try file.discardFrozen()
      for disk in Self.disksOutside(machine.configuration) + Self.disksOutside(configuration) {
        try naming(file.path) { try file.forget(outside: Library.absolute(disk.path)) }
      }
    }
    return frozen != nil
  }

  public func restore(_ machine: Machine, to name: String) throws {
    try naming(file.path) {
      try live.flush()
      try writer.settle()
    }
    try goBack(machine, to: try file.snapshot(name))
  }

  /// Disks that the person has named for this start, or changed while the machine was suspended, come into the drives as
  /// by hand.
  private func changeDisks(of machine: Machine, to wanted: [FloppyImage?], _ disc: CDImage?) throws {
    if let disc, machine.cd == nil { try machine.insert(disc) }
    for (drive, name) in ["floppy.a", "floppy.b"].enumerated() {
      if let disk = wanted[drive] {
        if machine.board.floppy.image(in: drive) !== disk { try machine.insert(disk, drive: drive) }
      } else if edited.contains(name) {
        machine.eject(drive: drive)
      }
    }
  }

  /// Everything is read and checked before anything of the machine is touched.
  private func goBack(_ machine: Machine, to snapshot: Snapshot) throws(HostError) {
    try naming(file.path) {
      guard snapshot.guestTime != nil else {
        throw ArchiveError.refused(
          "snapshot \(snapshot.name) holds only the disks of a machine that was off; `heirloom snapshot restore` while "
            + "it is off takes them back")
      }
      try checkHardware(machine, snapshot)
      try checkDisks(machine, snapshot)
      let memory = machine.board.backplane.memory
      let state = try file.state(
        of: snapshot, over: UnsafeRawBufferPointer(start: memory.ram, count: memory.ramSize))
      var tree = state.tree
      let drives = try drives(machine, of: snapshot, in: &tree)
      for drive in 0...1 { try? machine.board.floppy.image(in: drive)?.sync() }
      try live.inOnePiece {
        do {
          _ = try machine.load(tree, disks: drives.disks, disc: .some(drives.disc), memory: state.memory)
        } catch { throw ArchiveError.refused("snapshot \(snapshot.name): \(error)\(Self.advice(error))") }
        for (medium, identity) in drives.media { try live.restore(medium, identity) }
      } then: { [file] db in
        try file.returnMedia(to: snapshot.id, db)
        try db.execute(
          sql: "UPDATE machine SET current = ? WHERE id = ?", arguments: [snapshot.id, file.machine])
      }
      writer.start(from: state.kept)
      for line in drives.notices { onNotice(line) }
      for change in drives.changes { try change(machine) }
    }
  }

  /// Hard disks outside must hold what they held. What is known of one is its sum when the machine was suspended, or, of
  /// other snapshots, that nobody has written it since.
  private func checkDisks(_ machine: Machine, _ snapshot: Snapshot) throws {
    guard !ownSnapshots.contains(snapshot.name) else { return }
    var then = MachineConfiguration()
    try then.apply(toml: snapshot.configuration, path: file.path)
    for (key, path) in Self.disksOutside(machine.configuration) {
      let path = Library.absolute(path)
      let before = ConfigurationKey.named(key).map { Library.absolute($0.get(then)) }
      let isOther =
        snapshot.kind == .frozen
        ? try file.change(outside: path, noted: before) != nil
        : MachineFile.isWritten(path, after: snapshot.taken)
      guard isOther else { continue }
      guard changedMedia == .accept, snapshot.kind != .frozen else {
        throw ArchiveError.refused(
          "snapshot \(snapshot.name) needs the hard disk \(path) (\(key)) as it was then, but it has been written since; "
            + (snapshot.kind == .frozen
              ? "put the disk back as it was (`--hda PATH` and so on name another place), or start from power-on (--cold)"
              : "disks that are in the file go back with a snapshot (`heirloom machine edit` takes them in); "
                + "--changed-media accept goes back with the disk as it is now"))
      }
      onNotice("\(path): has been written since snapshot \(snapshot.name), and stays as it is now")
    }
  }

  /// Images of hard disks that a configuration names outside of the file; no folders, which nobody takes for unchanged.
  static func disksOutside(_ configuration: MachineConfiguration) -> [(key: String, path: String)] {
    MachineFile.mediaKeys.compactMap { key, kind in
      guard kind == .disk, let path = ConfigurationKey.named(key)?.get(configuration), path != "none",
        Medium.name(in: path) == nil, !HostFile.isDirectory(path)
      else { return nil }
      return (key, path)
    }
  }

  /// What can be done about a hard disk that isn't what it was.
  private static func advice(_ error: any Error) -> String {
    guard case SavedStateError.mismatch(let text) = error, text.contains("has other contents") else { return "" }
    return "; put the disk back as it was (`--hda PATH` and so on name another place), or start from power-on (--cold)"
  }

  private func checkHardware(_ machine: Machine, _ snapshot: Snapshot) throws {
    var then = MachineConfiguration()
    try then.apply(toml: snapshot.configuration, path: file.path)
    let different = then.hardwareDifferences(from: machine.configuration)
    guard different.isEmpty else {
      throw ArchiveError.refused(
        "snapshot \(snapshot.name) is of a machine with other parts (\(different.joined(separator: ", "))); "
          + "`heirloom snapshot restore` while it is off changes them too")
    }
    if let roms = try file.roms(of: snapshot), roms != machine.roms {
      throw ArchiveError.refused(
        "snapshot \(snapshot.name) was made with other ROMs; `heirloom snapshot restore` while the machine is off "
          + "takes them back too")
    }
  }

  // MARK: End

  /// Everything kept so far is in the file when this returns.
  public func settle() throws { try writer.settle() }

  /// Puts everything into the file and closes it.
  ///
  /// - Throws: `HostError` with what could not be written.
  public func close() throws(HostError) {
    if file.access == .writing {
      try naming(file.path) {
        try live.flush()
        try writer.settle()
        try file.database.write { try ChunkStore(db: $0).sweep() }
      }
    }
    try file.finish()
  }
}

extension MachineFile {
  /// The ROMs of a snapshot; nil if the machine was off.
  func roms(of snapshot: Snapshot) throws -> Motherboard.ROMs? {
    try database.read { db in
      let row = try Row.fetchOne(
        db, sql: "SELECT system_rom, video_rom FROM snapshot WHERE id = ?", arguments: [snapshot.id])
      guard let row, let system = try row.optional(0) as Int64?, let video = try row.optional(1) as Int64? else {
        return nil
      }
      let store = ChunkStore(db: db)
      return Motherboard.ROMs(
        system: try store.bytes(try store.map(system)), video: try store.bytes(try store.map(video)))
    }
  }

  /// One row of a snapshot's state.
  func rows(of snapshot: Snapshot, named name: String) throws -> SavedValue? {
    try database.read { db in
      guard
        let layer = try Int64.fetchOne(
          db, sql: "SELECT layer FROM state WHERE snapshot = ? AND name = ?", arguments: [snapshot.id, name])
      else { return nil }
      let store = ChunkStore(db: db)
      return try SavedValue(serialized: try store.bytes(try store.map(layer)))
    }
  }
}
