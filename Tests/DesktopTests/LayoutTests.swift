import Foundation
import Hardware
import Testing

@testable import Desktop

@Suite("Text, scale and arrows") struct LayoutTests {
  @Test("A text that is too long ends with an ellipsis, a file's name keeps its ending")
  func ellipsis() {
    #expect(TextLayout.fitted("short", columns: 5) == "short")
    #expect(TextLayout.fitted("a longer text", columns: 8) == "a longe\u{2026}")
    #expect(TextLayout.fitted("a very long name.img", columns: 12, keepsEnding: true) == "a very \u{2026}.img")
    #expect(TextLayout.fitted("text", columns: 0) == "")
    #expect(TextLayout.fittedEnd("/home/anna/disks", columns: 6) == "\u{2026}disks")
  }

  @Test("Text is broken between words, and words that are longer than a line within")
  func wrapping() {
    #expect(TextLayout.wrapped("one two three", columns: 8) == ["one two", "three"])
    #expect(TextLayout.wrapped("/a/very/long/path is", columns: 8) == ["/a/very/", "long/pat", "h is"])
    #expect(TextLayout.wrapped("a\n\nb", columns: 8) == ["a", "", "b"])
    for columns in 1...30 {
      let lines = TextLayout.wrapped("what is in /home/anna/a-very-long-name.img can't be read", columns: columns)
      #expect(lines.allSatisfy { $0.count <= columns })
      let letters = lines.joined().filter { $0 != " " }
      #expect(letters == "whatisin/home/anna/a-very-long-name.imgcan'tberead")
    }
  }

  @Test("Sizes have a unit that fits")
  func sizes() {
    #expect(TextLayout.size(0) == "0 KB")
    #expect(TextLayout.size(1_474_560) == "1.4 MB")
    #expect(TextLayout.size(500 << 20) == "500 MB")
    #expect(TextLayout.size(20 << 30) == "20 GB")
    #expect([0, 1, 2].map { TextLayout.count($0, "change") } == ["0 changes", "1 change", "2 changes"])
  }

  @Test("A dense display has larger points, as far as all dialogs fit")
  func scale() {
    #expect(DisplayScale.natural(ratio: 1, dotsPerInch: 96) == 1)
    #expect(DisplayScale.natural(ratio: 1, dotsPerInch: 192) == 2)
    #expect(DisplayScale.natural(ratio: 2, dotsPerInch: 96) == 2)
    #expect(DisplayScale.natural(ratio: 1, dotsPerInch: 0) == 1)
    let twice = DisplayScale(natural: 2)
    #expect(twice.factor(width: 1600, height: 1200) == 2)
    #expect(twice.factor(width: 800, height: 600) == 1)
    #expect(DisplayScale(wanted: 1.5, natural: 2).factor(width: 1600, height: 1200) == 1.5)
    #expect(DisplayScale().factor(width: 320, height: 240) == 0.5)
    #expect(DisplayScale().factor(width: 0, height: 0) == 0.25)
    #expect(DisplayScale.step(from: 1, by: 1) == 1.5)
    #expect(DisplayScale.step(from: 1, by: -1) == 1)
  }

  @Test("An arrow goes to the nearest widget on its side")
  func arrows() {
    //  0 1
    //  2 3
    //   4
    let places = [
      Rectangle(0, 0, 40, 20), Rectangle(50, 0, 40, 20), Rectangle(0, 30, 40, 20), Rectangle(50, 30, 40, 20),
      Rectangle(10, 60, 40, 20),
    ]
    func next(_ from: Int, _ key: Key) -> Int? { Rectangle.neighbour(of: from, among: places, towards: key) }
    #expect(next(0, .right) == 1)
    #expect(next(0, .down) == 2)
    #expect(next(3, .left) == 2)
    #expect(next(3, .up) == 1)
    #expect(next(2, .down) == 4)
    #expect(next(4, .down) == nil)
    #expect(next(9, .down) == 0)
    #expect(Rectangle.neighbour(of: 0, among: [], towards: .down) == nil)
  }

  @Test("Moments are told in the person's own time, the last two days by name")
  func moments() throws {
    let zone = try #require(TimeZone(secondsFromGMT: 2 * 3600))
    let now = try #require(ISO8601DateFormatter().date(from: "2026-11-23T20:00:00Z"))
    #expect(LocalTime.text("2026-11-23T08:05:00Z", now: now, zone: zone) == "today 10:05")
    #expect(LocalTime.text("2026-11-22T21:30:00Z", now: now, zone: zone) == "yesterday 23:30")
    #expect(LocalTime.text("2026-11-22T22:30:00Z", now: now, zone: zone) == "today 00:30")
    #expect(LocalTime.text("2024-02-29T12:00:00Z", now: now, zone: zone) == "2024-02-29 14:00")
    #expect(LocalTime.text("nonsense", now: now, zone: zone) == "nonsense")
  }

  @Test("A chooser has images first, then folders, and everything else only when it is wanted")
  func listing() throws {
    let folder = try Folder()
    for name in ["notes.txt", "Boot.IMG", "disk2.img", ".hidden.img"] { folder.file(name) }
    try folder.folder("old disks")
    let listing = FolderListing.read(folder.path)
    #expect(listing.trouble == nil)
    func names(_ filter: String, _ all: Bool) -> [String] {
      listing.shown(endings: [".img"], filter: filter, hasAll: all).map(\.name)
    }
    #expect(names("", false) == ["Boot.IMG", "disk2.img", "old disks"])
    #expect(names("", true) == ["Boot.IMG", "disk2.img", "old disks", "notes.txt"])
    #expect(names("disk", false) == ["disk2.img", "old disks"])
    #expect(FolderListing.read(folder.path + "/none").trouble != nil)
    #expect(FolderListing.parent(of: "/a/b") == "/a")
    #expect(FolderListing.parent(of: "/a") == "/")
  }

  @Test("A machine that wants to be started anew says with what")
  func restart() {
    #expect(
      Restart.flags(in: "a line\nheirloom-restart\t--cold\t--hdb\t/a folder\n") == ["--cold", "--hdb", "/a folder"])
    #expect(Restart.flags(in: "heirloom: something else\n") == nil)
  }
}
