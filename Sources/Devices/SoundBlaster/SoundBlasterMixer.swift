import Hardware

/// The mixer chip of a Sound Blaster: CT1345 (Pro) or CT1745 (16). A value; the voltages it controls are the board's.
///
/// The volumes at power-on are taken as full level: above them nothing gets louder (the card's amplifier, which would
/// overdrive, isn't modelled). Automatic gain control, input gain and the recording mixer are registers without effect.
///
/// - Source: Creative, Sound Blaster Series Hardware Programming Guide, chapter "Mixer"; register widths of the CT1345
///   as read back by other emulators (unverified on the chip).
public struct SoundBlasterMixer: Codable, Equatable, Sendable {
  /// Which chip.
  public enum Model: String, Codable, Sendable {
    /// None: Sound Blaster 2.0.
    case none
    /// CT1345.
    case ct1345
    /// CT1745.
    case ct1745
  }

  /// Attenuation in decibels of both sides.
  public struct Volume: Equatable, Sendable {
    /// Left.
    public var left: Double
    /// Right.
    public var right: Double
  }

  // MARK: State

  /// Registers as they read back.
  var registers = Bank<256, UInt8>(repeating: 0)
  /// Software has set the CD's volume: before, the CD is heard in full (the chip has it off; drivers open it).
  var cdIsSet = false
  /// The register selected by port 2x4h.
  var index: UInt8 = 0

  /// A chip after reset.
  init(_ model: Model = .ct1745) { reset(model) }

  /// Register 00h: all volumes as at power-on. What jumpers or software chose as interrupt and DMA stays.
  mutating func reset(_ model: Model) {
    let (interrupt, dma) = (registers[0x80], registers[0x81])
    registers = Bank(repeating: 0)
    (registers[0x80], registers[0x81]) = (interrupt, dma)
    switch model {
    case .none: break
    case .ct1345:
      for register in [0x04, 0x22, 0x26] { registers[register] = 0x99 }
      for register in [0x28, 0x2E] { registers[register] = 0x11 }
    case .ct1745:
      for register in 0x30...0x35 { registers[register] = 0xC0 }
      registers[0x3C] = 0x1F
      registers[0x3D] = 0x15
      registers[0x3E] = 0x0B
      for register in 0x44...0x47 { registers[register] = 0x80 }
    }
  }

  // MARK: Registers

  /// The Pro's registers on a CT1745: each holds the upper four bits of two others.
  private static let pairs: [UInt8: Int] = [0x04: 0x32, 0x22: 0x30, 0x26: 0x34, 0x28: 0x36, 0x2E: 0x38]

  /// Reads the selected register, but for 82h, which is the card's.
  func read(_ model: Model) -> UInt8 {
    guard model == .ct1745 else { return model == .none ? 0xFF : registers[Int(index)] }
    if let left = Self.pairs[index] { return registers[left] & 0xF0 | registers[left + 1] >> 4 }
    if index == 0x0A { return registers[0x3A] >> 5 }
    return registers[Int(index)]
  }

  /// Writes the selected register.
  mutating func write(_ value: UInt8, _ model: Model) {
    if index == 0 { return reset(model) }
    if index == 0x28 || index == 0x36 || index == 0x37 { cdIsSet = true }
    switch model {
    case .none: break
    case .ct1345:
      switch index {
      case 0x04, 0x22, 0x26, 0x28, 0x2E: registers[Int(index)] = value | 0x11
      case 0x0A: registers[0x0A] = value & 0x06 | 0x01
      case 0x0C: registers[0x0C] = value & 0x2E
      case 0x0E: registers[0x0E] = value & 0x22
      default: break
      }
    case .ct1745:
      if let left = Self.pairs[index] {
        registers[left] = value & 0xF0 | 0x08
        registers[left + 1] = value << 4 | 0x08
        return
      }
      switch index {
      case 0x0A: registers[0x3A] = (value & 7) << 5 | 0x18
      case 0x30...0x3A: registers[Int(index)] = value & 0xF8
      case 0x3B, 0x3F...0x42: registers[Int(index)] = value & 0xC0
      case 0x3C: registers[0x3C] = value & 0x1F
      case 0x3D, 0x3E: registers[Int(index)] = value & 0x7F
      case 0x43: registers[0x43] = value & 0x01
      case 0x44...0x47: registers[Int(index)] = value & 0xF0
      case 0x80: registers[0x80] = value & 0x0F
      case 0x81: registers[0x81] = value & 0xEB
      default: break
      }
    }
  }

