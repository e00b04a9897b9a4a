import Hardware
import Testing

@testable import Processor

/// A processor in real mode with a few instructions at 0000:1000.
private final class Bench {
  let memory = PhysicalMemory(ramSize: 1 << 20)
  let scheduler = Scheduler()
  let processor: Processor
  var cpu: CPU { processor.cpu }
  var fpu: X87 { cpu.s.pointee.fpu }
  /// Levels of FERR#, in order.
  var errors: [Bool] = []

  init(_ model: ProcessorModel, fpu: Bool? = nil, _ code: [UInt8]) {
    processor = Processor(model: model, fpu: fpu, memory: memory, io: IOSpace(), scheduler: scheduler)
    processor.onFERR = { [unowned self] in errors.append($0) }
    for (i, byte) in code.enumerated() { memory.ram[0x1000 + i] = byte }
    cpu.seg(SegmentIndex.cs).pointee = .real(0)
    cpu.refreshMode()
    cpu.s.pointee.eip = 0x1000
    cpu.setReg(4, 0x800)
  }

  var eip: UInt32 { cpu.s.pointee.eip }
  var exception: UInt32? { cpu.faulted ? cpu.c.pointee.exception & 0xFF : nil }
  func step(_ count: Int = 1) { for _ in 0..<count { processor.stepForTest() } }
  func run(microseconds: Int64) { processor.run(until: processor.now + .microseconds(microseconds)) }

  /// Page tables at 10000h that map the first 4 MB to itself but for one page.
  func enablePaging(without page: Int) {
    memory.write(0x10000, size: 4, 0x11007)
    for i in 0..<1024 { memory.write(UInt32(0x11000 + 4 * i), size: 4, i == page ? 0 : UInt32(i) << 12 | 7) }
    cpu.s.pointee.cr3 = 0x10000
    cpu.s.pointee.cr0 |= CR0.pe | CR0.pg
    cpu.flushTLB()
    cpu.refreshMode()
  }
}

// FNINIT; FLDCW [2000h] (unmasks ZE); FLDZ; FLD1; FDIVRP (1/0).
private let divisionByZero: [UInt8] = [0xDB, 0xE3, 0xD9, 0x2E, 0x00, 0x20, 0xD9, 0xE8, 0xD9, 0xEE, 0xDE, 0xF9]

@Suite struct EscapeTests {
  private func dividing(_ model: ProcessorModel, fpu: Bool? = nil, _ rest: [UInt8]) -> Bench {
    let bench = Bench(model, fpu: fpu, divisionByZero + rest)
    bench.memory.write(0x2000, size: 2, 0x037B)
    return bench
  }

  // MARK: Errors

  @Test("With NE = 1 a waiting instruction raises #MF for the error before it")
  func nativeErrors() {
    let bench = dividing(.i486dx33, [0xD9, 0xE8])
    bench.cpu.s.pointee.cr0 |= CR0.ne
    bench.step(5)
    #expect(bench.exception == nil)
    bench.step()
    #expect(bench.exception == Vector.mf)
    #expect(bench.eip == 0x100C)
    #expect(bench.errors.isEmpty)
  }

  @Test("With NE = 0 a 486 drives FERR# at the next waiting instruction and stops in front of it")
  func externalErrors() {
    // FNSTSW AX; NOP; FLD1; HLT
    let bench = dividing(.i486dx33, [0xDF, 0xE0, 0x90, 0xD9, 0xE8, 0xF4])
    bench.step(7)
    #expect(bench.errors.isEmpty)
    bench.run(microseconds: 50)
    #expect(bench.errors == [true])
    #expect(bench.eip == 0x100F)
    // IGNNE#: it goes on with the error still pending.
    bench.processor.setIgnoreNumericError(true)
    bench.run(microseconds: 50)
    #expect(bench.processor.isHalted)
    #expect(bench.fpu.pendingException)
    #expect(bench.errors == [true])
  }

