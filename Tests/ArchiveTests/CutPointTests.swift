import Foundation
import GRDB
import Hardware
import PC
import Storage
import Testing

@testable import Archive

/// A machine that is frozen again and again, each time taken up by an object that never saw the beginning, ends where one
/// ends that ran in one go.
@Suite struct CutPointTests {
  private static let configuration: MachineConfiguration = {
    var configuration = MachineConfiguration()
    configuration.memory.size = MemorySize(megabytes: 2)
    configuration.floppy.driveA = .d1440K
    return configuration
  }()

  private func start(_ path: String, _ open: OpenMachine) throws -> (machine: Machine, isResumed: Bool) {
    let machine = try Machine(open.configuration, roms: open.roms, media: open)
    let isResumed = try open.resume(machine)
    if !isResumed {
      try machine.insertWelcomeDisk()
      var time = Instant.zero + .seconds(4)
      for text in ["\u{1B}", "abc\n", "x"] {
        for (after, event) in Typist.events(typing: text) { machine.post(event, at: time + after) }
        time = time + .seconds(1)
      }
      for move in 0..<20 {
        machine.post(.mouseMove(x: move, y: -move, z: 0), at: time + .milliseconds(Int64(move * 13)))
      }
    }
    return (machine, isResumed)
  }

  @Test func fortyFreezesAtRandomMomentsChangeNothing() throws {
    let folder = try Folder()
    let path = folder.path("m.heirloom")
    var creation = MachineFile.Creation(name: "m", configuration: Self.configuration)
    creation.diskSize = 8 << 20
    try MachineFile.create(path, creation)
    let end = Instant.zero + .seconds(9)

    let whole = try OpenMachine(path: path)
    let machine = try start(path, whole).machine
    machine.run(until: end)
    // What the guest would write to its disk.
    #expect(machine.board.hardDisks.first?.write(100, noise(512, seed: 3)) == true)
    let (hash, picture) = (try machine.stateHash(), machine.picture().pixels)
    // Nothing is kept of it.
    #expect(machine.board.hardDisks.first?.write(100, [UInt8](repeating: 0, count: 512)) == true)
    try whole.close()

    var numbers = noise(400, seed: 11).makeIterator()
    var cuts = (0..<40).map { _ in
      let number = (0..<4).reduce(Int64(0)) { sum, _ in sum << 8 | Int64(numbers.next() ?? 0) }
      return Instant(picoseconds: number % 9_000_000_000_000)
    }.sorted()
    cuts.append(end)
    for (number, cut) in cuts.enumerated() {
      let open = try OpenMachine(path: path)
      let (machine, isResumed) = try start(path, open)
      #expect(isResumed == (number > 0))
      machine.run(until: cut)
      if number == cuts.count - 1 {
        #expect(machine.board.hardDisks.first?.write(100, noise(512, seed: 3)) == true)
        #expect(try machine.stateHash() == hash)
        #expect(machine.picture().pixels == picture)
      } else {
        try open.freeze(machine)
      }
      try open.close()
    }
    #expect(try MachineFile(path: path, access: .reading).verify().isEmpty)
  }

  @Test func aStateThatCanBeTakenBackOnlyInPartChangesNothing() throws {
    let folder = try Folder()
    let path = folder.path("m.heirloom")
    var creation = MachineFile.Creation(name: "m", configuration: Self.configuration)
    creation.diskSize = 8 << 20
    try MachineFile.create(path, creation)
    let open = try OpenMachine(path: path)
    let machine = try start(path, open).machine
    machine.run(until: .zero + .seconds(1))
    try open.keep(machine, as: "early")
    machine.run(until: .zero + .seconds(2))
    let before = try machine.stateHash()
    try open.freeze(machine)
    // A chunk of the memory that has changed since is damaged: of another's bytes.
    try open.file.database.write { db in
      try db.execute(
        sql: """
          WITH ram AS (SELECT snapshot.name, position, chunk FROM layer_chunk
            JOIN state ON state.layer = layer_chunk.layer AND state.name = 'board/ram'
            JOIN snapshot ON snapshot.id = state.snapshot)
          UPDATE chunk SET data = (SELECT data FROM chunk ORDER BY id LIMIT 1)
          WHERE id = (SELECT early.chunk FROM ram early JOIN ram late ON late.position = early.position
            WHERE early.name = 'early' AND late.name = 'suspended' AND early.chunk IS NOT NULL LIMIT 1)
          """)
      #expect(db.changesCount == 1)
    }
    #expect(throws: HostError.self) { try open.restore(machine, to: "early") }
    #expect(try machine.stateHash() == before)
  }
}
