import Hardware

/// Intel 8042 with the firmware of a PS/2-type keyboard controller: host registers, command byte, ports, translation.
///
/// The firmware's work is `process()`, the wires are `receive` and the `Action`s it gives; when these happen is the
/// device's business. Not modelled: the password commands (none is ever installed) and the diagnostic dump ACh.
///
/// - Source: IBM AT and PS/2 Technical References, "Keyboard controller".
public struct I8042: Codable, Equatable, Sendable {
  /// What the firmware does outside of its own registers.
  public enum Action: Equatable {
    /// Nothing.
    case none
    /// A byte goes to the keyboard.
    case toKeyboard(UInt8)
    /// A byte goes to the mouse.
    case toMouse(UInt8)
    /// The output port bits that are 0 here go low for about 6 µs.
    case pulse(UInt8)
  }

  /// The command byte, RAM location 0.
  struct CommandByte: RawRepresentable {
    var rawValue: UInt8
    var keyboardInterrupt: Bool { rawValue & 0x01 != 0 }
    var mouseInterrupt: Bool { rawValue & 0x02 != 0 }
    var systemFlag: Bool { rawValue & 0x04 != 0 }
    var keyboardDisabled: Bool { rawValue & 0x10 != 0 }
    var mouseDisabled: Bool { rawValue & 0x20 != 0 }
    var translate: Bool { rawValue & 0x40 != 0 }
  }

  // MARK: State

  /// Internal RAM; 0 is the command byte. Both interfaces are off until the firmware of the machine turns them on.
  var ram: Bank<32, UInt8> = {
    var ram = Bank<32, UInt8>(repeating: 0)
    ram[0] = 0x30
    return ram
  }()
  /// The output buffer (port 60h, read).
  var output: UInt8 = 0
  /// OBF, status bit 0.
  public private(set) var outputFull = false
  /// Status bit 5: the output buffer came from the mouse.
  var fromMouse = false
  /// Status bit 6: nobody took the byte for the mouse; until the next byte.
  var timedOut = false
  /// The input buffer and whether it was written through port 64h.
  var input: UInt8 = 0
  var inputIsCommand = false
  /// IBF, status bit 1.
  public private(set) var inputFull = false
  /// Output port P2: bit 0 reset (active low), bit 1 A20, bits 4 and 5 follow the interrupt requests. All high after
  /// reset, so A20 is open.
  var outputPort: UInt8 = 0xFF
  /// The command that waits for a data byte; 0: none.
  var expecting: UInt8 = 0
  /// Answers and D2h/D3h bytes waiting for the output buffer, and for each whether it counts as the mouse's.
  var queue: [UInt8] = []
  var queueFromMouse: [Bool] = []
  /// Translation has seen F0h.
  var afterBreak = false
  /// The status nibble put up by C1h and C2h until the next write.
  var polled: UInt8?

  /// Input port P1: keyboard not locked, colour display, manufacturing jumper off, 512 KB fitted.
  static let inputPort: UInt8 = 0xB0

  /// A controller after reset.
  public init() {}

  var commandByte: CommandByte { CommandByte(rawValue: ram[0]) }

  // MARK: Pins

  /// Interrupt request 1: a byte that isn't the mouse's waits in the output buffer.
  public var keyboardInterrupt: Bool { outputFull && !fromMouse && commandByte.keyboardInterrupt }
  /// Interrupt request 12.
  public var mouseInterrupt: Bool { outputFull && fromMouse && commandByte.mouseInterrupt }
  /// Output port bit 1.
  public var a20: Bool { outputPort & 0x02 != 0 }
  /// Output port bit 0 is high: the processor isn't held in reset.
  public var resetReleased: Bool { outputPort & 0x01 != 0 }

  // MARK: Host

  /// Status register, port 64h.
  public var status: UInt8 {
    let base: UInt8 =
      (outputFull ? 0x01 : 0) | (inputFull ? 0x02 : 0) | (commandByte.systemFlag ? 0x04 : 0)
      | (inputIsCommand ? 0x08 : 0)
    if let polled { return base | polled }
    return base | 0x10 | (outputFull && fromMouse ? 0x20 : 0) | (timedOut ? 0x40 : 0)
  }

