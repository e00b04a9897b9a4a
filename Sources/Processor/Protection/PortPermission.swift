import Hardware

extension CPU {
  /// The I/O permission bitmap of a 386 TSS: all `size` ports from `port` on must have clear bits. Otherwise #GP(0) is
  /// pending. The processor always reads two bytes of the map, so the byte behind must lie inside the limit, too.
  ///
  /// - Source: 386 PRM 8.3.2.
  func portIsPermitted(_ port: UInt16, _ size: Int) -> Bool {
    let task = seg(SegmentIndex.tr).pointee
    guard task.attributes & 0x1D == 0x09, task.limit >= 0x67 else {
      gp0()
      return false
    }
    guard let start = systemRead(task.base &+ 0x66, 2) else { return false }
    let place = start &+ UInt32(port >> 3)
    if place &+ 1 > task.limit {
      gp0()
      return false
    }
    guard let bits = systemRead(task.base &+ place, 2) else { return false }
    let wanted = ((1 as UInt32) << UInt32(size) &- 1) << UInt32(port & 7)
    if bits & wanted != 0 {
      gp0()
      return false
    }
    return true
  }
}
