import PC
import Processor
import Storage

/// A configuration of 86Box, PCem or DOSBox-X, as far as it maps onto a machine of ours.
///
/// - Source: configurations that these programs have written (86Box 4 and 5, PCem 12 to 17, DOSBox-X 0.83 and later), and
///   for PCem what its `pc.c` reads.
struct ForeignConfiguration {
  /// Which program it is of.
  enum Program: String {
    case box86 = "86Box"
    case pcem = "PCem"
    case dosbox = "DOSBox-X"
  }
  /// One setting.
  struct Entry {
    /// In lower case; empty before the first section.
    var section: String
    /// In lower case.
    var key: String
    var value: String
  }

  /// What it comes to.
  private(set) var configuration = MachineConfiguration()
  /// What was and what was not taken over, a line each.
  var report: [String] = []
  /// All settings, in order.
  let entries: [Entry]
  /// Lines of DOSBox-X's autoexec section.
  let commands: [String]

  private let folder: String
  private var understood: Set<String> = []

  /// - Throws: `HostError.file` if it is a configuration of none of these programs.
  init(_ text: String, path: String) throws(HostError) {
    folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    (entries, commands) = Self.parse(text)
    guard let program = Self.program(of: entries) else {
      throw .file("\(path): is no configuration of 86Box or PCem (.cfg) or DOSBox-X (.conf)")
    }
    report.append("a configuration of \(program.rawValue)")
    switch program {
    case .box86: box86()
    case .pcem: pcem()
    case .dosbox: dosbox()
    }
    reportTheRest()
  }

  private static func program(of entries: [Entry]) -> Program? {
    func has(_ section: String, _ keys: String...) -> Bool {
      entries.contains { $0.section == section && keys.contains($0.key) }
    }
    if has("machine", "machine", "cpu_family") { return .box86 }
    if has("", "model") && has("", "disc_a", "hdc_fn", "cpu_manufacturer") { return .pcem }
    return entries.contains { ["dosbox", "cpu", "sblaster", "sdl"].contains($0.section) } ? .dosbox : nil
  }

  // MARK: Text

