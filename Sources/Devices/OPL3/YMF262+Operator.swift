import Hardware

/// What one operator is set to while its samples are made.
struct OperatorSetting {
  /// Total level and key scaling, on the envelope's scale.
  var attenuation: Int32 = 0
  /// Tremolo reaches it.
  var tremolo = false
  /// Phase increment at each of the eight steps of vibrato.
  var increments: SIMD8<UInt32> = .zero
  /// Rows of the table of envelope steps for attack, decay, sustain and release.
  var rates: SIMD4<Int32> = .zero
  /// The attack rate is 15: the level jumps to full.
  var attackIsInstant = false
  /// Level at which decay ends, in steps of 16.
  var sustainLevel: UInt16 = 0
  /// 0 ... 7.
  var waveform = 0
  var key = false
}

extension YMF262 {
  /// Multiples of the channel's frequency, doubled.
  private static let multiples: [UInt32] = [1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 20, 24, 24, 30, 30]
  /// Attenuation by pitch, for the upper four bits of the frequency number.
  private static let keyScale: [Int32] = [0, 32, 40, 45, 48, 51, 53, 55, 56, 58, 59, 60, 61, 62, 63, 64]

  /// Decodes the registers of operator `n` of `channel`.
  func setting(ofOperator n: Int, channel: Int) -> OperatorSetting {
    let base = Self.offset(ofOperator: n)
    let (mode, levels) = (registers[0x20 + base], registers[0x40 + base])
    let (attackDecay, sustainRelease) = (registers[0x60 + base], registers[0x80 + base])
    let pitch = Self.offset(ofChannel: leader(of: channel))
    let (low, high) = (registers[0xA0 + pitch], registers[0xB0 + pitch])
    let number = UInt32(high & 3) << 8 | UInt32(low)
    let block = UInt32(high >> 2 & 7)
    var setting = OperatorSetting()
    setting.key = key(ofOperator: n, channel: channel)

    // Key scale level: 0, 3, 1.5 or 6 dB an octave.
    let scaled = max((Self.keyScale[Int(number >> 6)] << 2) - ((8 - Int32(block)) << 5), 0)
    let scale: Int32
    switch levels >> 6 {
    case 0: scale = 0
    case 1: scale = scaled >> 1
    case 2: scale = scaled >> 2
    default: scale = scaled
    }
    setting.attenuation = (Int32(levels & 0x3F) << 2) + scale
    setting.tremolo = mode & 0x80 != 0

    // Vibrato bends by the upper three bits of the frequency number, a half or all of them.
    let multiple = Self.multiples[Int(mode & 0x0F)]
    for step in 0..<8 {
      var bent = number
      if mode & 0x40 != 0, step & 3 != 0 {
        var range = number >> 7
        if step & 1 != 0 { range >>= 1 }
        if registers[0xBD] & 0x40 == 0 { range >>= 1 }
        bent = step & 4 != 0 ? number &- range : number &+ range
      }
      setting.increments[step] = (((bent << block) >> 1) &* multiple) >> 1
    }

    // Envelope rates, higher with pitch.
    let split: UInt8 = registers[0x08] & 0x40 != 0 ? UInt8(number >> 8 & 1) : UInt8(number >> 9)
    let keyRate = (UInt8(block) << 1 | split) >> UInt8(mode & 0x10 != 0 ? 0 : 2)
    func row(_ rate: UInt8) -> Int32 {
      guard rate != 0 else { return 64 }
      let sum = Int32(rate << 2 &+ keyRate)
      return min(sum >> 2, 15) << 2 | sum & 3
    }
    let release = row(sustainRelease & 0x0F)
    setting.rates = SIMD4(
      row(attackDecay >> 4), row(attackDecay & 0x0F), mode & 0x20 != 0 ? 64 : release, release)
    setting.attackIsInstant = setting.rates[0] < 64 && setting.rates[0] >= 60
    let level = UInt16(sustainRelease >> 4)
    setting.sustainLevel = level == 15 ? 31 : level

    switch model {
    case .ymf262: setting.waveform = Int(registers[0xE0 + base] & (isNew ? 7 : 3))
    case .ym3812: setting.waveform = registers[0x01] & 0x20 != 0 ? Int(registers[0xE0 + base] & 3) : 0
    }
    return setting
  }
}

