/// RAM of a saved state that doesn't come in its tree: the pieces in which it differs from what the machine has now.
public struct MemoryPatch: Sendable {
  /// A run of bytes.
  public struct Piece: Sendable {
    /// Where it goes in RAM.
    public var address: Int
    /// Where it is in `bytes`.
    public var offset: Int
    /// How many bytes.
    public var count: Int

    /// `count` bytes at `offset` for `address`.
    public init(address: Int, offset: Int, count: Int) {
      self.address = address
      self.offset = offset
      self.count = count
    }
  }
  /// Bytes of the RAM that the state was saved of.
  public let ramSize: Int
  /// What differs.
  public let pieces: [Piece]
  /// The contents of all pieces.
  public let bytes: [UInt8]

  /// A patch for RAM of `ramSize` bytes; pieces that lie outside of it or of `bytes` are left out.
  public init(ramSize: Int, pieces: [Piece], bytes: [UInt8]) {
    self.ramSize = ramSize
    self.bytes = bytes
    self.pieces = pieces.filter { piece in
      piece.count >= 0 && piece.address >= 0 && piece.address <= ramSize - piece.count && piece.offset >= 0
        && piece.offset <= bytes.count - piece.count
    }
  }

  /// Puts the pieces into `ram`, which has `ramSize` bytes.
  func apply(to ram: UnsafeMutablePointer<UInt8>) {
    bytes.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      for piece in pieces { (ram + piece.address).update(from: base + piece.offset, count: piece.count) }
    }
  }
}
