import Testing

@testable import Storage

@Suite struct VHDTests {
  static let identity = [UInt8](1...16)

  func make(_ scratch: Scratch, _ name: String, sectors: Int, fixed: Bool = false) throws -> any SectorStore {
    let path = scratch.path + "/" + name
    try VHDStore.create(path: path, sectors: sectors, isFixed: fixed, identity: Self.identity, timestamp: 1)
    scratch.adopt(path)
    return try DiskFormat.open(path: path, access: .writable)
  }

  @Test("The CHS of a size is within a cylinder of it, with at most 16 heads, and 255 sectors only beyond 31 GB")
  func geometry() {
    for megabytes in [1, 5, 20, 100, 500, 528, 2048, 8192, 31_000] {
      let total = megabytes << 11
      let (cylinders, heads, sectors) = VHDFooter.geometry(sectors: total)
      #expect(heads <= 16 && [17, 31, 63].contains(sectors) && cylinders < 65_536)
      #expect((0..<heads * sectors + sectors).contains(total - cylinders * heads * sectors), "\(megabytes)")
    }
    #expect(VHDFooter.geometry(sectors: 1 << 28) == (65_535, 16, 255))
  }

  @Test(
    "What is written is read back, before and after opening again, in fixed and growing disks",
    arguments: [true, false])
  func roundTrip(fixed: Bool) throws {
    let scratch = try Scratch()
    let sectors = 20_000
    var model = [UInt8](repeating: 0, count: sectors * 512)
    var store: (any SectorStore)? = try make(scratch, "d.vhd", sectors: sectors, fixed: fixed)
    #expect(store?.sectorCount == sectors)
    var dice = Dice(5)
    for step in 0..<120 {
      let count = Int.random(in: 1...40, using: &dice)
      let lba = Int.random(in: 0...sectors - count, using: &dice)
      let bytes = step % 5 == 0 ? [UInt8](repeating: 0, count: count * 512) : pattern(count * 512, seed: step)
      try store?.write(lba, bytes)
      model.put(lba * 512, bytes)
      if step % 40 == 39 {
        try store?.flush()
        store = nil
        store = try DiskFormat.open(path: scratch.path + "/d.vhd", access: .writable)
      }
    }
    #expect(try store?.read(0, count: sectors) == model)
    #expect(try (store as? VHDStore)?.verify() == [])
    #expect(throws: StorageError.self) { try store?.read(sectors, count: 1) }
    #expect(throws: StorageError.self) { try store?.write(sectors - 1, [UInt8](repeating: 0, count: 1024)) }
  }

  @Test("An overlay shows its base where nothing was written; discard forgets, commit brings it into the base")
  func overlay() throws {
    let scratch = try Scratch()
    let base = try scratch.write("base.img", pattern(10_000 * 512))
    let path = scratch.path + "/undo.vhd"
    do {
      let store = try DiskFormat.open(path: base, access: .readOnlyShared)
      try VHDStore.createOverlay(
        path: path, over: store, baseName: "base.img", identity: Self.identity, timestamp: 1)
      scratch.adopt(path)
    }
    var model = pattern(10_000 * 512)
    var dice = Dice(6)
    do {
      let overlay = try DiskFormat.open(path: path, access: .writable)
      // Nobody may write the base meanwhile.
      #expect(throws: StorageError.inUse(path: base)) { try HostFile(path: base, access: .writable) }
      for step in 0..<60 {
        let count = Int.random(in: 1...30, using: &dice)
        let lba = Int.random(in: 0...10_000 - count, using: &dice)
        try overlay.write(lba, pattern(count * 512, seed: step))
        model.put(lba * 512, pattern(count * 512, seed: step))
      }
      #expect(try overlay.read(0, count: 10_000) == model)
    }
    #expect(try scratch.read(base) == pattern(10_000 * 512))
    #expect(try DiskFormat.open(path: path, access: .readOnly).read(0, count: 10_000) == model)
    try DiskFormat.openForCommit(path: path).commit()
    #expect(try scratch.read(base) == model)
    let after = try #require(try DiskFormat.open(path: path, access: .writable) as? VHDStore)
    #expect(after.usedBlocks == 0)
    #expect(try after.read(0, count: 10_000) == model)
    try after.write(7, pattern(512, seed: 9))
    try after.discard()
    #expect(try after.read(0, count: 10_000) == model)
    #expect(try after.verify() == [])
  }

