import Hardware

/// An ET4000's registers at the adapter's ports.
extension VideoAdapter {
  /// CR19-CR3F: nothing on a plain VGA.
  func writeExtendedCRT(_ number: Int, _ value: UInt8) {
    guard card == .et4000 else { return }
    // CR11 bit 7 protects the vertical overflow too.
    if number == 0x35, state.crt.registers[0x11] & 0x80 != 0 { return }
    if number == 0x33 { startWillChange() } else { displayWillChange() }
    changeTiming { state.et4000.writeCRT(number, value) }
    path.update(state, card)
  }

  /// TS00-TS07 read.
  func readTimingSequencer() -> UInt8 {
    switch state.sequencer.index {
    case 6: state.et4000.stateControl
    case 7: state.et4000.auxiliaryMode
    default: state.sequencer.read()
    }
  }

  /// TS05-TS07 written.
  func writeTimingSequencer(_ value: UInt8) {
    displayWillChange()
    changeTiming {
      switch state.sequencer.index {
      case 6: state.et4000.stateControl = value & 0x06
      case 7: state.et4000.auxiliaryMode = value
      default: break
      }
    }
  }

  /// AR00-AR17 read.
  func readExtendedAttribute() -> UInt8 {
    switch state.attribute.index & 0x1F {
    case 0x16: state.et4000.miscellaneous
    case 0x17: state.et4000.miscellaneous1
    default: state.attribute.read()
    }
  }

  /// AR16 and AR17 written.
  func writeExtendedAttribute(_ number: Int, _ value: UInt8) {
    displayWillChange()
    changeTiming {
      switch number {
      case 0x16: state.et4000.miscellaneous = value
      case 0x17: state.et4000.miscellaneous1 = value
      default: break
      }
    }
  }

  /// 3CDh written.
  func writeSegments(_ value: UInt8) {
    state.et4000.segments = value
    path.update(state, card)
  }
}
