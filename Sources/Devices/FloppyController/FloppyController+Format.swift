import Hardware
import Storage

/// FORMAT TRACK: from index hole to index hole, with the four ID bytes of each sector from the host.
extension FloppyController {
  /// Bytes of one formatted sector with its fields and gap 3.
  private func sectorBytes(_ transfer: FloppyTransfer) -> Int {
    (transfer.isMFM ? 62 : 33) + transfer.id.byteCount + Int(transfer.gap)
  }

  /// The track that is being made, as it would be with these sectors.
  private func track(_ transfer: FloppyTransfer, _ drive: FloppyDrive, _ ids: [FloppySectorID]) -> FloppyTrack {
    let fill = [UInt8](repeating: transfer.extra, count: transfer.id.byteCount)
    return FloppyTrack(
      trackBits: drive.trackBits(rate: state.chip.rate), isFM: !transfer.isMFM, gap3: Int(transfer.gap),
      sectors: ids.map { FloppySector(id: $0, data: fill) })
  }

  func beginFormat(_ drive: FloppyDrive, from index: Int64) {
    state.transfer.stage = .formatting
    state.transfer.startIndex = index
    state.transfer.formatted = []
    // The first ID is asked for at once, so that it is there when the index hole comes.
    requestService()
    transferAlarm.set(
      at: max(
        drive.index(index)
          + drive.angle(of: FloppyTrack.preamble(isFM: !state.transfer.isMFM), in: track(state.transfer, drive, [])),
        now)
    )
  }

  /// The head is where the next ID goes, or at the index hole that ends the track.
  func formatDue() {
    guard state.transfer.isActive else { return }
    let transfer = state.transfer
    guard let unit = selected, state.drives[unit].motorOn, let image = slot(unit)?.image else {
      state.transfer.stage = .stalled
      return
    }
    let drive = state.drives[unit]
    let empty = track(transfer, drive, [])
    let preamble = FloppyTrack.preamble(isFM: empty.isFM)
    let fits = max((empty.byteCount - preamble) / sectorBytes(transfer), 0)
    if transfer.formatted.count >= min(Int(transfer.eot), fits) {
      let end = drive.index(transfer.startIndex &+ 1)
      guard now >= end else { return transferAlarm.set(at: end) }
      let doubled = image.geometry.isFortyTrack && drive.type == .drive1200K
      image.format(
        track(transfer, drive, transfer.formatted), cylinder: doubled ? drive.cylinder >> 1 : drive.cylinder,
        head: transfer.side)
      return finish(code: 0)
    }
    guard state.chip.fifo.count >= 4 else { return finish(code: 1, .overrun) }
    let bytes = (0..<4).map { _ in state.chip.fifo.take() }
    let id = FloppySectorID(cylinder: bytes[0], head: bytes[1], record: bytes[2], sizeCode: bytes[3])
    state.transfer.formatted.append(id)
    let count = transfer.formatted.count + 1
    if count < min(Int(transfer.eot), fits) { requestService() }
    let next = drive.index(transfer.startIndex) + drive.angle(of: preamble + count * sectorBytes(transfer), in: empty)
    transferAlarm.set(at: max(min(next, drive.index(transfer.startIndex &+ 1)), now))
  }
}
