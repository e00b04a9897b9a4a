/// The sound card, its resources, volumes and plugs.
public struct SoundSettings: Codable, Equatable, Sendable {
  /// Which card.
  public var card = SoundCard.sb16
  /// Jumpers of a Sound Blaster.
  public var sb16 = Blaster()
  /// The output filters of the older cards.
  public var filter = true
  /// What a converter on LPT1 is.
  public var printer = PrinterConverter.none
  /// A WAV file as the recording input; without one there is silence.
  public var input = HostPath.none
  /// What is plugged into the MIDI socket.
  public var midi = MIDIEndpoint.none
  /// How far the host's sound is behind, in milliseconds.
  public var latency = Latency(milliseconds: 30)
  /// Volumes.
  public var volume = Volumes()

  /// Where a Sound Blaster is.
  public struct Blaster: Codable, Equatable, Sendable {
    /// First port.
    public var port = BlasterPort.p220
    /// Interrupt request.
    public var irq = BlasterIRQ.irq5
    /// 8-bit DMA channel.
    public var dma = BlasterDMA.dma1
    /// 16-bit DMA channel.
    public var dma16 = BlasterDMA16.dma5
    /// First port of the MIDI interface.
    public var midi = MIDIPort.p330
  }

  /// In hundredths; 100 is as recorded.
  public struct Volumes: Codable, Equatable, Sendable {
    /// The sum.
    public var master = Percentage(100)
    /// The PC's speaker.
    public var speaker = Percentage(100)
    /// The FM synthesizer.
    public var fm = Percentage(100)
    /// Sampled sound.
    public var voice = Percentage(100)
    /// CD audio.
    public var cd = Percentage(100)
    /// A converter on the printer port.
    public var printer = Percentage(100)
  }
}

/// Sound cards. `heirloom list sound` prints them.
public enum SoundCard: String, ConfigurationValue, CaseIterable {
  /// No sound card.
  case none
  /// AdLib: a YM3812 at 388h.
  case adlib
  /// The same with a YMF262.
  case opl3
  /// Sound Blaster 2.0.
  case sb2
  /// Sound Blaster Pro 2.
  case sbpro
  /// Sound Blaster 16.
  case sb16

  /// What the card is.
  public var summary: String {
    switch self {
    case .none: "no sound card; only the speaker"
    case .adlib: "AdLib: FM synthesizer YM3812 (OPL2) at port 388h"
    case .opl3: "FM synthesizer YMF262 (OPL3) at port 388h, alone"
    case .sb2: "Sound Blaster 2.0: DSP 2.01, YM3812 (OPL2)"
    case .sbpro: "Sound Blaster Pro 2: DSP 3.02, stereo, mixer CT1345, YMF262 (OPL3)"
    case .sb16: "Sound Blaster 16: DSP 4.13, 16 bits, mixer CT1745, YMF262 (OPL3), MPU-401"
    }
  }
}

/// First ports of a Sound Blaster.
public enum BlasterPort: String, ConfigurationValue, CaseIterable {
  case p220 = "220"
  case p240 = "240"
  case p260 = "260"
  case p280 = "280"
  /// The number.
  var number: UInt16 { UInt16(rawValue, radix: 16) ?? 0x220 }
}

/// Interrupts of a Sound Blaster; 2 is the AT's 9.
public enum BlasterIRQ: String, ConfigurationValue, CaseIterable {
  case irq2 = "2"
  case irq5 = "5"
  case irq7 = "7"
  case irq10 = "10"
  /// The number on the AT's bus.
  var number: Int { self == .irq2 ? 9 : Int(rawValue) ?? 5 }
}

/// 8-bit DMA channels of a Sound Blaster.
public enum BlasterDMA: String, ConfigurationValue, CaseIterable {
  case dma0 = "0"
  case dma1 = "1"
  case dma3 = "3"
  /// The number.
  var number: Int { Int(rawValue) ?? 1 }
}

/// 16-bit DMA channels of a Sound Blaster 16.
public enum BlasterDMA16: String, ConfigurationValue, CaseIterable {
  /// The 8-bit channel serves for both.
  case none
  case dma5 = "5"
  case dma6 = "6"
  case dma7 = "7"
  /// The number, nil for none.
  var number: Int? { Int(rawValue) }
}

/// First ports of the MIDI interface.
public enum MIDIPort: String, ConfigurationValue, CaseIterable {
  case p300 = "300"
  case p330 = "330"
  /// The number.
  var number: UInt16 { UInt16(rawValue, radix: 16) ?? 0x330 }
}

/// Converters on the printer port.
public enum PrinterConverter: String, ConfigurationValue, CaseIterable {
  /// A printer.
  case none
  /// Covox Speech Thing.
  case covox
  /// Disney Sound Source.
  case disney
}

/// 0 ... 200 %.
public struct Percentage: ConfigurationValue {
  /// Hundredths.
  public let value: Int
  /// That many hundredths, limited to 0 ... 200.
  public init(_ value: Int) { self.value = min(max(value, 0), 200) }
  public init?(configurationText text: String) {
    guard let value = Int(text.hasSuffix("%") ? text.dropLast() : text[...]), (0...200).contains(value) else {
      return nil
    }
    self.value = value
  }
  public var configurationText: String { String(value) }
  public static var expected: String { "a percentage from 0 to 200" }
  /// As a factor.
  var factor: Float { Float(value) / 100 }
}

/// A delay of 10 ... 500 ms.
public struct Latency: ConfigurationValue {
  /// Milliseconds.
  public let milliseconds: Int
  /// That many, limited to 10 ... 500.
  public init(milliseconds: Int) { self.milliseconds = min(max(milliseconds, 10), 500) }
  public init?(configurationText text: String) {
    guard let value = Int(text), (10...500).contains(value) else { return nil }
    milliseconds = value
  }
  public var configurationText: String { String(milliseconds) }
  public static var expected: String { "milliseconds from 10 to 500" }
}
