import Dispatch
import GRDB
import PC
import Storage
import Synchronization

/// The media of a running machine that live in its file. What the guest writes is collected and put into the file in
/// transactions, on a thread of its own: when the guest flushes a disk, and otherwise half a second after the first
/// write. All media are cut at the same moment, so that what the file holds is always something that was.
///
/// The emulation thread meets the writing thread only under `lock`.
final class LiveStore: Sendable {
  let file: MachineFile
  private let queue = DispatchQueue(label: "heirloom.archive", qos: .utility)
  private let lock = Mutex(Shared())
  // Set up before anybody else sees this object, cancelled when nobody sees it any more.
  private nonisolated(unsafe) let timer: any DispatchSourceTimer

  /// What is written of one medium between two cuts.
  struct Batch: Sendable {
    var pieces: [Int: Piece] = [:]
  }
  struct Piece: Sendable {
    var bytes: [UInt8]
    var digest: Digest
  }
  /// One medium.
  struct Live: Sendable {
    let medium: Int64
    var map: ChunkMap
    var identity: Digest
    /// Written since the last cut.
    var dirty: [Int: [UInt8]] = [:]
    /// Cut, but not yet in the file; oldest first.
    var inFlight: [(job: Int, batch: Batch)] = []
    /// What `identity` names can be found in the file, or will be when the jobs are done.
    var isKept = false
  }
  /// Something to be put into the file, in order.
  struct Job: Sendable {
    let number: Int
    /// Media that go back to a kept layer, before anything else.
    var returned: [(medium: Int64, layer: Int64)]
    var media: [(medium: Int64, batch: Batch, keep: Digest?)]
    /// Done in the same transaction, after the media.
    var then: (@Sendable (Database) throws -> Void)?
    var done: (@Sendable (HostError?) -> Void)?
  }
  private struct Shared: Sendable {
    var media: [Int64: Live] = [:]
    var jobs: [Job] = []
    var lastJob = 0
    var failure: HostError?
    /// What the host could not read, and hasn't read since.
    var unread: (chunk: Digest, size: Int, failure: HostError)?
    var returned: [(medium: Int64, layer: Int64)] = []
    /// Nothing is cut: media are going back one by one, and belong together.
    var isHeld = false
  }

  init(_ file: MachineFile) {
    self.file = file
    timer = DispatchSource.makeTimerSource(queue: queue)
    timer.schedule(deadline: .now() + .milliseconds(500), repeating: .milliseconds(500), leeway: .milliseconds(50))
    timer.setEventHandler { [weak self] in self?.tick() }
    timer.resume()
  }

  deinit { timer.cancel() }

  // MARK: Media

  /// Makes a medium of the file live.
  func open(_ medium: Int64) throws {
    guard !lock.withLock({ $0.media[medium] != nil }) else { return }
    let map = try file.database.read { db in
      guard let layer = try Int64.fetchOne(db, sql: "SELECT layer FROM medium WHERE id = ?", arguments: [medium]) else {
        throw ArchiveError.damaged("medium \(medium) is missing")
      }
      return try ChunkStore(db: db).map(layer)
    }
    lock.withLock { $0.media[medium] = Live(medium: medium, map: map, identity: map.identity) }
  }

  /// All that are live.
  var media: [Int64] { lock.withLock { $0.media.keys.sorted() } }

  /// Where a chunk is.
  private enum Place {
    case bytes([UInt8])
    case chunk(Digest, size: Int)
  }

  /// The chunk at `position` of a medium as the guest sees it. `cached` knows chunks that were read before.
  func read(_ medium: Int64, _ position: Int, cache: ChunkCache) throws -> [UInt8] {
    let place: Place = try lock.withLock { shared in
      guard let live = shared.media[medium], live.map.digests.indices.contains(position) else {
        throw ArchiveError.damaged("a medium has no chunk \(position)")
      }
      if let bytes = live.dirty[position] { return .bytes(bytes) }
      for (_, batch) in live.inFlight.reversed() {
        if let piece = batch.pieces[position] { return .bytes(piece.bytes) }
      }
      return .chunk(live.map.digests[position], size: live.map.bytes(at: position))
    }
    switch place {
    case .bytes(let bytes): return bytes
    case .chunk(let digest, let size):
      if let bytes = cache[digest], bytes.count == size { return bytes }
      let bytes = digest == .zeros ? [UInt8](repeating: 0, count: size) : try chunk(digest, size)
      cache[digest] = bytes
      return bytes
    }
  }

  /// A chunk of the file. When the host can't read it at all (the stick is out), that is remembered and tried again.
  private func chunk(_ digest: Digest, _ size: Int) throws -> [UInt8] {
    do { return try file.database.read { try ChunkStore(db: $0).read(digest, size: size) } } catch let error
      as DatabaseError where error.resultCode == .SQLITE_IOERR
    {
      let failure = hostError(file.path, error)
      lock.withLock { $0.unread = (digest, size, failure) }
      throw error
    }
  }

