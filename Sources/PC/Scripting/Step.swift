public import Hardware

/// One step of a script: what to do, or what to wait for, in guest time.
public enum Step: Equatable, Sendable {
  /// Until the text is on the screen; fails when that takes longer than the span.
  case waitText(String, within: Span)
  /// That long.
  case wait(Span)
  /// Until nothing happens any more; fails when that takes longer than the span.
  case waitIdle(within: Span)
  /// Types the text.
  case type(String)
  /// Presses keys together.
  case key([Key])
  /// Moves the mouse by counts.
  case mouseMove(Int, Int)
  /// Presses and releases a mouse button.
  case mouseClick(MouseButton)
  /// Writes the picture to a PNG file, dot for dot.
  case screenshot(String)
  /// Writes the picture to a PNG file in its true proportions, every line twice.
  case scaledScreenshot(String)
  /// Records the display to an AVI file from now on.
  case record(String)
  /// Ends the recording.
  case stopRecording
  /// Writes the screen's text to a file, or to standard output.
  case screenText(String?)
  /// Puts an image into a drive.
  case insert(RemovableDrive, String)
  /// Takes the medium out of a drive.
  case eject(RemovableDrive)
  /// Brings the guest's changes into the folders that its hard disks are.
  case commit
  /// Keeps the machine's state under a name.
  case snapshot(String)
  /// Puts the machine back into the state of that name.
  case restore(String)
  /// The reset button.
  case reset
  /// The power switch; ends the run with status 0.
  case powerOff
  /// Ends the run.
  case quit

  /// How long `wait-text` and `wait-idle` wait without a `within`.
  public static let patience = Span.seconds(60)
}

/// A drive whose medium can be changed.
public enum RemovableDrive: String, CaseIterable, Codable, Sendable {
  case a, b, cdrom
}

extension Step {
  /// Reads one step as written after `--do` or on a line of a script. Nil for an empty line or a comment (`#`).
  ///
  /// - Throws: `HostError.usage` with the step, what is wrong and what would be right.
  public init?(parsing line: String) throws(HostError) {
    var words = try StepWords(line)
    guard let verb = words.next() else { return nil }
    switch verb {
    case "wait-text":
      let text = try words.need("wait-text \"TEXT\" [within 60s]")
      guard !text.isEmpty else { throw words.wrong("an empty text is always there") }
      self = .waitText(text, within: try words.within())
    case "wait":
      self = .wait(try words.span("wait 2.5s"))
    case "wait-idle":
      self = .waitIdle(within: try words.within())
    case "type":
      let text = try words.need("type \"dir\\n\"")
      if let character = Typist.untypable(in: text) {
        throw words.wrong("the keyboard can't enter \"\(character)\"")
      }
      self = .type(text)
    case "key":
      self = .key(try KeyNames.chord(try words.need("key ctrl+alt+del")))
    case "mouse":
      self = try Step.mouse(&words)
    case "screenshot":
      let path = try words.need("screenshot FILE.png [scaled]")
      switch words.next() {
      case nil: self = .screenshot(path)
      case "scaled": self = .scaledScreenshot(path)
      case let word?: throw words.wrong("\"\(word)\" is not \"scaled\" (texts with blanks need quotes)")
      }
    case "record":
      let path = try words.need("record FILE.avi, or record stop")
      self = path == "stop" ? .stopRecording : .record(path)
    case "screen-text":
      self = .screenText(words.next())
    case "insert":
      let usage = "insert a=IMG"
      let text = try words.need(usage)
      guard let equals = text.firstIndex(of: "="), let drive = RemovableDrive(rawValue: text[..<equals].lowercased()),
        text.index(after: equals) < text.endIndex
      else { throw words.wrong("wanted: \(usage) (drives a, b and cdrom)") }
      self = .insert(drive, String(text[text.index(after: equals)...]))
    case "eject":
      guard let drive = RemovableDrive(rawValue: try words.need("eject a").lowercased()) else {
        throw words.wrong("wanted: eject a (or b, cdrom)")
      }
      self = .eject(drive)
    case "snapshot":
      self = .snapshot(try words.need("snapshot NAME"))
    case "restore":
      self = .restore(try words.need("restore NAME"))
    case "commit": self = .commit
    case "reset": self = .reset
    case "power-off": self = .powerOff
    case "quit": self = .quit
    default:
      let near = nearest(to: verb, among: Step.verbs).map { "; did you mean \($0)?" }
      throw words.wrong("there is no such step\(near ?? "; known: " + Step.verbs.joined(separator: ", "))")
    }
    if let extra = words.next() { throw words.wrong("\"\(extra)\" is too much (texts with blanks need quotes)") }
  }

  private static let verbs = [
    "wait-text", "wait", "wait-idle", "type", "key", "mouse", "screenshot", "record", "screen-text", "insert",
    "eject", "commit", "snapshot", "restore", "reset", "power-off", "quit",
  ]

