import Hardware
import Testing

@testable import Devices

/// Something on DMA channels 1 and 5 that gives a running count and takes a checksum.
private final class Peripheral: Device {
  struct State: SavedState {
    var given: UInt16 = 0
    var sum: UInt16 = 0
    var counts = 0
    var hold = false
  }
  var state = State()
  let request: DMARequest
  let channel: Int

  init(_ channel: Int) {
    self.channel = channel
    let request = DMARequest()
    self.request = request
    request.deviceToMemory = { [unowned self] in
      state.given &+= 0x0107
      if !state.hold { request.request.lower() }
      return state.given
    }
    request.memoryToDevice = { [unowned self] unit in
      state.sum = state.sum &* 31 &+ unit
      if !state.hold { request.request.lower() }
    }
    request.terminalCount = { [unowned self] in
      state.counts += 1
      request.request.lower()
    }
  }

  var footprint: Footprint {
    Footprint("peripheral\(channel)", chip: "test", [.dma(channel, request)])
  }
}

/// All devices of this target on one board, wired, and a random hand on their ports.
private final class Board {
  let backplane = Backplane(ramSize: 256 << 10)
  let pic = InterruptController()
  let pit = IntervalTimer()
  let rtc = RealTimeClock(start: RTCDate(year: 1996, month: 2, day: 28, hour: 23, minute: 59), cmos: CMOSSetup())
  let kbc = KeyboardController()
  let system = SystemControl()
  let debug = DebugPort()
  let com1 = SerialPort(.com1)
  let com2 = SerialPort(.com2)
  let lpt = ParallelPort()
  let fm = Synthesizer(Synthesizer.Configuration(.ymf262, at: [0x388...0x38B]))
  let speaker = Speaker()
  let mixer = AudioMixer()
  let peripherals = [Peripheral(1), Peripheral(5)]
  var trace: [Int] = []

  init() throws {
    let dma = DMAController(memory: backplane.memory)
    let devices: [any Device] =
      [pic, pit, dma, rtc, kbc, system, debug, com1, com2, lpt, fm, speaker, mixer] + peripherals
    for device in devices { try backplane.attach(device) }
    for (irq, line, _) in backplane.interrupts { line.connect { [unowned self] in pic.setRequest(irq, $0) } }
    for (channel, request, _) in backplane.dmaRequests { dma.connect(channel, request) }
    system.gate2.connect { [unowned self] in pit.setGate(2, $0) }
    system.timer2.level = { [unowned self] in pit.output(2) }
    system.refresh.level = { [unowned self] in pit.refreshToggle }
    mixer.connect(speaker.output, to: .speaker)
    mixer.connect(fm.output, to: .fm)
    system.speakerData.connect { [unowned self] in
      _ = pit.catchUp()
      speaker.setData($0, pit.state.chip.counters[2], now: backplane.scheduler.now)
    }
    pit.speaker.follow = { [unowned self] in speaker.follow($0, from: $1, to: $2) }
    pit.speaker.changed = { [unowned self] in speaker.timerChanged($0, now: backplane.scheduler.now) }
    speaker.output.refill = { [unowned self] in pit.catchUp() && speaker.state.data }
    mixer.tap.take = { [unowned self] first, samples in
      trace.append(400_000 + samples.reduce(Int(first & 0xFF)) { ($0 &* 31 &+ Int($1)) & 0xFFFF })
    }
    kbc.a20.connect { [unowned self] in backplane.memory.setA20(open: $0) }
    for (n, line) in [kbc.resetRequest, system.fastReset, rtc.nmiMask, system.nmi, pic.intr].enumerated() {
      line.connect { [unowned self] in trace.append(100_000 + n * 2 + ($0 ? 1 : 0)) }
    }
    debug.sink = { [unowned self] in trace.append(200_000 + Int($0)) }
    com1.sink = { [unowned self] in trace.append(210_000 + Int($0)) }
    lpt.sink = { [unowned self] in trace.append(220_000 + Int($0)) }
  }

