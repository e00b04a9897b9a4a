import CSDL2
import Hardware

/// Turns SDL's events into what widgets take.
struct EventReader {
  private let window: OpaquePointer

  init(window: OpaquePointer) { self.window = window }

  func read(_ event: SDL_Event, into interface: Interface) {
    var windowWidth: Int32 = 0
    SDL_GetWindowSize(window, &windowWidth, nil)
    let canvas = interface.canvas
    switch SDL_EventType(event.type) {
    case SDL_MOUSEMOTION:
      interface.input.mouse = canvas.point(event.motion.x, event.motion.y, windowWidth: windowWidth)
    case SDL_MOUSEBUTTONDOWN where Int32(event.button.button) == SDL_BUTTON_LEFT:
      interface.input.mouse = canvas.point(event.button.x, event.button.y, windowWidth: windowWidth)
      interface.input.isPressed = true
      interface.input.isClicked = true
      interface.input.isDoubleClicked = event.button.clicks == 2
    case SDL_MOUSEBUTTONUP: interface.input.isPressed = false
    case SDL_MOUSEWHEEL: interface.input.wheel += Int(event.wheel.y) * 3
    case SDL_KEYDOWN:
      guard let key = Key(rawValue: UInt16(truncatingIfNeeded: event.key.keysym.scancode.rawValue)) else { return }
      interface.pressed.append((key, Int32(event.key.keysym.mod) & 0x0003 != 0))  // KMOD_SHIFT
    case SDL_TEXTINPUT:
      let text = withUnsafeBytes(of: event.text.text) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      interface.input.text += text
    case SDL_DROPFILE:
      guard let file = event.drop.file else { return }
      interface.input.dropped.append(String(cString: file))
      SDL_free(file)
    case SDL_RENDER_TARGETS_RESET, SDL_RENDER_DEVICE_RESET: canvas.restore()
    default: break
    }
  }
}
