import Archive
import Foundation
import Glibc
import Hardware
import PC
import Processor
import Testing

@testable import Desktop

@Suite("Library window") struct LibraryTests {
  /// A library in a folder of the test's own.
  final class Shelf {
    let folder: Folder
    let bench: Bench
    private(set) var screen: LibraryScreen?

    init?(_ machines: [String] = [], width: Int32 = 800, height: Int32 = 600, scale: Float? = nil) throws {
      folder = try Folder()
      for name in machines {
        var creation = MachineFile.Creation(name: name, configuration: MachineConfiguration())
        creation.diskSize = 10 << 20
        try MachineFile.create(folder.path + "/" + name + ".heirloom", creation)
      }
      final class Holder { var screen: LibraryScreen? }
      let holder = Holder()
      guard let bench = Bench(width: width, height: height, scale: scale, screen: { _ in holder.screen?.draw() }) else {
        return nil
      }
      self.bench = bench
      screen = LibraryScreen(bench.interface, folder: folder.path, hasPreview: false)
      holder.screen = screen
      bench.draw()
    }

    var names: [String] { screen?.entries.map(\.name) ?? [] }
    var files: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted() }
  }

  /// A bootable floppy's size and signature are enough for what is looked at here.
  private func floppy(_ folder: Folder) -> String { folder.file("boot.img", size: 1_474_560) }

  @Test("The built-in machine comes first, and is chosen in an empty library")
  func builtIn() throws {
    let shelf = try #require(try Shelf(["alpha"]))
    #expect(shelf.screen?.entry == nil)
    shelf.bench.press(.down)
    #expect(shelf.screen?.entry?.name == "alpha")
    shelf.bench.press(.home)
    #expect(shelf.screen?.entry == nil)
  }

  @Test("N, a name and Tab to Make: a machine with the disk and the size that were said")
  func making() throws {
    let shelf = try #require(try Shelf())
    shelf.bench.type("n")
    shelf.bench.type("old games")
    shelf.bench.press(.tab, .home, .tab)
    shelf.bench.type("20")
    shelf.bench.drop(floppy(shelf.folder))
    shelf.bench.press(.tab, .tab, .tab, .tab, .enter)
    shelf.bench.finishWork()
    #expect(shelf.names == ["old games"])
    #expect(shelf.screen?.entry?.name == "old games")
    let file = try MachineFile(path: shelf.folder.path + "/old games.heirloom", access: .reading)
    let media = try file.media()
    #expect(Set(media.map(\.size)) == [20 << 20, 1_474_560])
    #expect(try file.configuration().cpu.model == .i386dx33)
  }

  @Test("A machine that is dropped an image on is named after it, and a name that is there already is refused")
  func dropping() throws {
    let shelf = try #require(try Shelf(["boot"]))
    shelf.bench.drop(floppy(shelf.folder))
    shelf.bench.press(.tab, .enter)  // New machine
    shelf.bench.press(.tab, .tab, .tab, .tab, .tab, .tab, .enter)  // Make
    #expect(shelf.bench.interface.hasDialog)
    #expect(shelf.files == ["boot.heirloom", "boot.img"])
    shelf.bench.press(.tab, .tab)
    shelf.bench.type("second")
    shelf.bench.press(.tab, .tab, .tab, .tab, .tab, .tab, .enter)
    shelf.bench.finishWork()
    #expect(shelf.names == ["boot", "second"])
  }

  @Test("A folder that is dropped becomes a CD or a hard disk of the chosen machine, which holds its files then")
  func folders() throws {
    let shelf = try #require(try Shelf(["alpha"]))
    let host = try Folder()
    host.file("READ.ME", size: 2000)
    shelf.bench.drop(host.path)
    shelf.bench.press(.enter)
    #expect(!shelf.bench.interface.hasDialog)
    shelf.bench.press(.down)
    shelf.bench.drop(host.path)
    shelf.bench.press(.enter)
    shelf.bench.finishWork()
    shelf.bench.press(.escape)
    shelf.bench.drop(host.path)
    shelf.bench.press(.right, .enter)
    shelf.bench.finishWork()
    shelf.bench.press(.escape)
    #expect(!shelf.bench.interface.hasDialog)
    let entry = try #require(shelf.screen?.entries.first)
    let configuration = try entry.open(.reading).configuration()
    #expect(configuration.cdrom.disc.path?.hasPrefix("medium:") == true)
    #expect(configuration.disk.hdb.path?.hasPrefix("medium:") == true)
    shelf.bench.press(.up)
    #expect(shelf.screen?.entry == nil, "the list has the keyboard again")
  }

  @Test("What is no image is refused with its reason")
  func nonsense() throws {
    let shelf = try #require(try Shelf())
    shelf.bench.drop(shelf.folder.file("letter.txt", size: 10))
    #expect(shelf.bench.interface.hasDialog)
    shelf.bench.press(.enter)
    #expect(!shelf.bench.interface.hasDialog)
    #expect(shelf.names.isEmpty)
  }

  @Test("F2 renames the machine and its file")
  func renaming() throws {
    let shelf = try #require(try Shelf(["alpha"]))
    shelf.bench.press(.down, .f2)
    shelf.bench.type("beta")
    shelf.bench.press(.enter)
    #expect(shelf.files == ["beta.heirloom"])
    #expect(shelf.screen?.entry?.name == "beta")
  }

  @Test("Delete asks; Enter alone keeps the machine")
  func deleting() throws {
    let shelf = try #require(try Shelf(["alpha"]))
    shelf.bench.press(.down, .delete, .enter)
    #expect(shelf.names == ["alpha"])
    shelf.bench.press(.delete, .left, .enter)
    #expect(shelf.files.isEmpty)
    #expect(shelf.names.isEmpty)
  }

  @Test("A copy of its own is a file, a linked one is a machine in the same file")
  func copying() throws {
    let shelf = try #require(try Shelf(["alpha"]))
    let entry = try #require(shelf.screen?.entries.first)
    shelf.screen?.copy(entry)
    shelf.bench.type("full")
    shelf.bench.press(.enter)
    shelf.bench.finishWork()
    shelf.screen?.copy(entry)
    shelf.bench.type("linked")
    shelf.bench.press(.tab)
    shelf.bench.type(" ")
    shelf.bench.press(.tab, .enter)
    #expect(shelf.files == ["alpha.heirloom", "full.heirloom"])
    #expect(shelf.names == ["alpha", "linked", "full"])
    #expect(shelf.screen?.entry?.target == shelf.folder.path + "/alpha.heirloom#linked")
  }

  @Test("A machine that another program has can't be changed, and says so")
  func inUse() throws {
    let shelf = try #require(try Shelf(["alpha"]))
    let file = try MachineFile(path: shelf.folder.path + "/alpha.heirloom", access: .writing)
    shelf.screen?.refresh()
    #expect(shelf.screen?.entries.first?.state == .inUse)
    shelf.bench.press(.down, .delete)
    #expect(!shelf.bench.interface.hasDialog)
    try file.finish()
    shelf.screen?.refresh()
    #expect(shelf.screen?.entries.first?.state == .off)
  }

  @Test("A file that is no machine is shown with what is wrong, and breaks nothing")
  func broken() throws {
    let shelf = try #require(try Shelf(["alpha"]))
    shelf.folder.file("junk.heirloom", size: 5000)
    shelf.screen?.refresh()
    #expect(shelf.names == ["alpha", "junk"])
    #expect(shelf.screen?.entries.last?.isReadable == false)
    shelf.bench.press(.end, .enter, .tab, .delete, .f2)
    #expect(!shelf.bench.interface.hasDialog)
  }

  @Test("A snapshot is taken, gone back to and deleted by keys")
  func snapshots() throws {
    let shelf = try #require(try Shelf(["alpha"]))
    let screen = try #require(shelf.screen)
    let entry = try #require(screen.entries.first)
    shelf.bench.interface.show(SnapshotDialog(entry, screen: screen))
    shelf.bench.draw()
    func names() throws -> [String] { try entry.open(.reading).snapshots().map(\.name) }
    shelf.bench.press(.tab, .enter)  // Take one: the others are off
    shelf.bench.type("first")
    shelf.bench.press(.enter)
    #expect(try names() == ["first"])
    shelf.bench.press(.home, .delete, .left, .enter)
    #expect(try names() == [])
  }

  @Test(
    "No label is cut off, whatever the window's size",
    arguments: [(640, 440), (640, 480), (800, 600), (1280, 1024), (1600, 1200)])
  func fitting(_ width: Int32, _ height: Int32) throws {
    for scale: Float? in [nil, 2] {
      let shelf = try #require(
        try Shelf(["alpha", String(repeating: "long name ", count: 9)], width: width, height: height, scale: scale))
      let screen = try #require(shelf.screen)
      shelf.folder.file("junk.heirloom", size: 5000)
      screen.refresh()
      let bench = shelf.bench
      var cut = bench.draw()
      for _ in 0..<3 {
        bench.press(.down)
        cut += bench.draw()
      }
      bench.press(.home, .down)
      let entry = try #require(screen.entry)
      let dialogs: [any Dialog] = [
        NewMachineDialog(image: nil) { _, _ in }, MediaDialog(entry, screen: screen),
        SnapshotDialog(entry, screen: screen), CopyDialog(entry) { _, _ in },
        FileChooser("Choose", .file(FileChooser.all), in: shelf.folder.path) { _ in },
        FileChooser("Choose", .folder, in: shelf.folder.path) { _ in },
        FileChooser("Write", .newFile("name.heirloom"), in: shelf.folder.path) { _ in },
        Notice(String(repeating: "What is wrong with this file is a long story. ", count: 40)),
        Question("Name", explanation: String(repeating: "words and words ", count: 12)) { _ in },
        MediaPrompt("It is missing.", drive: "CD", answers: [.place(""), .empty, .accept])
          .makeDialog("alpha", bench.interface, MediaPrompt.Desk()),
      ]
      for dialog in dialogs {
        bench.interface.show(dialog)
        cut += bench.draw()
        bench.interface.closeAll()
      }
      screen.delete(entry)
      cut += bench.draw()
      screen.export(entry)
      cut += bench.draw()
      #expect(cut == [])
    }
  }
}
