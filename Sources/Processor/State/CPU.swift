import Hardware

/// The processor core as two pointers: what is saved and what is cached. Passed by value; every instruction is a method.
/// No class, closure, existential or array is touched per instruction (Sources/README.md, "The processor").
struct CPU {
  let s: UnsafeMutablePointer<CPUState>
  let c: UnsafeMutablePointer<Caches>
}

/// What can be rebuilt at any moment, and what belongs to one instruction only. Never saved.
struct Caches {
  // The instruction in progress.
  /// Bit 8 set: an exception is pending; bits 0-7 its vector; bit 9: it has an error code; bit 10: it is external.
  var exception: UInt32 = 0
  var errorCode: UInt32 = 0
  /// The block that runs and the operation that last left the fast path.
  var block: UnsafeMutablePointer<Block>
  var op: UnsafePointer<Op>
  /// The instruction that just stored has changed the block it is in: leave after it.
  var leaveBlock = false

  // Translation.
  /// The TLB in use: the supervisor's or the user's half of `tlbStorage`.
  var tlb: UnsafeMutablePointer<TLBEntry>
  let tlbStorage: UnsafeMutablePointer<TLBEntry>
  /// The half in use of what reads go through, all of it, and how an address finds its entry there.
  var reads: UnsafeMutablePointer<ReadEntry>
  let readStorage: UnsafeMutablePointer<ReadEntry>
  var readShift: UInt32 = 12
  var readIndex = UInt32(ReadEntry.count - 1)
  var readTagMask: UInt32 = ~0xFFF
  /// Slow-path entries since power-on, for the test that catches a TLB that evicts itself.
  var slowAccesses = 0

  // Decoded code.
  let jump: UnsafeMutablePointer<JumpEntry>
  /// Upper part of the jump cache's key: translation generation, privilege, code size.
  var jumpKey: UInt64 = 0
  var generation: UInt32 = 0
  /// Linear pages (number modulo 64) that the jump cache may hold entries of.
  var codeTranslations: UInt64 = 0
  var store: BlockStore

  // The world.
  /// The owner, for the slow paths.
  let owner: Unmanaged<Processor>
  let memory: Unmanaged<PhysicalMemory>
  let io: Unmanaged<IOSpace>
  let scheduler: Unmanaged<Scheduler>
  /// Picoseconds per clock: a whole number for every model.
  let period: Int64
  let ram: UnsafeMutablePointer<UInt8>
  let ramPages: UInt32
  let codePages: UnsafeMutablePointer<UInt8>

  // The model.
  let timing: TimingTable
  var pipelineModel: PipelineModel
  var memoryModel = MemoryModel()
  var tags: CacheTags
  /// Counts the lines that were looked up: while it stays, so do all tags.
  var lookUps = 0
  /// Counts what displaces the code of decoded blocks: a block whose lines were all the last used of their pairs at the
  /// current count needs no look-up.
  var epoch = 1
  /// The first free one of `CacheTags.links`.
  var freeLink: UInt16 = 0
  /// How the interrupt or exception just delivered went, for its clocks.
  var delivery = TimingRole.base
  let is486: Bool
  let hasFPU: Bool
  let hasCPUID: Bool
  /// Core clocks that an AT bus cycle lasts longer than the cycle without wait states that is in the instruction's time:
  /// for 8 and for 16 bits.
  let ioWait8: Int64
  let ioWait16: Int64
  /// The 387's ERROR# goes to the 386's pin, so that errors raise #MF. Not on a PC, where they make IRQ 13.
  var numericErrorsTrap = false
  /// Physical address mask is the board's business (A20); the 386SX has 24 address pins.
  let addressMask: UInt32
  /// TLB policy: page-table writes drop translations (`coherent`), or only CR3 and INVLPG do (`real`).
  var coherentTLB = true
  /// Any of DR0-DR3 is enabled: code runs one instruction at a time and data accesses take the slow path.
  var breakpointsArmed = false
  /// #AC is enabled right now (CR0.AM, EFLAGS.AC, CPL 3): data accesses take the slow path.
  var alignmentChecked = false
  /// A waiting loop is being examined: writes are noted.
  var isProbing = false
  /// Ports whose reading changes nothing and whose value only writes change.
  var quietPorts: (UInt16, UInt16) = (0xFFFF, 0xFFFF)
  /// Counts accesses to devices and external interrupts.
  var worldEvents = 0
  /// The run loop was asked to return.
  var stopRequested = false
  /// Vector tests: INT3 and INTO stay pending as exceptions instead of going through a gate.
  var reportsBreakpoints = false
  /// 0xFFFF or 0xFFFFFFFF: size of the stack pointer, by SS.B.
  var stackMask: UInt32 = 0xFFFF
}

extension CPU {
  /// A pending exception?
  @inline(__always) var faulted: Bool { c.pointee.exception != 0 }

  /// Makes `vector` pending. The instruction must return at once, having changed nothing that a restart can't bear.
  @inline(never) func fault(_ vector: UInt32) { c.pointee.exception = 0x100 | vector }

  /// Makes `vector` with an error code pending.
  @inline(never) func fault(_ vector: UInt32, _ error: UInt32) {
    c.pointee.exception = 0x300 | vector
    c.pointee.errorCode = error
  }

  /// #GP(0).
  @inline(never) func gp0() { fault(Vector.gp, 0) }

  /// Protected mode (V86 included).
  @inline(__always) var isProtected: Bool { s.pointee.cr0 & CR0.pe != 0 }
  /// Virtual-8086 mode.
  @inline(__always) var isV86: Bool { s.pointee.flags & EFLAGS.vm != 0 }
  /// Real mode or V86: segments are selector * 16.
  @inline(__always) var isRealOrV86: Bool { !isProtected || isV86 }
  /// I/O privilege level.
  @inline(__always) var iopl: UInt8 { UInt8(truncatingIfNeeded: s.pointee.flags >> 12) & 3 }

  /// EAX ... EDI by number.
  @inline(__always) func reg(_ i: Int) -> UInt32 { s.pointee.r[unchecked: i] }
  @inline(__always) func setReg(_ i: Int, _ v: UInt32) { s.pointee.r[unchecked: i] = v }
  /// Segment register by `SegmentIndex`.
  @inline(__always) func seg(_ i: Int) -> UnsafeMutablePointer<Segment> {
    UnsafeMutableRawPointer(s).advanced(by: CPU.segmentOffset).assumingMemoryBound(to: Segment.self) + i
  }
  /// Where `seg` lies in `CPUState`: a literal, since a lazily initialised global costs a call per access. Checked once
  /// when a processor is built.
  @inline(__always) static var segmentOffset: Int { 56 }
}
