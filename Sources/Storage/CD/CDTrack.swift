/// How a track's sectors are made and how an image keeps them.
public enum CDTrackFormat: String, Codable, Sendable {
  /// 2352 bytes of sound: 588 stereo samples, 16 bits, low byte first.
  case audio
  /// Mode 1, user data only.
  case mode1Cooked
  /// Mode 1, whole sectors.
  case mode1Raw
  /// Mode 2 from the subheader on.
  case mode2Headless
  /// Mode 2, whole sectors.
  case mode2Raw

  /// Bytes that the image keeps of a sector.
  public var storedBytes: Int {
    switch self {
    case .audio, .mode1Raw, .mode2Raw: 2352
    case .mode1Cooked: 2048
    case .mode2Headless: 2336
    }
  }

  /// Where in them the 2048 bytes of user data (mode 1, mode 2 form 1) begin.
  var dataOffset: Int {
    switch self {
    case .audio, .mode1Cooked: 0
    case .mode1Raw: 16
    case .mode2Headless: 8
    case .mode2Raw: 24
    }
  }

  /// Sound, not data.
  public var isAudio: Bool { self == .audio }
  /// Mode 2 with or without forms.
  public var isMode2: Bool { self == .mode2Headless || self == .mode2Raw }
}

/// A track as the table of contents and the sub-channel show it.
public struct CDTrack: Equatable, Sendable {
  /// 1 ... 99.
  public var number: Int
  /// Sound or data.
  public var format: CDTrackFormat
  /// Where its pre-gap begins (index 0); equal to `start` without one.
  public var pregap: Int
  /// Where it begins (index 1): what the table of contents says.
  public var start: Int
  /// Behind its last block.
  public var end: Int
  /// Where the indices from 2 on begin.
  public var indices: [Int] = []
  /// Bits 0 pre-emphasis, 1 copying permitted, 3 four channels of sound.
  public var flags: UInt8 = 0

  /// The control field of the Q sub-channel: bit 2 says data.
  ///
  /// - Source: ECMA-130, 22.3.1 (recalled).
  public var control: UInt8 { flags & 0x0B | (format.isAudio ? 0 : 0x04) }

  /// The index number at block `lba`.
  public func index(at lba: Int) -> Int {
    lba < start ? 0 : 1 + indices.prefix { $0 <= lba }.count
  }
}

/// A run of blocks that lie together in an image.
struct CDExtent {
  /// The first block and how many.
  var lba: Int
  var count: Int
  var format: CDTrackFormat
  /// Where they are kept; nil for a gap that no file holds.
  var source: (any CDSource)?
  var offset = 0
  /// Sound with the high byte first.
  var isBigEndian = false
}
