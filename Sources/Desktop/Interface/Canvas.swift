import CSDL2
import Foundation
import Hardware
import PC

/// 0xAARRGGBB.
typealias Colour = UInt32

/// What windows are painted with: rectangles, letters of 8 by 16 points, pictures. A point is one of the output's dots, or
/// more on dense displays, so that letters stay readable.
final class Canvas {
  static let lineHeight = 16
  static let letterWidth = 8

  private let renderer: OpaquePointer
  private var letters: [Bool: OpaquePointer] = [:]
  private var pictures: [String: OpaquePointer] = [:]
  /// How large a point is to be.
  var density = DisplayScale()
  /// The output's size in points.
  private(set) var width = 800
  private(set) var height = 600
  /// Dots of the output in a point.
  private(set) var scale: Float = 1
  /// Labels that had to be cut off in this picture: a test wants none.
  private(set) var cutOff: [String] = []

  init(renderer: OpaquePointer) { self.renderer = renderer }

  deinit {
    for (_, texture) in letters { SDL_DestroyTexture(texture) }
    for (_, texture) in pictures { SDL_DestroyTexture(texture) }
  }

  /// Begins a picture: finds out how large a point is.
  func begin() {
    var outWidth: Int32 = 0
    var outHeight: Int32 = 0
    SDL_GetRendererOutputSize(renderer, &outWidth, &outHeight)
    scale = density.factor(width: Int(outWidth), height: Int(outHeight))
    SDL_RenderSetScale(renderer, scale, scale)
    (width, height) = (Int(Float(outWidth) / scale), Int(Float(outHeight) / scale))
    cutOff = []
  }

  /// Ends a picture: what comes next is drawn in the output's dots again.
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

  /// A frame of `thickness` points inside `place`.
  func outline(_ place: Rectangle, _ colour: Colour, thickness: Int = 1) {
    fill(Rectangle(place.x, place.y, place.width, thickness), colour)
    fill(Rectangle(place.x, place.y + place.height - thickness, place.width, thickness), colour)
    fill(Rectangle(place.x, place.y + thickness, thickness, place.height - 2 * thickness), colour)
    fill(
      Rectangle(place.x + place.width - thickness, place.y + thickness, thickness, place.height - 2 * thickness), colour
    )
  }

  private func paint(_ colour: Colour) {
    SDL_SetRenderDrawBlendMode(renderer, SDL_BLENDMODE_BLEND)
    SDL_SetRenderDrawColor(
      renderer, UInt8(truncatingIfNeeded: colour >> 16), UInt8(truncatingIfNeeded: colour >> 8),
      UInt8(truncatingIfNeeded: colour), UInt8(truncatingIfNeeded: colour >> 24))
  }

  /// Writes a name, path or number of somebody else's, which may be long: what doesn't fit into `width` points is left
  /// out, with an ellipsis in its place.
  func name(
    _ text: String, _ x: Int, _ y: Int, _ colour: Colour, width: Int, keepsEnding: Bool = false, keepsEnd: Bool = false
  ) {
    let columns = max(width, 0) / Self.letterWidth
    write(
      keepsEnd
        ? TextLayout.fittedEnd(text, columns: columns)
        : TextLayout.fitted(text, columns: columns, keepsEnding: keepsEnding), x, y, colour, size: 1)
  }

  /// Writes a line of the program's own.
  func text(_ text: String, _ x: Int, _ y: Int, _ colour: Colour, width: Int = .max, size: Int = 1) {
    let fitted = TextLayout.fitted(text, columns: max(width, 0) / (Self.letterWidth * size))
    if fitted != text || y + Self.lineHeight * size > height || x + text.count * Self.letterWidth * size > self.width {
      cutOff.append(text)
    }
    write(fitted, x, y, colour, size: size)
  }

