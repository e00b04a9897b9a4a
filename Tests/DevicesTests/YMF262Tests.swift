import Foundation
import Hardware
import Testing

@testable import Devices

/// A chip with its samples made one call at a time.
struct FM {
  var chip: YMF262
  var tick: Int64 = 0
  init(_ model: YMF262.Model = .ymf262, new: Bool = true) {
    chip = YMF262(model: model)
    if new { set(0x105, 1) }
  }
  mutating func set(_ register: Int, _ value: UInt8) { chip.write(register, value, at: tick) }
  /// Sets up an operator: 20h, 40h, 60h, 80h, E0h.
  mutating func setOperator(_ n: Int, _ values: [UInt8]) {
    for (group, value) in zip([0x20, 0x40, 0x60, 0x80, 0xE0], values) {
      set(group + YMF262.offset(ofOperator: n), value)
    }
  }
  mutating func setChannel(_ n: Int, number: Int, block: Int, key: Bool = true, connection: UInt8 = 0x30) {
    let at = YMF262.offset(ofChannel: n)
    set(0xC0 + at, connection)
    set(0xA0 + at, UInt8(number & 0xFF))
    set(0xB0 + at, UInt8(number >> 8 | block << 2 | (key ? 0x20 : 0)))
  }
  mutating func stereo(_ count: Int) -> [(left: Int, right: Int)] {
    var out = [Int16](repeating: 0, count: 2 * count)
    out.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { chip.render(count, into: base) } }
    tick += Int64(count)
    return (0..<count).map { (Int(out[2 * $0]), Int(out[2 * $0 + 1])) }
  }
  mutating func left(_ count: Int) -> [Int] { stereo(count).map(\.left) }
  /// The first channel's carrier alone: instant attack, no decay, held.
  static func tone(waveform: UInt8 = 0, level: UInt8 = 0, number: Int = 512, block: Int = 4, mode: UInt8 = 0x21) -> FM {
    var fm = FM()
    fm.setOperator(0, [0x21, 0x3F, 0x00, 0x00, 0])
    fm.setOperator(3, [mode, level, 0xF0, 0x0F, waveform])
    fm.setChannel(0, number: number, block: block, connection: 0x31)
    return fm
  }
}

private func peak(_ samples: some Sequence<Int>) -> Int { samples.map(abs).max() ?? 0 }
private func decibels(_ a: Int, _ b: Int) -> Double { 20 * log10(Double(a) / Double(b)) }

/// Level of one frequency, by Goertzel's method with a Hann window.
func spectrum(_ samples: [Double], _ frequency: Double, rate: Double) -> Double {
  var (re, im) = (0.0, 0.0)
  for (i, x) in samples.enumerated() {
    let w = 0.5 - 0.5 * cos(2 * .pi * Double(i) / Double(samples.count))
    re += x * w * cos(2 * .pi * frequency / rate * Double(i))
    im += x * w * sin(2 * .pi * frequency / rate * Double(i))
  }
  return 4 * (re * re + im * im).squareRoot() / Double(samples.count)
}

struct YMF262Tests {
  @Test("The log-sine ROM holds -log2(sin((i + 1/2) pi / 512)) in 1/256, the exponential ROM 2^(i/256) - 1 in 1/1024")
  func roms() {
    for i in 0..<256 {
      let sine = -log2(sin((Double(i) + 0.5) * .pi / 512)) * 256
      let exponent = (exp2(Double(i) / 256) - 1) * 1024
      #expect(Int(SynthesizerTables.logSineROM[i]) == Int(sine.rounded()))
      #expect(Int(SynthesizerTables.exponentROM[i]) == Int(exponent.rounded()))
    }
  }

  @Test("A carrier at full level is the exponential of the log-sine: one period of number 512, block 4 is 128 samples")
  func fullSine() {
    var fm = FM.tone()
    // The key has reset the phase with the first sample. The other operator is silent, which is -1 in its lower half.
    let samples = fm.left(400).dropFirst(130).prefix(128)
    for (i, sample) in samples.enumerated() {
      let phase = ((i + 130) * 8) & 0x3FF
      let index = phase & 0x100 != 0 ? ~phase & 0xFF : phase & 0xFF
      let attenuation = Int(SynthesizerTables.logSineROM[index])
      let mantissa = Int(SynthesizerTables.exponentROM[255 - attenuation & 0xFF]) + 1024
      let magnitude = (mantissa << 1) >> (attenuation >> 8)
      #expect(sample == (phase & 0x200 != 0 ? ~magnitude - 1 : magnitude))
    }
    #expect(peak(samples) >= 4080)
  }

