import Hardware
public import Storage

/// The PACKET command: twelve bytes from the host, then data one way or the other in blocks whose length the registers
/// tell, then the status.
///
/// The count register is the interrupt reason: bit 0 says command (CoD), bit 1 to the host (IO).
///
/// - Source: SFF-8020i revision 2.6, "PIO data in/out" flows and the ATAPI registers.
extension ATAController {
  /// The CD in drive 0 or 1; nil if there is none.
  public func disc(_ unit: Int) -> CDImage? { slot(unit).disc }

  /// Puts a disc into the CD-ROM drive 0 or 1, taking out what is in it; the tray closes.
  public func insert(_ disc: CDImage, unit: Int) {
    guard slot(unit).isPacket else { return }
    let isStart = alarm.now == .zero
    exchange(unit, disc)
    state.packets[unit].isTrayOpen = false
    // A disc that was in the drive at power-on isn't a change.
    state.packets[unit].isChanged = !isStart
    state.packets[unit].mediaEvent = isStart ? 0 : 2
    state.packets[unit].readyAt = isStart ? .zero : alarm.now + timing.spinUpTime
  }

  /// Takes the disc out of drive 0 or 1, as a person does with a paper clip: a lock doesn't hinder it.
  public func eject(unit: Int) {
    guard slot(unit).isPacket, slot(unit).disc != nil else { return }
    exchange(unit, nil)
    state.packets[unit].isChanged = true
    state.packets[unit].mediaEvent = 3
  }

  /// Puts another disc into drive 0 or 1 before a state is loaded that knows it.
  public func exchangeDisc(_ disc: CDImage?, unit: Int) { slot(unit).disc = disc }

  private func exchange(_ unit: Int, _ disc: CDImage?) {
    state.packets[unit].playback = CDPlayback()
    state.packets[unit].head = 0
    slot(unit).disc = disc
    // Blocks of the old disc that were still to come can't be read any more.
    if state.unit == unit, state.packets[unit].blocksLeft > 0 { state.packets[unit].blocksLeft = 0 }
  }

  // MARK: Command

  /// DEVICE RESET: at once, also in the middle of a command.
  func resetPacketDrive() {
    let unit = state.selected
    if state.unit == unit, state.phase != .inReset, state.phase != .leavingReset {
      state.phase = .idle
      alarm.cancel()
    }
    // The drive stays selected.
    let deviceHead = state.drives[unit].deviceHead & 0x10
    state.drives[unit].sign(isPacket: true)
    state.drives[unit].deviceHead = deviceHead
    state.packets[unit].reset()
    driveInterrupt()
  }

  func startPacket() {
    let drive = state.drives[state.unit]
    // A count of 0 isn't defined; the largest is taken. An odd limit means one less.
    let limit = (Int(drive.cylinderHigh) << 8 | Int(drive.cylinderLow)) & 0xFFFE
    state.packets[state.unit].limit = limit == 0 ? 0xFFFE : limit
    state.packets[state.unit].blocksLeft = 0
    state.phase = .packetPreparing
    alarm.set(after: ATATiming.prepareTime)
  }

  func packetDue() {
    switch state.phase {
    case .simple: simplePacket()
    case .packetPreparing:
      // Bit 0 of the feature register asks for DMA, which isn't there.
      if state.drives[state.unit].features & 1 != 0 { return finish(.aborted) }
      state.buffer = [UInt8](repeating: 0, count: 12)
      state.position = 0
      state.length = 12
      request(.packet, reason: 0x01, interrupting: false)
    case .packetWorking:
      answer(state.packets[state.unit].execute(slot(state.unit).disc, now: alarm.now))
      if state.packets[state.unit].playback.status == .playing { audioCable.wake() }
    case .packetMore: passBlock()
    case .packetFetching: fetchBlocks()
    case .packetTaking: answer(state.packets[state.unit].modeSelect(state.buffer))
    case .packetEnding: complete(.none)
    default: break
    }
  }

  /// The host has written the last word of the packet or of a block of parameters.
  func packetBytesAreWritten() {
    state.drives[state.unit].status = .busy
    if state.phase == .packet {
      state.packets[state.unit].packet = state.buffer
      state.phase = .packetWorking
      return alarm.set(after: packetTime())
    }
    if state.length < state.buffer.count { return askForParameters() }
    state.phase = .packetTaking
    alarm.set(after: ATATiming.commandTime)
  }

  private func answer(_ reply: PacketReply) {
    switch reply {
    case .good: complete(.none)
    case .check(let sense): complete(sense)
    case .data(let bytes):
      guard !bytes.isEmpty else { return complete(.none) }
      state.buffer = bytes
      state.position = 0
      passBlock()
    case .blocks(let lba, let count, let flags, let subchannel):
      state.packets[state.unit].nextBlock = lba
      state.packets[state.unit].blocksLeft = count
      state.packets[state.unit].flags = flags
      state.packets[state.unit].subchannel = subchannel
      fetchBlocks()
    case .wants(let count):
      state.buffer = [UInt8](repeating: 0, count: count)
      state.position = 0
      state.length = 0
      askForParameters()
    }
  }

