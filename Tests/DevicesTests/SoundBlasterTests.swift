import Foundation
import Hardware
import Testing

@testable import Devices

/// What a Sound Blaster says of itself, its interrupts, and what becomes of commands that make no sense.
struct SoundBlasterTests {
  @Test("Reset: a 1, 3 µs, a 0, and AAh within 100 µs; the version follows E1h", arguments: SoundBlaster.Model.allCases)
  func reset(_ model: SoundBlaster.Model) throws {
    let host = try SoundBlasterHost(model)
    #expect(host.bench.inp(0x22E) & 0x80 == 0)
    host.bench.out(0x226, 1)
    host.bench.run(.microseconds(3))
    host.bench.out(0x226, 0)
    #expect(host.bench.inp(0x22C) & 0x80 != 0, "busy meanwhile")
    host.bench.run(.microseconds(100))
    #expect(host.bench.inp(0x22E) & 0x80 != 0)
    #expect(host.bench.inp(0x22A) == 0xAA)
    host.command(0xE1)
    #expect(host.answer() == model.version.major)
    #expect(host.answer() == model.version.minor)
    #expect(host.bench.inp(0x22E) & 0x80 == 0)
  }

  @Test("E0h answers the complement, E4h and E8h keep a byte, E3h says who made it, D8h tells the speaker switch")
  func identification() throws {
    let host = try SoundBlasterHost(.sb16)
    host.resetDSP()
    host.command(0xE0, 0x5A)
    #expect(host.answer() == 0xA5)
    host.command(0xE4, 0x77)
    host.command(0xE8)
    #expect(host.answer() == 0x77)
    host.command(0xE3)
    var text = ""
    while let byte = host.answer(), byte != 0 { text += String(UnicodeScalar(byte)) }
    #expect(text == "COPYRIGHT (C) CREATIVE TECHNOLOGY LTD, 1992.")
    host.command(0xD1)
    host.command(0xD8)
    #expect(host.answer() == 0xFF)
    host.command(0xD3)
    host.command(0xD8)
    #expect(host.answer() == 0x00)
    host.command(0xF8)
    #expect(host.answer() == 0x00)
  }

  @Test("The signal processor isn't there: its registers don't keep what is written")
  func noSignalProcessor() throws {
    let host = try SoundBlasterHost(.sb16)
    host.resetDSP()
    host.command(0x0F, 0x83)
    let before = host.answer() ?? 0
    host.command(0x0E, 0x83, ~before)
    host.command(0x0F, 0x83)
    #expect(host.answer() == before)
    host.command(0x08, 0x03)
    #expect(host.answer() == 0xFF)
  }

  @Test("F2h requests the interrupt; reading 22Eh acknowledges; mixer register 82h says who it was")
  func interruptProbe() throws {
    for (bits, irq) in [(UInt8(0x01), 9), (0x02, 5), (0x04, 7), (0x08, 10)] {
      let host = try SoundBlasterHost(.sb16)
      host.resetDSP()
      host.setMixer(0x80, bits)
      #expect(host.mixerRegister(0x80) == bits)
      host.command(0xF2)
      #expect(host.interrupts.keys.sorted() == [irq])
      #expect(host.mixerRegister(0x82) & 7 == 1)
      _ = host.bench.inp(0x22E)
      #expect(host.mixerRegister(0x82) & 7 == 0)
      host.command(0xF3)
      #expect(host.mixerRegister(0x82) & 7 == 2)
      _ = host.bench.inp(0x22E)
      #expect(host.mixerRegister(0x82) & 7 == 2, "22Eh doesn't acknowledge 16-bit sound")
      _ = host.bench.inp(0x22F)
      #expect(host.mixerRegister(0x82) & 7 == 0)
    }
  }

  @Test("E2h writes its answer to memory over the chosen DMA channel", arguments: [UInt8(0), 1, 3])
  func dmaProbe(_ channel: UInt8) throws {
    let host = try SoundBlasterHost(.sb16)
    host.resetDSP()
    host.setMixer(0x81, 1 << channel | 0x20)
    host.program(channel, address: 0x5000, units: 2, mode: 0x44)
    host.command(0xE2, 0x00)
    host.bench.run(.microseconds(20))
    // AAh less 106.
    #expect(host.backplane.memory.ram[0x5000] == 0x40)
    #expect(host.count(channel) == 0)
    host.command(0xE2, 0x01)
    host.bench.run(.microseconds(20))
    #expect(host.backplane.memory.ram[0x5001] == UInt8((0x40 + 165 - 1) & 0xFF))
  }

