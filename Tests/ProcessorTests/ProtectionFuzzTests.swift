import Foundation
import Hardware
import Testing

@testable import Processor

/// Random programs over random descriptor tables, task state segments and page tables, in all modes: nothing crashes,
/// and the outcome doesn't depend on how the run is cut. `HEIRLOOM_FUZZ=n` runs n programs instead of a few hundred.
@Suite struct ProtectionFuzzTests {
  @Test func randomProgramsNeitherCrashNorDependOnSlices() {
    let count = ProcessInfo.processInfo.environment["HEIRLOOM_FUZZ"].flatMap(UInt64.init) ?? 400
    for seed in 1...max(count, 1) {
      let whole = Self.outcome(seed, slice: .microseconds(300))
      let cut = Self.outcome(seed, slice: .nanoseconds(1300))
      #expect(whole == cut, "program \(seed)")
    }
  }

  /// Xorshift; the tests must be the same everywhere.
  private struct Generator {
    var state: UInt64
    init(_ seed: UInt64) {
      state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
      for _ in 0..<8 { _ = next() }
    }
    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
    mutating func word() -> UInt32 { UInt32(truncatingIfNeeded: next() >> 16) }
    mutating func below(_ n: Int) -> Int { Int(next() >> 20) % n }
    mutating func chance(_ n: Int) -> Bool { below(n) == 0 }
    mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }
  }

  /// Starts of instructions that matter here, scattered among random bytes.
  private static let openings: [[UInt8]] = [
    [0x0F, 0x20], [0x0F, 0x22], [0x0F, 0x21], [0x0F, 0x23], [0x0F, 0x00], [0x0F, 0x01], [0x0F, 0x02], [0x0F, 0x03],
    [0x0F, 0x06], [0x0F, 0x07], [0x0F, 0x24], [0x0F, 0x26], [0x0F, 0xB2], [0x9A], [0xEA], [0xCB], [0xCA], [0xCF],
    [0xCD], [0xCC], [0xCE], [0xF1], [0x8E], [0x1F], [0x07], [0x17], [0x63], [0x9D], [0x9C], [0xFA], [0xFB],
    [0xFF, 0x1D], [0xFF, 0x2D], [0x66], [0x67], [0xC8], [0xC9], [0x60], [0x61], [0xF3, 0xA4], [0xF3, 0xAB], [0xE4],
    [0xEC], [0xEE], [0x6C], [0xF4], [0xF0], [0x90], [0x90], [0x40],
  ]

  /// A hash of everything after 300 us of program `seed`.
  private static func outcome(_ seed: UInt64, slice: Span) -> UInt64 {
    let models = ProcessorModel.allCases
    let memory = PhysicalMemory(ramSize: 2 << 20)
    let scheduler = Scheduler()
    let processor = Processor(
      model: models[Int(seed % UInt64(models.count))], memory: memory, io: IOSpace(), scheduler: scheduler)
    processor.tlbPolicy = seed % 3 == 0 ? .real : .coherent
    return withExtendedLifetime(scheduler) {
      prepare(Generator(seed), memory, processor)
      let stop = processor.now + .microseconds(300)
      while processor.now < stop {
        let next = processor.now + slice
        processor.run(until: next < stop ? next : stop)
      }
      return hash(processor, memory)
    }
  }

  private static func prepare(_ generator: Generator, _ memory: PhysicalMemory, _ processor: Processor) {
    var g = generator
    let ram = UnsafeMutableRawPointer(memory.ram)
    func put(_ address: Int, _ value: UInt32) { ram.storeBytes(of: value, toByteOffset: address, as: UInt32.self) }
    for i in stride(from: 0, to: memory.ramSize, by: 8) {
      ram.storeBytes(of: g.next(), toByteOffset: i, as: UInt64.self)
    }
    for base in [0x1_0000, 0x3_0000, 0x5_0000] {
      var i = 0
      while i < 0x1_0000 {
        for byte in g.pick(openings) {
          memory.ram[base + i] = byte
          i += 1
        }
        i += g.below(3)
      }
    }
    tables(&g, put)
    processor.reset()
    registers(&g, processor)
  }

  /// GDT at 1000h, IDT at 2000h, TSSs at 4000h and 5000h, page directory at 20000h with two tables behind it.
  private static func tables(_ g: inout Generator, _ put: (Int, UInt32) -> Void) {
    let types: [UInt32] = [
      0x9B, 0x93, 0xFB, 0xF3, 0x9F, 0xFF, 0x92, 0x97, 0x89, 0x8B, 0xE9, 0x81, 0x83, 0x82, 0x84, 0x8C, 0xEC, 0xE5, 0x85,
      0xBB, 0xB3, 0x13,
    ]
    for i in 0..<64 {
      let type = g.chance(5) ? UInt32(g.below(256)) : g.pick(types)
      let base = g.pick([0, 0x1_0000, 0x3_0000, 0x5_0000, 0x4000, 0x5000] as [UInt32])
      let limit = g.pick([0xFFFF, 0xF_FFFF, 0x67, 0x2B, 0x1000, 0x80] as [UInt32])
      var low = base << 16 | limit & 0xFFFF
      var high = base >> 16 | type << 8 | limit & 0xF_0000 | g.pick([0xC0_0000, 0x40_0000, 0] as [UInt32])
      if type & 0x14 == 4 {
        low = UInt32(g.below(64) * 8 + g.below(4)) << 16 | UInt32(g.below(0x1_0000))
        high = UInt32(g.below(2)) << 16 | type << 8 | UInt32(g.below(8))
      }
      put(0x1000 + 8 * i, low)
      put(0x1004 + 8 * i, high)
    }
    for i in 0..<256 {
      let type = g.pick([0x8E, 0x8F, 0x86, 0x87, 0xEE, 0xEF, 0x85, 0xE5, 0x0E] as [UInt32])
      put(0x2000 + 8 * i, UInt32(g.below(64) * 8) << 16 | UInt32(g.below(0x1_0000)))
      put(0x2004 + 8 * i, type << 8 | UInt32(g.below(3)) << 16)
    }
    for task in [0x4000, 0x5000] {
      for i in 0..<26 { put(task + 4 * i, UInt32(g.below(0x1_0000))) }
      for i in [2, 4, 6] + Array(18..<25) { put(task + 4 * i, UInt32(g.below(64) * 8 + g.below(4))) }
      put(task + 0x24, g.word() & 0x3_7FD7)
      put(task + 0x1C, 0x2_0000)
    }
    for i in 0..<1024 {
      let present = i < 4 || g.chance(8)
      let table = 0x2_1000 + UInt32(g.below(2)) * 0x1000 | (g.chance(10) ? UInt32(g.below(8)) : 7)
      put(0x2_0000 + 4 * i, present ? table : g.word() & 0x3F_FFF7)
    }
    for i in 0..<2048 { put(0x2_1000 + 4 * i, UInt32(i & 0x1FF) << 12 | (g.chance(10) ? UInt32(g.below(8)) : 7)) }
  }

  private static func registers(_ g: inout Generator, _ processor: Processor) {
    let cpu = processor.cpu
    let s = cpu.s
    for i in 0..<8 { cpu.setReg(i, g.chance(2) ? UInt32(g.below(0x1_0000)) : g.word()) }
    s.pointee.gdtBase = 0x1000
    s.pointee.gdtLimit = 0x1FF
    s.pointee.idtBase = 0x2000
    s.pointee.idtLimit = 0x7FF
    s.pointee.cr3 = 0x2_0000
    s.pointee.cr0 = CR0.pe | CR0.et | (g.chance(2) ? CR0.pg : 0)
    if g.chance(4), processor.model.family == 4 { s.pointee.cr0 |= CR0.wp | CR0.am }
    if g.chance(8) { s.pointee.cr0 = CR0.et }
    let isReal = s.pointee.cr0 & CR0.pe == 0
    let isVirtual = !isReal && g.chance(5)
    let level = isReal ? 0 : (isVirtual ? 3 : UInt8(g.below(4)))
    s.pointee.cpl = level
    for i in 0..<6 {
      var segment = Segment.real(UInt16(g.below(64) * 8) | UInt16(level))
      if isVirtual { segment.attributes = 0xF3 }
      if !isReal, !isVirtual {
        segment.base = g.pick([0, 0x1_0000, 0x3_0000, 0x5_0000] as [UInt32])
        segment.limit = g.chance(3) ? 0xFFFF : .max
        segment.attributes = (i == SegmentIndex.cs ? 0x9B : 0x93) | UInt16(level) << 5 | UInt16(g.below(2)) << 14
      }
      cpu.seg(i).pointee = segment
    }
    cpu.seg(SegmentIndex.cs).pointee.base = 0x1_0000
    if isReal || isVirtual { cpu.seg(SegmentIndex.cs).pointee.selector = 0x1000 }
    cpu.seg(SegmentIndex.ldtr).pointee = Segment(base: 0x6000, limit: 0x3F, selector: 0x68, attributes: 0x82)
    cpu.seg(SegmentIndex.tr).pointee = Segment(
      base: 0x4000, limit: 0x67 + UInt32(g.below(2)) * 0x100, selector: 0x48, attributes: 0x8B)
    s.pointee.flags =
      2 | (isVirtual ? EFLAGS.vm : 0) | UInt32(g.below(4)) << 12 | (g.chance(2) ? EFLAGS.if : 0)
      | (g.chance(6) ? EFLAGS.tf : 0) | (g.chance(6) ? EFLAGS.nt : 0)
    if g.chance(6) {
      for i in 0..<4 { s.pointee.dr[i] = 0x1_0000 + UInt32(g.below(0x1_0000)) }
      s.pointee.dr[7] = g.word() & 0xFFFF_00FF
    }
    s.pointee.eip = UInt32(g.below(0x8000))
    cpu.dropAllBlocks()
    cpu.flushTLB()
    cpu.refreshMode()
    cpu.refreshBreakpoints()
  }

  private static func hash(_ processor: Processor, _ memory: PhysicalMemory) -> UInt64 {
    var h: UInt64 = 0xCBF2_9CE4_8422_2325
    func mix(_ value: UInt64) { h = (h ^ value) &* 0x100_0000_01B3 }
    let ram = UnsafeRawPointer(memory.ram)
    for i in stride(from: 0, to: memory.ramSize, by: 8) { mix(ram.load(fromByteOffset: i, as: UInt64.self)) }
    let cpu = processor.cpu
    let s = cpu.s.pointee
    for i in 0..<8 {
      let segment = cpu.seg(i).pointee
      mix(UInt64(segment.base) << 32 | UInt64(segment.limit))
      mix(UInt64(segment.selector) << 16 | UInt64(segment.attributes))
      mix(UInt64(s.dr[i]) << 32 | UInt64(cpu.reg(i)))
    }
    mix(UInt64(s.eip) << 32 | UInt64(cpu.eflags))
    mix(UInt64(s.cr0) << 32 | UInt64(s.cr2))
    mix(UInt64(s.cr3) << 8 | UInt64(s.cpl))
    mix(s.halted ? 1 : 0)
    if !s.halted { mix(UInt64(bitPattern: processor.clocks)) }
    return h
  }
}
