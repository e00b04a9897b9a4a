import Hardware
import Testing

@testable import Devices

struct PS2MouseTests {
  private func ready() throws -> KeyboardBench {
    let k = try KeyboardBench()
    k.mouse(0xF4)
    #expect(k.readAll() == [0xFA])
    return k
  }
  private func say(_ k: KeyboardBench, _ bytes: UInt8...) -> [UInt8] {
    bytes.flatMap { byte -> [UInt8] in
      k.mouse(byte)
      return k.readAll()
    }
  }

  @Test("FFh is acknowledged, then come AAh and the ID 00")
  func reset() throws {
    let k = try KeyboardBench()
    k.mouse(0xFF)
    #expect(k.read() == 0xFA)
    #expect(k.read(within: .milliseconds(200)) == nil)
    #expect(k.readAll(within: .milliseconds(200)) == [0xAA, 0x00])
  }

  @Test("Nothing is reported until F4h, and nothing after F5h")
  func reporting() throws {
    let k = try KeyboardBench()
    k.kbc.mouseMove(x: 5, y: 5)
    #expect(k.read(within: .milliseconds(50)) == nil)
    #expect(say(k, 0xF4) == [0xFA])
    k.kbc.mouseMove(x: 5, y: -3)
    #expect(k.readAll(within: .milliseconds(20)) == [0x08, 5, 3])
    #expect(say(k, 0xF5) == [0xFA])
    k.kbc.mouseMove(x: 5, y: 5)
    #expect(k.read(within: .milliseconds(50)) == nil)
  }

  @Test("Packets: buttons and signs in the first byte, y upwards, IRQ 12 and status bit 5 for each byte")
  func packets() throws {
    let k = try ready()
    let edges = Edges(k.kbc.mouseInterrupt, k.bench)
    k.kbc.mouseButton(.left, pressed: true)
    k.bench.run(.milliseconds(5))
    #expect(k.bench.inp(0x64) & 0x21 == 0x21)
    #expect(k.readAll(within: .milliseconds(20)) == [0x09, 0, 0])
    #expect(edges.rises.count == 3)
    k.kbc.mouseButton(.right, pressed: true)
    k.kbc.mouseMove(x: -2, y: 4)
    #expect(k.readAll(within: .milliseconds(20)) == [0x3B, 0xFE, 0xFC])
    k.kbc.mouseButton(.left, pressed: false)
    k.kbc.mouseButton(.right, pressed: false)
    k.kbc.mouseButton(.middle, pressed: true)
    #expect(k.readAll(within: .milliseconds(20)) == [0x0C, 0, 0])
  }

