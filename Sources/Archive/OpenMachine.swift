import Devices
import GRDB
import Hardware
public import PC
public import Storage

/// A machine of a file while it runs: gives it its media, and keeps its states.
public final class OpenMachine: MachineKeeper {
  /// The file.
  public let file: MachineFile
  /// What the machine is built from: as in the snapshot that it goes on from, or as in the file.
  public let configuration: MachineConfiguration
  /// What is in its ROM sockets when it goes on from a snapshot.
  public let roms: Motherboard.ROMs?
  /// Told, on another thread, how keeping a state ended: its name, and what went wrong.
  public var onKept: @Sendable (String, HostError?) -> Void = { _, _ in }

  private let live: LiveStore
  private let frozen: Snapshot?
  private let writer: StateWriter

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
    self.configuration = configuration
    roms = try frozen.map { snapshot throws(HostError) in try naming(path) { try file.roms(of: snapshot) } } ?? nil
    self.file = file
    live = LiveStore(file)
    writer = StateWriter(file, live)
    if !readOnly { try naming(path) { try file.noteUse() } }
  }

  /// Whether the machine goes on from a kept state.
  public var isFrozen: Bool { frozen != nil }

  // MARK: Media

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
      try writer.settle()
      if let failure = live.failure { throw failure }
      let isThere = try file.summary().frozen == MachineFile.frozenName
      if !isThere { throw ArchiveError.refused("the machine's state could not be kept") }
    }
  }

  private func keep(_ machine: Machine, as name: String, kind: Snapshot.Kind, note: String) throws {
    guard file.access == .writing, !machine.configuration.media.readOnly else {
      throw HostError.usage("\(file.path): nothing is kept of a run with --read-only")
    }
    let capture = StateWriter.Capture(
      name: name, kind: kind, note: note, taken: HostMoment.now, state: try machine.savedState(),
      time: machine.now.picoseconds,
      picture: machine.picture(),
      drives: zip(["a", "b"], 0...1).compactMap { name, number in
        guard let disk = machine.board.floppy.image(in: number) else { return nil }
        return StateWriter.Drive(
          name: name, source: disk.name, bytes: Medium.name(in: disk.name) == nil ? disk.rawBytes() : nil)
      }, configuration: kept(machine.configuration).toml(all: true), roms: machine.roms)
    writer.keep(capture) { [onKept] in onKept(name, $0) }
  }

  /// The machine as its file has it, with the parts that it was run with. (Where its ports went in this run, and the
  /// time its clock was set to, are no part of it.)
  private func kept(_ run: MachineConfiguration) -> MachineConfiguration {
    var kept = configuration
    for key in ConfigurationKey.all where run.hardwareDifferences(from: configuration).contains(key.name) {
      try? kept.set(key.name, to: key.get(run))
    }
    return kept
  }

  // MARK: Going back

  public func resume(_ machine: Machine) throws -> Bool {
    if let frozen { try goBack(machine, to: frozen) }
    // From here on the disks go their own way: after a crash the machine starts from power-on.
    if file.access == .writing { try file.discardFrozen() }
    return frozen != nil
  }

  public func restore(_ machine: Machine, to name: String) throws {
    try naming(file.path) {
      try live.flush()
      try writer.settle()
    }
    try goBack(machine, to: try file.snapshot(name))
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
      let memory = machine.board.backplane.memory
      let state = try file.state(
        of: snapshot, over: UnsafeRawBufferPointer(start: memory.ram, count: memory.ramSize))
      let (disks, media) = try disks(of: snapshot, readOnly: machine.configuration.media.readOnly)
      for drive in 0...1 { try? machine.board.floppy.image(in: drive)?.sync() }
      try live.inOnePiece {
        do { _ = try machine.load(state.tree, disks: disks, memory: state.memory) } catch {
          throw ArchiveError.refused("snapshot \(snapshot.name): \(error)")
        }
        for (medium, identity) in media { try live.restore(medium, identity) }
      } then: { [file] db in
        try file.returnMedia(to: snapshot.id, db)
        try db.execute(
          sql: "UPDATE machine SET current = ? WHERE id = ?", arguments: [snapshot.id, file.machine])
      }
      writer.start(from: state.kept)
    }
  }

  /// The disks that were in the drives, and what the media that they came from held.
  private func disks(
    of snapshot: Snapshot, readOnly: Bool
  ) throws -> (disks: [FloppyImage?], media: [(Int64, Digest)]) {
    let rows = try file.database.read { [file] db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT drive, source, snapshot_drive.layer AS copy, medium.id AS medium, snapshot_medium.layer AS layer,
            layer.identity AS identity FROM snapshot_drive
          LEFT JOIN medium ON medium.machine = ? AND 'medium:' || medium.name = source
          LEFT JOIN snapshot_medium ON snapshot_medium.medium = medium.id
            AND snapshot_medium.snapshot = snapshot_drive.snapshot
          LEFT JOIN layer ON layer.id = snapshot_medium.layer WHERE snapshot_drive.snapshot = ?
          """, arguments: [file.machine, snapshot.id])
    }
    var disks: [FloppyImage?] = [nil, nil]
    var media: [(Int64, Digest)] = []
    for row in rows {
      let (drive, source) = (try row.value("drive") as String == "a" ? 0 : 1, try row.value("source") as String)
      if let name = Medium.name(in: source) {
        guard let layer = try row.optional("layer") as Int64?, let identity = try ChunkStore.digest(row, "identity")
        else {
          throw ArchiveError.refused("snapshot \(snapshot.name) needs medium \(name), which isn't there any more")
        }
        let medium = try self.medium(name, .floppy)
        try live.open(medium.id)
        disks[drive] = try floppy(medium, bytes: try file.bytes(of: layer), readOnly: readOnly)
        media.append((medium.id, identity))
        continue
      }
      disks[drive] = try hostDisk(source, copy: try row.optional("copy"), snapshot, drive: drive, readOnly: readOnly)
    }
    return (disks, media)
  }

  /// A disk that was in a drive from outside. The host's file if it still is what it was; otherwise the copy.
  private func hostDisk(
    _ source: String, copy: Int64?, _ snapshot: Snapshot, drive: Int, readOnly: Bool
  ) throws -> FloppyImage {
    let saved = try file.rows(of: snapshot, named: "board/devices/part:fdc.drive-\(drive == 0 ? "a" : "b")")
    if source != Machine.welcomeDiskName, let disk = try? HostMedia().floppy(source, readOnly: readOnly),
      let part = saved?["disk"], (try? disk.checkPart(part)) != nil
    {
      return disk
    }
    guard let copy else {
      throw ArchiveError.refused("snapshot \(snapshot.name) needs \(source), which is missing or has changed")
    }
    return try FloppyImage(raw: try file.bytes(of: copy), name: source)
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
