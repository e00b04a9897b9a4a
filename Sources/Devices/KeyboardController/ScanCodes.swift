import Hardware

/// What the keys of a 102-key keyboard send.
///
/// - Source: IBM PS/2 Technical Reference, "Keyboards (101- and 102-key)"; Microsoft, "Keyboard Scan Code
///   Specification" 1.3a.
enum ScanCodes {
  /// The codes of one key.
  struct Entry {
    /// Set 2 make code.
    let set2: UInt8
    /// Set 3 make code.
    let set3: UInt8
    /// In set 2 the code follows an E0h.
    let extended: Bool
    /// One of the grey keys whose code depends on Num Lock and Shift.
    let navigation: Bool
  }

  /// The keys in the order of `Key`'s raw values. PrintScreen and Pause have sequences of their own in set 2.
  static func entry(_ key: Key) -> Entry { table[Int(key.rawValue & 0xFF)] }

  private static func plain(_ set2: UInt8, _ set3: UInt8? = nil) -> Entry {
    Entry(set2: set2, set3: set3 ?? set2, extended: false, navigation: false)
  }
  private static func extended(_ set2: UInt8, _ set3: UInt8) -> Entry {
    Entry(set2: set2, set3: set3, extended: true, navigation: false)
  }
  private static func navigation(_ set2: UInt8, _ set3: UInt8) -> Entry {
    Entry(set2: set2, set3: set3, extended: true, navigation: true)
  }

  private static func codes(_ key: Key) -> Entry {
    switch key {
    case .a: plain(0x1C)
    case .b: plain(0x32)
    case .c: plain(0x21)
    case .d: plain(0x23)
    case .e: plain(0x24)
    case .f: plain(0x2B)
    case .g: plain(0x34)
    case .h: plain(0x33)
    case .i: plain(0x43)
    case .j: plain(0x3B)
    case .k: plain(0x42)
    case .l: plain(0x4B)
    case .m: plain(0x3A)
    case .n: plain(0x31)
    case .o: plain(0x44)
    case .p: plain(0x4D)
    case .q: plain(0x15)
    case .r: plain(0x2D)
    case .s: plain(0x1B)
    case .t: plain(0x2C)
    case .u: plain(0x3C)
    case .v: plain(0x2A)
    case .w: plain(0x1D)
    case .x: plain(0x22)
    case .y: plain(0x35)
    case .z: plain(0x1A)
    case .digit1: plain(0x16)
    case .digit2: plain(0x1E)
    case .digit3: plain(0x26)
    case .digit4: plain(0x25)
    case .digit5: plain(0x2E)
    case .digit6: plain(0x36)
    case .digit7: plain(0x3D)
    case .digit8: plain(0x3E)
    case .digit9: plain(0x46)
    case .digit0: plain(0x45)
    case .enter: plain(0x5A)
    case .escape: plain(0x76, 0x08)
    case .backspace: plain(0x66)
    case .tab: plain(0x0D)
    case .space: plain(0x29)
    case .minus: plain(0x4E)
    case .equals: plain(0x55)
    case .leftBracket: plain(0x54)
    case .rightBracket: plain(0x5B)
    case .backslash: plain(0x5D, 0x5C)
    case .semicolon: plain(0x4C)
    case .apostrophe: plain(0x52)
    case .grave: plain(0x0E)
    case .comma: plain(0x41)
    case .period: plain(0x49)
    case .slash: plain(0x4A)
    case .capsLock: plain(0x58, 0x14)
    case .f1: plain(0x05, 0x07)
    case .f2: plain(0x06, 0x0F)
    case .f3: plain(0x04, 0x17)
    case .f4: plain(0x0C, 0x1F)
    case .f5: plain(0x03, 0x27)
    case .f6: plain(0x0B, 0x2F)
    case .f7: plain(0x83, 0x37)
    case .f8: plain(0x0A, 0x3F)
    case .f9: plain(0x01, 0x47)
    case .f10: plain(0x09, 0x4F)
    case .f11: plain(0x78, 0x56)
    case .f12: plain(0x07, 0x5E)
    case .printScreen: extended(0x7C, 0x57)
    case .scrollLock: plain(0x7E, 0x5F)
    case .pause: plain(0x77, 0x62)
    case .insert: navigation(0x70, 0x67)
    case .home: navigation(0x6C, 0x6E)
    case .pageUp: navigation(0x7D, 0x6F)
    case .delete: navigation(0x71, 0x64)
    case .end: navigation(0x69, 0x65)
    case .pageDown: navigation(0x7A, 0x6D)
    case .right: navigation(0x74, 0x6A)
    case .left: navigation(0x6B, 0x61)
    case .down: navigation(0x72, 0x60)
    case .up: navigation(0x75, 0x63)
    case .numLock: plain(0x77, 0x76)
    case .keypadDivide: extended(0x4A, 0x77)
    case .keypadMultiply: plain(0x7C, 0x7E)
    case .keypadMinus: plain(0x7B, 0x84)
    case .keypadPlus: plain(0x79, 0x7C)
    case .keypadEnter: extended(0x5A, 0x79)
    case .keypad1: plain(0x69)
    case .keypad2: plain(0x72)
    case .keypad3: plain(0x7A)
    case .keypad4: plain(0x6B)
    case .keypad5: plain(0x73)
    case .keypad6: plain(0x74)
    case .keypad7: plain(0x6C)
    case .keypad8: plain(0x75)
    case .keypad9: plain(0x7D)
    case .keypad0: plain(0x70)
    case .keypadPeriod: plain(0x71)
    case .nonUSBackslash: plain(0x61, 0x13)
    case .application: extended(0x2F, 0x8D)
    case .leftControl: plain(0x14, 0x11)
    case .leftShift: plain(0x12)
    case .leftAlt: plain(0x11, 0x19)
    case .leftGUI: extended(0x1F, 0x8B)
    case .rightControl: extended(0x14, 0x58)
    case .rightShift: plain(0x59)
    case .rightAlt: extended(0x11, 0x39)
    case .rightGUI: extended(0x27, 0x8C)
    }
  }

