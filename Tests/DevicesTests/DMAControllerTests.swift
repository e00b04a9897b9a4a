import Hardware
import Testing

@testable import Devices

struct DMAControllerTests {
  /// A device on a channel that gives and takes units as long as it has any, DREQ high meanwhile.
  final class Source {
    let request = DMARequest()
    var data: [UInt16] = []
    var taken: [UInt16] = []
    var verified = 0
    var counts = 0
    /// Drops DREQ in each transfer and needs `ask` for the next.
    var perUnit = false
    init() {
      request.deviceToMemory = { [unowned self] in
        let unit = data.isEmpty ? 0xEEEE : data.removeFirst()
        if perUnit || data.isEmpty { request.request.lower() }
        return unit
      }
      request.memoryToDevice = { [unowned self] unit in
        taken.append(unit)
        if perUnit { request.request.lower() }
      }
      request.verify = { [unowned self] in verified += 1 }
      request.terminalCount = { [unowned self] in
        counts += 1
        request.request.lower()
      }
    }
    func ask() { request.request.raise() }
  }

  private func bench(_ channel: Int, cascade: Bool = true) throws -> (Bench, DMAController, Source) {
    let memory = Backplane(ramSize: 2 << 20)
    let dma = DMAController(memory: memory.memory)
    try memory.attach(dma)
    let source = Source()
    dma.connect(channel, source.request)
    let bench = Bench(over: memory)
    if cascade {
      bench.out(0xD6, 0xC0)
      bench.out(0xD4, 0x00)
    }
    return (bench, dma, source)
  }

  private func program(_ b: Bench, _ channel: UInt8, address: UInt32, count: Int, mode: UInt8) {
    let pages: [UInt16] = [0x87, 0x83, 0x81, 0x82, 0x8F, 0x8B, 0x89, 0x8A]
    let n = UInt16(channel & 3)
    let low = channel < 4
    func port(_ register: UInt16) -> UInt16 { low ? register : 0xC0 + register * 2 }
    let unit = low ? address : address >> 1
    b.out(port(0xA), 4 | channel & 3)
    b.out(port(0xC), 0)
    b.out(port(n * 2), UInt8(truncatingIfNeeded: unit), UInt8(truncatingIfNeeded: unit >> 8))
    b.out(port(n * 2 + 1), UInt8(truncatingIfNeeded: count - 1), UInt8(truncatingIfNeeded: (count - 1) >> 8))
    b.out(pages[Int(channel)], UInt8(truncatingIfNeeded: address >> 16))
    b.out(port(0xB), mode | channel & 3)
    b.out(port(0xA), channel & 3)
  }

  @Test("Single mode: one transfer a request, bytes from the device to ascending addresses, TC with the last")
  func single() throws {
    let (b, _, source) = try bench(2)
    source.perUnit = true
    source.data = [1, 2, 3, 4]
    program(b, 2, address: 0x1_2340, count: 3, mode: 0x44)
    for i in 0..<3 {
      source.ask()
      #expect(b.backplane.memory.ram[0x1_2340 + i] == UInt8(i + 1))
      #expect(source.counts == (i == 2 ? 1 : 0))
      b.run(.microseconds(10))
    }
    #expect(b.inp(0x08) == 0x04)
    #expect(b.inp(0x08) == 0x00, "the status read clears the TC bits")
    // Terminal count has set the mask.
    source.ask()
    b.run(.microseconds(10))
    #expect(source.data == [4])
    #expect(b.inp(0x08) == 0x40, "the request is pending")
  }

  @Test("Single mode with DREQ held: the bus is given back between transfers")
  func singleHeld() throws {
    let (b, _, source) = try bench(1)
    source.data = [UInt16](repeating: 7, count: 10)
    program(b, 1, address: 0x2000, count: 10, mode: 0x44)
    source.ask()
    #expect(source.data.count == 9)
    b.run(DMAController.cycle * 4)
    #expect(source.data.count == 5)
    b.run(.microseconds(20))
    #expect(source.counts == 1)
  }

