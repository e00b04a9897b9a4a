/// One key of the configuration: its name in files and after `--set`, its flag, what it takes and what it means.
public struct ConfigurationKey: Sendable {
  /// "cpu.model".
  public let name: String
  /// "cpu" for `--cpu`, nil if there is only `--set`.
  public let flag: String?
  /// What the value may be.
  public let expected: String
  /// What the key is for.
  public let summary: String
  /// The value in a configuration.
  public let get: @Sendable (MachineConfiguration) -> String
  /// Puts a value into a configuration; relative paths are taken from the directory. False if it isn't a value.
  let put: @Sendable (inout MachineConfiguration, String, String) -> Bool

  init<Value: ConfigurationValue>(
    _ name: String, flag: String? = nil, _ path: any WritableKeyPath<MachineConfiguration, Value> & Sendable,
    _ summary: String
  ) {
    self.name = name
    self.flag = flag
    self.summary = summary
    expected = Value.expected
    get = { $0[keyPath: path].configurationText }
    put = { configuration, text, directory in
      guard let value = Value(configurationText: text) else { return false }
      configuration[keyPath: path] = value.located(in: directory)
      return true
    }
  }

  /// All keys, in the order in which they are listed and written.
  public static let all: [ConfigurationKey] =
    [
      ConfigurationKey("machine.name", \.machine.name, "name shown in the window's title"),
      ConfigurationKey(
        "machine.on-triple-fault", flag: "on-triple-fault", \.machine.onTripleFault,
        "what a processor shutdown does"),
      ConfigurationKey("cpu.model", flag: "cpu", \.cpu.model, "processor"),
      ConfigurationKey("cpu.fpu", flag: "fpu", \.cpu.fpu, "floating-point unit (auto: what belongs to the processor)"),
      ConfigurationKey(
        "cpu.timing", flag: "timing", \.cpu.timing,
        "what counts in time: the clock tables (simple), or prefetching, caches and memory, too (full)"),
      ConfigurationKey(
        "cpu.tlb", \.cpu.tlb,
        "page tables changed without a flush: seen at once, or by the real 32 entries, when they are used up"),
      ConfigurationKey("memory.size", flag: "memory", \.memory.size, "RAM"),
      ConfigurationKey("memory.cache", \.memory.cache, "the board's cache"),
      ConfigurationKey("memory.wait-states", \.memory.waitStates, "wait states of the DRAM"),
      ConfigurationKey("firmware.bios", flag: "bios", \.firmware.bios, "system ROM instead of the built-in one"),
      ConfigurationKey(
        "firmware.video-bios", flag: "video-bios", \.firmware.videoBIOS, "video ROM instead of the built-in one"),
      ConfigurationKey("boot.order", flag: "boot", \.boot.order, "boot devices in the order they are tried"),
      ConfigurationKey("floppy.a", flag: "floppy-a", \.floppy.a, "image in floppy drive A"),
      ConfigurationKey("floppy.b", flag: "floppy-b", \.floppy.b, "image in floppy drive B"),
      ConfigurationKey("floppy.drive-a", \.floppy.driveA, "kind of floppy drive A (auto: what the image needs)"),
      ConfigurationKey("floppy.drive-b", \.floppy.driveB, "kind of floppy drive B (auto: what the image needs)"),
      ConfigurationKey("disk.hda", flag: "hda", \.disk.hda, "image of the first hard disk (primary master)"),
      ConfigurationKey("disk.hdb", flag: "hdb", \.disk.hdb, "image of the primary slave hard disk"),
      ConfigurationKey("disk.hdc", flag: "hdc", \.disk.hdc, "image of the secondary master hard disk"),
      ConfigurationKey("disk.hdd", flag: "hdd", \.disk.hdd, "image of the secondary slave hard disk"),
      ConfigurationKey(
        "disk.timing", \.disk.timing, "how long hard disks and CDs take (fast, or as drives of 1995)"),
      ConfigurationKey("cdrom.disc", flag: "cdrom", \.cdrom.disc, "CD image (ISO, CUE) in the CD-ROM drive"),
      ConfigurationKey(
        "cdrom.drive", \.cdrom.drive, "CD-ROM drive (auto: at the first free place, hdc if it can be)"),
      ConfigurationKey(
        "media.read-only", flag: "read-only", \.media.readOnly, "write to no image; changes live until exit"),
      ConfigurationKey("video.card", flag: "video", \.video.card, "graphics card"),
      ConfigurationKey("video.bus", \.video.bus, "what the graphics card is plugged into"),
    ] + soundKeys + [
      ConfigurationKey("input.mouse", flag: "mouse", \.input.mouse, "mouse"),
      ConfigurationKey("ports.serial1", flag: "serial1", \.ports.serial1, "what COM1 is connected to"),
      ConfigurationKey("ports.serial2", flag: "serial2", \.ports.serial2, "what COM2 is connected to"),
      ConfigurationKey("ports.parallel1", flag: "parallel1", \.ports.parallel1, "what LPT1 is connected to"),
      ConfigurationKey("ports.debug", flag: "debug-port", \.ports.debug, "where bytes written to port E9h go"),
      ConfigurationKey("clock.start", flag: "rtc", \.clock.start, "the machine's clock at power-on"),
    ]

  /// The key called `name`, nil if there is none.
  public static func named(_ name: String) -> ConfigurationKey? { all.first { $0.name == name } }

  /// The key set by `--flag`, nil if there is none.
  public static func flagged(_ flag: String) -> ConfigurationKey? { all.first { $0.flag == flag } }
}

extension MachineConfiguration {
  /// Sets the key called `name`. `label` is how the key is called in an error (a flag, or a file and key); relative
  /// paths in values are taken from `directory`.
  ///
  /// - Throws: `HostError` of kind `usage`: an unknown key (with the nearest known name) or a value it doesn't take.
  public mutating func set(
    _ name: String, to text: String, label: String? = nil, directory: String = ""
  ) throws(HostError) {
    guard let key = ConfigurationKey.named(name) else {
      let near = nearest(to: name, among: ConfigurationKey.all.map(\.name)).map { "; did you mean \($0)?" }
      throw .usage("\(label ?? name): unknown key\(near ?? "; `heirloom list keys` names them all")")
    }
    guard key.put(&self, text, directory) else {
      throw .usage("\(label ?? name): \"\(text)\" is not \(key.expected)")
    }
  }

  /// Applies "KEY=VALUE".
  ///
  /// - Throws: as `set`, and for a text without "=".
  public mutating func apply(assignment: String) throws(HostError) {
    guard let equals = assignment.firstIndex(of: "=") else {
      throw .usage("--set \(assignment): KEY=VALUE is wanted, e.g. --set memory.size=8M")
    }
    let name = String(assignment[..<equals].trimmed)
    try set(name, to: String(assignment[assignment.index(after: equals)...].trimmed), label: "--set \(name)")
  }
}

/// The candidate with the smallest edit distance to `text`, nil if even that is more than half of the text away.
public func nearest(to text: String, among candidates: [String]) -> String? {
  let best = candidates.map { ($0, editDistance(text, $0)) }.min { $0.1 < $1.1 }
  guard let (name, distance) = best, distance <= max(2, text.count / 2) else { return nil }
  return name
}

/// How many letters have to be inserted, deleted or replaced to turn `a` into `b` (Levenshtein).
private func editDistance(_ a: String, _ b: String) -> Int {
  let b = Array(b)
  var row = Array(0...b.count)
  for (i, letter) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let replaced = diagonal + (letter == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
    }
  }
  return row[b.count]
}
