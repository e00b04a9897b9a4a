public import Hardware

/// Motorola MC146818A real-time clock with 128 bytes of memory (as in the AT's later clones of the chip). Time is the
/// absolute number of periods of its 32,768 Hz crystal.
///
/// The registers change at the end of the update cycle. The chip doesn't count centuries: byte 32h is plain memory.
/// Divider settings other than 32,768 Hz (010) stop the clock here; the chip would run too slow (unverified).
///
/// - Source: Motorola MC146818A data sheet.
public struct MC146818: Codable, Equatable, Sendable {
  // MARK: State

  /// Registers 00h-0Dh and memory, as the program sees them; A-D are composed at a read.
  public var memory = Bank<128, UInt8>(repeating: 0)
  /// The crystal period up to which everything has been worked out.
  public private(set) var tick: Int64 = 0
  /// When the divider chain was (or would have been) at zero. Updates begin whole seconds later.
  var chainStart: Int64 = -updateLength
  /// Updates that begin before this don't happen: SET or a divider reset was in the way.
  var updatesFrom: Int64 = 0
  /// Register C: PF, AF, UF (bits 6-4).
  var flags: UInt8 = 0
  /// Daylight saving: the hour between one and two has been repeated already.
  var hourRepeated = false

  /// Periods of an update cycle: 1984 µs.
  static let updateLength: Int64 = 65
  /// Periods that UIP goes up before an update: 244 µs.
  static let updateWarning: Int64 = 8
  static let second: Int64 = 32_768

  static let regA = 0x0A
  static let regB = 0x0B

  /// A chip whose clock stands at all zeros.
  public init() {
    memory[Self.regA] = 0x26
    memory[Self.regB] = 0x02
    memory[6] = 1
    memory[7] = 1
    memory[8] = 1
  }

  /// Register B.
  struct RegisterB {
    let rawValue: UInt8
    var set: Bool { rawValue & 0x80 != 0 }
    /// PIE, AIE, UIE, in the places of PF, AF, UF.
    var interrupts: UInt8 { rawValue & 0x70 }
    var binary: Bool { rawValue & 0x04 != 0 }
    var hours24: Bool { rawValue & 0x02 != 0 }
    var daylightSaving: Bool { rawValue & 0x01 != 0 }
  }
  var b: RegisterB { RegisterB(rawValue: memory[Self.regB]) }

  /// The divider chain runs on the 32,768 Hz base.
  var running: Bool { memory[Self.regA] >> 4 & 7 == 2 }

  /// Crystal periods between periodic interrupts; nil when switched off.
  var periodicInterval: Int64? {
    let rate = Int64(memory[Self.regA] & 0x0F)
    return rate == 0 ? nil : 1 << (rate <= 2 ? rate &+ 6 : rate &- 1)
  }

  // MARK: Pins

  /// IRQF: the interrupt request pin.
  public var interrupt: Bool { flags & b.interrupts != 0 }

  /// The RESET pin: interrupts off, flags cleared. Time and memory stay.
  public mutating func reset() {
    memory[Self.regB] &= ~0x78
    flags = 0
  }

  // MARK: Registers

  /// Reads register or memory byte `index` (low seven bits).
  public mutating func read(_ index: Int) -> UInt8 {
    let n = index & 0x7F
    switch n {
    case Self.regA: return memory[n] & 0x7F | (updateInProgress ? 0x80 : 0)
    case 0x0C:
      // All flags are cleared by a read of register C.
      defer { flags = 0 }
      return (interrupt ? 0x80 : 0) | flags
    case 0x0D: return 0x80  // VRT: the battery is good
    default: return memory[n]
    }
  }

  /// Writes register or memory byte `index` (low seven bits).
  public mutating func write(_ index: Int, _ value: UInt8) {
    let n = index & 0x7F
    switch n {
    case Self.regA: writeA(value)
    case Self.regB:
      if b.set, value & 0x80 == 0 { updatesFrom = tick }
      // "SET going high clears UIE."
      memory[n] = value & 0x80 != 0 ? value & ~0x10 : value
    case 0x0C, 0x0D: break
    default: memory[n] = value
    }
  }

  private mutating func writeA(_ value: UInt8) {
    let was = running
    memory[Self.regA] = value & 0x7F
    guard running, !was else { return }
    // "The first update cycle begins one-half second later" when the divider is released.
    chainStart = tick &- Self.second / 2
    updatesFrom = tick
  }

  // MARK: Time

  /// UIP: an update is going on or begins within 244 µs.
  var updateInProgress: Bool {
    guard running, !b.set else { return false }
    // Position within the second, counted from UIP going up.
    let position = tick &- chainStart &+ Self.updateWarning
    let begin = tick &+ Self.updateWarning &- position % Self.second
    return position >= Self.second && position % Self.second < Self.updateWarning &+ Self.updateLength
      && begin >= updatesFrom
  }

  /// Begin of the first update whose end lies after period `t`.
  private func updateBegin(after t: Int64) -> Int64 {
    let from = max(t &- Self.updateLength &+ 1, updatesFrom)
    let seconds = max((from &- chainStart &+ Self.second &- 1) / Self.second, 1)
    return chainStart &+ seconds &* Self.second
  }

  /// Works out all that happens up to and including period `t`.
  public mutating func advance(to t: Int64) {
    guard t > tick else { return }
    if running {
      if let interval = periodicInterval, (t &- chainStart) / interval > (tick &- chainStart) / interval {
        flags |= 0x40
      }
      if !b.set {
        var end = updateBegin(after: tick) &+ Self.updateLength
        while end <= t {
          update()
          end &+= Self.second
        }
      }
    }
    tick = t
  }

  /// The next period at which the interrupt pin may go up; nil if it is up or nothing is enabled.
  public var nextInterrupt: Int64? {
    guard running, !interrupt else { return nil }
    var next: Int64?
    if b.interrupts & 0x40 != 0, let interval = periodicInterval {
      next = chainStart &+ ((tick &- chainStart) / interval &+ 1) &* interval
    }
    // The alarm is compared once a second, so one visit a second is enough for both.
    if b.interrupts & 0x30 != 0, !b.set {
      next = min(next ?? .max, updateBegin(after: tick) &+ Self.updateLength)
    }
    return next
  }

  /// After loading: brings times that can't be into their ranges. `now` is the present crystal period.
  mutating func limit(now: Int64) {
    tick = min(max(tick, 0), now)
    chainStart = min(max(chainStart, -2 &* Self.second), tick)
    updatesFrom = min(max(updatesFrom, 0), tick)
  }

  /// An update cycle: the time moves on by a second and is compared with the alarm.
  private mutating func update() {
    count()
    flags |= 0x10
    // An alarm byte with its two upper bits set matches everything.
    let matches = [(0, 1), (2, 3), (4, 5)].allSatisfy { memory[$1] >= 0xC0 || memory[$0] == memory[$1] }
    if matches { flags |= 0x20 }
  }
}
