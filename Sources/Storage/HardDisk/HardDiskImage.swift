public import Hardware

/// A hard disk as the guest sees it: sectors of a `SectorStore`, and what was written since attachment.
///
/// **What a saved state holds.** Over a `GenerationStore`, the name of a generation. Over others, the blocks of 4 KB
/// that were written since attachment, whole, the disk's size, and a digest of blocks spread evenly over what the guest
/// sees; what was attached isn't in the state. A write goes to the guest's view and, where the image may be written, to
/// the store in the same moment. Loading lays the saved blocks over the disk as it was attached; a disk of another size
/// or another digest is refused. (A disk that differs only between the blocks of the digest isn't noticed: a disk is too
/// large to be read whole for every state.) **A state never changes a file**: if what the guest now sees isn't what the
/// store holds, the disk is detached from it (`isDetached`), and later writes live in memory and in saved states only,
/// until a state that matches is loaded.
///
/// **When the host refuses a write** (its disk is full), the guest's view has the data all the same, `hostError` says
/// why, and `retry` tries again; whoever runs the machine holds it until that succeeds.
public final class HardDiskImage: SavedPart {
  /// What becomes of the guest's writes.
  public enum Writing: Sendable {
    /// Into the host's file at once.
    case toFile
    /// Into memory only: the file is never changed, the guest sees a disk that can be written.
    case inMemory
  }

  /// Bytes in a sector.
  public static let sectorSize = 512
  /// The usual geometry of an AT disk. - Source: ATA-2 (X3T10/948D), Annex on translations: 16 heads, 63 sectors.
  public static let heads = 16
  /// See `heads`.
  public static let sectorsPerTrack = 63

  /// What messages call it: the file's path.
  public var name: String { store.name }
  /// Sectors, 2048 ... 2^28.
  public let sectorCount: Int
  /// Cylinders of 16 heads of 63 sectors, 2 ... 16383; sectors behind them are reached by LBA only.
  public var cylinders: Int { min(sectorCount / (Self.heads * Self.sectorsPerTrack), 16_383) }
  /// The last refusal of the host. After a refused write the guest's view still has the data.
  public private(set) var hostError: StorageError?
  /// A saved state was loaded whose content isn't the file's: writes no longer go to the file.
  public private(set) var isDetached = false
  /// Counts the sectors that the guest has read and written: who wants to see whether the disk works looks at it.
  public private(set) var accessCount: UInt64 = 0

  private static let sectorsPerBlock = 8
  private static let digestBlocks = 64
  private let store: any SectorStore
  private let generations: (any GenerationStore)?
  private let writesStore: Bool
  /// Blocks written since attachment, as the guest sees them.
  private var written: [Int: [UInt8]] = [:]
  /// Blocks that were overwritten in the store, as they were at attachment.
  private var originals: [Int: [UInt8]] = [:]
  /// Blocks that the host has refused to take.
  private var refused: Set<Int> = []

  /// Attaches the image at `path`, in any format that `DiskFormat` knows.
  ///
  /// - Throws: what `DiskFormat.open` and `init(store:writing:)` throw.
  public convenience init(path: String, writing: Writing = .toFile) throws(StorageError) {
    let access: HostFile.Access = writing == .toFile ? .writableIfPermitted : .readOnly
    try self.init(store: try DiskFormat.open(path: path, access: access), writing: writing)
  }

  /// Attaches what `store` holds.
  ///
  /// - Throws: `notADiskSize`; `unwritable` if writes are to go to a store that can't be written: a disk has no
  ///   write-protect notch.
  public init(store: any SectorStore, writing: Writing = .toFile) throws(StorageError) {
    guard (2048...1 << 28).contains(store.sectorCount) else {
      throw .notADiskSize(path: store.name, bytes: store.sectorCount &* Self.sectorSize)
    }
    if writing == .toFile, !store.isWritable {
      throw .unwritable(path: store.name, reason: "it is read-only on the host")
    }
    self.store = store
    sectorCount = store.sectorCount
    writesStore = writing == .toFile
    generations = writing == .toFile ? store as? any GenerationStore : nil
  }

  // MARK: Access

  /// The sector `lba`; nil if there is none, or if the host can't read it.
  public func read(_ lba: Int) -> [UInt8]? { read(lba, count: 1) }

