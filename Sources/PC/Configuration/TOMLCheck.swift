/// A look at a text before the TOML library sees it: on some texts that aren't TOML that ends the program instead of
/// complaining. What passes here is judged by the library.
///
/// - Source: `toml.hpp` of toml++ 3 in TOMLKit 0.6.0: `parse_key` and `parse_value` assert what a header and an array
///   may begin with (blanks beyond ASCII are among what they stumble over), `parse_time` that a digit follows a date's T;
///   it takes a text up to its first NUL; tables are taken apart recursively.
struct TOMLCheck {
  /// Where it is wrong, and how.
  struct Fault: Equatable {
    var line: Int
    var what: String
  }

  private static let newline = UInt8(ascii: "\n")
  /// Our longest key has two dots.
  private static let maxDots = 32

  private let bytes: [UInt8]
  private var position = 0
  private var line = 1
  /// Since the line began.
  private var dots = 0
  private var isLineStart = true
  /// Brackets and braces that aren't closed.
  private var open: [UInt8] = []

  private init(_ text: String) {
    bytes = Array(text.utf8)
    // A byte order mark isn't part of the first line.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// What the library would stumble over in `text`, nil if there is nothing.
  static func fault(in text: String) -> Fault? {
    var check = TOMLCheck(text)
    while check.position < check.bytes.count {
      if let what = check.step() { return Fault(line: check.line, what: what) }
    }
    return nil
  }

  private func byte(_ offset: Int = 0) -> UInt8? {
    position + offset < bytes.count ? bytes[position + offset] : nil
  }

  /// Looks at one character, string or comment, and goes behind it.
  private mutating func step() -> String? {
    let character = bytes[position]
    let wasLineStart = isLineStart
    isLineStart = character == Self.newline || wasLineStart && (character == 0x20 || character == 0x09)
    switch character {
    case 0: return "a byte of zero; a text file is wanted"
    case 0x01...0x08, 0x0B, 0x0C, 0x0E...0x1F, 0x7F...: return "an unusual character outside of quotes"
    case Self.newline:
      line += 1
      dots = 0
    case UInt8(ascii: "#"):
      while let next = byte(1), next != Self.newline, next != 0 { position += 1 }
    case UInt8(ascii: "\""), UInt8(ascii: "'"): skipString(character)
    case UInt8(ascii: "["):
      guard wasLineStart, open.isEmpty else {
        open.append(character)
        break
      }
      if byte(1) == character { position += 1 }
      while byte(1) == 0x20 || byte(1) == 0x09 { position += 1 }
      guard let name = byte(1), Self.beginsName(name) else { return "a section's name is wanted behind [" }
    case UInt8(ascii: "{"): open.append(character)
    case UInt8(ascii: "]"), UInt8(ascii: "}"):
      // ASCII has { and } at the places of [ and ] plus 20h, two apart.
      guard let opening = open.popLast() else { break }
      guard opening == character - 2 else { return "\"\(opening == 0x5B ? "[" : "{")\" isn't closed" }
    case UInt8(ascii: "."):
      dots += 1
      guard dots <= Self.maxDots else { return "too many dots" }
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      if isDate { return "a date has to be in quotes" }
    default: break
    }
    position += 1
    return nil
  }

  /// What a bare or quoted name may begin with, and a bracket that closes too early, which the library reports.
  private static func beginsName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "_-\"']".utf8.contains(byte)
    }
  }

  /// Whether there is something like 1994-06-0.
  private var isDate: Bool {
    (0..<9).allSatisfy { offset in
      guard let byte = byte(offset) else { return false }
      let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      return offset == 4 || offset == 7 ? byte == UInt8(ascii: "-") : isDigit
    }
  }

  /// To the last character of the string that begins here; without an end, to the end of its line or of the text.
  private mutating func skipString(_ quote: UInt8) {
    let isLong = byte(1) == quote && byte(2) == quote
    position += isLong ? 2 : 0
    while let next = byte(1), next != 0 {
      if next == Self.newline {
        guard isLong else { return }
        line += 1
      }
      position += 1
      if next == UInt8(ascii: "\\"), quote == UInt8(ascii: "\""), let escaped = byte(1), escaped != Self.newline {
        position += 1
      } else if next == quote, !isLong || byte(1) == quote && byte(2) == quote {
        position += isLong ? 2 : 0
        return
      }
    }
  }
}
