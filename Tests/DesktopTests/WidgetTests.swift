import CSDL2
import Hardware
import Testing

@testable import Desktop

@Suite("Widgets") struct WidgetTests {
  /// A dialog with a field, two buttons and a list, which notes what happened.
  final class Form: Dialog {
    var text = "old"
    var done: [String] = []
    var rows = Interface.Rows()
    var level = 3
    func draw(_ interface: Interface) -> Bool {
      let room = interface.panel("Form", width: 600, height: 400)
      if interface.field(&text, Rectangle(room.x, room.y, 300, 30)) { done.append("enter") }
      let list = Rectangle(room.x, room.y + 40, 300, 100)
      if interface.list(count: 50, rowHeight: 20, &rows, list, { _, _ in }) == .opened { done.append("opened") }
      if interface.slider(&level, most: 10, Rectangle(room.x, room.y + 150, 300, 26)) { done.append("level") }
      let pressed = interface.buttons([Interface.Label("First"), Interface.Label("Second")], in: room)
      if let pressed { done.append("button \(pressed)") }
      return !interface.take(.escape)
    }
  }

  private func bench(_ form: Form) throws -> Bench {
    let bench = try #require(Bench())
    bench.interface.show(form)
    bench.draw()
    return bench
  }

  @Test("What is typed first takes the place of the text that is there; the caret goes with the arrows")
  func typing() throws {
    let form = Form()
    let bench = try bench(form)
    bench.type("new")
    #expect(form.text == "new")
    bench.press(.left, .left)
    bench.type("-")
    #expect(form.text == "n-ew")
    bench.press(.backspace, .delete)
    #expect(form.text == "nw")
    bench.press(.enter)
    #expect(form.done == ["enter"])
  }

  @Test("Tab goes through all widgets and round; Enter and Space press the one that has the keyboard")
  func tabbing() throws {
    let form = Form()
    let bench = try bench(form)
    bench.press(.tab, .tab, .tab, .enter)
    #expect(form.done == ["button 0"])
    bench.press(.tab)
    bench.type(" ")
    #expect(form.done == ["button 0", "button 1"])
    bench.press(.tab)
    bench.type("x")
    #expect(form.text == "x")
    bench.press(.tab, shift: true)
    bench.press(.enter)
    #expect(form.done.last == "button 1")
  }

  @Test("A long list scrolls with keys, wheel and bar, and the chosen row is seen")
  func scrolling() throws {
    let form = Form()
    let bench = try bench(form)
    bench.press(.tab, .end)
    #expect(form.rows == Interface.Rows(chosen: 49, first: 45))
    bench.press(.home, .down, .pageDown)
    #expect(form.rows.chosen == 6)
    let list = bench.interface.places[1]
    var event = SDL_Event()
    event.motion.type = SDL_MOUSEMOTION.rawValue
    (event.motion.x, event.motion.y) = (Int32(list.x + 20), Int32(list.y + 20))
    bench.send(event)
    event = SDL_Event()
    event.wheel.type = SDL_MOUSEWHEEL.rawValue
    event.wheel.y = -4
    bench.send(event)
    #expect(form.rows.chosen == 6)
    #expect(form.rows.first == 14)
    bench.click(Rectangle(list.x + list.width - 13, list.y + list.height - 4, 12, 4))
    #expect(form.rows.first == 45)
    bench.click(Rectangle(list.x, list.y + 40, 100, 20))
    #expect(form.rows.chosen == 47)
    bench.press(.enter)
    #expect(form.done == ["opened"])
  }

  @Test("A slider moves with arrows and the mouse and stays within its ends")
  func slider() throws {
    let form = Form()
    let bench = try bench(form)
    bench.press(.tab, .tab, .right)
    #expect(form.level == 4)
    bench.press(.end, .right)
    #expect(form.level == 10)
    let place = bench.interface.places[2]
    bench.click(Rectangle(place.x, place.y, 2, place.height))
    #expect(form.level == 0)
  }

  @Test("A click presses a button, at every size of the points", arguments: [Float(1), 1.5, 2])
  func clicking(_ scale: Float) throws {
    let form = Form()
    let bench = try #require(Bench(width: 1600, height: 1200, scale: scale))
    bench.interface.show(form)
    bench.draw()
    #expect(bench.interface.canvas.scale == scale)
    bench.click(bench.interface.places[4])
    #expect(form.done == ["button 1"])
  }

  @Test("A dialog over another one has the keyboard alone; afterwards it is where it was")
  func stacking() throws {
    let form = Form()
    let bench = try bench(form)
    bench.press(.tab, .tab, .tab)
    var answered = false
    bench.interface.show(
      Notice(
        "Really?", title: "Question",
        answers: [Notice.Answer(label: "Yes", look: .main) { answered = true }, Notice.Answer(label: "No")]))
    bench.draw()
    bench.type("abc")
    #expect(form.text == "old")
    bench.press(.enter)
    #expect(answered)
    bench.press(.enter)
    #expect(form.done == ["button 0"])
    bench.press(.escape)
    #expect(!bench.interface.hasDialog)
  }

  @Test("Ctrl with plus and minus changes the size of everything")
  func scaling() throws {
    let bench = try #require(Bench(width: 1600, height: 1200))
    bench.press(.equals, control: true)
    bench.draw()
    #expect(bench.interface.canvas.scale == 1.5)
    bench.press(.digit0, control: true)
    bench.draw()
    #expect(bench.interface.canvas.scale == 1)
  }

  @Test("Work on another thread ends its dialog and says how it went")
  func work() throws {
    let bench = try #require(Bench())
    var said = ""
    bench.interface.show(
      Work("Work") { progress in
        for step in 0...10 { progress(step, 10) }
        return "done"
      } then: {
        said = (try? $0.get()) ?? "failed"
      })
    bench.finishWork()
    #expect(said == "done")
    #expect(!bench.interface.hasDialog)
  }
}
