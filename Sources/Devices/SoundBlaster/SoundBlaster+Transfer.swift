import Hardware

extension SoundBlaster {
  // MARK: Beginning and end

  /// Single-cycle commands of all DSPs.
  func start(
    _ direction: Transfer.Direction, length: UInt16, adpcm: ADPCM.Format? = nil, reference: Bool = false,
    highSpeed: Bool = false
  ) {
    var transfer = Transfer()
    transfer.direction = direction
    transfer.length = length
    transfer.adpcm = adpcm
    transfer.takesReference = reference
    if adpcm != nil, !reference { transfer.decoder = state.transfers[0].decoder }
    let stereo = direction == .output ? state.mixer.isStereo : state.dsp.recordsStereo
    transfer.alternates = model == .pro && stereo && adpcm == nil
    begin(transfer, 0, highSpeed: highSpeed)
  }

  /// Auto-init commands of all DSPs: the block length of command 48h.
  func startAuto(_ direction: Transfer.Direction, adpcm: ADPCM.Format? = nil, highSpeed: Bool = false) {
    start(direction, length: state.dsp.blockLength, adpcm: adpcm, reference: adpcm != nil, highSpeed: highSpeed)
    state.transfers[0].repeats = true
  }

  /// Commands B0h ... CFh of a DSP 4.xx. The length counts units: a stereo sample is two.
  func startGeneral(_ command: UInt8, mode: UInt8, length: UInt16) {
    var transfer = Transfer()
    transfer.isWide = command & 0x40 == 0
    transfer.direction = command & 0x08 != 0 ? .input : .output
    transfer.repeats = command & 0x04 != 0
    transfer.isSigned = mode & 0x10 != 0
    transfer.isStereo = mode & 0x20 != 0
    transfer.length = length
    begin(transfer, transfer.isWide ? 1 : 0, highSpeed: false)
  }

  private func begin(_ new: Transfer, _ n: Int, highSpeed: Bool) {
    var transfer = new
    let old = state.transfers[n]
    unask(n)
    transfer.isOn = true
    transfer.left = transfer.length
    (transfer.leftLevel, transfer.rightLevel) = (old.leftLevel, old.rightLevel)
    transfer.begun = now
    transfer.ticks = 1
    if state.dsp.rate != 0 {
      transfer.rate = UInt32(state.dsp.rate)
    } else {
      // A time constant counts single samples: a stereo pair takes two of them.
      // No DSP is quicker than 45 kHz.
      transfer.period = max(256 - UInt32(state.dsp.timeConstant), 22) * UInt32(transfer.units)
    }
    state.transfers[n] = transfer
    state.dsp.isHighSpeed = highSpeed
    state.dsp.silence = nil
    sampleAlarm(n).set(at: transfer.due)
  }

  /// Command 80h: nothing for a number of samples, then an interrupt.
  func startSilence(_ length: UInt16) {
    unask(0)
    state.transfers[0].isOn = false
    let sample =
      state.dsp.rate != 0
      ? 1_000_000_000_000 / Int64(state.dsp.rate) : Int64(256 - Int(state.dsp.timeConstant)) * 1_000_000
    let end = now + Span(picoseconds: sample) * (Int64(length) + 1)
    state.dsp.silence = end
    output(0, 0, rate: 0)
    sampleAlarm(0).set(at: end)
  }

  /// A reset ends everything.
  func stopTransfers() {
    for n in 0..<2 {
      unask(n)
      sampleAlarm(n).cancel()
      state.transfers[n] = Transfer()
    }
    for channel in 0..<8 { drop(channel) }
  }

  func pause(_ n: Int) {
    guard state.transfers[n].isOn else { return }
    state.transfers[n].isPaused = true
    sampleAlarm(n).cancel()
  }

  func resume(_ n: Int) {
    guard state.transfers[n].isOn, state.transfers[n].isPaused else { return }
    state.transfers[n].isPaused = false
    state.transfers[n].begun = now
    state.transfers[n].ticks = 1
    sampleAlarm(n).set(at: state.transfers[n].due)
  }

