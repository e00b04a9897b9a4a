import Hardware

/// How the processor's addresses reach the planes: derived from the registers at each of their writes, so that an
/// access needs few questions. Holds nothing of its own.
final class MemoryPath: Wiring {
  /// The window's place and size, as offset from A0000h; size 0 while nothing answers.
  var base: UInt32 = 0
  var size: UInt32 = 0
  /// Offsets that exist in each plane, minus one.
  var mask = 0xFFFF
  var isChain4 = false
  var writesOddEven = false
  var readsOddEven = false
  /// Address bit 0 is replaced: by bit 16 in the 128 KB window, else by `page`.
  var replacesBit0 = false
  var usesBit16 = false
  var page = 0
  /// Map mask, as bits and as bytes.
  var planes: UInt8 = 0
  var planeBytes: UInt32 = 0
  /// The processor's byte goes to the planes as it is.
  var isPlain = false
  var isReadMode1 = false
  var readPlane = 0

  func update(_ state: VideoAdapter.State) {
    let graphics = state.graphics
    (base, size) = graphics.window
    let isEnabled = state.motherboardEnable & 1 != 0 && state.adapterEnable & 0x08 != 0
    if !state.miscellaneous.isMemoryEnabled || !isEnabled { size = 0 }
    mask = state.sequencer.hasExtendedMemory ? 0xFFFF : 0x3FFF
    isChain4 = state.sequencer.isChain4
    writesOddEven = state.sequencer.isOddEven
    readsOddEven = graphics.readsOddEven
    replacesBit0 = graphics.chainsOddEven
    usesBit16 = size > 0x1_0000
    page = state.miscellaneous.isPageHigh ? 0 : 1
    planes = state.sequencer.mapMask
    planeBytes = GraphicsController.spread(planes)
    isPlain = graphics.isPlainWrite
    isReadMode1 = graphics.readMode1
    readPlane = Int(graphics.readMapSelect)
  }

  /// The plane offset of window address `a` in odd/even addressing.
  @inline(__always) func oddEven(_ a: Int) -> Int {
    guard replacesBit0 else { return a & mask }
    return (a & ~1 | (usesBit16 ? a >> 16 & 1 : page)) & mask
  }
}

/// Display memory as the processor sees it.
///
/// - Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem, "Video Memory Organization" and the
///   descriptions of SR02, SR04, GR00-GR08.
extension VideoAdapter {
  /// A byte of display memory is read.
  public func readMemory(_ block: Int, _ offset: UInt32) -> UInt8 {
    let a = offset &- path.base
    guard a < path.size else { return 0xFF }
    return readByte(Int(a))
  }

  /// A byte of display memory is written.
  public func writeMemory(_ block: Int, _ offset: UInt32, _ value: UInt8) {
    let a = offset &- path.base
    guard a < path.size else { return }
    output.isDirty = true
    writeByte(Int(a), value)
  }

  /// A word or dword of display memory is read.
  public func readMemoryWide(_ block: Int, _ offset: UInt32, _ size: Int) -> UInt32 {
    var value: UInt32 = 0
    var a = offset &- path.base
    for shift in stride(from: UInt32(0), to: UInt32(truncatingIfNeeded: size &* 8), by: 8) {
      value |= UInt32(a < path.size ? readByte(Int(a)) : 0xFF) &<< shift
      a &+= 1
    }
    return value
  }

  /// A word or dword of display memory is written.
  public func writeMemoryWide(_ block: Int, _ offset: UInt32, _ size: Int, _ value: UInt32) {
    var a = offset &- path.base
    guard a < path.size else {
      for i in 0..<UInt32(truncatingIfNeeded: size) {
        writeMemory(block, offset &+ i, UInt8(truncatingIfNeeded: value &>> (8 &* i)))
      }
      return
    }
    output.isDirty = true
    if size == 4, path.isPlain, path.isChain4, a & 3 == 0 {
      // Four dots of mode 13h: the four planes of one offset.
      return memory.store(Int(a) & path.mask, value, mask: path.planeBytes)
    }
    if path.isPlain, path.writesOddEven, !path.isChain4, a & 1 == 0 {
      // Characters with their attributes: even and odd byte at one offset (if bit 0 is replaced) or two.
      for shift in stride(from: UInt32(0), to: UInt32(truncatingIfNeeded: size &* 8), by: 16) {
        let pair = value &>> shift & 0xFFFF
        if path.replacesBit0, a < path.size {
          memory.store(path.oddEven(Int(a)), pair | pair << 16, mask: path.planeBytes)
        } else if a < path.size {
          writeByte(Int(a), UInt8(truncatingIfNeeded: pair))
          writeByte(Int(a &+ 1), UInt8(truncatingIfNeeded: pair >> 8))
        }
        a &+= 2
      }
      return
    }
    for shift in stride(from: UInt32(0), to: UInt32(truncatingIfNeeded: size &* 8), by: 8) {
      if a < path.size { writeByte(Int(a), UInt8(truncatingIfNeeded: value &>> shift)) }
      a &+= 1
    }
  }

  /// Reads window address `a`; loads the latches.
  @inline(__always) private func readByte(_ a: Int) -> UInt8 {
    var plane = path.readPlane
    var offset = a & path.mask
    if path.isChain4 {
      plane = a & 3
      offset &= ~3
    } else if path.readsOddEven {
      plane = plane & 2 | a & 1
      offset = path.oddEven(a)
    }
    let latches = memory.load(offset)
    state.latches = latches
    if path.isReadMode1 { return state.graphics.compare(latches) }
    return UInt8(truncatingIfNeeded: latches &>> UInt32(truncatingIfNeeded: plane &* 8))
  }

  /// Writes window address `a`.
  @inline(__always) private func writeByte(_ a: Int, _ value: UInt8) {
    var mask = path.planeBytes
    var offset = a & path.mask
    if path.isChain4 {
      mask &= 0xFF &<< UInt32(truncatingIfNeeded: (a & 3) &* 8)
      offset &= ~3
    } else if path.writesOddEven {
      mask &= a & 1 == 0 ? 0x00FF_00FF : 0xFF00_FF00
      offset = path.oddEven(a)
    }
    let data =
      path.isPlain
      ? UInt32(value) &* 0x0101_0101 : state.graphics.combine(value, latches: state.latches)
    memory.store(offset, data, mask: mask)
  }
}
