import Foundation
import Hardware
import Testing

@testable import Processor

/// Benchmarks of our own with full timing on typical boards, against what programs of their kind gave on real machines.
///
/// - Source: the reference scores beside the timing notes: TOPBENCH's database (measured machines), Landmark and Dhrystone
///   (recalled). Published values bound ours; they aren't exact.
@Suite struct ScoreTests {
  /// Clocks between the two stamps of a program, on a typical board, the second time it runs.
  private func clocks(_ model: ProcessorModel, _ program: [UInt8], wide: Bool = false) throws -> Int64 {
    let bench = try TimingBench(model, wide ? .protected() : .real, wide: wide)
    bench.processor.setTiming(.full, board: .typical(model))
    return bench.clocks(program) { bench in
      bench.cpu.setReg(6, 0x400)
      bench.cpu.setReg(7, 0x800)
    }
  }

  /// A stamp, `rounds` times `body`, a stamp. CX is the body's to use.
  private func looped(_ rounds: UInt8, _ body: [UInt8]) -> [UInt8] {
    let start: [UInt8] = [0xBD, rounds, 0x00, 0xE6, 0xE0]  // mov bp,rounds / out E0h,al
    let back = -(body.count + 5)
    let end: [UInt8] =
      [0x4D, 0x74, 0x03, 0xE9] + [UInt8(truncatingIfNeeded: back - 1), UInt8(truncatingIfNeeded: (back - 1) >> 8)]
    return start + body + end + [0xE6, 0xE0, 0xEB, 0xFE]  // dec bp / jz out / jmp near body
  }

  @Test("String instructions over 256 bytes take what TOPBENCH's MemoryTest took on 386SX, 386DX, 486DX, DX2 and DX4")
  func strings() throws {
    // STOSW 128, STOSB 1, MOVSW 128, MOVSB 1, SCASB 256, CMPSB 256, LODSW 128, each with its pointers loaded.
    func load(_ count: Int) -> [UInt8] {
      [0xBE, 0x00, 0x04, 0xBF, 0x00, 0x08, 0xB9, UInt8(count & 0xFF), UInt8(count >> 8)]
    }
    let body =
      load(128) + [0xF3, 0xAB] + load(1) + [0xF3, 0xAA] + load(128) + [0xF3, 0xA5] + load(1) + [0xF3, 0xA4]
      + load(256) + [0xF2, 0xAE] + load(256) + [0xF3, 0xA6] + load(128) + [0xF3, 0xAD]
    let spreads: [(ProcessorModel, ClosedRange<Double>)] = [
      (.i386sx16, 6800...7520), (.i386dx33, 6240...7200), (.i386dx40, 6240...7200), (.i486dx33, 4700...5200),
      (.i486dx2x66, 5300...5900), (.i486dx4x100, 5800...7300),
    ]
    for (model, spread) in spreads {
      // AX = 1: the words that are stored have a byte AL finds at once unless AH is searched for: AL = 5.
      let score =
        Double(
          try clocks(
            model,
            [0xB8, 0x05, 0x00] + looped(20, [0xB8, 0x00, 0x00] + body.prefix(44) + [0xB0, 0x05] + body.dropFirst(44))))
        / 20
      print("string kernel, \(model.rawValue): \(score) clocks, measured machines \(spread)")
      // The quickest machines are the limit.
      #expect(score <= spread.upperBound && score > spread.lowerBound * 0.995)
    }
  }

