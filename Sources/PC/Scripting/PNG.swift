import CPNG
public import Hardware

extension VideoFrame {
  /// Writes the picture as a PNG file, dot for dot, without scaling.
  ///
  /// - Throws: `HostError.file` with the path and what the host says.
  public func writePNG(to path: String) throws(HostError) {
    var rgb = [UInt8](repeating: 0, count: width * height * 3)
    for (index, dot) in pixels.prefix(width * height).enumerated() {
      rgb[index * 3] = UInt8(truncatingIfNeeded: dot >> 16)
      rgb[index * 3 + 1] = UInt8(truncatingIfNeeded: dot >> 8)
      rgb[index * 3 + 2] = UInt8(truncatingIfNeeded: dot)
    }
    // The simplified interface of libpng 1.6: errors come back in the structure, not through longjmp.
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    image.width = png_uint_32(width)
    image.height = png_uint_32(height)
    image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
    defer { png_image_free(&image) }
    guard png_image_write_to_file(&image, path, 0, rgb, 0, nil) != 0 else {
      let reason = withUnsafeBytes(of: image.message) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      throw .file("\(path): can't write the picture: \(reason)")
    }
  }
}
