public import Hardware

/// The interrupt controllers of an AT: two 8259As at ports 20h and A0h, the slave's INT on the master's IR2.
///
/// The board feeds `setRequest` from the devices' interrupt lines; the processor watches `intr` and calls
/// `acknowledge`.
public final class InterruptController: Device {
  // MARK: State

  /// Both chips.
  public struct State: SavedState {
    /// Ports 20h-21h, IRQ 0-7.
    public var master = I8259()
    /// Ports A0h-A1h, IRQ 8-15.
    public var slave = I8259()
    /// Two chips before their first ICW1.
    public init() {}
  }
  /// All that changes.
  public var state = State()

  /// INTR to the processor.
  public let intr = Line()

  /// Two uninitialised controllers.
  public init() {}

  // MARK: Footprint

  /// What the device occupies.
  public var footprint: Footprint {
    Footprint(
      "pic", chip: "2 x Intel 8259A",
      [.ports(0x20...0x21, block: 0), .ports(0xA0...0xA1, block: 1), .line("intr", intr)])
  }

  /// The 8259A has no reset pin: nothing happens until the firmware writes ICW1.
  public func reset() {}

  // MARK: Ports

  /// See `Device`.
  public func readPort(_ block: Int, _ offset: Int) -> UInt8 {
    let value = block == 0 ? state.master.read(a0: offset) : state.slave.read(a0: offset)
    update()
    return value
  }

  /// See `Device`.
  public func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    if block == 0 { state.master.write(a0: offset, value) } else { state.slave.write(a0: offset, value) }
    update()
  }

  // MARK: Pins

  /// Sets the level of IRQ `irq`, 0 ... 15. IRQ 2 is the cascade and can't be driven from outside.
  public func setRequest(_ irq: Int, _ level: Bool) {
    switch irq {
    case 0...1, 3...7: state.master.setInput(irq, level)
    case 8...15: state.slave.setInput(irq &- 8, level)
    default: return
    }
    update()
  }

  /// The processor's two INTA cycles: the vector to take. A request that has vanished gives vector 7 of the master or
  /// of the slave, without a bit in that chip's ISR.
  public func acknowledge() -> UInt8 {
    let (level, real) = state.master.acknowledge()
    guard real, !state.master.single, state.master.icw3 & 1 << UInt8(level) != 0 else {
      update()
      return state.master.vector(level)
    }
    // The master puts the level on CAS0-2; the slave of that identity gives the vector. Nobody: the bus floats.
    var vector: UInt8 = 0xFF
    if level == 2, Int(state.slave.icw3 & 7) == level {
      vector = state.slave.vector(state.slave.acknowledge().level)
      // The slave's INT drops with INTA, so that another request makes a new edge at IR2.
      state.master.setInput(2, false)
    }
    update()
    return vector
  }

  // MARK: Helpers

  private func update() {
    state.master.setInput(2, state.slave.interrupt)
    intr.drive(state.master.interrupt)
  }
}
