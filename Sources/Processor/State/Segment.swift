import Hardware

/// A segment register with its hidden descriptor cache.
struct Segment: Codable, Equatable, Sendable {
  /// Linear address of offset 0.
  var base: UInt32 = 0
  /// Highest valid offset (lowest invalid one for expand-down), in bytes.
  var limit: UInt32 = 0xFFFF
  /// The largest offset that a read's last byte may have; -1 sends every read through `checkSegment`.
  /// Derived from the fields below by `CPU.refresh`, so that the fast path is one signed comparison.
  var readMax: Int64 = 0xFFFF
  /// The same for writes.
  var writeMax: Int64 = 0xFFFF
  /// The visible selector.
  var selector: UInt16 = 0
  /// Bits 0-7: the descriptor's access byte; 14: D/B; 15: G. 0 for a null selector.
  var attributes: UInt16 = 0x93

  /// D/B: 32-bit code or stack, 4 GB upper bound of an expand-down segment.
  var isBig: Bool { attributes & 0x4000 != 0 }
  /// Descriptor privilege level.
  var dpl: UInt8 { UInt8(truncatingIfNeeded: attributes >> 5) & 3 }
  /// P: the descriptor is present; a null selector isn't.
  var isPresent: Bool { attributes & 0x80 != 0 }
  /// S=1 and the executable bit: a code segment.
  var isCode: Bool { attributes & 0x18 == 0x18 }
  /// Conforming code.
  var isConforming: Bool { attributes & 0x1C == 0x1C }
  /// Data segment that grows down.
  var isExpandDown: Bool { attributes & 0x1C == 0x14 }
  /// Data segments with W, as S=1.
  var isWritable: Bool { attributes & 0x1A == 0x12 }
  /// Data, or code with R.
  var isReadable: Bool { attributes & 0x18 == 0x10 || attributes & 0x1A == 0x1A }

  /// Power-on and real-mode data segment: base `selector * 16`, 64 KB, read/write.
  static func real(_ selector: UInt16) -> Segment {
    Segment(base: UInt32(selector) << 4, selector: selector)
  }
}

/// Index of a segment register in `CPUState.seg`.
enum SegmentIndex {
  static let es = 0, cs = 1, ss = 2, ds = 3, fs = 4, gs = 5, ldtr = 6, tr = 7
}
