import Foundation
import Testing

/// FreeDOS from a floppy image, where the test media are beside the repository (`../shared/media`); skipped elsewhere.
private let media = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appendingPathComponent("../shared/media")
private let fdboot = media.appendingPathComponent("freedos-minimal-144/fdboot144.img")

@Suite(.enabled(if: FileManager.default.fileExists(atPath: fdboot.path)))
struct FreeDOSTests {
  private let boot = ["--headless", "--speed", "max", "--do", "wait-text \"A:\\>\" within 60s"]
  /// Makes a file of a line, and waits until the drive's motor is off.
  private let write = ["--do", "type \"echo kept>new.txt\\n\"", "--do", "wait 5s"]

  private func copy(_ scratch: Scratch) throws -> String {
    let path = scratch.path("disk.img")
    try FileManager.default.copyItem(atPath: fdboot.path, toPath: path)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    return path
  }

  private func holdsNewFile(_ path: String) throws -> Bool {
    try Data(contentsOf: URL(fileURLWithPath: path)).range(of: Data("NEW     TXT".utf8)) != nil
  }

  @Test func verPrintsTheVersionLine() throws {
    let run = try Program.run(
      ["run", "--floppy-a", fdboot.path, "--read-only"] + boot
        + ["--do", "type \"ver\\n\"", "--do", "screen-text", "--do", "quit"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("FreeCom version"))
  }

  @Test func whatTheGuestWritesIsInTheImage() throws {
    let scratch = try Scratch()
    let path = try copy(scratch)
    let run = try Program.run(["run", path] + boot + write + ["--do", "type \"type new.txt\\n\"", "--do", "wait 3s"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try holdsNewFile(path))
    let again = try Program.run(
      ["run", path] + boot + ["--do", "type \"type new.txt\\n\"", "--do", "wait-text kept within 10s"])
    #expect(again.status == 0, "\(again.output)\(again.errors)")
  }

  @Test func withReadOnlyNothingIsWritten() throws {
    let scratch = try Scratch()
    let path = try copy(scratch)
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    let run = try Program.run(
      ["run", path, "--read-only"] + boot + write
        + ["--do", "type \"type new.txt\\n\"", "--do", "wait-text \"kept\" within 10s"])
    #expect(run.status == 0, "\(run.output)\(run.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
  }

  @Test(.enabled(if: Program.canRunUnprivileged, "root may write everything, and nobody can't run the program"))
  func aFileThatCannotBeWrittenIsAWriteProtectedDisk() throws {
    let scratch = try Scratch()
    let path = try copy(scratch)
    try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: path)
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    let run = try Program.run(["run", path] + boot + write + ["--do", "screen-text"], unprivileged: true)
    #expect(run.output.lowercased().contains("write-protect"), "\(run.output)\(run.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
  }

  @Test func anImageDeletedWhileMountedGoesOnWorking() throws {
    let scratch = try Scratch()
    let path = try copy(scratch)
    let process = Process()
    process.executableURL = Program.directory.appendingPathComponent("heirloom")
    let started = scratch.path("started.txt")
    process.arguments =
      ["run", path, "--do", "screen-text \(started)"] + boot + write
      + ["--do", "type \"type new.txt\\n\"", "--do", "wait-text kept within 10s"]
    try process.run()
    for _ in 0..<300 where !FileManager.default.fileExists(atPath: started) { Thread.sleep(forTimeInterval: 0.1) }
    try FileManager.default.removeItem(atPath: path)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func twoMachinesCannotWriteOneImage() throws {
    let scratch = try Scratch()
    let path = try copy(scratch)
    let first = Process()
    first.executableURL = Program.directory.appendingPathComponent("heirloom")
    first.arguments = ["run", path, "--headless"]
    try first.run()
    defer { first.waitUntilExit() }
    Thread.sleep(forTimeInterval: 1)
    let second = try Program.run(["run", path, "--headless", "--stop-after", "1s"])
    #expect(second.status == 3 && second.errors.contains("in use"), "\(second.errors)")
    let reader = try Program.run(["run", path, "--headless", "--speed", "max", "--read-only", "--stop-after", "1s"])
    #expect(reader.status == 0)
    first.terminate()
  }
}
