import Hardware

// Until the x87 is connected.
extension CPU {
  /// No FPU on board yet: ESC does nothing when CR0.EM is clear, as on a board with an empty socket.
  func escape(_ o: UnsafePointer<Op>) -> Bool {
    if s.pointee.cr0 & (CR0.em | CR0.ts) != 0 {
      fault(Vector.nm)
      return false
    }
    return true
  }
  func waitForFPU() -> Bool {
    if s.pointee.cr0 & (CR0.mp | CR0.ts) == CR0.mp | CR0.ts {
      fault(Vector.nm)
      return false
    }
    return true
  }
}
