import Glibc

/// An AVI file with one stream of ZMBV video. Sizes and the index are filled in when it is closed.
///
/// - Source: Microsoft, "AVI RIFF File Reference" (recalled).
final class AVIFile {
  /// A RIFF file's sizes have 32 bits, and old programs take them for signed ones: a recorder goes on in a new file.
  static let limit = 1 << 30

  private let path: String
  private let file: UnsafeMutablePointer<FILE>
  private let header: (width: Int, height: Int, rate: Double)
  private var index: [UInt8] = []
  private var frames = 0
  private var largest = 0
  /// Bytes in the list of frames, its name included.
  private(set) var size = 4

  /// Makes the file at `path`, for `rate` frames a second.
  ///
  /// - Throws: `HostError.file` with the path and what the host says.
  init(path: String, width: Int, height: Int, rate: Double) throws(HostError) {
    guard let file = fopen(path, "wb") else { throw .file("\(path): can't be written: \(Self.reason())") }
    self.path = path
    self.file = file
    header = (width, height, rate)
    try put(head())
  }

  private static func reason() -> String { String(cString: strerror(errno)) }

  private func put(_ bytes: [UInt8]) throws(HostError) {
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
      throw .file("\(path): can't be written: \(Self.reason())")
    }
  }

  /// Adds a frame.
  ///
  /// - Throws: `HostError.file`, on a full disk for instance.
  func add(_ packet: [UInt8], isKey: Bool) throws(HostError) {
    let entry = RIFF.name("00dc") + RIFF.number(isKey ? 0x10 : 0) + RIFF.number(size) + RIFF.number(packet.count)
    index += entry
    let padding = [UInt8](repeating: 0, count: packet.count & 1)
    try put(RIFF.name("00dc") + RIFF.number(packet.count) + packet + padding)
    size += 8 + packet.count + padding.count
    frames += 1
    largest = max(largest, packet.count)
  }

  /// Writes the index and the final sizes, and closes the file.
  ///
  /// - Throws: `HostError.file`.
  func close() throws(HostError) {
    defer { fclose(file) }
    try put(RIFF.name("idx1") + RIFF.number(index.count) + index)
    guard fseek(file, 0, SEEK_SET) == 0 else { throw .file("\(path): can't be written: \(Self.reason())") }
    try put(head())
    guard fflush(file) == 0 else { throw .file("\(path): can't be written: \(Self.reason())") }
  }

  /// Everything before the first frame, with the sizes as they are now.
  private func head() -> [UInt8] {
    let (width, height) = (header.width, header.height)
    let rate = Int((header.rate * 1e6).rounded())
    let main = [
      rate > 0 ? Int(1e12 / Double(rate)) : 0, largest * Int(header.rate + 1), 0, 0x10, frames, 0, 1, largest, width,
      height, 0, 0, 0, 0,
    ].flatMap(RIFF.number)
    let stream =
      RIFF.name("vids") + RIFF.name("ZMBV")
      + [0, 0, 0, 1_000_000, rate, 0, frames, largest, -1, 0].flatMap(RIFF.number)
      + [0, 0, width, height].flatMap { RIFF.number($0).prefix(2) }
    let format =
      [40, width, height].flatMap(RIFF.number) + [1, 0, 24, 0] + RIFF.name("ZMBV")
      + [width * height * 4, 0, 0, 0, 0].flatMap(RIFF.number)
    let list = RIFF.chunk("strh", stream) + RIFF.chunk("strf", format)
    let headers =
      RIFF.name("hdrl") + RIFF.chunk("avih", main) + RIFF.chunk("LIST", RIFF.name("strl") + list)
    let whole = 4 + 8 + headers.count + 8 + size + 8 + index.count
    return RIFF.name("RIFF") + RIFF.number(whole) + RIFF.name("AVI ") + RIFF.chunk("LIST", headers)
      + RIFF.name("LIST") + RIFF.number(size) + RIFF.name("movi")
  }
}

/// Pieces of a RIFF file.
private enum RIFF {
  static func name(_ text: String) -> [UInt8] { Array(text.utf8) }
  static func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
  static func chunk(_ id: String, _ content: [UInt8]) -> [UInt8] { name(id) + number(content.count) + content }
}