  @Test("Eight waveforms: sine, half, rectified, pulsed, double, double rectified, square, logarithmic saw")
  func waveforms() {
    func period(_ waveform: UInt8) -> [Int] {
      var fm = FM.tone(waveform: waveform, number: 512, block: 4)
      return Array(fm.left(1 + 128 * 3)[257..<385])
    }
    let waves = (0..<8).map { period(UInt8($0)) }
    // Sums over a period in units of the sine's half-wave.
    let half = waves[1].reduce(0, +)
    func share(_ n: Int) -> Double { Double(waves[n].reduce(0, +)) / Double(half) }
    #expect(abs(share(0)) < 0.01)
    #expect(abs(share(2) - 2) < 0.02)
    #expect(abs(share(3) - 1) < 0.05, "two quarters")
    #expect(abs(share(4)) < 0.02)
    #expect(abs(share(5) - 1) < 0.05, "two half-waves of half the length")
    #expect(waves[6].filter { $0 > 0 }.count == 64 && Set(waves[6].map(abs)).count <= 2)
    #expect(peak(waves[7]) > 4000 && Set(waves[7]).count > 40)
    #expect(waves[5].min() ?? -9 >= -1 && waves[4].min() ?? 0 < -4000)
    #expect(Set(waves.map(\.description)).count == 8)
  }

  @Test("Without NEW there are four waveforms; a YM3812 has them only with bit 5 of register 01h")
  func waveformSelect() {
    var plain = FM(new: false)
    plain.setOperator(3, [0x21, 0, 0xF0, 0x0F, 6])
    #expect(plain.chip.setting(ofOperator: 3, channel: 0).waveform == 2)
    var old = FM(.ym3812, new: false)
    old.setOperator(3, [0x21, 0, 0xF0, 0x0F, 3])
    #expect(old.chip.setting(ofOperator: 3, channel: 0).waveform == 0)
    old.set(0x01, 0x20)
    #expect(old.chip.setting(ofOperator: 3, channel: 0).waveform == 3)
  }

  @Test("Total level: 0.75 dB a step", arguments: [UInt8(1), 8, 16, 32])
  func totalLevel(_ level: UInt8) {
    var (loud, soft) = (FM.tone(), FM.tone(level: level))
    let measured = decibels(peak(loud.left(600)), peak(soft.left(600)))
    #expect(abs(measured - 0.75 * Double(level)) < 0.15)
  }

  @Test("Key scale level: 0, 3, 1.5 and 6 dB an octave")
  func keyScale() {
    func attenuation(_ bits: UInt8, _ block: Int) -> Double {
      let fm = FM.tone(level: bits << 6, number: 1023, block: block)
      return Double(fm.chip.setting(ofOperator: 3, channel: 0).attenuation) * 0.1875
    }
    for (bits, slope) in [(UInt8(0), 0.0), (1, 3), (2, 1.5), (3, 6)] {
      #expect(abs(attenuation(bits, 7) - attenuation(bits, 6) - slope) < 0.01)
    }
  }

  @Test("Frequency is number * 2^(block - 20) * 49,716 Hz times the multiple", arguments: [0, 1, 2, 7, 10, 11, 12, 15])
  func frequency(_ multiple: Int) {
    let factors = [0.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 12, 12, 15, 15]
    var fm = FM.tone(number: 400, block: 4, mode: 0x20 | UInt8(multiple))
    let rate = Synthesizer.clock.hertz
    let expected = 400.0 / 65_536 * rate * factors[multiple]
    let samples = fm.left(16_384).map(Double.init)
    let here = spectrum(samples, expected, rate: rate)
    #expect(here > 3900 && here < 4300)
    #expect(spectrum(samples, expected + 25, rate: rate) < here / 50)
  }

