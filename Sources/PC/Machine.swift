import Crypto
public import Devices
public import Hardware
import Processor
public import Storage

/// A whole machine: a board with its media, switched on. Not `Sendable`: one thread owns it.
///
/// Everything it does follows from its configuration, its media and the input events with their guest times.
public final class Machine {
  /// What it was built from.
  public let configuration: MachineConfiguration
  /// The hardware.
  public let board: Motherboard

  /// What is in its ROM sockets.
  public let roms: Motherboard.ROMs
  let media: any MediaSource

  /// Why a machine no longer runs.
  public enum Outcome: String, Codable, Sendable {
    /// The guest, or the person, switched the power off.
    case poweredOff
    /// The processor shut down by triple fault, and the configuration says to stop then.
    case tripleFault
  }
  /// Why the machine has stopped; nil while it runs.
  public private(set) var outcome: Outcome?
  /// Guest time this object has run, which loading an older state doesn't turn back.
  public private(set) var elapsed = Span(picoseconds: 0)

  /// What the machine plays.
  public let audio: AudioFeed

  /// Takes bytes written to port E9h.
  public var onDebugByte: (UInt8) -> Void = { _ in }
  /// Takes bytes sent by COM1 (0) and COM2 (1).
  public var onSerialByte: (Int, UInt8) -> Void = { _, _ in }
  /// Takes bytes sent to the MIDI socket, with their guest times.
  public var onMIDIByte: (UInt8, Instant) -> Void = { _, _ in }
  /// Takes bytes sent to the printer.
  public var onParallelByte: (UInt8) -> Void = { _ in }

  /// What the clock shows at power-on when nobody says: a machine must not look at the host's clock.
  public static let defaultStart = RTCDate(year: 1994, month: 6, day: 1, hour: 12, minute: 0, second: 0)

  /// Builds a machine and switches it on. Files named in the configuration (ROMs, images) are opened.
  ///
  /// - Parameters:
  ///   - roms: what is in the ROM sockets instead of what the configuration says.
  ///   - media: where the media that the configuration names come from.
  /// - Throws: `HostError` for configurations and files that can't be used.
  public init(
    _ configuration: MachineConfiguration, roms: Motherboard.ROMs? = nil, media: any MediaSource = HostMedia()
  ) throws {
    try configuration.validate()
    self.configuration = configuration
    self.media = media
    let roms = try roms ?? Machine.roms(configuration)
    self.roms = roms
    let disks = try [configuration.floppy.a, configuration.floppy.b].map { file in
      try file.path.map { try media.floppy($0, readOnly: configuration.media.readOnly) }
    }
    let hardDisks = try configuration.disk.paths.map { path in
      try path.map { try media.hardDisk($0, readOnly: configuration.media.readOnly) }
    }
    board = try Motherboard(configuration.parts(roms: roms, disks: disks, hardDisks: hardDisks))
    audio = AudioFeed(board.mixer)
    if let path = configuration.sound.input.path {
      let input = try WaveInput(path: path)
      board.soundBlaster?.pins.record = { input.level(Double($0.picoseconds) / 1e12) }
    }
    board.soundBlaster?.pins.midi = { [unowned self] in onMIDIByte($0, $1) }
    board.debug.sink = { [unowned self] in onDebugByte($0) }
    board.serial1.sink = { [unowned self] in onSerialByte(0, $0) }
    board.serial2.sink = { [unowned self] in onSerialByte(1, $0) }
    board.parallel1.sink = { [unowned self] in onParallelByte($0) }
    board.power.off.connect { [unowned self] in if $0 { stop(.poweredOff) } }
    board.processor.onShutdown = { [unowned self] in tripleFault() }
    for (drive, disk) in disks.enumerated() {
      if let disk { try insert(disk, drive: drive) }
    }
    if let path = configuration.cdrom.disc.path { try insertCD(path: path) }
  }

  private static func roms(_ configuration: MachineConfiguration) throws(HostError) -> Motherboard.ROMs {
    let firmware = configuration.firmware
    return Motherboard.ROMs(
      system: try firmware.bios.path.map { path throws(HostError) in try Firmware.systemBIOS(path: path) }
        ?? Firmware.systemBIOS,
      video: try firmware.videoBIOS.path.map { path throws(HostError) in try Firmware.videoBIOS(path: path) }
        ?? Firmware.videoBIOS(for: configuration.video.card))
  }

  // MARK: Running

  /// Guest time.
  public var now: Instant { board.processor.now }
  /// How long nothing is going to happen in the machine by itself; zero while its processor works.
  public var quietTime: Span {
    guard board.processor.isWaiting else { return .seconds(0) }
    let next = min(board.backplane.scheduler.nextDeadline, now + .seconds(1))
    return next > now ? next - now : .seconds(0)
  }

  /// Takes every frame of the display, at its vertical retrace, while it is set.
  public var onFrame: ((VideoFrame) -> Void)? {
    didSet { nextFrame = board.video.nextFrameTime(after: now) }
  }
  private var nextFrame = Instant.zero
  private var recorder: VideoRecorder?

