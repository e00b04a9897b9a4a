/// The date and time of a directory entry: local time, in steps of two seconds, 1980 to 2107.
///
/// - Source: fatgen103, "Date and Time Formats".
public struct FATTime: Equatable, Sendable {
  /// Bits 15-9 year - 1980, 8-5 month, 4-0 day.
  public var date: UInt16
  /// Bits 15-11 hour, 10-5 minute, 4-0 seconds / 2.
  public var time: UInt16

  /// The fields as they are on the disk.
  public init(date: UInt16, time: UInt16) {
    self.date = date
    self.time = time
  }

  /// A moment by the wall clock; years outside 1980 ... 2107 become the nearest.
  public init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
    let year = min(max(year, 1980), 2107) - 1980
    date = UInt16(truncatingIfNeeded: year << 9 | (month & 15) << 5 | day & 31)
    time = UInt16(truncatingIfNeeded: (hour & 31) << 11 | (minute & 63) << 5 | (second / 2) & 31)
  }

  /// The first moment that FAT knows.
  public static let epoch = FATTime(year: 1980, month: 1, day: 1)

  /// "1994-05-31 06:22:00".
  public var text: String {
    func two(_ value: UInt16) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(1980 + Int(date >> 9))-\(two(date >> 5 & 15))-\(two(date & 31)) "
      + "\(two(time >> 11)):\(two(time >> 5 & 63)):\(two((time & 31) * 2))"
  }
}

/// A file or directory as its directory tells of it.
public struct FATEntry: Sendable {
  /// Attribute bits: 01h read-only, 02h hidden, 04h system, 08h label, 10h directory, 20h archive.
  public var attributes: UInt8
  /// The long name, or the short one where there is none.
  public var name: String
  /// "LONGNA~1.TXT".
  public var shortName: String
  /// Bytes; 0 for directories.
  public var size: Int
  /// 0: none.
  public var firstCluster: Int
  /// Last change.
  public var modified: FATTime
  /// A directory.
  public var isDirectory: Bool { attributes & 0x10 != 0 }
  /// The slots of 32 bytes that it takes in its directory, the short one last.
  var slots: Range<Int>
  /// Its eleven bytes.
  var shortBytes: [UInt8]
}

/// A directory's bytes and where they lie.
struct FATDirectory {
  /// First cluster; 0 is the fixed root directory.
  var cluster: Int
  var bytes: [UInt8]
  /// Pieces in the volume: byte offset and length.
  var extents: [(offset: Int, length: Int)]

  /// No directory has more: 65,536 entries.
  static let maxBytes = 65_536 * 32

  /// Byte offset in the volume of slot `slot`.
  func offset(ofSlot slot: Int) -> Int? {
    var rest = slot * 32
    for extent in extents {
      if rest < extent.length { return extent.offset + rest }
      rest -= extent.length
    }
    return nil
  }

  /// What `entries` says of long names that belong to nothing.
  struct Oddity {
    var slot: Int
    var what: String
  }

  /// All entries but labels and the two dots, in order.
  func entries(bits: Int) -> [FATEntry] { scan(bits: bits).entries }

  func scan(bits: Int) -> (entries: [FATEntry], label: [UInt8]?, oddities: [Oddity]) {
    var found: [FATEntry] = []
    var label: [UInt8]?
    var oddities: [Oddity] = []
    var long: [UInt16] = []
    var expected = 0
    var sum: UInt8 = 0
    var firstLong = 0
    for slot in 0..<bytes.count / 32 {
      let raw = bytes.slice(slot * 32, 32)
      if raw[0] == 0 { break }
      if raw[0] == 0xE5 {
        if expected > 0 || !long.isEmpty { oddities.append(Oddity(slot: slot, what: "a long name without its file")) }
        (long, expected) = ([], 0)
        continue
      }
      if raw[11] & 0x3F == 0x0F {
        let number = Int(raw[0] & 0x3F)
        if raw[0] & 0x40 != 0 {
          (long, expected, sum, firstLong) = ([], number, raw[13], slot)
        }
        if number == expected, number > 0, raw[13] == sum {
          long = FATName.units(of: raw) + long
          expected = number - 1
        } else {
          oddities.append(Oddity(slot: slot, what: "a piece of a long name in the wrong place"))
          (long, expected) = ([], 0)
        }
        continue
      }
      let short = raw.slice(0, 11)
      defer { (long, expected) = ([], 0) }
      if raw[11] & 0x08 != 0 {
        if label == nil, raw[11] & 0x10 == 0 { label = short }
        continue
      }
      if short == Array(".          ".utf8) || short == Array("..         ".utf8) { continue }
      var name = FATName.text(of: short, caseBits: raw[12])
      var first = slot
      if !long.isEmpty {
        if expected == 0, FATName.checksum(short) == sum {
          name = String(decoding: long, as: UTF16.self)
          first = firstLong
        } else {
          oddities.append(Oddity(slot: slot, what: "a long name that belongs to another file"))
        }
      }
      let cluster = raw.u16(26) | (bits == 32 ? raw.u16(20) << 16 : 0)
      found.append(
        FATEntry(
          attributes: raw[11], name: name, shortName: FATName.text(of: short),
          size: raw[11] & 0x10 != 0 ? 0 : raw.u32(28), firstCluster: cluster & 0x0FFF_FFFF,
          modified: FATTime(
            date: UInt16(truncatingIfNeeded: raw.u16(24)), time: UInt16(truncatingIfNeeded: raw.u16(22))),
          slots: first..<slot + 1, shortBytes: short))
    }
    return (found, label, oddities)
  }

  /// The first of `count` free slots in a row; nil if there is no such run. Slots behind the end mark are free.
  func freeSlots(_ count: Int) -> Int? {
    var run = 0
    var ended = false
    for slot in 0..<bytes.count / 32 {
      if bytes[slot * 32] == 0 { ended = true }
      run = ended || bytes[slot * 32] == 0xE5 ? run + 1 : 0
      if run == count { return slot - count + 1 }
    }
    return nil
  }
}
