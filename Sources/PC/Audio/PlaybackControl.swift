/// Keeps the host's queue of sound at its length although guest and host count time by different clocks: plays a
/// little faster or slower, less than anybody hears, and goes silent where only noise could come out.
public struct PlaybackControl {
  /// Length of the queue aimed at, in samples.
  public var target: Int
  /// 0 ... 1.
  public var volume: Float = 1
  /// Nothing is played: paused, at another speed than real time, or too slow.
  public var isMuted = false
  /// Samples consumed per sample produced.
  public private(set) var ratio = 1.0
  /// How often the queue ran dry while playing.
  public private(set) var underruns = 0

  private var average: Double?
  private var place = 0.0
  private var history = [Int16](repeating: 0, count: 8)
  /// The volume that fades have reached.
  public private(set) var level: Float = 0
  private var isPlaying = false

  /// The pitch changes by no more than this: 5 parts in 1000 are 9 cents.
  private static let most = 0.005

  /// A queue of `target` samples.
  public init(target: Int) { self.target = target }

  /// Turns what the machine played (pairs of samples) into what the host is given, with `queued` samples still to be
  /// played on the host's side.
  public mutating func process(_ samples: UnsafeBufferPointer<Int16>, queued: Int) -> [Int16] {
    var out: [Int16] = []
    out.reserveCapacity(samples.count + 2 * target)
    if isPlaying, queued == 0, !isMuted { underruns += 1 }
    if queued == 0 {
      // A new beginning: silence as long as the queue is to be.
      out += [Int16](repeating: 0, count: 2 * max(target - samples.count / 2, 0))
      (average, isPlaying) = (nil, true)
    } else {
      let error = Double(queued + samples.count / 2 - target)
      // The queue breathes with each delivery: only its mean counts.
      average = (average ?? error) + (error - (average ?? error)) * 0.02
      ratio = 1 + max(-Self.most, min(Self.most, (average ?? 0) / Double(max(target, 1)) * 0.004))
    }
    // A queue that has grown far beyond its length (a host that slept) is brought back at once.
    if queued > 6 * target { return [] }
    var i = 0
    while i < samples.count / 2 {
      history.removeFirst(2)
      history += [samples[2 * i], samples[2 * i + 1]]
      i += 1
      while place < 1 {
        // Fades take 5 ms.
        level += max(-1 / 240, min(1 / 240, (isMuted ? 0 : volume) - level))
        for side in 0..<2 {
          let value = Self.between(
            Float(history[side]), Float(history[2 + side]), Float(history[4 + side]), Float(history[6 + side]),
            Float(place))
          out.append(Int16(max(-32_768, min(32_767, (value * level).rounded()))))
        }
        place += ratio
      }
      place -= 1
    }
    return out
  }

  /// The third-order curve through four samples, at `x` between the middle two.
  private static func between(_ a: Float, _ b: Float, _ c: Float, _ d: Float, _ x: Float) -> Float {
    let first = (c - a) / 2
    let third = (d - a) / 2 + 3 * (b - c) / 2
    let second = a - 5 * b / 2 + 2 * c - d / 2
    return ((third * x + second) * x + first) * x + b
  }
}