  @Test("Demand mode: transfers go on until DREQ falls, and go on from there at the next request")
  func demand() throws {
    let (b, _, source) = try bench(3)
    source.data = [1, 2, 3]
    program(b, 3, address: 0x3000, count: 5, mode: 0x04)
    source.ask()
    #expect(source.data.isEmpty)
    #expect(source.counts == 0)
    b.run(.microseconds(10))
    source.data = [4, 5, 6]
    source.ask()
    #expect(source.counts == 1)
    #expect(source.data == [6])
    #expect((0..<6).map { b.backplane.memory.ram[0x3000 + $0] } == [1, 2, 3, 4, 5, 0])
  }

  @Test("Block mode: one request is enough for the whole block")
  func block() throws {
    let (b, _, source) = try bench(1)
    source.perUnit = true
    program(b, 1, address: 0x4000, count: 256, mode: 0x88)
    for i in 0..<256 { b.backplane.memory.ram[0x4000 + i] = UInt8(i) }
    source.ask()
    #expect(source.taken == (0..<256).map { UInt16($0) })
    #expect(source.counts == 1)
  }

  @Test("Auto-initialise: at TC address and count are reloaded and the channel stays unmasked")
  func autoInitialize() throws {
    let (b, dma, source) = try bench(1)
    source.perUnit = true
    source.data = (1...9).map { $0 }
    program(b, 1, address: 0x5000, count: 4, mode: 0x54)
    for _ in 0..<9 {
      source.ask()
      b.run(.microseconds(5))
    }
    #expect((0..<4).map { b.backplane.memory.ram[0x5000 + $0] } == [9, 6, 7, 8])
    #expect(source.counts == 2)
    #expect(dma.state.low.channels[1].count == 2)
    #expect(dma.state.low.mask & 2 == 0)
  }

  @Test("A device that never drops its request in auto-initialise demand mode doesn't hang the machine")
  func runaway() throws {
    let (b, dma, source) = try bench(0)
    source.request.terminalCount = {}
    source.request.memoryToDevice = { _ in }
    program(b, 0, address: 0, count: 2, mode: 0x18)
    source.ask()
    b.run(.milliseconds(1))
    #expect(dma.state.low.terminalCounts == 1)
  }

  @Test("Address decrement")
  func decrement() throws {
    let (b, _, source) = try bench(1)
    source.data = [1, 2, 3]
    program(b, 1, address: 0x6002, count: 3, mode: 0x24)
    source.ask()
    #expect((0..<3).map { b.backplane.memory.ram[0x6000 + $0] } == [3, 2, 1])
  }

  @Test("The page register doesn't count: bytes wrap within 64 KB")
  func wrap() throws {
    let (b, _, source) = try bench(2)
    source.data = [1, 2]
    program(b, 2, address: 0x1_FFFF, count: 2, mode: 0x04)
    source.ask()
    #expect(b.backplane.memory.ram[0x1_FFFF] == 1)
    #expect(b.backplane.memory.ram[0x1_0000] == 2)
    #expect(b.backplane.memory.ram[0x2_0000] == 0)
  }

  @Test("Channels 5-7 move words at even addresses and wrap within 128 KB; page bit 0 doesn't count")
  func words() throws {
    let (b, _, source) = try bench(5)
    source.data = [0x1122, 0x3344]
    program(b, 5, address: 0x5_FFFE, count: 2, mode: 0x04)
    source.ask()
    #expect(b.backplane.memory.read(0x5_FFFE, size: 2) == 0x1122)
    #expect(b.backplane.memory.read(0x4_0000, size: 2) == 0x3344)
    #expect(b.inp(0xD0) == 0x02)
  }

  @Test("Channels 0-3 need channel 4 in cascade mode and unmasked")
  func cascade() throws {
    let (b, _, source) = try bench(1, cascade: false)
    source.data = [9]
    program(b, 1, address: 0x7000, count: 1, mode: 0x44)
    source.ask()
    #expect(source.counts == 0)
    b.out(0xD6, 0xC0)
    #expect(source.counts == 0)
    b.out(0xD4, 0x00)
    #expect(source.counts == 1)
  }

