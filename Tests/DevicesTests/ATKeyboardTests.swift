import Hardware
import Testing

@testable import Devices

struct ATKeyboardTests {
  private func say(_ k: KeyboardBench, _ bytes: UInt8...) -> [UInt8] {
    bytes.flatMap { byte -> [UInt8] in
      k.data(byte)
      return k.readAll()
    }
  }

  @Test("EDh sets the indicators")
  func leds() throws {
    let k = try KeyboardBench()
    #expect(say(k, 0xED, 0x06) == [0xFA, 0xFA])
    #expect(k.kbc.leds == 6)
    // A command instead of the parameter is taken as one.
    #expect(say(k, 0xED, 0xEE) == [0xFA, 0xEE])
    #expect(k.kbc.leds == 6)
  }

  @Test("FFh is acknowledged, then the self-test gives AAh")
  func reset() throws {
    let k = try KeyboardBench()
    _ = say(k, 0xED, 0x07)
    k.data(0xFF)
    #expect(k.read() == 0xFA)
    #expect(k.read(within: .milliseconds(100)) == nil)
    #expect(k.read(within: .milliseconds(500)) == 0xAA)
    #expect(k.kbc.leds == 0)
  }

  @Test("F2h gives the ID AB 83, which translation makes AB 41")
  func id() throws {
    #expect(say(try KeyboardBench(translate: false), 0xF2) == [0xFA, 0xAB, 0x83])
    #expect(say(try KeyboardBench(), 0xF2) == [0xFA, 0xAB, 0x41])
  }

  @Test("F5h stops scanning, F4h starts it with an empty buffer")
  func enable() throws {
    let k = try KeyboardBench()
    #expect(say(k, 0xF5) == [0xFA])
    k.press(.a)
    #expect(k.read() == nil)
    #expect(say(k, 0xF4) == [0xFA])
    k.release(.a)
    #expect(k.readAll() == [0x9E])
  }

  @Test("FEh sends the last byte again; an unknown command is answered by FEh")
  func resend() throws {
    let k = try KeyboardBench()
    k.press(.b)
    #expect(k.readAll() == [0x30])
    #expect(say(k, 0xFE) == [0x30])
    #expect(say(k, 0xE5) == [0xFE])
  }

  @Test("F3h: repetition begins after the delay and comes at the rate")
  func typematic() throws {
    let k = try KeyboardBench()
    k.press(.x)
    #expect(k.read() == 0x2D)
    #expect(k.read(within: .milliseconds(497)) == nil)
    var count = 0
    let end = k.bench.now + .seconds(2)
    while k.bench.now < end { if k.read(within: .milliseconds(1)) == 0x2D { count += 1 } }
    #expect((21...22).contains(count), "10.9 a second")
    k.release(.x)
    #expect(k.readAll() == [0xAD])
    // 250 ms, 30 a second.
    #expect(say(k, 0xF3, 0x00) == [0xFA, 0xFA])
    k.press(.x)
    #expect(k.read() == 0x2D)
    #expect(k.read(within: .milliseconds(247)) == nil)
    count = 0
    let stop = k.bench.now + .seconds(1)
    while k.bench.now < stop { if k.read(within: .milliseconds(1)) == 0x2D { count += 1 } }
    #expect((29...31).contains(count))
    // Another key takes over; its release ends all repetition.
    k.press(.y)
    k.release(.y)
    _ = k.readAll()
    #expect(k.read(within: .seconds(2)) == nil)
    #expect(ATKeyboard().repeatPeriod == Span(picoseconds: 11 * 2 * 1_000_000_000_000 / 240))
  }

  @Test("The buffer holds 16 bytes; what doesn't fit gives one overrun code")
  func overrun() throws {
    let k = try KeyboardBench(translate: false)
    k.command(0xAD)
    for key in [Key.a, .b, .c, .d, .e, .f, .g, .h, .i, .j] {
      k.press(key)
      k.release(key)
    }
    #expect(k.kbc.bufferedScanCodes == 16 || k.kbc.bufferedScanCodes == 17)
    k.command(0xAE)
    let bytes = k.readAll()
    #expect(bytes.count <= 17)
    #expect(bytes.prefix(3) == [0x1C, 0xF0, 0x1C])
    #expect(bytes.last == 0x00)
    #expect(bytes.filter { $0 == 0 }.count == 1)
  }

