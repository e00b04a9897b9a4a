public import Hardware
public import Storage

/// Floppy disk controller with its drives: Intel 82077AA at ports 3F0h-3F5h and 3F7h, IRQ 6, DMA channel 2.
///
/// **Time.** The disks' angle is a function of guest time; nothing runs while no command does. In a data field there is
/// one alarm per byte while the FIFO is disabled (as after a reset), one per burst of 16 - threshold bytes while it is
/// enabled and the host keeps up, and none while data isn't passed to the host (VERIFY, after TC). Seeking costs one
/// alarm per step.
///
/// **No index pulses, no end.** Without a disk or with the motor off a command that waits for index pulses waits for
/// ever, as on the chip; the host must time out and reset.
///
/// **Not modelled.** Writes beginning without perpendicular mode on 2.88M disks, the effect of write
/// precompensation, power-down savings. A reset in the middle of a sector's write leaves the old sector.
///
/// - Source: Intel 82077AA data sheet (290166); times from drive data sheets, see `FloppyDrive`.
public final class FloppyController: Device {
  // MARK: State

  /// All that changes.
  public struct State: SavedState {
    var chip = I82077AA()
    var drives = Bank<4, FloppyDrive>(repeating: FloppyDrive())
    var transfer = FloppyTransfer()
    /// Until when the heads stay loaded, and of which drive.
    var loadedUntil = Instant.zero
    var loadedUnit = 0
    /// What weak bits read as: a sequence of its own (xorshift), never 0.
    var noise: UInt32 = 0x2545_F491
    /// Power-on.
    public init() {}
  }
  /// The one mutable property.
  public var state = State()

  /// What is fixed when the machine is built.
  public struct Configuration: Wiring, Sendable {
    /// Drives on the cable, 0 ... 2: A and B.
    public var driveCount: Int
    /// Type of each drive; nil (or missing) lets the first disk choose.
    public var types: [FloppyDriveType?]
    /// Straps of the chip.
    public var mode: FloppyInterfaceMode
    /// `driveCount` drives of these types.
    public init(driveCount: Int = 2, types: [FloppyDriveType?] = [], mode: FloppyInterfaceMode = .at) {
      self.driveCount = min(max(driveCount, 0), 2)
      self.types = types
      self.mode = mode
    }

    func type(_ unit: Int) -> FloppyDriveType? { types.indices.contains(unit) ? types[unit] : nil }
  }
  let configuration: Configuration
  let slotA = FloppySlot()
  let slotB = FloppySlot()

  /// IRQ 6.
  public let interrupt = Line()
  /// DMA channel 2.
  public let dma = DMARequest()
  let stepAlarm = Alarm()
  let transferAlarm = Alarm()
  let resetAlarm = Alarm()

  /// A controller with empty drives.
  public init(_ configuration: Configuration = Configuration()) {
    self.configuration = configuration
    settleTypes()
    dma.deviceToMemory = { [unowned self] in UInt16(readFIFO()) }
    dma.memoryToDevice = { [unowned self] in writeFIFO(UInt8(truncatingIfNeeded: $0)) }
    dma.verify = { [unowned self] in
      if takesData { writeFIFO(0xFF) } else { _ = readFIFO() }
    }
    dma.terminalCount = { [unowned self] in terminalCount() }
  }

  private func settleTypes() {
    for unit in 0..<2 {
      guard let type = configuration.type(unit) else { continue }
      state.drives[unit].type = type
      state.drives[unit].isTypeSettled = true
    }
  }

  // MARK: Footprint

  /// What the device occupies.
  public var footprint: Footprint {
    Footprint(
      "fdc", chip: "Intel 82077AA",
      [
        .ports(0x3F0...0x3F5, block: 0), .ports(0x3F7...0x3F7, block: 1), .interrupt(6, interrupt), .dma(2, dma),
        .alarm("step", stepAlarm) { [unowned self] in stepDue() },
        .alarm("transfer", transferAlarm) { [unowned self] in transferDue() },
        .alarm("reset", resetAlarm) { [unowned self] in resetDone() },
        .part("drive-a", slotA), .part("drive-b", slotB),
      ])
  }

