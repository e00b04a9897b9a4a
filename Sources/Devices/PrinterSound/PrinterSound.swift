public import Hardware

/// A converter on the printer port: the Covox Speech Thing, eight resistors on the data lines, or the Disney Sound
/// Source, which plays bytes at 7 kHz from a queue of 16.
///
/// The Disney's box gets its power from the same control bit 3 that clocks the queue: 0 on, 1 off. A pulse is too short
/// to switch it off, so power isn't modelled: it stays silent because nothing is sent.
///
/// - Source: "Sound Source Summary" and "Some notes on programming for the Disney Sound Source" (anonymous, 1990s): 04h
///   switches on, 0Ch off; a pulse of control bit 3 sends, status bit 6 is 1 while the queue is full. That the rising
///   edge of the bit takes the byte is unverified.
public final class PrinterSound: Device {
  /// Which of them.
  public enum Model: String, Codable, Sendable {
    /// Covox Speech Thing.
    case covox
    /// Disney Sound Source.
    case disney
  }

  // MARK: State

  /// Data lines and queue.
  public struct State: SavedState {
    var data: UInt8 = 0
    var control: UInt8 = 0
    var queue: [UInt8] = []
    /// Nothing written.
    public init() {}
  }
  /// All that changes.
  public var state = State()

  private struct Build: Wiring { let model: Model }
  private let build: Build
  /// What is heard.
  public let output = AudioOutput()
  private let sample = Alarm()

  private static let depth = 16
  private static let rate: Int64 = 7000

  /// A converter of that kind.
  public init(_ model: Model) { build = Build(model: model) }

  // MARK: Footprint

  /// What the device occupies: nothing but the plug.
  public var footprint: Footprint {
    Footprint(
      "printer-sound", chip: build.model == .covox ? "Covox Speech Thing" : "Disney Sound Source",
      [.alarm("sample", sample) { [unowned self] in next() }])
  }

  /// The bus's RESET doesn't reach the plug; the port's own reset comes as writes.
  public func reset() {}

  /// Limits damaged values.
  public func stateLoaded() { state.queue = Array(state.queue.prefix(Self.depth)) }

  // MARK: Pins

  /// The data lines change.
  public func setData(_ value: UInt8) {
    state.data = value
    if build.model == .covox { play(value, rate: 0) }
  }

  /// The control register is written.
  public func setControl(_ value: UInt8) {
    let rises = value & ~state.control & 0x08 != 0
    state.control = value
    guard build.model == .disney, rises, state.queue.count < Self.depth else { return }
    state.queue.append(state.data)
    if sample.deadline == nil { arm() }
  }

  /// The line that status bit 6 shows: a full queue; nil: the plug leaves it alone.
  public var acknowledge: Bool? { build.model == .disney ? state.queue.count == Self.depth : nil }

  // MARK: Time

  private func arm() {
    let clock = Clock(numerator: UInt64(Self.rate))
    sample.set(at: clock.instant(ofTick: clock.ticks(at: sample.now) &+ 1))
  }

  private func next() {
    guard !state.queue.isEmpty else { return }
    play(state.queue.removeFirst(), rate: Float(Self.rate))
    arm()
  }

  private func play(_ value: UInt8, rate: Float) {
    // From 0 upwards, as the resistors do: the lines are low at power-on, and that must not be a step.
    let level = Float(value) / 128
    output.input?.hold(level, level, at: sample.now, rate: rate)
  }
}
