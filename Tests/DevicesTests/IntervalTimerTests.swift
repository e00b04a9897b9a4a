import Hardware
import Testing

@testable import Devices

struct I8254Tests {
  /// A counter with a control word and a count, gate high.
  private func counter(_ mode: UInt8, _ count: UInt16?, bcd: Bool = false) -> I8254Counter {
    var c = I8254Counter()
    c.control(0x30 | mode << 1 | (bcd ? 1 : 0))
    if let count { write(&c, count) }
    return c
  }

  private func write(_ c: inout I8254Counter, _ count: UInt16) {
    c.write(UInt8(truncatingIfNeeded: count))
    c.write(UInt8(truncatingIfNeeded: count >> 8))
  }

  /// OUT (upper or lower case) and count after each of the next `n` CLK pulses, as in the data sheet's waveforms.
  private func wave(_ c: inout I8254Counter, _ n: Int) -> String {
    (0..<n).map { _ in
      c.clock(1)
      return (c.out ? "H" : "L") + String(c.count, radix: 16)
    }.joined(separator: " ")
  }

  @Test("Mode 0: OUT goes low with the control word and high N + 1 pulses after the count, and stays high")
  func mode0() {
    var c = counter(0, nil)
    #expect(!c.out)
    write(&c, 4)
    #expect(wave(&c, 7) == "L4 L3 L2 L1 H0 Hffff Hfffe")
  }

  @Test("Mode 0: GATE = 0 disables counting but not loading")
  func mode0Gate() {
    var c = counter(0, 3)
    c.setGate(false)
    #expect(wave(&c, 3) == "L3 L3 L3")
    c.setGate(true)
    #expect(wave(&c, 3) == "L2 L1 H0")
  }

  @Test("Mode 0: the first byte of a new count stops counting and sets OUT low, the second loads on the next CLK")
  func mode0Rewrite() {
    var c = counter(0, 3)
    _ = wave(&c, 5)
    #expect(c.out)
    c.write(2)
    #expect(!c.out)
    #expect(wave(&c, 2) == "Lffff Lffff")
    c.write(0)
    #expect(wave(&c, 4) == "L2 L1 H0 Hffff")
  }

  @Test("Mode 1: OUT is high until a trigger, then low for N pulses; a retrigger makes it longer")
  func mode1() {
    var c = counter(1, 3)
    c.setGate(false)
    #expect(c.out)
    c.clock(5)
    #expect(c.out)
    c.setGate(true)
    #expect(wave(&c, 5) == "L3 L2 L1 H0 Hffff")
    c.setGate(false)
    c.setGate(true)
    #expect(wave(&c, 2) == "L3 L2")
    c.setGate(false)
    c.setGate(true)
    #expect(wave(&c, 4) == "L3 L2 L1 H0")
    // A new count does nothing until the next trigger.
    write(&c, 2)
    #expect(wave(&c, 1) == "Hffff")
    c.setGate(false)
    c.setGate(true)
    #expect(wave(&c, 3) == "L2 L1 H0")
  }

  @Test("Mode 2: OUT is low for the pulse at which the count is 1, then the count is reloaded")
  func mode2() {
    var c = counter(2, 3)
    #expect(wave(&c, 8) == "H3 H2 L1 H3 H2 L1 H3 H2")
  }

  @Test("Mode 2: GATE low sets OUT high at once, GATE high reloads on the next pulse")
  func mode2Gate() {
    var c = counter(2, 3)
    #expect(wave(&c, 3) == "H3 H2 L1")
    c.setGate(false)
    #expect(c.out)
    #expect(wave(&c, 2) == "H1 H1")
    c.setGate(true)
    #expect(wave(&c, 4) == "H3 H2 L1 H3")
  }

  @Test("Mode 2: a new count is used at the end of the current cycle")
  func mode2Rewrite() {
    var c = counter(2, 4)
    #expect(wave(&c, 2) == "H4 H3")
    write(&c, 5)
    #expect(c.nullCount)
    #expect(wave(&c, 7) == "H2 L1 H5 H4 H3 H2 L1")
    #expect(!c.nullCount)
  }

