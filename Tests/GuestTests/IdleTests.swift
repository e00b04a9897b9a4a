import Foundation
import Hardware
import PC
import Processor
import Testing

/// What a machine that waits costs the host: the ways in which programs wait, `Programs/idle.asm`, and real systems.
@Suite(.enabled(if: HostTool.nasm.isThere, "NASM is not installed: apt install nasm"))
struct IdleTests {
  /// The idioms of `idle.asm`, by their numbers there.
  enum Idiom: Int, CaseIterable, CustomTestStringConvertible {
    case int16Status = 1
    case int16ExtendedStatus, keyBuffer, int28, releaseSlice, tickCount, halt, desqview, tableThenKey, kernel, strings

    var testDescription: String {
      switch self {
      case .int16Status: "INT 16h function 01h"
      case .int16ExtendedStatus: "INT 16h function 11h"
      case .keyBuffer: "head and tail of the key buffer at 0040:001A"
      case .int28: "INT 28h"
      case .releaseSlice: "INT 2Fh function 1680h"
      case .tickCount: "the ticks at 0040:006C"
      case .halt: "HLT"
      case .desqview: "INT 15h function 1000h"
      case .tableThenKey: "a table of things to do"
      case .kernel: "a kernel's loop with rings and paging"
      case .strings: "a string that is searched"
      }
    }
  }

  static let models: [ProcessorModel] = [.i386sx16, .i386dx33, .i386dx40, .i486dx2x66, .i486dx4x100]

  /// Clocks a second in which `guest` executes instructions, and the host's seconds for one of the guest's.
  private func load(_ guest: Guest, seconds: Int64) throws -> (clocks: Int64, host: Double) {
    let processor = guest.machine.board.processor
    let start = (processor.clocks - processor.restedClocks, Date())
    try guest.run(for: .seconds(seconds))
    let busy = processor.clocks - processor.restedClocks - start.0
    return (busy / seconds, Date().timeIntervalSince(start.1) / Double(seconds))
  }

  @Test(
    "A program that waits is executed for a small part of the time",
    arguments: Idiom.allCases)
  func idioms(_ idiom: Idiom) throws {
    let disk = try GuestProgram(source: "idle", defines: ["IDIOM": idiom.rawValue]).assemble()
    for model in Self.models {
      var program = GuestProgram(source: "idle", cpu: model)
      program.megabytes = 4
      let guest = try program.guest(with: disk)
      try guest.perform(.until(said: "BEGIN\n"))
      // The first look at what the program does comes within a quarter of a second.
      try guest.run(for: .milliseconds(500))
      let (clocks, host) = try load(guest, seconds: 4)
      print("\(idiom.testDescription), \(model.rawValue): \(clocks) clocks, \(host) s of the host a second")
      // A round that looks at a table is long, and each alarm costs one.
      #expect(clocks < (idiom == .tableThenKey ? 1_500_000 : 400_000), "\(model.rawValue)")
      #expect(guest.text.hasSuffix("BEGIN\n"), "\(model.rawValue): \(guest.text)")
    }
  }
}
