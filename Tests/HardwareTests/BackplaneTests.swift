import Hardware
import Testing

struct BackplaneTests {
  private func machine(ram: Int = 1 << 20) throws -> (Backplane, Gadget) {
    let backplane = Backplane(ramSize: ram)
    let gadget = Gadget("g") { g in
      [
        .ports(0x300...0x301, block: 0), .interrupt(5, g.line), .dma(1, g.request),
        .alarm("tick", g.alarm) { [unowned g] in
          g.state.fired.append(g.alarm.now.picoseconds)
          g.line.drive(!g.line.level)
          g.alarm.set(after: .microseconds(3))
        },
      ]
    }
    try backplane.attach(gadget)
    return (backplane, gadget)
  }

  @Test("A footprint's interrupts and DMA requests are listed with their device")
  func listing() throws {
    let (backplane, gadget) = try machine()
    #expect(backplane.interrupts.map(\.irq) == [5])
    #expect(backplane.interrupts.first?.line === gadget.line)
    #expect(backplane.dmaRequests.first?.request === gadget.request)
    #expect(backplane.dmaRequests.first?.device == "g")
    #expect(backplane.footprints.map(\.name) == ["g"])
  }

  @Test("A name or a DMA channel can be had once only; an interrupt wire may be shared")
  func duplicates() throws {
    let (backplane, _) = try machine()
    #expect(throws: BackplaneError.duplicateName("g")) { try backplane.attach(Gadget.ports("g", 0...0)) }
    #expect(throws: BackplaneError.conflict("DMA channel 1", "h", "g")) {
      try backplane.attach(Gadget("h") { [.dma(1, $0.request)] })
    }
    try backplane.attach(Gadget("i") { [.interrupt(5, $0.line)] })
    #expect(BackplaneError.duplicateName("g").description == "two devices are called g")
  }

  @Test("RESET reaches every device")
  func reset() throws {
    let (backplane, gadget) = try machine()
    backplane.io.write8(0x300, 3)
    backplane.reset()
    #expect(gadget.resets == 1)
    #expect(gadget.state.latch == 0)
  }

  @Test("A loaded machine goes on as the saved one would have")
  func saveLoad() throws {
    let (a, gadget) = try machine()
    gadget.alarm.set(after: .microseconds(1))
    a.memory.write(0x1234, size: 4, 0xDEAD_BEEF)
    a.memory.setA20(open: false)
    a.io.write8(0x301, 0x42)
    a.scheduler.advance(to: .zero + .microseconds(5))
    #expect(gadget.line.level == false)
    a.scheduler.advance(to: .zero + .microseconds(8))
    let bytes = try a.savedState().serialized()

    let (b, other) = try machine()
    var edges: [Bool] = []
    other.line.connect { edges.append($0) }
    #expect(try b.load(try SavedValue(serialized: bytes)) == [])
    #expect(other.loads == 1)
    #expect(edges == [])
    #expect(other.line.level == gadget.line.level)
    #expect(b.memory.addressMask == a.memory.addressMask)
    #expect(b.memory.ram[0x1234] == 0xEF)
    for machine in [a, b] { machine.scheduler.advance(to: .zero + .microseconds(50)) }
    #expect(other.state.fired == gadget.state.fired)
    #expect(try a.savedState().serialized() == b.savedState().serialized())
  }

  @Test("A state of another machine is refused, naming what differs, and changes nothing")
  func mismatch() throws {
    let (a, _) = try machine()
    let saved = try a.savedState()
    let (b, gadget) = try machine(ram: 2 << 20)
    gadget.state.latch = 9
    #expect(throws: SavedStateError.mismatch("the state has 1024 KB of memory, this machine 2048 KB")) {
      try b.load(saved)
    }
    let c = Backplane()
    #expect(throws: SavedStateError.mismatch("this machine has no g")) { try c.load(saved) }
    #expect(gadget.state.latch == 9)
    #expect(throws: SavedStateError.self) { try b.load(.object([:])) }
    #expect(throws: SavedStateError.self) { try b.load(.null) }
  }

  @Test("A device that the state doesn't know is as at power-on")
  func laterDevice() throws {
    let (old, gadget) = try machine()
    gadget.state.latch = 3
    let saved = try old.savedState()
    let (new, loaded) = try machine()
    let extra = Gadget.ports("extra", 0...0)
    try new.attach(extra)
    extra.state.latch = 7
    #expect(try new.load(saved).isEmpty)
    #expect(loaded.state.latch == 3)
    #expect(extra.state.latch == 0)
  }

  @Test("A part that can't be decoded leaves the machine as it was")
  func atomic() throws {
    let (a, gadget) = try machine()
    guard case .object(var members) = try a.savedState() else { return }
    members["devices"] = .object(["g": .object(["latch": .string("x")])])
    gadget.state.latch = 5
    #expect(throws: SavedStateError.wrongType(path: "latch", expected: "a whole number")) {
      try a.load(.object(members))
    }
    #expect(gadget.state.latch == 5)
  }

  @Test("Values that no field asks for are reported with the device's name")
  func vanished() throws {
    let (a, _) = try machine()
    guard case .object(var members) = try a.savedState(), case .object(var devices)? = members["devices"],
      case .object(var g)? = devices["g"]
    else { return }
    g["old"] = .int(3)
    devices["g"] = .object(g)
    members["devices"] = .object(devices)
    #expect(try a.load(.object(members)) == ["g.old"])
  }

  final class Medium: SavedPart {
    var value: Int
    init(_ value: Int) { self.value = value }
    func savedPart() throws -> SavedValue { .int(Int64(value)) }
    func loadPart(_ saved: SavedValue) throws {
      guard case .int(let n) = saved else { throw SavedStateError.mismatch("no medium") }
      value = Int(n)
    }
  }

  @Test("Parts of a device are saved with it")
  func parts() throws {
    let medium = Medium(4)
    let backplane = Backplane()
    try backplane.attach(Gadget("drive") { _ in [.part("a", medium)] })
    let saved = try backplane.savedState()
    medium.value = 9
    #expect(try backplane.load(saved) == [])
    #expect(medium.value == 4)
  }
}
