import Hardware
import Storage

/// Commands and their phases.
extension ATAController {
  /// The host writes the command register.
  func startCommand(_ command: UInt8) {
    // An absent slave takes no command; EXECUTE DEVICE DIAGNOSTIC is for both drives.
    guard slot(state.selected).isPresent || command == 0x90 else { return }
    let other = state.selected ^ 1
    if slot(other).isPresent, state.drives[other].status.contains(.busy) { return }
    let unit = slot(state.selected).isPresent ? state.selected : 0
    if state.drives[unit].isAsleep { return }
    state.drives[other].status.remove(.dataRequest)
    state.unit = unit
    state.command = command
    state.drives[unit].isInterruptPending = false
    state.drives[unit].status = .busy
    state.drives[unit].error = []
    state.remaining = state.drives[unit].sectors
    state.lba = -1
    if isLong { state.remaining = 1 }
    driveInterrupt()
    switch (slot(unit).isPacket, command) {
    case (true, 0xA0): startPacket()
    case (false, 0x20), (false, 0x21), (false, 0x22), (false, 0x23), (false, 0xC4):
      state.phase = .fetching
      alarm.set(after: accessTime())
    case (false, 0xEC), (false, 0xE4):
      state.phase = .fetching
      alarm.set(after: ATATiming.commandTime)
    case (false, 0x30), (false, 0x31), (false, 0x32), (false, 0x33), (false, 0x3C), (false, 0x50),
      (false, 0xC5),
      (false, 0xE8):
      state.phase = .preparing
      alarm.set(after: ATATiming.prepareTime)
    default:
      state.phase = .simple
      if command == 0x90 { state.drives[other].status = .busy }
      alarm.set(after: ATATiming.commandTime)
    }
  }

  /// BSY has lasted long enough.
  func due() {
    if state.phase == .leavingReset { return leaveReset() }
    if slot(state.unit).isPacket { return packetDue() }
    guard let disk = image(state.unit) else { return }
    switch state.phase {
    case .simple: simple(disk)
    case .fetching: fetch(disk)
    case .preparing:
      if state.command == 0xE8 {
        useSectorBuffer()
        request(.writing, interrupting: false)
      } else if state.command == 0x50 {
        prepareFormat(disk)
      } else if locate(disk) {
        request(.writing, interrupting: false)
      }
    case .storing: store(disk)
    default: break
    }
  }

  /// SRST is over. Without SET FEATURES 66h the MULTIPLE commands are disabled again; the translation is kept.
  /// (The latter is unverified: ATA-2 leaves it to the drive.)
  private func leaveReset() {
    for unit in 0..<2 {
      state.drives[unit].sign(isPacket: slot(unit).isPacket)
      if !state.drives[unit].keepsSettings { state.drives[unit].multiple = 0 }
    }
    state.selected = 0
    state.phase = .idle
    driveInterrupt()
  }

  // MARK: Data

  /// Sectors in a block of the present command, 0: the command isn't enabled.
  private var sectorsPerBlock: Int {
    switch state.command {
    case 0xC4, 0xC5: Int(state.drives[state.unit].multiple)
    default: 1
    }
  }

  /// Finds the first sector of a transfer and sizes the block that comes next.
  ///
  /// - Returns: false when the command has ended with an error.
  private func locate(_ disk: HardDiskImage) -> Bool {
    guard sectorsPerBlock > 0 else {
      finish(.aborted)
      return false
    }
    if state.lba < 0 {
      guard let lba = state.drives[state.unit].address(of: disk.sectorCount) else {
        finish(.idNotFound)
        return false
      }
      state.lba = lba
      state.drives[state.unit].isStandby = false
    }
    guard state.lba < disk.sectorCount else {
      finish(.idNotFound)
      return false
    }
    state.block = min(sectorsPerBlock, state.remaining, disk.sectorCount - state.lba)
    let length = state.block * HardDiskImage.sectorSize + (isLong ? Self.correctionBytes : 0)
    if state.buffer.count < length {
      state.buffer += [UInt8](repeating: 0, count: length - state.buffer.count)
    }
    state.length = length
    return true
  }

