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

  /// Ten minutes of a sound device whose clock is off by `drift`, fed in pieces of 3 ms that come up to 6 ms late.
  private func play(drift: Double) -> (ratios: [Double], queues: [Int], underruns: Int) {
    var control = PlaybackControl(target: 576)
    let ring = AudioRing()
    var (dice, taken, produced) = (UInt32(1), 0.0, 0)
    var (ratios, queues) = ([Double](), [Int]())
    var out = [Int16](repeating: 0, count: 512)
    let loud = [Int16](repeating: 10_000, count: 2 * 1000)
    for step in 0..<200_000 {
      dice = dice &* 1_664_525 &+ 1_013_904_223
      let time = Double(step) * 0.003 + Double(dice >> 16) / 65_536 * 0.006
      while taken * 256 < time * 48_000 * (1 + drift) {
        out.withUnsafeMutableBufferPointer { ring.read(into: $0) }
        taken += 1
      }
      let count = step * 144 - produced
      produced += count
      let (queued, isDry) = ring.state
      let new = loud[..<(2 * count)].withUnsafeBufferPointer { control.process($0, queued: queued, isDry: isDry) }
      ring.write(new, isQuiet: false)
      if step > 20_000 { ratios.append(control.ratio) }
      queues.append(queued)
    }
    return (ratios, queues, ring.underruns)
  }

  @Test(
    "A sound device that runs up to 0.5 % too fast or too slow: no gap in ten minutes, the pitch steady to 2 cents",
    arguments: [0, -300e-6, 300e-6, -0.001, 0.001, -0.005, 0.005])
  func playback(_ drift: Double) {
    let (ratios, queues, underruns) = play(drift: drift)
    #expect(underruns == 0)
    let (most, least) = (ratios.max() ?? 2, ratios.min() ?? 0)
    #expect(1200 * log2(most / least) < 2)
    #expect(abs(ratios.reduce(0, +) / Double(ratios.count) * (1 + drift) - 1) < 1e-4)
    let mean = Double(queues.dropFirst(20_000).reduce(0, +)) / Double(queues.count - 20_000)
    #expect(abs(mean - 576) < 160)
  }

  @Test("A ring that runs dry counts one gap, fades away and stays silent; a quiet end is no gap")
  func ring() {
    let ring = AudioRing()
    var out = [Int16](repeating: 1, count: 1200)
    func read() { out.withUnsafeMutableBufferPointer { ring.read(into: $0) } }
    ring.write([1, 2], isQuiet: false)
    #expect(ring.state.queued == 0 && ring.state.isDry, "the device hasn't begun")
    read()
    #expect(out.allSatisfy { $0 == 0 } && ring.underruns == 0 && ring.state.isDry)
    ring.write([Int16](repeating: 12_000, count: 100), isQuiet: false)
    read()
    #expect(out[..<100].allSatisfy { $0 == 12_000 } && ring.underruns == 1 && ring.state.isDry)
    #expect(zip(out, out.dropFirst(2)).allSatisfy { abs(Int($0) - Int($1)) <= 51 } && out.last == 0)
    read()
    #expect(out.allSatisfy { $0 == 0 } && ring.underruns == 1)
    ring.write([5, 6], isQuiet: true)
    read()
    #expect(out[0] == 5 && out[1] == 6 && ring.underruns == 1)
    // More than fits is left away, the first of it kept.
    ring.write((0..<Int32(2 * AudioRing.capacity + 10)).map { Int16(truncatingIfNeeded: $0) }, isQuiet: false)
    #expect(ring.state.queued == AudioRing.capacity)
    read()
    #expect(out[0] == 0 && out[1199] == 1199)
  }

  @Test("Muting fades out and gives silence")
  func muting() {
    var control = PlaybackControl(target: 480)
    let loud = [Int16](repeating: 10_000, count: 960)
    func play(_ queued: Int) -> [Int16] { loud.withUnsafeBufferPointer { control.process($0, queued: queued) } }
    var out = play(480)
    out = play(480)
    #expect(out.max() == 10_000)
    control.isMuted = true
    out = play(480)
    #expect(zip(out, out.dropFirst(2)).allSatisfy { abs(Int($0) - Int($1)) < 60 } && out.last == 0)
    // In turbo the machine makes more than is played: the queue keeps its length with silence.
    #expect(play(480).isEmpty && play(400) == [Int16](repeating: 0, count: 160))
  }

  @Test("A queue that has grown while the host slept is shortened between two fades, without a crack")
  func overfull() {
    var control = PlaybackControl(target: 480)
    let loud = [Int16](repeating: 10_000, count: 960)
    var (queued, heard) = (480, [Int16]())
    for step in 0..<40 {
      if step == 10 { queued += 10_000 }
      let out = loud.withUnsafeBufferPointer { control.process($0, queued: queued) }
      queued = max(queued + out.count / 2 - 480, 0)
      heard += out
    }
    #expect(queued < 1500)
    let steps = zip(heard, heard.dropFirst(2)).dropFirst(20).map { abs(Int($0) - Int($1)) }
    #expect(steps.allSatisfy { $0 < 60 } && heard.last == 10_000)
    #expect(heard.dropFirst(4000).contains(0) && abs(control.ratio - 1) < 0.006)
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
