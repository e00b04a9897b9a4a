import Foundation
import Hardware
import Testing

@testable import Processor

/// Raises INTR every few microseconds, and answers some ports with a count.
private final class Ticker: Device {
  struct State: SavedState {
    var count: UInt8 = 0
    /// Nanoseconds between the changes of INTR.
    var interval: Int64 = 4_700
    /// A port that doesn't count.
    var quiet = -1
  }
  var state = State()
  /// Takes the bus for a while, as DMA does.
  var hold: (() -> Void)?
  let request = Line()
  let beat = Alarm()
  var footprint: Footprint {
    Footprint(
      "ticker", chip: "test",
      [
        .ports(0x00...0xFF, block: 0), .line("intr", request),
        .alarm("beat", beat) { [unowned self] in
          request.drive(!request.level)
          if !request.level { hold?() }
          beat.set(after: .nanoseconds(state.interval))
        },
      ])
  }
  func readPort(_ block: Int, _ offset: Int) -> UInt8 {
    if offset == state.quiet { return 0 }
    state.count &+= 1
    return state.count
  }
  func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    state.count ^= value
    if value & 7 == 0 { beat.set(after: .nanoseconds(Int64(value) * 10)) }
  }
}

/// A processor on 1 MB of random code and tables.
private final class Case {
  static let models: [ProcessorModel] = [.i386dx33, .i386sx16, .i486dx2x66, .i486sx25]
  let plane = Backplane(ramSize: 1 << 20)
  let ticker = Ticker()
  let processor: Processor

  init(
    model: ProcessorModel, tlb: TLBPolicy = .coherent, timing: TimingModel, board: BoardTiming? = nil
  ) throws {
    try plane.attach(ticker)
    processor = Processor(
      model: model, fpu: true, memory: plane.memory, io: plane.io, scheduler: plane.scheduler)
    processor.setTiming(timing, board: board ?? .typical(model))
    processor.tlbPolicy = tlb
    ticker.hold = { [unowned processor] in processor.holdBus(for: .nanoseconds(1_100)) }
    ticker.request.connect { [unowned processor] in processor.setInterruptRequest($0) }
    processor.acknowledgeInterrupt = { [unowned ticker] in
      ticker.request.lower()
      return 0x20 &+ (ticker.state.count & 7)
    }
    ticker.beat.set(after: .nanoseconds(3_000))
  }

  /// Fills memory and registers.
  func fill(_ dice: inout Dice) {
    let ram = plane.memory.ram
    for i in stride(from: 0, to: 1 << 20, by: 8) {
      UnsafeMutableRawPointer(ram + i).storeBytes(of: dice.next(), as: UInt64.self)
    }
    // Code that gets somewhere: frequent opcodes, sprinkled over the places where code is likely to run.
    let frequent: [UInt8] = [
      0x01, 0x03, 0x0F, 0x29, 0x31, 0x39, 0x40, 0x48, 0x50, 0x58, 0x66, 0x67, 0x72, 0x74, 0x75, 0x80, 0x83, 0x88, 0x89,
      0x8A, 0x8B, 0x8E, 0x90, 0xA4, 0xAB, 0xB8, 0xC3, 0xC4, 0xCF, 0xD1, 0xD8, 0xDD, 0xE2, 0xE4, 0xE8, 0xEB, 0xF3, 0xF7,
      0xFB, 0xFF,
    ]
    for _ in 0..<120_000 {
      ram[Int.random(in: 0..<(1 << 20), using: &dice)] = frequent[Int.random(in: 0..<frequent.count, using: &dice)]
    }
    let s = processor.cpu.s
    for i in 0..<8 { processor.cpu.setReg(i, UInt32.random(in: 0...0xF_FFFF, using: &dice)) }
    s.pointee.eip = UInt32.random(in: 0...0xFFFF, using: &dice)
    s.pointee.flags = 2 | UInt32.random(in: 0...0x7FFF, using: &dice) & 0x7700
    s.pointee.gdtBase = 0x1000
    s.pointee.gdtLimit = 0x7FF
    s.pointee.idtBase = Bool.random(using: &dice) ? 0x2000 : 0
    s.pointee.idtLimit = 0x7FF
    s.pointee.cr0 = 0x10
    descriptors(&dice)
    let mode = Int.random(in: 0..<5, using: &dice)
    if mode > 0 { s.pointee.cr0 |= 1 }
    if mode == 4 { s.pointee.flags |= EFLAGS.vm }
    if mode >= 3 || Int.random(in: 0..<3, using: &dice) == 0, mode > 0 { paging(&dice) }
    s.pointee.cpl = mode == 0 ? 0 : (mode == 4 ? 3 : UInt8.random(in: 0...3, using: &dice))
    for i in 0..<6 {
      let big: UInt16 = mode == 2 || mode == 3 ? 0x4000 : 0
      let base = UInt32.random(in: 0...0xF000, using: &dice) << 4
      let data: UInt16 = UInt16(s.pointee.cpl) << 5 | 0x93
      processor.cpu.seg(i).pointee = Segment(
        base: mode == 3 ? 0 : base, limit: mode == 3 ? .max : 0xFFFF, selector: UInt16(base >> 4),
        attributes: mode == 0 ? 0x93 : (mode == 4 ? 0xF3 : (i == 1 ? data | 0x8 : data) | big))
    }
    if mode == 3 {
      // A flat segment over 1 MB of RAM: start where there is code.
      s.pointee.eip = UInt32.random(in: 0x8000...0xF_0000, using: &dice)
    }
    processor.cpu.seg(SegmentIndex.tr).pointee = Segment(base: 0x4000, limit: 0x200, selector: 0x28, attributes: 0x8B)
    processor.cpu.seg(SegmentIndex.ldtr).pointee = Segment(base: 0x5000, limit: 0x7F, selector: 0x30, attributes: 0x82)
    processor.cpu.flushTLB()
    processor.cpu.refreshMode()
    processor.cpu.refreshBreakpoints()
  }

