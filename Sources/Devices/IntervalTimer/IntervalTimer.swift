public import Hardware

/// The interval timer of an AT: an 8254 on 1.193182 MHz at ports 40h-43h.
///
/// Edges are exact on the lines that somebody listens to. Without a listener a line's level is only brought up to date
/// at an access; `output(_:)` and `refreshToggle` are always exact.
public final class IntervalTimer: Device {
  // MARK: State

  /// The chip.
  public struct State: SavedState {
    /// The chip, at the CLK pulse of its last access.
    public var chip = I8254()
    /// A chip at power-on. GATE 2 is port 61h bit 0, low until the board says otherwise.
    public init() { chip.setGate(2, false) }
  }
  /// All that changes.
  public var state = State()

  /// OUT0: interrupt request 0.
  public let output0 = Line()
  /// OUT1: DRAM refresh request.
  public let output1 = Line()
  /// OUT2: speaker and port 61h bit 5.
  public let output2 = Line()
  private let edge = Alarm()
  /// The speaker's view of counter 2.
  public let speaker = Counter2Tap()

  /// Where counter 2 is watched without an alarm at every edge. Carries no guest state.
  public final class Counter2Tap: Wiring {
    /// Clocks from the second to the third argument pass; the counter is as at their beginning.
    public var follow: ((I8254Counter, Int64, Int64) -> Void)?
    /// The counter after a write or a change of its gate.
    public var changed: ((I8254Counter) -> Void)?
    init() {}
  }

  /// A timer at power-on.
  public init() {}

  // MARK: Footprint

  /// What the device occupies.
  public var footprint: Footprint {
    Footprint(
      "pit", chip: "Intel 8254",
      [
        .ports(0x40...0x43, block: 0), .interrupt(0, output0), .line("out1", output1), .line("out2", output2),
        .alarm("edge", edge) { [unowned self] in update() },
      ])
  }

  /// The 8254 has no reset pin: the counters run on.
  public func reset() {}

  /// Limits damaged values.
  public func stateLoaded() { state.chip.limit(now: Clock.pit.ticks(at: edge.now)) }

  // MARK: Ports

  /// See `Device`.
  public func readPort(_ block: Int, _ offset: Int) -> UInt8 {
    advance()
    return state.chip.read(offset)
  }

  /// See `Device`.
  public func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    advance()
    state.chip.write(offset, value)
    speaker.changed?(state.chip.counters[2])
    update()
  }

  // MARK: Pins

  /// Sets GATE of `counter`; on the board gates 0 and 1 are tied high, gate 2 is port 61h bit 0.
  public func setGate(_ counter: Int, _ level: Bool) {
    advance()
    state.chip.setGate(counter, level)
    speaker.changed?(state.chip.counters[2])
    update()
  }

  /// OUT of `counter` (0 ... 2) now.
  public func output(_ counter: Int) -> Bool {
    advance()
    return state.chip.out(counter)
  }

  /// The refresh flip-flop of port 61h bit 4: changes with every refresh request (rising edge of OUT1).
  public var refreshToggle: Bool {
    advance()
    return state.chip.counters[1].rises & 1 != 0
  }

  // MARK: Time

  private func advance() {
    let tick = Clock.pit.ticks(at: edge.now)
    if let follow = speaker.follow, tick > state.chip.tick { follow(state.chip.counters[2], state.chip.tick, tick) }
    state.chip.advance(to: tick)
  }

  /// Brings the counters up to now, for whoever watches counter 2.
  ///
  /// - Returns: whether its output goes on changing by itself.
  public func catchUp() -> Bool {
    advance()
    return state.chip.nextEdge(2) != nil
  }

  /// Brings the lines up to date and sets the alarm for the next edge that anybody hears.
  private func update() {
    advance()
    output0.drive(state.chip.out(0))
    output1.drive(state.chip.out(1))
    output2.drive(state.chip.out(2))
    var next = state.chip.nextEdge(0)
    if output1.isConnected, let tick = state.chip.nextEdge(1), tick < next ?? .max { next = tick }
    if output2.isConnected, let tick = state.chip.nextEdge(2), tick < next ?? .max { next = tick }
    if let next { edge.set(at: Clock.pit.instant(ofTick: next)) } else { edge.cancel() }
  }
}
