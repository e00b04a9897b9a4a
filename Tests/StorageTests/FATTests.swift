import Testing

@testable import Storage

/// A small generator, so that runs are alike.
struct Dice: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state >> 32) ^ (state << 17)
  }
}

@Suite struct FATTests {
  private func volume(_ sectors: Int, bits: Int?, cluster: Int? = nil) throws -> FATVolume {
    var format = FATFormat()
    format.bits = bits
    format.sectorsPerCluster = cluster
    format.isHardDisk = true
    let store = MemoryStore(name: "m", bytes: [UInt8](repeating: 0, count: sectors * 512))
    try format.format(store)
    return try FATVolume(store)
  }

  @Test(
    "FORMAT's layouts of floppies",
    arguments: [
      (160, 313), (180, 351), (320, 315), (360, 354), (720, 713), (1200, 2371), (1440, 2847), (2880, 2863),
    ])
  func floppies(kilobytes: Int, clusters: Int) throws {
    let store = MemoryStore(name: "m", bytes: [UInt8](repeating: 0xF6, count: kilobytes << 10))
    try FATFormat().format(store)
    let volume = try FATVolume(store)
    #expect(volume.layout.bits == 12)
    #expect(volume.layout.clusterCount == clusters)
    #expect(volume.layout == FATLayout.floppy(bytes: kilobytes << 10))
    #expect(try volume.verify().problems == [])
  }

  @Test("A floppy of DOS 1, without a parameter block, is known by its media descriptor")
  func withoutParameterBlock() throws {
    let store = MemoryStore(name: "m", bytes: [UInt8](repeating: 0, count: 160 << 10))
    try FATFormat().format(store)
    try store.write(0, [UInt8](repeating: 0, count: 512))
    let volume = try FATVolume(store)
    #expect(volume.layout.clusterCount == 313)
    try volume.put("A.TXT", [1, 2, 3])
    #expect(try volume.contents("a.txt") == [1, 2, 3])
  }

  @Test("Files come back as they went in, in every FAT, and the file system stays whole", arguments: [12, 16, 32])
  func roundTrip(bits: Int) throws {
    let sectors = bits == 12 ? 8_000 : bits == 16 ? 20_000 : 70_000
    let volume = try volume(sectors, bits: bits, cluster: bits == 32 ? 1 : 2)
    #expect(volume.layout.bits == bits)
    let free = try volume.freeBytes()
    var dice = Dice(UInt64(bits))
    var files: [String: [UInt8]] = [:]
    for step in 0..<250 {
      let number = Int.random(in: 0..<60, using: &dice)
      let directory = ["", "sub", "Sub Directory/with more", "DEEP/DEEPER/DEEPEST"][number % 4]
      let name = ["F\(number).TXT", "a longer name \(number).text", "lower\(number).c", "Ärger & \(number)"][
        number / 15]
      let path = directory + "/" + name
      if Int.random(in: 0..<4, using: &dice) == 0 {
        if files.removeValue(forKey: path) != nil { try volume.remove(path) }
      } else {
        let bytes = pattern(Int.random(in: 0..<9000, using: &dice), seed: step)
        if !directory.isEmpty { try volume.makeDirectory(directory) }
        try volume.put(path, bytes)
        files[path] = bytes
      }
    }
    try volume.flush()
    let again = try FATVolume(volume.store)
    #expect(try again.verify().problems == [])
    for (path, bytes) in files { #expect(try again.contents(path.uppercased()) == bytes, "\(path)") }
    #expect(try again.verify().files == files.count)
    for entry in try again.list("") { try again.remove(entry.name, recursively: true) }
    // FAT32's root directory has grown and stays so.
    #expect(try again.freeBytes() >= free - (bits == 32 ? 16 * 512 : 0))
    #expect(try again.verify().problems == [])
  }

  @Test("A long name has a short one beside it that no other file has; a name in one case needs none")
  func names() throws {
    let volume = try volume(8_000, bits: 12)
    for name in [
      "Long file name.text", "Long file name.texas", "readme.txt", "README.DOC", ".hidden", "a.b.c", "ümläut",
    ] {
      try volume.put(name, [1])
    }
    let entries = try volume.list("/")
    #expect(entries.map(\.name).contains("readme.txt"))
    #expect(Set(entries.map(\.shortBytes)).count == 7)
    #expect(try volume.contents("LONGFI~2.TEX") == [1])
    for bad in ["a:b", "a*", "con?", "x<y", "", "a|b", "dot.", String(repeating: "x", count: 256)] {
      #expect(throws: StorageError.self, "\(bad)") { try volume.put(bad, [1]) }
    }
    // 255 characters are allowed.
    let longest = String(repeating: "x", count: 251) + ".txt"
    try volume.put(longest, [9])
    #expect(try volume.contents(longest) == [9])
    #expect(try volume.verify().problems == [])
  }

  @Test("A full volume refuses a file in words and stays whole; a file may replace one that leaves it room")
  func full() throws {
    let volume = try volume(2_000, bits: 12)
    let big = pattern(volume.capacity - 3 * volume.layout.bytesPerCluster)
    try volume.put("BIG", big)
    #expect(throws: StorageError.volumeFull(path: "m", file: "MORE")) { try volume.put("MORE", big) }
    try volume.put("BIG", pattern(big.count, seed: 2))
    #expect(try volume.contents("BIG") == pattern(big.count, seed: 2))
    #expect(try volume.verify().problems == [])
    var count = 0
    #expect(throws: StorageError.directoryFull(path: "m", file: "/")) {
      for number in 0..<1000 {
        try volume.put("E\(number)", [])
        count = number
      }
    }
    #expect(count == 510)
    #expect(try volume.verify().problems == [])
  }

