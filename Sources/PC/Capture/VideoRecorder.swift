public import Hardware

/// Records every frame of a machine's display, dot for dot, as an AVI file with lossless ZMBV video.
///
/// A file has one size and one frame rate: when a program sets a mode with others, the recording goes on in a second
/// file, "name-2.avi", and so on.
public final class VideoRecorder {
  private let path: String
  private var part = 0
  private var file: AVIFile?
  private var encoder: ZMBVEncoder?
  private var shape: (width: Int, height: Int, rate: Double) = (0, 0, 0)
  private var failure: HostError?

  /// A recorder to the file at `path`, which is made when the first frame comes.
  public init(path: String) { self.path = path }

  /// The path of part `number`.
  private func path(ofPart number: Int) -> String {
    guard number > 1 else { return path }
    let stem = path.lowercased().hasSuffix(".avi") ? String(path.dropLast(4)) : path
    return "\(stem)-\(number).avi"
  }

  /// Adds the next frame. After an error nothing more is recorded; `finish` tells it.
  public func add(_ frame: VideoFrame) {
    guard failure == nil else { return }
    do throws(HostError) { try record(frame) } catch { failure = error }
  }

  private func record(_ frame: VideoFrame) throws(HostError) {
    guard frame.width > 0, frame.height > 0, frame.pixels.count == frame.width * frame.height else { return }
    let wanted = (width: frame.width, height: frame.height, rate: frame.refreshRate)
    if file == nil || shape != wanted || (file?.size ?? 0) > AVIFile.limit {
      try file?.close()
      file = nil
      part += 1
      shape = wanted
      file = try AVIFile(path: path(ofPart: part), width: wanted.width, height: wanted.height, rate: wanted.rate)
      encoder = ZMBVEncoder(width: wanted.width, height: wanted.height)
    }
    guard let file, let encoder else { return }
    let (packet, isKey) = encoder.encode(frame.pixels)
    try file.add(packet, isKey: isKey)
  }

  /// Ends the recording.
  ///
  /// - Returns: the files that were written.
  /// - Throws: `HostError.file`, what went wrong with one of them.
  public func finish() throws(HostError) -> [String] {
    if let failure { throw failure }
    try file?.close()
    file = nil
    return part == 0 ? [] : (1...part).map(path(ofPart:))
  }
}
