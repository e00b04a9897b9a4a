import CZstd

/// Zstandard frames (RFC 8878) through libzstd. Keeps libzstd's working memory from one frame to the next; for one
/// thread at a time.
final class Zstd {
  /// Level 3 is libzstd's default: twice the speed of level 6 for a few per cent more bytes.
  private static let level: Int32 = 3
  private var packer: OpaquePointer?
  private var unpacker: OpaquePointer?

  deinit {
    ZSTD_freeCCtx(packer)
    ZSTD_freeDCtx(unpacker)
  }

  private static func made(_ context: OpaquePointer?) throws -> OpaquePointer {
    guard let context else { throw ArchiveError.refused("libzstd gets no memory") }
    return context
  }

  /// `bytes` as one frame.
  ///
  /// - Throws: `ArchiveError.refused` when libzstd has no memory.
  func compress(_ bytes: UnsafeRawBufferPointer) throws -> [UInt8] {
    let context = try Self.made(packer ?? ZSTD_createCCtx())
    packer = context
    var failure: String?
    let frame = [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { buffer, used in
      let size = ZSTD_compressCCtx(
        context, buffer.baseAddress, buffer.count, bytes.baseAddress, bytes.count, Self.level)
      if ZSTD_isError(size) != 0 { failure = String(cString: ZSTD_getErrorName(size)) } else { used = size }
    }
    if let failure { throw ArchiveError.refused("packing failed: \(failure)") }
    // A copy, without the room that it might have needed.
    return frame.withUnsafeBytes { [UInt8]($0) }
  }

  /// Unpacks `frame`, which must hold exactly as many bytes as `target` has room for.
  ///
  /// - Throws: `ArchiveError.damaged`.
  func decompress(_ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) throws {
    let context = try Self.made(unpacker ?? ZSTD_createDCtx())
    unpacker = context
    let got = ZSTD_decompressDCtx(context, target.baseAddress, target.count, frame.baseAddress, frame.count)
    if ZSTD_isError(got) != 0 {
      throw ArchiveError.damaged("a chunk can't be unpacked (\(String(cString: ZSTD_getErrorName(got))))")
    }
    guard got == target.count else {
      throw ArchiveError.damaged("a chunk has \(got) bytes instead of \(target.count)")
    }
  }
}
