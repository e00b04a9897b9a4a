import Hardware
import Testing

@testable import Devices

@Suite struct NumericErrorLatchTests {
  private let latch = NumericErrorLatch()

  @Test("FERR# latches interrupt 13, and the latch outlives FERR#")
  func latches() {
    latch.setError(true)
    #expect(latch.interrupt.level)
    latch.setError(false)
    #expect(latch.interrupt.level)
  }

  @Test("A write to F0h clears the request and asserts IGNNE# until FERR# goes away")
  func ignores() {
    latch.setError(true)
    latch.writePort(0, 0, 0)
    #expect(!latch.interrupt.level && latch.ignore.level)
    latch.setError(false)
    #expect(!latch.ignore.level)
  }

  @Test("A write to F0h without an error asserts nothing")
  func idle() {
    latch.writePort(0, 0, 0)
    #expect(!latch.interrupt.level && !latch.ignore.level)
  }
}
