import Hardware
import Testing

@testable import Devices

/// A keyboard controller on a bench, with the firmware's usual waits.
struct KeyboardBench {
  let kbc = KeyboardController()
  let bench: Bench

  init(enabled: Bool = true, translate: Bool = true) throws {
    bench = try Bench(kbc)
    if enabled {
      command(0x60)
      data(translate ? 0x43 : 0x03)
    }
  }

  /// Waits until IBF is clear, at most 20 ms.
  func settle() {
    for _ in 0..<2_000 where bench.inp(0x64) & 2 != 0 { bench.run(.microseconds(10)) }
  }
  func command(_ value: UInt8) {
    settle()
    bench.out(0x64, value)
    settle()
  }
  func data(_ value: UInt8) {
    settle()
    bench.out(0x60, value)
    settle()
  }
  /// Waits for OBF, at most `limit`, and reads.
  func read(within limit: Span = .milliseconds(5)) -> UInt8? {
    let end = bench.now + limit
    while bench.inp(0x64) & 1 == 0 {
      if bench.now >= end { return nil }
      bench.run(.microseconds(10))
    }
    return bench.inp(0x60)
  }
  func readAll(within limit: Span = .milliseconds(5)) -> [UInt8] {
    var bytes: [UInt8] = []
    while let byte = read(within: limit) { bytes.append(byte) }
    return bytes
  }
  func press(_ keys: Key...) { for key in keys { kbc.key(key, pressed: true) } }
  func release(_ keys: Key...) { for key in keys { kbc.key(key, pressed: false) } }
  func mouse(_ byte: UInt8) {
    command(0xD4)
    data(byte)
  }
}
