public import Hardware

/// The keyboard controller of an AT with PS/2 mouse port: an 8042 at ports 60h and 64h, a keyboard and a mouse on its
/// wires, IRQ 1 and IRQ 12, the A20 gate and the processor's reset.
///
/// - Source: IBM PS/2 Technical Reference; timing: 11 bits at 10-16.7 kHz a byte, 10-100 µs a command.
public final class KeyboardController: Device {
  // MARK: State

  /// What goes over a wire at the moment. One byte at a time: while the controller is busy with one it holds the other
  /// device's clock.
  public enum Wire: String, Codable, Sendable { case idle, fromKeyboard, fromMouse, toKeyboard, toMouse }

  /// Controller, keyboard, mouse and wires.
  public struct State: SavedState {
    /// The controller.
    public var chip = I8042()
    /// The keyboard.
    public var keyboard = ATKeyboard()
    /// The mouse.
    public var mouse = PS2Mouse()
    /// See `Wire`.
    public var wire = Wire.idle
    /// The byte on its way to a device.
    public var wireByte: UInt8 = 0
    /// The firmware has taken notice of the byte in the input buffer, and waits for the wires to be idle.
    public var inputDue = false
    /// After reset, no key down.
    public init() {}
  }
  /// All that changes.
  public var state = State()

  /// Interrupt request 1.
  public let keyboardInterrupt = Line()
  /// Interrupt request 12.
  public let mouseInterrupt = Line()
  /// Output port bit 1: A20 is open. High from power-on.
  public let a20 = Line()
  /// Pulses high when the processor is to be reset.
  public let resetRequest = Line()
  private let firmware = Alarm()
  private let wire = Alarm()
  private let keyboardTime = Alarm()
  private let mouseTime = Alarm()

  /// From a write to port 60h or 64h until the firmware looks at it.
  static let firmwareTime = Span.microseconds(20)
  /// Duration of the controller's self-test (real: 1 to 50 ms).
  static let selfTest = Span.milliseconds(1)
  /// A byte on the wire: 11 bits at 12 kHz.
  static let byteTime = Span.microseconds(917)

  /// From a byte for a mouse that isn't there until the firmware gives up: 25 ms. - Source: IBM 5170 TR, 8042, transmit
  /// time-out (recalled).
  static let timeout = Span.milliseconds(25)

  /// What is plugged in.
  struct Sockets: Wiring {
    let hasMouse: Bool
  }
  private let sockets: Sockets

  /// A controller at power-on with a keyboard and, if wanted, a mouse.
  public init(hasMouse: Bool = true) {
    sockets = Sockets(hasMouse: hasMouse)
    a20.raise()
  }

  // MARK: Footprint

  /// What the device occupies.
  public var footprint: Footprint {
    Footprint(
      "kbc", chip: "Intel 8042, 102-key keyboard" + (sockets.hasMouse ? ", PS/2 mouse" : ""),
      [
        .ports(0x60...0x60, block: 0), .ports(0x64...0x64, block: 1), .interrupt(1, keyboardInterrupt),
        .interrupt(12, mouseInterrupt), .line("a20", a20), .line("reset", resetRequest),
        .alarm("firmware", firmware) { [unowned self] in
          state.inputDue = true
          update()
        },
        .alarm("wire", wire) { [unowned self] in
          wireDone()
          update()
        },
        .alarm("keyboard", keyboardTime) { [unowned self] in update() },
        .alarm("mouse", mouseTime) { [unowned self] in
          // Only here, so that all that moves at one moment goes into one packet.
          state.mouse.elapse(wire.now)
          update()
        },
      ])
  }

  /// RESET resets the controller. Keyboard and mouse have no reset wire: they keep their settings.
  public func reset() {
    state.chip = I8042()
    state.wire = .idle
    state.inputDue = false
    firmware.cancel()
    wire.cancel()
    update()
  }

  /// Limits damaged values.
  public func stateLoaded() {
    state.keyboard.limit(now: wire.now)
    state.mouse.limit()
  }

  // MARK: Ports

  /// See `Device`.
  public func readPort(_ block: Int, _ offset: Int) -> UInt8 {
    if block == 1 { return state.chip.status }
    let value = state.chip.readData()
    // Both requests fall before an answer that waits makes a new edge.
    keyboardInterrupt.drive(state.chip.keyboardInterrupt)
    mouseInterrupt.drive(state.chip.mouseInterrupt)
    update()
    return value
  }

