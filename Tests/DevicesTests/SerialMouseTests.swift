import Hardware
import Testing

@testable import Devices

struct SerialMouseTests {
  private final class Line { var bytes: [UInt8] = [] }

  private func mouse() throws -> (Bench, SerialMouse, Line) {
    let mouse = SerialMouse()
    let b = try Bench(mouse)
    let line = Line()
    mouse.sink = { line.bytes.append($0) }
    return (b, mouse, line)
  }

  @Test("DTR and RTS give the mouse its power; it says M then")
  func announces() throws {
    let (b, mouse, line) = try mouse()
    mouse.setPower(dtr: true, rts: false)
    b.run(.milliseconds(100))
    #expect(line.bytes.isEmpty)
    mouse.setPower(dtr: true, rts: true)
    b.run(.milliseconds(100))
    #expect(line.bytes == [0x4D])
    mouse.setPower(dtr: true, rts: false)
    mouse.input(.mouseMove(x: 1, y: 1, z: 0))
    b.run(.milliseconds(100))
    mouse.setPower(dtr: true, rts: true)
    b.run(.milliseconds(100))
    #expect(line.bytes == [0x4D, 0x4D], "movement without power is gone")
  }

  @Test("Three bytes: buttons and high bits, X, Y; negative numbers in two's complement")
  func packets() throws {
    let (b, mouse, line) = try mouse()
    mouse.setPower(dtr: true, rts: true)
    b.run(.milliseconds(100))
    line.bytes = []
    mouse.input(.mouseMove(x: 5, y: -3, z: 0))
    b.run(.milliseconds(100))
    #expect(line.bytes == [0x4C, 0x05, 0x3D])
    line.bytes = []
    mouse.input(.mouseButton(.left, pressed: true))
    mouse.input(.mouseMove(x: -1, y: 0, z: 0))
    b.run(.milliseconds(100))
    #expect(line.bytes == [0x63, 0x3F, 0x00])
    line.bytes = []
    mouse.input(.mouseButton(.right, pressed: true))
    b.run(.milliseconds(100))
    #expect(line.bytes == [0x70, 0x00, 0x00])
  }

  @Test("Movement of more than a packet goes into several, and none is lost")
  func longWay() throws {
    let (b, mouse, line) = try mouse()
    mouse.setPower(dtr: true, rts: true)
    b.run(.milliseconds(100))
    line.bytes = []
    mouse.input(.mouseMove(x: 300, y: -200, z: 0))
    b.run(.milliseconds(200))
    var (x, y) = (0, 0)
    for i in stride(from: 0, to: line.bytes.count - 2, by: 3) {
      x += Int(Int8(bitPattern: line.bytes[i] << 6 | line.bytes[i + 1]))
      y += Int(Int8(bitPattern: (line.bytes[i] & 0x0C) << 4 | line.bytes[i + 2]))
    }
    #expect(line.bytes.count == 9 && x == 300 && y == -200)
  }

  @Test("Without a mouse a byte for it comes back as FEh with the time-out bit")
  func noPS2Mouse() throws {
    let b = try Bench(KeyboardController(hasMouse: false))
    b.out(0x64, 0xD4)
    b.run(.milliseconds(1))
    b.out(0x60, 0xF4)
    b.run(.milliseconds(10))
    #expect(b.inp(0x64) & 0x41 == 0)
    b.run(.milliseconds(20))
    #expect(b.inp(0x64) & 0x61 == 0x61)
    #expect(b.inp(0x60) == 0xFE)
  }
}
