import Hardware

/// Why a packet command failed: sense key, additional code and qualifier.
///
/// - Source: SFF-8020i revision 2.6, tables of sense keys and additional sense codes.
struct PacketSense: Codable, Equatable, Sendable {
  var key: UInt8 = 0
  var code: UInt8 = 0
  var qualifier: UInt8 = 0

  static let none = PacketSense()
  static let becomingReady = PacketSense(key: 0x2, code: 0x04, qualifier: 0x01)
  static let noMedium = PacketSense(key: 0x2, code: 0x3A)
  static let unrecoveredRead = PacketSense(key: 0x3, code: 0x11)
  static let invalidOperation = PacketSense(key: 0x5, code: 0x20)
  static let outOfRange = PacketSense(key: 0x5, code: 0x21)
  static let invalidField = PacketSense(key: 0x5, code: 0x24)
  static let invalidParameter = PacketSense(key: 0x5, code: 0x26)
  static let savingUnsupported = PacketSense(key: 0x5, code: 0x39)
  static let removalPrevented = PacketSense(key: 0x5, code: 0x53, qualifier: 0x02)
  static let illegalMode = PacketSense(key: 0x5, code: 0x64)
  static let mediumChanged = PacketSense(key: 0x6, code: 0x28)
  static let wasReset = PacketSense(key: 0x6, code: 0x29)
}

/// What becomes of a packet command.
enum PacketReply {
  /// Done, without data.
  case good
  /// These bytes go to the host.
  case data([UInt8])
  /// Blocks go to the host, in the form that READ CD's flag byte describes; 10h is user data alone.
  case blocks(lba: Int, count: Int, flags: UInt8, subchannel: UInt8)
  /// So many bytes are wanted from the host first.
  case wants(Int)
  /// Failed.
  case check(PacketSense)
}

/// What a CD-ROM drive has been told, beside its registers.
///
/// - Source: SFF-8020i revision 2.6 (ATA packet interface for CD-ROMs); SCSI-2 (X3.131-1994) for what it refers to;
///   GET EVENT STATUS NOTIFICATION from MMC-2 (recalled).
struct PacketDrive: Codable, Equatable, Sendable {
  /// What REQUEST SENSE will say.
  var sense = PacketSense.none
  /// Unit attentions that no command has reported yet: after a reset, after a change of discs.
  var wasReset = true
  var isChanged = false
  /// PREVENT ALLOW MEDIUM REMOVAL.
  var isLocked = false
  var isTrayOpen = false
  /// The disc turns from then on.
  var readyAt = Instant.zero
  /// The media event that GET EVENT STATUS NOTIFICATION will report: 0 none, 1 eject button, 2 new, 3 removed.
  var mediaEvent: UInt8 = 0
  var playback = CDPlayback()
  /// Where the head was last, for seek times.
  var head = 0
  /// SET CD SPEED, in KB/s.
  var speed: UInt16 = PacketDrive.maxSpeed
  /// Mode page 0Eh from byte 8 on: channel selection and volume of each output port.
  var ports: [UInt8] = PacketDrive.defaultPorts
  /// Mode page 01h, byte 2 and 3: error recovery and retries.
  var recovery: [UInt8] = [0x00, 0x05]
  /// Mode page 0Dh, byte 3: inactivity timer.
  var inactivity: UInt8 = 0x0D

  /// Four times the speed of sound: 706 KB/s of 2352-byte blocks. (A drive of 1995.)
  static let maxSpeed: UInt16 = 706
  static let defaultPorts: [UInt8] = [1, 0xFF, 2, 0xFF, 0, 0, 0, 0]

  /// The command in work.
  var packet = [UInt8](repeating: 0, count: 12)
  /// The byte count that the host has set as the limit of a block of data.
  var limit = 0xFFFE
  /// Blocks of the disc that are still to come: the first, how many, and READ CD's flags.
  var nextBlock = 0
  var blocksLeft = 0
  var flags: UInt8 = 0
  var subchannel: UInt8 = 0

  /// DEVICE RESET and RESET-: what was told is forgotten, the disc stays.
  mutating func reset() {
    var fresh = PacketDrive()
    fresh.isTrayOpen = isTrayOpen
    fresh.readyAt = readyAt
    fresh.isChanged = isChanged
    fresh.head = head
    self = fresh
  }

  /// A saved state that was damaged must not reach beyond arrays.
  mutating func repair() {
    packet = Array(packet.prefix(12))
    while packet.count < 12 { packet.append(0) }
    if ports.count != 8 { ports = Self.defaultPorts }
    if recovery.count != 2 { recovery = [0, 5] }
    limit = min(max(limit, 2), 0xFFFE)
    blocksLeft = min(max(blocksLeft, 0), 1 << 24)
    nextBlock = min(max(nextBlock, 0), 1 << 20)
    head = min(max(head, 0), 1 << 20)
    playback.start = min(max(playback.start, 0), 1 << 20)
    playback.end = min(max(playback.end, 0), 1 << 20)
    playback.repair()
  }

  // MARK: The packet's fields

  func byte(_ at: Int) -> UInt8 { at < packet.count ? packet[at] : 0 }
  func word(_ at: Int) -> Int { Int(byte(at)) << 8 | Int(byte(at + 1)) }
  func long(_ at: Int) -> Int { word(at) << 16 | word(at + 2) }
  func triple(_ at: Int) -> Int { Int(byte(at)) << 16 | word(at + 1) }
}
