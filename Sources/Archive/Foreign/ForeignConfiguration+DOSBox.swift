import PC
import Storage

extension ForeignConfiguration {
  /// `dosbox-x.conf`. DOSBox-X has a DOS of its own; what its autoexec section does with images maps, the rest doesn't.
  ///
  /// - Source: DOSBox-X wiki, "DOSBox-X's supported commands" (IMGMOUNT, BOOT, MOUNT) and its guides to installing Windows.
  mutating func dosbox() {
    ignore("dosbox", "title", "captures", "language", "fastbioslogo", "startbanner", "quit warning")
    ignore("cpu", "core", "cycleup", "cycledown", "turbo", "fpu")
    ignore("autoexec")
    let type = value("cpu", "cputype") ?? "auto"
    let cycles = value("cpu", "cycles") ?? "auto"
    // What DOSBox's manual calls a cycle is an instruction; a 486DX2-66 does about 26,000 in a millisecond.
    let count = cycles.split { !$0.isNumber }.compactMap { Int($0) }.last ?? 0
    let isFixed = count > 0 && !cycles.contains("%")
    let megahertz = isFixed ? (count < 9000 ? 25 : count < 18_000 ? 33 : count < 35_000 ? 66 : 100) : 0
    let family = type.hasPrefix("auto") ? "486" : type
    setProcessor(
      family, megahertz: megahertz > 0 ? megahertz : family.contains("386") ? 33 : 66,
      from: "cputype \(type), cycles \(cycles)")
    let megabytes = number("dosbox", "memsize") ?? 16
    setMemory(kilobytes: (megabytes << 10) + (number("dosbox", "memsizekb") ?? 0))
    setVideo(value("dosbox", "machine") ?? "svga_s3")
    setSound(value("sblaster", "sbtype") ?? "sb16")
    setSoundBlaster("sblaster", [("sbbase", "port"), ("irq", "irq"), ("dma", "dma"), ("hdma", "dma16")])
    if value("gus", "gus")?.lowercased() == "true" { refuse("gus", "there is no such card here") }
    if ["true", "on"].contains(value("speaker", "disney")?.lowercased()) {
      set("sound.printer", ["disney"], from: "disney")
    }
    for command in commands { self.command(command) }
  }

  private static let images = [
    ".img", ".ima", ".vhd", ".hdi", ".iso", ".cue", ".bin", ".mdf", ".qcow2", ".vmdk", ".vfd", ".flp", ".dsk", ".imd",
    ".td0", ".hfe",
  ]

  /// A command of the autoexec section.
  private mutating func command(_ command: String) {
    let words = Self.words(command.hasPrefix("@") ? String(command.dropFirst()) : command)
    guard let verb = words.first?.lowercased() else { return }
    switch verb {
    case "rem", "echo", "echo.", "cls", "exit", "pause": return
    case "imgmount": mountImage(words, command)
    case "mount": mountFolder(words, command)
    case "boot": boot(words, command)
    default: refuse(command, "this machine has no DOS of its own that would do it")
    }
  }

  /// Words behind options, by the options' names.
  private static func options(_ words: [String]) -> (plain: [String], options: [String: String]) {
    var plain: [String] = []
    var options: [String: String] = [:]
    var at = words.startIndex
    while at < words.endIndex {
      if words[at].hasPrefix("-"), words[at].count > 1 {
        let takesValue = !["-ro", "-q", "-u", "-o"].contains(words[at].lowercased()) && at + 1 < words.endIndex
        options[String(words[at].dropFirst()).lowercased()] = takesValue ? words[at + 1] : ""
        at += takesValue ? 2 : 1
      } else {
        plain.append(words[at])
        at += 1
      }
    }
    return (plain, options)
  }

