public import Hardware

/// Status register 0: the first result byte of most commands and of SENSE INTERRUPT STATUS.
struct FloppyStatus0 {
  /// Bits 7-6, interrupt code: normal 0, abnormal 1, invalid command 2, ready line changed (polling) 3.
  static func code(_ code: UInt8) -> UInt8 { code << 6 }
  /// Bit 5: a seek or recalibrate ended.
  static let seekEnd: UInt8 = 0x20
  /// Bit 4: equipment check: no track 0 after the steps of a recalibrate.
  static let equipmentCheck: UInt8 = 0x10
}

/// Status register 1.
struct FloppyStatus1: OptionSet, Codable, Equatable, Sendable {
  let rawValue: UInt8
  /// MA: no ID address mark in two revolutions, or no data address mark.
  static let missingAddressMark = Self(rawValue: 0x01)
  /// NW: the disk is write-protected.
  static let notWritable = Self(rawValue: 0x02)
  /// ND: the sector wasn't found.
  static let noData = Self(rawValue: 0x04)
  /// OR: the host didn't serve the FIFO in time.
  static let overrun = Self(rawValue: 0x10)
  /// DE: a CRC is wrong.
  static let dataError = Self(rawValue: 0x20)
  /// EN: access beyond the last sector of the cylinder, because no TC came.
  static let endOfCylinder = Self(rawValue: 0x80)
}

/// Status register 2.
struct FloppyStatus2: OptionSet, Codable, Equatable, Sendable {
  let rawValue: UInt8
  /// MD: no data address mark after the ID.
  static let missingDataMark = Self(rawValue: 0x01)
  /// BC: the ID's cylinder is FFh.
  static let badCylinder = Self(rawValue: 0x02)
  /// SN: a scan was not satisfied.
  static let scanNotSatisfied = Self(rawValue: 0x04)
  /// SH: a scan found equal data.
  static let scanHit = Self(rawValue: 0x08)
  /// WC: the ID's cylinder differs from the command's.
  static let wrongCylinder = Self(rawValue: 0x10)
  /// DD: the CRC of a data field is wrong.
  static let dataFieldError = Self(rawValue: 0x20)
  /// CM: a data mark of the other kind (deleted or normal) than the command reads.
  static let controlMark = Self(rawValue: 0x40)
}

/// Digital output register.
struct FloppyDOR: RawRepresentable, Codable, Equatable, Sendable {
  var rawValue: UInt8
  /// Bits 1-0: drive select.
  var drive: Int { Int(rawValue & 3) }
  /// Bit 2: RESET#, low holds the controller in reset.
  var isRunning: Bool { rawValue & 0x04 != 0 }
  /// Bit 3: DMAGATE#: interrupt and DMA request leave the chip.
  var isGated: Bool { rawValue & 0x08 != 0 }
  /// Bits 7-4: motor enables.
  func motor(_ unit: Int) -> Bool { rawValue >> UInt8(4 + unit & 7) & 1 != 0 }
}

/// What the interface pins of the chip look like to the host: the IDENT and MFM straps.
public enum FloppyInterfaceMode: Sendable, Wiring {
  /// PC AT: no status registers A and B, DIR with DSKCHG only.
  case at
  /// PS/2: status registers A and B, DSKCHG and data rate in DIR.
  case ps2
  /// Model 30: as PS/2 with other polarities.
  case model30
}

/// Intel 82077AA CHMOS single-chip floppy disk controller: registers, command bytes and result bytes. What a command
/// does with drives and time is `FloppyController`'s.
///
/// - Source: Intel 82077AA data sheet (290166), sections 2 (registers), 3-5 (modes, FIFO), 6 (commands).
public struct I82077AA: Codable, Equatable, Sendable {
  /// Where the chip is between two commands.
  public enum Phase: String, Codable, Sendable {
    /// RESET# is low, or the reset sequence isn't over yet.
    case reset
    /// Command bytes are taken.
    case command
    /// A command is carried out.
    case execution
    /// Result bytes are given.
    case result
  }

  var phase = Phase.reset
  var dor = FloppyDOR(rawValue: 0)
  /// Tape drive register, bits 1-0; no tape drive is emulated.
  var tdr: UInt8 = 0
  /// Data rate select, bits 1-0 of DSR and CCR: 500, 300, 250, 1000 kbit/s.
  var rateSelect: UInt8 = 2
  /// DSR bits 4-2: write precompensation; kept, of no effect on ideal media.
  var precompensation: UInt8 = 0
  /// DSR bit 6: the oscillator is stopped until the next access of MSR or FIFO, or a reset.
  var isPoweredDown = false
  /// CCR bit 2 in model 30 mode.
  var noPrecompensation = false

