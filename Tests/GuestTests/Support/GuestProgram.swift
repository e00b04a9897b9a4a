import Foundation
import Hardware
import PC
import Processor
import Testing

/// A program of `Programs/` on a machine of its own: a boot disk that reports on port E9h and ends with DONE.
struct GuestProgram: Sendable, CustomTestStringConvertible {
  /// The source without ".asm".
  var source: String
  /// What tells this machine from others with the same program.
  var variant = ""
  /// Constants for the assembler.
  var defines: [String: Int] = [:]
  var cpu = ProcessorModel.i486dx2x66
  var fpu = FPUChoice.auto
  var tlb = TLBPolicy.coherent
  var megabytes = 4
  var drive = FloppyDriveChoice.d1440K
  var video = VideoCard.vga
  var printer = PrinterConverter.none
  /// Size of the hard disk that the program is put on instead of a floppy; 0 for none.
  var hardDiskMegabytes = 0
  /// The program is put on a CD as El Torito boot image of this kind; nil for none.
  var disc: BootDisc?
  /// What the person at the keyboard does, by default nothing.
  var lines: @Sendable () -> [(cue: GuestScript.Cue, deed: GuestScript.Deed)] = { [] }

  var name: String { variant.isEmpty ? source : "\(source) (\(variant))" }
  var testDescription: String { name }

  /// Everything in `Programs/`, on a choice of machines.
  static let all = boards + processors

  /// What the processor does, each on a 386 and on a 486; compared with what the manuals say, line by line.
  static let processors: [GuestProgram] =
    ["debug", "ferr", "identify", "limit", "paging", "rings", "smc", "tasks", "tlb", "v86"].flatMap { name in
      [
        GuestProgram(source: "cpu_" + name),
        GuestProgram(source: "cpu_" + name, variant: "386", cpu: .i386dx33, fpu: .on),
      ]
    } + [
      GuestProgram(source: "cpu_tlb", variant: "real", tlb: .real),
      GuestProgram(source: "cpu_paging", variant: "real TLB", tlb: .real),
      GuestProgram(source: "cpu_smc", variant: "real TLB", tlb: .real),
    ]

  /// Firmware and devices; these programs count their own failures.
  static let boards: [GuestProgram] = [
    GuestProgram(source: "bios_services"),
    GuestProgram(source: "bios_services", variant: "386DX-33, 1 MB", cpu: .i386dx33, megabytes: 1),
    GuestProgram(source: "bios_services", variant: "386SX-16, 16 MB", cpu: .i386sx16, megabytes: 16),
    GuestProgram(source: "bios_services", variant: "64 MB", cpu: .i486dx4x100, megabytes: 64),
    GuestProgram(source: "bios_keyboard"),
    GuestProgram(source: "bios_keyboard", variant: "386SX-16", cpu: .i386sx16, megabytes: 1),
    GuestProgram(source: "bios_mouse"),
    GuestProgram(source: "bios_reset"),
    GuestProgram(source: "bios_reset", variant: "386DX-33", cpu: .i386dx33),
    GuestProgram(source: "bios_disk"),
    GuestProgram(source: "bios_disk", variant: "360K", defines: ["SPT": 9, "CYLS": 40], drive: .d360K),
    GuestProgram(source: "bios_disk", variant: "720K", defines: ["SPT": 9, "CYLS": 80], drive: .d720K),
    GuestProgram(
      source: "bios_disk", variant: "720K in a 1.44M drive", defines: ["SPT": 9, "CYLS": 80], drive: .d1440K),
    GuestProgram(source: "bios_disk", variant: "1.2M", defines: ["SPT": 15, "CYLS": 80], drive: .d1200K),
    GuestProgram(
      source: "bios_disk", variant: "360K in a 1.2M drive", defines: ["SPT": 9, "CYLS": 40], drive: .d1200K),
    GuestProgram(source: "bios_disk", variant: "2.88M", defines: ["SPT": 36, "CYLS": 80], drive: .d2880K),
    GuestProgram(source: "bios_harddisk", defines: ["SPT": 63], hardDiskMegabytes: 20),
    GuestProgram(
      source: "bios_harddisk", variant: "386SX-16, 1200 MB", defines: ["SPT": 63], cpu: .i386sx16,
      hardDiskMegabytes: 1200),
    GuestProgram(source: "bios_cd", defines: ["LOADED": 1], disc: .noEmulation),
    GuestProgram(source: "bios_cd", variant: "diskette", defines: ["DISKETTE": 1], disc: .diskette1440K),
    GuestProgram(
      source: "bios_cd", variant: "2.88M diskette, 386SX-16", defines: ["DISKETTE": 1, "SPT": 36], cpu: .i386sx16,
      disc: .diskette2880K),
    GuestProgram(source: "video_modes"),
    GuestProgram(source: "video_text"),
    GuestProgram(source: "video_services"),
    GuestProgram(source: "video_graphics"),
    GuestProgram(source: "video_graphics", variant: "386DX-33", cpu: .i386dx33),
    GuestProgram(source: "video_gallery", lines: { galleryModes.map { (.said("MODE \($0)\n"), .press([.enter])) } }),
    GuestProgram(source: "sound_blaster"),
    GuestProgram(source: "sound_blaster", variant: "386DX-33", cpu: .i386dx33),
    GuestProgram(source: "sound_printer", variant: "Covox", printer: .covox),
    GuestProgram(source: "sound_printer", variant: "Disney", defines: ["DISNEY": 1], printer: .disney),
    GuestProgram(
      source: "sound_printer", variant: "Disney, 386SX-16", defines: ["DISNEY": 1], cpu: .i386sx16, printer: .disney),
    GuestProgram(source: "sound_midi"),
    GuestProgram(source: "video_raster", lines: { rasterNames.map { (.said("SCREEN \($0)\n"), .press([.enter])) } }),
    GuestProgram(
      source: "video_vesa", video: .et4000, lines: { vesaModes.map { (.said("MODE \($0)\n"), .press([.enter])) } }),
    GuestProgram(source: "video_modes", variant: "ET4000", video: .et4000),
    GuestProgram(source: "video_services", variant: "ET4000", video: .et4000),
    GuestProgram(source: "clock"),
    GuestProgram(source: "clock", variant: "386SX-16", cpu: .i386sx16, megabytes: 1),
    GuestProgram(source: "screens", lines: { screenNames.map { (.said("SCREEN \($0)\n"), .press([.enter])) } }),
    GuestProgram(source: "keyboard", lines: { KeyboardProgram.lines }),
  ]

