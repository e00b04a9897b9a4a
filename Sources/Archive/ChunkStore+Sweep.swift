import GRDB

extension ChunkStore {
  // MARK: Clearing up

  /// Layers that hold up nothing any more go; those that only hold up one other go into it. Then chunks that no layer
  /// has. Layers in `pinned` stay.
  func sweep(keeping pinned: [Int64] = []) throws {
    try db.execute(
      sql: """
        CREATE TEMP TABLE IF NOT EXISTS used (layer INTEGER PRIMARY KEY);
        DELETE FROM used;
        INSERT OR IGNORE INTO used SELECT layer FROM medium WHERE layer IS NOT NULL;
        INSERT OR IGNORE INTO used SELECT layer FROM state;
        INSERT OR IGNORE INTO used SELECT layer FROM snapshot_medium;
        INSERT OR IGNORE INTO used SELECT layer FROM snapshot_drive WHERE layer IS NOT NULL;
        INSERT OR IGNORE INTO used SELECT system_rom FROM snapshot WHERE system_rom IS NOT NULL;
        INSERT OR IGNORE INTO used SELECT video_rom FROM snapshot WHERE video_rom IS NOT NULL;
        """)
    for layer in pinned { try db.execute(sql: "INSERT OR IGNORE INTO used VALUES (?)", arguments: [layer]) }
    var goesOn = true
    while goesOn {
      let leaves = try Int64.fetchAll(
        db,
        sql: """
          SELECT id FROM layer WHERE id NOT IN (SELECT layer FROM used)
          AND NOT EXISTS (SELECT 1 FROM layer child WHERE child.parent = layer.id)
          """)
      for leaf in leaves { try db.execute(sql: "DELETE FROM layer WHERE id = ?", arguments: [leaf]) }
      goesOn = !leaves.isEmpty
    }
    let links = try Row.fetchAll(
      db,
      sql: """
        SELECT layer.id, min(child.id), layer.parent FROM layer JOIN layer child ON child.parent = layer.id
        WHERE layer.id NOT IN (SELECT layer FROM used) GROUP BY layer.id HAVING count(*) = 1 ORDER BY layer.id
        """)
    for row in links {
      let (layer, child): (Int64, Int64) = (try row.value(0), try row.value(1))
      // Read again: an earlier merge may have changed what it lies on.
      let parent = try Int64.fetchOne(db, sql: "SELECT parent FROM layer WHERE id = ?", arguments: [layer])
      try db.execute(
        sql: """
          INSERT OR IGNORE INTO layer_chunk (layer, position, chunk)
            SELECT ?, position, chunk FROM layer_chunk WHERE layer = ?
          """, arguments: [child, layer])
      try db.execute(sql: "UPDATE layer SET parent = ? WHERE id = ?", arguments: [parent, child])
      try db.execute(sql: "DELETE FROM layer WHERE id = ?", arguments: [layer])
    }
    try db.execute(
      sql: "DELETE FROM chunk WHERE NOT EXISTS (SELECT 1 FROM layer_chunk WHERE layer_chunk.chunk = chunk.id)")
  }
}
