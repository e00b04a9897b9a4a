/// Numbers in byte tables of files and disks. Reading behind the end gives zero: the callers have checked lengths, and a
/// table that lies about them must not end the program.
extension Array where Element == UInt8 {
  func u16(_ at: Int) -> Int {
    guard at >= 0, at <= count - 2 else { return 0 }
    return Int(self[at]) | Int(self[at + 1]) << 8
  }

  func u32(_ at: Int) -> Int { u16(at) | u16(at + 2) << 16 }

  /// At most 2^63 - 1.
  func u64(_ at: Int) -> Int { u32(at) | Int(truncatingIfNeeded: UInt64(u32(at + 4) & 0x7FFF_FFFF) << 32) }

  func big16(_ at: Int) -> Int { u16(at) >> 8 | (u16(at) & 0xFF) << 8 }

  func big32(_ at: Int) -> Int { big16(at) << 16 | big16(at + 2) }

  /// At most 2^63 - 1.
  func big64(_ at: Int) -> Int { (big32(at) & 0x7FFF_FFFF) << 32 | big32(at + 4) }

  /// The bytes from `at` on; shorter at the end.
  func slice(_ at: Int, _ length: Int) -> [UInt8] {
    guard at >= 0, length > 0, at < count else { return [] }
    return Array(self[at..<(at + Swift.min(length, count - at))])
  }

  mutating func put16(_ at: Int, _ value: Int) {
    guard at >= 0, at <= count - 2 else { return }
    self[at] = UInt8(truncatingIfNeeded: value)
    self[at + 1] = UInt8(truncatingIfNeeded: value >> 8)
  }

  mutating func put32(_ at: Int, _ value: Int) {
    put16(at, value)
    put16(at + 2, value >> 16)
  }

  mutating func put64(_ at: Int, _ value: Int) {
    put32(at, value)
    put32(at + 4, value >> 32)
  }

  mutating func putBig16(_ at: Int, _ value: Int) { put16(at, (value >> 8) & 0xFF | (value & 0xFF) << 8) }

  mutating func putBig32(_ at: Int, _ value: Int) {
    putBig16(at, value >> 16)
    putBig16(at + 2, value)
  }

  mutating func putBig64(_ at: Int, _ value: Int) {
    putBig32(at, value >> 32)
    putBig32(at + 4, value)
  }

  /// Lays `bytes` over, as far as there is room.
  mutating func put(_ at: Int, _ bytes: [UInt8]) {
    guard at >= 0, at < count else { return }
    let length = Swift.min(bytes.count, count - at)
    replaceSubrange(at..<at + length, with: bytes.prefix(length))
  }
}
