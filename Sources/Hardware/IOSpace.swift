/// The 64 K I/O space: who answers at which port.
///
/// Accesses of 16 and 32 bits go to the device at once if it takes them, else they are split into bytes, lowest port
/// first, as the bus does for 8-bit devices. A port nobody answers reads 0xFF (the bus floats high).
public final class IOSpace: Wiring {
  private struct Claim {
    let device: any Device
    let name: String
    let first: UInt16
    let last: UInt16
    let block: Int
  }
  private var claims: [Claim] = []
  /// Index into `claims` plus one; 0 where nobody answers.
  private var map = [UInt8](repeating: 0, count: 65_536)

  /// How often a port that nobody answers was accessed, by port. For diagnosis; not part of the machine's state.
  public private(set) var unclaimedAccesses: [UInt16: Int] = [:]

  /// An empty space.
  public init() {}

  /// Gives `ports` to `device`.
  ///
  /// - Throws: `BackplaneError.conflict` naming both devices if a port is taken.
  func claim(_ ports: ClosedRange<UInt16>, _ device: any Device, name: String, block: Int) throws(BackplaneError) {
    for port in ports where map[Int(port)] != 0 {
      let other = claims[Int(map[Int(port)]) - 1].name
      throw .conflict("port 0x\(String(port, radix: 16))", name, other)
    }
    guard claims.count < 255 else { throw .conflict("I/O space", name, "254 other port blocks") }
    claims.append(
      Claim(device: device, name: name, first: ports.lowerBound, last: ports.upperBound, block: block))
    for port in ports { map[Int(port)] = UInt8(claims.count) }
  }

  /// Reads a byte.
  public func read8(_ port: UInt16) -> UInt8 {
    let index = Int(map[Int(port)])
    if index == 0 {
      unclaimedAccesses[port, default: 0] &+= 1
      return 0xFF
    }
    let claim = claims[index - 1]
    return claim.device.readPort(claim.block, Int(port &- claim.first))
  }

  /// Writes a byte.
  public func write8(_ port: UInt16, _ value: UInt8) {
    let index = Int(map[Int(port)])
    if index == 0 {
      unclaimedAccesses[port, default: 0] &+= 1
      return
    }
    let claim = claims[index - 1]
    claim.device.writePort(claim.block, Int(port &- claim.first), value)
  }

  /// Reads `size` (1, 2 or 4) bytes.
  public func read(_ port: UInt16, size: Int) -> UInt32 {
    if size == 1 { return UInt32(read8(port)) }
    let index = Int(map[Int(port)])
    if index != 0 {
      let claim = claims[index - 1]
      if let value = claim.device.readPortWide(claim.block, Int(port &- claim.first), size) { return value }
    }
    var value: UInt32 = 0
    for i in 0..<size {
      value |= UInt32(read8(port &+ UInt16(truncatingIfNeeded: i))) << UInt32(truncatingIfNeeded: 8 * i)
    }
    return value
  }

  /// Writes the low `size` (1, 2 or 4) bytes of `value`.
  public func write(_ port: UInt16, size: Int, _ value: UInt32) {
    if size == 1 { return write8(port, UInt8(truncatingIfNeeded: value)) }
    let index = Int(map[Int(port)])
    if index != 0 {
      let claim = claims[index - 1]
      if claim.device.writePortWide(claim.block, Int(port &- claim.first), size, value) { return }
    }
    for i in 0..<size {
      write8(
        port &+ UInt16(truncatingIfNeeded: i), UInt8(truncatingIfNeeded: value >> UInt32(truncatingIfNeeded: 8 * i)))
    }
  }
}
