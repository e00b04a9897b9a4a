public import Hardware

/// A machine with what surrounds it in a run: the script, and the host's ends of its ports. The window and the
/// headless runner both drive one of these; neither does anything to the machine behind its back.
public final class Session {
  /// The machine.
  public let machine: Machine
  /// The machine file that the machine lives in; nil if it has none.
  public let keeper: (any MachineKeeper)?
  /// Told when everything is open and the machine is about to run.
  public var onStart: () -> Void = {}
  private var script: ScriptRunner
  private var scriptIsRunning: Bool
  private let endsWithScript: Bool
  private let stopAfter: Span?
  private var serial: [HostStream?] = [nil, nil]
  private var parallel: HostStream?
  private var recording: WaveFile?
  private var fmLog: VGMFile?
  private var midiFile: MIDIFile?
  private let standardOutput = HostStream.standard(readsInput: false)

  /// Why the machine stands still: the host doesn't take what the guest has written. `run` tries again.
  public private(set) var trouble: String?

  /// How a session is run.
  public struct Options {
    /// Steps to do.
    public var steps: [Step] = []
    /// The session ends when the last step is done.
    public var endsWithScript = false
    /// The session ends after that much guest time.
    public var stopAfter: Span?
    /// A WAV file to record the sound in.
    public var audioFile: String?
    /// A VGM file to log the FM synthesizer in.
    public var vgmFile: String?
    /// A standard MIDI file to record the MIDI socket in.
    public var midiFile: String?
    /// No steps, no end.
    public init() {}
  }

  /// Why a session is over.
  public enum End: Equatable, Sendable {
    /// The steps were done, or one of them said so.
    case script
    /// The guest time allowed has passed.
    case time
    /// The machine stopped.
    case machine(Machine.Outcome)
    /// Nobody reads what the machine sends any more.
    case brokenPipe
  }

  /// Builds the machine, with the built-in disk if the configuration names no media, and connects its ports.
  ///
  /// - Parameter keeper: the machine file that the machine lives in; it goes on from where it was frozen.
  /// - Throws: `HostError` for configurations, files and connections that can't be used.
  public init(
    _ configuration: MachineConfiguration, _ options: Options = Options(), keeper: (any MachineKeeper)? = nil
  ) throws {
    self.keeper = keeper
    machine = try Machine(configuration, roms: keeper?.roms, media: keeper ?? HostMedia())
    if try keeper?.resume(machine) != true,
      configuration.floppy.a.path == nil, configuration.floppy.b.path == nil,
      configuration.disk.hda.path == nil, configuration.cdrom.disc.path == nil, configuration.floppy.driveA == .auto
    {
      try machine.insertWelcomeDisk()
    }
    let output = standardOutput
    script = ScriptRunner(options.steps, keeper: keeper) { text in
      for byte in text.utf8 { output.put(byte) }
      output.flush()
    }
    scriptIsRunning = !options.steps.isEmpty
    endsWithScript = options.endsWithScript
    stopAfter = options.stopAfter
    try connect(configuration.ports)
    if let path = options.audioFile {
      let file = try WaveFile(path)
      machine.audio.connect { file.write($0) }
      recording = file
    }
    if let path = options.vgmFile {
      guard let fm = machine.board.fm else {
        throw HostError.usage("--vgm-file: the machine has no FM synthesizer; take another sound.card")
      }
      fmLog = try VGMFile(path, fm)
    }
    if let path = options.midiFile {
      guard configuration.sound.soundBlaster != nil else {
        throw HostError.usage("--midi-file: the machine has no MIDI socket; take a Sound Blaster as sound.card")
      }
      midiFile = try MIDIFile(path)
    }
    if case .fluidSynth(let font) = configuration.sound.midi {
      machine.audio.connect(try FluidSynth(soundFont: font))
    }
    let (file, audio) = (midiFile, machine.audio)
    machine.onMIDIByte = { byte, time in
      file?.write(byte, at: time)
      audio.send(midi: byte, at: time)
    }
  }

