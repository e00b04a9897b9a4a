import Foundation
import Hardware
import Testing

@testable import Devices

/// Samples by every way of transfer: their times, interrupts and sound.
struct SoundBlasterPlaybackTests {
  @Test("A single-cycle block ends with an interrupt after length + 1 samples of 256 - TC µs, and then it is quiet")
  func singleCycle() throws {
    for model in SoundBlaster.Model.allCases {
      let host = try SoundBlasterHost(model)
      host.resetDSP()
      host.command(0xD1)
      host.program(1, address: 0x1_0000, units: 500, mode: 0x48)
      host.command(0x40, 166)
      host.command(0x14, 0xF3, 0x01)
      let start = host.bench.now
      host.bench.run(.microseconds(90 * 250 + 5))
      #expect(host.count(1) == 499 - 250, "the count register tells the position")
      host.bench.run(.seconds(1))
      let ends = host.interrupts[5] ?? []
      #expect(ends.count == 1)
      #expect(abs(host.microseconds(start, ends.first) - 500 * 90) < 3)
      #expect(host.count(1) == 0xFFFF)
    }
  }

  @Test("Auto-init: an interrupt every block, the 8237 comes round, until DAh ends it with the block")
  func autoInit() throws {
    let host = try SoundBlasterHost(.sb2)
    host.resetDSP()
    host.command(0xD1)
    host.program(1, address: 0x2_0000, units: 400, mode: 0x58)
    host.command(0x40, 206)
    host.command(0x48, 199, 0)
    host.command(0x1C)
    let start = host.bench.now
    for n in 1...5 {
      host.bench.run(to: start + .microseconds(Int64(n) * 10_000 + 500))
      #expect(host.interrupts[5]?.count == n)
      _ = host.bench.inp(0x22E)
    }
    host.command(0xDA)
    host.bench.run(.milliseconds(100))
    #expect(host.interrupts[5]?.count == 6, "the block that was on is finished")
    let times = host.interrupts[5] ?? []
    for (n, time) in times.enumerated() { #expect(abs(host.microseconds(start, time) - Double(n + 1) * 10_000) < 3) }
  }

  @Test("D0h stops the samples where they are, D4h goes on")
  func pause() throws {
    let host = try SoundBlasterHost(.sb16)
    host.resetDSP()
    host.program(1, address: 0x2_0000, units: 1000, mode: 0x48)
    host.command(0x40, 156)
    host.command(0x14, 0xE7, 0x03)
    host.bench.run(.microseconds(100 * 300 + 50))
    host.command(0xD0)
    let left = host.count(1)
    host.bench.run(.milliseconds(50))
    #expect(host.count(1) == left && left == 699)
    host.command(0xD4)
    host.bench.run(.microseconds(100 * 10 + 50))
    #expect(host.count(1) == left - 10)
    host.bench.run(.seconds(1))
    #expect(host.interrupts[5]?.count == 1)
  }

  @Test("80h: silence for a number of samples, then an interrupt")
  func silence() throws {
    let host = try SoundBlasterHost(.sb16)
    host.resetDSP()
    host.command(0x40, 156)
    host.command(0x80, 0x63, 0x00)
    let start = host.bench.now
    host.bench.run(.milliseconds(20))
    #expect(abs(host.microseconds(start, host.interrupts[5]?.first) - 10_000) < 3)
  }

  @Test("A sine by DMA comes out at its frequency and level", arguments: [0, 1, 2, 3, 4])
  func tone(_ way: Int) throws {
    let host = try SoundBlasterHost(way < 2 ? [.sb2, .pro][way] : .sb16)
    host.resetDSP()
    host.command(0xD1)
    let wide = way == 3 || way == 4
    let rate = 22_050.0
    let frequency = rate / 32
    var bytes: [UInt8] = []
    for i in 0..<1024 {
      let value = sin(2 * .pi * Double(i) / 32) * 0.8
      if wide {
        let word = UInt16(bitPattern: Int16(value * 32_767))
        for _ in 0..<(way == 4 ? 2 : 1) { bytes += [UInt8(word & 0xFF), UInt8(word >> 8)] }
      } else {
        bytes.append(UInt8(128 + Int((value * 127).rounded())))
      }
    }
    host.fill(0x3_0000, bytes)
    if wide {
      host.program(5, address: 0x3_0000, units: bytes.count / 2, mode: 0x58)
      host.command(0x41, 0x56, 0x22)
      host.command(0xB6, way == 4 ? 0x30 : 0x10, 0xFF, 0x01)
    } else {
      host.program(1, address: 0x3_0000, units: bytes.count, mode: 0x58)
      if way == 2 { host.command(0x41, 0x56, 0x22) } else { host.command(0x40, 211) }
      host.command(0x48, 0xFF, 0x01)
      host.command(0x1C)
    }
    host.bench.run(.milliseconds(400))
    let exact = way < 2 ? 1e6 / 45 / 32 : frequency
    let level = spectrum(Array(host.recording.left[4800..<4800 + 8192]), exact, rate: 48_000)
    #expect(abs(level - 0.8) < 0.02)
    let right = stride(from: 9601, to: 9601 + 16_384, by: 2).map { Double(host.recording.samples[$0]) / 32_768 }
    #expect(abs(spectrum(right, exact, rate: 48_000) - 0.8) < 0.02)
  }

  @Test(
    "16-bit stereo: units alternate between left and right; the length counts units; the interrupt is the 16-bit one")
  func wideStereo() throws {
    let host = try SoundBlasterHost(.sb16)
    host.resetDSP()
    var bytes: [UInt8] = []
    for _ in 0..<1000 { bytes += [0x00, 0x40, 0x00, 0x00] }
    host.fill(0x4_0000, bytes)
    host.program(5, address: 0x4_0000, units: 2000, mode: 0x48)
    host.command(0x41, 0x2B, 0x11)
    host.command(0xB0, 0x30, 0xCF, 0x07)
    let start = host.bench.now
    host.bench.run(.milliseconds(200))
    let end = host.interrupts[5]?.first
    #expect(abs(host.microseconds(start, end) - 1000 / 11_025.0 * 1e6) < 4)
    #expect(host.card.state.pending == 2)
    let rights = stride(from: 1, to: host.recording.samples.count, by: 2).map { host.recording.samples[$0] }
    #expect((host.recording.left.max() ?? 0) > 0.45 && rights.allSatisfy { $0 == 0 })
  }

  @Test("Without a 16-bit channel 16-bit sound goes over the 8-bit one, low byte first")
  func wideOverNarrow() throws {
    let host = try SoundBlasterHost(.sb16)
    host.resetDSP()
    host.setMixer(0x81, 0x02)
    var bytes: [UInt8] = []
    for i in 0..<400 { bytes += [0x00, i & 16 == 0 ? 0x40 : 0xC0] }
    host.fill(0x4_0000, bytes)
    host.program(1, address: 0x4_0000, units: 800, mode: 0x48)
    host.command(0x41, 0x2B, 0x11)
    host.command(0xB0, 0x10, 0x8F, 0x01)
    let start = host.bench.now
    host.bench.run(.milliseconds(100))
    #expect(abs(host.microseconds(start, host.interrupts[5]?.first) - 400 / 11_025.0 * 1e6) < 4)
    #expect((host.recording.left.max() ?? 0) > 0.45 && (host.recording.left.min() ?? 0) < -0.45)
  }

  @Test("The Pro's stereo: bytes alternate, and the time constant counts bytes")
  func proStereo() throws {
    let host = try SoundBlasterHost(.pro)
    host.resetDSP()
    host.command(0xD1)
    host.setMixer(0x0E, 0x22)
    #expect(host.filter == 0)
    host.fill(0x4_0000, (0..<2000).map { $0 & 1 == 0 ? 0xC0 : 0x80 })
    host.program(1, address: 0x4_0000, units: 2000, mode: 0x48)
    host.command(0x40, 211)
    host.command(0x48, 0xCF, 0x07)
    host.command(0x91)
    let start = host.bench.now
    #expect(host.bench.inp(0x22C) & 0x80 != 0, "at high speed it takes no commands")
    host.bench.run(.milliseconds(150))
    #expect(abs(host.microseconds(start, host.interrupts[5]?.first) - 2000 * 45) < 4)
    #expect(host.bench.inp(0x22C) & 0x80 == 0)
    let rights = stride(from: 1, to: host.recording.samples.count, by: 2).map { host.recording.samples[$0] }
    #expect((host.recording.left.max() ?? 0) > 0.45 && rights.allSatisfy { $0 == 0 })
  }

  @Test("A reset ends high speed")
  func highSpeedReset() throws {
    let host = try SoundBlasterHost(.sb2)
    host.resetDSP()
    host.program(1, address: 0x4_0000, units: 65_536, mode: 0x58)
    host.command(0x40, 231)
    host.command(0x48, 0xFF, 0x00)
    host.command(0x90)
    host.bench.run(.milliseconds(20))
    #expect(host.interrupts[5]?.count == 1, "it waits for the acknowledgement")
    #expect(host.resetDSP() == 0xAA)
    let left = host.count(1)
    host.bench.run(.milliseconds(20))
    #expect(host.count(1) == left)
  }

  @Test("ADPCM: 4 bits make 2 samples a byte, 2.6 three, 2 four; the reference byte is the first sample")
  func adpcm() throws {
    for (command, perByte) in [(UInt8(0x75), 2), (0x77, 3), (0x17, 4)] {
      let host = try SoundBlasterHost(.sb2)
      host.resetDSP()
      host.command(0xD1)
      host.fill(0x4_0000, [0x90] + [UInt8](repeating: 0x7F, count: 50))
      host.program(1, address: 0x4_0000, units: 51, mode: 0x48)
      host.command(0x40, 156)
      host.command(command, 50, 0)
      let start = host.bench.now
      host.bench.run(.milliseconds(50))
      #expect(abs(host.microseconds(start, host.interrupts[5]?.first) - Double(1 + 50 * perByte) * 100) < 5)
      #expect(host.count(1) == 0xFFFF)
    }
    // The steps: 7 with the smallest size is +7, and raises the size.
    var decoder = ADPCM()
    decoder.take(0x80, .four, reference: true)
    decoder.take(0x7F, .four, reference: false)
    #expect(decoder.next(.four) == 0x87)
    #expect(decoder.next(.four) == 0x78)
    decoder.take(0x0F, .four, reference: false)
    #expect(decoder.next(.four) == 0x7A)
    #expect(decoder.scale == 1)
    decoder = ADPCM()
    decoder.take(0b011_111_01, .three, reference: false)
    var three: [UInt8] = []
    for _ in 0..<3 { three.append(decoder.next(.three)) }
    #expect(three == [0x83, 0x7C, 0x86])
    decoder = ADPCM()
    decoder.take(0b01_01_11_00, .two, reference: false)
    var two: [UInt8] = []
    for _ in 0..<4 { two.append(decoder.next(.two)) }
    #expect(two == [0x81, 0x84, 0x7E, 0x82])
  }

  @Test("Direct output: 10h and a byte at any time")
  func direct() throws {
    let host = try SoundBlasterHost(.sb16)
    host.resetDSP()
    let start = host.bench.now
    for n in 0..<4000 {
      host.bench.run(to: start + .microseconds(Int64(n) * 100))
      host.command(0x10, n % 20 < 10 ? 0xC0 : 0x40)
    }
    let level = spectrum(Array(host.recording.left[2400..<2400 + 8192]), 500, rate: 48_000)
    #expect(abs(level - 0.5 * 4 / .pi) < 0.02)
  }

  @Test("Recording: samples of the input go to memory, silence is 80h; 20h reads one")
  func recording() throws {
    let host = try SoundBlasterHost(.sb16)
    host.resetDSP()
    host.fill(0x5_0000, [UInt8](repeating: 0x11, count: 2001))
    host.program(1, address: 0x5_0000, units: 1000, mode: 0x44)
    host.command(0x40, 156)
    host.command(0x24, 0xE7, 0x03)
    host.bench.run(.milliseconds(120))
    #expect(host.interrupts[5]?.count == 1)
    #expect((0..<1000).allSatisfy { host.backplane.memory.ram[0x5_0000 + $0] == 0x80 })
    #expect(host.backplane.memory.ram[0x5_0000 + 1000] == 0x11)
    host.card.pins.record = { _ in (0.5, -0.5) }
    host.program(5, address: 0x6_0000, units: 200, mode: 0x44)
    host.command(0x42, 0x2B, 0x11)
    host.command(0xB8, 0x30, 0xC7, 0x00)
    host.bench.run(.milliseconds(50))
    #expect(host.backplane.memory.read(0x6_0000, size: 4) == 0xC000_4000)
    host.command(0x20)
    #expect(host.answer() == 0xC0)
  }
}
