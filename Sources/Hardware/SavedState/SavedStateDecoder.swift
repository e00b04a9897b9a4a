extension SavedValue {
  /// Decodes a value; also says which saved members nothing asked for.
  public func decode<T: Decodable>(_ type: T.Type) throws -> (state: T, ignored: [String]) {
    let log = Log()
    let value = try unbox(type, self, "", log)
    return (value, log.ignored.sorted())
  }
}

/// Collects the names of members that were never read.
private final class Log {
  var ignored: [String] = []
}

private func unbox<T: Decodable>(_ type: T.Type, _ value: SavedValue, _ path: String, _ log: Log) throws -> T {
  if type == [UInt8].self {
    guard case .bytes(let bytes) = value, let result = bytes as? T else {
      if case .array(let values) = value, values.isEmpty, let none = [UInt8]() as? T { return none }
      throw SavedStateError.wrongType(path: path, expected: "bytes")
    }
    return result
  }
  let decoder = TreeDecoder(value: value, path: path, log: log)
  let result = try T(from: decoder)
  if case .object(let members) = value, let used = decoder.used {
    for name in members.keys where !used.names.contains(name) { log.ignored.append(join(path, name)) }
  }
  return result
}

private func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : path + "." + name }

private func integer<T: FixedWidthInteger>(_ value: SavedValue, _ path: String) throws -> T {
  switch value {
  case .int(let n):
    guard let result = T(exactly: n) else { throw SavedStateError.outOfRange(path: path) }
    return result
  case .uint(let n):
    guard let result = T(exactly: n) else { throw SavedStateError.outOfRange(path: path) }
    return result
  default: throw SavedStateError.wrongType(path: path, expected: "a whole number")
  }
}

private func bool(_ value: SavedValue, _ path: String) throws -> Bool {
  guard case .bool(let result) = value else { throw SavedStateError.wrongType(path: path, expected: "yes or no") }
  return result
}

private func string(_ value: SavedValue, _ path: String) throws -> String {
  guard case .string(let result) = value else { throw SavedStateError.wrongType(path: path, expected: "text") }
  return result
}

private func double(_ value: SavedValue, _ path: String) throws -> Double {
  guard case .double(let result) = value else { throw SavedStateError.wrongType(path: path, expected: "a number") }
  return result
}

private final class TreeDecoder: Decoder {
  final class Used { var names: Set<String> = [] }
  let value: SavedValue
  let path: String
  let log: Log
  private(set) var used: Used?
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  init(value: SavedValue, path: String, log: Log) {
    self.value = value
    self.path = path
    self.log = log
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    let members: [String: SavedValue]
    if case .object(let all) = value {
      members = all
    } else if case .array(let pair) = value, pair.count == 2, case .string(let name) = pair[0] {
      members = [name: pair[1]]  // a case of an enum with its values
    } else {
      throw SavedStateError.wrongType(path: path, expected: "a structure")
    }
    let used = self.used ?? Used()
    self.used = used
    return KeyedDecodingContainer(KeyedDecoder<Key>(members: members, path: path, log: log, used: used))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .array(let values) = value else { throw SavedStateError.wrongType(path: path, expected: "a list") }
    return UnkeyedDecoder(values: values, path: path, log: log)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer {
    SingleDecoder(value: value, path: path, log: log)
  }
}

private struct KeyedDecoder<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let members: [String: SavedValue]
  let path: String
  let log: Log
  let used: TreeDecoder.Used
  var codingPath: [any CodingKey] { [] }
  var allKeys: [Key] {
    // Dictionaries decode through `allKeys`; sorted, so that no hash order leaks out.
    members.keys.sorted().compactMap(Key.init(stringValue:))
  }

  private func member(_ key: Key) throws -> (SavedValue, String) {
    used.names.insert(key.stringValue)
    let place = join(path, key.stringValue)
    guard let value = members[key.stringValue] else { throw SavedStateError.missing(path: place) }
    return (value, place)
  }

  private func number<T: FixedWidthInteger>(_ key: Key) throws -> T {
    let (value, place) = try member(key)
    return try integer(value, place)
  }

