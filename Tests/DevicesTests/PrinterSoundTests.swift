import Foundation
import Hardware
import Testing

@testable import Devices

struct PrinterSoundTests {
  /// A converter on LPT1 with a mixer, wired as on the board.
  private final class Parts {
    let port = ParallelPort()
    let sound: PrinterSound
    let mixer = AudioMixer()
    let bench: Bench
    let recording: Recording
    init(_ model: PrinterSound.Model) throws {
      sound = PrinterSound(model)
      bench = try Bench(port, sound, mixer)
      recording = Recording(mixer)
      mixer.connect(sound.output, to: .printer)
      port.plug.data = { [unowned self] in sound.setData($0) }
      port.plug.control = { [unowned self] in sound.setControl($0) }
      port.plug.acknowledge = { [unowned self] in sound.acknowledge }
    }
    var isFull: Bool { bench.inp(0x379) & 0x40 != 0 }
    func send(_ value: UInt8) {
      bench.out(0x378, value)
      bench.out(0x37A, 0x0C, 0x04)
    }
  }
  private func sine(_ n: Int, _ period: Double) -> UInt8 { UInt8(128 + 100 * sin(2 * .pi * Double(n) / period)) }

  @Test("Covox: the level follows the data lines at once; the control lines do nothing")
  func covox() throws {
    let parts = try Parts(.covox)
    let clock = Clock(numerator: 16_000)
    for n in Int64(0)..<8000 {
      parts.bench.run(to: clock.instant(ofTick: n))
      parts.bench.out(0x378, sine(Int(n), 16))
      parts.bench.out(0x37A, n & 1 == 0 ? 0x0C : 0x04)
    }
    let part = Array(parts.recording.left[9600..<9600 + 8192])
    // Held samples: the sine's level times sinc(1/16).
    #expect(abs(spectrum(part, 1000, rate: 48_000) - 100.0 / 128 * 0.9936) < 0.01)
    #expect(parts.isFull, "status bit 6 is the printer's, not the converter's")
  }

  @Test("Nothing is heard of a port that is cleared at power-on")
  func silentStart() throws {
    for model in [PrinterSound.Model.covox, .disney] {
      let parts = try Parts(model)
      parts.bench.out(0x378, 0)
      parts.bench.out(0x37A, 0x0C, 0x04)
      parts.bench.run(.seconds(1))
      #expect(parts.recording.samples.allSatisfy { $0 == 0 })
    }
  }

  @Test("Disney: a pulse of control bit 3 sends; status bit 6 is 1 while 16 bytes wait; what comes then is lost")
  func queue() throws {
    let parts = try Parts(.disney)
    parts.bench.out(0x37A, 0x04)
    #expect(!parts.isFull)
    for n in 0..<16 {
      #expect(!parts.isFull, "\(n) bytes wait")
      parts.send(UInt8(n))
    }
    #expect(parts.isFull)
    parts.send(0xFF)
    #expect(parts.sound.state.queue == Array(0..<16))
    // Only the rising edge counts.
    parts.bench.run(.microseconds(143))
    #expect(!parts.isFull && parts.sound.state.queue == Array(1..<16))
    parts.bench.out(0x37A, 0x04, 0x04, 0x00)
    #expect(parts.sound.state.queue.count == 15)
  }

  @Test("Disney: bytes are played at 7 kHz whenever they are sent; an empty queue holds the last level")
  func rate() throws {
    let parts = try Parts(.disney)
    var sent = 0
    let start = parts.bench.now
    while sent < 7000 {
      while !parts.isFull {
        parts.send(sine(sent, 7))
        sent += 1
      }
      // An interrupt 582 times a second, as Disney recommends, with some delay.
      parts.bench.run(.microseconds(1718 + Int64(sent % 5) * 40))
    }
    #expect(abs(Double((parts.bench.now - start).picoseconds) / 1e12 - 1) < 0.005)
    let part = Array(parts.recording.left[9600..<9600 + 16_384])
    let level = spectrum(part, 1000, rate: 48_000)
    #expect(level > 0.7 && level < 0.8)
    // The images at 6 and 8 kHz are filtered away.
    #expect(spectrum(part, 6000, rate: 48_000) < level / 1000 && spectrum(part, 8000, rate: 48_000) < level / 1000)
    parts.bench.run(.seconds(3))
    #expect(parts.sound.state.queue.isEmpty && !parts.mixer.isActive)
  }

  @Test("A queue saved and loaded half-way plays the same samples")
  func saveLoad() throws {
    let parts = try Parts(.disney)
    for n in 0..<16 { parts.send(sine(n, 7)) }
    parts.bench.run(.microseconds(1000))
    let saved = try parts.bench.saved()
    let before = parts.recording.samples.count
    parts.bench.run(.milliseconds(50))
    let other = try Parts(.disney)
    #expect(try other.bench.load(saved) == [])
    other.bench.run(.milliseconds(50))
    #expect(other.recording.samples == Array(parts.recording.samples[before...]))
    #expect(other.recording.samples.contains { abs(Int($0)) > 3000 })
    #expect(try other.bench.saved() == parts.bench.saved())
  }

  @Test("Nothing that is written to the port traps, and the queue stays within 16", arguments: UInt64(0)..<4)
  func fuzz(_ seed: UInt64) throws {
    let parts = try Parts(seed & 1 == 0 ? .covox : .disney)
    var dice = Dice(seed)
    for _ in 0..<20_000 {
      parts.bench.out(0x378 + UInt16(dice.below(3)), dice.byte())
      if dice.below(8) == 0 { parts.bench.run(.microseconds(Int64(dice.below(400)))) }
      #expect(parts.sound.state.queue.count <= 16)
    }
  }
}