  private static func parse(_ text: String) -> (entries: [Entry], commands: [String]) {
    var entries: [Entry] = []
    var commands: [String] = []
    var section = ""
    for line in text.split(whereSeparator: \.isNewline) {
      let line = trimmed(line)
      if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
      if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
        section = line[line.index(after: line.startIndex)..<end].lowercased()
      } else if section == "autoexec" {
        commands.append(line)
      } else if let equals = line.firstIndex(of: "=") {
        let value = trimmed(line[line.index(after: equals)...])
        entries.append(Entry(section: section, key: trimmed(line[..<equals]).lowercased(), value: value))
      }
    }
    return (entries, commands)
  }

  static func trimmed(_ text: some StringProtocol) -> String {
    String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }

  /// The value of a key that is looked at here; nil if it isn't there or is empty.
  mutating func value(_ section: String, _ key: String) -> String? {
    understood.insert(section + "/" + key)
    guard let value = entries.first(where: { $0.section == section && $0.key == key })?.value else { return nil }
    return value.isEmpty ? nil : value
  }

  mutating func number(_ section: String, _ key: String) -> Int? { value(section, key).flatMap { Int($0) } }

  /// Keys that need no place in a machine of ours: they change nothing in it, or are said by another key.
  mutating func ignore(_ section: String, _ keys: String...) {
    for key in keys { understood.insert(section + "/" + key) }
  }

  // MARK: Report

  /// Sections with settings of the program itself: its window, its keys, its speed on the host.
  private static let programSections: Set<String> = [
    "sdl", "render", "general", "emulator", "mapper", "log", "video renderer", "gl3", "gl3 shaders", "sdl2", "paths",
    "pc98", "dosv", "ttf", "printer", "mixer", "debuglog", "vsync", "4dos", "config",
  ]

  private mutating func reportTheRest() {
    let left = entries.filter { entry in
      !understood.contains(entry.section + "/" + entry.key) && !Self.programSections.contains(entry.section)
        && !entry.value.isEmpty
        && !["window", "vid_", "video_fullscreen", "confirm_", "_history_", "emu_build", "uuid"].contains {
          entry.key.contains($0)
        }
    }
    var told: Set<String> = []
    for entry in left where told.insert(entry.section).inserted {
      let same = left.filter { $0.section == entry.section }
      let place = entry.section.isEmpty ? "" : "[\(entry.section)] "
      // Some programs write every setting that they have.
      if same.count > 8 {
        report.append("not taken over: \(place)\(same.count) settings: \(same.map(\.key).joined(separator: ", "))")
      } else {
        for entry in same { report.append("not taken over: \(place)\(entry.key) = \(entry.value)") }
      }
    }
  }

  /// Says that something has no place here, and why.
  mutating func refuse(_ what: String, _ why: String) { report.append("not taken over: \(what): \(why)") }

  // MARK: Keys

  /// Sets a key to the first of `values` that this version has, and says so. The first is what is there, the others come
  /// near.
  mutating func set(_ key: String, _ values: [String], from what: String) {
    for value in values where (try? configuration.set(key, to: value)) != nil {
      let near = value == values[0] ? "" : ", the nearest there is"
      report.append("\(what): \(key) = \(value)\(near)")
      return
    }
    refuse(what, "there is nothing like it here")
  }

  /// The processor of ours for a family such as "i486dx2" at `megahertz`.
  mutating func setProcessor(_ family: String, megahertz: Int, from what: String) {
    let family = family.lowercased()
    let (names, isKnown): ([String], Bool) =
      if family.contains("386sx") || family.contains("386slc") {
        (["386sx-16", "386sx-25"], true)
      } else if family.contains("386") {
        (["386dx-25", "386dx-33", "386dx-40"], true)
      } else if family.contains("486sx") {
        (["486sx-25"], !family.contains("sx2"))
      } else {
        (["486dx-33", "486dx-50", "486dx2-66", "486dx4-100"], family.contains("486") || family.contains("dx4"))
      }
    // Its clock is the number at the end of its name.
    let clocks = names.map { $0.split(separator: "-").last.flatMap { Int($0) } ?? 0 }
    let wanted = megahertz > 0 ? megahertz : isKnown ? 0 : 100
    let nearest = clocks.indices.min { abs(clocks[$0] - wanted) < abs(clocks[$1] - wanted) } ?? 0
    let isExact = isKnown && (wanted == 0 || abs(clocks[nearest] - wanted) <= 1)
    set("cpu.model", isExact ? [names[nearest]] : [what, names[nearest]], from: what)
  }

  /// RAM; ours is in steps of 64 KB up to 256 MB.
  mutating func setMemory(kilobytes: Int?) {
    guard let kilobytes, kilobytes > 0 else { return }
    let near = kilobytes > 256 << 10 ? "256M" : kilobytes < 1 << 10 ? "1M" : "\(kilobytes & ~63)K"
    set("memory.size", ["\(kilobytes)K", near], from: "memory of \(kilobytes) KB")
  }

  mutating func setVideo(_ card: String) {
    let card = card.lowercased()
    let near = ["s3", "trio", "virge", "cl_gd", "cirrus", "mach", "tvga", "et3000", "w32", "svga"]
    let name = card.contains("et4000") && !card.contains("w32") ? "et4000" : card
    set(
      "video.card",
      ["vgaonly", "vga_isa", "ps1vga"].contains(card)
        ? ["vga"]
        : near.contains { card.contains($0) }
          ? [name, "et4000"] : [name, "vga"], from: "graphics card \(card)")
  }

  mutating func setSound(_ card: String) {
    let name = card.lowercased()
    let values: [String] =
      switch name {
      case "none", "false": ["none"]
      case "adlib", "opl2": ["adlib"]
      case "sb2", "sb2.0", "sb_2.0": ["sb2"]
      case "sb", "sb1", "sb1.0", "sb1.5", "sbmcv", "sb_1.0", "sb_1.5": [name, "sb2"]
      case "sbpro2", "sbprov2": ["sbpro"]
      case "sbpro1", "sbprov1", "sbpromcv": [name, "sbpro"]
      case "sb16": ["sb16"]
      case _ where name.hasPrefix("sb16") || name.contains("awe32") || name.contains("awe64"): [name, "sb16"]
      default: [name]
      }
    set("sound.card", values, from: "sound card \(card)")
  }

  /// A port, interrupt or DMA channel of a Sound Blaster. PCem writes ports as decimal numbers, the others in hexadecimal.
  mutating func setSoundBlaster(_ section: String, _ names: [(theirs: String, ours: String)]) {
    for (theirs, ours) in names {
      guard var value = value(section, theirs)?.lowercased() else { continue }
      if value.hasPrefix("0x") { value = String(value.dropFirst(2)) }
      if ours == "port" {
        value = String(value.drop { $0 == "0" })
        if let decimal = Int(value), decimal >= 512 { value = String(decimal, radix: 16) }
      }
      guard value != ConfigurationKey.named("sound.sb16." + ours)?.get(configuration) else { continue }
      set("sound.sb16." + ours, [value], from: "[\(section)] \(theirs) \(value)")
    }
  }

  // MARK: Images

  /// Where a path of the other program's leads: beside its configuration, and with the separators of Windows.
  func place(of path: String) -> String {
    func full(_ path: String) -> String { path.hasPrefix("/") || folder.isEmpty ? path : folder + "/" + path }
    let turned = path.replacing("\\", with: "/")
    let choices = [full(path), full(turned), full(turned.split(separator: "/").last.map(String.init) ?? turned)]
    return choices.first { Library.isThere($0) } ?? full(path)
  }

  /// Has a drive hold the image, or says that it isn't there.
  ///
  /// - Returns: whether it does.
  @discardableResult
  mutating func image(_ key: String, _ path: String?) -> Bool {
    guard let path, !path.isEmpty else { return false }
    let full = place(of: path)
    guard Library.isThere(full) else {
      refuse("\(key) \(path)", "\(full) isn't there")
      return false
    }
    guard (try? configuration.set(key, to: full)) != nil else { return false }
    report.append("\(path): \(key) = \(full)")
    return true
  }

  /// The geometry that the other program gave a hard disk. Ours follows from the disk's size and partition table.
  mutating func geometry(sectors: Int, heads: Int, of path: String) {
    guard (sectors, heads) != (63, 16), sectors > 0, heads > 0 else { return }
    refuse(
      "\(path): geometry of \(heads) heads and \(sectors) sectors",
      "the BIOS takes 16 heads and 63 sectors, or translates; a system that was installed with another may not start")
  }
}
