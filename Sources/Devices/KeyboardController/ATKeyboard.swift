public import Hardware

/// A 102-key AT keyboard: keys in, scan codes out, commands from the controller. No wire and no scheduler: it is told
/// the time, and says with `nextEvent` when it wants to be asked again.
///
/// The keyboard is powered before the board: no self-test report is under way at power-on.
///
/// - Source: IBM PS/2 Technical Reference, "Keyboards (101- and 102-key)".
public struct ATKeyboard: Codable, Equatable, Sendable {
  // MARK: State

  /// Scan codes waiting, at most 16 and an overrun code.
  public private(set) var buffer: [UInt8] = []
  /// Answers to commands; sent before any scan code.
  var responses: [UInt8] = []
  /// The byte sent last, for the Resend command.
  var lastSent: UInt8 = 0
  /// Indicators: bit 0 Scroll Lock, 1 Num Lock, 2 Caps Lock.
  public private(set) var leds: UInt8 = 0
  /// Scan code set, 1 ... 3.
  public private(set) var scanSet: UInt8 = 2
  /// Keys are being reported.
  public private(set) var scanning = true
  /// Typematic delay (bits 6-5) and rate (bits 4-0).
  public private(set) var typematic: UInt8 = defaultTypematic
  /// The command that waits for its parameter; 0: none.
  var expecting: UInt8 = 0
  /// Keys held down, by raw value.
  var down = Bank<4, UInt64>(repeating: 0)
  /// The key that repeats.
  var repeating: Key?
  /// When it does so next.
  var repeatAt = Instant.never
  /// When the self-test is done.
  var selfTestAt = Instant.never
  /// Set 3: what each key sends, by make code.
  var types: [UInt8] = ScanCodes.defaultTypes
  /// How PrintScreen went down: 0 with its fake shift, 1 without, 2 as SysRq.
  var printScreenForm: UInt8 = 0

  /// 500 ms, 10.9 characters a second.
  static let defaultTypematic: UInt8 = 0x2B
  /// Duration of the self-test. Period keyboards took 300 to 750 ms; this is a quick one, because firmware that counts
  /// loops for a slow processor gives up on those (Bochs's BIOS waits for 139 ms on a 486DX4-100).
  static let selfTest = Span.milliseconds(120)
  static let bufferSize = 16

  /// A keyboard at power-on, all keys up.
  public init() {}

  // MARK: Keys

  /// Whether `key` is held down.
  public func isDown(_ key: Key) -> Bool { down[Int(key.rawValue >> 6 & 3)] & 1 << UInt64(key.rawValue & 63) != 0 }

  /// A key goes down or up. Repeated downs (of a host's own repeat) are ignored.
  public mutating func key(_ key: Key, pressed: Bool, now: Instant) {
    guard isDown(key) != pressed else { return }
    let bit = UInt64(1) << UInt64(key.rawValue & 63)
    if pressed {
      // The code depends on what was down before.
      let codes = make(key)
      down[Int(key.rawValue >> 6 & 3)] |= bit
      guard active else { return }
      put(codes)
      startRepeating(key, now)
    } else {
      down[Int(key.rawValue >> 6 & 3)] &= ~bit
      if repeating == key { stopRepeating() }
      guard active else { return }
      put(release(key))
    }
  }

  private var active: Bool { scanning && selfTestAt == .never }
  private var shift: Bool { isDown(.leftShift) || isDown(.rightShift) }
  private var control: Bool { isDown(.leftControl) || isDown(.rightControl) }
  private var alt: Bool { isDown(.leftAlt) || isDown(.rightAlt) }
  private var numLock: Bool { leds & 2 != 0 }

  private mutating func put(_ codes: [UInt8]) {
    if buffer.count + codes.count <= Self.bufferSize {
      buffer += codes
    } else if buffer.count <= Self.bufferSize, buffer.last != overrun || buffer.count < Self.bufferSize {
      // "An overrun code is placed in position 17."
      buffer.append(overrun)
    }
  }

