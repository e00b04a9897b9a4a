import Hardware

@testable import Devices

/// A backplane with some devices on it and a hand on time.
final class Bench {
  let backplane: Backplane

  init(over backplane: Backplane) { self.backplane = backplane }

  init(_ devices: any Device...) throws {
    backplane = Backplane(ramSize: 2 << 20)
    for device in devices { try backplane.attach(device) }
  }

  var now: Instant { backplane.scheduler.now }
  func out(_ port: UInt16, _ values: UInt8...) { for value in values { backplane.io.write8(port, value) } }
  func inp(_ port: UInt16) -> UInt8 { backplane.io.read8(port) }
  func inp16(_ port: UInt16) -> Int { Int(inp(port)) | Int(inp(port)) << 8 }
  func run(_ span: Span) { backplane.scheduler.advance(to: now + span) }
  func run(to instant: Instant) { backplane.scheduler.advance(to: instant) }
  func saved() throws -> [UInt8] { try backplane.savedState().serialized() }
  func load(_ bytes: [UInt8]) throws -> [String] { try backplane.load(try SavedValue(serialized: bytes)) }
}

/// Notes the times at which a line rises.
final class Edges {
  var rises: [Instant] = []
  var falls: [Instant] = []
  init(_ line: Line, _ bench: Bench) {
    line.connect { [unowned self, unowned bench] level in
      if level { rises.append(bench.now) } else { falls.append(bench.now) }
    }
  }
}

/// Reproducible pseudo-random numbers (SplitMix64).
struct Dice {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
  mutating func below(_ n: Int) -> Int { Int(next() % UInt64(n)) }
  mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next()) }
}
