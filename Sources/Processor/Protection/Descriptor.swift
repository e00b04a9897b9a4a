import Hardware

/// An entry of the GDT or LDT as it lies in memory. Also a gate, whose fields overlap.
///
/// - Source: 386 PRM 5.1.1 (segment descriptors), 6.3.4.1 (call gates), 7.4 (task gates).
struct Descriptor {
  var low: UInt32
  var high: UInt32
  /// Linear address of the entry.
  var address: UInt32

  /// The access byte: P, DPL, S, type.
  var access: UInt8 { UInt8(truncatingIfNeeded: high >> 8) }
  var isPresent: Bool { high & 0x8000 != 0 }
  var dpl: UInt8 { UInt8(truncatingIfNeeded: high >> 13) & 3 }
  /// S = 0: a system segment or a gate.
  var isSystem: Bool { high & 0x1000 == 0 }
  /// The four type bits.
  var type: UInt8 { UInt8(truncatingIfNeeded: high >> 8) & 0xF }
  var isCode: Bool { high & 0x1800 == 0x1800 }
  var isConforming: Bool { high & 0x1C00 == 0x1C00 }
  var isWritableData: Bool { high & 0x1A00 == 0x1200 }
  /// Data, or code that may be read.
  var isReadable: Bool { high & 0x1800 == 0x1000 || high & 0x1A00 == 0x1A00 }
  /// Data or non-conforming code: guarded by its DPL.
  var isGuarded: Bool { !isSystem && !isConforming }

  var base: UInt32 { low >> 16 | (high & 0xFF) << 16 | high & 0xFF00_0000 }
  /// In bytes.
  var limit: UInt32 {
    let raw = low & 0xFFFF | high & 0xF_0000
    return high & 0x80_0000 != 0 ? raw << 12 | 0xFFF : raw
  }

  // Gates.
  var gateSelector: UInt16 { UInt16(truncatingIfNeeded: low >> 16) }
  /// 286 gates have 16-bit offsets and push words.
  var gateIs32Bit: Bool { high & 0x800 != 0 }
  var gateOffset: UInt32 { gateIs32Bit ? high & 0xFFFF_0000 | low & 0xFFFF : low & 0xFFFF }
  var gateParameters: UInt32 { high & 0x1F }

  /// The segment register that this descriptor gives.
  func segment(_ selector: UInt16) -> Segment {
    Segment(
      base: base, limit: limit, selector: selector,
      attributes: UInt16(access) | UInt16(truncatingIfNeeded: high >> 8) & 0xC000)
  }
}

/// Types of system descriptors.
enum SystemType {
  static let tss286: UInt8 = 1, ldt: UInt8 = 2, busyTSS286: UInt8 = 3, callGate286: UInt8 = 4, taskGate: UInt8 = 5
  static let interruptGate286: UInt8 = 6, trapGate286: UInt8 = 7
  static let tss386: UInt8 = 9, busyTSS386: UInt8 = 11, callGate386: UInt8 = 12
  static let interruptGate386: UInt8 = 14, trapGate386: UInt8 = 15
  /// Busy bit in a TSS's type.
  static let busy: UInt8 = 2
}

/// Selector arithmetic.
extension UInt16 {
  /// Requested privilege level.
  var rpl: UInt8 { UInt8(truncatingIfNeeded: self) & 3 }
  /// Selectors 0-3 name no segment.
  var isNullSelector: Bool { self & 0xFFFC == 0 }
  /// TI: the LDT is meant.
  var isLocal: Bool { self & 4 != 0 }
  /// As an error code.
  var errorCode: UInt32 { UInt32(self & 0xFFFC) }
}

// MARK: Access to tables and stacks

extension CPU {
  /// Reads `size` bytes at a linear address with the rights of a user or of the system. nil: a page fault is pending.
  func readAs(user: Bool, _ linear: UInt32, _ size: Int) -> UInt32? {
    let entry = c.pointee.tlbStorage + Int((linear >> 12) & UInt32(TLBEntry.count - 1)) + (user ? TLBEntry.count : 0)
    if (linear &+ UInt32(size) &- 1) & 0xFFFF_F000 == entry.pointee.readTag {
      let host = entry.pointee.host(linear)
      switch size {
      case 1: return UInt32(host.loadUnaligned(as: UInt8.self))
      case 2: return UInt32(host.loadUnaligned(as: UInt16.self))
      default: return host.loadUnaligned(as: UInt32.self)
      }
    }
    let value = readLinear(linear, size, user: user)
    return value & SlowRead.fault != 0 ? nil : UInt32(truncatingIfNeeded: value)
  }

  /// Writes `size` bytes at a linear address. false: a page fault is pending.
  func writeAs(user: Bool, _ linear: UInt32, _ size: Int, _ value: UInt32) -> Bool {
    let entry = c.pointee.tlbStorage + Int((linear >> 12) & UInt32(TLBEntry.count - 1)) + (user ? TLBEntry.count : 0)
    if (linear &+ UInt32(size) &- 1) & 0xFFFF_F000 == entry.pointee.writeTag {
      let host = entry.pointee.host(linear)
      switch size {
      case 1: host.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
      case 2: host.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
      default: host.storeBytes(of: value, as: UInt32.self)
      }
      return true
    }
    return writeLinear(linear, size, value, user: user)
  }

