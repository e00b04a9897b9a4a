import Hardware

extension CPU {
  /// The physical address of `linear`, or nil with #PF pending. Sets accessed and dirty bits.
  ///
  /// A translation in the processor's own TLB is taken as it is, rights included: page tables that changed since then
  /// aren't looked at, except to set the dirty bit at the first write.
  ///
  /// - Source: 386 PRM 5.2; i486 PRM 5.3.3 (WP), 5.3.5 (stale entries).
  func translate(_ linear: UInt32, write: Bool, user: Bool) -> UInt32? {
    let mask = c.pointee.addressMask
    if s.pointee.cr0 & CR0.pg == 0 { return linear & mask }
    if let index = translationIndex(linear) {
      let frame = s.pointee.tlb[index].frame
      if !permits(frame, write: write, user: user) {
        return pageFault(linear, present: true, write: write, user: user)
      }
      if !write || frame & Translation.dirty != 0 { return (frame & ~0xFFF | linear & 0xFFF) & mask }
    }
    return walk(linear, write: write, user: user)
  }

  /// Whether U/S and R/W of `entry` let this access through.
  private func permits(_ entry: UInt32, write: Bool, user: Bool) -> Bool {
    if user { return entry & 4 != 0 && (!write || entry & 2 != 0) }
    return !write || entry & 2 != 0 || s.pointee.cr0 & CR0.wp == 0 || !c.pointee.is486
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
    guard permits(pde & pte, write: write, user: user) else {
      return pageFault(linear, present: true, write: write, user: user)
    }
    if pde & 0x20 == 0 { mark(pdeAddress, pde | 0x20) }
    let wanted: UInt32 = write ? 0x60 : 0x20
    if pte & wanted != wanted { mark(pteAddress, pte | wanted) }
    if c.pointee.coherentTLB {
      watchPageTable(pdeAddress)
      watchPageTable(pteAddress)
    } else {
      let dirty = (pte | wanted) & Translation.dirty
      enterTranslation(linear, frame: pte & ~0xFFF | pde & pte & 6 | dirty)
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
  /// As the hardware, with its 32 entries (`Translation`): one stays until CR3 is loaded, INVLPG names its page, paging
  /// is switched, or a newer one takes its place.
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
