import Glibc

/// FluidSynth, if it is installed on the host: plays what the guest sends by MIDI. Loaded when it is wanted, so that
/// Heirloom neither needs it to be built nor to run.
///
/// - Source: FluidSynth 2.x API reference (`fluidsynth/synth.h`, `fluidsynth/settings.h`, `fluidsynth/log.h`).
final class FluidSynth {
  private typealias Create = @convention(c) () -> OpaquePointer?
  private typealias CreateWith = @convention(c) (OpaquePointer?) -> OpaquePointer?
  private typealias SetNumber = @convention(c) (OpaquePointer?, UnsafePointer<CChar>, Double) -> Int32
  private typealias Load = @convention(c) (OpaquePointer?, UnsafePointer<CChar>, Int32) -> Int32
  private typealias Send2 = @convention(c) (OpaquePointer?, Int32, Int32) -> Int32
  private typealias Send3 = @convention(c) (OpaquePointer?, Int32, Int32, Int32) -> Int32
  private typealias Exclusive =
    @convention(c) (
      OpaquePointer?, UnsafePointer<CChar>?, Int32, UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<Int32>?,
      UnsafeMutablePointer<Int32>?, Int32
    ) -> Int32
  private typealias Write =
    @convention(c) (
      OpaquePointer?, Int32, UnsafeMutableRawPointer?, Int32, Int32, UnsafeMutableRawPointer?, Int32, Int32
    ) -> Int32
  private typealias Log = @convention(c) (Int32, UnsafePointer<CChar>?, UnsafeMutableRawPointer?) -> Void
  private typealias SetLog = @convention(c) (Int32, Log?, UnsafeMutableRawPointer?) -> Log?
  private typealias Destroy = @convention(c) (OpaquePointer?) -> Void

  private let synth: OpaquePointer
  private let settings: OpaquePointer
  private let noteOn: Send3
  private let noteOff: Send2
  private let control: Send3
  private let program: Send2
  private let bend: Send2
  private let pressure: Send2
  private let exclusive: Exclusive
  private let write: Write
  private let destroySynth: Destroy
  private let destroySettings: Destroy

  private var parser = MIDIParser()
  /// Messages to come with the output samples at which they act.
  private var waiting: [(position: Int64, message: [UInt8])] = []
  private var hasBegun = false

  private static let libraries = ["libfluidsynth.so.3", "libfluidsynth.so.2", "libfluidsynth.so"]
  /// Where distributions put the sound font that is taken if none is named.
  private static let fonts = [
    "/usr/share/sounds/sf2/default-GM.sf2", "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/soundfonts/default.sf2", "/usr/share/soundfonts/FluidR3_GM.sf2",
  ]