  /// CONFIGURE byte 2: 0 EIS EFIFO# POLL# FIFOTHR.
  var configuration: UInt8 = 0x20
  /// CONFIGURE byte 3: track at which precompensation starts.
  var precompensationTrack: UInt8 = 0
  /// LOCK: EFIFO, FIFOTHR and PRETRK survive software resets.
  var isLocked = false
  /// SPECIFY byte 1: SRT and HUT.
  var stepAndUnload: UInt8 = 0
  /// SPECIFY byte 2: HLT and ND.
  var loadAndMode: UInt8 = 0
  /// PERPENDICULAR MODE: D3-D0, GAP, WGATE in bits 5-0.
  var perpendicular: UInt8 = 0
  /// SC or EOT of the last command that had one, for DUMPREG.
  var lastEOT: UInt8 = 0

  /// PCN: the cylinder each drive's head is thought to be at.
  var presentCylinder = Bank<4, UInt8>(repeating: 0)
  /// MSR bits 3-0: drives that are seeking.
  var seeking: UInt8 = 0
  /// Drives (bit mask) with a result waiting for SENSE INTERRUPT STATUS, and those results.
  var senseWaiting: UInt8 = 0
  var senseStatus = Bank<4, UInt8>(repeating: 0)
  /// INT for those results: raised by the event, lowered by SENSE INTERRUPT STATUS.
  var senseInterrupt = false
  /// A command has ended and its first result byte hasn't been read.
  var resultInterrupt = false
  /// Service is requested in the execution phase (DRQ, or INT in non-DMA mode).
  var serviceRequest = false

  /// Bytes of the command so far.
  var command: [UInt8] = []
  /// Result bytes not read yet.
  var results: [UInt8] = []
  /// The FIFO in the execution phase.
  var fifo = FloppyFIFO()
  /// When RQM comes back after a byte was passed.
  var readyAt = Instant.zero

  // MARK: Derived

  /// Data rate in kbit/s (MFM).
  var rate: Int64 {
    switch rateSelect & 3 {
    case 0: 500
    case 1: 300
    case 2: 250
    default: 1000
    }
  }
  /// Implied seeks are enabled.
  var impliesSeek: Bool { configuration & 0x40 != 0 }
  /// Bytes the FIFO holds: 16, or 1 while it is disabled.
  var fifoDepth: Int { configuration & 0x20 != 0 ? 1 : 16 }
  /// Bytes left (or free) in the FIFO when service is requested, 1 ... 16.
  var threshold: Int { Int(configuration & 0x0F) + 1 }
  /// ND of SPECIFY: no DMA.
  var isNonDMA: Bool { loadAndMode & 1 != 0 }

  /// Time between two steps: (16 - SRT) ms at 500 kbit/s, in proportion at other rates.
  var stepTime: Span { Span(picoseconds: (16 &- Int64(stepAndUnload >> 4)) &* 500_000_000_000 / rate) }
  /// Head load time: HLT * 2 ms at 500 kbit/s, 0 meaning 128.
  var loadTime: Span {
    let n = Int64(loadAndMode >> 1)
    return Span(picoseconds: (n == 0 ? 128 : n) &* 1_000_000_000_000 / rate)
  }
  /// Head unload time: HUT * 16 ms at 500 kbit/s, 0 meaning 16.
  var unloadTime: Span {
    let n = Int64(stepAndUnload & 0x0F)
    return Span(picoseconds: (n == 0 ? 16 : n) &* 8_000_000_000_000 / rate)
  }

  /// A seek has ended that SENSE INTERRUPT STATUS hasn't told.
  var hasSeekResult: Bool {
    (0..<4).contains { senseWaiting >> UInt8($0) & 1 != 0 && senseStatus[$0] & FloppyStatus0.seekEnd != 0 }
  }
  /// INT before the gate.
  var interrupt: Bool { resultInterrupt || senseInterrupt || (serviceRequest && isNonDMA) }
  /// DRQ before the gate.
  var dmaRequest: Bool { serviceRequest && !isNonDMA }

  /// Main status register at `now`: RQM, DIO, NDM, CB, drives seeking.
  func mainStatus(hostReads: Bool, now: Instant) -> UInt8 {
    switch phase {
    case .reset: return 0
    case .command:
      return (now >= readyAt ? 0x80 : 0) | (command.isEmpty ? 0 : 0x10) | seeking
    case .execution:
      guard isNonDMA else { return 0x10 | seeking }
      return (serviceRequest ? 0x80 | (hostReads ? 0x40 : 0) : 0) | 0x30 | seeking
    case .result:
      return (now >= readyAt ? 0x80 : 0) | 0x50 | seeking
    }
  }

