import CSDL2
import Hardware

/// One thing that a person did with the keyboard.
enum Stroke: Equatable {
  case key(Key, shift: Bool, control: Bool)
  case text(String)
}

/// What a person did since the last picture.
struct PersonInput {
  var mouse: (x: Int, y: Int) = (-1, -1)
  /// The button is down.
  var isPressed = false
  var isClicked = false
  var isDoubleClicked = false
  var wheel = 0
  /// The key that was pressed, until somebody takes it.
  var key: (key: Key, shift: Bool, control: Bool)?
  /// Text that was typed, until somebody takes it.
  var text = ""
  /// Files dropped on the window.
  var dropped: [String] = []
}

/// Something over a window that wants an answer: draws itself and says when it is over.
protocol Dialog: AnyObject {
  /// Draws one picture; false when the dialog is over.
  func draw(_ interface: Interface) -> Bool
}

/// Widgets of one picture. Whoever draws a button asks in the same call whether it was pressed; nothing of it is kept but
/// which widget has the keyboard. All of it works with keys alone: Tab goes round, arrows to the neighbour, Enter and Space
/// press, Escape goes back.
final class Interface {
  let canvas: Canvas
  /// What the person wants to be the same next time.
  let preferences: Preferences
  /// What happened since the last picture; widgets take from it what is theirs.
  var input = PersonInput()
  /// Widgets that are drawn while this is false can't be used: a dialog lies over them.
  var isEnabled = true
  /// What was in folders that can't be read any more, because the process is sealed.
  var knownFolders: [String: FolderListing] = [:]
  /// Something goes on by itself: pictures are to follow each other.
  var isBusy = false

  /// Keys that were pressed and not yet looked at: each gets a picture of its own, so that it meets what the one before has
  /// changed.
  private var waiting: [Stroke] = []
  private var dialogs: [any Dialog] = []
  /// Which widget had the keyboard in the dialogs below.
  private var focusBelow: [Int] = []
  var focus = 0
  /// The button that gets the keyboard as soon as it is drawn.
  var wantedButton: String?
  /// The widget that is to have the keyboard after this picture.
  var wantedFocus: Int?
  private var hasChanged = false
  /// Where the widgets of this picture are that can be used.
  var places: [Rectangle] = []
  /// What the text field that has the keyboard knows.
  var caret = TextCaret()
  /// The widget whose bar or knob the mouse holds.
  var held: Int?

  init(canvas: Canvas, preferences: Preferences = Preferences()) {
    self.canvas = canvas
    self.preferences = preferences
  }

  enum Style {
    static let background: Colour = 0xFF1A_1F26
    static let panel: Colour = 0xFF25_2C35
    static let well: Colour = 0xFF12_161B
    static let line: Colour = 0xFF45_505D
    static let text: Colour = 0xFFEE_F1F4
    static let dim: Colour = 0xFFA8_B3BF
    static let off: Colour = 0xFF6E_7986
    static let accent: Colour = 0xFF52_9DE8
    static let button: Colour = 0xFF36_414E
    static let main: Colour = 0xFF26_5E9A
    static let over: Colour = 0xFF48_5666
    static let overMain: Colour = 0xFF30_70B4
    static let danger: Colour = 0xFFF0_8A7C
    static let good: Colour = 0xFF8A_D48A
  }

  // MARK: A picture

  /// Does something that a person did.
  func add(_ stroke: Stroke) { waiting.append(stroke) }

  /// Draws one picture: `screen`, and the dialogs over it.
  func draw(_ screen: () -> Void) {
    places = []
    isBusy = false
    // A dialog that has just come or gone is drawn once before it gets a key, so that it meets the right widget.
    let isNew = hasChanged
    hasChanged = false
    switch waiting.isEmpty || isNew ? nil : waiting.removeFirst() {
    case .key(let key, let shift, let control): input.key = (key, shift, control)
    case .text(let text): input.text = text
    case nil: break
    }
    if !input.isPressed { held = nil }
    changeScale()
    // A dialog that comes while this picture is drawn belongs to the next one.
    let open = dialogs
    isEnabled = open.isEmpty
    screen()
    for dialog in open {
      isEnabled = dialog === dialogs.last && dialog === open.last
      if !dialog.draw(self) { close(dialog) }
    }
    if !hasChanged { moveFocus() }
    let (mouse, isPressed) = (input.mouse, input.isPressed)
    input = PersonInput()
    (input.mouse, input.isPressed) = (mouse, isPressed)
  }