  /// Runs until guest time `end` or until the machine stops (`outcome`). Ends with the first instruction that is over
  /// at or after `end`.
  public func run(until end: Instant) {
    guard outcome == nil, now < end else { return }
    let start = now
    if let onFrame { runFrames(until: end, onFrame) } else { board.processor.run(until: end) }
    elapsed = elapsed + (now - start)
    audio.catchUp(now)
  }

  private func runFrames(until end: Instant, _ take: (VideoFrame) -> Void) {
    while outcome == nil, now < end {
      // Going back to an older state leaves the next frame far ahead.
      if nextFrame - now > .milliseconds(100) { nextFrame = board.video.nextFrameTime(after: now) }
      board.processor.run(until: min(nextFrame, end))
      guard now >= nextFrame else { continue }
      take(frame())
      nextFrame = board.video.nextFrameTime(after: now)
    }
  }

  private func stop(_ why: Outcome) {
    outcome = why
    board.processor.requestStop()
  }

  private func tripleFault() {
    switch configuration.machine.onTripleFault {
    case .reset: board.processor.reset()
    case .stop: stop(.tripleFault)
    }
  }

  /// The reset button.
  public func reset() { board.reset() }

  /// The power switch.
  public func powerOff() { stop(.poweredOff) }

  // MARK: Person

  /// A key, the mouse: delivered at guest time `time`, by default now.
  public func post(_ event: InputEvent, at time: Instant? = nil) { board.input.post(event, at: time ?? now) }

  /// A byte arrives at COM1 (0) or COM2 (1) from outside. The port takes it in at its line's speed.
  public func receiveSerial(_ port: Int, _ byte: UInt8) {
    (port == 0 ? board.serial1 : board.serial2).receive(byte)
  }

  /// How many bytes are still on the line into COM1 (0) or COM2 (1).
  public func serialBacklog(_ port: Int) -> Int {
    (port == 0 ? board.serial1 : board.serial2).state.incoming.count
  }

  /// The last whole picture that the display has shown, without its border if that is black.
  public func picture() -> VideoFrame { board.video.render().trimmed }

  /// The last whole picture with its border, as the monitor gets it.
  public func frame() -> VideoFrame { board.video.render() }

  /// Whether the display is being recorded.
  public var isRecording: Bool { recorder != nil }

  /// Records the display to the AVI file at `path` from now on, ending a recording that is going on.
  ///
  /// - Throws: `HostError.file` if that one could not be written.
  public func startRecording(path: String) throws(HostError) {
    _ = try stopRecording()
    let recorder = VideoRecorder(path: path)
    self.recorder = recorder
    onFrame = { recorder.add($0) }
  }

  /// Ends the recording, if there is one.
  ///
  /// - Returns: the files that were written: one for each size and rate of the picture.
  /// - Throws: `HostError.file` if one of them could not be written.
  public func stopRecording() throws(HostError) -> [String] {
    guard let recorder else { return [] }
    self.recorder = nil
    onFrame = nil
    return try recorder.finish()
  }

  /// The screen's text; empty in graphics modes.
  public var textScreen: TextScreen {
    guard let text = board.video.textScreen() else { return .empty }
    return TextScreen(codes: text.codes, columns: text.columns)
  }

  /// Something that differs when the screen does: the characters of a text mode, the dots of a graphics mode.
  var screenBytes: [UInt8] {
    let text = textScreen
    if !text.codes.isEmpty { return text.codes }
    return picture().pixels.flatMap { dot in (0..<3).map { UInt8(truncatingIfNeeded: dot >> ($0 * 8)) } }
  }

  // MARK: Media

  /// Puts the image at `path` into drive 0 (A) or 1 (B), taking out what is in it.
  ///
  /// - Throws: `HostError.file` if the file isn't a disk that fits.
  public func insert(path: String, drive: Int) throws(HostError) {
    try insert(try media.floppy(path, readOnly: configuration.media.readOnly), drive: drive)
  }

  /// Puts a disk into drive 0 (A) or 1 (B), taking out what is in it.
  ///
  /// - Throws: `HostError.file` if it doesn't fit.
  public func insert(_ disk: FloppyImage, drive: Int) throws(HostError) {
    try? board.floppy.image(in: drive)?.sync()
    do { try board.floppy.insert(disk, drive: drive) } catch { throw .file(error.description) }
  }

  /// What the built-in disk is called.
  public static let welcomeDiskName = "the built-in disk"

  /// The built-in disk. What is written to it lives until exit.
  ///
  /// - Throws: `HostError.file` if the program was built with a disk image of no known size.
  public static func welcomeDisk() throws(HostError) -> FloppyImage {
    do { return try FloppyImage(raw: Firmware.welcomeDisk, name: welcomeDiskName) } catch {
      throw .file(error.description)
    }
  }

  /// Puts the built-in disk into drive A. What is written to it lives until exit.
  ///
  /// - Throws: `HostError.file` if the program was built with a disk image of no known size.
  public func insertWelcomeDisk() throws(HostError) {
    try insert(try Machine.welcomeDisk(), drive: 0)
  }