  @Test("Envelope rates: four steps of the effective rate double the speed; rate 15 attacks at once, rate 0 never")
  func rates() {
    func decay(_ rate: UInt8, block: Int = 0) -> Int {
      var fm = FM()
      fm.setOperator(3, [0x31, 0, 0xF0 | rate, 0xF0, 0])
      fm.setChannel(0, number: 0, block: block)
      var count = 0
      _ = fm.left(2)
      while fm.chip.operators[3].level < 0x100, count < 3_000_000 {
        _ = fm.left(1)
        count += 1
      }
      return count
    }
    let slow = decay(4)
    #expect(abs(Double(slow) / Double(decay(5)) - 2) < 0.1)
    #expect(abs(Double(slow) / Double(decay(8)) - 16) < 0.6)
    // The effective rate: with key scaling two steps a block.
    #expect(abs(Double(slow) / Double(decay(4, block: 2)) - 2) < 0.1)
    // 1 of 512 steps at rate 4 * n: every 2^(13-n) samples.
    #expect(abs(slow - 256 << 9) < 1200)
    var never = FM()
    never.setOperator(3, [0x21, 0, 0x00, 0x00, 0])
    never.setChannel(0, number: 600, block: 7)
    #expect(peak(never.left(20_000)) <= 2)
    var instant = FM.tone()
    _ = instant.left(1)
    #expect(instant.chip.operators[3].level == 0)
  }

  @Test("Sustain holds while EGT is set, decays at the release rate while it isn't; key off releases")
  func stages() {
    func level(_ mode: UInt8, after count: Int, release: Bool) -> UInt16 {
      var fm = FM()
      fm.setOperator(3, [mode, 0, 0xFA, 0x48, 0])
      fm.setChannel(0, number: 512, block: 4)
      _ = fm.left(3000)
      if release { fm.setChannel(0, number: 512, block: 4, key: false) }
      _ = fm.left(count)
      return fm.chip.operators[3].level
    }
    #expect(level(0x21, after: 20_000, release: false) >> 4 == 4)
    #expect(level(0x01, after: 20_000, release: false) == 0x1FF)
    #expect(level(0x21, after: 20_000, release: true) == 0x1FF)
  }

  @Test("Tremolo: 3.7 Hz, 1 or 4.8 dB deep")
  func tremolo() {
    for (bits, depth) in [(UInt8(0), 1.0), (0x80, 4.8)] {
      var fm = FM.tone(mode: 0xA1)
      fm.set(0xBD, bits)
      let samples = fm.left(49_716)
      let windows = stride(from: 0, to: 48_000, by: 512).map { peak(samples[$0..<$0 + 512]) }
      #expect(abs(decibels(windows.max() ?? 1, windows.min() ?? 1) - depth) < 0.35)
      // 210 steps of 64 samples: 13,440 samples a period.
      let expected = windows.indices.filter { $0 > 3 && windows[$0] == windows.max() }
      #expect((expected.last ?? 0) - (expected.first ?? 0) >= 50)
    }
  }

  @Test("Vibrato: 6.07 Hz, 7 or 14 cents deep")
  func vibrato() {
    let fm = FM.tone(number: 1023, block: 3, mode: 0x61)
    let shallow = fm.chip.setting(ofOperator: 3, channel: 0).increments
    var deep = fm
    deep.set(0xBD, 0x40)
    let wide = deep.chip.setting(ofOperator: 3, channel: 0).increments
    func cents(_ a: UInt32, _ b: UInt32) -> Double { 1200 * log2(Double(a) / Double(b)) }
    #expect(abs(cents(wide[2], wide[0]) - 11.8) < 0.5, "7/1024 of the number")
    #expect(abs(cents(wide[0], wide[6]) - 11.8) < 0.5)
    #expect(abs(cents(shallow[2], shallow[0]) - 5.1) < 0.5)
    #expect(wide[1] == wide[3] && wide[0] == wide[4])
    // Eight steps of 1024 samples.
    var run = fm
    _ = run.left(1024 * 8)
    #expect(run.chip.vibratoPosition == 0)
    _ = run.left(1024)
    #expect(run.chip.vibratoPosition == 1)
  }

  @Test("Feedback and connection: modulation makes partials, addition doesn't")
  func connection() {
    func partials(_ connection: UInt8, _ level: UInt8) -> [Double] {
      var fm = FM()
      fm.setOperator(0, [0x22, level, 0xF0, 0x0F, 0])
      fm.setOperator(3, [0x21, 0, 0xF0, 0x0F, 0])
      fm.setChannel(0, number: 512, block: 4, connection: 0x30 | connection)
      _ = fm.left(128)
      let samples = fm.left(128 * 32).map(Double.init)
      let base = 512.0 / 65_536
      return (1...6).map { spectrum(samples, base * Double($0), rate: 1) }
    }
    let added = partials(1, 0)
    #expect(added[0] > 4000 && added[1] > 4000 && added[2] < 30)
    let modulated = partials(0, 32)
    #expect(modulated[2] > 1000, "the carrier's sidebands lie two partials apart")
    #expect(modulated[1] < 30)
    let fed = partials(1 | 6 << 1, 0)
    #expect(fed[3] > 200, "feedback makes a saw of the first operator")
  }

