import Archive
import Glibc
import Hardware
import PC
import Storage

/// Chooses a file or folder of the host, or a place for a new one.
final class FileChooser: Dialog {
  /// What is to be chosen.
  enum Purpose {
    /// A file; those with one of these endings come first.
    case file([String])
    /// A folder.
    case folder
    /// A file that isn't there yet, suggested to be called so.
    case newFile(String)
  }
  private let title: String
  private let purpose: Purpose
  private let then: (String) -> Void
  private var folder: String
  private var listing = FolderListing()
  private var rows = Interface.Rows()
  private var filter = ""
  private var hasAll = false
  private var newName = ""
  private let places: [(label: String, path: String)]
  private var isFirst = true
  /// Folders as they were before the process was sealed.
  private var known: [String: FolderListing] = [:]

  /// `then` is given the path.
  init(_ title: String, _ purpose: Purpose, in start: String? = nil, then: @escaping (String) -> Void) {
    (self.title, self.purpose, self.then) = (title, purpose, then)
    places = Self.places()
    folder = start.map { FolderListing.read($0).trouble == nil ? $0 : "/" } ?? "/"
    if case .newFile(let name) = purpose { newName = name }
  }

  private var endings: [String] { if case .file(let endings) = purpose { endings } else { [] } }

  /// Folders that people keep such files in, as far as they are there.
  private static func places() -> [(label: String, path: String)] {
    let user = getenv("USER").map { String(cString: $0) } ?? ""
    var places = [("Home", home)]
    for name in ["Downloads", "Documents", "Desktop"] { places.append((name, home + "/" + name)) }
    places += [("Machines", Library.folder), ("Started in", here)]
    // Where sticks and discs of the host appear.
    for root in ["/media/" + user, "/run/media/" + user] where !user.isEmpty {
      for entry in FolderListing.read(root).entries where entry.isFolder {
        places.append((entry.name, root + "/" + entry.name))
      }
    }
    places.append(("Computer", "/"))
    var seen = Set<String>()
    return places.filter { access($0.1, F_OK) == 0 && seen.insert($0.1).inserted }
  }

  /// The person's home.
  static var home: String { getenv("HOME").map { String(cString: $0) } ?? "/" }

  private static var here: String {
    guard let here = getcwd(nil, 0) else { return "/" }
    defer { free(here) }
    return String(cString: here)
  }

  /// Where to begin: where the last file was, or the first of the usual places that has such a file.
  private func begin(_ interface: Interface) {
    isFirst = false
    known = interface.knownFolders
    // A new file's name comes first.
    if case .newFile = purpose { interface.wantedFocus = 1 }
    let last = interface.preferences.folder
    if folder == "/" {
      let known =
        (last.map { [$0] } ?? [])
        + ["Started in", "Downloads", "Home"].compactMap { label in
          places.first { $0.label == label }?.path
        }
      let home = places.first?.path ?? "/"
      folder =
        known.first { path in
          FolderListing.read(path).shown(endings: endings, filter: "", hasAll: false).contains { !$0.isFolder }
        } ?? known.first { FolderListing.read($0).trouble == nil } ?? home
    }
    open(folder)
  }

  private func open(_ path: String, choosing name: String? = nil) {
    folder = path
    listing = FolderListing.read(path)
    if listing.trouble != nil, let before = known[path] { listing = before }
    (rows, filter) = (Interface.Rows(), "")
    if let name { rows.chosen = shown.firstIndex { $0.name == name } ?? 0 }
  }

  /// What was typed is a path and no part of a name.
  private var isPath: Bool { filter.hasPrefix("/") || filter.hasPrefix("~") }

  /// Goes to the path that was typed; true if it is what was to be chosen.
  private func goToPath(_ interface: Interface) -> Bool {
    var path = filter.hasPrefix("~") ? Self.home + filter.dropFirst() : filter
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    if HostFile.isDirectory(path) {
      open(path)
      interface.startOver()
    } else if case .file = purpose, access(path, F_OK) == 0 {
      then(path)
      return true
    } else {
      listing = FolderListing(trouble: HostFiles.reason())
      (folder, filter) = (path, "")
    }
    return false
  }

  private var shown: [FolderListing.Entry] {
    let shown = listing.shown(endings: endings, filter: isPath ? "" : filter, hasAll: hasAll)
    if case .file = purpose { return shown }
    return shown.filter(\.isFolder)
  }

  func draw(_ interface: Interface) -> Bool {
    if isFirst { begin(interface) }
    if isPath, interface.takeEnter(), goToPath(interface) { return false }
    let canvas = interface.canvas
    let room = interface.panel(title, width: 780, height: 540)
    let isNew = if case .newFile = purpose { true } else { false }
    let side = 130
    let list = Rectangle(
      room.x + side + 12, room.y + 26, room.width - side - 12, room.height - 26 - (isNew ? 110 : 76))
    canvas.text("In", list.x, room.y, Interface.Style.dim)
    canvas.name(folder, list.x + 24, room.y, Interface.Style.text, width: list.width - 24, keepsEnd: true)
    let entries = shown
    let choice = interface.list(count: entries.count, rowHeight: 22, &rows, list) { index, place in
      row(entries[index], place, canvas)
    }
    empty(entries, list, canvas)
    var y = list.y + list.height + 8
    if isNew {
      canvas.text("Name", list.x, y + 8, Interface.Style.dim)
      if interface.field(&newName, Rectangle(list.x + 44, y, list.width - 44, 30)), finishNew(interface) {
        return false
      }
      y += 38
    } else {
      let hint = if case .folder = purpose { "Enter goes into a folder." } else { "Type to find by name." }
      canvas.name(
        filter.isEmpty ? hint + " Backspace goes up." : (isPath ? "Enter goes to " : "Names with ") + filter, list.x,
        y + 5,
        filter.isEmpty ? Interface.Style.dim : Interface.Style.accent, width: list.width - 110)
      if case .file(let endings) = purpose, !endings.isEmpty {
        if interface.toggle("All files", &hasAll, x: list.x + list.width - 108, y: y) { rows = Interface.Rows() }
      }
    }
    let stays = finish(entries, choice, room, list, interface)
    if let label = sidebar(Rectangle(room.x, room.y + 26, side, list.height), interface) {
      open(label)
      interface.startOver()
    }
    return stays
  }

