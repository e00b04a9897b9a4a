import Hardware

/// Changes. The order is always: data, then the allocation table, then the directory entry, so that an end in the middle
/// leaves lost clusters at worst; removing goes the other way.
extension FATVolume {
  /// Writes a file of `size` bytes that come from `source` (asked for a number of bytes, gives so many), in place of one
  /// that may be there.
  ///
  /// - Throws: `volumeFull`, `badName`, `noSuchFile` (its directory), `isADirectoryThere`; what `source` throws.
  public func put(
    _ path: String, size: Int, modified: FATTime, attributes: UInt8 = 0x20, source: (Int) throws -> [UInt8]
  ) throws {
    var parts = Self.components(path)
    guard let name = parts.popLast(), FATName.isUsable(name) else {
      throw StorageError.badName(path: store.name, file: path)
    }
    guard size <= Int(UInt32.max) else { throw StorageError.volumeFull(path: store.name, file: path) }
    let parent = parts.joined(separator: "/")
    let old = Self.find(name, in: try list(parent))
    if let old, old.isDirectory { throw StorageError.isADirectoryThere(path: store.name, file: path) }
    let needed = (size + layout.bytesPerCluster - 1) / layout.bytesPerCluster
    if try table.freeCount() < needed {
      let held = try old.map { try table.chain($0.firstCluster).clusters.count } ?? 0
      guard old != nil, try table.freeCount() + held >= needed else {
        throw StorageError.volumeFull(path: store.name, file: path)
      }
      try remove(path)
    }
    let chain = try table.allocate(needed)
    do {
      var rest = size
      for extent in extents(of: chain) {
        var at = extent.offset
        let end = extent.offset + extent.length
        while at < end, rest > 0 {
          let count = min(end - at, rest, Self.portion)
          var bytes = try source(count)
          guard bytes.count == count else {
            throw StorageError.unreadable(path: path, reason: "it has become shorter")
          }
          // The rest of the last cluster is cleared: what was deleted there is nobody's business. (Portions are whole
          // clusters up to there.)
          while bytes.count % layout.bytesPerCluster != 0 { bytes.append(0) }
          try write(bytes, at: at)
          at += count
          rest -= count
        }
      }
    } catch {
      if let first = chain.first { try table.release(first) }
      throw error
    }
    try table.flush()
    if let present = try entry(path) {
      // The entry keeps its name and its place.
      try rewrite(present, in: parent) { raw in
        Self.fill(&raw, cluster: chain.first ?? 0, size: size, modified: modified)
        raw[11] = attributes
      }
      try table.release(present.firstCluster)
    } else {
      try add(name, to: parent, attributes: attributes, cluster: chain.first ?? 0, size: size, modified: modified)
    }
    try table.flush()
  }

  /// Makes a file of `size` bytes whose data nobody has written: they come from elsewhere.
  ///
  /// - Returns: where its clusters lie, byte offset and length.
  func reserve(
    _ path: String, size: Int, modified: FATTime
  ) throws(StorageError) -> [(offset: Int, length: Int)] {
    var parts = Self.components(path)
    guard let name = parts.popLast() else { return [] }
    let needed = (size + layout.bytesPerCluster - 1) / layout.bytesPerCluster
    guard try table.freeCount() >= needed else { throw .volumeFull(path: store.name, file: path) }
    let chain = try table.allocate(needed)
    try add(
      name, to: parts.joined(separator: "/"), attributes: 0x20, cluster: chain.first ?? 0, size: size,
      modified: modified)
    return extents(of: chain)
  }

  /// Writes a file whose bytes are at hand.
  public func put(_ path: String, _ bytes: [UInt8], modified: FATTime = .epoch, attributes: UInt8 = 0x20) throws {
    var at = 0
    try put(path, size: bytes.count, modified: modified, attributes: attributes) { count in
      defer { at += count }
      return bytes.slice(at, count)
    }
  }

  private static func fill(_ raw: inout [UInt8], cluster: Int, size: Int, modified: FATTime) {
    raw.put16(18, Int(modified.date))
    raw.put16(20, cluster >> 16)
    raw.put16(22, Int(modified.time))
    raw.put16(24, Int(modified.date))
    raw.put16(26, cluster & 0xFFFF)
    raw.put32(28, size)
  }

  private func rewrite(_ entry: FATEntry, in parent: String, _ change: (inout [UInt8]) -> Void) throws(StorageError) {
    let directory = try open(directory: parent)
    guard let slot = entry.slots.last, let offset = directory.offset(ofSlot: slot) else { return }
    var raw = directory.bytes.slice(slot * 32, 32)
    change(&raw)
    try write(raw, at: offset)
  }

