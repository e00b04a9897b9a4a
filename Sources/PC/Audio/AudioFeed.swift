import Devices
import Hardware

/// The machine's sound as an unbroken stream for the host: what the mixer makes, and silence where it makes nothing.
public final class AudioFeed {
  private let mixer: AudioMixer
  private var position: Int64 = 0
  private var sinks: [(UnsafeBufferPointer<Int16>) -> Void] = []
  /// Plays what goes to the MIDI socket; its sound is added to the machine's.
  private var synthesizer: FluidSynth?
  private let silence = [Int16](repeating: 0, count: 4096)

  /// Samples a second.
  public static let rate = 48_000

  init(_ mixer: AudioMixer) { self.mixer = mixer }

  /// Gives everything from now on to `sink`: pairs of samples, left and right.
  public func connect(_ sink: @escaping (UnsafeBufferPointer<Int16>) -> Void) {
    if sinks.isEmpty { position = mixer.position }
    sinks.append(sink)
    mixer.tap.take = { [unowned self] in take(first: $0, $1) }
  }

  /// Adds a synthesizer to what is heard.
  func connect(_ synthesizer: FluidSynth) { self.synthesizer = synthesizer }

  /// A byte for the synthesizer, sent at guest time `time`.
  func send(midi byte: UInt8, at time: Instant) { synthesizer?.send(byte, at: AudioMixer.clock.ticks(at: time)) }

  private func give(_ samples: UnsafeBufferPointer<Int16>) {
    guard let synthesizer else {
      for sink in sinks { sink(samples) }
      return
    }
    var sum = Array(samples)
    synthesizer.add(to: &sum, first: position)
    sum.withUnsafeBufferPointer { sum in for sink in sinks { sink(sum) } }
  }

  /// Gives what guest time `now` has left to give: silence, if nothing sounds. Call after each run.
  func catchUp(_ now: Instant) {
    if !mixer.isActive { pad(to: AudioMixer.clock.ticks(at: now) - AudioMixer.delay) }
  }

  /// Guest time has jumped: the stream goes on from there without a gap.
  func restart() {
    position = mixer.position
    synthesizer?.restart()
  }

  private func take(first: Int64, _ samples: UnsafeBufferPointer<Int16>) {
    pad(to: first)
    give(samples)
    position = first + Int64(samples.count / 2)
  }

  private func pad(to end: Int64) {
    while position < end, !sinks.isEmpty {
      let count = min(end - position, Int64(silence.count / 2))
      silence.withUnsafeBufferPointer { silence in
        give(UnsafeBufferPointer(rebasing: silence[..<Int(2 * count)]))
      }
      position += count
    }
  }
}
