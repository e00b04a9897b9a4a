import Hardware
import Testing

@testable import Processor

/// Rules beyond the clock tables, each against what the manuals say or somebody measured.
@Suite struct PipelineTests {
  /// Clocks of one repetition of `code` with everything in the cache and no wait states.
  private func clocks(
    _ model: ProcessorModel, _ code: [UInt8], wide: Bool = false, filler: Int = 6, start: [UInt8] = [],
    setup: @escaping (TimingBench) -> Void = { _ in }
  ) throws -> Double {
    var kernel = TimingKernel(
      mode: wide ? .protected() : .real, wide: wide, start: start, body: { _ in code }, setup: setup, expected: 0...0)
    kernel.filler = [UInt8](repeating: 0xFC, count: filler)
    return try kernel.measure(model, full: true)
  }

  @Test("486: an address register written just before costs 2 clocks in 16-bit code, 1 in 32-bit code")
  func addressInterlock() throws {
    #expect(try clocks(.i486dx33, [0xBB, 0x00, 0x01, 0x8B, 0x07]) == 4)
    #expect(try clocks(.i486dx33, [0xBB, 0x00, 0x01, 0x00, 0x00, 0x8B, 0x03], wide: true) == 3)
  }

  @Test("486: with one instruction between, the interlock costs 1 clock in 16-bit code, none in 32-bit code")
  func addressInterlockAtDistance() throws {
    #expect(try clocks(.i486dx33, [0xBB, 0x00, 0x01, 0x89, 0xC9, 0x8B, 0x07]) == 4)
    #expect(try clocks(.i486dx33, [0xBB, 0x00, 0x01, 0x00, 0x00, 0x89, 0xC9, 0x8B, 0x03], wide: true) == 3)
  }

  @Test(
    "486: Abrash's listings 12.1 and 12.2, a byte register written two clocks before an address, take 4 and 3 clocks")
  func byteRegisterBeforeAddress() throws {
    #expect(try clocks(.i486dx33, [0x88, 0xCA, 0x90, 0x8B, 0x07]) == 4)
    #expect(try clocks(.i486dx33, [0x90, 0x88, 0xCA, 0x8B, 0x07]) == 3)
  }

