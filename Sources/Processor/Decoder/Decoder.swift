import Hardware

/// Decodes one instruction into one `Op`.
///
/// Works on a run of bytes and never reads past it: an instruction that needs more says so, and the caller finds out
/// whether a page, a segment limit or the length limit ended it.
struct Decoder {
  enum Status {
    /// Decoded; the next instruction may follow in the same block.
    case more
    /// Decoded; must be the last of its block.
    case last
    /// The bytes ended within the instruction.
    case short
  }

  /// Longest instruction, prefixes included: 15 bytes on both processors; one more raises #GP(0).
  ///
  /// - Source: i486 PRM 9.9.13 ("instruction length exceeds 15 bytes"); 386 PRM 9.8.13.
  static let longest = 15

  let bytes: UnsafePointer<UInt8>
  let available: Int
  let code32: Bool
  let is486: Bool
  let table: DecodeTable
  let timing: TimingTable

  var position = 0
  var operandSize32: Bool
  var addressSize32: Bool
  var segmentOverride: UInt8 = 0xFF
  var hasLock = false
  var repeatPrefix: UInt8 = 0
  var modRM: UInt8 = 0
  var isRegister = true
  var ranOut = false
  /// What the pipelines count: prefixes other than REP, SIB byte, displacement, immediate.
  var prefixes = 0
  var hasSIB = false
  var hasDisplacement = false
  var hasImmediate = false

  init(
    _ bytes: UnsafePointer<UInt8>, available: Int, code32: Bool, is486: Bool, table: DecodeTable, timing: TimingTable
  ) {
    self.bytes = bytes
    self.available = available
    self.code32 = code32
    self.is486 = is486
    self.table = table
    self.timing = timing
    operandSize32 = code32
    addressSize32 = code32
  }

  /// Bytes used by the instruction just decoded.
  var length: Int { position }
  /// The condition code of a `jcc`/`setcc` just decoded.
  var opcode = 0
  /// The form just decoded.
  var form = InstructionForm()

  // MARK: Bytes

  mutating func byte() -> UInt8 {
    guard position < available else {
      ranOut = true
      return 0
    }
    defer { position &+= 1 }
    return bytes[position]
  }
  mutating func word() -> UInt32 { UInt32(byte()) | UInt32(byte()) << 8 }
  mutating func dword() -> UInt32 { word() | word() << 16 }
  mutating func signedByte() -> UInt32 { UInt32(bitPattern: Int32(Int8(bitPattern: byte()))) }
  mutating func sized(_ wide: Bool) -> UInt32 { wide ? dword() : word() }

  // MARK: One instruction

  /// Decodes the instruction at the start of the bytes. Undefined ones become an operation that raises #UD.
  mutating func decode(_ op: inout Op) -> Status {
    var opcode = Int(byte())
    prefixes: while true {
      if ranOut { return .short }
      switch opcode {
      case 0x26, 0x2E, 0x36, 0x3E: segmentOverride = UInt8(truncatingIfNeeded: opcode >> 3) & 3
      case 0x64: segmentOverride = UInt8(SegmentIndex.fs)
      case 0x65: segmentOverride = UInt8(SegmentIndex.gs)
      case 0x66: operandSize32 = !code32
      case 0x67: addressSize32 = !code32
      case 0xF0: hasLock = true
      case 0xF2: repeatPrefix = 0x80
      case 0xF3: repeatPrefix = 0x40
      default: break prefixes
      }
      if opcode != 0xF2, opcode != 0xF3 { prefixes += 1 }
      // The length limit is checked by the caller; more than 15 prefixes alone exceed it.
      if position >= Decoder.longest { return .short }
      opcode = Int(byte())
    }
    if opcode == 0x0F { opcode = 0x100 | Int(byte()) }
    self.opcode = opcode
    form = table.forms[opcode]
    if form.hasModRM || table.groupIndex[opcode] != 0 {
      modRM = byte()
      if ranOut { return .short }
      let group = Int(table.groupIndex[opcode])
      if group != 0 {
        form = table.groups[(group - 1) * 8 + Int(modRM >> 3 & 7)]
        if !form.isDefined { return undefinedMember(&op, group) }
      }
    }
    if ranOut { return .short }
    guard form.isDefined, form.family == 3 || (form.family == 4) == is486 else { return undefined(&op) }
    if form.hasModRM { memoryOperand(&op) }
    immediates(&op)
    if ranOut { return .short }
    return operandsAreValid ? lower(&op) : undefined(&op)
  }

  /// An undefined member of a group: the whole instruction is fetched (and may run into a limit) before #UD, with the
  /// operands of the group's defined members.
  mutating func undefinedMember(_ op: inout Op, _ group: Int) -> Status {
    for i in 0..<8 where table.groups[(group - 1) * 8 + i].isDefined {
      form = table.groups[(group - 1) * 8 + i]
      memoryOperand(&op)
      immediates(&op)
      break
    }
    return ranOut ? .short : undefined(&op)
  }

  func undefined(_ op: inout Op) -> Status {
    op.id = .otherEnd
    op.a = Operation.undefined.rawValue
    return .last
  }