  // MARK: Data

  private func request(_ phase: Phase, reason: UInt8, interrupting: Bool) {
    state.phase = phase
    state.drives[state.unit].count = reason
    state.drives[state.unit].status = [.ready, .seekComplete, .dataRequest]
    if interrupting { state.drives[state.unit].isInterruptPending = true }
    driveInterrupt()
  }

  /// The next block of at most the host's limit, its length in the registers.
  private func offerBlock() {
    let count = min(state.buffer.count - state.position, state.packets[state.unit].limit)
    state.length = state.position + count
    state.drives[state.unit].cylinderLow = UInt8(truncatingIfNeeded: count)
    state.drives[state.unit].cylinderHigh = UInt8(truncatingIfNeeded: count >> 8)
  }

  private func passBlock() {
    guard state.position < state.buffer.count else { return complete(.none) }
    offerBlock()
    request(.reading, reason: 0x02, interrupting: true)
  }

  private func askForParameters() {
    state.position = state.length
    offerBlock()
    request(.parameters, reason: 0x00, interrupting: true)
  }

  /// The host has read a block's last word.
  func packetBlockIsRead() {
    state.drives[state.unit].status = .busy
    if state.position < state.buffer.count {
      state.phase = .packetMore
      alarm.set(after: ATATiming.prepareTime)
    } else if state.packets[state.unit].blocksLeft > 0 {
      state.phase = .packetFetching
      alarm.set(after: timing.blockTime * Int64(blocksAtOnce))
    } else {
      state.phase = .packetEnding
      alarm.set(after: ATATiming.prepareTime)
    }
  }

  /// Whole blocks that fit the host's limit, at least one.
  private var blocksAtOnce: Int {
    min(max(state.packets[state.unit].limit / CDImage.dataBytes, 1), state.packets[state.unit].blocksLeft, 32)
  }

  private func fetchBlocks() {
    let drive = state.packets[state.unit]
    guard let disc = slot(state.unit).disc, drive.blocksLeft > 0 else { return complete(.noMedium) }
    var bytes: [UInt8] = []
    let count = blocksAtOnce
    if drive.flags == 0x10, drive.subchannel == 0, let data = disc.data(drive.nextBlock, count: count) {
      bytes = data
    } else {
      for n in 0..<count {
        guard
          let block = PacketDrive.bytes(
            of: disc, drive.nextBlock + n, flags: drive.flags, subchannel: drive.subchannel)
        else { return complete(.unrecoveredRead) }
        bytes += block
      }
    }
    state.packets[state.unit].nextBlock += count
    state.packets[state.unit].blocksLeft -= count
    state.packets[state.unit].head = drive.nextBlock + count
    state.buffer = bytes
    state.position = 0
    passBlock()
  }

  // MARK: End

  /// The end of a packet command: the status, with an interrupt.
  ///
  /// - Source: SFF-8020i, error register: the sense key in bits 7-4, bit 2 for an aborted command.
  private func complete(_ sense: PacketSense) {
    state.phase = .idle
    state.packets[state.unit].blocksLeft = 0
    state.drives[state.unit].count = 0x03
    if sense == .none {
      state.drives[state.unit].error = []
      state.drives[state.unit].status = .idle
      state.packets[state.unit].statusWasRead()
    } else {
      state.drives[state.unit].error = ATAError(rawValue: sense.key << 4 | (sense.key == 5 ? 0x04 : 0))
      state.drives[state.unit].status = [.idle, .error]
    }
    state.packets[state.unit].sense = sense
    state.drives[state.unit].isInterruptPending = true
    driveInterrupt()
  }

  /// Commands of a packet drive that aren't PACKET.
  private func simplePacket() {
    let unit = state.unit
    switch state.command {
    case 0x90: diagnose()
    case 0xA1:
      state.buffer = ATADrive.packetIdentity(serial: "HL0000000\(channel.rawValue * 2 + unit + 1)")
      state.position = 0
      state.length = state.buffer.count
      request(.reading, reason: 0x02, interrupting: true)
    // IDENTIFY DEVICE and READ SECTORS fail, and say what kind of drive this is.
    case 0xEC, 0x20:
      let deviceHead = state.drives[unit].deviceHead
      state.drives[unit].sign(isPacket: true)
      state.drives[unit].deviceHead = deviceHead
      finish(.aborted)
    case 0xEF: finish(setFeature() ? [] : .aborted)
    case 0xE0...0xE3, 0xE5, 0xE6, 0x94...0x99: power()
    default: finish(.aborted)
    }
  }
}
