import CSDL2
import Glibc

/// How many dots of the output a point of the interface has.
struct DisplayScale: Equatable {
  /// What the person wants; nil: what the display needs.
  var wanted: Float?
  /// What the display needs.
  var natural: Float = 1

  /// What all dialogs fit into, in points.
  static let least = (width: 640, height: 440)
  /// What keys go through.
  static let steps: [Float] = [1, 1.5, 2, 2.5, 3, 4]

  /// The scale of an output of that size: as wanted, but so that the dialogs fit.
  func factor(width: Int, height: Int) -> Float {
    let most = min(Float(width) / Float(Self.least.width), Float(height) / Float(Self.least.height))
    let fitting = min(max(wanted ?? natural, 1), most)
    return fitting >= 1 ? (fitting * 2).rounded(.down) / 2 : max(fitting, 0.25)
  }

  /// What a display needs: `ratio` dots of the output for one of the window's units, and so many dots an inch.
  static func natural(ratio: Float, dotsPerInch: Float) -> Float {
    if ratio >= 1.25 { return (ratio * 2).rounded() / 2 }
    // 96 is what desktops count as one to one. What is said below 140 is more often wrong than not.
    return dotsPerInch >= 140 && dotsPerInch <= 600 ? (dotsPerInch / 96 * 2).rounded() / 2 : 1
  }

  /// The next larger (`by` > 0) or smaller one of the steps.
  static func step(from scale: Float, by direction: Int) -> Float {
    direction > 0 ? steps.first { $0 > scale } ?? scale : steps.last { $0 < scale } ?? scale
  }

  /// What `HEIRLOOM_SCALE` says; nil if it isn't set to a number from 1 to 4.
  static var fromEnvironment: Float? {
    guard let text = getenv("HEIRLOOM_SCALE").map({ String(cString: $0) }), let scale = Float(text),
      (1...4).contains(scale)
    else { return nil }
    return scale
  }

  /// What the display of `window` needs.
  static func natural(of window: OpaquePointer, renderer: OpaquePointer) -> Float {
    var (windowWidth, outWidth) = (Int32(0), Int32(0))
    SDL_GetWindowSize(window, &windowWidth, nil)
    SDL_GetRendererOutputSize(renderer, &outWidth, nil)
    return natural(
      ratio: windowWidth > 0 ? Float(outWidth) / Float(windowWidth) : 1,
      dotsPerInch: dotsPerInch(SDL_GetWindowDisplayIndex(window)))
  }

  /// The same before there is a window, where its units are the display's dots.
  static func ofFirstDisplay() -> Float { natural(ratio: 1, dotsPerInch: dotsPerInch(0)) }

  /// 96 if nobody says.
  private static func dotsPerInch(_ display: Int32) -> Float {
    if SDL_GetCurrentVideoDriver().map({ String(cString: $0) }) == "x11", let dots = XDisplay.dotsPerInch {
      return dots
    }
    var dots = Float(96)
    return SDL_GetDisplayDPI(display, nil, &dots, nil) == 0 ? dots : 96
  }
}
