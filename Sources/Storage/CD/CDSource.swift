/// Bytes that a track of a CD is read from: a host file, or something built on the fly.
public protocol CDSource: AnyObject {
  /// What messages call it: the file's path.
  var name: String { get }
  /// How many bytes there are.
  var byteCount: Int { get }
  /// Up to `count` bytes at `offset`; fewer at the end.
  ///
  /// - Throws: `unreadable` with the host's reason.
  func read(at offset: Int, count: Int) throws(StorageError) -> [UInt8]
}

extension HostFile: CDSource {
  /// See `path`.
  public var name: String { path }
  /// See `size`.
  public var byteCount: Int { size }
}

/// A place on a CD in minutes, seconds and frames (75 a second), counted from the start of the programme area's
/// lead-in end: logical block 0 is 00:02:00.
///
/// - Source: ECMA-130, 22.3.3 (recalled); SFF-8020i, "logical block addressing".
public struct CDAddress: Equatable, Sendable {
  /// 0 ... 99.
  public var minute: UInt8
  /// 0 ... 59.
  public var second: UInt8
  /// 0 ... 74.
  public var frame: UInt8

  /// Frames in a second.
  public static let framesPerSecond = 75
  /// Blocks between 00:00:00 and block 0.
  public static let leadIn = 150
  /// The last block there can be, 99:59:74.
  public static let lastBlock = 100 * 60 * framesPerSecond - 1 - leadIn

  /// Where block `lba` is; clipped to what three numbers can say.
  public init(lba: Int) { self.init(frames: lba + Self.leadIn) }

  /// A distance of `frames`.
  public init(frames: Int) {
    let frames = min(max(frames, 0), Self.lastBlock + Self.leadIn)
    minute = UInt8(frames / (60 * Self.framesPerSecond))
    second = UInt8(frames / Self.framesPerSecond % 60)
    frame = UInt8(frames % Self.framesPerSecond)
  }

  /// From numbers as a host gives them; nil if they are none of a CD's.
  public init?(minute: UInt8, second: UInt8, frame: UInt8) {
    guard minute < 100, second < 60, frame < 75 else { return nil }
    self.minute = minute
    self.second = second
    self.frame = frame
  }

  /// Frames after 00:00:00.
  public var frames: Int { (Int(minute) * 60 + Int(second)) * Self.framesPerSecond + Int(frame) }
  /// The logical block here; negative before 00:02:00.
  public var lba: Int { frames - Self.leadIn }
}
