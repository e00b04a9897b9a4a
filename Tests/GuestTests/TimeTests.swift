import Devices
import Foundation
import Hardware
import PC
import Processor
import Testing

/// Programs in a ROM that take the machine's time, and what the machine's own clocks say to it.
@Suite(.enabled(if: HostTool.nasm.isThere, "NASM is not installed: apt install nasm"))
struct TimeTests {
  /// A machine that starts `Programs/roms/NAME.asm` at F000:E000 and nothing else.
  private func machine(_ name: String, _ change: (inout MachineConfiguration) -> Void = { _ in }) throws -> Machine {
    let folder = try TemporaryFolder()
    let output = folder.path("rom.bin")
    try HostTool.nasm.run([
      "-f", "bin", "-w+error", "-I", Places.programs.path + "/roms/", "-o", output,
      Places.programs.appending(path: "roms/\(name).asm").path,
    ])
    let code = [UInt8](try Data(contentsOf: URL(filePath: output)))
    var rom = [UInt8](repeating: 0xFF, count: 65_536)
    rom.replaceSubrange(0xE000..<0xE000 + code.count, with: code)
    rom.replaceSubrange(0xFFF0..<0xFFF5, with: [0xEA, 0x00, 0xE0, 0x00, 0xF0])
    var configuration = MachineConfiguration()
    configuration.memory.size = MemorySize(megabytes: 1)
    configuration.floppy.driveA = .none
    configuration.floppy.driveB = .none
    change(&configuration)
    return try Machine(configuration, roms: Motherboard.ROMs(system: rom, video: []))
  }

  @Test("In 24 hours timer, clock, display and processor drift by nothing")
  func day() throws {
    let machine = try machine("drift")
    let hour = Span.seconds(3600)
    machine.run(until: .zero + .seconds(1))
    let firstFrame = machine.board.video.nextFrameTime(after: .zero + .seconds(1))
    machine.run(until: .zero + hour * 24)
    let memory = machine.board.backplane.memory
    // 65,536 clocks of 105/88 MHz a tick; the program has started the timer within the first millisecond.
    let ticks = Double(24 * 3600) * 105_000_000 / 88 / 65_536
    #expect(abs(Double(memory.read(0x500, size: 4)) - ticks) < 1)
    // The first update comes within a second, the others every second.
    let updates = memory.read(0x504, size: 4)
    #expect(updates == 86_400 || updates == 86_399)
    // 449 lines of 900 dots at 28.322 MHz a frame: a whole number of them lies between two retraces.
    let lastFrame = machine.board.video.nextFrameTime(after: .zero + hour * 24)
    let dots = Double((lastFrame - firstFrame).picoseconds) * 28.322e-6
    let frames = (dots / 404_100).rounded()
    #expect(abs(dots - frames * 404_100) < 2, "\(dots) dots aren't whole frames")
    #expect(abs(frames - (24 * 3600 - 1) * 28_322_000 / 404_100) < 2)
    let processor = machine.board.processor
    #expect(processor.clock.instant(ofTick: processor.clocks) == processor.now)
    #expect(abs(Double(processor.clocks) / processor.clock.hertz - 24 * 3600) < 1e-3)
  }

  @Test("A machine that waits knows until when, and a working one that it doesn't")
  func quietTime() throws {
    let machine = try machine("drift")
    machine.run(until: .zero + .milliseconds(1_510))
    let quiet = machine.quietTime
    #expect(quiet > .milliseconds(1) && quiet <= .milliseconds(55))
    #expect(machine.now + quiet == machine.board.backplane.scheduler.nextDeadline)
    let busy = try self.machine("idioms")
    busy.run(until: .zero + .microseconds(300))
    #expect(busy.quietTime == .seconds(0))
  }

  /// Guest time at each byte on port E9h.
  private func stamps(_ machine: Machine) -> [Double] {
    var stamps: [Double] = []
    machine.onDebugByte = { [unowned machine] _ in
      stamps.append(Double(machine.board.backplane.scheduler.now.picoseconds) * 1e-12)
    }
    machine.run(until: .zero + .seconds(3))
    return stamps
  }

