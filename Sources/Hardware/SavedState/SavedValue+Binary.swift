/// The compact binary form of a saved tree. One tag byte, then:
///
/// | tag | value |
/// |---|---|
/// | 0 null, 1 false, 2 true | nothing |
/// | 3 int | 8 bytes, little-endian, two's complement |
/// | 4 uint | 8 bytes, little-endian |
/// | 5 double | 8 bytes, IEEE 754 bits, little-endian |
/// | 6 string, 7 bytes | u32 length, that many bytes (strings in UTF-8) |
/// | 8 array | u32 count, that many values |
/// | 9 object | u32 count, that many pairs of (string without tag, value), ordered by name |
///
/// Names are ordered, so equal trees have equal bytes: the state hash is taken over this form.
extension SavedValue {
  private enum Tag: UInt8 {
    case null, falseValue, trueValue, int, uint, double, string, bytes, array, object
  }

  /// Values nested deeper than this are refused when reading: a damaged file must not exhaust the stack.
  private static let deepest = 64

  /// This tree as bytes.
  public func serialized() -> [UInt8] {
    var out: [UInt8] = []
    write(to: &out)
    return out
  }

  private func write(to out: inout [UInt8]) {
    func put(_ tag: Tag) { out.append(tag.rawValue) }
    func put32(_ n: Int) {
      for shift in stride(from: 0, to: 32, by: 8) { out.append(UInt8(truncatingIfNeeded: n >> shift)) }
    }
    func put64(_ n: UInt64) {
      for shift in stride(from: UInt64(0), to: 64, by: 8) { out.append(UInt8(truncatingIfNeeded: n >> shift)) }
    }
    switch self {
    case .null: put(.null)
    case .bool(let value): put(value ? .trueValue : .falseValue)
    case .int(let value):
      put(.int)
      put64(UInt64(bitPattern: value))
    case .uint(let value):
      put(.uint)
      put64(value)
    case .double(let value):
      put(.double)
      put64(value.bitPattern)
    case .string(let value):
      put(.string)
      put32(value.utf8.count)
      out.append(contentsOf: value.utf8)
    case .bytes(let value):
      put(.bytes)
      put32(value.count)
      out.append(contentsOf: value)
    case .array(let values):
      put(.array)
      put32(values.count)
      for value in values { value.write(to: &out) }
    case .object(let members):
      put(.object)
      put32(members.count)
      for (name, value) in members.sorted(by: { $0.key < $1.key }) {
        put32(name.utf8.count)
        out.append(contentsOf: name.utf8)
        value.write(to: &out)
      }
    }
  }

  /// Reads a tree back. Every length is checked against what is there before anything is allocated for it.
  ///
  /// - Throws: `SavedStateError.malformed` with the offset of the damage.
  public init(serialized bytes: [UInt8]) throws {
    var reader = Reader(bytes: bytes)
    self = try reader.value(depth: 0)
    guard reader.position == bytes.count else { throw SavedStateError.malformed(offset: reader.position) }
  }

  private struct Reader {
    let bytes: [UInt8]
    var position = 0

    mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
      guard count <= bytes.count - position else { throw SavedStateError.malformed(offset: position) }
      defer { position += count }
      return bytes[position..<position + count]
    }

    mutating func number(_ size: Int) throws -> UInt64 {
      try take(size).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func string() throws -> String {
      let start = position
      let length = Int(try number(4))
      guard let text = String(validating: try take(length), as: UTF8.self) else {
        throw SavedStateError.malformed(offset: start)
      }
      return text
    }

    mutating func value(depth: Int) throws -> SavedValue {
      let start = position
      guard depth < SavedValue.deepest, let byte = try take(1).first, let tag = Tag(rawValue: byte) else {
        throw SavedStateError.malformed(offset: start)
      }
      switch tag {
      case .null: return .null
      case .falseValue: return .bool(false)
      case .trueValue: return .bool(true)
      case .int: return .int(Int64(bitPattern: try number(8)))
      case .uint: return .uint(try number(8))
      case .double: return .double(Double(bitPattern: try number(8)))
      case .string: return .string(try string())
      case .bytes:
        let length = Int(try number(4))
        return .bytes(Array(try take(length)))
      case .array:
        var values: [SavedValue] = []
        for _ in 0..<(try number(4)) { values.append(try value(depth: depth + 1)) }
        return .array(values)
      case .object:
        var members: [String: SavedValue] = [:]
        for _ in 0..<(try number(4)) {
          let name = try string()
          members[name] = try value(depth: depth + 1)
        }
        return .object(members)
      }
    }
  }
}
