import Foundation
import Hardware
import Testing

@testable import Devices

/// Patches whose spectrum follows from the manual's formulas: F = A sin(wc t + I sin(wm t)) has partials of Bessel
/// functions of I, and waveforms have known Fourier series.
struct YMF262SpectrumTests {
  /// A modulator's sample of 1024 is one period of phase: its peak of 4084 at full level.
  private static let fullIndex = 2 * Double.pi * 4084 / 1024
  /// Number 512, block 4: 128 samples a period.
  private static let base = 1.0 / 128

  /// Amplitudes of partials 1, 2 ... of the base frequency.
  private func partials(_ fm: FM, _ count: Int) -> [Double] {
    var fm = fm
    _ = fm.left(1024)
    let samples = fm.left(128 * 64).map(Double.init)
    return (1...count).map { spectrum(samples, Self.base * Double($0), rate: 1) }
  }

  /// Two operators with total level, multiple and waveform for each.
  private func patch(_ modulator: (level: UInt8, multiple: UInt8), _ carrier: (level: UInt8, multiple: UInt8)) -> FM {
    var fm = FM()
    fm.setOperator(0, [0x20 | modulator.multiple, modulator.level, 0xF0, 0x00, 0])
    fm.setOperator(3, [0x20 | carrier.multiple, carrier.level, 0xF0, 0x00, 0])
    fm.setChannel(0, number: 512, block: 4)
    return fm
  }

  /// Amplitudes of sin(c x + index sin(m x)).
  private func modulated(_ index: Double, _ c: Int, _ m: Int, _ count: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: count + 1)
    for n in -60...60 {
      let k = c + n * m
      guard abs(k) <= count else { continue }
      // sin of a negative frequency is the negative sine.
      sums[abs(k)] += (k < 0 ? -1 : 1) * jn(Int32(n), index)
    }
    return sums.dropFirst().map { abs($0) * 4084 }
  }

  @Test(
    "Modulation: the partials are Bessel functions of the index, by total level and ratio",
    arguments: [UInt8(63), 48, 36, 28, 24, 20], [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1), (2, 7)])
  func modulation(_ level: UInt8, _ ratio: (carrier: Int, modulator: Int)) {
    let index = Self.fullIndex * pow(10, -0.75 * Double(level) / 20)
    let got = partials(patch((level, UInt8(ratio.modulator)), (0, UInt8(ratio.carrier))), 20)
    let expected = modulated(index, ratio.carrier, ratio.modulator, 20)
    for (k, pair) in zip(got, expected).enumerated() {
      #expect(abs(pair.0 - pair.1) < 60, "partial \(k + 1): \(pair.0), expected \(pair.1)")
    }
  }

  @Test("Waveforms: partials of the half, the rectified, the square and the double sine")
  func waveforms() {
    func wave(_ n: UInt8) -> [Double] { partials(FM.tone(waveform: n, number: 512, block: 4), 8).map { $0 / 4084 } }
    func expect(_ got: [Double], _ expected: [Double]) {
      for (k, pair) in zip(got, expected).enumerated() {
        #expect(abs(pair.0 - pair.1) < 0.01, "partial \(k + 1): \(pair.0), expected \(pair.1)")
      }
    }
    func series(_ amplitude: (Int) -> Double) -> [Double] { (1...8).map(amplitude) }
    func even(_ k: Int) -> Double { k % 2 == 0 ? 1 / Double.pi : 0 }
    func odd(_ k: Int) -> Double { k % 2 == 1 ? 1 / Double.pi : 0 }
    expect(wave(0), series { $0 == 1 ? 1 : 0 })
    expect(wave(1), series { $0 == 1 ? 0.5 : 2 * even($0) / Double($0 * $0 - 1) })
    expect(wave(2), series { 4 * even($0) / Double(max($0 * $0 - 1, 1)) })
    expect(wave(6), series { 4 * odd($0) / Double($0) })
    // Twice the frequency in the first half of a period.
    expect(wave(4), series { $0 == 2 ? 0.5 : abs(4 * odd($0) / Double(4 - $0 * $0)) })
  }

  @Test("Four operators in two pairs: the sum of two modulated sines; addition: each operator's own partial")
  func fourOperators() {
    var fm = FM()
    fm.set(0x104, 1)
    for (n, values) in [(0, (36, 1)), (3, (0, 2)), (6, (28, 3)), (9, (8, 5))] as [(Int, (UInt8, UInt8))] {
      fm.setOperator(n, [0x20 | values.1, values.0, 0xF0, 0x00, 0])
    }
    fm.setChannel(3, number: 512, block: 4, key: false, connection: 0x31)
    fm.setChannel(0, number: 512, block: 4, connection: 0x30)
    let got = partials(fm, 16)
    func index(_ level: Double) -> Double { Self.fullIndex * pow(10, -0.75 * level / 20) }
    // Both pairs start at phase 0, so that partials of the same frequency add with their signs.
    var sums = [Double](repeating: 0, count: 17)
    for (level, m, c, weight) in [(36.0, 1, 2, 1.0), (28.0, 3, 5, pow(10, -6.0 / 20))] {
      for n in -40...40 where abs(c + n * m) <= 16 {
        sums[abs(c + n * m)] += (c + n * m < 0 ? -1 : 1) * jn(Int32(n), index(level)) * weight * 4084
      }
    }
    for k in 1...16 { #expect(abs(got[k - 1] - abs(sums[k])) < 90, "partial \(k): \(got[k - 1]), \(sums[k])") }
  }

  @Test("Tremolo and vibrato make sidebands at 3.7 and 6.07 Hz around the tone")
  func lowFrequency() {
    let rate = Synthesizer.clock.hertz
    for (mode, frequency) in [(UInt8(0xA1), rate / 64 / 210), (0x61, rate / 8192)] {
      var fm = FM.tone(number: 512, block: 4, mode: mode)
      fm.set(0xBD, 0xC0)
      _ = fm.left(4096)
      let samples = fm.left(1 << 17).map(Double.init)
      let tone = rate / 128
      let beside = [tone - frequency, tone + frequency].map { spectrum(samples, $0, rate: rate) }
      let between = spectrum(samples, tone + frequency * 1.5, rate: rate)
      #expect(beside.allSatisfy { $0 > 100 && $0 > 8 * between })
    }
  }
}
