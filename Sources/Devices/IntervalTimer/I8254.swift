public import Hardware

/// Intel 8254 programmable interval timer: three counters on one clock. Time is the absolute number of CLK pulses.
///
/// - Source: Intel 231164, 8254 data sheet.
public struct I8254: Codable, Equatable, Sendable {
  // MARK: State

  /// The counters.
  public private(set) var counters = Bank<3, I8254Counter>(repeating: I8254Counter())
  /// The CLK pulse up to which the counters have been moved.
  public private(set) var tick: Int64 = 0

  /// A chip at power-on.
  public init() {}

  // MARK: Time

  /// Moves all counters on to CLK pulse `tick`; earlier pulses are ignored.
  public mutating func advance(to tick: Int64) {
    let n = tick &- self.tick
    guard n > 0 else { return }
    self.tick = tick
    for i in counters.indices { counters[i].clock(n) }
  }

  /// The CLK pulse at which OUT of `counter` (0 ... 2) next changes by itself.
  public func nextEdge(_ counter: Int) -> Int64? {
    guard let pulses = counters[min(max(counter, 0), 2)].pulsesToEdge else { return nil }
    return tick &+ pulses
  }

  /// After loading: brings values that can't be into their ranges. `now` is the present CLK pulse.
  mutating func limit(now: Int64) {
    tick = min(max(tick, 0), now)
    for i in counters.indices { counters[i].limit() }
  }

  // MARK: Pins

  /// The OUT pin of `counter` (0 ... 2).
  public func out(_ counter: Int) -> Bool { counters[min(max(counter, 0), 2)].out }

  /// Sets the GATE pin of `counter` (0 ... 2).
  public mutating func setGate(_ counter: Int, _ level: Bool) { counters[min(max(counter, 0), 2)].setGate(level) }

  // MARK: Registers

  /// Reads register A1-A0 = `offset`. The control word register can't be read.
  public mutating func read(_ offset: Int) -> UInt8 {
    let n = offset & 3
    return n < 3 ? counters[n].read() : 0xFF
  }

  /// Writes register A1-A0 = `offset`.
  public mutating func write(_ offset: Int, _ value: UInt8) {
    let n = offset & 3
    if n < 3 { return counters[n].write(value) }
    let select = Int(value >> 6)
    if select == 3 {
      // Read-back: COUNT and STATUS are active low.
      for i in counters.indices where value & 2 << UInt8(i) != 0 {
        if value & 0x20 == 0 { counters[i].latchCount() }
        if value & 0x10 == 0 { counters[i].latchStatus() }
      }
    } else if value & 0x30 == 0 {
      counters[select].latchCount()
    } else {
      counters[select].control(value)
    }
  }
}