  // MARK: Samples

  /// It is time for a sample of transfer `n`.
  func sampleDue(_ n: Int) {
    if n == 0, state.dsp.silence != nil {
      state.dsp.silence = nil
      return request(0x01)
    }
    guard state.transfers[n].isOn, !state.transfers[n].isPaused else { return }
    state.transfers[n].ticks &+= 1
    sampleAlarm(n).set(at: state.transfers[n].due)
    // The DMA controller hasn't delivered yet: the converter holds what it has.
    guard state.transfers[n].wanted == 0 else { return }
    if state.transfers[n].adpcm != nil, state.transfers[n].decoder.left > 0 { return decode(n) }
    state.transfers[n].wanted = state.transfers[n].units
    ask(UInt8(n + 1), channel: channel(ofTransfer: n))
  }

  private func decode(_ n: Int) {
    guard let format = state.transfers[n].adpcm else { return }
    let level = Float(Int(state.transfers[n].decoder.next(format)) - 128) / 128
    output(level, level, rate: state.transfers[n].frequency)
    if state.transfers[n].decoder.left == 0 { unitDone(n) }
  }

  /// A unit has passed: the block may be over.
  private func unitDone(_ n: Int) {
    if state.transfers[n].left > 0 {
      state.transfers[n].left -= 1
      return
    }
    if state.transfers[n].repeats, !state.transfers[n].isEnding {
      state.transfers[n].left = state.transfers[n].length
    } else {
      state.transfers[n].isOn = false
      state.dsp.isHighSpeed = false
      sampleAlarm(n).cancel()
    }
    request(n == 0 ? 0x01 : 0x02)
  }

  /// Plays a level, unless the speaker switch of an older card is off.
  func output(_ left: Float, _ right: Float, rate: Float) {
    guard model == .sb16 || state.dsp.speakerIsOn || (left == 0 && right == 0) else { return }
    // The 16 smooths its steps at half of its rate; the others leave that to their filter.
    output.input?.hold(left, right, at: now, rate: model == .sb16 ? rate : 0)
  }

  // MARK: DMA

  /// The channel of a transfer: 16-bit sound goes over the 8-bit channel if no other is chosen.
  func channel(ofTransfer n: Int) -> Int? {
    guard model == .sb16 else { return configuration.dma }
    return n == 1 ? state.mixer.channel16 ?? state.mixer.channel8 : state.mixer.channel8
  }

  func ask(_ who: UInt8, channel: Int?) {
    guard let channel, let request = requests[channel] else { return }
    state.asking[channel & 7] = who
    request.request.raise()
  }

  private func drop(_ channel: Int) {
    state.asking[channel & 7] = 0
    requests[channel]?.request.lower()
  }

  private func unask(_ n: Int) {
    for channel in 0..<8 where state.asking[channel] == UInt8(n + 1) { drop(channel) }
    state.transfers[n].wanted = 0
    state.transfers[n].lowByte = nil
  }

  /// Before the mixer chooses other channels.
  func dropRequests() {
    for channel in 0..<8 { drop(channel) }
  }

  /// After it has: what was waiting asks again.
  func repeatRequests() {
    for n in 0..<2 where state.transfers[n].wanted > 0 { ask(UInt8(n + 1), channel: channel(ofTransfer: n)) }
  }

