import Archive
import Foundation
import Hardware
import PC
import Testing

/// A machine in a file with something to do, to be cut off in the middle of it.
struct CutSubject: Sendable, CustomTestStringConvertible {
  var name: String
  /// The machine, with its media as files in the folder.
  var configuration: @Sendable (TemporaryFolder) throws -> MachineConfiguration
  var script: @Sendable () -> GuestScript
  var testDescription: String { name }

  /// Every guest program, every medium that is there, and the built-in disk.
  static let all =
    (HostTool.nasm.isThere ? GuestProgram.all : []).map { program in
      CutSubject(name: program.name) {
        try program.configuration(with: try program.assemble(), in: $0)
      } script: {
        program.script
      }
    } + (HostTool.nasm.isThere ? GuestProgram.others.keys.sorted() : []).map(withoutEnd)
    + Medium.all.compactMap { medium in
      medium.url.map { url in
        CutSubject(name: medium.file) { folder in
          var configuration = medium.configuration
          configuration.floppy.a = HostPath(path: try folder.copy(of: url))
          return configuration
        } script: {
          GuestScript(medium.lines())
        }
      }
    } + [tools].compactMap(\.self) + [builtIn]

  /// Programs that don't come to a DONE.
  private static func withoutEnd(_ source: String) -> CutSubject {
    CutSubject(name: source) {
      let program = GuestProgram(source: source)
      return try program.configuration(with: try program.assemble(), in: $0)
    } script: {
      GuestScript([(.wait(.seconds(6)), .nothing)])
    }
  }

  /// FreeDOS, and the programs of `msdos4-tools` on a hard disk.
  private static var tools: CutSubject? {
    guard let floppy = Places.medium("freedos-minimal-144/fdboot144.img"), let tools = Places.medium("msdos4-tools")
    else { return nil }
    return CutSubject(name: "msdos4-tools") { folder in
      var configuration = MachineConfiguration()
      configuration.memory.size = MemorySize(megabytes: 8)
      configuration.floppy.a = HostPath(path: try folder.copy(of: floppy))
      configuration.disk.hda = HostPath(path: tools.path)
      return configuration
    } script: {
      GuestScript([
        (.prompt("A:\\>"), .type("c:\n")), (.prompt("C:\\>"), .type("attrib *.exe\n")),
        (.prompt("C:\\>"), .type("copy masm.exe copy.exe\n")), (.prompt("C:\\>"), .type("copy\n")),
        (.wait(.seconds(2)), .nothing),
      ])
    }
  }

  private static let builtIn = CutSubject(name: "the built-in disk") { folder in
    try Data(Firmware.welcomeDisk).write(to: URL(filePath: folder.path("welcome.img")))
    var configuration = MachineConfiguration()
    configuration.memory.size = MemorySize(megabytes: 4)
    configuration.floppy.a = HostPath(path: folder.path("welcome.img"))
    return configuration
  } script: {
    GuestScript([
      (.wait(.seconds(4)), .type("abc\n")), (.wait(.seconds(1)), .press([.escape])),
      (.wait(.seconds(2)), .type(" x\n")),
      (.wait(.seconds(2)), .nothing),
    ])
  }
}

/// **Every guest program and every medium: cut anywhere, kept in a machine file, taken up by another process.**
///
/// The run that nobody interrupts keeps snapshots at random moments, and says what it came to some time after each:
/// state, picture, words and sound. A new process goes back to each of them and must come to the same.
@Suite struct MachineFileCutTests {
  /// Cuts of all machines together: 200, or as many as `HEIRLOOM_CUTS` says.
  static let all = ProcessInfo.processInfo.environment["HEIRLOOM_CUTS"].flatMap { Int($0) } ?? 200

  /// How many of them are `subject`'s.
  private static func cuts(of subject: CutSubject) -> Int {
    let subjects = CutSubject.all
    let place = subjects.firstIndex { $0.name == subject.name } ?? 0
    return max(all / subjects.count + (place < all % subjects.count ? 1 : 0), 1)
  }

  /// Guest time from a cut to the comparison: up to 0.2 s, or what `HEIRLOOM_CUT_MS` says.
  static let longest = ProcessInfo.processInfo.environment["HEIRLOOM_CUT_MS"].flatMap { Int64($0) } ?? 200

  /// What a run comes to from a cut on.
  struct Sight: Codable, Equatable {
    var state = ""
    /// nil where no whole picture lies behind the cut.
    var picture: UInt64?
    var words: [UInt8] = []
    var samples = 0
    var sound: UInt64 = 0
  }

  struct Cut: Codable {
    var name: String
    var at: Int64
    var end: Int64 = 0
    var sight = Sight()
  }

  /// A machine that is listened to.
  private final class Observer {
    let machine: Machine
    var words: [UInt8] = []
    var sound: [Int16] = []

    init(_ machine: Machine) {
      self.machine = machine
      machine.audio.connect { [unowned self] in sound += $0 }
    }

    func sight(withPicture: Bool) throws -> Sight {
      Sight(
        state: try machine.stateHash(), picture: withPicture ? sum(machine.picture().pixels) : nil, words: words,
        samples: sound.count, sound: sum(sound))
    }

    func forget() { (words, sound) = ([], []) }

