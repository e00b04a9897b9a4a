import Crypto

/// A SHA-256 sum: the name of a chunk or of a whole content.
public struct Digest: Hashable, Sendable, CustomStringConvertible {
  private var words: SIMD4<UInt64>

  /// Stands for bytes that are all zero, which aren't stored.
  static let zeros = Digest(words: .zero)

  private init(words: SIMD4<UInt64>) { self.words = words }

  /// The sum of `bytes`.
  init(of bytes: UnsafeRawBufferPointer) {
    var function = SHA256()
    function.update(bufferPointer: bytes)
    self.init(function.finalize())
  }

  init(_ sum: SHA256.Digest) { words = sum.withUnsafeBytes { Self.words($0) } }

  /// The sum of `bytes`.
  public init(of bytes: [UInt8]) { self = bytes.withUnsafeBytes { Digest(of: $0) } }

  /// A sum that was kept as bytes; nil unless there are 32.
  init?(bytes: UnsafeRawBufferPointer) {
    guard bytes.count == 32 else { return nil }
    words = Self.words(bytes)
  }

  private static func words(_ bytes: UnsafeRawBufferPointer) -> SIMD4<UInt64> {
    SIMD4((0..<4).map { UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) })
  }

  /// A sum written as 64 hexadecimal digits; nil if it isn't one.
  init?(hexadecimal text: String) {
    let digits = Array(text.utf8)
    guard digits.count == 64 else { return nil }
    var bytes: [UInt8] = []
    for at in stride(from: 0, to: 64, by: 2) {
      guard let byte = UInt8(String(decoding: digits[at..<at + 2], as: UTF8.self), radix: 16) else { return nil }
      bytes.append(byte)
    }
    words = bytes.withUnsafeBytes { Self.words($0) }
  }

  /// The 32 bytes in their usual order.
  var bytes: [UInt8] {
    (0..<4).flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: words[word] >> UInt64(8 * $0)) } }
  }

  /// 64 hexadecimal digits.
  public var description: String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

  /// Puts the term of chunk `chunk` at `position` into the identity of a content, or takes it out again: the exclusive
  /// or of SHA-256(chunk's sum, position as 8 bytes little-endian) over all chunks that aren't zero.
  mutating func toggle(_ chunk: Digest, at position: Int) {
    guard chunk != .zeros else { return }
    var term = chunk.bytes
    for shift in stride(from: 0, to: 64, by: 8) { term.append(UInt8(truncatingIfNeeded: position >> shift)) }
    words ^= Digest(of: term).words
  }
}

/// A sum over bytes that come in pieces.
struct RunningDigest {
  private var function = SHA256()

  mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { function.update(bufferPointer: $0) } }
  var digest: Digest { Digest(function.finalize()) }
}