  /// Sources with a test of their own, and why.
  static let others = ["cpu_triple": "ends in shutdown", "sound_full": "has no end", "idle": "has no end"]

  /// What a program of `processors` prints, by the manuals: `NAME.VARIANT.txt` where that machine differs.
  func expected() throws -> String {
    let own = Places.programs.appending(path: "\(source).\(variant).txt")
    let common = Places.programs.appending(path: "\(source).txt")
    let isThere = FileManager.default.fileExists(atPath: own.path)
    return String(decoding: try Data(contentsOf: isThere ? own : common), as: UTF8.self)
  }

  /// Modes in the order in which `video_gallery` shows them.
  static let galleryModes = [
    "0000", "0003", "0007", "0004", "0005", "0006", "000D", "000E", "000F", "0010", "0011", "0012", "0013",
  ]

  /// What `video_raster` shows, in order.
  static let rasterNames = ["bars", "border", "rows", "wave", "split", "360x480", "flip"]

  /// Modes in the order in which `video_vesa` shows them.
  static let vesaModes = [
    "0100", "0101", "0102", "0103", "0104", "0105", "010D", "010E", "0110", "0111", "0113", "0114",
  ]

  /// What `screens` shows, in order.
  static let screenNames = [
    "80x25", "40x25", "80x50", "bright", "palette", "fonts", "mono", "split", "cursor", "blink",
  ]

  /// The machine.
  var configuration: MachineConfiguration {
    var configuration = MachineConfiguration()
    configuration.cpu.model = cpu
    configuration.cpu.fpu = fpu
    configuration.cpu.tlb = tlb
    configuration.memory.size = MemorySize(megabytes: megabytes)
    configuration.floppy.driveA = drive
    configuration.floppy.driveB = .none
    configuration.video.card = video
    configuration.sound.printer = printer
    return configuration
  }

  /// The script: `lines`, then DONE.
  var script: GuestScript { GuestScript(lines() + [(.said("DONE\n"), .nothing)]) }

  /// The disk.
  ///
  /// - Throws: what NASM complains about.
  func assemble() throws -> [UInt8] {
    let folder = try TemporaryFolder()
    let output = folder.path("program.img")
    var arguments = ["-f", "bin", "-w+error", "-I", Places.programs.path + "/", "-o", output]
    for (name, value) in defines.sorted(by: { $0.key < $1.key }) { arguments += ["-D", "\(name)=\(value)"] }
    try HostTool.nasm.run(arguments + [Places.programs.appending(path: source + ".asm").path])
    return Array(try Data(contentsOf: URL(filePath: output)))
  }

  /// A machine with the program in its drive, switched on.
  func guest() throws -> Guest { try guest(with: try assemble()) }

  /// The machine with images that are files in `folder`.
  func configuration(with disk: [UInt8], in folder: TemporaryFolder) throws -> MachineConfiguration {
    var configuration = configuration
    if let disc {
      try Data(disc.image(program: disk)).write(to: URL(filePath: folder.path("boot.iso")))
      configuration.cdrom.disc = HostPath(path: folder.path("boot.iso"))
      configuration.boot.order = try #require(BootOrder(configurationText: "cdrom"))
    } else if hardDiskMegabytes > 0 {
      configuration.disk.hda = HostPath(path: try folder.hardDisk(megabytes: hardDiskMegabytes, beginning: disk))
    } else {
      try Data(disk).write(to: URL(filePath: folder.path("program.img")))
      configuration.floppy.a = HostPath(path: folder.path("program.img"))
    }
    return configuration
  }

  /// A machine with `disk` in its drive, or at the beginning of a new hard disk of its own, switched on.
  func guest(with disk: [UInt8]) throws -> Guest {
    guard disc != nil || hardDiskMegabytes > 0 else { return try Guest(configuration, disk: disk, script: script) }
    // The machine keeps the file open, so that it lives as long as the machine.
    let folder = try TemporaryFolder()
    let configuration = try configuration(with: disk, in: folder)
    return try withExtendedLifetime(folder) { try Guest(configuration, script: script) }
  }
}
