import Devices
public import Hardware
import Storage

/// Carries out the steps of a script on a machine, in guest time only, so that a script gives the same result on every
/// host at every speed.
public struct ScriptRunner {
  private var steps: ArraySlice<Step>
  private var waiting = Waiting.nothing
  private var snapshots: [String: Machine.Snapshot] = [:]
  private let keeper: (any MachineKeeper)?
  private let output: (String) -> Void

  private enum Waiting {
    case nothing
    case moment(Instant)
    case picture(String, scaled: Bool, complete: Instant)
    case text(String, deadline: Instant, within: Span)
    case idle(Idleness, deadline: Instant, within: Span)
  }

  /// How a machine looked when it was last seen to change.
  private struct Idleness {
    var since: Instant
    var screen: [UInt8]
    var drives: [Int]
  }

  /// How often the screen is looked at while waiting.
  static let glance = Span.milliseconds(10)
  /// Nothing has happened for so long: the machine is idle.
  static let calm = Span.seconds(1)

  /// A runner of `steps`; `output` takes what `screen-text` prints. Snapshots go into `keeper`, without one into memory.
  public init(_ steps: [Step], keeper: (any MachineKeeper)? = nil, output: @escaping (String) -> Void) {
    self.steps = steps[...]
    self.keeper = keeper
    self.output = output
  }

  /// What `run` came to.
  public enum Progress: Equatable, Sendable {
    /// `end` was reached, or the machine stopped.
    case running
    /// All steps are done.
    case done
    /// A step ended the run.
    case quit
  }

  /// Runs the machine until guest time `end`, doing the steps that come due.
  ///
  /// - Throws: `HostError`: `timeout` with the screen's text when a wait fails, `file` for files, `usage` for a
  ///   snapshot that there isn't.
  public mutating func run(_ machine: Machine, until end: Instant) throws -> Progress {
    while machine.outcome == nil {
      switch waiting {
      case .nothing:
        guard let step = steps.popFirst() else { return .done }
        if try begin(step, machine) { return .quit }
      case .moment(let moment):
        guard machine.now >= moment else {
          guard machine.now < end else { return .running }
          machine.run(until: min(moment, end))
          continue
        }
        waiting = .nothing
      case .picture(let path, let scaled, let complete):
        guard machine.now >= complete else {
          guard machine.now < end else { return .running }
          machine.run(until: min(complete, end))
          continue
        }
        waiting = .nothing
        let picture = machine.picture()
        try (scaled ? picture.scaled(by: 2) : picture).writePNG(to: path)
      case .text(let text, let deadline, let within):
        if machine.textScreen.contains(text) {
          waiting = .nothing
        } else if machine.now >= deadline {
          throw timeout("\"\(text)\" did not come within \(within.text) of guest time", machine)
        } else {
          guard machine.now < end else { return .running }
          machine.run(until: min(machine.now + Self.glance, deadline, end))
        }
      case .idle(var idleness, let deadline, let within):
        let seen = Self.look(at: machine)
        if seen.screen != idleness.screen || seen.drives != idleness.drives { idleness = seen }
        if machine.now >= idleness.since + Self.calm {
          waiting = .nothing
        } else if machine.now >= deadline {
          throw timeout("the machine was not idle within \(within.text) of guest time", machine)
        } else {
          guard machine.now < end else { return .running }
          waiting = .idle(idleness, deadline: deadline, within: within)
          machine.run(until: min(machine.now + Self.glance, deadline, end))
        }
      }
    }
    return .running
  }

  private func timeout(_ text: String, _ machine: Machine) -> HostError {
    output(machine.textScreen.text)
    return HostError(.timeout, text)
  }

  /// What is in memory by now is on the screen when the beam has gone over all of it.
  private static func picture(_ path: String, scaled: Bool, _ machine: Machine) -> Waiting {
    .picture(path, scaled: scaled, complete: machine.board.video.wholePictureTime(after: machine.now))
  }

  private static func look(at machine: Machine) -> Idleness {
    let drives = (0...1).flatMap { drive -> [Int] in
      let activity = machine.board.floppy.activity(drive)
      return [activity.light ? 1 : 0, activity.cylinder]
    }
    let disks = machine.board.hardDisks.map { Int(truncatingIfNeeded: $0.accessCount) }
    let cd = machine.cd.map { Int(truncatingIfNeeded: $0.accessCount) } ?? 0
    return Idleness(since: machine.now, screen: machine.screenBytes, drives: drives + disks + [cd])
  }

