public import Hardware

/// Where all sound comes together: every source at its own rate is resampled to 48 kHz stereo, weighed and added.
///
/// Output sample n belongs to n/48,000 s after power-on, whoever listens; it is made when guest time is `delay` past
/// it. While nothing sounds nothing is computed and nothing is given to the listener, who takes that as silence.
public final class AudioMixer: Device {
  // MARK: State

  /// The inputs.
  public enum Channel: Int, CaseIterable, Codable, Sendable {
    /// The PC's speaker.
    case speaker
    /// FM synthesizer.
    case fm
    /// Sampled sound of a sound card.
    case voice
    /// CD audio.
    case cd
    /// A converter on the printer port.
    case printer
  }

  /// The inputs and how far the output has come.
  public struct State: SavedState {
    /// By `Channel`.
    var strips = [MixerStrip](repeating: MixerStrip(), count: Channel.allCases.count)
    /// The first output sample that isn't made.
    var next: Int64 = 0
    /// Silence.
    public init() {}
  }
  /// All that changes.
  public var state = State()

  /// Weights of the inputs and of the sum, 1 for unchanged.
  public struct Levels: Equatable, Sendable, Wiring {
    /// The sum.
    public var master: Float = 1
    /// By `Channel`.
    public var channels = [Float](repeating: 1, count: Channel.allCases.count)
    /// Everything unchanged.
    public init() {}
  }
  private let levels: Levels

  /// Where the mix goes. Carries no guest state.
  public final class Tap: Wiring {
    /// Takes finished samples (left, right, left ...) and the number of the first.
    public var take: ((Int64, UnsafeBufferPointer<Int16>) -> Void)?
    init() {}
  }
  /// Where the mix goes.
  public let tap = Tap()

  private let batch = Alarm()
  private let inputs = Inputs()

  /// What is plugged in.
  private final class Inputs: Wiring {
    var outputs: [AudioOutput] = []
    var sources: [(channel: Channel, source: any AudioSource)] = []
    var scratch: [StereoSample] = []
  }

  /// One input's end of the cable.
  private final class Plug: AudioInput {
    unowned let mixer: AudioMixer
    let channel: Int
    init(_ mixer: AudioMixer, _ channel: Channel) {
      self.mixer = mixer
      self.channel = channel.rawValue
    }
    func hold(_ left: Float, _ right: Float, at time: Instant, rate: Float) {
      mixer.wake()
      mixer.state.strips[channel].hold(left, right, at: mixer.position(time), rate: rate)
    }
    func stream(_ samples: UnsafeBufferPointer<Int16>, first: Int64, clock: Clock) {
      mixer.wake()
      mixer.stream(samples, first: first, clock: clock, channel: channel)
    }
    func setGain(_ left: Float, _ right: Float) { mixer.setGain(left, right, channel: channel) }
    func wake() { mixer.wake() }
  }

  /// Output samples made at one go: 2.7 ms.
  static let batchSize: Int64 = 128
  /// 48 kHz.
  public static let clock = Clock(numerator: 48_000)
  /// How far behind guest time samples are finished: 4 ms and a batch.
  public static let delay = Int64(BandLimitedKernel.reach) + batchSize

  /// A silent mixer.
  public init(levels: Levels = Levels()) { self.levels = levels }

  // MARK: Footprint

  /// What the device occupies.
  public var footprint: Footprint {
    Footprint("mixer", chip: "48 kHz mixer", [.alarm("batch", batch) { [unowned self] in makeBatch() }])
  }

  /// RESET silences the sources, each for itself.
  public func reset() {}

  /// Limits damaged values.
  public func stateLoaded() {
    let count = Channel.allCases.count
    while state.strips.count < count { state.strips.append(MixerStrip()) }
    state.strips.removeLast(state.strips.count - count)
    for i in state.strips.indices { state.strips[i].limit() }
    let newest = Self.clock.ticks(at: batch.now) &- Int64(BandLimitedKernel.reach)
    let oldest = isActive ? newest &- 2 * Self.batchSize : 0
    state.next = min(max(state.next, oldest), max(newest, 0))
  }

  /// Connects a device's output to a channel.
  public func connect(_ output: AudioOutput, to channel: Channel) {
    inputs.outputs.append(output)
    output.input = Plug(self, channel)
  }

  /// Connects a source that is asked for its samples. It must be silent at first, and its device must call the
  /// returned closure when it begins to play.
  public func connect(_ source: any AudioSource, to channel: Channel) -> () -> Void {
    inputs.sources.append((channel, source))
    return { [unowned self] in wake() }
  }

  /// How loud a channel is from now on, 0 ... 1 a side. A source that is asked for its samples is loud as it is when
  /// it is asked.
  public func setGain(_ left: Float, _ right: Float, channel: Channel) {
    setGain(left, right, channel: channel.rawValue)
  }

  private func setGain(_ left: Float, _ right: Float, channel: Int) {
    // What the converter holds makes a step.
    if state.strips[channel].isHolding { wake() }
    state.strips[channel].setGain(left, right, at: position(batch.now))
  }

