import Foundation
import Storage
import Testing

/// Guests that work a hard disk, in the program as a user runs it.
@Suite(.enabled(if: OtherTool.areThere("nasm"), "NASM is not installed: apt install nasm"))
struct DriveTests {
  /// `HEIRLOOM_MEASURE=1` takes 512 MB and prints how many of them pass in a second of the host.
  @Test("A disk read through the drive's ports is what the file holds", arguments: [[], ["-DSINGLE", "-DWORDS"]])
  func sequentialRead(options: [String]) throws {
    let scratch = try Scratch()
    let isMeasured = ProcessInfo.processInfo.environment["HEIRLOOM_MEASURE"] != nil
    let megabytes = isMeasured ? 512 : 8
    let boot = try scratch.bootFloppy("reader", options + ["-DMEGABYTES=\(megabytes)"])
    var bytes = [UInt8](repeating: 0, count: megabytes << 20)
    var expected: UInt32 = 0
    for sector in 0..<megabytes << 11 {
      let number = UInt32(truncatingIfNeeded: sector) &* 2_654_435_761
      expected ^= number
      for byte in 0..<4 { bytes[sector * 512 + byte] = UInt8(truncatingIfNeeded: number >> UInt32(8 * byte)) }
    }
    let disk = try scratch.file("disk.img", bytes)
    let start = Date()
    let run = try Program.run(
      "run", "--headless", "--speed", "max", "--floppy-a", boot, "--hda", disk, "--debug-port", "stdout")
    let seconds = Date().timeIntervalSince(start)
    #expect(run.status == 0 && run.output == String(format: "%08X\n", expected), "\(run.output)\(run.errors)")
    if isMeasured { print("\(options): \(Int(Double(megabytes) / seconds)) MB/s with the start of the machine") }
  }

  @Test("When the host has no room the machine waits and says so, and goes on when there is room; nothing is lost")
  func diskFull() throws {
    let scratch = try Scratch()
    let floppy = try scratch.bootFloppy("writer")
    let disk = scratch.path("disk.img")
    #expect(try Program.run("image", "create", disk, "--size", "24M").status == 0)
    let (log, errors) = (try scratch.file("log", []), try scratch.file("errors", []))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    // Files may not grow beyond 8 MB, as on a disk that is full; the guest's sectors lie spread over 20.
    process.arguments = [
      "-c", "trap '' XFSZ; ulimit -S -f 8192; exec \"$@\"", "bash",
      Program.directory.appendingPathComponent("heirloom").path, "run", "--headless", "--speed", "max", "--floppy-a",
      floppy, "--hda", disk, "--debug-port", "stdout",
    ]
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
    process.standardInput = FileHandle.nullDevice
    try process.run()
    defer {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
    func wait(_ condition: () -> Bool) -> Bool {
      let deadline = Date().addingTimeInterval(60)
      while !condition(), process.isRunning, Date() < deadline { usleep(20_000) }
      return condition()
    }
    #expect(wait { text(errors).contains("the machine waits until that is done") }, "\(text(errors))")
    usleep(100_000)
    let before = text(log)
    usleep(400_000)
    #expect(text(log) == before, "the guest went on")
    let freed = try OtherTool.run("prlimit", "--pid", "\(process.processIdentifier)", "--fsize=unlimited:unlimited")
    #expect(freed.status == 0, "\(freed.output)")
    #expect(wait { text(log).count > before.count + 9 * 4 }, "\(text(errors))")
    #expect(text(errors).contains("goes on") && !text(log).contains("!"))
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    let safe = text(log).split(separator: "\n", omittingEmptySubsequences: false).dropLast().last
    let last = safe.flatMap { Int($0, radix: 16) } ?? 0
    #expect(last > 16)
    let store = try DiskFormat.open(path: disk, access: .readOnly)
    for record in 1...max(min(last, 40_000), 1) {
      let found = try store.read(record * 977 % 40_009, count: 1)
      let expected = (0..<512).map { UInt8(truncatingIfNeeded: record >> ($0 % 4 * 8)) }
      guard found == expected else {
        Issue.record("record \(record) of \(last) is not on the disk")
        break
      }
    }
  }

  @Test("A disk of 120 GB takes no more room than is written, is FAT32 for us and mtools, and the BIOS reaches its end")
  func large() throws {
    let scratch = try Scratch()
    let floppy = try scratch.bootFloppy("bigdisk")
    let disk = scratch.path("big.img")
    #expect(try Program.run("image", "create", disk, "--size", "120G", "--partition", "--fat", "32").status == 0)
    let file = try scratch.file("HELLO.TXT", Array("hello\r\n".utf8))
    #expect(try Program.run("image", "put", "\(disk)@1", file).status == 0)
    let sectors = 120 << 21
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: disk))
    try handle.seek(toOffset: UInt64(sectors - 1) * 512)
    try handle.write(contentsOf: Data([0xEF, 0xBE, 0xAD, 0xDE]))
    try handle.close()
    var status = stat()
    #expect(stat(disk, &status) == 0 && status.st_size == sectors * 512 && status.st_blocks < 200_000)
    let run = try Program.run(
      "run", "--headless", "--speed", "max", "--floppy-a", floppy, "--hda", disk, "--debug-port", "stdout")
    #expect(run.status == 0 && run.output == String(format: "%08X\nDEADBEEF\n", sectors), "\(run.output)\(run.errors)")
    if OtherTool.areThere("mtype") {
      let mtype = try OtherTool.run("mtype", "-i", "\(disk)@@32256", "::HELLO.TXT")
      #expect(mtype.status == 0 && mtype.output.contains("hello"), "\(mtype.output)")
    }
  }
}
