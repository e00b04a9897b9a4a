import ArgumentParser
import PC
import Processor

/// `heirloom disassemble`: machine code as NASM text.
struct DisassembleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disassemble", abstract: "Print a file of machine code as instructions (NASM syntax).")

  @Argument(help: "A file of raw code: a ROM, a .COM program, a boot sector.") var file: String
  @Option(help: "Address of the first byte, decimal or 0x...; a .COM program's is 0x100.") var origin = "0"
  @Option(help: "16 or 32: the code segment's size.") var bits = 16
  @Flag(help: "As a JSON array of objects.") var json = false

  private var address: UInt32? {
    origin.lowercased().hasPrefix("0x") ? UInt32(origin.dropFirst(2), radix: 16) : UInt32(origin)
  }

  func validate() throws {
    if bits != 16 && bits != 32 { throw ValidationError("--bits \(bits): 16 or 32") }
    if address == nil { throw ValidationError("--origin \(origin): a number of up to 32 bits, decimal or 0x...") }
  }

  func run() throws {
    let bytes = try HostFiles.read(file)
    guard let address else { return }
    let lines = Disassembler.disassemble(bytes, origin: address, bits: bits)
    var rows: [String] = []
    for line in lines {
      let start = Int(line.address &- address)
      let code = bytes[start..<min(start + line.length, bytes.count)].map(hex).joined()
      let place = String(line.address, radix: 16, uppercase: true)
      let padded = String(repeating: "0", count: max(8 - place.count, 0)) + place
      if json {
        rows.append(
          "{\"address\": \(line.address), \"bytes\": \(JSON.quoted(code)), \"text\": \(JSON.quoted(line.text))}")
      } else {
        let room = String(repeating: " ", count: max(18 - code.count, 1))
        rows.append("\(padded)  \(code)\(room)\(line.text)")
      }
    }
    print(json ? "[" + rows.joined(separator: ",\n ") + "]" : rows.joined(separator: "\n"))
  }

  private func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) }
}