  @Test("Verify: addresses and TC without data")
  func verify() throws {
    let (b, _, source) = try bench(2)
    program(b, 2, address: 0x8000, count: 5, mode: 0x80)
    b.backplane.memory.ram[0x8000] = 0x77
    source.ask()
    #expect(source.verified == 5)
    #expect(source.counts == 1)
    #expect(b.backplane.memory.ram[0x8000] == 0x77)
  }

  @Test("A software request starts a block and can't be masked")
  func software() throws {
    let (b, _, source) = try bench(3)
    source.data = [5, 6]
    program(b, 3, address: 0x9000, count: 2, mode: 0x84)
    b.out(0x0A, 7)
    b.out(0x09, 7)
    #expect(source.counts == 1)
    #expect(b.backplane.memory.ram[0x9001] == 6)
    #expect(b.inp(0x08) == 0x08, "TC clears the request bit")
  }

  @Test("The controller disable bit of the command register stops all transfers")
  func disable() throws {
    let (b, _, source) = try bench(1)
    source.data = [5]
    program(b, 1, address: 0xA000, count: 1, mode: 0x44)
    b.out(0x08, 0x04)
    source.ask()
    #expect(source.counts == 0)
    b.out(0x08, 0x00)
    #expect(source.counts == 1)
  }

  @Test("Fixed priority serves channel 0 first; rotating puts the one served last")
  func priority() {
    var chip = I8237()
    chip.write(0xE, 0)
    for n in 0..<4 { chip.setRequest(n, true) }
    #expect(chip.pendingChannel == 0)
    chip.write(8, 0x10)
    chip.served(0)
    #expect(chip.pendingChannel == 1)
    chip.served(2)
    #expect(chip.pendingChannel == 3)
    chip.setRequest(3, false)
    #expect(chip.pendingChannel == 0)
  }

  @Test("Command bit 6 makes DREQ active low")
  func sense() {
    var chip = I8237()
    chip.write(0xE, 0)
    chip.write(8, 0x40)
    for n in 1..<4 { chip.setRequest(n, true) }
    #expect(chip.activeRequests == 0x01)
    #expect(chip.pendingChannel == 0)
  }

  @Test("The flip-flop chooses low and high byte, for all address and count registers alike")
  func flipFlop() throws {
    let (b, _, _) = try bench(1)
    b.out(0x0C, 0)
    b.out(0x02, 0x34, 0x12)
    b.out(0x03, 0x78, 0x56)
    #expect(b.inp(0x02) == 0x34)
    #expect(b.inp(0x03) == 0x56, "high byte: the flip-flop is shared")
    b.out(0x0C, 0xFF)
    #expect(b.inp16(0x03) == 0x5678)
    #expect(b.inp16(0x02) == 0x1234)
  }

  @Test("Master clear masks all channels and clears command, status, request and flip-flop")
  func masterClear() {
    var chip = I8237()
    chip.write(0xE, 0)
    chip.write(8, 0x10)
    chip.write(9, 5)
    chip.write(0, 1)
    chip.write(0xD, 0)
    #expect(chip.mask == 0x0F)
    #expect(chip.command == 0)
    #expect(chip.requests == 0)
    #expect(!chip.flipFlop)
  }

  @Test("Mask registers: single, all, and clear all")
  func masks() {
    var chip = I8237()
    chip.write(0xA, 2)
    #expect(chip.mask == 0x0B)
    chip.write(0xA, 6)
    #expect(chip.mask == 0x0F)
    chip.write(0xF, 0x05)
    #expect(chip.mask == 0x05)
    chip.write(0xE, 0xFF)
    #expect(chip.mask == 0)
  }

  @Test("Page registers read back, those without a channel too")
  func pages() throws {
    let (b, _, _) = try bench(1)
    let ports: [UInt16] = [0x81, 0x82, 0x83, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F]
    for port in ports { b.out(port, UInt8(port & 0xFF) ^ 0x5A) }
    for port in ports { #expect(b.inp(port) == UInt8(port & 0xFF) ^ 0x5A) }
    #expect(b.backplane.io.unclaimedAccesses.isEmpty)
  }
}
