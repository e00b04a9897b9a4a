// The 386 fetches ahead into a queue while the bus is free. Code that runs faster than the bus brings it waits.
//
// - Source: timing notes 1.3: a fetch is an aligned double word (two words on the SX), it starts when there is room for
//   it, data come first; from the first fetch after a jump to the target's execution pass 6 + m clocks (bus traces of a
//   386EX: the operand of ADD m8,r8, m = 2, is read 10 clocks after the first fetch, two clocks into the instruction).
//   That idle clocks of an instruction are all used for fetching is unverified.

extension Pipeline {
  /// State: bit 1; bits 2-6: bytes in the queue; bits 7-9: clocks that a fetch in progress has had.
  mutating func issue386(_ op: inout Op, _ decoder: Decoder) {
    let length = decoder.length
    // A numeric instruction's own clocks are charged when it runs.
    let own = op.clocks &+ (op.isEscape ? op.extra &- UInt16(truncatingIfNeeded: op.targetMask) : 0)
    let cycle = model.busCycle
    let width = model.busWidth
    var bytes = Int(state >> 2 & 31)
    var progress = Int(state >> 7 & 7)
    if state & Pipe.sequential == 0 {
      if state == Pipe.jumped { op.clocks &+= UInt16(decoder.components) }
      let clocks = 6 + decoder.components
      bytes = min(clocks / cycle * width - Int(address) % width, model.queue)
      progress = clocks % cycle
    }
    if bytes < length {
      let fetches = (length - bytes + width - 1) / width
      op.clocks &+= UInt16(max(fetches * cycle - progress, 0))
      bytes += fetches * width
      progress = 0
    }
    bytes -= length
    let (cycles, further) = decoder.dataCycles(width: width)
    // What was waited for and decoded is no time to fetch in.
    var idle = Int(own) - cycles * 2 + progress
    while idle >= cycle, bytes + width <= model.queue {
      bytes += width
      idle -= cycle
    }
    // Wait states, and the second cycles of double words on the SX.
    op.clocks &+= UInt16(cycles * (cycle - 2) + further * 2)
    progress = bytes + width <= model.queue ? min(max(idle, 0), cycle - 1) : 0
    state = Pipe.sequential | UInt16(min(bytes, 31)) << 2 | UInt16(min(progress, 7)) << 7
  }
}

extension Decoder {
  /// Bus cycles for data of the instruction just decoded, its operands aligned, and how many of them are the second half
  /// of an access. Strings count their own.
  func dataCycles(width: Int) -> (all: Int, further: Int) {
    let size = isByte ? 1 : operandSize32 ? 4 : 2
    let each = (size + width - 1) / width
    let memory = isRegister ? 0 : 1
    let accesses =
      switch form.operation {
      case .lea, .invlpg, .escape, .movs, .cmps, .stos, .lods, .scas, .ins, .outs: 0
      case .cmp, .test, .mov, .movzx, .movsx, .imulRR, .imulRI, .mul, .imul, .div, .idiv, .bsf, .bsr, .bt, .setcc,
        .jmpNear, .movToSegment, .movFromSegment:
        memory
      case .push, .pop: 1 + memory
      case .callNear: 1 + memory
      case .callRelative, .ret, .retPop, .pushSegment, .popSegment, .pushf, .popf, .leave, .xlat: 1
      case .pusha, .popa: 8
      case .loadFarPointer, .bound, .retf, .retfPop, .callFarPointer, .jmpFarMemory: 2
      default: 2 * memory
      }
    return (accesses * each, accesses * (each - 1))
  }
}
