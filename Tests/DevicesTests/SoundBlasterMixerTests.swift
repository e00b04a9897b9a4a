import Foundation
import Hardware
import Testing

@testable import Devices

struct SoundBlasterMixerTests {
  /// Level of a tone of direct output with these registers set, left and right.
  private func level(_ frequency: Double, _ registers: [(UInt8, UInt8)]) throws -> (
    left: Double, right: Double
  ) {
    let host = try SoundBlasterHost(.sb16)
    host.card.pins.tone = { [unowned host] in host.mixer.setTone($0, $1, channel: .voice) }
    host.resetDSP()
    for (register, value) in registers { host.setMixer(register, value) }
    let start = host.bench.now
    for n in 0..<Int64(0.5 * 2 * frequency) {
      host.bench.run(to: start + Span(picoseconds: Int64(Double(n) * 0.5e12 / frequency)))
      host.command(0x10, n & 1 == 0 ? 0x84 : 0x7C)
    }
    let samples = host.recording.samples
    func side(_ first: Int) -> Double {
      let part = stride(from: 9600 + first, to: 9600 + 16_384, by: 2).map {
        Double(samples[$0]) / 32_768
      }
      return spectrum(part, frequency, rate: 48_000)
    }
    return (side(0), side(1))
  }
  private func decibels(_ a: Double, _ b: Double) -> Double { 20 * log10(a / b) }

  @Test("CT1745: defaults, 5-bit volumes, the Pro's registers as pairs of nibbles")
  func mixer16() throws {
    let host = try SoundBlasterHost(.sb16)
    #expect(host.mixerRegister(0x30) == 0xC0 && host.mixerRegister(0x22) == 0xCC && host.mixerRegister(0x3C) == 0x1F)
    #expect(host.mixerRegister(0x80) == 0x02 && host.mixerRegister(0x81) == 0x22)
    host.setMixer(0x32, 0xFF)
    #expect(host.mixerRegister(0x32) == 0xF8)
    host.setMixer(0x04, 0x5A)
    #expect(host.mixerRegister(0x32) == 0x58 && host.mixerRegister(0x33) == 0xA8 && host.mixerRegister(0x04) == 0x5A)
    host.setMixer(0x00, 0)
    #expect(host.mixerRegister(0x04) == 0xCC && host.mixerRegister(0x80) == 0x02)
  }

  @Test("CT1345: three bits a side, read back with ones; a Sound Blaster 2.0 has no mixer")
  func mixerPro() throws {
    let host = try SoundBlasterHost(.pro)
    #expect(host.mixerRegister(0x22) == 0x99)
    host.setMixer(0x22, 0xEE)
    #expect(host.mixerRegister(0x22) == 0xFF)
    #expect(host.filter == 3200)
    let old = try SoundBlasterHost(.sb2)
    old.setMixer(0x22, 0x55)
    #expect(old.mixerRegister(0x22) == 0xFF)
  }

  @Test("Volume registers weaken the voice by 2 dB a step")
  func volume() throws {
    func peak(_ register: UInt8) throws -> Double {
      let host = try SoundBlasterHost(.sb16)
      host.resetDSP()
      host.setMixer(0x32, register)
      host.setMixer(0x33, register)
      host.command(0x10, 0xC0)
      host.bench.run(.milliseconds(30))
      return host.recording.left.max() ?? 0
    }
    let full = try peak(0xC0)
    #expect(abs(20 * log10(try peak(0xB8) / full) + 2) < 0.1)
    #expect(abs(20 * log10(try peak(0x98) / full) + 10) < 0.2)
    #expect(try peak(0x00) == 0)
  }

  @Test("CT1745 output gain: 6 dB a step, each side for itself")
  func gain() throws {
    let plain = try level(1000, [])
    let raised = try level(1000, [(0x41, 0x40), (0x42, 0xC0)])
    #expect(abs(decibels(raised.left, plain.left) - 6.02) < 0.1)
    #expect(abs(decibels(raised.right, plain.right) - 18.06) < 0.1)
  }

  @Test(
    "CT1745 tone: 2 dB a step up to 14; 7 and 8 are flat; bass and treble leave each other alone")
  func tone() throws {
    let (low, high) = (try level(60, []), try level(12_000, []))
    #expect(try level(60, [(0x46, 0x70), (0x44, 0x70)]).left == low.left)
    let bass = try level(60, [(0x46, 0xF0), (0x47, 0x00)])
    #expect(
      abs(decibels(bass.left, low.left) - 14) < 1 && abs(decibels(bass.right, low.right) + 14) < 3)
    let treble = try level(12_000, [(0x44, 0xF0), (0x45, 0x00)])
    #expect(
      abs(decibels(treble.left, high.left) - 14) < 2
        && abs(decibels(treble.right, high.right) + 14) < 6)
    #expect(abs(decibels(try level(12_000, [(0x46, 0xF0)]).left, high.left)) < 0.5)
    #expect(abs(decibels(try level(60, [(0x44, 0xF0)]).left, low.left)) < 0.5)
    let host = try SoundBlasterHost(.sb16)
    #expect(
      host.mixerRegister(0x44) == 0x80 && host.mixerRegister(0x47) == 0x80
        && host.mixerRegister(0x41) == 0)
  }

  @Test("Register 3Ch lets the CD through, bit 2 left, bit 1 right")
  func switches() throws {
    let host = try SoundBlasterHost(.sb16)
    var cd: (Float, Float) = (0, 0)
    host.card.pins.cd = { cd = ($0, $1) }
    host.setMixer(0x3C, 0x1F)
    #expect(cd == (1, 1))
    host.setMixer(0x3C, 0x1B)
    #expect(cd == (0, 1))
    host.setMixer(0x3C, 0x04)
    #expect(cd == (1, 0))
  }

  @Test(
    "A driver that tries the addresses in turn finds the card where it is jumpered, and nowhere else"
  )
  func detection() throws {
    for base in [UInt16(0x220), 0x240, 0x260, 0x280] {
      let host = try SoundBlasterHost(
        SoundBlaster.Configuration(base: base, midiBase: base == 0x260 ? 0x300 : 0x330))
      var found: [UInt16] = []
      for port in [UInt16(0x210), 0x220, 0x230, 0x240, 0x250, 0x260, 0x280] {
        // Reset, 3 us, answer AAh within 100 us; then the complement of a byte and the version.
        host.bench.out(port + 6, 1)
        host.bench.run(.microseconds(3))
        host.bench.out(port + 6, 0)
        host.bench.run(.microseconds(100))
        guard host.bench.inp(port + 0xE) & 0x80 != 0, host.bench.inp(port + 0xA) == 0xAA else {
          continue
        }
        host.bench.out(port + 0xC, 0xE0, 0x55)
        host.bench.run(.microseconds(20))
        if host.bench.inp(port + 0xA) == 0xAA { found.append(port) }
      }
      // What isn't decoded reads FFh: bit 7 of 2xEh set, but no AAh.
      #expect(found == [base])
      var midi: [UInt16] = []
      for port in [UInt16(0x300), 0x330] {
        host.bench.out(port + 1, 0xFF)
        if host.bench.inp(port + 1) & 0x80 == 0, host.bench.inp(port) == 0xFE { midi.append(port) }
      }
      #expect(midi == [base == 0x260 ? 0x300 : 0x330])
    }
  }
}