  @Test("An interrupt leaves the stop; its handler clears the error and returns to the instruction")
  func handler() {
    let bench = dividing(.i486dx33, [0xFB, 0xD9, 0xE8, 0xF4])
    // Vector 75h at 0000:3000: FNCLEX; IRET.
    bench.memory.write(0x75 * 4, size: 4, 0x3000)
    for (i, byte) in [UInt8(0xDB), 0xE2, 0xCF].enumerated() { bench.memory.ram[0x3000 + i] = byte }
    bench.processor.acknowledgeInterrupt = { 0x75 }
    bench.processor.onFERR = { level in
      bench.errors.append(level)
      bench.processor.setInterruptRequest(level)
    }
    bench.run(microseconds: 100)
    #expect(bench.errors == [true, false])
    #expect(bench.processor.isHalted)
    #expect(bench.fpu[0] == .one)
    #expect(bench.cpu.reg(4) == 0x800)
  }

  @Test("A 387 asserts ERROR# with the exception itself; FNCLEX takes it away")
  func coprocessorErrors() {
    let bench = dividing(.i386dx33, fpu: true, [0xDB, 0xE2])
    bench.step(4)
    #expect(bench.errors.isEmpty)
    bench.step()
    #expect(bench.errors == [true])
    bench.step()
    #expect(bench.errors == [true, false])
    #expect(bench.exception == nil)
  }

  // MARK: Presence

  @Test("An empty socket: FNINIT and FNSTSW do nothing at all", arguments: [ProcessorModel.i386dx33, .i486sx25])
  func absent(model: ProcessorModel) {
    // FNINIT; FNSTSW [2000h]; FNSTSW AX; WAIT
    let bench = Bench(model, [0xDB, 0xE3, 0xDD, 0x3E, 0x00, 0x20, 0xDF, 0xE0, 0x9B])
    bench.memory.write(0x2000, size: 2, 0x5A5A)
    bench.cpu.setReg(0, 0x1234)
    bench.step(4)
    #expect(bench.exception == nil)
    #expect(bench.memory.read(0x2000, size: 2) == 0x5A5A)
    #expect(bench.cpu.reg(0) == 0x1234)
    #expect(bench.eip == 0x1009)
  }

  @Test("TS alone traps ESC, MP and TS together trap WAIT")
  func notAvailable() {
    let bench = Bench(.i486dx33, [0x9B, 0xD9, 0xE8])
    bench.cpu.s.pointee.cr0 |= CR0.ts
    bench.step()
    #expect(bench.exception == nil)
    bench.step()
    #expect(bench.exception == Vector.nm)
    bench.cpu.c.pointee.exception = 0
    bench.cpu.s.pointee.eip = 0x1000
    bench.cpu.s.pointee.cr0 |= CR0.mp
    bench.step()
    #expect(bench.exception == Vector.nm)
  }

  @Test("RESET leaves a 486's unit alone and initialises a 387")
  func reset() {
    let own = Bench(.i486dx33, [0xD9, 0xE8])
    own.step()
    own.processor.reset()
    #expect(own.fpu[0] == .one)
    let beside = Bench(.i386dx33, fpu: true, [0xD9, 0xE8])
    beside.step()
    beside.processor.reset()
    #expect(beside.fpu.tagWord == 0xFFFF)
  }

  // MARK: Operands

  @Test("FSAVE into a missing second page writes nothing and keeps the unit's state")
  func saveAcrossPages() {
    // FLD1; FNSAVE [2FC0h]
    let bench = Bench(.i486dx33, [0xD9, 0xE8, 0xDD, 0x36, 0xC0, 0x2F])
    bench.enablePaging(without: 3)
    bench.step(2)
    #expect(bench.exception == Vector.pf)
    #expect(bench.cpu.s.pointee.cr2 == 0x3000)
    #expect(bench.cpu.c.pointee.errorCode == 2)
    #expect((0x2FC0..<0x3000).allSatisfy { bench.memory.ram[$0] == 0 })
    #expect(bench.fpu[0] == .one)
    #expect(bench.eip == 0x1002)
    // The page comes; the instruction starts again.
    bench.cpu.c.pointee.exception = 0
    bench.memory.write(0x1100C, size: 4, 0x3007)
    bench.step()
    #expect(bench.exception == nil)
    #expect(bench.memory.read(0x2FC0, size: 2) == 0x037F)
    // ST(0) of the 94-byte area lies behind 14 bytes of environment.
    #expect(bench.memory.read(0x2FC0 + 14 + 8, size: 2) == 0x3FFF)
    #expect(bench.fpu.tagWord == 0xFFFF)
  }

