import Hardware
import Processor
import Testing

/// Programs in protected mode (`Programs/*.asm`, each with what it shows) against what they print by the manual.
@Suite struct ProtectionTests {
  private static let models: [ProcessorModel] = [.i386dx33, .i486dx2x66]

  private func check(_ name: String, _ model: ProcessorModel) throws {
    let result = try runProgram(name, model: model)
    #expect(result.lines == (try expectedLines(name, model: model)))
    #expect(result.isDone)
  }

  @Test(arguments: models)
  func tasksSwitchByJumpCallInterruptAndReturn(model: ProcessorModel) throws { try check("tasks", model) }

  @Test(arguments: models)
  func everyInstructionRestartsAfterAPageFault(model: ProcessorModel) throws { try check("paging", model) }

  @Test(arguments: models)
  func virtual8086ModeFaultsOnSensitiveInstructions(model: ProcessorModel) throws { try check("v86", model) }

  @Test(arguments: models)
  func debugRegistersTrapOnceAndCodeBreakpointsRespectRF(model: ProcessorModel) throws { try check("debug", model) }

  @Test(arguments: models)
  func privilegeChangesThroughGatesAndReturnsOnly(model: ProcessorModel) throws { try check("rings", model) }

  @Test func aFaultWithoutHandlersShutsTheProcessorDown() throws {
    let result = try runProgram("triple")
    #expect(result.lines == ["before"])
    #expect(result.isShutDown)
  }

  @Test(arguments: ["tasks", "paging", "v86", "debug", "rings"])
  func resultsDontDependOnSlices(name: String) throws {
    let whole = try runProgram(name)
    let sliced = try runProgram(name, slice: .nanoseconds(700))
    #expect(whole.lines == sliced.lines)
  }

  @Test func programsThatFlushRunUnderBothTLBPolicies() throws {
    let real = try runProgram("paging", policy: .real)
    #expect(real.lines == (try expectedLines("paging", model: .i486dx2x66)))
  }
}