  /// Makes an entry, growing the directory if need be.
  private func add(
    _ name: String, to parent: String, attributes: UInt8, cluster: Int, size: Int, modified: FATTime
  ) throws(StorageError) {
    var directory = try open(directory: parent)
    let taken = Set(directory.entries(bits: layout.bits).map(\.shortBytes))
    var short: [UInt8]
    var caseBits: UInt8 = 0
    var slots: [[UInt8]] = []
    if let exact = FATName.exactShort(name), !taken.contains(exact.bytes) {
      (short, caseBits) = exact
    } else {
      short = FATName.alias(of: name, taken: taken)
      slots = FATName.longEntries(name, short: short)
    }
    var raw = short + [UInt8](repeating: 0, count: 21)
    raw[11] = attributes
    raw[12] = caseBits
    raw.put16(14, Int(modified.time))
    raw.put16(16, Int(modified.date))
    Self.fill(&raw, cluster: layout.bits == 32 ? cluster : cluster & 0xFFFF, size: size, modified: modified)
    slots.append(raw)
    if directory.freeSlots(slots.count) == nil { try grow(&directory) }
    guard let first = directory.freeSlots(slots.count) else {
      throw .directoryFull(path: store.name, file: parent.isEmpty ? "/" : parent)
    }
    // What lies behind the end of a directory may be anything: the end mark moves on.
    let next = first + slots.count
    let endMoves = (first..<next).contains { directory.bytes[$0 * 32] == 0 }
    if endMoves, next * 32 < directory.bytes.count, directory.bytes[next * 32] != 0,
      let offset = directory.offset(ofSlot: next)
    {
      try write([UInt8](repeating: 0, count: 32), at: offset)
    }
    // The short entry first: the name is complete when the last long piece is there, and before that it is a file
    // with a short name only.
    for (index, slot) in slots.enumerated().reversed() {
      if let offset = directory.offset(ofSlot: first + index) { try write(slot, at: offset) }
    }
  }

  private func grow(_ directory: inout FATDirectory) throws(StorageError) {
    guard directory.cluster != 0 else { return }
    guard directory.bytes.count + layout.bytesPerCluster <= FATDirectory.maxBytes else { return }
    guard try table.freeCount() > 0, let last = try table.chain(directory.cluster).clusters.last else {
      throw .volumeFull(path: store.name, file: "a directory")
    }
    let new = try table.allocate(1)
    guard let cluster = new.first else { throw .volumeFull(path: store.name, file: "a directory") }
    try write([UInt8](repeating: 0, count: layout.bytesPerCluster), at: layout.offset(of: cluster))
    try table.append(new, to: last)
    try table.flush()
    directory = try self.directory(directory.cluster)
  }

  /// Makes a directory; nothing happens if it is there already. The directories above it are made too.
  ///
  /// - Throws: `notADirectory` if a file is in the way, `badName`, `volumeFull`, `directoryFull`.
  public func makeDirectory(_ path: String, modified: FATTime = .epoch) throws(StorageError) {
    var done = ""
    for name in Self.components(path) {
      let parent = done
      done += "/" + name
      if let there = Self.find(name, in: try list(parent)) {
        guard there.isDirectory else { throw .notADirectory(path: store.name, file: done) }
        continue
      }
      guard FATName.isUsable(name) else { throw .badName(path: store.name, file: done) }
      guard try table.freeCount() > 0, let cluster = try table.allocate(1).first else {
        throw .volumeFull(path: store.name, file: done)
      }
      let above = try open(directory: parent).cluster
      var bytes = [UInt8](repeating: 0, count: layout.bytesPerCluster)
      // Source: fatgen103: "..", in a directory of the root, has cluster 0, in FAT32 too.
      for (at, dots, target) in [(0, ".", cluster), (32, "..", above == layout.rootCluster ? 0 : above)] {
        var raw = [UInt8](repeating: 0x20, count: 11) + [UInt8](repeating: 0, count: 21)
        raw.put(0, Array(dots.utf8))
        raw[11] = 0x10
        Self.fill(&raw, cluster: target, size: 0, modified: modified)
        bytes.put(at, raw)
      }
      try write(bytes, at: layout.offset(of: cluster))
      try table.flush()
      try add(name, to: parent, attributes: 0x10, cluster: cluster, size: 0, modified: modified)
    }
  }

  /// Removes a file, or a directory that is empty or, with `recursively`, isn't.
  ///
  /// - Throws: `noSuchFile`; `directoryNotEmpty`.
  public func remove(_ path: String, recursively: Bool = false) throws(StorageError) {
    guard let entry = try entry(path) else { throw .noSuchFile(path: store.name, file: path) }
    guard Self.components(path).count <= Self.maxDepth else { throw .tooDeep(store) }
    let name = Self.components(path).joined(separator: "/")
    if entry.isDirectory {
      let inside = try list(path)
      guard inside.isEmpty || recursively else { throw .directoryNotEmpty(path: store.name, file: path) }
      // By short name, which is never ambiguous.
      for child in inside { try remove(name + "/" + child.shortName, recursively: true) }
    }
    let parent = Self.components(path).dropLast().joined(separator: "/")
    let directory = try open(directory: parent)
    for slot in entry.slots.reversed() {
      if let offset = directory.offset(ofSlot: slot) { try write([0xE5], at: offset) }
    }
    try table.release(entry.firstCluster)
    try table.flush()
  }

  /// Has everything written put on the host's disk.
  public func flush() throws(StorageError) {
    try table.flush()
    try store.flush()
  }
}
