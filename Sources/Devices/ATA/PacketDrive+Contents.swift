import Hardware
import Storage

/// Table of contents, sub-channel, and playing.
extension PacketDrive {
  /// Four bytes: 0, minute, second, frame; or the block number.
  static func address(_ lba: Int, isMSF: Bool) -> [UInt8] {
    guard isMSF else { return long(lba) }
    let address = CDAddress(lba: lba)
    return [0, address.minute, address.second, address.frame]
  }

  // MARK: READ TOC

  func tableOfContents(_ disc: CDImage) -> PacketReply {
    let isMSF = byte(1) & 2 != 0
    // The format is in byte 9 in SFF-8020i, in byte 2 in MMC.
    let format = byte(9) >> 6 != 0 ? byte(9) >> 6 : byte(2) & 0x0F
    let (first, last) = (disc.tracks.first?.number ?? 1, disc.tracks.last?.number ?? 1)
    let from = Int(byte(6))
    var bytes: [UInt8] = []
    switch format {
    case 0:
      guard from <= last || from == 0xAA else { return .check(.invalidField) }
      for track in disc.tracks where track.number >= from {
        bytes += [0, 0x10 | track.control, UInt8(track.number), 0] + Self.address(track.start, isMSF: isMSF)
      }
      let control = disc.tracks.last?.control ?? 4
      bytes += [0, 0x10 | control, 0xAA, 0] + Self.address(disc.leadOut, isMSF: isMSF)
      bytes = [UInt8(first), UInt8(last)] + bytes
    case 1:
      // One session, which begins with the first track.
      let control = disc.tracks.first?.control ?? 4
      bytes = [1, 1, 0, 0x10 | control, UInt8(first), 0] + Self.address(disc.tracks.first?.start ?? 0, isMSF: isMSF)
    case 2:
      // As it is written in the lead-in: points A0h, A1h, A2h, and the tracks.
      func entry(_ control: UInt8, _ point: UInt8, _ p: [UInt8]) -> [UInt8] {
        [1, 0x10 | control, 0, point, 0, 0, 0, 0] + p
      }
      let (head, tail) = (disc.tracks.first?.control ?? 4, disc.tracks.last?.control ?? 4)
      let isXA = disc.tracks.first?.format.isMode2 == true
      bytes = [1, 1] + entry(head, 0xA0, [UInt8(first), isXA ? 0x20 : 0, 0])
      bytes += entry(tail, 0xA1, [UInt8(last), 0, 0])
      bytes += entry(tail, 0xA2, Array(Self.address(disc.leadOut, isMSF: true).dropFirst()))
      for track in disc.tracks {
        bytes += entry(
          track.control, UInt8(track.number), Array(Self.address(track.start, isMSF: true).dropFirst()))
      }
    default: return .check(.invalidField)
    }
    return .data(Array((Self.word(bytes.count) + bytes).prefix(word(7))))
  }

  // MARK: READ SUB-CHANNEL

  /// Control and ADR, track, index, absolute and relative address of block `lba`, as in sub-channel Q.
  ///
  /// - Parameter binary: numbers as they are; false: in BCD, as on the disc.
  static func position(_ disc: CDImage, _ lba: Int, isMSF: Bool, binary: Bool = true) -> [UInt8] {
    let lba = min(max(lba, 0), max(disc.leadOut - 1, 0))
    guard let track = disc.track(at: lba) else { return [UInt8](repeating: 0, count: 11) }
    let relative =
      isMSF
      ? { address in [0, address.minute, address.second, address.frame] }(CDAddress(frames: abs(lba - track.start)))
      : long(lba - track.start)
    var bytes = [0x10 | track.control, UInt8(track.number), UInt8(track.index(at: lba))]
    guard binary else {
      // As it is on the disc: control and ADR, track, index, relative, 0, absolute.
      bytes[0] = track.control << 4 | 1
      bytes += relative.dropFirst() + address(lba, isMSF: true)
      return bytes.prefix(1) + bytes.dropFirst().map { ($0 / 10) << 4 | $0 % 10 }
    }
    return bytes + address(lba, isMSF: isMSF) + relative
  }

  func subChannel(_ disc: CDImage, now: Instant) -> PacketReply {
    let (isMSF, wantsQ, format) = (byte(1) & 2 != 0, byte(2) & 0x40 != 0, byte(3))
    var bytes: [UInt8] = []
    if wantsQ {
      let lba = playback.status == .stopped ? head : playback.position(at: now)
      switch format {
      case 1: bytes = [1] + Self.position(disc, lba, isMSF: isMSF)
      // No catalogue number and no recording code: the valid bits are 0.
      case 2: bytes = [2, 0, 0, 0] + [UInt8](repeating: 0, count: 16)
      case 3:
        guard let track = disc.tracks.first(where: { $0.number == Int(byte(6)) }) else {
          return .check(.invalidField)
        }
        bytes = [3, 0x10 | track.control, UInt8(track.number), 0] + [UInt8](repeating: 0, count: 16)
      default: return .check(.invalidField)
      }
    }
    let header = [0, playback.status.rawValue] + Self.word(bytes.count)
    return .data(Array((header + bytes).prefix(word(7))))
  }

  /// READ SUB-CHANNEL has told the host of an end: after that there is nothing to say any more.
  mutating func statusWasRead() {
    if byte(0) == 0x42, playback.status == .completed { playback.status = .stopped }
  }

  // MARK: Playing

  mutating func play(_ disc: CDImage, _ lba: Int, _ count: Int, now: Instant) -> PacketReply {
    // Block FFFFFFFFh: from where the head is.
    let first = lba == 0xFFFF_FFFF ? playback.position(at: now) : lba
    return play(disc, first, end: first + count, now: now)
  }

  mutating func playMSF(_ disc: CDImage, now: Instant) -> PacketReply {
    let isHere = byte(3) == 0xFF && byte(4) == 0xFF && byte(5) == 0xFF
    guard let end = CDAddress(minute: byte(6), second: byte(7), frame: byte(8)) else { return .check(.invalidField) }
    if isHere { return play(disc, playback.position(at: now), end: end.lba, now: now) }
    guard let first = CDAddress(minute: byte(3), second: byte(4), frame: byte(5)) else {
      return .check(.invalidField)
    }
    // A disc begins at 00:02:00; some players ask from 00:00:00.
    return play(disc, max(first.lba, 0), end: end.lba, now: now)
  }

  private mutating func play(_ disc: CDImage, _ first: Int, end: Int, now: Instant) -> PacketReply {
    // Nothing to play isn't an error. - Source: SFF-8020i, PLAY AUDIO: a length of 0.
    if first == end { return .good }
    guard first < end else { return .check(.invalidField) }
    guard let track = disc.track(at: first) else { return .check(.outOfRange) }
    guard track.format.isAudio else { return .check(.illegalMode) }
    // It ends where the sound does.
    let stop = disc.tracks.first { $0.start > first && !$0.format.isAudio }?.start ?? disc.leadOut
    playback.play(first..<max(min(end, stop), first), at: now)
    head = first
    return .good
  }
}
