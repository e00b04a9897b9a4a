/// What surrounds the processor, in clocks: the board's cache, its DRAM, and its buses.
public struct BoardTiming: Equatable, Sendable {
  /// Bytes of the board's cache, a power of two; 0 for none.
  public var cacheSize = 0
  /// Bus clocks from a read's address to its first data out of the board's cache, 486: with a burst the others follow.
  public var cacheFirst = 2
  /// Bus clocks between the further data of a burst out of the board's cache.
  public var cacheNext = 1
  /// The same for DRAM whose row is open. On a 386 with a board cache: clocks that a miss adds.
  public var memoryFirst = 5
  /// See `cacheNext`.
  public var memoryNext = 3
  /// Bus clocks that DRAM takes longer when another row was open.
  public var memoryRow = 3
  /// Bus clocks of a write.
  public var write = 2
  /// 386 without a board cache: wait states of every cycle to memory.
  public var waitStates = 0
  /// Nanoseconds that a refresh of the DRAM, 15.1 microseconds after the last, takes the bus from a 386 without a cache.
  /// Beside a cache it is hidden.
  public var refresh = 0
  /// Graphics memory: AT bus clocks, or processor bus clocks for a local bus, of a byte, a word and a double word.
  public var video = VideoBus.isa16

  /// How the graphics card hangs on the board.
  public enum VideoBus: String, CaseIterable, Codable, Sendable {
    /// 8-bit AT bus.
    case isa8
    /// 16-bit AT bus.
    case isa16
    /// The processor's bus (VESA local bus).
    case local
  }

  /// No wait states anywhere: what the clock tables assume.
  public static let ideal: BoardTiming = {
    var board = BoardTiming()
    board.memoryFirst = 2
    board.memoryNext = 1
    board.memoryRow = 0
    return board
  }()

  /// A typical board of the time for `model`.
  ///
  /// - Source: timing notes 1.4, 2.3 and 3 (recalled from boards and their set-up programs, unverified): 386SX boards
  ///   without a cache, 386DX with 64 KB, 486 with 128 or 256 KB of cache answering in 2-1-1-1 up to 33 MHz; fast page
  ///   mode DRAM in 4-2-2-2 at 25 MHz, 5-3-3-3 at 33 MHz. Refresh is told to take 0.4 to 1 us; the
  ///   upper end is taken, since TOPBENCH's string kernel on 386SX machines asks for it.
  public static func typical(_ model: ProcessorModel) -> BoardTiming {
    var board = BoardTiming()
    board.refresh = 1_000
    switch model {
    case .i386sx16, .i386sx25:
      board.waitStates = model == .i386sx16 ? 0 : 1
    case .i386dx25, .i386dx33, .i386dx40:
      board.cacheSize = 64 << 10
      board.memoryFirst = model == .i386dx25 ? 4 : model == .i386dx33 ? 6 : 7
    case .i486sx25:
      board.cacheSize = 128 << 10
      (board.memoryFirst, board.memoryNext) = (4, 2)
      board.write = 3
    case .i486dx33, .i486dx2x66, .i486dx4x100:
      board.cacheSize = 256 << 10
      board.write = 4
    case .i486dx50:
      board.cacheSize = 256 << 10
      (board.cacheFirst, board.cacheNext) = (3, 2)
      (board.memoryFirst, board.memoryNext) = (7, 3)
      board.write = 5
    }
    if model == .i486dx2x66 || model == .i486dx4x100 { board.video = .local }
    return board
  }
}

extension ProcessorModel {
  /// Bytes of the cache on the chip: 8 KB on the 486, 16 KB on the DX4.
  ///
  /// - Source: i486 data book 240440; IntelDX4 data book.
  var chipCache: Int { family == 3 ? 0 : self == .i486dx4x100 ? 16 << 10 : 8 << 10 }
}