  private func fetch(_ disk: HardDiskImage) {
    if state.command == 0xE4 {
      useSectorBuffer()
      return request(.reading, interrupting: true)
    }
    if state.command == 0xEC {
      let number = channel.rawValue * 2 + state.unit + 1
      state.buffer = state.drives[state.unit].identity(of: disk, serial: "HL0000000\(number)")
      state.length = state.buffer.count
      state.remaining = 1
      state.block = 1
      return request(.reading, interrupting: true)
    }
    guard locate(disk) else { return }
    // READ MULTIPLE ends in front of the block: which of its sectors pass first, ATA-2 leaves to the drive.
    if !isLong, let bad = badSector(from: state.lba, count: state.block) {
      state.drives[state.unit].show(bad)
      return finish(.uncorrectable)
    }
    guard let bytes = disk.read(state.lba, count: state.block) else {
      let bad = (0..<state.block).first { disk.read(state.lba + $0) == nil } ?? 0
      state.drives[state.unit].show(state.lba + bad)
      return finish(.uncorrectable)
    }
    state.buffer = bytes
    if isLong { appendCorrection() }
    advance()
    request(.reading, interrupting: true)
  }

  /// READ and WRITE BUFFER: what the drive holds of the last transfer, a sector of it.
  func useSectorBuffer() {
    let missing = HardDiskImage.sectorSize - state.buffer.count
    if missing > 0 { state.buffer += [UInt8](repeating: 0, count: missing) }
    state.length = HardDiskImage.sectorSize
    state.remaining = 1
    state.block = 1
  }

  /// The registers follow: they show the last sector of the block, and how many come after it.
  private func advance() {
    state.drives[state.unit].show(state.lba + state.block - 1)
    state.remaining = max(state.remaining - state.block, 0)
    state.drives[state.unit].count = UInt8(truncatingIfNeeded: state.remaining)
    state.lba += state.block
    state.drives[state.unit].head = state.lba
  }

  func request(_ phase: Phase, interrupting: Bool) {
    state.phase = phase
    state.position = 0
    state.drives[state.unit].status = [.ready, .seekComplete, .dataRequest]
    if interrupting { state.drives[state.unit].isInterruptPending = true }
    driveInterrupt()
  }

  /// The host has read the block's last word.
  func blockIsRead() {
    if state.command == 0xA0 { return packetBlockIsRead() }
    if [0xEC, 0xA1, 0xE4].contains(state.command) { state.remaining = 0 }
    guard state.remaining > 0 else {
      state.phase = .idle
      state.drives[state.unit].status = .idle
      return
    }
    state.phase = .fetching
    state.drives[state.unit].status = .busy
    alarm.set(after: timing.sectorTime)
  }

  /// The host has written the block's last word.
  func blockIsWritten() {
    state.phase = .storing
    state.drives[state.unit].status = .busy
    let first = max(state.lba, 0)
    let access = timing.access(
      from: state.drives[state.unit].head, to: first, of: image(state.unit)?.sectorCount ?? 1, now: alarm.now)
    alarm.set(after: (timing == .fast ? timing.sectorTime : access) + timing.sectorTime * Int64(state.block - 1))
  }

  private func store(_ disk: HardDiskImage) {
    if state.command == 0xE8 { return finish() }
    if state.command == 0x50 { return format(disk) }
    for n in 0..<state.block {
      guard disk.write(state.lba + n, state.buffer, from: n * HardDiskImage.sectorSize) else {
        state.drives[state.unit].show(state.lba + n)
        return finish(.idNotFound)
      }
    }
    if isLong { keepCorrection() } else { heal(from: state.lba, count: state.block) }
    advance()
    guard state.remaining > 0 else { return finish() }
    if locate(disk) { request(.writing, interrupting: true) }
  }

  // MARK: Commands without data

  /// The end of a command, with an interrupt.
  func finish(_ error: ATAError = []) {
    state.phase = .idle
    state.drives[state.unit].error = error
    state.drives[state.unit].status = error.isEmpty ? .idle : [.idle, .error]
    if !error.isEmpty, state.lba >= 0, error == .idNotFound { state.drives[state.unit].show(state.lba) }
    state.drives[state.unit].isInterruptPending = true
    driveInterrupt()
  }

