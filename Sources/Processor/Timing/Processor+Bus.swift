public import Hardware

// What others take of the bus. A 386 without a cache fetches or reads all the time and stands still meanwhile. With a
// cache a processor goes on in it; what isn't there waits until DMA gives the bus back. Refreshes are hidden then (timing
// notes 3: 0-2 %), and what is written meanwhile is taken to fit into the buffers.

extension Processor {
  /// Counter 1 of the 8254 asks for a refresh every 18 of its clocks.
  ///
  /// - Source: IBM AT Technical Reference, refresh. That a program may set the counter otherwise isn't followed.
  private static let refreshTicks: Int64 = 18

  /// HOLD: DMA has the bus for `span` from now on.
  public func holdBus(for span: Span) {
    let s = cpu.s
    let clocks = clock.nextTick(from: .zero + span)
    guard cpu.c.pointee.memoryModel.isModelled, !s.pointee.halted else { return }
    if cpu.c.pointee.memoryModel.needsBus {
      s.pointee.held &+= clocks
      cpu.requestAttention()
    } else {
      // A fill in progress comes first.
      s.pointee.fillsUntil = max(s.pointee.fillsUntil, clock.nextTick(from: scheduler.now)) &+ clocks
      // A waiting loop that brings in lines isn't where it would have been.
      idle.period = 0
    }
  }

  /// At an instruction boundary: time passes for bus cycles of others that are due. - Returns: the clocks.
  @discardableResult
  func waitForBus() -> Int64 {
    let s = cpu.s
    let refresh = cpu.c.pointee.memoryModel.refresh
    var waited = s.pointee.held
    s.pointee.held = 0
    if refresh > 0, clocks >= s.pointee.refreshAt {
      waited &+= refresh
      s.pointee.refreshAt = nextRefresh(after: clocks &+ waited)
    }
    s.pointee.target &+= waited
    // A loop that waits goes on where it was.
    idle.anchor &+= waited
    return waited
  }

  /// Clocks between two refreshes, at least.
  var refreshInterval: Int64 { clock.ticks(at: Clock.pit.instant(ofTick: Self.refreshTicks)) }

  /// The first clock behind `clocks` at which DRAM is refreshed.
  func nextRefresh(after clocks: Int64) -> Int64 {
    let passed = Clock.pit.ticks(at: clock.instant(ofTick: clocks)) / Self.refreshTicks
    return clock.nextTick(from: Clock.pit.instant(ofTick: (passed &+ 1) &* Self.refreshTicks))
  }
}
