public import Hardware

/// The names of keys in scripts and listings: `key ctrl+alt+del`.
public enum KeyNames {
  /// Every key with its name, and other names that mean the same key.
  public static let all: [(key: Key, name: String, aliases: [String])] = {
    var table: [(key: Key, name: String, aliases: [String])] = []
    for (index, letter) in "abcdefghijklmnopqrstuvwxyz".enumerated() {
      if let key = Key(rawValue: Key.a.rawValue + UInt16(index)) { table.append((key, String(letter), [])) }
    }
    for (index, digit) in "1234567890".enumerated() {
      if let key = Key(rawValue: Key.digit1.rawValue + UInt16(index)) { table.append((key, String(digit), [])) }
    }
    for number in 1...12 {
      if let key = Key(rawValue: Key.f1.rawValue + UInt16(number - 1)) { table.append((key, "f\(number)", [])) }
    }
    for (index, digit) in "1234567890".enumerated() {
      if let key = Key(rawValue: Key.keypad1.rawValue + UInt16(index)) { table.append((key, "kp\(digit)", [])) }
    }
    return table + others
  }()

  private static let others: [(key: Key, name: String, aliases: [String])] = [
    (.enter, "enter", ["return"]), (.escape, "esc", ["escape"]), (.backspace, "backspace", ["bs"]),
    (.tab, "tab", []), (.space, "space", []), (.minus, "minus", ["-"]), (.equals, "equals", ["="]),
    (.leftBracket, "leftbracket", ["["]), (.rightBracket, "rightbracket", ["]"]),
    (.backslash, "backslash", ["\\"]), (.semicolon, "semicolon", [";"]), (.apostrophe, "apostrophe", ["'"]),
    (.grave, "grave", ["`"]), (.comma, "comma", [","]), (.period, "period", ["."]), (.slash, "slash", ["/"]),
    (.nonUSBackslash, "less", ["<", "nonusbackslash"]),
    (.capsLock, "capslock", ["caps"]), (.numLock, "numlock", []), (.scrollLock, "scrolllock", []),
    (.printScreen, "printscreen", ["print", "sysrq"]), (.pause, "pause", ["break"]),
    (.insert, "insert", ["ins"]), (.delete, "del", ["delete"]), (.home, "home", []), (.end, "end", []),
    (.pageUp, "pageup", ["pgup"]), (.pageDown, "pagedown", ["pgdn"]),
    (.up, "up", []), (.down, "down", []), (.left, "left", []), (.right, "right", []),
    (.keypadDivide, "kpdivide", ["kp/"]), (.keypadMultiply, "kpmultiply", ["kp*"]),
    (.keypadMinus, "kpminus", ["kp-"]), (.keypadPlus, "kpplus", []), (.keypadEnter, "kpenter", []),
    (.keypadPeriod, "kpperiod", ["kp."]),
    (.leftControl, "ctrl", ["leftctrl", "control"]), (.rightControl, "rightctrl", []),
    (.leftShift, "shift", ["leftshift"]), (.rightShift, "rightshift", []),
    (.leftAlt, "alt", ["leftalt"]), (.rightAlt, "altgr", ["rightalt"]),
    (.leftGUI, "win", ["leftwin"]), (.rightGUI, "rightwin", []), (.application, "menu", ["app"]),
  ]

  private static let byName: [String: Key] = {
    var names: [String: Key] = [:]
    for entry in all {
      names[entry.name] = entry.key
      for alias in entry.aliases { names[alias] = entry.key }
    }
    return names
  }()

  /// The key called `name` (in any case), nil if there is none.
  public static func key(_ name: String) -> Key? { byName[name.lowercased()] }

  /// The keys of "ctrl+alt+del" in the order in which they go down.
  ///
  /// - Throws: `HostError.usage` naming the unknown key and the nearest known one.
  public static func chord(_ text: String) throws(HostError) -> [Key] {
    var keys: [Key] = []
    for part in text.split(separator: "+", omittingEmptySubsequences: false) {
      let name = String(part.trimmed)
      guard let key = key(name) else {
        let near = nearest(to: name.lowercased(), among: all.map(\.name)).map { "; did you mean \($0)?" }
        throw .usage("key \(text): there is no key \"\(name)\"\(near ?? "; `heirloom list keys` names them all")")
      }
      keys.append(key)
    }
    return keys
  }
}