  @Test("Four operators: 1>2>3>4, 1>2 + 3>4, 1 + 2>3>4, 1 + 2>3 + 4")
  func fourOperators() {
    // Which operators are heard directly: each alone audible at its own frequency when the others are silent.
    func heard(_ first: UInt8, _ second: UInt8) -> [Bool] {
      (0..<4).map { audible in
        var fm = FM()
        fm.set(0x104, 1)
        for n in 0..<4 { fm.setOperator(n * 3, [0x21, n == audible ? 0 : 0x3F, n == audible ? 0xF0 : 0, 0x0F, 0]) }
        fm.setChannel(3, number: 100, block: 1, key: false, connection: 0x30 | second)
        fm.setChannel(0, number: 512, block: 4, connection: 0x30 | first)
        return peak(fm.left(600)) > 4000
      }
    }
    #expect(heard(0, 0) == [false, false, false, true])
    #expect(heard(0, 1) == [false, true, false, true])
    #expect(heard(1, 0) == [true, false, false, true])
    #expect(heard(1, 1) == [true, false, true, true])
  }

  @Test("The output bits put a channel to the left, the right, both or nowhere")
  func stereoBits() {
    for bits in UInt8(0)...3 {
      var fm = FM.tone()
      fm.setChannel(0, number: 512, block: 4, connection: bits << 4 | 1)
      let samples = fm.stereo(600)
      #expect((peak(samples.map(\.left)) > 4000) == (bits & 1 != 0))
      #expect((peak(samples.map(\.right)) > 4000) == (bits & 2 != 0))
    }
  }

  @Test("Percussion: bass drum and tom-tom have pitch, snare, cymbal and hi-hat are noise; all twice as loud")
  func percussion() {
    func drum(_ bit: UInt8) -> [Double] {
      var fm = FM()
      for n in 12..<18 { fm.setOperator(n, [0x21, n == 12 ? 0x3F : 0, 0xF0, 0x0F, 0]) }
      for channel in 6..<9 { fm.setChannel(channel, number: 512, block: 4, key: false, connection: 0x30) }
      fm.set(0xBD, 0x20 | bit)
      _ = fm.left(10)
      return fm.left(8192).map(Double.init)
    }
    let pitch = 512.0 / 65_536
    for bit in [UInt8(0x10), 0x04] { #expect(abs(spectrum(drum(bit), pitch, rate: 1) - 8170) < 120) }
    for bit in [UInt8(0x08), 0x02, 0x01] {
      let samples = drum(bit)
      #expect((samples.map(abs).max() ?? 0) > 3000)
      let loudest = (1..<60).map { spectrum(samples, Double($0) / 128 + 0.0021, rate: 1) }.max() ?? 0
      #expect(loudest < 4000, "no single partial")
    }
    #expect(drum(0).allSatisfy { abs($0) <= 12 })
  }

  @Test("The noise generator is a shift register of 23 bits with taps 14 and 0: 2^23 - 1 steps")
  func noise() {
    var chip = YMF262()
    // 36 steps a sample; 2^23 - 1 and 36 have no common factor.
    var out = [Int16](repeating: 0, count: 2)
    let start = chip.noise
    var slow = start
    out.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { chip.render(1, into: base) } }
    for _ in 0..<36 { slow = slow >> 1 | ((slow >> 14 ^ slow) & 1) << 22 }
    #expect(chip.noise == slow)
    chip.skip(0x7F_FFFF - 1)
    #expect(chip.noise == start)
  }

