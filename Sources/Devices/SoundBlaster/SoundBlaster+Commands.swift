import Hardware

extension SoundBlaster {
  /// Time that the DSP is busy with a byte (unverified: the guide only says to look at the status).
  private var commandTime: Span { .microseconds(model == .sb16 ? 3 : 8) }

  /// A byte written to port 2xCh.
  func writeDSP(_ value: UInt8) {
    guard !state.dsp.isResetting, !state.dsp.isHighSpeed else { return }
    state.dsp.busyUntil = now + commandTime
    if state.dsp.isMIDI { return pins.midi(value, now) }
    if state.dsp.command == nil {
      state.dsp.command = value
      state.dsp.arguments = []
    } else {
      state.dsp.arguments.append(value)
    }
    guard let command = state.dsp.command,
      state.dsp.arguments.count >= DSP.argumentCount(command, model.version.major)
    else { return }
    let arguments = state.dsp.arguments
    state.dsp.command = nil
    state.dsp.arguments = []
    perform(command, arguments)
  }

  private func word(_ arguments: [UInt8], _ at: Int = 0) -> UInt16 {
    arguments.count > at + 1 ? UInt16(arguments[at]) | UInt16(arguments[at + 1]) << 8 : 0
  }

  private func perform(_ command: UInt8, _ arguments: [UInt8]) {
    let version = model.version.major
    let value = arguments.first ?? 0
    switch command {
    case 0x10:
      // Direct output: the level holds until the next one.
      let level = Float(Int(value) - 128) / 128
      output(level, level, rate: 0)
    case 0x14, 0x15: start(.output, length: word(arguments))
    case 0x16, 0x17: start(.output, length: word(arguments), adpcm: .two, reference: command & 1 != 0)
    case 0x74, 0x75: start(.output, length: word(arguments), adpcm: .four, reference: command & 1 != 0)
    case 0x76, 0x77: start(.output, length: word(arguments), adpcm: .three, reference: command & 1 != 0)
    case 0x1C: startAuto(.output)
    case 0x1F: startAuto(.output, adpcm: .two)
    case 0x7D: startAuto(.output, adpcm: .four)
    case 0x7F: startAuto(.output, adpcm: .three)
    case 0x20:
      state.dsp.answer([UInt8(clamping: Int((pins.record(now).left * 127).rounded()) + 128)])
    case 0x24: start(.input, length: word(arguments))
    case 0x2C: startAuto(.input)
    case 0x30...0x33: break  // nothing comes in by MIDI
    case 0x34...0x37: state.dsp.isMIDI = true
    case 0x38: pins.midi(value, now)
    case 0x40:
      state.dsp.timeConstant = value
      state.dsp.rate = 0
    case 0x41 where version >= 4, 0x42 where version >= 4:
      // High byte first.
      state.dsp.rate = max(UInt16(value) << 8 | UInt16(arguments.last ?? 0), 1)
    case 0x45 where version >= 4: state.transfers[0].isEnding = false
    case 0x47 where version >= 4: state.transfers[1].isEnding = false
    case 0x48: state.dsp.blockLength = word(arguments)
    case 0x80: startSilence(word(arguments))
    case 0x90 where version < 4: startAuto(.output, highSpeed: true)
    case 0x91 where version < 4: start(.output, length: state.dsp.blockLength, highSpeed: true)
    case 0x98 where version < 4: startAuto(.input, highSpeed: true)
    case 0x99 where version < 4: start(.input, length: state.dsp.blockLength, highSpeed: true)
    // A DSP 4.xx needs no high speed; it plays these like the plain ones and goes on listening.
    case 0x90: startAuto(.output)
    case 0x91: start(.output, length: state.dsp.blockLength)
    case 0x98: startAuto(.input)
    case 0x99: start(.input, length: state.dsp.blockLength)
    case 0xA0 where version == 3: state.dsp.recordsStereo = false
    case 0xA8 where version == 3: state.dsp.recordsStereo = true
    case 0xB0...0xCF where version >= 4: startGeneral(command, mode: value, length: word(arguments, 1))
    case 0xD0: pause(0)
    case 0xD4: resume(0)
    case 0xD5 where version >= 4: pause(1)
    case 0xD6 where version >= 4: resume(1)
    case 0xD1, 0xD3: setSpeaker(command == 0xD1)
    case 0xD8: state.dsp.answer([state.dsp.speakerIsOn ? 0xFF : 0x00])
    case 0xD9 where version >= 4: state.transfers[1].isEnding = true
    case 0xDA: state.transfers[0].isEnding = true
    default: identify(command, value)
    }
  }

  /// Commands that answer, and those that do nothing.
  private func identify(_ command: UInt8, _ value: UInt8) {
    let version = model.version
    switch command {
    // The signal processor for compression isn't there: its registers read FFh, and so does its version.
    case 0x08 where version.major >= 4, 0x0F where version.major >= 4: state.dsp.answer([0xFF])
    case 0xE0: state.dsp.answer([~value])
    case 0xE1: state.dsp.answer([version.major, version.minor])
    case 0xE2:
      _ = state.dsp.identify(value)
      ask(3, channel: channel(ofTransfer: 0))
    case 0xE3: state.dsp.answer(Array("COPYRIGHT (C) CREATIVE TECHNOLOGY LTD, 1992.".utf8) + [0])
    case 0xE4: state.dsp.testRegister = value
    case 0xE8: state.dsp.answer([state.dsp.testRegister])
    case 0xF2: request(0x01)
    case 0xF3 where version.major >= 4: request(0x02)
    case 0xF8: state.dsp.answer([0x00])
    case 0xFB where version.major >= 4:
      // Which transfers are on: bits 0 (8-bit output), 1 (8-bit input), 2 and 3 the same for 16 bits (unverified).
      var status: UInt8 = 0
      for n in 0..<2 where state.transfers[n].isOn {
        status |= (state.transfers[n].direction == .output ? 1 : 2) << UInt8(2 * n)
      }
      state.dsp.answer([status])
    default: break
    }
  }

  private func setSpeaker(_ on: Bool) {
    state.dsp.speakerIsOn = on
    // The switch acts on the output up to DSP 3.xx; a 16 only remembers it.
    if !on, model != .sb16 { output.input?.hold(0, 0, at: now, rate: 0) }
  }
}
