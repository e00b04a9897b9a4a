import Hardware

// Protected mode: the processor's second half. Until it is here these raise #UD.
extension CPU {
  private func unwritten() -> Bool {
    fault(Vector.ud)
    return false
  }
  func loadProtectedSegment(_ index: Int, _ selector: UInt16) -> Bool { unwritten() }
  func farJumpProtected(_ o: UnsafePointer<Op>, selector: UInt16, offset: UInt32) -> Bool { unwritten() }
  func farCallProtected(_ o: UnsafePointer<Op>, selector: UInt16, offset: UInt32) -> Bool { unwritten() }
  func farReturnProtected(_ o: UnsafePointer<Op>) -> Bool { unwritten() }
  func interruptReturnProtected(_ o: UnsafePointer<Op>) -> Bool { unwritten() }
  func deliverProtected(_ vector: UInt32, error: UInt32?, kind: InterruptKind) -> Bool { unwritten() }
  func adjustRPL(_ o: UnsafePointer<Op>) -> Bool { unwritten() }
  func loadAccessRights(_ o: UnsafePointer<Op>) -> Bool { unwritten() }
  func loadSegmentLimit(_ o: UnsafePointer<Op>) -> Bool { unwritten() }
  func verify(_ o: UnsafePointer<Op>, write: Bool) -> Bool { unwritten() }
  func loadLDT(_ o: UnsafePointer<Op>) -> Bool { unwritten() }
  func loadTaskRegister(_ o: UnsafePointer<Op>) -> Bool { unwritten() }
  func portIsPermitted(_ port: UInt16, _ size: Int) -> Bool { unwritten() }
  func loadAll(_ o: UnsafePointer<Op>) -> Bool { unwritten() }
  func moveDebugRegister(_ o: UnsafePointer<Op>, _ index: Int, load: Bool) -> Bool { unwritten() }
  func noteDataBreakpoint(_ linear: UInt32, _ size: UInt32, write: Bool) {}
  func instructionBreakpoint() -> Bool { false }
  func refreshBreakpoints() {}

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
