import Hardware

/// The MIDI interface of a Sound Blaster 16: an MPU-401 that knows its UART mode and answers a reset in the other.
///
/// - Source: Roland, MPU-401 Technical Reference Manual; MIDI 1.0: 31,250 bits a second, ten bits a byte.
public struct MPU401: Codable, Equatable, Sendable {
  // MARK: State

  /// Bytes pass unchanged.
  public internal(set) var isUART = false
  /// Bytes for the host to read.
  var queue: [UInt8] = []
  /// When the last byte given for sending has left.
  var sent = Instant.zero

  /// An interface after reset.
  init() {}

  /// Time of a byte on the wire.
  static let byteTime = Span.microseconds(320)
  /// Bytes that wait for sending before DRR goes up (unverified).
  private static let depth: Int64 = 16

  /// The acknowledgement of a command.
  private static let acknowledge: UInt8 = 0xFE

  // MARK: Registers

  /// 331h: bit 7 (DSR) is low while a byte can be read, bit 6 (DRR) while one can be written.
  func status(_ now: Instant) -> UInt8 {
    let full = sent > now + Self.byteTime * Self.depth
    return 0x3F | (queue.isEmpty ? 0x80 : 0) | (full ? 0x40 : 0)
  }

  /// 330h.
  mutating func readData() -> UInt8 { queue.isEmpty ? Self.acknowledge : queue.removeFirst() }

  /// 330h: a byte for the MIDI socket; nil if it isn't sent.
  mutating func writeData(_ value: UInt8, _ now: Instant) -> UInt8? {
    guard isUART else { return nil }
    sent = max(sent, now) + Self.byteTime
    return value
  }

  /// 331h: commands. FFh resets; 3Fh chooses UART mode, in which all others are ignored and a reset isn't acknowledged.
  mutating func command(_ value: UInt8) {
    switch value {
    case 0xFF:
      let wasUART = isUART
      isUART = false
      queue = wasUART ? [] : [Self.acknowledge]
    case _ where isUART: break
    case 0x3F:
      isUART = true
      queue = [Self.acknowledge]
    case 0xAC: queue = [Self.acknowledge, 0x15]  // version 1.5
    case 0xAD: queue = [Self.acknowledge, 0x01]  // revision
    default: queue = [Self.acknowledge]
    }
  }
}
