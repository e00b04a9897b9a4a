import Foundation
import Hardware
import PC
import Testing

/// What a machine plays, as a hash and as samples.
private final class Listener {
  var samples: [Int16] = []
  init(_ machine: Machine) { machine.audio.connect { [unowned self] in samples += Array($0) } }
  /// FNV-1a over all samples, and how many there are.
  var hash: String {
    let hash = samples.reduce(UInt64(0xCBF2_9CE4_8422_2325)) {
      ($0 ^ UInt64(UInt16(bitPattern: $1))) &* 0x100_0000_01B3
    }
    return String(hash, radix: 16) + " \(samples.count)"
  }
  var left: [Double] { stride(from: 0, to: samples.count, by: 2).map { Double(samples[$0]) / 32_768 } }

  /// Level of a frequency in the left samples of a time (Goertzel with a Hann window).
  func level(_ frequency: Double, from start: Double, seconds: Double) -> Double {
    let first = min(Int(start * 48_000), samples.count / 2)
    let part = left[first..<min(first + Int(seconds * 48_000), samples.count / 2)]
    var (re, im) = (0.0, 0.0)
    for (i, x) in part.enumerated() {
      let weight = 0.5 - 0.5 * cos(2 * .pi * Double(i) / Double(part.count))
      re += x * weight * cos(2 * .pi * frequency / 48_000 * Double(i))
      im += x * weight * sin(2 * .pi * frequency / 48_000 * Double(i))
    }
    return 4 * (re * re + im * im).squareRoot() / Double(max(part.count, 1))
  }

  /// When sound begins to be heard above `level` after a pause of at least `silence` seconds.
  func onsets(above level: Int, after silence: Double = 0.1) -> [Double] {
    var (onsets, last) = ([Double](), -1.0)
    for i in stride(from: 0, to: samples.count, by: 2) where abs(Int(samples[i])) > level {
      let time = Double(i / 2) / 48_000
      if time > last + silence { onsets.append(time) }
      last = time
    }
    return onsets
  }
}

@Suite(.enabled(if: HostTool.nasm.isThere, "NASM is not installed: apt install nasm"))
struct SoundTests {
  @Test func theExerciserPlaysTheSameSamplesHoweverTheRunIsCut() throws {
    let program = GuestProgram(source: "sound_blaster")
    let disk = try program.assemble()
    let whole = try program.guest(with: disk)
    let heard = Listener(whole.machine)
    try whole.run()
    let cut = try program.guest(with: disk)
    let again = Listener(cut.machine)
    while try cut.step(stops: [cut.machine.now + .microseconds(3_217)]) {}
    #expect(heard.samples.contains { abs(Int($0)) > 8000 })
    #expect(heard.hash == again.hash)
    #expect(heard.samples.count == again.samples.count)
  }

  @Test(arguments: [("Covox", PrinterConverter.covox), ("Disney", .disney)])
  func aConverterOnThePrinterPortPlaysAKilohertz(_ name: String, _ converter: PrinterConverter) throws {
    let program = try #require(GuestProgram.boards.first { $0.source == "sound_printer" && $0.variant == name })
    let guest = try program.guest()
    let heard = Listener(guest.machine)
    try guest.run()
    // The firmware's test of the port is heard, too.
    let start = try #require(heard.onsets(above: 3000).last)
    let frequency = converter == .covox ? Clock.pit.hertz / 149 / 8 : 1000
    let level = heard.level(frequency, from: start + 0.1, seconds: 0.25)
    #expect(level > 0.65 && level < 0.8)
    #expect(heard.level(frequency * 1.5, from: start + 0.1, seconds: 0.25) < level / 300)
    // A Covox is nothing but resistors: the images of its steps are heard. The Disney's filter takes them away.
    let image = heard.level(converter == .covox ? 7 * frequency : 6000, from: start + 0.1, seconds: 0.25)
    #expect(converter == .covox ? image > level / 10 : image < level / 1000)
  }

  @Test func everythingSoundingGoesOnAfterLoadingWithTheSameSamples() throws {
    let program = GuestProgram(source: "sound_full")
    let guest = try program.guest()
    try guest.perform(GuestScript([(.said("SOUNDS\n"), .nothing), (.wait(.milliseconds(310)), .nothing)]))
    let state = try guest.machine.savedState()
    let heard = Listener(guest.machine)
    try guest.run(for: .milliseconds(300))
    let other = try program.guest()
    let again = Listener(other.machine)
    #expect(try other.machine.load(state) == [])
    other.machine.run(until: guest.machine.now)
    let (same, count) = (again.samples == heard.samples, heard.samples.count)
    #expect(same && count > 25_000)
    #expect(heard.samples.contains { abs(Int($0)) > 20_000 })
  }
}

