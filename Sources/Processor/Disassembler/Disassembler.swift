/// Turns 386 and 486 machine code into text in NASM's syntax.
///
/// Reads the same instruction table as the decoder. Assembling the text gives an instruction of the same meaning, nearly
/// always of the same bytes: NASM picks one of several encodings with the same operands. It has no words for MOVZX and
/// MOVSX from 16 to 16 bits and BSWAP of 16. What isn't an instruction of a 386 or 486 becomes `db`, one byte at a time;
/// so does a repeat prefix that repeats nothing. Any bytes at all may be given.
public struct Disassembler: Sendable {
  /// One instruction, or one byte of something else.
  public struct Line: Equatable, Sendable {
    /// Address of the first byte; the origin plus its position, modulo 4 GB.
    public var address: UInt32
    /// Bytes, 1...15.
    public var length: Int
    /// The instruction in lower case, without label or comment; numbers in hexadecimal.
    public var text: String
  }

  let table = InstructionTable()

  /// A disassembler; building one costs more than a line of its output.
  public init() {}

  /// The instruction at the start of `bytes`.
  ///
  /// - Parameters:
  ///   - address: where it lies, for the targets of relative jumps.
  ///   - bits: the code segment's size: 32; any other number means 16.
  /// - Returns: nil if there are no bytes.
  public func line(_ bytes: ArraySlice<UInt8>, address: UInt32, bits: Int) -> Line? {
    guard let first = bytes.first else { return nil }
    var reader = InstructionReader(bytes.prefix(Decoder.longest), address: address, is32Bit: bits == 32)
    if let text = reader.text(table) { return Line(address: address, length: reader.length, text: text) }
    return Line(address: address, length: 1, text: "db " + Self.hex(first, digits: 2))
  }

  /// All of `bytes`, the first of them at `origin`.
  ///
  /// - Parameter bits: 16 or 32, see `line(_:address:bits:)`.
  public static func disassemble(_ bytes: ArraySlice<UInt8>, origin: UInt32, bits: Int) -> [Line] {
    let disassembler = Disassembler()
    var lines: [Line] = []
    var rest = bytes
    var address = origin
    while let line = disassembler.line(rest, address: address, bits: bits) {
      lines.append(line)
      rest = rest.dropFirst(line.length)
      address &+= UInt32(truncatingIfNeeded: line.length)
    }
    return lines
  }

  /// All of `bytes`, the first of them at `origin`.
  public static func disassemble(_ bytes: [UInt8], origin: UInt32, bits: Int) -> [Line] {
    disassemble(bytes[...], origin: origin, bits: bits)
  }

  /// 0x1f, with at least `digits` digits.
  static func hex(_ value: some BinaryInteger, digits: Int = 1) -> String {
    let text = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}

/// One instruction being read.
struct InstructionReader {
  private let bytes: ArraySlice<UInt8>
  private var position: Int
  private var ranOut = false
  private let address: UInt32
  let is32Bit: Bool

  // Prefixes, and whether the text so far expresses them. What isn't expressed is written in front (`o32`, `a16`, `es`).
  private(set) var operandSize32: Bool
  private(set) var addressSize32: Bool
  private var segment: Int?
  private var hasLock = false
  private var repeatPrefix = ""
  var showsOperandSize = false
  var showsAddressSize = false
  var showsSegment = false

  private(set) var opcode = 0
  private(set) var modRM: UInt8 = 0

  init(_ bytes: ArraySlice<UInt8>, address: UInt32, is32Bit: Bool) {
    self.bytes = bytes
    self.address = address
    self.is32Bit = is32Bit
    position = bytes.startIndex
    operandSize32 = is32Bit
    addressSize32 = is32Bit
  }

  /// Bytes read so far.
  var length: Int { position - bytes.startIndex }

  // MARK: Bytes