  /// Reads port 60h: the output buffer is empty afterwards.
  public mutating func readData() -> UInt8 {
    outputFull = false
    return output
  }

  /// Writes port 60h or (`command`) 64h. A byte that the firmware hasn't taken yet is lost.
  public mutating func write(_ value: UInt8, command: Bool) {
    input = value
    inputIsCommand = command
    inputFull = true
    polled = nil
  }

  // MARK: Firmware

  /// The firmware takes the byte from the input buffer.
  public mutating func process() -> Action {
    guard inputFull else { return .none }
    inputFull = false
    if inputIsCommand {
      expecting = 0
      return perform(input)
    }
    let command = expecting
    expecting = 0
    switch command {
    case 0x60...0x7F: ram[Int(command & 0x1F)] = input
    case 0xD1: outputPort = input
    case 0xD2: answer(input)
    case 0xD3: answer(input, fromMouse: true)
    case 0xD4:
      ram[0] &= ~0x20
      return .toMouse(input)
    case 0xA5: if input != 0 { expecting = 0xA5 }
    default:
      // A byte for the keyboard turns its interface on.
      ram[0] &= ~0x10
      return .toKeyboard(input)
    }
    return .none
  }

  private mutating func perform(_ command: UInt8) -> Action {
    switch command {
    case 0x20...0x3F: answer(ram[Int(command & 0x1F)])
    case 0x60...0x7F, 0xA5, 0xD1...0xD4: expecting = command
    case 0xA4: answer(0xF1)  // no password installed
    case 0xA7: ram[0] |= 0x20
    case 0xA8: ram[0] &= ~0x20
    case 0xA9, 0xAB: answer(0x00)
    case 0xAA:
      // The self-test sets the command byte to its default and the system flag.
      ram[0] = 0x34
      afterBreak = false
      answer(0x55)
    case 0xAD: ram[0] |= 0x10
    case 0xAE: ram[0] &= ~0x10
    case 0xC0: answer(Self.inputPort)
    case 0xC1: polled = Self.inputPort << 4
    case 0xC2: polled = Self.inputPort & 0xF0
    case 0xD0: answer(outputPort & 0xCF | (keyboardInterrupt ? 0x10 : 0) | (mouseInterrupt ? 0x20 : 0))
    case 0xDD: outputPort &= ~0x02  // A20 off and on: later clones
    case 0xDF: outputPort |= 0x02
    case 0xE0: answer((commandByte.keyboardDisabled ? 0 : 1) | (commandByte.mouseDisabled ? 0 : 2))
    case 0xF0...0xFF: return .pulse(command)
    default: break
    }
    return .none
  }

  private mutating func answer(_ byte: UInt8, fromMouse: Bool = false) {
    // The output port read is the one answer a guest may ask for without end; more than a buffer full is dropped.
    guard queue.count < 16 else { return }
    queue.append(byte)
    queueFromMouse.append(fromMouse)
  }

  /// Answers are waiting for the output buffer.
  public var hasAnswer: Bool { !queue.isEmpty }

  /// Puts the next answer in the output buffer if that is empty.
  public mutating func deliver() {
    guard !outputFull, !queue.isEmpty, !queueFromMouse.isEmpty else { return }
    put(queue.removeFirst(), fromMouse: queueFromMouse.removeFirst())
  }

  /// A byte has come in from the keyboard or the mouse.
  public mutating func receive(_ byte: UInt8, fromMouse: Bool) {
    if fromMouse || !commandByte.translate {
      put(byte, fromMouse: fromMouse)
    } else if let code = ScanCodes.translate(byte, afterBreak: &afterBreak) {
      put(code, fromMouse: false)
    }
  }

  /// A byte for the mouse found nobody: FEh and the time-out bit.
  public mutating func mouseTimedOut() {
    put(0xFE, fromMouse: true)
    timedOut = true
  }

  private mutating func put(_ byte: UInt8, fromMouse: Bool) {
    timedOut = false
    output = byte
    outputFull = true
    self.fromMouse = fromMouse
  }
}
