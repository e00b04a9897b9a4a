import Hardware
import PC
import Testing

@Suite struct StepTests {
  private func message(_ line: String) -> String {
    do {
      _ = try Step(parsing: line)
      return "accepted"
    } catch { return error.description }
  }

  @Test func everyStepOfTheContractIsRead() throws {
    #expect(try Step(parsing: "wait-text \"A:\\>\" within 60s") == .waitText("A:\\>", within: .seconds(60)))
    #expect(try Step(parsing: "wait-text Ready") == .waitText("Ready", within: Step.patience))
    #expect(try Step(parsing: "wait 2.5s") == .wait(.milliseconds(2500)))
    #expect(try Step(parsing: "wait-idle") == .waitIdle(within: Step.patience))
    #expect(try Step(parsing: "type \"dir\\n\"") == .type("dir\n"))
    #expect(try Step(parsing: "key ctrl+alt+del") == .key([.leftControl, .leftAlt, .delete]))
    #expect(try Step(parsing: "mouse move 10 -5") == .mouseMove(10, -5))
    #expect(try Step(parsing: "mouse click left") == .mouseClick(.left))
    #expect(try Step(parsing: "screenshot FILE.png") == .screenshot("FILE.png"))
    #expect(try Step(parsing: "screenshot FILE.png scaled") == .scaledScreenshot("FILE.png"))
    #expect(try Step(parsing: "record FILE.avi") == .record("FILE.avi"))
    #expect(try Step(parsing: "record stop") == .stopRecording)
    #expect(try Step(parsing: "screen-text") == .screenText(nil))
    #expect(try Step(parsing: "screen-text out.txt") == .screenText("out.txt"))
    #expect(try Step(parsing: "insert a=disk 2.img".replacing(" 2", with: "2")) == .insert(.a, "disk2.img"))
    #expect(try Step(parsing: "insert \"b=my disk.img\"") == .insert(.b, "my disk.img"))
    #expect(try Step(parsing: "eject a") == .eject(.a))
    #expect(try Step(parsing: "snapshot one") == .snapshot("one"))
    #expect(try Step(parsing: "restore one") == .restore("one"))
    #expect(try Step(parsing: "reset") == .reset)
    #expect(try Step(parsing: "power-off") == .powerOff)
    #expect(try Step(parsing: "quit") == .quit)
  }

  @Test func emptyLinesAndCommentsAreNoSteps() throws {
    #expect(try Step(parsing: "") == nil)
    #expect(try Step(parsing: "   # a comment") == nil)
    #expect(try Step(parsing: "quit # at last") == .quit)
  }

  @Test func escapesStandForKeysOnlyWhereKeysAreTyped() throws {
    #expect(try Step(parsing: #"type "cd \dos\n""#) == .type("cd \\dos\n"))
    #expect(try Step(parsing: #"type "a\\n\"""#) == .type("a\\n\""))
    #expect(try Step(parsing: #"type 'a\n'"#) == .type("a\\n"))
    #expect(try Step(parsing: #"type dir\n"#) == .type("dir\n"))
    #expect(try Step(parsing: #"wait-text "C:\new""#) == .waitText("C:\\new", within: Step.patience))
    #expect(try Step(parsing: #"screenshot "a\b.png""#) == .screenshot("a\\b.png"))
  }

  @Test func anUnknownStepNamesTheNearestOne() {
    #expect(message("wait-txt \"x\"") == "step `wait-txt \"x\"`: there is no such step; did you mean wait-text?")
    #expect(message("key ctrl+alt+delt").hasSuffix("there is no key \"delt\"; did you mean del?"))
  }

  @Test(arguments: [
    "wait", "wait 5", "wait -1s", "wait 1.s", "wait 99999999999s", "wait-text", "wait-text \"\"", "wait-text \"a",
    "type",
    "wait-text a b", "wait-text a within", "mouse", "mouse move 1", "mouse move 1 99999999", "mouse click up",
    "insert a",
    "insert c=x", "insert a=", "eject", "eject c", "reset now", "type \"\u{1F600}\"", "screenshot",
  ])
  func whatIsNoStepIsRefusedWithAHint(line: String) {
    #expect(throws: HostError.self) { try Step(parsing: line) }
  }

  @Test func aScriptNamesTheLine() {
    #expect(throws: HostError.usage("s.txt:3: step `quitt`: there is no such step; did you mean quit?")) {
      try Step.script("wait 1s\n\nquitt\n", path: "s.txt")
    }
  }

  @Test func spansAreExact() {
    #expect(Span(text: "2.5s") == .milliseconds(2500))
    #expect(Span(text: "0.000000001s") == .nanoseconds(1))
    #expect(Span(text: "300ms") == .milliseconds(300))
    #expect(Span(text: "1.5m") == .seconds(90))
    #expect(Span(text: "2h") == .seconds(7200))
    #expect(Span(text: "s") == nil)
    #expect(Span(text: "1e3s") == nil)
  }
}

@Suite struct TypistTests {
  @Test func codePage437Has256Characters() {
    let all = (UInt8.min...UInt8.max).map(CodePage437.character)
    #expect(Set(all).count == 255)  // 00h and 20h both look blank
    #expect(CodePage437.character(0xB0) == "░" && CodePage437.character(0xE1) == "ß")
    #expect(CodePage437.byte(of: "ü") == 0x81)
    #expect(CodePage437.byte(of: "A") == 0x41)
  }

  @Test func capitalsAreTypedWithShift() {
    let keys = Typist.events(typing: "aB").map(\.event)
    #expect(
      keys == [
        .key(.a, pressed: true), .key(.a, pressed: false), .key(.leftShift, pressed: true),
        .key(.b, pressed: true), .key(.b, pressed: false), .key(.leftShift, pressed: false),
      ])
  }

  @Test func charactersBeyondTheKeyboardAreEnteredWithAlt() {
    let keys = Typist.events(typing: "é").map(\.event)  // 82h = 130
    #expect(keys.first == .key(.leftAlt, pressed: true) && keys.last == .key(.leftAlt, pressed: false))
    #expect(keys[1] == .key(.keypad1, pressed: true) && keys[5] == .key(.keypad0, pressed: true))
  }

  @Test func timesNeverRunBackwards() {
    let times = Typist.events(typing: "Hello, Wörld!\n").map(\.after)
    #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test func everyKeyHasExactlyOneName() {
    #expect(KeyNames.all.count == Key.allCases.count)
    #expect(Set(KeyNames.all.map(\.key)).count == Key.allCases.count)
    let names = KeyNames.all.flatMap { [$0.name] + $0.aliases }
    #expect(Set(names).count == names.count)
  }
}