  /// Descriptors and gates of every type, mostly of sense.
  private func descriptors(_ dice: inout Dice) {
    for table in [0x1000, 0x2000, 0x5000] {
      for entry in 0..<256 {
        let at = plane.memory.ram + table + entry * 8
        at[5] = UInt8.random(in: 0...255, using: &dice) | (Bool.random(using: &dice) ? 0x80 : 0)
        at[7] = Bool.random(using: &dice) ? 0 : at[7]
        at[6] &= 0xCF
      }
    }
  }

  /// A page directory at 6000h with tables that map the megabyte, now and then wrongly.
  private func paging(_ dice: inout Dice) {
    func put(_ address: Int, _ value: UInt32) {
      UnsafeMutableRawPointer(plane.memory.ram + address).storeBytes(of: value, as: UInt32.self)
    }
    for i in 0..<1024 { put(0x6000 + i * 4, i == 0 ? 0x7007 : 0x7000 | UInt32.random(in: 0...7, using: &dice)) }
    for i in 0..<1024 {
      let page = UInt32(i & 0xFF)
      let rights: UInt32 = Int.random(in: 0..<20, using: &dice) == 0 ? UInt32.random(in: 0...7, using: &dice) : 7
      put(0x7000 + i * 4, page << 12 | rights)
    }
    processor.cpu.s.pointee.cr3 = 0x6000
    processor.cpu.s.pointee.cr0 |= CR0.pg
  }

