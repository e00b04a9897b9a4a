import Hardware
import Testing

@testable import Devices

/// A mixer's recording.
final class Recording {
  var samples: [Int16] = []
  var first: Int64?
  init(_ mixer: AudioMixer) {
    mixer.tap.take = { [unowned self] first, new in
      if self.first == nil { self.first = first }
      // What wasn't sounding is silence.
      let gap = Int(first - (self.first ?? first)) - samples.count / 2
      if gap > 0 { samples += [Int16](repeating: 0, count: 2 * gap) }
      samples += Array(new)
    }
  }
  var left: [Double] { stride(from: 0, to: samples.count, by: 2).map { Double(samples[$0]) / 32_768 } }
}

struct SynthesizerTests {
  /// A card on a bench with a mixer.
  private func card(_ model: YMF262.Model = .ymf262) throws -> (Bench, Synthesizer, AudioMixer) {
    let fm = Synthesizer(Synthesizer.Configuration(model, at: [0x388...0x38B]))
    let mixer = AudioMixer()
    let bench = try Bench(fm, mixer)
    mixer.connect(fm.output, to: .fm)
    return (bench, fm, mixer)
  }
  private func write(_ b: Bench, _ register: Int, _ value: UInt8) {
    b.out(register < 256 ? 0x388 : 0x38A, UInt8(register & 0xFF))
    b.run(.microseconds(4))
    b.out(0x389, value)
    b.run(.microseconds(24))
  }
  private func note(_ b: Bench) {
    for (register, value) in [(0x20, 0x21), (0x40, 0x10), (0x60, 0xF1), (0x80, 0x53), (0x23, 0x61), (0x43, 0x00)] {
      write(b, register, UInt8(value))
    }
    for (register, value) in [(0x63, 0xF1), (0x83, 0x53), (0xA0, 0x98), (0xB0, 0x31)] {
      write(b, register, UInt8(value))
    }
  }

  @Test("AdLib detection: timer 1 at FFh overflows within 80 µs of its start, and status bits 7-5 read 110")
  func detection() throws {
    let (b, _, _) = try card(.ym3812)
    for start in 0..<20 {
      b.run(.microseconds(Int64(start) * 7))
      write(b, 4, 0x60)
      write(b, 4, 0x80)
      #expect(b.inp(0x388) & 0xE0 == 0)
      write(b, 2, 0xFF)
      write(b, 4, 0x21)
      b.run(.microseconds(80 - 24))
      b.run(.microseconds(1))
      #expect(b.inp(0x388) & 0xE0 == 0xC0)
      write(b, 4, 0x60)
      write(b, 4, 0x80)
    }
  }

  @Test("Until NEW is set the second array's port reaches only register 105h")
  func secondArray() throws {
    let (b, fm, _) = try card()
    write(b, 0x1A0, 0x55)
    #expect(fm.state.chip.registers[0xA0] == 0x55 && fm.state.chip.registers[0x1A0] == 0)
    write(b, 0x105, 1)
    write(b, 0x1A0, 0x66)
    #expect(fm.state.chip.registers[0x1A0] == 0x66)
  }

  @Test("A silent chip costs nothing: no alarm is armed, and none again after a note has died away")
  func idle() throws {
    let (b, _, mixer) = try card()
    #expect(!mixer.isActive)
    note(b)
    #expect(mixer.isActive)
    b.run(.seconds(1))
    #expect(mixer.isActive)
    write(b, 0xB0, 0x11)
    b.run(.seconds(15))
    #expect(!mixer.isActive)
  }

  @Test("A note saved and loaded in the middle goes on with the same samples")
  func saveLoad() throws {
    let (b, _, mixer) = try card()
    let recording = Recording(mixer)
    note(b)
    b.run(.microseconds(33_333))
    let saved = try b.saved()
    let before = recording.samples.count
    b.run(.milliseconds(200))
    let expected = Array(recording.samples[before...])
    let (c, _, other) = try card()
    let again = Recording(other)
    #expect(try c.load(saved) == [])
    #expect(try c.saved() == saved)
    c.run(.milliseconds(200))
    #expect(again.samples == expected)
    #expect(try c.saved() == b.saved())
    #expect(expected.contains { $0 > 1000 })
  }

  @Test("A note's pitch comes out of the mixer unchanged")
  func pitch() throws {
    let (b, _, mixer) = try card()
    let recording = Recording(mixer)
    write(b, 0x40, 0x3F)
    for (register, value) in [(0x23, 0x21), (0x43, 0), (0x63, 0xF0), (0x83, 0x0F), (0xA0, 0x44), (0xB0, 0x32)] {
      write(b, register, UInt8(value))
    }
    b.run(.milliseconds(500))
    let expected = 580.0 / 65_536 / 16 * 16 * Synthesizer.clock.hertz
    let level = spectrum(Array(recording.left.dropFirst(4800).prefix(16_384)), expected, rate: 48_000)
    #expect(abs(level - 4084.0 / 32_768) < 0.002)
  }
}
