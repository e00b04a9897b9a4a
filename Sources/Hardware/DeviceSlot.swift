/// A device as the buses see it. One virtual call reaches it, without reference counting: an access through an
/// existential held in an array costs a retain and a release each (Sources/README.md, "Workarounds").
class BusSlot {
  let name: String
  init(name: String) { self.name = name }
  func readPort(_ block: Int, _ offset: Int) -> UInt8 { 0xFF }
  func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {}
  func readPortWide(_ block: Int, _ offset: Int, _ size: Int) -> UInt32? { nil }
  func writePortWide(_ block: Int, _ offset: Int, _ size: Int, _ value: UInt32) -> Bool { false }
  func plainAccesses(_ block: Int, _ offset: Int, _ size: Int, writes: Bool) -> Int { 0 }
  func readPlainly(_ block: Int, _ offset: Int, _ data: UnsafeMutableRawBufferPointer) {}
  func writePlainly(_ block: Int, _ offset: Int, _ data: UnsafeRawBufferPointer) {}
  func readMemory(_ block: Int, _ offset: UInt32, _ size: Int) -> UInt32 { 0xFFFF_FFFF }
  func writeMemory(_ block: Int, _ offset: UInt32, _ size: Int, _ value: UInt32) {}
}

/// The slot of one kind of device.
final class DeviceSlot<D: Device>: BusSlot {
  private let device: D
  init(_ device: D, name: String) {
    self.device = device
    super.init(name: name)
  }
  override func readPort(_ block: Int, _ offset: Int) -> UInt8 { device.readPort(block, offset) }
  override func writePort(_ block: Int, _ offset: Int, _ value: UInt8) { device.writePort(block, offset, value) }
  override func readPortWide(_ block: Int, _ offset: Int, _ size: Int) -> UInt32? {
    device.readPortWide(block, offset, size)
  }
  override func writePortWide(_ block: Int, _ offset: Int, _ size: Int, _ value: UInt32) -> Bool {
    device.writePortWide(block, offset, size, value)
  }
  override func plainAccesses(_ block: Int, _ offset: Int, _ size: Int, writes: Bool) -> Int {
    device.plainAccesses(block, offset, size, writes: writes)
  }
  override func readPlainly(_ block: Int, _ offset: Int, _ data: UnsafeMutableRawBufferPointer) {
    device.readPlainly(block, offset, data)
  }
  override func writePlainly(_ block: Int, _ offset: Int, _ data: UnsafeRawBufferPointer) {
    device.writePlainly(block, offset, data)
  }
  override func readMemory(_ block: Int, _ offset: UInt32, _ size: Int) -> UInt32 {
    size == 1 ? UInt32(device.readMemory(block, offset)) : device.readMemoryWide(block, offset, size)
  }
  override func writeMemory(_ block: Int, _ offset: UInt32, _ size: Int, _ value: UInt32) {
    if size == 1 {
      device.writeMemory(block, offset, UInt8(truncatingIfNeeded: value))
    } else {
      device.writeMemoryWide(block, offset, size, value)
    }
  }
}

/// A range of a bus and the slot that answers there.
struct BusClaim {
  let slot: Unmanaged<BusSlot>
  let first: UInt32
  let block: Int
}

/// The claims of one bus, at a fixed place in memory. Owns its slots.
struct BusClaims {
  static let capacity = 254
  let claims: UnsafeMutablePointer<BusClaim> = .allocate(capacity: BusClaims.capacity)
  private(set) var count = 0

  /// Adds a claim; nil when there is no room. Returns its index.
  mutating func add(_ device: any Device, name: String, first: UInt32, block: Int) -> Int? {
    guard count < BusClaims.capacity else { return nil }
    func slot<D: Device>(_ device: D) -> BusSlot { DeviceSlot(device, name: name) }
    (claims + count).initialize(
      to: BusClaim(slot: Unmanaged.passRetained(slot(device)), first: first, block: block))
    count += 1
    return count - 1
  }

  func name(_ index: Int) -> String { claims[index].slot._withUnsafeGuaranteedRef { $0.name } }

  func deallocate() {
    for i in 0..<count { claims[i].slot.release() }
    claims.deallocate()
  }
}
