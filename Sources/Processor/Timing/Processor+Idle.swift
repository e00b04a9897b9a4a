import Hardware

/// A loop that waits: the program comes back to the same place with the same registers and the same memory, and has
/// asked no device. Until an interrupt comes it can do nothing else, so that whole rounds of it may be left out: what the
/// machine is afterwards is to the bit what it would have been. DOS at its prompt, programs that poll the keyboard
/// through INT 16h and multitaskers without work do this; HLT needs no such help.
///
/// Knowledge about a run, not state: looking for it costs the host time but changes nothing.
struct IdleLoop {
  /// A place in the loop: clocks since power-on when it was there, clocks of a round. 0: no loop is known.
  var anchor: Int64 = 0
  var period: Int64 = 0
  /// `Caches.worldEvents` and the memory's count of foreign writes while the loop has been undisturbed.
  var events = 0
  /// What a round moves: the ends of posted writes and of fills.
  var movesWrites = false
  var movesFills = false
  /// When to look again, and how long to wait if that fails.
  var nextLook: Int64 = 0
  var interval: Int64 = 0
  /// Bytes that the round under examination has written: their first values, by offset in RAM.
  var written: [UInt32: UInt8] = [:]
  var hasWrittenTooMuch = false

  /// Instructions to look at; rounds of up to half of them are found.
  static let longestLook = 4096
}

/// The part of the processor's state that two visits of one place must have in common.
private struct IdleState: Equatable {
  let registers: [UInt32]
  let segments: [Segment]
  let flags: [UInt64]
  let pipe: UInt16
  let busy: Int64
  let fpu: X87
  let debug: [UInt32]

  init(_ cpu: CPU) {
    let s = cpu.s
    registers =
      (0..<8).map { cpu.reg($0) } + [
        s.pointee.eip, s.pointee.faux, s.pointee.flags, s.pointee.cr0, s.pointee.cr2, s.pointee.cr3, s.pointee.gdtBase,
        s.pointee.gdtLimit, s.pointee.idtBase, s.pointee.idtLimit, s.pointee.openRow,
      ]
    segments = (0..<8).map { cpu.seg($0).pointee }
    flags = [
      s.pointee.fres, s.pointee.shadow ? 1 : 0, s.pointee.repeating ? 1 : 0, s.pointee.nmiBlocked ? 1 : 0,
      UInt64(s.pointee.cpl),
    ]
    pipe = s.pointee.pipe
    busy = s.pointee.numericBusyUntil
    fpu = s.pointee.fpu
    // Of the TLB the places that make room next tell all: what else a round may enter, the next finds there.
    debug =
      (0..<8).map { s.pointee.dr[$0] } + (0..<8).map { s.pointee.tr[$0] }
      + (0..<8).map { UInt32(s.pointee.tlbOldest[$0]) }
  }
}

/// Where a round under examination began.
private struct IdleRound {
  let state: IdleState
  var clocks: Int64
  let writes: Int64
  let fills: Int64
  let lookUps: Int
  let lines: [UInt8]

  init(_ cpu: CPU) {
    let s = cpu.s
    state = IdleState(cpu)
    clocks = s.pointee.target &- s.pointee.left
    writes = s.pointee.writesUntil
    fills = s.pointee.fillsUntil
    lookUps = cpu.c.pointee.lookUps
    lines = cpu.c.pointee.memoryModel.compare != 0 ? cpu.c.pointee.tags.lastUses : []
  }

  /// Whether the processor may be in the same state: a look at what differs most often.
  func isAtPlace(_ cpu: CPU) -> Bool {
    state.registers[8] == cpu.s.pointee.eip && (0..<8).allSatisfy { state.registers[$0] == cpu.reg($0) }
  }

  /// It began where another round of the same loop had ended.
  var isSecond = false

  /// How the caches are now.
  func caches(of cpu: CPU) -> IdleCaches {
    if cpu.c.pointee.lookUps == lookUps { return .same }
    guard cpu.c.pointee.tags.lastUses == lines else { return .other }
    return cpu.s.pointee.fillsUntil == fills ? .same : .filled
  }
}

