import GRDB

/// The tables of a machine file. README.md in this folder explains them.
enum Schema {
  /// "HLRM" in the database header, by which `file` and others know a machine file.
  static let applicationID: Int32 = 0x484C_524D
  /// The newest format that this version reads and writes, `PRAGMA user_version`.
  static let version: Int32 = 2
  /// Bytes of a chunk; the last one of a content may be shorter.
  static let chunkSize = 16_384

  /// Sets up an empty database.
  static func create(_ db: Database) throws {
    try db.execute(
      sql: """
        CREATE TABLE chunk (
          id INTEGER PRIMARY KEY,
          hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
          size INTEGER NOT NULL,
          data BLOB NOT NULL);
        CREATE TABLE layer (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          parent INTEGER REFERENCES layer(id),
          size INTEGER NOT NULL,
          identity BLOB);
        CREATE INDEX layer_by_parent ON layer(parent);
        CREATE INDEX layer_by_identity ON layer(identity) WHERE identity IS NOT NULL;
        CREATE TABLE layer_chunk (
          layer INTEGER NOT NULL REFERENCES layer(id) ON DELETE CASCADE,
          position INTEGER NOT NULL,
          chunk INTEGER REFERENCES chunk(id),
          PRIMARY KEY (layer, position)) WITHOUT ROWID;
        CREATE INDEX layer_chunk_by_chunk ON layer_chunk(chunk);
        CREATE TABLE machine (
          id INTEGER PRIMARY KEY,
          name TEXT NOT NULL UNIQUE,
          uuid TEXT NOT NULL,
          note TEXT NOT NULL DEFAULT '',
          created TEXT NOT NULL,
          used TEXT,
          configuration TEXT NOT NULL,
          current INTEGER REFERENCES snapshot(id) ON DELETE SET NULL,
          frozen INTEGER REFERENCES snapshot(id) ON DELETE SET NULL);
        CREATE TABLE medium (
          id INTEGER PRIMARY KEY,
          machine INTEGER NOT NULL REFERENCES machine(id) ON DELETE CASCADE,
          name TEXT NOT NULL,
          kind TEXT NOT NULL CHECK (kind IN ('floppy', 'disk', 'cd')),
          size INTEGER NOT NULL,
          layer INTEGER REFERENCES layer(id),
          sha256 BLOB,
          origin TEXT NOT NULL DEFAULT '',
          added TEXT NOT NULL,
          UNIQUE (machine, name));
        CREATE TABLE snapshot (
          id INTEGER PRIMARY KEY,
          machine INTEGER NOT NULL REFERENCES machine(id) ON DELETE CASCADE,
          parent INTEGER REFERENCES snapshot(id) ON DELETE SET NULL,
          name TEXT NOT NULL,
          note TEXT NOT NULL DEFAULT '',
          kind TEXT NOT NULL CHECK (kind IN ('kept', 'frozen', 'automatic')),
          taken TEXT NOT NULL,
          guest_time INTEGER,
          configuration TEXT NOT NULL,
          system_rom INTEGER REFERENCES layer(id),
          video_rom INTEGER REFERENCES layer(id),
          thumbnail BLOB,
          state_hash BLOB,
          program TEXT NOT NULL,
          UNIQUE (machine, name));
        CREATE TABLE state (
          snapshot INTEGER NOT NULL REFERENCES snapshot(id) ON DELETE CASCADE,
          name TEXT NOT NULL,
          kind TEXT NOT NULL CHECK (kind IN ('tree', 'bytes')),
          layer INTEGER NOT NULL REFERENCES layer(id),
          PRIMARY KEY (snapshot, name)) WITHOUT ROWID;
        CREATE INDEX state_by_layer ON state(layer);
        CREATE TABLE snapshot_medium (
          snapshot INTEGER NOT NULL REFERENCES snapshot(id) ON DELETE CASCADE,
          medium INTEGER NOT NULL REFERENCES medium(id) ON DELETE CASCADE,
          layer INTEGER NOT NULL REFERENCES layer(id),
          PRIMARY KEY (snapshot, medium)) WITHOUT ROWID;
        CREATE TABLE snapshot_drive (
          snapshot INTEGER NOT NULL REFERENCES snapshot(id) ON DELETE CASCADE,
          drive TEXT NOT NULL,
          source TEXT NOT NULL,
          layer INTEGER REFERENCES layer(id),
          PRIMARY KEY (snapshot, drive)) WITHOUT ROWID;
        """ + views + second)
  }

