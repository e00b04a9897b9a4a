import Foundation
import Hardware
import Testing

@testable import Devices

/// The card's other connectors: MIDI and joysticks.
struct SoundBlasterPortTests {
  @Test("MIDI interface: FFh and 3Fh are acknowledged with FEh and interrupt; then bytes go out; UART resets silently")
  func midi() throws {
    let host = try SoundBlasterHost(.sb16)
    #expect(host.bench.inp(0x331) & 0xC0 == 0x80)
    host.bench.out(0x331, 0xFF)
    #expect(host.bench.inp(0x331) & 0x80 == 0)
    #expect(host.card.state.pending == 4 && host.interrupts[5]?.count == 1)
    #expect(host.bench.inp(0x330) == 0xFE)
    #expect(host.card.state.pending == 0)
    host.bench.out(0x331, 0x3F)
    #expect(host.bench.inp(0x330) == 0xFE)
    for byte in [UInt8(0x90), 60, 100] { host.bench.out(0x330, byte) }
    #expect(host.midi == [0x90, 60, 100])
    for _ in 0..<20 { host.bench.out(0x330, 0xFE) }
    #expect(host.bench.inp(0x331) & 0x40 != 0, "full")
    host.bench.run(.milliseconds(10))
    #expect(host.bench.inp(0x331) & 0x40 == 0)
    host.bench.out(0x331, 0xFF)
    #expect(host.bench.inp(0x331) & 0x80 != 0)
  }

  @Test("The DSP's own MIDI: 38h sends a byte, 34h-37h send all that follow until a reset")
  func dspMIDI() throws {
    let host = try SoundBlasterHost(.sb2)
    host.resetDSP()
    host.command(0x38, 0xC0)
    host.command(0x34)
    host.command(0x90, 0x10, 0x14)
    #expect(host.midi == [0xC0, 0x90, 0x10, 0x14])
    #expect(host.resetDSP() == 0xAA)
    host.command(0xE1)
    #expect(host.answer() == 2)
  }

  @Test("Joystick port: one-shots of 24.2 µs + 0.011 µs an ohm; an open input stays 1; buttons pull to 0")
  func joystick() throws {
    let port = GamePort()
    let bench = try Bench(port)
    bench.out(0x201, 0)
    bench.run(.milliseconds(10))
    #expect(bench.inp(0x201) == 0xFF)
    port.state.axes = [0, 255, nil, nil]
    port.state.buttons = 0x01
    bench.out(0x201, 0)
    bench.run(.microseconds(25))
    #expect(bench.inp(0x201) == 0xEE)
    bench.run(.microseconds(1090))
    #expect(bench.inp(0x201) & 3 == 2)
    bench.run(.microseconds(20))
    #expect(bench.inp(0x201) & 3 == 0)
  }
}
