import Testing

@testable import Storage

/// Packs as LZHUF does, without matches longer than needed: the tests' other half of `LZHUF`. What it packs, lhasa
/// unpacks as an -lh1- archive (tried once by hand).
struct LZHUFPacker {
  private var frequency: [Int]
  private var parent: [Int]
  private var child: [Int]
  private var output: [UInt8] = []
  private var held = 0
  private var heldBits = 0
  private static let symbols = 314
  private static let nodes = 627

  private init() {
    frequency = [Int](repeating: 0, count: Self.nodes + 1)
    parent = [Int](repeating: 0, count: Self.nodes + Self.symbols)
    child = [Int](repeating: 0, count: Self.nodes)
    for symbol in 0..<Self.symbols {
      (frequency[symbol], child[symbol], parent[symbol + Self.nodes]) = (1, symbol + Self.nodes, symbol)
    }
    var (i, j) = (0, Self.symbols)
    while j < Self.nodes {
      frequency[j] = frequency[i] + frequency[i + 1]
      child[j] = i
      (parent[i], parent[i + 1]) = (j, j)
      i += 2
      j += 1
    }
    frequency[Self.nodes] = 0xFFFF
  }

  private mutating func put(_ code: Int, _ count: Int) {
    for shift in stride(from: count - 1, through: 0, by: -1) {
      held = held << 1 | code >> shift & 1
      heldBits += 1
      if heldBits == 8 {
        output.append(UInt8(held))
        (held, heldBits) = (0, 0)
      }
    }
  }

  private mutating func symbol(_ symbol: Int) {
    var code: [Int] = []
    var node = parent[symbol + Self.nodes]
    while node != Self.nodes - 1 {
      code.append(node & 1)
      node = parent[node]
    }
    for bit in code.reversed() { put(bit, 1) }
    update(symbol)
  }

  private mutating func update(_ symbol: Int) {
    if frequency[Self.nodes - 1] == 0x8000 { rebuild() }
    var c = parent[symbol + Self.nodes]
    repeat {
      frequency[c] += 1
      let k = frequency[c]
      var l = c + 1
      if k > frequency[l] {
        while k > frequency[l + 1] { l += 1 }
        frequency[c] = frequency[l]
        frequency[l] = k
        let i = child[c]
        parent[i] = l
        if i < Self.nodes { parent[i + 1] = l }
        let j = child[l]
        child[l] = i
        parent[j] = c
        if j < Self.nodes { parent[j + 1] = c }
        child[c] = j
        c = l
      }
      c = parent[c]
    } while c != 0
  }

  private mutating func rebuild() {
    let leaves = (0..<Self.nodes).filter { child[$0] >= Self.nodes }.map { ((frequency[$0] + 1) / 2, child[$0]) }
    for (at, leaf) in leaves.enumerated() { (frequency[at], child[at]) = leaf }
    var (i, j) = (0, Self.symbols)
    while j < Self.nodes {
      let sum = frequency[i] + frequency[i + 1]
      var k = j - 1
      while sum < frequency[k] { k -= 1 }
      k += 1
      frequency.replaceSubrange(k..<j + 1, with: [sum] + frequency[k..<j])
      child.replaceSubrange(k..<j + 1, with: [i] + child[k..<j])
      i += 2
      j += 1
    }
    for node in 0..<Self.nodes {
      parent[child[node]] = node
      if child[node] < Self.nodes { parent[child[node] + 1] = node }
    }
  }

  static func pack(_ bytes: [UInt8]) -> [UInt8] {
    var packer = LZHUFPacker()
    let lengths = [(3, 1), (4, 3), (5, 8), (6, 12), (7, 24), (8, 16)].flatMap { Array(repeating: $0.0, count: $0.1) }
    var codes: [Int] = []
    var next = 0
    for length in lengths {
      codes.append(next >> (8 - length))
      next += 256 >> length
    }
    var at = 0
    while at < bytes.count {
      // A match among the last 1500 bytes, looked for plainly.
      var (best, distance) = (0, 0)
      for back in 1...1500 where back <= at {
        var length = 0
        while length < 60, at + length < bytes.count, bytes[at + length] == bytes[at + length - back] { length += 1 }
        if length > best { (best, distance) = (length, back) }
        if best == 60 { break }
      }
      if best < 3 {
        packer.symbol(Int(bytes[at]))
        at += 1
      } else {
        packer.symbol(best + 253)
        let position = distance - 1
        packer.put(codes[position >> 6], lengths[position >> 6])
        packer.put(position & 63, 6)
        at += best
      }
    }
    if packer.heldBits > 0 { packer.put(0, 8 - packer.heldBits) }
    return packer.output
  }
}

