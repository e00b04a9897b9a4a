import Hardware
import Testing

struct BankTests {
  struct Holder: SavedState {
    var bytes = Bank<4, UInt8>(repeating: 1)
    var words = Bank<3, UInt16>(repeating: 2)
  }

  @Test("A bank holds its registers and compares by value")
  func values() {
    var a = Bank<4, Int>(repeating: 0)
    let b = a
    a[3] = 5
    #expect(a != b)
    #expect(a.array == [0, 0, 0, 5])
    #expect(a[unchecked: 3] == 5)
    #expect(a.indices == 0..<4)
    #expect(b == Bank<4, Int>(repeating: 0))
  }

  @Test("Banks of bytes are saved raw, others as lists, and come back")
  func codec() throws {
    var holder = Holder()
    holder.bytes[2] = 0xAB
    holder.words[1] = 0xFFFF
    let saved = try holder.savedValue()
    #expect(saved["bytes"] == .bytes([1, 1, 0xAB, 1]))
    #expect(saved["words"] == .array([.int(2), .int(0xFFFF), .int(2)]))
    let (loaded, ignored) = try Holder.loading(saved)
    #expect(loaded.bytes == holder.bytes)
    #expect(loaded.words == holder.words)
    #expect(ignored.isEmpty)
  }

  @Test("A bank of another size is refused", arguments: [0, 3, 5, 1_000])
  func sizes(_ n: Int) throws {
    #expect(throws: SavedStateError.wrongCount(expected: 4, found: n)) {
      try Holder.loading(.object(["bytes": .bytes([UInt8](repeating: 0, count: n))]))
    }
  }
}
