/// A piece of a content with its sum, packed or still to be packed.
struct Chunk {
  /// Its position in the content.
  var position: Int
  /// `Digest.zeros` for bytes that are all zero.
  var digest: Digest
  /// Bytes unpacked.
  var size: Int
  /// The zstd frame; nil for zeros and for chunks that are known to be in the file.
  var frame: [UInt8]?
}

extension Chunk {
  static func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var at = 0
    while at + 32 <= bytes.count {
      if bytes.loadUnaligned(fromByteOffset: at, as: SIMD4<UInt64>.self) != .zero { return false }
      at += 32
    }
    while at < bytes.count {
      if bytes[at] != 0 { return false }
      at += 1
    }
    return true
  }

  /// The sum of `bytes`, or `Digest.zeros`.
  static func digest(_ bytes: UnsafeRawBufferPointer) -> Digest { isZero(bytes) ? .zeros : Digest(of: bytes) }

  /// Chunks of `bytes`, as far as they differ from `known`, packed. `isStored` tells of sums that the file has.
  static func pack(
    _ bytes: UnsafeRawBufferPointer, differingFrom known: ChunkMap? = nil, isStored: (Digest) throws -> Bool
  ) throws -> [Chunk] {
    var chunks = differing(bytes, from: known, sums: pieces(of: bytes).map(digest))
    var seen: Set<Digest> = []
    let zstd = Zstd()
    for at in chunks.indices where chunks[at].digest != .zeros && seen.insert(chunks[at].digest).inserted {
      guard try !isStored(chunks[at].digest) else { continue }
      chunks[at].frame = try zstd.compress(piece(bytes, chunks[at].position))
    }
    return chunks
  }

  /// The chunk at `position` of `bytes`.
  static func piece(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> UnsafeRawBufferPointer {
    let start = position * Schema.chunkSize
    return UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + Schema.chunkSize, bytes.count)])
  }

  private static func pieces(of bytes: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer] {
    (0..<(bytes.count + Schema.chunkSize - 1) / Schema.chunkSize).map { piece(bytes, $0) }
  }

  /// Where `bytes`, whose chunks have these `sums`, differ from `known`; without one, where they aren't zero.
  static func differing(_ bytes: UnsafeRawBufferPointer, from known: ChunkMap?, sums: [Digest]) -> [Chunk] {
    sums.enumerated().compactMap { position, digest in
      guard digest != known?.digests[position] ?? .zeros else { return nil }
      return Chunk(position: position, digest: digest, size: piece(bytes, position).count)
    }
  }
}

/// Which chunk is where in a content: what the layers come to when they are laid over each other.
struct ChunkMap: Equatable {
  /// Bytes of the content.
  let size: Int
  /// A sum for each position; zeros where no layer has anything.
  var digests: [Digest]

  /// All zeros.
  init(size: Int) {
    self.size = size
    digests = [Digest](repeating: .zeros, count: (size + Schema.chunkSize - 1) / Schema.chunkSize)
  }

  /// Bytes of the chunk at `position`.
  func bytes(at position: Int) -> Int { min(Schema.chunkSize, size - position * Schema.chunkSize) }

  /// The sum over everything that tells contents of this size apart.
  var identity: Digest {
    var sum = Digest.zeros
    for (position, digest) in digests.enumerated() { sum.toggle(digest, at: position) }
    return sum
  }
}
