import CSDL2

/// Short messages over the picture.
final class Overlay {
  private let canvas: Canvas
  private var lines: [String] = []
  private var until: UInt64 = 0

  init(_ canvas: Canvas) { self.canvas = canvas }

  /// Shows lines for some seconds.
  func show(_ lines: [String], seconds: UInt64 = 4) {
    self.lines = lines
    until = SDL_GetTicks64() + seconds * 1000
  }

  /// Takes an old message away; true if there was one whose time is up.
  func expire() -> Bool {
    guard !lines.isEmpty, SDL_GetTicks64() >= until else { return false }
    lines = []
    return true
  }

  func draw() {
    guard !lines.isEmpty else { return }
    canvas.begin()
    defer { canvas.end() }
    let columns = max((canvas.width - 64) / Canvas.letterWidth, 1)
    let broken = lines.flatMap { line in
      // Columns of a table are left as they are.
      line.count <= columns ? [line] : TextLayout.wrapped(line, columns: columns)
    }
    let width = (broken.map(\.count).max() ?? 0) * Canvas.letterWidth + 32
    let height = broken.count * 18 + 16
    let place = Rectangle((canvas.width - width) / 2, max(canvas.height - height - 16, 0), width, height)
    canvas.fill(place, 0xE825_2C35)
    canvas.outline(place, Interface.Style.line)
    for (row, line) in broken.enumerated() {
      canvas.text(line, place.x + 16, place.y + 9 + row * 18, Interface.Style.text)
    }
  }
}
