public import Hardware

/// Intel 8237A DMA controller, one chip: registers, arbitration, address and count arithmetic. What moves the data is
/// the device around it.
///
/// Not modelled: memory-to-memory transfers (command bits 0 and 1; no AT software uses them), compressed timing and
/// extended write (no effect on data), the EOP input.
///
/// - Source: Intel 231466, 8237A data sheet.
public struct I8237: Codable, Equatable, Sendable {
  /// One channel.
  public struct Channel: Codable, Equatable, Sendable {
    /// Base address, reloaded by auto-initialisation.
    public internal(set) var baseAddress: UInt16 = 0
    /// Base word count: transfers minus one.
    public internal(set) var baseCount: UInt16 = 0
    /// Current address.
    public internal(set) var address: UInt16 = 0
    /// Current word count.
    public internal(set) var count: UInt16 = 0
    /// Mode register.
    public internal(set) var mode = Mode(rawValue: 0)

    init() {}
  }

  /// The mode register of a channel.
  public struct Mode: RawRepresentable, Codable, Equatable, Sendable {
    /// The register as written.
    public var rawValue: UInt8
    /// A mode of these bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// What a transfer moves.
    public enum Transfer: UInt8, Sendable { case verify, write, read, illegal }
    /// How long the channel keeps the bus.
    public enum Request: UInt8, Sendable { case demand, single, block, cascade }
    /// Bits 3-2.
    public var transfer: Transfer { Transfer(rawValue: rawValue >> 2 & 3) ?? .illegal }
    /// Bit 4.
    public var autoInitialize: Bool { rawValue & 0x10 != 0 }
    /// Bit 5: addresses count down.
    public var decrement: Bool { rawValue & 0x20 != 0 }
    /// Bits 7-6.
    public var request: Request { Request(rawValue: rawValue >> 6) ?? .cascade }
  }

  // MARK: State

  /// Channels 0 ... 3.
  public private(set) var channels = Bank<4, Channel>(repeating: Channel())
  /// Command register.
  public private(set) var command: UInt8 = 0
  /// Mask register, one bit a channel; all masked at power-on.
  public private(set) var mask: UInt8 = 0x0F
  /// Software requests, one bit a channel.
  public private(set) var requests: UInt8 = 0
  /// Channels that have reached terminal count since the status was read.
  public private(set) var terminalCounts: UInt8 = 0
  /// Levels at the DREQ pins.
  public private(set) var dreq: UInt8 = 0
  /// Temporary register (always 0 without memory-to-memory transfers).
  var temporary: UInt8 = 0
  /// First/last flip-flop: the high byte is next.
  var flipFlop = false
  /// The channel with the lowest priority.
  var lowestPriority = 3

  /// A chip after RESET.
  public init() {}

  /// RESET, also the Master Clear command.
  public mutating func masterClear() {
    command = 0
    mask = 0x0F
    requests = 0
    terminalCounts = 0
    temporary = 0
    flipFlop = false
    lowestPriority = 3
  }

  // MARK: Registers

  /// Reads register A3-A0 = `offset`.
  public mutating func read(_ offset: Int) -> UInt8 {
    switch offset & 15 {
    case 0...7:
      let channel = channels[(offset & 7) >> 1]
      let value = offset & 1 == 0 ? channel.address : channel.count
      defer { flipFlop.toggle() }
      return UInt8(truncatingIfNeeded: flipFlop ? value >> 8 : value)
    case 8:
      // Bits 7-4: channels requesting service; bits 3-0 are cleared by the read.
      defer { terminalCounts = 0 }
      return (activeRequests | requests) << 4 | terminalCounts
    case 13: return temporary
    default: return 0xFF  // write-only ("illegal" in the data sheet)
    }
  }

  /// Writes register A3-A0 = `offset`.
  public mutating func write(_ offset: Int, _ value: UInt8) {
    let bit = UInt8(1) << (value & 3)
    switch offset & 15 {
    case 0...7: writeChannel((offset & 7) >> 1, count: offset & 1 != 0, value)
    case 8: command = value
    case 9: if value & 4 != 0 { requests |= bit } else { requests &= ~bit }
    case 10: if value & 4 != 0 { mask |= bit } else { mask &= ~bit }
    case 11: channels[Int(value & 3)].mode = Mode(rawValue: value)
    case 12: flipFlop = false
    case 13: masterClear()
    case 14: mask = 0
    default: mask = value & 0x0F
    }
  }

  private mutating func writeChannel(_ n: Int, count: Bool, _ value: UInt8) {
    func merge(_ old: UInt16) -> UInt16 {
      flipFlop ? old & 0x00FF | UInt16(value) << 8 : old & 0xFF00 | UInt16(value)
    }
    // Base and current registers are written together.
    if count {
      channels[n].baseCount = merge(channels[n].baseCount)
      channels[n].count = merge(channels[n].count)
    } else {
      channels[n].baseAddress = merge(channels[n].baseAddress)
      channels[n].address = merge(channels[n].address)
    }
    flipFlop.toggle()
  }

  // MARK: Requests

  /// Sets the DREQ pin of `channel`.
  public mutating func setRequest(_ channel: Int, _ level: Bool) {
    let bit = UInt8(1) << UInt8(truncatingIfNeeded: channel & 3)
    if level { dreq |= bit } else { dreq &= ~bit }
  }

  /// Channels whose DREQ is active, by the sense of command bit 6.
  public var activeRequests: UInt8 { (command & 0x40 != 0 ? ~dreq : dreq) & 0x0F }

  /// HRQ: the channel that would get the bus now, by fixed (0 first) or rotating priority.
  public var pendingChannel: Int? {
    if command & 0x04 != 0 { return nil }  // controller disable
    // Software requests can't be masked.
    let wanted = activeRequests & ~mask | requests
    if wanted == 0 { return nil }
    for i in 1...4 {
      let n = (lowestPriority &+ i) & 3
      if wanted & 1 << UInt8(n) != 0 { return n }
    }
    return nil
  }

  /// Whether `channel` has its DREQ active and unmasked, or a software request.
  public func isRequested(_ channel: Int) -> Bool {
    (activeRequests & ~mask | requests) & 1 << UInt8(truncatingIfNeeded: channel & 3) != 0
  }

  /// One transfer cycle of `channel`: the address it puts on the bus, and whether it is the last (TC).
  public mutating func transfer(_ n: Int) -> (address: UInt16, terminalCount: Bool) {
    let n = n & 3
    let address = channels[n].address
    // Channel 0's address hold (command bit 1) counts only in memory-to-memory mode.
    channels[n].address = channels[n].mode.decrement ? address &- 1 : address &+ 1
    channels[n].count &-= 1
    let last = channels[n].count == 0xFFFF
    if last {
      let bit = UInt8(1) << UInt8(n)
      terminalCounts |= bit
      requests &= ~bit
      if channels[n].mode.autoInitialize {
        channels[n].address = channels[n].baseAddress
        channels[n].count = channels[n].baseCount
      } else {
        mask |= bit
      }
    }
    return (address, last)
  }

  /// The bus is given back: with rotating priority (command bit 4) the channel served becomes the lowest.
  public mutating func served(_ channel: Int) {
    if command & 0x10 != 0 { lowestPriority = channel & 3 } else { lowestPriority = 3 }
  }
}
