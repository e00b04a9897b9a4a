import Hardware
import Testing

@testable import Processor

@Suite("x87 control")
struct X87ControlTests {
  @Test("FINIT: control word 037FH, status word 0, tag word FFFFH, pointers and opcode 0")
  func finit() {
    var unit = X87(x(1), x(2), control: 0x0040)
    unit.recordInstruction(opcode: 0x123, selector: 1, offset: 2)
    unit.recordOperand(selector: 3, offset: 4)
    unit.status = [.invalid, .c3]
    #expect(unit.execute(0xDB, 0xE3) == .done)
    #expect(unit.control.rawValue == 0x037F)
    #expect(unit.statusWord == 0)
    #expect(unit.tagWord == 0xFFFF)
    #expect(unit.lastOpcode == 0 && unit.instructionOffset == 0 && unit.dataOffset == 0)
    #expect(unit.instructionSelector == 0 && unit.dataSelector == 0)
  }

  @Test("The tag of each register is valid (00), zero (01), special (10) or empty (11)")
  func tags() {
    var unit = X87()
    unit.push(Special.infinity)
    unit.push(.zero)
    unit.push(x(1))
    #expect(unit.top == 5)
    #expect(unit.tagWord == 0b10_01_00_11_11_11_11_11)
    for special in [Special.quiet, Special.denormal, Special.unnormal] {
      unit[0] = special
      #expect(unit.tagWord >> 10 & 3 == 2)
    }
  }

  @Test("ES is set if any unmasked exception bit is set; FLDCW that unmasks a set flag makes it pending")
  func summary() {
    var unit = X87(x(1), .zero)
    unit.execute(0xD8, 0xF1)
    #expect(unit.flags == 0x0004 && !unit.pendingException)
    unit.load(0xD9, 0x28, 0x037B)
    #expect(unit.flags == 0x8084 && unit.pendingException)
    unit.load(0xD9, 0x28, 0x037F)
    #expect(unit.flags == 0x0004 && !unit.pendingException)
  }

  @Test("FCLEX clears the exception flags, SF, ES and B and leaves the condition codes and TOP")
  func fclex() {
    var unit = X87(x(1))
    unit.status = StatusAll.everything
    unit.execute(0xDB, 0xE2)
    #expect(unit.statusWord == 0x4700 | 7 << 11)
  }

  enum StatusAll {
    static let everything = X87.StatusWord(rawValue: 0xC7FF)
  }

  @Test("FENI, FDISI and FSETPM are no operations on the 387")
  func obsolete() {
    for second in [0xE0, 0xE1, 0xE4] as [UInt8] {
      var unit = X87(x(1), x(2))
      let before = unit
      #expect(unit.execute(0xDB, second) == .done)
      #expect(unit == before)
    }
  }

  @Test("FNSTSW AX hands the status word to AX")
  func fnstswAX() {
    var unit = X87(x(1))
    #expect(unit.execute(0xDF, 0xE0) == .storeStatusInAX)
    #expect(unit.statusWord == 0x3800)
  }

  @Test("FNINIT, FNCLEX, FNSTSW, FNSTCW, FNSTENV and FNSAVE do not wait")
  func waiting() {
    var free: [UInt16] = []
    for opcode in 0..<0x800 as Range<UInt16> where !X87.waits(opcode: opcode) { free.append(opcode) }
    for opcode in free {
      let first = opcode >> 8
      let second = opcode & 0xFF
      if second >= 0xC0 {
        #expect((first == 3 && (0xE0...0xE4).contains(second)) || opcode == 0x7E0)
      } else {
        #expect([0x16, 0x17, 0x56, 0x57].contains(first << 4 | second >> 3 & 7))
      }
    }
    #expect(free.count == 6 + 4 * 24)
  }

  @Test("The control instructions do not change the instruction and data pointers")
  func pointers() {
    for opcode in [0x3E3, 0x3E2, 0x7E0, 0x120, 0x128, 0x130, 0x138, 0x520, 0x530, 0x538] as [UInt16] {
      #expect(!X87.recordsPointers(opcode: opcode))
    }
    for opcode in [0x0C0, 0x100, 0x1D0, 0x500, 0x728, 0x1E8, 0x5C0] as [UInt16] {
      #expect(X87.recordsPointers(opcode: opcode))
    }
  }

  @Test("Encodings the i486 does not define change nothing")
  func undefined() {
    var count = 0
    for opcode in 0..<0x800 as Range<UInt16> where opcode & 0xC0 == 0xC0 {
      var unit = X87(x(1), x(2), x(3))
      let before = unit
      if unit.executeRegister(opcode: opcode) == .undefined {
        count += 1
        #expect(unit == before)
      }
    }
    // D9 D1-D7, E2 E3 E6 E7 EF; DA but E9; DB but E0-E4; DD F0-FF; DE D8-DF but D9; DF E1-FF.
    #expect(count == 7 + 5 + 63 + 59 + 16 + 7 + 31)
    for opcode in [0x108, 0x308, 0x320, 0x330, 0x508, 0x528, 0x708] as [UInt16] {
      #expect(X87.memoryForm(opcode: opcode).kind == .undefined)
    }
  }

  @Test("FINCSTP and FDECSTP move TOP and nothing else")
  func stackPointer() {
    var unit = X87(x(1))
    unit.execute(0xD9, 0xF7)
    #expect(unit.top == 0 && unit.tagWord == 0x3FFF)
    unit.execute(0xD9, 0xF6)
    unit.execute(0xD9, 0xF6)
    #expect(unit.top == 6 && unit.tagWord == 0x3FFF)
  }

  @Test("Clock tables: FADD ST,ST(i) 23-34 clocks on the 387 and 10 on the i486, FDIV 73 with 70 concurrent")
  func clocks() {
    #expect(X87.clocks(opcode: 0x0C1, model: .i387, isProtected: true).clocks == 29)
    #expect(X87.clocks(opcode: 0x0C1, model: .i486, isProtected: true).clocks == 10)
    #expect(X87.clocks(opcode: 0x0F1, model: .i486, isProtected: true) == .init(clocks: 73, concurrent: 70))
    #expect(X87.clocks(opcode: 0x3E3, model: .i486, isProtected: true).clocks == 17)
    #expect(X87.clocks(opcode: 0x1FE, model: .i486, isProtected: true).clocks == 241)
    #expect(X87.clocks(opcode: 0x130, model: .i486, isProtected: true).clocks == 56)
    #expect(X87.clocks(opcode: 0x130, model: .i486, isProtected: false).clocks == 67)
    for opcode in 0..<0x800 as Range<UInt16> {
      for model in [X87.Model.i387, .i486] {
        let count = X87.clocks(opcode: opcode, model: model, isProtected: false)
        #expect(count.concurrent <= count.clocks)
        var unit = X87(x(1), x(2))
        let defined =
          opcode & 0xC0 == 0xC0
          ? unit.executeRegister(opcode: opcode) != .undefined : X87.memoryForm(opcode: opcode).kind != .undefined
        if defined { #expect(count.clocks > 0) }
      }
    }
  }
}
