import Synchronization

/// What waits to be played, between the thread that owns the machine and the thread of the host's sound device.
///
/// When it runs dry the last sample fades away in 5 ms, so that a gap is silence and no crack; from then on it gives
/// silence until somebody writes again.
public final class AudioRing: Sendable {
  private struct Contents {
    var samples = [Int16](repeating: 0, count: 2 * AudioRing.capacity)
    /// Place of the next pair and number of pairs.
    var first = 0
    var count = 0
    var isDry = true
    var hasBegun = false
    var isQuiet = true
    var underruns = 0
    /// The last pair played, fading, and how much of the fade is left.
    var last = (left: Float(0), right: Float(0))
    var fade = 0
  }
  private let contents = Mutex(Contents())

  /// Pairs that fit in: 0.68 s.
  public static let capacity = 32_768
  /// 5 ms.
  private static let fadeLength = 240

  /// An empty ring.
  public init() {}

  /// Pairs waiting, and whether there has been a gap (or nothing yet) since the last `write`.
  public var state: (queued: Int, isDry: Bool) { contents.withLock { ($0.count, $0.isDry) } }
  /// How often sound was wanted and none was there.
  public var underruns: Int { contents.withLock { $0.underruns } }

  /// Adds pairs (left, right); what doesn't fit is left away. `isQuiet`: they end in silence, and going dry after them
  /// is no gap. Until the device has taken something for the first time, nothing is kept: some take seconds to begin.
  public func write(_ new: [Int16], isQuiet: Bool) {
    contents.withLock { ring in
      ring.isQuiet = isQuiet
      guard ring.hasBegun, !new.isEmpty else { return }
      ring.isDry = false
      for i in 0..<min(new.count / 2, Self.capacity - ring.count) {
        let place = (ring.first + ring.count + i) % Self.capacity
        ring.samples[2 * place] = new[2 * i]
        ring.samples[2 * place + 1] = new[2 * i + 1]
      }
      ring.count = min(ring.count + new.count / 2, Self.capacity)
    }
  }

  /// Fills `output` with pairs.
  public func read(into output: UnsafeMutableBufferPointer<Int16>) {
    contents.withLock { ring in
      ring.hasBegun = true
      for i in 0..<output.count / 2 {
        if ring.count > 0 {
          output[2 * i] = ring.samples[2 * ring.first]
          output[2 * i + 1] = ring.samples[2 * ring.first + 1]
          ring.last = (Float(output[2 * i]), Float(output[2 * i + 1]))
          ring.first = (ring.first + 1) % Self.capacity
          ring.count -= 1
          ring.fade = Self.fadeLength
          continue
        }
        if !ring.isDry, !ring.isQuiet { ring.underruns += 1 }
        ring.isDry = true
        ring.fade = max(ring.fade - 1, 0)
        let weight = Float(ring.fade) / Float(Self.fadeLength)
        output[2 * i] = Int16(ring.last.left * weight)
        output[2 * i + 1] = Int16(ring.last.right * weight)
      }
    }
  }
}
