import Glibc

/// What an X server's desktop says of its display. SDL asks the outputs, which often don't know, or know their size in
/// inches and not what the person wants.
enum XDisplay {
  /// The dots an inch that desktops tell their programs to assume (the resource `Xft.dpi`), otherwise those of the X screen;
  /// nil without an X server.
  ///
  /// - Source: XGetDefault(3), DisplayHeightMM(3). The library is opened as SDL does it, since it needn't be there.
  static var dotsPerInch: Float? {
    guard let library = dlopen("libX11.so.6", RTLD_NOW) else { return nil }
    defer { dlclose(library) }
    func function<T>(_ name: String, _ type: T.Type) -> T? {
      dlsym(library, name).map { unsafeBitCast($0, to: type) }
    }
    typealias Open = @convention(c) (UnsafePointer<CChar>?) -> OpaquePointer?
    typealias Close = @convention(c) (OpaquePointer) -> CInt
    typealias Default =
      @convention(c) (OpaquePointer, UnsafePointer<CChar>, UnsafePointer<CChar>)
      -> UnsafePointer<CChar>?
    typealias OfScreen = @convention(c) (OpaquePointer, CInt) -> CInt
    guard let open = function("XOpenDisplay", Open.self), let close = function("XCloseDisplay", Close.self),
      let resource = function("XGetDefault", Default.self), let dots = function("XDisplayHeight", OfScreen.self),
      let millimetres = function("XDisplayHeightMM", OfScreen.self), let first = function("XDefaultScreen", Close.self),
      let display = open(nil)
    else { return nil }
    defer { _ = close(display) }
    if let text = resource(display, "Xft", "dpi"), let dpi = Float(String(cString: text)) { return dpi }
    let height = millimetres(display, first(display))
    return height > 0 ? Float(dots(display, first(display))) * 25.4 / Float(height) : nil
  }
}