  /// `count` sectors from `lba` on; nil if they aren't there, or if the host can't read them.
  public func read(_ lba: Int, count: Int) -> [UInt8]? {
    guard lba >= 0, count > 0, lba < sectorCount, count <= sectorCount - lba else { return nil }
    accessCount &+= UInt64(truncatingIfNeeded: count)
    if written.isEmpty, originals.isEmpty { return fromStore(lba, count) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * Self.sectorSize)
    var at = lba
    let end = lba + count
    while at < end {
      let block = at / Self.sectorsPerBlock
      let next = min((block + 1) * Self.sectorsPerBlock, end)
      if let held = written[block] ?? originals[block] {
        let start = at % Self.sectorsPerBlock * Self.sectorSize
        let length = (next - at) * Self.sectorSize
        guard start + length <= held.count else { return nil }
        bytes += held[start..<start + length]
      } else {
        guard let read = fromStore(at, next - at) else { return nil }
        bytes += read
      }
      at = next
    }
    return bytes
  }

  /// Writes the sector `lba`: `data[start ..< start + 512]`, filled up with zeros if that is too short.
  ///
  /// - Returns: false (and nothing is changed) if there is no such sector, or if the host can't read what is around it.
  @discardableResult
  public func write(_ lba: Int, _ data: [UInt8], from start: Int = 0) -> Bool {
    guard (0..<sectorCount).contains(lba), start >= 0 else { return false }
    var sector = Array(data.dropFirst(start).prefix(Self.sectorSize))
    while sector.count < Self.sectorSize { sector.append(0) }
    let block = lba / Self.sectorsPerBlock
    if generations != nil, refused.isEmpty {
      accessCount &+= 1
      do {
        try store.write(lba, sector)
        return true
      } catch { hostError = error }
    }
    // Out of the dictionary while it is changed, so that the array isn't copied.
    guard var bytes = written.removeValue(forKey: block) ?? originals[block] ?? blockFromStore(block) else {
      return false
    }
    let at = lba % Self.sectorsPerBlock * Self.sectorSize
    guard at + Self.sectorSize <= bytes.count else { return false }
    let goesToStore = writesStore && !isDetached
    if goesToStore, generations == nil, originals[block] == nil { originals[block] = bytes }
    bytes.replaceSubrange(at..<at + Self.sectorSize, with: sector)
    written[block] = bytes
    accessCount &+= 1
    guard goesToStore else { return true }
    // What comes after a refused write waits its turn: the host's file gets everything in the guest's order.
    guard refused.isEmpty, hostError == nil || generations == nil else {
      refused.insert(block)
      return true
    }
    do {
      try store.write(lba, sector)
      hostError = nil
    } catch {
      hostError = error
      refused.insert(block)
    }
    return true
  }

  /// Writes of the guest wait for the host to take them.
  public var isWaitingForHost: Bool { !refused.isEmpty }

  /// Tries again to write what the host has refused.
  ///
  /// - Returns: true if nothing waits any more.
  public func retry() -> Bool {
    for block in refused.sorted() {
      guard let bytes = written[block] else { continue }
      do { try store.write(block * Self.sectorsPerBlock, bytes) } catch {
        hostError = error
        return false
      }
      refused.remove(block)
      if generations != nil { written[block] = nil }
    }
    hostError = nil
    return true
  }

  /// What the guest's FLUSH CACHE asks for: `sync`, whose refusal is kept in `hostError`.
  ///
  /// - Returns: false if something isn't on the host's disk yet.
  public func flush() -> Bool {
    do {
      try sync()
      return true
    } catch {
      hostError = error
      return false
    }
  }

  /// The host's folder that this disk is made of; nil for image files.
  public var folder: FolderDisk? { store as? FolderDisk }

  /// Has the host put the writes so far on its disk.
  ///
  /// - Throws: what the host says.
  public func sync() throws(StorageError) {
    if !refused.isEmpty, !retry(), let hostError { throw hostError }
    try store.flush()
  }

  private func sectors(in block: Int) -> Int {
    max(min(Self.sectorsPerBlock, sectorCount - block * Self.sectorsPerBlock), 0)
  }

  private func blockFromStore(_ block: Int) -> [UInt8]? {
    fromStore(block * Self.sectorsPerBlock, sectors(in: block))
  }

  private func fromStore(_ lba: Int, _ count: Int) -> [UInt8]? {
    do { return try store.read(lba, count: count) } catch {
      hostError = error
      return nil
    }
  }

  // MARK: Saved state

  struct SavedBlock: Codable {
    var index: Int
    var bytes: [UInt8]
  }

  struct Saved: SavedState {
    var sectorCount = 0
    var digest: UInt64 = 0
    var blocks: [SavedBlock] = []
    /// Of a `GenerationStore`; then there are no blocks and no digest.
    var generation = ""
  }