@Suite struct FloppyFormatTests {
  /// A disk of all that formats have to keep: odd sizes, deleted data, bad CRCs, missing data, own numbering.
  static func oddDisk() -> FloppyContents {
    var contents = FloppyContents()
    for cylinder in 0..<40 {
      for head in 0..<2 {
        let sectors = (0..<9).map { record in
          FloppySector(
            id: FloppySectorID(
              cylinder: UInt8(cylinder), head: UInt8(head), record: UInt8(record * 2 % 9 + 1), sizeCode: 2),
            data: pattern(512, seed: cylinder * 100 + head * 20 + record))
        }
        contents[cylinder, head] = FloppyTrack(trackBits: FloppyTrack.doubleDensity, gap3: 80, sectors: sectors)
      }
    }
    contents[3, 0].sectors[2].isDeleted = true
    contents[3, 0].sectors[4].hasDataError = true
    contents[3, 1].sectors[1].isDeleted = true
    contents[3, 1].sectors[1].hasDataError = true
    contents[4, 0].sectors.remove(at: 5)
    contents[5, 0].sectors[0].data = [UInt8](repeating: 0xE5, count: 512)
    contents[6, 0].sectors[3].id.cylinder = 99
    contents[6, 1].sectors[3].id.head = 7
    for size in 0...3 {
      contents[7 + size, 0].sectors = (1...4).map {
        FloppySector(
          id: FloppySectorID(cylinder: UInt8(7 + size), head: 0, record: UInt8($0), sizeCode: UInt8(size)),
          data: pattern(128 << size, seed: $0))
      }
    }
    contents[12, 0].sectors[2].lacksData = true
    contents[12, 0].sectors[2].data = [UInt8](repeating: 0, count: 512)
    contents[13, 0] = FloppyTrack()
    return contents
  }