/// The caches behind a round, against how they were in front of it.
private enum IdleCaches {
  /// No line was looked up, or they only took turns.
  case same
  /// The same on the chip, but lines have been brought in: all of them were thrown out again. The board's cache, of one
  /// way, holds the last of those that share a place; in the next round it is the same from the beginning.
  case filled
  case other
}

extension Processor {
  private var events: Int { cpu.c.pointee.worldEvents &+ memory.foreignWrites }

  /// The processor is halted or in a loop that is known to wait: until an alarm, nothing will happen.
  public var isWaiting: Bool { isHalted || (idle.period > 0 && idle.events == events) }

  /// Before code runs up to clock `end`: leaves out rounds of a waiting loop. true: time has passed, look at everything
  /// again.
  func passIdleTime(until end: Int64) -> Bool {
    // What waits for an instruction of the loop that lets it in, as an interrupt does for STI.
    let s = cpu.s
    guard isIdleSkipped, !s.pointee.intr, !s.pointee.nmiPending, s.pointee.pendingTrap == 0 else { return false }
    let now = clocks
    if idle.period > 0, idle.events == events {
      let past = (now &- idle.anchor) % idle.period
      if past != 0 {
        // Up to the known place; there is an instruction boundary.
        let place = now &+ idle.period &- past
        guard place < end else { return false }
        runPlainly(until: place)
        return true
      }
      if cpu.c.pointee.memoryModel.refresh > 0 { return skipBetweenRefreshes(until: end) }
      let rounds = (end &- 1 &- now) / idle.period
      guard rounds > 0 else { return false }
      skip(rounds &* idle.period)
      return true
    }
    if idle.period > 0 {
      // An interrupt has come in between, and its handler is no place to look.
      idle.period = 0
      idle.interval = shortestInterval
      idle.nextLook = now &+ idle.interval
    }
    guard now >= idle.nextLook || now < idle.nextLook &- idle.interval, end &- now > 4_000 else { return false }
    if !look(until: end) {
      // Up to 250 ms of guest time: programs that work are looked at in vain.
      idle.interval = min(max(idle.interval &* 2, shortestInterval), Int64(clock.hertz / 4))
      idle.nextLook = clocks &+ idle.interval
    }
    return true
  }

  /// Clocks between two looks at least: 125 us of guest time.
  private var shortestInterval: Int64 { Int64(clock.hertz / 8_000) }

  /// Where a run up to clock `end` has to be cut, so that the next look isn't late.
  func beforeNextLook(_ end: Int64) -> Int64 {
    isIdleSkipped && idle.period == 0 && idle.nextLook > clocks ? min(end, idle.nextLook) : end
  }

  private func skip(_ clocks: Int64) {
    let s = cpu.s
    restedClocks &+= clocks
    s.pointee.target = self.clocks &+ clocks
    s.pointee.left = 0
    if idle.movesWrites { s.pointee.writesUntil &+= clocks }
    if idle.movesFills { s.pointee.fillsUntil &+= clocks }
  }

  /// The same on a 386 without a cache. A refresh delays what is left of a round, wherever it finds it: the round's end
  /// comes so much later. - Returns: whether time has passed.
  private func skipBetweenRefreshes(until end: Int64) -> Bool {
    let s = cpu.s
    let now = clocks
    // Rounds begin at `first` and every `period` behind it, as long as nothing delays them.
    var first = now
    var refresh = s.pointee.refreshAt
    var last = (clock: now, refresh: refresh)
    while first < end {
      let rounds = (min(refresh, end &- 1) &- first) / idle.period
      if rounds > 0 || first > now { last = (first &+ rounds &* idle.period, refresh) }
      guard refresh < end else { break }
      first &+= (rounds &+ 1) &* idle.period &+ cpu.c.pointee.memoryModel.refresh
      refresh = nextRefresh(after: refresh)
      // More than one refresh may delay a long round.
      while refresh < first, refresh < end {
        first &+= cpu.c.pointee.memoryModel.refresh
        refresh = nextRefresh(after: refresh)
      }
    }
    guard last.clock > now else { return false }
    s.pointee.refreshAt = last.refresh
    skip(last.clock &- now)
    idle.anchor = last.clock
    return true
  }

