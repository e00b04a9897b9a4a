import CSDL2
import Hardware

/// What a person did since the last picture.
struct PersonInput {
  var mouse: (x: Int, y: Int) = (-1, -1)
  var isPressed = false
  var isClicked = false
  var isDoubleClicked = false
  var wheel = 0
  /// Keys in order, with Shift or not.
  var keys: [(key: Key, shift: Bool)] = []
  var text = ""
  /// Files dropped on the window.
  var dropped: [String] = []
}

/// Widgets of one picture. Whoever draws a button asks in the same call whether it was pressed; nothing of it is kept but
/// which widget has the keyboard. All of it works with keys alone: Tab and arrows go round, Enter presses, Escape goes back.
final class Interface {
  let canvas: Canvas
  /// What happened since the last picture; widgets take from it what is theirs.
  var input = PersonInput()
  /// Keys that were pressed and not yet looked at: each gets a picture of its own, so that it meets what the one before has
  /// changed.
  var pressed: [(key: Key, shift: Bool)] = []
  /// Widgets that are drawn while this is false can't be used: a dialog lies over them.
  var isEnabled = true

  private var focus = 0
  private var widgets = 0
  private var wantsFirst = false

  init(canvas: Canvas) { self.canvas = canvas }

  enum Style {
    static let background: Colour = 0xFF1A_1F26
    static let panel: Colour = 0xFF25_2C35
    static let line: Colour = 0xFF3A_4450
    static let text: Colour = 0xFFE8_ECF0
    static let dim: Colour = 0xFF98_A4B0
    static let accent: Colour = 0xFF3E_8EDE
    static let button: Colour = 0xFF34_3E4A
    static let over: Colour = 0xFF42_4E5C
    static let danger: Colour = 0xFFD0_5A4E
  }

  // MARK: A picture

  func begin() {
    widgets = 0
    isEnabled = true
    if !pressed.isEmpty { input.keys = [pressed.removeFirst()] }
  }

  /// Another picture is needed before this one is worth showing.
  var hasMore: Bool { !pressed.isEmpty }

  func end() {
    if wantsFirst {
      focus = 0
      wantsFirst = false
    }
    for (key, shift) in input.keys where widgets > 0 {
      switch key {
      case .tab: focus = (focus + (shift ? widgets - 1 : 1)) % widgets
      case .down, .right: focus = (focus + 1) % widgets
      case .up, .left: focus = (focus + widgets - 1) % widgets
      default: break
      }
    }
    let (mouse, isPressed) = (input.mouse, input.isPressed)
    input = PersonInput()
    (input.mouse, input.isPressed) = (mouse, isPressed)
  }

  /// The next picture begins with its first widget.
  func startOver() { wantsFirst = true }

  /// Whether `key` was pressed; nobody else gets it then.
  func take(_ key: Key) -> Bool {
    guard isEnabled, let at = input.keys.firstIndex(where: { $0.key == key }) else { return false }
    input.keys.remove(at: at)
    return true
  }

  /// The number of a widget that takes keys; true if it has them now.
  private func claim(_ place: Rectangle) -> Bool {
    guard isEnabled else { return false }
    defer { widgets += 1 }
    if input.isClicked, place.contains(input.mouse) { focus = widgets }
    return focus == widgets
  }

  // MARK: Widgets

  /// A button; true when it was pressed.
  func button(_ label: String, _ place: Rectangle, isOn: Bool = true, danger: Bool = false) -> Bool {
    guard isOn else {
      canvas.fill(place, Style.panel)
      canvas.text(label, place.x + 10, place.y + (place.height - 16) / 2, Style.line, width: place.width - 16)
      return false
    }
    let hasFocus = claim(place)
    let isOver = isEnabled && place.contains(input.mouse)
    canvas.fill(place, isOver ? Style.over : Style.button)
    canvas.outline(place, hasFocus ? Style.accent : Style.line)
    if hasFocus { canvas.outline(place.inset(1), Style.accent) }
    canvas.text(
      label, place.x + 10, place.y + (place.height - 16) / 2, danger ? Style.danger : Style.text,
      width: place.width - 16)
    guard isEnabled else { return false }
    if isOver, input.isClicked {
      input.isClicked = false
      return true
    }
    return hasFocus && (take(.enter) || take(.keypadEnter) || take(.space))
  }

