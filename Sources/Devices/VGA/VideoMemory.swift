/// 256 KB of display memory: 64 K offsets of four planes. The bytes of the planes lie side by side, so that a latch
/// load or a planar write is one 32-bit access: byte 4 * offset + plane.
struct VideoMemory: Codable, Equatable, Sendable {
  static let size = 262_144
  var bytes = [UInt8](repeating: 0, count: size)

  /// The four planes at `offset` (taken modulo 64 K), plane 0 in bits 7-0.
  @inline(__always) func load(_ offset: Int) -> UInt32 {
    bytes.withUnsafeBytes {
      UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: (offset & 0xFFFF) &* 4, as: UInt32.self))
    }
  }

  /// Stores the bytes of `value` that are FFh in `mask`.
  @inline(__always) mutating func store(_ offset: Int, _ value: UInt32, mask: UInt32) {
    bytes.withUnsafeMutableBytes {
      let at = (offset & 0xFFFF) &* 4
      let old = UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: UInt32.self))
      $0.storeBytes(of: (value & mask | old & ~mask).littleEndian, toByteOffset: at, as: UInt32.self)
    }
  }

  /// One plane's byte.
  @inline(__always) func byte(_ offset: Int, plane: Int) -> UInt8 { bytes[(offset & 0xFFFF) &* 4 &+ plane & 3] }

  /// Puts a damaged saved state in order.
  mutating func repair() {
    if bytes.count != Self.size { bytes = [UInt8](repeating: 0, count: Self.size) }
  }
}
