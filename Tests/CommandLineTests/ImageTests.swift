import Foundation
import Testing

/// Programs of the host that know disk images too.
enum OtherTool {
  static func path(_ name: String) -> String? {
    ["/usr/bin/", "/usr/sbin/", "/sbin/", "/bin/", "/usr/local/bin/"].map { $0 + name }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  static func areThere(_ names: String...) -> Bool { names.allSatisfy { path($0) != nil } }

  /// Runs a tool and gives its output, standard error included, and its status.
  static func run(_ name: String, _ arguments: String...) throws -> (output: String, status: Int32) {
    try run(name, arguments)
  }

  static func run(_ name: String, _ arguments: [String]) throws -> (output: String, status: Int32) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path(name) ?? "/nowhere")
    process.arguments = arguments
    var environment = ProcessInfo.processInfo.environment
    environment["MTOOLS_SKIP_CHECK"] = "0"
    environment["LC_ALL"] = "C.UTF-8"
    process.environment = environment
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (String(decoding: data, as: UTF8.self), process.terminationStatus)
  }
}

/// A tree of files on the host: long and short names, empty, large, in directories.
func makeTree(_ scratch: Scratch, files: Int = 40) throws -> String {
  let root = scratch.path("tree")
  let manager = FileManager.default
  for directory in ["tree/sub/Deeper Directory", "tree/UPPER"] {
    try manager.createDirectory(atPath: scratch.path(directory), withIntermediateDirectories: true)
  }
  var value: UInt64 = 1
  for number in 0..<files {
    let names = [
      "tree/F\(number).TXT", "tree/sub/a longer name \(number).data", "tree/sub/Deeper Directory/x\(number)",
    ]
    var bytes: [UInt8] = []
    for _ in 0..<(number * 997 % 40_000) {
      value = value &* 6_364_136_223_846_793_005 &+ 1
      bytes.append(UInt8(truncatingIfNeeded: value >> 33))
    }
    try Data(bytes).write(to: URL(fileURLWithPath: scratch.path(names[number % 3])))
  }
  try Data().write(to: URL(fileURLWithPath: scratch.path("tree/UPPER/EMPTY")))
  try Data("ü".utf8).write(to: URL(fileURLWithPath: scratch.path("tree/Übergröße.txt")))
  return root
}

func sameTrees(_ one: String, _ two: String) throws -> Bool {
  try OtherTool.run("diff", "-r", one, two).status == 0
}