  /// A line of text that can be changed; true when Enter was pressed in it.
  func field(_ text: inout String, _ place: Rectangle, hint: String = "") -> Bool {
    let hasFocus = claim(place)
    canvas.fill(place, 0xFF10_1418)
    canvas.outline(place, hasFocus ? Style.accent : Style.line)
    let room = (place.width - 20) / Canvas.letterWidth
    let shown = text.isEmpty && !hasFocus ? hint : String(text.suffix(room - 1)) + (hasFocus ? "_" : "")
    canvas.text(
      shown, place.x + 8, place.y + (place.height - 16) / 2, text.isEmpty && !hasFocus ? Style.dim : Style.text)
    guard isEnabled, hasFocus else { return false }
    text += input.text
    input.text = ""
    while take(.backspace) { if !text.isEmpty { text.removeLast() } }
    return take(.enter) || take(.keypadEnter)
  }

  /// What a list came to.
  enum Choice: Equatable {
    case nothing
    /// Another row is chosen now.
    case moved
    /// A row was double-clicked, or Enter was pressed on it.
    case opened
  }

  /// Rows of which one is chosen; `draw` paints row `index` into its place.
  func list(
    count: Int, rowHeight: Int, chosen: inout Int, offset: inout Int, _ place: Rectangle,
    _ draw: (_ index: Int, _ place: Rectangle, _ isChosen: Bool) -> Void
  ) -> Choice {
    let hasFocus = claim(place)
    let rows = max(place.height / rowHeight, 1)
    var choice = Choice.nothing
    let before = chosen
    if isEnabled {
      if hasFocus {
        if take(.down) { chosen += 1 }
        if take(.up) { chosen -= 1 }
        if take(.pageDown) { chosen += rows }
        if take(.pageUp) { chosen -= rows }
        if take(.home) { chosen = 0 }
        if take(.end) { chosen = count - 1 }
      }
      if place.contains(input.mouse) { offset -= input.wheel }
      if input.isClicked, place.contains(input.mouse) {
        let row = offset + (input.mouse.y - place.y) / rowHeight
        if row < count {
          chosen = row
          input.isClicked = false
          if input.isDoubleClicked { choice = .opened }
        }
      }
    }
    chosen = min(max(chosen, 0), max(count - 1, 0))
    if chosen != before {
      if choice == .nothing { choice = .moved }
      offset = min(max(offset, chosen - rows + 1), chosen)
    }
    offset = min(max(offset, 0), max(count - rows, 0))
    canvas.fill(place, 0xFF14_181E)
    for row in 0..<rows where offset + row < count {
      let line = Rectangle(place.x, place.y + row * rowHeight, place.width, rowHeight)
      let isChosen = offset + row == chosen
      if isChosen { canvas.fill(line, hasFocus ? 0xFF2A_4F78 : 0xFF2C_3540) }
      draw(offset + row, line, isChosen)
    }
    canvas.outline(place, hasFocus ? Style.accent : Style.line)
    if count > rows {
      let height = max(place.height * rows / count, 12)
      let y = place.y + (place.height - height) * offset / max(count - rows, 1)
      canvas.fill(Rectangle(place.x + place.width - 5, y, 4, height), Style.dim)
    }
    if hasFocus, count > 0, take(.enter) || take(.keypadEnter) { choice = .opened }
    return choice
  }

  /// A dialog's frame in the middle of the window; returns the room inside it.
  func panel(_ title: String, width: Int, height: Int) -> Rectangle {
    canvas.fill(Rectangle(0, 0, canvas.width, canvas.height), 0xA000_0000)
    let place = Rectangle((canvas.width - width) / 2, max((canvas.height - height) / 2, 0), width, height)
    canvas.fill(place, Style.panel)
    canvas.outline(place, Style.line)
    canvas.fill(Rectangle(place.x, place.y, place.width, 32), Style.button)
    canvas.text(title, place.x + 16, place.y + 8, Style.text, width: place.width - 32)
    return Rectangle(place.x + 16, place.y + 44, place.width - 32, place.height - 60)
  }

  /// Text over several lines, broken between words; returns the height it took.
  @discardableResult
  func paragraph(_ text: String, _ x: Int, _ y: Int, width: Int, _ colour: Colour = Style.text) -> Int {
    let room = max(width / Canvas.letterWidth, 1)
    var lines: [String] = [""]
    for word in text.split(separator: " ") {
      let last = lines[lines.count - 1]
      if !last.isEmpty, last.count + word.count + 1 > room {
        lines.append(String(word))
      } else {
        lines[lines.count - 1] = last.isEmpty ? String(word) : last + " " + word
      }
    }
    for (row, line) in lines.enumerated() { canvas.text(line, x, y + row * 18, colour, width: width) }
    return lines.count * 18
  }
}
