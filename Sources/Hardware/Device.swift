/// A device: a class that holds one mutable property, `state`, and wiring. Its chip is a value inside the state.
///
/// A device never calls the processor or another device: it drives its `Line`s and `DMARequest`s and arms its
/// `Alarm`s. The backplane reads its `footprint` once, at attachment.
public protocol Device: AnyObject {
  associatedtype State: SavedState
  /// All that changes. The default value of every field is its power-on value.
  var state: State { get set }
  /// What the device occupies: the one declaration of its ports, memory, interrupts, DMA channels and alarms.
  var footprint: Footprint { get }

  /// A byte is read at `offset` from the start of port block `block`.
  func readPort(_ block: Int, _ offset: Int) -> UInt8
  /// A byte is written at `offset` from the start of port block `block`.
  func writePort(_ block: Int, _ offset: Int, _ value: UInt8)
  /// A word or dword read in one bus cycle (`size` 2 or 4); nil to have it split into bytes, lowest address first.
  func readPortWide(_ block: Int, _ offset: Int, _ size: Int) -> UInt32?
  /// A word or dword write in one bus cycle; false to have it split into bytes.
  func writePortWide(_ block: Int, _ offset: Int, _ size: Int, _ value: UInt32) -> Bool

  /// How many of the next wide reads (`writes`: writes) of `size` bytes there do nothing but hand over data that is at
  /// hand: no line, no alarm and no register but the place in the data changes by them. They may then be done at once,
  /// by the two methods below, with the time of none of them. Default: none.
  func plainAccesses(_ block: Int, _ offset: Int, _ size: Int, writes: Bool) -> Int
  /// Does as many plain reads as fill `data`.
  func readPlainly(_ block: Int, _ offset: Int, _ data: UnsafeMutableRawBufferPointer)
  /// Does the plain writes that `data` holds.
  func writePlainly(_ block: Int, _ offset: Int, _ data: UnsafeRawBufferPointer)

  /// A byte is read at `offset` from the start of memory block `block`.
  func readMemory(_ block: Int, _ offset: UInt32) -> UInt8
  /// A byte is written at `offset` from the start of memory block `block`.
  func writeMemory(_ block: Int, _ offset: UInt32, _ value: UInt8)
  /// A word or dword read at `offset` (`size` 2 or 4, never across the block's end); default: split into bytes.
  func readMemoryWide(_ block: Int, _ offset: UInt32, _ size: Int) -> UInt32
  /// A word or dword write at `offset`; default: split into bytes.
  func writeMemoryWide(_ block: Int, _ offset: UInt32, _ size: Int, _ value: UInt32)

  /// The bus's RESET DRV pulse (power-good or the reset button). Default: back to the power-on state.
  func reset()
  /// A saved state has just been put into `state`: rebuild what is derived from it. Default: nothing.
  func stateLoaded()
}

extension Device {
  public func readPort(_ block: Int, _ offset: Int) -> UInt8 { 0xFF }
  public func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {}
  public func readPortWide(_ block: Int, _ offset: Int, _ size: Int) -> UInt32? { nil }
  public func writePortWide(_ block: Int, _ offset: Int, _ size: Int, _ value: UInt32) -> Bool { false }
  public func plainAccesses(_ block: Int, _ offset: Int, _ size: Int, writes: Bool) -> Int { 0 }
  public func readPlainly(_ block: Int, _ offset: Int, _ data: UnsafeMutableRawBufferPointer) {}
  public func writePlainly(_ block: Int, _ offset: Int, _ data: UnsafeRawBufferPointer) {}
  public func readMemory(_ block: Int, _ offset: UInt32) -> UInt8 { 0xFF }
  public func writeMemory(_ block: Int, _ offset: UInt32, _ value: UInt8) {}
  public func readMemoryWide(_ block: Int, _ offset: UInt32, _ size: Int) -> UInt32 {
    var value: UInt32 = 0
    for i in 0..<UInt32(size) { value |= UInt32(readMemory(block, offset &+ i)) << (8 &* i) }
    return value
  }
  public func writeMemoryWide(_ block: Int, _ offset: UInt32, _ size: Int, _ value: UInt32) {
    for i in 0..<UInt32(size) { writeMemory(block, offset &+ i, UInt8(truncatingIfNeeded: value >> (8 &* i))) }
  }
  public func reset() { state = State() }
  public func stateLoaded() {}

  func savedState() throws -> SavedValue { try state.savedValue() }

  func load(_ saved: SavedValue) throws -> [String] {
    let (loaded, ignored) = try State.loading(saved)
    state = loaded
    return ignored
  }
}

/// A part of a device with a state of its own that is swapped while the machine runs: a medium in a drive.
public protocol SavedPart: AnyObject {
  /// The part's state as a tree.
  func savedPart() throws -> SavedValue
  /// Takes back what `savedPart` gave.
  ///
  /// - Throws: `SavedStateError.mismatch` when the part can't be what was saved (another medium, say).
  func loadPart(_ saved: SavedValue) throws
  /// Throws what `loadPart` would, and changes nothing. A state is loaded only if all parts can take theirs.
  func checkPart(_ saved: SavedValue) throws
}

extension SavedPart {
  /// For parts that take whatever they have saved.
  public func checkPart(_ saved: SavedValue) throws {}
}
