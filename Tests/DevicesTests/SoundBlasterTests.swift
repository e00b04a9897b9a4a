import Foundation
import Hardware
import Testing

@testable import Devices

/// A Sound Blaster on a bus with DMA and a mixer, and what a driver does with it.
final class SoundBlasterHost {
  let backplane = Backplane(ramSize: 1 << 20)
  let dma: DMAController
  let card: SoundBlaster
  let mixer = AudioMixer()
  let bench: Bench
  let recording: Recording
  /// Times at which an interrupt was requested, by number.
  var interrupts: [Int: [Instant]] = [:]
  var midi: [UInt8] = []
  var filter = -1.0
  /// Acknowledges 8-bit interrupts at once, as a handler would.
  var acknowledges = true

  init(_ configuration: SoundBlaster.Configuration = SoundBlaster.Configuration()) throws {
    dma = DMAController(memory: backplane.memory)
    card = SoundBlaster(configuration)
    try backplane.attach(dma)
    try backplane.attach(card)
    try backplane.attach(mixer)
    bench = Bench(over: backplane)
    recording = Recording(mixer)
    for (channel, request, _) in backplane.dmaRequests { dma.connect(channel, request) }
    mixer.connect(card.output, to: .voice)
    for (irq, line, _) in backplane.interrupts {
      line.connect { [unowned self] level in if level { interrupts[irq, default: []].append(bench.now) } }
    }
    card.pins.midi = { [unowned self] byte, _ in midi.append(byte) }
    card.pins.filter = { [unowned self] in
      filter = $0
      mixer.setLowPass($0, channel: .voice)
    }
    card.applyMixer()
    bench.out(0xD6, 0xC0)
    bench.out(0xD4, 0x00)
  }
  convenience init(_ model: SoundBlaster.Model) throws { try self.init(SoundBlaster.Configuration(model)) }

  /// As the guide says: wait for bit 7 to fall, then write.
  func command(_ bytes: UInt8...) {
    for byte in bytes {
      for _ in 0..<200 where bench.inp(0x22C) & 0x80 != 0 { bench.run(.microseconds(1)) }
      bench.out(0x22C, byte)
    }
  }
  func answer() -> UInt8? {
    for _ in 0..<200 {
      if bench.inp(0x22E) & 0x80 != 0 { return bench.inp(0x22A) }
      bench.run(.microseconds(1))
    }
    return nil
  }
  @discardableResult func resetDSP() -> UInt8? {
    bench.out(0x226, 1)
    bench.run(.microseconds(4))
    bench.out(0x226, 0)
    return answer()
  }
  func setMixer(_ register: UInt8, _ value: UInt8) { bench.out(0x224, register, at: 0x225, value) }
  func mixerRegister(_ register: UInt8) -> UInt8 {
    bench.out(0x224, register)
    return bench.inp(0x225)
  }
  /// Programs a channel for single transfers from (48h) or to (44h) memory, 10h for auto-initialisation.
  func program(_ channel: UInt8, address: UInt32, units: Int, mode: UInt8) {
    let pages: [UInt16] = [0x87, 0x83, 0x81, 0x82, 0x8F, 0x8B, 0x89, 0x8A]
    let n = UInt16(channel & 3)
    func port(_ register: UInt16) -> UInt16 { channel < 4 ? register : 0xC0 + register * 2 }
    let unit = channel < 4 ? address : address >> 1
    let (a, c) = (Int(unit), units - 1)
    bench.out(port(0xA), 4 | channel & 3)
    bench.out(port(0xC), 0)
    bench.out(port(n * 2), UInt8(a & 0xFF), UInt8(a >> 8 & 0xFF))
    bench.out(port(n * 2 + 1), UInt8(c & 0xFF), UInt8(c >> 8))
    bench.out(pages[Int(channel)], UInt8(address >> 16))
    bench.out(port(0xB), mode | channel & 3)
    bench.out(port(0xA), channel & 3)
  }
  /// What is left to transfer on a channel, as software reads it.
  func count(_ channel: UInt8) -> Int {
    let port = channel < 4 ? UInt16(channel) * 2 + 1 : 0xC2 + UInt16(channel & 3) * 4
    bench.out(channel < 4 ? 0xC : 0xD8, 0)
    return bench.inp16(port)
  }
  func fill(_ address: Int, _ bytes: [UInt8]) {
    for (i, b) in bytes.enumerated() { backplane.memory.ram[address + i] = b }
  }
  func microseconds(_ from: Instant, _ to: Instant?) -> Double { Double(((to ?? from) - from).picoseconds) / 1e6 }
}

extension Bench {
  func out(_ port: UInt16, _ value: UInt8, at second: UInt16, _ other: UInt8) {
    out(port, value)
    out(second, other)
  }
}

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

  @Test("MIDI interface: FFh and 3Fh are acknowledged with FEh and interrupt; then bytes go out; UART resets silently")
  func midi() throws {
    let host = try SoundBlasterHost(.sb16)
    #expect(host.bench.inp(0x331) & 0xC0 == 0x80)
    host.bench.out(0x331, 0xFF)
    #expect(host.bench.inp(0x331) & 0x80 == 0)
    #expect(host.card.state.pending == 4 && host.interrupts[5]?.count == 1)
    #expect(host.bench.inp(0x330) == 0xFE)
    #expect(host.card.state.pending == 0)
    host.bench.out(0x331, 0x3F)
    #expect(host.bench.inp(0x330) == 0xFE)
    for byte in [UInt8(0x90), 60, 100] { host.bench.out(0x330, byte) }
    #expect(host.midi == [0x90, 60, 100])
    for _ in 0..<20 { host.bench.out(0x330, 0xFE) }
    #expect(host.bench.inp(0x331) & 0x40 != 0, "full")
    host.bench.run(.milliseconds(10))
    #expect(host.bench.inp(0x331) & 0x40 == 0)
    host.bench.out(0x331, 0xFF)
    #expect(host.bench.inp(0x331) & 0x80 != 0)
  }

  @Test("The DSP's own MIDI: 38h sends a byte, 34h-37h send all that follow until a reset")
  func dspMIDI() throws {
    let host = try SoundBlasterHost(.sb2)
    host.resetDSP()
    host.command(0x38, 0xC0)
    host.command(0x34)
    host.command(0x90, 0x10, 0x14)
    #expect(host.midi == [0xC0, 0x90, 0x10, 0x14])
    #expect(host.resetDSP() == 0xAA)
    host.command(0xE1)
    #expect(host.answer() == 2)
  }

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

  @Test("Joystick port: one-shots of 24.2 µs + 0.011 µs an ohm; an open input stays 1; buttons pull to 0")
  func joystick() throws {
    let port = GamePort()
    let bench = try Bench(port)
    bench.out(0x201, 0)
    bench.run(.milliseconds(10))
    #expect(bench.inp(0x201) == 0xFF)
    port.state.axes = [0, 255, nil, nil]
    port.state.buttons = 0x01
    bench.out(0x201, 0)
    bench.run(.microseconds(25))
    #expect(bench.inp(0x201) == 0xEE)
    bench.run(.microseconds(1090))
    #expect(bench.inp(0x201) & 3 == 2)
    bench.run(.microseconds(20))
    #expect(bench.inp(0x201) & 3 == 0)
  }
}