  var now: Instant { transferAlarm.now }

  // MARK: Disks

  func slot(_ unit: Int) -> FloppySlot? {
    guard unit < configuration.driveCount else { return nil }
    return unit == 0 ? slotA : slotB
  }

  /// The disk in a drive (0: A, 1: B).
  public func image(in drive: Int) -> FloppyImage? { slot(drive)?.image }

  /// The type of a drive; nil if there is no such drive. Without configuration, 1.44M until a disk chooses another.
  public func driveType(_ drive: Int) -> FloppyDriveType? {
    slot(drive) == nil ? nil : state.drives[drive].type
  }

  /// Puts a disk into a drive (0: A, 1: B), in exchange for the one that is there. A drive whose type isn't configured
  /// becomes the plainest one that takes the disk, unless it takes it already.
  ///
  /// - Throws: `wrongDrive` when the configured drive doesn't take it, or there is no such drive.
  public func insert(_ image: FloppyImage, drive: Int) throws(StorageError) {
    guard let slot = slot(drive) else {
      throw .wrongDrive(path: image.name, disk: image.geometry.name, drive: "missing")
    }
    let type = state.drives[drive].type
    if let fixed = configuration.type(drive) {
      guard fixed.accepts(image.geometry) else {
        throw .wrongDrive(path: image.name, disk: image.geometry.name, drive: fixed.rawValue)
      }
    } else if !state.drives[drive].isTypeSettled || !type.accepts(image.geometry) {
      state.drives[drive].type = image.geometry.driveType
      state.drives[drive].cylinder = min(state.drives[drive].cylinder, image.geometry.driveType.cylinders - 1)
      state.drives[drive].isTypeSettled = true
    }
    slot.image = image
    state.drives[drive].isChanged = true
    resumeStalled()
  }

  /// Takes the disk out of a drive (0: A, 1: B).
  @discardableResult
  public func eject(drive: Int) -> FloppyImage? {
    guard let slot = slot(drive), let image = slot.image else { return nil }
    slot.image = nil
    state.drives[drive].isChanged = true
    return image
  }

  /// Puts other disks into drives A and B (nil: none) without the drives noticing, as before a state is loaded in which
  /// they were there.
  public func exchange(_ images: [FloppyImage?]) {
    for (slot, image) in zip([slotA, slotB], images) { slot.image = image }
  }

  /// What the drive's lamp and motor do: for the front end.
  public func activity(_ drive: Int) -> (motor: Bool, light: Bool, cylinder: Int) {
    guard slot(drive) != nil else { return (false, false, 0) }
    let d = state.drives[drive]
    return (d.motorOn, d.motorOn && state.chip.dor.drive == drive, d.cylinder)
  }

  // MARK: Ports

  /// A byte is read from a port.
  public func readPort(_ block: Int, _ offset: Int) -> UInt8 {
    if block == 1 { return digitalInput() }
    switch offset {
    case 0: return statusA()
    case 1: return statusB()
    case 2: return state.chip.dor.rawValue
    case 3: return state.chip.tdr | 0xFC
    case 4:
      state.chip.isPoweredDown = false
      return state.chip.mainStatus(hostReads: !takesData, now: now)
    case 5:
      switch state.chip.phase {
      case .result:
        let byte = state.chip.takeResultByte(now: now)
        drivePins()
        return byte
      case .execution where state.chip.isNonDMA && !takesData: return readFIFO()
      default: return 0xFF
      }
    default: return 0xFF
    }
  }

