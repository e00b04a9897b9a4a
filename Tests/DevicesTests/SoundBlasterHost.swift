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
