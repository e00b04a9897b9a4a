/// National NS16550A UART: registers, FIFOs, interrupt logic. Characters go in and out whole; how long one takes is
/// `characterTicks`, when it is over is the device's business.
///
/// - Source: National Semiconductor NS16550A data sheet.
public struct NS16550: Codable, Equatable, Sendable {
  // MARK: State

  /// Interrupt enable register, bits 3-0.
  public private(set) var ier: UInt8 = 0
  /// FIFO control register: bit 0 and the trigger level in bits 7-6.
  public private(set) var fcr: UInt8 = 0
  /// Line control register.
  public private(set) var lcr: UInt8 = 0
  /// Modem control register, bits 4-0.
  public private(set) var mcr: UInt8 = 0
  /// Scratch register.
  var scr: UInt8 = 0
  /// Divisor latch.
  public private(set) var divisor: UInt16 = 0
  /// Received characters, oldest first, and each one's error bits (as in the LSR: 2 PE, 3 FE, 4 BI).
  var received: [UInt8] = []
  var receivedErrors: [UInt8] = []
  /// The last character read or received: what an empty RBR reads.
  var lastReceived: UInt8 = 0
  /// OE and the errors of the oldest character, until the LSR is read.
  var errors: UInt8 = 0
  /// Characters waiting behind the transmitter's shift register.
  var transmit: [UInt8] = []
  /// The shift register is at work on `shifted`.
  public private(set) var shifting = false
  var shifted: UInt8 = 0
  /// The transmitter-empty interrupt has not been taken notice of.
  var emptyPending = false
  /// Four character times without a FIFO access.
  var timedOut = false
  /// Levels at CTS, DSR, RI, DCD (bits 7-4 of the MSR).
  var modemInputs: UInt8 = 0
  /// Delta bits 3-0 of the MSR.
  var modemDeltas: UInt8 = 0

  /// A chip after reset with nothing on its modem inputs.
  public init() {}

  /// MR: master reset. Divisor, scratch register and the received characters keep what they have (undefined).
  public mutating func masterReset() {
    ier = 0
    fcr = 0
    lcr = 0
    mcr = 0
    received = []
    receivedErrors = []
    errors = 0
    transmit = []
    shifting = false
    emptyPending = false
    timedOut = false
    modemDeltas = 0
  }

  private var fifo: Bool { fcr & 1 != 0 }
  private var loop: Bool { mcr & 0x10 != 0 }
  private var dlab: Bool { lcr & 0x80 != 0 }
  private var depth: Int { fifo ? 16 : 1 }
  private var trigger: Int {
    guard fifo else { return 1 }
    return switch fcr >> 6 {
    case 0: 1
    case 1: 4
    case 2: 8
    default: 14
    }
  }
  private var wordMask: UInt8 { 0xFF >> (3 - lcr & 3) }

  /// Periods of the 1.8432 MHz crystal that one character takes: start, data, parity and stop bits.
  public var characterTicks: Int64 {
    let data = 5 + Int64(lcr & 3)
    let parity: Int64 = lcr & 0x08 != 0 ? 1 : 0
    // Two stop bits, or one and a half with five data bits.
    let halfStops: Int64 = lcr & 0x04 == 0 ? 2 : data == 5 ? 3 : 4
    // A divisor of 0 isn't allowed; taken as 65536 (unverified).
    return (2 * (1 + data + parity) + halfStops) * 8 * (divisor == 0 ? 65_536 : Int64(divisor))
  }

  // MARK: Pins

  /// The INTR pin.
  public var interrupt: Bool { identification & 1 == 0 }
  /// DTR, RTS, OUT1 and OUT2 are active (bits 3-0); all inactive in loopback.
  public var modemOutputs: UInt8 { loop ? 0 : mcr & 0x0F }
  /// Characters in the receiver.
  public var receivedCount: Int { received.count }
  /// The receiver's time-out runs: FIFO on, something in it, not timed out yet.
  public var wantsTimeout: Bool { fifo && !received.isEmpty && !timedOut }

  /// Sets CTS, DSR, RI, DCD in bits 4-7.
  public mutating func setModemInputs(_ levels: UInt8) {
    let before = modemStatus
    modemInputs = levels & 0xF0
    noteModemChange(from: before)
  }

  private var modemStatus: UInt8 {
    guard loop else { return modemInputs }
    // Loopback: RTS to CTS, DTR to DSR, OUT1 to RI, OUT2 to DCD.
    return (mcr & 0x02) << 3 | (mcr & 0x01) << 5 | (mcr & 0x0C) << 4
  }

  private mutating func noteModemChange(from before: UInt8) {
    let now = modemStatus
    var changed = now ^ before
    // RI counts only when the ringing ends.
    if now & 0x40 != 0 { changed &= ~0x40 }
    modemDeltas |= changed >> 4
  }

  // MARK: Interrupts