  /// A byte is written to a port.
  public func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    if block == 1 {
      state.chip.rateSelect = value & 3
      state.chip.noPrecompensation = value & 4 != 0
      return
    }
    switch offset {
    case 2: writeDOR(FloppyDOR(rawValue: value))
    case 3: state.chip.tdr = value & 3
    case 4:
      state.chip.rateSelect = value & 3
      state.chip.precompensation = value >> 2 & 7
      state.chip.isPoweredDown = value & 0x40 != 0
      if value & 0x80 != 0, state.chip.dor.isRunning {
        softReset()
        resetAlarm.set(after: Self.resetTime)
      }
    case 5:
      state.chip.isPoweredDown = false
      switch state.chip.phase {
      case .command:
        let isComplete = state.chip.takeCommandByte(value, now: now)
        drivePins()
        if isComplete { execute() }
      case .execution where state.chip.isNonDMA && takesData: writeFIFO(value)
      default: break
      }
    default: break
    }
  }

  /// From the end of a reset to the polling interrupt and RQM.
  ///
  /// - Source: about 0.25 to 1 ms (device timing notes, medium confidence).
  static let resetTime = Span.microseconds(250)

  private func writeDOR(_ value: FloppyDOR) {
    let old = state.chip.dor
    state.chip.dor = value
    for unit in 0..<configuration.driveCount { state.drives[unit].setMotor(value.motor(unit), now: now) }
    if !value.isRunning {
      if old.isRunning { softReset() }
      resetAlarm.cancel()
    } else if !old.isRunning {
      resetAlarm.set(after: Self.resetTime)
    }
    drivePins()
    resumeStalled()
  }

  private func softReset() {
    state.chip.reset(hardware: false)
    state.transfer.isActive = false
    for unit in 0..<4 { state.drives[unit].movement = .none }
    stepAlarm.cancel()
    transferAlarm.cancel()
    drivePins()
  }

  /// After a reset the chip polls the drives, finds that "ready changed" on all four and says so four times.
  private func resetDone() {
    state.chip.phase = .command
    for unit in 0..<4 {
      state.chip.senseStatus[unit] = FloppyStatus0.code(3) | UInt8(unit)
    }
    state.chip.senseWaiting = 0x0F
    state.chip.senseInterrupt = true
    drivePins()
  }

  /// RESET DRV.
  public func reset() {
    var fresh = State()
    // Disks, heads and motors are outside the reset line's reach; the motors go off because DOR does.
    fresh.drives = state.drives
    for unit in 0..<4 {
      fresh.drives[unit].movement = .none
      fresh.drives[unit].setMotor(false, now: now)
    }
    state = fresh
    stepAlarm.cancel()
    transferAlarm.cancel()
    resetAlarm.cancel()
    drivePins()
  }

  /// A saved state has been loaded: repairs damage and rebuilds what is derived.
  public func stateLoaded() {
    // Numbers of a damaged state that would be out of a drive's reach.
    for unit in 0..<4 {
      let last = state.drives[unit].type.cylinders - 1
      state.drives[unit].cylinder = min(max(state.drives[unit].cylinder, 0), last)
      state.drives[unit].steps = min(max(state.drives[unit].steps, 0), 255)
    }
    state.loadedUnit &= 3
    if state.noise == 0 { state.noise = 1 }
    var transfer = state.transfer
    transfer.unit &= 3
    transfer.side &= 1
    transfer.buffer = Array(transfer.buffer.prefix(16_384))
    transfer.length = min(max(transfer.length, 0), transfer.buffer.count)
    transfer.position = min(max(transfer.position, 0), transfer.length)
    transfer.burst = min(max(transfer.burst, 1), 16)
    transfer.done = min(max(transfer.done, 0), 1 << 20)
    transfer.byteTime = min(max(transfer.byteTime, 1), 1_000_000_000)
    transfer.startIndex = min(max(transfer.startIndex, -1), 1 << 40)
    transfer.formatted = Array(transfer.formatted.prefix(255))
    state.transfer = transfer
  }

  // MARK: Helpers

  /// A command is being carried out that takes bytes from the host.
  private var takesData: Bool { state.transfer.isActive && state.transfer.kind.takesData }

  /// Puts the chip's outputs on the pins, as far as DMAGATE# lets them out.
  func drivePins() {
    let isGated = state.chip.dor.isGated
    interrupt.drive(state.chip.interrupt && isGated)
    dma.request.drive(state.chip.dmaRequest && isGated)
  }

  /// The drive that DOR selects; nil if there is none. (The data sheet also lets the motor bit gate the select outputs
  /// on some boards; here select alone counts.)
  var selected: Int? { state.chip.dor.drive < configuration.driveCount ? state.chip.dor.drive : nil }
}
