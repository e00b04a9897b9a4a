import Archive
import Foundation
import PC

/// What a person has set in the windows and wants to find again: a small file in the library's folder.
final class Preferences {
  private struct Contents: Codable {
    var scale: Float?
    var folder: String?
  }
  private var contents = Contents()
  /// nil: nothing is kept.
  private let path: String?

  /// Preferences that are kept at `path`; what is wrong with the file is no reason for not working.
  init(path: String? = nil) {
    self.path = path
    guard let path, let bytes = try? HostFiles.read(path, atMost: 65_536) else { return }
    contents = (try? JSONDecoder().decode(Contents.self, from: Data(bytes))) ?? Contents()
  }

  /// Where they are.
  static var file: String { Library.folder + "/windows.json" }

  /// How large everything is; nil: as the display needs.
  var scale: Float? {
    get { contents.scale.flatMap { (0.25...8).contains($0) ? $0 : nil } }
    set {
      contents.scale = newValue
      write()
    }
  }
  /// Where the last file was chosen.
  var folder: String? {
    get { contents.folder }
    set {
      contents.folder = newValue
      write()
    }
  }

  /// Not written where there is no library yet.
  private func write() {
    guard let path, let data = try? JSONEncoder().encode(contents) else { return }
    try? HostFiles.write([UInt8](data), to: path)
  }
}
