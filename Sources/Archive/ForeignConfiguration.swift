import PC
import Processor

/// A configuration of 86Box, PCem or DOSBox-X, as far as it maps onto a machine of ours.
///
/// - Source: configurations that these programs have written (86Box 4 and 5, DOSBox-X); names of PCem's keys are
///   recalled and unverified.
struct ForeignConfiguration {
  /// What it comes to.
  private(set) var configuration = MachineConfiguration()
  /// What was and what was not taken over, a line each.
  private(set) var report: [String] = []

  private let folder: String
  private var entries: [(section: String, key: String, value: String)] = []
  private var commands: [String] = []
  private var understood: Set<String> = []

  init(_ text: String, path: String) {
    folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    parse(text)
    if entries.contains(where: { $0.section == "dosbox" || $0.section == "cpu" }) { dosbox() } else { box() }
    for (section, key, value) in entries where !understood.contains(section + "/" + key) && !Self.harmless(section, key)
    {
      report.append("not taken over: \(section.isEmpty ? "" : "[\(section)] ")\(key) = \(value)")
    }
  }

  // MARK: Text

  private mutating func parse(_ text: String) {
    var section = ""
    for line in text.split(whereSeparator: \.isNewline) {
      let line = Self.trimmed(line)
      if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
      if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
        section = line[line.index(after: line.startIndex)..<end].lowercased()
      } else if section == "autoexec" {
        commands.append(line)
      } else if let equals = line.firstIndex(of: "=") {
        let value = Self.trimmed(line[line.index(after: equals)...])
        entries.append((section, Self.trimmed(line[..<equals]).lowercased(), value))
      }
    }
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }

  private mutating func value(_ section: String?, _ key: String) -> String? {
    guard let entry = entries.first(where: { (section == nil || $0.section == section) && $0.key == key }) else {
      return nil
    }
    understood.insert(entry.section + "/" + entry.key)
    return entry.value.isEmpty ? nil : entry.value
  }

  /// Settings of windows and hosts, which no machine has.
  private static func harmless(_ section: String, _ key: String) -> Bool {
    ["sdl", "render", "general", "emulator", "mapper", "log", "voodoo", "video renderer"].contains(section)
      || ["window", "vid_", "confirm", "history", "emu_build", "language", "captures", "hdd_01_speed"].contains {
        key.contains($0)
      }
  }

  /// Sets a key, or says that it can't be.
  private mutating func set(_ key: String, _ values: [String], from what: String) {
    for value in values where (try? configuration.set(key, to: value)) != nil {
      report.append("\(what): \(key) = \(value)")
      return
    }
    report.append("not taken over: \(what): there is nothing like it here")
  }

  private mutating func image(_ key: String, _ path: String?) {
    guard let path, !path.isEmpty else { return }
    let full = path.hasPrefix("/") || folder.isEmpty ? path : folder + "/" + path
    guard Library.isThere(full) else {
      report.append("not taken over: \(key): \(full) isn't there")
      return
    }
    set(key, [full], from: path)
  }

  // MARK: 86Box, PCem

  private mutating func box() {
    let family = value(nil, "cpu_family") ?? value(nil, "model") ?? ""
    let speed = value(nil, "cpu_speed").flatMap { Int($0) } ?? 0
    set("cpu.model", [Self.processor(family: family, megahertz: speed / 1_000_000)], from: "cpu \(family)")
    if let fpu = value(nil, "fpu_type"), configuration.cpu.model.family == 3 {
      set("cpu.fpu", [fpu == "none" ? "off" : "on"], from: "fpu \(fpu)")
    }
    memory(kilobytes: value(nil, "mem_size").flatMap { Int($0) })
    if let card = value("video", "gfxcard") ?? value(nil, "gfxcard") {
      set("video.card", Self.video(card), from: "graphics card \(card)")
    }
    if let card = value("sound", "sndcard") ?? value(nil, "sndcard") {
      set("sound.card", Self.sound(card), from: "sound card \(card)")
    }
    if let mouse = value(nil, "mouse_type") {
      set(
        "input.mouse", mouse == "none" ? ["none"] : mouse.contains("serial") ? ["serial", "ps2"] : ["ps2"],
        from: "mouse \(mouse)")
    }
    for (number, drive) in ["a", "b"].enumerated() {
      if let type = value(nil, "fdd_0\(number + 1)_type") {
        set("floppy.drive-\(drive)", [Self.floppy(type)], from: "floppy drive \(type)")
      }
      image("floppy.\(drive)", value(nil, "fdd_0\(number + 1)_fn") ?? value(nil, "disc_\(drive)"))
    }
    let places = ["0:0": "disk.hda", "0:1": "disk.hdb", "1:0": "disk.hdc", "1:1": "disk.hdd"]
    for number in 1...8 {
      let file = value(nil, "hdd_0\(number)_fn")
      let place = value(nil, "hdd_0\(number)_ide_channel") ?? (number == 1 ? "0:0" : "")
      _ = value(nil, "hdd_0\(number)_parameters")
      guard let file else { continue }
      if let key = places[place] {
        image(key, file)
      } else {
        report.append("not taken over: hard disk \(file): it isn't on IDE")
      }
    }
    for (letter, key) in zip(["c", "d", "e", "f"], ["disk.hda", "disk.hdb", "disk.hdc", "disk.hdd"]) {
      image(key, value("", "hd\(letter)_fn"))
    }
    if ConfigurationKey.named("cdrom.disc") != nil {
      image("cdrom.disc", value(nil, "cdrom_01_image_path") ?? value(nil, "cdrom_01_image"))
    }
  }

  private mutating func memory(kilobytes: Int?) {
    guard let kilobytes else { return }
    let wanted = "\(kilobytes & ~63)K"
    set("memory.size", [wanted, kilobytes > 256 << 10 ? "256M" : "1M"], from: "memory \(kilobytes) KB")
  }

  /// The processor of ours that comes nearest.
  private static func processor(family: String, megahertz: Int) -> String {
    let family = family.lowercased()
    if family.contains("386sx") { return megahertz > 0 && megahertz < 20 ? "386sx-16" : "386sx-25" }
    if family.contains("386") { return megahertz >= 40 ? "386dx-40" : megahertz >= 30 ? "386dx-33" : "386dx-25" }
    if family.contains("486sx") { return "486sx-25" }
    if family.contains("dx4") || megahertz >= 90 { return "486dx4-100" }
    if megahertz > 50 { return "486dx2-66" }
    if megahertz > 33 { return "486dx-50" }
    return family.contains("486") && megahertz > 0 ? "486dx-33" : "486dx2-66"
  }

  private static func video(_ card: String) -> [String] {
    let card = card.lowercased()
    if card.contains("et4000") { return ["et4000", "vga"] }
    if card.contains("s3") || card.contains("trio") || card.contains("virge") {
      return ["s3", "trio64", "et4000", "vga"]
    }
    if card.contains("cl_gd") || card.contains("cirrus") { return ["cirrus", "et4000", "vga"] }
    return ["vga"]
  }

  private static func sound(_ card: String) -> [String] {
    let card = card.lowercased()
    if card.contains("16") || card.contains("awe") { return ["sb16"] }
    if card.contains("pro") { return ["sbpro", "sb16"] }
    if card.hasPrefix("sb") { return ["sb2", "sb16"] }
    if card.contains("adlib") { return ["adlib", "sb16"] }
    return card == "none" || card == "false" ? ["none"] : []
  }

  private static func floppy(_ type: String) -> String {
    switch type {
    case "none": "none"
    case "525_2dd", "525_1dd": "360k"
    case "525_2hd", "525_2hd_dualrpm": "1.2m"
    case "35_2dd": "720k"
    case "35_2ed", "35_2ed_dualrpm": "2.88m"
    default: "1.44m"
    }
  }

  // MARK: DOSBox-X

  private mutating func dosbox() {
    let type = value("cpu", "cputype") ?? "auto"
    let cycles = value("cpu", "cycles") ?? "auto"
    let count = cycles.split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }.first ?? 0
    let megahertz = count == 0 ? 66 : count < 9_000 ? 33 : count < 20_000 ? 50 : count < 30_000 ? 66 : 100
    set(
      "cpu.model", [Self.processor(family: type == "auto" ? "486" : type, megahertz: megahertz)],
      from: "cputype \(type), cycles \(cycles)")
    memory(kilobytes: value("dosbox", "memsize").flatMap { Int($0) }.map { $0 << 10 })
    if let card = value("dosbox", "machine") { set("video.card", Self.video(card), from: "machine \(card)") }
    if let card = value("sblaster", "sbtype") { set("sound.card", Self.sound(card), from: "sbtype \(card)") }
    for command in commands { self.command(command) }
  }

  /// `imgmount C disk.img`, `imgmount 2 disk.img`, `boot a.img`: what an autoexec section does with images.
  private mutating func command(_ command: String) {
    let words = Self.words(command)
    guard let verb = words.first?.lowercased() else { return }
    let isImage = { (word: String) in
      [".img", ".ima", ".vhd", ".iso", ".cue", ".qcow2"].contains { word.lowercased().hasSuffix($0) }
    }
    switch verb {
    case "imgmount":
      let places = [
        "c": "disk.hda", "2": "disk.hda", "d": "disk.hdb", "3": "disk.hdb", "a": "floppy.a", "0": "floppy.a",
        "b": "floppy.b",
      ]
      guard words.count > 2, let file = words.dropFirst(2).first(where: isImage),
        let key = places[words[1].lowercased().replacing(":", with: "")]
      else { break }
      return image(
        file.lowercased().hasSuffix(".iso") || file.lowercased().hasSuffix(".cue") ? "cdrom.disc" : key, file)
    case "boot":
      if let file = words.dropFirst().first(where: isImage) { return image("floppy.a", file) }
      if words.count > 1 { return }
    default: break
    }
    report.append("not taken over: \(command): this machine has no DOS of its own that would do it")
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
