import Hardware
import Storage

/// Status register of a drive.
///
/// - Source: ATA-2 (X3T10/948D), 7.2.13.
struct ATAStatus: RawRepresentable, Codable, Equatable, Sendable, OptionSet {
  var rawValue: UInt8
  static let error = ATAStatus(rawValue: 0x01)
  static let dataRequest = ATAStatus(rawValue: 0x08)
  static let seekComplete = ATAStatus(rawValue: 0x10)
  static let deviceFault = ATAStatus(rawValue: 0x20)
  static let ready = ATAStatus(rawValue: 0x40)
  static let busy = ATAStatus(rawValue: 0x80)
  /// Nothing to do.
  static let idle: ATAStatus = [.ready, .seekComplete]
}

/// Error register of a drive.
///
/// - Source: ATA-2, 7.2.9.
struct ATAError: RawRepresentable, Codable, Equatable, Sendable, OptionSet {
  var rawValue: UInt8
  static let aborted = ATAError(rawValue: 0x04)
  static let idNotFound = ATAError(rawValue: 0x10)
  static let uncorrectable = ATAError(rawValue: 0x40)
  /// After a reset or EXECUTE DEVICE DIAGNOSTIC it holds a code instead; this one says that all is well.
  static let diagnosticPassed = ATAError(rawValue: 0x01)
}

/// The registers of one drive and what it has been told. Both drives of a cable take in all writes.
struct ATADrive: Codable, Equatable, Sendable {
  var status = ATAStatus.idle
  var error = ATAError.diagnosticPassed
  var features: UInt8 = 0
  var count: UInt8 = 1
  var sector: UInt8 = 1
  var cylinderLow: UInt8 = 0
  var cylinderHigh: UInt8 = 0
  /// Bits 3-0 head or LBA 27-24, bit 4 drive, bit 6 LBA.
  var deviceHead: UInt8 = 0
  /// INTRQ, before nIEN.
  var isInterruptPending = false
  /// The translation that INITIALIZE DEVICE PARAMETERS has chosen.
  var heads = 16
  /// See `heads`.
  var sectorsPerTrack = 63
  /// Sectors in a block of READ and WRITE MULTIPLE, 0: these commands are disabled.
  var multiple: UInt8 = 0
  /// SET FEATURES 66h: a software reset keeps `multiple` and the translation.
  var keepsSettings = false
  /// The spindle stands still (standby).
  var isStandby = false
  /// Only a reset wakes it.
  var isAsleep = false
  /// The sector behind the last one that passed the head: where it stands, and what read-ahead has at hand.
  var head = 0
  /// What WRITE LONG has left unreadable.
  var longSectors: [ATALongSector] = []

  var isLBA: Bool { deviceHead & 0x40 != 0 }

  /// Sectors that the count register asks for, 1 ... 256.
  var sectors: Int { count == 0 ? 256 : Int(count) }

  /// Cylinders of the present translation on a disk of `total` sectors.
  func cylinders(of total: Int) -> Int {
    let all = total / max(heads * sectorsPerTrack, 1)
    return min(all, heads == HardDiskImage.heads && sectorsPerTrack == HardDiskImage.sectorsPerTrack ? 16_383 : 65_535)
  }

  /// Where the address registers point on a disk of `total` sectors; nil if there is no such sector.
  func address(of total: Int) -> Int? {
    if isLBA {
      let lba = Int(deviceHead & 0x0F) << 24 | Int(cylinderHigh) << 16 | Int(cylinderLow) << 8 | Int(sector)
      return lba < total ? lba : nil
    }
    let cylinder = Int(cylinderHigh) << 8 | Int(cylinderLow)
    let head = Int(deviceHead & 0x0F)
    guard cylinder < cylinders(of: total), head < heads, (1...max(sectorsPerTrack, 1)).contains(Int(sector)) else {
      return nil
    }
    return (cylinder * heads + head) * sectorsPerTrack + Int(sector) - 1
  }

  /// Puts sector `lba` into the address registers, in the form that they have.
  mutating func show(_ lba: Int) {
    if isLBA {
      sector = UInt8(truncatingIfNeeded: lba)
      cylinderLow = UInt8(truncatingIfNeeded: lba >> 8)
      cylinderHigh = UInt8(truncatingIfNeeded: lba >> 16)
      deviceHead = deviceHead & 0xF0 | UInt8(truncatingIfNeeded: lba >> 24) & 0x0F
      return
    }
    let track = lba / max(sectorsPerTrack, 1)
    let cylinder = track / max(heads, 1)
    sector = UInt8(truncatingIfNeeded: lba % max(sectorsPerTrack, 1) + 1)
    deviceHead = deviceHead & 0xF0 | UInt8(truncatingIfNeeded: track % max(heads, 1)) & 0x0F
    cylinderLow = UInt8(truncatingIfNeeded: cylinder)
    cylinderHigh = UInt8(truncatingIfNeeded: cylinder >> 8)
  }

