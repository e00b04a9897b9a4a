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
  var footprint: Footprint {
    Footprint("console", chip: "test", [.ports(0xE9...0xE9, block: 0), .ports(0xF4...0xF4, block: 1)])
  }
  func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    if block == 0 { state.bytes.append(value) } else { state.isDone = true }
  }
  func readPort(_ block: Int, _ offset: Int) -> UInt8 { 0xE9 }
}

/// How a test program ended and what it printed.
struct ProgramResult {
  var lines: [String] = []
  var isDone = false
  var isShutDown = false
}

/// Where `Programs/NAME` lies.
private func resource(_ name: String) -> URL { Bundle.module.bundleURL.appending(path: "Programs/\(name)") }

private func lines(_ bytes: some Sequence<UInt8>) -> [String] {
  String(decoding: Array(bytes), as: UTF8.self).split(separator: "\n").map(String.init)
}

/// What program `name` must print on `model`: NAME.386.txt where a 386 differs, else NAME.txt.
func expectedLines(_ name: String, model: ProcessorModel) throws -> [String] {
  if model.family == 3, let data = try? Data(contentsOf: resource("\(name).386.txt")) { return lines(data) }
  return lines(try Data(contentsOf: resource("\(name).txt")))
}

/// Runs `Programs/NAME.bin` at 1000:0000 in real mode, for at most a guest second, in slices of `slice`.
func runProgram(
  _ name: String, model: ProcessorModel = .i486dx2x66, policy: TLBPolicy = .coherent, slice: Span = .microseconds(50)
) throws -> ProgramResult {
  let program = try Data(contentsOf: resource("\(name).bin"))
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
  let limit = processor.now + .seconds(1)
  while !console.state.isDone, !result.isShutDown, processor.now < limit {
    processor.run(until: processor.now + slice)
  }
  result.lines = lines(console.state.bytes)
  result.isDone = console.state.isDone
  return result
}
