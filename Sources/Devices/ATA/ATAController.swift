public import Hardware
public import Storage

/// One ATA channel with one or two drives, hard disks or CD-ROM drives: ports 1F0h-1F7h and 3F6h with IRQ 14, or
/// 170h-177h and 376h with IRQ 15.
///
/// **Time.** `ATATiming` says how long BSY lasts: constant times, or seeks and rotation. Spinning up after power-on isn't
/// modelled.
///
/// **Not modelled.** DMA; commands of both drives at the same time (the host is not to give a command while the other
/// drive is at work: it is ignored while that is busy, and ends that one's transfer while it waits for data); the
/// overlapped commands of SFF-8020i. The drive address register at 3F7h belongs to the floppy controller here.
///
/// - Source: ATA-2 (X3T10/948D); SFF-8020i revision 2.6 for packet devices.
public final class ATAController: Device {
  // MARK: State

  /// What the alarm brings.
  enum Phase: UInt8, Codable, Sendable {
    case idle
    /// A command without data is at work; its effect comes at the end.
    case simple
    /// The next block is on its way from the disk.
    case fetching
    /// The host is to read the block.
    case reading
    /// The drive gets ready for the first block.
    case preparing
    /// The host is to write the block.
    case writing
    /// A block is on its way to the disk.
    case storing
    /// SRST is set.
    case inReset
    /// SRST was taken back.
    case leavingReset
    /// A packet drive gets ready for the command packet.
    case packetPreparing
    /// The host is to write the packet.
    case packet
    /// The packet's command is at work.
    case packetWorking
    /// The next block of data that is at hand.
    case packetMore
    /// The next blocks are on their way from the disc.
    case packetFetching
    /// The host is to write the command's parameters.
    case parameters
    /// The parameters have come.
    case packetTaking
    /// The status is on its way.
    case packetEnding
  }

  /// All that changes.
  public struct State: SavedState {
    var drives = Bank<2, ATADrive>(repeating: ATADrive())
    /// What packet drives know beside their registers.
    var packets = Bank<2, PacketDrive>(repeating: PacketDrive())
    /// Device control register: nIEN is bit 1, SRST bit 2.
    var control: UInt8 = 0
    /// The selected drive.
    var selected = 0
    /// What goes on, for drive `unit`, by command `command`.
    var phase = Phase.idle
    var unit = 0
    var command: UInt8 = 0
    /// The first sector of the block (-1: not looked up yet), and how many sectors are left with it.
    var lba = 0
    var remaining = 0
    /// Sectors in the block.
    var block = 0
    /// The block, how much of it has passed the data register, and its length.
    var buffer: [UInt8] = []
    var position = 0
    var length = 0
    /// Power-on.
    public init() {}
  }
  /// The one mutable property.
  public var state = State()

  /// Which of the two channels.
  public enum Channel: Int, Wiring, Sendable {
    case primary, secondary
  }
  let channel: Channel
  let timing: ATATiming
  let master: ATASlot
  let slave: ATASlot

  /// IRQ 14 or 15.
  public let interrupt = Line()
  let alarm = Alarm()
  let audioCable = AudioCable()

  /// The largest block of READ and WRITE MULTIPLE, in sectors.
  static let maxMultiple = 16
  /// From the end of SRST to the signature. - Source: ATA-2, 9.1: up to 31 s allowed; 1 ms is a choice.
  static let resetTime = Span.milliseconds(1)

  /// A channel with a master and perhaps a slave.
  public init(_ channel: Channel, master: ATADevice?, slave: ATADevice? = nil, timing: ATATiming = .fast) {
    self.channel = channel
    self.timing = timing
    self.master = ATASlot(master)
    self.slave = ATASlot(slave)
    signAll()
  }

  func slot(_ unit: Int) -> ATASlot { unit == 0 ? master : slave }

  /// The hard disk at drive 0 or 1.
  public func image(_ unit: Int) -> HardDiskImage? { slot(unit).image }

  /// Whether drive 0 or 1 is a CD-ROM drive.
  public func isCDROM(_ unit: Int) -> Bool { slot(unit).isPacket }

