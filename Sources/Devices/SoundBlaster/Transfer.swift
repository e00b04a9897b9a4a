import Hardware

/// A transfer by DMA: samples at a rate, in blocks that end with an interrupt.
struct Transfer: Codable, Equatable, Sendable {
  enum Direction: String, Codable, Sendable { case output, input }

  var isOn = false
  var isPaused = false
  /// Blocks follow each other until told otherwise.
  var repeats = false
  /// The block that is on is the last one.
  var isEnding = false
  var direction = Direction.output
  /// Units (bytes, or words of 16-bit sound) in a block, less one, and to go after the one under way.
  var length: UInt16 = 0
  var left: UInt16 = 0
  var isWide = false
  var isSigned = false
  /// Left and right come with one sample (DSP 4.xx).
  var isStereo = false
  /// Left and right come with samples of their own (DSP 3.xx).
  var alternates = false
  var adpcm: ADPCM.Format?
  var decoder = ADPCM()
  /// The next byte is the decoder's first sample.
  var takesReference = false

  /// Samples since `begun`, by the clock: `rate` a second, or one in `period` microseconds if that isn't 0.
  var begun = Instant.zero
  var ticks: Int64 = 1
  var rate: UInt32 = 22_050
  var period: UInt32 = 0

  /// Units of the sample under way that are still to come; 0: it is complete.
  var wanted: UInt8 = 0
  /// The next unit is the right side's.
  var isRight = false
  /// Half of a word that comes in bytes; nil: none has come.
  var lowByte: UInt8?
  var leftLevel: Float = 0
  var rightLevel: Float = 0

  init() {}

  /// Units of a sample.
  var units: UInt8 { isStereo ? 2 : 1 }

  /// Samples a second.
  var frequency: Float { period != 0 ? 1_000_000 / Float(period) : Float(rate) }

  /// When sample `ticks` is due.
  var due: Instant {
    if period != 0 { return begun + .microseconds(Int64(period)) * ticks }
    let clock = Clock(numerator: UInt64(rate))
    return begun + (clock.instant(ofTick: ticks) - .zero)
  }

  mutating func limit(_ now: Instant) {
    rate = min(max(rate, 1), 65_535)
    period = min(period, 512)
    ticks = min(max(ticks, 1), 1 << 40)
    begun = max(begun, .zero)
    if isOn, !isPaused, due < now { (begun, ticks) = (now, 1) }
    decoder.left = min(max(decoder.left, 0), 4)
    if !leftLevel.isFinite || !rightLevel.isFinite { (leftLevel, rightLevel) = (0, 0) }
  }
}
