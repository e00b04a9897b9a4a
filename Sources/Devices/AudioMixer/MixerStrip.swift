import Hardware

/// One channel of the mixer: sound at any rate comes in, 48 kHz go out. A value, with everything that a sound in
/// progress consists of.
struct MixerStrip: Codable, Equatable, Sendable {
  /// Output samples from the first that isn't finished, right behind left: sums of samples.
  private(set) var samples: [Float] = []
  /// The same for edges, not yet summed up.
  private(set) var edges: [Float] = []
  /// Level held by the converter, before the volume.
  private(set) var heldLeft: Float = 0
  private(set) var heldRight: Float = 0
  private(set) var gainLeft: Float = 1
  private(set) var gainRight: Float = 1
  /// Sums of all edges so far.
  private var sumLeft = 0.0
  private var sumRight = 0.0
  /// The coupling capacitor: a high-pass.
  private var capacitorLeft = 0.0
  private var capacitorRight = 0.0
  private var lastLeft = 0.0
  private var lastRight = 0.0
  /// The card's low-pass, if it is on.
  private(set) var lowPass: LowPass?
  /// The card's bass and treble, if they aren't flat.
  private(set) var tone: ToneControl?
  /// Output samples until everything that was put in has come out.
  private var pending = 0

  /// Output samples of the window: what may be put in ahead and behind, and a batch.
  static let window = 1024
  /// 5 Hz: 1 - 2 pi 5 / 48,000.
  private static let leak = 0.999346

  init() {}

  var isActive: Bool { !samples.isEmpty }
  var isHolding: Bool { heldLeft != 0 || heldRight != 0 }

  private mutating func open(_ end: Int) {
    if samples.isEmpty {
      samples = [Float](repeating: 0, count: 2 * Self.window)
      edges = samples
    }
    pending = max(pending, end)
  }

  // MARK: In

  /// The level is `left` and `right` from `position` (output samples into the window) on.
  mutating func hold(_ left: Float, _ right: Float, at position: Double, rate: Float) {
    let (stepLeft, stepRight) = (left * gainLeft - heldLeft * gainLeft, right * gainRight - heldRight * gainRight)
    (heldLeft, heldRight) = (left, right)
    edge(stepLeft, stepRight, at: position, rate: rate)
  }

  /// The volume changes at `position`.
  mutating func setGain(_ left: Float, _ right: Float, at position: Double) {
    let (stepLeft, stepRight) = (heldLeft * (left - gainLeft), heldRight * (right - gainRight))
    (gainLeft, gainRight) = (left, right)
    edge(stepLeft, stepRight, at: position, rate: 0)
  }

  private mutating func edge(_ left: Float, _ right: Float, at position: Double, rate: Float) {
    guard left != 0 || right != 0 else { return }
    let whole = position.rounded(.down)
    let reach = BandLimitedKernel.reach
    let middle = min(max(Int(whole), reach), Self.window - reach - 1)
    open(middle + reach + 1)
    if rate > 0, rate < 48_000 {
      slowEdge(left, right, middle, Float(position - whole), stretch: min(48_000 / rate, 12))
    } else {
      Self.lay(left, right, middle, Float(position - whole), BandLimitedKernel.shared.edges, into: &edges)
    }
  }

  /// One sample at `position`, `weight` times as dense as the output's.
  mutating func sample(_ left: Float, _ right: Float, at middle: Int, _ place: Float) {
    Self.lay(left, right, middle, place, BandLimitedKernel.shared.samples, into: &samples)
  }

  /// Prepares for samples up to `position`; false if they lie outside the window.
  mutating func beginSamples(from first: Int, to last: Int) -> Bool {
    guard first >= BandLimitedKernel.half, last < Self.window - BandLimitedKernel.half - 1 else { return false }
    open(last + BandLimitedKernel.reach)
    return true
  }

  /// Lays one event through a filter: the row of its place, interpolated.
  @inline(__always)
  private static func lay(
    _ left: Float, _ right: Float, _ middle: Int, _ place: Float, _ rows: UnsafeMutablePointer<Float>,
    into target: inout [Float]
  ) {
    let exact = place * Float(BandLimitedKernel.phases)
    let phase = min(max(Int(exact), 0), BandLimitedKernel.phases - 1)
    let fraction = exact - Float(phase)
    let row = rows + phase &* BandLimitedKernel.taps
    let next = row + BandLimitedKernel.taps
    target.withUnsafeMutableBufferPointer { target in
      guard let base = target.baseAddress else { return }
      let out = UnsafeMutableRawPointer(base + 2 &* (middle &- (BandLimitedKernel.half &- 1)))
      let level = SIMD8(left, right, left, right, left, right, left, right)
      var tap = 0
      while tap < BandLimitedKernel.taps {
        let a = UnsafeRawPointer(row + tap).loadUnaligned(as: SIMD4<Float>.self)
        let b = UnsafeRawPointer(next + tap).loadUnaligned(as: SIMD4<Float>.self)
        let weight = a + (b - a) * fraction
        let both = SIMD8(
          weight[0], weight[0], weight[1], weight[1], weight[2], weight[2], weight[3], weight[3])
        let place = out + tap &* 8
        let sum = place.loadUnaligned(as: SIMD8<Float>.self) + both * level
        place.storeBytes(of: sum, as: SIMD8<Float>.self)
        tap &+= 4
      }
    }
  }

