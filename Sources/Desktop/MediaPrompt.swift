import CSDL2
public import PC

/// Asks what is to become of a medium that a machine names and that is missing or has changed. A window of its own, before
/// the machine's.
public struct MediaPrompt {
  /// What can be done.
  public enum Answer: Equatable, Sendable {
    /// It is at this place now.
    case place(String)
    /// The drive is to be empty.
    case empty
    /// What is there now is to be taken.
    case accept
    /// The machine is to start from power-on.
    case cold
    /// Nothing: the machine isn't started.
    case cancel
  }
  /// What is wrong, for the person.
  public var text: String
  /// What the drive is called.
  public var drive: String
  /// Where it was; the search begins there.
  public var path: String
  /// Which answers make sense, besides `cancel`.
  public var answers: [Answer]

  /// A question about the medium in `drive`; `answers` may have `.place("")`.
  public init(_ text: String, drive: String, path: String = "", answers: [Answer]) {
    (self.text, self.drive, self.path, self.answers) = (text, drive, path, answers)
  }

  /// Opens the window and waits for an answer. Call on the program's main thread.
  ///
  /// - Throws: `HostError.usage` if there is no display.
  public func ask(machine name: String) throws(HostError) -> Answer {
    try DesktopApp.startVideo()
    defer { SDL_Quit() }
    let window = try InterfaceWindow("\(name) - Heirloom", width: 800, height: 560)
    let desk = Desk()
    let dialog = makeDialog(name, window.interface, desk)
    window.interface.show(dialog)
    window.run(isOver: { desk.answer != nil }) {
      // A chooser that was cancelled leads back to the question.
      if desk.answer == nil, !window.interface.hasDialog { window.interface.show(dialog) }
      let canvas = window.interface.canvas
      canvas.fill(Rectangle(0, 0, canvas.width, canvas.height), Interface.Style.background)
    }
    return desk.answer ?? .cancel
  }

  final class Desk {
    var answer: Answer?
  }

  func makeDialog(_ name: String, _ interface: Interface, _ desk: Desk) -> Notice {
    let endings =
      drive.hasPrefix("Drive") ? FileChooser.floppies : drive == "CD" ? FileChooser.discs : FileChooser.disks
    let choices = (answers + [.cancel]).enumerated().map { index, answer in
      let look: Interface.Look = index == 0 ? .main : .plain
      return switch answer {
      case .place:
        Notice.Answer(label: "It is here...", look: look) {
          interface.show(
            FileChooser(
              "Where \(drive.inSentence) of \(name) is now", .file(endings), in: FolderListing.parent(of: path)
            ) { desk.answer = .place($0) })
        }
      case .empty: Notice.Answer(label: "Empty drive", look: look) { desk.answer = .empty }
      case .accept: Notice.Answer(label: "Take what is there", look: look) { desk.answer = .accept }
      case .cold: Notice.Answer(label: "From power-on", look: look) { desk.answer = .cold }
      case .cancel: Notice.Answer(label: "Cancel") { desk.answer = .cancel }
      }
    }
    return Notice(text, title: "\(name): \(drive)", answers: choices)
  }
}
