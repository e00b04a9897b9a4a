public import Hardware

/// IBM VGA: ports 3B4h/3B5h/3BAh or 3D4h/3D5h/3DAh, 3C0h-3CFh and 46E8h, memory A0000h-BFFFFh.
///
/// The chip's parts are values: `Sequencer`, `CRTController`, `GraphicsController`, `AttributeController`, `DAC`. The
/// beam's position is a function of guest time and of their registers (`VideoAdapter+Beam`); nothing ticks.
///
/// Every write that can show passes `displayWillChange()` or a relative of it, where the picture is drawn up to the
/// beam (`VideoAdapter+Raster`); the front end gets the last whole picture (`render()`). What all registers together
/// say about it is derived in one place, `Scanout`, and how memory is reached in another, `MemoryPath`: a card with
/// more than a VGA's registers (`Sources/Devices/SVGA`) adds its own to these two.
///
/// - Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem (1992).
public final class VideoAdapter: Device {
  /// Which card it is.
  public enum Card: Wiring, Sendable {
    /// IBM VGA, 256 KB.
    case vga
    /// Tseng ET4000AX, 1 MB, HiColor DAC.
    case et4000
  }
  let card: Card

  // MARK: State

  /// All that changes.
  public struct State: SavedState {
    var sequencer = Sequencer()
    var crt = CRTController()
    var graphics = GraphicsController()
    var attribute = AttributeController()
    var dac = DAC()
    /// What the last read left in the four planes' latches.
    var latches: UInt32 = 0
    var miscellaneous = MiscellaneousOutput(rawValue: 0)
    var featureControl: UInt8 = 0
    /// 3C3h bit 0: the motherboard's video enable.
    var motherboardEnable: UInt8 = 1
    /// 46E8h: bit 3 enables the adapter, bit 4 is set up mode.
    var adapterEnable: UInt8 = 0x08
    /// Time at which frame number `frameBase` began; the beam counts from there.
    var frameOrigin = Instant.zero
    var frameBase: Int64 = 0
    /// Since when a vertical retrace would set the interrupt flag; `never` while CR11 bit 4 holds it clear.
    var interruptArmed = Instant.never
    /// What the last vertical retrace took over, if the registers have been written since: until picture number
    /// `startPicture` is over.
    var start = FrameStart()
    var startPicture: Int64 = -1
    /// What an ET4000 has beyond a VGA.
    var et4000 = ET4000()
    /// Power-on.
    public init() {}
  }
  /// The one mutable property.
  public var state = State()

  /// Vertical retrace, for those who want to be told of it; the adapter itself needs no alarm.
  let retrace = Alarm()
  let memory: VideoMemory
  let output: VideoOutput
  let path = MemoryPath()

  /// A card at power-on: everything zero, as the video BIOS finds it.
  public init(_ card: Card = .vga) {
    self.card = card
    memory = VideoMemory(size: card == .et4000 ? 1 << 20 : 256 << 10)
    output = VideoOutput(Scanout(State(), card))
    path.update(state, card)
    restartPicture()
  }

  // MARK: Footprint

  /// What the device occupies.
  public var footprint: Footprint {
    Footprint(
      "vga", chip: card == .et4000 ? "Tseng ET4000AX" : "IBM VGA",
      [
        .ports(0x3B4...0x3B5, block: Block.monoCRT), .ports(0x3BA...0x3BA, block: Block.monoStatus),
        .ports(0x3C0...0x3CF, block: Block.common), .ports(0x3D4...0x3D5, block: Block.colorCRT),
        .ports(0x3DA...0x3DA, block: Block.colorStatus), .ports(0x46E8...0x46E8, block: Block.enable),
        .memory(0xA_0000...0xB_FFFF, block: 0), .part("memory", memory),
        .alarm("retrace", retrace) {},
      ]
        + (card == .et4000
          ? [
            .ports(0x3B8...0x3B8, block: Block.modeControl), .ports(0x3BF...0x3BF, block: Block.hercules),
            .ports(0x3D8...0x3D8, block: Block.modeControl),
          ] : []))
  }

  private enum Block {
    static let monoCRT = 0
    static let monoStatus = 1
    static let common = 2
    static let colorCRT = 3
    static let colorStatus = 4
    static let enable = 5
    static let modeControl = 6
    static let hercules = 7
  }

