import CSDL2
public import PC

/// The window that shows the machines. Machines run in processes of their own, so that several run side by side and
/// none can harm another.
public struct LibraryWindow {
  /// A library window.
  public init() {}

  /// Shows the library until its window is closed. Call on the program's main thread.
  ///
  /// - Throws: `HostError.usage` if there is no display.
  public func run() throws(HostError) {
    try DesktopApp.startVideo()
    defer { SDL_Quit() }
    let window = try InterfaceWindow("Heirloom", width: 900, height: 640)
    let screen = LibraryScreen(window.interface)
    window.run(isOver: { screen.isOver }, idle: { screen.refresh() }, screen: { screen.draw() })
  }
}