  // MARK: Reset

  /// What DOR's and DSR's reset do; `hardware` is the RESET pin.
  mutating func reset(hardware: Bool) {
    if hardware {
      self = I82077AA()
      return
    }
    configuration = isLocked ? configuration & 0x2F : 0x20
    if !isLocked { precompensationTrack = 0 }
    perpendicular &= 0x3C
    isPoweredDown = false
    presentCylinder = Bank(repeating: 0)
    seeking = 0
    senseWaiting = 0
    senseInterrupt = false
    resultInterrupt = false
    serviceRequest = false
    command = []
    results = []
    fifo.clear()
    phase = .reset
  }

  // MARK: Commands

  /// The commands by their five low bits and the bits above that must be as given.
  enum Command: UInt8, CaseIterable {
    case readTrack = 0x02, specify = 0x03, senseDriveStatus = 0x04, writeData = 0x05, readData = 0x06
    case recalibrate = 0x07, senseInterrupt = 0x08, writeDeleted = 0x09, readID = 0x0A, readDeleted = 0x0C
    case formatTrack = 0x0D, dumpRegisters = 0x0E, seek = 0x0F, version = 0x10, scanEqual = 0x11
    case perpendicular = 0x12, configure = 0x13, lock = 0x14, verify = 0x16, scanLow = 0x19, scanHigh = 0x1D
    case relativeSeek = 0x8F

    /// Which bits of the first byte name the command; the others are MT, MFM, SK, DIR or LOCK.
    var mask: UInt8 {
      switch self {
      case .readData, .readDeleted, .scanEqual, .scanLow, .scanHigh, .verify: 0x1F
      case .writeData, .writeDeleted: 0x3F
      case .readTrack: 0x9F
      case .readID, .formatTrack, .relativeSeek: 0xBF
      case .lock: 0x7F
      default: 0xFF
      }
    }

    /// Command bytes.
    var length: Int {
      switch self {
      case .senseInterrupt, .dumpRegisters, .version, .lock: 1
      case .senseDriveStatus, .recalibrate, .readID, .perpendicular: 2
      case .specify, .seek, .relativeSeek: 3
      case .configure: 4
      case .formatTrack: 6
      default: 9
      }
    }

    /// The command that begins with `byte`; nil for an invalid one (18h, PART ID, came with the 82078).
    init?(firstByte byte: UInt8) {
      guard let command = Self.allCases.first(where: { byte & $0.mask == $0.rawValue }) else { return nil }
      self = command
    }
  }

  /// Takes a byte written to the FIFO in the command phase.
  ///
  /// - Returns: true when the command is complete.
  mutating func takeCommandByte(_ byte: UInt8, now: Instant) -> Bool {
    // The polling interrupt after a reset ends with the next command, whichever it is; its four results stay. Drivers
    // that never ask for them (Microsoft's multitasking MS-DOS of 1984) wait for the edge at the end of their
    // RECALIBRATE. The end of a seek is kept until SENSE INTERRUPT STATUS. (Unverified on a chip; the 8272A's data sheet
    // has "reading or writing data" clear the interrupts that need no SENSE INTERRUPT STATUS.)
    if command.isEmpty, !hasSeekResult { senseInterrupt = false }
    command.append(byte)
    readyAt = now + Self.handshake
    guard let first = command.first, let code = Command(firstByte: first) else { return true }
    return command.count >= code.length
  }

  /// RQM's pause after a byte. The data sheet gives no figure for the 82077AA; drivers of the time allow 12 us and
  /// more (unverified).
  static let handshake = Span.microseconds(5)

  /// Ends a command with these result bytes, or, if there are none, takes the next command.
  mutating func give(_ bytes: [UInt8], interrupt: Bool) {
    command = []
    results = bytes
    fifo.clear()
    serviceRequest = false
    phase = bytes.isEmpty ? .command : .result
    resultInterrupt = interrupt
  }

  /// Gives the next result byte.
  mutating func takeResultByte(now: Instant) -> UInt8 {
    resultInterrupt = false
    guard !results.isEmpty else { return 0xFF }
    let byte = results.removeFirst()
    if results.isEmpty {
      phase = .command
      readyAt = now + Self.handshake
    } else {
      // The other results are there already: RQM stays, or comes back within a bus cycle. Firmware that looks once after
      // each byte whether there is another (Bochs's BIOS at SENSE INTERRUPT STATUS) relies on it (unverified on a chip).
      readyAt = now
    }
    return byte
  }
}