  /// The part's state as a tree.
  public func savedPart() throws -> SavedValue {
    var saved = Saved()
    saved.sectorCount = sectorCount
    if let generations {
      guard refused.isEmpty || retry() else {
        throw SavedStateError.mismatch("\(name): the host hasn't taken all writes yet; free space first")
      }
      saved.generation = try generations.keepGeneration()
      return try saved.savedValue()
    }
    saved.digest = digest(over: written)
    saved.blocks = written.keys.sorted().map { SavedBlock(index: $0, bytes: written[$0] ?? []) }
    return try saved.savedValue()
  }

  /// The part's state of a disk of `sectorCount` sectors over a `GenerationStore` that holds `generation`.
  public static func savedPart(sectorCount: Int, generation: String) throws -> SavedValue {
    var saved = Saved()
    saved.sectorCount = sectorCount
    saved.generation = generation
    return try saved.savedValue()
  }

  /// The part's state for those who attach the image anew: with the blocks, too, that the store no longer holds as the
  /// guest sees them, because the machine went back and the file didn't (`isDetached`).
  public func savedView() throws -> SavedValue {
    guard isDetached else { return try savedPart() }
    var saved = Saved()
    saved.sectorCount = sectorCount
    let view = originals.merging(written) { $1 }
    saved.digest = digest(over: view)
    saved.blocks = view.keys.sorted().map { SavedBlock(index: $0, bytes: view[$0] ?? []) }
    return try saved.savedValue()
  }

  /// Sectors that were written since attachment, or that a loaded state had so; in order. Over a `GenerationStore` none.
  public var writtenSectors: [Range<Int>] {
    written.keys.sorted().map { $0 * Self.sectorsPerBlock..<$0 * Self.sectorsPerBlock + sectors(in: $0) }
  }

  /// Throws what `loadPart` would, and changes nothing.
  public func checkPart(_ value: SavedValue) throws { _ = try decode(value) }

  private func decode(_ value: SavedValue) throws -> (saved: Saved, blocks: [Int: [UInt8]]) {
    let (saved, _) = try Saved.loading(value)
    guard saved.sectorCount == sectorCount else {
      throw SavedStateError.mismatch(
        "\(name) has \(sectorCount) sectors, the disk of the saved state \(saved.sectorCount)")
    }
    if let generations = store as? any GenerationStore, !saved.generation.isEmpty {
      guard generations.hasGeneration(saved.generation) else {
        throw SavedStateError.mismatch("\(name) no longer holds what it held when the state was saved")
      }
      return (saved, [:])
    }
    guard saved.generation.isEmpty, generations == nil else {
      throw SavedStateError.mismatch("\(name) is kept in another way than the disk of the saved state")
    }
    var loaded: [Int: [UInt8]] = [:]
    for item in saved.blocks {
      guard item.index >= 0, item.index <= sectorCount / Self.sectorsPerBlock, !item.bytes.isEmpty,
        item.bytes.count == sectors(in: item.index) * Self.sectorSize
      else { throw SavedStateError.outOfRange(path: "\(name): block") }
      loaded[item.index] = item.bytes
    }
    guard digest(over: loaded) == saved.digest else {
      throw SavedStateError.mismatch("\(name) has other contents than when the state was saved")
    }
    return (saved, loaded)
  }

  /// Takes back what `savedPart` gave, or throws and changes nothing.
  public func loadPart(_ value: SavedValue) throws {
    let (saved, loaded) = try decode(value)
    if let generations = store as? any GenerationStore, !saved.generation.isEmpty {
      do { try generations.restoreGeneration(saved.generation) } catch {
        throw SavedStateError.mismatch("\(error)")
      }
      written = [:]
      refused = []
      hostError = nil
      return
    }
    written = loaded
    refused = []
    isDetached = writesStore && !storeIsCurrent
  }

  /// Whether the store holds what the guest sees, in all blocks that were ever written.
  private var storeIsCurrent: Bool {
    for block in Set(written.keys).union(originals.keys) {
      guard let seen = written[block] ?? originals[block], blockFromStore(block) == seen else { return false }
    }
    return true
  }

  /// A 64-bit sum of the disk's size and of blocks spread evenly over it, with `written` laid over the disk as it was
  /// attached.
  private func digest(over written: [Int: [UInt8]]) -> UInt64 {
    var sum: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(sectorCount)
    let blocks = (sectorCount + Self.sectorsPerBlock - 1) / Self.sectorsPerBlock
    for n in 0..<Self.digestBlocks {
      let block = n * blocks / Self.digestBlocks
      for byte in written[block] ?? originals[block] ?? blockFromStore(block) ?? [] {
        sum = (sum ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
      }
    }
    return sum
  }
}
