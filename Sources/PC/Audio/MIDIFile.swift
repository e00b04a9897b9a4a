public import Hardware

/// Cuts a stream of MIDI bytes into messages.
///
/// - Source: MIDI 1.0 Detailed Specification: running status, real-time bytes anywhere, system exclusive to F7h.
struct MIDIParser {
  private var message: [UInt8] = []
  private var status: UInt8 = 0
  /// Longest system exclusive message kept.
  private static let limit = 65_536

  /// Takes a byte; returns the message that it completes.
  mutating func take(_ byte: UInt8) -> [UInt8]? {
    if byte >= 0xF8 { return nil }  // real time: clocks and active sensing, nothing for a listener
    if byte == 0xF7 {
      guard status == 0xF0 else { return nil }
      status = 0
      defer { message = [] }
      return message + [byte]
    }
    if byte & 0x80 != 0 {
      status = byte
      message = [byte]
      // F6h (tune request) and the undefined ones have no data.
      if byte >= 0xF4 { status = 0 }
      return nil
    }
    guard status != 0 else { return nil }
    if message.isEmpty { message = [status] }
    guard message.count < Self.limit else { return nil }
    message.append(byte)
    let length: Int
    switch status {
    case 0xC0...0xDF, 0xF1, 0xF3: length = 2
    case 0xF0: return nil
    default: length = 3
    }
    guard message.count == length else { return nil }
    defer { message = [] }
    if status >= 0xF0 { status = 0 }
    return status == 0 ? nil : message
  }
}

/// What the guest plays by MIDI, as a standard MIDI file (format 0).
///
/// - Source: Standard MIDI Files 1.0.
public final class MIDIFile {
  private let path: String
  private var parser = MIDIParser()
  private var track: [UInt8] = []
  private var last: Int64?
  /// 500 ticks a quarter of half a second: a tick is a millisecond.
  private static let division = 500

  /// Begins a recording at `path`, which must be possible to write.
  ///
  /// - Throws: `HostError.file` when it can't be written.
  public init(_ path: String) throws(HostError) {
    self.path = path
    try HostFiles.write([], to: path)
  }

  /// Adds a byte sent at guest time `time`. The recording begins with the first message.
  public func write(_ byte: UInt8, at time: Instant) {
    guard let message = parser.take(byte) else { return }
    let now = time.picoseconds / 1_000_000_000
    track += Self.variable(max(now - (last ?? now), 0))
    last = now
    if message[0] == 0xF0 {
      track += [0xF0] + Self.variable(Int64(message.count - 1)) + message.dropFirst()
    } else {
      track += message
    }
  }

  private static func variable(_ value: Int64) -> [UInt8] {
    var bytes = [UInt8(value & 0x7F)]
    var rest = min(value, 0xFFF_FFFF) >> 7
    while rest > 0 {
      bytes.insert(UInt8(rest & 0x7F) | 0x80, at: 0)
      rest >>= 7
    }
    return bytes
  }

  /// Writes the file.
  ///
  /// - Returns: what went wrong, nil if nothing did.
  public func finish() -> HostError? {
    func big(_ value: Int, _ size: Int) -> [UInt8] {
      (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * (size - 1 - $0))) }
    }
    let body = track + [0x00, 0xFF, 0x2F, 0x00]
    let file =
      Array("MThd".utf8) + big(6, 4) + big(0, 2) + big(1, 2) + big(Self.division, 2) + Array("MTrk".utf8)
      + big(body.count, 4) + body
    do { try HostFiles.write(file, to: path) } catch { return error }
    return nil
  }
}
