import Foundation
import Hardware
import Testing

@testable import Processor

/// The processor's clocks against the documented ones, row by row: each instruction is repeated in a guest program and
/// counted by the machine's clock.
@Suite struct TimingTests {
  struct Count {
    var exact = 0
    var inRange = 0
    var deviating: [String] = []
    var exempt: [String] = []
  }

  private func run(_ family: Int, _ model: ProcessorModel, full: Bool) throws -> Count {
    var count = Count()
    for (number, row) in TimingRow.all(family: family).enumerated() where row.confidence != "low" {
      // With a cache, INVD and WBINVD make everything behind them slower.
      if full, row.mnemonic.hasSuffix("INVD") { continue }
      let label = "\(number + 2): \(row.mnemonic) \(row.operands) \(row.size) \(row.mode) \(row.condition)"
      if row.coverage != "microbenchmark" {
        count.exempt.append("\(label): \(row.coverage)")
        continue
      }
      let isFull = full || row.needsFullTiming
      let kernels = TimingKernels(row: row, family: family).kernels()
      if kernels.isEmpty { count.deviating.append("\(label): no kernel") }
      var isExact = row.minimum == row.maximum || row.varies == "log2" || row.varies == "bits"
      var isMet = !kernels.isEmpty
      for kernel in kernels {
        let wait = kernel.portAccesses * Int(try TimingBench(model, .real, wide: false).cpu.c.pointee.ioWait8)
        let clocks = try kernel.measure(model, full: isFull) - Double(wait + (isFull ? kernel.walks * 13 : 0))
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
    // With everything modelled, too: code and data at hand, the queue full, nothing waits and nothing gets lost.
    let full = try run(family, model, full: true)
    for line in full.deviating { print("  deviates with full timing:", line) }
    #expect(full.deviating.isEmpty)
    print(
      "clock tables, \(model.rawValue): \(count.exact) rows exact, \(count.inRange) in range,",
      "\(count.deviating.count) deviating, \(count.exempt.count) without a kernel")
    for line in count.exempt { print("  without a kernel:", line) }
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
