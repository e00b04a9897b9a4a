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
    return cropped(x: border.left, y: border.top, width: inner.width, height: inner.height)
  }

  /// A part of the picture, without border of its own; as much of it as there is.
  public func cropped(x: Int, y: Int, width newWidth: Int, height newHeight: Int) -> VideoFrame {
    let columns = max(x, 0)..<max(min(x + newWidth, width), max(x, 0))
    let rows = max(y, 0)..<max(min(y + newHeight, height), max(y, 0))
    var result = VideoFrame(
      width: columns.count, height: rows.count, pixels: [], refreshRate: refreshRate, serial: serial)
    guard !columns.isEmpty, !rows.isEmpty, pixels.count >= width * height else { return self }
    result.aspect = aspect * Double(columns.count * height) / Double(width * rows.count)
    result.pixels.reserveCapacity(columns.count * rows.count)
    for row in rows {
      result.pixels.append(contentsOf: pixels[row * width + columns.lowerBound..<row * width + columns.upperBound])
    }
    return result
  }

  /// The picture as a monitor shows it, square dots in its true proportions, each line `factor` lines high.
  ///
  /// Across, a new dot is the mean of what it covers.
  public func scaled(by factor: Int) -> VideoFrame {
    let lines = height * max(factor, 1)
    let columns = max(Int((Double(lines) * aspect).rounded()), 1)
    guard width > 0, height > 0, columns <= 16_384, pixels.count >= width * height else { return self }
    var result: [UInt32] = []
    result.reserveCapacity(lines * columns)
    for y in 0..<height {
      var line: [UInt32] = []
      line.reserveCapacity(columns)
      for x in 0..<columns {
        // In units of 1 / columns of a dot.
        var at = x * width
        let end = at + width
        var sum = (0, 0, 0)
        while at < end {
          let part = min(end, (at / columns + 1) * columns) - at
          let dot = Int(pixels[y * width + at / columns])
          sum.0 += (dot >> 16 & 0xFF) * part
          sum.1 += (dot >> 8 & 0xFF) * part
          sum.2 += (dot & 0xFF) * part
          at += part
        }
        let half = width / 2
        line.append(
          UInt32((sum.0 + half) / width) << 16 | UInt32((sum.1 + half) / width) << 8 | UInt32((sum.2 + half) / width))
      }
      for _ in 0..<max(factor, 1) { result += line }
    }
    return VideoFrame(
      width: columns, height: lines, pixels: result, aspect: Double(columns) / Double(lines), refreshRate: refreshRate,
      serial: serial)
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
