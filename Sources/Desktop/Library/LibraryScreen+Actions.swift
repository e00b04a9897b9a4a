import Archive
import Glibc
import PC
import Storage

/// What can be done with machines.
extension LibraryScreen {
  /// Does `body`; what goes wrong is said.
  func attempt(_ body: () throws -> Void) {
    do { try body() } catch { interface.show(Notice(error)) }
    refresh()
  }

  /// Does `body` on another thread, and says how it went.
  ///
  /// - Parameters:
  ///   - then: the machine to go to afterwards.
  ///   - after: done when all went well.
  func work(
    _ title: String, _ body: @escaping @Sendable (@escaping Progress) throws -> String, then: String? = nil,
    after: @escaping () -> Void = {}
  ) {
    interface.show(
      Work(title, body) { [unowned self] result in
        switch result {
        case .success(let report):
          refresh()
          choose(then)
          if report.contains("\n") || report.count > 90 { interface.show(Notice(report)) } else { status = report }
          after()
        case .failure(let error):
          interface.show(Notice(error))
          refresh()
        }
      })
  }

  // MARK: Starting

  func start(cold: Bool = false) {
    // One that has just been closed is free again.
    refresh()
    if let entry, !entry.isFree {
      status = "\(entry.name) is \(entry.state.text)"
      return
    }
    let name = entry?.name ?? "The built-in machine"
    attempt {
      try started.start(entry?.target, cold ? ["--cold"] : [])
      status = "\(name) starts in a window of its own"
    }
  }

  /// Starts an image without making a machine of it.
  func startDisk() {
    interface.show(
      FileChooser("Start from a floppy, CD or hard disk image", .file(FileChooser.all)) { [unowned self] in run($0) })
  }

  private func run(_ image: String) {
    attempt {
      if let trouble = Self.trouble(with: image) { throw HostError.file(trouble) }
      try started.start(image, [])
      status = "\(image.split(separator: "/").last ?? "") starts in a window of its own"
    }
  }

  /// Why a machine can't start from the file at `image`; nil if it can.
  static func trouble(with image: String) -> String? {
    do {
      _ = try ImageKind.detect(path: image)
      return nil
    } catch { return error.description }
  }

  // MARK: New ones

  /// What to do with a file that was dropped on the window.
  func dropped(_ file: String) {
    var answers: [Notice.Answer] = []
    let name = file.split(separator: "/").last.map(String.init) ?? file
    if HostFile.isDirectory(file) { return droppedFolder(file, name) }
    let kind = try? ImageKind.detect(path: file)
    if kind != nil, kind != .machine {
      answers.append(Notice.Answer(label: "Start it now", look: .main) { [unowned self] in run(file) })
      answers.append(Notice.Answer(label: "New machine") { [unowned self] in newMachine(with: file) })
      if let entry, entry.isFree, kind != .configuration {
        answers.append(
          Notice.Answer(label: "Into \(TextLayout.fitted(entry.name, columns: 14))") { [unowned self] in
            interface.show(MediaDialog(entry, screen: self, inserting: file))
          })
      }
    } else if kind == .machine || file.hasSuffix(".cfg") || file.hasSuffix(".conf") {
      return importMachine(file)
    } else {
      interface.show(Notice(Self.trouble(with: file) ?? file, title: "That is nothing to start from"))
      return
    }
    answers.append(Notice.Answer(label: "Cancel"))
    interface.show(Notice("What is to be done with \(name)?", title: name, answers: answers))
  }

  /// A folder becomes a CD or a hard disk of the chosen machine.
  private func droppedFolder(_ folder: String, _ name: String) {
    guard let entry, entry.isFree else {
      interface.show(
        Notice(
          "A folder can be a CD or a hard disk of a machine: choose a machine that doesn't run, and drop it again.",
          title: name))
      return
    }
    func answer(_ label: String, _ key: String) -> Notice.Answer {
      Notice.Answer(label: label) { [unowned self] in
        interface.show(MediaDialog(entry, screen: self, inserting: folder, key: key))
      }
    }
    var answers = [answer("As a CD", "cdrom.disc")]
    answers[0].look = .main
    if entry.state == .off { answers.append(answer("As a hard disk", "")) }
    answers.append(Notice.Answer(label: "Cancel"))
    interface.show(
      Notice(
        "What is in the folder is taken into \(entry.name). (A folder that a machine writes back into is given to it while it "
          + "runs, from its menu.)", title: name, answers: answers))
  }

  func newMachine(with image: String? = nil) {
    interface.show(
      NewMachineDialog(image: image) { [unowned self] creation, starts in
        let path = try placeForNew(creation.name)
        work(
          "Making \(creation.name)",
          { progress in
            try MachineFile.create(path, creation, progress: progress)
            return "\(creation.name) was made"
          }, then: path
        ) { [unowned self] in if starts { start() } }
      })
  }

