import Hardware
import Testing

struct IOSpaceTests {
  @Test("An access arrives as block and offset from the first port")
  func offsets() throws {
    let backplane = Backplane()
    let gadget = Gadget("g") { _ in [.ports(0x300...0x303, block: 2), .ports(0x70...0x71, block: 5)] }
    try backplane.attach(gadget)
    #expect(backplane.io.read8(0x302) == 0x22)
    #expect(backplane.io.read8(0x71) == 0x51)
    backplane.io.write8(0x301, 9)
    #expect(gadget.state.log == ["r2:2", "r5:1", "w2:1=9"])
  }

  @Test("Wide accesses are split into bytes, lowest port first")
  func split() throws {
    let backplane = Backplane()
    let gadget = Gadget.ports("g", 0x10...0x13)
    try backplane.attach(gadget)
    #expect(backplane.io.read(0x10, size: 4) == 0x0302_0100)
    backplane.io.write(0x11, size: 2, 0xBBAA)
    #expect(gadget.state.log == ["r0:0", "r0:1", "r0:2", "r0:3", "w0:1=170", "w0:2=187"])
  }

  @Test("A device that takes wide accesses gets them whole")
  func whole() throws {
    let backplane = Backplane()
    let gadget = Gadget.ports("g", 0x10...0x13)
    gadget.wide = true
    try backplane.attach(gadget)
    #expect(backplane.io.read(0x10, size: 4) == 0xCAFE_BABE)
    backplane.io.write(0x10, size: 2, 77)
    #expect(gadget.state.log == ["W0:0/2=77"])
  }

  @Test("A wide access over a device's end reaches its neighbour, and wraps at port FFFFh")
  func straddle() throws {
    let backplane = Backplane()
    try backplane.attach(Gadget.ports("a", 0x20...0x20))
    try backplane.attach(Gadget.ports("b", 0x21...0x22, block: 7))
    #expect(backplane.io.read(0x20, size: 4) == 0xFF71_7000)
    try backplane.attach(Gadget.ports("top", 0xFFFF...0xFFFF, block: 1))
    try backplane.attach(Gadget.ports("bottom", 0...0, block: 3))
    #expect(backplane.io.read(0xFFFF, size: 2) == 0x3010)
  }

  @Test("A port nobody answers reads FFh, swallows writes, and is counted")
  func unclaimed() {
    let io = IOSpace()
    #expect(io.read8(0x1234) == 0xFF)
    #expect(io.read(0x1233, size: 4) == 0xFFFF_FFFF)
    io.write(0x1234, size: 2, 5)
    #expect(io.unclaimedAccesses == [0x1233: 1, 0x1234: 3, 0x1235: 2, 0x1236: 1])
  }

  @Test("A conflict names the port and both devices")
  func conflict() throws {
    let backplane = Backplane()
    try backplane.attach(Gadget.ports("first", 0x60...0x64))
    let error = #expect(throws: BackplaneError.self) { try backplane.attach(Gadget.ports("second", 0x64...0x68)) }
    #expect(error == .conflict("port 0x64", "second", "first"))
    #expect(error?.description == "second wants port 0x64, which belongs to first")
  }
}