  @Test("FLD m64 and FSTP m64 across pages, FSTP m80 across three double words")
  func acrossPages() {
    // FLD qword [2FFCh]; FST qword [3FFDh]; FSTP tword [4FF9h]
    let bench = Bench(
      .i486dx33, [0xDD, 0x06, 0xFC, 0x2F, 0xDD, 0x16, 0xFD, 0x3F, 0xDB, 0x3E, 0xF9, 0x4F])
    bench.enablePaging(without: 9)
    bench.memory.write(0x2FFC, size: 4, 0x5444_2D18)
    bench.memory.write(0x3000, size: 4, 0x4009_21FB)
    bench.step(3)
    #expect(bench.exception == nil)
    let stored = (0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(bench.memory.ram[0x3FFD + $1]) }
    #expect(stored == 0x4009_21FB_5444_2D18)
    let low = (0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(bench.memory.ram[0x4FF9 + $1]) }
    #expect(low == 0xC90F_DAA2_2168_C000)
    #expect(bench.memory.read(0x5001, size: 2) == 0x4000)
  }

  @Test("An operand beyond the limit raises exception 13, in SS 12, and pops nothing")
  func limits() {
    // FLD1; FSTP tword [FFF8h]; FSTP tword [BP+0] with BP = FFF8h
    let bench = Bench(.i486dx33, [0xD9, 0xE8, 0xDB, 0x3E, 0xF8, 0xFF, 0xDB, 0x7E, 0x00])
    bench.step(2)
    #expect(bench.exception == Vector.gp)
    bench.cpu.c.pointee.exception = 0
    bench.cpu.s.pointee.eip = 0x1006
    bench.cpu.setReg(5, 0xFFF8)
    bench.step()
    #expect(bench.exception == Vector.ss)
    #expect(bench.fpu[0] == .one)
  }

  @Test("The pointers name the instruction with its prefixes, its operand and its opcode; control instructions don't")
  func pointers() {
    // CS: FLD dword [2004h]; FNSTCW [2000h]
    let bench = Bench(.i486dx33, [0x2E, 0xD9, 0x06, 0x04, 0x20, 0xD9, 0x3E, 0x00, 0x20])
    bench.step(2)
    #expect(bench.fpu.instructionOffset == 0x1000)
    #expect(bench.fpu.dataOffset == 0x2004)
    #expect(bench.fpu.lastOpcode == 0x106)
  }

  // MARK: Time

  @Test("Integer instructions run beside FDIV on the 486; the next numeric one waits for its end")
  func concurrency() {
    func clocks(_ code: [UInt8], _ count: Int) -> Int64 {
      let bench = Bench(.i486dx33, code)
      bench.step(2)
      let start = bench.processor.clocks
      bench.step(count)
      return bench.processor.clocks - start
    }
    // FLD1; FLD1; then FDIV; NOP x 4; FLD1
    let division: [UInt8] = [0xD9, 0xE8, 0xD9, 0xE8, 0xD8, 0xF1]
    #expect(clocks(division, 1) == 3)
    #expect(clocks(division + [0x90, 0x90, 0x90, 0x90], 5) == 7)
    #expect(clocks(division + [0x90, 0x90, 0x90, 0x90, 0xD9, 0xE8], 6) >= 73 + 4)
    #expect(clocks(division + [0x9B], 2) >= 73)
  }

  // MARK: State

  @Test("The numeric unit is part of the saved state")
  func saved() throws {
    let bench = Bench(.i486dx33, [0xD9, 0xEB, 0xD9, 0xE8])
    bench.step(2)
    let state = try bench.processor.savedState()
    let other = Bench(.i486dx33, [])
    #expect(try other.processor.load(state).isEmpty)
    #expect(other.fpu == bench.fpu)
  }
}