  @Test("Data never leaves the 64 KB of its page: addresses wrap within it")
  func pageWrap() throws {
    let host = try SoundBlasterHost(.sb16)
    host.resetDSP()
    host.fill(0x5_0000, [UInt8](repeating: 0x11, count: 0x2_0000))
    host.program(1, address: 0x5_FFF0, units: 32, mode: 0x44)
    host.command(0x24, 31, 0)
    host.bench.run(.milliseconds(20))
    #expect((0..<16).allSatisfy { host.backplane.memory.ram[0x5_FFF0 + $0] == 0x80 })
    #expect((0..<16).allSatisfy { host.backplane.memory.ram[0x5_0000 + $0] == 0x80 })
    #expect(host.backplane.memory.ram[0x6_0000] == 0x11 && host.backplane.memory.ram[0x5_0010] == 0x11)
  }

  @Test("A block saved and loaded in the middle goes on with the same samples and interrupts")
  func saveLoad() throws {
    for command: [UInt8] in [[0xC6, 0x20, 0xFF, 0x00], [0x7D], [0xB6, 0x30, 0xFF, 0x00]] {
      func play() throws -> SoundBlasterHost {
        let host = try SoundBlasterHost(.sb16)
        var dice = Dice(7)
        host.fill(0x3_0000, (0..<4096).map { _ in dice.byte() })
        return host
      }
      let host = try play()
      host.resetDSP()
      host.program(1, address: 0x3_0000, units: 4096, mode: 0x58)
      host.program(5, address: 0x3_0000, units: 2048, mode: 0x58)
      host.command(0x40, 200)
      host.command(0x48, 0xFF, 0x00)
      for byte in command { host.command(byte) }
      host.bench.run(.microseconds(12_345))
      let saved = try host.bench.saved()
      let (before, interrupts) = (host.recording.samples.count, host.interrupts[5]?.count ?? 0)
      let finish = { (host: SoundBlasterHost) in
        for _ in 0..<20 {
          host.bench.run(.milliseconds(5))
          _ = host.bench.inp(0x22E)
          _ = host.bench.inp(0x22F)
        }
      }
      finish(host)
      let other = try play()
      #expect(try other.bench.load(saved) == [])
      #expect(try other.bench.saved() == saved)
      finish(other)
      #expect(other.recording.samples == Array(host.recording.samples[before...]))
      #expect(other.interrupts[5] ?? [] == Array((host.interrupts[5] ?? [])[interrupts...]))
      #expect(try other.bench.saved() == host.bench.saved())
      #expect(other.recording.samples.contains { abs(Int($0)) > 3000 })
    }
  }

  @Test("No sequence of commands traps or hangs, or has data written outside the page", arguments: UInt64(0)..<9)
  func fuzz(_ seed: UInt64) throws {
    var dice = Dice(seed)
    let host = try SoundBlasterHost(SoundBlaster.Model.allCases[Int(seed % 3)])
    host.fill(0, [UInt8](repeating: 0x5A, count: 1 << 20))
    func program() {
      for channel in [UInt8(0), 1, 3, 5, 6, 7] {
        // Pages 4 and 5 only, whatever address, count and mode.
        host.program(
          channel, address: 0x4_0000 | UInt32(dice.below(0x1_0000)), units: 1 + dice.below(65_536),
          mode: dice.byte() & 0x7C)
      }
    }
    host.resetDSP()
    program()
    for n in 0..<3000 {
      switch dice.below(12) {
      case 0...5:
        let interesting: [UInt8] = [
          0x14, 0x1C, 0x24, 0x40, 0x48, 0x74, 0x7F, 0x80, 0x90, 0xB6, 0xC8, 0xD0, 0xD4, 0xDA, 0xE2, 0xF2,
        ]
        host.bench.out(0x22C, dice.below(2) == 0 ? dice.byte() : interesting[dice.below(16)])
      case 6: host.setMixer(dice.byte(), dice.byte())
      case 7: _ = host.bench.inp(0x224 + UInt16(dice.below(12)))
      case 8: host.bench.out(0x330 + UInt16(dice.below(2)), dice.byte())
      case 9: if dice.below(30) == 0 { host.resetDSP() }
      case 10: host.bench.run(.microseconds(Int64(dice.below(3000))))
      default: if n % 50 == 0 { program() }
      }
    }
    let ram = UnsafeBufferPointer(start: host.backplane.memory.ram, count: 1 << 20)
    #expect(ram[..<0x4_0000].allSatisfy { $0 == 0x5A } && ram[0x6_0000...].allSatisfy { $0 == 0x5A })
  }
}
