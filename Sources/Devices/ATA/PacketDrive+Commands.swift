import Hardware
import Storage

/// Packet commands.
extension PacketDrive {
  /// Carries out the command in `packet`, as far as it needs no data of the host.
  mutating func execute(_ disc: CDImage?, now: Instant) -> PacketReply {
    playback.update(at: now)
    let operation = byte(0)
    // INQUIRY and REQUEST SENSE are answered whatever has happened; a pending attention stays for the next command.
    // GET EVENT STATUS NOTIFICATION tells of changes itself.
    switch operation {
    case 0x12: return inquiry()
    case 0x03: return requestSense()
    case 0x4A: return eventStatus(disc)
    default: break
    }
    if wasReset {
      wasReset = false
      return .check(.wasReset)
    }
    // A change shows once the new disc turns; until then the drive isn't ready.
    let disc = isTrayOpen ? nil : disc
    if isChanged, disc != nil, now >= readyAt {
      isChanged = false
      return .check(.mediumChanged)
    }
    switch operation {
    case 0x1B: return startStop(disc, now: now)
    case 0x1E:
      isLocked = byte(4) & 1 != 0
      return .good
    case 0x55:
      let length = word(7)
      return length == 0 ? .good : .wants(length)
    case 0x5A: return modeSense(disc)
    case 0xBB:
      let wanted = word(2)
      speed = wanted == 0xFFFF ? Self.maxSpeed : UInt16(min(max(wanted, 176), Int(Self.maxSpeed)))
      return .good
    case 0xBD: return mechanismStatus(now: now)
    case 0x00, 0x25, 0x28, 0x2B, 0x42, 0x43, 0x44, 0x45, 0x47, 0x4B, 0x4E, 0xA5, 0xA8, 0xB9, 0xBE:
      guard let disc else { return .check(.noMedium) }
      guard now >= readyAt else { return .check(.becomingReady) }
      return medium(operation, disc, now: now)
    default: return .check(.invalidOperation)
    }
  }

  /// Commands that need a disc.
  private mutating func medium(_ operation: UInt8, _ disc: CDImage, now: Instant) -> PacketReply {
    switch operation {
    case 0x00: return .good
    case 0x25:
      return .data(Self.long(disc.leadOut - 1) + Self.long(CDImage.dataBytes))
    case 0x28: return read(disc, long(2), word(7), now: now)
    case 0xA8: return read(disc, long(2), long(6), now: now)
    case 0x2B:
      guard long(2) < disc.leadOut else { return .check(.outOfRange) }
      playback.stop(at: now)
      head = long(2)
      return .good
    case 0x42: return subChannel(disc, now: now)
    case 0x43: return tableOfContents(disc)
    case 0x44: return readHeader(disc)
    case 0x45: return play(disc, long(2), word(7), now: now)
    case 0xA5: return play(disc, long(2), long(6), now: now)
    case 0x47: return playMSF(disc, now: now)
    case 0x4B:
      if byte(8) & 1 != 0 { playback.resume(at: now) } else { playback.pause(at: now) }
      return .good
    case 0x4E:
      playback.stop(at: now)
      return .good
    case 0xB9:
      guard let first = CDAddress(minute: byte(3), second: byte(4), frame: byte(5)),
        let end = CDAddress(minute: byte(6), second: byte(7), frame: byte(8)), first.lba >= 0, first.lba <= end.lba
      else { return .check(.invalidField) }
      return readCD(disc, first.lba, end.lba - first.lba, now: now)
    default: return readCD(disc, long(2), triple(6), now: now)
    }
  }

  // MARK: The drive