@Suite struct ImageTests {
  private func image(_ arguments: String..., status: Int32 = 0, location: SourceLocation = #_sourceLocation) throws
    -> String
  {
    let run = try Program.run(["image"] + arguments)
    #expect(run.status == status, "image \(arguments): \(run.errors)\(run.output)", sourceLocation: location)
    return status == 0 ? run.output : run.errors
  }

  @Test(
    "mtools and fsck.vfat agree with ours on FAT12, FAT16 and FAT32, in both directions",
    .enabled(if: OtherTool.areThere("mcopy", "fsck.vfat", "diff", "dd")),
    arguments: [
      ["--floppy", "1.44M"], ["--size", "40M", "--partition"], ["--size", "600M", "--partition", "--fat", "32"],
    ])
  func mtools(options: [String]) throws {
    let scratch = try Scratch()
    let tree = try makeTree(scratch, files: 24)
    let disk = scratch.path("disk.img")
    #expect(try Program.run(["image", "create", disk, "--label", "OURS"] + options).status == 0)
    _ = try image("put", disk, tree, "--to", "/in/deep")
    _ = try image("get", disk, "in/deep/tree", "--to", scratch.path("out"))
    #expect(try sameTrees(tree, scratch.path("out/tree")))
    // mtools finds a partition by its offset, fsck wants a file of its own.
    let isFloppy = options[0] == "--floppy"
    let volume = isFloppy ? disk : "\(disk)@@32256"
    func check() throws {
      let alone = isFloppy ? disk : scratch.path("volume.img")
      if !isFloppy {
        _ = try OtherTool.run("dd", "if=\(disk)", "of=\(alone)", "bs=32256", "skip=1", "conv=sparse", "status=none")
      }
      let fsck = try OtherTool.run("fsck.vfat", "-n", "-v", alone)
      #expect(fsck.status == 0, "\(fsck.output)")
    }
    try check()
    try FileManager.default.createDirectory(atPath: scratch.path("theirs"), withIntermediateDirectories: true)
    let copied = try OtherTool.run("mcopy", "-s", "-n", "-i", volume, "::/in/deep/tree", scratch.path("theirs"))
    #expect(copied.status == 0, "\(copied.output)")
    #expect(try sameTrees(tree, scratch.path("theirs/tree")))
    let put = try OtherTool.run("mcopy", "-s", "-i", volume, tree, "::/theirs")
    #expect(put.status == 0, "\(put.output)")
    _ = try image("get", disk, "/theirs", "--to", scratch.path("out"))
    #expect(try sameTrees(tree, scratch.path("out/theirs")))
    #expect(try image("verify", disk).contains("no problem"))
    _ = try image("rm", "-r", disk, "/in")
    #expect(try image("verify", disk).contains("no problem"))
    try check()
  }

  @Test func listsInfoAndErrorsAreInWords() throws {
    let scratch = try Scratch()
    let disk = scratch.path("d.img")
    _ = try image("create", disk, "--size", "20M", "--bootable", "--label", "WORDS")
    let file = try scratch.file("HELLO.TXT", Array("hello".utf8))
    _ = try image("put", disk + "@1", file)
    let list = try image("ls", disk, "--json")
    let objects = try #require(JSONSerialization.jsonObject(with: Data(list.utf8)) as? [[String: String]])
    #expect(objects.map { $0["name"] } == ["HELLO.TXT"] && objects[0]["size"] == "5")
    #expect(try image("get", disk, "hello.txt", "--to", "-") == "hello")
    let info = try image("info", disk)
    for part in ["FAT16", "WORDS", "partition 1", "active", "20971520"] { #expect(info.contains(part), "\(info)") }
    #expect(try image("create", disk, "--size", "20M", status: 3).contains("exists already"))
    #expect(try image("get", disk, "NONE", status: 3).contains("NONE"))
    #expect(try image("get", disk + "@2", "NONE", status: 3).contains("no partition 2"))
    #expect(try image("format", disk, status: 2).contains("@1"))
    #expect(try image("create", scratch.path("x"), "--size", "0", status: 2).contains("--size"))
    #expect(try image("create", scratch.path("x"), "--floppy", "1.45M", status: 2).contains("1.44M"))
    #expect(
      try image("create", scratch.path("x"), "--size", "500M", "--fat", "12", "--cluster", "512", status: 3)
        .contains("clusters"))
    #expect(!FileManager.default.fileExists(atPath: scratch.path("x")))
    #expect(try image("rm", disk, "NONE", status: 3).contains("NONE"))
    #expect(try image("mkdir", disk, "/A/B", "C:D", status: 3).contains("C:D"))
    #expect(try image("rm", disk, "/A", status: 3).contains("--recursive"))
    _ = try image("format", disk + "@1", "--fat", "16", "--cluster", "1K")
    #expect(try image("ls", disk).isEmpty)
  }

  @Test func aNewDiskSaysWhatIsMissing() throws {
    let scratch = try Scratch()
    for (name, options, text) in [
      ("f.img", ["--floppy", "1.44M"], "has no operating system"),
      ("a.img", ["--size", "20M", "--bootable"], "has no operating system"),
      ("b.img", ["--size", "600M", "--fat", "32", "--bootable"], "has no operating system"),
      ("c.img", ["--size", "20M", "--partition"], "no active partition"),
    ] {
      let disk = scratch.path(name)
      #expect(try Program.run(["image", "create", disk] + options).status == 0)
      let run = try Program.run(
        ["run", "--headless", "--speed", "max", disk, "--do", "wait-text \"\(text)\" within 30s"])
      #expect(run.status == 0, "\(name): \(run.output) \(run.errors)")
    }
  }

  /// A raw disk with a file system on it and something in it.
  private func sample(_ scratch: Scratch) throws -> String {
    let disk = scratch.path("sample.img")
    _ = try image("create", disk, "--size", "6M", "--partition")
    _ = try image("put", disk, try makeTree(scratch, files: 20))
    return disk
  }

  @Test(
    "qemu-img reads the VHDs that we write as we do, and finds nothing wrong with them",
    .enabled(if: OtherTool.areThere("qemu-img")), arguments: ["vhd", "vhd-fixed"])
  func ourVHD(type: String) throws {
    let scratch = try Scratch()
    let disk = try sample(scratch)
    let vhd = scratch.path("out.vhd")
    _ = try image("convert", disk, vhd, "--to", type)
    let compared = try OtherTool.run("qemu-img", "compare", "-f", "raw", "-F", "vpc", disk, vhd)
    #expect(compared.status == 0 && compared.output.contains("identical"), "\(compared.output)")
    // What is put into the VHD afterwards, too.
    let more = try scratch.file("MORE.BIN", [UInt8](repeating: 7, count: 3_000_000))
    _ = try image("put", vhd, more)
    #expect(try image("verify", vhd).contains("no problem"))
    _ = try image("convert", vhd, scratch.path("back.img"))
    let again = try OtherTool.run("qemu-img", "compare", "-f", "raw", "-F", "vpc", scratch.path("back.img"), vhd)
    #expect(again.status == 0 && again.output.contains("identical"), "\(again.output)")
  }

  @Test(
    "What qemu-img writes is read as it was: VHD, VMDK and QCOW2 of all kinds",
    .enabled(if: OtherTool.areThere("qemu-img")),
    arguments: [
      ("vpc", "subformat=dynamic,force_size=on"), ("vpc", "subformat=fixed,force_size=on"),
      ("vmdk", "subformat=monolithicSparse"), ("vmdk", "subformat=streamOptimized"),
      ("vmdk", "subformat=monolithicFlat"), ("vmdk", "subformat=twoGbMaxExtentSparse"), ("qcow2", "compat=1.1"),
      ("qcow2", "compat=0.10"), ("qcow2", "cluster_size=4096"), ("qcow2", "compressed"),
    ])
  func theirs(format: String, options: String) throws {
    let scratch = try Scratch()
    let disk = try sample(scratch)
    let other = scratch.path("theirs." + format)
    var arguments = ["convert", "-f", "raw", "-O", format]
    if options == "compressed" { arguments += ["-c"] } else { arguments += ["-o", options] }
    arguments += [disk, other]
    let made = try OtherTool.run("qemu-img", arguments)
    #expect(made.status == 0, "\(made.output)")
    _ = try image("convert", other, scratch.path("back.img"))
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: disk))
        == Data(contentsOf: URL(fileURLWithPath: scratch.path("back.img"))))
    #expect(try image("ls", other).contains("tree"))
  }

  @Test("An overlay takes the changes, a commit brings them into the base, and a used base is refused with its user")
  func overlays() throws {
    let scratch = try Scratch()
    let disk = try sample(scratch)
    let before = try Data(contentsOf: URL(fileURLWithPath: disk))
    let overlay = scratch.path("undo.vhd")
    _ = try image("create", overlay, "--base", disk)
    _ = try image("rm", "-r", overlay, "tree")
    #expect(try image("ls", overlay).isEmpty)
    #expect(try Data(contentsOf: URL(fileURLWithPath: disk)) == before)
    _ = try image("discard", overlay)
    #expect(try image("ls", overlay).contains("tree"))
    _ = try image("rm", "-r", overlay, "tree")
    _ = try image("commit", overlay)
    #expect(try image("ls", disk).isEmpty)
    #expect(try image("verify", disk).contains("no problem"))
    #expect(try image("info", overlay).contains("differencing"))
  }

  @Test(
    "isoinfo and xorriso find in the CD of a folder what is in the folder, with short and with Joliet names",
    .enabled(if: OtherTool.areThere("isoinfo", "xorriso", "diff")))
  func folderCD() throws {
    let scratch = try Scratch()
    let tree = try makeTree(scratch)
    let iso = scratch.path("tree.iso")
    _ = try image("convert", tree, iso)
    let short = try OtherTool.run("isoinfo", "-f", "-i", iso)
    for name in ["/F0.TXT;1", "/UPPER/EMPTY.;1", "/SUB/DEEPER_D/X2.;1"] {
      #expect(short.output.contains(name), "\(short)")
    }
    let long = try OtherTool.run("isoinfo", "-J", "-f", "-i", iso)
    for name in ["/sub/a longer name 1.data", "bergr"] { #expect(long.output.contains(name), "\(long)") }
    let out = scratch.path("theirs")
    let copied = try OtherTool.run(
      "xorriso", "-joliet", "on", "-osirrox", "on", "-indev", iso, "-extract", "/", out)
    #expect(copied.status == 0, "\(copied.output)")
    _ = try OtherTool.run("chmod", "-R", "u+rwX", out)
    #expect(try sameTrees(tree, out))
    _ = try image("get", iso, "/", "--to", scratch.path("ours"))
    #expect(try sameTrees(tree, scratch.path("ours")))
    // And the folder itself, as the drive would see it.
    _ = try image("get", tree, "/", "--to", scratch.path("direct"))
    #expect(try sameTrees(tree, scratch.path("direct")))
  }

  @Test(
    "CDs of xorriso are read: plain ISO 9660 and Joliet, and raw sectors",
    .enabled(if: OtherTool.areThere("xorriso", "diff")))
  func theirCD() throws {
    let scratch = try Scratch()
    let tree = try makeTree(scratch)
    let iso = scratch.path("theirs.iso")
    let made = try OtherTool.run("xorriso", "-as", "mkisofs", "-J", "-V", "THEIRS", "-o", iso, tree)
    #expect(made.status == 0, "\(made.output)")
    _ = try image("get", iso, "/", "--to", scratch.path("out"))
    #expect(try sameTrees(tree, scratch.path("out")))
    #expect(try image("info", iso).contains("THEIRS"))
    #expect(try image("rm", iso, "F0.TXT", status: 3).contains(iso))
    // The same in sectors of 2352 bytes.
    let plain = [UInt8](try Data(contentsOf: URL(fileURLWithPath: iso)))
    var raw: [UInt8] = []
    for at in stride(from: 0, to: plain.count, by: 2048) {
      raw +=
        [UInt8](repeating: 0, count: 16) + plain[at..<min(at + 2048, plain.count)] + [UInt8](repeating: 0, count: 288)
    }
    _ = try image("get", try scratch.file("raw.bin", raw), "/", "--to", scratch.path("raw"))
    #expect(try sameTrees(tree, scratch.path("raw")))
  }

  @Test func floppyFilesGoFromFormatToFormat() throws {
    let scratch = try Scratch()
    let raw = scratch.path("f.img")
    _ = try image("create", raw, "--floppy", "360K")
    _ = try image("put", raw, try scratch.file("A.TXT", Array("hello".utf8)))
    _ = try image("convert", raw, scratch.path("f.imd"))
    _ = try image("convert", scratch.path("f.imd"), scratch.path("f.hfe"))
    _ = try image("put", scratch.path("f.hfe"), try scratch.file("B.TXT", Array("there".utf8)))
    _ = try image("put", scratch.path("f.imd"), try scratch.file("B.TXT", Array("there".utf8)))
    for name in ["f.imd", "f.hfe"] {
      #expect(try image("get", scratch.path(name), "A.TXT", "--to", "-") == "hello")
      #expect(try image("get", scratch.path(name), "B.TXT", "--to", "-") == "there")
      #expect(try image("verify", scratch.path(name)).contains("no problem"))
    }
    _ = try image("convert", scratch.path("f.hfe"), scratch.path("back.img"))
    #expect(try image("ls", scratch.path("back.img")).contains("B.TXT"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: scratch.path("back.img"))).count == 368_640)
  }
}