  @Test("Skipping samples while idle leaves the chip as if they had been made", arguments: [1, 2, 77, 1023, 70_001])
  func skip(_ count: Int) {
    var made = FM.tone(mode: 0x61)
    made.setChannel(0, number: 700, block: 3, key: false)
    _ = made.left(3001)
    var skipped = made
    #expect(made.chip.isIdle)
    skipped.chip.skip(Int64(count))
    _ = made.left(count)
    #expect(
      skipped.chip.operators.indices.allSatisfy { skipped.chip.operators[$0].phase == made.chip.operators[$0].phase })
    #expect(skipped.chip.noise == made.chip.noise && skipped.chip.envelopeTimer == made.chip.envelopeTimer)
    #expect(skipped.chip.envelopeStep == made.chip.envelopeStep && skipped.chip.lfoCounter == made.chip.lfoCounter)
    #expect(skipped.chip.tremoloPosition == made.chip.tremoloPosition)
    #expect(skipped.chip.vibratoPosition == made.chip.vibratoPosition)
    #expect(skipped.chip.envelopePhase == made.chip.envelopePhase)
  }

  /// The random program of the sample-exact comparison; two seconds with every kind of register.
  static func program(_ seed: UInt64, pieces: Int = 120) -> UInt64 {
    var (dice, fm, hash) = (Dice(seed), FM(), UInt64(0xCBF2_9CE4_8422_2325))
    fm.set(0x104, dice.byte() & 0x3F)
    for n in 0..<36 {
      fm.setOperator(n, [dice.byte(), dice.byte() & 0x9F, 0xF0 | dice.byte(), dice.byte(), dice.byte() & 7])
    }
    for n in 0..<18 { fm.setChannel(n, number: dice.below(1024), block: dice.below(8), key: dice.below(2) == 0) }
    for _ in 0..<pieces {
      fm.set([0xA0, 0xB0, 0xB0, 0xC0, 0xBD, 0x1A0, 0x1B0, 0x1C0][dice.below(8)] + dice.below(9), dice.byte())
      for sample in fm.stereo(1 + dice.below(400)) {
        hash = (hash ^ UInt64(truncatingIfNeeded: sample.left &* 65_536 &+ sample.right)) &* 0x100_0000_01B3
      }
    }
    return hash
  }

  @Test("All registers at random: the samples that were compared with Nuked OPL3 one by one")
  func golden() {
    #expect(Self.program(1) == 1_852_101_126_060_162_328)
    #expect(Self.program(2) == 16_587_931_685_964_687_878)
  }

  @Test("However samples are asked for, they are the same")
  func cuts() {
    var (whole, parts) = (FM.tone(mode: 0xE1), FM.tone(mode: 0xE1))
    let expected = whole.left(1000)
    var got: [Int] = []
    for n in [1, 2, 3, 127, 128, 129, 255, 355] { got += parts.left(n) }
    #expect(got == expected)
    #expect(parts.chip == whole.chip)
  }

  @Test("Timer 1 counts in 80 µs, timer 2 in 320; overflow sets the flag and IRQ unless masked; RST clears")
  func timers() {
    var fm = FM(.ym3812, new: false)
    fm.set(0x04, 0x60)
    fm.set(0x04, 0x80)
    #expect(fm.chip.status(at: 0) & 0xE0 == 0)
    fm.set(0x02, 0xFF)
    fm.set(0x04, 0x21)
    #expect(fm.chip.status(at: 3) & 0xE0 == 0)
    #expect(fm.chip.status(at: 4) & 0xE0 == 0xC0, "within 80.5 µs")
    fm.tick = 5
    fm.set(0x04, 0x60)
    fm.set(0x04, 0x80)
    #expect(fm.chip.status(at: 500) & 0xE0 == 0)
    fm.tick = 512
    fm.set(0x03, 0xF0)
    fm.set(0x04, 0x42)
    #expect(fm.chip.status(at: 512 + 255) & 0xE0 == 0)
    #expect(fm.chip.status(at: 512 + 256) & 0xE0 == 0xA0)
    // It goes on from the reload value.
    fm.tick = 512 + 256
    fm.set(0x04, 0x80)
    #expect(fm.chip.status(at: 512 + 511) & 0x20 == 0)
    #expect(fm.chip.status(at: 512 + 512) & 0x20 != 0)
  }

  @Test("The status of a YM3812 reads 06h in its lower bits, that of a YMF262 00h")
  func identification() {
    var (old, new) = (YMF262(model: .ym3812), YMF262())
    #expect(old.status(at: 0) == 0x06)
    #expect(new.status(at: 0) == 0x00)
  }

  @Test("The YM3014 converter keeps ten bits of what is large")
  func converter() {
    var fm = FM(.ym3812, new: false)
    fm.set(0x01, 0x20)
    for n in [0, 3, 1, 4, 2, 5] { fm.setOperator(n, [0x21, 0, 0xF0, 0x0F, 0]) }
    for n in 0..<3 { fm.setChannel(n, number: 512, block: 4, connection: 0x01) }
    let samples = fm.left(600)
    #expect(peak(samples) > 16_384)
    #expect(samples.allSatisfy { abs($0) < 16_384 || $0 & 0x3F == 0 })
    #expect(samples.allSatisfy { abs($0) >= 256 || abs($0) < 512 })
  }
}
