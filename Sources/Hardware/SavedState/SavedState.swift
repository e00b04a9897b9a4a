/// State that can be saved: plain values with synthesised `Codable`. `init()` is the power-on state.
///
/// Never write `CodingKeys` or `encode(to:)` by hand in a `State`: a test refuses it, because a hand-written list is
/// where fields get forgotten.
public protocol SavedState: Codable {
  /// The power-on state.
  init()
}

/// Why a saved state can't be used.
public enum SavedStateError: Error, Equatable, CustomStringConvertible {
  /// The bytes aren't a saved state, or end early; `offset` is where reading stopped.
  case malformed(offset: Int)
  /// A value has another type than the field that wants it.
  case wrongType(path: String, expected: String)
  /// A field without a value, with no power-on value to fall back on.
  case missing(path: String)
  /// A bank of registers of another size.
  case wrongCount(expected: Int, found: Int)
  /// A number that doesn't fit its field.
  case outOfRange(path: String)
  /// The state was made by a machine built differently.
  case mismatch(String)

  public var description: String {
    switch self {
    case .malformed(let offset): "the saved state is damaged at byte \(offset)"
    case .wrongType(let path, let expected): "saved state: \(path) is not \(expected)"
    case .missing(let path): "saved state: \(path) is missing"
    case .wrongCount(let expected, let found): "saved state: \(found) registers where \(expected) are wanted"
    case .outOfRange(let path): "saved state: \(path) is out of range"
    case .mismatch(let text): text
    }
  }
}

/// A saved state in memory: a tree of named values.
public indirect enum SavedValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case int(Int64)
  case uint(UInt64)
  case double(Double)
  case string(String)
  case bytes([UInt8])
  case array([SavedValue])
  case object([String: SavedValue])

  /// The named member of an object, nil for anything else.
  public subscript(name: String) -> SavedValue? {
    if case .object(let members) = self { return members[name] }
    return nil
  }

  private var isCaseName: Bool { if case .string = self { true } else { false } }
  private var isObject: Bool { if case .object = self { true } else { false } }

  /// Lays `saved` over this (power-on) tree: saved values win; members that only the power-on tree has keep their
  /// power-on value; members that only `saved` has are kept (a nil default encodes nothing). Elements of arrays are
  /// laid over the element of the same place, or over the last one, so that registers in a bank may gain fields.
  public func overlaid(with saved: SavedValue) -> SavedValue {
    switch (self, saved) {
    case (.object(let base), .object(let top)):
      return .object(base.merging(top) { $0.overlaid(with: $1) })
    case (.array(let base), .array(let top))
    where base.count == 2 && top.count == 2 && base[0] != top[0] && base[0].isCaseName && top[0].isCaseName
      && base[1].isObject && top[1].isObject:
      // Two cases of an enum with values of their own.
      return saved
    case (.array(let base), .array(let top)):
      guard let last = base.last else { return saved }
      return .array(top.enumerated().map { i, value in (i < base.count ? base[i] : last).overlaid(with: value) })
    default:
      return saved
    }
  }
}

extension SavedState {
  /// This state as a tree.
  public func savedValue() throws -> SavedValue { try SavedValue(encoding: self) }

  /// The state described by `saved`, laid over power-on.
  ///
  /// - Returns: the state, and the paths of saved values that nothing asked for (fields that no longer exist).
  public static func loading(_ saved: SavedValue) throws -> (state: Self, ignored: [String]) {
    let tree = try Self().savedValue().overlaid(with: saved)
    return try tree.decode(Self.self)
  }
}