  @Test("Mode 3, even count: down by two, OUT high for N/2 and low for N/2 pulses")
  func mode3Even() {
    var c = counter(3, 4)
    #expect(wave(&c, 8) == "H4 H2 L4 L2 H4 H2 L4 L2")
  }

  @Test("Mode 3, odd count: OUT high for (N + 1)/2 and low for (N - 1)/2 pulses")
  func mode3Odd() {
    var c = counter(3, 5)
    #expect(wave(&c, 10) == "H4 H2 H0 L4 L2 H4 H2 H0 L4 L2")
  }

  @Test("Mode 3: a new count is loaded at the end of the current half-cycle, or by a trigger before that")
  func mode3Rewrite() {
    var c = counter(3, 6)
    #expect(wave(&c, 2) == "H6 H4")
    write(&c, 4)
    #expect(wave(&c, 5) == "H2 L4 L2 H4 H2")
    write(&c, 8)
    c.setGate(false)
    c.setGate(true)
    #expect(wave(&c, 5) == "H8 H6 H4 H2 L8")
  }

  @Test("Mode 3: GATE low sets OUT high at once")
  func mode3Gate() {
    var c = counter(3, 4)
    #expect(wave(&c, 3) == "H4 H2 L4")
    c.setGate(false)
    #expect(c.out)
    c.setGate(true)
    #expect(wave(&c, 3) == "H4 H2 L4")
  }

  @Test("Mode 4: OUT strobes low for one pulse N + 1 pulses after the count, once")
  func mode4() {
    var c = counter(4, 3)
    #expect(c.out)
    #expect(wave(&c, 6) == "H3 H2 H1 L0 Hffff Hfffe")
    c.clock(65_534)
    #expect(c.out)
    #expect(c.count == 0)
  }

  @Test("Mode 4: GATE = 0 disables counting; a new count is loaded on the next pulse")
  func mode4Gate() {
    var c = counter(4, 3)
    c.setGate(false)
    #expect(wave(&c, 2) == "H3 H3")
    c.setGate(true)
    #expect(wave(&c, 2) == "H2 H1")
    write(&c, 2)
    #expect(wave(&c, 4) == "H2 H1 L0 Hffff")
  }

  @Test("Mode 5: a trigger loads the count; OUT strobes low N + 1 pulses later; GATE low has no effect")
  func mode5() {
    var c = counter(5, 3)
    #expect(wave(&c, 2).hasPrefix("H"))
    c.setGate(false)
    c.setGate(true)
    c.setGate(false)
    #expect(wave(&c, 5) == "H3 H2 H1 L0 Hffff")
    c.setGate(true)
    #expect(wave(&c, 2) == "H3 H2")
    c.setGate(false)
    c.setGate(true)
    #expect(wave(&c, 4) == "H3 H2 H1 L0")
  }

  @Test("A count of 0 stands for 65536, in BCD for 10000")
  func zero() {
    var binary = counter(0, 0)
    #expect(binary.pulsesToEdge == 65_537)
    binary.clock(2)
    #expect(binary.count == 0xFFFF)
    var decimal = counter(0, 0, bcd: true)
    #expect(decimal.pulsesToEdge == 10_001)
    decimal.clock(2)
    #expect(decimal.count == 0x9999)
  }

  @Test("BCD counts in four decimal digits")
  func bcd() {
    var c = counter(2, 0x1000, bcd: true)
    c.clock(2)
    #expect(c.count == 0x0999)
    c.clock(998)
    #expect(c.count == 0x0001)
    #expect(!c.out)
    var square = counter(3, 0x0100, bcd: true)
    square.clock(2)
    #expect(square.count == 0x98)
  }

  @Test("Mode bits 110 and 111 are modes 2 and 3")
  func dontCare() {
    #expect(counter(6, 3).mode == 2)
    #expect(counter(7, 3).mode == 3)
  }

  @Test("A count of 1, illegal in modes 2 and 3, leaves OUT high")
  func illegal() {
    for mode: UInt8 in [2, 3] {
      var c = counter(mode, 1)
      for n: Int64 in [1, 2, 3, 1_000, 7] {
        c.clock(n)
        #expect(c.out)
      }
      #expect(c.pulsesToEdge == nil)
    }
  }

  // MARK: Reading

