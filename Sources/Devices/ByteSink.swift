public import Hardware

/// Where a device's bytes leave the machine: a plug for whoever wants them. Carries no guest state.
public final class ByteSink: Wiring {
  /// Takes one byte; by default nobody does.
  public var take: (UInt8) -> Void = { _ in }
  /// A sink with nobody behind it.
  public init() {}
}

/// A pin whose level is asked for when it is needed, instead of being driven at every edge.
public final class Probe: Wiring {
  /// The level now; nil: nothing is connected.
  public var level: (() -> Bool)?
  /// A probe on nothing.
  public init() {}
}