  /// Reads the descriptor table with the system's rights.
  func systemRead(_ linear: UInt32, _ size: Int) -> UInt32? { readAs(user: false, linear, size) }
  func systemWrite(_ linear: UInt32, _ size: Int, _ value: UInt32) -> Bool {
    writeAs(user: false, linear, size, value)
  }

  /// The descriptor of `selector`. nil with a page fault pending, or nil without: the selector lies outside its table.
  func findDescriptor(_ selector: UInt16) -> Descriptor? {
    var base = s.pointee.gdtBase
    var limit = s.pointee.gdtLimit
    if selector.isLocal {
      let ldt = seg(SegmentIndex.ldtr).pointee
      if ldt.attributes == 0 { return nil }
      base = ldt.base
      limit = ldt.limit
    }
    let offset = UInt32(selector & 0xFFF8)
    if offset &+ 7 > limit { return nil }
    let address = base &+ offset
    guard let low = systemRead(address, 4), let high = systemRead(address &+ 4, 4) else { return nil }
    return Descriptor(low: low, high: high, address: address)
  }

  /// The descriptor of `selector`; outside its table: `vector` with the selector as error code. nil: a fault is pending.
  func descriptor(_ selector: UInt16, else vector: UInt32, external: UInt32 = 0) -> Descriptor? {
    if let found = findDescriptor(selector) { return found }
    if !faulted { fault(vector, selector.errorCode | external) }
    return nil
  }

  /// Sets the accessed bit in memory if it is clear. false: a page fault is pending.
  func markAccessed(_ d: inout Descriptor) -> Bool {
    if d.high & 0x100 != 0 { return true }
    d.high |= 0x100
    // A locked read-modify-write. - Source: i486 timing, "+11 if accessed bit clear".
    if c.pointee.is486 { _ = charge(11) }
    return systemWrite(d.address &+ 5, 1, UInt32(d.access))
  }

  /// Sets or clears the busy bit of a TSS descriptor in memory.
  func setBusy(_ busy: Bool, _ d: inout Descriptor) -> Bool {
    let bit = UInt32(SystemType.busy) << 8
    d.high = busy ? d.high | bit : d.high & ~bit
    return systemWrite(d.address &+ 5, 1, UInt32(d.access))
  }

  /// Loads a segment register's hidden part and everything derived from it.
  func setSegment(_ index: Int, _ value: Segment) {
    seg(index).pointee = value
    if index >= SegmentIndex.ldtr { return }
    refresh(index)
    if index == SegmentIndex.ss { c.pointee.stackMask = value.isBig ? .max : 0xFFFF }
  }

  /// Makes a segment register name nothing; every use of it faults. Base and limit stay hidden behind it.
  func setNull(_ index: Int, _ selector: UInt16 = 0) {
    seg(index).pointee.selector = selector
    seg(index).pointee.attributes = 0
    if index < SegmentIndex.ldtr { refresh(index) }
  }
}

// MARK: Stacks not yet switched to

/// A stack that is written before it becomes the current one, or before the transfer that uses it is certain.
struct PendingStack {
  var segment: Segment
  var esp: UInt32
  /// Its owner runs at CPL 3.
  var user: Bool
  /// Error code of #SS when it is too small.
  var error: UInt32

  var mask: UInt32 { segment.isBig ? .max : 0xFFFF }
}

extension CPU {
  /// The current stack as a pending one.
  func currentStack(external: UInt32 = 0) -> PendingStack {
    PendingStack(
      segment: seg(SegmentIndex.ss).pointee, esp: reg(4), user: s.pointee.cpl == 3, error: external)
  }

  /// Pushes 2 or 4 bytes. false: a fault is pending.
  func push(_ stack: inout PendingStack, _ size: Int, _ value: UInt32) -> Bool {
    let mask = stack.mask
    let offset = (stack.esp &- UInt32(size)) & mask
    let last = UInt64(offset) &+ UInt64(size &- 1)
    let segment = stack.segment
    let inside: Bool
    if segment.isExpandDown, !isRealOrV86 {
      inside = offset > segment.limit && last <= UInt64(mask)
    } else {
      inside = last <= UInt64(segment.limit)
    }
    if !inside {
      fault(Vector.ss, stack.error)
      return false
    }
    let linear = segment.base &+ offset
    if stack.user, c.pointee.alignmentChecked, !checkAlignment(linear, UInt32(size)) { return false }
    guard writeAs(user: stack.user, linear, size, value) else { return false }
    stack.esp = stack.esp & ~mask | offset
    return true
  }

  /// The stack pointer after the pushes becomes the current one.
  func setStackPointer(_ stack: PendingStack) {
    setReg(4, reg(4) & ~stack.mask | stack.esp & stack.mask)
  }
}
