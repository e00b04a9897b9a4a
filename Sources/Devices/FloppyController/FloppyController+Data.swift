import Hardware
import Storage

/// Data fields: bytes between disk, FIFO and host.
extension FloppyController {
  // MARK: Host side

  /// The host (through DMA or the FIFO port) takes a byte.
  func readFIFO() -> UInt8 {
    guard state.transfer != nil, !state.chip.fifo.isEmpty else { return 0xFF }
    let byte = state.chip.fifo.removeFirst()
    if state.chip.fifo.isEmpty {
      state.chip.serviceRequest = false
      drivePins()
      // The last byte: a moment for the TC that comes with it.
      if state.transfer?.stage == .draining { transferAlarm.set(after: .microseconds(2)) }
    }
    return byte
  }

  /// The host gives a byte.
  func writeFIFO(_ byte: UInt8) {
    guard let transfer = state.transfer, transfer.kind.takesData, state.chip.serviceRequest else { return }
    state.chip.fifo.append(byte)
    let room = transfer.kind == .format ? 4 : state.chip.fifoDepth
    if state.chip.fifo.count >= room {
      state.chip.serviceRequest = false
      drivePins()
    }
  }

  /// TC: the host wants no more.
  func terminalCount() {
    guard let transfer = state.transfer else { return }
    state.transfer?.isTerminal = true
    if !transfer.kind.takesData {
      state.chip.fifo = []
    }
    state.chip.serviceRequest = false
    drivePins()
    guard transfer.stage == .data, transfer.kind == .read || transfer.kind == .readDeleted else { return }
    // The rest of the sector is read for its CRC only.
    state.transfer?.position = transfer.length
    state.transfer?.stage = .trailer
    transferAlarm.set(at: max(transfer.sectorEnd, now))
  }

  /// Asks the host for service.
  func requestService() {
    guard state.transfer?.isTerminal == false else { return }
    state.chip.serviceRequest = true
    drivePins()
  }

  // MARK: Disk side

  /// The head is in front of the data field of a sector that is wanted.
  func beginData() {
    guard let transfer = state.transfer else { return }
    state.transfer?.stage = .data
    if transfer.kind == .verify || (transfer.isTerminal && !transfer.kind.takesData) {
      state.transfer?.position = transfer.length
      state.transfer?.stage = .trailer
      return transferAlarm.set(at: max(transfer.sectorEnd, now))
    }
    if transfer.kind.takesData {
      if state.chip.fifo.count < state.chip.fifoDepth { requestService() }
      state.transfer?.burst = 1
      // A byte must be there when its turn on the disk begins.
      transferAlarm.set(at: max(transfer.dataStart, now))
    } else {
      nextRead()
    }
  }

  func dataDue() {
    guard let transfer = state.transfer else { return }
    if transfer.kind.takesData { consume() } else { deliver() }
  }

  /// When byte `count` of the data field has passed the head.
  private func moment(_ transfer: FloppyTransfer, _ count: Int) -> Instant {
    transfer.dataStart + Span(picoseconds: Int64(count) &* transfer.byteTime)
  }

  /// Arms the alarm for the next bytes from the disk.
  private func nextRead() {
    guard let transfer = state.transfer, transfer.stage == .data else { return }
    guard transfer.position < transfer.length else {
      state.transfer?.stage = .trailer
      return transferAlarm.set(at: max(transfer.sectorEnd, now))
    }
    // With the FIFO on and empty, nothing can happen before it has filled to its threshold.
    var burst = 1
    if state.chip.fifoDepth > 1, state.chip.fifo.isEmpty {
      burst = min(max(16 - state.chip.threshold, 1), transfer.length - transfer.position)
    }
    state.transfer?.burst = burst
    transferAlarm.set(at: max(moment(transfer, transfer.position + burst), now))
  }

  /// Bytes have come from the disk.
  private func deliver() {
    guard let transfer = state.transfer else { return }
    let end = min(transfer.position + transfer.burst, transfer.length)
    guard state.chip.fifo.count + (end - transfer.position) <= state.chip.fifoDepth else {
      return finish(code: 1, .overrun)
    }
    if transfer.position < end, end <= transfer.buffer.count {
      state.chip.fifo += transfer.buffer[transfer.position..<end]
    }
    state.transfer?.position = end
    requestService()
    nextRead()
  }

