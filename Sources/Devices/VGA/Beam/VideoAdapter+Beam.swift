public import Hardware

/// Where the beam is: a function of guest time.
extension VideoAdapter {
  /// The beam at one moment.
  struct Beam {
    /// Frames since power-on.
    var frame: Int64
    /// 0 is the first line shown.
    var line: Int64
    /// Dot clocks into the line; 0 is the first dot shown.
    var dot: Int64
  }

  /// The beam `lead` ticks of the dot clock after `t`.
  func beam(_ scanout: Scanout, at t: Instant, lead: Int64 = 0) -> Beam {
    let elapsed = Instant(picoseconds: max((t - state.frameOrigin).picoseconds, 0))
    let ticks = scanout.clock.ticks(at: elapsed) &+ lead
    let inFrame = ticks % scanout.frame
    return Beam(
      frame: state.frameBase &+ ticks / scanout.frame, line: inFrame / scanout.line, dot: inFrame % scanout.line)
  }

  /// When the beam comes to `beam`.
  func instant(_ scanout: Scanout, of beam: Beam) -> Instant {
    let ticks = (beam.frame &- state.frameBase) &* scanout.frame &+ beam.line &* scanout.line &+ beam.dot
    let (sum, overflow) = state.frameOrigin.picoseconds.addingReportingOverflow(
      scanout.clock.instant(ofTick: ticks).picoseconds)
    return overflow ? .never : Instant(picoseconds: sum)
  }

  /// Does `change` and, if the frame got another length, lets the counters go on from where they are: the line stays,
  /// or is the last one if there are fewer now.
  func changeTiming(_ change: () -> Void) {
    let old = output.scanout
    change()
    let new = Scanout(state, card)
    guard new != old else { return }
    output.scanout = new
    output.statusUntil = .zero
    if new.clock != old.clock || new.line != old.line || new.lines != old.lines {
      let beam = beam(old, at: now)
      let position = min(beam.line, new.lines - 1) &* new.line &+ min(beam.dot, new.line - 1)
      state.frameBase = beam.frame
      state.frameOrigin = Instant(
        picoseconds: now.picoseconds &- new.clock.instant(ofTick: position).picoseconds)
    }
    restartPicture()
  }

  // MARK: Status

  /// Input status 1: bit 0 not display enable, bit 3 vertical retrace. Reading it points the attribute controller's
  /// flip-flop at the index.
  ///
  /// Bits 5-4 are two bits of the colour that is displayed (`feedback`). Programs poll it, so the others are kept until
  /// the beam changes them.
  func readStatus1() -> UInt8 {
    state.attribute.isData = false
    let now = now
    if now < output.statusUntil, now >= output.statusFrom { return output.status | feedback() }
    let scanout = output.scanout
    let beam = beam(scanout, at: now)
    var value: UInt8 = 0
    var next = beam
    next.dot = 0
    next.line += 1
    let display = scanout.displayCharacters &* scanout.character
    if beam.line >= scanout.displayLines {
      value |= 0x01
      // The next line at which something changes.
      let edges = [scanout.retraceStart, scanout.retraceStart &+ scanout.retraceLength, scanout.lines]
      next.line = edges.filter { $0 > beam.line }.min() ?? scanout.lines
    } else if beam.dot >= display {
      value |= 0x01
    } else {
      next.line = beam.line
      next.dot = display
    }
    if isRetrace(beam.line, scanout) { value |= 0x08 }
    output.status = value
    output.statusFrom = now
    output.statusUntil = instant(scanout, of: next)
    return value | feedback()
  }

  private func isRetrace(_ line: Int64, _ scanout: Scanout) -> Bool {
    line >= scanout.retraceStart && line < scanout.retraceStart &+ scanout.retraceLength
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
    let scanout = output.scanout
    guard scanout.retraceStart < scanout.lines else { return .never }
    var beam = beam(scanout, at: t)
    if beam.line >= scanout.retraceStart { beam.frame &+= 1 }
    return instant(scanout, of: Beam(frame: beam.frame, line: scanout.retraceStart, dot: 0))
  }

  // MARK: For the front end

  /// Frames per second of guest time, from the registers.
  public var refreshRate: Double { output.scanout.refreshRate }

  /// When the front end should ask for the next picture: the start of the next vertical retrace after `t`, but no
  /// sooner than 4 ms and no later than 50 ms after it, whatever the registers say.
  public func nextFrameTime(after t: Instant) -> Instant {
    min(max(retraceTime(after: t), t + .milliseconds(4)), t + .milliseconds(50))
  }

  /// When the first picture that begins at `t` or later is complete, but no later than 100 ms after `t`, whatever the
  /// registers say.
  public func wholePictureTime(after t: Instant) -> Instant {
    let begin = retraceTime(after: t)
    return min(begin == .never ? .never : retraceTime(after: begin), t + .milliseconds(100))
  }
}