  private func signAll() {
    for unit in 0..<2 { state.drives[unit].sign(isPacket: slot(unit).isPacket) }
  }

  // MARK: Footprint

  /// What the device occupies.
  public var footprint: Footprint {
    let first = channel == .primary
    return Footprint(
      first ? "ata0" : "ata1", chip: "ATA-2 drives",
      [
        .ports(first ? 0x1F0...0x1F7 : 0x170...0x177, block: 0),
        .ports(first ? 0x3F6...0x3F6 : 0x376...0x376, block: 1),
        .interrupt(first ? 14 : 15, interrupt), .alarm("drive", alarm) { [unowned self] in due() },
        .part("master", master), .part("slave", slave),
      ])
  }

  /// RESET-: as power-on.
  public func reset() {
    let packets = state.packets
    state = State()
    // The disc and the tray are out of the line's reach.
    for unit in 0..<2 {
      state.packets[unit] = packets[unit]
      state.packets[unit].reset()
    }
    signAll()
    alarm.cancel()
    interrupt.lower()
  }

  /// A state whose numbers don't fit together must not reach beyond the buffer.
  public func stateLoaded() {
    state.selected &= 1
    state.unit &= 1
    state.length = min(max(state.length, 0), state.buffer.count)
    state.position = min(max(state.position, 0), state.length)
    state.block = min(max(state.block, 0), state.length / 512)
    state.remaining = min(max(state.remaining, 0), 256)
    state.lba = min(max(state.lba, -1), 1 << 28)
    for unit in 0..<2 {
      state.drives[unit].heads = min(max(state.drives[unit].heads, 1), 16)
      state.drives[unit].sectorsPerTrack = min(max(state.drives[unit].sectorsPerTrack, 1), 255)
      state.drives[unit].multiple = min(state.drives[unit].multiple, UInt8(Self.maxMultiple))
      state.drives[unit].head = min(max(state.drives[unit].head, 0), 1 << 28)
      state.packets[unit].repair()
    }
  }

  // MARK: Ports

  /// A read of a register. While the drive is busy all registers of the command block read as the status.
  public func readPort(_ block: Int, _ offset: Int) -> UInt8 {
    if block == 1 { return status.rawValue }
    if offset == 0 { return UInt8(truncatingIfNeeded: readData()) }
    let status = status
    // An absent slave: drive 0 answers, with a status of 00h. - Source: ATA-2, 7.2 (device 0 responds for device 1).
    if offset == 7 {
      state.drives[state.selected].isInterruptPending = false
      driveInterrupt()
      return status.rawValue
    }
    if status.contains(.busy) { return status.rawValue }
    let drive = state.drives[slot(state.selected).isPresent ? state.selected : 0]
    switch offset {
    case 1: return drive.error.rawValue
    case 2: return drive.count
    case 3: return drive.sector
    case 4: return drive.cylinderLow
    case 5: return drive.cylinderHigh
    // Bits 7 and 5 read as ones. - Source: ATA-1 (X3.221), 7.2.6.
    default: return drive.deviceHead & 0x4F | 0xA0 | UInt8(truncatingIfNeeded: state.selected) << 4
    }
  }

