import Foundation
import Hardware
import PC
import Testing

/// Every program in `Programs/` on every machine of its list, from power-on to DONE.
@Suite(.enabled(if: HostTool.nasm.isThere, "NASM is not installed: apt install nasm"))
struct GuestProgramTests {
  @Test(arguments: GuestProgram.boards)
  func everyCheckOfTheProgramIsMet(_ program: GuestProgram) throws {
    let guest = try program.guest()
    try guest.run()
    let lines = guest.text.split(separator: "\n")
    let failures = lines.filter { $0.contains("FAIL") || $0.contains("expected") || $0.contains("cannot") }
    #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
    #expect(lines.last == "DONE")
    // The video programs count their checks: "checks 00A4 failures 0000". The gallery has none.
    for line in lines where line.hasPrefix("checks ") && program.source != "video_gallery" {
      #expect(line.hasSuffix(" failures 0000") && !line.hasPrefix("checks 0000"))
    }
  }

  @Test(arguments: GuestProgram.processors)
  func theProcessorDoesWhatTheManualsSay(_ program: GuestProgram) throws {
    let guest = try program.guest()
    try guest.run()
    let expected = try program.expected().split(separator: "\n", omittingEmptySubsequences: false)
    let said = guest.text.split(separator: "\n", omittingEmptySubsequences: false)
    for (wanted, line) in zip(expected, said) where wanted != line {
      Issue.record("\(program.name): \(line)\nexpected: \(wanted)")
    }
    #expect(said.count == expected.count && guest.text.hasSuffix("DONE\n"))
  }

  @Test func aFaultWithoutHandlersShutsTheProcessorDown() throws {
    let program = GuestProgram(source: "cpu_triple")
    var configuration = program.configuration
    configuration.machine.onTripleFault = .stop
    let guest = try Guest(configuration, disk: try program.assemble(), script: program.script)
    try guest.run()
    #expect(guest.machine.outcome == .tripleFault)
    #expect(guest.text == "before\n")
  }

  @Test func everyProgramIsOnTheList() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Places.programs.path)
    let sources = Set(files.filter { $0.hasSuffix(".asm") }.map { String($0.dropLast(4)) })
    #expect(sources == Set(GuestProgram.all.map(\.source)).union(GuestProgram.others.keys))
  }

  @Test func aTripleFaultStopsAMachineThatIsToldTo() throws {
    // The program's last reset is a triple fault; the ones before it don't stop the machine.
    let program = GuestProgram(source: "bios_reset")
    var configuration = program.configuration
    configuration.machine.onTripleFault = .stop
    let guest = try Guest(configuration, disk: try program.assemble(), script: program.script)
    try guest.run()
    #expect(guest.machine.outcome == .tripleFault)
    #expect(guest.text.contains("ok   no keys held") && !guest.text.contains("triple fault"))
  }
}

/// What a keyboard sends for keys, as `Programs/keyboard.asm` sees it.
enum KeyboardProgram {
  /// Keys pressed together and the bytes for them.
  struct Burst: Sendable {
    var keys: String
    var bytes: String
  }

