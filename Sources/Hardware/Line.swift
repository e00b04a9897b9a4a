/// A pin and the wire on it: one driver, any number of listeners that the board connects.
///
/// The backplane saves the level of every line named in a footprint, so that a loaded machine sees no false edge.
public final class Line: Wiring {
  /// The level now; low at power-on.
  public private(set) var level = false
  private var listeners: [(Bool) -> Void] = []

  /// A low line with nothing connected.
  public init() {}

  /// Calls `listener` with the new level at every change from now on.
  public func connect(_ listener: @escaping (Bool) -> Void) { listeners.append(listener) }

  /// Whether anybody listens: a device needn't compute edges that nobody hears.
  public var isConnected: Bool { !listeners.isEmpty }

  /// Drives the line; listeners hear only changes.
  public func drive(_ newLevel: Bool) {
    guard newLevel != level else { return }
    level = newLevel
    for listener in listeners { listener(newLevel) }
  }

  /// Drives the line high.
  public func raise() { drive(true) }
  /// Drives the line low.
  public func lower() { drive(false) }
  /// High and low again at once (an edge).
  public func pulse() {
    drive(true)
    drive(false)
  }

  /// Sets the level without telling anybody: only for loading a saved state, where listeners load their own.
  func restore(_ saved: Bool) { level = saved }
}

/// A DMA channel's handshake as a device sees it: DREQ out, DACK-framed transfers and TC in.
///
/// The device drives `request`; the controller, when it grants the channel, calls `deviceToMemory` or
/// `memoryToDevice` once per transfer (a byte on channels 0-3, a word on 5-7), then `terminalCount` with the last one.
public final class DMARequest: Wiring {
  /// DREQ.
  public let request = Line()
  /// The device puts one unit on the bus (DMA "write transfer": device to memory).
  public var deviceToMemory: () -> UInt16 = { 0xFFFF }
  /// The device takes one unit from the bus (DMA "read transfer": memory to device).
  public var memoryToDevice: (UInt16) -> Void = { _ in }
  /// A verify transfer: the handshake without data.
  public var verify: () -> Void = {}
  /// TC (terminal count) was active with the transfer just made.
  public var terminalCount: () -> Void = {}

  /// An idle request.
  public init() {}
}
