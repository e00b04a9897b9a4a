import Hardware
import PC
import Storage

/// A floppy disk of any kind as bytes of fixed places, so that a track that is written changes nothing else: a slot of
/// 32 KB for what it is, then one for each of 172 tracks (cylinder * 2 + head). A slot is a tree in the form of
/// `SavedValue.serialized` with its length, 4 bytes, in front; an unformatted track's slot is zeros.
enum FloppyTracks {
  static let slotSize = 32_768
  static let size = (FloppyImage.maxCylinders * 2 + 1) * slotSize

  /// What a disk is, besides its tracks.
  struct Head: Codable {
    var geometry: FloppyGeometry
    var isWriteProtected: Bool
  }

  /// `value` as a slot; nil if it doesn't fit.
  private static func slot(_ value: some Encodable) -> [UInt8]? {
    guard let bytes = (try? SavedValue(encoding: value))?.serialized(), bytes.count <= slotSize - 4 else { return nil }
    let length = (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) }
    return length + bytes + [UInt8](repeating: 0, count: slotSize - 4 - bytes.count)
  }

  /// A track as a slot; nil if it doesn't fit.
  static func slot(of track: FloppyTrack) -> [UInt8]? {
    track == FloppyTrack() ? [UInt8](repeating: 0, count: slotSize) : slot(track)
  }

  /// A whole disk.
  ///
  /// - Throws: `ArchiveError.refused` if a track has more on it than a real one has room for.
  static func bytes(of disk: FloppyImage) throws -> [UInt8] {
    guard var bytes = slot(Head(geometry: disk.geometry, isWriteProtected: disk.isWriteProtected)) else {
      throw ArchiveError.refused("\(disk.name): its geometry can't be kept")
    }
    bytes.reserveCapacity(size)
    for at in 0..<FloppyImage.maxCylinders * 2 {
      guard let slot = slot(of: disk.track(cylinder: at / 2, head: at % 2)) else {
        throw ArchiveError.refused("\(disk.name): cylinder \(at / 2) has more on it than a track has room for")
      }
      bytes += slot
    }
    return bytes
  }

  /// The disk that `bytes` are.
  ///
  /// - Throws: `ArchiveError.damaged`.
  static func disk(_ bytes: [UInt8], name: String, store: (any FloppyStore)?) throws -> FloppyImage {
    guard bytes.count == size else { throw ArchiveError.damaged("\(name) isn't a disk of tracks") }
    func read<T: Decodable>(_ slot: Int, _ type: T.Type) throws -> T? {
      let start = slot * slotSize
      let length = (0..<4).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) }
      guard length <= slotSize - 4 else { throw ArchiveError.damaged("\(name): slot \(slot) is too long") }
      guard length > 0 else { return nil }
      do {
        return try SavedValue(serialized: Array(bytes[start + 4..<start + 4 + length])).decode(type).state
      } catch { throw ArchiveError.damaged("\(name): slot \(slot): \(error)") }
    }
    guard let head = try read(0, Head.self) else { throw ArchiveError.damaged("\(name) has no geometry") }
    let tracks = try (1...FloppyImage.maxCylinders * 2).map { slot in
      let track = try read(slot, FloppyTrack.self) ?? FloppyTrack()
      guard track.isPlausible else { throw ArchiveError.damaged("\(name): slot \(slot) is no track") }
      return track
    }
    return FloppyImage(
      name: name, geometry: head.geometry, tracks: tracks, isWriteProtected: head.isWriteProtected, store: store)
  }
}

/// Takes what the guest writes on a floppy disk that is kept by its tracks.
final class LiveTrackStore: FloppyStore {
  private let store: LiveStore
  private let medium: Int64
  private let cache = ChunkCache()

  init(_ store: LiveStore, medium: Int64) {
    self.store = store
    self.medium = medium
  }

  func canStore(_ track: FloppyTrack, cylinder: Int, head: Int) -> Bool { FloppyTracks.slot(of: track) != nil }

  func store(_ track: FloppyTrack, sector: Int, cylinder: Int, head: Int) throws(StorageError) {
    guard let slot = FloppyTracks.slot(of: track) else { return }
    do {
      try store.write(medium, at: (cylinder * 2 + head + 1) * FloppyTracks.slotSize, slot, cache: cache)
    } catch { throw .unwritable(path: store.file.path, reason: hostReason(store.file.path, error)) }
  }

  func sync() throws(StorageError) {
    do { try store.flush() } catch {
      throw .unwritable(path: store.file.path, reason: hostReason(store.file.path, error))
    }
  }
}

/// A CD in a machine file, or one of the files that its cue sheet names.
final class LiveCD: CDSource {
  let name: String
  let byteCount: Int
  private let store: LiveStore
  private let medium: Int64
  private let cache = ChunkCache()

  init(_ store: LiveStore, medium: Medium) throws {
    self.store = store
    self.medium = medium.id
    name = Medium.prefix + medium.name
    byteCount = medium.size
    try store.open(medium.id)
  }

  func read(at offset: Int, count: Int) throws(StorageError) -> [UInt8] {
    guard offset >= 0, count > 0, offset < byteCount else { return [] }
    do {
      return try store.bytes(medium, at: offset, count: min(count, byteCount - offset), cache: cache)
    } catch { throw .unreadable(path: name, reason: hostReason(store.file.path, error)) }
  }
}
