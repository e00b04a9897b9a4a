import CZlib

/// Deflated data without a file around it, as disk images hold it.
public enum Inflate {
  /// What is around the data.
  public enum Framing: Sendable {
    /// Nothing (RFC 1951).
    case raw
    /// zlib's header and sum (RFC 1950).
    case zlib
  }

  /// Unpacks `bytes` to at most `count` bytes; what comes behind the end of the data is ignored.
  ///
  /// - Throws: `CompressionError.damaged`.
  public static func unpack(_ bytes: [UInt8], framing: Framing, count: Int) throws -> [UInt8] {
    var stream = z_stream()
    let window: Int32 = framing == .raw ? -15 : 15
    guard inflateInit2_(&stream, window, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw CompressionError.damaged
    }
    defer { inflateEnd(&stream) }
    var input = bytes
    var status = Z_OK
    let output = [UInt8](unsafeUninitializedCapacity: count) { target, used in
      input.withUnsafeMutableBufferPointer { source in
        stream.next_in = source.baseAddress
        stream.avail_in = UInt32(source.count)
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(target.count)
        status = inflate(&stream, Z_FINISH)
      }
      used = target.count - Int(stream.avail_out)
    }
    // A full target with data left over is no mistake of the data.
    guard status == Z_STREAM_END || status == Z_BUF_ERROR && output.count == count else {
      throw CompressionError.damaged
    }
    return output
  }
}
