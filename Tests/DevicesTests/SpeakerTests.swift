import Foundation
import Hardware
import Testing

@testable import Devices

struct SpeakerTests {
  /// Timer, port 61h, speaker and mixer, wired as on the board.
  private final class Parts {
    let timer = IntervalTimer()
    let system = SystemControl()
    let speaker = Speaker()
    let mixer = AudioMixer()
    let bench: Bench
    let recording: Recording
    init() throws {
      bench = try Bench(timer, system, speaker, mixer)
      recording = Recording(mixer)
      mixer.connect(speaker.output, to: .speaker)
      system.gate2.connect { [unowned self] in timer.setGate(2, $0) }
      system.speakerData.connect { [unowned self] in
        _ = timer.catchUp()
        speaker.setData($0, timer.state.chip.counters[2], now: bench.now)
      }
      timer.speaker.follow = { [unowned self] in speaker.follow($0, from: $1, to: $2) }
      timer.speaker.changed = { [unowned self] in speaker.timerChanged($0, now: bench.now) }
      speaker.output.refill = { [unowned self] in timer.catchUp() && speaker.state.data }
    }
    func tone(_ count: Int, mode: UInt8 = 0xB6) {
      bench.out(0x43, mode)
      bench.out(0x42, UInt8(count & 0xFF), UInt8(count >> 8))
    }
    /// Left samples of the time from `start` on.
    func samples(from start: Double, _ count: Int) -> [Double] {
      let begin = Int(start * 48_000) - Int(recording.first ?? 0)
      return Array(recording.left[begin..<begin + count])
    }
  }

  @Test("A square wave of the timer's frequency while port 61h bits 0 and 1 are set")
  func tone() throws {
    let parts = try Parts()
    parts.tone(1193)
    parts.bench.out(0x61, 3)
    parts.bench.run(.milliseconds(800))
    let frequency = Clock.pit.hertz / 1193
    let part = parts.samples(from: 0.2, 16_384)
    #expect(abs(spectrum(part, frequency, rate: 48_000) - 0.25 * 2 / .pi) < 0.002)
    #expect(abs(spectrum(part, 3 * frequency, rate: 48_000) - 0.25 * 2 / .pi / 3) < 0.002)
    parts.bench.out(0x61, 0)
    parts.bench.run(.seconds(3))
    #expect(!parts.mixer.isActive, "and silence costs nothing")
  }

  @Test("Bit 1 alone moves the cone: sound without the timer")
  func dataBit() throws {
    let parts = try Parts()
    parts.tone(0, mode: 0xB0)
    parts.tone(1, mode: 0xB0)
    parts.bench.out(0x61, 1)
    parts.bench.run(.milliseconds(1))
    for n in 0..<1000 {
      parts.bench.out(0x61, n & 1 == 0 ? 3 : 1)
      parts.bench.run(.microseconds(500))
    }
    #expect(abs(spectrum(parts.samples(from: 0.1, 16_384), 1000, rate: 48_000) - 0.25 * 2 / .pi) < 0.003)
  }

  @Test("Pulse-width modulation: mode 0 counts written at 18 kHz play their mean")
  func pulseWidth() throws {
    let parts = try Parts()
    parts.bench.out(0x43, 0x90)
    parts.bench.out(0x61, 3)
    let period = 66  // timer clocks: 18.1 kHz
    let start = Clock.pit.ticks(at: parts.bench.now)
    for n in 0..<15_000 {
      let phase = Double(n) * Double(period) / Clock.pit.hertz * 440
      parts.bench.out(0x42, UInt8(33 + 28 * sin(2 * .pi * phase)))
      parts.bench.run(to: Clock.pit.instant(ofTick: start + Int64((n + 1) * period)))
    }
    let part = parts.samples(from: 0.2, 16_384)
    // OUT is low for the count: the level is 0.25 * (1 - count / 66).
    #expect(abs(spectrum(part, 440, rate: 48_000) - 0.25 * 28 / 66) < 0.01)
    #expect(spectrum(part, 1320, rate: 48_000) < 0.003)
  }

  @Test("A tone beyond hearing is its mean, and costs no edges")
  func ultrasound() throws {
    let parts = try Parts()
    parts.tone(20)
    parts.bench.out(0x61, 3)
    parts.bench.run(.milliseconds(300))
    #expect(parts.speaker.state.level == 0.5)
    let part = parts.samples(from: 0.1, 4096)
    #expect(zip(part, part.dropFirst()).allSatisfy { abs($0 - $1) < 0.001 })
  }
}
