import Storage

/// MODE SENSE and MODE SELECT.
extension PacketDrive {
  /// Which values of a mode page are asked for.
  private enum PageControl: UInt8 { case current, changeable, initial, saved }

  /// - Source: SFF-8020i, "medium type codes": no disc 70h, open 71h, data 01h, sound 02h, both 03h.
  private func mediumType(_ disc: CDImage?) -> UInt8 {
    if isTrayOpen { return 0x71 }
    guard let disc else { return 0x70 }
    let sound = disc.tracks.contains { $0.format.isAudio }
    let data = disc.tracks.contains { !$0.format.isAudio }
    return sound ? (data ? 0x03 : 0x02) : 0x01
  }

  func modeSense(_ disc: CDImage?) -> PacketReply {
    guard let control = PageControl(rawValue: byte(2) >> 6) else { return .check(.invalidField) }
    if control == .saved { return .check(.savingUnsupported) }
    let wanted = byte(2) & 0x3F
    let pages: [UInt8] = [0x01, 0x0D, 0x0E, 0x2A].filter { wanted == 0x3F || wanted == $0 }
    guard !pages.isEmpty else { return .check(.invalidField) }
    let bytes = pages.flatMap { page($0, control) }
    // The length doesn't count itself.
    let header = Self.word(bytes.count + 6) + [mediumType(disc), 0, 0, 0, 0, 0]
    return .data(Array((header + bytes).prefix(word(7))))
  }

  private func page(_ code: UInt8, _ control: PageControl) -> [UInt8] {
    let isCurrent = control == .current
    let isChangeable = control == .changeable
    switch code {
    case 0x01:
      let values = isChangeable ? [0x37, 0xFF] : isCurrent ? recovery : [0, 5]
      return [0x01, 0x06] + values + [0, 0, 0, 0]
    case 0x0D:
      let timer: UInt8 = isChangeable ? 0x0F : isCurrent ? inactivity : 0x0D
      // 60 seconds in a minute, 75 frames in a second.
      return [0x0D, 0x06, 0, timer] + (isChangeable ? [0, 0, 0, 0] : [0, 60, 0, 75])
    case 0x0E:
      if isChangeable { return [0x0E, 0x0E, 0, 0, 0, 0, 0, 0, 0x0F, 0xFF, 0x0F, 0xFF, 0, 0, 0, 0] }
      // IMMED: PLAY AUDIO ends its command at once.
      return [0x0E, 0x0E, 0x04, 0, 0, 0, 0, 75] + (isCurrent ? ports : Self.defaultPorts)
    default:
      if isChangeable { return [0x2A, 0x12] + [UInt8](repeating: 0, count: 18) }
      // Plays sound, reads mode 2 forms 1 and 2; READ CD gives sound, exactly; a tray that can be locked and opened;
      // volume and muting apart for each channel; 256 steps of volume, a buffer of 128 KB.
      let lock: UInt8 = isCurrent && isLocked ? 0x02 : 0
      return [0x2A, 0x12, 0x00, 0x00, 0x31, 0x03, 0x29 | lock, 0x03] + Self.word(Int(Self.maxSpeed))
        + Self.word(256) + Self.word(128) + Self.word(Int(speed)) + [0, 0, 0, 0]
    }
  }

  /// The parameters of MODE SELECT have come.
  mutating func modeSelect(_ bytes: [UInt8]) -> PacketReply {
    // Page format bit; saving isn't possible.
    guard byte(1) & 0x10 != 0 || bytes.count <= 8, byte(1) & 1 == 0 else { return .check(.invalidField) }
    guard bytes.count >= 8 else { return .check(.invalidParameter) }
    // Block descriptors don't exist in SFF-8020i; hosts of SCSI say how long theirs are.
    var at = 8 + (Int(bytes[6]) << 8 | Int(bytes[7]))
    var fresh = self
    while at + 2 <= bytes.count {
      let (code, length) = (bytes[at] & 0x3F, Int(bytes[at + 1]))
      guard at + 2 + length <= bytes.count else { return .check(.invalidParameter) }
      let body = Array(bytes[at + 2..<at + 2 + length])
      switch (code, length) {
      case (0x01, 6): fresh.recovery = [body[0] & 0x37, body[1]]
      case (0x0D, 6): fresh.inactivity = body[1] & 0x0F
      case (0x0E, 14):
        fresh.ports = [body[6] & 0x0F, body[7], body[8] & 0x0F, body[9], 0, 0, 0, 0]
      default: return .check(.invalidParameter)
      }
      at += 2 + length
    }
    self = fresh
    return .good
  }
}
