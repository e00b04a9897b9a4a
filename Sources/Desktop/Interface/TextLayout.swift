/// Where lines of text end. All letters are equally wide.
enum TextLayout {
  /// Stands for what was left out.
  static let ellipsis: Character = "\u{2026}"

  /// `text` in at most `columns` letters; an ellipsis at its end, or in its middle so that an ending stays, says that some
  /// are missing.
  static func fitted(_ text: String, columns: Int, keepsEnding: Bool = false) -> String {
    guard text.count > columns else { return text }
    guard columns > 1 else { return columns == 1 ? String(ellipsis) : "" }
    let ending = keepsEnding && columns >= 12 ? columns / 3 : 0
    return text.prefix(columns - 1 - ending) + String(ellipsis) + text.suffix(ending)
  }

  /// The last letters of `text` that fit, with an ellipsis before them: of a path the end says most.
  static func fittedEnd(_ text: String, columns: Int) -> String {
    text.count <= columns ? text : columns > 1 ? String(ellipsis) + text.suffix(columns - 1) : ""
  }

  /// Lines of at most `columns` letters, broken between words, and within words that are longer.
  static func wrapped(_ text: String, columns: Int) -> [String] {
    let columns = max(columns, 1)
    return text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { paragraph in
      var lines = [""]
      for word in paragraph.split(separator: " ") {
        var rest = word
        let last = lines[lines.count - 1]
        if last.isEmpty || last.count + 1 + rest.count <= columns {
          rest = Substring((last.isEmpty ? "" : last + " ") + rest)
          lines.removeLast()
        }
        while rest.count > columns {
          lines.append(String(rest.prefix(columns)))
          rest = rest.dropFirst(columns)
        }
        lines.append(String(rest))
      }
      return lines
    }
  }

  /// "1 snapshot", "2 snapshots".
  static func count(_ number: Int, _ thing: String) -> String { "\(number) \(thing)\(number == 1 ? "" : "s")" }

  /// A size for people.
  static func size(_ bytes: Int) -> String {
    if bytes < 1 << 20 { return "\((bytes + 1023) >> 10) KB" }
    if bytes < 10 << 20 { return "\(bytes >> 20).\(((bytes & 0xF_FFFF) * 10) >> 20) MB" }
    return bytes < 10 << 30 ? "\((bytes + (1 << 19)) >> 20) MB" : "\((bytes + (1 << 29)) >> 30) GB"
  }
}

extension String {
  /// The name of a drive ("CD", "Drive A") within a sentence.
  var inSentence: String { self == "CD" ? "the CD" : prefix(1).lowercased() + dropFirst() }
}