  /// RESET DRV.
  public func reset() {
    // The reset line clears registers; memory and palette RAM keep what they have.
    let old = state
    state = State()
    state.dac.colors = old.dac.colors
    state.frameOrigin = now
    stateLoaded()
  }

  /// A saved state has been loaded: repairs damage and rebuilds what is derived.
  public func stateLoaded() {
    state.dac.repair()
    state.et4000.repair()
    state.frameBase = min(max(state.frameBase, 0), 1 << 48)
    if state.frameOrigin > now { state.frameOrigin = now }
    state.startPicture = min(max(state.startPicture, -1), 1 << 49)
    path.update(state, card)
    output.scanout = Scanout(state, card)
    output.statusUntil = .zero
    output.isValid = false
    restartPicture()
  }

  var now: Instant { retrace.now }

  // MARK: Ports

  var isEnabled: Bool { state.motherboardEnable & 1 != 0 && state.adapterEnable & 0x08 != 0 }

  /// A byte is read from a port.
  public func readPort(_ block: Int, _ offset: Int) -> UInt8 {
    guard isEnabled else { return block == Block.common && offset == 3 ? state.motherboardEnable : 0xFF }
    let isColor = state.miscellaneous.isColor
    switch block {
    case Block.monoCRT: return isColor ? 0xFF : readCRT(offset)
    case Block.colorCRT: return isColor ? readCRT(offset) : 0xFF
    case Block.monoStatus: return isColor ? 0xFF : readStatus1()
    case Block.colorStatus: return isColor ? readStatus1() : 0xFF
    case Block.common: return readCommon(offset)
    case Block.hercules: return state.et4000.hercules
    default: return 0xFF
    }
  }

  /// A byte is written to a port.
  public func writePort(_ block: Int, _ offset: Int, _ value: UInt8) {
    if block == Block.enable {
      displayWillChange()
      state.adapterEnable = value & 0x1F
      return path.update(state, card)
    }
    if block == Block.common, offset == 3 {
      displayWillChange()
      state.motherboardEnable = value & 1
      return path.update(state, card)
    }
    guard isEnabled else { return }
    let isColor = state.miscellaneous.isColor
    switch block {
    case Block.monoCRT: if !isColor { writeCRT(offset, value) }
    case Block.colorCRT: if isColor { writeCRT(offset, value) }
    case Block.monoStatus: if !isColor { state.featureControl = value & 0x0B }
    case Block.colorStatus: if isColor { state.featureControl = value & 0x0B }
    case Block.common: writeCommon(offset, value)
    case Block.modeControl: state.et4000.writeModeControl(value)
    case Block.hercules: state.et4000.hercules = value & 3
    default: break
    }
  }

  private func readCRT(_ offset: Int) -> UInt8 {
    if offset == 0 { return state.crt.index }
    if card == .et4000, state.crt.index > 0x18 { return state.et4000.readCRT(Int(state.crt.index)) }
    return state.crt.read()
  }

  private func writeCRT(_ offset: Int, _ value: UInt8) {
    if offset == 0 { return state.crt.writeIndex(value) }
    let number = state.crt.index
    switch number {
    case 0x08, 0x0C, 0x0D:
      startWillChange()
      state.crt.write(value)
    case 0x0A, 0x0B, 0x0E, 0x0F:
      // The cursor shows like memory: line by line. Programs write the same place again and again.
      if state.crt.registers[Int(number)] != value { memoryWillChange() }
      state.crt.write(value)
    case 0x19...: writeExtendedCRT(Int(number), value)
    default:
      var changed = state.crt
      changed.write(value)
      if changed.registers[Int(number)] != state.crt.registers[Int(number)] {
        displayWillChange()
        changeTiming { state.crt = changed }
      }
    }
    if number == 0x11 {
      // Bit 4 low clears the flip-flop and holds it.
      state.interruptArmed = value & 0x10 == 0 ? .never : min(state.interruptArmed, now)
    }
  }

