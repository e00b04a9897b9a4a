import Hardware

/// What a text mode shows, as characters.
public struct TextScreen: Equatable, Sendable {
  /// Code page 437 codes, line by line.
  public let codes: [UInt8]
  /// Characters in a line.
  public let columns: Int

  /// A screen of `columns` characters a line.
  public init(codes: [UInt8], columns: Int) {
    self.codes = codes
    self.columns = max(columns, 1)
  }

  /// A screen that shows nothing as text (a graphics mode, or the display is off).
  public static let empty = TextScreen(codes: [], columns: 80)

  /// One string a line, without blanks at the end.
  public var lines: [String] {
    stride(from: 0, to: codes.count, by: columns).map { start in
      var line = codes[start..<min(start + columns, codes.count)]
      while let last = line.last, last == 0 || last == 0x20 || last == 0xFF { line.removeLast() }
      return String(line.map(CodePage437.character))
    }
  }

  /// The lines, each with an end; empty lines at the bottom are left out.
  public var text: String {
    var kept = lines
    while kept.last == "" { kept.removeLast() }
    return kept.map { $0 + "\n" }.joined()
  }

  /// Whether `wanted` is on the screen, in a line or running on from the end of one to the next. Characters that code
  /// page 437 hasn't are on no screen.
  public func contains(_ wanted: String) -> Bool {
    let bytes = wanted.compactMap { $0 == " " ? 0x20 : CodePage437.byte(of: $0) }
    guard bytes.count == wanted.count, let first = bytes.first, bytes.count <= codes.count else { return false }
    return (0...codes.count - bytes.count).contains { start in
      codes[start] == first && (1..<bytes.count).allSatisfy { codes[start + $0] == bytes[$0] }
    }
  }
}
