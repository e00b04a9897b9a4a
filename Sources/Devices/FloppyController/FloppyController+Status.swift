import Hardware
import Storage

/// The input registers that show drive signals.
extension FloppyController {
  private struct Signals {
    var isTrack0 = false
    var isIndex = false
    var isProtected = false
    var isChanged = false
  }

  private var signals: Signals {
    guard let unit = selected else { return Signals() }
    let drive = state.drives[unit]
    let image = slot(unit)?.image
    return Signals(
      isTrack0: drive.isAtTrack0,
      isIndex: image != nil && drive.motorOn && now >= drive.readyAt && drive.isIndex(at: now),
      isProtected: image?.isWriteProtected ?? false,
      // 360 KB drives have no change line (their pin 34 is READY or open).
      isChanged: drive.type != .drive360K && drive.isChanged)
  }

  /// Status register A; the bus floats in AT mode.
  func statusA() -> UInt8 {
    let chip = state.chip
    let s = signals
    let side = state.transfer.side == 1
    let inward = selected.map { state.drives[$0].isInward } ?? false
    switch configuration.mode {
    case .at: return 0xFF
    case .ps2:
      return bits([
        chip.interrupt, configuration.driveCount < 2, false, !s.isTrack0, side, !s.isIndex, !s.isProtected, inward,
      ])
    case .model30:
      return bits([
        chip.interrupt, chip.dmaRequest, false, s.isTrack0, !side, s.isIndex, s.isProtected, !inward,
      ])
    }
  }

  /// Status register B; the bus floats in AT mode. The data flip-flops don't toggle (unverified how they'd stand).
  func statusB() -> UInt8 {
    let dor = state.chip.dor
    switch configuration.mode {
    case .at: return 0xFF
    case .ps2:
      return bits([true, true, dor.drive & 1 != 0, false, false, false, dor.motor(1), dor.motor(0)])
    case .model30:
      return bits([
        configuration.driveCount < 2, dor.drive != 1, dor.drive != 0, false, false, false, dor.drive != 3,
        dor.drive != 2,
      ])
    }
  }

  /// Digital input register. In AT mode the chip drives bit 7 only; the rest belongs to a hard disk controller and
  /// floats high without one.
  func digitalInput() -> UInt8 {
    let chip = state.chip
    let changed = signals.isChanged
    switch configuration.mode {
    case .at: return (changed ? 0x80 : 0) | 0x7F
    case .ps2:
      let high = chip.rate >= 500
      return (changed ? 0x80 : 0) | 0x78 | chip.rateSelect << 1 | (high ? 0 : 1)
    case .model30:
      return bits([!changed, false, false, false, chip.dor.isGated, chip.noPrecompensation]) | chip.rateSelect
    }
  }

  /// Status register 3 for SENSE DRIVE STATUS.
  func status3(unit: Int, head: UInt8) -> UInt8 {
    let s = signals
    return 0x28 | (s.isProtected ? 0x40 : 0) | (s.isTrack0 ? 0x10 : 0) | head << 2 | UInt8(unit)
  }

  private func bits(_ values: [Bool]) -> UInt8 {
    var byte: UInt8 = 0
    for (at, value) in values.enumerated() where value { byte |= 0x80 >> UInt8(at) }
    return byte
  }
}