  /// A loop in real mode of instructions that leave things as they were, `count` of them, and now and then one that
  /// doesn't; behind an interrupt that counts or changes what the loop looks at.
  func fillWithLoop(_ dice: inout Dice) {
    let ram = plane.memory.ram
    ram.update(repeating: 0, count: 1 << 20)
    func put(_ bytes: [UInt8], at address: inout Int) {
      for (i, byte) in bytes.enumerated() { ram[address + i] = byte }
      address += bytes.count
    }
    // INT 16h at 0:700h, the interrupts 20h-27h at 0:600h, a subroutine at 0:780h.
    for vector in [0x16, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27] {
      let handler: UInt16 = vector == 0x16 ? 0x700 : 0x600
      UnsafeMutableRawPointer(ram + vector * 4).storeBytes(of: handler, as: UInt16.self)
    }
    let handlers: [[UInt8]] = [
      [0x66, 0xFF, 0x06, 0x00, 0x04, 0xCF],  // inc dword [400h]
      [0xCF],
      [0x50, 0xA1, 0x00, 0x04, 0x40, 0xA3, 0x00, 0x04, 0x58, 0xCF],
      [0xFA, 0xFF, 0x06, 0x10, 0x04, 0xE4, 0x05, 0xCF],  // counts what the loop compares, asks a port
    ]
    var at = 0x600
    put(handlers[Int.random(in: 0..<handlers.count, using: &dice)], at: &at)
    at = 0x700
    let services: [[UInt8]] = [
      [0xFB, 0x53, 0xBB, 0x10, 0x04, 0x3B, 0x1F, 0x5B, 0xCA, 0x02, 0x00], [0xCF], [0xFB, 0xF8, 0xCA, 0x02, 0x00],
    ]
    put(services[Int.random(in: 0..<services.count, using: &dice)], at: &at)
    at = 0x780
    put([0x50, 0x58, 0xC3], at: &at)
    let pieces: [[UInt8]] = [
      [0x90], [0x8B, 0x1E, 0x10, 0x04], [0x3B, 0x06, 0x00, 0x04], [0x50, 0x58], [0x60, 0x61], [0x9C, 0x9D],
      [0xCD, 0x16], [0xFB], [0xFA], [0xFA, 0x90, 0x90, 0xFB], [0xB4, 0x01], [0x31, 0xD2], [0x88, 0x26, 0x20, 0x04],
      [0xFE, 0x06, 0x21, 0x04, 0xFE, 0x0E, 0x21, 0x04], [0xE4, 0x21], [0xB8, 0x34, 0x12, 0xF7, 0xE0],
      [0xBE, 0x00, 0x08, 0xBF, 0x00, 0x09, 0xB9, 0x05, 0x00, 0xF3, 0xA4], [0xD9, 0xE8, 0xDD, 0xD8], [0xDB, 0xE3],
      [0xD9, 0xF7], [0x8E, 0xD8], [0xC4, 0x3E, 0x30, 0x04], [0xB9, 0x03, 0x00, 0xE2, 0xFE], [0x40], [0x87, 0xDB],
      [0xA1, 0x03, 0x04], [0x89, 0x0E, 0x33, 0x04], [0x1E, 0x1F], [0xE4, 0x40], [0xE8], [0x8B, 0x07],
      // Five lines of one set of the 486's cache.
      [0xA1, 0x40, 0x20, 0xA1, 0x40, 0x28, 0xA1, 0x40, 0x30, 0xA1, 0x40, 0x38, 0xA1, 0x40, 0x40],
    ]
    at = 0x1000 + Int.random(in: 0..<40, using: &dice)
    let start = at
    for _ in 0..<Int.random(in: 1...12, using: &dice) {
      var piece = pieces[Int.random(in: 0..<pieces.count, using: &dice)]
      if piece == [0xE8] {
        let distance = UInt16(bitPattern: Int16(truncatingIfNeeded: 0x780 - (at + 3)))
        piece += [UInt8(truncatingIfNeeded: distance), UInt8(distance >> 8)]
      }
      // MOV DS,AX only of zero.
      if piece == [0x8E, 0xD8] { piece = [0x31, 0xC0] + piece }
      put(piece, at: &at)
    }
    put([0xEB, UInt8(truncatingIfNeeded: start - (at + 2))], at: &at)
    let s = processor.cpu.s
    // Now and then with the 486's cache switched off.
    s.pointee.cr0 = Int.random(in: 0..<6, using: &dice) == 0 ? 0x6000_0010 : 0x10
    s.pointee.flags = Bool.random(using: &dice) ? 0x202 : 2
    s.pointee.eip = UInt32(start)
    for i in 0..<6 { processor.cpu.seg(i).pointee = .real(0) }
    processor.cpu.setReg(4, 0xFF0)
    processor.quietPorts = (0x21, 0x21)
    ticker.state.quiet = 0x21
    processor.cpu.flushTLB()
    processor.cpu.refreshMode()
    processor.cpu.refreshCache()
  }

  /// Everything as bytes.
  func state() throws -> [UInt8] {
    SavedValue.object(["processor": try processor.savedState(), "plane": try plane.savedState()]).serialized()
  }

  /// Whether memory and processor are those of `other`.
  func isLike(_ other: Case) throws -> Bool {
    let same = memcmp(plane.memory.ram, other.plane.memory.ram, 1 << 20) == 0
    return try same && processor.savedState().serialized() == other.processor.savedState().serialized()
  }

