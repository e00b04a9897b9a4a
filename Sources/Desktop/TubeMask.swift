import CSDL2

/// What a picture tube does to a picture, as a texture of the window's size that the picture is multiplied with: each
/// line of the picture is brightest in its middle, and stripes of the mask let a little more of one colour through.
/// The light that costs is given back by adding a part of the picture again, which also makes bright lines wider.
///
/// Multiplying and adding is all it needs from SDL's renderer, so that it also works without a graphics processor.
final class TubeMask {
  private let renderer: OpaquePointer
  private var texture: OpaquePointer?
  private var size = (width: 0, height: 0, lines: 0)

  init(renderer: OpaquePointer) { self.renderer = renderer }

  deinit { SDL_DestroyTexture(texture) }

  /// The texture's content was lost.
  func forget() {
    SDL_DestroyTexture(texture)
    texture = nil
  }

  /// Multiplies what is at `place`, a picture of `lines` lines, and adds the glow of `picture`.
  func draw(over picture: OpaquePointer, lines: Int, at place: SDL_Rect) {
    var place = place
    let wanted = (width: Int(place.w), height: Int(place.h), lines: lines)
    guard wanted.width > 0, wanted.height > 0, lines > 0 else { return }
    if texture == nil || size != wanted { make(wanted) }
    SDL_RenderCopy(renderer, texture, nil, &place)
    SDL_SetTextureBlendMode(picture, SDL_BLENDMODE_ADD)
    SDL_SetTextureColorMod(picture, 72, 72, 72)
    SDL_RenderCopy(renderer, picture, nil, &place)
    SDL_SetTextureColorMod(picture, 255, 255, 255)
    SDL_SetTextureBlendMode(picture, SDL_BLENDMODE_NONE)
  }

  private func make(_ wanted: (width: Int, height: Int, lines: Int)) {
    SDL_DestroyTexture(texture)
    size = wanted
    let dots = Self.dots(width: wanted.width, height: wanted.height, lines: wanted.lines)
    texture = SDL_CreateTexture(
      renderer, SDL_PIXELFORMAT_RGB888.rawValue, Int32(SDL_TEXTUREACCESS_STATIC.rawValue), Int32(wanted.width),
      Int32(wanted.height))
    SDL_SetTextureBlendMode(texture, SDL_BLENDMODE_MOD)
    SDL_UpdateTexture(texture, nil, dots, Int32(wanted.width * 4))
  }

  /// The factors, 255 for one. Gaps between lines show only where each line of the picture has at least two of the
  /// window; unless that is a whole number they would be of uneven width, so that they fade in slowly.
  static func dots(width: Int, height: Int, lines: Int) -> [UInt32] {
    let scale = Double(height) / Double(lines)
    let isWhole = height % lines == 0 && height > lines
    let depth = 0.45 * (isWhole ? 1 : min(max((scale - 2) / 2, 0), 1))
    let stripes: [(Double, Double, Double)] = [(1, 0.86, 0.86), (0.86, 1, 0.86), (0.86, 0.86, 1)]
    var result: [UInt32] = []
    result.reserveCapacity(width * height)
    // The brightest row of a line; of an even number of rows the upper one, so that two rows aren't alike.
    let centre = isWhole ? ((scale - 1) / 2).rounded(.down) + 0.5 : scale / 2
    for y in 0..<height {
      let row = (Double(y) + 0.5).truncatingRemainder(dividingBy: scale)
      let distance = abs(row - centre) / (scale / 2)
      let light = 255 * (1 - depth * distance * distance)
      let three = stripes.map { stripe in
        UInt32(light * stripe.0) << 16 | UInt32(light * stripe.1) << 8 | UInt32(light * stripe.2)
      }
      for x in 0..<width { result.append(three[x % 3]) }
    }
    return result
  }
}