  private func connect(_ ports: MachineConfiguration.Ports) throws {
    for (port, endpoint) in [ports.serial1, ports.serial2].enumerated() {
      switch endpoint {
      case .none: break
      case .stdio: serial[port] = HostStream.standard()
      case .file(let path): serial[port] = try HostStream.file(path)
      case .tcp(let host, let number): serial[port] = try HostStream.tcp(host: host, port: number)
      }
    }
    if case .file(let path) = ports.parallel1 { parallel = try HostStream.file(path) }
    let (serial, parallel, output) = (serial, parallel, standardOutput)
    machine.onSerialByte = { port, byte in serial[port & 1]?.put(byte) }
    machine.onParallelByte = { byte in parallel?.put(byte) }
    if ports.debug == .stdout {
      machine.onDebugByte = { byte in
        output.put(byte)
        output.flush()
      }
    }
  }

  /// How much guest time passes between two looks at the host's ends of the ports.
  private static let slice = Span.milliseconds(5)
  /// Bytes on the line into a port at most: what 115,200 baud carry in a slice. The rest waits on the host.
  private static let portion = 64

  /// Runs until guest time `end`.
  ///
  /// - Returns: nil when `end` was reached or there is `trouble`, otherwise why the session is over.
  /// - Throws: `HostError` from steps.
  public func run(until end: Instant) throws -> End? {
    while machine.now < end {
      if let outcome = machine.outcome { return .machine(outcome) }
      trouble = machine.retryMedia() ?? keeper?.trouble
      guard trouble == nil else { return nil }
      serve()
      var next = end
      if serial.contains(where: { $0 != nil }) { next = min(next, machine.now + Self.slice) }
      if let stopAfter {
        let left = Span(picoseconds: stopAfter.picoseconds &- machine.elapsed.picoseconds)
        guard left.picoseconds > 0 else { return .time }
        next = min(next, machine.now + left)
      }
      exchange()
      if scriptIsRunning {
        switch try script.run(machine, until: next) {
        case .running: break
        case .done:
          scriptIsRunning = false
          if endsWithScript { return .script }
        case .quit: return .script
        }
      } else {
        machine.run(until: next)
      }
      exchangeOut()
      if (serial + [parallel, standardOutput]).contains(where: { $0?.isBroken == true }) { return .brokenPipe }
    }
    if let outcome = machine.outcome { return .machine(outcome) }
    return nil
  }

  /// Keeps the machine's state: in its file if it has one, otherwise in memory.
  ///
  /// - Throws: what the machine file says.
  public func keep(as name: String) throws { try script.keep(machine, as: name) }

  /// Does what other processes ask of the machine's file; `run` does so, too.
  public func serve() { keeper?.serve(machine) { try restore($0) } }

  /// Goes back to a state that was kept.
  ///
  /// - Throws: `HostError` if there is none of that name, or it can't be taken back; then nothing has changed.
  public func restore(_ name: String) throws { try script.restore(machine, to: name) }

  private func exchange() {
    for (port, stream) in serial.enumerated() {
      let room = Self.portion - machine.serialBacklog(port)
      for byte in stream?.take(atMost: room) ?? [] { machine.receiveSerial(port, byte) }
    }
  }

  private func exchangeOut() {
    for stream in serial { stream?.flush() }
    parallel?.flush()
  }

  /// Puts everything written on the host's disks and sends what is left.
  ///
  /// - Returns: what could not be written, a line each.
  public func finish() -> [String] {
    exchangeOut()
    var complaints: [String] = []
    do throws(HostError) { _ = try machine.stopRecording() } catch { complaints.append(error.description) }
    complaints += machine.flush()
    for failure in [recording?.finish(), fmLog?.finish(), midiFile?.finish()] {
      if let failure { complaints.append(failure.description) }
    }
    return complaints
  }

  /// Writes text to standard output, in order with what the machine writes there.
  public func print(_ text: String) {
    for byte in text.utf8 { standardOutput.put(byte) }
    standardOutput.flush()
  }
}
