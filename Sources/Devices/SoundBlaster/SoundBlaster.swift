public import Hardware

/// A Sound Blaster: the DSP with its DMA and interrupts, the mixer, and on a 16 the MIDI interface. The FM synthesizer
/// of the card is a device of its own (`Synthesizer`) at ports 2x0h-2x3h and 2x8h-2x9h.
///
/// - Source: Creative, Sound Blaster Series Hardware Programming Guide (1996).
public final class SoundBlaster: Device {
  /// Which card.
  public enum Model: String, Codable, Sendable, CaseIterable {
    /// Sound Blaster 2.0, DSP 2.01, no mixer.
    case sb2
    /// Sound Blaster Pro 2, DSP 3.02, CT1345.
    case pro
    /// Sound Blaster 16, DSP 4.13, CT1745.
    case sb16

    /// What command E1h answers.
    var version: (major: UInt8, minor: UInt8) {
      switch self {
      case .sb2: (2, 1)
      case .pro: (3, 2)
      case .sb16: (4, 13)
      }
    }
    var mixer: SoundBlasterMixer.Model {
      switch self {
      case .sb2: .none
      case .pro: .ct1345
      case .sb16: .ct1745
      }
    }
  }

  // MARK: State

  /// DSP, mixer, MIDI.
  public struct State: SavedState {
    /// The DSP.
    var dsp = DSP()
    /// Transfers over the 8-bit and the 16-bit channel, which a DSP 4.xx can run side by side.
    var transfers = [Transfer(), Transfer()]
    /// The mixer.
    public var mixer = SoundBlasterMixer()
    /// The MIDI interface.
    var midi = MPU401()
    /// Interrupts waiting for an acknowledgement: bit 0 from 8-bit sound, 1 from 16-bit sound, 2 from MIDI.
    var pending: UInt8 = 0
    /// Who asks on each DMA channel: 0 nobody, 1 and 2 the transfers, 3 the identification command.
    var asking = Bank<8, UInt8>(repeating: 0)
    /// After reset.
    public init() {}
  }
  /// All that changes.
  public var state = State()

  /// How a card is jumpered.
  public struct Configuration: Equatable, Sendable, Wiring {
    /// Which card.
    public var model: Model
    /// First port: 220h, 240h, 260h or 280h.
    public var base: UInt16
    /// Interrupt at power-on: 9 (called 2), 5, 7 or 10.
    public var irq: Int
    /// 8-bit DMA channel at power-on: 0, 1 or 3.
    public var dma: Int
    /// 16-bit DMA channel at power-on: 5, 6 or 7; nil to use the other one.
    public var dma16: Int?
    /// First port of the MIDI interface: 300h or 330h.
    public var midiBase: UInt16

    /// A card with these settings.
    public init(
      _ model: Model = .sb16, base: UInt16 = 0x220, irq: Int = 5, dma: Int = 1, dma16: Int? = 5,
      midiBase: UInt16 = 0x330
    ) {
      self.model = model
      self.base = min(base, 0xFF00)
      self.irq = irq
      self.dma = dma
      self.dma16 = dma16
      self.midiBase = min(midiBase, 0xFF00)
    }

    /// Interrupts and DMA channels that the card can drive: all that a Sound Blaster 16's software may choose.
    var interrupts: [Int] { model == .sb16 ? [5, 7, 9, 10] : [irq] }
    var channels: [Int] { model == .sb16 ? [0, 1, 3, 5, 6, 7] : [dma] }
  }
  let configuration: Configuration
  var model: Model { configuration.model }

  /// What the converter plays.
  public let output = AudioOutput()
  let interruptLines: Lines
  let requests: Requests
  /// The pins that the mixer drives, and the plugs of MIDI and recording.
  public let pins = Pins()
  private let ready = Alarm()
  private let samples = SampleAlarms()

  /// The interrupt lines by number.
  final class Lines: Wiring {
    let lines: [(irq: Int, line: Line)]
    init(_ irqs: [Int]) { lines = irqs.map { ($0, Line()) } }
  }
  /// The DMA requests by channel.
  final class Requests: Wiring {
    let requests: [(channel: Int, request: DMARequest)]
    init(_ channels: [Int]) { requests = channels.map { ($0, DMARequest()) } }
    subscript(channel: Int) -> DMARequest? { requests.first { $0.channel == channel }?.request }
  }