  private mutating func byte() -> UInt8 {
    guard position < bytes.endIndex else {
      ranOut = true
      return 0
    }
    defer { position += 1 }
    return bytes[position]
  }
  mutating func number(_ size: Int) -> UInt32 {
    var value: UInt32 = 0
    for i in 0..<size { value |= UInt32(byte()) << UInt32(8 * i) }
    return value
  }
  mutating func signedByte() -> Int32 { Int32(Int8(bitPattern: byte())) }

  // MARK: One instruction

  /// The instruction's text; nil if it isn't one, or isn't all there.
  mutating func text(_ table: InstructionTable) -> String? {
    readPrefixes()
    if opcode == 0x0F { opcode = 0x100 | Int(byte()) }
    var form = table.forms[opcode]
    let group = Int(table.groupIndex[opcode])
    if form.hasModRM || group != 0 { modRM = byte() }
    if group != 0 { form = table.groups[(group - 1) * 8 + Int(reg)] }
    guard !ranOut, form.isDefined, isValid(form), repeatPrefix.isEmpty || repeats(form.operation) else { return nil }
    let body = form.operation == .escape ? numericText() : instructionText(form)
    guard let body, !ranOut else { return nil }
    // WAIT is itself a prefix to NASM: others would end up behind it.
    if form.operation == .wait, length > 1 { return nil }
    return unexpressedPrefixes + body
  }

  private mutating func readPrefixes() {
    while true {
      opcode = Int(byte())
      switch opcode {
      case 0x26, 0x2E, 0x36, 0x3E: segment = opcode >> 3 & 3
      case 0x64, 0x65: segment = opcode & 7
      case 0x66: operandSize32 = !is32Bit
      case 0x67: addressSize32 = !is32Bit
      case 0xF0: hasLock = true
      case 0xF2: repeatPrefix = "repne "
      case 0xF3: repeatPrefix = "rep "
      default: return
      }
      if ranOut { return }
    }
  }

  private var unexpressedPrefixes: String {
    var text = hasLock ? "lock " : ""
    if repeatPrefix == "rep ", [0xA6, 0xA7, 0xAE, 0xAF].contains(opcode) {
      text += "repe "
    } else {
      text += repeatPrefix
    }
    if operandSize32 != is32Bit, !showsOperandSize { text += operandSize32 ? "o32 " : "o16 " }
    if addressSize32 != is32Bit, !showsAddressSize { text += addressSize32 ? "a32 " : "a16 " }
    if let segment, !showsSegment { text += Self.segments[segment] + " " }
    return text
  }

  /// Forms for registers or memory only, LOCK, and registers that don't exist.
  private func isValid(_ form: InstructionForm) -> Bool {
    if hasLock, isRegister || !form.isLockable { return false }
    for kind in [form.first, form.second] {
      switch kind {
      case .Ms, .Mb, .Mv, .Ma, .Mp: if isRegister { return false }
      case .Sw: if reg > 5 || (form.operation == .movToSegment && reg == 1) { return false }
      case .Cd: if reg == 1 || reg > 3 { return false }
      case .Td: if reg < 3 { return false }
      default: break
      }
    }
    return form.operation != .lea || !isRegister
  }

  private func repeats(_ operation: Operation) -> Bool {
    switch operation {
    case .movs, .cmps, .stos, .lods, .scas, .ins, .outs: true
    default: false
    }
  }

  var reg: UInt8 { modRM >> 3 & 7 }
  var rm: UInt8 { modRM & 7 }
  var isRegister: Bool { modRM >= 0xC0 }
  /// 2 or 4.
  var operandBytes: Int { operandSize32 ? 4 : 2 }

  // MARK: Names

  static let segments = ["es", "cs", "ss", "ds", "fs", "gs"]
  private static let words = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"]
  private static let bytes = ["al", "cl", "dl", "bl", "ah", "ch", "dh", "bh"]

  /// A general register of `size` bytes.
  static func register(_ n: UInt8, _ size: Int) -> String {
    let i = Int(n & 7)
    switch size {
    case 1: return bytes[i]
    case 2: return words[i]
    default: return "e" + words[i]
    }
  }