  private static func mouse(_ words: inout StepWords) throws(HostError) -> Step {
    let usage = "mouse move 10 -5, or mouse click left"
    switch try words.need(usage) {
    case "move":
      guard let x = Int(try words.need(usage)), let y = Int(try words.need(usage)), abs(x) <= 10_000, abs(y) <= 10_000
      else { throw words.wrong("wanted: mouse move X Y with whole numbers up to 10000") }
      return .mouseMove(x, y)
    case "click":
      guard let button = MouseButton(rawValue: try words.need(usage).lowercased()) else {
        throw words.wrong("wanted: mouse click left, right or middle")
      }
      return .mouseClick(button)
    default: throw words.wrong("wanted: \(usage)")
    }
  }

  /// Reads a script, a step a line.
  ///
  /// - Throws: `HostError.usage` with file and line.
  public static func script(_ text: String, path: String) throws(HostError) -> [Step] {
    var steps: [Step] = []
    for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      do {
        if let step = try Step(parsing: String(line)) { steps.append(step) }
      } catch {
        throw .usage("\(path):\(number + 1): \(error.description)")
      }
    }
    return steps
  }
}

/// The words of a step: separated by blanks, or in quotes. Within double quotes `\"` and `\\` stand for the second
/// character, and in `type` also `\n`, `\t`, `\e` (escape) and `\b` (backspace) for keys. Any other backslash is
/// itself, so that `wait-text "A:\>"` means what it says.
private struct StepWords {
  let line: String
  private var words: [String] = []
  private var position = 0

  init(_ line: String) throws(HostError) {
    self.line = line
    var rest = line[...].trimmed
    while let first = rest.first, first != "#" {
      var word = ""
      var quote: Character?
      if first == "\"" || first == "'" {
        quote = first
        rest.removeFirst()
      }
      scan: while true {
        guard let character = rest.first else {
          if quote != nil { throw wrong("a quote is missing at the end") }
          break
        }
        rest.removeFirst()
        if let quote, character == quote { break }
        if quote == nil, character.isWhitespace { break }
        if character == "\\", quote != "'", let next = rest.first,
          let meant = Self.escape(next, keys: words.first == "type", quoted: quote != nil)
        {
          rest.removeFirst()
          word.append(meant)
        } else {
          word.append(character)
        }
      }
      words.append(word)
      rest = rest.trimmed
    }
  }

  private static func escape(_ letter: Character, keys: Bool, quoted: Bool) -> Character? {
    switch letter {
    case "\\", "\"": quoted || keys ? letter : nil
    case "n": keys ? "\n" : nil
    case "t": keys ? "\t" : nil
    case "e": keys ? "\u{1B}" : nil
    case "b": keys ? "\u{8}" : nil
    default: nil
    }
  }

  func wrong(_ text: String) -> HostError { .usage("step `\(line)`: \(text)") }

  mutating func next() -> String? {
    guard position < words.count else { return nil }
    defer { position += 1 }
    return words[position]
  }

  mutating func need(_ usage: String) throws(HostError) -> String {
    guard let word = next() else { throw wrong("wanted: \(usage)") }
    return word
  }

  mutating func span(_ usage: String) throws(HostError) -> Span {
    guard let span = Span(text: try need(usage)) else { throw wrong("wanted: \(usage) (ms, s, m or h)") }
    return span
  }

  /// "within 60s" if it comes next.
  mutating func within() throws(HostError) -> Span {
    guard let word = next() else { return Step.patience }
    guard word == "within" else { throw wrong("\"\(word)\" is not \"within\" (texts with blanks need quotes)") }
    return try span("within 60s")
  }
}

extension Span {
  /// Reads "2.5s", "300ms", "10m" or "1h"; nil for anything else, negative spans and more than 100 days.
  public init?(text: String) {
    let units: [(String, Int64)] = [("ms", 1_000_000_000), ("s", 1_000_000_000_000), ("m", 60_000_000_000_000)]
    let all = units + [("h", 3_600_000_000_000_000)]
    guard let (unit, scale) = all.first(where: { text.hasSuffix($0.0) }) else { return nil }
    // Whole and decimal digits apart: exact, where a Double would round.
    let parts = text.dropLast(unit.count).split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 1 || parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.count <= 9 }),
      parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } }), let whole = Int64(parts[0])
    else { return nil }
    let (high, overflow) = whole.multipliedReportingOverflow(by: scale)
    guard !overflow, high <= 8_640_000_000_000_000_000 else { return nil }
    var picoseconds = high
    if parts.count == 2, let decimals = Int64(parts[1]) {
      var divisor: Int64 = 1
      for _ in parts[1] { divisor *= 10 }
      picoseconds += scale / divisor * decimals + scale % divisor * decimals / divisor
    }
    self.init(picoseconds: picoseconds)
  }
}
