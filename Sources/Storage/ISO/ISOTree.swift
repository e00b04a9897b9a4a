/// A folder's names and directories as one of the two trees of a CD: ISO 9660 level 1, or Joliet.
///
/// - Source: ECMA-119 (2nd edition, 1987), 8.4, 9.1, 9.4; Microsoft, "Joliet Specification" (1995).
struct ISOTree {
  private let folder: HostFolder
  private let isJoliet: Bool
  /// Name bytes of each item.
  private var names: [[UInt8]]
  /// Directories in the order of the path table: by level, then by parent, then by name.
  private(set) var order: [Int] = []
  /// Number of a directory in the path table, from 1.
  private var numbers: [Int: Int] = [:]
  private var parents: [Int: Int] = [0: 0]
  /// Children in the order of their names.
  private var children: [Int: [Int]] = [:]

  init(_ folder: HostFolder, joliet: Bool) {
    self.folder = folder
    isJoliet = joliet
    names = [[UInt8]](repeating: [0], count: folder.items.count)
    order = [0]
    numbers[0] = 1
    var at = 0
    while at < order.count {
      let directory = order[at]
      at += 1
      nameChildren(of: directory)
      let sorted = folder.items[directory].children.sorted { names[$0].lexicographicallyPrecedes(names[$1]) }
      children[directory] = sorted
      for child in sorted where folder.items[child].isDirectory {
        parents[child] = directory
        order.append(child)
        numbers[child] = order.count
      }
    }
  }

  /// Gives each child a name that no other one has.
  private mutating func nameChildren(of directory: Int) {
    var taken = Set<[UInt8]>()
    for child in folder.items[directory].children {
      let item = folder.items[child]
      var name = isJoliet ? Self.wide(item) : Self.short(item, 0)
      var number = 1
      while !taken.insert(name).inserted, number < 100_000 {
        name = isJoliet ? Self.wide(item, suffix: "~\(number)") : Self.short(item, number)
        number += 1
      }
      names[child] = name
    }
  }

  /// Eight and three capitals, digits and underscores, with a version for files.
  private static func short(_ item: HostFolder.Item, _ number: Int) -> [UInt8] {
    func clean(_ text: Substring) -> [UInt8] {
      text.uppercased().unicodeScalars.map {
        ("A"..."Z").contains($0) || ("0"..."9").contains($0) ? UInt8(truncatingIfNeeded: $0.value) : 0x5F
      }
    }
    let dot = item.isDirectory ? nil : item.name.lastIndex(of: ".")
    var base = clean(item.name[..<(dot ?? item.name.endIndex)])
    if base.isEmpty { base = [0x5F] }
    let suffix = dot.map { clean(item.name[item.name.index(after: $0)...]) } ?? []
    let tail = number == 0 ? [] : Array("\(number)".utf8)
    base = Array(base.prefix(8 - tail.count)) + tail
    return item.isDirectory ? base : base + [0x2E] + suffix.prefix(3) + Array(";1".utf8)
  }

  /// Up to 64 characters of UCS-2, big-endian, without those that Joliet forbids; files have a version.
  private static func wide(_ item: HostFolder.Item, suffix: String = "") -> [UInt8] {
    let clean = String(item.name.map { "*/:;?\\".contains($0) ? "_" : $0 })
    let limit = 62 - suffix.utf16.count
    let text = Array(clean.utf16.prefix(limit)) + Array(suffix.utf16) + (item.isDirectory ? [] : Array(";1".utf16))
    return text.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
  }

  // MARK: Path tables

  var pathTableSize: Int { order.reduce(0) { $0 + 8 + names[$1].count + names[$1].count % 2 } }

  func pathTable(_ places: [Int: Int], big: Bool) -> [UInt8] {
    var table: [UInt8] = []
    for directory in order {
      let name = names[directory]
      var entry = [UInt8](repeating: 0, count: 8)
      entry[0] = UInt8(truncatingIfNeeded: name.count)
      let place = places[directory] ?? 0
      let parent = numbers[parents[directory] ?? 0] ?? 1
      if big {
        entry.putBig32(2, place)
        entry.putBig16(6, parent)
      } else {
        entry.put32(2, place)
        entry.put16(6, parent)
      }
      table += entry + name + (name.count % 2 == 1 ? [0] : [])
    }
    return table
  }