  func importMachine() {
    interface.show(
      FileChooser(
        "Import a machine, a disk image, or another program's configuration",
        .file([".heirloom", ".cfg", ".conf", ".toml"] + FileChooser.all)
      ) { [unowned self] in importMachine($0) })
  }

  private func importMachine(_ source: String) {
    interface.show(
      Question(
        "Import as", text: Importer.name(for: source),
        explanation: "The machine gets this name. \(source) stays as it is.",
        yes: "Import"
      ) { [unowned self] name in
        let path = try placeForNew(name)
        work(
          "Importing \(name)",
          { progress in
            try Importer.importMachine(source, to: path, progress: progress).joined(separator: "\n")
          }, then: path)
      })
  }

  /// Where a new machine called `name` goes.
  func placeForNew(_ name: String) throws(HostError) -> String {
    if let trouble = Self.trouble(withName: name) { throw .usage(trouble) }
    guard mkdir(folder, 0o777) == 0 || errno == EEXIST else {
      throw .file("\(folder): can't be made: \(HostFiles.reason())")
    }
    let path = FolderListing.join(folder, Library.name(of: name) + Library.ending)
    guard access(path, F_OK) != 0 else { throw .usage("There is a machine of this name already; take another one.") }
    return path
  }

  /// Why a machine can't be called so; nil if it can.
  static func trouble(withName name: String) -> String? {
    if name.isEmpty { return "A name is wanted." }
    if name.hasPrefix(".") { return "A name can't begin with a point." }
    return name.contains { "/#".contains($0) } ? "A name can't have / or # in it." : nil
  }

  // MARK: Those that are there

  func copy(_ entry: LibraryEntry) {
    interface.show(
      CopyDialog(entry) { [unowned self] name, isLinked in
        if isLinked {
          if let trouble = Self.trouble(withName: name) { throw HostError.usage(trouble) }
          let file = try entry.open(.writing)
          try file.linkedClone(name: name)
          try file.finish()
          refresh()
          choose(entry.path + "#" + name)
          status = "\(name) was made; it shares what doesn't change with \(entry.name)"
        } else {
          let path = try placeForNew(name)
          work(
            "Copying \(entry.name)",
            { _ in
              let file = try entry.open(.writing)
              try file.clone(to: path, name: name)
              try file.finish()
              return "\(name) was made"
            }, then: path)
        }
      })
  }

  func rename(_ entry: LibraryEntry) {
    interface.show(
      Question("New name of \(entry.name)", text: entry.name, yes: "Rename") { [unowned self] name in
        if let trouble = Self.trouble(withName: name) { throw HostError.usage(trouble) }
        let path = try Library.rename(try entry.open(.writing), to: name)
        refresh()
        choose(entry.machine == nil ? path : path + "#" + name)
        status = "\(entry.name) is called \(name) now"
      })
  }

  func export(_ entry: LibraryEntry) {
    interface.show(
      Notice(
        "One file that needs no other, for another computer or as a copy to keep.\n\nWithout disks: without disks, CDs and "
          + "snapshots, which may be under copyright; their names and sums stay.",
        title: "Export \(entry.name)",
        answers: [
          Notice.Answer(label: "With disks...", look: .main) { [unowned self] in export(entry, withMedia: true) },
          Notice.Answer(label: "Without disks...") { [unowned self] in export(entry, withMedia: false) },
          Notice.Answer(label: "Cancel"),
        ]))
  }

  private func export(_ entry: LibraryEntry, withMedia: Bool) {
    let suggested = entry.name + "-export" + Library.ending
    interface.show(
      FileChooser("Where to write \(entry.name)", .newFile(suggested)) { [unowned self] chosen in
        let path = chosen.hasSuffix(Library.ending) ? chosen : chosen + Library.ending
        work("Exporting \(entry.name)") { progress in
          let file = try entry.open(.writing)
          try file.export(to: path, withMedia: withMedia, progress: progress)
          try file.finish()
          return "Written: \(path)"
        }
      })
  }

  func delete(_ entry: LibraryEntry) {
    let media = (try? entry.open(.reading).media().filter(\.isInside).map(\.name)) ?? []
    let disks = media.isEmpty ? "" : " with its disks (\(media.joined(separator: ", ")))"
    let count = TextLayout.count(entry.snapshots, "snapshot")
    let state = entry.state == .suspended ? ", and what goes on in it," : ""
    interface.show(
      Notice(
        "\(entry.name)\(disks) and \(count)\(state) will be lost for good (\(TextLayout.size(entry.size))).",
        title: "Delete \(entry.name)?",
        answers: [
          Notice.Answer(label: "Delete for good", look: .danger) { [unowned self] in
            attempt {
              try entry.open(.writing).delete()
              status = "\(entry.name) was deleted"
            }
          },
          Notice.Answer(label: "Keep it"),
        ]))
  }
}