  private func simple(_ disk: HardDiskImage) {
    let unit = state.unit
    switch state.command {
    // RECALIBRATE
    case 0x10...0x1F:
      state.drives[unit].cylinderLow = 0
      state.drives[unit].cylinderHigh = 0
      finish()
    case 0x40, 0x41: verify(disk)
    // SEEK
    case 0x70...0x7F: finish(state.drives[unit].address(of: disk.sectorCount) == nil ? .idNotFound : [])
    case 0x90: diagnose()
    case 0x91: setTranslation()
    case 0xC6: setMultiple()
    case 0xEF: finish(setFeature() ? [] : .aborted)
    case 0xE0...0xE3, 0xE5, 0xE6, 0x94...0x99: power()
    // FLUSH CACHE (of ATA-4): busy until the host has everything on its disk.
    case 0xE7:
      if disk.flush() { finish() } else { alarm.set(after: timing.sectorTime * 100) }
    default: finish(.aborted)
    }
  }

  /// STANDBY (IMMEDIATE), SLEEP; IDLE (IMMEDIATE); CHECK POWER MODE. Timers are taken and never run out.
  func power() {
    let unit = state.unit
    switch state.command {
    case 0xE0, 0x94, 0xE2, 0x96: state.drives[unit].isStandby = true
    case 0xE6, 0x99:
      state.drives[unit].isAsleep = true
      state.drives[unit].isStandby = true
    case 0xE1, 0x95, 0xE3, 0x97: state.drives[unit].isStandby = false
    default: state.drives[unit].count = state.drives[unit].isStandby ? 0x00 : 0xFF
    }
    finish()
  }

  /// READ VERIFY: all sectors at once.
  private func verify(_ disk: HardDiskImage) {
    guard let first = state.drives[state.unit].address(of: disk.sectorCount) else { return finish(.idNotFound) }
    state.drives[state.unit].isStandby = false
    let last = min(first + state.remaining, disk.sectorCount)
    if let bad = badSector(from: first, count: last - first) {
      state.drives[state.unit].count = UInt8(truncatingIfNeeded: first + state.remaining - bad)
      state.drives[state.unit].show(bad)
      return finish(.uncorrectable)
    }
    let missing = state.remaining - (last - first)
    state.drives[state.unit].count = UInt8(truncatingIfNeeded: missing)
    state.drives[state.unit].show(last - 1)
    guard missing > 0 else { return finish() }
    state.lba = last
    finish(.idNotFound)
  }

  /// EXECUTE DEVICE DIAGNOSTIC: both drives; drive 0 speaks for both.
  func diagnose() {
    for unit in 0..<2 { state.drives[unit].sign(isPacket: slot(unit).isPacket) }
    state.selected = 0
    state.unit = 0
    finish(.diagnosticPassed)
    // The code in the error register isn't an error; a packet drive stays as after a reset.
    state.drives[0].status = slot(0).isPacket ? [] : .idle
  }

  /// INITIALIZE DEVICE PARAMETERS.
  private func setTranslation() {
    let drive = state.drives[state.unit]
    guard drive.count > 0 else { return finish(.aborted) }
    state.drives[state.unit].sectorsPerTrack = Int(drive.count)
    state.drives[state.unit].heads = Int(drive.deviceHead & 0x0F) + 1
    finish()
  }

  /// SET MULTIPLE MODE.
  private func setMultiple() {
    let count = state.drives[state.unit].count
    guard count & (count &- 1) == 0, Int(count) <= Self.maxMultiple else {
      state.drives[state.unit].multiple = 0
      return finish(.aborted)
    }
    state.drives[state.unit].multiple = count
    finish()
  }

  /// SET FEATURES. Cache settings are taken, and change nothing that the host can see.
  ///
  /// - Source: ATA-2, 8.25, table 15.
  func setFeature() -> Bool {
    let drive = state.drives[state.unit]
    switch drive.features {
    // 44h and BBh: correction bytes of the LONG commands as word 22 of IDENTIFY says, or four; both are four.
    case 0x02, 0x82, 0x55, 0xAA, 0x44, 0xBB: return true
    // Transfer mode: PIO by default, or PIO mode 0 ... 2 with IORDY.
    case 0x03: return [0x00, 0x01, 0x08, 0x09, 0x0A].contains(drive.count)
    case 0x66: state.drives[state.unit].keepsSettings = true
    case 0xCC: state.drives[state.unit].keepsSettings = false
    default: return false
    }
    return true
  }
}
