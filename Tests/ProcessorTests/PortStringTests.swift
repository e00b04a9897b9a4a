import Foundation
import Hardware
import Testing

@testable import Processor

/// A data port like a drive's: blocks of bytes both ways, whose last access arms an alarm that raises INTR. It also
/// notes when that was.
private final class Channel: Device {
  struct State: SavedState {
    var position = 0
    var length = 96
    var block: UInt8 = 1
    var sum: UInt32 = 0
    var ended = Instant.zero
  }
  var state = State()
  /// Whether it lets plain accesses be done at once.
  struct Kind: Wiring { var isQuick = true }
  let kind: Kind
  let request = Line()
  let next = Alarm()
  init(isQuick: Bool) { kind = Kind(isQuick: isQuick) }

  var footprint: Footprint {
    Footprint(
      "channel", chip: "test",
      [
        .ports(0x40...0x47, block: 0), .line("intr", request),
        .alarm("next", next) { [unowned self] in request.raise() },
      ])
  }

  private func byte(_ at: Int) -> UInt8 { UInt8(truncatingIfNeeded: at &* 7) &+ state.block }
  private func pass(_ count: Int) {
    state.position += count
    guard state.position >= state.length else { return }
    state.position = 0
    state.block &+= 13
    state.length = 24 + Int(state.block)
    state.ended = next.now
    next.set(after: .nanoseconds(300 + Int64(state.block) * 10))
  }
  func readPortWide(_ block: Int, _ offset: Int, _ size: Int) -> UInt32? {
    var value: UInt32 = 0
    for i in 0..<size { value |= UInt32(byte(state.position + i)) << UInt32(8 * i) }
    pass(size)
    return value
  }
  func writePortWide(_ block: Int, _ offset: Int, _ size: Int, _ value: UInt32) -> Bool {
    for i in 0..<size { state.sum = state.sum &* 31 &+ (value >> UInt32(8 * i) & 0xFF) }
    pass(size)
    return true
  }
  func plainAccesses(_ block: Int, _ offset: Int, _ size: Int, writes: Bool) -> Int {
    kind.isQuick ? max(state.length - state.position - 1, 0) / size : 0
  }
  func readPlainly(_ block: Int, _ offset: Int, _ data: UnsafeMutableRawBufferPointer) {
    for i in data.indices { data[i] = byte(state.position + i) }
    state.position += data.count
  }
  func writePlainly(_ block: Int, _ offset: Int, _ data: UnsafeRawBufferPointer) {
    for byte in data { state.sum = state.sum &* 31 &+ UInt32(byte) }
    state.position += data.count
  }
}

/// A processor with a program of INS and OUTS at 1000:0, a handler at 2000:0, and a channel.
private final class Bench {
  let plane = Backplane(ramSize: 1 << 19)
  let processor: Processor
  let channel: Channel

  init(_ model: ProcessorModel, full: Bool, isQuick: Bool, program: [UInt8], protected: Bool) throws {
    channel = Channel(isQuick: isQuick)
    try plane.attach(channel)
    processor = Processor(model: model, memory: plane.memory, io: plane.io, scheduler: plane.scheduler)
    processor.setTiming(full ? .full : .simple, board: .typical(model))
    channel.request.connect { [unowned processor] in processor.setInterruptRequest($0) }
    processor.acknowledgeInterrupt = { [unowned channel] in
      channel.request.lower()
      return 0x20
    }
    let ram = plane.memory.ram
    for (at, byte) in program.enumerated() { ram[0x1_0000 + at] = byte }
    // The handler counts in memory and goes back.
    let handler: [UInt8] = [0x36, 0xFF, 0x06, 0x00, 0x70, 0xCF]
    for (at, byte) in handler.enumerated() { ram[0x2_0000 + at] = byte }
    ram[0x80 + 3] = 0x20
    let s = processor.cpu.s
    if protected {
      // Flat translation by paging, with the segments of real mode in their caches and no privilege to lack.
      for page in 0..<256 {
        let entry = UInt32(page) << 12 | 7
        UnsafeMutableRawPointer(ram + 0x9000 + page * 4).storeBytes(of: entry, as: UInt32.self)
      }
      UnsafeMutableRawPointer(ram + 0x8000).storeBytes(of: 0x9007 as UInt32, as: UInt32.self)
      s.pointee.cr3 = 0x8000
      s.pointee.cr0 |= CR0.pg | CR0.pe
    }
    for (index, segment) in [(1, 0x1000), (0, 0x3000), (3, 0x4000), (2, 0x0000)] as [(Int, UInt16)] {
      processor.cpu.seg(index).pointee = .real(segment)
      if protected {
        processor.cpu.seg(index).pointee.attributes = index == 1 ? 0x9B : 0x93
        // An empty table of interrupts: the handler isn't reached there.
      }
    }
    s.pointee.eip = 0
    s.pointee.flags = protected ? 2 : 0x202
    processor.cpu.setReg(4, 0x7000)
    processor.cpu.flushTLB()
    processor.cpu.refreshMode()
  }

