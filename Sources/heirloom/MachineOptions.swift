import ArgumentParser
import PC

/// The flags that are configuration keys. A flag's name and meaning come from the table of keys.
struct MachineOptions: ParsableArguments {
  @Option(name: .customLong("cpu"), help: help("cpu.model", "NAME")) var cpu: String?
  @Option(name: .customLong("fpu"), help: help("cpu.fpu", "on|off|auto")) var fpu: String?
  @Option(name: .customLong("timing"), help: help("cpu.timing", "full|simple")) var timing: String?
  @Option(name: .customLong("memory"), help: help("memory.size", "16M")) var memory: String?
  @Option(name: .customLong("floppy-a"), help: help("floppy.a", "IMG")) var floppyA: String?
  @Option(name: .customLong("floppy-b"), help: help("floppy.b", "IMG")) var floppyB: String?
  @Option(name: .customLong("hda"), help: help("disk.hda", "IMG")) var hda: String?
  @Option(name: .customLong("hdb"), help: help("disk.hdb", "IMG")) var hdb: String?
  @Option(name: .customLong("hdc"), help: help("disk.hdc", "IMG")) var hdc: String?
  @Option(name: .customLong("hdd"), help: help("disk.hdd", "IMG")) var hdd: String?
  @Option(name: .customLong("cdrom"), help: help("cdrom.disc", "ISO|CUE")) var cdrom: String?
  @Option(name: .customLong("boot"), help: help("boot.order", "a,c,cdrom")) var boot: String?
  @Flag(name: .customLong("read-only"), help: help("media.read-only", nil)) var readOnly = false
  @Option(name: .customLong("video"), help: help("video.card", "NAME")) var video: String?
  @Option(name: .customLong("sound"), help: help("sound.card", "NAME")) var sound: String?
  @Option(name: .customLong("mouse"), help: help("input.mouse", "ps2|serial|none")) var mouse: String?
  @Option(name: .customLong("serial1"), help: help("ports.serial1", "stdio|file:PATH|tcp:HOST:PORT|none"))
  var serial1: String?
  @Option(name: .customLong("serial2"), help: help("ports.serial2", "stdio|file:PATH|tcp:HOST:PORT|none"))
  var serial2: String?
  @Option(name: .customLong("parallel1"), help: help("ports.parallel1", "file:PATH|none")) var parallel1: String?
  @Option(name: .customLong("debug-port"), help: help("ports.debug", "stdout|none")) var debugPort: String?
  @Option(name: .customLong("bios"), help: help("firmware.bios", "FILE")) var bios: String?
  @Option(name: .customLong("video-bios"), help: help("firmware.video-bios", "FILE")) var videoBIOS: String?
  @Option(name: .customLong("rtc"), help: help("clock.start", "\"1994-06-01 12:00:00\"")) var rtc: String?
  @Option(name: .customLong("on-triple-fault"), help: help("machine.on-triple-fault", "reset|stop"))
  var onTripleFault: String?
  @Option(name: .customLong("set"), help: ArgumentHelp("Any key of `heirloom list keys`.", valueName: "KEY=VALUE"))
  var set: [String] = []

  private static func help(_ key: String, _ value: String?) -> ArgumentHelp {
    let summary = ConfigurationKey.named(key)?.summary ?? ""
    return ArgumentHelp(stringLiteral: summary.prefix(1).uppercased() + summary.dropFirst() + ".").with(value)
  }

  /// Puts the given flags, then the `--set` assignments, into `configuration`.
  func apply(to configuration: inout MachineConfiguration) throws(HostError) {
    let given: [(flag: String, text: String?)] = [
      ("cpu", cpu), ("fpu", fpu), ("timing", timing), ("memory", memory), ("floppy-a", floppyA), ("floppy-b", floppyB),
      ("hda", hda), ("hdb", hdb), ("hdc", hdc), ("hdd", hdd), ("cdrom", cdrom), ("boot", boot),
      ("read-only", readOnly ? "on" : nil), ("video", video), ("sound", sound), ("mouse", mouse),
      ("serial1", serial1), ("serial2", serial2), ("parallel1", parallel1), ("debug-port", debugPort),
      ("bios", bios), ("video-bios", videoBIOS), ("rtc", rtc), ("on-triple-fault", onTripleFault),
    ]
    for (flag, text) in given {
      guard let text, let key = ConfigurationKey.flagged(flag) else { continue }
      try configuration.set(key.name, to: text, label: "--" + flag)
    }
    for assignment in set { try configuration.apply(assignment: assignment) }
  }
}

extension ArgumentHelp {
  fileprivate func with(_ valueName: String?) -> ArgumentHelp {
    var help = self
    help.valueName = valueName
    return help
  }
}