  /// All claimed ports, in order.
  static let ports: [UInt16] = {
    let blocks: [ClosedRange<UInt16>] = [
      0x00...0x0F, 0x20...0x21, 0x40...0x43, 0x60...0x61, 0x64...0x64, 0x70...0x71, 0x80...0x8F, 0x92...0x92,
      0xA0...0xA1, 0xC0...0xDF, 0xE9...0xE9, 0x2F8...0x2FF, 0x378...0x37A, 0x388...0x38B, 0x3F8...0x3FF,
    ]
    return blocks.flatMap { Array($0) }
  }()

  /// Brings the chips into a state in which things happen.
  func program() {
    let writes: [(UInt16, [UInt8])] = [
      (0x20, [0x11]), (0x21, [8, 4, 1, 0]), (0xA0, [0x11]), (0xA1, [0x70, 2, 1, 0]), (0x43, [0x36]), (0x40, [0x50, 0]),
      (0x43, [0x54]), (0x41, [18]), (0x43, [0xB6]), (0x42, [0x33, 0x01]), (0xD6, [0xC0]), (0xD4, [0]),
      (0x0B, [0x55]), (0x02, [0, 0x10]), (0x03, [9, 0]), (0x0A, [1]), (0xD6, [0x59]), (0xC4, [0, 0x20]),
      (0xC6, [5, 0]), (0xD4, [1]), (0x70, [0x0B]), (0x71, [0x72]), (0x64, [0x60]), (0x3FB, [0x80]), (0x3F8, [1]),
      (0x3FB, [3]), (0x3FC, [0x0B]), (0x3F9, [0x0F]), (0x3FA, [0xC1]),
    ]
    for (port, values) in writes { for value in values { backplane.io.write8(port, value) } }
    backplane.scheduler.advance(to: backplane.scheduler.now + .milliseconds(1))
    backplane.io.write8(0x60, 0x43)
  }

  /// One random step on `ports`.
  func step(_ dice: inout Dice, _ ports: [UInt16]) {
    let io = backplane.io
    let port = ports[dice.below(ports.count)]
    switch dice.below(16) {
    case 0...4: io.write8(port, dice.byte())
    case 5: io.write(port, size: 4, UInt32(truncatingIfNeeded: dice.next()))
    case 6...9: trace.append(Int(io.read8(port)))
    case 10:
      let span = Span(picoseconds: Int64(dice.next() % 3_000_000_000))
      backplane.scheduler.advance(to: backplane.scheduler.now + span)
    case 11: backplane.scheduler.advance(to: backplane.scheduler.now + .nanoseconds(Int64(dice.below(2_000))))
    case 12:
      let key = Key.allCases[dice.below(Key.allCases.count)]
      kbc.key(key, pressed: dice.below(2) == 0)
      kbc.mouseMove(x: dice.below(700) - 350, y: dice.below(20) - 10, z: dice.below(5) - 2)
      kbc.mouseButton(.left, pressed: dice.below(2) == 0)
    case 13: if pic.intr.level { trace.append(300_000 + Int(pic.acknowledge())) }
    case 14:
      let peripheral = peripherals[dice.below(2)]
      peripheral.state.hold = dice.below(3) == 0
      peripheral.request.request.drive(dice.below(3) != 0)
    default:
      com1.receive(dice.byte())
      if dice.below(4) == 0 { com1.setModemInputs(dice.byte()) }
      if dice.below(20) == 0 { system.reportParityError() }
      if dice.below(200) == 0 { backplane.reset() }
    }
  }
}

struct EveryDeviceTests {
  /// Ports of one device at a time, and all.
  static let groups: [(String, [UInt16])] = [
    ("pic", [0x20, 0x21, 0xA0, 0xA1]), ("pit", Array(0x40...0x43) + [0x61]),
    ("dma", Array(0x00...0x0F) + Array(0xC0...0xDF) + [0x83, 0x8B]), ("rtc", [0x70, 0x71]), ("kbc", [0x60, 0x64]),
    ("system", [0x61, 0x92, 0x80, 0x84]), ("com1", Array(0x3F8...0x3FF)), ("lpt1", Array(0x378...0x37A)),
    ("fm", Array(0x388...0x38B)), ("speaker", Array(0x42...0x43) + [0x61]),
    ("all", Board.ports),
  ]

