/// A fixed number of equal registers: `InlineArray` with `Codable`, for use in `State` structs and in the processor's
/// fixed layout. Saved as an array; banks of `UInt8` as raw bytes.
public struct Bank<let count: Int, Element> {
  @usableFromInline var storage: InlineArray<count, Element>

  /// A bank with every register at `value`.
  @inlinable public init(repeating value: Element) { storage = InlineArray(repeating: value) }

  /// Register `index`, 0 ..< count. Out-of-range indices trap, so mask what a guest controls.
  @inlinable public subscript(index: Int) -> Element {
    get { storage[index] }
    set { storage[index] = newValue }
  }

  /// Register `index` without a bounds check: only for indices that can't be out of range by construction.
  @inlinable public subscript(unchecked index: Int) -> Element {
    get { storage[unchecked: index] }
    set { storage[unchecked: index] = newValue }
  }

  /// 0 ..< count.
  @inlinable public var indices: Range<Int> { 0..<count }

  /// The registers as an array.
  public var array: [Element] { indices.map { storage[$0] } }
}

extension Bank: Sendable where Element: Sendable {}

extension Bank: Equatable where Element: Equatable {
  public static func == (a: Bank, b: Bank) -> Bool {
    for i in a.indices where a[i] != b[i] { return false }
    return true
  }
}

extension Bank: Encodable where Element: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(array)
  }
}

extension Bank: Decodable where Element: Decodable {
  public init(from decoder: any Decoder) throws {
    let values = try decoder.singleValueContainer().decode([Element].self)
    guard values.count == count else {
      throw SavedStateError.wrongCount(expected: count, found: values.count)
    }
    storage = InlineArray { values[$0] }
  }
}
