public import Hardware

/// The processors the machine can be built with. Raw values are the names on the command line.
public enum ProcessorModel: String, CaseIterable, Codable, Sendable {
  case i386sx16 = "386sx-16"
  case i386sx25 = "386sx-25"
  case i386dx25 = "386dx-25"
  case i386dx33 = "386dx-33"
  case i386dx40 = "386dx-40"
  case i486sx25 = "486sx-25"
  case i486dx33 = "486dx-33"
  case i486dx50 = "486dx-50"
  case i486dx2x66 = "486dx2-66"
  case i486dx4x100 = "486dx4-100"

  /// 3 for the 386 family, 4 for the 486 family.
  public var family: Int { rawValue.hasPrefix("386") ? 3 : 4 }

  /// The core clock. "33", "66" and "100" MHz parts run from a 33 1/3 MHz crystal.
  public var clock: Clock {
    switch self {
    case .i386sx16: Clock(numerator: 16_000_000)
    case .i386sx25, .i386dx25, .i486sx25: Clock(numerator: 25_000_000)
    case .i386dx33, .i486dx33: Clock(numerator: 100_000_000, denominator: 3)
    case .i386dx40: Clock(numerator: 40_000_000)
    case .i486dx50: Clock(numerator: 50_000_000)
    case .i486dx2x66: Clock(numerator: 200_000_000, denominator: 3)
    case .i486dx4x100: Clock(numerator: 100_000_000)
    }
  }

  /// Address pins: what lies above 2 to this power can't be reached. - Source: Intel 240187, 386 SX: A1 to A23.
  public var addressBits: Int { self == .i386sx16 || self == .i386sx25 ? 24 : 32 }

  /// Core clocks per bus clock: 1 but for the clock-multiplied parts.
  public var multiplier: Int {
    switch self {
    case .i486dx2x66: 2
    case .i486dx4x100: 3
    default: 1
    }
  }

  /// Core clocks per clock of the board's AT bus, which runs at an even part of the bus clock, 8.33 MHz at most.
  ///
  /// - Source: AT bus as in P996 (8.33 MHz); the dividers of 386 and 486 boards' set-up programs.
  var clocksPerBCLK: Int {
    let divider =
      switch self {
      case .i386sx16: 2
      case .i386sx25, .i386dx25, .i486sx25: 3
      case .i386dx33, .i486dx33, .i486dx2x66, .i486dx4x100: 4
      case .i386dx40: 5
      case .i486dx50: 6
      }
    return divider * multiplier
  }

  /// The floating-point unit is on the chip (486DX and later).
  public var hasOwnFPU: Bool { family == 4 && self != .i486sx25 }

  /// EDX after RESET: component identifier in DH, stepping in DL.
  ///
  /// - Source: 386 DX data sheet 231630 (DH=3), 386 SX 240187 (23h), i486 DX 240440 (04xxh), 486 family OverDrive
  ///   and DX2/DX4 identification, Intel AP-485. Steppings are those of late production parts.
  public var resetSignature: UInt32 {
    switch self {
    case .i386dx25, .i386dx33, .i386dx40: 0x0308
    case .i386sx16, .i386sx25: 0x2308
    case .i486sx25: 0x0423
    case .i486dx33: 0x0404
    case .i486dx50: 0x0411
    case .i486dx2x66: 0x0435
    case .i486dx4x100: 0x0480
    }
  }

  /// CPUID and EFLAGS.ID exist: late DX2 ("0435h" and later) and the DX4 (AP-485).
  public var hasCPUID: Bool { self == .i486dx2x66 || self == .i486dx4x100 }
}
