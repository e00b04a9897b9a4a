import CSDL2
import Glibc
import PC

/// The host's sound device. Lives on the emulation thread; SDL's own thread empties the ring.
final class AudioPlayer {
  private let device: SDL_AudioDeviceID
  private let ring = AudioRing()
  private var control: PlaybackControl
  private var collected: [Int16] = []
  /// Samples behind the ring: what SDL and the host's sound server hold.
  private let buffered: Int

  /// Least mean length of the ring: what is taken at one go, half of what the mixer delivers, and 2 ms.
  private static let shortest = 416

  /// Opens the host's default device; nil if there is none.
  init?(latency: Latency) {
    // Half of the delay is for the sound server, the rest for this thread's own hiccups. Left to itself PulseAudio takes
    // the period for the whole of its buffer and has gaps. The variable is libpulse's own.
    let server = max(latency.milliseconds / 2, 5)
    setenv("PULSE_LATENCY_MSEC", String(server), 0)
    guard SDL_InitSubSystem(UInt32(SDL_INIT_AUDIO)) == 0 else { return nil }
    let isPulse = SDL_GetCurrentAudioDriver().map { String(cString: $0) } == "pulseaudio"
    var wanted = SDL_AudioSpec()
    wanted.freq = Int32(AudioFeed.rate)
    wanted.format = SDL_AudioFormat(0x8010)  // AUDIO_S16LSB
    wanted.channels = 2
    // What is taken at one go: with PulseAudio only a portion, with ALSA a half or third of the whole buffer.
    wanted.samples = isPulse ? 128 : 256
    wanted.userdata = Unmanaged.passUnretained(ring).toOpaque()
    wanted.callback = { ring, bytes, count in
      guard let ring, let bytes else { return }
      UnsafeMutableRawBufferPointer(start: bytes, count: Int(count)).withMemoryRebound(to: Int16.self) {
        Unmanaged<AudioRing>.fromOpaque(ring).takeUnretainedValue().read(into: $0)
      }
    }
    var got = SDL_AudioSpec()
    let device = SDL_OpenAudioDevice(nil, 0, &wanted, &got, 0)
    guard device != 0 else {
      SDL_QuitSubSystem(UInt32(SDL_INIT_AUDIO))
      return nil
    }
    self.device = device
    buffered = Int(got.samples) / 2 + (isPulse ? server * AudioFeed.rate / 1000 : Int(got.samples))
    control = PlaybackControl(target: 1)
    self.latency = latency
    control.target = Self.target(latency, buffered)
    SDL_PauseAudioDevice(device, 0)
  }

  deinit {
    SDL_CloseAudioDevice(device)
    SDL_QuitSubSystem(UInt32(SDL_INIT_AUDIO))
  }

  /// From the machine's sample to the loudspeaker.
  var latency: Latency {
    didSet { control.target = Self.target(latency, buffered) }
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
  /// How often sound was wanted and none was there.
  var underruns: Int { ring.underruns }

  private static func target(_ latency: Latency, _ buffered: Int) -> Int {
    max(latency.milliseconds * AudioFeed.rate / 1000 - buffered, shortest)
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
    guard !collected.isEmpty else { return }
    let (queued, isDry) = ring.state
    let out = collected.withUnsafeBufferPointer { control.process($0, queued: queued, isDry: isDry) }
    collected.removeAll(keepingCapacity: true)
    ring.write(out, isQuiet: control.level == 0)
  }
}
