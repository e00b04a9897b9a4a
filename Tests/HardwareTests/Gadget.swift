import Hardware

/// A device for tests: remembers what it was asked, answers with offset and block.
final class Gadget: Device {
  struct State: SavedState {
    var log: [String] = []
    var fired: [Int64] = []
    var latch: UInt8 = 0
  }
  var state = State()
  let name: String
  let items: (Gadget) -> [Footprint.Item]
  let alarm = Alarm()
  let line = Line()
  let request = DMARequest()
  var wide = false
  var resets = 0
  var loads = 0

  init(_ name: String, _ items: @escaping (Gadget) -> [Footprint.Item]) {
    self.name = name
    self.items = items
  }

  static func ports(_ name: String, _ ports: ClosedRange<UInt16>, block: Int = 0) -> Gadget {
    Gadget(name) { _ in [.ports(ports, block: block)] }
  }

  var footprint: Footprint { Footprint(name, chip: "test", items(self)) }
  func readPort(_ block: Int, _ offset: Int) -> UInt8 {
    state.log.append("r\(block):\(offset)")
    return UInt8(truncatingIfNeeded: block << 4 | offset)
  }
  func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    state.log.append("w\(block):\(offset)=\(value)")
    state.latch = value
  }
  func readPortWide(_ block: Int, _ offset: Int, _ size: Int) -> UInt32? { wide ? 0xCAFE_BABE : nil }
  func writePortWide(_ block: Int, _ offset: Int, _ size: Int, _ value: UInt32) -> Bool {
    if wide { state.log.append("W\(block):\(offset)/\(size)=\(value)") }
    return wide
  }
  func readMemory(_ block: Int, _ offset: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: offset &+ 1) }
  func writeMemory(_ block: Int, _ offset: UInt32, _ value: UInt8) { state.log.append("m\(block):\(offset)=\(value)") }
  func reset() {
    resets += 1
    state = State()
  }
  func stateLoaded() { loads += 1 }
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
}
