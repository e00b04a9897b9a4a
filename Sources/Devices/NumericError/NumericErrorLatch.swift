public import Hardware

/// The AT's way of reporting numeric errors: FERR# sets a latch that requests interrupt 13; a write to port F0h clears
/// it and lets the processor go on (IGNNE# on a 486, the release of BUSY# beside a 386) until FERR# goes away. Port F1h
/// resets the 287 of an AT; beside a 387 or with a 486 it does nothing but clear the latch.
///
/// - Source: IBM PC AT Technical Reference (coprocessor control); i486 data sheet 240440, FERR# and IGNNE#.
public final class NumericErrorLatch: Device {
  // MARK: State

  /// All that changes.
  public struct State: SavedState {
    /// FERR# is asserted.
    var error = false
    /// The latch.
    var isLatched = false
    /// Power-on.
    public init() {}
  }
  /// All that changes.
  public var state = State()

  /// Interrupt request 13.
  public let interrupt = Line()
  /// IGNNE#, active high here.
  public let ignore = Line()

  /// A latch at power-on.
  public init() {}

  // MARK: Footprint

  /// What the device occupies.
  public var footprint: Footprint {
    Footprint(
      "npx", chip: "numeric error latch",
      [.ports(0xF0...0xF1, block: 0), .interrupt(13, interrupt), .line("ignne", ignore)])
  }

  /// RESET DRV.
  public func reset() {
    state = State()
    interrupt.lower()
    ignore.lower()
  }

  // MARK: Ports

  /// A write to either port, whatever the value.
  public func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    state.isLatched = false
    interrupt.lower()
    if state.error { ignore.raise() }
  }

  // MARK: Pins

  /// FERR#: true while the numeric unit reports an error.
  public func setError(_ level: Bool) {
    state.error = level
    if level {
      state.isLatched = true
      interrupt.raise()
    } else {
      ignore.lower()
    }
  }
}