  /// The controller has put a unit on the bus for us.
  func dmaGave(_ value: UInt16, channel: Int) {
    let who = state.asking[channel & 7]
    drop(channel)
    guard who == 1 || who == 2 else { return }
    let n = Int(who) - 1
    guard let unit = assemble(value, n, channel) else { return }
    guard state.transfers[n].direction == .output else { return finish(n, channel) }
    if let format = state.transfers[n].adpcm {
      state.transfers[n].wanted = 0
      let reference = state.transfers[n].takesReference
      state.transfers[n].takesReference = false
      state.transfers[n].decoder.take(UInt8(truncatingIfNeeded: unit), format, reference: reference)
      // The reference is a sample of its own.
      if reference {
        let level = Float(Int(state.transfers[n].decoder.sample) - 128) / 128
        output(level, level, rate: state.transfers[n].frequency)
        return unitDone(n)
      }
      return decode(n)
    }
    play(unit, n)
    finish(n, channel)
  }

  /// A word over an 8-bit channel comes in two bytes; nil while the second is missing.
  private func assemble(_ value: UInt16, _ n: Int, _ channel: Int) -> UInt16? {
    guard state.transfers[n].isWide, channel < 4 else { return value }
    guard let low = state.transfers[n].lowByte else {
      state.transfers[n].lowByte = UInt8(truncatingIfNeeded: value)
      ask(UInt8(n + 1), channel: channel)
      return nil
    }
    state.transfers[n].lowByte = nil
    return value << 8 | UInt16(low)
  }

  private func play(_ unit: UInt16, _ n: Int) {
    let transfer = state.transfers[n]
    let level: Float
    if transfer.isWide {
      level = Float(Int16(bitPattern: transfer.isSigned ? unit : unit ^ 0x8000)) / 32_768
    } else {
      let byte = UInt8(truncatingIfNeeded: unit)
      level = Float(Int8(bitPattern: transfer.isSigned ? byte : byte ^ 0x80)) / 128
    }
    if transfer.isStereo || transfer.alternates {
      if transfer.isRight { state.transfers[n].rightLevel = level } else { state.transfers[n].leftLevel = level }
      state.transfers[n].isRight.toggle()
      if !transfer.isRight { return }
    } else {
      (state.transfers[n].leftLevel, state.transfers[n].rightLevel) = (level, level)
    }
    output(state.transfers[n].leftLevel, state.transfers[n].rightLevel, rate: transfer.frequency)
  }

  /// A unit is through: the other side's is wanted, or the sample is complete.
  private func finish(_ n: Int, _ channel: Int) {
    let wanted = state.transfers[n].wanted
    state.transfers[n].wanted = wanted > 0 ? wanted - 1 : 0
    unitDone(n)
    guard state.transfers[n].isOn else { return state.transfers[n].wanted = 0 }
    if state.transfers[n].wanted > 0 { ask(UInt8(n + 1), channel: channel) }
  }

  /// The controller takes a unit from us.
  func dmaTakes(channel: Int) -> UInt16 {
    let who = state.asking[channel & 7]
    drop(channel)
    if who == 3 { return UInt16(state.dsp.challenge) | 0xFF00 }
    guard who == 1 || who == 2 else { return 0xFFFF }
    let n = Int(who) - 1
    let transfer = state.transfers[n]
    let level = pins.record(now)
    let value =
      transfer.isRight
      ? level.right : transfer.isStereo || transfer.alternates ? level.left : (level.left + level.right) / 2
    var unit: UInt16
    if transfer.isWide {
      unit = UInt16(bitPattern: Int16(clamping: Int((value * 32_767).rounded()))) ^ (transfer.isSigned ? 0 : 0x8000)
      if channel < 4 {
        if let high = transfer.lowByte {
          state.transfers[n].lowByte = nil
          unit = UInt16(high)
        } else {
          // The upper byte of the same sample comes next.
          state.transfers[n].lowByte = UInt8(truncatingIfNeeded: unit >> 8)
          ask(who, channel: channel)
          return unit & 0xFF
        }
      }
    } else {
      let byte = UInt8(bitPattern: Int8(clamping: Int((value * 127).rounded())))
      unit = UInt16(byte ^ (transfer.isSigned ? 0 : 0x80))
    }
    if transfer.isStereo || transfer.alternates { state.transfers[n].isRight.toggle() }
    finish(n, channel)
    return unit
  }
}
