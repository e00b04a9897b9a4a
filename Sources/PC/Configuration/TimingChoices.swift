public import Processor

extension TimingModel: ConfigurationValue {}

/// The board's cache between processor and DRAM.
public enum BoardCache: String, ConfigurationValue, CaseIterable {
  /// What boards for the processor usually had.
  case auto
  /// None.
  case none
  /// 64 KB.
  case k64 = "64k"
  /// 128 KB.
  case k128 = "128k"
  /// 256 KB.
  case k256 = "256k"
  /// 512 KB.
  case k512 = "512k"

  /// Bytes, nil for `auto`.
  var bytes: Int? {
    switch self {
    case .auto: nil
    case .none: 0
    case .k64: 64 << 10
    case .k128: 128 << 10
    case .k256: 256 << 10
    case .k512: 512 << 10
    }
  }
}

/// Wait states of the board's DRAM.
public enum WaitStates: String, ConfigurationValue, CaseIterable {
  /// What boards for the processor usually had.
  case auto
  /// None: as fast as the processor can take data.
  case none = "0"
  /// One to four.
  case one = "1"
  /// Two.
  case two = "2"
  /// Three.
  case three = "3"
  /// Four.
  case four = "4"
}

/// The bus that the graphics card is plugged into.
public enum VideoBusChoice: String, ConfigurationValue, CaseIterable {
  /// The local bus beside a 486DX2 or DX4, else a 16-bit AT slot.
  case auto
  /// 8-bit AT slot.
  case isa8
  /// 16-bit AT slot.
  case isa16
  /// The processor's own bus.
  case local
}

extension MachineConfiguration {
  /// The board's part in the processor's time.
  var boardTiming: BoardTiming {
    var board = BoardTiming.typical(cpu.model)
    if let bytes = memory.cache.bytes { board.cacheSize = bytes }
    if let states = Int(memory.waitStates.rawValue) {
      // A 386 with a cache adds what a miss costs, a 486's read has two clocks without wait states.
      board.waitStates = states
      board.memoryFirst = cpu.model.family == 4 ? 2 + states : 2 * states
      board.memoryNext = 1 + states / 2
      board.memoryRow = states
      board.write = 2 + states / 2
    }
    if let bus = BoardTiming.VideoBus(rawValue: video.bus.rawValue) { board.video = bus }
    return board
  }
}
