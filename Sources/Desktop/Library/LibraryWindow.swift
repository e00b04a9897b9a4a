import CSDL2
import Glibc
import Hardware
import PC

/// The window that shows the machines. Machines run in processes of their own, so that several run side by side and
/// none can harm another.
public struct LibraryWindow {
  /// A library window.
  public init() {}

  /// Shows the library until its window is closed. Call on the program's main thread.
  ///
  /// - Throws: `HostError.usage` if there is no display.
  public func run() throws {
    try DesktopApp.startVideo()
    defer { SDL_Quit() }
    let centered = Int32(bitPattern: 0x2FFF_0000)  // SDL_WINDOWPOS_CENTERED
    let flags = SDL_WINDOW_RESIZABLE.rawValue | SDL_WINDOW_ALLOW_HIGHDPI.rawValue
    guard let window = SDL_CreateWindow("Heirloom", centered, centered, 800, 600, flags) else {
      throw HostError.usage("no window can be opened (\(DesktopApp.reason())); --headless runs without one")
    }
    defer { SDL_DestroyWindow(window) }
    guard
      let renderer = SDL_CreateRenderer(window, -1, SDL_RENDERER_ACCELERATED.rawValue)
        ?? SDL_CreateRenderer(window, -1, SDL_RENDERER_SOFTWARE.rawValue)
    else { throw HostError.usage("nothing can be drawn in a window (\(DesktopApp.reason()))") }
    defer { SDL_DestroyRenderer(renderer) }
    SDL_SetWindowMinimumSize(window, 640, 480)
    SDL_EventState(SDL_DROPFILE.rawValue, SDL_ENABLE)
    SDL_StartTextInput()
    let interface = Interface(canvas: Canvas(renderer: renderer))
    let screen = LibraryScreen(interface)
    let reader = EventReader(window: window)
    var isClosed = false
    while !isClosed, !screen.isOver {
      var event = SDL_Event()
      if SDL_WaitEventTimeout(&event, 1000) != 0 {
        repeat {
          if SDL_EventType(event.type) == SDL_QUIT { isClosed = true }
          reader.read(event, into: interface)
        } while SDL_PollEvent(&event) != 0
      } else {
        screen.refresh()
      }
      var picturesLeft = 2  // The second one shows what the first one's buttons did.
      while picturesLeft > 0 || interface.hasMore {
        picturesLeft -= 1
        interface.canvas.begin()
        screen.draw()
        interface.canvas.end()
      }
      SDL_RenderPresent(renderer)
    }
  }
}
