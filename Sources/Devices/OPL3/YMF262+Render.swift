import Hardware

extension YMF262 {
  /// What moves at the same pace for all operators, for each sample of a block.
  struct Pace {
    /// Depth, added to attenuations.
    let tremolo: UnsafeMutablePointer<UInt8>
    /// Step, 0 ... 7.
    let vibrato: UnsafeMutablePointer<UInt8>
    /// Bit 0 the envelope's phase, bits 2-1 its timer, bits 6-3 its step: a column of `SynthesizerTables.steps`.
    let envelope: UnsafeMutablePointer<UInt8>
    /// Bits 0, 1 and 2: the noise that hi-hat, snare and cymbal see.
    let noise: UnsafeMutablePointer<UInt8>
  }

  /// Samples made at one go.
  static let blockSize = 128

  /// Makes `count` stereo samples (left, right, left ...) into `output`.
  public mutating func render(_ count: Int, into output: UnsafeMutablePointer<Int16>) {
    var done = 0
    while done < count {
      let n = min(count - done, Self.blockSize)
      renderBlock(n, into: output + 2 * done)
      done += n
    }
  }

  /// Lets `count` samples pass while the chip `isIdle`. What is left out is the flicker of ones' complement zeros:
  /// each operator in a negative half-wave gives -1.
  public mutating func skip(_ count: Int64) {
    guard count > 0 else { return }
    // Phases matter only for percussion (a key resets the phase), but they are part of the chip.
    for n in 0..<36 {
      let setting = setting(ofOperator: n, channel: Self.channel(ofOperator: n))
      operators[n].phase = (operators[n].phase &+ advance(setting.increments, count)) & 0x7FFFF
      (operators[n].out, operators[n].previous) = (0, 0)
    }
    heldRight = 0
    let counter = Int64(lfoCounter)
    let end = counter &+ count
    let tremoloSteps = (end >> 6) &- (counter >> 6)
    let vibratoSteps = (end >> 10) &- (counter >> 10)
    tremoloPosition = UInt8((Int64(tremoloPosition) &+ tremoloSteps) % 210)
    vibratoPosition = UInt8((Int64(vibratoPosition) &+ vibratoSteps) & 7)
    lfoCounter = UInt16(truncatingIfNeeded: end)
    let odd: Int64 = envelopePhase ? 1 : 0
    let moves = UInt64(bitPattern: (count &+ odd) >> 1)
    if moves > 0 {
      envelopeTimer &+= moves &- 1
      stepEnvelopePace()
      envelopeTimer = (envelopeTimer &+ 1) & 0xF_FFFF_FFFF
    }
    if count & 1 != 0 { envelopePhase.toggle() }
    // The register comes round after 2^23 - 1 samples.
    for _ in 0..<count % 0x7F_FFFF { stepNoise() }
  }

  private func advance(_ increments: SIMD8<UInt32>, _ count: Int64) -> UInt32 {
    var (left, position, counter) = (count, Int(vibratoPosition), lfoCounter)
    if increments == SIMD8(repeating: increments[0]) {
      return UInt32(truncatingIfNeeded: count) &* increments[0]
    }
    var sum: UInt32 = 0
    while left > 0 {
      let segment = min(left, 1024 - Int64(counter & 0x3FF))
      sum &+= UInt32(truncatingIfNeeded: segment) &* increments[position & 7]
      left -= segment
      counter = 0
      position += 1
    }
    return sum
  }

  private static func channel(ofOperator n: Int) -> Int { n / 18 * 9 + n % 18 / 6 * 3 + n % 3 }

  // MARK: Pace

  private var tremoloDepth: UInt8 {
    let position = tremoloPosition < 105 ? tremoloPosition : 210 - tremoloPosition
    return position >> (registers[0xBD] & 0x80 != 0 ? 2 : 4)
  }

  private mutating func stepNoise() {
    // 36 steps a sample, nine at a time: the taps are bits 0 and 14 of 23.
    for _ in 0..<4 { noise = noise >> 9 | ((noise >> 14 ^ noise) & 0x1FF) << 14 }
  }

  private mutating func stepEnvelopePace() {
    let zeros = envelopeTimer.trailingZeroBitCount
    envelopeStep = zeros > 12 ? 0 : UInt8(zeros + 1)
    envelopeTimerLow = UInt8(envelopeTimer & 3)
  }

  /// Everything that all operators share moves on by a sample.
  private mutating func paceNext() {
    if lfoCounter & 0x3F == 0x3F { tremoloPosition = tremoloPosition == 209 ? 0 : tremoloPosition &+ 1 }
    if lfoCounter & 0x3FF == 0x3FF { vibratoPosition = (vibratoPosition &+ 1) & 7 }
    lfoCounter &+= 1
    if envelopePhase { stepEnvelopePace() }
    if envelopePhase || envelopeCarry {
      envelopeCarry = envelopeTimer == 0xF_FFFF_FFFF
      envelopeTimer = envelopeCarry ? 0 : envelopeTimer &+ 1
    }
    envelopePhase.toggle()
    stepNoise()
  }

