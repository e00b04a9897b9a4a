public import Hardware

/// Yamaha YMF262 (OPL3) FM synthesizer, also as the YM3812 (OPL2) that it contains: 36 operators, envelopes, tremolo,
/// vibrato, percussion, timers. Time is the number of samples; the chip makes one every 288 periods of 14.31818 MHz.
///
/// Registers are kept as written; what they mean is decoded when samples are made (`render`). Not modelled: composite
/// sine mode of the YM3812 (no known software), registers C and D outputs of the YMF262 (not wired on sound cards).
///
/// - Source: Yamaha YMF262 and YM3812 application manuals; ROM contents and the order of operations by the die
///   analyses of M. Gambrell and O. Niemitalo ("OPLx decapsulated") and of A. Khokhlov (Nuked OPL3), read for facts.
public struct YMF262: Codable, Equatable, Sendable {
  /// Which chip is in the socket.
  public enum Model: String, Codable, Sendable {
    /// OPL3.
    case ymf262
    /// OPL2: 18 operators, one output behind a floating-point converter, waveforms behind an enable bit.
    case ym3812
  }

  /// Where an envelope is.
  enum Stage: UInt8, Codable, Sendable { case attack, decay, sustain, release }

  /// What an operator remembers from sample to sample.
  struct Operator: Codable, Equatable, Sendable {
    /// Position in the wave, 10.9 bits.
    var phase: UInt32 = 0
    /// Attenuation by the envelope, 0 (loudest) ... 511, steps of 3/16 dB.
    var level: UInt16 = 0x1FF
    var stage = Stage.release
    /// The last sample.
    var out: Int16 = 0
    /// The one before.
    var previous: Int16 = 0
    var isOff: Bool { stage == .release && level == 0x1FF }
  }

  // MARK: State

  /// Which chip this is.
  public internal(set) var model = Model.ymf262
  /// Both register arrays as written: 00h ... FFh, and 100h ... 1FFh with A1 high.
  public internal(set) var registers = Bank<512, UInt8>(repeating: 0)
  /// Registers 20h, 21h ... in ascending order, first array first.
  var operators = Bank<36, Operator>(repeating: Operator())
  /// Samples made, for the oscillators of tremolo and vibrato.
  var lfoCounter: UInt16 = 0
  /// 0 ... 209.
  var tremoloPosition: UInt8 = 0
  /// 0 ... 7.
  var vibratoPosition: UInt8 = 0
  /// The counter that paces envelopes, 36 bits; it moves every second sample.
  var envelopeTimer: UInt64 = 0
  var envelopeCarry = false
  var envelopePhase = false
  /// One more than the number of zeros at the low end of `envelopeTimer`; 0 above 13.
  var envelopeStep: UInt8 = 0
  var envelopeTimerLow: UInt8 = 0
  /// 23-bit shift register.
  var noise: UInt32 = 1
  /// Phase bits 3 and 5 of the top cymbal, which the hi-hat of the next sample sees.
  var cymbalBit3 = false
  var cymbalBit5 = false
  /// The right sample made with the last left one: it leaves the chip one sample later.
  var heldRight: Int32 = 0

  /// Timers 1 and 2.
  var timerCounts = Bank<2, UInt8>(repeating: 0)
  /// Status: bits 6 and 5 for timers 1 and 2, bit 7 for either.
  var timerFlags: UInt8 = 0
  /// The sample up to which the timers have been moved.
  var timerTick: Int64 = 0

  /// A chip after RESET.
  public init(model: Model = .ymf262) { self.model = model }

  // MARK: Registers

  /// Writes register `address` (0 ... 1FFh) at sample `tick`. The samples before must have been made.
  public mutating func write(_ address: Int, _ value: UInt8, at tick: Int64) {
    let address = model == .ym3812 ? address & 0xFF : address & 0x1FF
    guard address == 0x04 else {
      if address == 0x02 || address == 0x03 { advanceTimers(to: tick) }
      registers[address] = value
      return
    }
    advanceTimers(to: tick)
    // RST clears the flags and changes nothing else.
    if value & 0x80 != 0 {
      timerFlags = 0
      return
    }
    let started = value & ~registers[0x04]
    registers[0x04] = value
    for timer in 0..<2 where started & 1 << UInt8(timer) != 0 { timerCounts[timer] = registers[0x02 + timer] }
    timerFlags &= ~(value & 0x60)
    if timerFlags & 0x60 == 0 { timerFlags = 0 }
  }