  @Test("verify names crossed chains, circles, lost clusters, wrong sizes and tables that differ")
  func damage() throws {
    let volume = try volume(8_000, bits: 12, cluster: 2)
    for name in ["A", "B", "C", "D"] { try volume.put(name, pattern(3000)) }
    try volume.makeDirectory("DIR/SUB")
    let firsts = try volume.list("").map(\.firstCluster)
    let table = volume.table
    try table.set(firsts[0] + 1, firsts[1])
    try table.set(firsts[2] + 2, firsts[2])
    try table.set(firsts[3] + 1, 0)
    try table.set(3000, 0xFFF)
    try volume.flush()
    try volume.store.write(volume.layout.tableOffset(1) / 512, [UInt8](repeating: 1, count: 512))
    let text = try FATVolume(volume.store).verify().problems.joined(separator: "\n")
    for part in [
      "/B: cluster", "/C: its chain runs in a circle", "/D: its chain runs into a free", "belong to no", "differs",
    ] {
      #expect(text.contains(part), "\(part) isn't in \(text)")
    }
  }

  @Test("Directories that hold each other end with an error, in verify as in remove")
  func circles() throws {
    let volume = try volume(8_000, bits: 12)
    try volume.makeDirectory("A/B")
    let a = try #require(try volume.entry("A"))
    let directory = try volume.open(directory: "A")
    let slot = try #require(try volume.entry("A/B")?.slots.last)
    var raw = directory.bytes.slice(slot * 32, 32)
    raw.put16(26, a.firstCluster)
    try volume.write(raw, at: try #require(directory.offset(ofSlot: slot)))
    #expect(try !volume.verify().problems.isEmpty)
    #expect(throws: StorageError.self) { try volume.remove("A", recursively: true) }
  }

  @Test("Partition tables: primary and logical ones, and those that lie")
  func partitions() throws {
    let disk = MemoryStore(name: "m", bytes: [UInt8](repeating: 0, count: 20_000 * 512))
    var partition = PartitionTable.wholeDisk(disk)
    partition.isActive = true
    try PartitionTable.write(partition, bits: 16, to: disk, code: [], signature: 7)
    #expect(try PartitionTable.read(disk).map(\.typeName) == ["FAT16"])
    #expect(try PartitionTable.read(disk)[0].start == 63)
    var sector = try disk.read(0, count: 1)
    sector[450] = 5
    try disk.write(0, sector)
    var link = [UInt8](repeating: 0, count: 512)
    link[450] = 1
    link.put32(454, 63)
    link.put32(458, 100)
    link[466] = 5
    link.put32(470, 1000)
    link.put32(474, 500)
    link.put16(510, 0xAA55)
    try disk.write(63, link)
    link.put32(470, 0)
    try disk.write(1063, link)
    let found = try PartitionTable.read(disk)
    #expect(found.map(\.number) == [1, 5, 6])
    #expect(found.map(\.start) == [63, 126, 1126])
    sector.put32(458, 30_000)
    try disk.write(0, sector)
    #expect(throws: StorageError.self) { try PartitionTable.read(disk) }
  }

  @Test("No boot sector, table or directory, however wrong, ends anything but the operation")
  func fuzz() throws {
    var dice = Dice(99)
    for bits in [12, 16, 32] {
      let good = try volume(bits == 12 ? 3_000 : bits == 16 ? 10_000 : 67_000, bits: bits, cluster: 1)
      for n in 0..<3 { try good.makeDirectory("D\(n) long name") }
      for n in 0..<20 { try good.put("D\(n % 3) long name/F\(n)", pattern(n * 100), modified: .epoch) }
      try good.flush()
      let store = try #require(good.store as? MemoryStore)
      let original = store.bytes
      for _ in 0..<150 {
        // Mutations where structure lies: boot sector, head of the table, directories.
        let copy = MemoryStore(name: "m", bytes: original)
        for _ in 0..<Int.random(in: 1...6, using: &dice) {
          let areas = [
            0..<90, good.layout.tableOffset(0)..<good.layout.tableOffset(0) + 200,
            good.layout.rootOffset..<good.layout.rootOffset + 2000,
          ]
          let at = Int.random(in: areas[Int.random(in: 0..<3, using: &dice)], using: &dice)
          var sector = try copy.read(at / 512, count: 1)
          sector[at % 512] = UInt8.random(in: 0...255, using: &dice)
          try copy.write(at / 512, sector)
        }
        guard let volume = try? FATVolume(copy) else { continue }
        _ = try? volume.verify()
        for entry in (try? volume.list("")) ?? [] {
          _ = try? volume.list(entry.name)
          _ = try? volume.contents(entry.name)
        }
        try? volume.put("NEW/FILE", pattern(5000))
        try? volume.makeDirectory("ANOTHER ONE")
        try? volume.remove("D1 long name", recursively: true)
        try? volume.flush()
      }
    }
  }
}
