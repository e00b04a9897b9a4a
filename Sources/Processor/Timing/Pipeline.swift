import Hardware

/// How much of a processor's behaviour in time is modelled beyond the clocks of its instruction tables.
public enum TimingModel: String, CaseIterable, Codable, Sendable {
  /// Tables, prefetch queue or pipeline, cache, write buffers, memory and bus.
  case full
  /// The tables, and wait states of the I/O bus.
  case simple
}

/// What the pipelines need to know of a processor and its board.
struct PipelineModel {
  var is486 = false
  var isFull = false
  /// 386: clocks of a bus cycle to memory.
  var busCycle = 2
  /// 386: bytes a bus cycle carries: 4, or 2 on the SX.
  var busWidth = 4
  /// 386: bytes of the prefetch queue: 16; the DX from stepping D1 on uses 12.
  ///
  /// - Source: timing notes 1.1 (R. Collins).
  var queue = 12
}

/// Between two instructions: what the second one's time depends on. A `UInt16` in `CPUState.pipe`, and part of the key
/// of decoded blocks, so that everything that follows from it is summed when a block is decoded and costs nothing when
/// it runs. A pure function of the instructions since the last jump, however they were cut into blocks.
enum Pipe {
  /// Reset, or the handler of an interrupt: its clocks contain the first fetch.
  static let flushed: UInt16 = 0
  /// The target of a jump.
  static let jumped: UInt16 = 1
  /// A repeated instruction that goes on between two iterations: it has been fetched and decoded.
  static let resumed: UInt16 = 0x3FFE
  /// Set in all states in which the instruction before lies before this one.
  static let sequential: UInt16 = 2
  /// Bits that states use, for keys.
  static let bits: UInt64 = 14
}

/// Walks through a run of instructions and gives each its static clocks.
struct Pipeline {
  var state: UInt16
  let model: PipelineModel
  let code32: Bool
  var address: UInt32

  init(state: UInt16, model: PipelineModel, code32: Bool, address: UInt32) {
    self.state = state
    self.model = model
    self.code32 = code32
    self.address = address
  }

  /// Adds to `op.clocks` what the instruction waits for before it starts, and moves on.
  mutating func issue(_ op: inout Op, _ decoder: Decoder) {
    // At least a clock, so that none begins when a slice is used up to the last. The rest of a string charges itself.
    if op.clocks == 0, state != Pipe.resumed { op.clocks = 1 }
    // Base and index together take the 386 a clock. - Source: 386 DX data sheet, note to the clock tables.
    if !model.is486, !decoder.isRegister, op.base < 32, op.index < 32 { op.clocks &+= 1 }
    if !model.isFull {
      if !model.is486, state == Pipe.jumped { op.clocks &+= UInt16(decoder.components) }
      state = model.is486 ? Pipe.jumped : Pipe.flushed
    } else if decoder.isString {
      // Long enough for everything behind it to be ready; the same whether it was cut in two or not.
      if state != Pipe.resumed {
        if model.is486 { issue486(&op, decoder) } else { issue386(&op, decoder) }
      }
      state = Pipe.sequential | (model.is486 ? 3 << 2 : UInt16(model.queue) << 2)
    } else {
      if model.is486 { issue486(&op, decoder) } else { issue386(&op, decoder) }
    }
    address &+= UInt32(decoder.length)
    op.exit = state
  }
}

extension Decoder {
  /// Components of the instruction just decoded: every prefix, opcode, ModRM and SIB byte, the displacement and the
  /// immediate count one each: what the 386 needs clocks for to decode a jump's target.
  ///
  /// - Source: 386 PRM 17.2.2.1 as collected in timing notes 1.2; every prefix and either size of displacement were
  ///   measured to count one.
  var components: Int {
    let opcodes = opcode >= 0x100 ? 2 : 1
    let bytes = (hasModRM ? 1 : 0) + (hasSIB ? 1 : 0)
    return prefixes + (repeatPrefix != 0 ? 1 : 0) + opcodes + bytes + (hasDisplacement ? 1 : 0) + (hasImmediate ? 1 : 0)
  }

  /// MOVS CMPS STOS LODS SCAS INS OUTS.
  var isString: Bool {
    switch form.operation {
    case .movs, .cmps, .stos, .lods, .scas, .ins, .outs: true
    default: false
    }
  }

  private var hasModRM: Bool { form.hasModRM || opcode < 0x100 && opcode & 0xF8 == 0xD8 }
}
