import Archive
import CSDL2
import Foundation
import Hardware
import PC

@testable import Desktop

/// A window without a display: widgets are drawn into memory, keys and mouse come from the test.
final class Bench {
  let interface: Interface
  private let surface: UnsafeMutablePointer<SDL_Surface>
  private let renderer: OpaquePointer
  private let reader: EventReader
  private let screen: (Interface) -> Void

  init?(width: Int32 = 800, height: Int32 = 600, scale: Float? = nil, screen: @escaping (Interface) -> Void = { _ in })
  {
    guard let surface = SDL_CreateRGBSurfaceWithFormat(0, width, height, 32, SDL_PIXELFORMAT_ARGB8888.rawValue),
      let renderer = SDL_CreateSoftwareRenderer(surface)
    else { return nil }
    (self.surface, self.renderer, self.screen) = (surface, renderer, screen)
    reader = EventReader(windowWidth: width)
    interface = Interface(canvas: Canvas(renderer: renderer))
    interface.canvas.density.wanted = scale
    draw()
  }

  deinit {
    SDL_DestroyRenderer(renderer)
    SDL_FreeSurface(surface)
  }

  /// Draws until nothing changes any more, as the window does. Returns the labels that were cut off.
  @discardableResult
  func draw() -> [String] {
    var left = 2
    repeat {
      left -= 1
      interface.canvas.begin()
      interface.draw { screen(interface) }
      interface.canvas.end()
    } while left > 0 || interface.hasMore
    return interface.canvas.cutOff
  }

  /// Draws until the work that goes on is done.
  func finishWork() {
    for _ in 0..<1000 {
      draw()
      guard interface.isBusy else { return }
      usleep(10_000)
    }
  }

  func press(_ keys: Key..., shift: Bool = false, control: Bool = false) {
    for key in keys { interface.add(.key(key, shift: shift, control: control)) }
    draw()
  }

  func type(_ text: String) {
    for letter in text { interface.add(.text(String(letter))) }
    draw()
  }

  /// Hands an event of SDL over, as the window's loop does.
  func send(_ event: SDL_Event) {
    reader.read(event, into: interface)
    draw()
  }

  func click(_ place: Rectangle) {
    var event = SDL_Event()
    event.button.type = SDL_MOUSEBUTTONDOWN.rawValue
    event.button.button = UInt8(SDL_BUTTON_LEFT)
    event.button.clicks = 1
    let scale = interface.canvas.scale
    event.button.x = Int32(Float(place.x + place.width / 2) * scale)
    event.button.y = Int32(Float(place.y + place.height / 2) * scale)
    send(event)
    event.button.type = SDL_MOUSEBUTTONUP.rawValue
    send(event)
  }

  /// A file dropped on the window.
  func drop(_ path: String) {
    var event = SDL_Event()
    event.drop.type = SDL_DROPFILE.rawValue
    event.drop.file = SDL_strdup(path)
    send(event)
  }
}

/// A folder that goes with the test.
final class Folder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "/heirloom-desktop-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  @discardableResult
  func file(_ name: String, size: Int = 0) -> String {
    _ = FileManager.default.createFile(atPath: path + "/" + name, contents: Data(count: size))
    return path + "/" + name
  }

  func folder(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
  }
}
