import Hardware
import Testing

@testable import Devices

/// A keyboard controller on a bench, with the firmware's usual waits.
struct KeyboardBench {
  let kbc = KeyboardController()
  let bench: Bench

  init(enabled: Bool = true, translate: Bool = true) throws {
    bench = try Bench(kbc)
    if enabled {
      command(0x60)
      data(translate ? 0x43 : 0x03)
    }
  }

  /// Waits until IBF is clear, at most 20 ms.
  func settle() {
    for _ in 0..<2_000 where bench.inp(0x64) & 2 != 0 { bench.run(.microseconds(10)) }
  }
  func command(_ value: UInt8) {
    settle()
    bench.out(0x64, value)
    settle()
  }
  func data(_ value: UInt8) {
    settle()
    bench.out(0x60, value)
    settle()
  }
  /// Waits for OBF, at most `limit`, and reads.
  func read(within limit: Span = .milliseconds(5)) -> UInt8? {
    let end = bench.now + limit
    while bench.inp(0x64) & 1 == 0 {
      if bench.now >= end { return nil }
      bench.run(.microseconds(10))
    }
    return bench.inp(0x60)
  }
  func readAll(within limit: Span = .milliseconds(5)) -> [UInt8] {
    var bytes: [UInt8] = []
    while let byte = read(within: limit) { bytes.append(byte) }
    return bytes
  }
  func press(_ keys: Key...) { for key in keys { kbc.key(key, pressed: true) } }
  func release(_ keys: Key...) { for key in keys { kbc.key(key, pressed: false) } }
  func mouse(_ byte: UInt8) {
    command(0xD4)
    data(byte)
  }
}

struct KeyboardControllerTests {
  @Test("AAh: the self-test gives 55h, sets the system flag and switches both interfaces off")
  func selfTest() throws {
    let k = try KeyboardBench(enabled: false)
    #expect(k.bench.inp(0x64) & 0x04 == 0)
    k.command(0xAA)
    #expect(k.read() == 0x55)
    #expect(k.bench.inp(0x64) & 0x04 != 0)
    k.command(0x20)
    #expect(k.read() == 0x34)
  }

  @Test("IBF is set by a write until the firmware has taken it, bit 3 tells command from data")
  func inputBuffer() throws {
    let k = try KeyboardBench()
    k.bench.out(0x64, 0xAE)
    #expect(k.bench.inp(0x64) & 0x0A == 0x0A)
    k.bench.run(.microseconds(19))
    #expect(k.bench.inp(0x64) & 0x02 != 0)
    k.bench.run(.microseconds(2))
    #expect(k.bench.inp(0x64) & 0x02 == 0)
    k.bench.out(0x60, 0xEE)
    #expect(k.bench.inp(0x64) & 0x0A == 0x02)
  }

  @Test("20h-3Fh and 60h-7Fh read and write the controller's memory")
  func memory() throws {
    let k = try KeyboardBench()
    k.command(0x65)
    k.data(0x99)
    k.command(0x25)
    #expect(k.read() == 0x99)
    k.command(0x20)
    #expect(k.read() == 0x43)
  }

  @Test("A7h, A8h, ADh and AEh switch the interfaces by command byte bits 5 and 4")
  func interfaces() throws {
    let k = try KeyboardBench()
    for (command, expected): (UInt8, UInt8) in [(0xAD, 0x53), (0xA7, 0x73), (0xAE, 0x63), (0xA8, 0x43)] {
      k.command(command)
      k.command(0x20)
      #expect(k.read() == expected)
    }
  }

  @Test("A9h and ABh find no error, A4h no password, C0h gives the input port")
  func answers() throws {
    let k = try KeyboardBench()
    for (command, expected): (UInt8, UInt8) in [(0xA9, 0), (0xAB, 0), (0xA4, 0xF1), (0xC0, 0xB0)] {
      k.command(command)
      #expect(k.read() == expected)
    }
  }

  @Test("With the keyboard interface off its codes wait, on they arrive")
  func disabled() throws {
    let k = try KeyboardBench()
    k.command(0xAD)
    k.press(.a)
    k.release(.a)
    #expect(k.read() == nil)
    k.command(0xAE)
    #expect(k.readAll() == [0x1E, 0x9E])
  }

