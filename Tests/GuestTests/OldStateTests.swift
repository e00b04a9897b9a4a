import Compression
import Foundation
import Hardware
import PC
import Processor
import Testing

/// States of earlier versions load for ever. `Tests/Fixtures/States/<version>/` holds them, gzipped; a new version adds
/// its own and never changes an old one.
@Suite struct OldStateTests {
  /// The machine that the fixtures were saved on: the smallest, without a disk.
  private func machine() throws -> Machine {
    var configuration = MachineConfiguration()
    configuration.cpu.model = .i386sx16
    configuration.memory.size = MemorySize(megabytes: 1)
    configuration.floppy.driveA = .d1440K
    configuration.floppy.driveB = .none
    return try Machine(configuration)
  }

  /// What is on the screen of the fixtures' machine, some time after power-on.
  private let screen = "No bootable"

  /// Writes the fixture of this version when asked to (HEIRLOOM_SAVE_STATE=PATH): then gzip it and add it.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["HEIRLOOM_SAVE_STATE"] != nil, "only on request"))
  func saveAFixture() throws {
    guard let path = ProcessInfo.processInfo.environment["HEIRLOOM_SAVE_STATE"] else { return }
    let machine = try machine()
    machine.run(until: .zero + .seconds(6))
    print(machine.textScreen.text)
    try Data(machine.savedState().serialized()).write(to: URL(filePath: path))
  }

  @Test func statesOfAllVersionsLoadAndGoOn() throws {
    let base = Places.oldStates
    let files = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
    let states = files.filter { $0.hasSuffix(".state.gz") }.sorted()
    #expect(!states.isEmpty)
    for file in states {
      let packed = Array(try Data(contentsOf: base.appending(path: file)))
      let machine = try machine()
      let saved = try SavedValue(serialized: try Gzip.unpack(packed))
      _ = try machine.load(saved)
      #expect(machine.textScreen.contains(screen), "\(file): \(machine.textScreen.text)")
      let then = machine.now
      #expect(then > .zero + .seconds(5))
      // The clock goes on: the BIOS's tick counter is 40:6C.
      let ticks = machine.board.backplane.memory.read(0x46C, size: 4)
      machine.run(until: then + .seconds(2))
      let later = machine.board.backplane.memory.read(0x46C, size: 4)
      #expect((35...38).contains(later &- ticks), "\(file): \(later &- ticks) ticks in two seconds")
    }
  }
}