  func contains(_ key: Key) -> Bool {
    used.names.insert(key.stringValue)
    return members[key.stringValue] != nil
  }
  func decodeNil(forKey key: Key) throws -> Bool { try member(key).0 == .null }
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
    let (value, place) = try member(key)
    return try bool(value, place)
  }
  func decode(_ type: String.Type, forKey key: Key) throws -> String {
    let (value, place) = try member(key)
    return try string(value, place)
  }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
    let (value, place) = try member(key)
    return try double(value, place)
  }
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
    let (value, place) = try member(key)
    return Float(try double(value, place))
  }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try number(key) }
  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try number(key) }
  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try number(key) }
  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try number(key) }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try number(key) }
  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try number(key) }
  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try number(key) }
  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try number(key) }
  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try number(key) }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try number(key) }
  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    let (value, place) = try member(key)
    return try unbox(type, value, place, log)
  }
  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    let (value, place) = try member(key)
    return try TreeDecoder(value: value, path: place, log: log).container(keyedBy: type)
  }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    let (value, place) = try member(key)
    return try TreeDecoder(value: value, path: place, log: log).unkeyedContainer()
  }
  func superDecoder() throws -> any Decoder { TreeDecoder(value: .object(members), path: path, log: log) }
  func superDecoder(forKey key: Key) throws -> any Decoder {
    let (value, place) = try member(key)
    return TreeDecoder(value: value, path: place, log: log)
  }
}

private struct UnkeyedDecoder: UnkeyedDecodingContainer {
  let values: [SavedValue]
  let path: String
  let log: Log
  var codingPath: [any CodingKey] { [] }
  var currentIndex = 0
  var count: Int? { values.count }
  var isAtEnd: Bool { currentIndex >= values.count }

  private mutating func next() throws -> (SavedValue, String) {
    let place = path + "[\(currentIndex)]"
    guard !isAtEnd else { throw SavedStateError.missing(path: place) }
    defer { currentIndex += 1 }
    return (values[currentIndex], place)
  }

  mutating func decodeNil() throws -> Bool {
    guard !isAtEnd, values[currentIndex] == .null else { return false }
    currentIndex += 1
    return true
  }
  mutating func decode(_ type: Bool.Type) throws -> Bool {
    let (value, place) = try next()
    return try bool(value, place)
  }
  mutating func decode<T: Decodable & FixedWidthInteger>(_ type: T.Type) throws -> T {
    let (value, place) = try next()
    return try integer(value, place)
  }
  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    let (value, place) = try next()
    return try unbox(type, value, place, log)
  }
  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
    let (value, place) = try next()
    return try TreeDecoder(value: value, path: place, log: log).container(keyedBy: type)
  }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    let (value, place) = try next()
    return try TreeDecoder(value: value, path: place, log: log).unkeyedContainer()
  }
  mutating func superDecoder() throws -> any Decoder {
    let (value, place) = try next()
    return TreeDecoder(value: value, path: place, log: log)
  }
}

private struct SingleDecoder: SingleValueDecodingContainer {
  let value: SavedValue
  let path: String
  let log: Log
  var codingPath: [any CodingKey] { [] }

  func decodeNil() -> Bool { value == .null }
  func decode(_ type: Bool.Type) throws -> Bool { try bool(value, path) }
  func decode(_ type: String.Type) throws -> String { try string(value, path) }
  func decode(_ type: Double.Type) throws -> Double { try double(value, path) }
  func decode(_ type: Float.Type) throws -> Float { Float(try double(value, path)) }
  func decode(_ type: Int.Type) throws -> Int { try integer(value, path) }
  func decode(_ type: Int8.Type) throws -> Int8 { try integer(value, path) }
  func decode(_ type: Int16.Type) throws -> Int16 { try integer(value, path) }
  func decode(_ type: Int32.Type) throws -> Int32 { try integer(value, path) }
  func decode(_ type: Int64.Type) throws -> Int64 { try integer(value, path) }
  func decode(_ type: UInt.Type) throws -> UInt { try integer(value, path) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(value, path) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(value, path) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(value, path) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(value, path) }
  func decode<T: Decodable>(_ type: T.Type) throws -> T { try unbox(type, value, path, log) }
}