  private func row(_ entry: FolderListing.Entry, _ place: Rectangle, _ canvas: Canvas) {
    let y = place.y + 3
    canvas.name(
      entry.isFolder ? entry.name + "/" : entry.name, place.x + 8, y,
      entry.isFolder ? Interface.Style.dim : Interface.Style.text, width: place.width - 190, keepsEnding: true)
    guard !entry.isFolder else { return }
    let size = TextLayout.size(entry.size)
    canvas.name(size, place.x + place.width - 108 - size.count * 8, y, Interface.Style.dim, width: 80)
    canvas.name(LocalTime.day(entry.modified), place.x + place.width - 92, y, Interface.Style.dim, width: 84)
  }

  /// Why there is nothing to see.
  private func empty(_ entries: [FolderListing.Entry], _ list: Rectangle, _ canvas: Canvas) {
    var text: String?
    if let trouble = listing.trouble {
      text = "This folder can't be read: \(trouble). Choose another one on the left."
    } else if entries.isEmpty {
      text =
        !filter.isEmpty
        ? "No name has that in it. Backspace takes letters back."
        : endings.isEmpty ? "There are no folders in here." : "There are no images and no folders in here."
    }
    guard let text else { return }
    for (row, line) in TextLayout.wrapped(text, columns: (list.width - 32) / 8).enumerated() {
      canvas.text(line, list.x + 16, list.y + 14 + row * 18, Interface.Style.dim)
    }
  }

  /// The usual places; the one that was pressed.
  private func sidebar(_ place: Rectangle, _ interface: Interface) -> String? {
    var pressed: String?
    for (row, (label, path)) in places.prefix(place.height / 32).enumerated() {
      let button = Rectangle(place.x, place.y + row * 32, place.width, 28)
      if interface.button(label, button, look: path == folder ? .main : .plain, isName: true) { pressed = path }
    }
    return pressed
  }

  private func finish(
    _ entries: [FolderListing.Entry], _ choice: Interface.Choice, _ room: Rectangle, _ list: Rectangle,
    _ interface: Interface
  ) -> Bool {
    let entry = entries.indices.contains(rows.chosen) ? entries[rows.chosen] : nil
    var labels = [Interface.Label("Cancel"), Interface.Label("Up", isOn: folder != "/")]
    switch purpose {
    case .file: labels.insert(Interface.Label("Open", isOn: entry != nil, look: .main), at: 0)
    case .folder: labels.insert(Interface.Label("Take this folder", isOn: listing.trouble == nil, look: .main), at: 0)
    case .newFile: labels.insert(Interface.Label("Write it here", isOn: !newName.isEmpty, look: .main), at: 0)
    }
    let pressed = interface.buttons(labels, x: list.x, y: room.y + room.height - Interface.rowHeight)
    if let dropped = interface.takeDropped() {
      then(dropped)
      return false
    }
    if pressed == 1 || interface.take(.escape) { return false }
    if pressed == 2 { up(interface) }
    if interface.take(.backspace) {
      if filter.isEmpty { up(interface) } else { filter.removeLast() }
    }
    if !interface.input.text.isEmpty {
      filter += interface.input.text
      interface.input.text = ""
      rows = Interface.Rows()
      interface.startOver()
    }
    let opens = if case .file = purpose { pressed == 0 } else { false }
    if choice == .opened || opens, let entry {
      let path = FolderListing.join(folder, entry.name)
      if entry.isFolder {
        open(path)
        interface.startOver()
      } else {
        interface.preferences.folder = folder
        then(path)
        return false
      }
    }
    guard pressed == 0 else { return true }
    if case .folder = purpose {
      then(folder)
      return false
    }
    if case .newFile = purpose { return !finishNew(interface) }
    return true
  }

  private func finishNew(_ interface: Interface) -> Bool {
    guard !newName.isEmpty, !newName.contains("/") else { return false }
    then(FolderListing.join(folder, newName))
    return true
  }

  private func up(_ interface: Interface) {
    guard folder != "/" else { return }
    let from = folder.split(separator: "/").last.map(String.init)
    open(FolderListing.parent(of: folder), choosing: from)
    interface.startOver()
  }
}

extension FileChooser {
  /// Endings of floppy images.
  static let floppies = [
    ".img", ".ima", ".flp", ".vfd", ".dsk", ".imd", ".td0", ".hfe", ".360", ".720", ".144", ".xdf",
  ]
  /// Endings of hard disk images.
  static let disks = [".img", ".ima", ".vhd", ".vmdk", ".qcow2", ".hdd", ".raw"]
  /// Endings of CD images.
  static let discs = [".iso", ".cue"]
  /// Whatever a machine can start from.
  static let all = floppies + disks + discs
}
