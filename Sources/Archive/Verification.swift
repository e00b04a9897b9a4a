import GRDB
import Hardware
public import PC
import Storage

extension MachineFile {
  /// Reads everything there is in the file and compares it with its sums.
  ///
  /// - Returns: what is wrong, a line each; empty if nothing is.
  public func verify(progress: Progress? = nil) throws(HostError) -> [String] {
    try naming(path) {
      var complaints: [String] = []
      try database.read { db in
        let check = try String.fetchAll(db, sql: "PRAGMA integrity_check(20)")
        complaints += check.filter { $0 != "ok" }.map { "SQLite: \($0)" }
        for row in try Row.fetchAll(db, sql: "PRAGMA foreign_key_check") {
          complaints.append(
            "a row of \(try row.value(0) as String) refers to one of \(try row.value(2) as String) that isn't there")
        }
        complaints += try Self.checkChunks(db, progress)
        complaints += try Self.checkLayers(db)
        complaints += try Self.checkStates(db)
      }
      complaints += checkOutside()
      return complaints
    }
  }

  private static func checkChunks(_ db: Database, _ progress: Progress?) throws -> [String] {
    var complaints: [String] = []
    let store = ChunkStore(db: db)
    let all = try Int.fetchOne(db, sql: "SELECT coalesce(sum(size), 0) FROM chunk") ?? 0
    var done = 0
    let rows = try Row.fetchCursor(db, sql: "SELECT id, hash, size FROM chunk")
    while let row = try rows.next() {
      let (id, size): (Int64, Int) = (try row.value(0), try row.value(2))
      do {
        guard let digest = try ChunkStore.digest(row, "hash") else { throw ArchiveError.damaged("it has no name") }
        _ = try store.read(digest, size: size)
      } catch ArchiveError.damaged(let text) { complaints.append("chunk \(id): \(text)") }
      done += size
      progress?(done, all)
    }
    return complaints
  }

  private static func checkLayers(_ db: Database) throws -> [String] {
    var complaints: [String] = []
    let store = ChunkStore(db: db)
    for row in try Row.fetchAll(db, sql: "SELECT id, identity FROM layer ORDER BY id") {
      let id: Int64 = try row.value(0)
      do {
        let map = try store.map(id)
        if let identity = try ChunkStore.digest(row, "identity"), identity != map.identity {
          complaints.append("layer \(id) has other contents than its name")
        }
      } catch ArchiveError.damaged(let text) { complaints.append("layer \(id): \(text)") }
    }
    return complaints
  }

  private static func checkStates(_ db: Database) throws -> [String] {
    var complaints: [String] = []
    let store = ChunkStore(db: db)
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT snapshot.name, state.name, state.layer FROM state JOIN snapshot ON snapshot.id = state.snapshot
        WHERE state.kind = 'tree'
        """)
    for row in rows {
      let (snapshot, name): (String, String) = (try row.value(0), try row.value(1))
      do { _ = try SavedValue(serialized: try store.bytes(try store.map(try row.value(2)))) } catch {
        complaints.append("snapshot \(snapshot): \(name): \(error)")
      }
    }
    return complaints
  }

  /// Files that the machine names must be there.
  private func checkOutside() -> [String] {
    guard let configuration = try? configuration() else { return ["the configuration can't be read"] }
    return Self.mediaKeys.compactMap { key, _ in
      guard let image = ConfigurationKey.named(key)?.get(configuration), image != "none" else { return nil }
      if Medium.name(in: image) != nil {
        do {
          let name = Medium.name(in: image) ?? ""
          _ = try medium(name)
          return nil
        } catch { return "\(key): \(hostError(path, error))" }
      }
      do {
        if HostFile.isDirectory(image) { return nil }
        _ = try HostFile(path: image, access: .readOnly)
        guard let changed = try change(outside: image, thoroughly: true) else { return nil }
        return "\(key): \(changed) is another than when it was named; its SHA-256 differs"
      } catch { return "\(key): \(error)" }
    }
  }
}