  /// What else the card is wired to. Carries no guest state.
  public final class Pins: Wiring {
    /// The FM synthesizer's volume, as factors for left and right.
    public var fm: (Float, Float) -> Void = { _, _ in }
    /// The CD's volume.
    public var cd: (Float, Float) -> Void = { _, _ in }
    /// Bass and treble of everything the card plays, as factors for left and right.
    public var tone: ((Float, Float), (Float, Float)) -> Void = { _, _ in }
    /// Corner of the output filter in hertz, 0 for none.
    public var filter: (Double) -> Void = { _ in }
    /// A byte for the MIDI socket, with its time.
    public var midi: (UInt8, Instant) -> Void = { _, _ in }
    /// What is recorded: the level at a time, -1 ... 1 a side.
    public var record: (Instant) -> (left: Float, right: Float) = { _ in (0, 0) }
    init() {}
  }

  /// The clocks of both transfers.
  private struct SampleAlarms: Wiring {
    let eight = Alarm()
    let sixteen = Alarm()
  }

  /// A card at power-on.
  public init(_ configuration: Configuration = Configuration()) {
    self.configuration = configuration
    interruptLines = Lines(configuration.interrupts)
    requests = Requests(configuration.channels)
    setUp()
    for (channel, request) in requests.requests {
      request.memoryToDevice = { [unowned self] in dmaGave($0, channel: channel) }
      request.deviceToMemory = { [unowned self] in dmaTakes(channel: channel) }
      request.verify = { [unowned self] in dmaGave(0x80, channel: channel) }
    }
  }

  private func setUp() {
    state.mixer = SoundBlasterMixer(model.mixer)
    state.mixer.select(
      interrupt: configuration.irq, channel8: configuration.dma,
      channel16: model == .sb16 ? configuration.dma16 : nil)
  }

  // MARK: Footprint

  /// What the device occupies.
  public var footprint: Footprint {
    let base = configuration.base
    var items: [Footprint.Item] = [
      .ports(base + 0x4...base + 0x7, block: 0x4), .ports(base + 0xA...base + 0xF, block: 0xA),
      .alarm("dsp-ready", ready) { [unowned self] in becomeReady() },
    ]
    if model == .sb16 { items.append(.ports(configuration.midiBase...configuration.midiBase + 1, block: 0x10)) }
    for (irq, line) in interruptLines.lines { items.append(.interrupt(irq, line)) }
    for (channel, request) in requests.requests { items.append(.dma(channel, request)) }
    items.append(.alarm("sample-8", samples.eight) { [unowned self] in sampleDue(0) })
    items.append(.alarm("sample-16", samples.sixteen) { [unowned self] in sampleDue(1) })
    let (major, minor) = model.version
    let chip = "Creative DSP \(major).\(minor < 10 ? "0" : "")\(minor)"
    return Footprint("sb", chip: model == .sb2 ? chip : chip + (model == .pro ? ", CT1345" : ", CT1745"), items)
  }

  /// RESET: DSP, mixer and MIDI begin anew; settings of the 16's interrupt and DMA go back to the configured ones.
  public func reset() {
    stopTransfers()
    output(0, 0, rate: 0)
    state = State()
    setUp()
    ready.cancel()
    driveInterrupts()
    applyMixer()
  }

  /// Limits damaged values.
  public func stateLoaded() {
    while state.transfers.count < 2 { state.transfers.append(Transfer()) }
    state.transfers.removeLast(state.transfers.count - 2)
    for i in 0..<2 { state.transfers[i].limit(now) }
    state.dsp.limit()
    state.midi.queue = Array(state.midi.queue.prefix(16))
  }

  var now: Instant { ready.now }
  func sampleAlarm(_ n: Int) -> Alarm { n == 0 ? samples.eight : samples.sixteen }

  // MARK: Ports

  /// See `Device`. Blocks are named after their first port.
  public func readPort(_ block: Int, _ offset: Int) -> UInt8 {
    switch block + offset {
    case 0x4: return model == .sb2 ? 0xFF : state.mixer.index
    case 0x5: return state.mixer.index == 0x82 && model == .sb16 ? state.pending : state.mixer.read(model.mixer)
    case 0xA: return state.dsp.read()
    case 0xC: return (isBusy ? 0x80 : 0) | 0x7F
    case 0xE:
      // Reading acknowledges the interrupt of 8-bit sound.
      acknowledge(0x01)
      return (state.dsp.answers.isEmpty ? 0 : 0x80) | 0x7F
    case 0xF where model == .sb16:
      acknowledge(0x02)
      return 0xFF
    case 0x10:
      acknowledge(0x04)
      return state.midi.readData()
    case 0x11: return state.midi.status(now)
    default: return 0xFF
    }
  }

