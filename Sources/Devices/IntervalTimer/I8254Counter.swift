/// One counter of an 8254: the counting element (CE), its count register (CR), output latch (OL) and control.
///
/// Nothing ticks: `clock(n)` moves the counter on by any number of CLK pulses at once. Counts are held as plain
/// numbers; BCD is a matter of loading and reading.
///
/// - Source: Intel 231164, 8254 data sheet.
public struct I8254Counter: Codable, Equatable, Sendable {
  // MARK: State

  /// Counting mode, 0 ... 5.
  public private(set) var mode = 0
  /// Counts in four decimal digits.
  public private(set) var bcd = false
  /// RW1, RW0 of the control word: 1 low byte, 2 high byte, 3 low then high.
  var access: UInt8 = 3
  /// The OUT pin.
  public private(set) var out = false
  /// The GATE pin.
  public private(set) var gate = true
  /// A count has been written since the control word.
  public private(set) var hasCount = false
  /// The count in CR: 1 ... 65536 (10000 in BCD).
  public private(set) var reload = 65_536
  /// The counting element.
  public private(set) var element = 0
  /// CR goes to CE at the next CLK.
  public private(set) var loadPending = false
  /// Status bit 6: CR has been written and isn't in CE yet.
  public private(set) var nullCount = true
  /// Modes 0, 1, 4, 5: the count has run out (or was never started); CE goes on without effect on OUT.
  var expired = true
  /// Mode 3: this half-cycle was loaded with an odd count.
  var odd = false
  /// How often OUT has risen since power-on.
  public private(set) var rises: Int64 = 0

  /// The low byte of a two-byte write, waiting for the high one.
  var writeLow: UInt8?
  /// Two-byte read: the high byte is next.
  var readHigh = false
  /// Bytes latched by a latch command that are still to be read, next one in the low half. Not an array: a counter is
  /// copied at every access and must not be reference-counted.
  var latch: UInt16 = 0
  var latchedBytes: UInt8 = 0
  /// The status byte latched by a read-back command.
  var statusLatch: UInt8?

  /// A counter at power-on: mode and count are undefined in the chip; here mode 0 without a count.
  public init() {}

  private var modulus: Int { bcd ? 10_000 : 65_536 }

  private mutating func drive(_ level: Bool) {
    if level, !out { rises &+= 1 }
    out = level
  }

  // MARK: Registers

  /// A control word for this counter (not a latch command).
  mutating func control(_ value: UInt8) {
    access = value >> 4 & 3
    let m = Int(value >> 1 & 7)
    mode = m > 5 ? m - 4 : m
    bcd = value & 1 != 0
    hasCount = false
    loadPending = false
    nullCount = true
    expired = true
    writeLow = nil
    readHigh = false
    latchedBytes = 0
    statusLatch = nil
    drive(mode != 0)
  }

  /// The counter latch command: OL keeps the count until it is read; a second latch before that is ignored.
  mutating func latchCount() {
    guard latchedBytes == 0 else { return }
    let value = count
    let low = UInt8(truncatingIfNeeded: value)
    let high = UInt8(truncatingIfNeeded: value >> 8)
    switch access {
    case 1: setLatch(low)
    case 2: setLatch(high)
    default: readHigh ? setLatch(high, low) : setLatch(low, high)
    }
  }

  private mutating func setLatch(_ first: UInt8, _ second: UInt8? = nil) {
    latch = UInt16(first) | UInt16(second ?? 0) << 8
    latchedBytes = second == nil ? 1 : 2
  }

  /// The read-back command's status latch.
  mutating func latchStatus() {
    guard statusLatch == nil else { return }
    let modeBits = UInt8(mode) << 1
    statusLatch = (out ? 0x80 : 0) | (nullCount ? 0x40 : 0) | access << 4 | modeBits | (bcd ? 1 : 0)
  }

  /// What CE reads as: 16 bits, or four BCD digits.
  var count: UInt16 {
    let n = ((element % modulus) + modulus) % modulus
    guard bcd else { return UInt16(truncatingIfNeeded: n) }
    return UInt16(n / 1000 % 10) << 12 | UInt16(n / 100 % 10) << 8 | UInt16(n / 10 % 10) << 4 | UInt16(n % 10)
  }

  /// A read of the counter's port.
  mutating func read() -> UInt8 {
    if let status = statusLatch {
      statusLatch = nil
      return status
    }
    if latchedBytes != 0 {
      if access == 3 { readHigh.toggle() }
      let byte = UInt8(truncatingIfNeeded: latch)
      latch >>= 8
      latchedBytes &-= 1
      return byte
    }
    let value = count
    switch access {
    case 1: return UInt8(truncatingIfNeeded: value)
    case 2: return UInt8(truncatingIfNeeded: value >> 8)
    default:
      defer { readHigh.toggle() }
      return UInt8(truncatingIfNeeded: readHigh ? value >> 8 : value)
    }
  }

  /// A write to the counter's port.
  mutating func write(_ value: UInt8) {
    switch access {
    case 1: setCount(UInt16(value))
    case 2: setCount(UInt16(value) << 8)
    default:
      if let low = writeLow {
        writeLow = nil
        setCount(UInt16(value) << 8 | UInt16(low))
      } else {
        writeLow = value
        // Mode 0: "writing the first byte disables counting; OUT is set low immediately".
        if mode == 0 { drive(false) }
      }
    }
  }

