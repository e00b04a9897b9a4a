import PC
import Processor

extension ForeignConfiguration {
  // MARK: 86Box

  /// `86box.cfg`. What is as 86Box's default isn't in it.
  mutating func box86() {
    ignore("machine", "machine", "cpu_multi", "cpu_use_dynarec", "cpu_waitstates", "time_sync", "pit_mode")
    ignore("video", "voodoo", "show_second_monitors")
    ignore("input devices", "keyboard_type")
    ignore("storage controllers", "hdc", "hdc_1", "fdc")
    ignore("ports (com & lpt)", "serial1_enabled", "serial2_enabled", "lpt1_enabled")
    let family = value("machine", "cpu_family") ?? "486"
    let megahertz = ((number("machine", "cpu_speed") ?? 0) + 500_000) / 1_000_000
    setProcessor(family, megahertz: megahertz, from: "processor \(family), \(megahertz) MHz")
    if let fpu = value("machine", "fpu_type"), configuration.cpu.model.family == 3 {
      set("cpu.fpu", [fpu == "none" ? "off" : "on"], from: "fpu_type \(fpu)")
    }
    setMemory(kilobytes: number("machine", "mem_size"))
    if let card = value("video", "gfxcard") { setVideo(card) }
    setSound(value("sound", "sndcard") ?? "none")
    for section in Set(entries.map(\.section)).sorted() where section.hasPrefix("sound blaster") {
      setSoundBlaster(section, [("base", "port"), ("irq", "irq"), ("dma", "dma"), ("dma16", "dma16")])
    }
    if let mouse = value("input devices", "mouse_type") {
      let isSerial = mouse.contains("serial") || mouse.hasPrefix("ms") || mouse.hasPrefix("lt")
      set("input.mouse", mouse == "none" ? ["none"] : [isSerial ? "serial" : "ps2"], from: "mouse \(mouse)")
    }
    for section in ["floppy and cd-rom drives", "floppy drives", "other removable devices"] { box86Drives(section) }
    for number in 1...8 { box86Disk("hdd_0\(number)_") }
  }

  private mutating func box86Drives(_ section: String) {
    for (number, drive) in ["a", "b"].enumerated() {
      let key = "fdd_0\(number + 1)_"
      ignore(section, key + "check_bpb", key + "turbo")
      if let type = value(section, key + "type") {
        set("floppy.drive-\(drive)", Self.box86Floppy(type), from: "floppy drive \(type)")
      }
      image("floppy.\(drive)", value(section, key + "fn"))
    }
    for number in 1...4 {
      let key = "cdrom_0\(number)_"
      ignore(section, key + "parameters", key + "ide_channel", key + "speed", key + "type", key + "host_drive")
      for path in [value(section, key + "image_path"), value(section, key + "fn")].compactMap(\.self) {
        if configuration.cdrom.disc.path != nil {
          refuse("CD \(path)", "there is one CD-ROM drive")
        } else {
          image("cdrom.disc", path)
        }
      }
    }
  }

  /// `hdd_01_fn`, `hdd_01_ide_channel` and so on. "63, 16, 1000, 0, ide" are sectors, heads, cylinders, and the bus.
  private mutating func box86Disk(_ key: String) {
    let section = "hard disks"
    ignore(section, key + "speed", key + "vhd_blocksize", key + "vhd_parent")
    let parameters = value(section, key + "parameters")?.split(separator: ",").map { Self.trimmed($0) } ?? []
    let channel = value(section, key + "ide_channel") ?? "0:0"
    guard let file = value(section, key + "fn") else { return }
    let places = ["0:0": "disk.hda", "0:1": "disk.hdb", "1:0": "disk.hdc", "1:1": "disk.hdd"]
    if let bus = parameters.last, parameters.count == 5, !["ide", "atapi"].contains(bus) {
      return refuse("hard disk \(file)", "it is on \(bus), disks here are on IDE; `--hda` attaches it")
    }
    guard let place = places[channel] else {
      return refuse("hard disk \(file)", "there is no IDE channel \(channel) here")
    }
    guard image(place, file), parameters.count > 1 else { return }
    geometry(sectors: Int(parameters[0]) ?? 0, heads: Int(parameters[1]) ?? 0, of: file)
  }

  private static func box86Floppy(_ type: String) -> [String] {
    switch type {
    case "none": ["none"]
    case "525_2dd": ["360k"]
    case "525_1dd": [type, "360k"]
    case "525_2hd": ["1.2m"]
    case "525_2qd", "525_2hd_dualrpm": [type, "1.2m"]
    case "35_2dd": ["720k"]
    case "35_1dd": [type, "720k"]
    case "35_2ed": ["2.88m"]
    case "35_2ed_dualrpm": [type, "2.88m"]
    case "35_2hd": ["1.44m"]
    default: [type, "1.44m"]
    }
  }

  // MARK: PCem