  private func same(_ a: FloppyContents, _ b: FloppyContents, location: SourceLocation = #_sourceLocation) {
    for at in a.tracks.indices {
      #expect(a.tracks[at].sectors == b.tracks[at].sectors, "track \(at)", sourceLocation: location)
      #expect(
        a.tracks[at].sectors.isEmpty || a.tracks[at].trackBits == b.tracks[at].trackBits, "track \(at)",
        sourceLocation: location)
    }
  }

  @Test("IMD keeps sizes, numbering, deleted data, bad CRCs and missing data") func imd() throws {
    let disk = Self.oddDisk()
    let (bytes, _) = IMD.write(disk, comment: [])
    same(try IMD.read(bytes, path: "x").contents, disk)
  }

  @Test("HFE keeps them too, and bad ID fields and sizes mixed on a track, as cells") func hfe() throws {
    var disk = Self.oddDisk()
    disk[14, 0].sectors[1].hasIDError = true
    disk[15, 0].sectors = [3, 1, 2].enumerated().map { index, size in
      FloppySector(
        id: FloppySectorID(cylinder: 15, head: 0, record: UInt8(index + 1), sizeCode: UInt8(size)),
        data: pattern(128 << size, seed: index))
    }
    let (bytes, _) = HFE.write(disk)
    same(try HFE.read(bytes, path: "x"), disk)
    // High densities of both diameters.
    for (size, bits) in [(1_228_800, FloppyTrack.highDensityFiveInch), (1_474_560, FloppyTrack.highDensity)] {
      let image = try FloppyImage(raw: pattern(size), name: "x")
      var contents = FloppyContents()
      for cylinder in 0..<80 {
        for head in 0..<2 { contents[cylinder, head] = image.track(cylinder: cylinder, head: head) }
      }
      let back = try HFE.read(HFE.write(contents).bytes, path: "x")
      same(back, contents)
      #expect(back.geometry.trackBits == bits && back.geometry.byteCount == size)
      #expect(try IMD.read(IMD.write(contents, comment: []).bytes, path: "x").contents.geometry == back.geometry)
    }
  }

  @Test("HFE keeps tracks of single density, alone and beside others, with their marks and errors")
  func hfeFM() throws {
    var disk = FloppyContents()
    for cylinder in 0..<40 {
      let isFM = cylinder != 9
      disk[cylinder, 0] = FloppyTrack(
        trackBits: FloppyTrack.doubleDensity, isFM: isFM, gap3: 27,
        sectors: (1...10).map {
          FloppySector(
            id: FloppySectorID(cylinder: UInt8(cylinder), head: 0, record: UInt8($0), sizeCode: 1),
            data: pattern(256, seed: cylinder * 16 + $0))
        })
    }
    disk[3, 0].sectors[2].isDeleted = true
    disk[3, 0].sectors[4].hasDataError = true
    disk[4, 0].sectors[1].hasIDError = true
    disk[4, 0].sectors[9].lacksData = true
    disk[4, 0].sectors[9].data = [UInt8](repeating: 0, count: 256)
    let back = try HFE.read(HFE.write(disk).bytes, path: "x")
    same(back, disk)
    #expect(back[3, 0].isFM && !back[9, 0].isFM)
  }

  @Test(
    "HFE version 3: weak cells become weak bits of their sector, which versions without them refuse to hold"
  )
  func hfe3() throws {
    var disk = FloppyContents()
    disk[0, 0] = Self.oddDisk()[0, 0]
    // Version 3 of it: the same cells with orders among them, and eight weak cells in the middle of a data field.
    let place = disk[0, 0].places[4].data + 100
    let cells = MFM.cells(of: disk[0, 0])
    var codes: [UInt8] = [0xF2, 72, 0xF1, 0xF0]
    func byte(_ at: Int) -> UInt8 {
      var value: UInt8 = 0
      for bit in 0..<8 where cells[at + bit] { value |= 0x80 >> UInt8(bit) }
      return value
    }
    func mirrored(_ code: UInt8) -> UInt8 {
      var value: UInt8 = 0
      for bit in 0..<8 as Range<UInt8> where code >> bit & 1 != 0 { value |= 0x80 >> bit }
      return value
    }
    // Four bits alone, so that everything behind is shifted.
    codes += [0xF3, 4, byte(0) >> 4]
    for at in stride(from: 4, to: cells.count - 8, by: 8) {
      codes.append(at == place * 16 + 4 ? 0xF4 : byte(at))
    }
    var file = [UInt8](repeating: 0xFF, count: 1024)
    file.put(0, Array("HXCHFEV3".utf8))
    (file[8], file[9], file[10], file[11]) = (0, 1, 1, 0)
    file.put16(12, 250)
    file.put16(14, 300)
    file.put16(18, 1)
    file.put16(512, 2)
    file.put16(514, codes.count * 2)
    for start in stride(from: 0, to: codes.count, by: 256) {
      let part = codes[start..<min(start + 256, codes.count)].map(mirrored)
      file += part + [UInt8](repeating: 0, count: 512 - part.count)
    }
    #expect(FloppyFormat.detect(file) == .hfe3)
    let back = try HFE.read(file, path: "x")
    let sectors = back[0, 0].sectors
    #expect(sectors.count == 9)
    let weak = try #require(sectors[4].weakBits)
    #expect(weak.enumerated().filter { $0.element != 0 }.map(\.offset) == [100])
    #expect(weak[100] == 0x3C && sectors[4].hasDataError)
    for (at, sector) in sectors.enumerated() where at != 4 {
      #expect(
        sector.data == disk[0, 0].sectors[at].data && sector.weakBits == nil && !sector.hasDataError
      )
    }
    #expect(!HFE.canHold(back[0, 0]) && !IMD.canHold(back[0, 0]))
  }

  @Test("A format that isn't read is called by its name")
  func foreign() throws {
    let scratch = try Scratch()
    let path = try scratch.write(
      "x.86f", Array("86BF".utf8) + [UInt8](repeating: 0, count: 5 << 20))
    let error = #expect(throws: StorageError.self) { _ = try FloppyImage(path: path) }
    #expect(
      error?.description.contains("86F") == true && error?.description.contains("HFE") == true)
  }

  /// A Teledisk file of a disk, sectors as they are or as runs.
  static func teledisk(_ disk: FloppyContents, packed: Bool, comment: Bool = true) -> [UInt8] {
    var header: [UInt8] = Array((packed ? "td" : "TD").utf8) + [0, 0, 21, 0, 1, comment ? 0x80 : 0, 0, 2]
    header.append(UInt8(TD0.crc(header) & 0xFF))
    header.append(UInt8(TD0.crc(header.slice(0, 10)) >> 8))
    var body: [UInt8] = []
    if comment {
      let text = Array("A disk\0".utf8)
      let rest: [UInt8] = [UInt8(text.count), 0, 94, 5, 1, 12, 0, 0] + text
      let sum = TD0.crc(rest)
      body += [UInt8(sum & 0xFF), UInt8(sum >> 8)] + rest
    }
    for (at, track) in disk.tracks.enumerated() where !track.sectors.isEmpty {
      let head: [UInt8] = [UInt8(track.sectors.count), UInt8(at / 2), UInt8(at % 2)]
      body += head + [UInt8(TD0.crc(head) & 0xFF)]
      for (index, sector) in track.sectors.enumerated() {
        let id = sector.id
        let flags: UInt8 = (sector.hasDataError ? 2 : 0) | (sector.isDeleted ? 4 : 0) | (sector.lacksData ? 0x20 : 0)
        body += [id.cylinder, id.head, id.record, id.sizeCode, flags, UInt8(TD0.crc(sector.data) & 0xFF)]
        guard !sector.lacksData else { continue }
        let first = sector.data[0]
        if sector.data.allSatisfy({ $0 == first }) {
          let words = sector.data.count / 2
          body += [5, 0, 1, UInt8(words & 0xFF), UInt8(words >> 8), first, first]
        } else if index % 3 == 1 {
          // Runs: literal halves, and a pattern where there is one.
          var runs: [UInt8] = []
          for start in stride(from: 0, to: sector.data.count, by: 128) {
            runs += [0, 128] + sector.data.slice(start, 128)
          }
          body += [UInt8((runs.count + 1) & 0xFF), UInt8((runs.count + 1) >> 8), 2] + runs
        } else {
          body += [UInt8((sector.data.count + 1) & 0xFF), UInt8((sector.data.count + 1) >> 8), 0] + sector.data
        }
      }
    }
    body += [0xFF, 0, 0, 0]
    return header + (packed ? LZHUFPacker.pack(body) : body)
  }

  @Test("TD0 is read, plain and packed, with all three ways of storing a sector", arguments: [false, true]) func td0(
    packed: Bool
  ) throws {
    let disk = Self.oddDisk()
    same(try TD0.read(Self.teledisk(disk, packed: packed), path: "x"), disk)
  }

  @Test("An XDF disk has sectors of four sizes, each of its bytes once, and writes go to their place")
  func xdf() throws {
    var raw = pattern(XDFLayout.byteCount)
    raw.put16(11, 512)
    raw.put16(19, 3680)
    raw.put16(24, 23)
    raw.put16(26, 2)
    let scratch = try Scratch()
    let path = try scratch.write("x.img", raw)
    var seen = Set<Int>()
    do {
      let image = try FloppyImage(path: path)
      #expect(image.track(cylinder: 0, head: 0).sectors.map(\.id.record) == Array(129...139) + Array(1...8))
      #expect(Set(image.track(cylinder: 5, head: 1).sectors.map(\.data.count)) == [512, 1024, 2048, 8192])
      for at in 0..<160 {
        let track = image.track(cylinder: at / 2, head: at % 2)
        let end = try #require(track.places.last?.end)
        #expect(end <= track.byteCount)
        for (sector, place) in zip(track.sectors, XDFLayout.sectors(cylinder: at / 2, head: at % 2)) {
          #expect(sector.data == raw.slice(place.offset, sector.data.count))
          for block in 0..<sector.data.count / 512 { #expect(seen.insert(place.offset / 512 + block).inserted) }
        }
      }
      #expect(seen.count == 3680 - 8)
      let eight = try #require(image.track(cylinder: 7, head: 1).sectors.firstIndex { $0.id.sizeCode == 6 })
      #expect(image.write(pattern(8192, seed: 9), sector: eight, cylinder: 7, head: 1))
      #expect(image.unstored.isEmpty)
    }
    raw.put(7 * 46 * 512 + 3072, pattern(8192, seed: 9))
    #expect(try scratch.read(path) == raw)
  }

  @Test("LZHUF unpacks what was packed, also when its tree was rebuilt") func lzhuf() {
    var dice = Dice(3)
    var bytes: [UInt8] = []
    while bytes.count < 60_000 {
      if Bool.random(using: &dice), bytes.count > 100 {
        let start = Int.random(in: max(0, bytes.count - 1400)..<bytes.count - 50, using: &dice)
        bytes += bytes.slice(start, Int.random(in: 2...50, using: &dice))
      } else {
        for _ in 0..<20 { bytes.append(UInt8.random(in: 0...255, using: &dice)) }
      }
    }
    let unpacked = LZHUF.unpack(LZHUFPacker.pack(bytes)[...], limit: 1 << 20)
    #expect(unpacked.starts(with: bytes) && unpacked.count < bytes.count + 70)
    #expect(LZHUF.unpack(LZHUFPacker.pack(bytes)[...], limit: 1000).count < 1100)
  }

  @Test("The guest's writes are in the IMD or HFE file at once, whatever was written", arguments: ["imd", "hfe"])
  func writeBack(name: String) throws {
    let scratch = try Scratch()
    let disk = Self.oddDisk()
    let bytes = name == "imd" ? IMD.write(disk, comment: []).bytes : HFE.write(disk).bytes
    let path = try scratch.write("d." + name, bytes)
    do {
      let image = try FloppyImage(path: path)
      #expect(!image.isWriteProtected && image.geometry.sectorsPerTrack == 9 && image.geometry.driveType == .drive360K)
      #expect(image.write(pattern(512, seed: 77), sector: 4, cylinder: 3, head: 0))
      #expect(image.write(pattern(512, seed: 78), deleted: true, sector: 0, cylinder: 5, head: 0))
      let sectors = (1...10).map {
        FloppySector(
          id: FloppySectorID(cylinder: 13, head: 1, record: UInt8($0), sizeCode: 2), data: pattern(512, seed: $0))
      }
      #expect(
        image.format(
          FloppyTrack(trackBits: FloppyTrack.doubleDensity, gap3: 20, sectors: sectors), cylinder: 13, head: 1))
      #expect(image.hostError == nil && image.unstored.isEmpty)
      #expect(throws: StorageError.inUse(path: path)) { try FloppyImage(path: path) }
    }
    let again = try FloppyImage(path: path)
    #expect(again.track(cylinder: 3, head: 0).sectors[4].data == pattern(512, seed: 77))
    #expect(!again.track(cylinder: 3, head: 0).sectors[4].hasDataError)
    #expect(again.track(cylinder: 5, head: 0).sectors[0].isDeleted)
    #expect(again.track(cylinder: 13, head: 1).sectors.count == 10)
    #expect(again.track(cylinder: 3, head: 1).sectors[1].hasDataError)
  }

  @Test("Whatever a floppy file says, reading it ends in a disk or in an error with an offset") func fuzz() throws {
    var small = FloppyContents()
    for cylinder in 0..<3 { small[cylinder, 0] = Self.oddDisk()[cylinder + 3, 0] }
    let seeds: [(FloppyFormat, [UInt8])] = [
      (.imd, IMD.write(small, comment: []).bytes), (.hfe, HFE.write(small).bytes),
      (.hfe3, Array("HXCHFEV3".utf8) + HFE.write(small).bytes.dropFirst(8)),
      (.td0, Self.teledisk(small, packed: false)), (.td0, Self.teledisk(small, packed: true)),
    ]
    var dice = Dice(11)
    for (format, seed) in seeds {
      for round in 0..<150 {
        var bytes = seed
        let reach = round % 2 == 0 ? min(600, bytes.count) : bytes.count
        for _ in 0..<Int.random(in: 1...8, using: &dice) {
          bytes[Int.random(in: 0..<reach, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
        }
        if round % 5 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &dice)) }
        if let contents = try? format.read(bytes, path: "x") {
          #expect(contents.tracks.allSatisfy { track in track.sectors.allSatisfy { $0.data.count <= 16_384 } })
          _ = contents.geometry
        }
      }
    }
  }
}
