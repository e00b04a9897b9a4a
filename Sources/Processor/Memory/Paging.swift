import Hardware

extension CPU {
  /// The physical address of `linear`, or nil with #PF pending. Sets accessed and dirty bits.
  ///
  /// - Source: 386 PRM 5.2; i486 PRM 5.3.3 (WP).
  func translate(_ linear: UInt32, write: Bool, user: Bool) -> UInt32? {
    if s.pointee.cr0 & CR0.pg == 0 { return linear & c.pointee.addressMask }
    return walk(linear, write: write, user: user)
  }

  private func walk(_ linear: UInt32, write: Bool, user: Bool) -> UInt32? {
    let memory = owner.memory
    let mask = c.pointee.addressMask
    let pdeAddress = (s.pointee.cr3 & ~0xFFF | (linear >> 20) & 0xFFC) & mask
    let pde = memory.read(pdeAddress, size: 4)
    guard pde & 1 != 0 else { return pageFault(linear, present: false, write: write, user: user) }
    let pteAddress = (pde & ~0xFFF | (linear >> 10) & 0xFFC) & mask
    let pte = memory.read(pteAddress, size: 4)
    guard pte & 1 != 0 else { return pageFault(linear, present: false, write: write, user: user) }
    let both = pde & pte
    if user {
      if both & 4 == 0 || (write && both & 2 == 0) {
        return pageFault(linear, present: true, write: write, user: user)
      }
    } else if write, both & 2 == 0, s.pointee.cr0 & CR0.wp != 0, c.pointee.is486 {
      return pageFault(linear, present: true, write: write, user: user)
    }
    if pde & 0x20 == 0 { memory.write(pdeAddress, size: 4, pde | 0x20) }
    let wanted: UInt32 = write ? 0x60 : 0x20
    if pte & wanted != wanted { memory.write(pteAddress, size: 4, pte | wanted) }
    if c.pointee.coherentTLB {
      watchPageTable(pdeAddress)
      watchPageTable(pteAddress)
    }
    return (pte & ~0xFFF | linear & 0xFFF) & mask
  }

  private func pageFault(_ linear: UInt32, present: Bool, write: Bool, user: Bool) -> UInt32? {
    s.pointee.cr2 = linear
    fault(Vector.pf, (present ? 1 : 0) | (write ? 2 : 0) | (user ? 4 : 0))
    return nil
  }

  /// Marks the RAM page of a page table, so that a write to it drops translations (TLB policy `coherent`: what
  /// Windows 9x relies on; features.md calls it the TLB bug).
  private func watchPageTable(_ address: UInt32) {
    let page = (address & owner.memory.addressMask) >> 12
    guard page < c.pointee.ramPages, c.pointee.codePages[Int(page)] & PageUse.pageTable == 0 else { return }
    if c.pointee.codePages[Int(page)] == 0 { demoteWrites(toRAMPage: page) }
    c.pointee.codePages[Int(page)] |= PageUse.pageTable
  }
}

/// Bits of `PhysicalMemory.codePages`.
enum PageUse {
  /// Code was decoded in the page.
  static let code: UInt8 = 1
  /// The page is a page directory or a page table that the TLB has used.
  static let pageTable: UInt8 = 2
}