  /// A write of a register. Both drives take it in, but the selected one alone takes a command.
  public func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    if block == 1 { return writeControl(value) }
    if offset == 0 { return writeData(UInt16(value)) }
    // DEVICE RESET is taken at any time; else, while a drive is busy, the command block is its own.
    if offset == 7, value == 0x08, slot(state.selected).isPacket { return resetPacketDrive() }
    if state.drives[state.selected].status.contains(.busy), slot(state.selected).isPresent { return }
    if offset == 7 { return startCommand(value) }
    if offset == 6 { state.selected = Int(value >> 4 & 1) }
    for unit in 0..<2 where !state.drives[unit].status.contains(.busy) {
      switch offset {
      case 1: state.drives[unit].features = value
      case 2: state.drives[unit].count = value
      case 3: state.drives[unit].sector = value
      case 4: state.drives[unit].cylinderLow = value
      case 5: state.drives[unit].cylinderHigh = value
      default: state.drives[unit].deviceHead = value
      }
    }
    driveInterrupt()
  }

  /// The data register takes words; doublewords are two of them.
  public func readPortWide(_ block: Int, _ offset: Int, _ size: Int) -> UInt32? {
    guard block == 0, offset == 0 else { return nil }
    let low = UInt32(readData())
    return size == 4 ? low | UInt32(readData()) << 16 : low
  }

  /// See `readPortWide`.
  public func writePortWide(_ block: Int, _ offset: Int, _ size: Int, _ value: UInt32) -> Bool {
    guard block == 0, offset == 0 else { return false }
    writeData(UInt16(truncatingIfNeeded: value))
    if size == 4 { writeData(UInt16(truncatingIfNeeded: value >> 16)) }
    return true
  }

  /// All accesses to the data register but the one that ends the block.
  public func plainAccesses(_ block: Int, _ offset: Int, _ size: Int, writes: Bool) -> Int {
    guard block == 0, offset == 0, state.unit == state.selected, writes ? takesData : state.phase == .reading else {
      return 0
    }
    return max(state.length &- state.position &- 1, 0) / size
  }

  /// See `plainAccesses`.
  public func readPlainly(_ block: Int, _ offset: Int, _ data: UnsafeMutableRawBufferPointer) {
    let at = state.position
    guard at >= 0, data.count < state.length &- at, state.length <= state.buffer.count else { return }
    state.buffer.withUnsafeBytes { data.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[at..<at + data.count])) }
    state.position = at + data.count
  }

  /// See `plainAccesses`.
  public func writePlainly(_ block: Int, _ offset: Int, _ data: UnsafeRawBufferPointer) {
    let at = state.position
    guard at >= 0, data.count < state.length &- at, state.length <= state.buffer.count else { return }
    state.buffer.withUnsafeMutableBytes {
      UnsafeMutableRawBufferPointer(rebasing: $0[at..<at + data.count]).copyMemory(from: data)
    }
    state.position = at + data.count
  }

  /// The selected drive's status; 00h if there is none.
  private var status: ATAStatus { slot(state.selected).isPresent ? state.drives[state.selected].status : [] }

  private func readData() -> UInt16 {
    let at = state.position
    guard state.phase == .reading, state.unit == state.selected, at < state.length else { return 0xFFFF }
    // The last word of an odd number of bytes is filled up.
    let word = UInt16(state.buffer[at]) | (at + 1 < state.length ? UInt16(state.buffer[at + 1]) << 8 : 0)
    state.position = at + 2
    if at + 2 >= state.length { blockIsRead() }
    return word
  }

  /// The host is to write to the data register.
  private var takesData: Bool {
    state.phase == .writing || state.phase == .packet || state.phase == .parameters
  }

  private func writeData(_ word: UInt16) {
    let at = state.position
    guard takesData, state.unit == state.selected, at < state.length else { return }
    state.buffer[at] = UInt8(truncatingIfNeeded: word)
    if at + 1 < state.length { state.buffer[at + 1] = UInt8(truncatingIfNeeded: word >> 8) }
    state.position = at + 2
    guard at + 2 >= state.length else { return }
    if state.phase == .writing { blockIsWritten() } else { packetBytesAreWritten() }
  }

  /// nIEN and SRST.
  private func writeControl(_ value: UInt8) {
    let before = state.control
    state.control = value
    if value & 4 != 0, before & 4 == 0 {
      for unit in 0..<2 {
        state.drives[unit].status = .busy
        state.drives[unit].isInterruptPending = false
      }
      state.phase = .inReset
      alarm.cancel()
    } else if value & 4 == 0, before & 4 != 0 {
      state.phase = .leavingReset
      alarm.set(after: Self.resetTime)
    }
    driveInterrupt()
  }

  // MARK: Helpers

  /// INTRQ of the selected drive, behind nIEN.
  func driveInterrupt() {
    interrupt.drive(
      slot(state.selected).isPresent && state.drives[state.selected].isInterruptPending && state.control & 2 == 0)
  }
}
