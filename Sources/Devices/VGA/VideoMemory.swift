import Hardware

/// 256 KB of display memory: 64 K offsets of four planes. The bytes of the planes lie side by side, so that a latch
/// load or a planar write is one 32-bit access: byte 4 * offset + plane.
///
/// Like the board's RAM it lies at a fixed place of the host and is saved as a part of its own: as an array in the
/// adapter's `State` it would cost a retain and a release at each access.
final class VideoMemory: SavedPart, Wiring {
  static let size = 262_144
  private let bytes: UnsafeMutableRawPointer

  init() {
    bytes = .allocate(byteCount: Self.size, alignment: 16)
    bytes.initializeMemory(as: UInt8.self, repeating: 0, count: Self.size)
  }

  deinit { bytes.deallocate() }

  /// The four planes at `offset` (taken modulo 64 K), plane 0 in bits 7-0.
  @inline(__always) func load(_ offset: Int) -> UInt32 {
    UInt32(littleEndian: bytes.load(fromByteOffset: (offset & 0xFFFF) &* 4, as: UInt32.self))
  }

  /// Stores the bytes of `value` that are FFh in `mask`.
  @inline(__always) func store(_ offset: Int, _ value: UInt32, mask: UInt32) {
    let old = load(offset)
    bytes.storeBytes(
      of: (value & mask | old & ~mask).littleEndian, toByteOffset: (offset & 0xFFFF) &* 4, as: UInt32.self)
  }

  /// One plane's byte.
  @inline(__always) func byte(_ offset: Int, plane: Int) -> UInt8 {
    bytes.load(fromByteOffset: (offset & 0xFFFF) &* 4 &+ plane & 3, as: UInt8.self)
  }

  // MARK: Saved state

  func savedPart() throws -> SavedValue {
    .bytes(Array(UnsafeRawBufferPointer(start: bytes, count: Self.size)))
  }

  func checkPart(_ saved: SavedValue) throws {
    guard case .bytes(let content) = saved, content.count == Self.size else {
      throw SavedStateError.mismatch("the state's display memory isn't 256 KB")
    }
  }

  func loadPart(_ saved: SavedValue) throws {
    try checkPart(saved)
    guard case .bytes(let content) = saved else { return }
    bytes.copyMemory(from: content, byteCount: Self.size)
  }
}