  private var overrun: UInt8 { scanSet == 1 ? 0xFF : 0x00 }

  // MARK: Codes

  private func inSet(_ set2: [UInt8]) -> [UInt8] { scanSet == 1 ? ScanCodes.set1(set2) : set2 }

  /// The code alone, as it repeats.
  private func makeCode(_ key: Key) -> [UInt8] {
    let entry = ScanCodes.entry(key)
    if scanSet == 3 { return [entry.set3] }
    if key == .printScreen, printScreenForm == 2 { return inSet([0x84]) }
    return inSet(entry.extended ? [0xE0, entry.set2] : [entry.set2])
  }

  private mutating func make(_ key: Key) -> [UInt8] {
    if scanSet == 3 { return [ScanCodes.entry(key).set3] }
    switch key {
    case .pause:
      return inSet(control ? [0xE0, 0x7E, 0xE0, 0xF0, 0x7E] : [0xE1, 0x14, 0x77, 0xE1, 0xF0, 0x14, 0xF0, 0x77])
    case .printScreen:
      printScreenForm = alt ? 2 : control || shift ? 1 : 0
      return printScreenForm == 0 ? inSet([0xE0, 0x12]) + makeCode(key) : makeCode(key)
    default: return inSet(fakeShift(key, before: true)) + makeCode(key)
    }
  }

  private func release(_ key: Key) -> [UInt8] {
    let entry = ScanCodes.entry(key)
    if scanSet == 3 { return types[Int(entry.set3)] & ScanCodes.KeyType.makeBreak != 0 ? [0xF0, entry.set3] : [] }
    switch key {
    case .pause: return []
    case .printScreen:
      switch printScreenForm {
      case 0: return inSet([0xE0, 0xF0, 0x7C, 0xE0, 0xF0, 0x12])
      case 1: return inSet([0xE0, 0xF0, 0x7C])
      default: return inSet([0xF0, 0x84])
      }
    default:
      return inSet((entry.extended ? [0xE0, 0xF0, entry.set2] : [0xF0, entry.set2]) + fakeShift(key, before: false))
    }
  }

  /// The shift codes around a grey key that make it read right on software which only knows the keypad: Shift is
  /// lifted around it, or pressed while Num Lock is on.
  private func fakeShift(_ key: Key, before: Bool) -> [UInt8] {
    let entry = ScanCodes.entry(key)
    let divide = key == .keypadDivide
    guard entry.navigation || divide else { return [] }
    if shift {
      if numLock && !divide { return [] }
      var codes: [UInt8] = []
      let prefix: [UInt8] = before ? [0xE0, 0xF0] : [0xE0]
      if isDown(.leftShift) { codes += prefix + [0x12] }
      if isDown(.rightShift) { codes += prefix + [0x59] }
      return codes
    }
    guard numLock, !divide else { return [] }
    return before ? [0xE0, 0x12] : [0xE0, 0xF0, 0x12]
  }

  // MARK: Repetition

  private mutating func startRepeating(_ key: Key, _ now: Instant) {
    stopRepeating()
    if scanSet == 3 {
      guard [ScanCodes.KeyType.typematic, ScanCodes.KeyType.all].contains(types[Int(ScanCodes.entry(key).set3)])
      else { return }
    } else if key == .pause {
      return
    }
    repeating = key
    repeatAt = now + .milliseconds(250) * Int64((typematic >> 5 & 3) + 1)
  }

  private mutating func stopRepeating() {
    repeating = nil
    repeatAt = .never
  }

  /// Time between repeats: (8 + bits 2-0) * 2^(bits 4-3) / 240 s.
  var repeatPeriod: Span {
    Span(picoseconds: Int64((8 + typematic & 7) << (typematic >> 3 & 3)) &* 1_000_000_000_000 / 240)
  }

