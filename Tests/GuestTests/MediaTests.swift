import Foundation
import Hardware
import PC
import Processor
import Testing

/// Real software, typed at as a person would. Every wait is for something on the screen, in guest time.
@Suite(.enabled(if: Medium.all.contains { $0.url != nil }, "no disks in ../shared/media"))
struct MediaTests {
  private static let hasTools = HostTool.mcopy.isThere && HostTool.mdir.isThere
  private static let needsTools: Comment = "mtools are not installed: apt install mtools"

  /// A machine with the image at `path` in drive A and perhaps a hard disk.
  private func guest(
    _ path: String, drive: FloppyDriveChoice = .d1440K, readOnly: Bool = false, hardDisk: String? = nil
  ) throws -> Guest {
    var configuration = MachineConfiguration()
    configuration.memory.size = MemorySize(megabytes: 8)
    configuration.floppy.driveA = drive
    configuration.floppy.driveB = .none
    configuration.floppy.a = HostPath(path: path)
    configuration.disk.hda = HostPath(path: hardDisk)
    configuration.media.readOnly = readOnly
    return try Guest(configuration)
  }

  /// Types `command` at the prompt and waits for the next prompt.
  ///
  /// - Returns: the screen then.
  @discardableResult
  private func command(_ guest: Guest, _ command: String, shows text: String? = nil) throws -> String {
    var lines: [(cue: GuestScript.Cue, deed: GuestScript.Deed)] = [(.prompt("A:\\>"), .type(command + "\n"))]
    if let text { lines.append((.shows(text), .nothing)) }
    lines.append((.prompt("A:\\>"), .nothing))
    try guest.perform(GuestScript(lines))
    return guest.machine.textScreen.text
  }

  /// Types `lines` into a file.
  private func type(_ guest: Guest, _ lines: [String], into file: String) throws {
    var script: [(cue: GuestScript.Cue, deed: GuestScript.Deed)] = [
      (.prompt("A:\\>"), .type("copy con \(file)\n")), (.wait(.milliseconds(200)), .nothing),
    ]
    for line in lines { script.append((.wait(.milliseconds(50)), .type(line + "\n"))) }
    script += [(.wait(.milliseconds(50)), .press([.leftControl, .z])), (.wait(.milliseconds(50)), .press([.enter]))]
    try guest.perform(GuestScript(script + [(.prompt("A:\\>"), .nothing)]))
  }

