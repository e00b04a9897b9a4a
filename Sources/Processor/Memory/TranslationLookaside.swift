import Hardware

/// The processor's own translation look-aside buffer: 32 entries, four ways of eight sets, in `CPUState`.
///
/// Under the policy `real` every translation passes through it, so that a stale one stays until the page tables are
/// flushed or a fifth page of its set pushes it out. The software TLB of `Caches` then holds nothing that isn't also
/// here: what leaves here leaves there. Under `coherent` only the test registers enter anything.
///
/// Within a set the oldest entry makes room. The 486 takes the least recently used one by three bits a set; hits go
/// through host pointers here and leave no trace, and what a guest can see must not depend on them.
///
/// - Source: i486 PRM 5.3.5 and figure 10-3 (32 entries, four-way set-associative); 386 PRM 5.2.5 and 10.6.
struct Translation: Codable, Equatable {
  /// Linear page; bit 0: valid.
  var tag: UInt32 = 0
  /// Page frame, with U/S (4), R/W (2) and D (40h) at their places in a page-table entry; U/S and R/W as directory and
  /// table together give them.
  var frame: UInt32 = 0

  static let count = 32
  static let ways = 4
  static let user: UInt32 = 4, writable: UInt32 = 2, dirty: UInt32 = 0x40
}

extension CPU {
  /// The first entry of the set of `linear`: bits 12-14 choose it.
  private func set(of linear: UInt32) -> Int { Int(linear >> 12 & 7) * Translation.ways }

  /// The entry that holds the page of `linear`.
  func translationIndex(_ linear: UInt32) -> Int? {
    let first = set(of: linear)
    let tag = linear & ~0xFFF | 1
    for index in first..<first + Translation.ways where s.pointee.tlb[index].tag == tag { return index }
    return nil
  }

  /// Enters a translation, in place of that of the same page, else in a void entry, else in place of the oldest.
  func enterTranslation(_ linear: UInt32, frame: UInt32) {
    let first = set(of: linear)
    if let same = translationIndex(linear) {
      replaceTranslation(same, linear, frame: frame)
      return
    }
    for index in first..<first + Translation.ways where s.pointee.tlb[index].tag & 1 == 0 {
      replaceTranslation(index, linear, frame: frame)
      return
    }
    let next = Int(s.pointee.tlbOldest[first / Translation.ways] & 3)
    s.pointee.tlbOldest[first / Translation.ways] = UInt8(next + 1) & 3
    replaceTranslation(first + next, linear, frame: frame)
  }

  /// Puts a translation into entry `index`; the one before it is forgotten everywhere.
  func replaceTranslation(_ index: Int, _ linear: UInt32, frame: UInt32) {
    let old = s.pointee.tlb[index]
    let new = Translation(tag: linear & ~0xFFF | 1, frame: frame)
    // Only a dirty bit more: what the software TLB knows stays true.
    let grows = old.tag == new.tag && old.frame | Translation.dirty == new.frame
    if old.tag & 1 != 0, old != new, !grows { dropSoftware(page: old.tag & ~0xFFF) }
    s.pointee.tlb[index] = new
  }

  /// Voids entry `index`.
  func dropTranslation(_ index: Int) {
    let old = s.pointee.tlb[index]
    if old.tag & 1 != 0 { dropSoftware(page: old.tag & ~0xFFF) }
    s.pointee.tlb[index] = Translation()
  }

  /// The software TLB and the jump cache forget a linear page.
  private func dropSoftware(page: UInt32) {
    let index = Int(page >> 12) & (TLBEntry.count - 1)
    c.pointee.tlbStorage[index] = TLBEntry()
    c.pointee.tlbStorage[index + TLBEntry.count] = TLBEntry()
    voidReads()
    let code = UInt64(1) << UInt64(page >> 12 & 63)
    if c.pointee.codeTranslations & code != 0 { refreshJumpKey(newGeneration: true) }
  }

  // MARK: Test registers

  /// A TLB command in TR6. With C (bit 0) the page of bits 12-31 is looked up: bit 4 of TR7 says whether an entry
  /// matches page and attributes, bits 2-3 which of the four, bits 12-31 its frame. Without C an entry is written: TR7
  /// gives the frame and, where its bit 4 is set, the way; V (bit 11), D, U and W come from TR6. Attributes are pairs of
  /// a bit and its complement: 01 is 0, 10 is 1; in a look-up 11 matches both and 00 nothing.
  ///
  /// - Source: 386 PRM 10.6; i486 PRM 10.6. What LRU, PCD and PWT of the 486's TR7 read is unverified: 0 here.
  func testTLB(_ command: UInt32) {
    if command & 1 != 0 {
      var result = s.pointee.tr[7] & ~0x0000_001C
      if let index = translationIndex(command), matches(command, s.pointee.tlb[index].frame) {
        result = s.pointee.tlb[index].frame & ~0xFFF | 0x10 | UInt32(index % Translation.ways) << 2
      }
      s.pointee.tr[7] = result
      return
    }
    let frame = s.pointee.tr[7] & ~0xFFF | attributes(command)
    let way = Int(s.pointee.tr[7] >> 2 & 3)
    if let other = translationIndex(command) { dropTranslation(other) }
    flushSoftwareTLB()
    if s.pointee.tr[7] & 0x10 != 0 {
      let index = set(of: command) + way
      if command & 0x800 != 0 { replaceTranslation(index, command, frame: frame) } else { dropTranslation(index) }
    } else if command & 0x800 != 0 {
      enterTranslation(command, frame: frame)
    }
  }

  /// The attribute pairs of TR6: the bit that says 1, and the attribute's place in a page-table entry.
  private static var attributePairs: [(one: UInt32, zero: UInt32, bit: UInt32)] {
    [
      (0x400, 0x200, Translation.dirty), (0x100, 0x80, Translation.user), (0x40, 0x20, Translation.writable),
    ]
  }

  private func attributes(_ command: UInt32) -> UInt32 {
    CPU.attributePairs.reduce(0) { $0 | (command & $1.one != 0 ? $1.bit : 0) }
  }

  private func matches(_ command: UInt32, _ frame: UInt32) -> Bool {
    CPU.attributePairs.allSatisfy { command & (frame & $0.bit != 0 ? $0.one : $0.zero) != 0 }
  }
}
