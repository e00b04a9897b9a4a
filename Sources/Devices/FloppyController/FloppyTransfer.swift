import Hardware
import Storage

/// A command that moves data, while it is carried out: value, part of the controller's state.
struct FloppyTransfer: Codable {
  enum Kind: String, Codable {
    case read, readDeleted, write, writeDeleted, readTrack, verify, scanEqual, scanLow, scanHigh, readID, format

    var isScan: Bool { self == .scanEqual || self == .scanLow || self == .scanHigh }
    /// Data goes from host to controller.
    var takesData: Bool { self == .write || self == .writeDeleted || self == .format || isScan }
    var writesDisk: Bool { self == .write || self == .writeDeleted || self == .format }
  }

  /// What the transfer's alarm will be for.
  enum Stage: String, Codable {
    /// An implied seek.
    case seeking
    /// Head load.
    case loading
    /// No index pulses: no disk, or the motor is off. Nothing happens until that changes, or a reset.
    case stalled
    /// Up to the end of the ID of the wanted sector.
    case searching
    /// Up to the index pulse at which the search is given up.
    case failing
    /// In a data field.
    case data
    /// In what follows the data, up to its end.
    case trailer
    /// The command is over when the host has taken the last bytes.
    case draining
    /// FORMAT TRACK: up to the next sector's ID, or the index pulse that ends the track.
    case formatting
  }

  /// A command is being carried out; false: everything else here is left over from the last one.
  var isActive = false
  var kind = Kind.read
  var stage = Stage.loading
  /// DS bits of the command: whose PCN counts.
  var unit = 0
  /// The head that is selected.
  var side = 0
  var isMultiTrack = false
  var isMFM = true
  var skips = false
  var id = FloppySectorID(cylinder: 0, head: 0, record: 0, sizeCode: 0)
  var eot: UInt8 = 0
  var gap: UInt8 = 0
  /// DTL; SC of VERIFY; STP of SCAN; D of FORMAT.
  var extra: UInt8 = 0
  /// EC of VERIFY: `extra` counts sectors.
  var countsSectors = false
  /// Sectors done.
  var done = 0

  /// Place of the present sector on its track.
  var sector = 0
  /// Its data, as read or as collected so far.
  var buffer: [UInt8] = []
  /// Bytes that passed between disk and FIFO in this sector.
  var position = 0
  /// Bytes to be passed; less than the sector with N = 0 and a short DTL.
  var length = 0
  /// Bytes that the next alarm stands for.
  var burst = 1
  /// When the first data byte begins to pass the head.
  var dataStart = Instant.zero
  /// When the sector's CRC has passed.
  var sectorEnd = Instant.zero
  /// Picoseconds per byte on this track.
  var byteTime: Int64 = 16_000_000
  /// READ TRACK and FORMAT: the index pulse that the track began with.
  var startIndex: Int64 = -1
  /// Sectors made by FORMAT so far.
  var formatted: [FloppySectorID] = []

  /// TC came.
  var isTerminal = false
  var status1 = FloppyStatus1()
  var status2 = FloppyStatus2()
  /// SCAN: this sector fails the condition; or has bytes that aren't equal.
  var scanFails = false
  var scanDiffers = false

  /// The next byte from the disk.
  mutating func takeByte() -> UInt8 {
    let byte = position < buffer.count ? buffer[position] : 0
    position &+= 1
    return byte
  }

  /// The next byte for the disk.
  mutating func putByte(_ byte: UInt8) {
    if position < buffer.count { buffer[position] = byte }
    position &+= 1
  }

  /// The next byte of a scan.
  ///
  /// - Source: Intel 82077AA data sheet, SCAN: FFh from either side matches anything.
  mutating func compareByte(_ host: UInt8) {
    let disk = position < buffer.count ? buffer[position] : 0
    position &+= 1
    guard disk != host, disk != 0xFF, host != 0xFF else { return }
    scanDiffers = true
    switch kind {
    case .scanLow: if disk > host { scanFails = true }
    case .scanHigh: if disk < host { scanFails = true }
    default: scanFails = true
    }
  }

  /// When `count` bytes of the data field have passed the head.
  func moment(_ count: Int) -> Instant { dataStart + Span(picoseconds: Int64(count) &* byteTime) }

  /// The address of the next sector, and whether it is on the present cylinder still.
  ///
  /// - Source: Intel 82077AA data sheet, table 6-5 "Result phase table" for READ DATA.
  mutating func advance() -> Bool {
    done &+= 1
    let stride: UInt8 = kind.isScan && extra == 2 ? 2 : 1
    guard id.record == eot else {
      id.record &+= stride
      // Scanning every other sector steps over an EOT of the other parity.
      return !(stride == 2 && id.record == eot &+ 1)
    }
    id.record = 1
    guard isMultiTrack else {
      id.cylinder &+= 1
      return false
    }
    id.head ^= 1
    if side == 0 {
      side = 1
      return true
    }
    id.cylinder &+= 1
    return false
  }
}

/// The controller's FIFO of 16 bytes.
struct FloppyFIFO: Codable, Equatable, Sendable {
  private var bytes = Bank<16, UInt8>(repeating: 0)
  private var first: UInt8 = 0
  private(set) var fill: UInt8 = 0

  var count: Int { min(Int(fill), 16) }
  var isEmpty: Bool { fill == 0 }

  /// Puts a byte in; one too many is lost.
  mutating func append(_ byte: UInt8) {
    guard fill < 16 else { return }
    bytes[unchecked: Int((first &+ fill) & 15)] = byte
    fill &+= 1
  }

  /// Takes the oldest byte out; FFh if there is none.
  mutating func take() -> UInt8 {
    guard fill > 0 else { return 0xFF }
    let byte = bytes[unchecked: Int(first & 15)]
    first = (first &+ 1) & 15
    fill &-= 1
    return byte
  }

  mutating func clear() { fill = 0 }
}