  @Test(
    "Delay loops, timer readings, retrace polling and refresh bits take their time",
    arguments: [
      (ProcessorModel.i386sx16, 13), (.i386dx33, 13), (.i486sx25, 7), (.i486dx33, 7), (.i486dx2x66, 7),
      (.i486dx4x100, 7),
    ])
  func idioms(model: ProcessorModel, loop: Int) throws {
    let machine = try machine("idioms") { $0.cpu.model = model }
    let stamps = stamps(machine)
    guard stamps.count == 5 else {
      Issue.record("\(stamps.count) of 5 stamps")
      return
    }
    // 10,000 rounds of LOOP, as the guest has read from the timer: 11 + m clocks with m = 2 on the 386, 7 on the 486;
    // the last round isn't taken. Two readings lie around it.
    // A refresh takes a 386SX without a cache a microsecond every 18 clocks of the timer.
    let refreshed = model == .i386sx16 ? 18 * 88 / 105.0 : 1
    let seconds = Double(10_000 * loop) / model.clock.hertz * (refreshed > 1 ? refreshed / (refreshed - 1) : 1)
    let ticks = Double(machine.board.backplane.memory.read(0x500, size: 2))
    let reading = 12e-6 * 105e6 / 88
    let slack = refreshed > 1 ? 2e-6 * 105e6 / 88 : 0
    #expect(ticks >= seconds * 105e6 / 88 - slack && ticks <= seconds * 105e6 / 88 + reading + slack)
    // 11,932 ticks are 10.0002 ms; the loop notices a reading later.
    #expect(stamps[1] - stamps[0] >= 0.0100001 && stamps[1] - stamps[0] < 0.01005)
    // 35 frames of 404,100 dots at 28.322 MHz, seen within some microseconds.
    #expect(abs(stamps[3] - stamps[2] - 35 * 404_100 / 28.322e6) < 8e-6)
    // The refresh bit turns over with every request, 18 ticks apart.
    #expect(abs(stamps[4] - stamps[3] - 1000 * 18 * 88 / 105e6) < 40e-6)
  }

  /// The instructions of `sample.asm` with their clocks by the manuals' tables, 386 and 486.
  private static let sample: [(name: String, i386: Int, i486: Int)] = [
    ("NOP", 3, 1), ("MOV r,r", 2, 1), ("ADD r,[base]", 6, 2), ("MOV r,[base]", 4, 1), ("MOV r,[base+index]", 5, 2),
    ("CMP r,[base]", 6, 2), ("SHL r,1", 3, 3), ("SHL r,imm8", 3, 2), ("MUL by 7FFFh", 21, 25), ("MUL by 2", 9, 13),
    ("DIV r16", 22, 24), ("AAM", 17, 15), ("XCHG r,r", 3, 3), ("CWD", 2, 3), ("CLI", 3, 5), ("XLAT", 5, 4),
    ("LODSW", 5, 5),
  ]

  @Test(
    "A guest that reads the timer counts the clocks of the manuals' tables, within two ticks of 838 ns in a thousand times",
    arguments: [ProcessorModel.i386dx25, .i386dx33, .i386dx40, .i486sx25, .i486dx33, .i486dx2x66, .i486dx4x100])
  func sample(model: ProcessorModel) throws {
    let machine = try machine("sample") { $0.cpu.model = model }
    var isDone = false
    machine.onDebugByte = { _ in isDone = true }
    machine.run(until: .zero + .seconds(1))
    #expect(isDone)
    for (i, row) in Self.sample.enumerated() {
      let ticks = Double(machine.board.backplane.memory.read(0x500 + UInt32(2 * i), size: 2))
      let clocks = model.family == 3 ? row.i386 : row.i486
      let expected = Double(1000 * clocks) / model.clock.hertz * 105e6 / 88
      #expect(abs(ticks - expected) <= 2, "\(row.name): \(ticks) ticks, \(clocks) clocks are \(expected)")
    }
  }

  @Test("Rounds of a waiting loop that are left out change nothing but the host's load")
  func idle() throws {
    func run(skipping: Bool) throws -> (hash: String, seconds: Double) {
      let machine = try machine("waiting")
      machine.board.processor.isIdleSkipped = skipping
      let start = Date()
      machine.run(until: .zero + .seconds(2))
      return (try machine.stateHash(), Date().timeIntervalSince(start))
    }
    let whole = try run(skipping: false)
    let skipped = try run(skipping: true)
    #expect(whole.hash == skipped.hash)
    #expect(skipped.seconds < whole.seconds / 4, "\(skipped.seconds) s against \(whole.seconds) s")
  }
}