    /// FNV-1a.
    private func sum(_ values: [some FixedWidthInteger]) -> UInt64 {
      values.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64(truncatingIfNeeded: $1)) &* 0x0000_0100_0000_01B3 }
    }
  }

  @Test func everyProgramAndEveryMediumIsCut() throws {
    let names = Set(CutSubject.all.map(\.name))
    let programs = try FileManager.default.contentsOfDirectory(atPath: Places.programs.path)
    for name in programs where name.hasSuffix(".asm") && HostTool.nasm.isThere {
      let source = String(name.dropLast(4))
      #expect(names.contains { $0 == source || $0.hasPrefix(source + " (") }, "\(name)")
    }
    for case let name as String in FileManager.default.enumerator(atPath: Places.media.path) ?? .init() {
      guard name.hasSuffix(".img") else { continue }
      #expect(names.contains(name), "\(name)")
    }
    #expect(names.contains("the built-in disk") && Self.all >= 200)
  }

  @Test(arguments: CutSubject.all)
  func cutAnywhereAndTakenUpInANewProcessItEndsAlike(_ subject: CutSubject) async throws {
    let folder = try TemporaryFolder()
    var numbers = SeededNumbers(subject.name)
    var left = Self.cuts(of: subject)
    for round in 0..<500 where left > 0 {
      let path = folder.path("\(round).heirloom")
      let cuts = try Self.run(subject, path, folder, atMost: left, &numbers)
      if cuts.isEmpty { continue }
      left -= cuts.count
      let notes = path + ".json"
      try JSONEncoder().encode(cuts).write(to: URL(filePath: notes))
      await #expect(processExitsWith: .success) { [path = path as String, notes = notes as String] in
        try Self.takeUp(path, try JSONDecoder().decode([Cut].self, from: Data(contentsOf: URL(filePath: notes))))
      }
      try FileManager.default.removeItem(atPath: path)
    }
    #expect(left == 0)
  }

  /// The unbroken run, until it has been cut often enough or is over.
  private static func run(
    _ subject: CutSubject, _ path: String, _ folder: TemporaryFolder, atMost wanted: Int,
    _ numbers: inout SeededNumbers
  ) throws -> [Cut] {
    var creation = MachineFile.Creation(name: "m", configuration: try subject.configuration(folder))
    creation.configuration.ports.debug = .stdout
    try MachineFile.create(path, creation)
    let open = try OpenMachine(path: path)
    let guest = Guest(try Machine(open.configuration, media: open), script: subject.script())
    let observer = Observer(guest.machine)
    let machine = guest.machine
    machine.onDebugByte = { byte in
      guest.hear(byte)
      observer.words.append(byte)
    }
    var cuts: [Cut] = []
    var isPending = false
    var next = Instant(picoseconds: Int64.random(in: 0..<1_500_000_000_000, using: &numbers))
    var end = next
    func finish() throws {
      guard isPending, let cut = cuts.last else { return }
      isPending = false
      cuts[cuts.count - 1].end = machine.now.picoseconds
      cuts[cuts.count - 1].sight = try observer.sight(
        withPicture: machine.now.picoseconds - cut.at > 60_000_000_000)
    }
    var goesOn = true
    while goesOn, cuts.count < wanted || isPending {
      let tick = Guest.end(ofTick: guest.ticks)
      // Keys that are pressed later belong to no state yet.
      if isPending, guest.script.isDue(guest, at: tick) { try finish() }
      let tickEnd = Guest.end(ofTick: guest.ticks + 1)
      let stops = (isPending ? [end] : [next]).filter { $0 > tick && $0 < tickEnd }
      goesOn = try guest.step(stops: stops) { _ in
        if isPending { return try finish() }
        let name = "cut \(cuts.count)"
        cuts.append(Cut(name: name, at: machine.now.picoseconds))
        try open.keep(machine, as: name)
        observer.forget()
        isPending = true
        end = machine.now + .milliseconds(Int64.random(in: 1...max(Self.longest, 1), using: &numbers))
        next = end + .milliseconds(Int64.random(in: 0..<1000, using: &numbers))
      }
    }
    if isPending { try finish() }
    try open.close()
    return cuts
  }

  /// What another process does with the file.
  private static func takeUp(_ path: String, _ cuts: [Cut]) throws {
    guard let first = cuts.first else { return }
    do {
      // The first as a suspended machine goes on, the others by going back while it runs.
      let file = try MachineFile(path: path, access: .writing)
      try file.restore(try file.snapshot(first.name))
      try file.finish()
    }
    let open = try OpenMachine(path: path)
    let machine = try Machine(open.configuration, roms: open.roms, media: open)
    #expect(try open.resume(machine))
    let observer = Observer(machine)
    machine.onDebugByte = { observer.words.append($0) }
    for (number, cut) in cuts.enumerated() {
      if number > 0 { try open.restore(machine, to: cut.name) }
      #expect(machine.now.picoseconds == cut.at)
      observer.forget()
      machine.run(until: Instant(picoseconds: cut.end))
      let sight = try observer.sight(withPicture: cut.sight.picture != nil)
      let different = [
        ("state", sight.state == cut.sight.state), ("picture", sight.picture == cut.sight.picture),
        ("words", sight.words == cut.sight.words),
        ("sound", sight.samples == cut.sight.samples && sight.sound == cut.sight.sound),
      ].filter { !$0.1 }.map(\.0).joined(separator: ", ")
      #expect(
        different.isEmpty,
        "\(cut.name) at \(cut.at) ps, compared at \(cut.end) ps: other \(different) (\(sight.samples) samples, \(cut.sight.samples))"
      )
    }
    try open.close()
    #expect(try MachineFile(path: path, access: .reading).verify().isEmpty)
  }
}
