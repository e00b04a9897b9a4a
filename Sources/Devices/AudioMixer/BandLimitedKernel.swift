/// Low-pass filters in the form in which single samples and edges are laid into a stream of 48 kHz: windowed sines
/// over their argument (Kaiser window, stop band below -80 dB), by the place of the event between two samples.
///
/// Everything is computed with additions, multiplications and square roots, so that it is the same on every host.
///
/// - Source: J. F. Kaiser's design formulas (beta 0.1102 (A - 8.7); width (A - 8) / 2.285 N), as in any textbook of
///   signal processing.
final class BandLimitedKernel: Sendable {
  /// Samples a side that an event reaches at its own rate.
  static let half = 32
  /// Samples of the whole filter.
  static let taps = 2 * half
  /// Places between two samples for which a filter is kept; between them it is interpolated.
  static let phases = 256
  /// Output samples that any event reaches to either side.
  static let reach = 192

  /// `phases + 1` rows of `taps`: flat up to 19.9 kHz, nothing above 23.7 kHz.
  nonisolated(unsafe) let samples: UnsafeMutablePointer<Float>
  /// The same for edges: summed up, a row is a step that was made before the filter, not after it.
  nonisolated(unsafe) let edges: UnsafeMutablePointer<Float>
  /// One side of a filter for converters slower than the output, by distance in 1/256 of their sample time.
  nonisolated(unsafe) let slow: UnsafeMutablePointer<Float>
  /// Sample times a side that `slow` covers.
  static let slowHalf = 16

  /// Middle of the transition as a fraction of the output's rate, and of a slow converter's.
  private static let cutoff = 0.4542
  private static let slowCutoff = 0.45
  private static let beta = 7.857

  init() {
    let (taps, phases) = (Self.taps, Self.phases)
    samples = .allocate(capacity: (phases + 1) * taps)
    edges = .allocate(capacity: (phases + 1) * taps)
    slow = .allocate(capacity: Self.slowHalf * 256 + 2)
    func filter(_ x: Double, _ cutoff: Double, _ half: Int) -> Double {
      2 * cutoff * Self.sinc(2 * cutoff * x) * Self.window(x / Double(half))
    }
    for phase in 0...phases {
      // The event lies `place` behind the sample in the middle.
      let place = Double(phase) / Double(phases)
      var row: [Double] = []
      var stepRow: [Double] = []
      for tap in 0..<taps {
        let x = Double(tap - (Self.half - 1)) - place
        row.append(filter(x, Self.cutoff, Self.half))
        // A mean over one sample makes the difference quotient of the sum the derivative (Simpson's rule).
        let parts = (0...8).map { filter(x - 0.5 + Double($0) / 8, Self.cutoff, Self.half) }
        let odd = parts[1] + parts[3] + parts[5] + parts[7]
        let even = parts[2] + parts[4] + parts[6]
        stepRow.append((parts[0] + parts[8] + 4 * odd + 2 * even) / 24)
      }
      let (sum, stepSum) = (row.reduce(0, +), stepRow.reduce(0, +))
      for tap in 0..<taps {
        samples[phase * taps + tap] = Float(row[tap] / sum)
        edges[phase * taps + tap] = Float(stepRow[tap] / stepSum)
      }
    }
    for i in 0...Self.slowHalf * 256 + 1 {
      slow[i] = Float(filter(Double(i) / 256, Self.slowCutoff, Self.slowHalf))
    }
  }

  static let shared = BandLimitedKernel()

  // MARK: Functions

  /// sin(pi x) / (pi x).
  private static func sinc(_ x: Double) -> Double { x == 0 ? 1 : sine(.pi * x) / (.pi * x) }

  /// Sine by its series, after reduction to a quarter turn.
  static func sine(_ x: Double) -> Double {
    var y = x - 2 * .pi * (x / (2 * .pi)).rounded()
    if y > .pi / 2 { y = .pi - y } else if y < -.pi / 2 { y = -.pi - y }
    let square = y * y
    var (term, sum) = (y, y)
    for n in 1...12 {
      term *= -square / Double(2 * n * (2 * n + 1))
      sum += term
    }
    return sum
  }

  /// Kaiser's window, 1 in the middle, for `x` in -1 ... 1; 0 outside.
  private static func window(_ x: Double) -> Double {
    guard x > -1, x < 1 else { return 0 }
    return bessel(beta * (1 - x * x).squareRoot()) / bessel(beta)
  }

  /// Modified Bessel function of order 0.
  private static func bessel(_ x: Double) -> Double {
    var (term, sum) = (1.0, 1.0)
    for n in 1...30 {
      let factor = x / 2 / Double(n)
      term *= factor * factor
      sum += term
    }
    return sum
  }
}
