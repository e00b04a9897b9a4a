/// Intel 8259A programmable interrupt controller, one chip.
///
/// Inputs are levels set with `setInput`; the INT pin is `interrupt`. `acknowledge()` is the pair of INTA pulses.
/// Not modelled: the MCS-80/85 CALL sequence (µPM = 0 answers as in 8086 mode) and the buffered-mode pins.
///
/// - Source: Intel 231468, 8259A data sheet.
public struct I8259: Codable, Equatable, Sendable {
  // MARK: State

  /// Levels at IR0 ... IR7.
  public private(set) var inputs: UInt8 = 0
  /// Edge-sense latches: set by a rising input, cleared by the first INTA or when the input falls again.
  var edges: UInt8 = 0
  /// In-service register.
  public private(set) var isr: UInt8 = 0
  /// Interrupt mask register.
  public private(set) var imr: UInt8 = 0
  /// T7-T3 of the interrupt vector (ICW2); the low three bits are 0.
  public private(set) var vectorBase: UInt8 = 0
  /// ICW3: in a master, which inputs have a slave; in a slave, bits 0-2 are its identity.
  public private(set) var icw3: UInt8 = 0
  /// SNGL of ICW1: no ICW3 follows, no cascade.
  public private(set) var single = false
  /// LTIM of ICW1.
  public private(set) var levelTriggered = false
  /// AEOI of ICW4.
  public private(set) var autoEOI = false
  /// SFNM of ICW4.
  public private(set) var specialFullyNested = false
  /// Rotation in automatic EOI mode (OCW2).
  public private(set) var rotateOnAutoEOI = false
  /// Special mask mode (OCW3).
  public private(set) var specialMask = false
  /// The input with the lowest priority, 0 ... 7.
  public private(set) var lowestPriority: UInt8 = 7
  /// RR/RIS of OCW3: reads at A0 = 0 give the ISR instead of the IRR.
  var readsISR = false
  /// P of OCW3: the next read is an acknowledge.
  var poll = false
  /// The next initialisation word expected at A0 = 1.
  enum Initialisation: String, Codable { case icw1, icw2, icw3, icw4, ready }
  var step = Initialisation.icw1
  /// IC4 of ICW1: ICW4 will follow.
  var needsICW4 = false

  /// A chip before its first ICW1: it asks for nothing.
  public init() {}

  // MARK: Pins

  /// Interrupt request register: what would be served if nothing were masked.
  public var irr: UInt8 { levelTriggered ? inputs : edges }

  /// The INT pin.
  public var interrupt: Bool { pendingLevel != nil }

  /// Sets the level at IR`input` (low three bits count).
  public mutating func setInput(_ input: Int, _ level: Bool) {
    let bit = UInt8(1) << UInt8(truncatingIfNeeded: input & 7)
    if level {
      // In edge mode a request is a low-to-high transition; it must stay high until the first INTA.
      if inputs & bit == 0 { edges |= bit }
      inputs |= bit
    } else {
      inputs &= ~bit
      edges &= ~bit
    }
  }

  /// The input that would be acknowledged now: unmasked, requested, and of higher priority than all in service.
  public var pendingLevel: Int? {
    // "After the ICWs are programmed the chip is ready to accept interrupt requests": not before.
    guard step == .ready else { return nil }
    let requests = irr & ~imr
    if requests == 0 { return nil }
    // Special mask mode: a masked level in service no longer holds back the others.
    let blocking = specialMask ? isr & ~imr : isr
    for i in 1...8 {
      let level = (Int(lowestPriority) &+ i) & 7
      let bit = UInt8(1) << UInt8(level)
      if blocking & bit != 0 {
        // Special fully nested mode: further requests of the slave in service are let through.
        return specialFullyNested && !single && icw3 & bit != 0 && requests & bit != 0 ? level : nil
      }
      if requests & bit != 0 { return level }
    }
    return nil
  }