extension YMF262.Operator {
  /// Makes `count` samples into `buffer[1...]`, with the last one before them in `buffer[0]`.
  ///
  /// - Parameters:
  ///   - modulator: as many samples that shift the phase, nil for none.
  ///   - feedback: 0, or 1 ... 7: how much its own last two samples shift the phase.
  ///   - phases: the percussion's phases instead of the operator's own.
  mutating func render(
    _ count: Int, _ setting: OperatorSetting, _ pace: YMF262.Pace, into buffer: UnsafeMutablePointer<Int32>,
    modulator: UnsafePointer<Int32>?, feedback: Int32, phases: UnsafePointer<UInt16>?
  ) {
    let tables = YMF262.tables
    let wave = tables.waves + setting.waveform &* 1024
    let (exponents, steps) = (tables.exponents, tables.steps)
    var (phase, level, stage) = (phase, level, stage)
    var (out, previous) = (Int32(self.out), Int32(self.previous))
    buffer[0] = out
    var reset = setting.key && stage == .release
    let isSilent = isOff && !setting.key
    for i in 0..<count {
      // Phase: the step of vibrato is common to all.
      let own = phase >> 9
      phase = reset ? 0 : phase
      phase &+= setting.increments[Int(pace.vibrato[i])]
      var shift: Int32 = 0
      if feedback != 0 { shift = (out &+ previous) >> (9 &- feedback) }
      if let modulator { shift = modulator[i] }
      previous = out
      let position = Int32(truncatingIfNeeded: phases.map { UInt32($0[i]) } ?? own) &+ shift
      let entry = wave[Int(position & 0x3FF)]
      // The sign is a ones' complement: a silent negative half-wave is -1.
      let sign = Int32(Int16(bitPattern: entry)) >> 15
      if isSilent {
        out = sign
        buffer[i &+ 1] = out
        continue
      }
      let tremolo = setting.tremolo ? Int32(pace.tremolo[i]) : 0
      let depth = min(
        Int32(entry & 0x1FFF) &+ (Int32(level) &+ setting.attenuation &+ tremolo) << 3, 0x1FFF)
      out = (Int32(exponents[Int(depth & 0xFF)]) &>> (depth >> 8)) ^ sign
      buffer[i &+ 1] = out

      // Envelope, for the next sample.
      let rate = setting.rates[reset ? 0 : Int(stage.rawValue)]
      let step = Int32(steps[Int(rate << 7 | Int32(pace.envelope[i]))])
      if reset {
        if setting.attackIsInstant { level = 0 }
        stage = .attack
        reset = false
        continue
      }
      let isOff = level & 0x1F8 == 0x1F8
      switch stage {
      case .attack:
        if level == 0 {
          stage = .decay
        } else if setting.key, step > 0, !setting.attackIsInstant {
          level &+= UInt16(truncatingIfNeeded: ~Int32(level) >> (4 &- step))
        }
      case .decay:
        if isOff { level = 0x1FF }
        if level >> 4 == setting.sustainLevel {
          stage = .sustain
        } else if !isOff, step > 0 {
          level &+= 1 << UInt16(truncatingIfNeeded: step &- 1)
        }
      case .sustain, .release:
        if isOff { level = 0x1FF } else if step > 0 { level &+= 1 << UInt16(truncatingIfNeeded: step &- 1) }
      }
      level &= 0x1FF
      if !setting.key { stage = .release }
    }
    self.phase = phase & 0x7FFFF
    self.level = level
    self.stage = stage
    self.out = Int16(truncatingIfNeeded: out)
    self.previous = Int16(truncatingIfNeeded: previous)
  }
}
