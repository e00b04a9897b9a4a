public import Hardware
public import Storage

/// The mechanics of one drive: value, part of the controller's state.
struct FloppyDrive: Codable {
  /// What the controller is doing to the head.
  enum Movement: String, Codable {
    case none, seek, recalibrate, relative
  }

  /// Which drive it is. Chosen by the first disk put in unless the configuration says.
  var type = FloppyDriveType.drive1440K
  /// A disk has been in, or the type was configured: the type no longer adapts freely.
  var isTypeSettled = false
  /// Where the head stands.
  var cylinder = 0
  /// When the head last moved.
  var lastStep = Instant(picoseconds: -1_000_000_000_000)
  var motorOn = false
  /// When the spindle is (or was) up to speed.
  var readyAt = Instant.zero
  /// When the motor was last switched off.
  var stoppedAt = Instant(picoseconds: -1_000_000_000_000)
  /// DSKCHG: set while there is no disk, cleared by a step with a disk in. Set at power-on.
  var isChanged = true

  var movement = Movement.none
  /// Steps still to do.
  var steps = 0
  /// Towards the spindle.
  var isInward = false
  /// When the next step (or the end) is due.
  var nextStep = Instant.never

  /// From standstill to nominal speed.
  ///
  /// - Source: 3.5-inch drive specifications: 500 ms or less; a motor that is switched on again while it runs down
  ///   needs no longer than it was off (simplification).
  static let spinUp = Span.milliseconds(500)
  /// Head settling after the last step, before which nothing is read.
  ///
  /// - Source: drive specifications: 15 ms.
  static let settle = Span.milliseconds(15)

  /// Track 0 sensor.
  var isAtTrack0: Bool { cylinder == 0 }

  mutating func setMotor(_ on: Bool, now: Instant) {
    guard on != motorOn else { return }
    motorOn = on
    if on {
      let missing = max(readyAt - stoppedAt, Span(picoseconds: 0)) + (now - stoppedAt)
      readyAt = now + min(Self.spinUp, missing)
    } else {
      stoppedAt = now
    }
  }

  /// One step pulse.
  mutating func step(inward: Bool, hasDisk: Bool, now: Instant) {
    cylinder = min(max(cylinder + (inward ? 1 : -1), 0), type.cylinders - 1)
    lastStep = now
    if hasDisk { isChanged = false }
  }

  // MARK: Rotation

  /// Duration of three revolutions, a whole number of picoseconds at 300 and 360 rpm.
  private var threeTurns: Int64 { type.revolutionThirds &* 1_000_000 }
  /// Duration of one revolution, rounded down.
  var turn: Span { Span(picoseconds: threeTurns / 3) }

  /// When index pulse `number` begins. The disk's angle is a function of guest time; pulse 0 is at power-on.
  func index(_ number: Int64) -> Instant {
    Instant(picoseconds: number / 3 &* threeTurns &+ number % 3 &* threeTurns / 3)
  }

  /// The number of the last index pulse at or before `t`.
  func revolution(at t: Instant) -> Int64 {
    let ps = max(t.picoseconds, 0)
    var number = ps / threeTurns &* 3 &+ ps % threeTurns &* 3 / threeTurns
    if index(number &+ 1) <= t { number &+= 1 }
    return number
  }

  /// Whether the index sensor sees the hole.
  ///
  /// - Source: drive specifications give 1 to 8 ms; 2 ms taken.
  func isIndex(at t: Instant) -> Bool { (t - index(revolution(at: t))) < .milliseconds(2) }

  /// The span from the index hole to byte `byte` of `track`.
  func angle(of byte: Int, in track: FloppyTrack) -> Span {
    Span(picoseconds: Int64(byte) &* (threeTurns / 3) / Int64(track.byteCount))
  }

  /// MFM bits per revolution that the controller expects at `rate` kbit/s.
  func trackBits(rate: Int64) -> Int { Int(rate &* type.revolutionThirds / 3_000) }
}

/// The slot of a drive: holds the disk, whose contents belong to the machine's state.
///
/// A state is loaded into a machine whose drive has the same disk (see `FloppyImage`); a state saved with an empty
/// drive takes the disk out.
public final class FloppySlot: SavedPart, Wiring {
  /// The disk in the drive.
  public internal(set) var image: FloppyImage?

  init() {}

  /// The part's state as a tree.
  public func savedPart() throws -> SavedValue {
    guard let image else { return .null }
    return .object(["disk": try image.savedPart()])
  }

  /// Takes back what `savedPart` gave, or throws and changes nothing.
  public func loadPart(_ saved: SavedValue) throws {
    guard let disk = saved["disk"] else {
      image = nil
      return
    }
    guard let image else {
      throw SavedStateError.mismatch("the state has a disk in a floppy drive that is empty here; insert it first")
    }
    try image.loadPart(disk)
  }

  /// Throws what `loadPart` would, and changes nothing.
  public func checkPart(_ saved: SavedValue) throws {
    guard let disk = saved["disk"] else { return }
    guard let image else {
      throw SavedStateError.mismatch("the state has a disk in a floppy drive that is empty here; insert it first")
    }
    try image.checkPart(disk)
  }
}
