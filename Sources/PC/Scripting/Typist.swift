public import Hardware

/// Turns text into key presses on a US keyboard, at the speed of a quick typist: every key is down for 20 ms and up for
/// 20 ms of guest time, which leaves a BIOS whose buffer holds 15 keys time to hand them on.
///
/// Characters that aren't on the keyboard but in code page 437 are entered with Alt and their number on the keypad, as
/// the BIOS offers it.
public struct Typist {
  /// How long a key stays down, and how long nothing is down before the next.
  public static let pace = Span.milliseconds(20)

  /// Key strokes with their modifiers, in order.
  public struct Stroke: Equatable, Sendable {
    /// What is pressed.
    public var key: Key
    /// What is held meanwhile.
    public var modifier: Key?
  }

  /// What is on a US keyboard besides letters and digits: plain and with Shift.
  private static let symbols: [(Key, Character, Character)] = [
    (.digit1, "1", "!"), (.digit2, "2", "@"), (.digit3, "3", "#"), (.digit4, "4", "$"), (.digit5, "5", "%"),
    (.digit6, "6", "^"), (.digit7, "7", "&"), (.digit8, "8", "*"), (.digit9, "9", "("), (.digit0, "0", ")"),
    (.minus, "-", "_"), (.equals, "=", "+"), (.leftBracket, "[", "{"), (.rightBracket, "]", "}"),
    (.backslash, "\\", "|"), (.semicolon, ";", ":"), (.apostrophe, "'", "\""), (.grave, "`", "~"),
    (.comma, ",", "<"), (.period, ".", ">"), (.slash, "/", "?"),
  ]

  private static let plain: [Character: Stroke] = {
    var table: [Character: Stroke] = [
      "\n": Stroke(key: .enter), "\t": Stroke(key: .tab), "\u{8}": Stroke(key: .backspace),
      "\u{1B}": Stroke(key: .escape), " ": Stroke(key: .space),
    ]
    for (index, letter) in "abcdefghijklmnopqrstuvwxyz".enumerated() {
      guard let key = Key(rawValue: Key.a.rawValue + UInt16(index)) else { continue }
      table[letter] = Stroke(key: key)
      table[Character(letter.uppercased())] = Stroke(key: key, modifier: .leftShift)
    }
    for (key, character, shifted) in symbols {
      table[character] = Stroke(key: key)
      table[shifted] = Stroke(key: key, modifier: .leftShift)
    }
    return table
  }()

  /// The first character of `text` that can't be typed, nil if all can.
  public static func untypable(in text: String) -> Character? {
    text.first { plain[$0] == nil && CodePage437.byte(of: $0) == nil }
  }

  /// The input events of typing `text`, each with its time after the first.
  public static func events(typing text: String) -> [(after: Span, event: InputEvent)] {
    var events: [(after: Span, event: InputEvent)] = []
    var time = Span(picoseconds: 0)
    func add(_ key: Key, _ pressed: Bool) { events.append((time, .key(key, pressed: pressed))) }
    for character in text {
      if let stroke = plain[character] {
        if let modifier = stroke.modifier {
          add(modifier, true)
          time = time + pace
        }
        add(stroke.key, true)
        time = time + pace
        add(stroke.key, false)
        if let modifier = stroke.modifier { add(modifier, false) }
        time = time + pace
      } else if let code = CodePage437.byte(of: character) {
        add(.leftAlt, true)
        time = time + pace
        for digit in String(code) {
          let offset = digit == "0" ? 9 : UInt16(digit.wholeNumberValue ?? 1) - 1
          guard let key = Key(rawValue: Key.keypad1.rawValue + offset) else { continue }
          add(key, true)
          time = time + pace
          add(key, false)
          time = time + pace
        }
        add(.leftAlt, false)
        time = time + pace
      }
    }
    return events
  }

  /// The input events of pressing all of `keys` one after the other, and letting go in the opposite order.
  public static func events(pressing keys: [Key]) -> [(after: Span, event: InputEvent)] {
    var events: [(after: Span, event: InputEvent)] = []
    var time = Span(picoseconds: 0)
    for key in keys {
      events.append((time, .key(key, pressed: true)))
      time = time + pace
    }
    time = time + pace
    for key in keys.reversed() { events.append((time, .key(key, pressed: false))) }
    return events
  }
}
