import Foundation
import Hardware
import Testing

@testable import Devices

/// A device with an output and a hand on it.
private final class Instrument: Device {
  struct State: SavedState {
    var tick: Int64 = 0
    var playing = false
  }
  var state = State()
  let output = AudioOutput()
  private let time = Alarm()
  let clock: Clock
  let wave: (Int64) -> Double
  init(_ clock: Clock, _ wave: @escaping (Int64) -> Double) {
    self.clock = clock
    self.wave = wave
    output.refill = { [unowned self] in refill() }
  }
  var footprint: Footprint { Footprint("instrument", chip: "test", [.alarm("time", time) {}]) }
  func refill() -> Bool {
    guard state.playing else { return false }
    let end = clock.ticks(at: time.now)
    while state.tick < end {
      let n = min(end - state.tick, 100)
      let samples = (0..<n).flatMap { i -> [Int16] in
        let value = Int16((wave(state.tick + i) * 32_000).rounded())
        return [value, value]
      }
      samples.withUnsafeBufferPointer { output.input?.stream($0, first: state.tick, clock: clock) }
      state.tick += n
    }
    return state.playing
  }
}

struct AudioMixerTests {
  private func record(rate: Int, seconds: Int64 = 1, _ wave: @escaping (Int64) -> Double) throws -> [Double] {
    let instrument = Instrument(Clock(numerator: UInt64(rate)), wave)
    let mixer = AudioMixer()
    let bench = try Bench(instrument, mixer)
    mixer.connect(instrument.output, to: .fm)
    let recording = Recording(mixer)
    instrument.state.playing = true
    instrument.output.input?.wake()
    bench.run(.seconds(seconds))
    return recording.left
  }
  private func level(_ a: Double, against b: Double) -> Double { 20 * log10(a / b) }

  @Test("Samples keep their frequency and level", arguments: [44_100, 49_716])
  func passBand(_ rate: Int) throws {
    let frequency = 1000.0
    let out = try record(rate: rate) { sin(2 * .pi * frequency * Double($0) / Double(rate)) }
    let got = spectrum(Array(out[4800..<4800 + 32_768]), frequency, rate: 48_000)
    #expect(abs(level(got, against: 32_000.0 / 32_768)) < 0.05)
  }

  @Test("Alias of a 49,716 Hz source lies below -60 dB", arguments: [1000.0, 5000, 9000, 15_000, 19_000])
  func alias(_ frequency: Double) throws {
    let rate = 49_716.0
    let out = try record(rate: 49_716) { 0.9 * sin(2 * .pi * frequency * Double($0) / rate) }
    let part = Array(out[4800..<4800 + 8192])
    let main = spectrum(part, frequency, rate: 48_000)
    #expect(main > 0.8)
    // Where the images fold to, and places all over the band.
    let images = [rate - frequency - 48_000, rate + frequency - 48_000, 2 * rate - frequency - 48_000].map(abs)
    var worst = 0.0
    for f in images + Array(stride(from: 140.0, to: 24_000, by: 937)) where abs(f - frequency) > 60 {
      worst = max(worst, spectrum(part, f, rate: 48_000))
    }
    #expect(level(worst, against: main) < -60)
  }

  @Test("The edges of a square wave fold back below -60 dB", arguments: [1234.0, 3777])
  func edges(_ frequency: Double) throws {
    let instrument = Instrument(Clock(numerator: 48_000)) { _ in 0 }
    let mixer = AudioMixer()
    let bench = try Bench(instrument, mixer)
    mixer.connect(instrument.output, to: .speaker)
    let recording = Recording(mixer)
    let half = Span(picoseconds: Int64(0.5e12 / frequency))
    var high = false
    while bench.now < .zero + .seconds(1) {
      bench.run(half)
      high.toggle()
      instrument.output.input?.hold(high ? 0.5 : -0.5, high ? 0.5 : -0.5, at: bench.now, rate: 0)
    }
    let part = Array(recording.left[9600..<9600 + 32_768])
    let main = spectrum(part, frequency, rate: 48_000)
    #expect(abs(main - 2 / .pi) < 0.01)
    #expect(abs(spectrum(part, 3 * frequency, rate: 48_000) - main / 3) < 0.01)
    for n in stride(from: 1.0, to: 24, by: 2) where n * frequency > 25_000 && n * frequency < 71_000 {
      let folded = abs(n * frequency - 48_000)
      #expect(level(spectrum(part, folded, rate: 48_000), against: main) < -60, "partial \(n)")
    }
  }