  func load(_ bytes: [UInt8]) throws {
    let tree = try SavedValue(serialized: bytes)
    _ = try plane.load(try #require(tree["plane"]))
    _ = try processor.load(try #require(tree["processor"]))
  }
}

@Suite struct FuzzTests {
  /// Cases in an ordinary test run; `HEIRLOOM_FUZZ_SECONDS` goes on for as long.
  private static let cases: UInt64 = 60

  @Test("Random code in every mode neither traps nor hangs, and doesn't depend on how the run is cut")
  func randomCode() throws {
    let seconds = ProcessInfo.processInfo.environment["HEIRLOOM_FUZZ_SECONDS"].flatMap(Double.init) ?? 0
    let start = Date()
    let first = ProcessInfo.processInfo.environment["HEIRLOOM_FUZZ_FIRST"].flatMap(UInt64.init) ?? 1
    var number = max(first, 1) - 1
    while number < first + Self.cases - 1 || Date().timeIntervalSince(start) < seconds {
      number += 1
      var dice = Dice(state: number)
      let model = Case.models[Int(number % 4)]
      let tlb: TLBPolicy = number % 3 == 0 ? .real : .coherent
      let timing: TimingModel = number % 5 == 0 ? .simple : .full
      let whole = try Case(model: model, tlb: tlb, timing: timing)
      whole.fill(&dice)
      let begin = try whole.state()
      let end = Instant.zero + .microseconds(600)
      whole.processor.run(until: end)

      let cut = try Case(model: model, tlb: tlb, timing: timing)
      try cut.load(begin)
      while cut.processor.now < end {
        let step = Int64.random(in: 1...40_000, using: &dice)
        cut.processor.run(until: min(cut.processor.now + .nanoseconds(step), end))
      }
      #expect(try cut.state() == whole.state(), "case \(number) on \(model.rawValue): cut into slices")

      let half = try Case(model: model, tlb: tlb, timing: timing)
      try half.load(begin)
      half.processor.run(until: Instant.zero + .nanoseconds(Int64.random(in: 0...600_000, using: &dice)))
      let moved = try Case(model: model, tlb: tlb, timing: timing)
      try moved.load(try half.state())
      moved.processor.run(until: end)
      #expect(try moved.state() == whole.state(), "case \(number) on \(model.rawValue): saved and loaded half-way")
    }
  }

  /// The models of `Case`, and a 386 whose memory has wait states and is refreshed, with no cache to hide it.
  private static let waiting: [(model: ProcessorModel, board: BoardTiming?)] = {
    var bare = BoardTiming()
    bare.waitStates = 1
    bare.refresh = 700
    // So long that the next one is due before a slower instruction is over.
    var crawling = bare
    crawling.refresh = 13_400
    return Case.models.map { ($0, nil) } + [(.i386dx33, bare), (.i386sx25, nil), (.i386dx33, crawling)]
  }()

  @Test("Waiting loops whose rounds are left out come to the same state, however the run is cut")
  func waitingLoops() throws {
    let seconds = ProcessInfo.processInfo.environment["HEIRLOOM_FUZZ_SECONDS"].flatMap(Double.init) ?? 0
    let start = Date()
    var number: UInt64 = 0
    var skipped = [Int64](repeating: 0, count: Self.waiting.count)
    while number < 140 || Date().timeIntervalSince(start) < seconds {
      number += 1
      var dice = Dice(state: number)
      let place = Int(number) % Self.waiting.count
      let (model, board) = Self.waiting[place]
      let timing: TimingModel = number % 5 == 0 ? .simple : .full
      let period = Int64.random(in: 50_000...2_000_000, using: &dice)
      let pair = try [false, true].map { skips in
        let one = try Case(model: model, timing: timing, board: board)
        one.ticker.state.interval = period
        one.processor.isIdleSkipped = skips
        return one
      }
      var seed = dice
      pair[0].fillWithLoop(&dice)
      pair[1].fillWithLoop(&seed)
      for _ in 0..<20 {
        let end = pair[0].processor.now + .nanoseconds(Int64.random(in: 1...3_000_000, using: &dice))
        for one in pair { one.processor.run(until: end) }
        let isSame = try pair[0].isLike(pair[1])
        #expect(isSame, "loop \(number) on \(model.rawValue)")
        if !isSame { break }
      }
      if timing == .full { skipped[place] += pair[1].processor.restedClocks }
    }
    // The test would be worth nothing for a model whose loops had not been found.
    #expect(!skipped.contains(0), "\(skipped)")
  }
}
