/// One stereo sample, 16 bits a side.
public struct StereoSample: Equatable, Sendable {
  /// Left.
  public var left: Int16
  /// Right.
  public var right: Int16

  /// A sample of two sides.
  @inlinable public init(left: Int16, right: Int16) {
    self.left = left
    self.right = right
  }
}

/// Something that plays at one constant rate and is asked for what it has played: CD audio.
public protocol AudioSource: AnyObject {
  /// Samples a second.
  var sampleRate: Int { get }
  /// Appends the samples from where the last call ended up to guest time `end`: tick n of a clock of `sampleRate` that
  /// started at power-on belongs to it if it begins before `end`. Silence needn't be appended: a call that appends
  /// nothing says that nothing is playing.
  func render(until end: Instant, into samples: inout [StereoSample])
}