  @Test(
    "An overlay whose base has changed is refused, and one whose commit was interrupted can only be committed again")
  func changedBase() throws {
    let scratch = try Scratch()
    let base = try scratch.write("base.img", pattern(10_000 * 512))
    let path = scratch.path + "/undo.vhd"
    try VHDStore.createOverlay(
      path: path, over: try DiskFormat.open(path: base, access: .readOnly), baseName: "base.img",
      identity: Self.identity, timestamp: 1)
    scratch.adopt(path)
    try DiskFormat.open(path: path, access: .writable).write(100, pattern(512, seed: 3))
    let file = try HostFile(path: path, access: .readOnly)
    let whole = try file.read(at: 0, count: file.size)
    // As `commit` leaves it in the middle.
    var middle = whole
    middle.put(512 + 40, VHDStore.committing)
    middle.putBig32(512 + 36, VHDFooter.checksum(middle.slice(512, 1024), sumAt: 36))
    let interrupted = try scratch.write("middle.vhd", middle)
    #expect(throws: StorageError.self) { try DiskFormat.open(path: interrupted, access: .readOnly) }
    try DiskFormat.openForCommit(path: interrupted).commit()
    #expect(try scratch.read(base).slice(100 * 512, 512) == pattern(512, seed: 3))
    _ = try DiskFormat.open(path: interrupted, access: .readOnly)
    var changed = try scratch.read(base)
    changed[0] ^= 1
    _ = try scratch.write("base.img", changed)
    #expect(throws: StorageError.self) { try DiskFormat.open(path: interrupted, access: .readOnly) }
  }

  @Test("Whatever write comes last, a growing disk opens, is whole, and has everything that was flushed")
  func endsAnywhere() throws {
    // A file is kept after each of its writes; each of them is a moment at which the program may end.
    let scratch = try Scratch()
    let store = try #require(try make(scratch, "d.vhd", sectors: 40_000) as? VHDStore)
    var states: [[UInt8]] = []
    var flushed: [[Int: [UInt8]]] = []
    var model: [Int: [UInt8]] = [:]
    store.file.afterWrite = { [unowned store] in
      states.append((try? store.file.read(at: 0, count: store.file.currentSize)) ?? [])
      flushed.append(model)
    }
    for (step, lba) in [5, 4096 * 3, 4096 * 3 + 1, 30_000, 6].enumerated() {
      try store.write(lba, pattern(512, seed: step + 1))
      try store.flush()
      model[lba] = pattern(512, seed: step + 1)
    }
    store.file.afterWrite = nil
    #expect(states.count > 10)
    for (number, state) in states.enumerated() {
      let path = try scratch.write("s\(number).vhd", state)
      let opened = try #require(try DiskFormat.open(path: path, access: .writable) as? VHDStore)
      for (lba, bytes) in flushed[number] { #expect(try opened.read(lba, count: 1) == bytes, "after write \(number)") }
      try opened.write(20_000, pattern(512, seed: 50))
      #expect(try opened.verify() == [], "after write \(number)")
    }
  }

  @Test("A truncated or lying VHD is an error that names an offset")
  func lies() throws {
    let scratch = try Scratch()
    do {
      let store = try make(scratch, "d.vhd", sectors: 20_000)
      try store.write(100, pattern(512))
      try store.write(9000, pattern(512))
    }
    let whole = try scratch.read(scratch.path + "/d.vhd")
    func message(_ bytes: [UInt8]) throws -> String {
      let path = try scratch.write("bad.vhd", bytes)
      do {
        let store = try DiskFormat.open(path: path, access: .readOnly)
        _ = try store.read(0, count: store.sectorCount)
        return ""
      } catch { return error.description }
    }
    #expect(try message(Array(whole.prefix(whole.count / 2))).contains("byte 1536: block 0"))
    #expect(try message(Array(whole.prefix(1000))).contains("byte 16:"))
    var bad = whole
    bad.putBig32(512 + 32, 3)
    #expect(try message(bad).contains("byte 512:"))
    bad.putBig32(512 + 36, VHDFooter.checksum(bad.slice(512, 1024), sumAt: 36))
    #expect(try message(bad).contains("byte 544:"))
  }
}

@Suite struct DiskFormatFuzzTests {
  @Test("Images with any bytes changed in headers and tables end in an error or in sectors, and in bounded memory")
  func fuzz() throws {
    let scratch = try Scratch()
    var dice = Dice(77)
    let seeds = try Self.seeds(scratch)
    for (name, seed, structured) in seeds {
      for _ in 0..<200 {
        var bytes = seed
        for _ in 0..<Int.random(in: 1...5, using: &dice) {
          let at = Int.random(in: 0..<min(structured, bytes.count), using: &dice)
          bytes[at] = [0, 0xFF, UInt8.random(in: 0...255, using: &dice)][Int.random(in: 0..<3, using: &dice)]
        }
        if Int.random(in: 0..<8, using: &dice) == 0 {
          bytes.removeLast(Int.random(in: 0..<bytes.count - 1, using: &dice))
        }
        // Sums are put right half of the time, or nothing behind them would ever be looked at.
        if name == "vhd", Bool.random(using: &dice) { Self.seal(&bytes) }
        let path = try scratch.write("fuzz", bytes)
        guard let store = try? DiskFormat.open(path: path, access: .readOnly) else { continue }
        for _ in 0..<4 {
          let lba = Int.random(in: 0..<max(store.sectorCount, 1), using: &dice)
          _ = try? store.read(lba, count: min(64, store.sectorCount - lba))
        }
        _ = try? (store as? VHDStore)?.verify()
      }
    }
  }