  /// A synthesizer with the sound font at `path`, or the host's own.
  ///
  /// - Throws: `HostError.file` if FluidSynth or a sound font isn't there.
  init(soundFont path: String?) throws(HostError) {
    var handle: UnsafeMutableRawPointer?
    for name in Self.libraries where handle == nil { handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) }
    guard let handle else {
      throw .file("sound.midi: FluidSynth is not installed on this computer (Debian: apt install libfluidsynth3)")
    }
    guard let font = path ?? Self.fonts.first(where: { access($0, R_OK) == 0 }) else {
      throw .file("sound.midi: no sound font was found; name one, fluidsynth:FILE.sf2 (Debian: timgm6mb-soundfont)")
    }
    func symbol<T>(_ name: String, as type: T.Type) throws(HostError) -> T {
      guard let address = dlsym(handle, name) else {
        throw .file("sound.midi: this FluidSynth has no \(name); version 2 is wanted")
      }
      return unsafeBitCast(address, to: type)
    }
    noteOn = try symbol("fluid_synth_noteon", as: Send3.self)
    noteOff = try symbol("fluid_synth_noteoff", as: Send2.self)
    control = try symbol("fluid_synth_cc", as: Send3.self)
    program = try symbol("fluid_synth_program_change", as: Send2.self)
    bend = try symbol("fluid_synth_pitch_bend", as: Send2.self)
    pressure = try symbol("fluid_synth_channel_pressure", as: Send2.self)
    exclusive = try symbol("fluid_synth_sysex", as: Exclusive.self)
    write = try symbol("fluid_synth_write_s16", as: Write.self)
    destroySynth = try symbol("delete_fluid_synth", as: Destroy.self)
    destroySettings = try symbol("delete_fluid_settings", as: Destroy.self)
    let setLog = try symbol("fluid_set_log_function", as: SetLog.self)
    // What goes wrong is told in our words: FLUID_PANIC to FLUID_INFO say nothing.
    for level: Int32 in 0...3 { _ = setLog(level, { _, _, _ in }, nil) }
    let makeSettings = try symbol("new_fluid_settings", as: Create.self)
    let makeSynth = try symbol("new_fluid_synth", as: CreateWith.self)
    let setNumber = try symbol("fluid_settings_setnum", as: SetNumber.self)
    let load = try symbol("fluid_synth_sfload", as: Load.self)
    guard let settings = makeSettings() else { throw .file("sound.midi: FluidSynth can't be set up") }
    _ = setNumber(settings, "synth.sample-rate", Double(AudioFeed.rate))
    // Its own default, 0.2, leaves room for 256 voices; beside a sound card it is hardly heard (chosen by ear).
    _ = setNumber(settings, "synth.gain", 0.5)
    guard let synth = makeSynth(settings) else {
      destroySettings(settings)
      throw .file("sound.midi: FluidSynth can't be set up")
    }
    (self.settings, self.synth) = (settings, synth)
    guard load(synth, font, 1) >= 0 else { throw .file("\(font): is not a sound font that FluidSynth reads") }
  }

  deinit {
    destroySynth(synth)
    destroySettings(settings)
  }

  /// A byte sent by the guest; it acts at output sample `position`.
  func send(_ byte: UInt8, at position: Int64) {
    if let message = parser.take(byte) { waiting.append((position, message)) }
  }

  /// Adds the synthesizer's sound to output samples from `first` on.
  func add(to samples: inout [Int16], first: Int64) {
    guard hasBegun || !waiting.isEmpty else { return }
    hasBegun = true
    let count = samples.count / 2
    var done = 0
    while done < count {
      while let next = waiting.first, next.position <= first + Int64(done) {
        waiting.removeFirst()
        perform(next.message)
      }
      let until = waiting.first.map { Int(min($0.position - first, Int64(count))) } ?? count
      var part = [Int16](repeating: 0, count: 2 * (until - done))
      part.withUnsafeMutableBytes { bytes in
        _ = write(synth, Int32(until - done), bytes.baseAddress, 0, 2, bytes.baseAddress, 1, 2)
      }
      for i in part.indices { samples[2 * done + i] = Int16(clamping: Int(samples[2 * done + i]) + Int(part[i])) }
      done = until
    }
  }

  /// Guest time has jumped: what was to come doesn't.
  func restart() {
    waiting = []
    for channel in Int32(0)..<16 { _ = control(synth, channel, 123, 0) }
  }

  private func perform(_ message: [UInt8]) {
    let channel = Int32(message[0] & 0x0F)
    func data(_ n: Int) -> Int32 { message.count > n ? Int32(message[n]) : 0 }
    switch message[0] & 0xF0 {
    case 0x80: _ = noteOff(synth, channel, data(1))
    case 0x90: _ = data(2) == 0 ? noteOff(synth, channel, data(1)) : noteOn(synth, channel, data(1), data(2))
    case 0xB0: _ = control(synth, channel, data(1), data(2))
    case 0xC0: _ = program(synth, channel, data(1))
    case 0xD0: _ = pressure(synth, channel, data(1))
    case 0xE0: _ = bend(synth, channel, data(1) | data(2) << 7)
    case 0xF0:
      let body = message.dropFirst().dropLast().map { CChar(bitPattern: $0) }
      _ = exclusive(synth, body, Int32(body.count), nil, nil, nil, 0)
    default: break
    }
  }
}