  /// Runs one instruction after the other, until the place where it began is reached again with nothing changed.
  private func look(until end: Int64) -> Bool {
    cpu.beginProbe()
    defer { cpu.c.pointee.isProbing = false }
    let quiet = events
    let isRefreshed = cpu.c.pointee.memoryModel.refresh > 0
    var start = begin()
    // Where the program is now it needn't come to again, behind an interrupt for one: the place to come back to is
    // chosen anew after 1, 2, 4, 8 ... instructions.
    var next = 1
    for step in 0..<IdleLoop.longestLook {
      if step == next {
        next *= 2
        start = begin()
      }
      let s = cpu.s
      if s.pointee.halted || s.pointee.isShutDown || s.pointee.flags & EFLAGS.tf != 0 || s.pointee.pendingTrap != 0
        || s.pointee.nmiPending || s.pointee.awaitsNumericInterrupt
        || (s.pointee.intr && s.pointee.flags & EFLAGS.if != 0) || cpu.c.pointee.breakpointsArmed || clocks >= end
      {
        return false
      }
      if cpu.c.pointee.memoryModel.needsBus {
        start.clocks &+= waitForBus()
        if clocks >= end { return false }
      }
      // A refresh may come behind each iteration of a string. One that comes behind the next is another matter.
      let before = clocks
      stepPlainly(until: isRefreshed ? before &+ 1 : end)
      if isRefreshed, clocks &- before &+ cpu.c.pointee.memoryModel.refresh >= refreshInterval { return false }
      if cpu.faulted || events != quiet || idle.hasWrittenTooMuch || cpu.c.pointee.stopRequested { return false }
      guard start.isAtPlace(cpu), start.state == IdleState(cpu) else { continue }
      let caches = start.caches(of: cpu)
      let isAgain = caches != .other && memoryIsAsBefore
      if isAgain, caches == .same || start.isSecond {
        idle.anchor = clocks
        idle.period = clocks &- start.clocks
        idle.events = quiet
        let writes = s.pointee.writesUntil &- start.writes
        let fills = s.pointee.fillsUntil &- start.fills
        idle.movesWrites = writes != 0
        idle.movesFills = fills != 0
        let isSteady =
          (writes == 0 || writes == idle.period || cpu.c.pointee.memoryModel.write == 0)
          && (fills == 0 || fills == idle.period) && idle.period > 0 && s.pointee.numericBusyUntil <= start.clocks
          && (caches == .same || fillsRecur(start))
        if isSteady { return true }
        idle.period = 0
      }
      // The first round may have filled the cache: the second counts.
      start = begin()
      start.isSecond = isAgain
    }
    return false
  }

  /// Whether what lines wait for is the same in each round: the bus's clock, and writes of the round itself.
  private func fillsRecur(_ start: IdleRound) -> Bool {
    idle.period % cpu.c.pointee.memoryModel.multiplier == 0 && (idle.movesWrites || start.writes <= start.clocks)
  }

  /// A round begins here.
  private func begin() -> IdleRound {
    idle.written.removeAll(keepingCapacity: true)
    idle.hasWrittenTooMuch = false
    return IdleRound(cpu)
  }

  private var memoryIsAsBefore: Bool {
    for (offset, old) in idle.written where memory.ram[Int(offset)] != old { return false }
    return true
  }

  /// A write to RAM while a loop is examined.
  func noteWrite(_ offset: UInt32, _ size: Int) {
    for i in 0..<UInt32(size) where idle.written[offset &+ i] == nil {
      idle.written[offset &+ i] = memory.ram[Int(offset &+ i)]
    }
    if idle.written.count > 512 { idle.hasWrittenTooMuch = true }
  }
}

extension CPU {
  /// Has every write take the slow path, where it is noted.
  func beginProbe() {
    c.pointee.isProbing = true
    for i in 0..<2 * TLBEntry.count {
      c.pointee.tlbStorage[i].writeTag = 1
      c.pointee.tlbStorage[i].codeTag = 1
    }
  }
}