  @Test("A mix of 16-bit work gives the ratios of Landmark's index between 386DX, 486DX, DX2 and DX4")
  func landmark() throws {
    // mov ax,[bx+si] / add ax,dx / mov [di],ax / xor dx,dx / shl ax,1 / push ax / pop dx / cmp ax,[bx] / jnz +0 /
    // add si,2 / sub si,2 / mov dx,[si] / inc dx / dec dx, three times for each imul cx.
    let part: [UInt8] = [
      0x8B, 0x00, 0x01, 0xD0, 0x89, 0x05, 0x31, 0xD2, 0xD1, 0xE0, 0x50, 0x5A, 0x3B, 0x07, 0x75, 0x00, 0x83, 0xC6, 0x02,
      0x83, 0xEE, 0x02, 0x8B, 0x14, 0x42, 0x4A,
    ]
    let body = part + part + part + [0xF7, 0xE9]
    func speed(_ model: ProcessorModel) throws -> Double {
      model.clock.hertz / Double(try clocks(model, [0xB9, 0x03, 0x00] + looped(200, body)))
    }
    // One machine gives the scale.
    let scale = 111 / (try speed(.i486dx33))
    let spreads: [(ProcessorModel, ClosedRange<Double>)] = [
      (.i386dx40, 62...69), (.i486dx33, 110...112), (.i486dx2x66, 216...226), (.i486dx4x100, 324...340),
    ]
    for (model, spread) in spreads {
      let index = scale * (try speed(model))
      print("landmark-type mix, \(model.rawValue): \(index), published \(spread)")
      #expect(spread.contains(index))
    }
  }

  @Test("A mix of work like Dhrystone's gives VAX MIPS inside what was published for 386DX-33, 486DX-33 and DX2-66")
  func work() throws {
    let program = [UInt8](
      try Data(contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Programs/workmix.bin"))
    )
    let spreads: [(ProcessorModel, ClosedRange<Double>)] = [
      (.i386dx33, 6...9), (.i486dx33, 15...20), (.i486dx2x66, 28...36),
    ]
    for (model, spread) in spreads {
      let bench = try TimingBench(model, .protected(), wide: true)
      bench.processor.setTiming(.full, board: .typical(model))
      let clocks = bench.clocks(program) { bench in
        // Flat segments.
        for i in 0..<6 {
          bench.cpu.seg(i).pointee.base = 0
          bench.cpu.seg(i).pointee.limit = 0xF_FFFF
        }
        bench.cpu.s.pointee.eip = 0x1_0000
        bench.cpu.setReg(4, 0x3_F000)
      }
      let rounds = 200 * model.clock.hertz / Double(clocks)
      print("work mix, \(model.rawValue): \(rounds / 1757) VAX MIPS (1757 rounds a second), published \(spread)")
      #expect(spread.contains(rounds / 1757))
    }
  }

  @Test("BYTE's sieve of 8191 flags: what ten rounds take")
  func sieve() throws {
    // mov di,2000h / mov cx,8191 / mov al,1 / rep stosb; for i: if flag, p = 2i+3, k = i+p, clear every p-th
    let body: [UInt8] = [
      0xBF, 0x00, 0x20, 0xB9, 0xFF, 0x1F, 0xB0, 0x01, 0xF3, 0xAA,  // fill
      0x31, 0xF6,  // xor si,si
      0x80, 0xBC, 0x00, 0x20, 0x00, 0x74, 0x1A,  // next: cmp byte [si+2000h],0 / jz on
      0x89, 0xF3, 0x01, 0xDB, 0x83, 0xC3, 0x03,  // mov bx,si / add bx,bx / add bx,3
      0x89, 0xF7, 0x01, 0xDF,  // mov di,si / add di,bx
      0x81, 0xFF, 0xFF, 0x1F, 0x73, 0x09,  // clear: cmp di,8191 / jae on
      0xC6, 0x85, 0x00, 0x20, 0x00, 0x01, 0xDF, 0xEB,  // mov byte [di+2000h],0 / add di,bx / jmp clear
    ]
    let clear = UInt8(truncatingIfNeeded: -(6 + 9))
    let more: [UInt8] = [clear, 0x46, 0x81, 0xFE, 0xFF, 0x1F, 0x72]  // inc si / cmp si,8191 / jb next
    let whole = body + more + [UInt8(truncatingIfNeeded: -(7 + 7 + 4 + 6 + 9 + 7))]
    for model in [ProcessorModel.i386sx16, .i386dx33, .i486dx33, .i486dx2x66] {
      let clocks = try clocks(model, looped(10, whole))
      print("sieve, \(model.rawValue): \(clocks) clocks, \(Double(clocks) / model.clock.hertz) s")
      #expect(clocks > 0)
    }
  }
}
