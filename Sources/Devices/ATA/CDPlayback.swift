import Hardware

/// The drive's sound: a stretch of the disc that passes the head at 75 blocks a second. Where the head is follows from
/// the time.
struct CDPlayback: Codable, Equatable, Sendable {
  /// The audio status of READ SUB-CHANNEL. - Source: SFF-8020i, "audio status codes".
  enum Status: UInt8, Codable, Sendable {
    case playing = 0x11
    case paused = 0x12
    case completed = 0x13
    case stopped = 0x15
  }
  var status = Status.stopped
  /// The block that began to play at tick `since`, and the one behind the last. While nothing plays, `start` is where
  /// the head stands.
  var start = 0
  var end = 0
  var since: Int64 = 0

  /// Samples that have passed the head, and that nobody has asked for yet.
  struct Stretch: Codable, Equatable, Sendable {
    /// The tick of its first sample.
    var tick: Int64 = 0
    /// The disc's sample at that tick: 588 in a block.
    var sample: Int64 = 0
    var count: Int64 = 0
  }
  /// What has ended since the last `take`.
  var played: [Stretch] = []
  /// Up to which tick everything has been taken.
  var taken: Int64 = 0

  /// 44,100 samples a second, from power-on.
  static let clock = Clock(numerator: 44_100)
  /// Stereo samples in a block. - Source: ECMA-130: 2352 bytes of four a sample.
  static let samplesInBlock: Int64 = 588

  /// Samples of the present stretch that have begun before `tick`.
  private func samples(before tick: Int64) -> Int64 {
    guard status == .playing else { return 0 }
    return min(max(tick &- since, 0), Int64(max(end - start, 0)) &* Self.samplesInBlock)
  }

  /// The block under the head.
  func position(at now: Instant) -> Int {
    start + Int(samples(before: Self.clock.nextTick(from: now)) / Self.samplesInBlock)
  }

  /// Notices the end.
  mutating func update(at now: Instant) {
    guard status == .playing, position(at: now) >= end else { return }
    close(at: Self.clock.nextTick(from: now))
    status = .completed
    start = end
  }

  /// Keeps what has played of the present stretch.
  private mutating func close(at tick: Int64) {
    let from = max(since, taken)
    let count = since &+ samples(before: tick) &- from
    guard count > 0 else { return }
    played.append(
      Stretch(tick: from, sample: Int64(start) &* Self.samplesInBlock &+ (from &- since), count: count))
    // Without anybody who listens it would only grow.
    if played.count > 16 { played.removeFirst() }
  }

  mutating func play(_ range: Range<Int>, at now: Instant) {
    stop(at: now)
    (start, end) = (range.lowerBound, range.upperBound)
    since = Self.clock.nextTick(from: now)
    status = .playing
  }

  mutating func pause(at now: Instant) {
    update(at: now)
    guard status == .playing else { return }
    close(at: Self.clock.nextTick(from: now))
    start = position(at: now)
    status = .paused
  }

  mutating func resume(at now: Instant) {
    guard status == .paused else { return }
    since = Self.clock.nextTick(from: now)
    status = .playing
  }

  /// Ends without having come to the end: data is read, the disc is stopped.
  mutating func stop(at now: Instant) {
    update(at: now)
    guard status == .playing || status == .paused else { return }
    close(at: Self.clock.nextTick(from: now))
    start = position(at: now)
    end = start
    status = .stopped
  }

  /// The stretches that passed the head before `now` and weren't taken yet.
  ///
  /// - Returns: them in order, and the tick that ends the time they lie in.
  mutating func take(until now: Instant) -> (stretches: [Stretch], end: Int64) {
    update(at: now)
    let tick = Self.clock.nextTick(from: now)
    close(at: tick)
    let stretches = played
    played = []
    taken = tick
    return (stretches, tick)
  }

  /// Numbers of a damaged state.
  mutating func repair() {
    since = min(max(since, 0), 1 << 50)
    taken = min(max(taken, 0), 1 << 50)
    played = Array(played.prefix(16)).filter { stretch in
      (0..<1 << 50).contains(stretch.tick) && (0..<1 << 40).contains(stretch.sample)
        && (0..<1 << 30).contains(stretch.count)
    }
  }
}