  private func readCommon(_ offset: Int) -> UInt8 {
    switch offset {
    case 0x0: return state.attribute.index
    case 0x1: return card == .et4000 ? readExtendedAttribute() : state.attribute.read()
    case 0x2: return readStatus0()
    case 0x3: return state.motherboardEnable
    case 0x4: return state.sequencer.index
    case 0x5: return card == .et4000 ? readTimingSequencer() : state.sequencer.read()
    case 0x6: return card == .et4000 ? state.et4000.readMask() ?? state.dac.mask : state.dac.mask
    case 0x7: return state.dac.status
    case 0x8: return state.dac.address
    case 0x9: return state.dac.read()
    case 0xA: return state.featureControl
    case 0xC: return state.miscellaneous.rawValue
    case 0xD: return card == .et4000 ? state.et4000.segments : 0xFF
    case 0xE: return state.graphics.index
    case 0xF: return state.graphics.read()
    default: return 0xFF
    }
  }

  private func writeCommon(_ offset: Int, _ value: UInt8) {
    switch offset {
    case 0x0: writeAttribute(value)
    case 0x2:
      displayWillChange()
      changeTiming { state.miscellaneous = MiscellaneousOutput(rawValue: value & 0xEF) }
      path.update(state, card)
    case 0x4: state.sequencer.writeIndex(value)
    case 0x5:
      // The map mask is written very often by planar programs and shows nothing.
      if state.sequencer.index == 2 {
        state.sequencer.write(value)
        return path.updateMapMask(state)
      } else if card == .et4000, state.sequencer.index > 4 {
        writeTimingSequencer(value)
      } else {
        displayWillChange()
        changeTiming { state.sequencer.write(value) }
      }
      path.update(state, card)
    case 0x6: writeMask(value)
    case 0x7:
      state.et4000.maskReads = 0
      state.dac.setReadAddress(value)
    case 0x8:
      state.et4000.maskReads = 0
      state.dac.setWriteAddress(value)
    case 0x9: writeColor(value)
    case 0xD: if card == .et4000 { writeSegments(value) }
    case 0xE: state.graphics.writeIndex(value)
    case 0xF:
      var changed = state.graphics
      changed.write(value)
      if changed.looks(like: state.graphics) {
        state.graphics = changed
      } else {
        displayWillChange()
        changeTiming { state.graphics = changed }
      }
      if state.graphics.index == 6 { path.update(state, card) } else { path.updateDataPath(state) }
    default: break
    }
  }

  // MARK: Colours

  private func writeAttribute(_ value: UInt8) {
    var changed = state.attribute
    changed.write(value)
    let number = state.attribute.index & 0x1F
    if card == .et4000, state.attribute.isData, number > 0x15 {
      writeExtendedAttribute(Int(number), value)
    } else if !changed.looks(like: state.attribute) {
      displayWillChange()
      output.colors.isStale = true
    }
    // Whether a byte is a dot depends on AR10.
    if number == 0x10 { changeTiming { state.attribute = changed } } else { state.attribute = changed }
  }

  private func writeMask(_ value: UInt8) {
    displayWillChange()
    output.colors.isStale = true
    if card == .et4000 {
      var isTaken = false
      changeTiming { isTaken = state.et4000.writeMask(value) }
      if isTaken { return }
    }
    state.dac.mask = value
  }

  private func writeColor(_ value: UInt8) {
    state.et4000.maskReads = 0
    let index = state.dac.address
    let changes = state.dac.changesColor(value)
    if changes { displayWillChange() }
    state.dac.write(value)
    if changes { output.colors.update(index, state) }
  }
}

/// Miscellaneous output register, written at 3C2h, read at 3CCh.
struct MiscellaneousOutput: RawRepresentable, Codable, Equatable, Sendable {
  var rawValue: UInt8
  /// Bit 0: CRT controller at 3D4h instead of 3B4h.
  var isColor: Bool { rawValue & 0x01 != 0 }
  /// Bit 1: the processor can access display memory.
  var isMemoryEnabled: Bool { rawValue & 0x02 != 0 }
  /// Bits 3-2: 0 is 25.175 MHz, 1 is 28.322 MHz; 2 (feature connector) and 3 have no clock here and run as 0.
  var dotClock: Clock { rawValue >> 2 & 3 == 1 ? .vga28 : .vga25 }
  /// Bit 5: which address bit 0 odd/even addressing puts in; 1, as all modes have it, the even one (polarity
  /// unverified).
  var isPageHigh: Bool { rawValue & 0x20 != 0 }
}
