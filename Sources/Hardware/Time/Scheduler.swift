/// Marks what a device may hold besides its `state`: pins, alarms, request lines, constants of construction. Things
/// that carry no guest state of their own, or whose state the backplane saves (alarm deadlines, line levels).
/// A test walks every attached device and refuses any other stored property.
public protocol Wiring {}

/// One pending moment of a device. Armed and disarmed by its device, fired by the `Scheduler`.
///
/// The handler given in the device's `Footprint` runs with `now` equal to the deadline, and may arm the alarm again.
public final class Alarm: Wiring {
  @usableFromInline var scheduler: Scheduler?
  @usableFromInline var slot = 0

  /// A disarmed alarm, not yet attached to a scheduler.
  public init() {}

  /// Guest time now; zero while the alarm isn't attached.
  @inlinable public var now: Instant { scheduler?.now ?? .zero }

  /// When the alarm goes off, or nil while it is disarmed.
  public var deadline: Instant? {
    guard let scheduler, scheduler.deadlines[slot] != .never else { return nil }
    return scheduler.deadlines[slot]
  }

  /// Arms the alarm for `instant` (a moment that has passed fires at once, in order), replacing an earlier deadline.
  public func set(at instant: Instant) { scheduler?.set(slot, instant) }

  /// Arms the alarm for `span` from now.
  public func set(after span: Span) { scheduler?.set(slot, now + span) }

  /// Disarms the alarm.
  public func cancel() { scheduler?.set(slot, .never) }
}

/// Keeps guest time and fires alarms in order of their deadlines; equal deadlines in order of attachment.
public final class Scheduler: Wiring {
  /// Guest time now. The processor publishes it before every device access.
  public private(set) var now = Instant.zero
  /// The nearest deadline, `Instant.never` if no alarm is armed.
  public private(set) var nextDeadline = Instant.never
  /// Called when a deadline nearer than `nextDeadline` was set: the processor shortens its slice.
  public var onNearerDeadline: (() -> Void)?

  @usableFromInline var deadlines: [Instant] = []
  private var handlers: [() -> Void] = []
  private var names: [String] = []

  /// A scheduler at power-on.
  public init() {}

  /// Attaches `alarm`; `name` identifies its deadline in a saved state.
  public func attach(_ alarm: Alarm, name: String, handler: @escaping () -> Void) {
    alarm.scheduler = self
    alarm.slot = deadlines.count
    deadlines.append(.never)
    handlers.append(handler)
    names.append(name)
  }

  func set(_ slot: Int, _ instant: Instant) {
    let old = deadlines[slot]
    deadlines[slot] = instant
    if instant < nextDeadline {
      nextDeadline = instant
      onNearerDeadline?()
    } else if old == nextDeadline {
      nextDeadline = deadlines.min() ?? .never
    }
  }

  /// Moves guest time to `instant`, firing every alarm that is due up to and including it, each at its own deadline.
  /// Time never runs backwards: an earlier `instant` fires what is due and leaves `now` alone.
  @inlinable public func advance(to instant: Instant) {
    if nextDeadline <= instant { fire(upTo: instant) }
    move(to: instant)
  }

  @usableFromInline func move(to instant: Instant) {
    if now < instant { now = instant }
  }

  @usableFromInline func fire(upTo instant: Instant) {
    // `never` is the mark of a disarmed alarm, so it isn't due even when time is moved to the very end.
    while nextDeadline <= instant, nextDeadline != .never {
      let due = nextDeadline
      guard let slot = deadlines.firstIndex(of: due) else { return }
      deadlines[slot] = .never
      nextDeadline = deadlines.min() ?? .never
      if now < due { now = due }
      handlers[slot]()
    }
  }

  // MARK: Saved state

  /// Guest time and all armed deadlines by name.
  public struct State: SavedState {
    var now = Instant.zero
    var deadlines: [String: Instant] = [:]
    /// Power-on: time zero, nothing armed.
    public init() {}
  }

  /// What a saved state keeps of the scheduler.
  public var state: State {
    get {
      var state = State()
      state.now = now
      for (name, deadline) in zip(names, deadlines) where deadline != .never { state.deadlines[name] = deadline }
      return state
    }
    set {
      now = newValue.now
      for slot in names.indices { deadlines[slot] = newValue.deadlines[names[slot]] ?? .never }
      nextDeadline = deadlines.min() ?? .never
      onNearerDeadline?()
    }
  }
}