  @Test(.enabled(if: Places.medium("freedos-minimal-144/fdboot144.img") != nil), .enabled(if: hasTools, needsTools))
  func freeDOSReadsAndWritesItsFloppy() throws {
    guard let medium = Places.medium("freedos-minimal-144/fdboot144.img") else { return }
    let folder = try TemporaryFolder()
    let image = try folder.copy(of: medium)
    do {
      let guest = try guest(image)
      #expect(try command(guest, "ver").contains("FreeCom version 0.82"))
      let directory = try command(guest, "dir")
      #expect(directory.contains("KERNEL   SYS        45,450") && directory.contains("5 file(s)"))
      try command(guest, "cls")
      #expect(try command(guest, "type readme.txt").contains("FreeDOS"))
      try command(guest, "copy kernel.sys copied.sys")
      try command(guest, "copy copied.sys again.sys")
      try command(guest, "cls")
      try command(guest, "echo Written by the guest >note.txt")
      #expect(try command(guest, "type note.txt").contains("\nWritten by the guest"))
      try command(guest, "del copied.sys")
      #expect(guest.machine.flush().isEmpty)
    }
    let listing = try HostTool.mdir.run(["-i", image, "::"])
    #expect(listing.contains("AGAIN    SYS     45450") || listing.contains("again    sys     45450"), "\(listing)")
    #expect(!listing.lowercased().contains("copied"))
    for name in ["kernel.sys", "again.sys", "note.txt"] {
      try HostTool.mcopy.run(["-n", "-i", image, "::\(name)", folder.path(name)])
    }
    #expect(try Data(contentsOf: folder.url.appending(path: "again.sys")).count == 45450)
    #expect(
      try Data(contentsOf: folder.url.appending(path: "kernel.sys"))
        == Data(contentsOf: folder.url.appending(path: "again.sys")))
    let note = try String(contentsOf: folder.url.appending(path: "note.txt"), encoding: .utf8)
    #expect(note.hasPrefix("Written by the guest"))
  }

  @Test(.enabled(if: Places.medium("freedos-minimal-144/fdboot144.img") != nil))
  func aReadOnlyRunLeavesTheImageAsItWas() throws {
    guard let medium = Places.medium("freedos-minimal-144/fdboot144.img") else { return }
    let folder = try TemporaryFolder()
    let image = try folder.copy(of: medium)
    do {
      let guest = try guest(image, readOnly: true)
      try command(guest, "echo Gone at exit >note.txt")
      #expect(try command(guest, "type note.txt").contains("\nGone at exit"))
      #expect(guest.machine.flush().isEmpty)
    }
    #expect(try Data(contentsOf: URL(filePath: image)) == Data(contentsOf: medium))
  }

  @Test(.enabled(if: Places.medium("freedos-720-clean/freedos720.img") != nil))
  func debugAndNASMWorkOnA720KDisk() throws {
    guard let medium = Places.medium("freedos-720-clean/freedos720.img") else { return }
    let folder = try TemporaryFolder()
    let guest = try guest(try folder.copy(of: medium), drive: .d720K)
    try guest.perform(
      GuestScript([
        (.prompt("A:\\>"), .type("debug\n")), (.prompt("-"), .type("a 100\n")),
        (.wait(.milliseconds(300)), .type("mov ax,1234\nadd ax,4321\nint 3\n\n")), (.prompt("-"), .type("g=100\n")),
        (.shows("AX=5555"), .nothing), (.prompt("-"), .type("q\n")), (.prompt("A:\\>"), .nothing),
      ]))
    try type(
      guest,
      [
        "org 256", "mov dx,text", "mov ah,9", "int 33", "mov ax,19456", "int 33", "text: db 'assembled here',13,10,'$'",
      ],
      into: "t.asm")
    try command(guest, "nasm -f bin -o t.com t.asm")
    try command(guest, "cls")
    #expect(try command(guest, "t").contains("\nassembled here"))
  }

  @Test(.enabled(if: Places.medium("freedos-fdstd144/fdstd144.img") != nil))
  func fdstd144AsksAndLoadsHIMEM() throws {
    guard let medium = Places.medium("freedos-fdstd144/fdstd144.img") else { return }
    let folder = try TemporaryFolder()
    let guest = try guest(try folder.copy(of: medium))
    try guest.perform(
      GuestScript([
        (.shows("DOS=HIGH[Y,N]?"), .type("y")), (.shows("HIMEM.EXE /VERBOSE[Y,N]?"), .type("y")),
        (.shows("Interface : XMS 2.00 80386 64MB"), .nothing), (.shows("EMM386.EXE /VERBOSE[Y,N]?"), .type("n")),
        (.shows("UMBPCI.SYS[Y,N]?"), .type("n")), (.shows("Bytes in HMA"), .nothing),
        (.shows("Welcome to FreeDOS"), .nothing),
      ]))
    // Without a hard disk its menu doesn't come; this is what it says then.
    #expect(try command(guest, "\\fdos\\fdisk", shows: "No fixed disks").contains("No fixed disks present."))
  }

  @Test(.enabled(if: Places.medium("freedos-fdstd144/fdstd144.img") != nil))
  func programsRunUnderEMM386() throws {
    guard let medium = Places.medium("freedos-fdstd144/fdstd144.img") else { return }
    let folder = try TemporaryFolder()
    let guest = try guest(try folder.copy(of: medium))
    try guest.perform(
      GuestScript([
        (.shows("DOS=HIGH[Y,N]?"), .type("y")), (.shows("HIMEM.EXE /VERBOSE[Y,N]?"), .type("y")),
        (.shows("EMM386.EXE /VERBOSE[Y,N]?"), .type("y")), (.shows("using PAGEFRAME e000:0000"), .nothing),
        (.shows("UMBPCI.SYS[Y,N]?"), .type("n")), (.shows("Welcome to FreeDOS"), .nothing),
      ]))
    #expect(try command(guest, "dir \\fdos\\*.exe /w").contains("7 file(s)"))
    try guest.perform(
      GuestScript([
        (.prompt("A:\\>"), .type("\\fdos\\xcopy \\fdos\\edit.exe a:\\e.exe\n")),
        (.shows("(File/Directory)?"), .type("f\n")),
        (.shows("1 file(s) copied"), .nothing),
      ]))
    // EDIT draws its menu; the processor is in virtual 8086 mode all the while.
    try guest.perform(GuestScript([(.prompt("A:\\>"), .type("e\n")), (.shows("File  Edit"), .nothing)]))
    let cuts = try (0..<20).map { _ in
      try guest.run(for: .milliseconds(1))
      return guest.machine.board.processor.isVirtual8086
    }
    #expect(cuts.contains(true))
  }

  @Test(.enabled(if: Places.medium("freedos-fdstd144/fdstd144.img") != nil))
  func fdiskShowsItsMenuWhenThereIsAHardDisk() throws {
    guard let medium = Places.medium("freedos-fdstd144/fdstd144.img") else { return }
    let folder = try TemporaryFolder()
    let guest = try guest(try folder.copy(of: medium), hardDisk: try folder.hardDisk(megabytes: 20))
    try guest.perform(
      GuestScript([
        (.shows("DOS=HIGH[Y,N]?"), .type("y")), (.shows("HIMEM.EXE /VERBOSE[Y,N]?"), .type("n")),
        (.shows("EMM386.EXE /VERBOSE[Y,N]?"), .type("n")), (.shows("UMBPCI.SYS[Y,N]?"), .type("n")),
        (.shows("Welcome to FreeDOS"), .nothing), (.prompt("A:\\>"), .type("\\fdos\\fdisk\n")),
        (.shows("large disk (FAT32) support (Y/N)"), .type("\n")), (.shows("Create DOS partition"), .nothing),
      ]))
  }

  /// Prints the sum of two numbers, with the simplified segments of MASM 5.
  private static let hello = [
    ".MODEL SMALL", ".STACK 256", ".DATA", "number DW 12345", "text DB 'The sum is '", "digits DB '00000',13,10,'$'",
    ".CODE", "start: MOV AX,@DATA", "MOV DS,AX", "MOV AX,number", "ADD AX,number", "MOV CX,5",
    "MOV DI,OFFSET digits+4", "MOV BX,10", "next: XOR DX,DX", "DIV BX", "ADD DL,'0'", "MOV [DI],DL", "DEC DI",
    "LOOP next", "MOV DX,OFFSET text", "MOV AH,9", "INT 21h", "MOV AX,4C00h", "INT 21h", "END start",
  ]

  @Test(
    .enabled(if: Places.medium("freedos-minimal-144/fdboot144.img") != nil),
    .enabled(if: Places.medium("msdos4-tools/MASM.EXE") != nil), .enabled(if: hasTools, needsTools))
  func masmAndLinkMakeAProgramThatRuns() throws {
    guard let medium = Places.medium("freedos-minimal-144/fdboot144.img"),
      let masm = Places.medium("msdos4-tools/MASM.EXE"), let link = Places.medium("msdos4-tools/LINK.EXE")
    else { return }
    let folder = try TemporaryFolder()
    let image = try folder.copy(of: medium)
    let source = folder.path("HELLO.ASM")
    try Data(Self.hello.map { $0 + "\r\n" }.joined().utf8).write(to: URL(filePath: source))
    try HostTool.mcopy.run(["-i", image, masm.path, link.path, source, "::"])
    let guest = try guest(image)
    let assembled = try command(guest, "masm hello;", shows: "Severe  Errors")
    #expect(assembled.contains("0 Warning Errors") && assembled.contains("0 Severe  Errors"))
    let linked = try command(guest, "link hello;", shows: "Overlay Linker")
    #expect(!linked.contains("error"))
    #expect(try command(guest, "hello").contains("\nThe sum is 24690"))
  }
}
