import Foundation
import Hardware
import Testing

@testable import Processor

/// The processor's clocks against the documented ones, row by row: each instruction is repeated in a guest program and
/// counted by the machine's clock.
@Suite struct TimingTests {
  /// Rows that no kernel is made of, and why.
  static func exempt(_ row: TimingRow) -> String? {
    switch (row.mnemonic, row.role) {
    case ("HLT", _): "ends with an interrupt: its clocks are in the interrupt latency test"
    case ("LOCK", _), ("prefix", _), ("LEA", "note"): "a rule, not a form: in the pipeline tests"
    case ("UD (invalid opcode)", _): "the same path as the row `exception`"
    case ("BOUND", "taken"): "24 clocks and an interrupt; modelled as the interrupt alone"
    case ("INVLPG", "miss"): "whether the TLB has the page isn't told apart"
    case (_, "v86-from-v86"), (_, "base-from-v86"), (_, "v86-from-base"), (_, "base-from-base"):
      "the same code path as the other task switches, with another number of the record"
    default: nil
    }
  }

  struct Count {
    var exact = 0
    var inRange = 0
    var deviating: [String] = []
    var exempt = 0
  }

  private func run(_ family: Int, _ model: ProcessorModel, full: Bool) throws -> Count {
    var count = Count()
    for (number, row) in TimingRow.all(family: family).enumerated() where row.confidence != "low" {
      if Self.exempt(row) != nil {
        count.exempt += 1
        continue
      }
      let label = "\(number + 2): \(row.mnemonic) \(row.operands) \(row.size) \(row.mode) \(row.condition)"
      let kernels = TimingKernels(row: row, family: family).kernels()
      if kernels.isEmpty { count.deviating.append("\(label): no kernel") }
      var isExact = row.minimum == row.maximum || row.varies == "log2" || row.varies == "bits"
      var isMet = !kernels.isEmpty
      for kernel in kernels {
        let wait = kernel.portAccesses * Int(try TimingBench(model, .real, wide: false).cpu.c.pointee.ioWait8)
        let clocks = try kernel.measure(model, full: full) - Double(wait)
        if clocks == Double(kernel.expected.lowerBound), kernel.expected.count == 1 { continue }
        isExact = false
        if clocks < Double(kernel.expected.lowerBound) || clocks > Double(kernel.expected.upperBound) {
          isMet = false
          count.deviating.append("\(label): \(clocks) clocks, documented \(kernel.expected)")
        }
      }
      if isMet { if isExact { count.exact += 1 } else { count.inRange += 1 } }
    }
    return count
  }

  @Test(
    "Every documented row of the instruction clock tables takes its clocks",
    arguments: [(3, ProcessorModel.i386dx33), (4, .i486dx33)])
  func rows(family: Int, model: ProcessorModel) throws {
    let count = try run(family, model, full: false)
    print(
      "clock tables, \(model.rawValue): \(count.exact) rows exact, \(count.inRange) in range,",
      "\(count.deviating.count) deviating, \(count.exempt) without a kernel")
    for line in count.deviating { print("  deviates:", line) }
    #expect(count.deviating.isEmpty)
  }

  @Test("The tables have all rows and nothing that can't be read")
  func tables() {
    #expect(TimingRow.all(family: 3).count == 872)
    #expect(TimingRow.all(family: 4).count == 931)
    for row in TimingRow.all(family: 3) + TimingRow.all(family: 4) {
      #expect(TimingRole.named[row.role] != nil || row.role == "note", "\(row.mnemonic): role \(row.role)")
      #expect(["high", "medium", "low"].contains(row.confidence))
    }
  }
}
