import Hardware
import Storage

/// Data fields: bytes between disk, FIFO and host.
extension FloppyController {
  // MARK: Host side

  /// The host (through DMA or the FIFO port) takes a byte.
  func readFIFO() -> UInt8 {
    guard state.transfer.isActive, !state.chip.fifo.isEmpty else { return 0xFF }
    let byte = state.chip.fifo.take()
    if state.chip.fifo.isEmpty {
      state.chip.serviceRequest = false
      drivePins()
      // The last byte: a moment for the TC that comes with it.
      if state.transfer.stage == .draining { transferAlarm.set(after: .microseconds(2)) }
    }
    return byte
  }

  /// The host gives a byte.
  func writeFIFO(_ byte: UInt8) {
    guard state.transfer.isActive, state.transfer.kind.takesData, state.chip.serviceRequest else { return }
    state.chip.fifo.append(byte)
    let room = state.transfer.kind == .format ? 4 : state.chip.fifoDepth
    if state.chip.fifo.count >= room {
      state.chip.serviceRequest = false
      drivePins()
    }
  }

  /// TC: the host wants no more.
  func terminalCount() {
    guard state.transfer.isActive else { return }
    state.transfer.isTerminal = true
    if !state.transfer.kind.takesData { state.chip.fifo.clear() }
    state.chip.serviceRequest = false
    drivePins()
    let kind = state.transfer.kind
    guard state.transfer.stage == .data, kind == .read || kind == .readDeleted else { return }
    // The rest of the sector is read for its CRC only.
    state.transfer.position = state.transfer.length
    awaitTrailer()
  }

  /// Asks the host for service.
  func requestService() {
    guard !state.transfer.isTerminal else { return }
    state.chip.serviceRequest = true
    drivePins()
  }

  // MARK: Disk side
  //
  // These run for every byte: no copies of the transfer or the chip.

  /// The head is in front of the data field of a sector that is wanted.
  func beginData() {
    state.transfer.stage = .data
    let takesData = state.transfer.kind.takesData
    if state.transfer.kind == .verify || (state.transfer.isTerminal && !takesData) {
      state.transfer.position = state.transfer.length
      return awaitTrailer()
    }
    if takesData {
      if state.chip.fifo.count < state.chip.fifoDepth { requestService() }
      state.transfer.burst = 1
      // A byte must be there when its turn on the disk begins.
      transferAlarm.set(at: max(state.transfer.dataStart, now))
    } else {
      nextRead()
    }
  }

  /// Nothing more to pass in this sector: on to the end of its CRC.
  private func awaitTrailer() {
    state.transfer.stage = .trailer
    transferAlarm.set(at: max(state.transfer.sectorEnd, now))
  }

  func dataDue() {
    if state.transfer.kind.takesData { consume() } else { deliver() }
  }

  /// Arms the alarm for the next bytes from the disk.
  private func nextRead() {
    guard state.transfer.isActive, state.transfer.stage == .data else { return }
    let position = state.transfer.position
    let left = state.transfer.length - position
    guard left > 0 else { return awaitTrailer() }
    // With the FIFO on and empty, nothing can happen before it has filled to its threshold.
    var burst = 1
    if state.chip.fifoDepth > 1, state.chip.fifo.isEmpty { burst = min(max(16 - state.chip.threshold, 1), left) }
    state.transfer.burst = burst
    transferAlarm.set(at: max(state.transfer.moment(position + burst), now))
  }

  /// Bytes have come from the disk.
  private func deliver() {
    let count = min(state.transfer.burst, state.transfer.length - state.transfer.position)
    guard state.chip.fifo.count + count <= state.chip.fifoDepth else { return finish(code: 1, .overrun) }
    for _ in 0..<max(count, 0) {
      let byte = state.transfer.takeByte()
      state.chip.fifo.append(byte)
    }
    requestService()
    nextRead()
  }

  /// The disk (or the comparison with it) needs bytes from the host.
  private func consume() {
    let isScan = state.transfer.kind.isScan
    var count = min(state.transfer.burst, state.transfer.length - state.transfer.position)
    while count > 0 {
      guard !state.chip.fifo.isEmpty else {
        guard state.transfer.isTerminal else { return finish(code: 1, .overrun) }
        // After TC the rest of the sector is written with zeros; a scan ends its comparison.
        state.transfer.position = state.transfer.length
        break
      }
      let byte = state.chip.fifo.take()
      if isScan { state.transfer.compareByte(byte) } else { state.transfer.putByte(byte) }
      count -= 1
    }
    let position = state.transfer.position
    let left = state.transfer.length - position
    guard left > 0 else { return awaitTrailer() }
    let threshold = state.chip.fifoDepth > 1 ? state.chip.threshold : 0
    if state.chip.fifo.count <= threshold { requestService() }
    // The host may have filled it meanwhile.
    let burst = min(max(state.chip.fifo.count - threshold, 1), left)
    state.transfer.burst = burst
    transferAlarm.set(at: max(state.transfer.moment(position + burst - 1), now))
  }

  // MARK: End of a sector

  /// The CRC of the sector has passed.
  func sectorDone() {
    guard state.transfer.isActive else { return }
    let transfer = state.transfer
    if transfer.kind.writesDisk {
      guard let unit = selected, let image = slot(unit)?.image else {
        state.transfer.stage = .stalled
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
      state.transfer.status1.insert(.dataError)
      state.transfer.status2.insert(.dataFieldError)
      if transfer.kind != .readTrack { return finish(code: 1) }
    }
    if transfer.kind.isScan, transfer.length > 0, scanDone(transfer) { return }
    // A mark of the other kind ends the command after this sector, unless it was skipped.
    if transfer.status2.contains(.controlMark), transfer.kind != .readTrack, !transfer.skips {
      return finish(code: 0)
    }
    if transfer.isTerminal, !transfer.kind.takesData || state.chip.fifo.isEmpty || !transfer.kind.writesDisk {
      _ = state.transfer.advance()
      return finish(code: 0)
    }
    let isMore = state.transfer.advance()
    if transfer.kind == .readTrack {
      if transfer.done + 1 < Int(transfer.eot) { return search() }
    } else if transfer.countsSectors, transfer.done + 1 >= Int(transfer.extra) {
      return finish(code: 0)
    } else if isMore {
      return search()
    }
    if transfer.kind == .verify { return finish(code: 0) }
    if transfer.kind.takesData || state.chip.fifo.isEmpty { return finishDrained() }
    state.transfer.stage = .draining
  }

  /// The last sector is through and the FIFO is empty: without a TC by now, the command ran past its last sector.
  func finishDrained() {
    guard state.transfer.isActive else { return }
    let transfer = state.transfer
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
      _ = state.transfer.advance()
      finish(code: 0, [], .scanNotSatisfied)
      return true
    }
    return false
  }
}
