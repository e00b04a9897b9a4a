import Hardware
import Testing

@testable import Processor

/// Requests one interrupt at a time given to it, until it is acknowledged.
private final class Requester: Device {
  struct State: SavedState {}
  var state = State()
  let request = Line()
  let moment = Alarm()
  var footprint: Footprint {
    Footprint(
      "requester", chip: "test",
      [.line("intr", request), .alarm("moment", moment) { [unowned self] in request.drive(true) }])
  }
}

/// Interrupt latency, HLT, and repeated strings that are interrupted, by the clock tables alone.
@Suite struct InterruptTests {
  private static let models: [(ProcessorModel, interrupt: Int64, iret: Int64, out: Int64, hlt: Int64)] = [
    (.i386dx33, 37, 22, 10, 5), (.i486dx33, 26, 15, 16, 4),
  ]

  /// Runs `program`, with `handler` for the interrupt that is requested `clocks` after its start, and returns the clocks
  /// at which the stopwatch was written.
  private func stamps(
    _ model: ProcessorModel, _ program: [UInt8], handler: [UInt8], requestAt clocks: Int64
  ) throws -> [Int64] {
    let bench = try TimingBench(model, .real, wide: false)
    let requester = Requester()
    try bench.plane.attach(requester)
    requester.request.connect { [unowned bench] in bench.processor.setInterruptRequest($0) }
    bench.processor.acknowledgeInterrupt = { [unowned requester] in
      requester.request.drive(false)
      return 0x20
    }
    bench.processor.setTiming(.simple, board: .ideal)
    bench.put(0x1_8000, handler)
    requester.moment.set(at: bench.processor.clock.instant(ofTick: clocks))
    return bench.stamps(program)
  }

  @Test("HLT: a handler begins the documented clocks after the request")
  func halt() throws {
    for (model, interrupt, _, out, _) in Self.models {
      // sti / hlt; the handler writes the stamp. The wait states of the port come behind it.
      let stamps = try stamps(model, [0xFB, 0xF4, 0xEB, 0xFE], handler: [0xE6, 0xE0, 0xE6, 0xE0], requestAt: 10_000)
      #expect(stamps.first == 10_000 + interrupt + out)
    }
  }

  @Test("A request during a long instruction is taken when it is over")
  func longInstruction() throws {
    for (model, interrupt, _, out, _) in Self.models {
      // sti / mov cx,1 / div cx, again and again: 22 or 24 clocks.
      let divide = [UInt8](repeating: 0, count: 400).flatMap { _ in [0xF7, 0xF1] as [UInt8] }
      let program: [UInt8] = [0xFB, 0x31, 0xD2, 0xB9, 0x01, 0x00] + divide
      let length: Int64 = model.family == 4 ? 24 : 22
      let first = try stamps(model, program, handler: [0xE6, 0xE0, 0xE6, 0xE0], requestAt: 3_000).first ?? 0
      let late = first - 3_000 - interrupt - out
      #expect(late >= 0 && late < length)
      // Every clock of the instruction gives another wait, and after as many all begins anew.
      let all = try (0..<length).map {
        try stamps(model, program, handler: [0xE6, 0xE0, 0xE6, 0xE0], requestAt: 3_000 + $0).first ?? 0
      }
      #expect(Set(all).count == 2 || Set(all).count == 1)
    }
  }

  @Test("A repeated string is interrupted between two iterations and pays its start again")
  func interruptedString() throws {
    for (model, interrupt, iret, _, _) in Self.models {
      // sti / mov cx,1000 / mov di,2000h / out E0h / rep stosb / out E0h
      let program: [UInt8] = [
        0xFB, 0xB9, 0xE8, 0x03, 0xBF, 0x00, 0x20, 0xE6, 0xE0, 0xF3, 0xAA, 0xE6, 0xE0, 0xEB, 0xFE,
      ]
      let whole = try stamps(model, program, handler: [0xCF], requestAt: 1 << 40)
      let cut = try stamps(model, program, handler: [0xCF], requestAt: 2_000)
      let (start, each): (Int64, Int64) = model.family == 4 ? (7, 4) : (5, 5)
      let out: Int64 = model.family == 4 ? 16 : 10
      let wait = try TimingBench(model, .real, wide: false).cpu.c.pointee.ioWait8
      #expect(whole[1] - whole[0] == wait + start + 1000 * each + out)
      #expect(cut[1] - cut[0] == whole[1] - whole[0] + interrupt + iret + start)
    }
  }

