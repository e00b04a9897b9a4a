import Devices

extension SoundSettings {
  /// The FM synthesizer on the card.
  var synthesizer: Synthesizer.Configuration? {
    let port = sb16.port.number
    return switch card {
    case .none: nil
    case .adlib: Synthesizer.Configuration(.ym3812, at: [0x388...0x389])
    case .opl3: Synthesizer.Configuration(.ymf262, at: [0x388...0x38B])
    case .sb2: Synthesizer.Configuration(.ym3812, at: [0x388...0x389, port + 8...port + 9])
    case .sbpro, .sb16:
      Synthesizer.Configuration(.ymf262, at: [0x388...0x38B, port...port + 3, port + 8...port + 9])
    }
  }

  /// The rest of the card.
  var soundBlaster: SoundBlaster.Configuration? {
    let model: SoundBlaster.Model
    switch card {
    case .none, .adlib, .opl3: return nil
    case .sb2: model = .sb2
    case .sbpro: model = .pro
    case .sb16: model = .sb16
    }
    return SoundBlaster.Configuration(
      model, base: sb16.port.number, irq: sb16.irq.number, dma: sb16.dma.number, dma16: sb16.dma16.number,
      midiBase: sb16.midi.number)
  }

  /// The converter on LPT1.
  var converter: PrinterSound.Model? {
    switch printer {
    case .none: nil
    case .covox: .covox
    case .disney: .disney
    }
  }

  /// Volumes as factors.
  var levels: AudioMixer.Levels {
    var levels = AudioMixer.Levels()
    levels.master = volume.master.factor
    let channels: [(AudioMixer.Channel, Percentage)] = [
      (.speaker, volume.speaker), (.fm, volume.fm), (.voice, volume.voice), (.cd, volume.cd),
      (.printer, volume.printer),
    ]
    for (channel, percentage) in channels { levels.channels[channel.rawValue] = percentage.factor }
    return levels
  }
}
