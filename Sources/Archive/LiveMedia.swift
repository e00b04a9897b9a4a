import PC
import Storage

/// A hard disk in a machine file.
final class LiveDisk {
  let name: String
  let sectorCount: Int
  let isWritable = true
  private let store: LiveStore
  private let medium: Int64
  private let cache = ChunkCache()

  init(_ store: LiveStore, medium: Int64, name: String, size: Int) {
    self.store = store
    self.medium = medium
    self.name = name
    sectorCount = size / 512
  }
}

extension LiveDisk: GenerationStore {
  func read(_ lba: Int, count: Int) throws(StorageError) -> [UInt8] {
    guard lba >= 0, count >= 0, lba <= sectorCount, count <= sectorCount - lba else {
      throw .outside(path: name, sector: lba, sectors: sectorCount)
    }
    do { return try store.bytes(medium, at: lba * 512, count: count * 512, cache: cache) } catch {
      throw .unreadable(path: name, reason: hostReason(store.file.path, error))
    }
  }

  func write(_ lba: Int, _ bytes: [UInt8]) throws(StorageError) {
    let count = bytes.count / 512
    guard lba >= 0, lba <= sectorCount, count <= sectorCount - lba, bytes.count % 512 == 0 else {
      throw .outside(path: name, sector: lba, sectors: sectorCount)
    }
    do { try store.write(medium, at: lba * 512, bytes, cache: cache) } catch {
      throw .unwritable(path: name, reason: hostReason(store.file.path, error))
    }
  }

  func flush() throws(StorageError) {
    do { try store.flush() } catch {
      throw .unwritable(path: name, reason: hostReason(store.file.path, error))
    }
  }

  func keepGeneration() throws(StorageError) -> String { store.keep(medium).description }

  func hasGeneration(_ generation: String) -> Bool {
    guard let identity = Digest(hexadecimal: generation) else { return false }
    return (try? store.knows(medium, identity)) ?? false
  }

  func restoreGeneration(_ generation: String) throws(StorageError) {
    do {
      guard let identity = Digest(hexadecimal: generation) else {
        throw ArchiveError.damaged("a generation has no name")
      }
      try store.restore(medium, identity)
    } catch { throw .unreadable(path: name, reason: hostReason(store.file.path, error)) }
  }
}

/// Takes what the guest writes on a floppy disk that is kept in a machine file as a raw image.
final class LiveFloppyStore: FloppyStore {
  private let store: LiveStore
  private let medium: Int64
  private let geometry: FloppyGeometry
  private let cache = ChunkCache()

  init(_ store: LiveStore, medium: Int64, geometry: FloppyGeometry) {
    self.store = store
    self.medium = medium
    self.geometry = geometry
  }

  func canStore(_ track: FloppyTrack, cylinder: Int, head: Int) -> Bool {
    guard cylinder < geometry.cylinders, head < geometry.heads, track.sectors.count == geometry.sectorsPerTrack else {
      return false
    }
    let records = Set(track.sectors.map(\.id.record))
    return records.count == track.sectors.count
      && track.sectors.allSatisfy { sector in
        let id = sector.id
        return id.cylinder == cylinder && id.head == head && id.sizeCode == geometry.sizeCode
          && (1...geometry.sectorsPerTrack).contains(Int(id.record)) && sector.data.count == geometry.sectorSize
      }
  }

  func store(_ track: FloppyTrack, sector: Int, cylinder: Int, head: Int) throws(StorageError) {
    let data = track.sectors[sector]
    let linear = (cylinder * geometry.heads + head) * geometry.sectorsPerTrack + Int(data.id.record) - 1
    do { try store.write(medium, at: linear * geometry.sectorSize, data.data, cache: cache) } catch {
      throw .unwritable(path: store.file.path, reason: hostReason(store.file.path, error))
    }
  }

  func sync() throws(StorageError) {
    do { try store.flush() } catch {
      throw .unwritable(path: store.file.path, reason: hostReason(store.file.path, error))
    }
  }
}
