import Hardware

extension Processor {
  /// How much of the processor's behaviour in time is modelled.
  public var timingModel: TimingModel { cpu.c.pointee.pipelineModel.isFull ? .full : .simple }

  /// Chooses the model of time and the board's part in it, before power-on: caches are empty afterwards.
  public func setTiming(_ timing: TimingModel, board: BoardTiming) {
    let isFull = timing == .full
    let is486 = model.family == 4
    let multiplier = Int64(model.multiplier)
    var pipeline = PipelineModel(is486: is486, isFull: isFull)
    pipeline.busWidth = model.addressBits == 24 ? 2 : 4
    pipeline.queue = model.addressBits == 24 ? 16 : 12
    pipeline.busCycle = 2 + min(max(board.waitStates, 0), 6)
    cpu.c.pointee.pipelineModel = pipeline

    var memory = MemoryModel()
    memory.isModelled = isFull
    memory.board = board
    memory.multiplier = multiplier
    memory.isNarrow = pipeline.busWidth == 2
    memory.split = is486 ? 3 : Int64(pipeline.busCycle)
    memory.write = isFull && is486 ? Int64(max(board.write, 1)) * multiplier : 0
    memory.buffered = 4 * memory.write
    let hasCache = isFull && (is486 || board.cacheSize > 0)
    memory.compare = hasCache ? .max : 0
    memory.looksUpCode = hasCache
    memory.needsBus = isFull && !hasCache
    memory.refresh = memory.needsBus ? Int64(clock.hertz * Double(board.refresh) / 1e9) : 0
    memory.video = isFull ? videoClocks(board.video) : (0, 0, 0)
    cpu.c.pointee.memoryModel = memory

    cpu.c.pointee.tags.deallocate()
    // Sizes are powers of two; a first level of at least one set.
    let boardLines = max(board.cacheSize, 16) >> 4
    cpu.c.pointee.freeLink = 0
    cpu.c.pointee.tags =
      is486
      ? CacheTags(sets: model.chipCache >> 6, ways: 4, boardLines: boardLines)
      : CacheTags(sets: boardLines, ways: 1, boardLines: 1)
    cpu.dropAllBlocks()
    cpu.refreshCache()
    cpu.refreshReadTable()
    cpu.releaseAllBlocks()
  }

  /// Core clocks of a byte, word and double word access to graphics memory, less the cycle that the tables count.
  ///
  /// - Source: timing notes 3 and device timing 9: 8-bit AT cycles of 6 clocks, 16-bit of 3, a wait for the sequencer on
  ///   top; a local bus of 2 to 5 processor bus clocks. Averages that every card did differently; unverified.
  private func videoClocks(_ bus: BoardTiming.VideoBus) -> (Int64, Int64, Int64) {
    let bclk = Int64(model.clocksPerBCLK)
    let multiplier = Int64(model.multiplier)
    let own = 2 * multiplier
    return switch bus {
    case .isa8: (8 * bclk - own, 16 * bclk - own, 32 * bclk - own)
    case .isa16: (4 * bclk - own, 4 * bclk - own, 8 * bclk - own)
    case .local: (4 * multiplier - own, 4 * multiplier - own, 5 * multiplier - own)
    }
  }
}

extension CPU {
  /// Follows CR0.CD: with the 486's cache switched off every access goes over the bus.
  func refreshCache() {
    let isOff = c.pointee.is486 && s.pointee.cr0 & CR0.cd != 0
    c.pointee.memoryModel.isQuick = c.pointee.is486 && !isOff
    guard isOff != c.pointee.memoryModel.isOff else { return }
    c.pointee.memoryModel.isOff = isOff
    // Lines stay, but nothing counts as just used.
    c.pointee.tags.forgetRecent()
    voidReads()
    releaseAllBlocks()
  }

  /// INVD and WBINVD.
  func emptyCache() {
    c.pointee.tags.invalidate()
    voidReads()
    releaseAllBlocks()
  }
}