  /// Another picture is needed before the last one is worth showing.
  var hasMore: Bool { !waiting.isEmpty || hasChanged }

  private func moveFocus() {
    if let wanted = wantedFocus {
      (focus, wantedFocus) = (wanted, nil)
      caret = TextCaret()
    }
    guard !places.isEmpty else { return }
    focus = min(focus, places.count - 1)
    guard let (key, shift, _) = input.key else { return }
    let before = focus
    if key == .tab {
      focus = (focus + (shift ? places.count - 1 : 1)) % places.count
    } else if let next = Rectangle.neighbour(of: focus, among: places, towards: key) {
      focus = next
    }
    if focus != before { caret = TextCaret() }
  }

  /// Ctrl with plus, minus or 0 changes the size of everything.
  private func changeScale() {
    guard let pressed = input.key, pressed.control else { return }
    switch pressed.key {
    case .equals, .keypadPlus: scale(to: DisplayScale.step(from: canvas.scale, by: 1))
    case .minus, .keypadMinus: scale(to: DisplayScale.step(from: canvas.scale, by: -1))
    case .digit0, .keypad0: scale(to: nil)
    default: return
    }
    input.key = nil
  }

  private func scale(to scale: Float?) {
    canvas.density.wanted = scale
    preferences.scale = scale
  }

  // MARK: Dialogs

  /// Puts a dialog over everything.
  func show(_ dialog: any Dialog) {
    dialogs.append(dialog)
    focusBelow.append(focus)
    startOver()
    hasChanged = true
  }

  /// Takes a dialog away.
  func close(_ dialog: any Dialog) {
    guard let at = dialogs.firstIndex(where: { $0 === dialog }) else { return }
    let isLast = at == dialogs.count - 1
    if isLast { (focus, wantedFocus) = (focusBelow[at], nil) }
    dialogs.remove(at: at)
    // The dialog above it gives the keyboard back to what was below it.
    focusBelow.remove(at: isLast ? at : at + 1)
    caret = TextCaret()
    hasChanged = true
  }

  /// Takes all dialogs away.
  func closeAll() { for dialog in dialogs.reversed() { close(dialog) } }

  /// Whether a dialog waits for an answer.
  var hasDialog: Bool { !dialogs.isEmpty }

  /// The next picture begins with its first widget.
  func startOver() { wantedFocus = 0 }

  /// Forgets keys that nobody has looked at.
  func forget() {
    waiting = []
    input = PersonInput()
  }

  // MARK: Keys and mouse

  /// Whether `key` was pressed; nobody else gets it then.
  func take(_ key: Key) -> Bool {
    guard isEnabled, input.key?.key == key, input.key?.control == false else { return false }
    input.key = nil
    return true
  }

  /// Whether Enter was pressed, of either kind.
  func takeEnter() -> Bool { take(.enter) || take(.keypadEnter) }

  /// Whether `letter` was typed.
  func takeLetter(_ letter: String) -> Bool {
    guard isEnabled, input.text.lowercased() == letter else { return false }
    input.text = ""
    return true
  }

  /// A file that was dropped; nobody else gets it then.
  func takeDropped() -> String? {
    guard isEnabled, let file = input.dropped.last else { return nil }
    input.dropped = []
    return file
  }

  /// Gives a widget its number; true if it has the keyboard.
  func claim(_ place: Rectangle) -> Bool {
    guard isEnabled else { return false }
    defer { places.append(place) }
    if input.isClicked, place.contains(input.mouse), focus != places.count {
      focus = places.count
      wantedFocus = nil
      caret = TextCaret()
    }
    return focus == places.count
  }
}
