/// One picture as the display hardware made it, before any scaling.
public struct VideoFrame: Equatable, Sendable {
  /// Dots per line.
  public var width: Int
  /// Lines.
  public var height: Int
  /// `width * height` dots, row by row from the top, 0x00RRGGBB.
  public var pixels: [UInt32]
  /// Width of the whole picture on the tube divided by its height; 4:3 for VGA.
  public var aspect: Double
  /// Frames per second of guest time.
  public var refreshRate: Double
  /// Counts up with every frame whose picture differs from the one before.
  public var serial: UInt64

  /// A picture; `pixels` must hold `width * height` dots.
  public init(
    width: Int, height: Int, pixels: [UInt32], aspect: Double = 4.0 / 3.0, refreshRate: Double = 70, serial: UInt64 = 0
  ) {
    self.width = width
    self.height = height
    self.pixels = pixels
    self.aspect = aspect
    self.refreshRate = refreshRate
    self.serial = serial
  }
}
