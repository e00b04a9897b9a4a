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
    let memory = memory
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
    if pde & 0x20 == 0 { mark(pdeAddress, pde | 0x20) }
    let wanted: UInt32 = write ? 0x60 : 0x20
    if pte & wanted != wanted { mark(pteAddress, pte | wanted) }
    if c.pointee.coherentTLB {
      watchPageTable(pdeAddress)
      watchPageTable(pteAddress)
    }
    return (pte & ~0xFFF | linear & 0xFFF) & mask
  }

  /// Writes accessed and dirty bits into a page table. The walk's own writes drop no translations.
  private func mark(_ address: UInt32, _ entry: UInt32) {
    let page = Int((address & memory.addressMask) >> 12)
    let watched = page < Int(c.pointee.ramPages) && c.pointee.codePages[page] & PageUse.pageTable != 0
    if watched { c.pointee.codePages[page] &= ~PageUse.pageTable }
    memory.write(address, size: 4, entry)
    if watched { c.pointee.codePages[page] |= PageUse.pageTable }
  }

  private func pageFault(_ linear: UInt32, present: Bool, write: Bool, user: Bool) -> UInt32? {
    s.pointee.cr2 = linear
    fault(Vector.pf, (present ? 1 : 0) | (write ? 2 : 0) | (user ? 4 : 0))
    return nil
  }

  /// A TLB command in TR6. With C (bit 0) the linear page is looked up, and TR7 tells the result: PL (bit 4) and the
  /// frame. Without, a translation to TR7's frame is entered if V (bit 11) is set, or the page's is dropped.
  /// U (bit 8): a user page; D (bit 10): dirty; W (bit 6): writable. Which of the real part's 4 x 8 entries is used
  /// (PL and REP on a write) has no equivalent here.
  ///
  /// - Source: 386 PRM 10.6; i486 PRM 10.6.
  func testTLB(_ command: UInt32) {
    let linear = command & ~0xFFF
    let user = command & 0x100 != 0
    if command & 1 != 0 {
      let entry = c.pointee.tlbStorage + (Int(linear >> 12) & (TLBEntry.count - 1)) + (user ? TLBEntry.count : 0)
      let tags = (entry.pointee.readTag, entry.pointee.writeTag, entry.pointee.codeTag)
      let hit = entry.pointee.ramPage != .max && (tags.0 == linear || tags.1 == linear || tags.2 == linear)
      s.pointee.tr[7] = hit ? entry.pointee.ramPage << 12 | 0x10 : s.pointee.tr[7] & ~0x10
      return
    }
    flushTLB(page: linear)
    let frame = s.pointee.tr[7] & ~0xFFF & c.pointee.addressMask
    guard command & 0x800 != 0, !c.pointee.breakpointsArmed, let page = memory.readablePage(frame) else { return }
    fillTLB(linear, physical: frame, host: page, write: false, user: user)
    if command & 0x440 == 0x440, let page = memory.writablePage(frame) {
      fillTLB(linear, physical: frame, host: page, write: true, user: user)
    }
  }

  /// Marks the RAM page of a page table, so that a write to it drops translations (TLB policy `coherent`: what
  /// Windows 9x relies on; features.md calls it the TLB bug).
  private func watchPageTable(_ address: UInt32) {
    let page = (address & memory.addressMask) >> 12
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

/// How the processor's translations follow the page tables in memory.
public enum TLBPolicy: String, CaseIterable, Codable, Sendable {
  /// As the hardware: a translation stays until CR3 is loaded, INVLPG names its page, or paging is switched. (The
  /// hardware's 32 entries also forget by themselves, which no program may rely on and which isn't modelled.)
  case real
  /// A write to a page table drops all translations. What software that forgets to flush needs.
  case coherent
}

extension Processor {
  /// The TLB policy; changing it drops all translations.
  public var tlbPolicy: TLBPolicy {
    get { cpu.c.pointee.coherentTLB ? .coherent : .real }
    set {
      cpu.c.pointee.coherentTLB = newValue == .coherent
      cpu.flushTLB()
    }
  }
}
