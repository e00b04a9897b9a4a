public import Hardware

/// Takes sectors that the guest has written, to keep them where the image came from. One per file format.
public protocol FloppyStore: AnyObject {
  /// Whether the format can hold this track.
  func canStore(_ track: FloppyTrack, cylinder: Int, head: Int) -> Bool
  /// Writes one sector of `track`, at once.
  func store(_ track: FloppyTrack, sector: Int, cylinder: Int, head: Int) throws(StorageError)
  /// Everything is to be on the host's disk when this returns.
  func sync() throws(StorageError)
}

/// A floppy disk: tracks of sectors, whatever the format of the file they came from.
///
/// **What a saved state holds.** The tracks that changed since insertion, whole, and a digest of all that the guest
/// sees. What was inserted (`base`) is not in the state. A write goes to the guest's view and, where the image may be
/// written, to the host's file in the same moment, so the file runs ahead of older states. Loading lays the saved
/// tracks over the base and compares digests: the file as it was at insertion, or as it was at the moment of saving,
/// gives the same disk; any other file is refused. **A state never changes a file**: if what the guest now sees isn't
/// what the file holds, the disk is detached from the file (`isDetached`), and later writes live in memory and in
/// saved states only, until `commit()` or until a state that matches the file is loaded.
public final class FloppyImage: SavedPart {
  /// Tracks per side that are kept room for: two more than the farthest any drive can step.
  public static let maxCylinders = 86

  /// What messages call it: the file's path.
  public let name: String
  /// How the disk was formatted when it came.
  public let geometry: FloppyGeometry
  /// The guest sees the write-protect notch. Settable, as on the disk.
  public var isWriteProtected: Bool
  /// Identity of the base, given by the layer that knows about hashes and archives; empty if unknown. When both a
  /// state and the disk have one, they must agree.
  public var contentIdentity = ""
  /// The last refusal of the host to take a write (disk full, say). The guest's view still has the data.
  public private(set) var hostError: StorageError?
  /// A saved state was loaded whose content isn't the file's: writes no longer go to the file.
  public private(set) var isDetached = false
  /// Counts the guest's writes: front ends look at it to see "changed".
  public private(set) var writeCount: UInt64 = 0

  private let base: [FloppyTrack]
  private var tracks: [FloppyTrack]
  private var changed: [Bool]
  /// What the host's file holds, as far as the format can.
  private var stored: [FloppyTrack]
  private let store: (any FloppyStore)?

  /// A disk with `tracks` indexed by cylinder * 2 + head (missing ones are unformatted); `store` takes the writes, nil
  /// keeps them in memory only.
  public init(
    name: String, geometry: FloppyGeometry, tracks: [FloppyTrack], isWriteProtected: Bool, store: (any FloppyStore)?
  ) {
    self.name = name
    self.geometry = geometry
    self.isWriteProtected = isWriteProtected
    self.store = store
    var all = Array(tracks.prefix(Self.maxCylinders * 2))
    while all.count < Self.maxCylinders * 2 { all.append(FloppyTrack()) }
    base = all
    self.tracks = all
    stored = all
    changed = [Bool](repeating: false, count: all.count)
  }

  // MARK: Access

  private func index(_ cylinder: Int, _ head: Int) -> Int? {
    guard (0..<Self.maxCylinders).contains(cylinder), (0...1).contains(head) else { return nil }
    return cylinder * 2 + head
  }

  /// The track under a head; unformatted where there is none.
  public func track(cylinder: Int, head: Int) -> FloppyTrack {
    guard let at = index(cylinder, head) else { return FloppyTrack() }
    return tracks[at]
  }

  /// Replaces the data field of the sector that is `sector`th from the index hole, with a good CRC.
  ///
  /// - Returns: false (and nothing is changed) when the disk is write-protected or there is no such sector.
  @discardableResult
  public func write(_ data: [UInt8], deleted: Bool = false, sector: Int, cylinder: Int, head: Int) -> Bool {
    guard !isWriteProtected, let at = index(cylinder, head), tracks[at].sectors.indices.contains(sector) else {
      return false
    }
    tracks[at].sectors[sector].data = data
    tracks[at].sectors[sector].isDeleted = deleted
    tracks[at].sectors[sector].hasDataError = false
    tracks[at].sectors[sector].lacksData = false
    tracks[at].sectors[sector].weakBits = nil
    changed[at] = true
    writeCount &+= 1
    put(at, sector...sector)
    return true
  }

  /// Replaces a whole track, as formatting does.
  ///
  /// - Returns: false (and nothing is changed) when the disk is write-protected or there is no such track.
  @discardableResult
  public func format(_ track: FloppyTrack, cylinder: Int, head: Int) -> Bool {
    guard !isWriteProtected, let at = index(cylinder, head) else { return false }
    tracks[at] = track
    changed[at] = true
    writeCount &+= 1
    if !track.sectors.isEmpty { put(at, 0...track.sectors.count - 1) }
    return true
  }

