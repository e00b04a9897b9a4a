import GRDB
public import PC

/// What a machine file says about its machine.
public struct MachineSummary: Sendable {
  /// Its name.
  public let name: String
  /// Never the same for two machines, the same for an export.
  public let uuid: String
  /// What the person wrote about it.
  public let note: String
  /// When it was made, UTC.
  public let created: String
  /// When it last ran, UTC; nil if never.
  public let used: String?
  /// TOML.
  public let configuration: String
  /// The snapshot it goes on from with the next start; nil: it starts from power-on.
  public let frozen: String?
  /// The snapshot that its disks come from; nil if none.
  public let current: String?
  /// How many snapshots there are.
  public let snapshots: Int
}

extension MachineFile {
  /// What the file says about its machine.
  public func summary() throws(HostError) -> MachineSummary {
    try naming(path) {
      try database.read { db in
        guard
          let row = try Row.fetchOne(
            db,
            sql: """
              SELECT machine.*, frozen.name AS frozen_name, current.name AS current_name,
                (SELECT count(*) FROM snapshot WHERE snapshot.machine = machine.id) AS snapshots
              FROM machine LEFT JOIN snapshot frozen ON frozen.id = machine.frozen
                LEFT JOIN snapshot current ON current.id = machine.current WHERE machine.id = ?
              """, arguments: [machine])
        else { throw ArchiveError.damaged("the machine's row is missing") }
        return MachineSummary(
          name: try row.value("name"), uuid: try row.value("uuid"), note: try row.value("note"),
          created: try row.value("created"), used: try row.optional("used"),
          configuration: try row.value("configuration"), frozen: try row.optional("frozen_name"),
          current: try row.optional("current_name"),
          snapshots: try row.value("snapshots"))
      }
    }
  }

  /// Its configuration. Paths in it are taken from the file's folder.
  ///
  /// - Throws: `HostError` for keys and values that this version doesn't know.
  public func configuration() throws(HostError) -> MachineConfiguration {
    var configuration = MachineConfiguration()
    try configuration.apply(toml: try summary().configuration, path: path)
    return configuration
  }

  /// Changes the configuration.
  public func set(_ configuration: MachineConfiguration) throws(HostError) {
    try naming(path) {
      try database.write {
        try $0.execute(
          sql: "UPDATE machine SET configuration = ? WHERE id = ?",
          arguments: [configuration.toml(all: true), machine])
      }
    }
  }

  /// Gives the machine another name.
  public func rename(to name: String) throws(HostError) {
    try naming(path) {
      var configuration = try configuration()
      configuration.machine.name = name
      try database.write {
        try $0.execute(sql: "UPDATE machine SET name = ? WHERE id = ?", arguments: [name, machine])
      }
      try set(configuration)
    }
  }

  /// Sets what the person writes about the machine.
  public func set(note: String) throws(HostError) {
    try naming(path) {
      try database.write {
        try $0.execute(sql: "UPDATE machine SET note = ? WHERE id = ?", arguments: [note, machine])
      }
    }
  }

  /// Notes that the machine runs now.
  func noteUse() throws {
    try database.write {
      try $0.execute(sql: "UPDATE machine SET used = ? WHERE id = ?", arguments: [HostMoment.now, machine])
    }
  }

  /// Bytes of chunks unpacked and as they are kept, and of the whole database.
  public func sizes() throws(HostError) -> (bytes: Int, stored: Int, file: Int) {
    try naming(path) {
      try database.read { db in
        let bytes = try Int.fetchOne(db, sql: "SELECT bytes FROM sizes") ?? 0
        let stored = try Int.fetchOne(db, sql: "SELECT stored_bytes FROM sizes") ?? 0
        let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        let size = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0
        return (bytes, stored, pages * size)
      }
    }
  }
}
