import Hardware

/// One predecoded operation, 44 bytes. Register operands are byte offsets into `CPUState` (AL 0, AH 1, CL 4 ... EDI 28;
/// 32 is the register that is always zero).
struct Op {
  var id = OpID.end
  /// What `id` is when it isn't `.event`: see `CPU.look(behind:)`.
  var original = OpID.end
  /// Offset of the instruction from the start of its block, and its length (both instructions' for a fused pair).
  var start: UInt16 = 0
  var length: UInt8 = 0
  /// Destination register, or `Operation` of `other`/`otherEnd`.
  var a: UInt8 = 0
  /// Source register, shift kind, or truth table.
  var b: UInt8 = 0
  /// Segment of the memory operand.
  var seg: UInt8 = 0
  /// Address parts: registers by offset, shift of the index.
  var base: UInt8 = 32
  var index: UInt8 = 32
  var scale: UInt8 = 0
  /// Operand size in bytes (for `other`), bit 6: REP/REPE, bit 7: REPNE, bit 5: register form, bit 4: 32-bit address.
  var mode: UInt8 = 0
  /// This instruction's static clocks.
  var clocks: UInt16 = 0
  /// Static clocks of its block after this instruction.
  var after: UInt16 = 0
  /// Clocks to add when a branch is taken or a condition true.
  var extra: UInt16 = 0
  /// Its record in the timing table, for `other` and `otherEnd`.
  var record: UInt16 = 0
  /// State of the pipeline behind it (`Pipe`), if it goes on to the next instruction.
  var exit: UInt16 = 0
  var imm: UInt32 = 0
  var disp: UInt32 = 0
  /// 0xFFFF or 0xFFFFFFFF: address size of the memory operand.
  var mask: UInt32 = 0xFFFF_FFFF
  /// Branches: the target relative to the block's start, to be masked with `targetMask`.
  var target: UInt32 = 0
  var targetMask: UInt32 = 0xFFFF_FFFF

  /// In the mode of a numeric instruction of the 486: a division, whose time depends on the precision control.
  static let divides: UInt8 = 8
  /// Operand size in bytes.
  @inline(__always) var size: Int { Int(mode & 7) }
  /// A numeric instruction: `extra` clocks more, of which the last `targetMask` run beside the processor.
  var isEscape: Bool { id == .escapeRegister || id == .escapeMemory }
  @inline(__always) var isRegisterForm: Bool { mode & 0x20 != 0 }
  @inline(__always) var is32BitAddress: Bool { mode & 0x10 != 0 }
}

/// A run of operations within one page, up to the first that may change the flow.
struct Block {
  var ops: UnsafeMutablePointer<Op>
  /// Static clocks of all operations; `Int32.max` once the block is void, so that it never starts again.
  var cycles: Int32 = 0
  var length: UInt16 = 0
  var count: UInt16 = 0
  var capacity: UInt16 = 0
  var code32 = false
  var valid = false
  /// The state of the pipeline for which the static clocks are right.
  var pipe: UInt16 = 0
  /// `Caches.epoch` when all lines of code were the last used ones of their pairs.
  var epoch = 0
  /// A bit for each of its lines (31 at most) in whose list of `CacheTags.links` it is.
  var linked: UInt32 = 0
  /// Physical address of the first byte.
  var physical: UInt32 = 0
  /// Index of the block's RAM page, or 0xFFFFFFFF for ROM.
  var ramPage: UInt32 = 0xFFFF_FFFF
  var nextInBucket: UnsafeMutablePointer<Block>?
  var nextInPage: UnsafeMutablePointer<Block>?

  /// The first line of code that has to be looked up for it: going on in the line that the instruction before ended in
  /// is no look-up, nor is another round of a string instruction.
  @inline(__always) var firstLookUp: UInt32 {
    if pipe == Pipe.resumed { return ((physical &+ UInt32(ops.pointee.length) &- 1) >> 4) &+ 1 }
    let isNew = pipe & Pipe.sequential == 0 || physical & 15 == 0
    return isNew ? physical >> 4 : physical >> 4 &+ 1
  }
}

/// One entry of the direct-mapped cache from linear address (and mode) to block.
struct JumpEntry {
  var key: UInt64 = .max
  var block: UnsafeMutablePointer<Block>?
  static let count = 8192
}
