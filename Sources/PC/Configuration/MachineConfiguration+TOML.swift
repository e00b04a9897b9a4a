import TOMLKit

extension MachineConfiguration {
  /// Reads a configuration file over this configuration. Keys that aren't in it stay as they are; relative paths are
  /// taken from the file's directory.
  ///
  /// - Parameters:
  ///   - text: the file's contents.
  ///   - path: its path, for error messages and relative paths.
  /// - Throws: `HostError`: `file` if it isn't TOML, `usage` for unknown keys and wrong values.
  public mutating func apply(toml text: String, path: String) throws(HostError) {
    if let fault = TOMLCheck.fault(in: text) { throw .file("\(path): line \(fault.line): not TOML: \(fault.what)") }
    let table: TOMLTable
    do {
      table = try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      let line = error.source.begin.line
      throw .file("\(path): line \(line): not TOML: \(error.description)")
    } catch {
      throw .file("\(path): not TOML: \(error)")
    }
    let slash = path.lastIndex(of: "/")
    try apply(table, prefix: "", path: path, directory: slash.map { String(path[..<$0]) } ?? "")
  }

  private mutating func apply(
    _ table: TOMLTable, prefix: String, path: String, directory: String
  ) throws(HostError) {
    for name in table.keys.sorted() {
      guard let value = table[name] else { continue }
      let key = prefix + name
      if let inner = value.table {
        try apply(inner, prefix: key + ".", path: path, directory: directory)
        continue
      }
      guard let text = Self.text(of: value) else {
        throw .usage("\(path): \(key): a text in quotes, a number or true/false is wanted")
      }
      try set(key, to: text, label: "\(path): \(key)", directory: directory)
    }
  }

  private static func text(of value: any TOMLValueConvertible) -> String? {
    if let text = value.string { return text }
    if let flag = value.bool { return flag ? "on" : "off" }
    if let number = value.int { return String(number) }
    if let list = value.array {
      let parts = list.map { text(of: $0) }
      return parts.contains(nil) ? nil : parts.compactMap(\.self).joined(separator: ",")
    }
    return nil
  }

  /// This configuration as a file: every key that differs from the default, or every key.
  public func toml(all: Bool = false) -> String {
    let standard = MachineConfiguration()
    var lines: [String] = []
    var section = ""
    for key in ConfigurationKey.all where all || key.get(self) != key.get(standard) {
      let parts = key.name.split(separator: ".", maxSplits: 1).map(String.init)
      if parts[0] != section {
        section = parts[0]
        if !lines.isEmpty { lines.append("") }
        lines.append("[\(section)]")
      }
      lines.append("\(parts.last ?? "") = \(Self.quoted(key.get(self)))")
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16, uppercase: true)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}
