// Register forms: ESC instructions whose second byte is 0xC0 or above.

extension X87 {
  /// What the processor has to do after a register form.
  public enum Outcome: UInt8, Sendable {
    /// Nothing more.
    case done
    /// FNSTSW AX: load AX with `statusWord`.
    case storeStatusInAX
    /// The encoding is not defined for this unit; nothing was changed. A 486 raises #UD; a 386 does not look at
    /// the second byte and a 387 leaves the result undefined, so the processor then goes on as for FNOP.
    case undefined
  }

  /// Executes a register form.
  ///
  /// The caller has checked CR0, `pendingException` if `X87.waits(opcode:)`, and recorded the pointers if
  /// `X87.recordsPointers(opcode:)`.
  /// - Parameter opcode: `(first byte & 7) << 8 | second byte`, second byte 0xC0...0xFF.
  public mutating func executeRegister(opcode: UInt16) -> Outcome {
    let i = Int(opcode & 7)
    switch (opcode &>> 5) & 0x38 | (opcode &>> 3) & 7 {
    // D8: ST(0) with ST(i), result in ST(0).
    case 0o00: arithmetic(.add, 0, i, into: 0, pops: false)
    case 0o01: arithmetic(.multiply, 0, i, into: 0, pops: false)
    case 0o02: compareRegister(i, quiet: false, pops: 0)
    case 0o03: compareRegister(i, quiet: false, pops: 1)
    case 0o04: arithmetic(.subtract, 0, i, into: 0, pops: false)
    case 0o05: arithmetic(.subtract, i, 0, into: 0, pops: false)
    case 0o06: arithmetic(.divide, 0, i, into: 0, pops: false)
    case 0o07: arithmetic(.divide, i, 0, into: 0, pops: false)
    // D9
    case 0o10: loadRegister(i)
    case 0o11: exchange(i)
    case 0o12: return i == 0 ? .done : .undefined
    case 0o13: storeRegister(i, pops: true)
    case 0o14, 0o15, 0o16, 0o17: return executeD9(opcode & 0x1F)
    // DA: only FUCOMPP; the rest is FCMOV on later parts.
    case 0o25:
      if i != 1 { return .undefined }
      compareRegister(1, quiet: true, pops: 2)
    // DB
    case 0o34: return executeControl(i)
    // DC: as D8, result in ST(i). DC D0 and DC D8 are unlisted copies of FCOM and FCOMP.
    case 0o40: arithmetic(.add, i, 0, into: i, pops: false)
    case 0o41: arithmetic(.multiply, i, 0, into: i, pops: false)
    case 0o42: compareRegister(i, quiet: false, pops: 0)
    case 0o43: compareRegister(i, quiet: false, pops: 1)
    case 0o44: arithmetic(.subtract, 0, i, into: i, pops: false)
    case 0o45: arithmetic(.subtract, i, 0, into: i, pops: false)
    case 0o46: arithmetic(.divide, 0, i, into: i, pops: false)
    case 0o47: arithmetic(.divide, i, 0, into: i, pops: false)
    // DD: DD C8 is an unlisted copy of FXCH.
    case 0o50: free(i)
    case 0o51: exchange(i)
    case 0o52: storeRegister(i, pops: false)
    case 0o53: storeRegister(i, pops: true)
    case 0o54: compareRegister(i, quiet: true, pops: 0)
    case 0o55: compareRegister(i, quiet: true, pops: 1)
    // DE: as DC, then pop. DE D0 is an unlisted copy of FCOMP.
    case 0o60: arithmetic(.add, i, 0, into: i, pops: true)
    case 0o61: arithmetic(.multiply, i, 0, into: i, pops: true)
    case 0o62: compareRegister(i, quiet: false, pops: 1)
    case 0o63:
      if i != 1 { return .undefined }
      compareRegister(1, quiet: false, pops: 2)
    case 0o64: arithmetic(.subtract, 0, i, into: i, pops: true)
    case 0o65: arithmetic(.subtract, i, 0, into: i, pops: true)
    case 0o66: arithmetic(.divide, 0, i, into: i, pops: true)
    case 0o67: arithmetic(.divide, i, 0, into: i, pops: true)
    // DF: unlisted: FFREE with pop, FXCH, FSTP, FSTP.
    case 0o70:
      free(i)
      pop()
    case 0o71: exchange(i)
    case 0o72, 0o73: storeRegister(i, pops: true)
    case 0o74:
      if i != 0 { return .undefined }
      return .storeStatusInAX
    default: return .undefined
    }
    return .done
  }

  /// DB E0...E7. FENI, FDISI and FSETPM do nothing on a 387 and later.
  private mutating func executeControl(_ i: Int) -> Outcome {
    switch i {
    case 0, 1, 4: return .done
    case 2: clearExceptions()
    case 3: initialize()
    default: return .undefined
    }
    return .done
  }

  /// D9 E0...FF.
  private mutating func executeD9(_ low: UInt16) -> Outcome {
    switch low {
    case 0x00: changeSign(xor: 0x8000, and: 0xFFFF)
    case 0x01: changeSign(xor: 0, and: 0x7FFF)
    case 0x04: test()
    case 0x05: examine()
    case 0x08...0x0E: loadConstant(low & 7)
    case 0x10: unary(.exponential)
    case 0x11: binaryPopping(.logarithm)
    case 0x12: producing(.tangent)
    case 0x13: binaryPopping(.arctangent)
    case 0x14: producing(.extract)
    case 0x15: remainder(nearest: true)
    case 0x16:
      status.remove(.c1)
      top = (top &- 1) & 7
    case 0x17:
      status.remove(.c1)
      top = (top &+ 1) & 7
    case 0x18: remainder(nearest: false)
    case 0x19: binaryPopping(.logarithmPlusOne)
    case 0x1A: unary(.squareRoot)
    case 0x1B: producing(.sineAndCosine)
    case 0x1C: unary(.round)
    case 0x1D: scale()
    case 0x1E: unary(.sine)
    case 0x1F: unary(.cosine)
    default: return .undefined
    }
    return .done
  }
}

// MARK: - Control

extension X87 {
  /// FNINIT. Register contents stay, all tagged empty.
  /// - Source: 387 DX User's Manual, "FINIT": CW 037Fh, SW 0, tags empty, pointers and opcode zero.
  public mutating func initialize() {
    control = ControlWord(rawValue: 0x037F)
    status = []
    top = 0
    occupied = 0
    lastOpcode = 0
    instructionSelector = 0
    instructionOffset = 0
    dataSelector = 0
    dataOffset = 0
  }

  /// FNCLEX: clears the exception flags, SF, ES and B.
  public mutating func clearExceptions() {
    status.subtract([.exceptions, .stackFault, .summary])
  }
}
