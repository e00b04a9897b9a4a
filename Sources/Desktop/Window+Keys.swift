import CSDL2
import Hardware
import PC

/// What keys do in the window.
extension Window {
  func keyDown(_ keysym: SDL_Keysym) {
    // SDL's scancodes are the USB usages that `Key` has as raw values.
    guard let key = Key(rawValue: UInt16(truncatingIfNeeded: keysym.scancode.rawValue)) else { return }
    if key == .rightControl {
      hostKeyIsDown = true
      hostKeyWasUsed = false
      return
    }
    if hostKeyIsDown {
      hostKeyWasUsed = true
      shortcut(key)
      return
    }
    if key == .enter, pressed.contains(.leftAlt) {
      toggleFullScreen()
      return
    }
    pressed.insert(key)
    exchange.send(.input(.key(key, pressed: true)))
  }

  func keyUp(_ keysym: SDL_Keysym) {
    guard let key = Key(rawValue: UInt16(truncatingIfNeeded: keysym.scancode.rawValue)) else { return }
    if key == .rightControl {
      hostKeyIsDown = false
      if !hostKeyWasUsed { capture(false) }
      return
    }
    if pressed.remove(key) != nil { exchange.send(.input(.key(key, pressed: false))) }
  }

  /// Lets go of every key: the window no longer hears when the person does.
  func releaseKeys() {
    for key in pressed.sorted(by: { $0.rawValue < $1.rawValue }) { exchange.send(.input(.key(key, pressed: false))) }
    pressed = []
    hostKeyIsDown = false
  }

  static let help = [
    "Right Ctrl          release the mouse", "Right Ctrl+Enter    full screen (also Alt+Enter)",
    "Right Ctrl+S        smooth, whole-number, picture tube", "Right Ctrl+P        screenshot, with Shift as shown",
    "Right Ctrl+A        records the picture (AVI), and ends that",
    "Right Ctrl+Space    pause", "Right Ctrl+T        full speed or real time", "Right Ctrl+E        eject drive A",
    "Right Ctrl+PgUp/Dn  volume", "Right Ctrl+[ and ]   delay of the sound",
    "Right Ctrl+Del      Ctrl+Alt+Del", "Right Ctrl+R        reset", "Right Ctrl+Q        quit",
    "Right Ctrl+W        writes changes back into a folder", "Right Ctrl+M        menu (also right click)",
    "Right Ctrl+V        types the clipboard's text", "Right Ctrl+C        copies the screen's text",
    "Drop a disk image or a folder on the window",
  ]

  func shortcut(_ key: Key) {
    switch key {
    case .enter, .f: toggleFullScreen()
    case .s:
      presenter.scaling = presenter.scaling.next
      say("Picture: " + presenter.scaling.name)
    case .p: screenshot()
    case .a: exchange.send(.record)
    case .space, .pause:
      perform(.pause(!isPaused))
    case .t: perform(.speed(speed == .max ? .realtime : .max))
    case .e: exchange.send(.eject(.a))
    case .w: exchange.send(.commitFolders)
    case .pageUp: exchange.send(.volume((exchange.status.volume ?? 0) + 10))
    case .pageDown: exchange.send(.volume((exchange.status.volume ?? 0) - 10))
    case .leftBracket: exchange.send(.latency(by: -5))
    case .rightBracket: exchange.send(.latency(by: 5))
    case .delete:
      for key in [Key.leftControl, .leftAlt, .delete] { exchange.send(.input(.key(key, pressed: true))) }
      for key in [Key.delete, .leftAlt, .leftControl] { exchange.send(.input(.key(key, pressed: false))) }
    case .r: exchange.send(.reset)
    case .m: openMenu()
    case .v: perform(.paste)
    case .c: perform(.copyText)
    case .q: close()
    case .h:
      presenter.overlay.show(Self.help, seconds: 10)
      needsPresent = true
    default: break
    }
  }
}