  /// `imgmount c disk.img -t hdd -size 512,63,16,507 -ide 1m`; drives may be numbers: 0 and 1 are floppies, 2 and 3 disks.
  private mutating func mountImage(_ words: [String], _ command: String) {
    let (plain, options) = Self.options(Array(words.dropFirst()))
    guard let letter = plain.first?.lowercased().replacing(":", with: ""), plain.count > 1 else {
      return refuse(command, "it names no image")
    }
    let file = plain[1]
    if plain.count > 2 {
      refuse(plain.dropFirst(2).joined(separator: ", "), "they are changed with the first disk while it runs")
    }
    let kind = options["t"]?.lowercased()
    if kind == "ram" { return refuse(command, "a disk in memory is what a DOS driver makes") }
    if ["iso", "cdrom"].contains(kind) || [".iso", ".cue", ".mdf"].contains(where: { file.lowercased().hasSuffix($0) })
    {
      image("cdrom.disc", file)
      return
    }
    if kind == "floppy" || ["a", "b", "0", "1"].contains(letter) {
      image(["b", "1"].contains(letter) ? "floppy.b" : "floppy.a", file)
      return
    }
    let channels = ["1m": "disk.hda", "1s": "disk.hdb", "2m": "disk.hdc", "2s": "disk.hdd"]
    let letters = ["c": "disk.hda", "2": "disk.hda", "d": "disk.hdb", "3": "disk.hdb"]
    let wanted = options["ide"].flatMap { channels[$0.lowercased()] } ?? letters[letter]
    guard let place = wanted ?? freeDisk, image(place, file) else { return }
    let size = (options["size"] ?? options["chs"])?.split(separator: ",").compactMap { Int($0) } ?? []
    // Bytes of a sector, sectors, heads, cylinders.
    if options["size"] != nil, size.count == 4 { geometry(sectors: size[1], heads: size[2], of: file) }
  }

  /// The first place for a hard disk that nothing is in.
  private var freeDisk: String? {
    ["disk.hda", "disk.hdb", "disk.hdc", "disk.hdd"].first {
      ConfigurationKey.named($0)?.get(configuration) == "none"
    }
  }

  /// `mount c games`: a folder as a drive.
  private mutating func mountFolder(_ words: [String], _ command: String) {
    let (plain, options) = Self.options(Array(words.dropFirst()))
    guard plain.count > 1 else { return refuse(command, "it names no folder") }
    let path = place(of: plain[1])
    guard HostFile.isDirectory(path) else { return refuse(command, "\(path) is no folder") }
    if ["iso", "cdrom"].contains(options["t"]?.lowercased()) {
      image("cdrom.disc", plain[1])
    } else if options["t"]?.lowercased() == "floppy" || ["a", "b"].contains(plain[0].lowercased().prefix(1)) {
      refuse(command, "a folder can't be a floppy disk here")
    } else if let place = freeDisk, image(place, plain[1]) {
      report.append("\(plain[1]): its files are on a disk now, without a DOS to start from")
    }
  }

  /// `boot a.img`, `boot -l c`, `boot c:`.
  private mutating func boot(_ words: [String], _ command: String) {
    let (plain, options) = Self.options(Array(words.dropFirst()))
    let images = plain.filter { word in Self.images.contains { word.lowercased().hasSuffix($0) } }
    if let first = images.first { image("floppy.a", first) }
    if images.count > 1 {
      refuse(images.dropFirst().joined(separator: ", "), "they are changed with the first disk while it runs")
    }
    let letter = (options["l"] ?? plain.first { $0.count < 3 })?.lowercased().prefix(1) ?? (images.isEmpty ? "" : "a")
    guard ["a", "c"].contains(letter) else { return refuse(command, "it starts from A or C, or a CD") }
    set("boot.order", [letter == "a" ? "a,c,cdrom" : "c,a,cdrom"], from: command)
  }

  /// Words of a command, with quotes around those that have blanks.
  private static func words(_ command: String) -> [String] {
    var words: [String] = []
    var word = ""
    var isQuoted = false
    for letter in command {
      if letter == "\"" {
        isQuoted.toggle()
      } else if letter.isWhitespace, !isQuoted {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        word.append(letter)
      }
    }
    return word.isEmpty ? words : words + [word]
  }
}
