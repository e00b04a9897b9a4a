/// What a device occupies. One value: the backplane claims from it, `heirloom list devices` prints it, a test checks it.
public struct Footprint {
  /// One claim.
  public enum Item {
    /// I/O ports; reads and writes arrive as (block, offset from the first port).
    case ports(ClosedRange<UInt16>, block: Int)
    /// Physical memory answered by the device; whole 4 KB pages.
    case memory(ClosedRange<UInt32>, block: Int)
    /// An interrupt request wire of the board, IRQ 0 ... 15.
    case interrupt(Int, Line)
    /// A DMA channel, 0 ... 7.
    case dma(Int, DMARequest)
    /// Any other pin that the board connects; named, so that its level is saved.
    case line(String, Line)
    /// A moment of the device's own.
    case alarm(String, Alarm, () -> Void)
    /// A part with a state of its own.
    case part(String, any SavedPart)
  }

  /// Short lower-case name, unique on the board: the key in saved states and listings.
  public let name: String
  /// The chip, by part number.
  public let chip: String
  /// The claims.
  public let items: [Item]

  /// A footprint of a device called `name` with these claims.
  public init(_ name: String, chip: String, _ items: [Item]) {
    self.name = name
    self.chip = chip
    self.items = items
  }
}
