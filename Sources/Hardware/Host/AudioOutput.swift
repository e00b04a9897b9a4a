/// What an `AudioOutput` is plugged into.
public protocol AudioInput: AnyObject {
  /// The level from `time` on, -1 ... 1 a side. `rate` is that of the converter which makes the steps, 0 for edges
  /// that come at any time.
  func hold(_ left: Float, _ right: Float, at time: Instant, rate: Float)
  /// Samples in pairs (left, right), 16 bits, at 44.1 kHz or more: tick `first` of `clock` and those that follow.
  func stream(_ samples: UnsafeBufferPointer<Int16>, first: Int64, clock: Clock)
  /// How loud the source is from now on, 0 ... 1 a side.
  func setGain(_ left: Float, _ right: Float)
  /// The source is about to sound: ask it for its samples from now on.
  func wake()
}

/// A device's analogue output. The device gives what it plays; whoever has connected to it asks it now and then to
/// come up to date.
///
/// What is given must not depend on when it is asked for.
public final class AudioOutput: Wiring {
  /// Where the sound goes; nil: nobody listens.
  public var input: (any AudioInput)?
  /// Has the device give what it has played up to now; returns whether it goes on sounding by itself.
  public var refill: () -> Bool = { false }

  /// An open output.
  public init() {}
}