  static func word(_ value: Int) -> [UInt8] {
    [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
  }
  static func long(_ value: Int) -> [UInt8] { word(value >> 16) + word(value) }

  private func inquiry() -> PacketReply {
    // A removable CD-ROM device; ATAPI version 2, response data format 1, 31 bytes follow.
    // Source: SFF-8020i, INQUIRY: byte 3 bits 7-4 the ATAPI version, bits 3-0 the format.
    var bytes: [UInt8] = [0x05, 0x80, 0x00, 0x21, 31, 0, 0, 0]
    bytes += Array("HEIRLOOM".utf8) + Array("CD-ROM DRIVE    ".utf8) + Array("1.0 ".utf8)
    return .data(Array(bytes.prefix(Int(byte(4)))))
  }

  private mutating func requestSense() -> PacketReply {
    var report = sense
    sense = .none
    if report == .none, wasReset {
      wasReset = false
      report = .wasReset
    }
    // Current errors, 10 bytes after byte 7.
    let bytes: [UInt8] = [
      0x70, 0, report.key, 0, 0, 0, 0, 10, 0, 0, 0, 0, report.code, report.qualifier, 0, 0, 0, 0,
    ]
    return .data(Array(bytes.prefix(Int(byte(4)))))
  }

  private mutating func startStop(_ disc: CDImage?, now: Instant) -> PacketReply {
    let (loadEject, start) = (byte(4) & 2 != 0, byte(4) & 1 != 0)
    if loadEject {
      if isLocked, !start { return .check(.removalPrevented) }
      playback.stop(at: now)
      // The tray opens; what lies in it comes out with the person's hand (`eject`), or is found again as if it were new.
      if start == isTrayOpen {
        mediaEvent = start ? 2 : 3
        if start { isChanged = true }
      }
      isTrayOpen = !start
      return .good
    }
    if start {
      guard disc != nil else { return .check(.noMedium) }
    } else {
      playback.stop(at: now)
    }
    return .good
  }

  private func mechanismStatus(now: Instant) -> PacketReply {
    var bytes = [UInt8](repeating: 0, count: 8)
    bytes[1] = (playback.status == .playing ? 0x20 : 0) | (isTrayOpen ? 0x10 : 0)
    let position = playback.status == .playing ? playback.position(at: now) : head
    for n in 0..<3 { bytes[2 + n] = UInt8(truncatingIfNeeded: position >> (16 - 8 * n)) }
    return .data(Array(bytes.prefix(word(8))))
  }

  /// GET EVENT STATUS NOTIFICATION: media events (class 4) only, and only polled.
  private mutating func eventStatus(_ disc: CDImage?) -> PacketReply {
    guard byte(1) & 1 != 0 else { return .check(.invalidField) }
    guard byte(4) & 0x10 != 0 else { return .data(Array([0, 2, 0x80, 0x10].prefix(word(7)))) }
    let presence: UInt8 = (isTrayOpen ? 1 : 0) | (disc != nil ? 2 : 0)
    let bytes: [UInt8] = [0, 6, 0x04, 0x10, mediaEvent, presence, 0, 0]
    mediaEvent = 0
    return .data(Array(bytes.prefix(word(7))))
  }

  // MARK: Reading

  private mutating func read(_ disc: CDImage, _ lba: Int, _ count: Int, now: Instant) -> PacketReply {
    guard count > 0 else { return lba < disc.leadOut ? .good : .check(.outOfRange) }
    guard lba < disc.leadOut, count <= disc.leadOut - lba else { return .check(.outOfRange) }
    if disc.track(at: lba)?.format.isAudio == true { return .check(.illegalMode) }
    playback.stop(at: now)
    return .blocks(lba: lba, count: count, flags: 0x10, subchannel: 0)
  }

  private mutating func readCD(_ disc: CDImage, _ lba: Int, _ count: Int, now: Instant) -> PacketReply {
    let (type, flags, subchannel) = (byte(1) >> 2 & 7, byte(9) & 0xF8, byte(10) & 7)
    // C2 error bits aren't there; of the sub-channels Q alone.
    guard byte(9) & 0x06 == 0, subchannel == 0 || subchannel == 2, type <= 5 else { return .check(.invalidField) }
    guard count > 0, flags != 0 || subchannel != 0 else { return .good }
    guard lba < disc.leadOut, count <= disc.leadOut - lba else { return .check(.outOfRange) }
    guard let track = disc.track(at: lba) else { return .check(.outOfRange) }
    // Expected sector type: 0 any, 1 sound, 2 mode 1, 3 mode 2, 4 and 5 its forms.
    let fits =
      switch type {
      case 0: true
      case 1: track.format.isAudio
      case 2: !track.format.isAudio && !track.format.isMode2
      default: track.format.isMode2
      }
    guard fits else { return .check(.illegalMode) }
    playback.stop(at: now)
    return .blocks(lba: lba, count: count, flags: flags, subchannel: subchannel)
  }

  /// READ HEADER: mode and address of a block.
  private func readHeader(_ disc: CDImage) -> PacketReply {
    let lba = long(2)
    guard let track = disc.track(at: lba) else { return .check(.outOfRange) }
    if track.format.isAudio { return .check(.illegalMode) }
    let address = Self.address(lba, isMSF: byte(1) & 2 != 0)
    return .data(Array(([track.format.isMode2 ? 2 : 1, 0, 0, 0] + address).prefix(word(7))))
  }

  /// The bytes of block `lba` that READ CD's `flags` name: bit 7 sync, 6 subheader, 5 header, 4 user data, 3 the codes.
  ///
  /// - Returns: nil if the disc doesn't give them.
  /// - Source: MMC-2, READ CD, "number of bytes returned" (recalled).
  static func bytes(of disc: CDImage, _ lba: Int, flags: UInt8, subchannel: UInt8) -> [UInt8]? {
    if flags == 0x10, subchannel == 0, disc.track(at: lba)?.format.isAudio == false { return disc.data(lba, count: 1) }
    guard let track = disc.track(at: lba), let raw = disc.raw(lba), raw.count == CDImage.rawBytes else { return nil }
    var bytes: [UInt8] = []
    if track.format.isAudio {
      if flags & 0x10 != 0 { bytes = raw }
    } else {
      let isMode2 = track.format.isMode2
      let isForm2 = isMode2 && raw[18] & 0x20 != 0
      let data = isMode2 ? 24 : 16
      let codes = data + (isForm2 ? 2328 : 2048)
      if flags & 0x80 != 0 { bytes += raw[0..<12] }
      if flags & 0x20 != 0 { bytes += raw[12..<16] }
      if flags & 0x40 != 0, isMode2 { bytes += raw[16..<24] }
      if flags & 0x10 != 0 { bytes += raw[data..<codes] }
      if flags & 0x08 != 0 { bytes += raw[codes...] }
    }
    if subchannel == 2 { bytes += position(disc, lba, isMSF: true, binary: false) + [UInt8](repeating: 0, count: 6) }
    return bytes
  }
}