  private static let table: [Entry] = (0..<256).map { n in
    Key(rawValue: UInt16(n)).map(codes) ?? plain(0)
  }

  // MARK: Set 3 key types

  /// What a key of set 3 sends.
  enum KeyType {
    static let typematic: UInt8 = 0
    static let makeBreak: UInt8 = 1
    static let makeOnly: UInt8 = 2
    /// Typematic with a break code.
    static let all: UInt8 = 3
  }

  /// Power-on types of set 3 by make code. Modifiers make and break, function keys and most of the keypad make only,
  /// the rest is typematic. (Recalled from the PS/2 reference; single keys unverified.)
  static let defaultTypes: [UInt8] = {
    var types = [UInt8](repeating: KeyType.typematic, count: 256)
    for key in [Key.leftShift, .rightShift, .leftControl, .leftAlt, .capsLock] {
      types[Int(entry(key).set3)] = KeyType.makeBreak
    }
    let only: [Key] = [
      .escape, .f1, .f2, .f3, .f4, .f5, .f6, .f7, .f8, .f9, .f10, .f11, .f12, .printScreen, .scrollLock, .pause,
      .insert, .home, .pageUp, .end, .pageDown, .numLock, .keypadDivide, .keypadMultiply, .keypadMinus, .keypadEnter,
      .keypad0, .keypad1, .keypad2, .keypad3, .keypad4, .keypad5, .keypad6, .keypad7, .keypad8, .keypad9,
      .keypadPeriod, .rightControl, .rightAlt, .application, .leftGUI, .rightGUI,
    ]
    for key in only { types[Int(entry(key).set3)] = KeyType.makeOnly }
    return types
  }()

  // MARK: Set 1

  /// Set 2 to set 1, as the 8042's firmware does it: codes 00h-7Fh. 80h and up stay, but for 83h and 84h.
  private static let translation: [UInt8] = [
    0xFF, 0x43, 0x41, 0x3F, 0x3D, 0x3B, 0x3C, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3E, 0x0F, 0x29, 0x59,
    0x65, 0x38, 0x2A, 0x70, 0x1D, 0x10, 0x02, 0x5A, 0x66, 0x71, 0x2C, 0x1F, 0x1E, 0x11, 0x03, 0x5B,
    0x67, 0x2E, 0x2D, 0x20, 0x12, 0x05, 0x04, 0x5C, 0x68, 0x39, 0x2F, 0x21, 0x14, 0x13, 0x06, 0x5D,
    0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5E, 0x6A, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5F,
    0x6B, 0x33, 0x25, 0x17, 0x18, 0x0B, 0x0A, 0x60, 0x6C, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0C, 0x61,
    0x6D, 0x73, 0x28, 0x74, 0x1A, 0x0D, 0x62, 0x6E, 0x3A, 0x36, 0x1C, 0x1B, 0x75, 0x2B, 0x63, 0x76,
    0x55, 0x56, 0x77, 0x78, 0x79, 0x7A, 0x0E, 0x7B, 0x7C, 0x4F, 0x7D, 0x4B, 0x47, 0x7E, 0x7F, 0x6F,
    0x52, 0x53, 0x50, 0x4C, 0x4D, 0x48, 0x01, 0x45, 0x57, 0x4E, 0x51, 0x4A, 0x37, 0x49, 0x46, 0x54,
  ]

  /// Translates one byte; `afterBreak` is set by F0h, which itself gives nothing, and marks the next code.
  static func translate(_ byte: UInt8, afterBreak: inout Bool) -> UInt8? {
    if byte == 0xF0 {
      afterBreak = true
      return nil
    }
    let code: UInt8 =
      switch byte {
      case 0x83: 0x41
      case 0x84: 0x54
      case 0x80...: byte
      default: translation[Int(byte)]
      }
    // E0h and E1h prefixes stand before the F0h, so the mark can't hit them.
    defer { afterBreak = false }
    return afterBreak ? code | 0x80 : code
  }

  /// A whole set 2 sequence in set 1.
  static func set1(_ sequence: [UInt8]) -> [UInt8] {
    var afterBreak = false
    return sequence.compactMap { translate($0, afterBreak: &afterBreak) }
  }
}