  @Test("Pause sends E1 14 77 E1 F0 14 F0 77 at once and nothing on release; Ctrl-Pause is Break")
  func pause() throws {
    let k = try KeyboardBench(translate: false)
    k.press(.pause)
    #expect(k.readAll() == [0xE1, 0x14, 0x77, 0xE1, 0xF0, 0x14, 0xF0, 0x77])
    k.release(.pause)
    #expect(k.read(within: .seconds(1)) == nil)
    k.press(.leftControl, .pause)
    #expect(k.readAll() == [0x14, 0xE0, 0x7E, 0xE0, 0xF0, 0x7E])
    let t = try KeyboardBench()
    t.press(.pause)
    #expect(t.readAll() == [0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5])
  }

  @Test("PrintScreen has its fake shift, loses it with Ctrl or Shift, and is SysRq with Alt")
  func printScreen() throws {
    let k = try KeyboardBench()
    k.press(.printScreen)
    k.release(.printScreen)
    #expect(k.readAll() == [0xE0, 0x2A, 0xE0, 0x37, 0xE0, 0xB7, 0xE0, 0xAA])
    k.press(.leftShift, .printScreen)
    k.release(.printScreen, .leftShift)
    #expect(k.readAll() == [0x2A, 0xE0, 0x37, 0xE0, 0xB7, 0xAA])
    k.press(.leftAlt, .printScreen)
    k.release(.printScreen, .leftAlt)
    #expect(k.readAll() == [0x38, 0x54, 0xD4, 0xB8])
  }

  @Test("Grey keys carry E0h and fake shifts: Shift is lifted around them, with Num Lock it is pressed")
  func fakeShifts() throws {
    let k = try KeyboardBench()
    k.press(.left)
    k.release(.left)
    #expect(k.readAll() == [0xE0, 0x4B, 0xE0, 0xCB])
    k.press(.leftShift, .delete)
    k.release(.delete, .leftShift)
    #expect(k.readAll() == [0x2A, 0xE0, 0xAA, 0xE0, 0x53, 0xE0, 0xD3, 0xE0, 0x2A, 0xAA])
    k.press(.rightShift, .keypadDivide)
    k.release(.keypadDivide, .rightShift)
    #expect(k.readAll() == [0x36, 0xE0, 0xB6, 0xE0, 0x35, 0xE0, 0xB5, 0xE0, 0x36, 0xB6])
    _ = say(k, 0xED, 0x02)
    k.press(.home)
    k.release(.home)
    #expect(k.readAll() == [0xE0, 0x2A, 0xE0, 0x47, 0xE0, 0xC7, 0xE0, 0xAA])
    k.press(.leftShift, .home)
    k.release(.home, .leftShift)
    #expect(k.readAll() == [0x2A, 0xE0, 0x47, 0xE0, 0xC7, 0xAA])
  }

  /// Set 1 make codes of the 101/102-key keyboard as programs know them.
  static let set1: [(Key, [UInt8])] = [
    (.escape, [0x01]), (.digit1, [0x02]), (.digit0, [0x0B]), (.minus, [0x0C]), (.equals, [0x0D]),
    (.backspace, [0x0E]), (.tab, [0x0F]), (.q, [0x10]), (.p, [0x19]), (.leftBracket, [0x1A]),
    (.rightBracket, [0x1B]), (.enter, [0x1C]), (.leftControl, [0x1D]), (.a, [0x1E]), (.l, [0x26]),
    (.semicolon, [0x27]), (.apostrophe, [0x28]), (.grave, [0x29]), (.leftShift, [0x2A]), (.backslash, [0x2B]),
    (.z, [0x2C]), (.m, [0x32]), (.comma, [0x33]), (.period, [0x34]), (.slash, [0x35]), (.rightShift, [0x36]),
    (.keypadMultiply, [0x37]), (.leftAlt, [0x38]), (.space, [0x39]), (.capsLock, [0x3A]), (.f1, [0x3B]),
    (.f2, [0x3C]), (.f3, [0x3D]), (.f4, [0x3E]), (.f5, [0x3F]), (.f6, [0x40]), (.f7, [0x41]), (.f8, [0x42]),
    (.f9, [0x43]), (.f10, [0x44]), (.numLock, [0x45]), (.scrollLock, [0x46]), (.keypad7, [0x47]),
    (.keypad8, [0x48]), (.keypad9, [0x49]), (.keypadMinus, [0x4A]), (.keypad4, [0x4B]), (.keypad5, [0x4C]),
    (.keypad6, [0x4D]), (.keypadPlus, [0x4E]), (.keypad1, [0x4F]), (.keypad2, [0x50]), (.keypad3, [0x51]),
    (.keypad0, [0x52]), (.keypadPeriod, [0x53]), (.nonUSBackslash, [0x56]), (.f11, [0x57]), (.f12, [0x58]),
    (.keypadEnter, [0xE0, 0x1C]), (.rightControl, [0xE0, 0x1D]), (.keypadDivide, [0xE0, 0x35]),
    (.rightAlt, [0xE0, 0x38]), (.home, [0xE0, 0x47]), (.up, [0xE0, 0x48]), (.pageUp, [0xE0, 0x49]),
    (.left, [0xE0, 0x4B]), (.right, [0xE0, 0x4D]), (.end, [0xE0, 0x4F]), (.down, [0xE0, 0x50]),
    (.pageDown, [0xE0, 0x51]), (.insert, [0xE0, 0x52]), (.delete, [0xE0, 0x53]), (.leftGUI, [0xE0, 0x5B]),
    (.rightGUI, [0xE0, 0x5C]), (.application, [0xE0, 0x5D]),
  ]

