import Archive
import Foundation
import PC
import Storage
import Testing

/// `kill -9` at random moments of everything that writes machine files: the file opens, all its sums are right, and
/// nothing is lost that was said to be safe.
@Suite(.enabled(if: OtherTool.areThere("nasm"), "NASM is not installed: apt install nasm"))
struct MachineKillTests {
  /// Rounds of each kind: `few`, or a share of HEIRLOOM_KILLS.
  private static func rounds(_ few: Int) -> Int {
    KillTests.wanted.map { max($0 / 5, 1) } ?? few
  }

  private let scratch: Scratch
  private let machine: String

  init() throws {
    scratch = try Scratch()
    machine = scratch.path("whole.heirloom")
    try heirloom(
      "machine", "create", machine, "--memory", "2M", "--disk-size", "24M", "--floppy-a",
      try scratch.bootFloppy("writer"))
  }

  private func heirloom(_ arguments: String...) throws {
    let run = try Program.run(arguments, directory: scratch.url)
    #expect(run.status == 0, "\(arguments): \(run.errors)")
  }

  private func fresh(_ number: Int) throws -> String {
    let path = scratch.path("m\(number).heirloom")
    try FileManager.default.copyItem(atPath: machine, toPath: path)
    return path
  }

  /// Starts the program and kills it `delay` seconds after its log has a first line, or after its start.
  ///
  /// - Returns: what it had written to the log.
  @discardableResult
  private func kill(_ arguments: [String], after delay: Double, waitsForLog: Bool = false) throws -> String {
    let log = scratch.path("log")
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    let process = Process()
    process.executableURL = Program.directory.appendingPathComponent("heirloom")
    process.arguments = arguments
    process.currentDirectoryURL = scratch.url
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    func written() -> String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
    let deadline = Date().addingTimeInterval(60)
    while waitsForLog, !written().contains("\n"), process.isRunning, Date() < deadline { usleep(10_000) }
    usleep(UInt32(delay * 1_000_000))
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    return written()
  }

  private func expectWhole(_ path: String, _ what: String) throws {
    do {
      let complaints = try MachineFile(path: path, access: .writing).verify()
      #expect(complaints.isEmpty, "\(what): \(complaints)")
    } catch { Issue.record("\(what): \(error)") }
  }

  /// All records that the guest knew to be safe are on the disk.
  private func expectRecords(_ path: String, _ log: String, _ what: String) throws {
    let lines = log.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    let safe = lines.last.flatMap { UInt32($0, radix: 16) } ?? 0
    #expect(safe > 0 && !log.contains("!"), "\(what): the guest has written nothing")
    let disk = try OpenMachine(path: path, fresh: true, readOnly: true).hardDisk("medium:c", readOnly: true)
    for record in 1...min(max(safe, 1), 40_008) {
      let expected = (0..<128).flatMap { _ in (0..<4).map { UInt8(truncatingIfNeeded: record >> ($0 * 8)) } }
      guard disk.read(Int(record) * 977 % 40_009) == expected else {
        Issue.record("\(what): record \(record) of \(safe) is not on the disk")
        return
      }
    }
  }

  private let quick = ["--headless", "--speed", "max", "--debug-port", "stdout"]

  @Test func underAGuestThatWritesItsDisk() throws {
    for number in 0..<Self.rounds(3) {
      let path = try fresh(number)
      let log = try kill(["run", path] + quick, after: .random(in: 0...0.5), waitsForLog: true)
      try expectWhole(path, "round \(number)")
      try expectRecords(path, log, "round \(number)")
      try FileManager.default.removeItem(atPath: path)
    }
  }

  /// `RLIMIT_FSIZE` makes the host refuse every write behind that byte, as a stick does that was pulled out.
  @Test(.enabled(if: OtherTool.areThere("prlimit"), "util-linux has no prlimit here"))
  func whenTheHostStopsTakingWritesTheMachineStandsStillAndGoesOnOrEndsWithoutLoss() throws {
    let path = try fresh(0)
    let process = Process()
    process.executableURL = Program.directory.appendingPathComponent("heirloom")
    process.arguments = ["run", path] + quick
    let (output, errors) = (Pipe(), Pipe())
    (process.standardOutput, process.standardError) = (output, errors)
    let (log, said) = (Collected(output), Collected(errors))
    try process.run()
    defer { process.terminate() }
    func wait(_ what: String, _ isMet: () -> Bool) {
      let deadline = Date().addingTimeInterval(30)
      while !isMet(), Date() < deadline { usleep(10_000) }
      #expect(isMet(), "\(what): \(said.text)")
    }
    func limit(_ size: String) throws {
      let set = try OtherTool.run("prlimit", "--pid", "\(process.processIdentifier)", "--fsize=\(size):unlimited")
      #expect(set.status == 0, "\(set.output)")
    }
    wait("it writes") { log.text.contains("\n") }
    try limit("4096")
    wait("it stands still") { said.text.contains("the machine waits until that is done") }
    #expect(said.text.contains(path) && said.text.contains("is its disk still there?"), "\(said.text)")
    usleep(700_000)
    let standing = log.text
    usleep(500_000)
    #expect(log.text == standing)
    try limit("unlimited")
    wait("it goes on") { said.text.contains("the machine goes on") && log.text.count > standing.count + 100 }
    // And pulled out for good.
    try limit("4096")
    usleep(1_500_000)
    process.terminate()
    process.waitUntilExit()
    #expect(process.terminationStatus == 3)
    wait("it says so") { said.text.contains("medium:c: can't be written (the host") }
    try expectWhole(path, "pulled out")
    try expectRecords(path, log.text, "pulled out")
  }