struct TuneTests {
  @Test func theTuneOnTheBuiltInDiskGoesOnAfterLoadingWithTheSameSamples() throws {
    let guest = try Guest(MachineConfiguration(), disk: Firmware.welcomeDisk)
    try guest.perform(GuestScript([(.shows("This machine"), .press([.f8])), (.wait(.milliseconds(1500)), .nothing)]))
    let state = try guest.machine.savedState()
    let heard = Listener(guest.machine)
    try guest.run(for: .milliseconds(600))
    #expect(heard.samples.contains { abs(Int($0)) > 3000 })
    let other = try Guest(MachineConfiguration(), disk: Firmware.welcomeDisk)
    let again = Listener(other.machine)
    #expect(try other.machine.load(state) == [])
    other.machine.run(until: guest.machine.now)
    let (same, count) = (again.samples == heard.samples, heard.samples.count)
    #expect(same && count > 40_000)
    #expect(try other.machine.stateHash() == guest.machine.stateHash())
  }
}

/// The path from the guest's MIDI socket to FluidSynth and into a file.
@Suite(
  .enabled(if: HostTool.nasm.isThere, "NASM is not installed: apt install nasm"))
struct MIDITests {
  private func session(_ midi: MIDIEndpoint, _ folder: TemporaryFolder) throws -> Session {
    let program = GuestProgram(source: "sound_midi")
    var configuration = program.configuration
    let disk = folder.path("midi.img")
    try Data(try program.assemble()).write(to: URL(filePath: disk))
    configuration.floppy.a = HostPath(path: disk)
    configuration.sound.midi = midi
    var options = Session.Options()
    options.midiFile = folder.path("out.mid")
    return try Session(configuration, options)
  }

  @Test func theNotesOfTheProgramAreInTheFileWithTheirTimes() throws {
    let folder = try TemporaryFolder()
    let session = try session(.none, folder)
    _ = try session.run(until: .zero + .seconds(6))
    #expect(session.finish() == [])
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: folder.path("out.mid"))))
    #expect(Array(bytes[..<8]) == Array("MThd".utf8) + [0, 0, 0, 6] && Array(bytes[14..<18]) == Array("MTrk".utf8))
    // Messages with the times between them in milliseconds.
    var (messages, waits, at) = ([[UInt8]](), [Int](), 22)
    while at < bytes.count {
      var wait = 0
      repeat {
        wait = wait << 7 | Int(bytes[at] & 0x7F)
        at += 1
      } while bytes[at - 1] & 0x80 != 0
      let length = bytes[at] & 0xF0 == 0xC0 ? 2 : 3
      messages.append(Array(bytes[at..<at + length]))
      waits.append(wait)
      at += length
    }
    #expect(
      messages == [
        [0xC0, 19], [0x90, 69, 100], [0x90, 69, 0], [0x90, 81, 100], [0x90, 81, 0], [0x90, 60, 100], [0x90, 67, 100],
        [0xB0, 123, 0], [0xFF, 0x2F, 0],
      ])
    // Nine ticks are 494 ms, the first of them may have begun.
    #expect(zip(waits, [0, 0, 467, 0, 494, 0, 0, 494, 0]).allSatisfy { abs($0 - $1) <= ($1 == 467 ? 29 : 2) })
  }

  @Test func fluidSynthPlaysThemAtTheirPitch() throws {
    let folder = try TemporaryFolder()
    let session: Session
    do { session = try self.session(.fluidSynth(nil), folder) } catch let error as HostError {
      // Not on this host; what the message says is part of the product.
      #expect(error.description.contains("sound.midi:"))
      return
    }
    let heard = Listener(session.machine)
    _ = try session.run(until: .zero + .seconds(6))
    let start = try #require(heard.onsets(above: 100).first)
    func level(_ frequency: Double, _ from: Double) -> Double {
      heard.level(frequency, from: start + from, seconds: 0.3)
    }
    #expect(level(440, 0.1) > 0.005 && level(440, 0.1) > 20 * level(415, 0.1))
    #expect(level(880, 0.6) > 0.005 && level(880, 0.6) > 20 * level(830, 0.6))
    #expect(level(261.63, 1.1) > 0.005 && level(392, 1.1) > 0.005)
    #expect(level(261.63, 3.5) < 1e-4)
  }
}