  /// The disk (or the comparison with it) needs bytes from the host.
  private func consume() {
    guard let transfer = state.transfer else { return }
    let end = min(transfer.position + transfer.burst, transfer.length)
    var position = transfer.position
    while position < end {
      guard !state.chip.fifo.isEmpty else {
        guard transfer.isTerminal else { return finish(code: 1, .overrun) }
        // After TC the rest of the sector is written with zeros; a scan ends its comparison.
        position = transfer.length
        break
      }
      let byte = state.chip.fifo.removeFirst()
      if transfer.kind.isScan { compare(transfer.kind, position, byte) } else { store(position, byte) }
      position += 1
    }
    state.transfer?.position = position
    guard position < transfer.length else {
      state.transfer?.stage = .trailer
      return transferAlarm.set(at: max(transfer.sectorEnd, now))
    }
    if state.chip.fifo.count <= (state.chip.fifoDepth > 1 ? state.chip.threshold : 0) { requestService() }
    // The host may have filled it meanwhile.
    let spare = state.chip.fifoDepth > 1 ? state.chip.fifo.count - state.chip.threshold : 1
    let burst = min(max(spare, 1), transfer.length - position)
    state.transfer?.burst = burst
    transferAlarm.set(at: max(moment(transfer, position + burst - 1), now))
  }

  private func store(_ position: Int, _ byte: UInt8) {
    guard let count = state.transfer?.buffer.count, position < count else { return }
    state.transfer?.buffer[position] = byte
  }

  /// - Source: Intel 82077AA data sheet, SCAN: FFh from either side matches anything.
  private func compare(_ kind: FloppyTransfer.Kind, _ position: Int, _ host: UInt8) {
    guard let transfer = state.transfer, position < transfer.buffer.count else { return }
    let disk = transfer.buffer[position]
    guard disk != host, disk != 0xFF, host != 0xFF else { return }
    state.transfer?.scanDiffers = true
    switch kind {
    case .scanLow: if disk > host { state.transfer?.scanFails = true }
    case .scanHigh: if disk < host { state.transfer?.scanFails = true }
    default: state.transfer?.scanFails = true
    }
  }

  // MARK: End of a sector

  /// The CRC of the sector has passed.
  func sectorDone() {
    guard let transfer = state.transfer else { return }
    if transfer.kind.writesDisk {
      guard let unit = selected, let image = slot(unit)?.image else {
        state.transfer?.stage = .stalled
        return
      }
      let doubled = image.geometry.isFortyTrack && state.drives[unit].type == .drive1200K
      let cylinder = doubled ? state.drives[unit].cylinder >> 1 : state.drives[unit].cylinder
      image.write(
        transfer.buffer, deleted: transfer.kind == .writeDeleted, sector: transfer.sector, cylinder: cylinder,
        head: transfer.side)
    } else if let track = trackUnderHead(transfer), track.sectors.indices.contains(transfer.sector),
      track.sectors[transfer.sector].hasDataError, transfer.length > 0
    {
      state.transfer?.status1.insert(.dataError)
      state.transfer?.status2.insert(.dataFieldError)
      if transfer.kind != .readTrack { return finish(code: 1) }
    }
    if transfer.kind.isScan, transfer.length > 0, scanDone(transfer) { return }
    // A mark of the other kind ends the command after this sector, unless it was skipped.
    if transfer.status2.contains(.controlMark), transfer.kind != .readTrack, !transfer.skips {
      return finish(code: 0)
    }
    if transfer.isTerminal, !transfer.kind.takesData || state.chip.fifo.isEmpty || !transfer.kind.writesDisk {
      _ = state.transfer?.advance()
      return finish(code: 0)
    }
    let isMore = state.transfer?.advance() ?? false
    if transfer.kind == .readTrack {
      if transfer.done + 1 < Int(transfer.eot) { return search() }
    } else if transfer.countsSectors, transfer.done + 1 >= Int(transfer.extra) {
      return finish(code: 0)
    } else if isMore {
      return search()
    }
    if transfer.kind == .verify { return finish(code: 0) }
    if transfer.kind.takesData || state.chip.fifo.isEmpty { return finishDrained() }
    state.transfer?.stage = .draining
  }

  /// The last sector is through and the FIFO is empty: without a TC by now, the command ran past its last sector.
  func finishDrained() {
    guard let transfer = state.transfer else { return }
    if transfer.kind.isScan {
      return finish(code: 0, [], .scanNotSatisfied)
    }
    if transfer.isTerminal { finish(code: 0) } else { finish(code: 1, .endOfCylinder) }
  }

  /// - Returns: true when the scan ended with this sector.
  private func scanDone(_ transfer: FloppyTransfer) -> Bool {
    if !transfer.scanFails {
      finish(code: 0, [], transfer.scanDiffers ? [] : .scanHit)
      return true
    }
    if transfer.isTerminal {
      _ = state.transfer?.advance()
      finish(code: 0, [], .scanNotSatisfied)
      return true
    }
    return false
  }
}
