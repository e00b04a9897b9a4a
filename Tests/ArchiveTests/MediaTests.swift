import Compression
import Foundation
import GRDB
import Hardware
import PC
import Storage
import Testing

@testable import Archive
@testable import Devices

/// Disks and discs of every format: inside, outside, changed and gone.
@Suite struct MachineMediaTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  private func configuration(_ change: (inout MachineConfiguration) -> Void) -> MachineConfiguration {
    var configuration = MachineConfiguration()
    configuration.memory.size = MemorySize(megabytes: 1)
    configuration.floppy.driveB = .none
    change(&configuration)
    return configuration
  }

  private func create(_ configuration: MachineConfiguration, attach: Bool = false) throws -> String {
    var creation = MachineFile.Creation(name: "m", configuration: configuration)
    creation.takesMedia = !attach
    let path = folder.path("m.heirloom")
    try MachineFile.create(path, creation)
    return path
  }

  private func start(_ open: OpenMachine) throws -> Machine {
    let machine = try Machine(open.configuration, roms: open.roms, media: open)
    _ = try open.resume(machine)
    return machine
  }

  /// Blocks of an ISO image, told apart by `seed`.
  private func iso(_ seed: UInt64, blocks: Int = 40) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 16 * 2048) + noise((blocks - 16) * 2048, seed: seed)
    bytes.replaceSubrange(16 * 2048..<16 * 2048 + 7, with: [1] + Array("CD001".utf8) + [1])
    bytes.replaceSubrange(16 * 2048 + 80..<16 * 2048 + 84, with: [UInt8(blocks), 0, 0, 0])
    return bytes
  }

  // MARK: Inside

  @Test func aCueSheetWithItsFilesIsKeptInsideAndReadsAsItDidOutside() throws {
    _ = try folder.file("data.bin", iso(1))
    _ = try folder.file("SONG.BIN", noise(2352 * 60, seed: 2))
    let sheet = """
      FILE "data.bin" BINARY
        TRACK 01 MODE1/2048
          INDEX 01 00:00:00
      FILE "song.bin" BINARY
        TRACK 02 AUDIO
          PREGAP 00:02:00
          INDEX 01 00:00:00
      """
    let outside = try CDImage.open(path: try folder.file("game.cue", Array(sheet.utf8)))
    let path = try create(configuration { $0.cdrom.disc = HostPath(path: folder.path("game.cue")) })
    for name in ["data.bin", "SONG.BIN", "game.cue"] { try FileManager.default.removeItem(atPath: folder.path(name)) }
    let open = try OpenMachine(path: path)
    let inside = try #require(try start(open).cd)
    #expect(inside.tracks == outside.tracks && inside.leadOut == outside.leadOut)
    #expect(inside.data(16, count: 24) == Array(iso(1)[16 * 2048..<40 * 2048]))
    #expect(inside.raw(190 + 7) == Array(noise(2352 * 60, seed: 2)[7 * 2352..<8 * 2352]))
    try open.close()
    #expect(try MachineFile(path: path, access: .reading).verify().isEmpty)
  }

  @Test func aDiskWithOddTracksIsKeptInsideTrackByTrackAndTakesWrites() throws {
    // An IMD image: one track of 10 sectors of 512, one of 5 of 1024.
    var image = Array("IMD 1.18: 01/01/1990 00:00:00\r\nodd\u{1A}".utf8)
    for (cylinder, count, code) in [(0, 10, 2), (1, 5, 3)] {
      image += [5, UInt8(cylinder), 0, UInt8(count), UInt8(code)] + (1...count).map { UInt8($0) }
      for sector in 1...count { image += [1] + noise(128 << code, seed: UInt64(cylinder * 100 + sector)) }
    }
    let outside = try FloppyImage(path: try folder.file("odd.imd", image), writing: .inMemory)
    #expect(outside.rawBytes() == nil)
    let path = try create(configuration { $0.floppy.a = HostPath(path: folder.path("odd.imd")) })
    do {
      let open = try OpenMachine(path: path)
      let machine = try start(open)
      let disk = try #require(machine.board.floppy.image(in: 0))
      for at in 0..<4 {
        #expect(disk.track(cylinder: at / 2, head: at % 2) == outside.track(cylinder: at / 2, head: at % 2))
      }
      #expect(disk.write(noise(1024, seed: 77), sector: 2, cylinder: 1, head: 0))
      #expect(machine.flush().isEmpty)
      machine.run(until: .zero + .seconds(1))
      try open.keep(machine, as: "s")
      // After the snapshot once more: it is gone with going back.
      #expect(disk.write(noise(1024, seed: 78), sector: 3, cylinder: 1, head: 0))
      try open.restore(machine, to: "s")
      try open.close()
    }
    let open = try OpenMachine(path: path)
    let disk = try #require(try start(open).board.floppy.image(in: 0))
    #expect(disk.track(cylinder: 1, head: 0).sectors[2].data == noise(1024, seed: 77))
    #expect(disk.track(cylinder: 1, head: 0).sectors[3].data == outside.track(cylinder: 1, head: 0).sectors[3].data)
    #expect(disk.track(cylinder: 0, head: 0) == outside.track(cylinder: 0, head: 0))
    try open.close()
  }

  // MARK: Outside

  /// A suspended machine with a CD that is kept outside.
  private func suspended() throws -> (path: String, disc: String) {
    let disc = try folder.file("a.iso", iso(1))
    let path = try create(configuration { $0.cdrom.disc = HostPath(path: disc) }, attach: true)
    let open = try OpenMachine(path: path)
    let machine = try start(open)
    machine.run(until: .zero + .seconds(1))
    try open.freeze(machine)
    try open.close()
    return (path, disc)
  }

  /// What going on comes to: "" or the message.
  private func goOn(
    _ path: String, _ choice: OpenMachine.ChangedMedia = .refuse, disc: String? = nil,
    then: (Machine, [String]) throws -> Void = { _, _ in }
  ) throws -> String {
    let open = try OpenMachine(path: path)
    open.changedMedia = choice
    var notices: [String] = []
    open.onNotice = { notices.append($0) }
    var configuration = open.configuration
    configuration.cdrom.disc = HostPath(path: disc)
    let machine = try Machine(configuration, roms: open.roms, media: open)
    do { _ = try open.resume(machine) } catch { return "\(error)" }
    try then(machine, notices)
    // It stays suspended, for the next try.
    try open.freeze(machine)
    return ""
  }

  @Test func theSumOfADiscOutsideIsKeptAndVerified() throws {
    let (path, disc) = try suspended()
    let file = try MachineFile(path: path, access: .reading)
    #expect(try file.references().map(\.path) == [disc])
    #expect(try file.references().first?.sha256 == Digest(of: iso(1)))
    #expect(try file.verify().isEmpty)
    var other = iso(1)
    other[20 * 2048 + 1] ^= 1
    _ = try folder.file("a.iso", other)
    #expect(try file.verify().contains { $0.contains("a.iso") && $0.contains("SHA-256 differs") })
  }

  @Test func aDiscThatIsStillTheSameIsTakenWhateverItsDate() throws {
    let (path, disc) = try suspended()
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: disc)
    let said = try goOn(path) { machine, notices in
      #expect(machine.cd?.name == disc && notices.isEmpty)
    }
    #expect(said == "")
  }

  @Test func aDiscThatHasChangedIsRefusedByNameUnlessThePersonSaysWhatToDo() throws {
    let (path, disc) = try suspended()
    // A single byte between the blocks that a state's own sum looks at.
    var other = iso(1)
    other[20 * 2048 + 1] ^= 1
    _ = try folder.file("a.iso", other)
    let refused = try goOn(path)
    #expect(
      refused.contains(disc) && refused.contains("has changed") && refused.contains("--changed-media"), "\(refused)")
    let accepted = try goOn(path, .accept) { machine, notices in
      #expect(machine.cd?.data(20, count: 1) == Array(other[20 * 2048..<21 * 2048]))
      #expect(notices.count == 1 && notices[0].contains(disc))
      #expect(machine.now >= .zero + .seconds(1))
    }
    #expect(accepted == "")
  }

  @Test func withoutTheDiscTheDriveCanBeEmptyAndTheGuestIsTold() throws {
    let (path, disc) = try suspended()
    try FileManager.default.removeItem(atPath: disc)
    let refused = try goOn(path)
    #expect(refused.contains(disc) && refused.contains("no such file"), "\(refused)")
    for choice in [OpenMachine.ChangedMedia.empty, .accept] {
      let (path, disc) = choice == .empty ? (path, disc) : try again()
      let said = try goOn(path, choice) { machine, notices in
        #expect(machine.cd == nil && notices.count == 1)
        let drive = try #require(machine.board.cdrom)
        #expect(drive.channel.state.packets[drive.unit].isChanged)
      }
      #expect(said == "", "\(disc)")
    }
  }

  private func again() throws -> (path: String, disc: String) {
    try FileManager.default.removeItem(atPath: folder.path("m.heirloom"))
    let (path, disc) = try suspended()
    try FileManager.default.removeItem(atPath: disc)
    return (path, disc)
  }

  @Test func aDiscThatWasMovedIsTakenFromItsNewPlace() throws {
    let (path, disc) = try suspended()
    let moved = folder.path("moved.iso")
    try FileManager.default.moveItem(atPath: disc, toPath: moved)
    let said = try goOn(path, disc: moved) { machine, notices in
      #expect(machine.cd?.name == moved && notices.isEmpty)
    }
    #expect(said == "")
    // And from then on without being asked.
    let later = try goOn(path) { machine, _ in #expect(machine.cd?.name == moved) }
    #expect(later == "")
  }

  @Test func aFloppyThatHasChangedIsReplacedByItsCopyAndThePersonIsTold() throws {
    let disk = try folder.file("a.img", noise(368_640, seed: 1))
    let path = try create(configuration { $0.floppy.a = HostPath(path: disk) }, attach: true)
    do {
      let open = try OpenMachine(path: path)
      let machine = try start(open)
      machine.run(until: .zero + .seconds(1))
      try open.freeze(machine)
      try open.close()
    }
    _ = try folder.file("a.img", noise(368_640, seed: 2))
    let said = try goOn(path) { machine, notices in
      #expect(machine.board.floppy.image(in: 0)?.rawBytes() == noise(368_640, seed: 1))
      #expect(notices.count == 1 && notices[0].contains(disk) && notices[0].contains("copy"))
    }
    #expect(said == "")
    #expect(try [UInt8](Data(contentsOf: URL(filePath: disk))) == noise(368_640, seed: 2))
  }

  @Test func aHardDiskOutsideThatHasChangedIsRefusedWithWhatCanBeDone() throws {
    let disk = try folder.file("c.img", noise(2 << 20, seed: 1))
    let path = try create(configuration { $0.disk.hda = HostPath(path: disk) }, attach: true)
    do {
      let open = try OpenMachine(path: path)
      let machine = try start(open)
      machine.run(until: .zero + .seconds(1))
      try open.freeze(machine)
      try open.close()
    }
    _ = try folder.file("c.img", noise(2 << 20, seed: 2))
    let refused = try goOn(path)
    #expect(refused.contains(disk) && refused.contains("--cold") && refused.contains("--hda"), "\(refused)")
    // Not suspended any less.
    #expect(try MachineFile(path: path, access: .reading).summary().frozen != nil)
    _ = try folder.file("c.img", noise(2 << 20, seed: 1))
    #expect(try goOn(path) == "")
  }

  @Test func aHardDiskOutsideIsLookedAtByteForByteWhenItsDateHasChanged() throws {
    let disk = try folder.file("c.img", noise(2 << 20, seed: 1))
    let path = try create(configuration { $0.disk.hda = HostPath(path: disk) }, attach: true)
    do {
      let open = try OpenMachine(path: path)
      let machine = try start(open)
      machine.run(until: .zero + .seconds(1))
      try open.freeze(machine)
      try open.close()
    }
    // One byte in a block that no state's own sum looks at.
    var other = noise(2 << 20, seed: 1)
    other[9 * 4096] ^= 1
    _ = try folder.file("c.img", other)
    let refused = try goOn(path)
    #expect(refused.contains(disk) && refused.contains("has been written since"), "\(refused)")
    // A copy with another date will do, at another place, too.
    _ = try folder.file("c.img", noise(2 << 20, seed: 1))
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: disk)
    #expect(try goOn(path) == "")
  }

  @Test func aSnapshotOfAMachineWhoseDiskOutsideWasWrittenSinceSaysSoAndCanBeTakenAllTheSame() throws {
    let disk = try folder.file("c.img", noise(2 << 20, seed: 1))
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: disk)
    let path = try create(configuration { $0.disk.hda = HostPath(path: disk) }, attach: true)
    do {
      let open = try OpenMachine(path: path)
      let machine = try start(open)
      machine.run(until: .zero + .seconds(1))
      try open.keep(machine, as: "early")
      // In the same run the disk goes back with the machine.
      machine.board.hardDisks.first?.write(72, noise(512, seed: 2))
      try open.restore(machine, to: "early")
      #expect(machine.board.hardDisks.first?.read(72) == Array(noise(2 << 20, seed: 1)[72 * 512..<73 * 512]))
      try open.close()
    }
    let open = try OpenMachine(path: path)
    let machine = try start(open)
    let date = Date(timeIntervalSinceNow: 60)
    try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: disk)
    let error = #expect(throws: HostError.self) { try open.restore(machine, to: "early") }
    #expect(error?.description.contains("--changed-media accept") == true, "\(error?.description ?? "")")
    open.changedMedia = .accept
    var notices: [String] = []
    open.onNotice = { notices.append($0) }
    try open.restore(machine, to: "early")
    #expect(notices.count == 1 && notices[0].contains(disk))
    try open.close()
  }

  // MARK: Older formats

  @Test(arguments: try FileManager.default.contentsOfDirectory(atPath: MachineMediaTests.fixtures.path).sorted())
  func machineFilesOfAllFormatsOpenAndGoOn(_ version: String) throws {
    let packed = Self.fixtures.appending(path: version + "/suspended.heirloom.gz")
    let path = try folder.file("old.heirloom", try Gzip.unpack([UInt8](try Data(contentsOf: packed))))
    #expect(try MachineFile(path: path, access: .reading).verify().isEmpty)
    let open = try OpenMachine(path: path)
    #expect(open.isFrozen)
    let machine = try start(open)
    #expect(machine.textScreen.contains("Insert a system disk"))
    let then = machine.now
    let ticks = machine.board.backplane.memory.read(0x46C, size: 4)
    machine.run(until: then + .seconds(2))
    #expect((35...38).contains(machine.board.backplane.memory.read(0x46C, size: 4) &- ticks))
    try open.restore(machine, to: "early")
    #expect(machine.now < then)
    try open.freeze(machine)
    try open.close()
    let file = try MachineFile(path: path, access: .reading)
    #expect(try file.verify().isEmpty)
    #expect(try file.database.read { try Int32.fetchOne($0, sql: "PRAGMA user_version") } == Schema.version)
    try file.finish()
    // All that a file of this version can do: a clone in it, a disk by path and sum, an export.
    let changed = try MachineFile(path: path, access: .writing)
    try changed.linkedClone(name: "twin")
    try changed.note(outside: path)
    try changed.export(to: folder.path("out.heirloom"), withMedia: true)
    #expect(try changed.verify().isEmpty)
  }

  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/Machines")
}