  private func put(_ at: Int, _ sectors: ClosedRange<Int>) {
    guard let store, !isDetached, store.canStore(tracks[at], cylinder: at / 2, head: at % 2) else { return }
    do {
      for sector in sectors { try store.store(tracks[at], sector: sector, cylinder: at / 2, head: at % 2) }
      stored[at] = tracks[at]
      hostError = nil
    } catch { hostError = error }
  }

  /// The tracks whose present content the host's file doesn't hold: (cylinder, head).
  public var unstored: [(cylinder: Int, head: Int)] {
    tracks.indices.filter { tracks[$0] != stored[$0] }.map { ($0 / 2, $0 % 2) }
  }

  /// Writes everything the guest sees to the host's file, as far as its format can hold it, and attaches it again.
  ///
  /// - Throws: what the host says.
  public func commit() throws(StorageError) {
    guard let store else { return }
    for at in tracks.indices
    where tracks[at] != stored[at] && store.canStore(tracks[at], cylinder: at / 2, head: at % 2) {
      for sector in tracks[at].sectors.indices {
        try store.store(tracks[at], sector: sector, cylinder: at / 2, head: at % 2)
      }
      stored[at] = tracks[at]
    }
    try store.sync()
    isDetached = false
    hostError = nil
  }

  /// Writes of the guest wait for the host to take them.
  public var isWaitingForHost: Bool { hostError != nil && store != nil && !isDetached }

  /// Tries again to write what the host has refused.
  ///
  /// - Returns: true if nothing waits any more.
  public func retry() -> Bool {
    guard isWaitingForHost else { return true }
    do { try commit() } catch { hostError = error }
    return hostError == nil
  }

  /// Has the host put the writes so far on its disk.
  ///
  /// - Throws: what the host says.
  public func sync() throws(StorageError) { try store?.sync() }

  // MARK: Saved state

  struct SavedTrack: Codable {
    var index: Int
    var track: FloppyTrack
  }

  struct Saved: SavedState {
    var identity = ""
    var digest: UInt64 = 0
    var isWriteProtected = false
    var tracks: [SavedTrack] = []
  }

  /// The part's state as a tree.
  public func savedPart() throws -> SavedValue {
    var saved = Saved()
    saved.identity = contentIdentity
    saved.digest = Self.digest(tracks)
    saved.isWriteProtected = isWriteProtected
    saved.tracks = tracks.indices.filter { changed[$0] }.map { SavedTrack(index: $0, track: tracks[$0]) }
    return try saved.savedValue()
  }

  /// Throws what `loadPart` would, and changes nothing.
  public func checkPart(_ value: SavedValue) throws { _ = try decode(value) }

  private func decode(
    _ value: SavedValue
  ) throws -> (saved: Saved, tracks: [FloppyTrack], changed: [Bool]) {
    let (saved, _) = try Saved.loading(value)
    guard saved.identity.isEmpty || contentIdentity.isEmpty || saved.identity == contentIdentity else {
      throw SavedStateError.mismatch("\(name) is not the disk that was in the drive when the state was saved")
    }
    var loaded = base
    var marks = [Bool](repeating: false, count: base.count)
    for item in saved.tracks {
      guard loaded.indices.contains(item.index), item.track.isPlausible else {
        throw SavedStateError.outOfRange(path: "\(name): track")
      }
      loaded[item.index] = item.track
      marks[item.index] = true
    }
    guard Self.digest(loaded) == saved.digest else {
      throw SavedStateError.mismatch("\(name) has other contents than when the state was saved")
    }
    return (saved, loaded, marks)
  }

  /// Takes back what `savedPart` gave, or throws and changes nothing.
  public func loadPart(_ value: SavedValue) throws {
    let (saved, loaded, marks) = try decode(value)
    tracks = loaded
    changed = marks
    isWriteProtected = saved.isWriteProtected
    isDetached = store != nil && tracks != stored
  }

  /// A 64-bit sum of everything on the disk: tells one disk from another, but is no defence against malice.
  private static func digest(_ tracks: [FloppyTrack]) -> UInt64 {
    var sum: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ word: UInt64) {
      sum = (sum ^ word) &* 0x0000_0100_0000_01B3
      sum ^= sum >> 29
    }
    for (at, track) in tracks.enumerated() where !track.sectors.isEmpty {
      add(UInt64(at))
      add(UInt64(truncatingIfNeeded: track.trackBits) << 1 | (track.isFM ? 1 : 0))
      for sector in track.sectors {
        let id = sector.id
        add(UInt64(id.cylinder) | UInt64(id.head) << 8 | UInt64(id.record) << 16 | UInt64(id.sizeCode) << 24)
        add(
          (sector.isDeleted ? 1 : 0) | (sector.hasDataError ? 2 : 0) | (sector.hasIDError ? 4 : 0)
            | (sector.lacksData ? 8 : 0))
        for byte in sector.weakBits ?? [] { add(UInt64(byte)) }
        sector.data.withUnsafeBytes { bytes in
          var at = 0
          while at + 8 <= bytes.count {
            add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
            at += 8
          }
          while at < bytes.count {
            add(UInt64(bytes[at]))
            at += 1
          }
        }
      }
    }
    return sum
  }
}
