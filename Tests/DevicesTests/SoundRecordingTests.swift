import Hardware
import Testing

@testable import Devices

/// What a card plays, compared with what it once played, as hashes in this file: nothing changes unnoticed. That it is
/// right is what the other tests check. The accesses come at fixed guest times, so that how long instructions take
/// doesn't matter.
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
    Way(model: .sb2, bytes: [0x40, 156, 0x14, 0xFF, 0x03], hash: "abc2571715b7f941 11712"),
    Way(model: .sb2, bytes: [0x40, 156, 0x48, 0xFF, 0x01, 0x1C], hash: "f3d9e01c8daa20a7 11712"),
    Way(model: .sb2, bytes: [0x40, 156, 0x75, 0xFF, 0x03], hash: "f8124dda4105dc33 11712"),
    Way(model: .sb2, bytes: [0x40, 156, 0x77, 0xFF, 0x03], hash: "1407cdedff331519 11712"),
    Way(model: .sb2, bytes: [0x40, 156, 0x17, 0xFF, 0x03], hash: "27798bddb940d4e1 11712"),
    Way(model: .sb2, bytes: [0x40, 156, 0x48, 0xFF, 0x01, 0x7D], hash: "ea2cbc763ab473a5 11712"),
    Way(model: .sb2, bytes: [0x40, 156, 0x48, 0xFF, 0x01, 0x7F], hash: "bd8b05731e946b01 11712"),
    Way(model: .sb2, bytes: [0x40, 156, 0x48, 0xFF, 0x01, 0x1F], hash: "366a2d39ad1cf3f9 11712"),
    Way(model: .sb2, bytes: [0x40, 211, 0x48, 0xFF, 0x01, 0x90], hash: "19d1fe53d7a748cd 11712"),
    Way(model: .pro, bytes: [0x40, 211, 0x48, 0xFF, 0x01, 0x90], stereo: true, hash: "381a14b0ff78bff4 11712"),
    Way(model: .pro, bytes: [0x40, 211, 0x48, 0xFF, 0x01, 0x91], hash: "8c1445b8ba2f1749 11712"),
    Way(model: .sb16, bytes: [0x41, 0x56, 0x22, 0xC0, 0x00, 0xFF, 0x03], hash: "7a4d3d276792bf8d 11712"),
    Way(model: .sb16, bytes: [0x41, 0x56, 0x22, 0xC6, 0x30, 0xFF, 0x03], hash: "820f2013dd176d9e 11712"),
    Way(model: .sb16, bytes: [0x41, 0xAC, 0x44, 0xB0, 0x10, 0xFF, 0x03], hash: "8bf471f108a108c1 11712"),
    Way(model: .sb16, bytes: [0x41, 0xAC, 0x44, 0xB6, 0x30, 0xFF, 0x03], hash: "aef39224410d4920 11712"),
    Way(model: .sb16, bytes: [0x41, 0xAC, 0x44, 0xB6, 0x20, 0xFF, 0x03], hash: "2c0ebfe2a373df25 11712"),
  ]

  @Test("Every way of transfer plays the samples that were recorded of it", arguments: SoundRecordingTests.ways)
  func playsWay(_ way: Way) throws {
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
      connections: [0x36], hash: "2cc55ddf67281096 19008"),
    Patch(
      testDescription: "organ", operators: [[0xE2, 0x10, 0xF0, 0x0F, 1], [0xE1, 0x00, 0xF0, 0x0F, 0]],
      connections: [0x31], hash: "542daab331db0f93 19008"),
    Patch(
      testDescription: "brass", operators: [[0x21, 0x16, 0x71, 0xAE, 0], [0x21, 0x00, 0x82, 0x0E, 7]],
      connections: [0x3E], hash: "7aff7e3e78e44fe3 19008"),
    Patch(
      testDescription: "bell, four operators",
      operators: [
        [0x07, 0x12, 0xF2, 0x60, 0], [0x02, 0x00, 0xF2, 0x72, 0], [0x05, 0x18, 0xF3, 0x61, 3],
        [0x01, 0x08, 0xF4, 0x72, 5],
      ], connections: [0x34, 0x31], hash: "10f6ef7e7f86b504 19008"),
    Patch(
      testDescription: "drums",
      operators: [[0x00, 0x0B, 0xA8, 0x4C, 0], [0x00, 0x00, 0xD6, 0x4F, 0]], connections: [0x30], drums: 0x3F,
      hash: "a7623672a652d669 19008"),
  ]

  @Test("FM patches play the samples that were recorded of them", arguments: SoundRecordingTests.patches)
  func playsPatch(_ patch: Patch) throws {
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