  /// What a reset and EXECUTE DEVICE DIAGNOSTIC leave in the registers.
  ///
  /// - Source: ATA-2, 9.1 (power on and reset signature of a device without the PACKET command); SFF-8020i, "ATAPI
  ///   signature": EB14h, and a status of 00h until the first command.
  mutating func sign(isPacket: Bool) {
    status = isPacket ? [] : .idle
    error = .diagnosticPassed
    (count, sector, deviceHead) = (1, 1, 0)
    (cylinderLow, cylinderHigh) = isPacket ? (0x14, 0xEB) : (0, 0)
    isInterruptPending = false
    isStandby = false
    isAsleep = false
  }

  /// The 256 words of IDENTIFY DEVICE as bytes.
  ///
  /// - Source: ATA-2 (X3T10/948D), 8.9, table 11; word 48 from ATA-1 (X3.221).
  func identity(of disk: HardDiskImage, serial: String) -> [UInt8] {
    var words = [UInt16](repeating: 0, count: 256)
    func long(_ at: Int, _ value: Int) {
      words[at] = UInt16(truncatingIfNeeded: value)
      words[at + 1] = UInt16(truncatingIfNeeded: value >> 16)
    }
    // A fixed drive.
    words[0] = 0x0040
    words[1] = UInt16(truncatingIfNeeded: disk.cylinders)
    words[3] = UInt16(HardDiskImage.heads)
    words[6] = UInt16(HardDiskImage.sectorsPerTrack)
    Self.put(serial, into: &words, 10...19)
    // A dual-ported buffer with read-ahead, in sectors; bytes of ECC of the LONG commands.
    words[20] = 3
    words[21] = UInt16(ATAController.maxMultiple)
    words[22] = UInt16(ATAController.correctionBytes)
    Self.put("1.0", into: &words, 23...26)
    Self.put("HEIRLOOM HARD DISK", into: &words, 27...46)
    words[47] = 0x8000 | UInt16(ATAController.maxMultiple)
    // Doubleword accesses to the data register; LBA; PIO mode 2; words 54-58 are valid.
    words[48] = 1
    words[49] = 0x0200
    words[51] = 0x0200
    words[53] = 0x0001
    let current = cylinders(of: disk.sectorCount)
    words[54] = UInt16(truncatingIfNeeded: current)
    words[55] = UInt16(truncatingIfNeeded: heads)
    words[56] = UInt16(truncatingIfNeeded: sectorsPerTrack)
    long(57, current * heads * sectorsPerTrack)
    words[59] = multiple == 0 ? 0 : 0x0100 | UInt16(multiple)
    long(60, disk.sectorCount)
    // ATA-1 and ATA-2.
    words[80] = 0x0006
    return words.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
  }

  /// The 256 words of IDENTIFY PACKET DEVICE as bytes.
  ///
  /// - Source: SFF-8020i revision 2.6, "ATAPI IDENTIFY DEVICE": word 0 says ATAPI, CD-ROM, removable, DRQ within 50 us
  ///   of the PACKET command without an interrupt, 12-byte packets.
  static func packetIdentity(serial: String) -> [UInt8] {
    var words = [UInt16](repeating: 0, count: 256)
    words[0] = 0x85C0
    put(serial, into: &words, 10...19)
    put("1.0", into: &words, 23...26)
    put("HEIRLOOM CD-ROM DRIVE", into: &words, 27...46)
    // Doubleword accesses; LBA; PIO mode 2; words 54-58 don't apply.
    words[48] = 1
    words[49] = 0x0200
    words[51] = 0x0200
    return words.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
  }

  /// Text has the first of two characters in the high byte, and is filled up with blanks.
  private static func put(_ text: String, into words: inout [UInt16], _ range: ClosedRange<Int>) {
    var rest = Array(text.utf8)[...]
    for word in range {
      let first = rest.popFirst() ?? 0x20
      words[word] = UInt16(first) << 8 | UInt16(rest.popFirst() ?? 0x20)
    }
  }
}
