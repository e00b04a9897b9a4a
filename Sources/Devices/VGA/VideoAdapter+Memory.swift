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
  /// Map mask as bytes.
  var planeBytes: UInt32 = 0
  /// The processor's byte goes to the planes as it is.
  var isPlain = false
  var isReadMode1 = false
  var readPlane = 0
  /// Writes can reach a font that is being displayed.
  var touchesFonts = false
  /// Segments of a card with more memory, as addresses.
  var readBase = 0
  var writeBase = 0
  /// Chained addresses are packed: four of them are one offset of all planes, instead of every fourth offset.
  var isPacked = false

  func update(_ state: VideoAdapter.State, _ card: VideoAdapter.Card) {
    let graphics = state.graphics
    (base, size) = graphics.window
    let isEnabled = state.motherboardEnable & 1 != 0 && state.adapterEnable & 0x08 != 0
    if !state.miscellaneous.isMemoryEnabled || !isEnabled { size = 0 }
    mask = state.sequencer.hasExtendedMemory ? 0xFFFF : 0x3FFF
    if card == .et4000 {
      mask = 0xF_FFFF
      isPacked = true
      // The segments belong to windows of 64 KB and 128 KB (unverified for the latter).
      let isSegmented = graphics.miscellaneous & 0x08 == 0
      readBase = isSegmented ? state.et4000.readSegment << 16 : 0
      writeBase = isSegmented ? state.et4000.writeSegment << 16 : 0
    }
    isChain4 = state.sequencer.isChain4
    writesOddEven = state.sequencer.isOddEven
    replacesBit0 = graphics.chainsOddEven
    usesBit16 = size > 0x1_0000
    page = state.miscellaneous.isPageHigh ? 0 : 1
    updateMapMask(state)
    updateDataPath(state)
  }

  /// After a write to the map mask, which planar programs change all the time.
  func updateMapMask(_ state: VideoAdapter.State) {
    planeBytes = GraphicsController.spread(state.sequencer.mapMask)
    touchesFonts = !state.graphics.isGraphics && state.sequencer.mapMask & 4 != 0
  }

  /// After a write to GR00-GR05, GR07 or GR08, the same.
  func updateDataPath(_ state: VideoAdapter.State) {
    let graphics = state.graphics
    readsOddEven = graphics.readsOddEven
    isPlain = graphics.isPlainWrite
    isReadMode1 = graphics.readMode1
    readPlane = Int(graphics.readMapSelect)
  }

  /// The plane offset of address `a` in chained addressing.
  @inline(__always) func chained(_ a: Int) -> Int { isPacked ? (a & mask) &>> 2 : a & mask & ~3 }

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
    memoryWillChange()
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
    memoryWillChange()
    if size == 4, path.isPlain, path.isChain4, a & 3 == 0 {
      // Four dots of mode 13h: the four planes of one offset.
      return memory.store(path.chained(Int(a) &+ path.writeBase), value, mask: path.planeBytes)
    }
    if path.isPlain, path.writesOddEven, !path.isChain4, a & 1 == 0 {
      // Characters with their attributes: even and odd byte at one offset (if bit 0 is replaced) or two.
      for shift in stride(from: UInt32(0), to: UInt32(truncatingIfNeeded: size &* 8), by: 16) {
        let pair = value &>> shift & 0xFFFF
        if path.replacesBit0, a < path.size {
          memory.store(path.oddEven(Int(a) &+ path.writeBase), pair | pair << 16, mask: path.planeBytes)
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
  @inline(__always) private func readByte(_ window: Int) -> UInt8 {
    let a = window &+ path.readBase
    var plane = path.readPlane
    let offset: Int
    if path.isChain4 {
      plane = a & 3
      offset = path.chained(a)
    } else if path.readsOddEven {
      plane = plane & 2 | a & 1
      offset = path.oddEven(a)
    } else {
      offset = a & path.mask
    }
    let latches = memory.load(offset)
    state.latches = latches
    if path.isReadMode1 { return state.graphics.compare(latches) }
    return UInt8(truncatingIfNeeded: latches &>> UInt32(truncatingIfNeeded: plane &* 8))
  }

  /// Writes window address `a`.
  @inline(__always) private func writeByte(_ window: Int, _ value: UInt8) {
    let a = window &+ path.writeBase
    var mask = path.planeBytes
    let offset: Int
    if path.isChain4 {
      mask &= 0xFF &<< UInt32(truncatingIfNeeded: (a & 3) &* 8)
      offset = path.chained(a)
    } else if path.writesOddEven {
      mask &= a & 1 == 0 ? 0x00FF_00FF : 0xFF00_FF00
      offset = path.oddEven(a)
    } else {
      offset = a & path.mask
    }
    let data =
      path.isPlain
      ? UInt32(value) &* 0x0101_0101 : state.graphics.combine(value, latches: state.latches)
    memory.store(offset, data, mask: mask)
  }
}
