import Foundation
import GRDB
import PC
import Testing

@testable import Archive

/// Whatever lies at a path: one line that names the file, and nothing is changed.
@Suite struct BadFileTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  private func message(_ path: String, _ access: MachineFile.Access = .writing) -> String {
    do {
      let file = try MachineFile(path: path, access: access)
      let complaints = try file.verify()
      return complaints.isEmpty ? "well" : "complaints: " + complaints[0]
    } catch { return error.description }
  }

  private func expect(_ path: String, says text: String) throws {
    let before = try Data(contentsOf: URL(filePath: path))
    let said = message(path)
    #expect(said.hasPrefix(path + ": ") && said.contains(text), "\(said)")
    #expect(!said.contains("\n"))
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
  }

  @Test func anEmptyFileIsNoMachine() throws { try expect(try folder.file("e.heirloom", []), says: "empty") }

  @Test func anotherFileIsNoMachine() throws {
    try expect(try folder.file("t.heirloom", Array("hello".utf8)), says: "is not a machine file")
    try expect(try folder.file("n.heirloom", noise(100_000, seed: 1)), says: "is not a machine file")
  }

  @Test func anotherDatabaseIsNoMachine() throws {
    let path = folder.path("d.heirloom")
    let queue = try DatabaseQueue(path: path)
    try queue.write { try $0.execute(sql: "CREATE TABLE t (x)") }
    try queue.close()
    try expect(path, says: "SQLite database, but not a machine file")
  }

  @Test func aFileOfALaterVersionIsLeftAlone() throws {
    let path = try folder.machine()
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 7") }
    try queue.close()
    try expect(path, says: "has format 7")
  }

  @Test func aFileCutOffIsRecognised() throws {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: try folder.machine())))
    for count in [50, 1000, bytes.count / 2, bytes.count - 1] {
      let path = try folder.file("cut\(count).heirloom", Array(bytes.prefix(count)))
      let said = message(path, .reading)
      #expect(said.contains("cut off") || said.contains("not a machine file"), "\(said)")
    }
  }

  @Test func aFlippedBitAnywhereIsFoundOrHarmlessAndNeverACrash() throws {
    let source = try folder.machine(floppy: try folder.file("f.img", noise(368_640, seed: 9)))
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: source)))
    var found = 0
    for n in 0..<40 {
      var damaged = bytes
      damaged[(n * 7919 + 101) * 53 % bytes.count] ^= 1 << UInt8(n % 8)
      let path = try folder.file("flip.heirloom", damaged)
      let said = message(path)
      if said != "well" { found += 1 }
      for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    }
    // Pages that nobody uses, and text that is nobody's sum, make the rest.
    #expect(found > 20, "\(found)")
  }

  @Test func twoProgramsNeverWriteOneMachineButBothMayLook() throws {
    let path = try folder.machine()
    let first = try MachineFile(path: path, access: .writing)
    #expect(message(path).contains("in use"))
    #expect(message(path, .reading) == "well")
    try first.finish()
    #expect(message(path) == "well")
  }

  @Test func aChunkWithOtherBytesThanItsNameIsNeverUsed() throws {
    let path = try folder.machine(floppy: try folder.file("f.img", noise(368_640, seed: 5)))
    let file = try MachineFile(path: path, access: .writing)
    try file.database.write { try $0.execute(sql: "UPDATE chunk SET data = (SELECT data FROM chunk LIMIT 1 OFFSET 1)") }
    #expect(throws: (any Error).self) { try file.bytes(of: try file.medium("f")) }
    #expect(try file.verify().count > 20)
  }
}
