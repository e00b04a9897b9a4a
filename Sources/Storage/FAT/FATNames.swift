import Hardware

/// Names in FAT directories: eleven bytes of code page 437, and long names in UCS-2 beside them.
///
/// - Source: Microsoft fatgen103, "Long Directory Entries", "The Basis-Name Generation Algorithm"; Windows NT's case
///   bits 3 and 4 of byte 12 as described there under DIR_NTRes and used by Linux and mtools.
enum FATName {
  /// Characters that short names may hold beside letters, digits and codes above 127.
  private static let shortSymbols = Set("$%'-_@~`!(){}^#&".utf8)

  /// The eleven bytes as people see them: "README.TXT", in lower case where `caseBits` says so.
  static func text(of bytes: [UInt8], caseBits: UInt8 = 0) -> String {
    func part(_ range: Range<Int>, lower: Bool) -> String {
      var codes = Array(bytes[range])
      // E5h marks a deleted entry; a name that begins with it has 05h instead.
      if range.lowerBound == 0, codes.first == 0x05 { codes[0] = 0xE5 }
      while codes.last == 0x20 { codes.removeLast() }
      let text = String(codes.map { $0 < 0x20 ? "_" : CodePage437.character($0) })
      return lower ? text.lowercased() : text
    }
    let base = part(0..<8, lower: caseBits & 0x08 != 0)
    let suffix = part(8..<11, lower: caseBits & 0x10 != 0)
    return suffix.isEmpty ? base : base + "." + suffix
  }

  /// Whether `name` can be on a FAT volume at all.
  static func isUsable(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && name.utf16.count <= 255 && name.last != " " && name.last != "."
      && !name.unicodeScalars.contains { $0.value < 0x20 || "\"*/:<>?\\|".unicodeScalars.contains($0) }
  }

  /// The short name that says `name` exactly, with case bits; nil if only a long name can.
  static func exactShort(_ name: String) -> (bytes: [UInt8], caseBits: UInt8)? {
    let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let base = parts.first, (1...8).contains(base.count), parts.count < 3 else { return nil }
    let suffix = parts.count > 1 ? parts[1] : ""
    guard parts.count == 1 || (1...3).contains(suffix.count) else { return nil }
    var caseBits: UInt8 = 0
    var bytes = [UInt8](repeating: 0x20, count: 11)
    for (part, at, bit) in [(base, 0, UInt8(0x08)), (suffix, 8, UInt8(0x10))] {
      let isLower = part == part.lowercased() && part != part.uppercased()
      guard isLower || part == part.uppercased() else { return nil }
      // Case bits only for plain letters: what other systems do with "Ü" isn't certain.
      if isLower {
        guard part.utf8.allSatisfy({ $0 < 128 }) else { return nil }
        caseBits |= bit
      }
      for (index, character) in part.uppercased().enumerated() {
        guard let code = shortCode(character), index < (at == 0 ? 8 : 3) else { return nil }
        bytes[at + index] = code
      }
    }
    if bytes[0] == 0xE5 { bytes[0] = 0x05 }
    return (bytes, caseBits)
  }

  private static func shortCode(_ character: Character) -> UInt8? {
    guard let code = CodePage437.byte(of: character) else { return nil }
    if code >= 0x80 { return code }
    if (0x30...0x39).contains(code) || (0x41...0x5A).contains(code) || shortSymbols.contains(code) { return code }
    return nil
  }

  /// A short name for a long one that no name of `taken` equals: "LONGNA~1.TXT".
  static func alias(of name: String, taken: Set<[UInt8]>) -> [UInt8] {
    var stem = name.uppercased()
    while stem.first == "." { stem.removeFirst() }
    var suffix = ""
    if let dot = stem.lastIndex(of: ".") {
      suffix = String(stem[stem.index(after: dot)...])
      stem = String(stem[..<dot])
    }
    func codes(_ text: String, _ limit: Int) -> [UInt8] {
      Array(text.filter { $0 != " " && $0 != "." }.map { shortCode($0) ?? 0x5F }.prefix(limit))
    }
    var base = codes(stem, 8)
    if base.isEmpty { base = [0x5F] }
    let end = codes(suffix, 3)
    for number in 1...999_999 {
      let tail = Array("~\(number)".utf8)
      var bytes = Array(base.prefix(8 - tail.count)) + tail
      while bytes.count < 8 { bytes.append(0x20) }
      bytes += end
      while bytes.count < 11 { bytes.append(0x20) }
      if bytes[0] == 0xE5 { bytes[0] = 0x05 }
      if !taken.contains(bytes) { return bytes }
    }
    return Array("NONAME  XXX".utf8)
  }

  /// The sum over a short name that ties its long entries to it.
  static func checksum(_ short: [UInt8]) -> UInt8 {
    short.prefix(11).reduce(0) { ($0 >> 1 | $0 << 7) &+ $1 }
  }

  private static let longPlaces = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30]

  /// The entries of a long name, in the order in which they stand before the short one.
  static func longEntries(_ name: String, short: [UInt8]) -> [[UInt8]] {
    let units = Array(name.utf16)
    let count = (units.count + 12) / 13
    return (1...max(count, 1)).reversed().map { number in
      var entry = [UInt8](repeating: 0, count: 32)
      entry[0] = UInt8(truncatingIfNeeded: number) | (number == count ? 0x40 : 0)
      entry[11] = 0x0F
      entry[13] = checksum(short)
      for (index, place) in longPlaces.enumerated() {
        let at = (number - 1) * 13 + index
        entry.put16(place, at < units.count ? Int(units[at]) : at == units.count ? 0 : 0xFFFF)
      }
      return entry
    }
  }

  /// The thirteen units of one long entry, up to its end.
  static func units(of entry: [UInt8]) -> [UInt16] {
    var units: [UInt16] = []
    for place in longPlaces {
      let unit = UInt16(truncatingIfNeeded: entry.u16(place))
      if unit == 0 { break }
      units.append(unit)
    }
    return units
  }
}
