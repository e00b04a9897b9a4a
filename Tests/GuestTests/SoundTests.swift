import Foundation
import Hardware
import PC
import Testing

/// What a machine plays, as a hash and as samples.
private final class Listener {
  var samples: [Int16] = []
  init(_ machine: Machine) { machine.audio.connect { [unowned self] in samples += Array($0) } }
  var hash: UInt64 {
    samples.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64(UInt16(bitPattern: $1))) &* 0x100_0000_01B3 }
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