  // MARK: Time

  /// When `elapse` has something to do; `never` if nothing.
  public var nextEvent: Instant { min(repeatAt, selfTestAt) }

  /// Does what has become due by `now`.
  public mutating func elapse(_ now: Instant) {
    if selfTestAt <= now {
      selfTestAt = .never
      responses.append(0xAA)
    }
    while repeatAt <= now, let key = repeating {
      // While nobody takes the codes a held key leaves only its first one.
      if active, buffer.isEmpty { put(makeCode(key)) }
      repeatAt = repeatAt + repeatPeriod
    }
  }

  /// After loading: brings values that can't be into their ranges.
  mutating func limit(now: Instant) {
    buffer = Array(buffer.prefix(Self.bufferSize + 1))
    if types.count != 256 { types = ScanCodes.defaultTypes }
    if repeating == nil { repeatAt = .never }
    repeatAt = max(repeatAt, now)
  }

  // MARK: Wire

  /// A byte is waiting to be sent.
  public var hasByte: Bool { !responses.isEmpty || (expecting == 0 && !buffer.isEmpty) }

  /// Takes the next byte.
  public mutating func next() -> UInt8? {
    guard hasByte else { return nil }
    let byte = responses.isEmpty ? buffer.removeFirst() : responses.removeFirst()
    lastSent = byte
    return byte
  }

  /// A byte arrives from the controller.
  public mutating func receive(_ byte: UInt8, now: Instant) {
    // Commands during the self-test aren't heard.
    guard selfTestAt == .never else { return }
    let command = expecting
    expecting = 0
    if command != 0, parameter(command, byte) { return }
    switch byte {
    case 0xED, 0xF0, 0xF3: ask(byte)
    case 0xEE: respond([0xEE])
    case 0xF2: respond([0xFA, 0xAB, 0x83])
    case 0xF4:
      buffer = []
      stopRepeating()
      scanning = true
      respond([0xFA])
    case 0xF5:
      setDefaults()
      scanning = false
      respond([0xFA])
    case 0xF6:
      setDefaults()
      scanning = true
      respond([0xFA])
    case 0xF7...0xFA:
      // All typematic, make/break, make only, typematic/make/break: the order of `KeyType`.
      types = [UInt8](repeating: byte - 0xF7, count: 256)
      buffer = []
      respond([0xFA])
    case 0xFB...0xFD:
      buffer = []
      ask(byte)
    case 0xFE: responses.insert(lastSent, at: 0)
    case 0xFF:
      setDefaults()
      leds = 0
      scanning = true
      respond([0xFA])
      selfTestAt = now + Self.selfTest
    default: respond([0xFE])
    }
  }

  private mutating func ask(_ command: UInt8) {
    expecting = command
    respond([0xFA])
  }

  private mutating func respond(_ bytes: [UInt8]) { responses = bytes }

  private mutating func setDefaults() {
    buffer = []
    stopRepeating()
    scanSet = 2
    typematic = Self.defaultTypematic
    types = ScanCodes.defaultTypes
  }

  /// The second byte of `command`; false if it isn't one but a command itself.
  private mutating func parameter(_ command: UInt8, _ byte: UInt8) -> Bool {
    switch command {
    case 0xED where byte < 0x80: leds = byte & 7
    case 0xF3 where byte < 0x80: typematic = byte
    case 0xF0 where byte == 0:
      respond([0xFA, scanSet])
      return true
    case 0xF0 where byte <= 3:
      buffer = []
      scanSet = byte
    case 0xFB where byte < 0xED: types[Int(byte)] = ScanCodes.KeyType.typematic
    case 0xFC where byte < 0xED: types[Int(byte)] = ScanCodes.KeyType.makeBreak
    case 0xFD where byte < 0xED: types[Int(byte)] = ScanCodes.KeyType.makeOnly
    default: return false
    }
    respond([0xFA])
    return true
  }
}
