public import Hardware

/// The real-time clock and CMOS memory of an AT: an MC146818A at ports 70h (index, NMI mask) and 71h (data), IRQ 8.
///
/// Its time is guest time added to the start date given at construction.
public final class RealTimeClock: Device {
  // MARK: State

  /// Chip and index latch.
  public struct State: SavedState {
    /// The chip with its memory.
    public var chip = MC146818()
    /// Port 70h bits 6-0.
    public var index: UInt8 = 0
    /// Port 70h bit 7: NMI is switched off.
    public var nmiMasked = false
    /// A clock at all zeros with empty memory; `RealTimeClock.init` sets both.
    public init() {}
  }
  /// All that changes.
  public var state = State()

  /// Interrupt request 8.
  public let interrupt = Line()
  /// High while port 70h bit 7 keeps NMI from the processor.
  public let nmiMask = Line()
  private let next = Alarm()

  /// A clock that shows `start` at power-on, over memory laid out by `cmos`.
  public init(start: RTCDate, cmos: CMOSSetup) {
    for (i, value) in cmos.bytes.enumerated() where i > 0x0D && i < 128 { state.chip.memory[i] = value }
    state.chip.setDate(start)
  }

  // MARK: Footprint

  /// What the device occupies.
  public var footprint: Footprint {
    Footprint(
      "rtc", chip: "Motorola MC146818A",
      [
        .ports(0x70...0x71, block: 0), .interrupt(8, interrupt), .line("nmi-mask", nmiMask),
        .alarm("interrupt", next) { [unowned self] in update() },
      ])
  }

  /// RESET switches the chip's interrupts off; time and memory live on the battery. NMI is masked after a reset.
  public func reset() {
    advance()
    state.chip.reset()
    state.index = 0
    state.nmiMasked = true
    update()
  }

  /// Limits damaged values.
  public func stateLoaded() { state.chip.limit(now: Clock.rtc.ticks(at: next.now)) }

  // MARK: Ports

  /// See `Device`.
  public func readPort(_ block: Int, _ offset: Int) -> UInt8 {
    // The index latch of the AT is write-only.
    guard offset == 1 else { return 0xFF }
    advance()
    let value = state.chip.read(Int(state.index))
    update()
    return value
  }

  /// See `Device`.
  public func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    if offset == 0 {
      state.index = value & 0x7F
      state.nmiMasked = value & 0x80 != 0
      nmiMask.drive(state.nmiMasked)
      return
    }
    advance()
    state.chip.write(Int(state.index), value)
    update()
  }

  // MARK: Time

  private func advance() { state.chip.advance(to: Clock.rtc.ticks(at: next.now)) }

  private func update() {
    advance()
    interrupt.drive(state.chip.interrupt)
    nmiMask.drive(state.nmiMasked)
    if let tick = state.chip.nextInterrupt {
      next.set(at: Clock.rtc.instant(ofTick: tick))
    } else {
      next.cancel()
    }
  }
}
