import Foundation
import Testing

@Suite struct ListTests {
  @Test func everyListIsTextAndJSON() throws {
    for list in ["cpus", "video", "sound", "keys", "devices"] {
      let text = try Program.run("list", list)
      #expect(text.status == 0 && !text.output.isEmpty && text.errors.isEmpty)
      let json = try Program.run("list", list, "--json")
      let rows = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: String]]
      #expect(json.status == 0 && rows?.isEmpty == false)
    }
  }

  @Test func theProcessorsOfTheContractAreThere() throws {
    let names = try Program.run("list", "cpus").output.split(separator: "\n").compactMap {
      $0.split(separator: " ").first
    }
    #expect(
      names == [
        "386sx-16", "386sx-25", "386dx-25", "386dx-33", "386dx-40", "486sx-25", "486dx-33", "486dx-50", "486dx2-66",
        "486dx4-100",
      ])
  }

  @Test func helpIsNoMistake() throws {
    for arguments in [["--help"], ["run", "--help"], ["help", "run"], ["list", "--help"], ["--version"]] {
      let run = try Program.run(arguments)
      #expect(run.status == 0 && !run.output.isEmpty && run.errors.isEmpty, "\(arguments)")
    }
  }
}

/// The built-in disk, from power-on to exit, through the real firmware.
@Suite struct RunTests {
  private let quick = ["run", "--headless", "--speed", "max", "--rtc", "1994-06-01 12:00:00"]

  @Test func theBuiltInDiskStartsByItself() throws {
    let run = try Program.run(
      quick + ["--do", "wait-text Heirloom within 30s", "--do", "wait 2s", "--do", "screen-text"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("Heirloom") && run.output.contains("heirloom run"))
  }

  @Test func twoRunsWithTheSameArgumentsGiveTheSameHash() throws {
    let arguments = quick + ["--state-hash", "--do", "wait 6s", "--do", "type \"Hello 123\""]
    let (one, two) = (try Program.run(arguments), try Program.run(arguments))
    #expect(one.status == 0 && one.output.hasPrefix("state-hash "))
    #expect(one.output == two.output)
    let other = try Program.run(quick + ["--state-hash", "--do", "wait 6s", "--do", "type \"Hello 124\""])
    #expect(other.output != one.output)
  }

  @Test func aSnapshotRestoredGivesTheSameFuture() throws {
    let shown = { (steps: [String]) throws -> String in
      let run = try Program.run(quick + ["--state-hash"] + steps.flatMap { ["--do", $0] })
      #expect(run.status == 0, "\(run.errors)")
      return run.output
    }
    let straight = try shown(["wait 5s", "type abc", "wait 1s"])
    let detour = try shown([
      "wait 5s", "snapshot here", "type \"xyz\\n\"", "wait 2s", "restore here", "type abc", "wait 1s",
    ])
    #expect(straight == detour)
  }

  @Test func stopAfterEndsTheRun() throws {
    let run = try Program.run(quick + ["--stop-after", "500ms", "--state-hash"])
    #expect(run.status == 0 && run.output.hasPrefix("state-hash "))
  }

  @Test func powerOffAndQuitEndTheRunWithStatus0() throws {
    #expect(try Program.run(quick + ["--do", "wait 1s", "--do", "power-off", "--do", "wait 99h"]).status == 0)
    #expect(try Program.run(quick + ["--do", "wait 1s", "--do", "quit", "--do", "wait 99h"]).status == 0)
  }

  @Test func aScriptFileIsDoneBeforeTheStepsOfTheCommandLine() throws {
    let scratch = try Scratch()
    let script = try scratch.file(
      "steps.txt", Array("# start\nwait-text Heirloom within 30s\nscreen-text one.txt\n".utf8))
    let run = try Program.run(
      quick + ["--script", script, "--do", "screenshot two.png"], directory: scratch.url)
    #expect(run.status == 0, "\(run.errors)")
    #expect(try String(contentsOfFile: scratch.path("one.txt"), encoding: .utf8).contains("Heirloom"))
    let png = try Data(contentsOf: URL(fileURLWithPath: scratch.path("two.png")))
    #expect(png.starts(with: [0x89, 0x50, 0x4E, 0x47]))
  }

  @Test func aRunEndsInOrderOnSIGTERM() throws {
    let process = Process()
    process.executableURL = Program.directory.appendingPathComponent("heirloom")
    process.arguments = ["run", "--headless", "--state-hash"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    Thread.sleep(forTimeInterval: 0.5)
    process.terminate()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 0)
    let text = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    #expect(text.hasPrefix("state-hash "))
  }

  @Test func theMachineOfAConfigurationFileIsBuilt() throws {
    let scratch = try Scratch()
    let file = try scratch.file("old.toml", Array("[cpu]\nmodel = \"386dx-25\"\n[memory]\nsize = \"2M\"\n".utf8))
    let run = try Program.run(
      ["run", file] + quick.dropFirst() + ["--do", "wait-text 386 within 30s", "--do", "screen-text"])
    #expect(run.status == 0, "\(run.errors)")
  }
}