  /// See `Device`.
  public func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    state.chip.write(value, command: block == 1)
    state.inputDue = false
    firmware.set(after: block == 1 && value == 0xAA ? Self.selfTest : Self.firmwareTime)
  }

  // MARK: Input

  /// A key goes down or up.
  public func key(_ key: Key, pressed: Bool) {
    state.keyboard.elapse(wire.now)
    state.keyboard.key(key, pressed: pressed, now: wire.now)
    update()
  }

  /// The mouse moved: x to the right, y down, z wheel towards the user.
  public func mouseMove(x: Int, y: Int, z: Int = 0) {
    guard sockets.hasMouse else { return }
    state.mouse.move(x: x, y: y, z: z)
    update()
  }

  /// A mouse button changed.
  public func mouseButton(_ button: MouseButton, pressed: Bool) {
    guard sockets.hasMouse else { return }
    state.mouse.button(button, pressed: pressed)
    update()
  }

  /// Any input event.
  public func input(_ event: InputEvent) {
    switch event {
    case .key(let key, let pressed): self.key(key, pressed: pressed)
    case .mouseMove(let x, let y, let z): mouseMove(x: x, y: y, z: z)
    case .mouseButton(let button, let pressed): mouseButton(button, pressed: pressed)
    }
  }

  /// Scan code bytes the keyboard still holds: who types by program waits for 0, so that no key is lost.
  public var bufferedScanCodes: Int { state.keyboard.buffer.count }

  /// Keyboard indicators: bit 0 Scroll Lock, 1 Num Lock, 2 Caps Lock.
  public var leds: UInt8 { state.keyboard.leds }

  // MARK: Time

  private func wireDone() {
    let now = wire.now
    let was = state.wire
    state.wire = .idle
    switch was {
    case .idle: break
    case .fromKeyboard: if let byte = state.keyboard.next() { state.chip.receive(byte, fromMouse: false) }
    case .fromMouse: if let byte = state.mouse.next() { state.chip.receive(byte, fromMouse: true) }
    case .toKeyboard: state.keyboard.receive(state.wireByte, now: now)
    case .toMouse:
      if sockets.hasMouse { state.mouse.receive(state.wireByte, now: now) } else { state.chip.mouseTimedOut() }
    }
  }

  /// Does what can be done now, starts what comes next, and brings pins and alarms up to date.
  private func update() {
    let now = wire.now
    state.keyboard.elapse(now)
    if state.inputDue, state.wire == .idle {
      state.inputDue = false
      perform(state.chip.process())
    }
    state.chip.deliver()
    if state.wire == .idle, !state.chip.outputFull, !state.chip.inputFull, !state.chip.hasAnswer {
      let command = state.chip.commandByte
      if !command.keyboardDisabled, state.keyboard.hasByte {
        start(.fromKeyboard)
      } else if !command.mouseDisabled, state.mouse.hasByte {
        start(.fromMouse)
      }
    }
    keyboardInterrupt.drive(state.chip.keyboardInterrupt)
    mouseInterrupt.drive(state.chip.mouseInterrupt)
    a20.drive(state.chip.a20)
    resetRequest.drive(!state.chip.resetReleased)
    arm(keyboardTime, state.keyboard.nextEvent)
    arm(mouseTime, state.mouse.nextEvent)
  }

  private func arm(_ alarm: Alarm, _ instant: Instant) {
    if instant == .never {
      if alarm.deadline != nil { alarm.cancel() }
    } else if alarm.deadline != instant {
      alarm.set(at: instant)
    }
  }

  private func start(_ wire: Wire) {
    state.wire = wire
    self.wire.set(after: Self.byteTime)
  }

  private func perform(_ action: I8042.Action) {
    switch action {
    case .none: break
    case .toKeyboard(let byte):
      state.wireByte = byte
      start(.toKeyboard)
    case .toMouse(let byte):
      state.wireByte = byte
      start(.toMouse)
      if !sockets.hasMouse { wire.set(after: Self.timeout) }
    case .pulse(let bits):
      // About 6 µs on the chip; nothing on the board can tell it from an edge.
      if bits & 0x01 == 0 { resetRequest.pulse() }
      if bits & 0x02 == 0, state.chip.a20 {
        a20.lower()
        a20.raise()
      }
    }
  }
}
