import Archive
import Devices
import Foundation
import PC
import Storage
import Testing

/// What the host can do to a machine file while it is used.
@Suite struct MachineFaultTests {
  private let scratch: Scratch
  private let quick = ["--headless", "--speed", "max"]

  init() throws { scratch = try Scratch() }

  @discardableResult
  private func heirloom(_ arguments: String...) throws -> Program {
    let run = try Program.run(arguments, directory: scratch.url)
    #expect(run.status == 0, "\(arguments): \(run.errors)")
    return run
  }

  @discardableResult
  private func heirloom(_ arguments: [String]) throws -> Program {
    let run = try Program.run(arguments, directory: scratch.url)
    #expect(run.status == 0, "\(arguments): \(run.errors)")
    return run
  }

  private func noise(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13 ^ $0 >> 5) }
  }

  private func isWhole(_ path: String) throws -> Bool {
    try heirloom("machine", "verify", path).output.contains("all is well")
  }

  /// Runs a shell command with a folder `small` that has room for `size` bytes.
  private func inASmallFileSystem(_ size: String, _ command: String) throws -> Program {
    let program = Program.directory.appendingPathComponent("heirloom").path
    let folder = scratch.path("small")
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let run = try OtherTool.run(
      "unshare", "-rm", "sh", "-c",
      "mount -t tmpfs -o size=\(size) none '\(folder)' && cd '\(scratch.url.path)' && \(command)"
        .replacing("HEIRLOOM", with: program))
    return Program(output: run.output, errors: "", status: run.status)
  }

  private static let hasNamespaces: Bool = {
    (try? OtherTool.run("unshare", "-rm", "sh", "-c", "mount -t tmpfs none /mnt").status) == 0
  }()

  @Test(.enabled(if: hasNamespaces, "this host gives no mount namespaces"))
  func whenTheHostsDiskIsFullNothingHalfDoneStaysAndTheMachineIsWhole() throws {
    _ = try scratch.file("big.img", noise(8 << 20))
    try heirloom("machine", "create", "m.heirloom", "--memory", "4M", "--disk-size", "8M")
    let creating = try inASmallFileSystem(
      "3m", "HEIRLOOM machine import big.img small/big.heirloom; echo status $?; ls -A small; echo end")
    #expect(creating.output.contains("disk is full; free space"), "\(creating.output)")
    #expect(creating.output.contains("status 3\nend"), "\(creating.output)")
    // A state that doesn't fit; the machine goes on, and what it was is still there.
    let keeping = try inASmallFileSystem(
      "600k",
      "cp m.heirloom small/ && HEIRLOOM run small/m.heirloom --headless --speed max --do 'wait 2s' --do 'snapshot s'; "
        + "echo status $?; HEIRLOOM machine verify small/m.heirloom")
    #expect(keeping.output.contains("disk is full; free space"), "\(keeping.output)")
    #expect(keeping.output.contains("status 3") && keeping.output.contains("all is well"), "\(keeping.output)")
  }

  @Test(.enabled(if: Program.canRunUnprivileged, "nobody can't reach the program or our files"))
  func aFileThatCannotBeWrittenSaysSoAndCanStillBeLookedAt() throws {
    try heirloom("machine", "create", "m.heirloom", "--memory", "1M")
    let path = scratch.path("m.heirloom")
    chmod(path, 0o444)
    chmod(scratch.url.path, 0o555)
    defer { chmod(scratch.url.path, 0o755) }
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    let run = try Program.run(["run", path] + quick + ["--do", "wait 1s"], unprivileged: true)
    #expect(run.status == 3 && run.errors.contains("can't be written") && run.errors.contains("--read-only"))
    for arguments in [["machine", "show", path], ["machine", "verify", path], ["snapshot", "list", path]] {
      #expect(try Program.run(arguments, unprivileged: true).status == 0, "\(arguments)")
    }
    let looking = try Program.run(["run", path, "--read-only"] + quick + ["--do", "wait 1s"], unprivileged: true)
    #expect(looking.status == 0, "\(looking.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
  }

  @Test func aFileThatIsDeletedUnderItsMachineIsWrittenAgain() throws {
    try heirloom("machine", "create", "m.heirloom", "--memory", "1M")
    let path = scratch.path("m.heirloom")
    let process = Process()
    process.executableURL = Program.directory.appendingPathComponent("heirloom")
    process.arguments = ["run", path, "--headless", "--do", "wait 1500ms", "--do", "snapshot here"]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    usleep(700_000)
    for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 3 && said.contains("was deleted while it was in use"), "\(said)")
    #expect(try isWhole(path))
    #expect(try heirloom("snapshot", "list", path).output.contains("here"))
  }

  @Test func besideARunningMachineCommandsThatWriteAreRefusedAndOthersWork() throws {
    for name in ["m", "n"] { try heirloom("machine", "create", "\(name).heirloom", "--memory", "1M") }
    let process = Process()
    process.executableURL = Program.directory.appendingPathComponent("heirloom")
    process.arguments = ["run", scratch.path("m.heirloom"), "--headless", "--do", "wait 1h"]
    try process.run()
    defer {
      process.terminate()
      process.waitUntilExit()
    }
    let deadline = Date().addingTimeInterval(20)
    while !MachineFile.isRunning(scratch.path("m.heirloom")), Date() < deadline { usleep(20_000) }
    for arguments in [
      ["run", "m.heirloom", "--headless"], ["machine", "edit", "m.heirloom"],
      ["machine", "clone", "m.heirloom", "o.heirloom"], ["machine", "delete", "m.heirloom", "--yes"],
      ["machine", "export", "m.heirloom", "o.heirloom"], ["machine", "rename", "m.heirloom", "o"],
    ] {
      let run = try Program.run(arguments, directory: scratch.url)
      #expect(run.status == 3 && run.errors.contains("is in use by another Heirloom"), "\(arguments): \(run.errors)")
    }
    for arguments in [
      ["machine", "show", "m.heirloom"], ["machine", "verify", "m.heirloom"], ["snapshot", "list", "m.heirloom"],
      ["machine", "list", "."], ["run", "n.heirloom"] + quick + ["--do", "wait 1s"],
    ] { #expect(try Program.run(arguments, directory: scratch.url).status == 0, "\(arguments)") }
  }

  @Test func snapshotsOfARunningMachineAreTakenByTheCommandAndTheMachineGoesBackToThem() throws {
    try heirloom("machine", "create", "m.heirloom", "--memory", "1M")
    let path = scratch.path("m.heirloom")
    let process = Process()
    process.executableURL = Program.directory.appendingPathComponent("heirloom")
    process.arguments = ["run", path, "--headless", "--speed", "max", "--do", "wait 100h"]
    try process.run()
    defer {
      process.terminate()
      process.waitUntilExit()
    }
    let deadline = Date().addingTimeInterval(20)
    while !MachineFile.isRunning(path), Date() < deadline { usleep(20_000) }
    try heirloom("snapshot", "take", "m.heirloom", "first", "--note", "while it runs")
    try heirloom("snapshot", "take", "m.heirloom", "second")
    let taken = try MachineFile(path: path, access: .reading).snapshots()
    #expect(taken.map(\.name) == ["first", "second"] && taken[0].note == "while it runs")
    #expect((taken[0].guestTime ?? 0) < (taken[1].guestTime ?? 0) && taken[1].parent == taken[0].id)
    try heirloom("snapshot", "restore", "m.heirloom", "first")
    try heirloom("snapshot", "take", "m.heirloom", "third")
    let third = try MachineFile(path: path, access: .reading).snapshot("third")
    #expect(third.parent == taken[0].id && process.isRunning)
    try heirloom("snapshot", "delete", "m.heirloom", "second")
    for (arguments, text) in [
      (["snapshot", "take", "m.heirloom", "first"], "is a snapshot first already"),
      (["snapshot", "restore", "m.heirloom", "second"], "there is no snapshot second"),
    ] {
      let run = try Program.run(arguments, directory: scratch.url)
      #expect(run.status == 3 && run.errors.contains(text) && run.errors.contains("m.heirloom: "), "\(run.errors)")
    }
    #expect(try isWhole(path))
  }

  @Test func aSuspendedMachinesDisksCanBeChangedAndItGoesOnWithThem() throws {
    for (name, seed) in [("a", 3), ("b", 5)] {
      _ = try scratch.file("\(name).img", noise(368_640).map { $0 &* UInt8(seed) })
    }
    for name in ["cd", "cd2"] {
      try FileManager.default.createDirectory(atPath: scratch.path(name), withIntermediateDirectories: true)
      _ = try scratch.file("\(name)/hello.txt", Array(name.utf8))
    }
    try heirloom("machine", "create", "m.heirloom", "--memory", "1M", "--floppy-a", "a.img", "--cdrom", "cd")
    try heirloom(["run", "m.heirloom"] + quick + ["--do", "wait 2s"])
    let said = try heirloom("machine", "edit", "m.heirloom", "--floppy-a", "b.img", "--cdrom", "cd2").output
    #expect(said.contains("is suspended; its disks are changed when it goes on"))
    let on = try heirloom(["run", "m.heirloom"] + quick + ["--do", "wait 1s"])
    #expect(on.errors.contains("the CD-ROM drive has medium:cd2 now"), "\(on.errors)")
    func drives() throws -> String {
      let open = try OpenMachine(path: scratch.path("m.heirloom"), readOnly: true)
      let machine = try Machine(open.configuration, roms: open.roms, media: open)
      #expect(try open.resume(machine))
      return "\(machine.board.floppy.image(in: 0)?.name ?? "none"), \(machine.cd?.name ?? "none")"
    }
    #expect(try drives() == "medium:b, medium:cd2")
    // It is changed once: what the guest's user does afterwards stays.
    try heirloom(["run", "m.heirloom"] + quick + ["--do", "eject a", "--do", "wait 1s"])
    try heirloom(["run", "m.heirloom"] + quick + ["--do", "wait 1s"])
    #expect(try drives() == "none, medium:cd2")
    try heirloom("machine", "edit", "m.heirloom", "--cdrom", "none")
    #expect(try drives() == "none, none")
    // For one start.
    try heirloom(["run", "m.heirloom", "--floppy-a", "a.img"] + quick + ["--do", "wait 1s"])
    #expect(try drives() == scratch.path("a.img") + ", none")
    try heirloom(["run", "m.heirloom", "--cdrom", "cd"] + quick + ["--do", "wait 1s"])
    #expect(try drives() == scratch.path("a.img") + ", " + scratch.path("cd"))
    let refused = try Program.run("machine", "edit", "m.heirloom", "--cpu", "386sx-16", directory: scratch.url)
    #expect(refused.status == 2 && refused.errors.contains("is suspended"))
  }

  @Test func anExportGoesOnElsewhereWhereTheOriginalsArent() throws {
    let old = scratch.path("old home")
    try FileManager.default.createDirectory(atPath: old, withIntermediateDirectories: true)
    _ = try scratch.file("old home/f.img", noise(368_640))
    _ = try scratch.file("old home/hello.txt", Array("hello".utf8))
    try FileManager.default.createDirectory(atPath: old + "/cd", withIntermediateDirectories: true)
    _ = try scratch.file("old home/cd/hello.txt", Array("hello".utf8))
    try heirloom(
      "machine", "create", old + "/m.heirloom", "--attach", "--memory", "1M", "--floppy-a", old + "/f.img", "--cdrom",
      old + "/cd", "--rtc", "1994-06-01 12:00:00")
    let run = { (path: String, steps: [String], flags: [String], other: Bool) in
      let run = try Program.run(
        ["run", path] + self.quick + flags + ["--state-hash"] + steps.flatMap { ["--do", $0] },
        directory: other ? nil : self.scratch.url, unprivileged: other)
      #expect(run.status == 0, "\(run.errors)")
      return run.output
    }
    let straight = try run(old + "/m.heirloom", ["wait 3s", "wait 1s"], ["--cold", "--no-freeze"], false)
    _ = try run(old + "/m.heirloom", ["wait 3s"], ["--cold"], false)
    try heirloom("machine", "export", old + "/m.heirloom", "moved.heirloom")
    try FileManager.default.removeItem(atPath: old)
    // Another place, and where it is possible another user.
    let new = scratch.path("new")
    try FileManager.default.createDirectory(atPath: new, withIntermediateDirectories: true)
    chmod(new, 0o777)
    chmod(scratch.path("moved.heirloom"), 0o644)
    let other = Program.canRunUnprivileged
    let taken = try Program.run(
      ["machine", "import", scratch.path("moved.heirloom"), new + "/m.heirloom"], unprivileged: other)
    #expect(taken.status == 0, "\(taken.errors)")
    #expect(try run(new + "/m.heirloom", ["wait 1s"], [], other) == straight)
  }
}
