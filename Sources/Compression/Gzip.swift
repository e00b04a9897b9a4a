import CZlib

/// Why compressed data can't be read.
public enum CompressionError: Error, CustomStringConvertible {
  /// The data isn't a gzip file, is damaged, or ends early.
  case damaged
  /// The data unpacks to more than the caller allows, in bytes.
  case tooLarge(Int)

  public var description: String {
    switch self {
    case .damaged: "not a gzip file, or damaged"
    case .tooLarge(let limit): "unpacks to more than \(limit >> 20) MB"
    }
  }
}

/// gzip files (RFC 1952), through zlib.
public enum Gzip {
  /// Whether `bytes` begin as a gzip file does.
  public static func isCompressed(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

  /// Unpacks a gzip file.
  ///
  /// - Parameter limit: the most bytes to unpack; a small file can hold a very large one.
  /// - Throws: `CompressionError`.
  public static func unpack(_ bytes: [UInt8], limit: Int = 256 << 20) throws -> [UInt8] {
    var stream = z_stream()
    // 15 bits of window, plus 16: gzip framing.
    guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw CompressionError.damaged
    }
    defer { inflateEnd(&stream) }
    var input = bytes
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var status = Z_OK
    try input.withUnsafeMutableBufferPointer { source in
      stream.next_in = source.baseAddress
      stream.avail_in = UInt32(source.count)
      while status == Z_OK {
        let written = chunk.withUnsafeMutableBufferPointer { target in
          stream.next_out = target.baseAddress
          stream.avail_out = UInt32(target.count)
          status = inflate(&stream, Z_NO_FLUSH)
          return target.count - Int(stream.avail_out)
        }
        output.append(contentsOf: chunk[..<written])
        if output.count > limit { throw CompressionError.tooLarge(limit) }
      }
    }
    guard status == Z_STREAM_END else { throw CompressionError.damaged }
    return output
  }
}
