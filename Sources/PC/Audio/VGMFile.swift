public import Devices
import Hardware

/// A log of an FM synthesizer's registers (VGM 1.51), to be played by others.
///
/// - Source: VGM file format specification 1.71b: header offsets 34h, 50h and 5Ch; commands 5Ah, 5Eh, 5Fh, 61h, 66h.
public final class VGMFile {
  private let path: String
  private let model: YMF262.Model
  private var data: [UInt8] = []
  private var position: Int64
  private var length: Int64 = 0
  private static let clock = Clock(numerator: 44_100)
  private static let headerSize = 0x100

  /// Begins a log at `path`, which must be possible to write, with the registers as they are.
  ///
  /// - Throws: `HostError.file` when it can't be written.
  public init(_ path: String, _ synthesizer: Synthesizer) throws(HostError) {
    self.path = path
    model = synthesizer.state.chip.model
    position = Self.sample(synthesizer.state.tick)
    try HostFiles.write([], to: path)
    let registers = synthesizer.state.chip.registers
    // NEW comes first, or the second array couldn't be reached.
    for register in [0x105] + Array(0..<0x200) where registers[register] != 0 { put(register, registers[register]) }
    synthesizer.log.take = { [unowned self] in write($0, $1, $2) }
  }

  private static func sample(_ tick: Int64) -> Int64 { clock.ticks(at: Synthesizer.clock.instant(ofTick: tick)) }

  private func put(_ register: Int, _ value: UInt8) {
    let command: UInt8 = model == .ym3812 ? 0x5A : register < 0x100 ? 0x5E : 0x5F
    data += [command, UInt8(register & 0xFF), value]
  }

  private func write(_ tick: Int64, _ register: Int, _ value: UInt8) {
    let sample = Self.sample(tick)
    // Going back to an older state is no time at all.
    var wait = max(sample - position, 0)
    length += wait
    position = sample
    while wait > 0 {
      let part = min(wait, 65_535)
      data += [0x61, UInt8(part & 0xFF), UInt8(part >> 8)]
      wait -= part
    }
    put(register, value)
  }

  /// Writes the file.
  ///
  /// - Returns: what went wrong, nil if nothing did.
  public func finish() -> HostError? {
    var header = [UInt8](repeating: 0, count: Self.headerSize)
    func set(_ offset: Int, _ value: Int) {
      for i in 0..<4 { header[offset + i] = UInt8(truncatingIfNeeded: value >> (8 * i)) }
    }
    for (i, byte) in "Vgm ".utf8.enumerated() { header[i] = byte }
    set(0x04, Self.headerSize + data.count + 1 - 4)
    set(0x08, 0x151)
    set(0x18, Int(length))
    set(0x34, Self.headerSize - 0x34)
    if model == .ym3812 { set(0x50, 3_579_545) } else { set(0x5C, 14_318_180) }
    do { try HostFiles.write(header + data + [0x66], to: path) } catch { return error }
    return nil
  }
}
