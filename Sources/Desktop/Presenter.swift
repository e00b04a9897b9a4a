import CSDL2
import Hardware

/// Puts frames on the window: 4:3 as on the tube, scaled in whole steps or to fill.
///
/// Dots are first multiplied by whole numbers, so that all of them are equally large and sharp, and only the last bit of
/// scaling is smooth.
final class Presenter {
  /// How the picture is fitted into the window.
  enum Scaling {
    /// As large as the window allows, smoothed.
    case smooth
    /// Every line takes the same whole number of the window's lines.
    case integer
    /// As smooth, on a tube: dark gaps between lines, a mask of phosphor stripes, some glow.
    case tube

    /// The one after it, as the key goes through them.
    var next: Scaling {
      switch self {
      case .smooth: .integer
      case .integer: .tube
      case .tube: .smooth
      }
    }
    /// What the window says.
    var name: String {
      switch self {
      case .smooth: "smooth"
      case .integer: "whole numbers"
      case .tube: "picture tube"
      }
    }
  }
  var scaling = Scaling.smooth

  private let renderer: OpaquePointer
  private var source: OpaquePointer?
  private var sourceSize = (width: 0, height: 0)
  private var enlarged: OpaquePointer?
  private var enlargedSize = (width: 0, height: 0)
  private let tube: TubeMask
  private var aspect = 4.0 / 3.0
  private(set) var frame: VideoFrame?
  let overlay: Overlay
  /// Draws over the picture and its messages; true if another picture has to follow before this one is worth showing.
  var drawOnTop: () -> Bool = { false }

  /// - Parameter canvas: what messages are written with.
  init(renderer: OpaquePointer, canvas: Canvas) {
    self.renderer = renderer
    overlay = Overlay(canvas)
    tube = TubeMask(renderer: renderer)
  }

  deinit {
    SDL_DestroyTexture(source)
    SDL_DestroyTexture(enlarged)
  }

  /// Takes a new frame.
  func update(_ frame: VideoFrame) {
    guard frame.width > 0, frame.height > 0, frame.pixels.count >= frame.width * frame.height else { return }
    self.frame = frame
    aspect = min(max(frame.aspect, 0.25), 4)
    if source == nil || sourceSize != (frame.width, frame.height) {
      SDL_DestroyTexture(source)
      source = SDL_CreateTexture(
        renderer, SDL_PIXELFORMAT_RGB888.rawValue, Int32(SDL_TEXTUREACCESS_STREAMING.rawValue), Int32(frame.width),
        Int32(frame.height))
      SDL_SetTextureScaleMode(source, SDL_ScaleModeNearest)
      sourceSize = (frame.width, frame.height)
    }
    frame.pixels.withUnsafeBytes { bytes in
      _ = SDL_UpdateTexture(source, nil, bytes.baseAddress, Int32(frame.width * 4))
    }
  }

  /// The textures' contents were lost (a change of video mode, say): makes them anew.
  func restore() {
    SDL_DestroyTexture(source)
    SDL_DestroyTexture(enlarged)
    source = nil
    enlarged = nil
    tube.forget()
    if let frame { update(frame) }
  }

  /// Draws everything and shows it.
  func present() {
    var hasMore = true
    while hasMore {
      _ = compose()
      overlay.draw()
      hasMore = drawOnTop()
    }
    SDL_RenderPresent(renderer)
  }

  /// What the window shows without messages, dot for dot; nil if the renderer doesn't tell.
  func capture() -> VideoFrame? {
    let size = compose()
    guard size.width > 0, size.height > 0, frame != nil else { return nil }
    var pixels = [UInt32](repeating: 0, count: size.width * size.height)
    let format = SDL_PIXELFORMAT_RGB888.rawValue
    guard SDL_RenderReadPixels(renderer, nil, format, &pixels, Int32(size.width * 4)) == 0 else { return nil }
    let whole = VideoFrame(width: size.width, height: size.height, pixels: pixels.map { $0 & 0xFF_FFFF })
    let place = rectangle(width: size.width, height: size.height)
    return whole.cropped(x: Int(place.x), y: Int(place.y), width: Int(place.w), height: Int(place.h))
  }

  /// Draws the picture.
  ///
  /// - Returns: the output's size.
  private func compose() -> (width: Int, height: Int) {
    SDL_SetRenderDrawColor(renderer, 0, 0, 0, 255)
    SDL_RenderClear(renderer)
    var outWidth: Int32 = 0
    var outHeight: Int32 = 0
    SDL_GetRendererOutputSize(renderer, &outWidth, &outHeight)
    if let source, outWidth > 0, outHeight > 0 {
      var place = rectangle(width: Int(outWidth), height: Int(outHeight))
      let picture = enlarge(source, width: Int(place.w), height: Int(place.h)) ?? source
      SDL_RenderCopy(renderer, picture, nil, &place)
      if scaling == .tube { tube.draw(over: picture, lines: sourceSize.height, at: place) }
    }
    return (Int(outWidth), Int(outHeight))
  }

  /// Where the picture goes in an output of that size.
  private func rectangle(width: Int, height: Int) -> SDL_Rect {
    var h = min(Double(height), Double(width) / aspect)
    if scaling != .smooth, h >= Double(sourceSize.height) * (scaling == .tube ? 2 : 1) {
      h = (h / Double(sourceSize.height)).rounded(.down) * Double(sourceSize.height)
    }
    let w = (h * aspect).rounded()
    h = h.rounded()
    return SDL_Rect(
      x: Int32((Double(width) - w) / 2), y: Int32((Double(height) - h) / 2), w: Int32(max(w, 1)), h: Int32(max(h, 1)))
  }

  /// The frame multiplied by the smallest whole numbers that reach the wanted size; nil when it fits as it is.
  private func enlarge(_ source: OpaquePointer, width: Int, height: Int) -> OpaquePointer? {
    let factorX = min(max((width + sourceSize.width - 1) / sourceSize.width, 1), 8)
    let factorY = min(max((height + sourceSize.height - 1) / sourceSize.height, 1), 8)
    let size = (width: sourceSize.width * factorX, height: sourceSize.height * factorY)
    guard size != (width, height) else { return nil }
    if enlarged == nil || enlargedSize != size {
      SDL_DestroyTexture(enlarged)
      enlarged = SDL_CreateTexture(
        renderer, SDL_PIXELFORMAT_RGB888.rawValue, Int32(SDL_TEXTUREACCESS_TARGET.rawValue), Int32(size.width),
        Int32(size.height))
      SDL_SetTextureScaleMode(enlarged, SDL_ScaleModeLinear)
      enlargedSize = size
    }
    guard let enlarged, SDL_SetRenderTarget(renderer, enlarged) == 0 else { return nil }
    SDL_RenderCopy(renderer, source, nil, nil)
    SDL_SetRenderTarget(renderer, nil)
    return enlarged
  }
}
