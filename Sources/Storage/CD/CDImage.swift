public import Hardware

/// A CD: tracks of data and sound. It can't be written.
///
/// **What a saved state holds.** The layout and a digest of blocks spread evenly over the disc: a state is loaded into a
/// machine that has the same disc in its drive.
public final class CDImage: SavedPart {
  /// What messages call it: the file's path.
  public let name: String
  /// In order, at least one.
  public let tracks: [CDTrack]
  /// Where the lead-out begins: how many blocks there are.
  public let leadOut: Int
  /// The host's last refusal.
  public private(set) var hostError: StorageError?
  /// Counts the blocks that were read: who wants to see whether the drive works looks at it.
  public private(set) var accessCount: UInt64 = 0
  private let extents: [CDExtent]

  /// Bytes of user data in a block of mode 1 or mode 2 form 1.
  public static let dataBytes = 2048
  /// Bytes in a whole block.
  public static let rawBytes = 2352

  /// A disc with these tracks; `CDImage.open` makes them.
  init(name: String, tracks: [CDTrack], extents: [CDExtent], leadOut: Int) {
    self.name = name
    self.tracks = tracks
    self.extents = extents
    self.leadOut = leadOut
  }

  /// One data track of 2048-byte blocks: an ISO image, or one that is built on the fly.
  ///
  /// - Throws: `damaged` if there isn't a single block, or more than a CD can address.
  public convenience init(data source: any CDSource) throws(StorageError) {
    try self.init(source, format: .mode1Cooked)
  }

  // MARK: Blocks

  /// The track of block `lba`, its pre-gap included; nil outside the disc.
  public func track(at lba: Int) -> CDTrack? {
    guard lba >= 0, lba < leadOut else { return nil }
    return tracks.last { $0.pregap <= lba } ?? tracks.first
  }

  /// User data of `count` blocks from `lba` on, 2048 bytes each; nil if one of them is sound, form 2 or not there, or
  /// if the host can't read it.
  public func data(_ lba: Int, count: Int) -> [UInt8]? {
    guard lba >= 0, count > 0, lba < leadOut, count <= leadOut - lba else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * Self.dataBytes)
    var at = lba
    while at < lba + count {
      guard let extent = extent(at), !extent.format.isAudio else { return nil }
      if extent.format == .mode1Cooked {
        let run = min(extent.lba + extent.count, lba + count) - at
        guard let read = stored(at, count: run, extent) else { return nil }
        bytes += read
        at += run
      } else {
        guard let block = stored(at, count: 1, extent) else { return nil }
        // Mode 2: bit 5 of the submode says form 2, whose 2324 bytes aren't user data in this sense.
        let start = extent.format.dataOffset
        if extent.format.isMode2, block[start - 6] & 0x20 != 0 { return nil }
        bytes += block[start..<start + Self.dataBytes]
        at += 1
      }
    }
    return bytes
  }

  /// All 2352 bytes of block `lba`: sound as it is, data with sync, header and codes. Nil as for `data`.
  public func raw(_ lba: Int) -> [UInt8]? {
    guard let extent = extent(lba), let block = stored(lba, count: 1, extent) else { return nil }
    switch extent.format {
    case .audio:
      guard extent.isBigEndian else { return block }
      return stride(from: 0, to: block.count - 1, by: 2).flatMap { [block[$0 + 1], block[$0]] }
    case .mode1Raw, .mode2Raw: return block
    case .mode1Cooked: return CDSector.mode1(lba: lba, data: block)
    case .mode2Headless: return CDSector.header(lba: lba, mode: 2) + block
    }
  }

  private func extent(_ lba: Int) -> CDExtent? {
    extents.first { $0.lba <= lba && lba < $0.lba + $0.count }
  }

  private func stored(_ lba: Int, count: Int, _ extent: CDExtent) -> [UInt8]? {
    accessCount &+= UInt64(truncatingIfNeeded: count)
    let size = extent.format.storedBytes
    guard let source = extent.source else { return [UInt8](repeating: 0, count: size * count) }
    do {
      let bytes = try source.read(at: extent.offset + (lba - extent.lba) * size, count: size * count)
      guard bytes.count == size * count else {
        hostError = .unreadable(path: source.name, reason: "it has become shorter")
        return nil
      }
      return bytes
    } catch {
      hostError = error
      return nil
    }
  }

  // MARK: Saved state

  struct Saved: SavedState {
    var blocks = 0
    var digest: UInt64 = 0
  }

  private static let digestBlocks = 32

  /// FNV-1a over the layout and blocks spread over the disc.
  private func digest() -> UInt64 {
    var sum: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ byte: UInt8) { sum = (sum ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    for track in tracks {
      for number in [track.number, track.pregap, track.start, track.end, Int(track.control)] {
        for shift in 0..<4 { add(UInt8(truncatingIfNeeded: number >> (8 * shift))) }
      }
    }
    for n in 0..<Self.digestBlocks {
      let lba = n * leadOut / Self.digestBlocks
      guard let extent = extent(lba), let block = stored(lba, count: 1, extent) else { continue }
      for byte in block { add(byte) }
    }
    return sum
  }

  /// The part's state as a tree.
  public func savedPart() throws -> SavedValue {
    var saved = Saved()
    saved.blocks = leadOut
    saved.digest = digest()
    return try saved.savedValue()
  }

  /// Throws unless `value` is about this disc.
  public func loadPart(_ value: SavedValue) throws { try checkPart(value) }

  /// Throws what `loadPart` would.
  public func checkPart(_ value: SavedValue) throws {
    let (saved, _) = try Saved.loading(value)
    guard saved.blocks == leadOut, saved.digest == digest() else {
      throw SavedStateError.mismatch("\(name) isn't the CD that was in the drive when the state was saved")
    }
  }
}