  private mutating func makePace(_ count: Int, _ pace: Pace) {
    for i in 0..<count {
      pace.tremolo[i] = tremoloDepth
      pace.vibrato[i] = vibratoPosition
      let phase: UInt8 = envelopePhase ? 1 : 0
      pace.envelope[i] = envelopeStep << 3 | envelopeTimerLow << 1 | phase
      // The register shifts once an operator: its bit 0 at operator n is bit n at the sample's beginning.
      pace.noise[i] = UInt8(noise >> 13 & 1) | UInt8(noise >> 15 & 6)
      paceNext()
    }
  }

  // MARK: Blocks

  /// Memory that a block needs.
  private struct Scratch {
    let pace: Pace
    /// Four operators' samples, each behind its last one of the block before.
    let buffers: UnsafeMutablePointer<Int32>
    let left: UnsafeMutablePointer<Int32>
    let right: UnsafeMutablePointer<Int32>
    /// Phases of hi-hat, snare and cymbal.
    let phases: UnsafeMutablePointer<UInt16>

    func buffer(_ n: Int) -> UnsafeMutablePointer<Int32> { buffers + n &* (YMF262.blockSize &+ 1) }
    func phase(_ n: Int) -> UnsafeMutablePointer<UInt16> { phases + n &* YMF262.blockSize }
  }

