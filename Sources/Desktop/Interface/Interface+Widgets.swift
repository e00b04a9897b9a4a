import Hardware

/// Where text goes in the field that has the keyboard.
struct TextCaret {
  /// Letters behind it.
  var behind = 0
  /// All of the text is chosen: what is typed takes its place.
  var isAll = true
}

extension Interface {
  /// How a button looks.
  enum Look {
    case plain
    /// What most people want.
    case main
    /// Something is lost.
    case danger
  }

  /// A button; true when it was pressed.
  func button(
    _ label: String, _ place: Rectangle, isOn: Bool = true, look: Look = .plain, isName: Bool = false
  ) -> Bool {
    let canvas = canvas
    let (x, y) = (place.x + 10, place.y + (place.height - Canvas.lineHeight) / 2)
    guard isOn else {
      canvas.fill(place, 0xFF2B_333D)
      canvas.text(label, x, y, Style.off, width: place.width - 12)
      return false
    }
    if isEnabled, wantedButton == label {
      (focus, wantedButton, wantedFocus) = (places.count, nil, nil)
    }
    let hasFocus = claim(place)
    let isOver = isEnabled && place.contains(input.mouse)
    canvas.fill(
      place, look == .main ? (isOver ? Style.overMain : Style.main) : (isOver ? Style.over : Style.button))
    canvas.outline(place, hasFocus ? Style.text : Style.line, thickness: hasFocus ? 2 : 1)
    let colour = look == .danger ? Style.danger : Style.text
    if isName {
      canvas.name(label, x, y, colour, width: place.width - 16, keepsEnding: true)
    } else {
      canvas.text(label, x, y, colour, width: place.width - 12)
    }
    guard isEnabled else { return false }
    if isOver, input.isClicked {
      input.isClicked = false
      return true
    }
    return hasFocus && (takeEnter() || takeLetter(" "))
  }

  /// What is wanted of a button in a row.
  struct Label {
    var text: String
    var isOn = true
    var look = Look.plain

    init(_ text: String, isOn: Bool = true, look: Look = .plain) {
      (self.text, self.isOn, self.look) = (text, isOn, look)
    }

    var width: Int { max(text.count * Canvas.letterWidth + 24, 80) }
  }

  /// What a row of buttons takes.
  static func width(of labels: [Label]) -> Int { labels.reduce(-8) { $0 + $1.width + 8 } }

  /// The height of a row of buttons.
  static let rowHeight = 32

  /// Buttons beside each other at the left of `room`'s bottom; the number of the one that was pressed.
  func buttons(_ labels: [Label], in room: Rectangle) -> Int? {
    buttons(labels, x: room.x, y: room.y + room.height - Self.rowHeight)
  }

  /// Buttons beside each other, each as wide as its label needs.
  func buttons(_ labels: [Label], x: Int, y: Int, height: Int = Interface.rowHeight) -> Int? {
    var x = x
    var pressed: Int?
    for (index, label) in labels.enumerated() {
      let width = label.width
      if button(label.text, Rectangle(x, y, width, height), isOn: label.isOn, look: label.look) { pressed = index }
      x += width + 8
    }
    return pressed
  }

  /// A mark that can be set; true when it was changed.
  @discardableResult
  func toggle(_ label: String, _ isSet: inout Bool, x: Int, y: Int) -> Bool {
    let place = Rectangle(x, y, label.count * Canvas.letterWidth + 34, 26)
    let hasFocus = claim(place)
    let box = Rectangle(x + 4, y + 5, 16, 16)
    canvas.fill(box, Style.well)
    canvas.outline(box, hasFocus ? Style.text : Style.line, thickness: hasFocus ? 2 : 1)
    if isSet { canvas.fill(box.inset(4), Style.accent) }
    canvas.text(label, x + 28, y + 5, Style.text)
    if hasFocus { canvas.fill(Rectangle(x + 28, y + 23, label.count * Canvas.letterWidth, 1), Style.dim) }
    guard isEnabled else { return false }
    let isHit = input.isClicked && place.contains(input.mouse)
    if isHit { input.isClicked = false }
    guard isHit || hasFocus && (takeLetter(" ") || takeEnter()) else { return false }
    isSet.toggle()
    return true
  }

