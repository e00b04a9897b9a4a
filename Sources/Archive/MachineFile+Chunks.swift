import Dispatch
import Foundation
import GRDB
import Hardware
import Synchronization

/// Work on many chunks, by several threads.
enum Parallel {
  /// How many threads the host runs at a time.
  static var threads: Int { max(ProcessInfo.processInfo.activeProcessorCount, 1) }

  /// Calls `body` on up to `threads` threads, this one among them; each asks for a range of `0 ..< count` until there is
  /// none left.
  static func work(
    _ count: Int, threads: Int = Parallel.threads, _ body: @Sendable (_ next: () -> Range<Int>?) throws -> Void
  ) throws {
    let portion = 32
    let done = Atomic(0)
    let failure = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: min(threads, (count + portion - 1) / portion)) { _ in
      do {
        try body {
          let start = done.add(portion, ordering: .relaxed).oldValue
          return start < count ? start..<min(start + portion, count) : nil
        }
      } catch { failure.withLock { $0 = error } }
    }
    if let failure = failure.withLock({ $0 }) { throw failure }
  }
}

extension MachineFile {
  /// A chunk, and where it goes.
  private struct Wanted {
    var id: Int64
    var digest: Digest
    var offset: Int
    var size: Int
  }

  /// Unpacks chunks into `target`, each checked. Not within a transaction.
  private func fill(_ target: UnsafeMutableRawBufferPointer, _ wanted: [Wanted]) throws {
    // In the order of the file.
    let sorted = wanted.sorted { $0.id < $1.id }
    nonisolated(unsafe) let target = target
    try Parallel.work(sorted.count) { next in
      try database.read { db in
        let store = ChunkStore(db: db)
        while let range = next() {
          for chunk in sorted[range] {
            try store.read(
              chunk.id, chunk.digest,
              into: UnsafeMutableRawBufferPointer(rebasing: target[chunk.offset..<chunk.offset + chunk.size]))
          }
        }
      }
    }
  }

  private func bytes(_ count: Int, _ wanted: [Wanted]) throws -> [UInt8] {
    var failure: (any Error)?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      do {
        try fill(UnsafeMutableRawBufferPointer(buffer), wanted)
        used = count
      } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }

  /// The bytes of a whole content, each chunk checked. Not within a transaction.
  func bytes(of layer: Int64) throws -> [UInt8] {
    let (map, ids) = try database.read { try ChunkStore(db: $0).places(layer) }
    return try bytes(
      map.size,
      map.digests.indices.map {
        Wanted(id: ids[$0], digest: map.digests[$0], offset: $0 * Schema.chunkSize, size: map.bytes(at: $0))
      })
  }

  /// What makes a content of `ram`: the chunks in which they differ, each checked. Not within a transaction.
  func patch(_ ram: UnsafeRawBufferPointer, to map: ChunkMap, _ ids: [Int64]) throws -> MemoryPatch {
    // Of another size: that is found out, and said, where the state is looked at.
    guard ram.count == map.size else { return MemoryPatch(ramSize: map.size, pieces: [], bytes: []) }
    let differs = try Self.differences(ram, map)
    var wanted: [Wanted] = []
    var pieces: [MemoryPatch.Piece] = []
    var offset = 0
    for position in map.digests.indices where differs[position] {
      let size = map.bytes(at: position)
      wanted.append(Wanted(id: ids[position], digest: map.digests[position], offset: offset, size: size))
      pieces.append(MemoryPatch.Piece(address: position * Schema.chunkSize, offset: offset, count: size))
      offset += size
    }
    return MemoryPatch(ramSize: map.size, pieces: pieces, bytes: try bytes(offset, wanted))
  }

  private static func differences(_ ram: UnsafeRawBufferPointer, _ map: ChunkMap) throws -> [Bool] {
    try [Bool](unsafeUninitializedCapacity: map.digests.count) { buffer, used in
      nonisolated(unsafe) let (differs, ram) = (buffer, ram)
      try Parallel.work(map.digests.count) { next in
        while let range = next() {
          for position in range {
            let (piece, digest) = (Chunk.piece(ram, position), map.digests[position])
            // A machine that was just switched on is zeros, which are quickly told from anything else.
            differs[position] =
              Chunk.isZero(piece) ? digest != .zeros : digest == .zeros || Digest(of: piece) != digest
          }
        }
      }
      used = map.digests.count
    }
  }
}
