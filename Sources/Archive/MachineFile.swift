import Foundation
import GRDB
import Glibc
public import PC
import Synchronization

/// A machine file: an SQLite database with a machine's configuration, media and snapshots. README.md in this folder
/// describes the format for those who want to read it without this program.
///
/// A file opened for writing is locked until this object goes: two programs never write one machine.
public final class MachineFile: Sendable {
  /// What a file is opened for.
  public enum Access: Sendable {
    /// Looking: works beside a running machine.
    case reading
    /// Running or changing.
    case writing
  }

  /// The file's path.
  public let path: String
  /// What it was opened for.
  public let access: Access
  let database: any DatabaseWriter
  /// The row of the machine that is meant: a file may hold several, clones that share chunks.
  let machine: Int64
  // Declared after the database, so that it is closed after it: closing any descriptor of a file ends SQLite's own locks.
  private let lock: FileLock?
  /// Layers that a snapshot will name that isn't there yet, and how often.
  private let pins = Mutex<[Int64: Int]>([:])

  /// Opens the machine file at `path`, and in it the machine called `name`, by default its first.
  ///
  /// - Throws: `HostError.file` if it is missing, empty, something else, of a later version, or in use.
  public init(path: String, machine name: String? = nil, access: Access) throws(HostError) {
    self.path = path
    self.access = access
    try Self.checkHeader(path)
    lock = access == .writing ? try FileLock(path: path) : nil
    let opened: (any DatabaseWriter, Int64) = try naming(path) {
      let database: any DatabaseWriter
      switch access {
      case .writing: database = try DatabasePool(path: path, configuration: Self.configuration(readonly: false))
      case .reading: database = try Self.reader(path)
      }
      return try database.read { db in
        guard try Int32.fetchOne(db, sql: "PRAGMA application_id") == Schema.applicationID else {
          throw ArchiveError.refused("is an SQLite database, but not a machine file")
        }
        let version = try Int32.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard version <= Schema.version else { throw Self.tooNew(version) }
        guard try db.tableExists("machine"), try db.tableExists("layer_chunk") else {
          throw ArchiveError.damaged("tables are missing")
        }
        let ids = try Row.fetchAll(db, sql: "SELECT id, name FROM machine ORDER BY id")
        guard let row = try ids.first(where: { try name == nil || name == $0.value(1) }) else {
          let names = try ids.map { try $0.value(1) as String }.joined(separator: ", ")
          throw ArchiveError.refused("has no machine called \(name ?? "anything"); it has \(names)")
        }
        return (database, try row.value(0) as Int64)
      }
    }
    (database, machine) = opened
    if access == .writing {
      try naming(path) {
        try opened.0.write { db in
          try Schema.migrate(db, from: try Int32.fetchOne(db, sql: "PRAGMA user_version") ?? 0)
        }
      }
    }
  }

  private static func tooNew(_ version: Int32) -> ArchiveError {
    .refused("has format \(version), this version of Heirloom reads up to \(Schema.version); take a newer Heirloom")
  }

  static func configuration(readonly: Bool) -> Configuration {
    var configuration = Configuration()
    configuration.readonly = readonly
    configuration.busyMode = .timeout(5)
    configuration.maximumReaderCount = Parallel.threads + 2
    configuration.prepareDatabase { db in
      // A commit is on the disk when it is over: a guest that flushes its disk has the host's word.
      // Temporary tables stay in memory: a machine's process may write nowhere but beside its file.
      try db.execute(
        sql: """
          PRAGMA synchronous = FULL; PRAGMA cache_size = -8000; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY
          """)
    }
    return configuration
  }

  /// A database opened for looking. One on a medium that can't be written, whose writer left no log, is opened as it is.
  private static func reader(_ path: String) throws -> DatabaseQueue {
    do {
      let queue = try DatabaseQueue(path: path, configuration: configuration(readonly: true))
      _ = try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_master") }
      return queue
    } catch let error as DatabaseError
      where [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains(error.resultCode) && Glibc.access(path + "-wal", F_OK) != 0
    {
      let escaped = path.map { "?#%".contains($0) ? "%" + String($0.asciiValue ?? 0, radix: 16) : String($0) }.joined()
      return try DatabaseQueue(path: "file:\(escaped)?immutable=1", configuration: configuration(readonly: true))
    }
  }

  /// Before SQLite sees it: an empty file would be a new database to it, and other files give no clear message.
  private static func checkHeader(_ path: String) throws(HostError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .file("\(path): \(HostFiles.reason())") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .file("\(path): is not a regular file; a machine file (.heirloom) is wanted")
    }
    guard status.st_size > 0 else { throw .file("\(path): is empty; a machine file has at least its configuration") }
    var head = [UInt8](repeating: 0, count: 100)
    guard pread(descriptor, &head, 100, 0) == 100, head.starts(with: Array("SQLite format 3\0".utf8)) else {
      throw .file("\(path): is not a machine file; one is made with `heirloom machine create`")
    }
    func word(_ at: Int) -> Int32 { head[at..<at + 4].reduce(0) { $0 << 8 | Int32($1) } }
    guard word(68) == Schema.applicationID else {
      throw .file("\(path): is an SQLite database, but not a machine file; take one with the ending .heirloom")
    }
    guard word(60) <= Schema.version else { throw hostError(path, tooNew(word(60))) }
    // A database cut off: its header says how many pages there are.
    let pageSize = Int(head[16]) << 8 | Int(head[17])
    let expected = (pageSize == 1 ? 65_536 : pageSize) * Int(word(28))
    if Glibc.access(path + "-wal", F_OK) != 0, Int(status.st_size) < expected {
      throw .file("\(path): is cut off: \(status.st_size) of \(expected) bytes; take a complete copy")
    }
  }

