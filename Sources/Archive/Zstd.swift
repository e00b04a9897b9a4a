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

  /// Unpacks `frame`, which must hold exactly as many bytes as `target` has room for.
  ///
  /// - Throws: `ArchiveError.damaged`.
  static func decompress(_ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) throws {
    let got = ZSTD_decompress(target.baseAddress, target.count, frame.baseAddress, frame.count)
    if ZSTD_isError(got) != 0 {
      throw ArchiveError.damaged("a chunk can't be unpacked (\(String(cString: ZSTD_getErrorName(got))))")
    }
    guard got == target.count else {
      throw ArchiveError.damaged("a chunk has \(got) bytes instead of \(target.count)")
    }
  }
}
