import Foundation
import Testing

@testable import Storage

@Suite struct FolderDiskTests {
  private func folder() throws -> URL {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("heirloom-folder-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: url.appendingPathComponent("sub dir"), withIntermediateDirectories: true)
    try Data(pattern(100_000)).write(to: url.appendingPathComponent("A.BIN"))
    try Data("hello".utf8).write(to: url.appendingPathComponent("sub dir/a long name.txt"))
    try Data().write(to: url.appendingPathComponent("sub dir/empty"))
    return url
  }

  private func text(_ url: URL, _ name: String) -> String? {
    try? String(contentsOf: url.appendingPathComponent(name), encoding: .utf8)
  }

  @Test("The guest sees the folder's files on a whole FAT file system, partitioned, and nothing is written to the host")
  func reading() throws {
    let url = try folder()
    defer { try? FileManager.default.removeItem(at: url) }
    let disk = try FolderDisk(path: url.path)
    #expect(try PartitionTable.read(disk).map(\.typeName) == ["FAT16"])
    let volume = try disk.volume()
    #expect(try volume.verify().problems == [])
    #expect(try volume.contents("a.bin") == pattern(100_000))
    #expect(try volume.contents("SUB DIR/A LONG NAME.TXT") == Array("hello".utf8))
    #expect(try volume.contents("sub dir/empty").isEmpty)
    #expect(!disk.hasChanges && disk.leftOut.isEmpty)
    #expect(try disk.commit() == FolderDisk.Report())
    try volume.put("NEW.TXT", [1, 2, 3])
    #expect(disk.hasChanges)
    #expect(text(url, "NEW.TXT") == nil)
  }

  @Test("A commit writes what is new or changed and removes what is gone, and a second one has nothing to do")
  func commit() throws {
    let url = try folder()
    defer { try? FileManager.default.removeItem(at: url) }
    let disk = try FolderDisk(path: url.path)
    let volume = try disk.volume()
    try volume.put("sub dir/a long name.txt", Array("changed".utf8), modified: FATTime(year: 1995, month: 8, day: 24))
    try volume.put("x.txt", Array("x".utf8))
    try volume.makeDirectory("new/deep")
    try volume.put("new/deep/y.txt", Array("y".utf8))
    try volume.remove("sub dir/empty")
    try volume.flush()
    let report = try disk.commit()
    #expect(report.conflicts == [] && report.removed.count == 1 && report.written.count == 5)
    #expect(text(url, "sub dir/a long name.txt") == "changed")
    #expect(text(url, "new/deep/y.txt") == "y" && text(url, "x.txt") == "x")
    #expect(!FileManager.default.fileExists(atPath: url.appendingPathComponent("sub dir/empty").path))
    #expect(try Data(contentsOf: url.appendingPathComponent("A.BIN")) == Data(pattern(100_000)))
    #expect(!disk.hasChanges)
    #expect(try disk.commit() == FolderDisk.Report())
    #expect(try disk.volume().contents("sub dir/a long name.txt") == Array("changed".utf8))
  }

  @Test("What has changed on both sides is a conflict and left alone")
  func conflicts() throws {
    let url = try folder()
    defer { try? FileManager.default.removeItem(at: url) }
    let disk = try FolderDisk(path: url.path)
    let volume = try disk.volume()
    try volume.put("A.BIN", Array("guest".utf8))
    try volume.put("NEW.TXT", Array("guest".utf8))
    try volume.remove("sub dir/a long name.txt")
    try volume.put("OTHER.TXT", Array("guest".utf8))
    try volume.flush()
    for name in ["A.BIN", "NEW.TXT", "sub dir/a long name.txt"] {
      try Data("host".utf8).write(to: url.appendingPathComponent(name))
    }
    let report = try disk.commit()
    #expect(report.conflicts.count == 3 && report.written.count == 1 && report.removed.isEmpty)
    for name in ["A.BIN", "NEW.TXT", "sub dir/a long name.txt"] { #expect(text(url, name) == "host") }
    #expect(text(url, "OTHER.TXT") == "guest")
  }

  @Test("A guest's file system that isn't whole is not committed")
  func unwhole() throws {
    let url = try folder()
    defer { try? FileManager.default.removeItem(at: url) }
    let disk = try FolderDisk(path: url.path)
    let volume = try disk.volume()
    try volume.table.set(1000, 5)
    try volume.flush()
    #expect(throws: StorageError.self) { try disk.commit() }
  }
}