  @Test("Translated codes are those of set 1, the break with bit 7", arguments: set1)
  func translated(_ key: Key, _ codes: [UInt8]) throws {
    let k = try KeyboardBench()
    k.press(key)
    #expect(k.readAll() == codes)
    k.release(key)
    #expect(k.readAll() == codes.dropLast() + [(codes.last ?? 0) | 0x80])
  }

  @Test("F0h chooses the scan code set and tells it; set 1 without translation is the same as set 2 with it")
  func sets() throws {
    let k = try KeyboardBench(translate: false)
    #expect(say(k, 0xF0, 0x00) == [0xFA, 0xFA, 0x02])
    #expect(say(k, 0xF0, 0x01) == [0xFA, 0xFA])
    #expect(say(k, 0xF0, 0x00) == [0xFA, 0xFA, 0x01])
    for (key, codes) in Self.set1 {
      k.press(key)
      k.release(key)
      #expect(k.readAll() == codes + codes.dropLast() + [(codes.last ?? 0) | 0x80])
    }
    #expect(say(k, 0xF0, 0x04) == [0xFA, 0xFE])
  }

  @Test("Set 3: one byte a key; modifiers make and break, letters repeat, function keys make only")
  func set3() throws {
    let k = try KeyboardBench(translate: false)
    #expect(say(k, 0xF0, 0x03) == [0xFA, 0xFA])
    k.press(.leftShift, .f1)
    k.release(.f1, .leftShift)
    #expect(k.readAll() == [0x12, 0x07, 0xF0, 0x12])
    k.press(.left)
    #expect(k.readAll() == [0x61])
    #expect(k.read(within: .milliseconds(600)) == 0x61)
    k.release(.left)
    k.press(.f1)
    #expect(k.readAll() == [0x07])
    #expect(k.read(within: .seconds(1)) == nil)
    k.release(.f1)
    // FCh: this key makes and breaks from now on.
    #expect(say(k, 0xFC, 0x07) == [0xFA, 0xFA])
    k.press(.f1)
    k.release(.f1)
    #expect(k.readAll() == [0x07, 0xF0, 0x07])
    #expect(say(k, 0xF8) == [0xFA])
    k.press(.a)
    k.release(.a)
    #expect(k.readAll() == [0x1C, 0xF0, 0x1C])
    // Defaults again, in set 2.
    #expect(say(k, 0xF6) == [0xFA])
    k.press(.f1)
    #expect(k.readAll() == [0x05])
  }

  @Test("Every key has a code of its own in every set, and every key's sequence ends where it began")
  func complete() throws {
    for set in UInt8(1)...3 {
      var seen: [[UInt8]: Key] = [:]
      for key in Key.allCases {
        var keyboard = ATKeyboard()
        keyboard.receive(0xF0, now: .zero)
        keyboard.receive(set, now: .zero)
        while keyboard.next() != nil {}
        keyboard.key(key, pressed: true, now: .zero)
        let codes = keyboard.buffer
        #expect(!codes.isEmpty)
        #expect(seen[codes] == nil, "\(key) and \(String(describing: seen[codes])) in set \(set)")
        seen[codes] = key
        keyboard.key(key, pressed: true, now: .zero)
        #expect(keyboard.buffer == codes, "a second down is no event")
        keyboard.key(key, pressed: false, now: .zero)
        #expect(!keyboard.isDown(key))
      }
    }
  }
}
