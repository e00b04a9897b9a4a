import Foundation
import GRDB
import Hardware
import PC
import Storage
import Testing

@testable import Archive

@Suite struct LiveDiskTests {
  private let folder: Folder
  private let path: String

  init() throws {
    folder = try Folder()
    path = try folder.machine(disk: 4 << 20)
  }

  @Test func whatTheGuestWritesIsReadBackAndIsInTheFileAfterAFlush() throws {
    let open = try OpenMachine(path: path)
    let disk = try open.hardDisk("medium:c", readOnly: false)
    let sectors = [0, 1, 31, 32, 33, 8191].map { ($0, noise(512, seed: UInt64($0) + 1)) }
    for (lba, bytes) in sectors { #expect(disk.write(lba, bytes)) }
    for (lba, bytes) in sectors { #expect(disk.read(lba) == bytes) }
    #expect(disk.read(2) == [UInt8](repeating: 0, count: 512))
    try disk.sync()
    // As another program sees it, without this one having closed anything.
    let seen = try MachineFile(path: path, access: .reading)
    let whole = try seen.bytes(of: try seen.medium("c"))
    for (lba, bytes) in sectors { #expect(Array(whole[lba * 512..<lba * 512 + 512]) == bytes) }
  }

  @Test func withoutAFlushItIsInTheFileASecondLater() throws {
    let open = try OpenMachine(path: path)
    let disk = try open.hardDisk("medium:c", readOnly: false)
    let bytes = noise(512, seed: 1)
    disk.write(5, bytes)
    Thread.sleep(forTimeInterval: 1)
    let seen = try MachineFile(path: path, access: .reading)
    #expect(Array(try seen.bytes(of: try seen.medium("c"))[2560..<3072]) == bytes)
  }

  @Test func aGenerationIsNamedByItsContentsAndCanBeGoneBackTo() throws {
    let open = try OpenMachine(path: path)
    let disk = try open.hardDisk("medium:c", readOnly: false)
    disk.write(7, noise(512, seed: 1))
    let first = try disk.savedPart()
    #expect(try disk.savedPart() == first)
    disk.write(7, noise(512, seed: 2))
    disk.write(4000, noise(512, seed: 3))
    let second = try disk.savedPart()
    #expect(second != first)
    try disk.loadPart(first)
    #expect(disk.read(7) == noise(512, seed: 1) && disk.read(4000) == [UInt8](repeating: 0, count: 512))
    try disk.loadPart(second)
    #expect(disk.read(7) == noise(512, seed: 2) && disk.read(4000) == noise(512, seed: 3))
    // The same contents by another way have the same name.
    disk.write(7, noise(512, seed: 1))
    disk.write(4000, [UInt8](repeating: 0, count: 512))
    #expect(try disk.savedPart() == first)
    try open.close()
    #expect(try MachineFile(path: path, access: .reading).verify().isEmpty)
  }

  @Test func nothingIsWrittenOfAReadOnlyRun() throws {
    let before = try Data(contentsOf: URL(filePath: path))
    let open = try OpenMachine(path: path, readOnly: true)
    let disk = try open.hardDisk("medium:c", readOnly: true)
    disk.write(1, noise(512, seed: 1))
    #expect(disk.read(1) == noise(512, seed: 1))
    try open.close()
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
  }

  @Test func aFloppyDiskInTheFileKeepsWhatIsWrittenOnIt() throws {
    let image = try folder.file("f.img", noise(368_640, seed: 7))
    let path = try folder.machine("floppy.heirloom", floppy: image)
    let open = try OpenMachine(path: path)
    let disk = try open.floppy("medium:f", readOnly: false)
    #expect(disk.write(noise(512, seed: 8), sector: 2, cylinder: 3, head: 1))
    try disk.sync()
    let bytes = try #require(disk.rawBytes())
    let seen = try MachineFile(path: path, access: .reading)
    #expect(try seen.bytes(of: try seen.medium("f")) == bytes && bytes != noise(368_640, seed: 7))
  }
}
