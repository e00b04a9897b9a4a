import CSDL2
import Hardware

/// Turns SDL's events into what widgets take.
struct EventReader {
  /// How wide the window is in the units of its mouse events.
  let windowWidth: () -> Int32

  /// For the events of `window`.
  init(window: OpaquePointer) {
    windowWidth = {
      var width: Int32 = 0
      SDL_GetWindowSize(window, &width, nil)
      return width
    }
  }

  init(windowWidth: Int32) { self.windowWidth = { windowWidth } }

  func read(_ event: SDL_Event, into interface: Interface) {
    let canvas = interface.canvas
    func point(_ x: Int32, _ y: Int32) -> (x: Int, y: Int) { canvas.point(x, y, windowWidth: windowWidth()) }
    switch SDL_EventType(event.type) {
    case SDL_MOUSEMOTION: interface.input.mouse = point(event.motion.x, event.motion.y)
    case SDL_MOUSEBUTTONDOWN where Int32(event.button.button) == SDL_BUTTON_LEFT:
      interface.input.mouse = point(event.button.x, event.button.y)
      interface.input.isPressed = true
      interface.input.isClicked = true
      interface.input.isDoubleClicked = event.button.clicks == 2
    case SDL_MOUSEBUTTONUP: interface.input.isPressed = false
    case SDL_MOUSEWHEEL: interface.input.wheel += Int(event.wheel.y) * 3
    case SDL_KEYDOWN:
      guard let key = Key(rawValue: UInt16(truncatingIfNeeded: event.key.keysym.scancode.rawValue)) else { return }
      let modifiers = UInt32(event.key.keysym.mod)
      interface.add(
        .key(key, shift: modifiers & KMOD_SHIFT.rawValue != 0, control: modifiers & KMOD_CTRL.rawValue != 0))
    case SDL_TEXTINPUT:
      let text = withUnsafeBytes(of: event.text.text) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      interface.add(.text(text))
    case SDL_DROPFILE:
      guard let file = event.drop.file else { return }
      interface.input.dropped.append(String(cString: file))
      SDL_free(file)
    case SDL_RENDER_TARGETS_RESET, SDL_RENDER_DEVICE_RESET: canvas.restore()
    default: break
    }
  }
}

/// The host's clipboard.
enum Clipboard {
  /// Its text.
  static var text: String {
    guard let text = SDL_GetClipboardText() else { return "" }
    defer { SDL_free(text) }
    return String(cString: text)
  }
}
