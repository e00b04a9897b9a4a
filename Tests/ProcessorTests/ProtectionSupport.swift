import Foundation
import Hardware
import Processor
import Testing

/// Port E9h collects text; a write to port F4h ends the program.
private final class Console: Device {
  struct State: SavedState {
    var bytes: [UInt8] = []
    var isDone = false
  }
  var state = State()
  var footprint: Footprint { Footprint("console", chip: "test", [.ports(0xE9...0xE9, block: 0), .ports(0xF4...0xF4, block: 1)]) }
  func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    if block == 0 { state.bytes.append(value) } else { state.isDone = true }
  }
  func readPort(_ block: Int, _ offset: Int) -> UInt8 { 0xE9 }
}

/// How a test program ended and what it printed.
struct ProgramResult {
  var text = ""
  var isDone = false
  var isShutDown = false
  var lines: [String] { text.split(separator: "\n").map(String.init) }
}

/// Runs `Programs/NAME.bin` at 1000:0000 in real mode, for at most a guest second, in slices of `slice`.
func runProgram(
  _ name: String, model: ProcessorModel = .i486dx2x66, policy: TLBPolicy = .coherent, slice: Span = .microseconds(50)
) throws -> ProgramResult {
  let path = try #require(Bundle.module.path(forResource: "Programs/\(name)", ofType: "bin"))
  let program = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  let board = Backplane(ramSize: 2 << 20)
  let console = Console()
  try board.attach(console)
  let processor = Processor(model: model, memory: board.memory, io: board.io, scheduler: board.scheduler)
  // JMP 1000:0000 at the reset vector.
  var rom = [UInt8](repeating: 0xFF, count: 4096)
  rom.replaceSubrange(0xFF0..<0xFF5, with: [0xEA, 0, 0, 0, 0x10])
  try board.memory.mapROM(rom, at: 0xFFFF_F000, name: "reset")
  for (i, byte) in program.enumerated() { board.memory.ram[0x1_0000 + i] = byte }
  processor.tlbPolicy = policy
  var result = ProgramResult()
  processor.onShutdown = { result.isShutDown = true }
  for _ in 0..<20_000 where !console.state.isDone && !result.isShutDown {
    processor.run(until: processor.now + slice)
  }
  result.text = String(decoding: console.state.bytes, as: UTF8.self)
  result.isDone = console.state.isDone
  return result
}
