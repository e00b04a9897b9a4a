import Hardware

extension CPU {
  func readPort(_ port: UInt16, _ size: Int) -> UInt32 {
    publishTime()
    return c.pointee.io._withUnsafeGuaranteedRef { $0.read(port, size: size) }
  }

  func writePort(_ port: UInt16, _ size: Int, _ value: UInt32) {
    publishTime()
    c.pointee.io._withUnsafeGuaranteedRef { $0.write(port, size: size, value) }
  }

  func input(_ o: UnsafePointer<Op>, port: UInt16) -> Bool {
    let size = o.pointee.size
    guard mayUsePort(port, size) else { return false }
    setRegister(0, size, readPort(port, size))
    return true
  }

  func output(_ o: UnsafePointer<Op>, port: UInt16) -> Bool {
    let size = o.pointee.size
    guard mayUsePort(port, size) else { return false }
    writePort(port, size, register(0, size))
    return true
  }

  /// IOPL and the I/O permission bitmap; #GP(0) is pending if the port is forbidden.
  ///
  /// - Source: 386 PRM 8.3.
  func mayUsePort(_ port: UInt16, _ size: Int) -> Bool {
    if !isProtected || (s.pointee.cpl <= iopl && !isV86) { return true }
    return portIsPermitted(port, size)
  }
}
