public import Hardware

/// The DMA controllers of an AT: channels 0-3 (bytes) at ports 00h-0Fh, channels 4-7 (words; 4 is the cascade) at
/// C0h-DFh, and the page registers.
///
/// A transfer happens at the moment it is requested, the bus being free; then the bus is taken for `cycle` a transfer,
/// and further requests wait. `onHold` tells the board, whose processor may have to wait, too.
///
/// - Source: Intel 231466; IBM AT Technical Reference, DMA page registers; docs on timing: 5 to 6 clocks at 5 MHz.
public final class DMAController: Device {
  // MARK: State

  /// Chips and page registers.
  public struct State: SavedState {
    /// Channels 0-3.
    public var low = I8237()
    /// Channels 4-7; its channel 0 is the cascade from `low`.
    public var high = I8237()
    /// Page registers 80h ... 8Fh by the low four bits of the port; 0 and 4 aren't claimed here.
    public var pages = Bank<16, UInt8>(repeating: 0)
    /// Set while transfers are being made: requests that arrive from within wait for the loop.
    var serving = false
    /// After reset; page registers are undefined in the chip, here 0.
    public init() {}
  }
  /// All that changes.
  public var state = State()

  /// The devices on the channels.
  private final class Channels: Wiring {
    var requests = [DMARequest?](repeating: nil, count: 8)
    var hold: ((Span) -> Void)?
  }
  private let channels = Channels()
  private let memory: PhysicalMemory
  private let busFree = Alarm()

  /// Time that a transfer keeps the bus from the next: 5 clocks of 4.77 MHz.
  static let cycle = Span.nanoseconds(1_048)
  /// Page register (low four bits of the port) of channels 0 ... 7.
  private static let pageOf = [0x7, 0x3, 0x1, 0x2, 0xF, 0xB, 0x9, 0xA]
  /// Transfers at one go before the loop lets guest time pass: a full count. A device that never drops its request
  /// in auto-initialise mode must not hang us.
  private static let burst = 65_536

  /// Controllers that move data to and from `memory`.
  public init(memory: PhysicalMemory) { self.memory = memory }

  /// HOLD: the bus is taken for that long from now on.
  public var onHold: ((Span) -> Void)? {
    get { channels.hold }
    set { channels.hold = newValue }
  }

  // MARK: Footprint

  /// What the device occupies.
  public var footprint: Footprint {
    Footprint(
      "dma", chip: "2 x Intel 8237A, 74LS612",
      [
        .ports(0x00...0x0F, block: 0), .ports(0xC0...0xDF, block: 1), .ports(0x81...0x83, block: 2),
        .ports(0x85...0x8F, block: 3), .alarm("bus-free", busFree) { [unowned self] in serve() },
      ])
  }

  /// RESET clears the controllers; the page registers have no reset pin.
  public func reset() {
    state.low.masterClear()
    state.high.masterClear()
    busFree.cancel()
  }

  /// No transfer is ever under way when a state is saved.
  public func stateLoaded() { state.serving = false }

  /// Puts a device on `channel`, 0 ... 3 or 5 ... 7.
  public func connect(_ channel: Int, _ request: DMARequest) {
    guard (0..<8).contains(channel), channel != 4 else { return }
    channels.requests[channel] = request
    request.request.connect { [unowned self] level in setRequest(channel, level) }
  }

  // MARK: Ports

  /// See `Device`.
  public func readPort(_ block: Int, _ offset: Int) -> UInt8 {
    switch block {
    case 0: state.low.read(offset)
    case 1: state.high.read(offset >> 1)
    case 2: state.pages[(offset &+ 1) & 15]
    default: state.pages[(offset &+ 5) & 15]
    }
  }

  /// See `Device`.
  public func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    switch block {
    case 0: state.low.write(offset, value)
    case 1: state.high.write(offset >> 1, value)
    case 2: state.pages[(offset &+ 1) & 15] = value
    default: state.pages[(offset &+ 5) & 15] = value
    }
    if block < 2 { request() }
  }

  // MARK: Transfers

  private func setRequest(_ channel: Int, _ level: Bool) {
    if channel < 4 { state.low.setRequest(channel, level) } else { state.high.setRequest(channel &- 4, level) }
    if level || state.low.command & 0x40 != 0 || state.high.command & 0x40 != 0 { request() }
  }

  private func request() {
    // While the bus is taken the alarm will look for what is waiting.
    if !state.serving, busFree.deadline == nil { serve() }
  }

  /// The channel that gets the bus: an input of `high`, or through the cascade one of `low`.
  private var granted: Int? {
    state.high.setRequest(0, state.low.pendingChannel != nil)
    guard let n = state.high.pendingChannel else { return nil }
    if n != 0 { return state.high.channels[n].mode.request == .cascade ? nil : n &+ 4 }
    guard state.high.channels[0].mode.request == .cascade, let low = state.low.pendingChannel,
      state.low.channels[low].mode.request != .cascade
    else { return nil }
    return low
  }

  private func serve() {
    state.serving = true
    defer { state.serving = false }
    guard let channel = granted else { return }
    var done: Int64 = 0
    let mode = channel < 4 ? state.low.channels[channel].mode : state.high.channels[channel &- 4].mode
    var last = false
    repeat {
      last = transfer(channel, mode)
      done &+= 1
    } while !last && goesOn(channel, mode) && done < Self.burst
    if channel < 4 {
      state.low.served(channel)
      state.high.served(0)
    } else {
      state.high.served(channel &- 4)
    }
    busFree.set(after: Self.cycle * done)
    channels.hold?(Self.cycle * done)
  }

  private func goesOn(_ channel: Int, _ mode: I8237.Mode) -> Bool {
    switch mode.request {
    case .block: true
    case .demand: channel < 4 ? state.low.isRequested(channel) : state.high.isRequested(channel &- 4)
    case .single, .cascade: false
    }
  }

  /// One transfer; true if it was the last one.
  private func transfer(_ channel: Int, _ mode: I8237.Mode) -> Bool {
    let page = UInt32(state.pages[Self.pageOf[channel & 7]])
    let device = channels.requests[channel & 7]
    let last: Bool
    if channel < 4 {
      let cycle = state.low.transfer(channel)
      last = cycle.terminalCount
      // The page doesn't count: addresses wrap within 64 KB.
      let address = page << 16 | UInt32(cycle.address)
      switch mode.transfer {
      case .write: memory.write8(address, UInt8(truncatingIfNeeded: device?.deviceToMemory() ?? 0xFF))
      case .read: device?.memoryToDevice(UInt16(memory.read8(address)))
      case .verify, .illegal: device?.verify()
      }
    } else {
      let cycle = state.high.transfer(channel &- 4)
      last = cycle.terminalCount
      // A16-A1 come from the controller, A23-A17 from the page register: addresses wrap within 128 KB.
      let address = (page & 0xFE) << 16 | UInt32(cycle.address) << 1
      switch mode.transfer {
      case .write: memory.write(address, size: 2, UInt32(device?.deviceToMemory() ?? 0xFFFF))
      case .read: device?.memoryToDevice(UInt16(truncatingIfNeeded: memory.read(address, size: 2)))
      case .verify, .illegal: device?.verify()
      }
    }
    if last { device?.terminalCount() }
    return last
  }
}