  /// A line of text that can be changed; true when Enter was pressed in it.
  func field(_ text: inout String, _ place: Rectangle, hint: String = "") -> Bool {
    let hasFocus = claim(place)
    canvas.fill(place, Style.well)
    canvas.outline(place, hasFocus ? Style.text : Style.line, thickness: hasFocus ? 2 : 1)
    let (x, y) = (place.x + 8, place.y + (place.height - Canvas.lineHeight) / 2)
    let columns = max((place.width - 24) / Canvas.letterWidth, 1)
    guard isEnabled, hasFocus else {
      if text.isEmpty {
        canvas.text(hint, x, y, Style.off, width: place.width - 16)
      } else {
        canvas.name(text, x, y, Style.text, width: place.width - 16)
      }
      return false
    }
    edit(&text)
    let caretAt = text.count - caret.behind
    let first = max(caretAt - columns, 0)
    let shown = String(text.dropFirst(first).prefix(columns))
    if caret.isAll, !text.isEmpty {
      canvas.fill(Rectangle(x, y - 1, shown.count * Canvas.letterWidth, 18), Style.main)
    }
    if text.isEmpty { canvas.text(hint, x + 6, y, Style.off, width: place.width - 22) }
    canvas.name(shown, x, y, Style.text, width: place.width - 16)
    canvas.fill(Rectangle(x + (caretAt - first) * Canvas.letterWidth, y, 2, 16), Style.accent)
    return takeEnter()
  }

  private func edit(_ text: inout String) {
    func place(_ new: String) {
      if caret.isAll { (text, caret.behind) = ("", 0) }
      caret.isAll = false
      text.insert(contentsOf: new, at: text.index(text.endIndex, offsetBy: -min(caret.behind, text.count)))
    }
    if !input.text.isEmpty {
      place(input.text.filter { $0 >= " " })
      input.text = ""
    }
    caret.behind = min(caret.behind, text.count)
    guard let (key, _, control) = input.key else { return }
    switch (key, control) {
    case (.v, true):
      place(Clipboard.text.filter { $0 >= " " })
    case (.a, true): caret = TextCaret()
    case (.backspace, _):
      if caret.isAll {
        text = ""
      } else if caret.behind < text.count {
        text.remove(at: text.index(text.endIndex, offsetBy: -caret.behind - 1))
      }
      caret.isAll = false
    case (.delete, _):
      if caret.isAll {
        text = ""
      } else if caret.behind > 0 {
        text.remove(at: text.index(text.endIndex, offsetBy: -caret.behind))
        caret.behind -= 1
      }
      caret.isAll = false
    case (.left, _): caret = TextCaret(behind: min(caret.behind + 1, text.count), isAll: false)
    case (.right, _): caret = TextCaret(behind: max(caret.behind - 1, 0), isAll: false)
    case (.home, _): caret = TextCaret(behind: text.count, isAll: false)
    case (.end, _): caret = TextCaret(behind: 0, isAll: false)
    default: return
    }
    input.key = nil
  }

  /// A number on a scale from 0 to `most`; true when it was changed. Left and right change it by one.
  func slider(_ value: inout Int, most: Int, _ place: Rectangle) -> Bool {
    let number = places.count
    let hasFocus = claim(place)
    let before = value
    let room = place.width - 16
    if isEnabled {
      if input.isClicked, place.contains(input.mouse) {
        held = number
        input.isClicked = false
      }
      if held == number, most > 0 {
        value = (max(input.mouse.x - place.x - 8, 0) * most + room / 2) / max(room, 1)
      }
      if hasFocus {
        if take(.left) { value -= 1 }
        if take(.right) { value += 1 }
        if take(.home) { value = 0 }
        if take(.end) { value = most }
      }
      if place.contains(input.mouse) { value += input.wheel.signum() }
    }
    value = min(max(value, 0), most)
    let middle = place.y + place.height / 2
    canvas.fill(Rectangle(place.x + 8, middle - 2, room, 4), Style.well)
    let knob = place.x + 8 + room * value / max(most, 1)
    canvas.fill(Rectangle(place.x + 8, middle - 2, knob - place.x - 8, 4), Style.accent)
    canvas.fill(Rectangle(knob - 5, middle - 9, 10, 18), hasFocus ? Style.text : Style.dim)
    if hasFocus { canvas.outline(place, Style.text) }
    return value != before
  }

  /// A dialog's frame in the middle of the window; returns the room inside it.
  func panel(_ title: String, width: Int, height: Int) -> Rectangle {
    canvas.fill(Rectangle(0, 0, canvas.width, canvas.height), 0x9000_0000)
    let (width, height) = (min(width, canvas.width - 8), min(height, canvas.height - 8))
    let place = Rectangle((canvas.width - width) / 2, (canvas.height - height) / 2, width, height)
    canvas.fill(place, Style.panel)
    canvas.outline(place, Style.line)
    canvas.fill(Rectangle(place.x, place.y, place.width, 32), Style.button)
    canvas.name(title, place.x + 16, place.y + 8, Style.text, width: place.width - 32)
    return Rectangle(place.x + 16, place.y + 44, place.width - 32, place.height - 60)
  }

  /// Text over several lines, broken between words; returns the height it took.
  @discardableResult
  func paragraph(_ text: String, _ x: Int, _ y: Int, width: Int, _ colour: Colour = Style.text) -> Int {
    let lines = TextLayout.wrapped(text, columns: width / Canvas.letterWidth)
    for (row, line) in lines.enumerated() { canvas.text(line, x, y + row * 18, colour) }
    return lines.count * 18
  }
}
