import CSDL2
import Foundation
import Hardware
import PC
import Testing

@testable import Desktop

@Suite("Menu of a running machine") struct MenuTests {
  /// A menu whose machine notes what it is asked for.
  final class Desk {
    var commands: [String] = []
    var requests: [String] = []
    var status = Status()
    let bench: Bench
    private(set) var menu: MachineMenu?

    init?(canRestart: Bool = true, width: Int32 = 800, height: Int32 = 600) {
      guard let bench = Bench(width: width, height: height) else { return nil }
      self.bench = bench
      status.volume = 50
      status.disks = [.a: "boot.img"]
      menu = MachineMenu(
        interface: bench.interface, reader: EventReader(windowWidth: width),
        around: MachineMenu.Surroundings(
          configuration: MachineConfiguration(), file: nil, canRestart: canRestart,
          send: { [unowned self] in commands.append("\($0)") }, ask: { [unowned self] in requests.append("\($0)") },
          status: { [unowned self] in status }, speed: { .realtime }, isPaused: { false }, scaling: { "smooth" }))
    }

    @discardableResult
    func draw() -> [String] {
      for _ in 0..<20 where menu?.draw() == true {}
      _ = menu?.draw()
      return bench.interface.canvas.cutOff
    }

    func press(_ keys: Key...) {
      for key in keys { bench.interface.add(.key(key, shift: false, control: false)) }
      draw()
    }

    /// Presses Enter on the button called `label`.
    func push(_ label: String) {
      bench.interface.wantedButton = label
      draw()
      #expect(bench.interface.wantedButton == nil, "there is no \(label)")
      press(.enter)
    }

    func open() {
      menu?.toggle()
      draw()
    }
  }

  @Test(
    "Each entry does what it says and gives the keys back to the guest",
    arguments: [
      ("Eject", "eject(PC.RemovableDrive.a)", ""), ("Record video", "record", ""),
      ("Screenshot", "", "screenshot"), ("Type clipboard", "", "paste"), ("Copy text", "", "copyText"),
      ("Full screen", "", "fullScreen"), ("Pause", "", "pause(true)"), ("Close", "", "close"),
    ])
  func entries(_ label: String, _ command: String, _ request: String) throws {
    let desk = try #require(Desk())
    desk.open()
    desk.push(label)
    #expect(desk.commands == (command.isEmpty ? [] : [command]))
    #expect(desk.requests == (request.isEmpty ? [] : [request]))
    #expect(desk.menu?.isOpen == false)
  }

  @Test("Mute, volume and speed work while the menu stays")
  func sliders() throws {
    let desk = try #require(Desk())
    desk.open()
    desk.push("Mute")
    #expect(desk.commands == ["mute(true)"])
    desk.press(.up, .right)
    #expect(desk.commands.last == "volume(55)")
    desk.push("Pause")
    desk.open()
    desk.push("Real time")
    #expect(desk.requests.last == "speed(Desktop.Speed.realtime)")
    desk.press(.up, .up, .left)
    #expect(desk.requests.last == "speed(Desktop.Speed.percent(75))")
    #expect(desk.menu?.isOpen == true)
  }

  @Test(
    "Reset and power off ask first, and Enter alone loses nothing",
    arguments: [("Reset", "reset"), ("Power off", "powerOff")])
  func asking(_ label: String, _ command: String) throws {
    let desk = try #require(Desk())
    desk.open()
    desk.push(label + "...")
    desk.press(.enter)
    #expect(desk.commands == [])
    desk.push(label + "...")
    desk.press(.left, .enter)
    #expect(desk.commands == [command])
  }

  @Test("Ctrl+Alt+Del presses three keys and lets them go")
  func threeKeys() throws {
    let desk = try #require(Desk())
    desk.open()
    desk.push("Ctrl+Alt+Del")
    #expect(desk.commands.count == 6)
  }

  @Test("A snapshot gets the name that is typed, or a free one")
  func snapshot() throws {
    let desk = try #require(Desk())
    desk.status.kept = [
      KeptState(name: "snapshot 1", note: "", seconds: 3, picture: VideoFrame(width: 1, height: 1, pixels: [0]))
    ]
    desk.open()
    desk.push("Take snapshot...")
    desk.press(.enter)
    #expect(desk.commands == ["snapshot(name: \"snapshot 2\", note: \"\")"])
    desk.open()
    desk.push("Snapshots...")
    desk.press(.enter)
    #expect(desk.commands.last == "restore(name: \"snapshot 1\", keepingAs: Optional(\"before snapshot 1\"))")
  }

  @Test("An image that is dropped is inserted where it belongs; a folder becomes a CD or a hard disk, by choice")
  func dropping() throws {
    let desk = try #require(Desk())
    let folder = try Folder()
    desk.menu?.drop("/disks/game.img")
    #expect(desk.commands == ["insert(path: \"/disks/game.img\", drive: nil)"])
    desk.menu?.drop(folder.path)
    desk.draw()
    desk.press(.enter)
    #expect(desk.commands.last == "insert(path: \"\(folder.path)\", drive: Optional(PC.RemovableDrive.cdrom))")
    desk.menu?.drop(folder.path)
    desk.draw()
    desk.press(.right, .enter)
    #expect(desk.requests == ["restart([\"--hda\", \"\(folder.path)\"])"])
    #expect(desk.menu?.isOpen == false)
  }

  @Test("A sealed machine can't be started anew: the hard disk isn't offered, but its flag is named")
  func sealed() throws {
    let desk = try #require(Desk(canRestart: false))
    let folder = try Folder()
    desk.menu?.drop(folder.path)
    desk.draw()
    desk.press(.right, .enter)
    #expect(desk.requests == [])
    #expect(desk.commands == [])
    #expect(desk.menu?.isOpen == false)
  }

  @Test("SDL's event of a dropped file reaches the menu that is open")
  func dropEvent() throws {
    let desk = try #require(Desk())
    desk.open()
    var event = SDL_Event()
    event.drop.type = SDL_DROPFILE.rawValue
    event.drop.file = SDL_strdup("/disks/second.img")
    desk.menu?.read(event)
    desk.draw()
    #expect(desk.commands == ["insert(path: \"/disks/second.img\", drive: nil)"])
  }

  @Test("The menu fits, whatever the window's size", arguments: [(640, 440), (640, 480), (800, 600), (1600, 1200)])
  func fitting(_ width: Int32, _ height: Int32) throws {
    let desk = try #require(Desk(width: width, height: height))
    desk.status.disks = [.a: String(repeating: "long name ", count: 9), .cdrom: "x"]
    desk.status.folders = ["/home/anna/games"]
    desk.status.kept = [
      KeptState(name: "one", note: "", seconds: 3, picture: VideoFrame(width: 1, height: 1, pixels: [0]))
    ]
    desk.open()
    #expect(desk.draw() == [])
    desk.push("Snapshots...")
    #expect(desk.draw() == [])
  }

  @Test("An image goes into the drive for its kind")
  func drives() throws {
    let folder = try Folder()
    #expect(try EmulationThread.drive(for: folder.file("a.img", size: 1_474_560)) == .a)
    #expect(try EmulationThread.drive(for: folder.path) == .cdrom)
    #expect(throws: (any Error).self) { try EmulationThread.drive(for: folder.path + "/none.img") }
    #expect(throws: (any Error).self) { try EmulationThread.drive(for: folder.file("b.txt", size: 99)) }
  }
}
