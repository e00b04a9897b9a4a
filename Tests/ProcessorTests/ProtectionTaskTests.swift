import Processor
import Testing

@Suite struct ProtectionTaskTests {
  @Test(arguments: [ProcessorModel.i386dx33, .i486dx2x66])
  func taskSwitchesByJumpCallInterruptAndReturn(model: ProcessorModel) throws {
    let result = try runProgram("tasks", model: model)
    #expect(result.text == "")
    #expect(result.isDone)
  }
}