  @Test("A slow converter's images lie below -60 dB from 0.55 of its rate on", arguments: [8000, 11_025, 22_050])
  func images(_ rate: Int) throws {
    let instrument = Instrument(Clock(numerator: 48_000)) { _ in 0 }
    let mixer = AudioMixer()
    let bench = try Bench(instrument, mixer)
    mixer.connect(instrument.output, to: .voice)
    let recording = Recording(mixer)
    let clock = Clock(numerator: UInt64(rate))
    let frequency = Double(rate) * 0.2
    for n in Int64(1)...Int64(rate) {
      bench.run(to: clock.instant(ofTick: n))
      let value = Float(0.7 * sin(2 * .pi * 0.2 * Double(n)))
      instrument.output.input?.hold(value, value, at: bench.now, rate: Float(rate))
    }
    let part = Array(recording.left[9600..<9600 + 8192])
    let main = spectrum(part, frequency, rate: 48_000)
    #expect(abs(main - 0.7) < 0.1)
    let images = [0.8, 1.2, 1.8, 2.2].map { $0 * Double(rate) }.filter { $0 < 24_000 }
    for f in images + Array(stride(from: Double(rate) * 0.55, to: 24_000, by: 1111)) {
      #expect(level(spectrum(part, f, rate: 48_000), against: main) < -60, "\(f) Hz")
    }
  }

  @Test("A constant level fades away without a click and the mixer goes to sleep")
  func coupling() throws {
    let instrument = Instrument(Clock(numerator: 48_000)) { _ in 0 }
    let mixer = AudioMixer()
    let bench = try Bench(instrument, mixer)
    mixer.connect(instrument.output, to: .printer)
    let recording = Recording(mixer)
    bench.run(.milliseconds(10))
    instrument.output.input?.hold(0.5, 0.5, at: bench.now, rate: 0)
    bench.run(.seconds(5))
    #expect(!mixer.isActive)
    let out = recording.left
    #expect(abs((out.max() ?? 0) - 0.5) < 0.08)
    let steps = zip(out[600...], out[601...]).map { abs($0 - $1) }
    #expect((steps.max() ?? 1) < 0.001)
    // The level is still held: going back to zero is an edge downwards.
    instrument.output.input?.hold(0, 0, at: bench.now, rate: 0)
    bench.run(.seconds(1))
    #expect(abs((recording.left.min() ?? 0) + 0.5) < 0.08)
  }

  @Test("A volume acts from its moment on")
  func gain() throws {
    let instrument = Instrument(Clock(numerator: 48_000)) { sin(2 * .pi * Double($0) / 48) }
    let mixer = AudioMixer()
    let bench = try Bench(instrument, mixer)
    mixer.connect(instrument.output, to: .fm)
    let recording = Recording(mixer)
    instrument.state.playing = true
    instrument.output.input?.wake()
    bench.run(.milliseconds(100))
    _ = instrument.refill()
    instrument.output.input?.setGain(0.25, 0)
    bench.run(.milliseconds(100))
    let out = recording.left
    #expect((out[2000..<4600].max() ?? 0) > 0.95)
    #expect(abs((out[5000..<9000].max() ?? 0) - 0.244) < 0.01)
  }

  @Test("The card's low-pass: -3 dB at its corner, 12 dB an octave")
  func lowPass() {
    func gain(_ frequency: Double) -> Double {
      var filter = LowPass(3200)
      var peak = 0.0
      for i in 0..<48_000 {
        var (left, right) = (sin(2 * .pi * frequency * Double(i) / 48_000), 0.0)
        filter.filter(&left, &right)
        if i > 24_000 { peak = max(peak, abs(left)) }
      }
      return 20 * log10(peak)
    }
    #expect(abs(gain(3200) + 3.01) < 0.1)
    #expect(abs(gain(100)) < 0.05)
    #expect(abs(gain(6400) + 12.5) < 1)
  }
}
