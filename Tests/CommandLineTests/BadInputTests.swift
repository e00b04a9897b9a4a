import Foundation
import Testing

/// Every mistake is answered with one line on standard error and the exit status of its kind.
@Suite struct BadInputTests {
  private func check(
    _ arguments: [String], status: Int32, contains: String..., location: SourceLocation = #_sourceLocation
  ) throws {
    let run = try Program.run(arguments)
    #expect(run.status == status, "\(arguments): \(run.errors)", sourceLocation: location)
    #expect(run.output.isEmpty, sourceLocation: location)
    #expect(run.errors.hasPrefix("heirloom: "), "\(run.errors)", sourceLocation: location)
    #expect(run.errors.filter(\.isNewline).count == 1, "\(run.errors)", sourceLocation: location)
    for text in contains {
      #expect(run.errors.contains(text), "\(run.errors) has no \(text)", sourceLocation: location)
    }
  }

  @Test func wrongArgumentsEndWithStatus2() throws {
    try check(["run", "--cpu", "pentium"], status: 2, contains: "--cpu", "pentium", "486dx2-66")
    try check(["run", "--cqu", "486dx-33"], status: 2, contains: "--cqu", "--help")
    try check(["run", "--memory", "3"], status: 2, contains: "--memory", "1M to 256M")
    try check(["run", "--memory"], status: 2, contains: "--memory")
    try check(["run", "a.img", "b.img"], status: 2, contains: "b.img")
    try check(["run", "--fpu", "on", "--cpu", "486sx-25"], status: 2, contains: "cpu.fpu")
    try check(["run", "--set", "cpu.modle=x"], status: 2, contains: "did you mean cpu.model?")
    try check(["run", "--set", "cpu.model"], status: 2, contains: "KEY=VALUE")
    try check(["run", "--do", "wate 5s"], status: 2, contains: "wate", "did you mean")
    try check(["run", "--do", "wait five"], status: 2, contains: "wait 2.5s")
    try check(["run", "--speed", "fast"], status: 2, contains: "--speed", "realtime")
    try check(["run", "--stop-after", "30"], status: 2, contains: "--stop-after", "30s")
    try check(["run", "--rtc", "tomorrow"], status: 2, contains: "--rtc", "1994-06-01")
    try check(["run", "--boot", "d"], status: 2, contains: "--boot")
    try check(["run", "--serial1", "com1"], status: 2, contains: "--serial1", "tcp:HOST:PORT")
    try check(["run", "--on-triple-fault", "explode"], status: 2, contains: "reset or stop")
    try check(["list", "cards"], status: 2, contains: "cards")
    try check(
      ["image", "create", "x.img", "--sise", "1M"], status: 2, contains: "--sise", "heirloom image create --help")
  }

  @Test func unknownCardsAndTakenPortsAreRefused() throws {
    try check(["run", "--sound", "sb17"], status: 2, contains: "--sound", "sb17")
    try check(["run", "--mouse", "serial", "--serial1", "stdio"], status: 2, contains: "ports.serial1", "mouse")
  }

  @Test func badFilesEndWithStatus3() throws {
    let scratch = try Scratch()
    let empty = try scratch.file("empty.img", [])
    let tiny = try scratch.file("tiny.img", [1, 2, 3])
    let huge = scratch.path("huge.img")
    _ = FileManager.default.createFile(atPath: huge, contents: nil)
    try FileHandle(forWritingTo: URL(fileURLWithPath: huge)).truncate(atOffset: 100 << 20)
    let missing = scratch.path("missing.img")
    for path in [missing, empty, tiny, huge, scratch.url.path] {
      try check(["run", "--headless", "--floppy-a", path], status: 3, contains: path)
      try check(["run", "--headless", path], status: 3, contains: path)
    }
    for path in [missing, empty, tiny] {
      try check(["run", "--headless", "--hda", path], status: 3, contains: path)
    }
    try check(["run", "--headless", "--hdb", huge], status: 2, contains: "disk.hdb", "master")
    try check(
      ["run", "--headless", "--hda", huge, "--hdc", huge], status: 3, contains: huge, "in use by another drive")
    let vast = scratch.path("vast.img")
    _ = FileManager.default.createFile(atPath: vast, contents: nil)
    try FileHandle(forWritingTo: URL(fileURLWithPath: vast)).truncate(atOffset: 1 << 40)
    let new = scratch.path("new.heirloom")
    try check(["machine", "create", new, "--hda", vast], status: 3, contains: vast, "1 MB to 128 GB")
    try check(["machine", "import", vast, new], status: 3, contains: vast)
    try check(["machine", "list", missing], status: 3, contains: missing, "isn't a folder")
    try check(["run", "--headless", "--bios", tiny], status: 3, contains: tiny, "64, 128 or 256 KB")
    try check(["run", "--headless", "--bios", missing], status: 3, contains: missing, "no such file")
    try check(["run", "--headless", "--video-bios", scratch.url.path], status: 3, contains: "regular file")
    try check(["run", "--headless", "--script", missing], status: 3, contains: missing)
    let wrong = try scratch.file("wrong.toml", Array("[cpu".utf8))
    try check(["run", wrong], status: 3, contains: "wrong.toml: line 1")
    let unknown = try scratch.file("unknown.toml", Array("[cpu]\nspeed = 3\n".utf8))
    try check(["run", unknown], status: 2, contains: "unknown.toml: cpu.speed: unknown key")
    try check(["run", "--headless", "--serial1", "file:/nowhere/x"], status: 3, contains: "/nowhere/x")
    try check(["run", "--headless", "--serial1", "tcp:127.0.0.1:1"], status: 3, contains: "tcp:127.0.0.1:1")
  }

