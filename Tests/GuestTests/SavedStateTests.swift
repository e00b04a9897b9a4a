import Foundation
import Hardware
import PC
import Testing

/// Nothing that a machine is may be missing from its saved state, and nothing that the host does may get into it.
///
/// Every guest program and every medium is run three ways: in one go; cut into random slices, with pictures taken and
/// states saved in between; and from each of these states to the end by a machine that never saw the beginning. All
/// must end alike in state, picture and words.
enum SavedStateProperty {
  /// What a run comes to.
  struct End: Equatable {
    var hash: String
    var picture: [UInt32]
    var said: String
    var ticks: Int64

    init(_ guest: Guest) throws {
      hash = try guest.machine.stateHash()
      said = guest.text
      ticks = guest.ticks
      // The picture that was being drawn when a state was taken isn't part of it: the one after it is the same.
      guest.machine.run(until: guest.machine.now + .milliseconds(50))
      picture = guest.machine.picture().pixels
    }

    /// Which parts differ from `other`.
    func differences(from other: End) -> [String] {
      (ticks == other.ticks ? [] : ["length"]) + (said == other.said ? [] : ["words"])
        + (picture == other.picture ? [] : ["picture"]) + (hash == other.hash ? [] : ["state"])
    }
  }

  /// A state in the middle of a run.
  private struct Cut {
    var state: [UInt8]
    var at: Instant
    var ticks: Int64
    var said: [UInt8]
    var script: GuestScript
  }

  /// Checks all of it for the machine that `make` builds, with `cuts` states.
  static func check(_ name: String, cuts: Int = 2, _ make: () throws -> Guest) throws {
    let whole = try make()
    try whole.run()
    let end = try End(whole)
    let wholeState = try whole.machine.savedState()

    var numbers = SeededNumbers(name)
    let wanted = Set((0..<cuts).map { _ in Int64.random(in: 0..<max(end.ticks, 1), using: &numbers) })
    let sliced = try make()
    var taken: [Cut] = []
    var goesOn = true
    while goesOn {
      let start = Guest.end(ofTick: sliced.ticks)
      let isCut = wanted.contains(sliced.ticks)
      // A slice now and then; every one of these times is unlikely to be the end of an instruction.
      let count = isCut ? 1 : sliced.ticks % 4 == 0 ? Int.random(in: 1...3, using: &numbers) : 0
      let stops = (0..<count).map { _ in
        start + Span(picoseconds: Int64.random(in: 1..<Guest.grid.picoseconds, using: &numbers))
      }.sorted()
      goesOn = try sliced.step(stops: stops) { guest in
        if Bool.random(using: &numbers) { _ = guest.machine.picture() }
        guard isCut else { return }
        taken.append(
          Cut(
            state: try guest.machine.savedState().serialized(), at: guest.machine.now, ticks: guest.ticks,
            said: guest.said, script: guest.script))
      }
    }
    try expect(sliced, end, wholeState, "\(name): cut into slices")

    #expect(taken.count == wanted.count && !taken.isEmpty)
    for cut in taken {
      let fresh = try make()
      let ignored = try fresh.takeOver(cut.state, ticks: cut.ticks, said: cut.said, script: cut.script)
      #expect(ignored.isEmpty)
      try fresh.run()
      try expect(fresh, end, wholeState, "\(name): saved and loaded at \(cut.at.picoseconds) ps")
    }
  }

  private static func expect(_ guest: Guest, _ end: End, _ state: SavedValue, _ what: String) throws {
    let differences = try End(guest).differences(from: end)
    guard !differences.isEmpty else { return }
    let paths = Self.paths(state, try guest.machine.savedState(), "").prefix(12).joined(separator: "\n")
    Issue.record("\(what): other \(differences.joined(separator: ", "))\n\(paths)")
  }

  /// Where two states differ.
  private static func paths(_ a: SavedValue, _ b: SavedValue, _ path: String) -> [String] {
    if a == b { return [] }
    switch (a, b) {
    case (.object(let a), .object(let b)):
      return Set(a.keys).union(b.keys).sorted().flatMap { key in
        paths(a[key] ?? .null, b[key] ?? .null, "\(path)/\(key)")
      }
    case (.array(let a), .array(let b)) where a.count == b.count:
      return a.indices.flatMap { paths(a[$0], b[$0], "\(path)/\($0)") }
    case (.bytes(let a), .bytes(let b)) where a.count == b.count:
      let different = a.indices.filter { a[$0] != b[$0] }
      return different.prefix(4).map { "\(path)/0x\(String($0, radix: 16)): \(a[$0]) \(b[$0])" }
        + ["\(path): \(different.count) bytes"]
    default: return ["\(path): \(a) \(b)"]
    }
  }
}

@Suite struct SavedStateTests {
  @Test(
    .enabled(if: HostTool.nasm.isThere, "NASM is not installed: apt install nasm"),
    arguments: GuestProgram.all)
  func everyGuestProgramGoesOnFromAnyStateAndInAnySlices(_ program: GuestProgram) throws {
    let disk = try program.assemble()
    try SavedStateProperty.check(program.name) {
      try program.guest(with: disk)
    }
  }

  @Test func theBuiltInDiskGoesOnFromAnyStateAndInAnySlices() throws {
    try SavedStateProperty.check("welcome", cuts: 3) {
      let script = GuestScript([
        (.shows("F1"), .press([.f2])), (.wait(.seconds(1)), .press([.f6])), (.wait(.seconds(1)), .press([.f3])),
        (.wait(.seconds(1)), .type("Hello, world\n")), (.wait(.seconds(1)), .nothing),
      ])
      let guest = try Guest(GuestProgram(source: "").configuration, script: script)
      try guest.machine.insertWelcomeDisk()
      return guest
    }
  }

  @Test(
    .enabled(if: Medium.all.contains { $0.url != nil }, "no disks in ../shared/media"),
    arguments: Medium.all.filter { $0.url != nil })
  func everyMediumGoesOnFromAnyStateAndInAnySlices(_ medium: Medium) throws {
    guard let url = medium.url else { return }
    let disk = Array(try Data(contentsOf: url))
    try SavedStateProperty.check(medium.file, cuts: 1) {
      try Guest(medium.configuration, disk: disk, script: GuestScript(medium.lines()))
    }
  }
}