  /// Puts a low-pass of `frequency` hertz into a channel; 0 takes it out.
  public func setLowPass(_ frequency: Double, channel: Channel) {
    state.strips[channel.rawValue].setLowPass(frequency)
  }

  /// Sets bass and treble of a channel as factors (left and right bass, left and right treble).
  public func setTone(_ bass: (Float, Float), _ treble: (Float, Float), channel: Channel) {
    var setting = ToneControl.Setting()
    (setting.bassLeft, setting.bassRight) = (Double(bass.0), Double(bass.1))
    (setting.trebleLeft, setting.trebleRight) = (Double(treble.0), Double(treble.1))
    state.strips[channel.rawValue].setTone(setting == ToneControl.Setting() ? nil : setting)
  }

  // MARK: In

  /// Whether something sounds or may still be heard.
  public var isActive: Bool { batch.deadline != nil }

  /// The output sample that comes next.
  public var position: Int64 {
    isActive ? state.next : max(Self.clock.ticks(at: batch.now) &- Self.delay, 0)
  }

  private func wake() {
    guard batch.deadline == nil else { return }
    // Whatever happens from now on reaches back no further than this.
    state.next = max(state.next, Self.clock.ticks(at: batch.now) &- Int64(BandLimitedKernel.reach) &- 1)
    arm()
  }

  private func arm() {
    let next = (Self.clock.ticks(at: batch.now) / Self.batchSize &+ 1) &* Self.batchSize
    batch.set(at: Self.clock.instant(ofTick: next))
  }

  /// Where `time` lies in the window, in output samples.
  private func position(_ time: Instant) -> Double {
    let tick = Self.clock.ticks(at: time)
    let since = (time - Self.clock.instant(ofTick: tick)).picoseconds
    return Double(tick &- state.next) + Double(since) * 48e-9
  }

  private func stream(_ samples: UnsafeBufferPointer<Int16>, first: Int64, clock: Clock, channel: Int) {
    let count = samples.count / 2
    guard count > 0 else { return }
    var strip = MixerStrip()
    swap(&strip, &state.strips[channel])
    defer { swap(&strip, &state.strips[channel]) }
    let step = 48_000 / clock.hertz
    var place = position(clock.instant(ofTick: first))
    guard strip.beginSamples(from: Int(place), to: Int(place + Double(count) * step) + 1) else { return }
    let (left, right) = (strip.gainLeft * Float(step) / 32_768, strip.gainRight * Float(step) / 32_768)
    for i in 0..<count {
      let (l, r) = (samples[2 &* i], samples[2 &* i &+ 1])
      let whole = Int(place)
      if l != 0 || r != 0 { strip.sample(Float(l) * left, Float(r) * right, at: whole, Float(place - Double(whole))) }
      place += step
    }
  }

  // MARK: Out

  private func makeBatch() {
    // First of all: sources that give something now must find the mixer awake.
    arm()
    var goesOn = false
    for output in inputs.outputs where output.refill() { goesOn = true }
    for (channel, source) in inputs.sources where pull(source, channel.rawValue) { goesOn = true }
    let end = Self.clock.ticks(at: batch.now) &- Int64(BandLimitedKernel.reach)
    while state.next < end {
      let count = Int(min(end &- state.next, Self.batchSize))
      finish(count)
      state.next &+= Int64(count)
    }
    for i in state.strips.indices where state.strips[i].isActive { goesOn = true }
    if !goesOn { batch.cancel() }
  }

  private func pull(_ source: any AudioSource, _ channel: Int) -> Bool {
    inputs.scratch.removeAll(keepingCapacity: true)
    source.render(until: batch.now, into: &inputs.scratch)
    guard !inputs.scratch.isEmpty else { return false }
    let clock = Clock(numerator: UInt64(max(source.sampleRate, 1)))
    let first = clock.nextTick(from: batch.now) &- Int64(inputs.scratch.count)
    inputs.scratch.withUnsafeBytes { bytes in
      stream(bytes.bindMemory(to: Int16.self), first: first, clock: clock, channel: channel)
    }
    return true
  }

  /// The next `count` samples of the mix.
  private func finish(_ count: Int) {
    var sum = [Float](repeating: 0, count: 2 * count)
    var part = sum
    for i in state.strips.indices where state.strips[i].isActive {
      let level = levels.master * (i < levels.channels.count ? levels.channels[i] : 1)
      part.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
      state.strips[i].take(count, into: &part)
      for j in 0..<2 * count { sum[j] += part[j] * level }
    }
    guard let take = tap.take else { return }
    withUnsafeTemporaryAllocation(of: Int16.self, capacity: 2 * count) { samples in
      for i in 0..<2 * count { samples[i] = Int16(max(-32_768, min(32_767, (sum[i] * 32_767).rounded()))) }
      take(state.next, UnsafeBufferPointer(samples))
    }
  }
}
