// Memory forms: ESC instructions with a memory operand of at most ten bytes. The processor makes the access itself;
// loads get the raw bytes, stores come in two steps so that a page fault on the write leaves the unit as it was.

extension X87 {
  /// What a memory form does with its operand.
  public enum MemoryKind: UInt8, Sendable {
    /// Not defined for this unit (see `Outcome.undefined`); no access takes place.
    case undefined
    /// Read the operand, then `load(opcode:low:high:)`.
    case load
    /// `prepareStore(opcode:)`, write if it says so, then `commitStore(_:)`.
    case store
    /// FLDENV: read 14 or 28 bytes, then `loadEnvironment(from:layout:)`.
    case loadEnvironment
    /// FNSTENV: `writeEnvironment(to:layout:)`, write the bytes, then `environmentStored()`.
    case storeEnvironment
    /// FRSTOR: read 94 or 108 bytes, then `loadState(from:layout:)`.
    case loadState
    /// FNSAVE: `writeState(to:layout:)`, write the bytes, then `initialize()`.
    case storeState
  }

  /// The operand of a memory form.
  public struct MemoryForm: Equatable, Sendable {
    /// What is done with it.
    public var kind: MemoryKind
    /// Size in bytes; the environment forms give their 16-bit size, see `EnvironmentLayout`.
    public var bytes: UInt8
  }

  /// Operand kind and size of a memory form.
  /// - Parameter opcode: `(first byte & 7) << 8 | second byte`, second byte below 0xC0.
  public static func memoryForm(opcode: UInt16) -> MemoryForm {
    let group = (opcode &>> 8) & 7
    let field = (opcode &>> 3) & 7
    switch group {
    case 0, 2: return MemoryForm(kind: .load, bytes: 4)
    case 4: return MemoryForm(kind: .load, bytes: 8)
    case 6: return MemoryForm(kind: .load, bytes: 2)
    default: break
    }
    switch group &<< 3 | field {
    case 0o10, 0o30: return MemoryForm(kind: .load, bytes: 4)
    case 0o12, 0o13, 0o32, 0o33: return MemoryForm(kind: .store, bytes: 4)
    case 0o14: return MemoryForm(kind: .loadEnvironment, bytes: 14)
    case 0o15, 0o70: return MemoryForm(kind: .load, bytes: 2)
    case 0o16: return MemoryForm(kind: .storeEnvironment, bytes: 14)
    case 0o17, 0o57, 0o72, 0o73: return MemoryForm(kind: .store, bytes: 2)
    case 0o35, 0o74: return MemoryForm(kind: .load, bytes: 10)
    case 0o37, 0o76: return MemoryForm(kind: .store, bytes: 10)
    case 0o50, 0o75: return MemoryForm(kind: .load, bytes: 8)
    case 0o52, 0o53, 0o77: return MemoryForm(kind: .store, bytes: 8)
    case 0o54: return MemoryForm(kind: .loadState, bytes: 94)
    case 0o56: return MemoryForm(kind: .storeState, bytes: 94)
    default: return MemoryForm(kind: .undefined, bytes: 0)
    }
  }

  // MARK: Loads

  /// Executes a memory form of kind `.load`.
  /// - Parameters:
  ///   - low: the operand's first eight bytes, little-endian, zero-extended.
  ///   - high: bytes 8 and 9 of a ten-byte operand.
  public mutating func load(opcode: UInt16, low: UInt64, high: UInt16) {
    let field = (opcode &>> 3) & 7
    switch (opcode &>> 8) & 7 {
    case 0:
      let bits = UInt32(truncatingIfNeeded: low)
      operate(field, Extended(single: bits), denormal: Extended.isDenormalSingle(bits))
    case 2: operate(field, Extended(integer: Int64(Int32(truncatingIfNeeded: low))), denormal: false)
    case 4: operate(field, Extended(double: low), denormal: Extended.isDenormalDouble(low))
    case 6: operate(field, Extended(integer: Int64(Int16(truncatingIfNeeded: low))), denormal: false)
    case 1:
      if field == 5 { return loadControlWord(UInt16(truncatingIfNeeded: low)) }
      let bits = UInt32(truncatingIfNeeded: low)
      pushReal(Extended(single: bits), denormal: Extended.isDenormalSingle(bits))
    case 3:
      if field == 5 {
        pushExact(Extended(significand: low, signExponent: high))
      } else {
        pushExact(Extended(integer: Int64(Int32(truncatingIfNeeded: low))))
      }
    case 5: pushReal(Extended(double: low), denormal: Extended.isDenormalDouble(low))
    default:
      switch field {
      case 4: pushExact(Extended(packedDecimal: low, high: high))
      case 5: pushExact(Extended(integer: Int64(bitPattern: low)))
      default: pushExact(Extended(integer: Int64(Int16(truncatingIfNeeded: low))))
      }
    }
  }

  /// FLDCW.
  public mutating func loadControlWord(_ value: UInt16) {
    control = .loaded(value)
    updateSummary()
  }