  /// PCem's configurations: everything of the machine stands before the first section.
  mutating func pcem() {
    ignore(
      "", "cpu_use_dynarec", "cpu_waitstates", "cpu_speed", "video_speed", "cd_speed", "cd_model", "bpb_disable",
      "enable_sync", "enable_flash", "joystick_type", "lpt1_device", "hdd_controller", "cdrom_channel",
      "cdrom_enabled")
    for key in ["gameblaster", "gus", "ssi2001", "voodoo", "netcard"] {
      if let value = value("", key), value != "0" { refuse("\(key) = \(value)", "there is no such card here") }
    }
    if let channel = value("", "zip_channel"), channel != "-1" { refuse("zip_channel", "there is no ZIP drive here") }
    let model = value("", "model") ?? ""
    pcemProcessor(model, number("", "cpu_manufacturer") ?? 0, number("", "cpu") ?? 0)
    if let fpu = value("", "fpu"), configuration.cpu.model.family == 3 {
      set("cpu.fpu", [fpu == "none" ? "off" : "on"], from: "fpu \(fpu)")
    }
    // Megabytes in the first versions.
    setMemory(kilobytes: number("", "mem_size").map { $0 < 256 ? $0 << 10 : $0 })
    if let card = value("", "gfxcard") { setVideo(card) }
    if let card = value("", "sndcard") { setSound(card) }
    for section in Set(entries.map(\.section)).sorted() where section.hasPrefix("sound blaster") {
      setSoundBlaster(section, [("addr", "port"), ("irq", "irq"), ("dma", "dma")])
    }
    // 0 is a serial mouse, 1 and 2 are on the PS/2 port, then come those on buses of their own.
    if let mouse = number("", "mouse_type") {
      set("input.mouse", mouse == 0 ? ["serial"] : mouse < 3 ? ["ps2"] : ["\(mouse)", "ps2"], from: "mouse \(mouse)")
    }
    // In the order of PCem's settings: none, 360K, 1.2M, the same with two speeds, 720K, 1.44M, with three modes, 2.88M.
    let drives = ["none", "360k", "1.2m", "1.2m", "720k", "1.44m", "1.44m", "2.88m"]
    for drive in ["a", "b"] {
      if let type = number("", "drive_\(drive)_type"), drives.indices.contains(type) {
        set("floppy.drive-\(drive)", [drives[type]], from: "floppy drive \(type)")
      }
      image("floppy.\(drive)", value("", "disc_\(drive)"))
    }
    let places = ["c": "disk.hda", "d": "disk.hdb", "e": "disk.hdc", "f": "disk.hdd"]
    for letter in ["c", "d", "e", "f", "g", "h", "i"] {
      let (sectors, heads) = (number("", "hd\(letter)_sectors") ?? 0, number("", "hd\(letter)_heads") ?? 0)
      ignore("", "hd\(letter)_cylinders")
      guard let file = value("", "hd\(letter)_fn") else { continue }
      guard let place = places[letter] else {
        refuse("hard disk \(file)", "there are four hard disks at most")
        continue
      }
      if image(place, file) { geometry(sectors: sectors, heads: heads, of: file) }
    }
    // 200 is an image, smaller numbers are drives of the host.
    if let drive = number("", "cdrom_drive"), drive > 0, drive != 200 {
      refuse("cdrom_drive = \(drive)", "drives of the host can't be used; `--cdrom` takes an image or a folder")
    }
    image("cdrom.disc", value("", "cdrom_path"))
  }

  /// PCem counts processors within a table for each machine and maker.
  ///
  /// - Source: PCem 17, `cpu_tables.c`: those of Intel and AMD on 386 boards, and of Intel on 486 boards.
  private mutating func pcemProcessor(_ model: String, _ maker: Int, _ number: Int) {
    let name = model.lowercased()
    let sx = ["ami386", "megapc", "ama932j", "dtk386", "epson_pcax3", "kmxc02", "ps1_m2121"]
    let table: [(family: String, megahertz: Int)] =
      if name.contains("386sx") || sx.contains(name) {
        [("386sx", 16), ("386sx", 20), ("386sx", 25), ("386sx", 33), ("386sx", 40)]
      } else if name.contains("386") {
        maker == 0
          ? [("386dx", 16), ("386dx", 20), ("386dx", 25), ("386dx", 33)]
          : [("386dx", 25), ("386dx", 33), ("386dx", 40)]
      } else if name.contains("486"), maker == 0 {
        [
          ("486sx", 16), ("486sx", 20), ("486sx", 25), ("486sx", 33), ("486sx2", 50), ("486dx", 25), ("486dx", 33),
          ("486dx", 50), ("486dx2", 40), ("486dx2", 50), ("486dx2", 66), ("486dx4", 75), ("486dx4", 100),
        ]
      } else {
        []
      }
    let what = "processor \(number) of machine \(model)"
    guard table.indices.contains(number) else {
      return setProcessor(name.contains("486") ? "486" : "", megahertz: 0, from: what)
    }
    let (family, megahertz) = table[number]
    setProcessor(family, megahertz: megahertz, from: "\(what) (\(family), \(megahertz) MHz)")
  }
}