  /// See `Device`.
  public func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    switch block + offset {
    case 0x4: state.mixer.index = value
    case 0x5: writeMixer(value)
    case 0x6: writeReset(value)
    case 0xC: writeDSP(value)
    case 0x10: if let byte = state.midi.writeData(value, now) { pins.midi(byte, now) }
    case 0x11:
      state.midi.command(value)
      if !state.midi.queue.isEmpty { request(0x04) }
    default: break
    }
  }

  // MARK: Interrupts

  func request(_ source: UInt8) {
    state.pending |= source
    driveInterrupts()
  }

  private func acknowledge(_ source: UInt8) {
    guard state.pending & source != 0 else { return }
    state.pending &= ~source
    driveInterrupts()
  }

  private func driveInterrupts() {
    let chosen = model == .sb16 ? state.mixer.interrupt : configuration.irq
    for (irq, line) in interruptLines.lines { line.drive(irq == chosen && state.pending != 0) }
  }

  // MARK: Mixer

  private func writeMixer(_ value: UInt8) {
    let register = state.mixer.index
    if register == 0x81 { dropRequests() }
    state.mixer.write(value, model.mixer)
    switch register {
    case 0x80: driveInterrupts()
    case 0x81: repeatRequests()
    default: applyMixer()
    }
  }

  /// Sets volumes and filter as the mixer's registers say. The board calls it once all is connected.
  public func applyMixer() {
    let gain = state.mixer.outputGain(model.mixer)
    func factors(_ volume: SoundBlasterMixer.Volume) -> (Float, Float) {
      (factor(volume.left) * gain.left, factor(volume.right) * gain.right)
    }
    let voice = factors(state.mixer.voice(model.mixer))
    output.input?.setGain(voice.0, voice.1)
    let fm = factors(state.mixer.fm(model.mixer))
    pins.fm(fm.0, fm.1)
    let cd = factors(state.mixer.cd(model.mixer))
    pins.cd(cd.0, cd.1)
    func raised(_ volume: SoundBlasterMixer.Volume) -> (Float, Float) {
      func side(_ decibels: Double) -> Float { decibels <= 0 ? factor(-decibels) : 1 / factor(decibels) }
      return (side(volume.left), side(volume.right))
    }
    pins.tone(raised(state.mixer.bass(model.mixer)), raised(state.mixer.treble(model.mixer)))
    switch model {
    case .sb2: pins.filter(4800)
    case .pro: pins.filter(state.mixer.isFiltered ? 3200 : 0)
    case .sb16: pins.filter(0)
    }
  }

  /// 10^(-x/20) from a table of whole decibels, the same on every host.
  private func factor(_ decibels: Double) -> Float {
    guard decibels < 96 else { return 0 }
    var factor: Float = 1
    for _ in 0..<Int(decibels) { factor *= 0.891_250_94 }
    return factor
  }

  // MARK: Reset of the DSP

  /// Port 2x6h: a 1 and then a 0 reset the DSP, which answers AAh 100 µs later.
  private func writeReset(_ value: UInt8) {
    let wasHigh = state.dsp.resetIsHigh
    state.dsp.resetIsHigh = value & 1 != 0
    guard wasHigh, value & 1 == 0 else { return }
    let dsp = state.dsp
    stopTransfers()
    acknowledge(0x03)
    state.dsp = DSP()
    // In MIDI mode and at high speed a reset only ends that; rate and block size stay. It answers all the same, since
    // software waits for the answer (unverified).
    if dsp.isMIDI || dsp.isHighSpeed { state.dsp.keepSettings(of: dsp) }
    output(0, 0, rate: 0)
    state.dsp.isResetting = true
    ready.set(after: .microseconds(100))
  }

  private func becomeReady() {
    state.dsp.isResetting = false
    state.dsp.answer([0xAA])
  }

  /// The DSP doesn't take a byte: it is starting, still at work on the last one, or at high speed.
  private var isBusy: Bool {
    state.dsp.isResetting || now < state.dsp.busyUntil || state.dsp.isHighSpeed
  }
}