  @Test("A device saved and loaded at any moment goes on as if nothing had happened", arguments: 0..<11)
  func saveLoad(_ group: Int) throws {
    let (name, ports) = Self.groups[group]
    for seed in UInt64(0)..<13 {
      let steps = 400
      let stop = 1 + Int(seed) * 31
      var dice = Dice(seed &* 977 &+ UInt64(group))
      var copy = dice
      let unbroken = try Board()
      unbroken.program()
      for _ in 0..<steps { unbroken.step(&dice, ports) }

      let first = try Board()
      first.program()
      for _ in 0..<stop { first.step(&copy, ports) }
      let bytes = try first.backplane.savedState().serialized()
      let second = try Board()
      #expect(try second.backplane.load(try SavedValue(serialized: bytes)) == [])
      #expect(try second.backplane.savedState().serialized() == bytes, "\(name): saved again it is the same")
      second.trace = first.trace
      for _ in stop..<steps { second.step(&copy, ports) }
      #expect(second.trace == unbroken.trace, "\(name), seed \(seed)")
      #expect(
        try second.backplane.savedState().serialized() == unbroken.backplane.savedState().serialized(),
        "\(name), seed \(seed)")
    }
  }

  @Test("No sequence of port accesses and events traps", arguments: UInt64(0)..<16)
  func fuzz(_ seed: UInt64) throws {
    var dice = Dice(0xF00D + seed)
    let board = try Board()
    if seed & 1 == 0 { board.program() }
    let ports = seed & 2 == 0 ? Board.ports : Self.groups[Int(seed) % Self.groups.count].1
    for _ in 0..<6_000 {
      board.step(&dice, ports)
      board.trace.removeAll()
    }
    #expect(board.backplane.scheduler.now > .zero)
  }

  @Test("A device holds nothing but its state and wiring")
  func properties() throws {
    for device in try Board().backplane.devices where !(device is Peripheral) {
      for child in Mirror(reflecting: device).children where child.label != "state" {
        #expect(child.value is any Wiring, "\(type(of: device)).\(child.label ?? "?")")
      }
    }
  }

  @Test("Damaged values in a saved state are refused or harmless, never a trap")
  func damagedStates() throws {
    var dice = Dice(5)
    let board = try Board()
    board.program()
    for _ in 0..<300 { board.step(&dice, Board.ports) }
    let saved = try board.backplane.savedState()
    guard case .object(var members) = saved, let devices = members["devices"] else { return }
    members["ram"] = .bytes([UInt8](repeating: 0, count: 256 << 10))
    for _ in 0..<400 {
      members["devices"] = damage(devices, &dice, 0.01)
      let victim = try Board()
      guard (try? victim.backplane.load(.object(members))) != nil else { continue }
      for _ in 0..<60 { victim.step(&dice, Board.ports) }
    }
  }

  /// Changes about one number in 1/`rate` of the tree to any value of its kind.
  private func damage(_ value: SavedValue, _ dice: inout Dice, _ rate: Double) -> SavedValue {
    func hit() -> Bool { Double(dice.below(1_000_000)) < rate * 1_000_000 }
    switch value {
    case .int(let n):
      guard hit() else { return value }
      let choices: [Int64] = [0, -1, 1, 255, 65_536, n &+ 1, .max, .min, Int64(bitPattern: dice.next())]
      return .int(choices[dice.below(choices.count)])
    case .bool(let b): return hit() ? .bool(!b) : value
    case .bytes(let bytes):
      guard hit() else { return value }
      return dice.below(2) == 0 ? .bytes([]) : .bytes(bytes + [dice.byte()])
    case .array(let values): return .array(values.map { damage($0, &dice, rate) })
    case .object(let members):
      var result: [String: SavedValue] = [:]
      for name in members.keys.sorted() { result[name] = damage(members[name] ?? .null, &dice, rate) }
      return .object(result)
    default: return value
    }
  }
}
