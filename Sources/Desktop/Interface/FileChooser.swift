import Glibc
import Hardware
import PC

/// A dialog: draws itself over the window and says when it is over.
protocol Dialog: AnyObject {
  /// Draws one picture; false when the dialog is over.
  func draw(_ interface: Interface) -> Bool
}

/// Chooses a file of the host.
final class FileChooser: Dialog {
  private let title: String
  private let endings: [String]
  private let then: (String) -> Void
  private var folder: String
  private var entries: [(name: String, isFolder: Bool)] = []
  private var chosen = 0
  private var offset = 0
  /// Where the last file was chosen: the next chooser begins there.
  private nonisolated(unsafe) static var lastFolder: String?

  /// `then` is given the path of a file with one of `endings` (all files if there are none).
  init(_ title: String, endings: [String] = [], then: @escaping (String) -> Void) {
    self.title = title
    self.endings = endings
    self.then = then
    folder = Self.lastFolder ?? Self.currentFolder
    read()
  }

  private static var currentFolder: String {
    guard let here = getcwd(nil, 0) else { return "/" }
    defer { free(here) }
    return String(cString: here)
  }

  private func read() {
    (chosen, offset, entries) = (0, 0, [])
    if let directory = opendir(folder) {
      while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        guard !name.hasPrefix(".") else { continue }
        var status = stat()
        guard stat(folder + "/" + name, &status) == 0 else { continue }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        let fits = endings.isEmpty || endings.contains { name.lowercased().hasSuffix($0) }
        if isFolder || (status.st_mode & S_IFMT == S_IFREG && fits) { entries.append((name, isFolder)) }
      }
      closedir(directory)
    }
    entries.sort { ($0.isFolder ? 0 : 1, $0.name.lowercased()) < ($1.isFolder ? 0 : 1, $1.name.lowercased()) }
    if folder != "/" { entries.insert(("..", true), at: 0) }
  }

  func draw(_ interface: Interface) -> Bool {
    let room = interface.panel(title, width: 600, height: 480)
    interface.canvas.text(folder, room.x, room.y, Interface.Style.dim, width: room.width)
    let choice = interface.list(
      count: entries.count, rowHeight: 20, chosen: &chosen, offset: &offset,
      Rectangle(room.x, room.y + 24, room.width, room.height - 72)
    ) { index, place, _ in
      let entry = entries[index]
      interface.canvas.text(
        entry.isFolder ? entry.name + "/" : entry.name, place.x + 8, place.y + 2,
        entry.isFolder ? Interface.Style.dim : Interface.Style.text, width: place.width - 24)
    }
    let buttons = room.y + room.height - 36
    let opens = interface.button("Open", Rectangle(room.x, buttons, 120, 32), isOn: !entries.isEmpty)
    let cancels = interface.button("Cancel", Rectangle(room.x + 132, buttons, 120, 32))
    if let file = interface.input.dropped.last {
      then(file)
      return false
    }
    if cancels || interface.take(.escape) { return false }
    if interface.take(.backspace) { up() }
    if choice == .opened || opens, entries.indices.contains(chosen) {
      let entry = entries[chosen]
      if entry.name == ".." {
        up()
      } else if entry.isFolder {
        folder = folder == "/" ? "/" + entry.name : folder + "/" + entry.name
        read()
      } else {
        Self.lastFolder = folder
        then(folder == "/" ? "/" + entry.name : folder + "/" + entry.name)
        return false
      }
      interface.startOver()
    }
    return true
  }

  private func up() {
    folder = folder.lastIndex(of: "/").map { $0 == folder.startIndex ? "/" : String(folder[..<$0]) } ?? "/"
    read()
  }
}

/// Says something, and waits until it was read.
final class Notice: Dialog {
  private let text: String
  private let yes: String
  private let danger: Bool
  private let then: (() -> Void)?

  /// A message with one button.
  init(_ text: String) { (self.text, yes, danger, then) = (text, "Well", false, nil) }

  /// A question; `then` is done when the answer is `yes`.
  init(_ text: String, yes: String, danger: Bool = true, then: @escaping () -> Void) {
    (self.text, self.yes, self.danger, self.then) = (text, yes, danger, then)
  }

  func draw(_ interface: Interface) -> Bool {
    let room = interface.panel(then == nil ? "Heirloom" : "Are you sure?", width: 520, height: 220)
    interface.paragraph(text, room.x, room.y, width: room.width)
    let y = room.y + room.height - 36
    var isOver = false
    if then != nil, interface.button("Cancel", Rectangle(room.x + 172, y, 120, 32)) { isOver = true }
    if interface.button(yes, Rectangle(room.x, y, 160, 32), danger: danger) {
      then?()
      isOver = true
    }
    return !isOver && !interface.take(.escape)
  }
}

/// Asks for a line of text.
final class Question: Dialog {
  private let title: String
  private var text: String
  private let then: (String) -> Void

  init(_ title: String, text: String = "", then: @escaping (String) -> Void) {
    (self.title, self.text, self.then) = (title, text, then)
  }

  func draw(_ interface: Interface) -> Bool {
    let room = interface.panel(title, width: 480, height: 170)
    let isDone = interface.field(&text, Rectangle(room.x, room.y, room.width, 32))
    let y = room.y + room.height - 36
    let accepts = interface.button("OK", Rectangle(room.x, y, 120, 32), isOn: !text.isEmpty)
    if interface.button("Cancel", Rectangle(room.x + 132, y, 120, 32)) || interface.take(.escape) { return false }
    if (isDone || accepts), !text.isEmpty {
      then(text)
      return false
    }
    return true
  }
}
