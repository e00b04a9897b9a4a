import Hardware

extension CPU {
  func readPort(_ port: UInt16, _ size: Int) -> UInt32 {
    publishTime()
    let value = c.pointee.io._withUnsafeGuaranteedRef { $0.read(port, size: size) }
    waitForBus(size)
    return value
  }

  func writePort(_ port: UInt16, _ size: Int, _ value: UInt32) {
    publishTime()
    c.pointee.io._withUnsafeGuaranteedRef { $0.write(port, size: size, value) }
    waitForBus(size)
  }

  /// Charges the wait states of the access: 8-bit cycles last 6 clocks of the AT bus (4 wait states), 16-bit cycles
  /// (IOCS16#) 3. A wide access to an 8-bit card is one cycle for each byte. The chips on the board are such cards.
  /// Firmware and drivers count on it wherever they wait by the number of port reads.
  ///
  /// - Source: P996, AT technical reference ("I/O channel"): 4 and 1 wait states.
  private func waitForBus(_ size: Int) {
    if size == 1 {
      s.pointee.left &-= c.pointee.ioWait8
    } else if c.pointee.io._withUnsafeGuaranteedRef({ $0.wasWide }) {
      s.pointee.left &-= c.pointee.ioWait16 &* Int64(size &>> 1)
    } else {
      s.pointee.left &-= c.pointee.ioWait8 &* Int64(size)
    }
  }

  /// Real mode, protected mode with I/O privilege, without it (the permission map is read), V86.
  var portRole: TimingRole {
    if !isProtected { return .base }
    if isV86 { return c.pointee.is486 ? .v86 : .privileged }
    return s.pointee.cpl <= iopl ? .protected : .privileged
  }

  func input(_ o: UnsafePointer<Op>, port: UInt16) -> Bool {
    let size = o.pointee.size
    guard mayUsePort(port, size) else { return false }
    charge(o, portRole)
    setRegister(0, size, readPort(port, size))
    return true
  }

  func output(_ o: UnsafePointer<Op>, port: UInt16) -> Bool {
    let size = o.pointee.size
    guard mayUsePort(port, size) else { return false }
    charge(o, portRole)
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
