import CPNG
public import Hardware

extension VideoFrame {
  /// The picture as a PNG file, dot for dot, without scaling; nil when libpng has no memory for it.
  public func png() -> [UInt8]? {
    var image = pngImage
    defer { png_image_free(&image) }
    let rgb = self.rgb
    // The simplified interface of libpng 1.6: errors come back in the structure, not through longjmp.
    var size = png_alloc_size_t()
    guard png_image_write_to_memory(&image, nil, &size, 0, rgb, 0, nil) != 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    guard png_image_write_to_memory(&image, &bytes, &size, 0, rgb, 0, nil) != 0 else { return nil }
    return bytes
  }

  /// Writes the picture as a PNG file.
  ///
  /// - Throws: `HostError.file` with the path and what the host says.
  public func writePNG(to path: String) throws(HostError) {
    guard let bytes = png() else { throw .file("\(path): can't make the picture: there is no memory for it") }
    try HostFiles.write(bytes, to: path)
  }

  /// The picture of a PNG file; nil if it isn't one, or is larger than any screen.
  public init?(png bytes: [UInt8]) {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    guard png_image_begin_read_from_memory(&image, bytes, bytes.count) != 0, image.width <= 4096, image.height <= 4096
    else { return nil }
    image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
    let (width, height) = (Int(image.width), Int(image.height))
    var rgb = [UInt8](repeating: 0, count: width * height * 3)
    guard png_image_finish_read(&image, nil, &rgb, 0, nil) != 0 else { return nil }
    var pixels = [UInt32](repeating: 0, count: width * height)
    for at in pixels.indices {
      let (red, green, blue) = (UInt32(rgb[at * 3]), UInt32(rgb[at * 3 + 1]), UInt32(rgb[at * 3 + 2]))
      pixels[at] = red << 16 | green << 8 | blue
    }
    self.init(width: width, height: height, pixels: pixels)
  }

  private var pngImage: png_image {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    image.width = png_uint_32(width)
    image.height = png_uint_32(height)
    image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
    return image
  }

  private var rgb: [UInt8] {
    var rgb = [UInt8](repeating: 0, count: width * height * 3)
    for (index, dot) in pixels.prefix(width * height).enumerated() {
      rgb[index * 3] = UInt8(truncatingIfNeeded: dot >> 16)
      rgb[index * 3 + 1] = UInt8(truncatingIfNeeded: dot >> 8)
      rgb[index * 3 + 2] = UInt8(truncatingIfNeeded: dot)
    }
    return rgb
  }

  /// The picture at about half the size, for lists: means of squares of four dots, `width` 320 at most.
  public func thumbnail() -> VideoFrame {
    let step = max((width + 319) / 320, 1)
    let (w, h) = (max(width / step, 1), max(height / step, 1))
    guard step > 1, pixels.count >= width * height else { return self }
    var small = [UInt32](repeating: 0, count: w * h)
    for y in 0..<h {
      for x in 0..<w {
        var sum: (UInt32, UInt32, UInt32) = (0, 0, 0)
        for row in y * step..<min((y + 1) * step, height) {
          for column in x * step..<min((x + 1) * step, width) {
            let dot = pixels[row * width + column]
            sum = (sum.0 &+ dot >> 16 & 0xFF, sum.1 &+ dot >> 8 & 0xFF, sum.2 &+ dot & 0xFF)
          }
        }
        let count = UInt32(step * step)
        small[y * w + x] = sum.0 / count << 16 | sum.1 / count << 8 | sum.2 / count
      }
    }
    return VideoFrame(width: w, height: h, pixels: small, aspect: aspect)
  }
}
