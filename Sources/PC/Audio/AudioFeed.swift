import Devices
import Hardware

/// The machine's sound as an unbroken stream for the host: what the mixer makes, and silence where it makes nothing.
public final class AudioFeed {
  private let mixer: AudioMixer
  private var position: Int64 = 0
  private var sinks: [(UnsafeBufferPointer<Int16>) -> Void] = []
  private let silence = [Int16](repeating: 0, count: 4096)

  /// Samples a second.
  public static let rate = 48_000

  init(_ mixer: AudioMixer) { self.mixer = mixer }

  /// Gives everything from now on to `sink`: pairs of samples, left and right.
  public func connect(_ sink: @escaping (UnsafeBufferPointer<Int16>) -> Void) {
    sinks.append(sink)
    mixer.tap.take = { [unowned self] in take(first: $0, $1) }
  }

  /// Gives what guest time `now` has left to give: silence, if nothing sounds. Call after each run.
  func catchUp(_ now: Instant) {
    if !mixer.isActive { pad(to: AudioMixer.clock.ticks(at: now) - AudioMixer.delay) }
  }

  /// Guest time has jumped: the stream goes on at `now` without a gap.
  func restart(_ now: Instant) { position = max(AudioMixer.clock.ticks(at: now) - AudioMixer.delay, 0) }

  private func take(first: Int64, _ samples: UnsafeBufferPointer<Int16>) {
    pad(to: first)
    for sink in sinks { sink(samples) }
    position = first + Int64(samples.count / 2)
  }

  private func pad(to end: Int64) {
    while position < end, !sinks.isEmpty {
      let count = min(end - position, Int64(silence.count / 2))
      silence.withUnsafeBufferPointer { silence in
        let part = UnsafeBufferPointer(rebasing: silence[..<Int(2 * count)])
        for sink in sinks { sink(part) }
      }
      position += count
    }
  }
}