  /// The eight operations of D8, DA, DC and DE with a memory operand.
  private mutating func operate(_ field: UInt16, _ value: Extended, denormal: Bool) {
    switch field {
    case 0: arithmetic(.add, value: value, reversed: false, denormal: denormal)
    case 1: arithmetic(.multiply, value: value, reversed: false, denormal: denormal)
    case 2: compareMemory(value, pops: 0, denormal: denormal)
    case 3: compareMemory(value, pops: 1, denormal: denormal)
    case 4: arithmetic(.subtract, value: value, reversed: false, denormal: denormal)
    case 5: arithmetic(.subtract, value: value, reversed: true, denormal: denormal)
    case 6: arithmetic(.divide, value: value, reversed: false, denormal: denormal)
    default: arithmetic(.divide, value: value, reversed: true, denormal: denormal)
    }
  }

  /// FLD of an 80-bit real and of integers: nothing but a stack fault can happen.
  private mutating func pushExact(_ value: Extended) {
    if _slowPath(isOccupied(-1)) { return overflow() }
    push(value)
    status.remove(.c1)
  }

  /// FLD of a single or double: signalling NaNs are quieted with IE, denormals raise DE. The denormal is pushed
  /// even if DE is unmasked (seen on silicon).
  private mutating func pushReal(_ value: Extended, denormal: Bool) {
    if _slowPath(isOccupied(-1)) { return overflow() }
    if _fastPath(!denormal && !value.isSignalling) {
      push(value)
      status.remove(.c1)
      return
    }
    if denormal {
      push(value)
      return record(.denormal)
    }
    if !suppresses(.invalid) { push(value.quieted) }
    record(.invalid)
  }

  // MARK: Stores

  /// What a store is about to do.
  public struct StoreResult: Sendable {
    /// The operand's first eight bytes, little-endian.
    public var low: UInt64
    /// Bytes 8 and 9 of a ten-byte operand.
    public var high: UInt16
    /// False if an unmasked exception suppresses the write; `commitStore(_:)` has to follow all the same.
    public var writes: Bool
    /// What `commitStore(_:)` adds to the status word.
    var raised: StatusWord
    /// True if the register stack is popped.
    var pops: Bool
    /// False for FNSTCW and FNSTSW, which change nothing.
    var changesStatus: Bool
  }

  /// Computes the operand of a memory form of kind `.store` without changing anything. (`mutating` only so that the
  /// registers are passed by address: a borrowing call copied all 152 bytes first, 5 ns.)
  public mutating func prepareStore(opcode: UInt16) -> StoreResult {
    let field = (opcode &>> 3) & 7
    let form = (opcode &>> 5) & 0x38 | field
    if form == 0o17 { return plainStore(control.rawValue) }
    if form == 0o57 { return plainStore(statusWord) }
    // FST m32/m64 and FIST m16/m32 keep the operand, all others pop it.
    var result = StoreResult(
      low: 0, high: 0, writes: true, raised: [], pops: field != 2, changesStatus: true)
    if _slowPath(!isOccupied(0)) {
      result.raised = .stackUnderflow
      indefinite(form, &result)
    } else {
      let value = self[0]
      switch form {
      case 0o12, 0o13: result.low = UInt64(value.single(control: control, raised: &result.raised))
      case 0o52, 0o53: result.low = value.double(control: control, raised: &result.raised)
      case 0o32, 0o33: result.low = value.integer(bits: 32, control: control, raised: &result.raised)
      case 0o72, 0o73: result.low = value.integer(bits: 16, control: control, raised: &result.raised)
      case 0o77: result.low = value.integer(bits: 64, control: control, raised: &result.raised)
      case 0o37:
        result.low = value.significand
        result.high = value.signExponent
      default: (result.low, result.high) = value.packedDecimal(control: control, raised: &result.raised)
      }
    }
    // A store has no register to put a scaled result in: overflow and underflow suppress it too.
    let fatal: StatusWord = [.beforeResult, .overflow, .underflow]
    if !result.raised.intersection(fatal).isSubset(of: control.masked) {
      result.writes = false
      result.pops = false
    }
    return result
  }

  /// Completes a store after its bytes were written, or suppressed.
  public mutating func commitStore(_ result: StoreResult) {
    if !result.changesStatus { return }
    if result.pops { pop() }
    record(result.raised)
  }

  private func plainStore(_ word: UInt16) -> StoreResult {
    StoreResult(low: UInt64(word), high: 0, writes: true, raised: [], pops: false, changesStatus: false)
  }

  /// The indefinite value of each memory format, stored in place of an empty register.
  private func indefinite(_ form: UInt16, _ result: inout StoreResult) {
    switch form {
    case 0o12, 0o13: result.low = 0xFFC0_0000
    case 0o52, 0o53: result.low = 0xFFF8_0000_0000_0000
    case 0o32, 0o33: result.low = 0x8000_0000
    case 0o72, 0o73: result.low = 0x8000
    case 0o77: result.low = 0x8000_0000_0000_0000
    default:
      // Real indefinite and packed decimal indefinite have the same bits.
      result.low = 0xC000_0000_0000_0000
      result.high = 0xFFFF
    }
  }
}
