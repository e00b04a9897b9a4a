import Hardware

extension Interface {
  /// What a list came to.
  enum Choice: Equatable {
    case nothing
    /// Another row is chosen now.
    case moved
    /// A row was double-clicked, or Enter was pressed on it.
    case opened
  }

  /// Which row of a list is chosen, and which one is the first to be seen.
  struct Rows: Equatable {
    var chosen = 0
    var first = 0

    /// Makes both fit `count` rows of which `shown` are seen at once; with `follows`, the chosen one is among them.
    mutating func settle(count: Int, shown: Int, follows: Bool) {
      chosen = min(max(chosen, 0), max(count - 1, 0))
      if follows { first = min(max(first, chosen - shown + 1), chosen) }
      first = min(max(first, 0), max(count - shown, 0))
    }
  }

  /// Rows of which one is chosen; `draw` paints row `index` into its place.
  func list(
    count: Int, rowHeight: Int, _ rows: inout Rows, _ place: Rectangle,
    _ draw: (_ index: Int, _ place: Rectangle) -> Void
  ) -> Choice {
    let number = places.count
    let hasFocus = claim(place)
    let shown = max(place.height / rowHeight, 1)
    var choice = Choice.nothing
    let before = rows.chosen
    let hasBar = count > shown
    let bar = Rectangle(place.x + place.width - 13, place.y + 1, 12, place.height - 2)
    if isEnabled {
      if hasFocus { move(&rows, count: count, shown: shown) }
      if place.contains(input.mouse) { rows.first -= input.wheel }
      if input.isClicked, hasBar, bar.contains(input.mouse) {
        held = number
        input.isClicked = false
      }
      if held == number { rows.first = (input.mouse.y - bar.y) * count / max(bar.height, 1) - shown / 2 }
      if input.isClicked, place.contains(input.mouse) {
        let row = rows.first + (input.mouse.y - place.y) / rowHeight
        if row < count {
          rows.chosen = row
          if input.isDoubleClicked { choice = .opened }
        }
        input.isClicked = false
      }
    }
    rows.settle(count: count, shown: shown, follows: rows.chosen != before)
    if rows.chosen != before, choice == .nothing { choice = .moved }
    canvas.fill(place, Style.well)
    for row in 0..<shown where rows.first + row < count {
      let line = Rectangle(place.x, place.y + row * rowHeight, place.width - (hasBar ? 14 : 0), rowHeight)
      if rows.first + row == rows.chosen { canvas.fill(line, hasFocus ? Style.main : 0xFF30_3A46) }
      draw(rows.first + row, line)
    }
    canvas.outline(place, hasFocus ? Style.text : Style.line, thickness: hasFocus ? 2 : 1)
    if hasBar {
      canvas.fill(bar, Style.panel)
      let height = max(bar.height * shown / count, 16)
      let y = bar.y + (bar.height - height) * rows.first / max(count - shown, 1)
      canvas.fill(Rectangle(bar.x + 2, y, bar.width - 4, height), held == number ? Style.accent : Style.dim)
    }
    if hasFocus, count > 0, takeEnter() { choice = .opened }
    return choice
  }

  private func move(_ rows: inout Rows, count: Int, shown: Int) {
    // At an end the arrow goes on to the neighbour.
    if rows.chosen < count - 1, take(.down) { rows.chosen += 1 }
    if rows.chosen > 0, take(.up) { rows.chosen -= 1 }
    if take(.pageDown) { rows.chosen += shown }
    if take(.pageUp) { rows.chosen -= shown }
    if take(.home) { rows.chosen = 0 }
    if take(.end) { rows.chosen = count - 1 }
  }
}
