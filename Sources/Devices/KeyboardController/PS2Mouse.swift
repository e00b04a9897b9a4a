public import Hardware

/// A PS/2 mouse with three buttons and, after the driver's knock (sample rates 200, 100, 80), a wheel.
///
/// Movement that doesn't fit in a packet stays for the next one, so nothing is lost and the overflow bits stay 0 (a
/// real mouse saturates).
///
/// - Source: IBM PS/2 Technical Reference, "Mouse"; Microsoft IntelliMouse extension (ID 3).
public struct PS2Mouse: Codable, Equatable, Sendable {
  // MARK: State

  /// Where movement goes.
  enum Mode: String, Codable { case stream, remote, wrap }
  var mode = Mode.stream
  /// The mode that Reset Wrap Mode goes back to.
  var modeBeforeWrap = Mode.stream
  /// Data reporting is on.
  public private(set) var reporting = false
  /// Packets a second.
  public private(set) var sampleRate = 100
  /// 0 ... 3: 1, 2, 4, 8 counts a millimetre. What the host gives is taken as 4.
  public private(set) var resolution: UInt8 = 2
  /// Scaling 2:1.
  public private(set) var scaling = false
  /// Device ID: 0, or 3 with the wheel reported.
  public private(set) var id: UInt8 = 0
  /// Bits 0-2: left, right, middle.
  public private(set) var buttons: UInt8 = 0
  /// The last two sample rates before the one set now: the knock.
  var rates: [Int] = []
  /// Movement not reported yet, in quarter counts at resolution 2; y upwards.
  var dx = 0
  var dy = 0
  var dz = 0
  /// Buttons have changed since the last packet.
  var buttonsChanged = false
  /// Bytes on their way.
  var queue: [UInt8] = []
  /// What was sent last as a whole, for Resend.
  var lastSent: [UInt8] = []
  /// The command that waits for its parameter; 0: none.
  var expecting: UInt8 = 0
  /// No packet before this.
  var nextSample = Instant.zero
  /// When the self-test is done.
  var selfTestAt = Instant.never

  /// Duration of the self-test (real: 300 to 500 ms).
  static let selfTest = Span.milliseconds(300)

  /// A mouse at power-on.
  public init() {}

  // MARK: Hand

  /// The mouse moved: x to the right, y down, z towards the user.
  public mutating func move(x: Int, y: Int, z: Int) {
    func limit(_ n: Int) -> Int { min(max(n, -65_536), 65_536) }
    dx = limit(dx &+ limit(x) << Int(resolution))
    dy = limit(dy &- limit(y) << Int(resolution))
    dz = min(max(dz &+ limit(z), -64), 64)
  }

  /// A button changed.
  public mutating func button(_ button: MouseButton, pressed: Bool) {
    let bit: UInt8 =
      switch button {
      case .left: 1
      case .right: 2
      case .middle: 4
      }
    let new = pressed ? buttons | bit : buttons & ~bit
    if new != buttons { buttonsChanged = true }
    buttons = new
  }

  // MARK: Time

  private var changed: Bool { buttonsChanged || abs(dx) >= 4 || abs(dy) >= 4 || (id == 3 && dz != 0) }

  /// When `elapse` has something to do; `never` if nothing.
  public var nextEvent: Instant {
    if selfTestAt != .never { return selfTestAt }
    return reporting && mode == .stream && queue.isEmpty && changed ? nextSample : .never
  }

  /// Does what has become due by `now`.
  public mutating func elapse(_ now: Instant) {
    guard nextEvent <= now else { return }
    if selfTestAt != .never {
      selfTestAt = .never
      send(queue + [0xAA, 0x00])
      return
    }
    send(packet())
    nextSample = now + Span(picoseconds: 1_000_000_000_000 / Int64(sampleRate))
  }

  /// After loading: brings values that can't be into their ranges.
  mutating func limit() {
    sampleRate = min(max(sampleRate, 10), 200)
    resolution &= 3
    dx = min(max(dx, -65_536), 65_536)
    dy = min(max(dy, -65_536), 65_536)
    dz = min(max(dz, -64), 64)
  }

  // MARK: Packets

