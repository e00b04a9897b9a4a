import Foundation
import Hardware
import Testing

@testable import PC

private func temporary(_ name: String) -> String {
  FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString)-\(name)").path
}

struct SoundFilesTests {
  @Test("A WAV file says its length, rate and format, and holds every sample")
  func wave() throws {
    let path = temporary("a.wav")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = try WaveFile(path)
    let samples: [Int16] = [1, -2, 300, -400]
    samples.withUnsafeBufferPointer { file.write($0) }
    #expect(file.finish() == nil)
    let bytes = try HostFiles.read(path)
    #expect(bytes.count == 44 + 8)
    #expect(Array(bytes[0..<4]) == Array("RIFF".utf8) && bytes[4] == 44)
    #expect(Array(bytes[24..<28]) == [0x80, 0xBB, 0, 0])
    #expect(bytes[40] == 8 && Array(bytes[44...]) == [1, 0, 0xFE, 0xFF, 0x2C, 0x01, 0x70, 0xFE])
    let input = try WaveInput(path: path)
    #expect(input.level(0).left == 1 / 32_768.0 && input.level(1.5 / 48_000).right == -400 / 32_768.0)
    try HostFiles.write(Array("RIFF....WAVEnonsense".utf8), to: path)
    #expect(throws: HostError.self) { try WaveInput(path: path) }
  }

  @Test("MIDI: running status, real-time bytes in between, exclusive messages, and times in milliseconds")
  func midi() throws {
    let path = temporary("a.mid")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = try MIDIFile(path)
    for byte: UInt8 in [0x90, 60, 0xFE, 100] { file.write(byte, at: .zero + .milliseconds(1000)) }
    for byte: UInt8 in [60, 0] { file.write(byte, at: .zero + .milliseconds(1200)) }
    for byte: UInt8 in [0xF0, 1, 2, 0xF7, 5, 0xC1, 7] { file.write(byte, at: .zero + .milliseconds(1201)) }
    #expect(file.finish() == nil)
    let bytes = try HostFiles.read(path)
    #expect(
      Array(bytes[22...]) == [
        0, 0x90, 60, 100, 0x81, 0x48, 0x90, 60, 0, 1, 0xF0, 3, 1, 2, 0xF7, 0, 0xC1, 7, 0, 0xFF, 0x2F, 0,
      ])
  }

  @Test("Playback keeps its queue between clocks that differ by 300 ppm: no gap in ten minutes, pitch within 2 cents")
  func playback() {
    for drift in [-300e-6, 300e-6] {
      var control = PlaybackControl(target: 944)
      var (queued, time, ratios) = (0.0, 0.0, [Double]())
      let silence = [Int16](repeating: 0, count: 2 * 200)
      var number: UInt32 = 1
      var produced = 0.0
      for step in 0..<200_000 {
        // 3 ms of guest sound, delivered up to 2 ms late; the device takes 256 samples at a time.
        number = number &* 1_664_525 &+ 1_013_904_223
        let next = Double(step + 1) * 0.003 + Double(number >> 16) / 65_536 * 0.002
        let before = (time * 48_000 * (1 + drift) / 256).rounded(.down)
        let after = (next * 48_000 * (1 + drift) / 256).rounded(.down)
        queued = max(queued - (after - before) * 256, 0)
        time = next
        let wanted = Double(step + 1) * 144
        let count = Int(wanted - produced)
        produced += Double(count)
        let out = silence[..<(2 * count)].withUnsafeBufferPointer { control.process($0, queued: Int(queued)) }
        queued += Double(out.count / 2)
        if step > 20_000 { ratios.append(control.ratio) }
      }
      #expect(control.underruns == 0)
      #expect((ratios.max() ?? 2) - (ratios.min() ?? 0) < 0.001)
      #expect(abs((ratios.reduce(0, +) / Double(ratios.count)) - 1) < 0.0012)
    }
  }

  @Test("Muting fades out and gives silence")
  func muting() {
    var control = PlaybackControl(target: 480)
    let loud = [Int16](repeating: 10_000, count: 960)
    var out = loud.withUnsafeBufferPointer { control.process($0, queued: 480) }
    out = loud.withUnsafeBufferPointer { control.process($0, queued: 480) }
    #expect(out.max() == 10_000)
    control.isMuted = true
    out = loud.withUnsafeBufferPointer { control.process($0, queued: 480) }
    #expect(zip(out, out.dropFirst(2)).allSatisfy { abs(Int($0) - Int($1)) < 60 } && out.last == 0)
  }

  @Test(
    "The keys of sound take what they say", arguments: ["sound.sb16.irq=7", "sound.card=sbpro", "sound.volume.fm=50%"])
  func keys(_ assignment: String) throws {
    var configuration = MachineConfiguration()
    try configuration.apply(assignment: assignment)
    #expect(configuration != MachineConfiguration())
    #expect(throws: HostError.self) { try configuration.apply(assignment: "sound.sb16.irq=11") }
    #expect(throws: HostError.self) { try configuration.apply(assignment: "sound.volume.fm=300") }
  }
}