  /// The INTA sequence. Returns the level 0 ... 7, and whether it was real; a request that has vanished gives level 7
  /// without a bit in the ISR.
  public mutating func acknowledge() -> (level: Int, real: Bool) {
    guard let level = pendingLevel else { return (7, false) }
    let bit = UInt8(1) << UInt8(level)
    edges &= ~bit
    if autoEOI {
      // The ISR bit lives only until the trailing edge of the last INTA.
      if rotateOnAutoEOI { lowestPriority = UInt8(level) }
    } else {
      isr |= bit
    }
    return (level, true)
  }

  /// The byte that this chip puts on the bus for `level`.
  public func vector(_ level: Int) -> UInt8 { vectorBase | UInt8(truncatingIfNeeded: level & 7) }

  // MARK: Registers

  /// Reads register A0 = `a0`.
  public mutating func read(a0: Int) -> UInt8 {
    if poll {
      poll = false
      let (level, real) = acknowledge()
      // Bits 0-6 without a request are unverified; 0 here.
      return real ? 0x80 | UInt8(level) : 0
    }
    if a0 & 1 != 0 { return imr }
    return readsISR ? isr : irr
  }

  /// Writes register A0 = `a0`.
  public mutating func write(a0: Int, _ value: UInt8) {
    if a0 & 1 == 0 {
      if value & 0x10 != 0 {
        writeICW1(value)
      } else if value & 0x08 != 0 {
        writeOCW3(value)
      } else {
        writeOCW2(value)
      }
      return
    }
    switch step {
    case .icw2:
      vectorBase = value & 0xF8
      step = single ? (needsICW4 ? .icw4 : .ready) : .icw3
    case .icw3:
      icw3 = value
      step = needsICW4 ? .icw4 : .ready
    case .icw4:
      autoEOI = value & 0x02 != 0
      specialFullyNested = value & 0x10 != 0
      step = .ready
    case .icw1, .ready: imr = value
    }
  }

  private mutating func writeICW1(_ value: UInt8) {
    // "The edge sense circuit is reset ... the IMR is cleared, IR7 is assigned priority 7, the slave mode address is
    // set to 7, special mask mode is cleared and status read is set to IRR." With IC4 = 0 all ICW4 functions are 0.
    // That the ISR is cleared too isn't in the data sheet but is what drivers rely on (unverified).
    edges = 0
    isr = 0
    imr = 0
    lowestPriority = 7
    icw3 = 7
    specialMask = false
    readsISR = false
    poll = false
    rotateOnAutoEOI = false
    autoEOI = false
    specialFullyNested = false
    levelTriggered = value & 0x08 != 0
    single = value & 0x02 != 0
    needsICW4 = value & 0x01 != 0
    step = .icw2
  }

  private mutating func writeOCW2(_ value: UInt8) {
    let level = value & 7
    switch value >> 5 {
    case 0b001: endHighest(rotate: false)
    case 0b011: isr &= ~(1 << level)
    case 0b101: endHighest(rotate: true)
    case 0b100: rotateOnAutoEOI = true
    case 0b000: rotateOnAutoEOI = false
    case 0b111:
      isr &= ~(1 << level)
      lowestPriority = level
    case 0b110: lowestPriority = level
    default: break  // 010: no operation
    }
  }

  private mutating func endHighest(rotate: Bool) {
    // In special mask mode a non-specific EOI doesn't clear an ISR bit that is masked.
    let candidates = specialMask ? isr & ~imr : isr
    for i in 1...8 {
      let level = (lowestPriority &+ UInt8(i)) & 7
      guard candidates & 1 << level != 0 else { continue }
      isr &= ~(1 << level)
      if rotate { lowestPriority = level }
      return
    }
  }

  private mutating func writeOCW3(_ value: UInt8) {
    if value & 0x40 != 0 { specialMask = value & 0x20 != 0 }
    if value & 0x04 != 0 {
      // The poll command overrides a register read.
      poll = true
    } else if value & 0x02 != 0 {
      readsISR = value & 0x01 != 0
    }
  }
}
