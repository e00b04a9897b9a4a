import Archive
import ArgumentParser
import Desktop
import Hardware
import PC

/// The flags that say how a machine is run; they are no part of it.
struct SessionOptions: ParsableArguments {
  @Flag(name: .customLong("headless"), help: "No window, no sound device.") var headless = false
  @Option(
    name: .customLong("speed"),
    help: ArgumentHelp(
      "Pace against the host; the guest's own time never changes. (default: realtime)",
      valueName: "realtime|max|PERCENT"))
  var speed: String?
  @Option(
    name: .customLong("do"),
    help: ArgumentHelp("A step of a script; repeatable, in order (README, \"Scripts\").", valueName: "STEP"))
  var doSteps: [String] = []
  @Option(name: .customLong("script"), help: ArgumentHelp("A file with a step a line.", valueName: "FILE"))
  var script: String?
  @Option(
    name: .customLong("stop-after"), help: ArgumentHelp("End after that much guest time.", valueName: "30s"))
  var stopAfter: String?
  @Option(
    name: .customLong("audio-file"),
    help: ArgumentHelp("Record the sound as a WAV file (48 kHz stereo, from power-on).", valueName: "OUT.wav"))
  var audioFile: String?
  @Option(
    name: .customLong("vgm-file"),
    help: ArgumentHelp("Log the FM synthesizer's registers as a VGM file.", valueName: "OUT.vgm"))
  var vgmFile: String?
  @Option(
    name: .customLong("midi-file"),
    help: ArgumentHelp("Record what is sent by MIDI as a standard MIDI file.", valueName: "OUT.mid"))
  var midiFile: String?
  @Flag(
    name: .customLong("state-hash"),
    help: "Print a hash of the whole machine state at exit. Without --rtc the clock starts at 1994-06-01 12:00:00 then."
  )
  var stateHash = false

  @Flag(
    name: .customLong("cold"),
    help: "Start a machine file from power-on, even if it is suspended (its suspended state stays a snapshot).")
  var cold = false
  @Flag(
    name: .customLong("no-freeze"),
    help: "Don't keep a machine file's state at the end: the next run starts from power-on.")
  var noFreeze = false

  @Option(
    name: .customLong("changed-media"),
    help: ArgumentHelp(
      "When a suspended machine's CD is missing or has changed: refuse to go on, have the drive empty, or accept what is there now as a change of discs. (default: refuse)",
      valueName: "refuse|empty|accept"))
  var changedMedia: String?

  @Flag(
    name: .customLong("no-sandbox"),
    help: "Let a machine file's run keep rights that no machine needs (README, \"Isolation\").")
  var noSandbox = false

  /// The steps of the script, then those of `--do`.
  func steps() throws(HostError) -> [Step] {
    var steps: [Step] = []
    if let script { steps += try Step.script(try HostFiles.text(script), path: script) }
    for text in doSteps {
      guard let step = try Step(parsing: text) else { throw .usage("--do \"\(text)\": a step is wanted") }
      steps.append(step)
    }
    return steps
  }

  /// `--changed-media`.
  func changedMediaChoice() throws(HostError) -> OpenMachine.ChangedMedia {
    guard let changedMedia else { return .refuse }
    guard let choice = OpenMachine.ChangedMedia(rawValue: changedMedia) else {
      throw .usage("--changed-media: \"\(changedMedia)\" is not refuse, empty or accept")
    }
    return choice
  }

  /// `--speed`.
  func speedChoice() throws(HostError) -> Speed {
    guard let speed else { return .realtime }
    guard let choice = Speed(text: speed) else {
      throw .usage("--speed: \"\(speed)\" is not realtime, max or a percentage such as 50 (1 to 10000)")
    }
    return choice
  }

  /// `--stop-after`.
  func stopAfterSpan() throws(HostError) -> Span? {
    guard let stopAfter else { return nil }
    guard let span = Span(text: stopAfter) else {
      throw .usage("--stop-after: \"\(stopAfter)\" is not a time such as 30s, 500ms, 2m or 1h")
    }
    return span
  }

  /// The host's time for the machine's clock; nil when hashes are to be compared, which the time would spoil.
  func hostClock() -> CalendarDate? { stateHash ? nil : HostClock.localDate() }
}