  /// Interrupt identification register, highest priority first.
  var identification: UInt8 {
    let fifoBits: UInt8 = fifo ? 0xC0 : 0
    if ier & 0x04 != 0, errors & 0x1E != 0 { return fifoBits | 0x06 }
    if ier & 0x01 != 0 {
      if received.count >= trigger { return fifoBits | 0x04 }
      if fifo, timedOut, !received.isEmpty { return fifoBits | 0x0C }
    }
    if ier & 0x02 != 0, emptyPending { return fifoBits | 0x02 }
    if ier & 0x08 != 0, modemDeltas != 0 { return fifoBits }
    return fifoBits | 0x01
  }

  // MARK: Registers

  /// Reads register A2-A0 = `offset`.
  public mutating func read(_ offset: Int) -> UInt8 {
    switch offset & 7 {
    case 0:
      if dlab { return UInt8(truncatingIfNeeded: divisor) }
      return readReceived()
    case 1: return dlab ? UInt8(truncatingIfNeeded: divisor >> 8) : ier
    case 2:
      let value = identification
      if value & 0x0F == 0x02 { emptyPending = false }
      return value
    case 3: return lcr
    case 4: return mcr
    case 5:
      let value =
        (received.isEmpty ? 0 : 0x01) | errors | (transmit.isEmpty ? 0x20 : 0)
        | (transmit.isEmpty && !shifting ? 0x40 : 0)
        | (fifo && receivedErrors.contains { $0 != 0 } ? 0x80 : 0)
      errors = 0
      return value
    case 6:
      let value = modemStatus | modemDeltas
      modemDeltas = 0
      return value
    default: return scr
    }
  }

  /// Writes register A2-A0 = `offset`.
  public mutating func write(_ offset: Int, _ value: UInt8) {
    switch offset & 7 {
    case 0:
      if dlab {
        divisor = divisor & 0xFF00 | UInt16(value)
      } else {
        writeTransmit(value)
      }
    case 1:
      if dlab {
        divisor = divisor & 0x00FF | UInt16(value) << 8
      } else {
        // Enabling the interrupt while the register is empty gives one at once.
        if value & 0x02 != 0, ier & 0x02 == 0, transmit.isEmpty { emptyPending = true }
        ier = value & 0x0F
      }
    case 2: writeFIFOControl(value)
    case 3:
      let breakBegins = value & 0x40 != 0 && lcr & 0x40 == 0
      lcr = value
      if breakBegins, loop { receive(0, errors: 0x10) }
    case 4:
      let before = modemStatus
      mcr = value & 0x1F
      noteModemChange(from: before)
    case 7: scr = value
    default: break
    }
  }

  private mutating func writeFIFOControl(_ value: UInt8) {
    // A change of bit 0 clears both FIFOs; the other bits count only with bit 0 set.
    let changes = (value ^ fcr) & 1 != 0
    if changes || value & 0x03 == 0x03 {
      received = []
      receivedErrors = []
      timedOut = false
    }
    if changes || value & 0x05 == 0x05 {
      if !transmit.isEmpty { emptyPending = true }
      transmit = []
    }
    fcr = value & 1 != 0 ? value & 0xC1 : 0
  }

  // MARK: Receiver

  private mutating func readReceived() -> UInt8 {
    timedOut = false
    guard !received.isEmpty, !receivedErrors.isEmpty else { return lastReceived }
    lastReceived = received.removeFirst()
    receivedErrors.removeFirst()
    // The errors of the character that is now the oldest come up in the LSR.
    if let next = receivedErrors.first { errors |= next }
    return lastReceived
  }

  /// A character has come in on SIN (ignored in loopback, where the receiver hears the transmitter).
  public mutating func receiveFromLine(_ byte: UInt8) {
    if !loop { receive(byte) }
  }

  private mutating func receive(_ byte: UInt8, errors newErrors: UInt8 = 0) {
    timedOut = false
    if received.count >= depth {
      // Overrun: without FIFO the new character replaces the old one, with FIFO it is lost.
      errors |= 0x02
      if fifo { return }
      received = []
      receivedErrors = []
    }
    received.append(byte & wordMask)
    receivedErrors.append(newErrors)
    if received.count == 1 { errors |= newErrors }
  }

  /// Four character times have passed without a character or a read.
  public mutating func timeout() { if wantsTimeout { timedOut = true } }

  // MARK: Transmitter

  private mutating func writeTransmit(_ byte: UInt8) {
    emptyPending = false
    if transmit.count >= depth {
      if fifo { return }
      transmit = []
    }
    transmit.append(byte & wordMask)
    loadShifter()
  }

  private mutating func loadShifter() {
    guard !shifting, !transmit.isEmpty else { return }
    shifted = transmit.removeFirst()
    shifting = true
    if transmit.isEmpty { emptyPending = true }
  }

  /// The character in the shift register has been sent: it appears on SOUT, or in loopback at the receiver (nil).
  public mutating func characterSent() -> UInt8? {
    guard shifting else { return nil }
    let byte = shifted
    shifting = false
    loadShifter()
    guard loop else { return byte }
    receive(byte)
    return nil
  }
}