  /// The status register at sample `tick`: IRQ, timer flags; bits 2 and 1 tell the YM3812 from the YMF262.
  public mutating func status(at tick: Int64) -> UInt8 {
    advanceTimers(to: tick)
    return timerFlags | (model == .ym3812 ? 0x06 : 0)
  }

  /// Timer 1 counts every 4 samples (80.5 µs), timer 2 every 16. The dividers run on whether timers do or not
  /// (unverified), so that a first period may be shorter by up to one count.
  mutating func advanceTimers(to tick: Int64) {
    let from = timerTick
    guard tick > from else { return }
    timerTick = tick
    let control = registers[0x04]
    for timer in 0..<2 where control & 1 << UInt8(timer) != 0 {
      let divider = Int64(timer == 0 ? 4 : 16)
      let counts = tick / divider &- from / divider
      let left = 256 &- Int64(timerCounts[timer])
      guard counts >= left else {
        timerCounts[timer] &+= UInt8(truncatingIfNeeded: counts)
        continue
      }
      let reload = Int64(registers[0x02 + timer])
      timerCounts[timer] = UInt8(truncatingIfNeeded: reload &+ (counts &- left) % (256 &- reload))
      // A masked timer runs but sets no flag.
      let flag: UInt8 = timer == 0 ? 0x40 : 0x20
      if control & flag == 0 { timerFlags |= 0x80 | flag }
    }
  }

  // MARK: Decoded registers

  /// NEW: the second array, stereo and the other four waveforms are in use.
  var isNew: Bool { model == .ymf262 && registers[0x105] & 1 != 0 }
  /// Percussion is on.
  var hasRhythm: Bool { registers[0xBD] & 0x20 != 0 }

  /// Where an operator's registers are, from 20h.
  static func offset(ofOperator n: Int) -> Int {
    let k = n % 18
    return n / 18 * 256 + k / 6 * 8 + k % 6
  }
  /// The first operator of a channel; the second is three further on.
  static func firstOperator(ofChannel n: Int) -> Int { n / 9 * 18 + n % 9 / 3 * 6 + n % 9 % 3 }
  /// Where a channel's registers are, from A0h.
  static func offset(ofChannel n: Int) -> Int { n / 9 * 256 + n % 9 }

  /// Whether channel `n` is the first of two that play as one with four operators.
  func isFourOperator(_ n: Int) -> Bool {
    guard isNew, n % 9 < 3 else { return false }
    return registers[0x104] & 1 << UInt8(n / 9 * 3 + n % 9) != 0
  }

  /// The channel whose frequency and key `n` obeys: in a pair of four operators the first.
  func leader(of n: Int) -> Int { (3..<6).contains(n % 9) && isFourOperator(n - 3) ? n - 3 : n }

  /// The keys of an operator: its channel's, or its drum's.
  func key(ofOperator n: Int, channel: Int) -> Bool {
    if registers[0xB0 + Self.offset(ofChannel: leader(of: channel))] & 0x20 != 0 { return true }
    guard hasRhythm else { return false }
    let drums = registers[0xBD]
    switch n {
    case 12, 15: return drums & 0x10 != 0  // bass drum
    case 16: return drums & 0x08 != 0  // snare
    case 14: return drums & 0x04 != 0  // tom-tom
    case 17: return drums & 0x02 != 0  // cymbal
    case 13: return drums & 0x01 != 0  // hi-hat
    default: return false
    }
  }

  /// No operator sounds and none is about to: the chip is silent until a register is written.
  public var isIdle: Bool {
    for n in 0..<36 where !operators[n].isOff { return false }
    for channel in 0..<18 where registers[0xB0 + Self.offset(ofChannel: channel)] & 0x20 != 0 { return false }
    return !hasRhythm || registers[0xBD] & 0x1F == 0
  }

  /// After loading: brings values that can't be into their ranges.
  mutating func limit() {
    for n in operators.indices {
      operators[n].level &= 0x1FF
      operators[n].phase &= 0x7FFFF
    }
    tremoloPosition %= 210
    vibratoPosition &= 7
    envelopeStep = envelopeStep > 13 ? 0 : envelopeStep
    envelopeTimerLow &= 3
    noise = noise & 0x7F_FFFF == 0 ? 1 : noise & 0x7F_FFFF
    timerTick = max(timerTick, 0)
    heldRight = max(-0x8000, min(0x7FFF, heldRight))
  }
}
