extension SavedValue {
  /// Encodes any value with synthesised `Codable` as a tree; `[UInt8]` becomes raw bytes.
  public init(encoding value: some Encodable) throws {
    self = try box(value, [])
  }
}

/// The tree of one value. Integers keep their sign class, byte arrays are raw.
private func box<T: Encodable>(_ value: T, _ path: [any CodingKey]) throws -> SavedValue {
  // By type, not by cast alone: an empty array of anything casts to `[UInt8]`.
  if T.self == [UInt8].self, let bytes = value as? [UInt8] { return .bytes(bytes) }
  let encoder = TreeEncoder(path)
  try value.encode(to: encoder)
  let tree = encoder.node.value
  // An enum case with values encodes as an object of one member. As a pair of name and values, a saved case replaces
  // the power-on case when laid over it, where two objects would be merged into two cases.
  if case .object(let members) = tree, members.count == 1, let (name, values) = members.first,
    Mirror(reflecting: value).displayStyle == .enum
  {
    return .array([.string(name), values])
  }
  return tree
}

/// A place in the tree that is being built.
private final class Node {
  enum Content {
    case empty
    case leaf(SavedValue)
    case array([Node])
    case object([String: Node])
  }
  var content = Content.empty

  init() {}
  init(_ value: SavedValue) { content = .leaf(value) }

  var value: SavedValue {
    switch content {
    case .empty: .object([:])
    case .leaf(let value): value
    case .array(let nodes): .array(nodes.map(\.value))
    case .object(let members): .object(members.mapValues(\.value))
    }
  }

  func set(_ name: String, _ node: Node) {
    guard case .object(var members) = content else {
      content = .object([name: node])
      return
    }
    content = .empty
    members[name] = node
    content = .object(members)
  }

  func append(_ node: Node) {
    guard case .array(var nodes) = content else {
      content = .array([node])
      return
    }
    content = .empty
    nodes.append(node)
    content = .array(nodes)
  }

  var count: Int {
    if case .array(let nodes) = content { return nodes.count }
    return 0
  }
}

private final class TreeEncoder: Encoder {
  let codingPath: [any CodingKey]
  let node: Node
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  init(_ path: [any CodingKey], _ node: Node = Node()) {
    codingPath = path
    self.node = node
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    if case .empty = node.content { node.content = .object([:]) }
    return KeyedEncodingContainer(KeyedEncoder<Key>(codingPath: codingPath, node: node))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    if case .empty = node.content { node.content = .array([]) }
    return UnkeyedEncoder(codingPath: codingPath, node: node)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { SingleEncoder(codingPath: codingPath, node: node) }
}

private func leaf(_ value: some FixedWidthInteger) -> SavedValue {
  if let signed = Int64(exactly: value) { return .int(signed) }
  return .uint(UInt64(truncatingIfNeeded: value))
}

private struct KeyedEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let codingPath: [any CodingKey]
  let node: Node

  private func put(_ value: SavedValue, _ key: Key) { node.set(key.stringValue, Node(value)) }
  mutating func encodeNil(forKey key: Key) { put(.null, key) }
  mutating func encode(_ value: Bool, forKey key: Key) { put(.bool(value), key) }
  mutating func encode(_ value: String, forKey key: Key) { put(.string(value), key) }
  mutating func encode(_ value: Double, forKey key: Key) { put(.double(value), key) }
  mutating func encode(_ value: Float, forKey key: Key) { put(.double(Double(value)), key) }
  mutating func encode(_ value: Int, forKey key: Key) { put(leaf(value), key) }
  mutating func encode(_ value: Int8, forKey key: Key) { put(leaf(value), key) }
  mutating func encode(_ value: Int16, forKey key: Key) { put(leaf(value), key) }
  mutating func encode(_ value: Int32, forKey key: Key) { put(leaf(value), key) }
  mutating func encode(_ value: Int64, forKey key: Key) { put(leaf(value), key) }
  mutating func encode(_ value: UInt, forKey key: Key) { put(leaf(value), key) }
  mutating func encode(_ value: UInt8, forKey key: Key) { put(leaf(value), key) }
  mutating func encode(_ value: UInt16, forKey key: Key) { put(leaf(value), key) }
  mutating func encode(_ value: UInt32, forKey key: Key) { put(leaf(value), key) }
  mutating func encode(_ value: UInt64, forKey key: Key) { put(leaf(value), key) }
  mutating func encode(_ value: some Encodable, forKey key: Key) throws { put(try box(value, codingPath + [key]), key) }