  private func write(_ text: String, _ x: Int, _ y: Int, _ colour: Colour, size: Int) {
    guard let letters = letterSheet(isSmooth: scale != scale.rounded()) else { return }
    let dots = Int32(letters.dots)
    SDL_SetTextureColorMod(
      letters.texture, UInt8(truncatingIfNeeded: colour >> 16), UInt8(truncatingIfNeeded: colour >> 8),
      UInt8(truncatingIfNeeded: colour))
    for (column, character) in text.enumerated() where character != " " {
      let left = x + column * Self.letterWidth * size
      if character == TextLayout.ellipsis {
        for dot in 0..<3 { fill(Rectangle(left + (1 + dot * 3) * size, y + 11 * size, size, size), colour) }
        continue
      }
      let code = Self.code(of: character)
      var source = SDL_Rect(
        x: Int32(code & 15) * 8 * dots, y: Int32(code >> 4) * 16 * dots, w: 8 * dots, h: 16 * dots)
      var target = SDL_Rect(
        x: Int32(left), y: Int32(y), w: Int32(Self.letterWidth * size), h: Int32(Self.lineHeight * size))
      SDL_RenderCopy(renderer, letters.texture, &source, &target)
    }
  }

  /// The glyph of a character; of letters that the sheet hasn't got, the one without its accent, or a question mark.
  private static func code(of character: Character) -> UInt8 {
    if let code = CodePage437.byte(of: character) { return code }
    let base = String(character).decomposedStringWithCanonicalMapping.unicodeScalars.first
    return base.flatMap { CodePage437.byte(of: Character($0)) } ?? 0x3F
  }

  /// All letters as a texture, made when first needed: sharp ones, or for broken scales larger ones that are made smaller
  /// smoothly.
  private func letterSheet(isSmooth: Bool) -> (texture: OpaquePointer, dots: Int)? {
    let dots = isSmooth ? 4 : 1
    if let sheet = letters[isSmooth] { return (sheet, dots) }
    let width = 128 * dots
    var sheet = [UInt32](repeating: 0x00FF_FFFF, count: width * 256 * dots)
    for row in 0..<256 * dots {
      for column in 0..<width {
        let (x, y) = (column / dots, row / dots)
        let code = y / 16 * 16 + x / 8
        let line = UInt8(
          truncatingIfNeeded: LetterFont.glyphs[code * 2 + y % 16 / 8] >> UInt64(56 - y % 8 * 8))
        if line & 0x80 >> UInt8(x % 8) != 0 { sheet[row * width + column] = 0xFFFF_FFFF }
      }
    }
    guard let made = texture(sheet, width, 256 * dots) else { return nil }
    SDL_SetTextureBlendMode(made, SDL_BLENDMODE_BLEND)
    SDL_SetTextureScaleMode(made, isSmooth ? SDL_ScaleModeLinear : SDL_ScaleModeNearest)
    letters[isSmooth] = made
    return (made, dots)
  }

  private func texture(_ dots: [UInt32], _ width: Int, _ height: Int) -> OpaquePointer? {
    let texture = SDL_CreateTexture(
      renderer, SDL_PIXELFORMAT_ARGB8888.rawValue, Int32(SDL_TEXTUREACCESS_STATIC.rawValue), Int32(width), Int32(height)
    )
    SDL_UpdateTexture(texture, nil, dots, Int32(width * 4))
    return texture
  }

  /// Shows a PNG file's picture; `name` stays the same as long as the picture does.
  func picture(_ name: String, _ png: () -> [UInt8]?, in place: Rectangle) {
    picture(name, in: place) { png().flatMap { VideoFrame(png: $0) } }
  }

  /// Shows a picture; `name` stays the same as long as the picture does. False if there is none.
  @discardableResult
  func picture(_ name: String, in place: Rectangle, frame: () -> VideoFrame?) -> Bool {
    fill(place, 0xFF0C_0F13)
    defer { outline(place, Interface.Style.line) }
    if pictures[name] == nil, let frame = frame(), frame.width > 0, frame.height > 0 {
      if pictures.count >= 64 { forgetPictures() }
      pictures[name] = texture(frame.pixels.map { $0 | 0xFF00_0000 }, frame.width, frame.height)
    }
    guard let picture = pictures[name] else { return false }
    SDL_SetTextureScaleMode(picture, SDL_ScaleModeLinear)
    var rectangle = place.sdl
    SDL_RenderCopy(renderer, picture, nil, &rectangle)
    return true
  }

  /// The textures' contents were lost, or others are wanted.
  func forgetPictures() {
    for (_, texture) in pictures { SDL_DestroyTexture(texture) }
    pictures = [:]
  }

  /// The display has lost everything that was made on it.
  func restore() {
    forgetPictures()
    for (_, texture) in letters { SDL_DestroyTexture(texture) }
    letters = [:]
  }
}
