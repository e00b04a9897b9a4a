import Archive
import Hardware
import Synchronization

/// Says something, or asks something that is answered by a button.
final class Notice: Dialog {
  /// An answer and what it leads to.
  struct Answer {
    var label: String
    var look = Interface.Look.plain
    var then: () -> Void = {}
  }
  private let title: String
  private let text: String
  private let answers: [Answer]
  private let cancels: () -> Void
  private var first = 0
  private var isNew = true

  /// A message with one button.
  convenience init(_ text: String, title: String = "Heirloom") {
    self.init(text, title: title, answers: [Answer(label: "OK", look: .main)])
  }

  /// What went wrong, as a dialog.
  convenience init(_ error: any Error) { self.init("\(error)", title: "That didn't work") }

  /// A question; Escape is the last answer.
  init(_ text: String, title: String, answers: [Answer]) {
    (self.title, self.text, self.answers) = (title, text, answers)
    cancels = answers.last?.then ?? {}
  }

  func draw(_ interface: Interface) -> Bool {
    let width = min(600, interface.canvas.width - 8)
    let lines = TextLayout.wrapped(text, columns: (width - 48) / Canvas.letterWidth)
    let room = interface.panel(title, width: width, height: max(lines.count * 18 + 120, 160))
    let shown = max((room.height - 48) / 18, 1)
    if lines.count > shown {
      first -= interface.input.wheel
      for (key, step) in [(Key.down, 1), (.up, -1), (.pageDown, shown), (.pageUp, -shown)] where interface.take(key) {
        first += step
      }
    }
    first = min(max(first, 0), max(lines.count - shown, 0))
    for (row, line) in lines.dropFirst(first).prefix(shown).enumerated() {
      interface.canvas.text(line, room.x, room.y + row * 18, Interface.Style.text)
    }
    if lines.count > shown {
      interface.canvas.text(
        "\u{18}\u{19}", room.x + room.width - 12, room.y + room.height - 50, Interface.Style.dim)
    }
    // Enter alone loses nothing.
    if isNew, answers.first?.look == .danger { interface.wantedButton = answers.last?.label }
    isNew = false
    let labels = answers.map { Interface.Label($0.label, look: $0.look) }
    if let pressed = interface.buttons(labels, in: room) {
      answers[pressed].then()
      return false
    }
    if interface.take(.escape) {
      cancels()
      return false
    }
    return true
  }
}

/// Asks for a line of text. What can't be done with it is said in the dialog, which stays.
final class Question: Dialog {
  private let title: String
  private let explanation: String
  private let yes: String
  private var text: String
  private var trouble = ""
  private let then: (String) throws -> Void

  init(
    _ title: String, text: String = "", explanation: String = "", yes: String = "OK",
    then: @escaping (String) throws -> Void
  ) {
    (self.title, self.text, self.explanation, self.yes, self.then) = (title, text, explanation, yes, then)
  }

  func draw(_ interface: Interface) -> Bool {
    let width = 520
    let below = TextLayout.wrapped(trouble.isEmpty ? explanation : trouble, columns: (width - 48) / 8)
    let room = interface.panel(title, width: width, height: 150 + below.count * 18)
    let isDone = interface.field(&text, Rectangle(room.x, room.y, room.width, 32))
    for (row, line) in below.enumerated() {
      interface.canvas.text(
        line, room.x, room.y + 40 + row * 18, trouble.isEmpty ? Interface.Style.dim : Interface.Style.danger)
    }
    let pressed = interface.buttons(
      [Interface.Label(yes, isOn: !text.isEmpty, look: .main), Interface.Label("Cancel")], in: room)
    if pressed == 1 || interface.take(.escape) { return false }
    guard isDone || pressed == 0, !text.isEmpty else { return true }
    do {
      try then(text)
      return false
    } catch {
      trouble = "\(error)"
      return true
    }
  }
}

/// Work that takes a while, on a thread of its own, with a bar that grows.
final class Work: Dialog {
  /// What both threads touch.
  private final class Desk: Sendable {
    let progress = Mutex<(done: Int, all: Int)>((0, 0))
    let result = Mutex<Result<String, any Error>?>(nil)
  }
  private let title: String
  private let desk = Desk()
  private let then: (Result<String, any Error>) -> Void

  /// - Parameters:
  ///   - body: the work; what it returns is for the person, empty if there is nothing to say.
  ///   - then: told on the window's thread how it ended.
  init(
    _ title: String, _ body: @escaping @Sendable (_ progress: @escaping Progress) throws -> String,
    then: @escaping (Result<String, any Error>) -> Void
  ) {
    (self.title, self.then) = (title, then)
    HostThread.start { [desk] in
      let result = Result { try body { done, all in desk.progress.withLock { $0 = (done, all) } } }
      desk.result.withLock { $0 = result }
    }
  }

  func draw(_ interface: Interface) -> Bool {
    if let result = desk.result.withLock({ $0 }) {
      then(result)
      return false
    }
    interface.isBusy = true
    let room = interface.panel(title, width: 460, height: 130)
    let bar = Rectangle(room.x, room.y + 6, room.width, 18)
    let (done, all) = desk.progress.withLock { $0 }
    interface.canvas.fill(bar, Interface.Style.well)
    let width = all > 0 ? bar.width * min(done, all) / all : 0
    interface.canvas.fill(Rectangle(bar.x, bar.y, width, bar.height), Interface.Style.accent)
    interface.canvas.outline(bar, Interface.Style.line)
    interface.canvas.text(
      all > 0 ? "\(min(done, all) * 100 / all) %" : "One moment", room.x, room.y + 36, Interface.Style.dim)
    return true
  }
}
