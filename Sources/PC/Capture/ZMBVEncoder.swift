import CZlib
import Hardware

/// Zip Motion Blocks Video: lossless, made for the screens of old machines. Each frame is what differs from the one
/// before, in blocks of 16 by 16 dots, through one zlib stream from key frame to key frame.
///
/// Motion vectors are not searched for: all are zero.
///
/// - Source: the description of the format in FFmpeg's documentation of its decoder and MultimediaWiki (recalled).
final class ZMBVEncoder {
  private static let block = 16
  /// Frames from one key frame to the next: how far a player has to go back to start in the middle.
  private static let keyInterval = 300

  private let width: Int
  private let height: Int
  private var stream = z_stream()
  private var isOpen = false
  private var last: [UInt32] = []
  private var untilKey = 0

  /// An encoder of frames of one size; nil if zlib has no memory.
  init?(width: Int, height: Int) {
    self.width = width
    self.height = height
    guard deflateInit_(&stream, 4, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return nil }
    isOpen = true
  }

  deinit { if isOpen { deflateEnd(&stream) } }

  /// One frame of `width * height` dots as a packet, and whether it is a key frame.
  func encode(_ pixels: [UInt32]) -> (packet: [UInt8], isKey: Bool) {
    let isKey = untilKey == 0 || last.count != pixels.count
    untilKey = isKey ? Self.keyInterval : untilKey - 1
    var packet: [UInt8]
    if isKey {
      // Key frame; version 0.1, zlib, 32 bits a dot, size of the blocks.
      packet = [1, 0, 1, 1, 8, UInt8(Self.block), UInt8(Self.block)]
      deflateReset(&stream)
      compress(bytes(of: pixels[...]), into: &packet)
    } else {
      packet = [0]
      compress(difference(pixels), into: &packet)
    }
    last = pixels
    return (packet, isKey)
  }

  private func bytes(of dots: ArraySlice<UInt32>) -> [UInt8] {
    dots.withUnsafeBytes { Array($0) }
  }

  /// Two bytes a block, the lowest bit of the first saying that it differs, padded to four bytes; then those blocks.
  private func difference(_ pixels: [UInt32]) -> [UInt8] {
    let columns = (width + Self.block - 1) / Self.block
    let rows = (height + Self.block - 1) / Self.block
    var result = [UInt8](repeating: 0, count: (columns * rows * 2 + 3) & ~3)
    for row in 0..<rows {
      let lines = row * Self.block..<min((row + 1) * Self.block, height)
      for column in 0..<columns {
        let start = column * Self.block
        let count = min(Self.block, width - start)
        let differs = lines.contains { y in
          (y * width + start..<y * width + start + count).contains { pixels[$0] != last[$0] }
        }
        guard differs else { continue }
        result[(row * columns + column) * 2] = 1
        for y in lines {
          for at in y * width + start..<y * width + start + count {
            let x = pixels[at] ^ last[at]
            result.append(UInt8(truncatingIfNeeded: x))
            result.append(UInt8(truncatingIfNeeded: x >> 8))
            result.append(UInt8(truncatingIfNeeded: x >> 16))
            result.append(0)
          }
        }
      }
    }
    return result
  }

  private func compress(_ bytes: [UInt8], into packet: inout [UInt8]) {
    var input = bytes
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    input.withUnsafeMutableBufferPointer { source in
      stream.next_in = source.baseAddress
      stream.avail_in = UInt32(source.count)
      repeat {
        let written = chunk.withUnsafeMutableBufferPointer { target in
          stream.next_out = target.baseAddress
          stream.avail_out = UInt32(target.count)
          deflate(&stream, Z_SYNC_FLUSH)
          return target.count - Int(stream.avail_out)
        }
        packet.append(contentsOf: chunk[..<written])
      } while stream.avail_out == 0
    }
  }
}