  // MARK: Meaning

  /// Two channels share the output of a Pro: register 0Eh bit 1.
  var isStereo: Bool { registers[0x0E] & 0x02 != 0 }
  /// The Pro's output filter is in the way unless register 0Eh bit 5 is set.
  var isFiltered: Bool { registers[0x0E] & 0x20 == 0 }
  /// The interrupt chosen in register 80h.
  var interrupt: Int? {
    for (bit, irq) in [9, 5, 7, 10].enumerated() where registers[0x80] & 1 << UInt8(bit) != 0 { return irq }
    return nil
  }
  /// The 8-bit DMA channel chosen in register 81h.
  var channel8: Int? { [0, 1, 3].first { registers[0x81] & 1 << UInt8($0) != 0 } }
  /// The 16-bit DMA channel; without one, 16-bit sound goes over the other in bytes.
  var channel16: Int? { [5, 6, 7].first { registers[0x81] & 1 << UInt8($0) != 0 } }

  mutating func select(interrupt: Int, channel8: Int, channel16: Int?) {
    registers[0x80] = [9: 0x01, 5: 0x02, 7: 0x04, 10: 0x08][interrupt] ?? 0x02
    registers[0x81] = UInt8(1) << UInt8(channel8 & 7) | (channel16.map { UInt8(1) << UInt8($0 & 7) } ?? 0)
  }

  /// The levels below full of voice (04h), FM (26h) or CD (28h), master included.
  private func volume(_ register: Int, _ model: Model) -> Volume {
    switch model {
    case .none: return Volume(left: 0, right: 0)
    case .ct1345:
      // Three bits, about 4 dB a step below the power-on value of 4; 0 is off.
      func level(_ bits: UInt8) -> Double { bits == 0 ? 100 : max(0, Double(4 - Int(bits)) * 4) }
      let (own, master) = (registers[register], registers[0x22])
      return Volume(
        left: level(own >> 5) + level(master >> 5), right: level(own >> 1 & 7) + level(master >> 1 & 7))
    case .ct1745:
      // Five bits, 2 dB a step, 24 at power-on.
      func level(_ register: Int) -> Double { max(0, Double(24 - Int(registers[register] >> 3)) * 2) }
      let left = Self.pairs[UInt8(register)] ?? 0x32
      // 48 dB below is as good as off; 0 is -62 dB.
      func limit(_ decibels: Double) -> Double { decibels >= 48 ? 100 : decibels }
      return Volume(
        left: limit(level(left)) + limit(level(0x30)), right: limit(level(left + 1)) + limit(level(0x31)))
    }
  }

  /// The voice's.
  func voice(_ model: Model) -> Volume { volume(0x04, model) }
  /// The FM synthesizer's.
  func fm(_ model: Model) -> Volume { volume(0x26, model) }
  /// The CD's. On a CT1745 the output mixer's switches (3Ch bits 2 and 1) let it through.
  func cd(_ model: Model) -> Volume {
    var volume = cdIsSet ? volume(0x28, model) : Volume(left: 0, right: 0)
    if model == .ct1745, registers[0x3C] & 0x04 == 0 { volume.left = 100 }
    if model == .ct1745, registers[0x3C] & 0x02 == 0 { volume.right = 100 }
    return volume
  }

  /// Registers 41h and 42h: factors of 0, 6, 12 or 18 dB, which are doublings.
  func outputGain(_ model: Model) -> (left: Float, right: Float) {
    guard model == .ct1745 else { return (1, 1) }
    return (Float(1 << Int(registers[0x41] >> 6)), Float(1 << Int(registers[0x42] >> 6)))
  }

  /// Registers 44h and 45h, decibels up.
  func treble(_ model: Model) -> Volume { tone(0x44, model) }
  /// Registers 46h and 47h, decibels up.
  func bass(_ model: Model) -> Volume { tone(0x46, model) }

  /// Four bits: 0 ... 7 are -14 ... 0 dB in steps of 2, 8 ... 15 are 0 ... 14 dB.
  private func tone(_ register: Int, _ model: Model) -> Volume {
    guard model == .ct1745 else { return Volume(left: 0, right: 0) }
    func side(_ value: UInt8) -> Double { Double(Int(value >> 4) - (value < 0x80 ? 7 : 8)) * 2 }
    return Volume(left: side(registers[register]), right: side(registers[register + 1]))
  }
}
