import Hardware
import Testing

struct SavedStateTests {
  enum Colour: String, Codable { case red, green }
  struct Inner: Codable, Equatable {
    var x: Int8 = -3
    var list: [UInt16] = [1, 2]
  }
  struct Everything: SavedState, Equatable {
    var flag = true
    var signed = Int64.min
    var unsigned = UInt64.max
    var small: Int8 = -128
    var text = "käse"
    var number = 0.1
    var single: Float = 1.5
    var bytes: [UInt8] = [0, 255]
    var noBytes: [UInt8] = []
    var colour = Colour.green
    var inner = Inner()
    var inners = [Inner(), Inner(x: 4, list: [])]
    var table: [String: Int] = ["b": 2, "a": 1]
    var some: Int? = 5
    var none: Int?
    var holes: [Int?] = [1, nil, 3]
    var instant = Instant(picoseconds: 77)
    var bank = Bank<2, Inner>(repeating: Inner())
  }

  private func trip<T: SavedState>(_ value: T) throws -> (T, [String]) {
    let (state, ignored) = try T.loading(try SavedValue(serialized: try value.savedValue().serialized()))
    return (state, ignored)
  }

  @Test("Every kind of field comes back as it was")
  func roundTrip() throws {
    var value = Everything()
    #expect(try trip(value).0 == value)
    value.flag = false
    value.signed = .max
    value.unsigned = 0
    value.text = ""
    value.number = -.infinity
    value.bytes = []
    value.noBytes = [9]
    value.colour = .red
    value.inner.list = []
    value.inners = []
    value.none = 8
    value.bank[1].x = 100
    let (back, ignored) = try trip(value)
    #expect(back == value)
    #expect(ignored == [])
  }

  @Test("An optional that was set at power-on and is nil now stays nil")
  func nilOverValue() throws {
    var value = Everything()
    value.some = nil
    #expect(try trip(value).0.some == nil)
  }

  @Test("An optional without a power-on value is kept")
  func valueOverNil() throws {
    var value = Everything()
    value.none = 12
    #expect(try trip(value).0.none == 12)
  }

  enum Phase: Codable, Equatable {
    case idle
    case running(step: Int, of: [UInt8])
    case named(String)
  }
  struct Phased: SavedState, Equatable {
    var phase = Phase.running(step: 1, of: [1])
    var other: Phase = .idle
    var all: [Phase] = [.idle, .named("a")]
    var maybe: Phase?
  }

  @Test(
    "An enum with values keeps the saved case, whatever the power-on case is",
    arguments: [Phase.idle, .running(step: 7, of: []), .named("x")])
  func enums(_ phase: Phase) throws {
    let value = Phased(phase: phase, other: phase, all: [phase, phase, .idle], maybe: phase)
    let (back, ignored) = try trip(value)
    #expect(back == value)
    #expect(ignored == [])
  }

  struct Version1: SavedState {
    var a = 1
    var gone = 2
    var deep = Deep()
    struct Deep: Codable { var old = 3; var kept = 4 }
    var cells = [Cell(p: 1), Cell(p: 2)]
    struct Cell: Codable { var p: Int }
  }
  struct Version2: SavedState {
    var a = 100
    var new = 7
    var maybe: Int?
    var deep = Deep()
    struct Deep: Codable { var kept = 40; var fresh = 50 }
    var cells = [Cell()]
    struct Cell: Codable { var p = 0; var q = 9 }
  }

  @Test("A new field gets its power-on value, a vanished one is reported, nested ones too")
  func versions() throws {
    let (loaded, ignored) = try Version2.loading(try Version1().savedValue())
    #expect(loaded.a == 1)
    #expect(loaded.new == 7)
    #expect(loaded.maybe == nil)
    #expect(loaded.deep.kept == 4)
    #expect(loaded.deep.fresh == 50)
    #expect(loaded.cells.map(\.p) == [1, 2])
    #expect(loaded.cells.map(\.q) == [9, 9])
    #expect(ignored == ["deep.old", "gone"])
  }

