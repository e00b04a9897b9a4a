import Glibc

/// A recording: a WAV file, 16 bits, two channels.
///
/// - Source: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0" (RIFF WAVE), recalled.
public final class WaveFile {
  private let path: String
  private let descriptor: Int32
  private var waiting: [UInt8] = []
  private var written = 0
  private var failure: HostError?
  /// RIFF counts bytes in 32 bits.
  private static let limit = Int(UInt32.max) - 64

  /// Begins a recording at `path`, replacing what is there.
  ///
  /// - Throws: `HostError.file` when it can't be written.
  public init(_ path: String) throws(HostError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .file("\(path): can't be written: \(HostFiles.reason())") }
    waiting = Self.header(bytes: 0)
  }

  deinit { close(descriptor) }

  private static func header(bytes: Int) -> [UInt8] {
    func word(_ value: Int, _ size: Int) -> [UInt8] {
      (0..<size).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
    let rate = AudioFeed.rate
    return Array("RIFF".utf8) + word(bytes + 36, 4) + Array("WAVEfmt ".utf8) + word(16, 4) + word(1, 2) + word(2, 2)
      + word(rate, 4) + word(rate * 4, 4) + word(4, 2) + word(16, 2) + Array("data".utf8) + word(bytes, 4)
  }

  /// Adds pairs of samples. What doesn't fit into the format any more is left away; `finish` tells.
  public func write(_ samples: UnsafeBufferPointer<Int16>) {
    guard failure == nil else { return }
    guard written + samples.count * 2 <= Self.limit else {
      failure = .file("\(path): the recording ends after 4 GB, the most a WAV file can hold")
      return
    }
    for sample in samples {
      waiting.append(UInt8(truncatingIfNeeded: sample))
      waiting.append(UInt8(truncatingIfNeeded: sample >> 8))
    }
    written += samples.count * 2
    if waiting.count >= 1 << 16 { flush() }
  }

  private func flush() {
    if !HostFiles.writeAll(descriptor, waiting) {
      failure = .file("\(path): can't be written: \(HostFiles.reason())")
    }
    waiting.removeAll(keepingCapacity: true)
  }

  /// Completes the file.
  ///
  /// - Returns: what could not be written, nil if all was.
  public func finish() -> HostError? {
    flush()
    let header = Self.header(bytes: written)
    if lseek(descriptor, 0, SEEK_SET) == 0, !HostFiles.writeAll(descriptor, header), failure == nil {
      failure = .file("\(path): can't be written: \(HostFiles.reason())")
    }
    return failure
  }
}
