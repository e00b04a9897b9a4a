import Foundation
import Storage
import Testing

/// The program is killed under a guest that writes: whenever that is, the image opens, is whole, and holds what the
/// guest has flushed.
@Suite(.enabled(if: OtherTool.areThere("nasm"), "NASM is not installed: apt install nasm"))
struct KillTests {
  /// HEIRLOOM_KILLS=200 for the long run.
  static var rounds: Int { wanted ?? 8 }
  static var wanted: Int? { ProcessInfo.processInfo.environment["HEIRLOOM_KILLS"].flatMap { Int($0) } }

  private static func sector(of record: UInt32) -> Int { Int(record) * 977 % 40_009 }

  /// Starts the writer on `disk`, kills it after `delay` of the host's time once it has begun to write.
  ///
  /// - Returns: the last record that the guest knew to be safe.
  private func round(floppy: String, disk: String, log: String, delay: TimeInterval) throws -> UInt32 {
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    let process = Process()
    process.executableURL = Program.directory.appendingPathComponent("heirloom")
    process.arguments = [
      "run", "--headless", "--speed", "max", "--floppy-a", floppy, "--hda", disk, "--debug-port", "stdout",
    ]
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let deadline = Date().addingTimeInterval(60)
    func written() -> String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
    while !written().contains("\n"), process.isRunning, Date() < deadline { usleep(20_000) }
    usleep(UInt32(delay * 1_000_000))
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    let lines = written().split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    #expect(!written().contains("!"), "the guest's disk failed")
    return lines.last.flatMap { UInt32($0, radix: 16) } ?? 0
  }

  @Test(
    "Kill -9 under a writing guest: the image opens, is whole, and has everything flushed",
    arguments: ["vhd", "img", "undo"])
  func killed(kind: String) throws {
    let scratch = try Scratch()
    let boot = try scratch.bootFloppy("writer")
    var generator = SystemRandomNumberGenerator()
    var most: UInt32 = 0
    for number in 0..<max(Self.rounds / (kind == "vhd" ? 1 : 4), 1) {
      let disk = scratch.path("disk\(number)." + (kind == "img" ? "img" : "vhd"))
      if kind == "undo" {
        let base = scratch.path("base\(number).img")
        #expect(try Program.run("image", "create", base, "--size", "24M").status == 0)
        #expect(try Program.run("image", "create", disk, "--base", base).status == 0)
      } else {
        #expect(try Program.run("image", "create", disk, "--size", "24M").status == 0)
      }
      let safe = try round(
        floppy: boot, disk: disk, log: scratch.path("log"), delay: .random(in: 0...0.4, using: &generator))
      #expect(safe > 0, "the guest has written nothing")
      most = max(most, safe)
      let store = try DiskFormat.open(path: disk, access: .writable)
      if let vhd = store as? VHDStore { #expect(try vhd.verify() == [], "round \(number)") }
      guard safe < 40_009 else { continue }
      for record in 1...max(safe, 1) {
        let found = try store.read(Self.sector(of: record), count: 1)
        let expected = (0..<128).flatMap { _ in (0..<4).map { UInt8(truncatingIfNeeded: record >> ($0 * 8)) } }
        guard found == expected else {
          Issue.record("round \(number): record \(record) of \(safe) is not on the disk")
          break
        }
      }
      // What comes after an interruption finds its place.
      try store.write(0, [UInt8](repeating: 0x55, count: 512))
      try store.flush()
    }
    #expect(most > 16)
  }
}
