import Hardware
import Storage

/// Commands that need the disk: their beginning, the search for a sector, and their end.
extension FloppyController {
  func beginTransfer(_ command: I82077AA.Command, _ bytes: [UInt8]) {
    func byte(_ at: Int) -> UInt8 { at < bytes.count ? bytes[at] : 0 }
    let kinds: [I82077AA.Command: FloppyTransfer.Kind] = [
      .readData: .read, .readDeleted: .readDeleted, .writeData: .write, .writeDeleted: .writeDeleted,
      .readTrack: .readTrack, .verify: .verify, .scanEqual: .scanEqual, .scanLow: .scanLow, .scanHigh: .scanHigh,
      .readID: .readID, .formatTrack: .format,
    ]
    var transfer = FloppyTransfer()
    transfer.isActive = true
    transfer.kind = kinds[command] ?? .readID
    transfer.unit = Int(byte(1) & 3)
    transfer.side = Int(byte(1) >> 2 & 1)
    transfer.isMultiTrack = byte(0) & 0x80 != 0 && command != .readTrack
    transfer.isMFM = byte(0) & 0x40 != 0
    transfer.skips = byte(0) & 0x20 != 0
    switch transfer.kind {
    case .readID: break
    case .format:
      // N, SC, GPL, D
      transfer.id.sizeCode = byte(2)
      transfer.eot = byte(3)
      transfer.gap = byte(4)
      transfer.extra = byte(5)
      state.chip.lastEOT = transfer.eot
    default:
      transfer.id = FloppySectorID(cylinder: byte(2), head: byte(3), record: byte(4), sizeCode: byte(5))
      transfer.eot = byte(6)
      transfer.gap = byte(7)
      transfer.extra = byte(8)
      transfer.countsSectors = transfer.kind == .verify && byte(1) & 0x80 != 0
      state.chip.lastEOT = transfer.eot
    }
    state.chip.phase = .execution
    state.chip.fifo.clear()
    state.transfer = transfer
    drivePins()
    let from = state.chip.presentCylinder[transfer.unit]
    let takesSeek = transfer.kind != .readID && transfer.kind != .format
    if state.chip.impliesSeek, takesSeek, from != transfer.id.cylinder {
      state.transfer.stage = .seeking
      state.chip.seeking |= 1 << UInt8(transfer.unit)
      transferAlarm.set(after: state.chip.stepTime)
    } else {
      load()
    }
  }

  /// One step of an implied seek is over.
  private func impliedStep(_ transfer: FloppyTransfer) {
    let unit = transfer.unit
    let at = state.chip.presentCylinder[unit]
    let inward = transfer.id.cylinder > at
    if at != transfer.id.cylinder {
      if selected == unit {
        state.drives[unit].step(inward: inward, hasDisk: slot(unit)?.image != nil, now: now)
      }
      state.chip.presentCylinder[unit] = inward ? at &+ 1 : at &- 1
    }
    if state.chip.presentCylinder[unit] == transfer.id.cylinder {
      state.chip.seeking &= ~(1 << UInt8(unit))
      load()
    } else {
      transferAlarm.set(after: state.chip.stepTime)
    }
  }

  /// Head load, unless the heads are still loaded from the last command on this drive.
  private func load() {
    state.transfer.stage = .loading
    let unit = state.transfer.unit
    if state.loadedUnit == unit, state.loadedUntil > now {
      transferAlarm.set(at: now)
    } else {
      transferAlarm.set(after: state.chip.loadTime)
    }
  }

  /// The transfer's alarm.
  func transferDue() {
    guard state.transfer.isActive else { return }
    if state.transfer.stage == .data { return dataDue() }
    let transfer = state.transfer
    switch transfer.stage {
    case .seeking: impliedStep(transfer)
    case .loading:
      if transfer.kind.writesDisk, let unit = selected, slot(unit)?.image?.isWriteProtected == true {
        return finish(code: 1, .notWritable)
      }
      if transfer.kind.takesData, transfer.kind != .format, state.chip.fifoDepth > 1 { requestService() }
      search()
    case .stalled: break
    case .searching: found(transfer)
    case .failing: fail(transfer)
    case .data: dataDue()
    case .trailer: sectorDone()
    case .draining: finishDrained()
    case .formatting: formatDue()
    }
  }