  /// Takes at most 255 counts of `quarters`.
  private func take(_ quarters: inout Int) -> Int {
    let counts = min(max(quarters / 4, -255), 255)
    quarters -= counts * 4
    guard scaling, mode == .stream else { return counts }
    let scaled =
      switch abs(counts) {
      case 0, 1: abs(counts)
      case 2: 1
      case 3: 3
      case 4: 6
      case 5: 9
      default: min(abs(counts) * 2, 255)
      }
    return counts < 0 ? -scaled : scaled
  }

  private mutating func packet() -> [UInt8] {
    let x = take(&dx)
    let y = take(&dy)
    buttonsChanged = false
    var bytes = [
      0x08 | buttons | (x < 0 ? 0x10 : 0) | (y < 0 ? 0x20 : 0), UInt8(truncatingIfNeeded: x),
      UInt8(truncatingIfNeeded: y),
    ]
    if id == 3 {
      let z = min(max(dz, -8), 7)
      dz -= z
      bytes.append(UInt8(truncatingIfNeeded: z))
    }
    return bytes
  }

  private mutating func clearMovement() {
    dx = 0
    dy = 0
    dz = 0
    buttonsChanged = false
  }

  // MARK: Wire

  private mutating func send(_ bytes: [UInt8]) {
    queue = bytes
    lastSent = bytes
  }

  /// A byte is waiting to be sent.
  public var hasByte: Bool { !queue.isEmpty }

  /// Takes the next byte.
  public mutating func next() -> UInt8? { queue.isEmpty ? nil : queue.removeFirst() }

  /// A byte arrives from the controller. What was still to be sent is dropped.
  public mutating func receive(_ byte: UInt8, now: Instant) {
    guard selfTestAt == .never else { return }
    queue = []
    let command = expecting
    expecting = 0
    if mode == .wrap, byte != 0xFF, byte != 0xEC { return send([byte]) }
    switch command {
    case 0xF3 where [10, 20, 40, 60, 80, 100, 200].contains(byte): return setRate(Int(byte))
    case 0xE8 where byte <= 3:
      resolution = byte
      return send([0xFA])
    case 0xF3, 0xE8:
      // A parameter out of range: Resend, and Error the second time.
      if byte < 0xE6 { return send([0xFE]) }
    default: break
    }
    perform(byte, now)
  }

  private mutating func setRate(_ rate: Int) {
    if rates == [200, 100], rate == 80 { id = 3 }
    rates = rates.suffix(1) + [rate]
    sampleRate = rate
    send([0xFA])
  }

  private mutating func perform(_ command: UInt8, _ now: Instant) {
    switch command {
    case 0xE6, 0xE7:
      scaling = command == 0xE7
      send([0xFA])
    case 0xE8, 0xF3:
      expecting = command
      send([0xFA])
    case 0xE9:
      let status =
        (mode == .remote ? 0x40 : 0) | (reporting ? 0x20 : 0) | (scaling ? 0x10 : 0)
        | (buttons & 1) << 2 | (buttons & 4) >> 1 | (buttons & 2) >> 1
      send([0xFA, UInt8(status), resolution, UInt8(sampleRate)])
    case 0xEA, 0xF0:
      mode = command == 0xEA ? .stream : .remote
      clearMovement()
      send([0xFA])
    case 0xEB: send([0xFA] + packet())
    case 0xEC:
      if mode == .wrap { mode = modeBeforeWrap }
      send([0xFA])
    case 0xEE:
      modeBeforeWrap = mode
      mode = .wrap
      clearMovement()
      send([0xFA])
    case 0xF2: send([0xFA, id])
    case 0xF4:
      reporting = true
      clearMovement()
      nextSample = now
      send([0xFA])
    case 0xF5:
      reporting = false
      send([0xFA])
    case 0xF6:
      setDefaults()
      send([0xFA])
    case 0xFE: queue = lastSent
    case 0xFF:
      setDefaults()
      id = 0
      send([0xFA])
      selfTestAt = now + Self.selfTest
    default: send([0xFE])
    }
  }

  private mutating func setDefaults() {
    mode = .stream
    reporting = false
    sampleRate = 100
    resolution = 2
    scaling = false
    rates = []
    clearMovement()
  }
}