  @Test("A byte takes about 1 ms on the wire, then OBF and IRQ 1 come; reading the byte takes both back")
  func wire() throws {
    let k = try KeyboardBench()
    let edges = Edges(k.kbc.keyboardInterrupt, k.bench)
    let start = k.bench.now
    k.press(.a)
    k.bench.run(.microseconds(900))
    #expect(k.bench.inp(0x64) & 1 == 0)
    k.bench.run(.microseconds(100))
    #expect(k.bench.inp(0x64) & 0x21 == 0x01)
    #expect(edges.rises == [start + KeyboardController.byteTime])
    k.release(.a)
    k.bench.run(.milliseconds(5))
    #expect(edges.rises.count == 1, "the next byte waits until this one is read")
    #expect(k.bench.inp(0x60) == 0x1E)
    #expect(!k.kbc.keyboardInterrupt.level)
    k.bench.run(.milliseconds(2))  // F0h, which translation swallows, and the code
    #expect(edges.rises.count == 2)
    #expect(k.bench.inp(0x60) == 0x9E)
    #expect(k.bench.inp(0x60) == 0x9E, "an empty buffer reads the last byte")
  }

  @Test("Command byte bit 0 = 0 keeps IRQ 1 down, bit 6 = 0 leaves the codes untranslated")
  func commandByte() throws {
    let k = try KeyboardBench()
    k.command(0x60)
    k.data(0x00)
    k.press(.leftControl)
    k.release(.leftControl)
    #expect(k.readAll() == [0x14, 0xF0, 0x14])
    #expect(!k.kbc.keyboardInterrupt.level)
  }

  @Test("D0h and D1h read and write the output port; bit 1 is A20, open after reset")
  func outputPort() throws {
    let k = try KeyboardBench()
    #expect(k.kbc.a20.level)
    k.command(0xD1)
    k.data(0xDD)
    #expect(!k.kbc.a20.level)
    k.command(0xD0)
    #expect(k.read() == 0xCD)
    k.command(0xDF)
    #expect(k.kbc.a20.level)
    k.command(0xDD)
    #expect(!k.kbc.a20.level)
    k.bench.backplane.reset()
    #expect(k.kbc.a20.level)
  }

  @Test("FEh pulses the processor's reset, as does output port bit 0")
  func resetPulse() throws {
    let k = try KeyboardBench()
    let edges = Edges(k.kbc.resetRequest, k.bench)
    k.command(0xFE)
    #expect(edges.rises.count == 1 && edges.falls.count == 1)
    k.command(0xFF)
    k.command(0xF1)
    #expect(edges.rises.count == 1)
    k.command(0xD1)
    k.data(0xFE)
    #expect(k.kbc.resetRequest.level)
  }

  @Test("FDh pulses A20 low")
  func a20Pulse() throws {
    let k = try KeyboardBench()
    let edges = Edges(k.kbc.a20, k.bench)
    k.command(0xFD)
    #expect(edges.falls.count == 1 && edges.rises.count == 1)
  }

  @Test("D2h and D3h put a byte in the output buffer as the keyboard's or the mouse's")
  func loopback() throws {
    let k = try KeyboardBench()
    k.command(0xD2)
    k.data(0x55)
    #expect(k.kbc.keyboardInterrupt.level)
    #expect(k.bench.inp(0x64) & 0x20 == 0)
    #expect(k.read() == 0x55)
    k.command(0xD3)
    k.data(0x66)
    #expect(k.kbc.mouseInterrupt.level)
    #expect(k.bench.inp(0x64) & 0x20 != 0)
    #expect(k.read() == 0x66)
    #expect(!k.kbc.mouseInterrupt.level)
  }

  @Test("Answers wait for an output buffer that is full, and each makes its own interrupt")
  func queue() throws {
    let k = try KeyboardBench()
    let edges = Edges(k.kbc.keyboardInterrupt, k.bench)
    for byte: UInt8 in [1, 2, 3] {
      k.command(0xD2)
      k.data(byte)
    }
    #expect(k.readAll() == [1, 2, 3])
    #expect(edges.rises.count == 3)
  }