  // A nil is written down (by default it would be left out), so that it wins over a power-on value when laid over it.
  private mutating func putOptional(_ value: (some Encodable)?, _ key: Key) throws {
    put(try value.map { try box($0, codingPath + [key]) } ?? .null, key)
  }
  mutating func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try putOptional(value, key) }
  mutating func encodeIfPresent(_ value: String?, forKey key: Key) throws { try putOptional(value, key) }
  mutating func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try putOptional(value, key) }
  mutating func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try putOptional(value, key) }
  mutating func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try putOptional(value, key) }
  mutating func encodeIfPresent(_ value: Int8?, forKey key: Key) throws { try putOptional(value, key) }
  mutating func encodeIfPresent(_ value: Int16?, forKey key: Key) throws { try putOptional(value, key) }
  mutating func encodeIfPresent(_ value: Int32?, forKey key: Key) throws { try putOptional(value, key) }
  mutating func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try putOptional(value, key) }
  mutating func encodeIfPresent(_ value: UInt?, forKey key: Key) throws { try putOptional(value, key) }
  mutating func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws { try putOptional(value, key) }
  mutating func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws { try putOptional(value, key) }
  mutating func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws { try putOptional(value, key) }
  mutating func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try putOptional(value, key) }
  mutating func encodeIfPresent(_ value: (some Encodable)?, forKey key: Key) throws { try putOptional(value, key) }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    let child = Node()
    node.set(key.stringValue, child)
    return TreeEncoder(codingPath + [key], child).container(keyedBy: type)
  }
  mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    let child = Node()
    node.set(key.stringValue, child)
    return TreeEncoder(codingPath + [key], child).unkeyedContainer()
  }
  mutating func superEncoder() -> any Encoder { TreeEncoder(codingPath, node) }
  mutating func superEncoder(forKey key: Key) -> any Encoder {
    let child = Node()
    node.set(key.stringValue, child)
    return TreeEncoder(codingPath + [key], child)
  }
}

private struct UnkeyedEncoder: UnkeyedEncodingContainer {
  let codingPath: [any CodingKey]
  let node: Node
  var count: Int { node.count }

  private func put(_ value: SavedValue) { node.append(Node(value)) }
  mutating func encodeNil() { put(.null) }
  mutating func encode(_ value: Bool) { put(.bool(value)) }
  mutating func encode(_ value: some FixedWidthInteger & Encodable) { put(leaf(value)) }
  mutating func encode(_ value: some Encodable) throws { put(try box(value, codingPath)) }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    let child = Node()
    node.append(child)
    return TreeEncoder(codingPath, child).container(keyedBy: type)
  }
  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    let child = Node()
    node.append(child)
    return TreeEncoder(codingPath, child).unkeyedContainer()
  }
  mutating func superEncoder() -> any Encoder {
    let child = Node()
    node.append(child)
    return TreeEncoder(codingPath, child)
  }
}

private struct SingleEncoder: SingleValueEncodingContainer {
  let codingPath: [any CodingKey]
  let node: Node

  private func put(_ value: SavedValue) { node.content = .leaf(value) }
  mutating func encodeNil() { put(.null) }
  mutating func encode(_ value: Bool) { put(.bool(value)) }
  mutating func encode(_ value: String) { put(.string(value)) }
  mutating func encode(_ value: Double) { put(.double(value)) }
  mutating func encode(_ value: Float) { put(.double(Double(value))) }
  mutating func encode(_ value: Int) { put(leaf(value)) }
  mutating func encode(_ value: Int8) { put(leaf(value)) }
  mutating func encode(_ value: Int16) { put(leaf(value)) }
  mutating func encode(_ value: Int32) { put(leaf(value)) }
  mutating func encode(_ value: Int64) { put(leaf(value)) }
  mutating func encode(_ value: UInt) { put(leaf(value)) }
  mutating func encode(_ value: UInt8) { put(leaf(value)) }
  mutating func encode(_ value: UInt16) { put(leaf(value)) }
  mutating func encode(_ value: UInt32) { put(leaf(value)) }
  mutating func encode(_ value: UInt64) { put(leaf(value)) }
  mutating func encode(_ value: some Encodable) throws { put(try box(value, codingPath)) }
}
