import Hardware
import Storage

/// Commands without data, and seeking.
extension FloppyController {
  /// Begins the command whose bytes are complete.
  func execute() {
    let bytes = state.chip.command
    guard let first = bytes.first, let command = I82077AA.Command(firstByte: first) else {
      return end([FloppyStatus0.code(2)])
    }
    func byte(_ at: Int) -> UInt8 { at < bytes.count ? bytes[at] : 0 }
    let unit = Int(byte(1) & 3)
    switch command {
    case .specify:
      state.chip.stepAndUnload = byte(1)
      state.chip.loadAndMode = byte(2)
      end([])
    case .senseDriveStatus: end([status3(unit: unit, head: byte(1) >> 2 & 1)])
    case .senseInterrupt: senseInterrupt()
    case .version: end([0x90])
    case .lock:
      state.chip.isLocked = first & 0x80 != 0
      end([state.chip.isLocked ? 0x10 : 0])
    case .configure:
      state.chip.configuration = byte(2) & 0x7F
      state.chip.precompensationTrack = byte(3)
      end([])
    case .perpendicular:
      let drives = byte(1) & 0x80 != 0 ? byte(1) & 0x3C : state.chip.perpendicular & 0x3C
      state.chip.perpendicular = drives | byte(1) & 3
      end([])
    case .dumpRegisters: dumpRegisters()
    case .recalibrate: beginSeek(unit, .recalibrate, steps: 79, inward: false)
    case .seek:
      let from = state.chip.presentCylinder[unit]
      let to = byte(2)
      state.chip.presentCylinder[unit] = to
      beginSeek(unit, .seek, steps: Int(max(from, to) - min(from, to)), inward: to > from)
    case .relativeSeek:
      let inward = first & 0x40 != 0
      let steps = byte(2)
      state.chip.presentCylinder[unit] =
        inward ? state.chip.presentCylinder[unit] &+ steps : state.chip.presentCylinder[unit] &- steps
      beginSeek(unit, .relative, steps: Int(steps), inward: inward)
    case .readData, .readDeleted, .writeData, .writeDeleted, .readTrack, .verify, .scanEqual, .scanLow, .scanHigh,
      .readID, .formatTrack:
      beginTransfer(command, bytes)
    }
  }

  /// Ends a command that raises no interrupt at its end.
  private func end(_ results: [UInt8]) {
    state.chip.give(results, interrupt: false)
    drivePins()
  }

  private func senseInterrupt() {
    guard let unit = (0..<4).first(where: { state.chip.senseWaiting >> UInt8($0) & 1 != 0 }) else {
      return end([FloppyStatus0.code(2)])
    }
    state.chip.senseWaiting &= ~(1 << UInt8(unit))
    state.chip.senseInterrupt = false
    end([state.chip.senseStatus[unit], state.chip.presentCylinder[unit]])
    // One interrupt stands for all four results after a reset; a seek that ended meanwhile asks again.
    if state.chip.hasSeekResult {
      state.chip.senseInterrupt = true
      drivePins()
    }
  }

  private func dumpRegisters() {
    let chip = state.chip
    end(
      chip.presentCylinder.array + [
        chip.stepAndUnload, chip.loadAndMode, chip.lastEOT, (chip.isLocked ? 0x80 : 0) | chip.perpendicular,
        chip.configuration, chip.precompensationTrack,
      ])
  }

  // MARK: Seeking

  /// What a seek takes besides its steps: the chip's own handling (unverified; an instant end would reach programs
  /// before they wait for it).
  private static let seekOverhead = Span.microseconds(20)

  private func beginSeek(_ unit: Int, _ movement: FloppyDrive.Movement, steps: Int, inward: Bool) {
    state.drives[unit].movement = movement
    state.drives[unit].steps = steps
    state.drives[unit].isInward = inward
    state.drives[unit].nextStep = now + Self.seekOverhead
    state.chip.seeking |= 1 << UInt8(unit)
    // The chip is free for other commands while the heads move.
    end([])
    armStep()
  }

  private func armStep() {
    var next = Instant.never
    for unit in 0..<4 where state.drives[unit].movement != .none { next = min(next, state.drives[unit].nextStep) }
    if next == .never { stepAlarm.cancel() } else { stepAlarm.set(at: next) }
  }

  func stepDue() {
    for unit in 0..<4 where state.drives[unit].movement != .none && state.drives[unit].nextStep <= now {
      step(unit)
    }
    armStep()
  }

  private func step(_ unit: Int) {
    let movement = state.drives[unit].movement
    let isThere = selected == unit
    let isAtTrack0 = isThere && state.drives[unit].isAtTrack0
    if state.drives[unit].steps == 0 || (movement == .recalibrate && isAtTrack0) {
      state.drives[unit].movement = .none
      var status = FloppyStatus0.seekEnd | UInt8(unit)
      if movement == .recalibrate {
        state.chip.presentCylinder[unit] = 0
        if !isAtTrack0 { status |= FloppyStatus0.code(1) | FloppyStatus0.equipmentCheck }
      }
      state.chip.seeking &= ~(1 << UInt8(unit))
      state.chip.senseStatus[unit] = status
      state.chip.senseWaiting |= 1 << UInt8(unit)
      state.chip.senseInterrupt = true
      return drivePins()
    }
    // Step pulses reach the drive that DOR selects.
    if isThere {
      state.drives[unit].step(
        inward: state.drives[unit].isInward, hasDisk: slot(unit)?.image != nil, now: now)
    }
    state.drives[unit].steps -= 1
    state.drives[unit].nextStep = now + state.chip.stepTime
  }
}