  @Test("Overlay: saved values win, members only the base has stay, members only the top has are kept")
  func overlay() {
    let base = SavedValue.object(["a": .int(1), "b": .object(["c": .int(2)]), "l": .array([.int(1), .int(2)])])
    let top = SavedValue.object(["a": .int(9), "b": .object(["d": .int(3)]), "l": .array([.int(5)]), "n": .null])
    #expect(
      base.overlaid(with: top)
        == .object([
          "a": .int(9), "b": .object(["c": .int(2), "d": .int(3)]), "l": .array([.int(5)]), "n": .null,
        ]))
    #expect(SavedValue.null.overlaid(with: .int(1)) == .int(1))
    #expect(SavedValue.array([]).overlaid(with: .array([.null])) == .array([.null]))
  }

  @Test("A number that doesn't fit its field is refused with its path")
  func range() throws {
    #expect(throws: SavedStateError.outOfRange(path: "inner.x")) {
      try Everything.loading(.object(["inner": .object(["x": .int(128)])]))
    }
    #expect(throws: SavedStateError.outOfRange(path: "unsigned")) {
      try Everything.loading(.object(["unsigned": .int(-1)]))
    }
    #expect(throws: SavedStateError.outOfRange(path: "signed")) {
      try Everything.loading(.object(["signed": .uint(.max)]))
    }
  }

  @Test(
    "A value of the wrong kind is refused with its path",
    arguments: ["flag", "signed", "text", "number", "bytes", "inner", "inners", "colour", "bank", "table", "instant"])
  func kinds(_ field: String) throws {
    let wrong: SavedValue = field == "number" ? .string("x") : .double(1)
    #expect(throws: (any Error).self) { try Everything.loading(.object([field: wrong])) }
  }

  @Test("Equal states have equal bytes, whatever order their tables were filled in")
  func canonical() throws {
    var a = Everything()
    var b = Everything()
    a.table = [:]
    b.table = [:]
    for i in 0..<50 { a.table["k\(i)"] = i }
    for i in (0..<50).reversed() { b.table["k\(i)"] = i }
    #expect(try a.savedValue().serialized() == b.savedValue().serialized())
  }

  // MARK: Bytes

  private func sample() throws -> [UInt8] { try Everything().savedValue().serialized() }

  @Test("Bytes cut off anywhere are refused with an offset, never a crash")
  func truncated() throws {
    let bytes = try sample()
    for length in 0..<bytes.count {
      let error = #expect(throws: SavedStateError.self) { try SavedValue(serialized: Array(bytes[..<length])) }
      guard case .malformed(let offset)? = error else {
        Issue.record("\(length): \(String(describing: error))")
        continue
      }
      #expect(offset <= length)
    }
  }

  @Test("Bytes after the end are refused")
  func trailing() throws {
    let bytes = try sample()
    #expect(throws: SavedStateError.malformed(offset: bytes.count)) { try SavedValue(serialized: bytes + [0]) }
  }

  @Test("Any byte changed to anything gives a value or an error, never a crash")
  func damaged() throws {
    let bytes = try sample()
    var dice = Dice(3)
    for i in bytes.indices {
      for _ in 0..<8 {
        var copy = bytes
        copy[i] = UInt8(truncatingIfNeeded: dice.next())
        if let value = try? SavedValue(serialized: copy) { _ = try? Everything.loading(value) }
      }
    }
    for _ in 0..<3_000 {
      let noise = (0..<dice.below(60)).map { _ in UInt8(dice.below(12)) }
      if let value = try? SavedValue(serialized: noise) { _ = try? Everything.loading(value) }
    }
  }

  @Test("A length larger than what is there is refused before anything is allocated")
  func hugeLengths() {
    for tag: UInt8 in [6, 7, 8, 9] {
      #expect(throws: SavedStateError.self) { try SavedValue(serialized: [tag, 0xFF, 0xFF, 0xFF, 0xFF]) }
    }
  }

  @Test("Nesting beyond 64 levels is refused")
  func depth() {
    var bytes: [UInt8] = []
    for _ in 0..<100_000 { bytes += [8, 1, 0, 0, 0] }
    #expect(throws: SavedStateError.self) { try SavedValue(serialized: bytes + [0]) }
  }

  @Test("Text that isn't UTF-8 and members named twice don't crash")
  func oddStrings() {
    #expect(throws: SavedStateError.self) { try SavedValue(serialized: [6, 1, 0, 0, 0, 0xFF]) }
    let twice: [UInt8] = [9, 2, 0, 0, 0, 1, 0, 0, 0, 97, 0, 1, 0, 0, 0, 97, 1]
    #expect((try? SavedValue(serialized: twice)) != nil)
  }

  @Test("Errors say what and where")
  func messages() {
    #expect(SavedStateError.malformed(offset: 3).description == "the saved state is damaged at byte 3")
    #expect(SavedStateError.missing(path: "a.b").description == "saved state: a.b is missing")
    #expect(SavedStateError.wrongType(path: "a", expected: "text").description == "saved state: a is not text")
    #expect(
      SavedStateError.wrongCount(expected: 2, found: 3).description == "saved state: 3 registers where 2 are wanted")
    #expect(SavedStateError.outOfRange(path: "z").description == "saved state: z is out of range")
  }
}
