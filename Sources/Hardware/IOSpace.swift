/// The 64 K I/O space: who answers at which port.
///
/// Accesses of 16 and 32 bits go to the device at once if it takes them, else they are split into bytes, lowest port
/// first, as the bus does for 8-bit devices. A port nobody answers reads 0xFF (the bus floats high).
public final class IOSpace: Wiring {
  private var claims = BusClaims()
  /// Index into `claims` plus one; 0 where nobody answers.
  private let map: UnsafeMutablePointer<UInt8>

  /// How often a port that nobody answers was accessed, by port. For diagnosis; not part of the machine's state.
  public private(set) var unclaimedAccesses: [UInt16: Int] = [:]

  /// An empty space.
  public init() {
    map = .allocate(capacity: 65_536)
    map.initialize(repeating: 0, count: 65_536)
  }

  deinit {
    map.deallocate()
    claims.deallocate()
  }

  /// Gives `ports` to `device`.
  ///
  /// - Throws: `BackplaneError.conflict` naming both devices if a port is taken.
  func claim(_ ports: ClosedRange<UInt16>, _ device: any Device, name: String, block: Int) throws(BackplaneError) {
    for port in ports where map[Int(port)] != 0 {
      throw .conflict("port 0x\(String(port, radix: 16))", name, claims.name(Int(map[Int(port)]) - 1))
    }
    guard let index = claims.add(device, name: name, first: UInt32(ports.lowerBound), block: block) else {
      throw .conflict("I/O space", name, "\(BusClaims.capacity) other port blocks")
    }
    for port in ports { map[Int(port)] = UInt8(index + 1) }
  }

  /// The last access of more than a byte was answered in 16-bit cycles (IOCS16#). Belongs to that access: not saved.
  public private(set) var wasWide = false

  /// Reads a byte.
  public func read8(_ port: UInt16) -> UInt8 {
    let index = Int(map[Int(port)])
    if index == 0 {
      unclaimedAccesses[port, default: 0] &+= 1
      return 0xFF
    }
    let claim = claims.claims[index &- 1]
    return claim.slot._withUnsafeGuaranteedRef { $0.readPort(claim.block, Int(port) &- Int(claim.first)) }
  }

  /// Writes a byte.
  public func write8(_ port: UInt16, _ value: UInt8) {
    let index = Int(map[Int(port)])
    if index == 0 {
      unclaimedAccesses[port, default: 0] &+= 1
      return
    }
    let claim = claims.claims[index &- 1]
    claim.slot._withUnsafeGuaranteedRef { $0.writePort(claim.block, Int(port) &- Int(claim.first), value) }
  }

  /// Reads `size` (1, 2 or 4) bytes.
  public func read(_ port: UInt16, size: Int) -> UInt32 {
    if size == 1 { return UInt32(read8(port)) }
    let index = Int(map[Int(port)])
    if index != 0 {
      let claim = claims.claims[index &- 1]
      let wide = claim.slot._withUnsafeGuaranteedRef {
        $0.readPortWide(claim.block, Int(port) &- Int(claim.first), size)
      }
      if let wide {
        wasWide = true
        return wide
      }
    }
    wasWide = false
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
      let claim = claims.claims[index &- 1]
      let taken = claim.slot._withUnsafeGuaranteedRef {
        $0.writePortWide(claim.block, Int(port) &- Int(claim.first), size, value)
      }
      if taken {
        wasWide = true
        return
      }
    }
    wasWide = false
    for i in 0..<size {
      write8(
        port &+ UInt16(truncatingIfNeeded: i), UInt8(truncatingIfNeeded: value >> UInt32(truncatingIfNeeded: 8 * i)))
    }
  }

  // MARK: Plain accesses

  /// How many of the next accesses of `size` bytes to `port` only hand over data: see `Device.plainAccesses`.
  public func plainAccesses(_ port: UInt16, size: Int, writes: Bool) -> Int {
    let index = Int(map[Int(port)])
    if index == 0 { return 0 }
    let claim = claims.claims[index &- 1]
    return claim.slot._withUnsafeGuaranteedRef {
      $0.plainAccesses(claim.block, Int(port) &- Int(claim.first), size, writes: writes)
    }
  }

  /// Fills `data` by plain reads of `port`, no more than `plainAccesses` has told.
  public func readPlainly(_ port: UInt16, _ data: UnsafeMutableRawBufferPointer) {
    let index = Int(map[Int(port)])
    if index == 0 { return }
    let claim = claims.claims[index &- 1]
    claim.slot._withUnsafeGuaranteedRef { $0.readPlainly(claim.block, Int(port) &- Int(claim.first), data) }
  }

  /// Writes `data` to `port` by plain writes, no more than `plainAccesses` has told.
  public func writePlainly(_ port: UInt16, _ data: UnsafeRawBufferPointer) {
    let index = Int(map[Int(port)])
    if index == 0 { return }
    let claim = claims.claims[index &- 1]
    claim.slot._withUnsafeGuaranteedRef { $0.writePlainly(claim.block, Int(port) &- Int(claim.first), data) }
  }
}