  /// Memory-only and register-only forms, LOCK, and the existence of special registers.
  var operandsAreValid: Bool {
    if hasLock, isRegister || !form.isLockable { return false }
    let kinds = (form.first, form.second)
    switch kinds {
    case (.Ms, _), (.Mb, _), (_, .Mv), (_, .Ma), (_, .Mp), (.Mp, _): if isRegister { return false }
    case (.Sw, _), (_, .Sw):
      let segment = modRM >> 3 & 7
      if segment > 5 || (kinds.0 == .Sw && segment == 1) { return false }
    case (.Cd, _), (_, .Cd):
      let register = modRM >> 3 & 7
      if register == 1 || register > 3 { return false }
    case (.Td, _), (_, .Td):
      let register = modRM >> 3 & 7
      if register < (is486 ? 3 : 6) { return false }
    default: break
    }
    return true
  }

  // MARK: ModRM

  mutating func memoryOperand(_ op: inout Op) {
    let kinds = (form.first, form.second)
    switch kinds {
    case (.Rd, _), (_, .Rd): return  // mod is ignored: always a register
    default: break
    }
    let mod = modRM >> 6
    let rm = modRM & 7
    isRegister = mod == 3
    if isRegister { return }
    var segment = UInt8(SegmentIndex.ds)
    if addressSize32 {
      var base = rm
      if rm == 4 {
        let sib = byte()
        hasSIB = true
        base = sib & 7
        let index = sib >> 3 & 7
        if index != 4 {
          op.index = index * 4
          op.scale = sib >> 6
        }
      }
      if base == 5, mod == 0 {
        op.disp = dword()
        hasDisplacement = true
      } else {
        op.base = base * 4
        if base == 4 || base == 5 { segment = UInt8(SegmentIndex.ss) }
      }
      op.mask = 0xFFFF_FFFF
    } else {
      // BX+SI BX+DI BP+SI BP+DI SI DI BP BX
      let bases: InlineArray<8, UInt8> = [12, 12, 20, 20, 24, 28, 20, 12]
      let indices: InlineArray<8, UInt8> = [24, 28, 24, 28, 32, 32, 32, 32]
      if rm == 6, mod == 0 {
        op.disp = word()
        hasDisplacement = true
      } else {
        op.base = bases[Int(rm)]
        op.index = indices[Int(rm)]
        if op.base == 20 { segment = UInt8(SegmentIndex.ss) }
      }
      op.mask = 0xFFFF
    }
    if mod != 0 { hasDisplacement = true }
    if mod == 1 {
      op.disp = signedByte()
    } else if mod == 2 {
      op.disp = sized(addressSize32)
    }
    op.seg = segmentOverride == 0xFF ? segment : segmentOverride
  }

  // MARK: Immediates

  mutating func immediates(_ op: inout Op) {
    immediate(form.first, &op)
    immediate(form.second, &op)
    immediate(form.third, &op)
  }

  mutating func immediate(_ operand: Operand, _ op: inout Op) {
    switch operand {
    case .Ib, .Ibs, .Iw, .Iz, .Jb, .Jz, .Ap: hasImmediate = true
    case .Ob, .Ov: hasDisplacement = true
    default: break
    }
    switch operand {
    case .Ib: if form.operation == .enter { op.disp = UInt32(byte()) } else { op.imm = UInt32(byte()) }
    case .Ibs: op.imm = signedByte()
    case .Iw: op.imm = word()
    case .Iz: op.imm = sized(operandSize32)
    case .Jb: op.imm = signedByte()
    case .Jz: op.imm = operandSize32 ? dword() : UInt32(bitPattern: Int32(Int16(truncatingIfNeeded: word())))
    case .one: op.imm = 1
    case .Ob, .Ov:
      op.disp = sized(addressSize32)
      op.mask = addressSize32 ? 0xFFFF_FFFF : 0xFFFF
      op.seg = segmentOverride == 0xFF ? UInt8(SegmentIndex.ds) : segmentOverride
      isRegister = false
    case .Ap:
      op.disp = sized(operandSize32)
      op.imm = word()
    default: break
    }
  }
}

/// The instruction table as flat memory, for decoding without reference counting. Lives as long as its processor.
struct DecodeTable {
  let forms: UnsafePointer<InstructionForm>
  let groups: UnsafePointer<InstructionForm>
  let groupIndex: UnsafePointer<UInt8>

  static func allocate(_ table: InstructionTable = InstructionTable()) -> DecodeTable {
    func copy<T>(_ values: [T]) -> UnsafePointer<T> {
      let memory = UnsafeMutablePointer<T>.allocate(capacity: values.count)
      for (i, value) in values.enumerated() { (memory + i).initialize(to: value) }
      return UnsafePointer(memory)
    }
    return DecodeTable(
      forms: copy(table.forms), groups: copy(table.groups), groupIndex: copy(table.groupIndex))
  }

  func deallocate() {
    forms.deallocate()
    groups.deallocate()
    groupIndex.deallocate()
  }
}
