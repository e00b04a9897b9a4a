public import Hardware
import Storage

/// How long drives take.
public enum ATATiming: String, Codable, Sendable, Wiring {
  /// Constant short times: what programs need to see happen happens, nobody waits.
  case fast
  /// Drives of 1995: seeks, rotation, four times the speed of sound for CDs.
  case period

  /// From a command to its end where nothing moves. (A choice: drives of the time need about that much.)
  static let commandTime = Span.microseconds(300)
  /// From a command to the request for the first data of the host.
  static let prepareTime = Span.microseconds(10)

  // MARK: Hard disks
  //
  // A drive of 540 MB: 4500 rpm, 12 ms average seek, 3 ms from track to track. The same 63 sectors pass in every
  // revolution, which makes 2.4 MB/s. (Typical catalogue values of 1995, no particular drive: unverified.)

  static let revolution = Span.microseconds(13_333)

  /// From one block of data to the next, a sector.
  var sectorTime: Span {
    switch self {
    case .fast: .microseconds(100)
    case .period: Span(picoseconds: Self.revolution.picoseconds / 63)
    }
  }

  /// Until sector `to` of `total` has passed the head, which stands behind sector `from`, at `now`. Read-ahead makes the
  /// next sector wait for nothing but itself.
  func access(from: Int, to: Int, of total: Int, now: Instant) -> Span {
    guard self == .period else { return Self.commandTime }
    if to == from { return sectorTime }
    let track = 63
    let distance = abs(to / track / 16 - from / track / 16)
    var time = Span(picoseconds: 0)
    if distance > 0 {
      let tracks = max(total / track / 16, 1)
      time = .milliseconds(3) + Span.microseconds(Int64(15_600 * Self.root(distance, of: tracks) / 1000))
    }
    // The sectors of all tracks lie at the same angles, and the angle follows from the time.
    let revolution = Self.revolution.picoseconds
    let angle = Int64(to % track) * revolution / Int64(track)
    let arrival = (now + time).picoseconds % revolution
    return time + Span(picoseconds: (angle - arrival + revolution) % revolution) + sectorTime
  }

  /// 1000 times the square root of `part` / `whole`.
  private static func root(_ part: Int, of whole: Int) -> Int {
    let square = min(part, whole) * 1_000_000 / max(whole, 1)
    var root = 0
    while (root + 1) * (root + 1) <= square { root += 1 }
    return root
  }

  // MARK: CDs

  /// A block of 2048 bytes.
  var blockTime: Span {
    switch self {
    case .fast: .microseconds(100)
    case .period: Span(picoseconds: 1_000_000_000_000 / 300)
    }
  }

  /// From block `from` to `to` of `total`. (250 ms from end to end, 80 ms for the shortest way: unverified.)
  func seek(from: Int, to: Int, of total: Int) -> Span {
    guard self == .period, to != from else { return Self.commandTime }
    return .milliseconds(80) + Span.microseconds(Int64(min(abs(to - from), total) * 170_000 / max(total, 1)))
  }

  /// From closing the tray until the disc can be read.
  var spinUpTime: Span {
    switch self {
    case .fast: .milliseconds(500)
    case .period: .seconds(3)
    }
  }
}

extension ATAController {
  /// From a read command to its first block.
  func accessTime() -> Span {
    guard let disk = image(state.unit), let lba = state.drives[state.unit].address(of: disk.sectorCount) else {
      return ATATiming.commandTime
    }
    return timing.access(from: state.drives[state.unit].head, to: lba, of: disk.sectorCount, now: alarm.now)
  }

  /// From a packet to the beginning of its answer.
  func packetTime() -> Span {
    let drive = state.packets[state.unit]
    guard let disc = slot(state.unit).disc, [0x28, 0x2B, 0xA8, 0xB9, 0xBE, 0x45, 0x47, 0xA5].contains(drive.byte(0))
    else {
      return ATATiming.commandTime
    }
    let isMSF = drive.byte(0) == 0xB9 || drive.byte(0) == 0x47
    let to =
      isMSF ? CDAddress(minute: drive.byte(3), second: drive.byte(4), frame: drive.byte(5))?.lba ?? 0 : drive.long(2)
    return timing.seek(from: drive.head, to: to, of: disc.leadOut)
  }
}
