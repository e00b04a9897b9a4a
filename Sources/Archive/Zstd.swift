import CZstd

/// Zstandard frames (RFC 8878) through libzstd.
enum Zstd {
  /// Level 3 is libzstd's default: twice the speed of level 6 for a few per cent more bytes.
  static let level: Int32 = 3

  /// `bytes` as one frame.
  ///
  /// - Throws: `HostError.file` when libzstd has no memory.
  static func compress(_ bytes: [UInt8]) throws -> [UInt8] {
    var failure: String?
    let frame = [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { buffer, used in
      let size = ZSTD_compress(buffer.baseAddress, buffer.count, bytes, bytes.count, level)
      if ZSTD_isError(size) != 0 { failure = String(cString: ZSTD_getErrorName(size)) } else { used = size }
    }
    if let failure { throw ArchiveError.damaged("compressing failed: \(failure)") }
    return frame
  }

  /// The contents of `frame`, which must be exactly `size` bytes.
  ///
  /// - Throws: `ArchiveError.damaged`.
  static func decompress(_ frame: UnsafeRawBufferPointer, size: Int) throws -> [UInt8] {
    var failure: String?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, used in
      let got = ZSTD_decompress(buffer.baseAddress, buffer.count, frame.baseAddress, frame.count)
      if ZSTD_isError(got) != 0 {
        failure = String(cString: ZSTD_getErrorName(got))
      } else if got != size {
        failure = "\(got) bytes instead of \(size)"
      } else {
        used = got
      }
    }
    if let failure { throw ArchiveError.damaged("a chunk can't be unpacked (\(failure))") }
    return bytes
  }
}
