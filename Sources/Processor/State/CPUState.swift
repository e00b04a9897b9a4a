import Hardware

/// Everything a program can see or cause in the processor. Fixed layout: general registers first, so that decoded
/// operands are byte offsets from the start. Saved whole; what can be computed from it lives in `Caches`.
struct CPUState: SavedState {
  /// EAX ECX EDX EBX ESP EBP ESI EDI, and a ninth that is always zero ("no base", "no index").
  var r = Bank<9, UInt32>(repeating: 0)
  /// Offset of the next instruction, at instruction boundaries.
  var eip: UInt32 = 0xFFF0

  // Arithmetic flags, semi-lazy.
  /// The last result, sign-extended to 32 bits. ZF: low 32 bits are 0. SF: bit 31 xor bit 63. PF: parity of byte 0 xor
  /// byte 5. The high half is zero after arithmetic; only `setArithmeticFlags` uses it.
  var fres: UInt64 = 1
  /// Carry vector of the last operation. CF: bit 31. OF: bit 31 xor bit 30. AF: bit 3.
  var faux: UInt32 = 0
  /// EFLAGS bits other than CF PF AF ZF SF OF; bit 1 is always set.
  var flags: UInt32 = 2

  /// ES CS SS DS FS GS LDTR TR.
  var seg = Bank<8, Segment>(repeating: Segment())
  var gdtBase: UInt32 = 0
  var gdtLimit: UInt32 = 0xFFFF
  var idtBase: UInt32 = 0
  var idtLimit: UInt32 = 0x3FF
  var cr0: UInt32 = 0
  var cr2: UInt32 = 0
  var cr3: UInt32 = 0
  /// DR0-DR7 (4 and 5 alias 6 and 7).
  var dr = Bank<8, UInt32>(repeating: 0)
  /// TR3-TR7 at their own index.
  var tr = Bank<8, UInt32>(repeating: 0)
  /// Current privilege level; 3 in V86 mode, 0 in real mode.
  var cpl: UInt8 = 0

  /// Core clocks left in this slice; `target - left` is the processor's time.
  var left: Int64 = 0
  /// Clocks since power-on at which the slice ends.
  var target: Int64 = 0

  /// State of the pipeline between two instructions (`Pipe`).
  var pipe: UInt16 = 0

  /// HLT: waiting for an interrupt.
  var halted = false
  /// Shut down after a triple fault: only RESET and (on real parts) NMI leave it.
  var isShutDown = false
  /// INTR and debug traps wait for the end of the next instruction (STI, MOV SS, POP SS).
  var shadow = false
  /// The shadow also holds back debug traps and NMI (MOV SS, POP SS).
  var shadowHoldsTraps = false
  /// Level of the INTR pin.
  var intr = false
  /// An NMI edge is latched.
  var nmiPending = false
  /// An NMI handler runs: the next NMI waits for IRET.
  var nmiBlocked = false
  /// Debug status bits to report with the trap after this instruction (DR6 layout); 0: none.
  var pendingTrap: UInt32 = 0
  /// A REP instruction was left between two iterations and goes on without paying its start again.
  var repeating = false
  /// FERR# is asserted (CR0.NE = 0 path), IGNNE# is given by the board.
  var ferr = false
  /// IGNNE# is asserted: waiting instructions pass over pending numeric errors.
  var ignoresNumericErrors = false
  /// Stopped in front of a waiting numeric instruction with an error pending, CR0.NE = 0: an interrupt or IGNNE# goes on.
  var awaitsNumericInterrupt = false
  /// Clocks since power-on at which the numeric unit has finished its last instruction.
  var numericBusyUntil: Int64 = 0
  /// Clocks since power-on at which the last posted write leaves the bus, and at which the last line fill is complete.
  var writesUntil: Int64 = 0
  var fillsUntil: Int64 = 0
  /// The DRAM row that is open (physical address divided by 4096).
  var openRow = UInt32.max
  /// Clocks since power-on at which DRAM is refreshed next, and clocks that DMA has taken from the bus: both while the
  /// processor has no cache to go on with.
  var refreshAt: Int64 = 0
  var held: Int64 = 0
  /// The TLB: four ways of eight sets.
  var tlb = Bank<32, Translation>(repeating: Translation())
  /// The way of each set that makes room next.
  var tlbOldest = Bank<8, UInt8>(repeating: 0)
  /// The numeric unit, if there is one. Last, since it is large.
  var fpu = X87()
  /// `CacheTags.bytes`, in saved states only.
  var cacheTags: [UInt8] = []

  init() {}
}

/// CR0 bits.
enum CR0 {
  static let pe: UInt32 = 1, mp: UInt32 = 2, em: UInt32 = 4, ts: UInt32 = 8, et: UInt32 = 0x10, ne: UInt32 = 0x20
  static let wp: UInt32 = 1 << 16, am: UInt32 = 1 << 18, nw: UInt32 = 1 << 29, cd: UInt32 = 1 << 30
  static let pg: UInt32 = 1 << 31
}

/// EFLAGS bits.
enum EFLAGS {
  static let cf: UInt32 = 1, pf: UInt32 = 4, af: UInt32 = 0x10, zf: UInt32 = 0x40, sf: UInt32 = 0x80
  static let tf: UInt32 = 0x100, `if`: UInt32 = 0x200, df: UInt32 = 0x400, of: UInt32 = 0x800
  static let iopl: UInt32 = 0x3000, nt: UInt32 = 0x4000, rf: UInt32 = 0x1_0000, vm: UInt32 = 0x2_0000
  static let ac: UInt32 = 0x4_0000, id: UInt32 = 0x20_0000
  /// The six that `fres` and `faux` hold.
  static let arithmetic: UInt32 = 0x8D5
}

/// Exception vectors by Intel's names.
enum Vector {
  static let de: UInt32 = 0, db: UInt32 = 1, nmi: UInt32 = 2, bp: UInt32 = 3, of: UInt32 = 4, br: UInt32 = 5
  static let ud: UInt32 = 6, nm: UInt32 = 7, df: UInt32 = 8, mp: UInt32 = 9, ts: UInt32 = 10, np: UInt32 = 11
  static let ss: UInt32 = 12, gp: UInt32 = 13, pf: UInt32 = 14, mf: UInt32 = 16, ac: UInt32 = 17
}
