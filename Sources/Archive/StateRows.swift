import Hardware

/// A machine's state in rows: each device a tree of its own, large pieces of memory as plain bytes.
struct StateRow: Sendable {
  /// Its place in the state, names of members with "/" between them: "board/devices/timer".
  var name: String
  /// Memory, kept as it is; anything else is a tree in the form of `SavedValue.serialized`.
  var isBytes: Bool
  var bytes: [UInt8]

  /// Members that are split further.
  private static let branches: Set<String> = ["", "board", "board/devices"]

  /// The rows of a state.
  static func rows(of state: SavedValue, at name: String = "") -> [StateRow] {
    if branches.contains(name), case .object(let members) = state {
      return members.keys.sorted().flatMap { key in
        rows(of: members[key] ?? .null, at: name.isEmpty ? key : name + "/" + key)
      }
    }
    if case .bytes(let bytes) = state { return [StateRow(name: name, isBytes: true, bytes: bytes)] }
    return [StateRow(name: name, isBytes: false, bytes: state.serialized())]
  }

  /// The state of rows.
  ///
  /// - Throws: `SavedStateError.malformed`, `ArchiveError.damaged`.
  static func state(of rows: [StateRow]) throws -> SavedValue {
    var tree = Branch()
    for row in rows {
      tree.put(
        try row.isBytes ? .bytes(row.bytes) : SavedValue(serialized: row.bytes), row.name.split(separator: "/")[...])
    }
    return tree.value
  }

  private struct Branch {
    var leaves: [String: SavedValue] = [:]
    var branches: [String: Branch] = [:]

    mutating func put(_ value: SavedValue, _ path: ArraySlice<Substring>) {
      guard let first = path.first.map(String.init) else { return }
      if path.count == 1 {
        leaves[first] = value
      } else {
        branches[first, default: Branch()].put(value, path.dropFirst())
      }
    }

    var value: SavedValue { .object(leaves.merging(branches.mapValues(\.value)) { leaf, _ in leaf }) }
  }
}
