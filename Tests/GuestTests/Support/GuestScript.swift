import Hardware
import PC

/// What a person at a guest's keyboard waits for and does, in guest time only.
struct GuestScript {
  /// What is waited for.
  enum Cue {
    /// Text on port E9h, behind what an earlier cue has met.
    case said(String)
    /// Text on the screen.
    case shows(String)
    /// The last line of the screen that isn't empty is this: a prompt with nothing typed.
    case prompt(String)
    /// So much guest time.
    case wait(Span)
    /// The machine is switched off.
    case off
  }
  /// What is done then.
  enum Deed {
    case nothing
    case type(String)
    case press([Key])
    case post([(after: Span, event: InputEvent)])

    var events: [(after: Span, event: InputEvent)] {
      switch self {
      case .nothing: []
      case .type(let text): Typist.events(typing: text)
      case .press(let keys): Typist.events(pressing: keys)
      case .post(let events): events
      }
    }
  }

  private var lines: ArraySlice<(cue: Cue, deed: Deed)>
  /// How long a cue may take to come.
  private let patience: Span
  private var since = Instant.zero
  private var notBefore = Instant.zero
  private var heard = 0

  /// A script of cues and deeds, each cue awaited for up to `patience`.
  init(_ lines: [(cue: Cue, deed: Deed)], patience: Span = .seconds(60)) {
    self.lines = lines[...]
    self.patience = patience
  }

  /// Goes on listening where `other` has stopped.
  func following(_ other: GuestScript) -> GuestScript {
    var script = self
    script.heard = other.heard
    return script
  }

  /// Waits for one text on port E9h.
  static func until(said text: String, patience: Span = .seconds(60)) -> GuestScript {
    GuestScript([(.said(text), .nothing)], patience: patience)
  }

  /// Looks at the guest at a moment of the grid and does what is due.
  ///
  /// - Returns: whether the script is over.
  /// - Throws: `GuestError` when a cue doesn't come.
  mutating func poll(_ guest: Guest, at now: Instant) throws -> Bool {
    if since == .zero { since = now }
    while now >= notBefore, let line = lines.first {
      guard meets(line.cue, guest, now) else {
        if now >= since + patience { throw GuestError("\(line.cue) did not come", guest) }
        return false
      }
      lines.removeFirst()
      since = now
      let events = line.deed.events
      // Half a step ahead: after the end of any instruction that reaches over the step's end.
      let start = now + .milliseconds(5)
      for (after, event) in events { guest.machine.post(event, at: start + after) }
      if let last = events.last { notBefore = start + last.after + Typist.pace }
    }
    return lines.isEmpty && now >= notBefore
  }

  /// Whether `poll` would do something now.
  func isDue(_ guest: Guest, at now: Instant) -> Bool {
    guard now >= notBefore, let line = lines.first else { return lines.isEmpty }
    var copy = self
    return copy.meets(line.cue, guest, now)
  }

  private mutating func meets(_ cue: Cue, _ guest: Guest, _ now: Instant) -> Bool {
    switch cue {
    case .said(let text):
      let wanted = Array(text.utf8)
      guard let end = Self.end(of: wanted, in: guest.said, from: heard) else { return false }
      heard = end
      return true
    case .shows(let text): return guest.machine.textScreen.contains(text)
    case .prompt(let text): return guest.lastLine == text
    case .wait(let span): return now >= since + span
    case .off: return guest.machine.outcome == .poweredOff
    }
  }

  private static func end(of wanted: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    guard bytes.count - start >= wanted.count else { return nil }
    for at in start...(bytes.count - wanted.count) where bytes[at..<at + wanted.count].elementsEqual(wanted) {
      return at + wanted.count
    }
    return nil
  }
}

/// A guest that didn't do what was expected, with its screen and what it last said.
struct GuestError: Error, CustomStringConvertible {
  var description: String

  init(_ what: String, _ guest: Guest) {
    let ps = guest.machine.now.picoseconds / 1_000_000_000
    description =
      "\(what) (guest time \(ps) ms)\nscreen:\n\(guest.machine.textScreen.text)said: \(guest.text.suffix(800))"
  }
}