  /// Clocks from a write that gives DMA the bus for `hold` to the end of `code`, the second time it runs.
  private func clocks(
    _ model: ProcessorModel, _ code: [UInt8], hold: Span, cacheSize: Int? = nil
  ) throws -> Int64 {
    let bench = try TimingBench(model, .real, wide: false)
    var board = BoardTiming.typical(model)
    if let cacheSize { board.cacheSize = cacheSize }
    bench.processor.setTiming(.full, board: board)
    bench.hold = hold
    return bench.clocks([0xE6, 0xE0, 0xE6, 0xE2] + code + [0xE6, 0xE0, 0xEB, 0xFE]) { _ in }
  }

  @Test("DMA: a processor goes on in its cache; a line that isn't there waits until the bus is given back")
  func holdWithCache() throws {
    // MOV AX,[100h]; or, on the 486, five lines of one set, one of which has always just been thrown out.
    let hit: [UInt8] = [0xA1, 0x00, 0x01]
    for model in [ProcessorModel.i386dx33, .i486dx33, .i486dx2x66] {
      let free = try clocks(model, hit, hold: .seconds(0))
      #expect(try clocks(model, hit, hold: .microseconds(10)) == free)
      // Lines 64 KB apart share a place on the 386: DS:BX and ES:BX.
      var misses: [UInt8] = [0xA1, 0x00, 0x02, 0xBB, 0x00, 0x30, 0x8E, 0xC3, 0x26, 0xA1, 0x00, 0x02]
      if model.family == 4 { misses = (0..<5).flatMap { [0xA1, 0x40, 0x10 + 8 * $0] as [UInt8] } }
      let (short, long) = (
        try clocks(model, misses, hold: .microseconds(20)), try clocks(model, misses, hold: .microseconds(40))
      )
      let bench = try TimingBench(model, .real, wide: false)
      let more =
        bench.processor.clock.nextTick(from: .zero + .microseconds(40))
        - bench.processor.clock.nextTick(from: .zero + .microseconds(20))
      #expect(abs(long - short - more) <= Int64(model.multiplier))
    }
  }

  @Test("DMA: a 386 without a cache stands still while another has the bus")
  func holdWithoutCache() throws {
    let free = try clocks(.i386sx16, [0xFC, 0xFC, 0xFC], hold: .seconds(0))
    let held = try clocks(.i386sx16, [0xFC, 0xFC, 0xFC], hold: .microseconds(5))
    // A refresh may fall into one of them: 16 clocks.
    #expect([80, 64, 96].contains(held - free))
    let board = try clocks(.i386dx33, [0xFC, 0xFC, 0xFC], hold: .seconds(0), cacheSize: 0)
    let stopped = try clocks(.i386dx33, [0xFC, 0xFC, 0xFC], hold: .microseconds(5), cacheSize: 0)
    #expect(abs(stopped - board - 167) <= 34)
  }

  @Test("I/O: a byte takes 6 clocks of the AT bus, 8.33 MHz at most, and the processor waits for it")
  func portTime() throws {
    for (model, bus) in [(ProcessorModel.i386sx16, 8.0), (.i386dx33, 8.333), (.i486dx33, 8.333), (.i486dx2x66, 8.333)] {
      let bench = try TimingBench(model, .real, wide: false)
      let stamps = bench.stamps([0xE6, 0xE0, 0xE6, 0xE0, 0xEB, 0xFE])
      let out: Int64 = model.family == 4 ? 16 : 10
      let cycle = Double(stamps[1] - stamps[0] - out + Int64(2 * model.multiplier)) / model.clock.hertz * bus * 1e6
      #expect(abs(cycle - 6) < 0.05, "\(model.rawValue): \(cycle)")
    }
  }
}
