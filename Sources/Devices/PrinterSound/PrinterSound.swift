public import Hardware

/// A converter on the printer port: the Covox Speech Thing, eight resistors on the data lines, or the Disney Sound
/// Source, which plays bytes at 7 kHz from a queue of 16.
///
/// - Source: the Sound Source Interface programmer's guide (Disney, 1990), as cited by other emulators (recalled): a
///   rising edge of control bit 3 takes the data byte, status bit 6 is 1 while the queue is full.
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
    let level = Float(Int(value) - 128) / 128
    output.input?.hold(level, level, at: sample.now, rate: rate)
  }
}
