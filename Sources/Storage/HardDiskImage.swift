public import Hardware

/// A hard disk: 512-byte sectors of a raw image.
///
/// **What a saved state holds.** The blocks of 4 KB that were written since attachment, whole, the disk's size, and a
/// digest of blocks spread evenly over what the guest sees. What was attached isn't in the state. A write goes to the
/// guest's view and, where the image may be written, to the host's file in the same moment. Loading lays the saved
/// blocks over the disk as it was attached; a file of another size or another digest is refused. (A file that differs
/// only between the blocks of the digest isn't noticed: a disk is too large to be read whole for every state.) **A
/// state never changes a file**: if what the guest now sees isn't what the file holds, the disk is detached from it
/// (`isDetached`), and later writes live in memory and in saved states only, until a state that matches is loaded.
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
  public let name: String
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
  private let file: HostFile
  private let writesFile: Bool
  /// Blocks written since attachment, as the guest sees them.
  private var written: [Int: [UInt8]] = [:]
  /// Blocks that were overwritten in the file, as they were at attachment.
  private var originals: [Int: [UInt8]] = [:]

  /// Attaches the raw image at `path`.
  ///
  /// - Throws: what `HostFile` throws; `notADiskSize`; `unwritable` if writes are to go to a file that the host lets us
  ///   only read: a disk has no write-protect notch.
  public init(path: String, writing: Writing = .toFile) throws(StorageError) {
    file = try HostFile(path: path, access: writing == .toFile ? .writableIfPermitted : .readOnly)
    guard file.size >= 1 << 20, file.size % Self.sectorSize == 0, file.size / Self.sectorSize <= 1 << 28 else {
      throw .notADiskSize(path: path, bytes: file.size)
    }
    if writing == .toFile, !file.isWritable { throw .unwritable(path: path, reason: "it is read-only on the host") }
    name = path
    sectorCount = file.size / Self.sectorSize
    writesFile = writing == .toFile
  }

  // MARK: Access

  /// The sector `lba`; nil if there is none, or if the host can't read it.
  public func read(_ lba: Int) -> [UInt8]? {
    guard (0..<sectorCount).contains(lba) else { return nil }
    accessCount &+= 1
    let block = lba / Self.sectorsPerBlock
    if let bytes = written[block] ?? originals[block] {
      let start = lba % Self.sectorsPerBlock * Self.sectorSize
      guard start + Self.sectorSize <= bytes.count else { return nil }
      return Array(bytes[start..<start + Self.sectorSize])
    }
    return fromFile(lba, 1)
  }

  /// Writes the sector `lba`: `data[start ..< start + 512]`, filled up with zeros if that is too short.
  ///
  /// - Returns: false (and nothing is changed) if there is no such sector, or if the host can't read what is around it.
  @discardableResult
  public func write(_ lba: Int, _ data: [UInt8], from start: Int = 0) -> Bool {
    guard (0..<sectorCount).contains(lba), start >= 0 else { return false }
    let block = lba / Self.sectorsPerBlock
    // Out of the dictionary while it is changed, so that the array isn't copied.
    guard var bytes = written.removeValue(forKey: block) ?? originals[block] ?? blockFromFile(block) else {
      return false
    }
    let at = lba % Self.sectorsPerBlock * Self.sectorSize
    guard at + Self.sectorSize <= bytes.count else { return false }
    var sector = Array(data.dropFirst(start).prefix(Self.sectorSize))
    while sector.count < Self.sectorSize { sector.append(0) }
    if writesFile, !isDetached, originals[block] == nil { originals[block] = bytes }
    bytes.replaceSubrange(at..<at + Self.sectorSize, with: sector)
    written[block] = bytes
    accessCount &+= 1
    if writesFile, !isDetached {
      do {
        try file.write(sector, at: lba * Self.sectorSize)
        hostError = nil
      } catch { hostError = error }
    }
    return true
  }

  /// Has the host put the writes so far on its disk.
  ///
  /// - Throws: what the host says.
  public func sync() throws(StorageError) { try file.sync() }

  private func sectors(in block: Int) -> Int {
    max(min(Self.sectorsPerBlock, sectorCount - block * Self.sectorsPerBlock), 0)
  }

  private func blockFromFile(_ block: Int) -> [UInt8]? {
    fromFile(block * Self.sectorsPerBlock, sectors(in: block))
  }

  private func fromFile(_ lba: Int, _ count: Int) -> [UInt8]? {
    do {
      let bytes = try file.read(at: lba * Self.sectorSize, count: count * Self.sectorSize)
      guard bytes.count == count * Self.sectorSize else {
        hostError = .unreadable(path: name, reason: "it has become shorter")
        return nil
      }
      return bytes
    } catch {
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
  }

  /// The part's state as a tree.
  public func savedPart() throws -> SavedValue {
    var saved = Saved()
    saved.sectorCount = sectorCount
    saved.digest = digest(over: written)
    saved.blocks = written.keys.sorted().map { SavedBlock(index: $0, bytes: written[$0] ?? []) }
    return try saved.savedValue()
  }

  /// Takes back what `savedPart` gave, or throws and changes nothing.
  public func loadPart(_ value: SavedValue) throws {
    let (saved, _) = try Saved.loading(value)
    guard saved.sectorCount == sectorCount else {
      throw SavedStateError.mismatch(
        "\(name) has \(sectorCount) sectors, the disk of the saved state \(saved.sectorCount)")
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
    written = loaded
    isDetached = writesFile && !fileIsCurrent
  }

  /// Whether the file holds what the guest sees, in all blocks that were ever written.
  private var fileIsCurrent: Bool {
    for block in Set(written.keys).union(originals.keys) {
      guard let seen = written[block] ?? originals[block], blockFromFile(block) == seen else { return false }
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
      for byte in written[block] ?? originals[block] ?? blockFromFile(block) ?? [] {
        sum = (sum ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
      }
    }
    return sum
  }
}
