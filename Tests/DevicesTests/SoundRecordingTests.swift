import Hardware
import Testing

@testable import Devices

/// Recordings of what a card plays, compared with those that were checked by their spectra, as hashes in this file. The
/// accesses come at fixed guest times, so that only sound decides about them: how long instructions take doesn't.
struct SoundRecordingTests {
  /// FNV-1a of all samples, and how many pairs there are.
  private func hash(_ recording: Recording) -> String {
    let hash = recording.samples.reduce(UInt64(0xCBF2_9CE4_8422_2325)) {
      ($0 ^ UInt64(UInt16(bitPattern: $1))) &* 0x100_0000_01B3
    }
    return String(hash, radix: 16) + " \(recording.samples.count / 2)"
  }

  /// A way of transfer: its card, the DSP's bytes, and the hash of a quarter of a second.
  struct Way: Sendable, CustomTestStringConvertible {
    var model: SoundBlaster.Model
    var bytes: [UInt8]
    var stereo = false
    var hash: String
    var testDescription: String {
      "\(model.rawValue) " + bytes.map { String($0, radix: 16) }.joined(separator: " ")
    }
  }

  static let ways = [
    Way(model: .sb2, bytes: [0x40, 156, 0x14, 0xFF, 0x03], hash: "H0"),
    Way(model: .sb2, bytes: [0x40, 156, 0x48, 0xFF, 0x01, 0x1C], hash: "H1"),
    Way(model: .sb2, bytes: [0x40, 156, 0x75, 0xFF, 0x03], hash: "H2"),
    Way(model: .sb2, bytes: [0x40, 156, 0x77, 0xFF, 0x03], hash: "H3"),
    Way(model: .sb2, bytes: [0x40, 156, 0x17, 0xFF, 0x03], hash: "H4"),
    Way(model: .sb2, bytes: [0x40, 156, 0x48, 0xFF, 0x01, 0x7D], hash: "H5"),
    Way(model: .sb2, bytes: [0x40, 156, 0x48, 0xFF, 0x01, 0x7F], hash: "H6"),
    Way(model: .sb2, bytes: [0x40, 156, 0x48, 0xFF, 0x01, 0x1F], hash: "H7"),
    Way(model: .sb2, bytes: [0x40, 211, 0x48, 0xFF, 0x01, 0x90], hash: "H8"),
    Way(model: .pro, bytes: [0x40, 211, 0x48, 0xFF, 0x01, 0x90], stereo: true, hash: "H9"),
    Way(model: .pro, bytes: [0x40, 211, 0x48, 0xFF, 0x01, 0x91], hash: "Ha"),
    Way(model: .sb16, bytes: [0x41, 0x56, 0x22, 0xC0, 0x00, 0xFF, 0x03], hash: "Hb"),
    Way(model: .sb16, bytes: [0x41, 0x56, 0x22, 0xC6, 0x30, 0xFF, 0x03], hash: "Hc"),
    Way(model: .sb16, bytes: [0x41, 0xAC, 0x44, 0xB0, 0x10, 0xFF, 0x03], hash: "Hd"),
    Way(model: .sb16, bytes: [0x41, 0xAC, 0x44, 0xB6, 0x30, 0xFF, 0x03], hash: "He"),
    Way(model: .sb16, bytes: [0x41, 0xAC, 0x44, 0xB6, 0x20, 0xFF, 0x03], hash: "Hf"),
  ]

