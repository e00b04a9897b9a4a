public import Hardware

/// Where the beam is: a function of guest time.
extension VideoAdapter {
  /// What a frame's length and its parts are, in ticks of the dot clock.
  struct Timing: Equatable {
    let clock: Clock
    let character: Int64
    let line: Int64
    let lines: Int64
    let displayCharacters: Int64
    let displayLines: Int64
    let retraceStart: Int64
    let retraceLength: Int64

    init(_ miscellaneous: MiscellaneousOutput, _ sequencer: Sequencer, _ crt: CRTController) {
      clock = miscellaneous.dotClock
      character = Int64(sequencer.dotsPerCharacter) &* (sequencer.isHalfClock ? 2 : 1)
      line = character &* Int64(crt.horizontalTotal)
      lines = Int64(crt.verticalTotal)
      displayCharacters = Int64(crt.horizontalDisplay)
      displayLines = Int64(crt.verticalDisplay)
      retraceStart = Int64(crt.retraceStart)
      retraceLength = Int64(crt.retraceLength)
    }

    var frame: Int64 { line &* lines }
    var refreshRate: Double { clock.hertz / Double(frame) }
  }

  /// The beam at one moment.
  struct Beam {
    /// Frames since power-on.
    var frame: Int64
    /// 0 is the first line shown.
    var line: Int64
    /// Dot clocks into the line; 0 is the first dot shown.
    var dot: Int64
  }

  var timing: Timing { Timing(state.miscellaneous, state.sequencer, state.crt) }

  func beam(_ timing: Timing, at t: Instant) -> Beam {
    let elapsed = Instant(picoseconds: max((t - state.frameOrigin).picoseconds, 0))
    let ticks = timing.clock.ticks(at: elapsed)
    let inFrame = ticks % timing.frame
    return Beam(
      frame: state.frameBase &+ ticks / timing.frame, line: inFrame / timing.line, dot: inFrame % timing.line)
  }

  /// Frames since power-on.
  var frameNumber: Int64 { beam(timing, at: now).frame }

  /// Does `change` and, if the frame got another length, lets the counters go on from where they are: the line stays,
  /// or is the last one if there are fewer now.
  func changeTiming(_ change: () -> Void) {
    let old = timing
    change()
    let new = timing
    guard new.clock != old.clock || new.line != old.line || new.lines != old.lines else { return }
    let beam = beam(old, at: now)
    let position = min(beam.line, new.lines - 1) &* new.line &+ min(beam.dot, new.line - 1)
    state.frameBase = beam.frame
    state.frameOrigin = Instant(
      picoseconds: now.picoseconds &- new.clock.instant(ofTick: position).picoseconds)
  }

  // MARK: Status

  /// Input status 1: bit 0 not display enable, bit 3 vertical retrace. Reading it points the attribute controller's
  /// flip-flop at the index.
  ///
  /// Bits 5-4 (two colour bits fed back for diagnosis) read 0.
  func readStatus1() -> UInt8 {
    state.attribute.isData = false
    let timing = self.timing
    let beam = beam(timing, at: now)
    var value: UInt8 = 0
    if beam.line >= timing.displayLines || beam.dot >= timing.displayCharacters &* timing.character { value |= 0x01 }
    if isRetrace(beam.line, timing) { value |= 0x08 }
    return value
  }

  private func isRetrace(_ line: Int64, _ timing: Timing) -> Bool {
    line >= timing.retraceStart && line < timing.retraceStart &+ timing.retraceLength
  }

  /// Input status 0: bit 7 a vertical retrace came since CR11 bit 4 was set, bit 4 the monitor sense line.
  ///
  /// A colour monitor is always there, so bit 4 is 1 (how it follows the DAC's level is unverified).
  func readStatus0() -> UInt8 {
    guard state.interruptArmed != .never, retraceTime(after: state.interruptArmed) <= now else { return 0x10 }
    return 0x90
  }

  /// When the next vertical retrace after `t` begins; `never` if the registers have none.
  private func retraceTime(after t: Instant) -> Instant {
    let timing = self.timing
    guard timing.retraceStart < timing.lines else { return .never }
    let elapsed = Instant(picoseconds: max((t - state.frameOrigin).picoseconds, 0))
    let ticks = timing.clock.ticks(at: elapsed)
    var start = ticks / timing.frame &* timing.frame &+ timing.retraceStart &* timing.line
    if start <= ticks { start &+= timing.frame }
    let offset = timing.clock.instant(ofTick: start)
    return state.frameOrigin + (offset - .zero)
  }

  // MARK: For the front end

  /// Frames per second of guest time, from the registers.
  public var refreshRate: Double { timing.refreshRate }

  /// When the front end should ask for the next picture: the start of the next vertical retrace after `t`, but no
  /// sooner than 4 ms and no later than 50 ms after it, whatever the registers say.
  public func nextFrameTime(after t: Instant) -> Instant {
    min(max(retraceTime(after: t), t + .milliseconds(4)), t + .milliseconds(50))
  }
}