  // MARK: Track under the head

  /// The track under the selected head as it can be read now; nil when no index pulses come (no disk, motor off).
  /// Unformatted where the head stands between tracks, or the rate or density isn't the one it was written with.
  func trackUnderHead(_ transfer: FloppyTransfer) -> FloppyTrack? {
    guard let unit = selected, let image = slot(unit)?.image, state.drives[unit].motorOn else { return nil }
    let drive = state.drives[unit]
    var cylinder = drive.cylinder
    if image.geometry.isFortyTrack, drive.type == .drive1200K {
      // 48 tpi tracks under a 96 tpi head: every other step stands between two tracks.
      if cylinder & 1 != 0 { return FloppyTrack() }
      cylinder >>= 1
    }
    let track = image.track(cylinder: cylinder, head: transfer.side)
    let expected = drive.trackBits(rate: state.chip.rate)
    guard track.trackBits <= drive.type.maxTrackBits, track.isFM == !transfer.isMFM,
      abs(track.trackBits - expected) * 20 <= expected
    else { return FloppyTrack() }
    return track
  }

  /// From when the head can read: up to speed and settled.
  private func readable(_ drive: FloppyDrive) -> Instant {
    max(now, max(drive.readyAt, drive.lastStep + FloppyDrive.settle))
  }

  /// Looks for the next sector of the command from now on.
  func search() {
    guard state.transfer.isActive else { return }
    let transfer = state.transfer
    state.transfer.buffer = []
    state.transfer.position = 0
    guard let unit = selected, let track = trackUnderHead(transfer) else {
      state.transfer.stage = .stalled
      return
    }
    let drive = state.drives[unit]
    let start = readable(drive)
    var next = drive.revolution(at: start)
    if drive.index(next) < start { next &+= 1 }
    if transfer.kind == .format { return beginFormat(drive, from: next) }
    let places = track.places
    if transfer.kind == .readTrack {
      if transfer.startIndex < 0 { state.transfer.startIndex = next }
      let index = max(transfer.startIndex < 0 ? next : transfer.startIndex, 0)
      guard track.sectors.indices.contains(transfer.done) else { return giveUp(drive.index(index &+ 1)) }
      return arrive(
        transfer.done, at: drive.index(index) + drive.angle(of: places[transfer.done].idEnd, in: track))
    }
    var best: (sector: Int, end: Instant)?
    let revolution = drive.revolution(at: start)
    for (at, sector) in track.sectors.enumerated() where matches(sector, transfer) {
      // A few bytes of the sync field may be missed.
      let sync = places[at].start + 4
      var begin = drive.index(revolution) + drive.angle(of: sync, in: track)
      var turn = revolution
      if begin < start {
        turn &+= 1
        begin = drive.index(turn) + drive.angle(of: sync, in: track)
      }
      let end = drive.index(turn) + drive.angle(of: places[at].idEnd, in: track)
      if best.map({ end < $0.end }) ?? true { best = (at, end) }
    }
    let limit = drive.index(next &+ 1)
    if let best, best.end <= limit { arrive(best.sector, at: best.end) } else { giveUp(limit) }
  }

  private func arrive(_ sector: Int, at instant: Instant) {
    state.transfer.stage = .searching
    state.transfer.sector = sector
    transferAlarm.set(at: max(instant, now))
  }

  private func giveUp(_ instant: Instant) {
    state.transfer.stage = .failing
    transferAlarm.set(at: max(instant, now))
  }

  /// Whether the search ends at this ID. An ID with a bad CRC ends it too, if it would be the one.
  private func matches(_ sector: FloppySector, _ transfer: FloppyTransfer) -> Bool {
    transfer.kind == .readID ? !sector.hasIDError : sector.id == transfer.id
  }

  /// The second index pulse came without the sector.
  private func fail(_ transfer: FloppyTransfer) {
    guard let track = trackUnderHead(transfer) else {
      state.transfer.stage = .stalled
      return
    }
    let readable = track.sectors.filter { !$0.hasIDError }
    if transfer.kind == .readTrack, !readable.isEmpty {
      // Fewer sectors than EOT (unverified which bits; the sequence can't be found).
      return finish(code: 1, .noData)
    }
    guard !readable.isEmpty else { return finish(code: 1, .missingAddressMark) }
    var status2 = FloppyStatus2()
    if readable.contains(where: { $0.id.cylinder == 0xFF }) {
      status2 = .badCylinder
    } else if readable.contains(where: { $0.id.cylinder != transfer.id.cylinder }) {
      status2 = .wrongCylinder
    }
    finish(code: 1, .noData, status2)
  }