  @Test("Every way of transfer plays what it played when its spectrum was checked", arguments: ways)
  func transfers(_ way: Way) throws {
    let host = try SoundBlasterHost(way.model)
    var dice = Dice(1993)
    // A slow wave with some noise, as bytes.
    host.fill(0x3_0000, (0..<4096).map { UInt8(abs($0 & 0x7F - 64) * 2 + dice.below(64)) })
    host.resetDSP()
    host.command(0xD1)
    if way.stereo { host.setMixer(0x0E, 0x22) }
    host.program(1, address: 0x3_0000, units: 4096, mode: 0x58)
    if way.model == .sb16 { host.program(5, address: 0x3_0000, units: 2048, mode: 0x58) }
    for byte in way.bytes { host.command(byte) }
    while host.bench.now < .zero + .milliseconds(250) {
      host.bench.run(.milliseconds(5))
      _ = host.bench.inp(0x22E)
      _ = host.bench.inp(0x22F)
    }
    #expect(host.recording.samples.contains { abs(Int($0)) > 3000 })
    #expect(hash(host.recording) == way.hash)
  }

  /// A patch of two or four operators, for `FM.setOperator`.
  struct Patch: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var operators: [[UInt8]]
    var connections: [UInt8]
    var drums: UInt8 = 0
    var hash: String
  }

  static let patches = [
    Patch(
      testDescription: "piano", operators: [[0x21, 0x1A, 0xF2, 0x53, 0], [0x61, 0x00, 0xF2, 0x74, 0]],
      connections: [0x36], hash: "P0"),
    Patch(
      testDescription: "organ", operators: [[0xE2, 0x10, 0xF0, 0x0F, 1], [0xE1, 0x00, 0xF0, 0x0F, 0]],
      connections: [0x31], hash: "P1"),
    Patch(
      testDescription: "brass", operators: [[0x21, 0x16, 0x71, 0xAE, 0], [0x21, 0x00, 0x82, 0x0E, 7]],
      connections: [0x3E], hash: "P2"),
    Patch(
      testDescription: "bell, four operators",
      operators: [
        [0x07, 0x12, 0xF2, 0x60, 0], [0x02, 0x00, 0xF2, 0x72, 0], [0x05, 0x18, 0xF3, 0x61, 3],
        [0x01, 0x08, 0xF4, 0x72, 5],
      ], connections: [0x34, 0x31], hash: "P3"),
    Patch(
      testDescription: "drums",
      operators: [[0x00, 0x0B, 0xA8, 0x4C, 0], [0x00, 0x00, 0xD6, 0x4F, 0]], connections: [0x30], drums: 0x3F,
      hash: "P4"),
  ]

  @Test("FM patches play what they played when their spectra were checked", arguments: patches)
  func patches(_ patch: Patch) throws {
    let fm = Synthesizer(Synthesizer.Configuration(.ymf262, at: [0x388...0x38B]))
    let mixer = AudioMixer()
    let bench = try Bench(fm, mixer)
    mixer.connect(fm.output, to: .fm)
    let recording = Recording(mixer)
    func write(_ register: Int, _ value: UInt8) {
      bench.out(register < 256 ? 0x388 : 0x38A, UInt8(register & 0xFF))
      bench.out(0x389, value)
      bench.run(.microseconds(24))
    }
    write(0x105, 1)
    if patch.connections.count > 1 { write(0x104, 1) }
    for channel in patch.drums != 0 ? [6, 7, 8] : [0] {
      for (i, values) in patch.operators.enumerated() {
        let n = YMF262.firstOperator(ofChannel: channel) + 3 * i
        for (group, value) in zip([0x20, 0x40, 0x60, 0x80, 0xE0], values) {
          write(group + YMF262.offset(ofOperator: n), value)
        }
      }
      for (i, connection) in patch.connections.enumerated() { write(0xC0 + channel + 3 * i, connection) }
      write(0xA0 + channel, 0x98)
      write(0xB0 + channel, patch.drums != 0 ? 0x11 : 0x31)
    }
    write(0xBD, 0xC0 | patch.drums)
    bench.run(.milliseconds(300))
    write(0xB0, 0x11)
    write(0xBD, 0xC0)
    bench.run(.milliseconds(100))
    #expect(recording.samples.contains { abs(Int($0)) > 2000 })
    #expect(hash(recording) == patch.hash)
  }
}
