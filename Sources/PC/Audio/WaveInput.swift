/// A WAV file as the sound card's recording input: PCM of 8 or 16 bits, one or two channels, any rate, played over and
/// over from power-on.
///
/// - Source: as `WaveFile`.
struct WaveInput {
  private var samples: [(left: Float, right: Float)] = []
  private var rate = 1.0

  /// Reads the file.
  ///
  /// - Throws: `HostError.file` naming the file and what is wrong with it.
  init(path: String) throws(HostError) {
    let bytes = try HostFiles.read(path, atMost: 256 << 20)
    func word(_ at: Int, _ size: Int) -> Int {
      (0..<size).reduce(0) { $0 | (at + $1 < bytes.count ? Int(bytes[at + $1]) << (8 * $1) : 0) }
    }
    func tag(_ at: Int) -> String {
      String(decoding: bytes[min(at, bytes.count)..<min(at + 4, bytes.count)], as: UTF8.self)
    }
    guard bytes.count >= 12, tag(0) == "RIFF", tag(8) == "WAVE" else {
      throw .file("\(path): is not a WAV file")
    }
    var (at, format, channels, bits) = (12, 0, 0, 0)
    while at + 8 <= bytes.count {
      let size = word(at + 4, 4)
      if tag(at) == "fmt " {
        (format, channels, bits) = (word(at + 8, 2), word(at + 10, 2), word(at + 22, 2))
        rate = Double(word(at + 12, 4))
      } else if tag(at) == "data" {
        guard format == 1, channels == 1 || channels == 2, bits == 8 || bits == 16, rate >= 1 else {
          throw .file("\(path): only PCM of 8 or 16 bits with one or two channels can be recorded from")
        }
        let frame = channels * bits / 8
        let end = min(at + 8 + size, bytes.count)
        for start in stride(from: at + 8, to: end - frame + 1, by: frame) {
          func level(_ at: Int) -> Float {
            bits == 8 ? Float(Int(bytes[at]) - 128) / 128 : Float(Int16(truncatingIfNeeded: word(at, 2))) / 32_768
          }
          samples.append((level(start), level(start + frame - bits / 8)))
        }
        break
      }
      at += 8 + size + size & 1
    }
    guard !samples.isEmpty else { throw .file("\(path): has no sound in it") }
  }

  /// The level at `seconds` after power-on.
  func level(_ seconds: Double) -> (left: Float, right: Float) {
    samples[Int(seconds * rate) % samples.count]
  }
}