  /// Whether another program has the machine at `path` open for writing.
  public static func isRunning(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0
  }

  // MARK: Pins

  /// Layers that must stay, though nothing in the file names them yet.
  func pin(_ layers: [Int64]) { pins.withLock { for layer in layers { $0[layer, default: 0] += 1 } } }

  /// They are named now, or won't be.
  func unpin(_ layers: [Int64]) {
    pins.withLock { pins in
      for layer in layers {
        let count = (pins[layer] ?? 1) - 1
        pins[layer] = count > 0 ? count : nil
      }
    }
  }

  /// All of them.
  var pinned: [Int64] { pins.withLock { $0.keys.sorted() } }

  // MARK: Life

  /// Makes a file with an empty machine and hands it to `fill`; nothing is at `path` until all of it is there.
  ///
  /// - Throws: `HostError.file` if there is something at `path` already, or the host refuses.
  static func build(
    path: String, name: String, uuid: String = UUID().uuidString, _ fill: (MachineFile) throws -> Void
  ) throws(HostError) {
    guard Glibc.access(path, F_OK) != 0 else { throw .file("\(path): is there already; choose another name") }
    let unfinished = path + ".unfinished"
    for suffix in ["", "-wal", "-shm", "-journal"] { unlink(unfinished + suffix) }
    do {
      try naming(path) {
        try start(unfinished, name: name, uuid: uuid)
        do {
          let file = try MachineFile(path: unfinished, access: .writing)
          try fill(file)
          try file.finish()
        }
        guard Glibc.access(path, F_OK) != 0, Glibc.rename(unfinished, path) == 0 else {
          throw ArchiveError.refused("can't be made: \(HostFiles.reason())")
        }
        syncFolder(of: path)
      }
    } catch {
      for suffix in ["", "-wal", "-shm", "-journal"] { unlink(unfinished + suffix) }
      let error = hostError(path, error)
      throw HostError(error.kind, error.description.replacing(unfinished, with: path))
    }
  }

  private static func start(_ path: String, name: String, uuid: String) throws {
    let queue = try DatabaseQueue(path: path, configuration: configuration(readonly: false))
    try queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = DELETE")
      try db.inTransaction {
        try Schema.create(db)
        try db.execute(
          sql: "INSERT INTO machine (name, uuid, created, configuration) VALUES (?, ?, ?, '')",
          arguments: [name, uuid, HostMoment.now])
        try db.execute(
          sql: "PRAGMA application_id = \(Schema.applicationID); PRAGMA user_version = \(Schema.version)")
        return .commit
      }
    }
    try queue.close()
  }

  /// Closes the database so that it is one file again. The object can't be used afterwards.
  public func finish() throws(HostError) {
    try naming(path) {
      // Somebody has deleted the file while it was open: it isn't lost as long as we have it.
      if lock?.isDeleted == true, Glibc.access(path, F_OK) != 0 {
        try database.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [path]) }
        Self.syncFolder(of: path)
        try database.close()
        throw ArchiveError.refused("was deleted while it was in use; it has been written again")
      }
      if access == .writing {
        try database.writeWithoutTransaction { db in
          try db.execute(sql: "PRAGMA incremental_vacuum")
          _ = try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
      }
      try database.close()
      guard access == .writing else { return }
      defer { lock?.release() }
      // Somebody may be looking; then the log stays until the last one goes.
      var configuration = Configuration()
      configuration.busyMode = .immediateError
      if let queue = try? DatabaseQueue(path: path, configuration: configuration) {
        _ = try? queue.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA journal_mode = DELETE") }
        try? queue.close()
      }
    }
  }

  /// Has the host remember the file's name, not only its contents.
  static func syncFolder(of path: String) {
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}

/// The lock that keeps two programs from writing one machine. It goes with the process, however that ends.
private final class FileLock: Sendable {
  private let descriptor: Int32

  init(path: String) throws(HostError) {
    let opened = open(path, O_RDWR | O_CLOEXEC)
    guard opened >= 0 else {
      throw .file("\(path): can't be written (\(HostFiles.reason())); make it writable or use --read-only")
    }
    guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
      close(opened)
      throw .file("\(path): is in use by another Heirloom; close that one")
    }
    descriptor = opened
  }

  /// Whether the file has no name any more.
  var isDeleted: Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_nlink == 0
  }

  /// Lets others in, before this object goes.
  func release() { flock(descriptor, LOCK_UN) }

  deinit { close(descriptor) }
}
