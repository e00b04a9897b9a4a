extension ConfigurationKey {
  /// The keys of sound.
  static let soundKeys: [ConfigurationKey] = [
    ConfigurationKey("sound.card", flag: "sound", \.sound.card, "sound card"),
    ConfigurationKey("sound.sb16.port", \.sound.sb16.port, "first port of a Sound Blaster, hexadecimal"),
    ConfigurationKey("sound.sb16.irq", \.sound.sb16.irq, "interrupt of a Sound Blaster"),
    ConfigurationKey("sound.sb16.dma", \.sound.sb16.dma, "8-bit DMA channel of a Sound Blaster"),
    ConfigurationKey("sound.sb16.dma16", \.sound.sb16.dma16, "16-bit DMA channel of a Sound Blaster 16"),
    ConfigurationKey("sound.sb16.midi", \.sound.sb16.midi, "first port of the MIDI interface, hexadecimal"),
    ConfigurationKey("sound.filter", \.sound.filter, "the output filters of sb2 and sbpro"),
    ConfigurationKey("sound.printer", \.sound.printer, "a converter on LPT1 instead of a printer"),
    ConfigurationKey("sound.input", \.sound.input, "a WAV file to record from"),
    ConfigurationKey("sound.latency", \.sound.latency, "delay of the sound in a window, milliseconds"),
    ConfigurationKey("sound.volume.master", \.sound.volume.master, "volume of everything"),
    ConfigurationKey("sound.volume.speaker", \.sound.volume.speaker, "volume of the PC's speaker"),
    ConfigurationKey("sound.volume.fm", \.sound.volume.fm, "volume of the FM synthesizer"),
    ConfigurationKey("sound.volume.voice", \.sound.volume.voice, "volume of sampled sound"),
    ConfigurationKey("sound.volume.cd", \.sound.volume.cd, "volume of CD audio"),
    ConfigurationKey("sound.volume.printer", \.sound.volume.printer, "volume of the converter on LPT1"),
  ]
}
