import Foundation
import Testing

/// FreeDOS on a hard disk, from `image create` to a file system that others agree with. Its floppies lie beside the
/// repository (`../shared/media`); skipped elsewhere. `HEIRLOOM_LONG=1` takes 500 MB and 50 MB of files.
private let media = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appendingPathComponent("../shared/media")
private let system = media.appendingPathComponent("freedos-fdstd144/fdstd144.img")

@Suite(.enabled(if: FileManager.default.fileExists(atPath: system.path)))
struct FreeDOSDiskTests {
  private let isLong = ProcessInfo.processInfo.environment["HEIRLOOM_LONG"] != nil

  /// Files in three directories, sizes and bytes from a fixed sequence.
  private func makeFiles(in folder: URL, bytes total: Int) throws -> Int {
    var seed: UInt64 = 7
    func next(_ limit: Int) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(seed >> 33) % limit
    }
    var (written, count) = (0, 0)
    while written < total {
      let directory = folder.appendingPathComponent("D\(count % 3)")
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      let size = next([3000, 60_000, 300_000][next(3)])
      let first = next(256)
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 9 &+ first) }
      try Data(bytes).write(to: directory.appendingPathComponent("F\(count).DAT"))
      written += size
      count += 1
    }
    return count
  }

  private func heirloom(_ arguments: String...) throws {
    let run = try Program.run(arguments)
    #expect(run.status == 0, "\(arguments.joined(separator: " ")): \(run.output)\(run.errors)")
  }

  @Test func itPartitionsFormatsStartsAndCopiesAndOthersAgree() throws {
    let scratch = try Scratch()
    let (floppy, disk, data) = (scratch.path("a.img"), scratch.path("c.img"), scratch.path("d.img"))
    let megabytes = isLong ? 500 : 60
    try heirloom("image", "create", disk, "--size", "\(megabytes)M")
    try heirloom("image", "create", data, "--size", isLong ? "160M" : "20M", "--partition", "--fat", "16")
    let files = scratch.url.appendingPathComponent("files")
    let count = try makeFiles(in: files, bytes: isLong ? 50_000_000 : 1_500_000)
    try heirloom("image", "put", "\(data)@1", files.path)

    try FileManager.default.copyItem(atPath: system.path, toPath: floppy)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: floppy)
    func put(_ name: String, _ lines: String...) throws {
      let file = try scratch.file(name, Array(lines.map { $0 + "\r\n" }.joined().utf8))
      try heirloom("image", "put", floppy, file, "--to", name)
    }
    try heirloom("image", "rm", floppy, "CONFIG.SYS", "AUTOEXEC.BAT")
    try put("CONFIG.SYS", "FILES=30", "BUFFERS=20", "DOS=HIGH", "SHELL=A:\\COMMAND.COM A:\\ /E:512 /P")
    try put("AUTOEXEC.BAT", "@echo off", "path a:\\;a:\\fdos", "prompt $p$g", "echo READY")
    try put("GO1.BAT", "fdisk /pri:\(megabytes - 1) 1", "fdisk /mbr 1", "fdisk /activate:1", "echo DONE-1")
    try put(
      "GO2.BAT", "format c: /v:HEIRLOOM", "sys c:", "copy a:\\fdos\\xcopy.exe c:\\", "copy a:\\c.cfg c:\\config.sys",
      "copy a:\\c.bat c:\\autoexec.bat", "echo DONE-2")
    try put("C.CFG", "FILES=30", "BUFFERS=20", "DOS=HIGH", "SHELL=C:\\COMMAND.COM C:\\ /E:512 /P")
    try put(
      "C.BAT", "@echo off", "path c:\\", "prompt $p$g", "if exist c:\\copy\\nul goto end", "md c:\\copy",
      "xcopy d:\\*.* c:\\copy /s", "cls", "echo COPIED", "md d:\\back", "xcopy c:\\copy\\*.* d:\\back /s", "cls",
      "echo DONE-3", ":end", "echo C-READY")

    let script = try scratch.file(
      "script",
      Array(
        """
        wait-text "READY" within 60s
        type "go1\\n"
        wait-text "DONE-1" within 60s
        wait 2s
        reset
        wait 1s
        wait-text "READY" within 60s
        type "go2\\n"
        wait-text "YES/NO" within 60s
        type "yes\\n"
        wait-text "DONE-2" within 300s
        eject a
        reset
        wait-text "DONE-3" within 3000s
        wait 3s
        """.utf8))
    let run = try Program.run([
      "run", "--floppy-a", floppy, "--hda", disk, "--hdb", data, "--headless", "--speed", "max", "--script", script,
    ])
    #expect(run.status == 0, "\(run.output)\(run.errors)")

    let root = files.lastPathComponent.uppercased()
    for (image, folder) in [("\(disk)@1", "COPY/\(root)"), ("\(data)@1", "BACK/\(root)")] {
      let output = scratch.url.appendingPathComponent(folder.replacingOccurrences(of: "/", with: "-"))
      try heirloom("image", "get", image, folder, "--to", output.path)
      let difference = try OtherTool.run("diff", "-r", files.path, output.appendingPathComponent(root).path)
      #expect(difference.status == 0, "\(folder) of \(count) files: \(difference.output.prefix(500))")
      try heirloom("image", "verify", image)
    }
    try checkWithOthers(disk, scratch)
  }

  /// `fsck.vfat`, mtools and QEMU, as far as they are there.
  private func checkWithOthers(_ disk: String, _ scratch: Scratch) throws {
    if OtherTool.areThere("fsck.vfat", "dd") {
      let alone = scratch.path("part.img")
      _ = try OtherTool.run("dd", "if=\(disk)", "of=\(alone)", "bs=32256", "skip=1")
      let fsck = try OtherTool.run("fsck.vfat", "-n", alone)
      #expect(fsck.status == 0, "\(fsck.output)")
    }
    if OtherTool.areThere("mdir") {
      let mdir = try OtherTool.run("mdir", "-i", "\(disk)@@32256", "::")
      #expect(mdir.status == 0 && mdir.output.contains("KERNEL   SYS"), "\(mdir.output)")
    }
    if isLong, OtherTool.areThere("qemu-system-i386", "timeout") {
      // The prompt of the disk's own AUTOEXEC.BAT, taken from the text buffer of the guest.
      let memory = scratch.path("screen.bin")
      let shell =
        "(sleep 30; echo 'pmemsave 0xb8000 4000 \"\(memory)\"'; sleep 2; echo quit) | "
        + "timeout 60 qemu-system-i386 -cpu 486 -m 16 -hda \(disk) -snapshot -boot c -display none -monitor stdio"
      _ = try OtherTool.run("sh", "-c", shell)
      let screen = try Data(contentsOf: URL(fileURLWithPath: memory))
      let text = String(decoding: stride(from: 0, to: screen.count, by: 2).map { screen[$0] }, as: UTF8.self)
      #expect(text.contains("C-READY"), "\(text)")
    }
  }
}
