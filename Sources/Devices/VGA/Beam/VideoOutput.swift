import Hardware

/// The picture being drawn and the last whole one: a cache of what the beam has shown, never part of the machine's
/// state.
final class VideoOutput: Wiring {
  /// What the registers say now.
  var scanout: Scanout

  // MARK: The picture being drawn

  /// Its number: pictures are counted from retrace to retrace.
  var picture: Int64 = -1
  /// Its next line, counted from the one after which retrace begins, and how many dots of that are drawn.
  var next = 0
  var drawnDots = 0
  var cursor = ScanCursor(FrameStart())
  /// Until the beam is there, writes to memory change nothing that has been drawn or would be drawn late.
  var deadline = Instant.zero
  /// Dots that differ from the last picture have been drawn.
  var hasChanged = false

  /// All lines, one after the other.
  private(set) var canvas: UnsafeMutablePointer<UInt32>
  private(set) var width = 0
  private(set) var height = 0
  private var capacity = 0
  /// Where a line is drawn before it is compared with what the canvas has: room for a character too many on both sides.
  private(set) var scratch: UnsafeMutablePointer<UInt32>
  static let margin = 64
  /// What each line of the canvas was drawn from.
  var lines: [DrawnLine] = []
  /// The time of `VideoMemory.clock` at which it was.
  var drawnAt: [Int] = []
  /// Counts up with every change of a register that shows in a way that `DrawnLine` doesn't name.
  var generation = 0

  // MARK: The last picture

  var frame = VideoFrame(width: 1, height: 1, pixels: [0])
  /// Whether `frame` shows this machine at all.
  var isValid = false

  // MARK: Input status 1

  /// The value from one moment until another.
  var status: UInt8 = 0
  var statusFrom = Instant.zero
  var statusUntil = Instant.zero
  /// Where `feedback` was last: line, what it shows, and the address counters from there on.
  var probe = LineCounters()

  let colors = DotColors()

  init(_ scanout: Scanout) {
    self.scanout = scanout
    canvas = .allocate(capacity: 1)
    scratch = .allocate(capacity: 1)
  }

  deinit {
    canvas.deallocate()
    scratch.deallocate()
  }

  /// Takes the picture's size from `scanout`. Nothing that was drawn is good any more.
  func resize() {
    width = max(scanout.width, 1)
    height = max(scanout.height, 1)
    if width * height > capacity {
      canvas.deallocate()
      capacity = width * height
      canvas = .allocate(capacity: capacity)
    }
    // No colour that a dot can have: each line differs from it.
    canvas.initialize(repeating: 0xFF00_0000, count: width * height)
    scratch.deallocate()
    scratch = .allocate(capacity: width + 2 * Self.margin)
    scratch.initialize(repeating: 0, count: width + 2 * Self.margin)
    lines = [DrawnLine](repeating: DrawnLine(), count: height)
    drawnAt = [Int](repeating: 0, count: height)
  }
}

/// What a line was drawn from. Equal values and unwritten memory give equal dots.
struct DrawnLine: Equatable {
  enum Content: UInt8 {
    case nothing, black, border, memory
  }
  var content = Content.nothing
  var row = 0
  var scan = 0
  var panning = 0
  /// Column of the cursor, -1 without.
  var cursor = -1
  /// Blinking characters or dots are dark.
  var isDark = false
  var generation = 0
}

/// The address counters at a line, and what they follow from.
struct LineCounters {
  var picture: Int64 = -1
  var generation = 0
  var start = FrameStart()
  var line = 0
  var cursor = ScanCursor(FrameStart())
}

/// RGB of all colours, brought up to date when they are needed.
final class DotColors {
  /// Behind the PEL mask.
  let all: UnsafeMutablePointer<UInt32>
  /// Of the 16 colours behind the attribute controller's palette, and of the same with bit 3 turned over.
  let sixteen: UnsafeMutablePointer<UInt32>
  let turned: UnsafeMutablePointer<UInt32>
  private(set) var overscan: UInt32 = 0
  var isStale = true

  init() {
    all = .allocate(capacity: 256)
    all.initialize(repeating: 0, count: 256)
    sixteen = .allocate(capacity: 32)
    sixteen.initialize(repeating: 0, count: 32)
    turned = sixteen + 16
  }

  deinit {
    all.deallocate()
    sixteen.deallocate()
  }

  /// One colour of the DAC has changed.
  func update(_ index: UInt8, _ state: VideoAdapter.State) {
    if state.dac.mask == 0xFF { all[Int(index)] = state.dac.rgb(index) } else { isStale = true }
    updatePalette(state)
  }

  func refresh(_ state: VideoAdapter.State) {
    guard isStale else { return }
    isStale = false
    for i in 0..<256 { all[i] = state.dac.rgb(UInt8(i)) }
    updatePalette(state)
  }

  private func updatePalette(_ state: VideoAdapter.State) {
    for i in 0..<16 {
      sixteen[i] = all[Int(state.attribute.dacIndex(UInt8(i)))]
      turned[i] = all[Int(state.attribute.dacIndex(UInt8(i), turning: 8))]
    }
    overscan = all[Int(state.attribute.overscan)]
  }
}