  func state() throws -> [UInt8] {
    SavedValue.object(["processor": try processor.savedState(), "plane": try plane.savedState()]).serialized()
  }
  func load(_ bytes: [UInt8]) throws {
    let tree = try SavedValue(serialized: bytes)
    _ = try plane.load(try #require(tree["plane"]))
    _ = try processor.load(try #require(tree["processor"]))
  }
}

@Suite struct PortStringTests {
  /// Every model with and without paging; `HEIRLOOM_FUZZ=n` runs n programs.
  private static var cases: UInt64 {
    max(ProcessInfo.processInfo.environment["HEIRLOOM_FUZZ"].flatMap(UInt64.init) ?? 12, 1)
  }

  /// Some INS and OUTS, then a jump back to the beginning.
  private func program(_ dice: inout Dice) -> [UInt8] {
    var bytes: [UInt8] = []
    func word(_ opcode: UInt8, _ value: UInt16) {
      bytes += [opcode, UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
    }
    word(0xBA, 0x40)
    for _ in 0..<Int.random(in: 1...6, using: &dice) {
      word(0xB9, UInt16.random(in: 0...200, using: &dice))
      // Now and then across a page, and to the end of the segment is never reached.
      if Bool.random(using: &dice) { word(0xBF, UInt16.random(in: 0x0E00...0x1FFF, using: &dice)) }
      if Bool.random(using: &dice) { word(0xBE, UInt16.random(in: 0x2E00...0x3FFF, using: &dice)) }
      if Int.random(in: 0..<8, using: &dice) == 0 { bytes.append(0xFD) }
      if Bool.random(using: &dice) { bytes.append(0x66) }
      if Int.random(in: 0..<6, using: &dice) > 0 { bytes.append(0xF3) }
      bytes.append([0x6D, 0x6D, 0x6D, 0x6F, 0x6F, 0x6F, 0x6C, 0x6E].randomElement(using: &dice) ?? 0x6D)
      bytes.append(0xFC)
      for _ in 0..<Int.random(in: 0...2, using: &dice) { bytes.append(0x40) }
    }
    word(0xE9, UInt16(truncatingIfNeeded: -(bytes.count + 3)))
    return bytes
  }

  @Test(
    "REP INS and OUTS on a port of plain data come to the same state at once, one by one, and cut into slices",
    arguments: [false, true])
  func sameState(full: Bool) throws {
    var blocks = 0
    for number in 1...Self.cases {
      var dice = Dice(state: number)
      let model = [ProcessorModel.i386dx33, .i386sx16, .i486dx2x66, .i486sx25][Int(number % 4)]
      let code = program(&dice)
      let protected = number % 3 == 0
      func bench(_ isQuick: Bool) throws -> Bench {
        try Bench(model, full: full, isQuick: isQuick, program: code, protected: protected)
      }
      let end = Instant.zero + .microseconds(300)
      let slow = try bench(false)
      slow.processor.run(until: end)
      let expected = try slow.state()
      if slow.channel.state.block != 1 { blocks += 1 }

      let quick = try bench(true)
      quick.processor.run(until: end)
      #expect(try quick.state() == expected, "case \(number) on \(model.rawValue): at once")

      let cut = try bench(true)
      while cut.processor.now < end {
        let step = Int64.random(in: 1...20_000, using: &dice)
        cut.processor.run(until: min(cut.processor.now + .nanoseconds(step), end))
      }
      #expect(try cut.state() == expected, "case \(number) on \(model.rawValue): cut into slices")

      let half = try bench(true)
      half.processor.run(until: Instant.zero + .nanoseconds(Int64.random(in: 0...300_000, using: &dice)))
      let moved = try bench(true)
      try moved.load(try half.state())
      moved.processor.run(until: end)
      #expect(try moved.state() == expected, "case \(number) on \(model.rawValue): saved and loaded half-way")
    }
    #expect(blocks > Int(Self.cases) / 2, "nothing was passed")
  }
}