  /// Takes the disk out of drive 0 (A) or 1 (B); nothing happens if there is none.
  public func eject(drive: Int) {
    try? board.floppy.image(in: drive)?.sync()
    board.floppy.eject(drive: drive)
  }

  /// Tries again to write what the host has refused to take: its disk is full, say.
  ///
  /// - Returns: what it says this time; nil if nothing waits any more. Until then the machine should stand still, or
  ///   more and more of what the guest believes to be on its disks is in memory only.
  public func retryMedia() -> String? {
    for drive in 0...1 {
      if let disk = board.floppy.image(in: drive), !disk.retry() { return disk.hostError?.description }
    }
    for disk in board.hardDisks where disk.isWaitingForHost {
      if !disk.retry(), let error = disk.hostError { return error.description }
    }
    return nil
  }

  /// Brings what the guest has changed on disks that are folders of the host into these folders.
  ///
  /// - Returns: what was done and what wasn't, a line each.
  /// - Throws: `HostError.file` if a guest's file system isn't whole or the host refuses a file.
  public func commitFolders() throws(HostError) -> [String] {
    var lines: [String] = []
    for folder in board.hardDisks.compactMap(\.folder) {
      let report: FolderDisk.Report
      do { report = try folder.commit() } catch { throw .file("\(error)") }
      lines += report.written.map { "written: " + $0 } + report.removed.map { "removed: " + $0 }
      lines += report.conflicts.map { "conflict: " + $0 }
    }
    return lines
  }

  /// Has the host put all written sectors on its disk.
  ///
  /// - Returns: what could not be written, a line each.
  public func flush() -> [String] {
    var complaints: [String] = []
    for drive in 0...1 {
      guard let disk = board.floppy.image(in: drive) else { continue }
      if let error = disk.hostError { complaints.append(error.description) }
      do { try disk.sync() } catch { complaints.append(error.description) }
    }
    for disk in board.hardDisks {
      if let error = disk.hostError { complaints.append(error.description) }
      do { try disk.sync() } catch { complaints.append(error.description) }
    }
    return complaints
  }

  // MARK: Saved state

  /// The machine's state: processor, devices, memory, and what the guest has written to its media.
  public func savedState() throws -> SavedValue {
    .object([
      "processor": try board.processor.savedState(),
      "board": try board.backplane.savedState(),
      "outcome": outcome.map { .string($0.rawValue) } ?? .null,
    ])
  }

  /// Takes a state from a machine of the same configuration with the same media. All of it is looked at first: what
  /// can't be taken changes nothing.
  ///
  /// - Parameters:
  ///   - disks: the disks that were in drives A and B then; nil: those that are in them.
  ///   - disc: the disc that was in the CD-ROM drive then, which may be none; nil: the one that is in it.
  ///   - patch: RAM, as far as it differs from what it is now; nil: it is in `saved`.
  /// - Returns: paths of saved values that nothing asked for.
  /// - Throws: `SavedStateError`.
  public func load(
    _ saved: SavedValue, disks: [FloppyImage?]? = nil, disc: CDImage?? = nil, memory patch: MemoryPatch? = nil
  ) throws -> [String] {
    guard let processor = saved["processor"], let backplane = saved["board"] else {
      throw SavedStateError.missing(path: "processor or board")
    }
    let before = [0, 1].map { board.floppy.image(in: $0) }
    let discBefore = cd
    if let disks { board.floppy.exchange(disks) }
    if let disc { exchangeCD(disc) }
    do {
      try board.processor.check(processor)
      try board.backplane.check(backplane, memory: patch)
    } catch {
      if disks != nil { board.floppy.exchange(before) }
      if disc != nil { exchangeCD(discBefore) }
      throw error
    }
    let ignored = try board.backplane.load(backplane, memory: patch)
    let alsoIgnored = try board.processor.load(processor)
    audio.restart()
    outcome = nil
    if case .string(let name)? = saved["outcome"] { outcome = Outcome(rawValue: name) }
    return ignored.map { "board." + $0 } + alsoIgnored.map { "processor." + $0 }
  }

  /// SHA-256 over the whole state, in hexadecimal: equal machines have equal hashes.
  public func stateHash() throws -> String {
    SHA256.hash(data: try savedState().serialized()).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }

  /// A state with the disks that were in the drives, so that it can be taken back after a change of disks.
  public struct Snapshot {
    let state: SavedValue
    let disks: [FloppyImage?]
    let cd: CDImage?
  }

  /// Keeps the machine as it is now.
  public func snapshot() throws -> Snapshot {
    Snapshot(state: try savedState(), disks: [board.floppy.image(in: 0), board.floppy.image(in: 1)], cd: cd)
  }

  /// Goes back to a snapshot of this machine, disks included.
  ///
  /// - Throws: `SavedStateError` if a disk's file no longer allows it.
  public func restore(_ snapshot: Snapshot) throws {
    for drive in 0...1 { try? board.floppy.image(in: drive)?.sync() }
    _ = try load(snapshot.state, disks: snapshot.disks, disc: .some(snapshot.cd))
  }
}