  // MARK: Directories

  private func recordSize(_ name: [UInt8]) -> Int { 33 + name.count + (name.count % 2 == 0 ? 1 : 0) }

  /// Bytes of a directory: records don't cross blocks.
  func directorySize(_ directory: Int) -> Int {
    var size = 68
    for child in children[directory] ?? [] {
      let length = recordSize(names[child])
      if size % 2048 + length > 2048 { size += 2048 - size % 2048 }
      size += length
    }
    return (size + 2047) / 2048 * 2048
  }

  func directory(_ directory: Int, _ places: [Int: Int]) -> [UInt8] {
    let parent = parents[directory] ?? 0
    var bytes = record([0], directory, places) + record([1], parent, places)
    for child in children[directory] ?? [] {
      let entry = record(names[child], child, places)
      if bytes.count % 2048 + entry.count > 2048 { bytes += [UInt8](repeating: 0, count: 2048 - bytes.count % 2048) }
      bytes += entry
    }
    return bytes
  }

  private func record(_ name: [UInt8], _ item: Int, _ places: [Int: Int]) -> [UInt8] {
    let entry = folder.items[item]
    var raw = [UInt8](repeating: 0, count: recordSize(name))
    raw[0] = UInt8(truncatingIfNeeded: raw.count)
    let place = places[item] ?? 0
    let size = entry.isDirectory ? directorySize(item) : entry.size
    raw.put32(2, place)
    raw.putBig32(6, place)
    raw.put32(10, size)
    raw.putBig32(14, size)
    let (date, time) = (Int(entry.modified.date), Int(entry.modified.time))
    raw.put(
      18,
      [80 + (date >> 9), date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, (time & 31) * 2, 0].map {
        UInt8(truncatingIfNeeded: $0)
      })
    raw[25] = entry.isDirectory ? 2 : 0
    raw.put16(28, 1)
    raw.putBig16(30, 1)
    raw[32] = UInt8(truncatingIfNeeded: name.count)
    raw.put(33, name)
    return raw
  }

  // MARK: Descriptor

  func descriptor(label: String, total: Int, little: Int, big: Int, places: [Int: Int]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 2048)
    func text(_ at: Int, _ count: Int, _ text: String) {
      var field: [UInt8] = []
      if isJoliet {
        for unit in text.utf16.prefix(count / 2) { field += [UInt8(unit >> 8), UInt8(unit & 0xFF)] }
        while field.count + 1 < count { field += [0, 0x20] }
      } else {
        field = text.uppercased().unicodeScalars.prefix(count).map {
          ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == " " ? UInt8(truncatingIfNeeded: $0.value) : 0x5F
        }
        while field.count < count { field.append(0x20) }
      }
      bytes.put(at, field)
    }
    func both32(_ at: Int, _ value: Int) {
      bytes.put32(at, value)
      bytes.putBig32(at + 4, value)
    }
    func both16(_ at: Int, _ value: Int) {
      bytes.put16(at, value)
      bytes.putBig16(at + 2, value)
    }
    bytes[0] = isJoliet ? 2 : 1
    bytes.put(1, Array("CD001".utf8) + [1])
    text(8, 32, "")
    text(40, 32, String(label.prefix(16)))
    both32(80, total)
    if isJoliet { bytes.put(88, [0x25, 0x2F, 0x45]) }
    both16(120, 1)
    both16(124, 1)
    both16(128, 2048)
    both32(132, pathTableSize)
    bytes.put32(140, little)
    bytes.putBig32(148, big)
    bytes.put(156, record([0], 0, places))
    for (at, count) in [(190, 128), (318, 128), (446, 128), (574, 128), (702, 37), (739, 37), (776, 37)] {
      text(at, count, at == 574 ? "HEIRLOOM" : "")
    }
    // Dates in digits: the folder's own for creation and change, none for expiry and effect.
    let stamp = folder.items[0].modified.text.filter { $0.isNumber } + "00"
    for (at, digits) in [(813, stamp), (830, stamp), (847, String(repeating: "0", count: 16)), (864, stamp)] {
      bytes.put(at, Array(digits.utf8) + [0])
    }
    bytes[881] = 1
    return bytes
  }
}
