public import Hardware

/// The board's soft power switch: the guest writes the letters of "Shutdown" one by one to port 8900h.
///
/// No PC of the time could switch itself off, so there is no chip to copy; this is the convention of another emulator,
/// which test programs and some systems already know.
///
/// - Source: Bochs, "unmapped" device: port 8900h, string "Shutdown".
public final class PowerPort: Device {
  // MARK: State

  /// How much of the word has come.
  public struct State: SavedState {
    /// Letters that were right so far.
    public var letters = 0
    /// Nothing has come.
    public init() {}
  }
  public var state = State()

  /// High when the power is to go off.
  public let off = Line()
  private static let word = Array("Shutdown".utf8)

  /// A switch that is on.
  public init() {}

  // MARK: Footprint

  public var footprint: Footprint {
    Footprint("power", chip: "soft power switch", [.ports(0x8900...0x8900, block: 0), .line("off", off)])
  }

  // MARK: Ports

  public func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    if state.letters < Self.word.count, value == Self.word[state.letters] {
      state.letters += 1
    } else {
      state.letters = value == Self.word[0] ? 1 : 0
    }
    guard state.letters == Self.word.count else { return }
    state.letters = 0
    off.pulse()
  }
}
