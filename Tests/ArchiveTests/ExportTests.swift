import Devices
import Foundation
import GRDB
import Hardware
import PC
import Storage
import Testing

@testable import Archive

/// An export needs no other file, whatever the machine named outside, and in whatever state it is.
@Suite struct ExportTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  /// A machine with everything outside: a hard disk, a floppy disk, a CD.
  private func attached() throws -> String {
    var configuration = MachineConfiguration()
    configuration.memory.size = MemorySize(megabytes: 1)
    configuration.floppy.driveB = .none
    configuration.disk.hda = HostPath(path: try folder.file("c.img", noise(2 << 20, seed: 1)))
    configuration.floppy.a = HostPath(path: try folder.file("a.img", noise(368_640, seed: 2)))
    var disc = [UInt8](repeating: 0, count: 40 * 2048)
    disc.replaceSubrange(16 * 2048..<16 * 2048 + 7, with: [1] + Array("CD001".utf8) + [1])
    disc.replaceSubrange(16 * 2048 + 80..<16 * 2048 + 84, with: [40, 0, 0, 0])
    configuration.cdrom.disc = HostPath(path: try folder.file("d.iso", disc))
    var creation = MachineFile.Creation(name: "m", configuration: configuration)
    creation.takesMedia = false
    let path = folder.path("m.heirloom")
    try MachineFile.create(path, creation)
    return path
  }

  private func start(_ open: OpenMachine) throws -> Machine {
    let machine = try Machine(open.configuration, roms: open.roms, media: open)
    _ = try open.resume(machine)
    return machine
  }

  private func removeOriginals() throws {
    for name in ["c.img", "a.img", "d.iso", "m.heirloom"] {
      try FileManager.default.removeItem(atPath: folder.path(name))
    }
  }

  @Test func aSuspendedMachineTakesItsHardDiskFloppyAndCDAlong() throws {
    let path = try attached()
    do {
      let open = try OpenMachine(path: path)
      let machine = try start(open)
      machine.run(until: .zero + .seconds(1))
      #expect(machine.board.hardDisks.first?.write(100, noise(512, seed: 3)) == true)
      try open.keep(machine, as: "early")
      machine.run(until: .zero + .seconds(2))
      #expect(machine.board.hardDisks.first?.write(3000, noise(512, seed: 4)) == true)
      try open.freeze(machine)
      try open.close()
    }
    let late = Date(timeIntervalSinceNow: 60)
    try FileManager.default.setAttributes([.modificationDate: late], ofItemAtPath: folder.path("c.img"))
    let file = try MachineFile(path: path, access: .writing)
    // What the disk held at the first snapshot nobody has kept.
    let missing = try file.export(to: folder.path("out.heirloom"), withMedia: true)
    #expect(missing.count == 1 && missing[0].contains("snapshot early") && missing[0].contains("written since"))
    try file.finish()
    try removeOriginals()

    #expect(try MachineFile(path: folder.path("out.heirloom"), access: .reading).verify().isEmpty)
    let open = try OpenMachine(path: folder.path("out.heirloom"))
    var notices: [String] = []
    open.onNotice = { notices.append($0) }
    let machine = try start(open)
    #expect(notices == [] && machine.now >= .zero + .seconds(2))
    #expect(Seal(machine.configuration).reaches.isEmpty)
    let disk = try #require(machine.board.hardDisks.first)
    #expect(disk.read(100) == noise(512, seed: 3) && disk.read(3000) == noise(512, seed: 4))
    #expect(disk.read(200) == Array(noise(2 << 20, seed: 1)[200 * 512..<201 * 512]))
    #expect(machine.board.floppy.image(in: 0)?.rawBytes() == noise(368_640, seed: 2))
    #expect(machine.cd != nil)
    // The state is the one that its sum says, and the disk is a live one: it takes writes, and keeps them.
    #expect(try machine.stateHash() == open.file.snapshot("suspended").stateHash)
    disk.write(5, noise(512, seed: 5))
    try open.freeze(machine)
    try open.close()
    let again = try OpenMachine(path: folder.path("out.heirloom"))
    #expect(try start(again).board.hardDisks.first?.read(5) == noise(512, seed: 5))
    try again.close()
  }

  @Test func aDiskThatWentBackWithItsMachineIsExportedAsTheMachineSeesIt() throws {
    let path = try attached()
    do {
      let open = try OpenMachine(path: path)
      let machine = try start(open)
      machine.run(until: .zero + .seconds(1))
      try open.keep(machine, as: "early")
      #expect(machine.board.hardDisks.first?.write(3000, noise(512, seed: 4)) == true)
      // From here on the image has what the machine hasn't.
      try open.restore(machine, to: "early")
      #expect(machine.board.hardDisks.first?.write(100, noise(512, seed: 3)) == true)
      try open.freeze(machine)
      try open.close()
    }
    let file = try MachineFile(path: path, access: .writing)
    try file.export(to: folder.path("out.heirloom"), withMedia: true)
    try file.finish()
    try removeOriginals()
    let open = try OpenMachine(path: folder.path("out.heirloom"))
    let disk = try #require(try start(open).board.hardDisks.first)
    #expect(disk.read(3000) == Array(noise(2 << 20, seed: 1)[3000 * 512..<3001 * 512]))
    #expect(disk.read(100) == noise(512, seed: 3))
    try open.close()
    #expect(try MachineFile(path: folder.path("out.heirloom"), access: .reading).verify().isEmpty)
  }

  @Test func aSuspendedMachineWhoseHardDiskHasChangedIsNotExportedHalf() throws {
    let path = try attached()
    do {
      let open = try OpenMachine(path: path)
      let machine = try start(open)
      machine.run(until: .zero + .seconds(1))
      try open.freeze(machine)
      try open.close()
    }
    _ = try folder.file("c.img", noise(2 << 20, seed: 9))
    let file = try MachineFile(path: path, access: .writing)
    let error = #expect(throws: HostError.self) {
      try file.export(to: folder.path("out.heirloom"), withMedia: true)
    }
    #expect(
      error?.description.contains("c.img") == true && error?.description.contains("--cold") == true,
      "\(error?.description ?? "")")
    #expect(!FileManager.default.fileExists(atPath: folder.path("out.heirloom")))
  }

  @Test func withoutMediaTheSumsOfImagesOutsideAreKept() throws {
    let file = try MachineFile(path: try attached(), access: .writing)
    try file.export(to: folder.path("out.heirloom"), withMedia: false)
    try file.finish()
    try removeOriginals()
    let bare = try MachineFile(path: folder.path("out.heirloom"), access: .reading)
    let media = try bare.media()
    #expect(media.map(\.name).sorted() == ["a", "c", "d"] && media.allSatisfy { !$0.isInside })
    #expect(media.first { $0.name == "c" }?.sha256 == Digest(of: noise(2 << 20, seed: 1)))
    #expect(Seal(try bare.configuration()).reaches.isEmpty)
    #expect(try bare.database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM chunk") } == 0)
  }

  @Test func aLinkedCloneIsCopiedAloneAndTheMachineMeantIsTheOneCopied() throws {
    let path = try folder.machine(disk: nil, floppy: try folder.file("f.img", noise(368_640, seed: 7)))
    let first = try MachineFile(path: path, access: .writing)
    try first.linkedClone(name: "twin")
    try first.finish()
    let twin = try MachineFile(path: path, machine: "twin", access: .writing)
    try twin.set(note: "the twin")
    try twin.export(to: folder.path("out.heirloom"), withMedia: true)
    try twin.clone(to: folder.path("copy.heirloom"), name: "copy")
    try twin.finish()
    for (name, path) in [("twin", "out.heirloom"), ("copy", "copy.heirloom")] {
      let file = try MachineFile(path: folder.path(path), access: .reading)
      #expect(try file.summary().name == name && file.summary().note == "the twin")
      #expect(try file.database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM machine") } == 1)
      #expect(try file.bytes(of: try file.medium("f")) == noise(368_640, seed: 7))
      #expect(try file.verify().isEmpty)
    }
  }
}
