/// What a person does to the machine. Enters the core stamped with the guest time at which it is delivered.
public enum InputEvent: Equatable, Codable, Sendable {
  /// A key went down or up.
  case key(Key, pressed: Bool)
  /// The mouse moved by that many counts (x to the right, y down, z wheel towards the user).
  case mouseMove(x: Int, y: Int, z: Int)
  /// A mouse button changed.
  case mouseButton(MouseButton, pressed: Bool)
}

/// Mouse buttons.
public enum MouseButton: String, Codable, Sendable, CaseIterable {
  case left, right, middle
}

/// A key of the 102-key keyboard by position. Raw values are USB HID usage ids (page 7), which are also what host
/// windowing libraries call scancodes.
///
/// - Source: USB HID Usage Tables 1.12, section 10.
public enum Key: UInt16, Codable, Sendable, CaseIterable {
  case a = 4, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z
  case digit1 = 30, digit2, digit3, digit4, digit5, digit6, digit7, digit8, digit9, digit0
  case enter = 40, escape, backspace, tab, space, minus, equals, leftBracket, rightBracket, backslash
  case semicolon = 51, apostrophe, grave, comma, period, slash, capsLock
  case f1 = 58, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12
  case printScreen = 70, scrollLock, pause, insert, home, pageUp, delete, end, pageDown, right, left, down, up
  case numLock = 83, keypadDivide, keypadMultiply, keypadMinus, keypadPlus, keypadEnter
  case keypad1 = 89, keypad2, keypad3, keypad4, keypad5, keypad6, keypad7, keypad8, keypad9, keypad0, keypadPeriod
  /// The 102nd key, left of Z.
  case nonUSBackslash = 100
  case application = 101
  case leftControl = 224, leftShift, leftAlt, leftGUI, rightControl, rightShift, rightAlt, rightGUI
}
