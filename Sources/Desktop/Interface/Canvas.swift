import CSDL2
import Hardware
import PC

/// A rectangle in points.
struct Rectangle {
  var x: Int
  var y: Int
  var width: Int
  var height: Int

  init(_ x: Int, _ y: Int, _ width: Int, _ height: Int) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }

  func contains(_ point: (x: Int, y: Int)) -> Bool {
    point.x >= x && point.x < x + width && point.y >= y && point.y < y + height
  }

  func inset(_ by: Int) -> Rectangle { Rectangle(x + by, y + by, width - 2 * by, height - 2 * by) }

  var sdl: SDL_Rect { SDL_Rect(x: Int32(x), y: Int32(y), w: Int32(max(width, 0)), h: Int32(max(height, 0))) }
}

/// 0xAARRGGBB.
typealias Colour = UInt32

/// What windows are painted with: rectangles, letters of 8 by 16 points, pictures. A point is one of the window's, or more
/// on large windows and dense displays, so that letters stay readable.
final class Canvas {
  static let lineHeight = 16
  static let letterWidth = 8

  private let renderer: OpaquePointer
  private var letters: OpaquePointer?
  private var pictures: [String: OpaquePointer] = [:]
  /// The window's size in points.
  private(set) var width = 800
  private(set) var height = 600
  private var scale: Float = 1

  init(renderer: OpaquePointer) { self.renderer = renderer }

  deinit {
    SDL_DestroyTexture(letters)
    for (_, texture) in pictures { SDL_DestroyTexture(texture) }
  }

  /// Begins a picture: finds out how large a point is.
  func begin() {
    var outWidth: Int32 = 0
    var outHeight: Int32 = 0
    SDL_GetRendererOutputSize(renderer, &outWidth, &outHeight)
    scale = max(1, min(Float(outWidth) / 800, Float(outHeight) / 600).rounded(.down))
    SDL_RenderSetScale(renderer, scale, scale)
    (width, height) = (Int(Float(outWidth) / scale), Int(Float(outHeight) / scale))
  }

  /// Ends a picture: what comes next is drawn in the display's dots again.
  func end() { SDL_RenderSetScale(renderer, 1, 1) }

  /// A place of the window, given in its own units, in points.
  func point(_ x: Int32, _ y: Int32, windowWidth: Int32) -> (x: Int, y: Int) {
    guard windowWidth > 0 else { return (0, 0) }
    let factor = Float(width) / Float(windowWidth)
    return (Int(Float(x) * factor), Int(Float(y) * factor))
  }

  // MARK: Painting

  func fill(_ place: Rectangle, _ colour: Colour) {
    var rectangle = place.sdl
    paint(colour)
    SDL_RenderFillRect(renderer, &rectangle)
  }

  func outline(_ place: Rectangle, _ colour: Colour) {
    var rectangle = place.sdl
    paint(colour)
    SDL_RenderDrawRect(renderer, &rectangle)
  }

  private func paint(_ colour: Colour) {
    SDL_SetRenderDrawBlendMode(renderer, SDL_BLENDMODE_BLEND)
    SDL_SetRenderDrawColor(
      renderer, UInt8(truncatingIfNeeded: colour >> 16), UInt8(truncatingIfNeeded: colour >> 8),
      UInt8(truncatingIfNeeded: colour), UInt8(truncatingIfNeeded: colour >> 24))
  }

  /// Writes a line; what doesn't fit into `width` points is left out, with an ellipsis in its place.
  func text(_ text: String, _ x: Int, _ y: Int, _ colour: Colour, width: Int = .max, size: Int = 1) {
    guard let letters = letterSheet() else { return }
    var codes = text.map { CodePage437.byte(of: $0) ?? 0x3F }
    let room = width / (Self.letterWidth * size)
    if codes.count > room { codes = Array(codes.prefix(max(room - 2, 0))) + [0x2E, 0x2E] }
    SDL_SetTextureColorMod(
      letters, UInt8(truncatingIfNeeded: colour >> 16), UInt8(truncatingIfNeeded: colour >> 8),
      UInt8(truncatingIfNeeded: colour))
    for (column, code) in codes.enumerated() {
      var source = SDL_Rect(x: Int32(code & 15) * 8, y: Int32(code >> 4) * 16, w: 8, h: 16)
      var target = SDL_Rect(
        x: Int32(x + column * Self.letterWidth * size), y: Int32(y), w: Int32(Self.letterWidth * size),
        h: Int32(Self.lineHeight * size))
      SDL_RenderCopy(renderer, letters, &source, &target)
    }
  }

  /// All letters as a texture, made when first needed.
  private func letterSheet() -> OpaquePointer? {
    if let letters { return letters }
    var dots = [UInt32](repeating: 0x00FF_FFFF, count: 128 * 256)
    for code in 0..<256 {
      for row in 0..<16 {
        let line = UInt8(truncatingIfNeeded: LetterFont.glyphs[code * 2 + row / 8] >> UInt64(56 - row % 8 * 8))
        for column in 0..<8 where line & 0x80 >> UInt8(column) != 0 {
          dots[(code / 16 * 16 + row) * 128 + code % 16 * 8 + column] = 0xFFFF_FFFF
        }
      }
    }
    letters = texture(dots, 128, 256)
    SDL_SetTextureBlendMode(letters, SDL_BLENDMODE_BLEND)
    return letters
  }

  private func texture(_ dots: [UInt32], _ width: Int, _ height: Int) -> OpaquePointer? {
    let texture = SDL_CreateTexture(
      renderer, SDL_PIXELFORMAT_ARGB8888.rawValue, Int32(SDL_TEXTUREACCESS_STATIC.rawValue), Int32(width), Int32(height)
    )
    SDL_UpdateTexture(texture, nil, dots, Int32(width * 4))
    return texture
  }

  /// Shows a PNG file's picture as large as it fits, 4:3; `name` stays the same as long as the picture does.
  func picture(_ name: String, _ png: () -> [UInt8]?, in place: Rectangle) {
    fill(place, 0xFF10_1418)
    if pictures[name] == nil, let bytes = png(), let frame = VideoFrame(png: bytes) {
      if pictures.count >= 64 { forgetPictures() }
      pictures[name] = texture(frame.pixels.map { $0 | 0xFF00_0000 }, frame.width, frame.height)
    }
    if let picture = pictures[name] {
      SDL_SetTextureScaleMode(picture, SDL_ScaleModeLinear)
      var rectangle = place.sdl
      SDL_RenderCopy(renderer, picture, nil, &rectangle)
    }
    outline(place, 0xFF3A_4450)
  }

  /// The textures' contents were lost, or others are wanted.
  func forgetPictures() {
    for (_, texture) in pictures { SDL_DestroyTexture(texture) }
    pictures = [:]
  }

  /// The display has lost everything that was made on it.
  func restore() {
    forgetPictures()
    SDL_DestroyTexture(letters)
    letters = nil
  }
}
