/// One picture as the display hardware made it, before any scaling.
public struct VideoFrame: Equatable, Sendable {
  /// Dots or lines on the four sides that show the overscan colour.
  public struct Border: Equatable, Sendable {
    /// Dots left of what memory shows.
    public var left: Int
    /// Lines above it.
    public var top: Int
    /// Dots right of it.
    public var right: Int
    /// Lines below it.
    public var bottom: Int

    /// A border; none by default.
    public init(left: Int = 0, top: Int = 0, right: Int = 0, bottom: Int = 0) {
      self.left = left
      self.top = top
      self.right = right
      self.bottom = bottom
    }
  }

  /// Dots per line, border included.
  public var width: Int
  /// Lines, border included.
  public var height: Int
  /// `width * height` dots, row by row from the top, 0x00RRGGBB.
  public var pixels: [UInt32]
  /// Width of the whole picture on the tube divided by its height; 4:3 for a VGA without border.
  public var aspect: Double
  /// Frames per second of guest time.
  public var refreshRate: Double
  /// Counts up with every frame whose picture differs from the one before.
  public var serial: UInt64
  /// How much of the picture is border.
  public var border: Border

  /// A picture; `pixels` must hold `width * height` dots.
  public init(
    width: Int, height: Int, pixels: [UInt32], aspect: Double = 4.0 / 3.0, refreshRate: Double = 70,
    serial: UInt64 = 0, border: Border = Border()
  ) {
    self.width = width
    self.height = height
    self.pixels = pixels
    self.aspect = aspect
    self.refreshRate = refreshRate
    self.serial = serial
    self.border = border
  }

  /// The picture without its border, if all of that is black; else the picture itself.
  public var trimmed: VideoFrame {
    let inner = (
      width: width - border.left - border.right, height: height - border.top - border.bottom
    )
    guard border != Border(), inner.width > 0, inner.height > 0, pixels.count >= width * height, isBorderBlack else {
      return self
    }
    var result = VideoFrame(
      width: inner.width, height: inner.height, pixels: [], aspect: aspect, refreshRate: refreshRate, serial: serial)
    result.aspect =
      aspect * Double(inner.width) / Double(width) * Double(height) / Double(inner.height)
    result.pixels.reserveCapacity(inner.width * inner.height)
    for y in border.top..<border.top + inner.height {
      let start = y * width + border.left
      result.pixels.append(contentsOf: pixels[start..<start + inner.width])
    }
    return result
  }

  private var isBorderBlack: Bool {
    for y in 0..<height {
      let line = pixels[y * width..<(y + 1) * width]
      let isInside = y >= border.top && y < height - border.bottom
      let sides = isInside ? [line.prefix(border.left), line.suffix(border.right)] : [line]
      for side in sides where side.contains(where: { $0 != 0 }) { return false }
    }
    return true
  }
}
