/// LZSS with adaptive Huffman codes, as Teledisk 2 and LHarc's -lh1- have it.
///
/// - Source: Haruyasu Yoshizaki, LZHUF.C (1988): a window of 4096 bytes of blanks, matches of 3 to 60 bytes, a tree over
///   314 symbols that is rebuilt when its root reaches 8000h, and fixed codes for the upper six bits of positions.
struct LZHUF {
  private static let window = 4096
  private static let longest = 60
  private static let threshold = 2
  private static let symbols = 256 - threshold + longest
  private static let nodes = symbols * 2 - 1
  private static let root = nodes - 1

  private var frequency = [Int](repeating: 0, count: LZHUF.nodes + 1)
  private var parent = [Int](repeating: 0, count: LZHUF.nodes + LZHUF.symbols)
  private var child = [Int](repeating: 0, count: LZHUF.nodes)
  private let input: ArraySlice<UInt8>
  private var position: Int
  private var bits = 0
  private var bitCount = 0

  /// Upper six bits of a position and the length of their code, by the next eight bits.
  private static let positions: [(upper: Int, length: Int)] = {
    var table: [(upper: Int, length: Int)] = []
    // How many codes there are of each length, the shortest first.
    for (length, codes) in [(3, 1), (4, 3), (5, 8), (6, 12), (7, 24), (8, 16)] {
      for _ in 0..<codes {
        let upper = (table.last?.upper ?? -1) + 1
        table += Array(repeating: (upper, length), count: 256 >> length)
      }
    }
    return table
  }()

  private init(_ input: ArraySlice<UInt8>) {
    self.input = input
    position = input.startIndex
    for symbol in 0..<Self.symbols {
      frequency[symbol] = 1
      child[symbol] = symbol + Self.nodes
      parent[symbol + Self.nodes] = symbol
    }
    var (from, to) = (0, Self.symbols)
    while to <= Self.root {
      frequency[to] = frequency[from] + frequency[from + 1]
      child[to] = from
      parent[from] = to
      parent[from + 1] = to
      from += 2
      to += 1
    }
    frequency[Self.nodes] = 0xFFFF
  }

  /// Unpacks to the end of the input, or to `limit` bytes. A few symbols behind the true end may come with it: the format
  /// doesn't say where that is.
  static func unpack(_ input: ArraySlice<UInt8>, limit: Int) -> [UInt8] {
    var coder = LZHUF(input)
    var output: [UInt8] = []
    var text = [UInt8](repeating: 0x20, count: window)
    var at = window - longest
    while !coder.isAtEnd, output.count < limit {
      let symbol = coder.symbol()
      if symbol < 256 {
        let byte = UInt8(truncatingIfNeeded: symbol)
        output.append(byte)
        text[at] = byte
        at = (at + 1) & (window - 1)
      } else {
        let from = at - coder.matchPosition() - 1
        for offset in 0..<symbol - 255 + threshold {
          let byte = text[(from + offset) & (window - 1)]
          output.append(byte)
          text[at] = byte
          at = (at + 1) & (window - 1)
        }
      }
    }
    return output
  }

  private var isAtEnd: Bool { position > input.endIndex || position == input.endIndex && bitCount == 0 }

  private mutating func bit() -> Int {
    if bitCount == 0 {
      bits = position < input.endIndex ? Int(input[position]) : 0
      position += 1
      bitCount = 8
    }
    bitCount -= 1
    return bits >> bitCount & 1
  }

  private mutating func symbol() -> Int {
    var node = child[Self.root]
    while node < Self.nodes { node = child[node + bit()] }
    let symbol = node - Self.nodes
    update(symbol)
    return symbol
  }

  private mutating func matchPosition() -> Int {
    var code = 0
    for _ in 0..<8 { code = code << 1 | bit() }
    let (upper, length) = Self.positions[code & 0xFF]
    for _ in 0..<length - 2 { code = code << 1 | bit() }
    return upper << 6 | code & 0x3F
  }

  /// Counts a symbol and moves nodes, so that frequencies stay in order.
  private mutating func update(_ symbol: Int) {
    if frequency[Self.root] == 0x8000 { rebuild() }
    var node = parent[symbol + Self.nodes]
    repeat {
      frequency[node] += 1
      let count = frequency[node]
      if count > frequency[node + 1] {
        var other = node + 1
        while count > frequency[other + 1] { other += 1 }
        frequency[node] = frequency[other]
        frequency[other] = count
        let (mine, theirs) = (child[node], child[other])
        adopt(mine, other)
        adopt(theirs, node)
        child[other] = mine
        child[node] = theirs
        node = other
      }
      node = parent[node]
    } while node != 0
  }

  /// `node` is the parent of `child` now, and of its sibling if these are inner nodes.
  private mutating func adopt(_ child: Int, _ node: Int) {
    parent[child] = node
    if child < Self.nodes { parent[child + 1] = node }
  }

  /// Halves all frequencies and builds the tree anew.
  private mutating func rebuild() {
    var leaves = 0
    for node in 0..<Self.nodes where child[node] >= Self.nodes {
      frequency[leaves] = (frequency[node] + 1) / 2
      child[leaves] = child[node]
      leaves += 1
    }
    var (from, to) = (0, Self.symbols)
    while to < Self.nodes {
      let sum = frequency[from] + frequency[from + 1]
      var place = to
      while place > 0, sum < frequency[place - 1] { place -= 1 }
      for node in stride(from: to, to: place, by: -1) {
        frequency[node] = frequency[node - 1]
        child[node] = child[node - 1]
      }
      frequency[place] = sum
      child[place] = from
      from += 2
      to += 1
    }
    for node in 0..<Self.nodes { adopt(child[node], node) }
  }
}