  @Test func underAMachineThatTakesSnapshots() throws {
    for number in 0..<Self.rounds(4) {
      let path = try fresh(number)
      // The first replaces one of the same name again and again.
      let steps = (0..<400).flatMap { ["--do", "wait 30ms", "--do", "snapshot \($0 % 3 == 0 ? "again" : "s\($0)")"] }
      let log = try kill(["run", path] + quick + steps, after: .random(in: 0...0.6), waitsForLog: true)
      try expectWhole(path, "round \(number)")
      try expectRecords(path, log, "round \(number)")
      // The newest that is there can be gone back to.
      let file = try MachineFile(path: path, access: .writing)
      if let last = try file.snapshots().last {
        try file.restore(last)
        try file.finish()
        let open = try OpenMachine(path: path)
        let machine = try Machine(open.configuration, roms: open.roms, media: open)
        #expect(try open.resume(machine))
        try open.close()
      } else {
        try file.finish()
      }
      try FileManager.default.removeItem(atPath: path)
    }
  }

  @Test func whileSomethingIsImportedOrExported() throws {
    let disk = try scratch.file(
      "disk.img", (0..<16 << 20).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) })
    for number in 0..<Self.rounds(4) {
      let target = scratch.path("t\(number).heirloom")
      let isImport = number % 2 == 0
      let arguments = isImport ? ["machine", "import", disk, target] : ["machine", "export", machine, target]
      try kill(arguments, after: .random(in: 0...(isImport ? 0.4 : 0.15)))
      // Either nothing is there, or all of it.
      if FileManager.default.fileExists(atPath: target) {
        try expectWhole(target, "round \(number)")
        let media = try MachineFile(path: target, access: .reading).media().filter(\.isInside).map(\.name)
        #expect(media.sorted() == (isImport ? ["disk"] : ["c", "writer"]), "round \(number)")
        try FileManager.default.removeItem(atPath: target)
      }
      try expectWhole(machine, "round \(number): the source")
      // What was left half-done hinders nobody.
      if isImport {
        try heirloom("machine", "import", disk, target)
      } else {
        try heirloom("machine", "export", machine, target)
      }
      try expectWhole(target, "round \(number): again")
      try FileManager.default.removeItem(atPath: target)
    }
  }

  @Test func whileSomethingIsDeleted() throws {
    let full = scratch.path("full.heirloom")
    try FileManager.default.copyItem(atPath: machine, toPath: full)
    let steps = (0..<8).flatMap { ["--do", "wait 100ms", "--do", "snapshot s\($0)"] }
    #expect(try Program.run(["run", full, "--no-freeze"] + quick + steps, directory: scratch.url).status == 0)
    try heirloom("machine", "clone", full, "twin", "--linked")
    for number in 0..<Self.rounds(4) {
      let path = scratch.path("d\(number).heirloom")
      try FileManager.default.copyItem(atPath: full, toPath: path)
      let what = [
        ["machine", "delete", path, "--yes"], ["snapshot", "delete", path, "s3"],
        ["machine", "delete", path + "#twin", "--yes"],
      ][number % 3]
      try kill(what, after: .random(in: 0...0.08))
      guard FileManager.default.fileExists(atPath: path) else { continue }
      try expectWhole(path, "round \(number)")
      try heirloom("machine", "delete", path, "--yes")
      // The twin is left, unless it was the one that went.
      if FileManager.default.fileExists(atPath: path) { try heirloom("machine", "delete", path, "--yes") }
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }
}

/// What comes out of a pipe.
private final class Collected: @unchecked Sendable {
  private let lock = NSLock()
  private var bytes = Data()

  init(_ pipe: Pipe) {
    pipe.fileHandleForReading.readabilityHandler = { [self] handle in
      let new = handle.availableData
      lock.withLock { bytes.append(new) }
    }
  }

  var text: String { lock.withLock { String(decoding: bytes, as: UTF8.self) } }
}