  @Test func aStepThatCannotBeDoneEndsTheRun() throws {
    try check(
      ["run", "--headless", "--speed", "max", "--do", "insert a=/nowhere.img"], status: 3, contains: "/nowhere.img")
    try check(["run", "--headless", "--do", "screenshot /nowhere/x.png"], status: 3, contains: "/nowhere/x.png")
    try check(["run", "--headless", "--do", "restore one"], status: 2, contains: "no such snapshot")
    let late = try Program.run(
      "run", "--headless", "--speed", "max", "--do", "wait-text \"never seen\" within 1s")
    #expect(late.status == 4 && late.errors.contains("never seen") && late.errors.contains("1s"))
  }

  @Test func withoutADisplayTheWindowSaysSo() throws {
    try check(["run"], status: 2, contains: "--headless")
  }

  /// Runs the program from a shell, behind which come `redirections`.
  private func shell(_ arguments: [String], _ redirections: String) throws -> (status: Int32, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments =
      ["-c", "exec \"$@\" \(redirections)", "sh", Program.directory.appendingPathComponent("heirloom").path] + arguments
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  @Test("With the standard streams closed nothing gets into a file that happens to have their numbers")
  func closedStreams() throws {
    let scratch = try Scratch()
    let disk = try scratch.file("disk.img", [UInt8](repeating: 0, count: 1 << 20))
    let arguments = [
      "run", "--headless", "--speed", "max", "--hda", disk, "--debug-port", "stdout", "--do", "screen-text", "--do",
      "insert a=/nowhere",
    ]
    for redirections in [">&-", "<&- >&-", "<&- >&- 2>&-"] {
      #expect(try shell(arguments, redirections).status == 3)
      #expect(try Data(contentsOf: URL(fileURLWithPath: disk)).allSatisfy { $0 == 0 }, "\(redirections)")
    }
  }

  @Test("What doesn't get out on standard output is an error")
  func fullOutput() throws {
    for arguments in [["list", "cpus"], ["list", "timing"]] {
      let run = try shell(arguments, ">/dev/full")
      #expect(
        run.status == 3 && run.errors == "heirloom: standard output: can't be written (No space left on device)\n")
    }
  }

  @Test("A file that can't be written at the end is one line and status 3")
  func fullRecordings() throws {
    for flag in ["--audio-file", "--vgm-file", "--midi-file"] {
      try check(
        ["run", "--headless", "--speed", "max", "--stop-after", "10ms", flag, "/dev/full"], status: 3,
        contains: "/dev/full", "No space left")
    }
  }

  /// Starts the program, sends the signal as soon as `begun` is true, and waits for its end.
  private func interrupt(
    _ arguments: [String], with signal: Int32, when begun: () -> Bool
  ) throws -> (status: Int32, errors: String) {
    let process = Process()
    process.executableURL = Program.directory.appendingPathComponent("heirloom")
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let deadline = Date().addingTimeInterval(20)
    while !begun(), process.isRunning, Date() < deadline { usleep(2_000) }
    kill(process.processIdentifier, signal)
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationReason == .exit ? process.terminationStatus : -1, text)
  }

  @Test("A signal ends a run as the window's button does", arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
  func signalledRun(signal: Int32) throws {
    let scratch = try Scratch()
    let sound = scratch.path("sound.wav")
    let size = { (try? FileManager.default.attributesOfItem(atPath: sound)[.size] as? Int) ?? 0 }
    let run = try interrupt(["run", "--headless", "--audio-file", sound], with: signal) { size() > 0 }
    #expect(run.status == 0 && run.errors.isEmpty, "\(run)")
    // The header has been completed.
    let header = try Data(contentsOf: URL(fileURLWithPath: sound)).prefix(44)
    let length = header.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(length == size() - 44)
  }

  @Test("An interrupted conversion leaves no file that looks whole")
  func interruptedConversion() throws {
    let scratch = try Scratch()
    let source = try scratch.file("source.img", [UInt8](repeating: 0xA5, count: 200 << 20))
    let target = scratch.path("target.img")
    let run = try interrupt(["image", "convert", source, target], with: SIGINT) {
      FileManager.default.fileExists(atPath: target)
    }
    #expect(run.status == 3 && run.errors.contains("target.img: interrupted"), "\(run)")
    #expect(!FileManager.default.fileExists(atPath: target))
  }
}
