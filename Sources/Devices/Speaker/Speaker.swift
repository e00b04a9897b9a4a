public import Hardware

/// The speaker of a PC: a cone behind an AND gate of timer output 2 and port 61h bit 1.
///
/// It follows the timer's counter from access to access instead of being told each edge, so that a tone costs nothing
/// while nobody hears it. A tone above half the sample rate is taken as its mean: all its partials are inaudible. That
/// leaves pulse-width modulation exact, where it is the mean that is heard.
///
/// - Source: IBM AT Technical Reference, "Speaker tone generation".
public final class Speaker: Device {
  // MARK: State

  /// The gate's inputs.
  public struct State: SavedState {
    /// Port 61h bit 1.
    public var data = false
    /// Level last given, 0 ... 1.
    public var level: Float = 0
    /// Silence.
    public init() {}
  }
  /// All that changes.
  public var state = State()

  /// What is heard.
  public let output = AudioOutput()

  /// Level of the cone pushed out: a quarter of what a sound card can do (chosen by ear).
  private static let amplitude: Float = 0.25
  /// Timer clocks of the shortest period followed edge by edge: 23.9 kHz.
  private static let shortest = 50

  /// A silent speaker.
  public init() {}

  // MARK: Footprint

  /// What the device occupies.
  public var footprint: Footprint { Footprint("speaker", chip: "speaker", []) }

  /// RESET reaches the speaker only through port 61h.
  public func reset() {}

  /// Limits damaged values.
  public func stateLoaded() { state.level = state.level >= 0 ? min(state.level, 1) : 0 }

  // MARK: Pins

  /// Port 61h bit 1 changed at `now`, with counter 2 of the timer as it is then.
  public func setData(_ data: Bool, _ counter: I8254Counter, now: Instant) {
    state.data = data
    output(data ? Self.level(counter) : 0, at: now)
    if data { output.input?.wake() }
  }

  /// The timer was written to, or its gate changed: counter 2 is at `counter` at `now`.
  public func timerChanged(_ counter: I8254Counter, now: Instant) {
    guard state.data else { return }
    output(Self.level(counter), at: now)
    output.input?.wake()
  }

  /// Timer clocks `from` to `to` pass without an access; `counter` is counter 2 at their beginning.
  public func follow(_ counter: I8254Counter, from: Int64, to: Int64) {
    guard state.data else { return }
    if Self.mean(counter) != nil { return output(Self.level(counter), at: Clock.pit.instant(ofTick: from)) }
    var (counter, tick) = (counter, from)
    while let pulses = counter.pulsesToEdge, tick &+ pulses <= to {
      counter.clock(pulses)
      tick &+= pulses
      output(Self.level(counter), at: Clock.pit.instant(ofTick: tick))
      if Self.mean(counter) != nil { return }
    }
  }

  private static func level(_ counter: I8254Counter) -> Float { mean(counter) ?? (counter.out ? 1 : 0) }

  /// The mean of a tone too high to be heard; nil for all else.
  private static func mean(_ counter: I8254Counter) -> Float? {
    guard counter.mode == 2 || counter.mode == 3, counter.reload < shortest, !counter.loadPending,
      counter.pulsesToEdge != nil
    else { return nil }
    let high = counter.mode == 2 ? counter.reload - 1 : (counter.reload + 1) / 2
    return Float(high) / Float(counter.reload)
  }

  private func output(_ level: Float, at time: Instant) {
    guard level != state.level else { return }
    state.level = level
    let value = level * Self.amplitude
    output.input?.hold(value, value, at: time, rate: 0)
  }
}
