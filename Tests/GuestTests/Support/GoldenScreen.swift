import CPNG
import Foundation
import Hardware
import PC

/// Pictures in `Golden/` that somebody has looked at. HEIRLOOM_UPDATE_GOLDEN=1 writes them anew: look at each before
/// committing it.
enum GoldenScreen {
  static var updates: Bool { ProcessInfo.processInfo.environment["HEIRLOOM_UPDATE_GOLDEN"] == "1" }

  /// Every different picture that the guest shows in the next 0.6 s, which is longer than any blinking takes.
  static func pictures(of guest: Guest) throws -> [VideoFrame] {
    var pictures: [VideoFrame] = []
    for _ in 0..<60 {
      let picture = guest.machine.picture()
      if !pictures.contains(where: { isEqual($0, picture) }) { pictures.append(picture) }
      try guest.run(for: Guest.grid)
    }
    return pictures
  }

  private static func isEqual(_ a: VideoFrame, _ b: VideoFrame) -> Bool {
    a.width == b.width && a.height == b.height && a.pixels == b.pixels
  }

  /// Compares `pictures`, the phases of a blinking screen, with the golden one, which must be one of them.
  ///
  /// - Returns: nil if all is well, else what is wrong.
  static func complaint(_ pictures: [VideoFrame], _ name: String) throws -> String? {
    let path = Places.golden.appending(path: name + ".png").path
    guard let first = pictures.first else { return "\(name): no picture" }
    if updates {
      try first.writePNG(to: path)
      return nil
    }
    guard let golden = try read(path) else { return "\(name): there is no \(path)" }
    if pictures.contains(where: { isEqual($0, golden) }) { return nil }
    let actual = FileManager.default.temporaryDirectory.appending(path: "heirloom-\(name).png").path
    try first.writePNG(to: actual)
    return "\(name): \(first.width)x\(first.height) is not the golden \(golden.width)x\(golden.height); see \(actual)"
  }

  /// A PNG file's dots; nil if it can't be read.
  static func read(_ path: String) throws -> VideoFrame? {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    guard png_image_begin_read_from_file(&image, path) != 0 else { return nil }
    image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
    let (width, height) = (Int(image.width), Int(image.height))
    var rgb = [UInt8](repeating: 0, count: width * height * 3)
    guard png_image_finish_read(&image, nil, &rgb, 0, nil) != 0 else { return nil }
    let pixels: [UInt32] = (0..<width * height).map { dot in
      let red = UInt32(rgb[dot * 3])
      let green = UInt32(rgb[dot * 3 + 1])
      let blue = UInt32(rgb[dot * 3 + 2])
      return red << 16 | green << 8 | blue
    }
    return VideoFrame(width: width, height: height, pixels: pixels)
  }
}
