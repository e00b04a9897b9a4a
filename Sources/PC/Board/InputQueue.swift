public import Hardware

/// Where the person's hands meet the machine: events wait here until the guest time they are stamped with, so that a
/// run with the same events is the same run.
public final class InputQueue: Device {
  // MARK: State

  /// An event and when it is delivered.
  public struct Entry: Codable, Equatable, Sendable {
    /// Guest time.
    public var time: Instant
    /// What happens.
    public var event: InputEvent
  }
  /// What is still to come.
  public struct State: SavedState {
    /// In order of delivery.
    public var entries: [Entry] = []
    /// Nothing.
    public init() {}
  }
  public var state = State()

  /// Where events go.
  final class Receiver: Wiring {
    let receive: (InputEvent) -> Void
    init(_ receive: @escaping (InputEvent) -> Void) { self.receive = receive }
  }
  private let receiver: Receiver
  private let due = Alarm()

  /// A queue that hands its events to `receive`.
  public init(receive: @escaping (InputEvent) -> Void) { receiver = Receiver(receive) }

  // MARK: Footprint

  public var footprint: Footprint {
    Footprint("input", chip: "host input", [.alarm("due", due) { [unowned self] in deliver() }])
  }

  /// A reset of the machine doesn't take the person's hands off the keys.
  public func reset() {}

  // MARK: Time

  /// Delivers `event` at `time`, or at once if that has passed. Events of one time keep their order.
  public func post(_ event: InputEvent, at time: Instant) {
    let time = max(time, due.now)
    let index = state.entries.lastIndex { $0.time <= time }.map { $0 + 1 } ?? 0
    state.entries.insert(Entry(time: time, event: event), at: index)
    arm()
  }

  private func deliver() {
    let now = due.now
    while let entry = state.entries.first, entry.time <= now {
      state.entries.removeFirst()
      receiver.receive(entry.event)
    }
    arm()
  }

  private func arm() {
    if let first = state.entries.first { due.set(at: first.time) } else { due.cancel() }
  }
}
