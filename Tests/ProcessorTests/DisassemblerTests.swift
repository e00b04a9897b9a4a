import Foundation
import Hardware
import Testing

@testable import Processor

/// Pseudo-random bytes, the same in every run.
private struct Noise {
  var state: UInt64 = 0x9E37_79B9_7F4A_7C15
  mutating func byte() -> UInt8 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt8(truncatingIfNeeded: state >> 40)
  }
  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in byte() } }
}

@Suite struct DisassemblerTests {
  private func texts(_ bytes: [UInt8], _ bits: Int, origin: UInt32 = 0x1000) -> [String] {
    Disassembler.disassemble(bytes, origin: origin, bits: bits).map(\.text)
  }

  // MARK: Text

  /// Expectations are what NASM assembles to exactly these bytes.
  @Test(
    "Instructions of 16-bit code",
    arguments: [
      ([0x8B, 0x1E, 0x34, 0x12], "mov bx,[0x1234]"), ([0x89, 0x46, 0xFE], "mov [bp-0x2],ax"),
      ([0x26, 0x8A, 0x00], "mov al,[es:bx+si]"), ([0x66, 0xB8, 0x78, 0x56, 0x34, 0x12], "mov eax,0x12345678"),
      ([0x67, 0x8B, 0x44, 0x8D, 0x10], "mov ax,[ebp+ecx*4+0x10]"), ([0xC6, 0x07, 0x05], "mov byte [bx],0x5"),
      ([0x83, 0xC4, 0xFE], "add sp,byte -0x2"), ([0xD1, 0xE0], "shl ax,1"), ([0xC1, 0xE0, 0x04], "shl ax,0x4"),
      ([0xF3, 0xA5], "rep movsw"), ([0xF3, 0x66, 0xAB], "rep stosd"), ([0xF2, 0xAE], "repne scasb"),
      ([0x2E, 0xAC], "cs lodsb"), ([0x9A, 0x00, 0x01, 0x00, 0xF0], "call 0xf000:0x100"),
      ([0x66, 0xEA, 0x00, 0x00, 0x10, 0x00, 0x08, 0x00], "jmp dword 0x8:0x100000"),
      ([0xFF, 0x2F], "jmp far [bx]"), ([0x66, 0xFF, 0x2F], "jmp far dword [bx]"),
      ([0xC4, 0x3E, 0x00, 0x02], "les di,[0x200]"), ([0x0F, 0xB6, 0x07], "movzx ax,byte [bx]"),
      ([0x66, 0x0F, 0xB7, 0xC3], "movzx eax,bx"), ([0x66, 0x60], "pushad"), ([0x9C], "pushf"),
      ([0x66, 0xCF], "iretd"), ([0x0F, 0x20, 0xC0], "mov eax,cr0"), ([0x0F, 0x01, 0x16, 0x00, 0x7C], "lgdt [0x7c00]"),
      ([0x66, 0x0F, 0x01, 0x17], "o32 lgdt [bx]"), ([0xCD, 0x21], "int 0x21"), ([0xD4, 0x0A], "aam"),
      ([0xD5, 0x10], "aad 0x10"), ([0xF0, 0x0F, 0xB1, 0x0F], "lock cmpxchg [bx],cx"), ([0x98], "cbw"),
      ([0x66, 0x99], "cdq"), ([0xE7, 0x70], "out 0x70,ax"), ([0xEC], "in al,dx"), ([0x6A, 0xFF], "push byte -0x1"),
      ([0xC8, 0x10, 0x00, 0x01], "enter 0x10,0x1"), ([0x8E, 0xD8], "mov ds,ax"), ([0x0F, 0xA0], "push fs"),
      ([0x0F, 0xA4, 0xD8, 0x03], "shld ax,bx,0x3"), ([0x66, 0x0F, 0xC8], "bswap eax"),
    ] as [([UInt8], String)])
  func code16(bytes: [UInt8], text: String) { #expect(texts(bytes, 16) == [text]) }

  @Test(
    "Instructions of 32-bit code",
    arguments: [
      ([0x8B, 0x04, 0x24], "mov eax,[esp]"), ([0x8B, 0x85, 0x00, 0xFF, 0xFF, 0xFF], "mov eax,[ebp+0xffffff00]"),
      ([0x66, 0x8B, 0x45, 0x08], "mov ax,[ebp+0x8]"), ([0x67, 0x8B, 0x07], "mov eax,[bx]"),
      ([0x67, 0xA1, 0x34, 0x12], "mov eax,[word 0x1234]"), ([0xA5], "movsd"), ([0x66, 0xA5], "movsw"),
      ([0x8D, 0x04, 0x85, 0x00, 0x00, 0x00, 0x00], "lea eax,[eax*4+0x0]"), ([0x61], "popad"), ([0x66, 0x9D], "popfw"),
      ([0x68, 0x78, 0x56, 0x34, 0x12], "push dword 0x12345678"),
      ([0xFF, 0x24, 0x85, 0, 0x10, 0, 0], "jmp dword [eax*4+0x1000]"),
    ] as [([UInt8], String)])
  func code32(bytes: [UInt8], text: String) { #expect(texts(bytes, 32) == [text]) }

  @Test(
    "Numeric instructions",
    arguments: [
      ([0xD9, 0x07], "fld dword [bx]"), ([0xDD, 0x1F], "fstp qword [bx]"), ([0xDB, 0x2F], "fld tword [bx]"),
      ([0xDF, 0x2F], "fild qword [bx]"), ([0xDF, 0x27], "fbld tword [bx]"), ([0xDE, 0x07], "fiadd word [bx]"),
      ([0xD9, 0x2F], "fldcw word [bx]"), ([0xDD, 0x37], "fnsave [bx]"), ([0x66, 0xDD, 0x27], "o32 frstor [bx]"),
      ([0xD8, 0xC1], "fadd st0,st1"), ([0xDC, 0xC1], "fadd st1,st0"), ([0xDE, 0xE9], "fsubp st1,st0"),
      ([0xDE, 0xE1], "fsubrp st1,st0"), ([0xDC, 0xE9], "fsub st1,st0"), ([0xD9, 0xC9], "fxch st1"),
      ([0xDE, 0xD9], "fcompp"), ([0xDA, 0xE9], "fucompp"), ([0xDF, 0xE0], "fnstsw ax"), ([0xDB, 0xE3], "fninit"),
      ([0xD9, 0xFE], "fsin"), ([0xD9, 0xD0], "fnop"), ([0x9B], "wait"),
    ] as [([UInt8], String)])
  func numeric(bytes: [UInt8], text: String) { #expect(texts(bytes, 16) == [text]) }

  @Test("Jumps show their targets; in 16-bit code these wrap at 64 KB of the origin's segment")
  func targets() {
    #expect(texts([0xEB, 0xFE], 16) == ["jmp short 0x1000"])
    #expect(texts([0x74, 0x10], 16) == ["jz short 0x1012"])
    #expect(texts([0xE8, 0xFD, 0xFF], 16) == ["call 0x1000"])
    #expect(texts([0xE9, 0x00, 0xF0], 16) == ["jmp near 0x3"])
    #expect(texts([0xE9, 0x10, 0x00], 16, origin: 0xF_FFF0) == ["jmp near 0xf0003"])
    #expect(texts([0x0F, 0x85, 0xFA, 0xFF, 0xFF, 0xFF], 32) == ["jnz near 0x1000"])
    #expect(texts([0x67, 0xE2, 0x00], 16) == ["loop 0x1003,ecx"])
    #expect(texts([0x67, 0xE3, 0x00], 32) == ["jcxz 0x1003"])
  }

  @Test("What isn't an instruction, or isn't all there, becomes db byte by byte")
  func undefined() {
    #expect(texts([0x0F, 0xFF], 16) == ["db 0x0f", "db 0xff"])
    #expect(texts([0xB8, 0x01], 16) == ["db 0xb8", "db 0x01"])
    #expect(texts([0xF0, 0x90], 16) == ["db 0xf0", "nop"])
    #expect(texts([0xF3, 0xC3], 16) == ["db 0xf3", "ret"])
    #expect(texts([UInt8](repeating: 0x66, count: 15) + [0x90], 16).first == "db 0x66")
    #expect(texts([0xDA, 0xC0], 16).first == "db 0xda")
    #expect(texts([], 32).isEmpty)
  }

  // MARK: Agreement

  @Test("Every byte is covered once, whatever the bytes", arguments: [16, 32])
  func anything(bits: Int) {
    var noise = Noise()
    let bytes = noise.bytes(60_000)
    let lines = Disassembler.disassemble(bytes, origin: 0xFFFF_8000, bits: bits)
    var address: UInt32 = 0xFFFF_8000
    for line in lines {
      #expect(line.address == address && (1...15).contains(line.length) && !line.text.isEmpty)
      address &+= UInt32(line.length)
    }
    #expect(lines.reduce(0) { $0 + $1.length } == bytes.count)
  }

  @Test("Decoder and disassembler agree about lengths and about what is defined", arguments: [false, true])
  func decoder(code32: Bool) {
    let table = DecodeTable.allocate()
    defer { table.deallocate() }
    let disassembler = Disassembler()
    var noise = Noise()
    var different: [String] = []
    for opcode in 0..<512 {
      for prefix in [[], [0x66], [0x67], [0x2E, 0x66]] as [[UInt8]] {
        for modRM in 0..<256 {
          let bytes = prefix + (opcode >= 256 ? [0x0F] : []) + [UInt8(opcode & 0xFF), UInt8(modRM)] + noise.bytes(12)
          // Repeat prefixes that repeat nothing and prefixes of WAIT become `db`, though the processor executes them.
          if isPrefix(opcode) || opcode == 0x9B { continue }
          var length: Int?
          for is486 in [false, true] {
            var op = Op()
            var status = Decoder.Status.short
            var decoded = 0
            bytes.withUnsafeBufferPointer {
              guard let start = $0.baseAddress else { return }
              var decoder = Decoder(
                start, available: $0.count, code32: code32, is486: is486, table: table, timing: .i486)
              status = decoder.decode(&op)
              decoded = decoder.length
            }
            let isUndefined = op.id == .otherEnd && op.a == Operation.undefined.rawValue
            if status != .short, !isUndefined, isDefinedNumeric(op) { length = decoded }
          }
          let line = disassembler.line(bytes[...], address: 0, bits: code32 ? 32 : 16)
          let text = line?.text ?? ""
          if text.hasPrefix("db") ? length != nil : length != line?.length {
            different.append("\(bytes.map { String($0, radix: 16) }): \(text), length \(length ?? 0)")
          }
        }
      }
    }
    #expect(different.isEmpty, "\(different.count), first: \(different.prefix(5))")
  }

  private func isPrefix(_ opcode: Int) -> Bool {
    [0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3].contains(opcode)
  }

  /// Whether an ESC operation means something to a 486.
  private func isDefinedNumeric(_ op: Op) -> Bool {
    let opcode = UInt16(truncatingIfNeeded: op.imm)
    switch op.id {
    case .escapeMemory: return X87.memoryForm(opcode: opcode).kind != .undefined
    case .escapeRegister:
      var unit = X87()
      return unit.executeRegister(opcode: opcode) != .undefined
    default: return true
    }
  }

  // MARK: NASM

  private static let nasm = ["/usr/bin/nasm", "/usr/local/bin/nasm"].first(where: FileManager.default.isExecutableFile)

  /// What NASM would encode in another way (XCHG) or has no words for.
  private func isExempt(_ text: String) -> Bool {
    if text.contains("xchg") || text.contains("bswap") { return true }
    guard text.contains("movzx") || text.contains("movsx"), let comma = text.firstIndex(of: ",") else { return false }
    let source = text[text.index(after: comma)...]
    let isByte = source.hasPrefix("byte ") || (source.count == 2 && (source.hasSuffix("l") || source.hasSuffix("h")))
    return !isByte
  }

  @Test("NASM makes instructions of the same text from the text", .enabled(if: nasm != nil), arguments: [16, 32])
  func roundTrip(bits: Int) throws {
    let disassembler = Disassembler()
    var noise = Noise()
    var texts: [String] = []
    for opcode in 0..<512 {
      // Relative jumps depend on where they are.
      if isPrefix(opcode) { continue }
      if [0x70...0x7F, 0xE0...0xE3, 0xE8...0xE9, 0xEB...0xEB, 0x180...0x18F].contains(where: { $0.contains(opcode) }) {
        continue
      }
      for prefix in [[], [0x66], [0x67], [0x26]] as [[UInt8]] {
        for _ in 0..<24 {
          let bytes = prefix + (opcode >= 256 ? [0x0F] : []) + [UInt8(opcode & 0xFF)] + noise.bytes(12)
          let line = disassembler.line(bytes[...], address: 0, bits: bits)
          if let line, !line.text.hasPrefix("db"), !isExempt(line.text) { texts.append(line.text) }
        }
      }
    }
    let folder = FileManager.default.temporaryDirectory.appending(path: "heirloom-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let source = folder.appending(path: "a.asm")
    let binary = folder.appending(path: "a.bin")
    try ("bits \(bits)\n" + texts.joined(separator: "\n") + "\n").write(to: source, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.nasm ?? "")
    process.arguments = ["-w-all", "-f", "bin", "-o", binary.path, source.path]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    let again = Disassembler.disassemble([UInt8](try Data(contentsOf: binary)), origin: 0, bits: bits).map(\.text)
    #expect(again.count == texts.count)
    let different = zip(texts, again).filter { $0 != $1 }
    #expect(different.isEmpty, "\(different.count), first: \(different.prefix(5))")
  }
}