  // MARK: Memory operands

  /// The memory operand in brackets.
  mutating func memory() -> String {
    showsAddressSize = true
    return "[" + segmentPrefix() + (addressSize32 ? address32() : address16()) + "]"
  }

  /// A memory operand given by its offset alone (MOV with the accumulator).
  mutating func directMemory() -> String {
    showsAddressSize = true
    let prefix = segmentPrefix()
    return "[" + addressSizeKeyword + prefix + Disassembler.hex(number(addressSize32 ? 4 : 2)) + "]"
  }

  private mutating func segmentPrefix() -> String {
    guard let segment else { return "" }
    showsSegment = true
    return Self.segments[segment] + ":"
  }

  /// An address without registers doesn't tell its size.
  private var addressSizeKeyword: String {
    addressSize32 == is32Bit ? "" : (addressSize32 ? "dword " : "word ")
  }

  private mutating func address16() -> String {
    let registers = ["bx+si", "bx+di", "bp+si", "bp+di", "si", "di", "bp", "bx"]
    let mod = modRM >> 6
    if mod == 0, rm == 6 { return addressSizeKeyword + Disassembler.hex(number(2)) }
    return withDisplacement(registers[Int(rm)], mod, isBP: rm == 6)
  }

  private mutating func address32() -> String {
    let mod = modRM >> 6
    var base: UInt8? = rm
    var text = ""
    if rm == 4 {
      let sib = byte()
      base = sib & 7
      let index = sib >> 3 & 7
      if sib & 7 == 5, mod == 0 { base = nil }
      if index != 4 {
        let scale = 1 << Int(sib >> 6)
        // NASM would make [eax+eax] of [eax*2]; with EBP that lies in another segment.
        if base == nil, scale <= 2 { text = "nosplit " }
        if let base { text += Self.register(base, 4) + "+" }
        text += Self.register(index, 4) + (base != nil && scale == 1 ? "*1" : "*\(scale)")
      } else if let base {
        text = Self.register(base, 4)
      }
    } else if rm == 5, mod == 0 {
      base = nil
    } else {
      text = Self.register(rm, 4)
    }
    if base == nil {
      let offset = number(4)
      return text.isEmpty ? addressSizeKeyword + Disassembler.hex(offset) : text + "+" + Disassembler.hex(offset)
    }
    return withDisplacement(text, mod, isBP: base == 5)
  }

  /// Adds the displacement, with its size in front where NASM would choose a shorter one.
  private mutating func withDisplacement(_ text: String, _ mod: UInt8, isBP: Bool) -> String {
    switch mod {
    case 1:
      let value = signedByte()
      let keyword = value == 0 && !isBP ? "byte " : ""
      return keyword + text + (value < 0 ? "-" : "+") + Disassembler.hex(value.magnitude)
    case 2:
      let value = number(addressSize32 ? 4 : 2)
      let signed = addressSize32 ? Int32(bitPattern: value) : Int32(Int16(truncatingIfNeeded: value))
      let keyword = -128...127 ~= signed ? (addressSize32 ? "dword " : "word ") : ""
      return keyword + text + "+" + Disassembler.hex(value)
    default: return text
    }
  }

  // MARK: Jump targets

  /// Reads a displacement of 1, 2 or 4 bytes and gives the target of the jump that ends with it.
  mutating func target(_ size: Int) -> String {
    let displacement: UInt32
    switch size {
    case 1: displacement = UInt32(bitPattern: signedByte())
    case 2: displacement = UInt32(bitPattern: Int32(Int16(truncatingIfNeeded: number(2))))
    default: displacement = number(4)
    }
    let next = address &+ UInt32(truncatingIfNeeded: length) &+ displacement
    // In 16-bit code addresses beyond 64 KB are a matter of origin: only the low half is counted.
    return Disassembler.hex(operandSize32 ? next : address & ~0xFFFF | next & 0xFFFF)
  }
}