  private mutating func renderBlock(_ count: Int, into output: UnsafeMutablePointer<Int16>) {
    let size = Self.blockSize
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4 * size) { bytes in
      withUnsafeTemporaryAllocation(of: Int32.self, capacity: 6 * size + 4) { words in
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 3 * size) { phases in
          guard let bytes = bytes.baseAddress, let words = words.baseAddress, let phases = phases.baseAddress else {
            return
          }
          let scratch = Scratch(
            pace: Pace(
              tremolo: bytes, vibrato: bytes + size, envelope: bytes + 2 * size, noise: bytes + 3 * size),
            buffers: words, left: words + 4 * (size + 1), right: words + 4 * (size + 1) + size, phases: phases)
          renderBlock(count, scratch, into: output)
        }
      }
    }
  }

  private mutating func renderBlock(_ count: Int, _ scratch: Scratch, into output: UnsafeMutablePointer<Int16>) {
    makePace(count, scratch.pace)
    scratch.left.update(repeating: 0, count: count)
    scratch.right.update(repeating: 0, count: count)
    if hasRhythm { makeRhythmPhases(count, scratch) }
    for channel in 0..<18 {
      let n = Self.firstOperator(ofChannel: channel)
      if hasRhythm, (6..<9).contains(channel) {
        rhythm(channel, n, count, scratch)
      } else if isFourOperator(channel) {
        fourOperators(channel, n, count, scratch)
      } else if leader(of: channel) == channel {
        twoOperators(channel, n, count, scratch)
      }
    }
    for i in 0..<count {
      output[2 * i] = converted(scratch.left[i])
      output[2 * i + 1] = converted(heldRight)
      heldRight = scratch.right[i]
    }
  }

  /// What the converter behind the chip makes of a sum.
  private func converted(_ sum: Int32) -> Int16 {
    let clipped = max(-0x8000, min(0x7FFF, sum))
    guard model == .ym3812 else { return Int16(truncatingIfNeeded: clipped) }
    // YM3014: a mantissa of 10 bits and an exponent of 3.
    let exponent = max(22 - (clipped < 0 ? ~clipped : clipped).leadingZeroBitCount + 1, 0)
    return Int16(truncatingIfNeeded: (clipped >> Int32(exponent)) << Int32(exponent))
  }

  private mutating func make(
    _ n: Int, _ channel: Int, _ count: Int, _ scratch: Scratch, buffer: Int, from modulator: Int? = nil,
    feedback: Int32 = 0, phases: Int? = nil
  ) {
    let setting = setting(ofOperator: n, channel: channel)
    operators[n].render(
      count, setting, scratch.pace, into: scratch.buffer(buffer),
      modulator: modulator.map { UnsafePointer(scratch.buffer($0) + 1) }, feedback: feedback,
      phases: phases.map { UnsafePointer(scratch.phase($0)) })
  }

  /// Adds operator `n` to the outputs of `channel`.
  ///
  /// The left sum is taken when operator 14 is done, the right one after operator 32: what comes later in a sample is
  /// heard one sample later.
  private func mix(_ n: Int, _ channel: Int, _ count: Int, _ scratch: Scratch, buffer: Int, gain: Int32 = 1) {
    let outputs = isNew ? registers[0xC0 + Self.offset(ofChannel: channel)] >> 4 : 3
    let (left, right) = (scratch.left, scratch.right)
    if outputs & 1 != 0 {
      let samples = scratch.buffer(buffer) + (n < 15 ? 1 : 0)
      for i in 0..<count { left[i] &+= samples[i] &* gain }
    }
    if outputs & 2 != 0 {
      let samples = scratch.buffer(buffer) + (n < 33 ? 1 : 0)
      for i in 0..<count { right[i] &+= samples[i] &* gain }
    }
  }

  private func feedback(_ channel: Int) -> Int32 {
    Int32(registers[0xC0 + Self.offset(ofChannel: channel)] >> 1 & 7)
  }
  private func isAdditive(_ channel: Int) -> Bool { registers[0xC0 + Self.offset(ofChannel: channel)] & 1 != 0 }

  private mutating func twoOperators(_ channel: Int, _ n: Int, _ count: Int, _ scratch: Scratch) {
    let additive = isAdditive(channel)
    make(n, channel, count, scratch, buffer: 0, feedback: feedback(channel))
    make(n + 3, channel, count, scratch, buffer: 1, from: additive ? nil : 0)
    if additive { mix(n, channel, count, scratch, buffer: 0) }
    mix(n + 3, channel, count, scratch, buffer: 1)
  }

  /// Operators 1 to 4 of a pair: the two connection bits choose one of four networks. The second
  /// channel's bits say where all of it is heard.
  private mutating func fourOperators(_ channel: Int, _ n: Int, _ count: Int, _ scratch: Scratch) {
    let second = channel + 3
    let (first, last) = (isAdditive(channel), isAdditive(second))
    make(n, channel, count, scratch, buffer: 0, feedback: feedback(channel))
    make(n + 3, channel, count, scratch, buffer: 1, from: first ? nil : 0)
    // 1 > 2 > 3 > 4; (1 > 2) + (3 > 4); 1 + (2 > 3 > 4); 1 + (2 > 3) + 4.
    make(n + 6, second, count, scratch, buffer: 2, from: first || !last ? 1 : nil)
    make(n + 9, second, count, scratch, buffer: 3, from: first && last ? nil : 2)
    if first { mix(n, second, count, scratch, buffer: 0) }
    if !first && last { mix(n + 3, second, count, scratch, buffer: 1) }
    if first && last { mix(n + 6, second, count, scratch, buffer: 2) }
    mix(n + 9, second, count, scratch, buffer: 3)
  }

  // MARK: Percussion

  /// Channels 7 to 9 as drums: the bass drum keeps its two operators, the other four sound alone; all at twice the
  /// level.
  private mutating func rhythm(_ channel: Int, _ n: Int, _ count: Int, _ scratch: Scratch) {
    if channel == 6 {
      make(n, channel, count, scratch, buffer: 0, feedback: feedback(channel))
      make(n + 3, channel, count, scratch, buffer: 1, from: isAdditive(channel) ? nil : 0)
      return mix(n + 3, channel, count, scratch, buffer: 1, gain: 2)
    }
    // 13 hi-hat and 16 snare; 14 tom-tom, a plain operator, and 17 cymbal.
    make(n, channel, count, scratch, buffer: 0, phases: channel == 7 ? 0 : nil)
    make(n + 3, channel, count, scratch, buffer: 1, phases: channel == 7 ? 1 : 2)
    mix(n, channel, count, scratch, buffer: 0, gain: 2)
    mix(n + 3, channel, count, scratch, buffer: 1, gain: 2)
  }

  /// The phases of hi-hat, snare and cymbal are made of bits of the hi-hat's and the cymbal's own phases and of noise.
  private mutating func makeRhythmPhases(_ count: Int, _ scratch: Scratch) {
    let hat = setting(ofOperator: 13, channel: 7)
    let cymbal = setting(ofOperator: 17, channel: 8)
    var (hatPhase, cymbalPhase) = (operators[13].phase, operators[17].phase)
    var hatReset = hat.key && operators[13].stage == .release
    var cymbalReset = cymbal.key && operators[17].stage == .release
    for i in 0..<count {
      let step = Int(scratch.pace.vibrato[i])
      let noise = UInt16(scratch.pace.noise[i])
      let h = UInt16(truncatingIfNeeded: hatPhase >> 9)
      hatPhase = (hatReset ? 0 : hatPhase) &+ hat.increments[step]
      hatReset = false
      func mixed() -> UInt16 {
        let (c3, c5): (UInt16, UInt16) = (cymbalBit3 ? 1 : 0, cymbalBit5 ? 1 : 0)
        return ((h >> 2 ^ h >> 7) | (h >> 3 ^ c5) | (c3 ^ c5)) & 1
      }
      let first = mixed()
      scratch.phase(0)[i] = first << 9 | ((first ^ noise) & 1 != 0 ? 0xD0 : 0x34)
      let h8 = h >> 8 & 1
      scratch.phase(1)[i] = h8 << 9 | (h8 ^ (noise >> 1 & 1)) << 8
      let c = cymbalPhase >> 9
      cymbalPhase = (cymbalReset ? 0 : cymbalPhase) &+ cymbal.increments[step]
      cymbalReset = false
      cymbalBit3 = c & 0x08 != 0
      cymbalBit5 = c & 0x20 != 0
      scratch.phase(2)[i] = mixed() << 9 | 0x80
    }
  }
}
