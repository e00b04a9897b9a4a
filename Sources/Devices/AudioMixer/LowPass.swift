/// A second-order low-pass (Butterworth) for two sides at 48 kHz: the output filter of a sound card.
struct LowPass: Codable, Equatable, Sendable {
  /// Corner in hertz.
  let frequency: Double
  private let input: Double
  private let feedback1: Double
  private let feedback2: Double
  private var left1 = 0.0
  private var left2 = 0.0
  private var right1 = 0.0
  private var right2 = 0.0

  /// A filter with that corner, limited to 20 Hz ... 20 kHz.
  init(_ frequency: Double) {
    let frequency = min(max(frequency, 20), 20_000)
    self.frequency = frequency
    // Bilinear transform with prewarping: k = tan(pi f / 48,000).
    let angle = Double.pi * frequency / 48_000
    let k = BandLimitedKernel.sine(angle) / BandLimitedKernel.sine(angle + .pi / 2)
    let norm = 1 / (1 + k * 2.0.squareRoot() + k * k)
    input = k * k * norm
    feedback1 = 2 * (k * k - 1) * norm
    feedback2 = (1 - k * 2.0.squareRoot() + k * k) * norm
  }

  /// One sample of each side (transposed direct form II).
  mutating func filter(_ left: inout Double, _ right: inout Double) {
    let outLeft = input * left + left1
    left1 = 2 * input * left - feedback1 * outLeft + left2
    left2 = input * left - feedback2 * outLeft
    left = outLeft
    let outRight = input * right + right1
    right1 = 2 * input * right - feedback1 * outRight + right2
    right2 = input * right - feedback2 * outRight
    right = outRight
  }

  /// As after a long time at a constant level.
  mutating func settle(_ left: Double, _ right: Double) {
    (left1, left2) = (left * (1 - input), left * (input - feedback2))
    (right1, right2) = (right * (1 - input), right * (input - feedback2))
  }

  var isSane: Bool {
    [frequency, input, feedback1, feedback2, left1, left2, right1, right2].allSatisfy { $0.isFinite && abs($0) < 1e6 }
  }
}
