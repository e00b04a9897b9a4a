import Hardware

/// Display memory: 64 K offsets (256 K with 1 MB) of four planes. The bytes of the planes lie side by side, so that a
/// latch load or a planar write is one 32-bit access: byte 4 * offset + plane.
///
/// Like the board's RAM it lies at a fixed place of the host and is saved as a part of its own: as an array in the
/// adapter's `State` it would cost a retain and a release at each access.
final class VideoMemory: SavedPart, Wiring {
  /// Offsets per block of `stamps`, as a shift.
  static let blockShift = 6

  /// Bytes.
  let size: Int
  /// Offsets that exist, minus one.
  let offsetMask: Int
  private let bytes: UnsafeMutableRawPointer
  /// The time of `clock` at which each block of 64 offsets was last written. What the renderer has drawn since is
  /// still good.
  let stamps: UnsafeMutablePointer<Int>
  /// Counts up whenever lines have been drawn.
  var clock = 1

  /// Memory of `size` bytes, a power of two from 256 KB on.
  init(size: Int) {
    self.size = size
    offsetMask = size / 4 - 1
    bytes = .allocate(byteCount: size, alignment: 16)
    bytes.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    stamps = .allocate(capacity: (size / 4) >> Self.blockShift)
    stamps.initialize(repeating: 0, count: (size / 4) >> Self.blockShift)
  }

  deinit {
    bytes.deallocate()
    stamps.deallocate()
  }

  /// The four planes at `offset` (taken modulo the memory's size), plane 0 in bits 7-0.
  @inline(__always) func load(_ offset: Int) -> UInt32 {
    UInt32(littleEndian: bytes.load(fromByteOffset: (offset & offsetMask) &* 4, as: UInt32.self))
  }

  /// Stores the bytes of `value` that are FFh in `mask`.
  @inline(__always) func store(_ offset: Int, _ value: UInt32, mask: UInt32) {
    let at = offset & offsetMask
    let old = UInt32(littleEndian: bytes.load(fromByteOffset: at &* 4, as: UInt32.self))
    bytes.storeBytes(of: (value & mask | old & ~mask).littleEndian, toByteOffset: at &* 4, as: UInt32.self)
    stamps[at &>> Self.blockShift] = clock
  }

  /// One plane's byte.
  @inline(__always) func byte(_ offset: Int, plane: Int) -> UInt8 {
    bytes.load(fromByteOffset: (offset & offsetMask) &* 4 &+ plane & 3, as: UInt8.self)
  }

  /// Whether any of the offsets `first...last` has been written after `time` of `clock`.
  @inline(__always) func isWritten(_ first: Int, _ last: Int, since time: Int) -> Bool {
    var block = (first & offsetMask) &>> Self.blockShift
    let end = (last & offsetMask) &>> Self.blockShift
    while block <= end {
      if stamps[block] > time { return true }
      block &+= 1
    }
    return false
  }

  // MARK: Saved state

  func savedPart() throws -> SavedValue {
    .bytes(Array(UnsafeRawBufferPointer(start: bytes, count: size)))
  }

  func checkPart(_ saved: SavedValue) throws {
    guard case .bytes(let content) = saved, content.count == size else {
      throw SavedStateError.mismatch("the state's display memory isn't \(size >> 10) KB")
    }
  }

  func loadPart(_ saved: SavedValue) throws {
    try checkPart(saved)
    guard case .bytes(let content) = saved else { return }
    bytes.copyMemory(from: content, byteCount: size)
    clock &+= 1
    stamps.update(repeating: clock, count: (size / 4) >> Self.blockShift)
  }
}