  /// `count` bytes of a medium from byte `offset` on, as the guest sees them.
  func bytes(_ medium: Int64, at offset: Int, count: Int, cache: ChunkCache) throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    var at = offset
    while at < offset + count {
      let chunk = try read(medium, at / Schema.chunkSize, cache: cache)
      let start = at % Schema.chunkSize
      let end = min(chunk.count, start + offset + count - at)
      guard start < end else { throw ArchiveError.damaged("a medium is shorter than it should be") }
      bytes += chunk[start..<end]
      at += end - start
    }
    return bytes
  }

  /// The guest has written: `data` from byte `offset` on, across chunks.
  func write(_ medium: Int64, at offset: Int, _ data: [UInt8], cache: ChunkCache) throws {
    var done = 0
    while done < data.count {
      let position = (offset + done) / Schema.chunkSize
      let start = (offset + done) % Schema.chunkSize
      let count = min(Schema.chunkSize - start, data.count - done)
      let piece = data[done..<done + count]
      let isDone = lock.withLock { shared in
        guard shared.media[medium]?.dirty[position]?.replaceSubrange(start..<start + count, with: piece) != nil else {
          return false
        }
        shared.media[medium]?.isKept = false
        return true
      }
      if !isDone {
        // A cut may come in between; it changes where the chunk is kept, but not its bytes.
        var whole = try read(medium, position, cache: cache)
        guard start + count <= whole.count else { throw ArchiveError.damaged("a medium is shorter than it should be") }
        whole.replaceSubrange(start..<start + count, with: piece)
        lock.withLock { [whole] shared in
          shared.media[medium]?.dirty[position] = whole
          shared.media[medium]?.isKept = false
        }
      }
      done += count
    }
  }

  /// What a medium holds now, named by its contents; it can be gone back to by this name.
  func keep(_ medium: Int64) -> Digest {
    let identity = lock.withLock { shared -> Digest in
      Self.cut(&shared, keep: [medium], always: false)
      return shared.media[medium]?.identity ?? .zeros
    }
    queue.async { [self] in work() }
    return identity
  }

  /// Whether a medium can go back to what `identity` names.
  func knows(_ medium: Int64, _ identity: Digest) throws -> Bool {
    if lock.withLock({ $0.media[medium]?.identity == identity }) { return true }
    try drain()
    return try file.database.read { try self.layer(of: medium, identity, $0) != nil }
  }

  private func layer(of medium: Int64, _ identity: Digest, _ db: Database) throws -> Int64? {
    try Int64.fetchOne(
      db,
      sql: """
        SELECT layer.id FROM layer JOIN medium ON medium.size = layer.size
        WHERE medium.id = ? AND layer.identity = ? LIMIT 1
        """, arguments: [medium, identity.blob])
  }

  /// A medium goes back to what `identity` names.
  func restore(_ medium: Int64, _ identity: Digest) throws {
    if lock.withLock({ $0.media[medium]?.identity == identity && $0.media[medium]?.dirty.isEmpty == true }) { return }
    try drain()
    let (layer, map) = try file.database.read { db in
      guard let layer = try self.layer(of: medium, identity, db) else {
        throw ArchiveError.refused("has no such state of the medium")
      }
      return (layer, try ChunkStore(db: db).map(layer))
    }
    lock.withLock {
      $0.media[medium] = Live(medium: medium, map: map, identity: identity, isKept: true)
      if file.access == .writing { $0.returned.append((medium, layer)) }
    }
  }

  /// What `body` restores gets into the file in one piece, and with it what `then` does.
  func inOnePiece(_ body: () throws -> Void, then: @escaping @Sendable (Database) throws -> Void) throws {
    lock.withLock { $0.isHeld = true }
    do { try body() } catch {
      lock.withLock { $0.isHeld = false }
      throw error
    }
    guard file.access == .writing else { return lock.withLock { $0.isHeld = false } }
    submit(keep: [], then: then) { _ in }
  }

  // MARK: Jobs

  /// Cuts all media now and has `then` done in the same transaction; `done` is told on the writing thread.
  func submit(
    keep: [Int64], then: @escaping @Sendable (Database) throws -> Void, done: @escaping @Sendable (HostError?) -> Void
  ) {
    lock.withLock { shared in
      shared.isHeld = false
      Self.cut(&shared, keep: keep, always: true)
      let last = shared.jobs.count - 1
      shared.jobs[last].then = then
      shared.jobs[last].done = done
    }
    queue.async { [self] in work() }
  }

  /// Everything written so far is in the file, durably, when this returns.
  func flush() throws {
    lock.withLock { Self.cut(&$0, keep: [], always: false) }
    try drain()
  }

  /// All jobs are done when this returns.
  func drain() throws {
    let failure = queue.sync { () -> HostError? in
      work()
      return lock.withLock { $0.jobs.isEmpty ? nil : $0.failure }
    }
    if let failure { throw failure }
  }

  /// What the host last refused to take or give, and hasn't since.
  var failure: HostError? { lock.withLock { $0.failure ?? $0.unread?.failure } }

  private func tick() {
    lock.withLock { Self.cut(&$0, keep: [], always: false) }
    work()
    guard let unread = lock.withLock({ $0.unread }), (try? chunk(unread.chunk, unread.size)) != nil else { return }
    lock.withLock { $0.unread = nil }
  }

  /// Takes what is dirty in all media as one job: everything the guest has written up to this moment.
  private static func cut(_ shared: inout Shared, keep: [Int64], always: Bool) {
    guard !shared.isHeld else { return }
    shared.lastJob += 1
    var job = Job(number: shared.lastJob, returned: shared.returned, media: [])
    shared.returned = []
    for medium in shared.media.keys.sorted() {
      guard var live = shared.media.removeValue(forKey: medium) else { continue }
      var batch = Batch()
      for (position, bytes) in live.dirty {
        let digest = bytes.withUnsafeBytes { Chunk.digest($0) }
        guard digest != live.map.digests[position] else { continue }
        live.identity.toggle(live.map.digests[position], at: position)
        live.identity.toggle(digest, at: position)
        live.map.digests[position] = digest
        batch.pieces[position] = Piece(bytes: bytes, digest: digest)
      }
      live.dirty = [:]
      let keeps = keep.contains(medium) && !live.isKept
      if keeps { live.isKept = true }
      if !batch.pieces.isEmpty { live.inFlight.append((job.number, batch)) }
      if !batch.pieces.isEmpty || keeps { job.media.append((medium, batch, keeps ? live.identity : nil)) }
      shared.media[medium] = live
    }
    if always || !job.media.isEmpty || !job.returned.isEmpty { shared.jobs.append(job) }
  }

  /// Does the jobs in order, on the writing thread. One that the host refuses stays where it is and is tried again.
  private func work() {
    while let job = lock.withLock({ $0.jobs.first }) {
      do {
        try perform(job)
      } catch {
        let failure = hostError(file.path, error)
        lock.withLock { $0.failure = failure }
        guard job.then != nil else { return }
        // A snapshot that can't be kept doesn't hold up the disks.
        lock.withLock {
          $0.jobs[0].then = nil
          $0.jobs[0].done = nil
        }
        job.done?(failure)
        continue
      }
      lock.withLock { shared in
        shared.jobs.removeFirst()
        shared.failure = nil
        for (medium, _, _) in job.media { shared.media[medium]?.inFlight.removeAll { $0.job == job.number } }
      }
      job.done?(nil)
    }
  }

  private func perform(_ job: Job) throws {
    // Packing takes longest and needs no transaction.
    var packed: [[Chunk]] = []
    let zstd = Zstd()
    for (_, batch, _) in job.media {
      packed.append(
        try batch.pieces.keys.sorted().compactMap { position in
          guard let piece = batch.pieces[position] else { return nil }
          let frame = piece.digest == .zeros ? nil : try piece.bytes.withUnsafeBytes { try zstd.compress($0) }
          return Chunk(position: position, digest: piece.digest, size: piece.bytes.count, frame: frame)
        })
    }
    try file.database.write { db in
      let store = ChunkStore(db: db)
      for (medium, layer) in job.returned {
        try db.execute(sql: "UPDATE medium SET layer = ? WHERE id = ?", arguments: [layer, medium])
      }
      for ((medium, _, keep), chunks) in zip(job.media, packed) {
        let top = try Row.fetchOne(
          db,
          sql: """
            SELECT layer.id, layer.identity IS NOT NULL, layer.size FROM medium JOIN layer ON layer.id = medium.layer
            WHERE medium.id = ?
            """, arguments: [medium])
        guard let top else { throw ArchiveError.damaged("medium \(medium) is missing") }
        var layer: Int64 = top[0]
        if top[1] as Bool, !chunks.isEmpty {
          // A kept layer never changes: what is written from now on lies over it.
          layer = try store.newLayer(parent: layer, size: top[2])
          try db.execute(sql: "UPDATE medium SET layer = ? WHERE id = ?", arguments: [layer, medium])
        }
        try store.write(chunks, to: layer)
        if let keep {
          try db.execute(sql: "UPDATE layer SET identity = ? WHERE id = ?", arguments: [keep.blob, layer])
        }
      }
      try job.then?(db)
    }
  }
}

/// Chunks that were read lately. Belongs to one medium, and so to the emulation thread.
final class ChunkCache {
  private var chunks: [Digest: [UInt8]] = [:]
  private var order: [Digest] = []
  private static let capacity = 256

  subscript(digest: Digest) -> [UInt8]? {
    get { chunks[digest] }
    set {
      guard let newValue, chunks.updateValue(newValue, forKey: digest) == nil else { return }
      order.append(digest)
      if order.count > Self.capacity { chunks[order.removeFirst()] = nil }
    }
  }
}
