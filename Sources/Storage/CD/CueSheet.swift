/// A cue sheet as text: which files hold which tracks, and where their indices are.
///
/// - Source: CDRWIN user's guide, "CUE-sheet commands".
struct CueSheet {
  /// A FILE line with what belongs to it.
  struct File {
    var name: String
    var isWave = false
    var isBigEndian = false
    var tracks: [Track] = []
  }

  /// A TRACK line with what belongs to it. Positions and lengths in frames.
  struct Track {
    var number: Int
    var format: CDTrackFormat
    /// Index number and where it is in the file, in order.
    var indices: [(number: Int, frame: Int)] = []
    /// Silence before and after that no file holds.
    var pregap = 0
    var postgap = 0
    var flags: UInt8 = 0
    var line: Int
  }

  /// In the order of the sheet.
  var files: [File] = []
  private let path: String
  private var offset = 0

  /// Reads a sheet.
  ///
  /// - Throws: `damaged` with the line's offset; `unsupported` for kinds of files and tracks that aren't known.
  init(_ bytes: [UInt8], path: String) throws(StorageError) {
    self.path = path
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      try read(String(decoding: line, as: UTF8.self))
      offset += line.count + 1
    }
    guard files.contains(where: { !$0.tracks.isEmpty }) else {
      throw .damaged(path: path, offset: 0, what: "no TRACK in the cue sheet; FILE, TRACK and INDEX lines are wanted")
    }
  }

  private func wrong(_ what: String) -> StorageError { .damaged(path: path, offset: offset, what: what) }

  /// Words, quoted ones without their quotes.
  private static func words(_ line: String) -> [String] {
    var words: [String] = []
    var rest = line[...]
    while true {
      rest = rest.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
      guard let first = rest.first else { return words }
      if first == "\"" {
        let body = rest.dropFirst()
        let end = body.firstIndex(of: "\"") ?? body.endIndex
        words.append(String(body[..<end]))
        rest = body[end...].dropFirst()
      } else {
        let end = rest.firstIndex { $0.isWhitespace } ?? rest.endIndex
        words.append(String(rest[..<end]))
        rest = rest[end...]
      }
    }
  }

  private mutating func read(_ line: String) throws(StorageError) {
    let words = Self.words(line)
    guard let verb = words.first?.uppercased() else { return }
    switch verb {
    case "FILE": try file(words)
    case "TRACK": try track(words)
    case "INDEX":
      guard words.count == 3, let number = Int(words[1]), (0...99).contains(number) else {
        throw wrong("wanted: INDEX NN MM:SS:FF")
      }
      let (frame, at) = (try frames(words[2]), try present())
      if let last = files[at.file].tracks[at.track].indices.last, last.number >= number || last.frame > frame {
        throw wrong("index \(number) lies before index \(last.number); indices are wanted in order")
      }
      files[at.file].tracks[at.track].indices.append((number, frame))
    case "PREGAP", "POSTGAP":
      guard words.count == 2 else { throw wrong("wanted: \(verb) MM:SS:FF") }
      let (length, at) = (try frames(words[1]), try present())
      if verb == "PREGAP" {
        files[at.file].tracks[at.track].pregap = length
      } else {
        files[at.file].tracks[at.track].postgap = length
      }
    case "FLAGS":
      let at = try present()
      for word in words.dropFirst() {
        let bits: [String: UInt8] = ["PRE": 0x01, "DCP": 0x02, "4CH": 0x08]
        files[at.file].tracks[at.track].flags |= bits[word.uppercased()] ?? 0
      }
    // Texts, catalogue numbers and whatever programs add: nothing that a drive's user would see here.
    default: break
    }
  }

  private mutating func file(_ words: [String]) throws(StorageError) {
    guard words.count >= 3, !words[1].isEmpty else { throw wrong("wanted: FILE \"NAME\" BINARY, MOTOROLA or WAVE") }
    var file = File(name: words[1])
    switch words[2].uppercased() {
    case "BINARY": break
    case "MOTOROLA": file.isBigEndian = true
    case "WAVE": file.isWave = true
    default:
      throw .unsupported(path: path, what: "files of kind \(words[2]) aren't known; BINARY, MOTOROLA and WAVE are")
    }
    files.append(file)
  }

  private mutating func track(_ words: [String]) throws(StorageError) {
    guard words.count == 3, let number = Int(words[1]), (1...99).contains(number) else {
      throw wrong("wanted: TRACK NN KIND with a number of 1 to 99")
    }
    guard !files.isEmpty else { throw wrong("a TRACK before the first FILE") }
    let before = files.last { !$0.tracks.isEmpty }?.tracks.last?.number
    guard before == nil || number == (before ?? 0) + 1 else { throw wrong("track \(number) isn't the next one") }
    let formats: [String: CDTrackFormat] = [
      "AUDIO": .audio, "MODE1/2048": .mode1Cooked, "MODE1/2352": .mode1Raw, "MODE2/2336": .mode2Headless,
      "MODE2/2352": .mode2Raw, "CDI/2336": .mode2Headless, "CDI/2352": .mode2Raw,
    ]
    guard let format = formats[words[2].uppercased()] else {
      let known = formats.keys.sorted().joined(separator: ", ")
      throw .unsupported(path: path, what: "tracks of kind \(words[2]) aren't known; \(known) are")
    }
    files[files.count - 1].tracks.append(Track(number: number, format: format, line: offset))
  }

  /// The track that the lines are about.
  private func present() throws(StorageError) -> (file: Int, track: Int) {
    guard let file = files.indices.last, let track = files[file].tracks.indices.last else {
      throw wrong("a line about a track before the first TRACK of its file")
    }
    return (file, track)
  }

  private func frames(_ text: String) throws(StorageError) -> Int {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { UInt8($0) }
    guard parts.count == 3, let minute = parts[0], let second = parts[1], let frame = parts[2],
      let address = CDAddress(minute: minute, second: second, frame: frame)
    else { throw wrong("\"\(text)\" isn't MM:SS:FF with 75 frames a second") }
    return address.frames
  }
}