  @Test("A latched count is held until it is read; a second latch before that is ignored")
  func latch() {
    var chip = I8254()
    chip.write(3, 0x34)
    chip.write(0, 0x00)
    chip.write(0, 0x10)
    chip.advance(to: 1)
    chip.write(3, 0x00)
    chip.advance(to: 101)
    chip.write(3, 0x00)
    #expect(chip.read(0) == 0x00)
    chip.advance(to: 201)
    #expect(chip.read(0) == 0x10)
    // Unlatched now: the running count.
    #expect(chip.read(0) == UInt8(truncatingIfNeeded: 0x1000 - 200))
  }

  @Test("Low-byte and high-byte access write the other half as 0 and read one half")
  func access() {
    var chip = I8254()
    chip.write(3, 0x14)  // low byte only, mode 2
    chip.write(0, 0x80)
    chip.advance(to: 1)
    #expect(chip.counters[0].count == 0x80)
    #expect(chip.read(0) == 0x80)
    #expect(chip.read(0) == 0x80)
    chip.write(3, 0x24)  // high byte only
    chip.write(0, 0x80)
    chip.advance(to: 2)
    #expect(chip.counters[0].count == 0x8000)
    #expect(chip.read(0) == 0x80)
  }

  @Test("Read-back latches count and status of several counters; the status is read first")
  func readBack() {
    var chip = I8254()
    chip.write(3, 0x36)
    chip.write(0, 0xE8)
    chip.write(3, 0xB6)
    chip.write(2, 0x10)
    chip.write(2, 0x00)
    chip.advance(to: 2)
    chip.write(3, 0xCA)  // count and status of counters 0 and 2
    chip.advance(to: 50)
    #expect(chip.read(2) == 0xB6, "OUT high, count loaded, LSB/MSB, mode 3")
    #expect(chip.read(2) == 0x0E)
    #expect(chip.read(2) == 0x00)
    #expect(chip.read(0) == 0xF6, "NULL COUNT: the second byte is missing; OUT is high")
    _ = chip.read(0)
    chip.write(3, 0xE4)  // status of counter 1 only
    #expect(chip.read(1) & 0x3E == 0x30)
    #expect(chip.read(3) == 0xFF)
  }

  @Test("Null count is 1 from the write of a count until it is in the counting element")
  func nullCount() {
    var c = counter(2, nil)
    #expect(c.nullCount)
    write(&c, 10)
    #expect(c.nullCount)
    c.clock(1)
    #expect(!c.nullCount)
  }

  // MARK: Any number of pulses at once

  /// A random life of a counter: controls, counts, gates and pulses.
  private func life(_ dice: inout Dice, _ c: inout I8254Counter, pulses: (inout I8254Counter, Int64) -> Void) {
    for _ in 0..<40 {
      switch dice.below(8) {
      case 0: c.control(UInt8(dice.below(4) << 4) & 0x30 | 0x10 | UInt8(dice.below(16)))
      case 1, 2: c.write(UInt8(dice.below(dice.below(3) == 0 ? 256 : 6)))
      case 3: c.setGate(!c.gate)
      case 4: c.setGate(true)
      default: pulses(&c, Int64(dice.below(dice.below(4) == 0 ? 3_000 : 12)))
      }
    }
  }

  @Test("n pulses at once are n single pulses", arguments: 0..<150)
  func bulk(_ seed: Int) {
    var dice = Dice(UInt64(seed))
    var other = dice
    var fast = I8254Counter()
    var slow = I8254Counter()
    life(&dice, &fast) { c, n in c.clock(n) }
    life(&other, &slow) { c, n in for _ in 0..<n { c.clock(1) } }
    #expect(fast == slow)
  }

  @Test("The next edge is where single pulses find it", arguments: 0..<150)
  func edges(_ seed: Int) {
    var dice = Dice(UInt64(1_000 + seed))
    var counter = I8254Counter()
    life(&dice, &counter) { c, n in
      let out = c.out
      let predicted = c.pulsesToEdge
      var walked: Int64 = 0
      var copy = c
      while copy.out == out, walked < 20_000 {
        copy.clock(1)
        walked += 1
      }
      if let predicted, predicted <= 20_000 {
        #expect(walked == predicted)
      } else {
        #expect(walked == 20_000)
      }
      c.clock(n)
    }
  }
}