  /// What format 2 has that format 1 hadn't: formats of media, and the sums of CDs that are kept outside.
  private static let second = """
    ALTER TABLE medium ADD COLUMN format TEXT NOT NULL DEFAULT 'raw';
    ALTER TABLE snapshot_drive ADD COLUMN format TEXT NOT NULL DEFAULT 'raw';
    CREATE TABLE reference (
      machine INTEGER NOT NULL REFERENCES machine(id) ON DELETE CASCADE,
      path TEXT NOT NULL,
      size INTEGER NOT NULL,
      modified INTEGER NOT NULL,
      sha256 BLOB NOT NULL,
      PRIMARY KEY (machine, path)) WITHOUT ROWID;
    """

  /// Brings a file of an older format to this one, in one transaction.
  static func migrate(_ db: Database, from version: Int32) throws {
    guard version < 2 else { return }
    try db.execute(sql: second + "PRAGMA user_version = 2;")
  }

  /// For people with the `sqlite3` shell.
  private static let views = """
    CREATE VIEW machines AS
      SELECT machine.name, machine.created, machine.used, frozen.name AS frozen_in, current.name AS based_on,
        (SELECT count(*) FROM snapshot WHERE snapshot.machine = machine.id) AS snapshots, machine.note
      FROM machine LEFT JOIN snapshot frozen ON frozen.id = machine.frozen
        LEFT JOIN snapshot current ON current.id = machine.current;
    CREATE VIEW media AS
      SELECT machine.name AS machine, medium.name, medium.kind, medium.size, lower(hex(medium.sha256)) AS sha256,
        medium.layer IS NOT NULL AS is_inside, medium.origin, medium.added
      FROM medium JOIN machine ON machine.id = medium.machine;
    CREATE VIEW snapshots AS
      SELECT snapshot.id, machine.name AS machine, parent.name AS parent, snapshot.name, snapshot.kind, snapshot.taken,
        snapshot.guest_time / 1000000000000.0 AS guest_seconds, lower(hex(snapshot.state_hash)) AS state_hash,
        (SELECT group_concat(state.name, ' ') FROM state WHERE state.snapshot = snapshot.id) AS states, snapshot.note
      FROM snapshot JOIN machine ON machine.id = snapshot.machine LEFT JOIN snapshot parent ON parent.id = snapshot.parent;
    CREATE VIEW contents AS
      WITH RECURSIVE chain(content, layer, depth) AS (
        SELECT id, id, 0 FROM layer
        UNION ALL
        SELECT chain.content, layer.parent, chain.depth + 1 FROM chain JOIN layer ON layer.id = chain.layer
        WHERE layer.parent IS NOT NULL)
      SELECT content, position, hash, chunk.size, data FROM (
        SELECT chain.content, layer_chunk.position, layer_chunk.chunk, min(chain.depth)
        FROM chain JOIN layer_chunk ON layer_chunk.layer = chain.layer GROUP BY chain.content, layer_chunk.position)
      LEFT JOIN chunk ON chunk.id = chunk ORDER BY content, position;
    CREATE VIEW sizes AS
      SELECT count(*) AS chunks, coalesce(sum(size), 0) AS bytes, coalesce(sum(length(data)), 0) AS stored_bytes
      FROM chunk;
    """
}