  /// An edge of a converter slower than the output: the filter is as much longer.
  private mutating func slowEdge(_ left: Float, _ right: Float, _ middle: Int, _ place: Float, stretch: Float) {
    let kernel = BandLimitedKernel.shared.slow
    let half = min(Int(Float(BandLimitedKernel.slowHalf) * stretch), BandLimitedKernel.reach - 1)
    let scale = 256 / stretch
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * BandLimitedKernel.reach + 2) { weights in
      var sum: Float = 0
      for i in 0...2 * half {
        let exact = min(abs(Float(i - half) - place) * scale, Float(BandLimitedKernel.slowHalf * 256))
        let index = Int(exact)
        let weight = kernel[index] + (kernel[index + 1] - kernel[index]) * (exact - Float(index))
        weights[i] = weight
        sum += weight
      }
      // The weights must add up to one, or each edge would leave a trace.
      let (left, right) = (left / sum, right / sum)
      for i in 0...2 * half {
        let at = 2 * (middle - half + i)
        edges[at] += left * weights[i]
        edges[at + 1] += right * weights[i]
      }
    }
  }

  // MARK: Out

  /// Adds `count` finished samples to `output` and moves the window on. Closes the strip once nothing is left to hear.
  mutating func take(_ count: Int, into output: inout [Float]) {
    guard isActive else { return }
    var loudest = 0.0
    for i in 0..<count {
      sumLeft += Double(edges[2 * i])
      sumRight += Double(edges[2 * i + 1])
      var left = Double(samples[2 * i]) + sumLeft
      var right = Double(samples[2 * i + 1]) + sumRight
      if lowPass != nil { lowPass?.filter(&left, &right) }
      if tone != nil { tone?.filter(&left, &right) }
      capacitorLeft = (capacitorLeft + left - lastLeft) * Self.leak
      capacitorRight = (capacitorRight + right - lastRight) * Self.leak
      (lastLeft, lastRight) = (left, right)
      output[2 * i] += Float(capacitorLeft)
      output[2 * i + 1] += Float(capacitorRight)
      loudest = max(loudest, abs(capacitorLeft), abs(capacitorRight))
    }
    pending = max(pending - count, 0)
    if pending == 0, loudest < 1e-6 { return close() }
    let rest = 2 * (Self.window - count)
    shift(&samples, 2 * count, rest)
    shift(&edges, 2 * count, rest)
  }

  private func shift(_ values: inout [Float], _ count: Int, _ rest: Int) {
    values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      base.update(from: base + count, count: rest)
      (base + rest).update(repeating: 0, count: count)
    }
  }

  /// All that was to be heard has been: what is held stays held.
  private mutating func close() {
    (samples, edges) = ([], [])
    (sumLeft, sumRight) = (Double(heldLeft * gainLeft), Double(heldRight * gainRight))
    (lastLeft, lastRight) = (sumLeft, sumRight)
    (capacitorLeft, capacitorRight) = (0, 0)
    lowPass?.settle(sumLeft, sumRight)
    tone?.settle(sumLeft, sumRight)
    if tone != nil { toneOfLevel() }
  }

  /// What the tone control makes of a constant level.
  private mutating func toneOfLevel() {
    var (left, right) = (sumLeft, sumRight)
    tone?.filter(&left, &right)
    (lastLeft, lastRight) = (left, right)
  }

  /// Sets bass and treble; nil for flat.
  mutating func setTone(_ setting: ToneControl.Setting?) {
    guard let setting else { return tone = nil }
    if tone?.setting == setting { return }
    tone = ToneControl(setting)
    tone?.settle(sumLeft, sumRight)
    if !isActive { toneOfLevel() }
  }

  /// Puts a low-pass of `frequency` hertz into the strip; 0 takes it out.
  mutating func setLowPass(_ frequency: Double) {
    guard frequency > 0 else { return lowPass = nil }
    if lowPass?.frequency == frequency { return }
    lowPass = LowPass(frequency)
    lowPass?.settle(lastLeft, lastRight)
  }

  /// After loading: brings values that can't be into their ranges.
  mutating func limit() {
    func sane(_ value: Float) -> Float { value.isFinite ? min(max(value, -64), 64) : 0 }
    if samples.count != 2 * Self.window || edges.count != 2 * Self.window { (samples, edges) = ([], []) }
    samples = samples.map(sane)
    edges = edges.map(sane)
    (heldLeft, heldRight) = (sane(heldLeft), sane(heldRight))
    (gainLeft, gainRight) = (sane(gainLeft), sane(gainRight))
    pending = min(max(pending, 0), Self.window)
    let values = [sumLeft, sumRight, capacitorLeft, capacitorRight, lastLeft, lastRight]
    if values.contains(where: { !$0.isFinite || abs($0) > 1e6 }) || lowPass?.isSane == false
      || tone?.isSane == false
    {
      tone = nil
      lowPass = lowPass.flatMap { $0.frequency.isFinite ? LowPass($0.frequency) : nil }
      close()
    }
  }
}
