import Hardware

// FNSTENV, FLDENV, FNSAVE and FRSTOR in their four layouts.

extension X87 {
  /// The layout of the environment in memory: operand size and mode choose one of four.
  /// - Source: i486 Programmer's Reference Manual, figures 15-4...15-7.
  public struct EnvironmentLayout: Equatable, Sendable {
    /// Operand size 32 bits (28-byte environment) instead of 16 (14 bytes).
    public var is32Bit: Bool
    /// Protected-mode layout (selector and offset) instead of the real and virtual-8086 one (linear addresses).
    public var isProtected: Bool

    /// The layout for an operand size and mode.
    @inline(__always)
    public init(is32Bit: Bool, isProtected: Bool) {
      self.is32Bit = is32Bit
      self.isProtected = isProtected
    }

    /// Bytes of FNSTENV and FLDENV.
    public var environmentBytes: Int { is32Bit ? 28 : 14 }
    /// Bytes of FNSAVE and FRSTOR.
    public var stateBytes: Int { is32Bit ? 108 : 94 }
  }

  /// The largest of the areas, for the processor's buffer.
  public static var largestStateBytes: Int { 108 }

  // MARK: Stores

  /// Writes the environment as FNSTENV does. Changes nothing here; call `environmentStored()` when the guest's
  /// memory has it. `bytes` needs room for `layout.environmentBytes`.
  public func writeEnvironment(to bytes: UnsafeMutablePointer<UInt8>, layout: EnvironmentLayout) {
    // Seven words; in the 32-bit layouts each has a double word to itself. The reserved halves of the control,
    // status and tag entries and of the data selector read as ones on the i486 and later (387: unverified).
    let size = layout.is32Bit ? 4 : 2
    put(UInt32(control.rawValue) | 0xFFFF_0000, bytes, 0, size)
    put(UInt32(statusWord) | 0xFFFF_0000, bytes, 1, size)
    put(UInt32(tagWord) | 0xFFFF_0000, bytes, 2, size)
    if layout.isProtected {
      put(instructionOffset, bytes, 3, size)
      put(UInt32(instructionSelector) | UInt32(lastOpcode & 0x7FF) &<< 16, bytes, 4, size)
      put(dataOffset, bytes, 5, size)
      put(UInt32(dataSelector) | 0xFFFF_0000, bytes, 6, size)
      return
    }
    let instruction = UInt32(instructionSelector) &<< 4 &+ instructionOffset
    let data = UInt32(dataSelector) &<< 4 &+ dataOffset
    let upper: UInt32 = layout.is32Bit ? 0x0FFF_F000 : 0xF000
    put(instruction & 0xFFFF, bytes, 3, size)
    put((instruction &>> 4) & upper | UInt32(lastOpcode & 0x7FF), bytes, 4, size)
    put(data & 0xFFFF, bytes, 5, size)
    put((data &>> 4) & upper, bytes, 6, size)
  }

  /// Completes FNSTENV: all exceptions become masked.
  /// - Source: 387 DX User's Manual, "FSTENV/FNSTENV".
  public mutating func environmentStored() {
    control = ControlWord(rawValue: control.rawValue | 0x3F)
    updateSummary()
  }

  /// Writes environment and registers as FNSAVE does. Changes nothing here; call `initialize()` when the guest's
  /// memory has it. `bytes` needs room for `layout.stateBytes`.
  public func writeState(to bytes: UnsafeMutablePointer<UInt8>, layout: EnvironmentLayout) {
    writeEnvironment(to: bytes, layout: layout)
    var position = layout.environmentBytes
    for i in 0..<8 {
      let value = self[i]
      for n in 0..<8 {
        bytes[position &+ n] = UInt8(truncatingIfNeeded: value.significand &>> UInt64(truncatingIfNeeded: 8 &* n))
      }
      bytes[position &+ 8] = UInt8(truncatingIfNeeded: value.signExponent)
      bytes[position &+ 9] = UInt8(truncatingIfNeeded: value.signExponent &>> 8)
      position &+= 10
    }
  }

  // MARK: Loads

  /// FLDENV. `bytes` holds `layout.environmentBytes` bytes. An exception flag that the loaded control word does not
  /// mask becomes pending.
  public mutating func loadEnvironment(from bytes: UnsafePointer<UInt8>, layout: EnvironmentLayout) {
    let size = layout.is32Bit ? 4 : 2
    let statusBits = UInt16(truncatingIfNeeded: get(bytes, 1, size))
    let tags = UInt16(truncatingIfNeeded: get(bytes, 2, size))
    control = .loaded(UInt16(truncatingIfNeeded: get(bytes, 0, size)))
    status = StatusWord(rawValue: statusBits & 0x477F)
    top = UInt8(truncatingIfNeeded: statusBits &>> 11) & 7
    // Only "empty" is taken from the tags; the rest follows from the contents.
    occupied = 0
    for i in 0..<8 where tags &>> UInt16(truncatingIfNeeded: 2 &* i) & 3 != 3 {
      occupied |= 1 &<< UInt8(truncatingIfNeeded: i)
    }
    updateSummary()
    let words = (get(bytes, 3, size), get(bytes, 4, size), get(bytes, 5, size), get(bytes, 6, size))
    if layout.isProtected {
      instructionOffset = words.0
      instructionSelector = UInt16(truncatingIfNeeded: words.1)
      if layout.is32Bit { lastOpcode = UInt16(truncatingIfNeeded: words.1 &>> 16) & 0x7FF }
      dataOffset = words.2
      dataSelector = UInt16(truncatingIfNeeded: words.3)
    } else {
      let upper: UInt32 = layout.is32Bit ? 0x0FFF_F000 : 0xF000
      instructionSelector = 0
      instructionOffset = words.0 & 0xFFFF | (words.1 & upper) &<< 4
      lastOpcode = UInt16(truncatingIfNeeded: words.1) & 0x7FF
      dataSelector = 0
      dataOffset = words.2 & 0xFFFF | (words.3 & upper) &<< 4
    }
  }

  /// FRSTOR. `bytes` holds `layout.stateBytes` bytes.
  public mutating func loadState(from bytes: UnsafePointer<UInt8>, layout: EnvironmentLayout) {
    loadEnvironment(from: bytes, layout: layout)
    var position = layout.environmentBytes
    for i in 0..<8 {
      var significand: UInt64 = 0
      for n in 0..<8 {
        significand |= UInt64(bytes[position &+ n]) &<< UInt64(truncatingIfNeeded: 8 &* n)
      }
      let signExponent = UInt16(bytes[position &+ 8]) | UInt16(bytes[position &+ 9]) &<< 8
      registers[physical(i)] = Extended(significand: significand, signExponent: signExponent)
      position &+= 10
    }
  }

  // MARK: Helpers

  @inline(__always)
  private func put(_ value: UInt32, _ bytes: UnsafeMutablePointer<UInt8>, _ entry: Int, _ size: Int) {
    for n in 0..<size {
      bytes[entry &* size &+ n] = UInt8(truncatingIfNeeded: value &>> UInt32(truncatingIfNeeded: 8 &* n))
    }
  }

  @inline(__always)
  private func get(_ bytes: UnsafePointer<UInt8>, _ entry: Int, _ size: Int) -> UInt32 {
    var value: UInt32 = 0
    for n in 0..<size {
      value |= UInt32(bytes[entry &* size &+ n]) &<< UInt32(truncatingIfNeeded: 8 &* n)
    }
    return value
  }
}