  /// Starts a step; true if it ends the run.
  private mutating func begin(_ step: Step, _ machine: Machine) throws -> Bool {
    switch step {
    case .waitText(let text, let within): waiting = .text(text, deadline: machine.now + within, within: within)
    case .wait(let span): waiting = .moment(machine.now + span)
    case .waitIdle(let within):
      waiting = .idle(Self.look(at: machine), deadline: machine.now + within, within: within)
    case .type(let text): post(Typist.events(typing: text), machine)
    case .key(let keys): post(Typist.events(pressing: keys), machine)
    case .mouseMove(let x, let y): move(x, y, machine)
    case .mouseClick(let button):
      let nothing = Span(picoseconds: 0)
      post(
        [
          (nothing, .mouseButton(button, pressed: true)), (.milliseconds(50), .mouseButton(button, pressed: false)),
        ], machine)
    case .screenshot(let path): waiting = Self.picture(path, scaled: false, machine)
    case .scaledScreenshot(let path): waiting = Self.picture(path, scaled: true, machine)
    case .record(let path): try machine.startRecording(path: path)
    case .stopRecording: _ = try machine.stopRecording()
    case .screenText(let path):
      let text = machine.textScreen.text
      if let path { try HostFiles.write(Array(text.utf8), to: path) } else { output(text) }
    case .insert(let drive, let path):
      switch drive {
      case .a: try machine.insert(path: path, drive: 0)
      case .b: try machine.insert(path: path, drive: 1)
      case .cdrom: try machine.insertCD(path: path)
      }
    case .eject(let drive):
      switch drive {
      case .a: machine.eject(drive: 0)
      case .b: machine.eject(drive: 1)
      case .cdrom: machine.ejectCD()
      }
    case .commit: for line in try machine.commitFolders() { output(line + "\n") }
    case .snapshot(let name): try keep(machine, as: name)
    case .restore(let name): try restore(machine, to: name)
    case .reset: machine.reset()
    case .powerOff: machine.powerOff()
    case .quit: return true
    }
    return false
  }

  /// Keeps the machine's state under `name`.
  mutating func keep(_ machine: Machine, as name: String) throws {
    // A run that writes nothing keeps its snapshots in memory, as one without a machine file does.
    if let keeper, !machine.configuration.media.readOnly {
      try keeper.keep(machine, as: name)
    } else {
      snapshots[name] = try machine.snapshot()
    }
  }

  /// Goes back to the state called `name`.
  func restore(_ machine: Machine, to name: String) throws {
    if let snapshot = snapshots[name] {
      try machine.restore(snapshot)
    } else if let keeper {
      try keeper.restore(machine, to: name)
    } else {
      let known = snapshots.keys.sorted().joined(separator: ", ")
      throw HostError.usage("restore \(name): there is no such snapshot; taken: \(known.isEmpty ? "none" : known)")
    }
  }

  /// Posts events and waits until the last one has been delivered, and as long again as between two keys.
  private mutating func post(_ events: [(after: Span, event: InputEvent)], _ machine: Machine) {
    let start = machine.now
    for (after, event) in events { machine.post(event, at: start + after) }
    if let last = events.last { waiting = .moment(start + last.after + Typist.pace) }
  }

  /// A hand moves no more than 100 counts in the 10 ms between two reports of a PS/2 mouse.
  private mutating func move(_ x: Int, _ y: Int, _ machine: Machine) {
    let parts = max((max(abs(x), abs(y)) + 99) / 100, 1)
    var events: [(after: Span, event: InputEvent)] = []
    var (doneX, doneY) = (0, 0)
    for part in 1...parts {
      let (nextX, nextY) = (x * part / parts, y * part / parts)
      let time = Span.milliseconds(Int64(10 * (part - 1)))
      events.append((time, .mouseMove(x: nextX - doneX, y: nextY - doneY, z: 0)))
      (doneX, doneY) = (nextX, nextY)
    }
    post(events, machine)
  }
}

extension Span {
  /// "2.5s", for messages.
  public var text: String {
    let milliseconds = picoseconds / 1_000_000_000
    if milliseconds % 1000 == 0 { return "\(milliseconds / 1000)s" }
    return milliseconds < 1000 ? "\(milliseconds)ms" : "\(Double(milliseconds) / 1000)s"
  }
}