  @Test("486: a byte register written and read whole by the next instruction costs 1 clock")
  func partialRegister() throws { #expect(try clocks(.i486dx33, [0x88, 0xC1, 0x01, 0xCA]) == 3) }

  @Test("486: Abrash's sequences in which both rules meet take 5 clocks")
  func combined() throws {
    // mov bl,al / mov cl,3 / mov bx,[si]; mov bx,imm / mov cl,al / mov ax,[bx]
    #expect(try clocks(.i486dx33, [0x88, 0xC3, 0xB1, 0x03, 0x8B, 0x1C]) == 5)
    #expect(try clocks(.i486dx33, [0xBB, 0x00, 0x01, 0x88, 0xC1, 0x8B, 0x07]) == 5)
  }

  @Test("486: Abrash's inner loops 13.1 and 13.2 take 8 and 5 clocks")
  func wordCount() throws {
    // mov di,[bp+2] / mov bl,[di] / add dx,[bx+100h], and the first two exchanged
    let one: [UInt8] = [0x8B, 0x7E, 0x02, 0x8A, 0x1D, 0x03, 0x97, 0x00, 0x01]
    let two: [UInt8] = [0x8A, 0x1D, 0x8B, 0x7E, 0x02, 0x03, 0x97, 0x00, 0x01]
    let aligned = { (bench: TimingBench) in
      bench.put(0x2_0000, [UInt8](repeating: 0, count: 0x2000))
      bench.put(0x3_0000, [UInt8](repeating: 0, count: 0x2000))
      bench.cpu.setReg(3, 0)
    }
    #expect(try clocks(.i486dx33, one, filler: 0, setup: aligned) == 8)
    #expect(try clocks(.i486dx33, two, filler: 0, setup: aligned) == 5)
  }

  @Test("486: ADD SP and POP: the stack pointer's interlock costs 2 clocks; PUSH and POP among themselves none")
  func stackPointer() throws {
    #expect(try clocks(.i486dx33, [0x83, 0xC4, 0x00, 0x58, 0x50]) == 5)
    #expect(try clocks(.i486dx33, [0x50, 0x58], filler: 0) == 2)
  }

  @Test("486: an index register costs 1 clock, displacement with immediate 1 clock")
  func addressForms() throws {
    #expect(try clocks(.i486dx33, [0x8B, 0x00]) == 2)
    #expect(try clocks(.i486dx33, [0x8B, 0x47, 0x04]) == 1)
    #expect(try clocks(.i486dx33, [0xC7, 0x47, 0x04, 0x01, 0x00]) == 2)
    #expect(try clocks(.i486dx33, [0xC7, 0x07, 0x01, 0x00]) == 1)
  }

  @Test("486: a prefix costs 1 clock behind a one-clock instruction and is hidden behind a longer one")
  func prefixes() throws {
    #expect(try clocks(.i486dx33, [0x89, 0xC9, 0x66, 0x89, 0xC9]) == 3)
    // CWD takes 3 clocks.
    #expect(try clocks(.i486dx33, [0x99, 0x66, 0x89, 0xC9]) == 4)
    #expect(try clocks(.i486dx33, [0x99, 0x66, 0x67, 0x2E, 0x89, 0xC9]) == 5)
  }

  @Test("486: Abrash's loops over ADD AX,[SI], with an index, and with the pointer moved just before: 7, 8, 9 clocks")
  func loops() throws {
    // The loop runs 64 times in each repetition; aside: MOV SI, CLD and MOV CX (4 clocks), JNZ not taken (2 less).
    func loop(_ body: [UInt8]) throws -> Double {
      let jump = UInt8(truncatingIfNeeded: -(body.count + 3))
      let code: [UInt8] = [0xB9, 0x40, 0x00] + body + [0x49, 0x75, jump]
      let setup = { (bench: TimingBench) in
        bench.cpu.setReg(3, 0)
        bench.cpu.setReg(6, 0x100)
      }
      let start: [UInt8] = [0xBE, 0x00, 0x01, 0xFC]
      return (try clocks(.i486dx33, start + code, setup: setup) - 3 - 1 + 2) / 64
    }
    #expect(try loop([0x03, 0x04, 0x83, 0xC6, 0x02]) == 7)
    #expect(try loop([0x03, 0x00, 0x83, 0xC6, 0x02]) == 8)
    #expect(try loop([0x83, 0xC6, 0x02, 0x03, 0x04]) == 9)
  }

  @Test("486: an operand across a double word boundary costs 3 clocks")
  func misalignment() throws {
    for (offset, more) in [(0, 0), (1, 3), (2, 3), (3, 3)] as [(UInt8, Double)] {
      #expect(try clocks(.i486dx33, [0x8B, 0x43, offset], wide: true) == 1 + more)
    }
    for (offset, more) in [(1, 0), (2, 0), (3, 3)] as [(UInt8, Double)] {
      #expect(try clocks(.i486dx33, [0x8B, 0x47, offset]) == 1 + more)
    }
  }

  @Test("486: four writes are buffered; more go at the bus's pace of two bus clocks each")
  func writeBuffers() throws {
    #expect(try clocks(.i486dx33, [0x89, 0x07, 0x89, 0x07, 0x89, 0x07, 0x89, 0x07]) == 4)
    #expect(try clocks(.i486dx33, [0x89, 0x07], filler: 0) == 2)
    #expect(try clocks(.i486dx2x66, [0x89, 0x07], filler: 0) == 4)
  }

  @Test("486: four lines of a set stay in the cache, five in turn never are")
  func associativity() throws {
    // Lines 2 KB apart belong to one set. A miss costs 2 clocks with a 2-1-1-1 bus, and the fill goes on behind it.
    func reads(_ lines: Int) -> [UInt8] {
      (0..<lines).flatMap { [0xA1, 0x40, UInt8(0x10 + 8 * $0)] + [UInt8](repeating: 0xFC, count: 4) }
    }
    #expect(try clocks(.i486dx33, reads(4)) == 4 * 9)
    #expect(try clocks(.i486dx33, reads(5)) == 5 * (9 + 2))
  }

  @Test("386: a jump takes a clock for each component of its target")
  func components() throws {
    // CLD 1; MOV CX,CX 2; ADD CX,1 3; ADD word [BX+2],1 4; with a prefix 5.
    let targets: [([UInt8], Double)] = [
      ([0xFC], 1), ([0x89, 0xC9], 2), ([0x83, 0xC1, 0x01], 3), ([0x83, 0x47, 0x02, 0x01], 4),
      ([0x3E, 0x83, 0x47, 0x02, 0x01], 5),
    ]
    for (target, m) in targets {
      let both = try clocks(.i386dx33, [0xEB, 0x00] + target)
      let alone = try clocks(.i386dx33, target)
      #expect(both - alone == 7 + m)
    }
  }

  @Test(
    "486: FDIV takes 73 clocks to 64 bits, 62 to 53 and 35 to 24", arguments: [(0x37F, 73), (0x27F, 62), (0x7F, 35)])
  func division(control: UInt16, expected: Double) throws {
    let setup = { (bench: TimingBench) in bench.cpu.s.pointee.fpu.loadControlWord(control) }
    #expect(try clocks(.i486dx33, [0xD8, 0xF0], filler: 0, setup: setup) == expected)
    #expect(try clocks(.i486dx33, [0xDE, 0xF8], filler: 0, setup: setup) == expected)
  }

  @Test("386: base with index costs 1 clock")
  func index386() throws {
    #expect(try clocks(.i386dx33, [0x8B, 0x07]) == 4)
    #expect(try clocks(.i386dx33, [0x8B, 0x00]) == 5)
  }

  @Test("386: misaligned operands take another bus cycle of two clocks: at 16 bits on the SX, at 32 on the DX")
  func misalignment386() throws {
    #expect(try clocks(.i386dx33, [0x8B, 0x43, 0x01], wide: true) == 6)
    #expect(try clocks(.i386dx33, [0x8B, 0x47, 0x01]) == 4)
    #expect(try clocks(.i386dx33, [0x8B, 0x47, 0x03]) == 6)
    #expect(try clocks(.i386sx16, [0x8B, 0x47, 0x01]) == 6)
    #expect(try clocks(.i386sx16, [0x8B, 0x47, 0x02]) == 4)
  }

  @Test("386SX: two bytes in two clocks are what the bus can fetch; three wait")
  func fetchBound() throws {
    #expect(try clocks(.i386sx16, [0x89, 0xC9], filler: 0) == 2)
    #expect(try clocks(.i386sx16, [0x83, 0xC1, 0x01], filler: 0) == 3)
    #expect(try clocks(.i386dx33, [0x83, 0xC1, 0x01], filler: 0) == 2)
  }
}
