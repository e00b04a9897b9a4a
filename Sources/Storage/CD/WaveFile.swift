/// The sound in a RIFF/WAVE file, as far as a CD can hold it.
enum WaveFile {
  /// Where the samples are: 44,100 Hz, stereo, 16 bits.
  ///
  /// - Throws: `damaged` or `unsupported`, naming the place.
  /// - Source: Multimedia Programming Interface and Data Specifications 1.0 (IBM, Microsoft, 1991), "WAVE" (recalled).
  static func samples(_ source: any CDSource) throws(StorageError) -> (offset: Int, count: Int) {
    let head = try source.read(at: 0, count: 12)
    guard head.count == 12, head.starts(with: Array("RIFF".utf8)), Array(head[8..<12]) == Array("WAVE".utf8) else {
      throw .damaged(path: source.name, offset: 0, what: "no RIFF WAVE header; a WAV file is wanted")
    }
    var at = 12
    var isRight = false
    while at + 8 <= source.byteCount {
      let chunk = try source.read(at: at, count: 8)
      guard chunk.count == 8 else { break }
      let length = (0..<4).reduce(0) { $0 | Int(chunk[4 + $1]) << (8 * $1) }
      if chunk.starts(with: Array("fmt ".utf8)) {
        let format = try source.read(at: at + 8, count: 16)
        // PCM, 2 channels, 44,100 a second, 16 bits.
        isRight =
          format.count == 16 && Array(format[0..<8]) == [1, 0, 2, 0, 0x44, 0xAC, 0, 0] && format[14] == 16
          && format[15] == 0
        guard isRight else {
          throw .unsupported(path: source.name, what: "isn't PCM of 44100 Hz, stereo, 16 bits; convert it to that")
        }
      }
      if chunk.starts(with: Array("data".utf8)) {
        guard isRight else {
          throw .damaged(path: source.name, offset: at, what: "samples before their format; a WAV file is wanted")
        }
        return (at + 8, min(length, source.byteCount - at - 8))
      }
      at += 8 + length + length % 2
    }
    throw .truncated(path: source.name, offset: at, wanted: 8, found: max(source.byteCount - at, 0))
  }
}