  @Test("C1h and C2h put half of the input port in the status")
  func poll() throws {
    let k = try KeyboardBench()
    k.command(0xC2)
    #expect(k.bench.inp(0x64) & 0xF0 == 0xB0)
    k.command(0xC1)
    #expect(k.bench.inp(0x64) & 0xF0 == 0x00)
    k.command(0xAE)
    #expect(k.bench.inp(0x64) & 0xF0 == 0x10)
  }

  @Test("E0h reads the test inputs: a disabled interface has its clock low")
  func testInputs() throws {
    let k = try KeyboardBench()
    k.command(0xE0)
    #expect(k.read() == 0x03)
    k.command(0xAD)
    k.command(0xE0)
    #expect(k.read() == 0x02)
  }

  @Test("A byte written to port 60h goes to the keyboard and switches its interface on")
  func toKeyboard() throws {
    let k = try KeyboardBench()
    k.command(0xAD)
    k.data(0xEE)
    #expect(k.read() == 0xEE)
    k.command(0x20)
    #expect(k.read() == 0x43)
  }
}

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

struct PS2MouseTests {
  private func ready() throws -> KeyboardBench {
    let k = try KeyboardBench()
    k.mouse(0xF4)
    #expect(k.readAll() == [0xFA])
    return k
  }
  private func say(_ k: KeyboardBench, _ bytes: UInt8...) -> [UInt8] {
    bytes.flatMap { byte -> [UInt8] in
      k.mouse(byte)
      return k.readAll()
    }
  }

  @Test("FFh is acknowledged, then come AAh and the ID 00")
  func reset() throws {
    let k = try KeyboardBench()
    k.mouse(0xFF)
    #expect(k.read() == 0xFA)
    #expect(k.read(within: .milliseconds(200)) == nil)
    #expect(k.readAll(within: .milliseconds(200)) == [0xAA, 0x00])
  }

  @Test("Nothing is reported until F4h, and nothing after F5h")
  func reporting() throws {
    let k = try KeyboardBench()
    k.kbc.mouseMove(x: 5, y: 5)
    #expect(k.read(within: .milliseconds(50)) == nil)
    #expect(say(k, 0xF4) == [0xFA])
    k.kbc.mouseMove(x: 5, y: -3)
    #expect(k.readAll(within: .milliseconds(20)) == [0x08, 5, 3])
    #expect(say(k, 0xF5) == [0xFA])
    k.kbc.mouseMove(x: 5, y: 5)
    #expect(k.read(within: .milliseconds(50)) == nil)
  }

  @Test("Packets: buttons and signs in the first byte, y upwards, IRQ 12 and status bit 5 for each byte")
  func packets() throws {
    let k = try ready()
    let edges = Edges(k.kbc.mouseInterrupt, k.bench)
    k.kbc.mouseButton(.left, pressed: true)
    k.bench.run(.milliseconds(5))
    #expect(k.bench.inp(0x64) & 0x21 == 0x21)
    #expect(k.readAll(within: .milliseconds(20)) == [0x09, 0, 0])
    #expect(edges.rises.count == 3)
    k.kbc.mouseButton(.right, pressed: true)
    k.kbc.mouseMove(x: -2, y: 4)
    #expect(k.readAll(within: .milliseconds(20)) == [0x3B, 0xFE, 0xFC])
    k.kbc.mouseButton(.left, pressed: false)
    k.kbc.mouseButton(.right, pressed: false)
    k.kbc.mouseButton(.middle, pressed: true)
    #expect(k.readAll(within: .milliseconds(20)) == [0x0C, 0, 0])
  }

  @Test("Packets come no faster than the sample rate, and movement in between adds up")
  func pacing() throws {
    let k = try ready()
    #expect(say(k, 0xF3, 20) == [0xFA, 0xFA])
    let edges = Edges(k.kbc.mouseInterrupt, k.bench)
    k.kbc.mouseInterrupt.connect { if $0 { _ = k.bench.inp(0x60) } }
    for _ in 0..<1_000 {
      k.kbc.mouseMove(x: 1, y: 0)
      k.bench.run(.milliseconds(1))
    }
    #expect((57...63).contains(edges.rises.count))
  }

