/// Keeps the host's queue of sound at its length although guest and host count time by different clocks: plays a
/// little faster or slower, less than anybody hears, and goes silent where only noise could come out.
///
/// A controller with a proportional and an integral part: the integral learns how much the clocks differ, so that the
/// queue keeps its length whatever that is.
public struct PlaybackControl {
  /// Mean length of the queue aimed at, in samples.
  public var target: Int
  /// 0 ... 1.
  public var volume: Float = 1
  /// Nothing is played: paused, at another speed than real time, or too slow.
  public var isMuted = false
  /// Samples consumed per sample produced.
  public private(set) var ratio = 1.0

  /// The queue's length less `target`, smoothed.
  private var average = 0.0
  /// What is known of the difference between the clocks.
  private var drift = 0.0
  private var isOverfull = false
  private var place = 0.0
  /// The last four samples, left and right.
  private var recent = (SIMD2<Float>.zero, SIMD2<Float>.zero, SIMD2<Float>.zero, SIMD2<Float>.zero)
  /// The volume that fades have reached.
  public private(set) var level: Float = 0

  /// Clocks may differ by this much: 1 %, twice what the worst crystals do together.
  private static let most = 0.01
  /// The queue's breathing with each delivery and each withdrawal is averaged over this time, in seconds.
  private static let smoothing = 0.3
  /// How long the queue has been steered, in seconds.
  private var experience = 0.0

  /// A queue of `target` samples.
  public init(target: Int) { self.target = target }

  /// Turns what the machine played (pairs of samples) into what the host is given, with `queued` samples still to be
  /// played on the host's side. `isDry`: there has been a gap, and the queue begins anew.
  public mutating func process(_ samples: UnsafeBufferPointer<Int16>, queued: Int, isDry: Bool = false) -> [Int16] {
    var out: [Int16] = []
    out.reserveCapacity(samples.count + 2 * target)
    // A queue that has grown far beyond its length (a host that slept) is brought back without a sound.
    if queued > 4 * target { isOverfull = true } else if queued <= target { isOverfull = false }
    if isDry {
      // A new beginning: silence as long as the queue is to be, then a fade.
      out += [Int16](repeating: 0, count: 2 * max(target - queued - samples.count / 2, 0))
      (average, level) = (0, 0)
    } else if isMuted || isOverfull {
      average = 0
    } else {
      steer(queued + samples.count / 2 - target, seconds: Double(samples.count / 2) / 48_000)
    }
    let wanted = isMuted || isOverfull ? 0 : volume
    if wanted == 0, level == 0 {
      return [Int16](repeating: 0, count: 2 * min(max(target - queued, 0), samples.count / 2))
    }
    var i = 0
    while i < samples.count / 2 {
      let new = SIMD2(Float(samples[2 * i]), Float(samples[2 * i + 1]))
      recent = (recent.1, recent.2, recent.3, new)
      i += 1
      while place < 1 {
        // Fades take 5 ms.
        level += max(-1 / 240, min(1 / 240, wanted - level))
        let value = Self.between(recent.0, recent.1, recent.2, recent.3, Float(place)) * level
        for side in 0..<2 { out.append(Int16(max(-32_768, min(32_767, value[side].rounded())))) }
        place += ratio
      }
      place -= 1
    }
    return out
  }

  /// A double pole at 0.2 a second: an error of 1 ms bends the pitch by a cent. In the first seconds it is at 1 a
  /// second, so that clocks that differ by half a per cent are known before the queue is empty.
  private mutating func steer(_ error: Int, seconds: Double) {
    experience += seconds
    let pole = max(0.2, min(1, 3 / experience))
    average += (Double(error) - average) * min(seconds / Self.smoothing, 1)
    drift = max(-Self.most, min(Self.most, drift + average * pole * pole / 48_000 * seconds))
    ratio = 1 + max(-Self.most, min(Self.most, drift + average * 2 * pole / 48_000))
  }

  /// The third-order curve through four samples, at `x` between the middle two.
  private static func between(
    _ a: SIMD2<Float>, _ b: SIMD2<Float>, _ c: SIMD2<Float>, _ d: SIMD2<Float>, _ x: Float
  ) -> SIMD2<Float> {
    let first = (c - a) * 0.5
    let third = (d - a) * 0.5 + (b - c) * 1.5
    let second = a - b * 2.5 + c * 2 - d * 0.5
    return ((third * x + second) * x + first) * x + b
  }
}
