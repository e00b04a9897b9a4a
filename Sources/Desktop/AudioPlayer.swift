import CSDL2
import PC

/// The host's sound device. Lives on the emulation thread; SDL's own thread empties the queue.
final class AudioPlayer {
  private let device: SDL_AudioDeviceID
  private var control: PlaybackControl
  private var collected: [Int16] = []
  /// Samples that the device takes at one go.
  private let period: Int

  /// Opens the host's default device; nil if there is none.
  init?(latency: Latency) {
    guard SDL_InitSubSystem(UInt32(SDL_INIT_AUDIO)) == 0 else { return nil }
    var wanted = SDL_AudioSpec()
    wanted.freq = Int32(AudioFeed.rate)
    wanted.format = SDL_AudioFormat(0x8010)  // AUDIO_S16LSB
    wanted.channels = 2
    wanted.samples = 256
    var got = SDL_AudioSpec()
    let device = SDL_OpenAudioDevice(nil, 0, &wanted, &got, 0)
    guard device != 0 else {
      SDL_QuitSubSystem(UInt32(SDL_INIT_AUDIO))
      return nil
    }
    self.device = device
    period = Int(got.samples)
    control = PlaybackControl(target: 1)
    self.latency = latency
    control.target = Self.target(latency, period)
    SDL_PauseAudioDevice(device, 0)
  }

  deinit {
    SDL_CloseAudioDevice(device)
    SDL_QuitSubSystem(UInt32(SDL_INIT_AUDIO))
  }

  /// From the machine's sample to the loudspeaker, without what the host's mixer adds.
  var latency: Latency {
    didSet { control.target = Self.target(latency, period) }
  }
  /// 0 ... 100.
  var volume: Int {
    get { Int((control.volume * 100).rounded()) }
    set { control.volume = Float(min(max(newValue, 0), 100)) / 100 }
  }
  /// No sound while paused, at other speeds than real time, or when the host is too slow.
  var isMuted: Bool {
    get { control.isMuted }
    set { control.isMuted = newValue }
  }
  /// How often the queue ran dry.
  var underruns: Int { control.underruns }

  private static func target(_ latency: Latency, _ period: Int) -> Int {
    max(latency.milliseconds * AudioFeed.rate / 1000 - period, period)
  }

  /// Keeps what the machine plays until the next `flush`.
  func collect(_ samples: UnsafeBufferPointer<Int16>) { collected += samples }

  /// While nothing runs: the last samples fade away.
  func fade() {
    guard control.level > 0 else { return }
    collected += [Int16](repeating: 0, count: 960)
    flush()
  }

  /// Gives the host what has been collected.
  func flush() {
    let queued = Int(SDL_GetQueuedAudioSize(device)) / 4
    let out = collected.withUnsafeBufferPointer { control.process($0, queued: queued) }
    collected.removeAll(keepingCapacity: true)
    guard !out.isEmpty else { return }
    out.withUnsafeBytes { _ = SDL_QueueAudio(device, $0.baseAddress, UInt32($0.count)) }
  }
}