  @Test("Movement too large for a packet goes on in the next")
  func large() throws {
    let k = try ready()
    k.kbc.mouseMove(x: 600, y: -300)
    let bytes = k.readAll(within: .milliseconds(30))
    #expect(bytes == [0x08, 255, 255, 0x08, 255, 45, 0x08, 90, 0])
  }

  @Test("E8h sets the resolution, E7h the 2:1 scaling, E9h tells both with rate and buttons")
  func settings() throws {
    let k = try ready()
    #expect(say(k, 0xE8, 0x03) == [0xFA, 0xFA])
    #expect(say(k, 0xE7) == [0xFA])
    #expect(say(k, 0xF3, 40) == [0xFA, 0xFA])
    #expect(say(k, 0xE9) == [0xFA, 0x30, 0x03, 40])
    k.kbc.mouseMove(x: 1, y: 0)
    #expect(k.readAll(within: .milliseconds(50)) == [0x08, 1, 0], "2 counts, which 2:1 makes 1")
    k.kbc.mouseMove(x: -10, y: 0)
    #expect(k.readAll(within: .milliseconds(50)) == [0x18, UInt8(bitPattern: -40), 0])
    #expect(say(k, 0xE6) == [0xFA])
    #expect(say(k, 0xE8, 0x00) == [0xFA, 0xFA])
    k.kbc.mouseMove(x: 10, y: 0)
    #expect(k.readAll(within: .milliseconds(50)) == [0x08, 2, 0])
    #expect(say(k, 0xF6) == [0xFA])
    #expect(say(k, 0xE9) == [0xFA, 0x00, 0x02, 100])
  }

  @Test("Remote mode reports only when asked with EBh")
  func remote() throws {
    let k = try ready()
    #expect(say(k, 0xF0) == [0xFA])
    k.kbc.mouseMove(x: 7, y: 0)
    #expect(k.read(within: .milliseconds(50)) == nil)
    #expect(say(k, 0xEB) == [0xFA, 0x08, 7, 0])
    #expect(say(k, 0xE9).dropFirst().first == 0x60)
    #expect(say(k, 0xEA) == [0xFA])
    k.kbc.mouseMove(x: 1, y: 0)
    #expect(k.readAll(within: .milliseconds(50)) == [0x08, 1, 0])
  }

  @Test("Wrap mode sends everything back but FFh and ECh")
  func wrap() throws {
    let k = try ready()
    #expect(say(k, 0xEE, 0x12, 0xF4, 0xEC) == [0xFA, 0x12, 0xF4, 0xFA])
    #expect(say(k, 0xF2) == [0xFA, 0x00])
  }

  @Test("Sample rates 200, 100, 80 turn the wheel on: ID 3 and a fourth byte")
  func wheel() throws {
    let k = try ready()
    #expect(say(k, 0xF2) == [0xFA, 0x00])
    #expect(say(k, 0xF3, 200, 0xF3, 100, 0xF3, 80) == [UInt8](repeating: 0xFA, count: 6))
    #expect(say(k, 0xF2) == [0xFA, 0x03])
    k.kbc.mouseMove(x: 0, y: 0, z: -1)
    #expect(k.readAll(within: .milliseconds(30)) == [0x08, 0, 0, 0xFF])
    k.kbc.mouseMove(x: 0, y: 0, z: 10)
    #expect(k.readAll(within: .milliseconds(30)) == [0x08, 0, 0, 7, 0x08, 0, 0, 3])
  }

  @Test("An unknown command or parameter is answered by FEh; FEh sends the last packet again")
  func errors() throws {
    let k = try ready()
    #expect(say(k, 0xE0) == [0xFE])
    #expect(say(k, 0xF3, 33) == [0xFA, 0xFE])
    #expect(say(k, 0xE9) == [0xFA, 0x20, 0x02, 100])
    #expect(say(k, 0xFE) == [0xFA, 0x20, 0x02, 100])
  }

  @Test("A7h keeps the mouse's bytes back, the keyboard's pass")
  func disabled() throws {
    let k = try ready()
    k.command(0xA7)
    k.kbc.mouseMove(x: 1, y: 0)
    k.press(.a)
    #expect(k.readAll(within: .milliseconds(30)) == [0x1E])
    k.command(0xA8)
    #expect(k.readAll(within: .milliseconds(30)) == [0x08, 1, 0])
  }
}
