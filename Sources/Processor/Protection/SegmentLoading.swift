import Hardware

extension CPU {
  /// Loads ES, SS, DS, FS or GS with `selector`, with all checks of the current mode. false: a fault is pending.
  func loadSegment(_ index: Int, _ selector: UInt16) -> Bool {
    if isRealOrV86 {
      loadRealSegment(index, selector)
      return true
    }
    return loadProtectedSegment(index, selector)
  }

  /// Real mode and V86: base = selector * 16. In real mode limit and attributes stay as they are, so that a limit
  /// raised in protected mode survives ("unreal mode"); V86 always has 64 KB of read/write data.
  ///
  /// - Source: 386 PRM 14.4, 15.2; the surviving limit is what all 386 and 486 parts do (used by HIMEM and games).
  func loadRealSegment(_ index: Int, _ selector: UInt16) {
    let segment = seg(index)
    segment.pointee.selector = selector
    segment.pointee.base = UInt32(selector) << 4
    if isV86 {
      segment.pointee.limit = 0xFFFF
      segment.pointee.attributes = 0xF3
    }
    refresh(index)
    if index == SegmentIndex.ss { c.pointee.stackMask = segment.pointee.isBig ? .max : 0xFFFF }
  }
}
