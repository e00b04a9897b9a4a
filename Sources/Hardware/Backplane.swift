/// Why a device can't be attached.
public enum BackplaneError: Error, Equatable, CustomStringConvertible {
  /// What is wanted twice, by whom, and who has it.
  case conflict(String, String, String)
  /// Two devices of one name.
  case duplicateName(String)

  public var description: String {
    switch self {
    case .conflict(let what, let name, let other): "\(name) wants \(what), which belongs to \(other)"
    case .duplicateName(let name): "two devices are called \(name)"
    }
  }
}

/// What every device is plugged into: time, I/O space, memory, and the wires of the slot. The board above it says
/// which devices there are and where their pins go.
public final class Backplane: Wiring {
  /// Guest time.
  public let scheduler = Scheduler()
  /// Ports.
  public let io = IOSpace()
  /// Physical memory.
  public let memory: PhysicalMemory
  /// All attached devices, in order of attachment.
  public private(set) var devices: [any Device] = []
  /// The footprints of `devices`.
  public private(set) var footprints: [Footprint] = []
  /// Interrupt requests of the devices by IRQ number; the board connects them to the interrupt controllers.
  public private(set) var interrupts: [(irq: Int, line: Line, device: String)] = []
  /// DMA requests by channel; the board connects them to the DMA controllers.
  public private(set) var dmaRequests: [(channel: Int, request: DMARequest, device: String)] = []

  private var lines: [(name: String, line: Line)] = []
  private var parts: [(name: String, part: any SavedPart)] = []

  /// A backplane with `ramSize` bytes of RAM.
  public init(ramSize: Int = 1 << 20) { memory = PhysicalMemory(ramSize: ramSize) }

  /// Claims everything in the device's footprint.
  ///
  /// - Throws: `BackplaneError` when something is taken already, naming both devices.
  public func attach(_ device: any Device) throws(BackplaneError) {
    let footprint = device.footprint
    let name = footprint.name
    if footprints.contains(where: { $0.name == name }) { throw .duplicateName(name) }
    for item in footprint.items {
      switch item {
      case .ports(let ports, let block): try io.claim(ports, device, name: name, block: block)
      case .memory(let range, let block): try memory.claim(range, device, name: name, block: block)
      case .interrupt(let irq, let line):
        interrupts.append((irq, line, name))
        lines.append(("\(name).irq\(irq)", line))
      case .dma(let channel, let request):
        if let other = dmaRequests.first(where: { $0.channel == channel }) {
          throw .conflict("DMA channel \(channel)", name, other.device)
        }
        dmaRequests.append((channel, request, name))
        lines.append(("\(name).drq\(channel)", request.request))
      case .line(let pin, let line): lines.append(("\(name).\(pin)", line))
      case .alarm(let label, let alarm, let handler):
        scheduler.attach(alarm, name: "\(name).\(label)", handler: handler)
      case .part(let label, let part): parts.append(("\(name).\(label)", part))
      }
    }
    devices.append(device)
    footprints.append(footprint)
  }

  /// RESET DRV: every device goes back to its reset state.
  public func reset() {
    for device in devices { device.reset() }
  }

  // MARK: Saved state

  /// Levels of the named lines that are high, and the memory map's gate.
  struct Wires: SavedState {
    var highLines: [String] = []
    var a20Open = true
  }

  /// Time, wires, RAM, and each device by name.
  public func savedState() throws -> SavedValue {
    var members: [String: SavedValue] = [:]
    for (device, footprint) in zip(devices, footprints) { members[footprint.name] = try device.savedState() }
    for (name, part) in parts { members["part:" + name] = try part.savedPart() }
    var wires = Wires()
    wires.highLines = lines.filter(\.line.level).map(\.name)
    wires.a20Open = memory.addressMask == 0xFFFF_FFFF
    return .object([
      "devices": .object(members),
      "scheduler": try scheduler.state.savedValue(),
      "wires": try wires.savedValue(),
      "ram": .bytes(Array(UnsafeBufferPointer(start: memory.ram, count: memory.ramSize))),
    ])
  }

  /// Looks at all of `saved`, and changes nothing.
  ///
  /// - Throws: what `load` would.
  public func check(_ saved: SavedValue, memory patch: MemoryPatch? = nil) throws { _ = try decode(saved, patch) }

  private struct Decoded {
    var members: [String: SavedValue]
    var ram: MemoryPatch
    var time: Scheduler.State
    var wires: Wires
  }

  private func decode(_ saved: SavedValue, _ patch: MemoryPatch?) throws -> Decoded {
    guard case .object(let members)? = saved["devices"], let savedScheduler = saved["scheduler"],
      let savedWires = saved["wires"]
    else { throw SavedStateError.missing(path: "devices, scheduler or wires") }
    let ram: MemoryPatch
    if let patch {
      ram = patch
    } else if case .bytes(let bytes)? = saved["ram"] {
      ram = MemoryPatch(
        ramSize: bytes.count, pieces: [MemoryPatch.Piece(address: 0, offset: 0, count: bytes.count)], bytes: bytes)
    } else {
      throw SavedStateError.missing(path: "ram")
    }
    guard ram.ramSize == memory.ramSize else {
      throw SavedStateError.mismatch(
        "the state has \(ram.ramSize >> 10) KB of memory, this machine \(memory.ramSize >> 10) KB")
    }
    var wanted = Set(members.keys)
    // A device that the state doesn't know came with a later version: it is as at power-on, and so are its parts.
    for (name, part) in parts {
      guard wanted.remove("part:" + name) != nil || members[String(name.prefix { $0 != "." })] == nil else {
        throw SavedStateError.mismatch("the state has no part:\(name)")
      }
      try part.checkPart(members["part:" + name] ?? .null)
    }
    wanted.subtract(footprints.map(\.name))
    if let extra = wanted.min() { throw SavedStateError.mismatch("this machine has no \(extra)") }
    for (device, footprint) in zip(devices, footprints) {
      try check(device, members[footprint.name] ?? .object([:]))
    }
    return Decoded(
      members: members, ram: ram, time: try Scheduler.State.loading(savedScheduler).state,
      wires: try Wires.loading(savedWires).state)
  }

  /// Puts every part of `saved` back. Nothing is changed unless all of it can be taken by this set of devices.
  ///
  /// - Parameter patch: RAM, as far as it differs from what it is now; nil: it is in `saved`.
  /// - Returns: paths of saved values that nothing asked for.
  /// - Throws: `SavedStateError`; `mismatch` names a device that this machine hasn't got, or a size that differs.
  public func load(_ saved: SavedValue, memory patch: MemoryPatch? = nil) throws -> [String] {
    let decoded = try decode(saved, patch)
    let (members, ram, time, wires) = (decoded.members, decoded.ram, decoded.time, decoded.wires)
    var ignored: [String] = []
    for (device, footprint) in zip(devices, footprints) {
      ignored += try device.load(members[footprint.name] ?? .object([:])).map { footprint.name + "." + $0 }
    }
    for (name, part) in parts { try part.loadPart(members["part:" + name] ?? .null) }
    ram.apply(to: memory.ram)
    memory.setA20(open: wires.a20Open)
    let high = Set(wires.highLines)
    for (name, line) in lines { line.restore(high.contains(name)) }
    scheduler.state = time
    for device in devices { device.stateLoaded() }
    memory.onMapChange?()
    return ignored
  }

  private func check<D: Device>(_ device: D, _ saved: SavedValue) throws {
    _ = try D.State.loading(saved)
  }
}