  /// The ID of the wanted sector has passed.
  private func found(_ transfer: FloppyTransfer) {
    guard let unit = selected, let track = trackUnderHead(transfer) else { return search() }
    guard track.sectors.indices.contains(transfer.sector) else { return search() }
    let sector = track.sectors[transfer.sector]
    if transfer.kind == .readID {
      state.transfer.id = sector.id
      return finish(code: 0)
    }
    if sector.hasIDError {
      if transfer.kind != .readTrack { return finish(code: 1, .dataError) }
      state.transfer.status1.insert(.dataError)
    }
    if transfer.kind == .readTrack, sector.id != transfer.id { state.transfer.status1.insert(.noData) }
    let drive = state.drives[unit]
    let place = track.places[transfer.sector]
    if sector.lacksData, !transfer.kind.writesDisk {
      return finish(code: 1, .missingAddressMark, .missingDataMark)
    }
    let origin = now
    func moment(_ byte: Int) -> Instant {
      origin + Span(picoseconds: drive.angle(of: byte - place.idEnd, in: track).picoseconds)
    }
    let byteTime = drive.turn.picoseconds / Int64(track.byteCount)
    var data = sector.data
    if let weak = sector.weakBits { addNoise(to: &data, weak) }
    if transfer.kind.writesDisk { data = [UInt8](repeating: 0, count: max(transfer.id.byteCount, 1)) }
    // N = 0: DTL bytes of the 128 are passed.
    let short = transfer.id.sizeCode == 0 && transfer.kind != .verify ? min(data.count, Int(transfer.extra)) : 0
    state.transfer.length = short > 0 ? short : data.count
    state.transfer.buffer = data
    state.transfer.position = 0
    state.transfer.scanFails = false
    state.transfer.scanDiffers = false
    state.transfer.byteTime = byteTime
    state.transfer.dataStart = moment(place.data)
    state.transfer.sectorEnd = max(moment(place.end), moment(place.data) + Span(picoseconds: byteTime))

    let wrongMark =
      transfer.kind == .readDeleted ? !sector.isDeleted : !transfer.kind.writesDisk && sector.isDeleted
    if wrongMark, transfer.kind != .readTrack {
      state.transfer.status2.insert(.controlMark)
      if transfer.skips {
        state.transfer.length = 0
        state.transfer.position = 0
        state.transfer.stage = .trailer
        return transferAlarm.set(at: state.transfer.sectorEnd)
      }
    }
    beginData()
  }

  /// Weak bits come out differently each time, by a sequence that is part of the state.
  private func addNoise(to data: inout [UInt8], _ weak: [UInt8]) {
    for at in data.indices where at < weak.count && weak[at] != 0 {
      state.noise ^= state.noise &<< 13
      state.noise ^= state.noise &>> 17
      state.noise ^= state.noise &<< 5
      data[at] = data[at] & ~weak[at] | UInt8(truncatingIfNeeded: state.noise >> 8) & weak[at]
    }
  }

  // MARK: End

  /// Goes on with a command that waited for index pulses.
  func resumeStalled() {
    guard state.transfer.isActive, state.transfer.stage == .stalled else { return }
    search()
  }

  /// Ends the command with its seven result bytes and INT.
  func finish(code: UInt8, _ status1: FloppyStatus1 = [], _ status2: FloppyStatus2 = []) {
    guard state.transfer.isActive else { return }
    let transfer = state.transfer
    state.transfer.isActive = false
    state.loadedUnit = transfer.unit
    state.loadedUntil = now + state.chip.unloadTime
    transferAlarm.cancel()
    let first = FloppyStatus0.code(code) | UInt8(transfer.side) << 2 | UInt8(transfer.unit)
    let id = transfer.id
    state.chip.give(
      [
        first, transfer.status1.union(status1).rawValue, transfer.status2.union(status2).rawValue, id.cylinder, id.head,
        id.record, id.sizeCode,
      ], interrupt: true)
    state.chip.readyAt = now
    drivePins()
  }
}