  @Test("A packet's bytes take the wire's 11 bits at 12 kHz each, one behind the other as they are read")
  func byteTime() throws {
    let k = try ready()
    let edges = Edges(k.kbc.mouseInterrupt, k.bench)
    let start = k.bench.now
    k.kbc.mouseMove(x: 5, y: 5)
    #expect(k.readAll().count == 3)
    let times = [start] + edges.rises
    #expect(times.count == 4)
    for (last, next) in zip(times, times.dropFirst()) {
      // Reading looks every 10 us.
      #expect(
        next - last >= KeyboardController.byteTime && next - last < KeyboardController.byteTime + .microseconds(30))
    }
  }

  @Test("Packets come no faster than the sample rate, and movement in between adds up")
  func pacing() throws {
    let k = try ready()
    #expect(say(k, 0xF3, 20) == [0xFA, 0xFA])
    let edges = Edges(k.kbc.mouseInterrupt, k.bench)
    k.kbc.mouseInterrupt.connect { if $0 { _ = k.bench.inp(0x60) } }
    for _ in 0..<1_000 {
      k.kbc.mouseMove(x: 1, y: 0)
      k.bench.run(.milliseconds(1))
    }
    #expect((57...63).contains(edges.rises.count))
  }

  @Test("Movement too large for a packet goes on in the next")
  func large() throws {
    let k = try ready()
    k.kbc.mouseMove(x: 600, y: -300)
    let bytes = k.readAll(within: .milliseconds(30))
    #expect(bytes == [0x08, 255, 255, 0x08, 255, 45, 0x08, 90, 0])
  }

  @Test("E8h sets the resolution, E7h the 2:1 scaling, E9h tells both with rate and buttons")
  func settings() throws {
    let k = try ready()
    #expect(say(k, 0xE8, 0x03) == [0xFA, 0xFA])
    #expect(say(k, 0xE7) == [0xFA])
    #expect(say(k, 0xF3, 40) == [0xFA, 0xFA])
    #expect(say(k, 0xE9) == [0xFA, 0x30, 0x03, 40])
    k.kbc.mouseMove(x: 1, y: 0)
    #expect(k.readAll(within: .milliseconds(50)) == [0x08, 1, 0], "2 counts, which 2:1 makes 1")
    k.kbc.mouseMove(x: -10, y: 0)
    #expect(k.readAll(within: .milliseconds(50)) == [0x18, UInt8(bitPattern: -40), 0])
    #expect(say(k, 0xE6) == [0xFA])
    #expect(say(k, 0xE8, 0x00) == [0xFA, 0xFA])
    k.kbc.mouseMove(x: 10, y: 0)
    #expect(k.readAll(within: .milliseconds(50)) == [0x08, 2, 0])
    #expect(say(k, 0xF6) == [0xFA])
    #expect(say(k, 0xE9) == [0xFA, 0x00, 0x02, 100])
  }

  @Test("Remote mode reports only when asked with EBh")
  func remote() throws {
    let k = try ready()
    #expect(say(k, 0xF0) == [0xFA])
    k.kbc.mouseMove(x: 7, y: 0)
    #expect(k.read(within: .milliseconds(50)) == nil)
    #expect(say(k, 0xEB) == [0xFA, 0x08, 7, 0])
    #expect(say(k, 0xE9).dropFirst().first == 0x60)
    #expect(say(k, 0xEA) == [0xFA])
    k.kbc.mouseMove(x: 1, y: 0)
    #expect(k.readAll(within: .milliseconds(50)) == [0x08, 1, 0])
  }

  @Test("Wrap mode sends everything back but FFh and ECh")
  func wrap() throws {
    let k = try ready()
    #expect(say(k, 0xEE, 0x12, 0xF4, 0xEC) == [0xFA, 0x12, 0xF4, 0xFA])
    #expect(say(k, 0xF2) == [0xFA, 0x00])
  }

  @Test("Sample rates 200, 100, 80 turn the wheel on: ID 3 and a fourth byte")
  func wheel() throws {
    let k = try ready()
    #expect(say(k, 0xF2) == [0xFA, 0x00])
    #expect(say(k, 0xF3, 200, 0xF3, 100, 0xF3, 80) == [UInt8](repeating: 0xFA, count: 6))
    #expect(say(k, 0xF2) == [0xFA, 0x03])
    k.kbc.mouseMove(x: 0, y: 0, z: -1)
    #expect(k.readAll(within: .milliseconds(30)) == [0x08, 0, 0, 0xFF])
    k.kbc.mouseMove(x: 0, y: 0, z: 10)
    #expect(k.readAll(within: .milliseconds(30)) == [0x08, 0, 0, 7, 0x08, 0, 0, 3])
  }

  @Test("An unknown command or parameter is answered by FEh; FEh sends the last packet again")
  func errors() throws {
    let k = try ready()
    #expect(say(k, 0xE0) == [0xFE])
    #expect(say(k, 0xF3, 33) == [0xFA, 0xFE])
    #expect(say(k, 0xE9) == [0xFA, 0x20, 0x02, 100])
    #expect(say(k, 0xFE) == [0xFA, 0x20, 0x02, 100])
  }

  @Test("A7h keeps the mouse's bytes back, the keyboard's pass")
  func disabled() throws {
    let k = try ready()
    k.command(0xA7)
    k.kbc.mouseMove(x: 1, y: 0)
    k.press(.a)
    #expect(k.readAll(within: .milliseconds(30)) == [0x1E])
    k.command(0xA8)
    #expect(k.readAll(within: .milliseconds(30)) == [0x08, 1, 0])
  }
}