  private mutating func setCount(_ value: UInt16) {
    if bcd {
      // Digits above 9 are undefined in the data sheet; taken at their weight, modulo 10000.
      let n = Int(value >> 12) * 1000 + Int(value >> 8 & 15) * 100 + Int(value >> 4 & 15) * 10 + Int(value & 15)
      reload = n % 10_000 == 0 ? 10_000 : n % 10_000
    } else {
      reload = value == 0 ? 65_536 : Int(value)
    }
    let first = !hasCount
    hasCount = true
    nullCount = true
    switch mode {
    case 0:
      drive(false)
      loadPending = true
    case 4: loadPending = true
    case 1, 5: break  // loaded by a trigger
    default: if first { loadPending = true }  // later counts wait for the end of the (half-)cycle
    }
  }

  /// Sets the GATE pin.
  mutating func setGate(_ level: Bool) {
    guard level != gate else { return }
    gate = level
    switch mode {
    case 1, 5: if level, hasCount { loadPending = true }
    case 2, 3:
      // Low: OUT goes high at once and counting stops. Rising: a fresh cycle from the next CLK on.
      if !level { drive(true) } else if hasCount { loadPending = true }
    default: break
    }
  }

  /// Brings values that no life of a counter can have (from a damaged saved state) into their ranges.
  mutating func limit() {
    mode = min(max(mode, 0), 5)
    reload = min(max(reload, 1), 65_536)
    element = min(max(element, 0), 65_536)
    latchedBytes = min(latchedBytes, 2)
  }

  // MARK: Time

  private mutating func load() {
    loadPending = false
    nullCount = false
    element = mode == 3 ? reload & ~1 : reload
    odd = mode == 3 && reload & 1 != 0
    expired = false
    if mode == 1 { drive(false) } else if mode == 2 || mode == 3 { drive(true) }
  }

  /// Whether CLK pulses move CE.
  private var counts: Bool {
    switch mode {
    case 0: gate && writeLow == nil
    case 1, 5: true
    case 2, 3: gate && hasCount
    default: gate
    }
  }

  /// `pulses` CLK pulses pass.
  public mutating func clock(_ pulses: Int64) {
    var n = pulses
    if n <= 0 { return }
    // In mode 0 a first byte has disabled counting, but not the transfer of a count that was complete before.
    if loadPending {
      load()
      n &-= 1
    }
    if n == 0 || !counts { return }
    switch mode {
    case 2: clockRate(n)
    case 3: clockSquare(n)
    default: clockOneShot(n)
    }
  }

  private mutating func clockOneShot(_ n: Int64) {
    let left = Int64(element)
    if !expired {
      if mode >= 4 {
        // The strobe: OUT is low while CE is 0, for one CLK.
        if n == left {
          drive(false)
        } else if n > left {
          out = false
          drive(true)
          expired = true
        }
      } else if n >= left {
        drive(true)
        expired = true
      }
    }
    let m = Int64(modulus)
    element = Int(((left &- n) % m + m) % m)
  }

  /// Mode 2: N, N-1, ... 1 with OUT low at 1, then N again.
  private mutating func clockRate(_ pulses: Int64) {
    let left = Int64(max(element, 1))
    if pulses < left {
      element &-= Int(pulses)
      drive(element != 1)
      return
    }
    let n = pulses &- left
    let period = Int64(reload)
    nullCount = false
    // OUT was low for the CLK before the reload.
    if left > 1 { out = false }
    // A count of 1 is illegal in this mode; here OUT then stays high (unverified).
    if period == 1 {
      element = 1
      drive(true)
      return
    }
    drive(true)
    rises &+= n / period
    element = reload &- Int(n % period)
    if element == 1 { out = false }
  }

  /// Mode 3: down by two; at the end of each half OUT changes and CE is reloaded. An odd N makes the high half one
  /// CLK longer.
  private mutating func clockSquare(_ pulses: Int64) {
    var n = pulses
    var left = halfLeft
    if n < left {
      element &-= 2 &* Int(n)
      return
    }
    n &-= left
    endHalf()
    let period = Int64(reload)
    if period == 1 { return }
    // A whole cycle later everything is as it is now, one rise further on.
    rises &+= n / period
    n %= period
    left = halfLeft
    if n >= left {
      n &-= left
      endHalf()
    }
    element &-= 2 &* Int(n)
  }

  private var halfLeft: Int64 { Int64(element / 2) + (odd && out ? 1 : 0) }

  private mutating func endHalf() {
    nullCount = false
    element = reload & ~1
    odd = reload & 1 != 0
    // A count of 1 is illegal; here OUT then stays high (unverified).
    drive(reload == 1 ? true : !out)
  }

  /// CLK pulses until OUT next changes by itself; nil if it won't.
  public var pulsesToEdge: Int64? {
    var after = self
    var base: Int64 = 0
    if loadPending {
      after.load()
      if after.out != out { return 1 }
      base = 1
    }
    guard after.counts else { return nil }
    let left = Int64(after.element)
    switch mode {
    case 0, 1: return after.expired ? nil : base + max(left, 1)
    case 2:
      if after.out, left > 1 { return base + left - 1 }
      if !after.out { return base + 1 }
      return reload > 1 ? base + Int64(reload) : nil
    case 3:
      if after.out, reload == 1 { return nil }
      return base + max(after.halfLeft, 1)
    default:
      if after.expired { return nil }
      return base + (after.out ? max(left, 1) : 1)
    }
  }
}