  /// - Source: IBM PS/2 Hardware Interface Technical Reference, Keyboards, tables of scan code set 1 and 2.
  static let set1 = [
    Burst(keys: "a", bytes: "1E 9E"), Burst(keys: "shift+a", bytes: "2A 1E 9E AA"),
    Burst(keys: "rightctrl", bytes: "E0 1D E0 9D"), Burst(keys: "up", bytes: "E0 48 E0 C8"),
    Burst(keys: "shift+up", bytes: "2A E0 AA E0 48 E0 C8 E0 2A AA"), Burst(keys: "pause", bytes: "E1 1D 45 E1 9D C5"),
    Burst(keys: "ctrl+pause", bytes: "1D E0 46 E0 C6 9D"), Burst(keys: "printscreen", bytes: "E0 2A E0 37 E0 B7 E0 AA"),
    Burst(keys: "alt+printscreen", bytes: "38 54 D4 B8"), Burst(keys: "ctrl+printscreen", bytes: "1D E0 37 E0 B7 9D"),
    Burst(keys: "kpdivide", bytes: "E0 35 E0 B5"),
    Burst(keys: "shift+kpdivide", bytes: "2A E0 AA E0 35 E0 B5 E0 2A AA"),
    Burst(keys: "kpenter", bytes: "E0 1C E0 9C"), Burst(keys: "altgr+q", bytes: "E0 38 10 90 E0 B8"),
    Burst(keys: "less", bytes: "56 D6"), Burst(keys: "f11", bytes: "57 D7"), Burst(keys: "win", bytes: "E0 5B E0 DB"),
    Burst(keys: "esc", bytes: "01 81"),
  ]
  static let set2 = [
    Burst(keys: "a", bytes: "1C F0 1C"), Burst(keys: "up", bytes: "E0 75 E0 F0 75"),
    Burst(keys: "pause", bytes: "E1 14 77 E1 F0 14 F0 77"),
    Burst(keys: "printscreen", bytes: "E0 12 E0 7C E0 F0 7C E0 F0 12"), Burst(keys: "f7", bytes: "83 F0 83"),
    Burst(keys: "esc", bytes: "76 F0 76"),
  ]
  /// Answers to commands, untranslated.
  static let commands = [
    "EE : EE", "F2 : FA AB 83", "ED : FA", "07 : FA", "F3 : FA", "00 : FA", "F0 : FA", "00 : FA 02", "FF : FA AA",
  ]

  /// What the person does: every key when the line of the one before is complete, and half a second later.
  static var lines: [(cue: GuestScript.Cue, deed: GuestScript.Deed)] {
    var lines: [(cue: GuestScript.Cue, deed: GuestScript.Deed)] = []
    for (set, bursts) in [("SET 1\n", set1), ("SET 2\n", set2)] {
      lines.append((.said(set), .nothing))
      for burst in bursts {
        lines.append((.wait(.milliseconds(100)), .press((try? KeyNames.chord(burst.keys)) ?? [])))
        lines.append((.said("\n"), .nothing))
      }
    }
    return lines
  }

  /// Everything that the program prints.
  static var transcript: [String] {
    ["SET 1"] + set1.map(\.bytes) + ["SET 2"] + set2.map(\.bytes) + ["COMMANDS"] + commands + ["DONE"]
  }
}

@Suite(.enabled(if: HostTool.nasm.isThere, "NASM is not installed: apt install nasm"))
struct GuestKeyboardTests {
  @Test func everyKeySendsTheBytesOfItsSet() throws {
    let guest = try GuestProgram(source: "keyboard", lines: { KeyboardProgram.lines }).guest()
    try guest.run()
    let lines = guest.text.split(separator: "\n").map { line in
      String(line.reversed().drop { $0 == " " }.reversed())
    }
    #expect(lines == KeyboardProgram.transcript)
  }

  @Test func aHeldKeyRepeatsAfterHalfASecondThirtyTimesASecondAsTheBIOSAsksFor() throws {
    let guest = try GuestProgram(source: "keyboard").guest()
    try guest.perform(.until(said: "SET 1\n"))
    try guest.perform(
      GuestScript([
        (
          .wait(.milliseconds(200)),
          .post([(.zero, .key(.b, pressed: true)), (.milliseconds(2000), .key(.b, pressed: false))])
        ), (.said("\n"), .nothing),
      ]))
    let line = guest.text.split(separator: "\n").last ?? ""
    let makes = line.split(separator: " ").filter { $0 == "30" }.count
    // 1 + 1.5 s * 30 a second. - Source: IBM PS/2 HITR, Keyboards, F3h 20h: 500 ms, 30 a second.
    #expect((45...47).contains(makes), "\(line)")
    #expect(line.hasSuffix("30 B0 "))
  }
}

extension Span {
  /// No time.
  static let zero = Span(picoseconds: 0)
}