  static func seal(_ bytes: inout [UInt8]) {
    bytes.putBig32(64, VHDFooter.checksum(bytes.slice(0, 512), sumAt: 64))
    bytes.putBig32(512 + 36, VHDFooter.checksum(bytes.slice(512, 1024), sumAt: 36))
    bytes.put(bytes.count - 512, bytes.slice(0, 512))
  }

  /// Small images of each format, built by hand, and how many of their bytes are structure.
  static func seeds(_ scratch: Scratch) throws -> [(String, [UInt8], Int)] {
    let path = scratch.path + "/seed.vhd"
    try VHDStore.create(path: path, sectors: 8192, isFixed: false, identity: VHDTests.identity, timestamp: 1)
    scratch.adopt(path)
    try DiskFormat.open(path: path, access: .writable).write(5, pattern(512))
    // QCOW2 with 64 KB clusters: header, first level, second level, data.
    var qcow = [UInt8](repeating: 0, count: 4 << 16)
    qcow.put(0, QCOW2Store.magic)
    qcow.putBig32(4, 3)
    qcow.putBig32(20, 16)
    qcow.putBig64(24, 4 << 20)
    qcow.putBig32(36, 1)
    qcow.putBig64(40, 1 << 16)
    qcow.putBig32(96, 4)
    qcow.putBig32(100, 104)
    qcow.putBig64(1 << 16, 2 << 16)
    qcow.putBig64(2 << 16, 3 << 16)
    // A sparse extent: header, directory, table, one grain of 64 KB.
    var vmdk = [UInt8](repeating: 0, count: 128 * 512 * 2)
    vmdk.put(0, VMDKExtent.magic)
    vmdk.put32(4, 1)
    vmdk.put32(8, 3)
    vmdk.put64(12, 8192)
    vmdk.put64(20, 128)
    vmdk.put32(44, 512)
    vmdk.put64(56, 1)
    vmdk.put32(512, 2)
    vmdk.put32(1024, 128)
    for (name, bytes) in [("q", qcow), ("v", vmdk)] {
      #expect(
        try DiskFormat.open(path: try scratch.write(name, bytes), access: .readOnly).read(0, count: 8192).count == 4
          << 20)
    }
    // Structure of QCOW2 lies in several places: they are brought together by mutating all of them in turn.
    return [
      ("vhd", try scratch.read(path), 2048), ("qcow2", qcow, 120), ("qcow2", qcow, 2 << 16 | 64), ("vmdk", vmdk, 100),
      ("vmdk", vmdk, 1200),
    ]
  }
}
