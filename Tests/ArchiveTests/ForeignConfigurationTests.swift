import Foundation
import PC
import Processor
import Testing

@testable import Archive

/// Configurations of other programs: what maps is there, what doesn't is told, nothing is left out silently.
@Suite struct ForeignConfigurationTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  private func read(_ text: String, images: [String] = []) throws -> (MachineConfiguration, String) {
    for image in images { _ = try folder.file(image, noise(512, seed: 1)) }
    let foreign = try ForeignConfiguration(text, path: folder.path("machine.cfg"))
    return (foreign.configuration, foreign.report.joined(separator: "\n"))
  }

  @Test func a486Of86Box() throws {
    let (machine, report) = try read(
      """
      [General]
      emu_build_num = 7600
      vid_renderer = qt_software

      [Machine]
      cpu_family = i486dx2
      cpu_multi = 2
      cpu_speed = 66666666
      cpu_use_dynarec = 0
      fpu_type = internal
      machine = award486
      mem_size = 12288
      time_sync = local

      [Video]
      gfxcard = et4000ax

      [Input devices]
      keyboard_type = keyboard_at
      mouse_type = msserial

      [Sound]
      sndcard = sbprov2

      [Sound Blaster Pro v2 #1]
      base = 240
      irq = 7
      dma = 3

      [Network]
      net_01_card = ne2k
      net_01_net_type = slirp

      [Storage controllers]
      fdc = none
      hdc_1 = ide_isa

      [Hard disks]
      hdd_01_fn = c.img
      hdd_01_ide_channel = 0:0
      hdd_01_parameters = 63, 16, 1000, 0, ide
      hdd_01_speed = ramdisk
      hdd_01_vhd_blocksize = 4096
      hdd_02_fn = d.vhd
      hdd_02_ide_channel = 1:1
      hdd_02_parameters = 17, 4, 615, 0, ide
      hdd_03_fn = scsi.img
      hdd_03_parameters = 63, 16, 1000, 0, scsi

      [Floppy and CD-ROM drives]
      cdrom_01_ide_channel = 1:0
      cdrom_01_image_path = C:\\Discs\\game.iso
      cdrom_01_parameters = 1, atapi
      cdrom_01_speed = 24
      fdd_01_fn = boot.img
      fdd_01_type = 525_2hd
      fdd_02_type = none
      """, images: ["c.img", "d.vhd", "scsi.img", "game.iso", "boot.img"])
    #expect(machine.cpu.model == .i486dx2x66 && machine.memory.size == MemorySize(megabytes: 12))
    #expect(machine.video.card == .et4000 && machine.input.mouse == .serial)
    func value(_ key: String) -> String? { ConfigurationKey.named(key)?.get(machine) }
    #expect(value("sound.card") == "sbpro" && value("sound.sb16.port") == "240")
    #expect(value("sound.sb16.irq") == "7" && value("sound.sb16.dma") == "3")
    #expect(machine.disk.hda.path == folder.path("c.img") && machine.disk.hdd.path == folder.path("d.vhd"))
    #expect(machine.floppy.a.path == folder.path("boot.img") && value("floppy.drive-a") == "1.2m")
    #expect(value("floppy.drive-b") == "none")
    // Found beside the configuration, without the path that it had on Windows.
    #expect(machine.cdrom.disc.path == folder.path("game.iso"))
    for line in [
      "a configuration of 86Box", "[network] net_01_card = ne2k", "scsi.img: it is on scsi", "4 heads and 17 sectors",
    ] { #expect(report.contains(line), "\(line) in \(report)") }
    #expect(report.split(separator: "\n").filter { $0.hasPrefix("not taken over") }.count == 4, "\(report)")
  }

  @Test func aPentiumBecomesTheNearestAndSaysSo() throws {
    let (machine, report) = try read(
      """
      [Machine]
      cpu_family = pentium2_deschutes
      cpu_speed = 350000000
      machine = bf6
      mem_size = 524288
      [Video]
      gfxcard = voodoo3_3500_si_agp
      """)
    #expect(machine.cpu.model == .i486dx4x100 && machine.memory.size == MemorySize(megabytes: 256))
    #expect(report.contains("cpu.model = 486dx4-100, the nearest") && report.contains("256M, the nearest"))
    #expect(report.contains("video.card = vga, the nearest") && report.contains("sound.card = none"))
  }

  @Test func a386OfPCem() throws {
    let (machine, report) = try read(
      """
      gameblaster = 0
      gus = 1
      ssi2001 = 0
      voodoo = 0
      model = ami386dx
      cpu_manufacturer = 1
      cpu = 2
      fpu = 387
      cpu_use_dynarec = 0
      cpu_waitstates = 0
      gfxcard = vga
      video_speed = -1
      sndcard = sb16
      cpu_speed = 2
      disc_a = /images/none.img
      disc_b =
      hdd_controller = ide
      mem_size = 8192
      cdrom_drive = 200
      cdrom_channel = 2
      cdrom_path = cd.iso
      zip_channel = -1
      hdc_sectors = 63
      hdc_heads = 16
      hdc_cylinders = 1000
      hdc_fn = c.img
      hdd_sectors = 0
      hdd_heads = 0
      hdd_cylinders = 0
      hdd_fn =
      hdg_fn = g.img
      drive_a_type = 7
      drive_b_type = 3
      bpb_disable = 0
      cd_speed = 24
      cd_model = pcemcd
      joystick_type = 0
      mouse_type = 0
      enable_sync = 1
      netcard = ne2000
      lpt1_device = none
      vid_resize = 0

      [Joysticks]
      joystick_0_nr = 0

      [SDL2]
      screenshot_format = png

      [Sound Blaster 16]
      addr = 576
      """, images: ["c.img", "g.img", "cd.iso"])
    func value(_ key: String) -> String? { ConfigurationKey.named(key)?.get(machine) }
    #expect(machine.cpu.model == .i386dx40 && machine.cpu.fpu == .on)
    #expect(machine.memory.size == MemorySize(megabytes: 8) && machine.input.mouse == .serial)
    #expect(value("sound.card") == "sb16" && value("sound.sb16.port") == "240")
    #expect(machine.disk.hda.path == folder.path("c.img") && machine.cdrom.disc.path == folder.path("cd.iso"))
    #expect(value("floppy.drive-a") == "2.88m" && value("floppy.drive-b") == "1.2m" && machine.floppy.a.path == nil)
    for line in [
      "a configuration of PCem", "gus = 1", "netcard = ne2000", "/images/none.img isn't there", "hard disk g.img",
      "[joysticks] joystick_0_nr = 0",
    ] { #expect(report.contains(line), "\(line) in \(report)") }
    #expect(report.split(separator: "\n").filter { $0.hasPrefix("not taken over") }.count == 5, "\(report)")
  }

  @Test func aDOSBoxXConfigurationWithItsImagesAndFolders() throws {
    try FileManager.default.createDirectory(atPath: folder.path("disc"), withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: folder.path("games"), withIntermediateDirectories: true)
    let (machine, report) = try read(
      """
      # This is the configuration file for DOSBox-X.
      [sdl]
      autolock=true
      [dosbox]
      title=Windows 95
      machine=svga_et4000
      memsize=32
      [dos]
      ver=7.1
      [cpu]
      cputype=386
      cycles=fixed 12000
      core=normal
      [sblaster]
      sbtype=sb16
      sbbase=220
      irq=7
      dma=1
      hdma=6
      [fdc, primary]
      int13fakev86io=true
      [ide, primary]
      int13fakeio=true
      [autoexec]
      @echo off
      rem my disks
      IMGMOUNT 2 "my disk.img" -t hdd -fs none -size 512,17,4,615
      imgmount d second.vhd -ide 2s
      imgmount a one.img two.img -t floppy
      mount e games
      mount f disc -t cdrom
      game.exe
      boot -l c
      """, images: ["my disk.img", "second.vhd", "one.img", "two.img"])
    func value(_ key: String) -> String? { ConfigurationKey.named(key)?.get(machine) }
    #expect(machine.cpu.model == .i386dx33 && machine.memory.size == MemorySize(megabytes: 32))
    #expect(machine.video.card == .et4000 && value("sound.sb16.irq") == "7" && value("sound.sb16.dma16") == "6")
    #expect(machine.disk.hda.path == folder.path("my disk.img") && machine.disk.hdd.path == folder.path("second.vhd"))
    #expect(machine.disk.hdb.path == folder.path("games") && machine.cdrom.disc.path == folder.path("disc"))
    #expect(machine.floppy.a.path == folder.path("one.img") && value("boot.order") == "c,a,cdrom")
    for line in [
      "a configuration of DOSBox-X", "not taken over: [dos] ver = 7.1", "not taken over: game.exe",
      "not taken over: two.img", "4 heads and 17 sectors", "without a DOS to start from",
      "not taken over: [fdc, primary] int13fakev86io = true",
    ] { #expect(report.contains(line), "\(line) in \(report)") }
  }

  @Test func manySettingsOfOneSectionAreOneLine() throws {
    let settings = (0..<40).map { "setting\($0) = true" }.joined(separator: "\n")
    let (_, report) = try read("[dosbox]\nmemsize=16\n[ne2000]\n" + settings)
    #expect(report.contains("not taken over: [ne2000] 40 settings: setting0, setting1"))
  }

  @Test func aFileThatIsNoSuchConfigurationIsRefused() throws {
    for text in ["", "hello", "[unrelated]\nkey = value"] {
      let error = #expect(throws: HostError.self) { try ForeignConfiguration(text, path: "x.cfg") }
      #expect(error?.description == "x.cfg: is no configuration of 86Box or PCem (.cfg) or DOSBox-X (.conf)")
    }
  }

  @Test func aMachineIsMadeOfAFolderOf86Box() throws {
    let home = folder.path("old box")
    try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
    _ = try folder.file("old box/c.img", noise(1 << 20, seed: 3))
    _ = try folder.file(
      "old box/86box.cfg", Array("[Machine]\nmachine = x\n[Hard disks]\nhdd_01_fn = c.img\n".utf8))
    #expect(Importer.name(for: home) == "old box" && Importer.name(for: home + "/86box.cfg") == "old box")
    let report = try Importer.importMachine(home, to: folder.path("m.heirloom"))
    #expect(report.contains("c.img: disk.hda = \(home)/c.img"))
    let file = try MachineFile(path: folder.path("m.heirloom"), access: .reading)
    #expect(try file.bytes(of: try file.medium("c")) == noise(1 << 20, seed: 3))
  }
}
