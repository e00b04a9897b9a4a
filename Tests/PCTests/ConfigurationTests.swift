import PC
import Processor
import Testing

@Suite struct ConfigurationTests {
  private func leaves(_ value: Any, _ path: String) -> [String] {
    let children = Mirror(reflecting: value).children.filter { $0.label != nil }
    let isStructure = Mirror(reflecting: value).displayStyle == .struct && !(value is any ConfigurationValue)
    guard isStructure else { return [path] }
    return children.flatMap { leaves($0.value, path.isEmpty ? $0.label ?? "" : path + "." + ($0.label ?? "")) }
  }

  @Test func everyLeafHasAKey() {
    #expect(leaves(MachineConfiguration(), "").count == ConfigurationKey.all.count)
    #expect(Set(ConfigurationKey.all.map(\.name)).count == ConfigurationKey.all.count)
  }

  @Test func everyKeyReadsBackWhatItWrites() throws {
    for key in ConfigurationKey.all {
      var configuration = MachineConfiguration()
      try configuration.set(key.name, to: key.get(MachineConfiguration()))
      #expect(configuration == MachineConfiguration(), "\(key.name)")
    }
  }

  @Test func aFileSetsKeysAndItsPathsStartAtTheFile() throws {
    var configuration = MachineConfiguration()
    try configuration.apply(
      toml: """
        [cpu]
        model = "386dx-33"
        fpu = true
        [memory]
        size = "4M"
        [boot]
        order = ["c", "a"]
        [floppy]
        a = "disks/boot.img"
        b = "/abs/b.img"
        [ports]
        serial1 = "file:out.txt"
        """, path: "machines/old.toml")
    #expect(configuration.cpu.model == .i386dx33 && configuration.cpu.fpu == .on)
    #expect(configuration.memory.size.bytes == 4 << 20)
    #expect(configuration.boot.order.devices == [.c, .a])
    #expect(configuration.floppy.a.path == "machines/disks/boot.img" && configuration.floppy.b.path == "/abs/b.img")
    #expect(configuration.ports.serial1 == .file("machines/out.txt"))
  }

  @Test func whatIsWrittenReadsBack() throws {
    var configuration = MachineConfiguration()
    try configuration.set("machine.name", to: "a \"b\" \\ \u{1} ü")
    try configuration.set("clock.start", to: "1994-06-01 12:00:00")
    var copy = MachineConfiguration()
    try copy.apply(toml: configuration.toml(), path: "x.toml")
    #expect(copy == configuration)
    var full = MachineConfiguration()
    try full.apply(toml: MachineConfiguration().toml(all: true), path: "x.toml")
    #expect(full == MachineConfiguration())
  }

  @Test func errorsNameTheKeyTheValueAndWhatWouldBeRight() {
    func message(_ toml: String) -> String {
      var configuration = MachineConfiguration()
      do {
        try configuration.apply(toml: toml, path: "m.toml")
        return "accepted"
      } catch { return error.description }
    }
    #expect(message("[cpu]\nmodle = \"x\"") == "m.toml: cpu.modle: unknown key; did you mean cpu.model?")
    #expect(message("[memory]\nsize = \"16\"").hasPrefix("m.toml: memory.size: \"16\" is not a size from 1M to 256M"))
    #expect(message("[cpu").hasPrefix("m.toml: line 1: not TOML"))
    #expect(message("[cpu]\nmodel = 1.5").contains("cpu.model"))
    #expect(message("cpu = 3").hasPrefix("m.toml: cpu: unknown key"))
  }

  @Test(arguments: ["0M", "512K", "257M", "16", "M", "-1M", "1000K", "99999999999M", "16 M"])
  func memoryMustBeARightSize(text: String) { #expect(MemorySize(configurationText: text) == nil) }

  @Test func memorySizes() {
    #expect(MemorySize(configurationText: "1M")?.bytes == 1 << 20)
    #expect(MemorySize(configurationText: "256m")?.bytes == 256 << 20)
    #expect(MemorySize(configurationText: "1152K")?.configurationText == "1152K")
  }

  @Test func coprocessorsGoWithTheirProcessors() throws {
    var configuration = MachineConfiguration()
    try configuration.set("cpu.model", to: "486sx-25")
    try configuration.set("cpu.fpu", to: "on")
    #expect(throws: HostError.self) { try configuration.validate() }
    try configuration.set("cpu.model", to: "386dx-25")
    try configuration.validate()
    try configuration.set("cpu.fpu", to: "off")
    try configuration.set("cpu.model", to: "486dx-33")
    #expect(throws: HostError.self) { try configuration.validate() }
  }

  @Test func datesMustExist() {
    #expect(CalendarDate("1994-06-01 12:00:00")?.weekday == 4)  // a Wednesday
    #expect(CalendarDate("2000-02-29")?.weekday == 3)
    #expect(CalendarDate("1900-01-01") == nil)
    #expect(CalendarDate("1999-02-29 10:00") == nil)
    #expect(CalendarDate("1994-06-01 24:00:00") == nil)
    #expect(CalendarDate("1994-06-01 12") == nil)
    #expect(CalendarDate("") == nil)
  }

  @Test func endpoints() {
    #expect(SerialEndpoint(configurationText: "tcp:localhost:23") == .tcp(host: "localhost", port: 23))
    #expect(SerialEndpoint(configurationText: "file:a b") == .file("a b"))
    for text in ["tcp:", "tcp::1", "tcp:host", "tcp:h:0", "tcp:h:70000", "file:", "com1", ""] {
      #expect(SerialEndpoint(configurationText: text) == nil, "\(text)")
    }
  }
}
