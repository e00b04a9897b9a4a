/// The DSP's decoder of compressed samples: steps of an adaptive size from the sample before.
///
/// - Source: the formats as other emulators and converters decode them (DOSBox, SoX); not published by Creative.
struct ADPCM: Codable, Equatable, Sendable {
  /// Bits a sample: 4; 2.6 means three samples a byte (3, 3 and 2 bits); 2.
  enum Format: String, Codable, Sendable { case four, three, two }

  /// The last sample, unsigned.
  var sample: UInt8 = 0x80
  /// Size of the steps.
  var scale: UInt8 = 0
  /// The byte being decoded and how many samples are left in it.
  var byte: UInt8 = 0
  var left = 0

  /// Takes a byte from the bus. `reference`: it is the first sample itself.
  mutating func take(_ value: UInt8, _ format: Format, reference: Bool) {
    if reference {
      (sample, scale, left) = (value, 0, 0)
      return
    }
    byte = value
    switch format {
    case .four: left = 2
    case .three: left = 3
    case .two: left = 4
    }
  }

  /// The next sample of the byte.
  mutating func next(_ format: Format) -> UInt8 {
    left = max(left - 1, 0)
    let code: UInt8
    switch format {
    case .four:
      code = byte >> 4
      byte <<= 4
      step(magnitude: code & 7, negative: code & 8 != 0, top: 3, up: 5)
    case .three:
      // The third sample has two bits; its lowest is taken as 0.
      code = byte >> 5
      byte <<= 3
      step(magnitude: code & 3, negative: code & 4 != 0, top: 4, up: 3)
    case .two:
      code = byte >> 6
      byte <<= 2
      step(magnitude: code & 1, negative: code & 2 != 0, top: 5, up: 1)
    }
    return sample
  }

  private mutating func step(magnitude: UInt8, negative: Bool, top: UInt8, up: UInt8) {
    let size = Int(min(scale, top))
    // The largest step of the three-bit format is 10 a unit, not 16.
    let delta = top == 4 && size == 4 ? Int(magnitude) * 10 + 5 : Int(magnitude) << size + (1 << size) >> 1
    sample = UInt8(min(max(Int(sample) + (negative ? -delta : delta), 0), 255))
    if magnitude >= up {
      scale = min(UInt8(size) + 1, top)
    } else if magnitude == 0, size > 0 {
      scale = UInt8(size) - 1
    }
  }
}