struct IntervalTimerTests {
  @Test("Port 43h selects the counters at 40h-42h")
  func ports() throws {
    let bench = try Bench(IntervalTimer())
    bench.out(0x43, 0x34)
    bench.out(0x40, 0x34, 0x12)
    bench.run(.microseconds(2))
    bench.out(0x43, 0x00)
    #expect((0x1230...0x1234).contains(bench.inp16(0x40)))
  }

  @Test("The 18.2 Hz tick has no drift: after 24 hours it has come exactly as often as the crystal says")
  func noDrift() throws {
    let pit = IntervalTimer()
    let bench = try Bench(pit)
    let edges = Edges(pit.output0, bench)
    bench.run(.microseconds(123_456))
    let start = Clock.pit.ticks(at: bench.now)
    bench.out(0x43, 0x36)
    bench.out(0x40, 0, 0)
    bench.run(.seconds(86_400))
    let ticks = Clock.pit.ticks(at: bench.now) - start
    // OUT is high with the control word; the first rise is a whole period after the load.
    #expect(Int64(edges.rises.count) - 1 == (ticks - 1) / 65_536)
    #expect(edges.rises.last == Clock.pit.instant(ofTick: start + 1 + (ticks - 1) / 65_536 * 65_536))
  }

  @Test("Edges come at the exact CLK pulse, load pulse included")
  func exactEdges() throws {
    let pit = IntervalTimer()
    let bench = try Bench(pit)
    let edges = Edges(pit.output0, bench)
    bench.run(.nanoseconds(1_300))
    let t = Clock.pit.ticks(at: bench.now)
    bench.out(0x43, 0x30)
    bench.out(0x40, 100, 0)
    bench.run(.milliseconds(1))
    #expect(edges.rises == [Clock.pit.instant(ofTick: t + 101)])
  }

  @Test("Alarms come only for outputs that somebody hears")
  func quiet() throws {
    let pit = IntervalTimer()
    let bench = try Bench(pit)
    bench.out(0x43, 0x54)
    bench.out(0x41, 18)
    bench.out(0x43, 0xB6)
    bench.out(0x42, 0x10, 0)
    pit.setGate(2, true)
    #expect(bench.backplane.scheduler.nextDeadline == .never)
    let heard = IntervalTimer()
    let second = try Bench(heard)
    let edges = Edges(heard.output2, second)
    heard.setGate(2, true)
    second.out(0x43, 0xB6)
    second.out(0x42, 0x10, 0)
    second.run(.milliseconds(1))
    #expect(edges.falls.count == 75 || edges.falls.count == 74)
  }

  @Test("The refresh flip-flop changes every 18 pulses of the timer")
  func refresh() throws {
    let pit = IntervalTimer()
    let bench = try Bench(pit)
    bench.out(0x43, 0x54)
    bench.out(0x41, 18)
    let start = Clock.pit.ticks(at: bench.now)
    var changes: [Int64] = []
    var last = pit.refreshToggle
    for tick in 1...200 {
      bench.run(to: Clock.pit.instant(ofTick: start + Int64(tick)))
      if pit.refreshToggle != last { changes.append(Int64(tick)) }
      last = pit.refreshToggle
    }
    #expect(changes == (1...11).map { Int64(1 + 18 * $0) })
  }

  @Test("Output 2 is low-gated at power-on and can be asked for at any time")
  func onDemand() throws {
    let pit = IntervalTimer()
    let bench = try Bench(pit)
    bench.out(0x43, 0xB0)
    bench.out(0x42, 0x0A, 0x00)
    bench.run(.milliseconds(1))
    #expect(!pit.output(2))
    pit.setGate(2, true)
    bench.run(.milliseconds(1))
    #expect(pit.output(2))
    #expect(pit.output(99))
  }

  @Test("RESET doesn't reach the 8254")
  func reset() throws {
    let pit = IntervalTimer()
    let bench = try Bench(pit)
    bench.out(0x43, 0x36)
    bench.out(0x40, 0, 0)
    let before = pit.state.chip
    bench.backplane.reset()
    #expect(pit.state.chip == before)
  }
}
