import Foundation
import Testing

/// Machine files as a person uses them.
@Suite struct MachineFileTests {
  private let scratch: Scratch
  private let quick = ["--headless", "--speed", "max"]

  init() throws { scratch = try Scratch() }

  private func heirloom(_ arguments: String...) throws -> Program { try heirloom(arguments) }

  private func heirloom(_ arguments: [String]) throws -> Program {
    let run = try Program.run(arguments, directory: scratch.url)
    #expect(run.status == 0, "\(arguments): \(run.errors)")
    return run
  }

  @Test func aMachineIsFrozenAtTheEndAndGoesOnAsIfNothingHadBeen() throws {
    _ = try heirloom(
      "machine", "create", "m.heirloom", "--memory", "1M", "--disk-size", "4M", "--rtc", "1994-06-01 12:00:00")
    let hash = { (steps: [String], flags: [String]) in
      try heirloom(["run", "m.heirloom"] + quick + flags + ["--state-hash"] + steps.flatMap { ["--do", $0] }).output
    }
    let straight = try hash(["wait 5s", "type abc", "wait 1s", "type def", "wait 1s"], ["--cold", "--no-freeze"])
    _ = try hash(["wait 5s", "type abc", "wait 1s"], ["--cold"])
    #expect(try hash(["type def", "wait 1s"], []) == straight)
    let listed = try heirloom("machine", "list", ".", "--json").output
    #expect(listed.contains("suspended"))
    #expect(try heirloom("machine", "verify", "m.heirloom").output.contains("all is well"))
  }

  @Test func snapshotsOfAScriptGoIntoTheFileAndComeBackInAnotherRun() throws {
    _ = try heirloom("machine", "create", "m.heirloom", "--memory", "1M")
    let first = try heirloom(
      ["run", "m.heirloom"] + quick + [
        "--do", "wait-text Heirloom within 30s", "--do", "wait 2s", "--do", "snapshot here", "--do", "screen-text",
        "--do", "power-off",
      ])
    let second = try heirloom(["run", "m.heirloom"] + quick + ["--do", "restore here", "--do", "screen-text"])
    #expect(first.output == second.output && !first.output.isEmpty)
    let rows =
      try JSONSerialization.jsonObject(
        with: Data(try heirloom("snapshot", "list", "m.heirloom", "--json").output.utf8)) as? [[String: String]]
    #expect(rows?.compactMap { $0["name"] } == ["here", "suspended"])
    _ = try heirloom("snapshot", "show", "m.heirloom", "here", "--picture", "p.png")
    #expect(try Data(contentsOf: scratch.url.appendingPathComponent("p.png")).starts(with: [0x89, 0x50]))
    _ = try heirloom("snapshot", "restore", "m.heirloom", "here")
    #expect(try heirloom(["run", "m.heirloom"] + quick + ["--do", "screen-text"]).output == first.output)
    _ = try heirloom("snapshot", "delete", "m.heirloom", "here")
    #expect(try heirloom("machine", "verify", "m.heirloom").output.contains("all is well"))
  }

  @Test func everyTemplateMakesAMachineThatStarts() throws {
    for template in ["dos-386", "dos-486", "win31", "win95", "win98"] {
      let path = try heirloom("machine", "create", "\(template).heirloom", "--template", template).output
      #expect(path == "\(template).heirloom\n")
      _ = try heirloom(["run", "\(template).heirloom", "--no-freeze"] + quick + ["--do", "wait 1s"])
    }
    #expect(
      try Program.run("machine", "create", "x.heirloom", "--template", "dos-387", directory: scratch.url).status == 2)
  }

  @Test func copiesAndNamesAndTheEnd() throws {
    let image = try scratch.file("f.img", (0..<368_640).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) })
    _ = try heirloom("machine", "create", "m.heirloom", "--memory", "1M", "--floppy-a", image)
    _ = try heirloom("machine", "clone", "m.heirloom", "copy.heirloom")
    #expect(try heirloom("machine", "clone", "m.heirloom", "twin", "--linked").output == "m.heirloom#twin\n")
    _ = try heirloom(["run", "m.heirloom#twin", "--no-freeze"] + quick + ["--do", "wait 1s"])
    _ = try heirloom("machine", "rename", "copy.heirloom", "other")
    #expect(try heirloom("machine", "show", "other.heirloom").output.hasPrefix("other "))
    _ = try heirloom("machine", "export", "other.heirloom", "bare.heirloom", "--without-media")
    let refused = try Program.run(["run", "bare.heirloom"] + quick, directory: scratch.url)
    #expect(refused.status == 3 && refused.errors.contains("left out"))
    _ = try heirloom("machine", "edit", "bare.heirloom", "--medium", "f=\(image)")
    _ = try heirloom("machine", "import", "bare.heirloom", "back.heirloom")
    #expect(try heirloom("machine", "show", "back.heirloom").output.hasPrefix("back "))
    _ = try heirloom(["run", "back.heirloom"] + quick + ["--do", "wait 1s"])
    #expect(try Program.run("machine", "delete", "back.heirloom", directory: scratch.url).status == 2)
    _ = try heirloom("machine", "delete", "back.heirloom", "--yes")
    #expect(try Program.run("machine", "show", "back.heirloom", directory: scratch.url).status == 3)
  }

  @Test func aConfigurationOf86BoxComesOverWithAReport() throws {
    _ = try scratch.file("c.img", [UInt8](repeating: 0, count: 4 << 20))
    let text = """
      [Machine]
      machine = 4dps
      cpu_family = i486dx2
      cpu_speed = 66666666
      mem_size = 8192
      [Video]
      gfxcard = et4000ax
      [Hard disks]
      hdd_01_parameters = 63, 16, 8, 0, ide
      hdd_01_fn = c.img
      hdd_01_ide_channel = 0:0
      [Network]
      net_01_card = ne2k
      """
    _ = try scratch.file("86box.cfg", Array(text.utf8))
    let report = try heirloom("machine", "import", "86box.cfg", "m.heirloom").output
    #expect(report.contains("cpu.model = 486dx2-66") && report.contains("not taken over: [network] net_01_card = ne2k"))
    let shown = try heirloom("machine", "show", "m.heirloom").output
    #expect(shown.contains("8M") && shown.contains("medium:c") && shown.contains("Seal"))
  }
}
