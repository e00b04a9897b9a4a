public import Processor

/// Everything that is decided about a machine before power-on. The default is a late 486 with 16 MB.
///
/// Every leaf has a line in `ConfigurationKey.all`, which gives it its name, its flag and its description; a test
/// compares the two.
public struct MachineConfiguration: Codable, Equatable, Sendable {
  /// The machine as a whole.
  public struct General: Codable, Equatable, Sendable {
    /// Shown in the window's title.
    public var name = "Heirloom"
    /// What a triple fault does.
    public var onTripleFault = TripleFaultAction.reset
  }
  /// The processor and its coprocessor.
  public struct CPU: Codable, Equatable, Sendable {
    /// Which processor.
    public var model = ProcessorModel.i486dx2x66
    /// Whether there is a floating-point unit.
    public var fpu = FPUChoice.auto
    /// How much of its behaviour in time is modelled.
    public var timing = TimingModel.full
    /// How translations follow page tables that change without a flush.
    public var tlb = TLBPolicy.coherent
  }
  /// RAM.
  public struct Memory: Codable, Equatable, Sendable {
    /// How much.
    public var size = MemorySize(megabytes: 16)
    /// The board's cache.
    public var cache = BoardCache.auto
    /// Wait states of the DRAM.
    public var waitStates = WaitStates.auto
  }
  /// ROMs other than the built-in ones.
  public struct Firmware: Codable, Equatable, Sendable {
    /// A system BIOS image of 64, 128 or 256 KB.
    public var bios = HostPath.none
    /// A video BIOS image of up to 64 KB.
    public var videoBIOS = HostPath.none
  }
  /// Start.
  public struct Boot: Codable, Equatable, Sendable {
    /// What is tried, in order.
    public var order = BootOrder.standard
  }
  /// Floppy drives and what is in them.
  public struct Floppy: Codable, Equatable, Sendable {
    /// The image in drive A.
    public var a = HostPath.none
    /// The image in drive B.
    public var b = HostPath.none
    /// Drive A itself.
    public var driveA = FloppyDriveChoice.auto
    /// Drive B itself.
    public var driveB = FloppyDriveChoice.auto
  }
  /// Hard disks.
  public struct Disk: Codable, Equatable, Sendable {
    /// Primary channel, master.
    public var hda = HostPath.none
    /// Primary channel, slave.
    public var hdb = HostPath.none
    /// Secondary channel, master.
    public var hdc = HostPath.none
    /// Secondary channel, slave.
    public var hdd = HostPath.none

    /// How long these and the CD-ROM drive take.
    public var timing = DriveTiming.fast

    /// The four places in order.
    var paths: [String?] { [hda.path, hdb.path, hdc.path, hdd.path] }
  }
  /// The CD-ROM drive and what is in it.
  public struct CDROM: Codable, Equatable, Sendable {
    /// The disc.
    public var disc = HostPath.none
    /// The drive itself.
    public var drive = CDROMDriveChoice.auto
  }
  /// All media.
  public struct Media: Codable, Equatable, Sendable {
    /// No image is ever written; changes live until exit.
    public var readOnly = false
  }
  /// The graphics card.
  public struct Video: Codable, Equatable, Sendable {
    /// Which card.
    public var card = VideoCard.vga
    /// What it is plugged into.
    public var bus = VideoBusChoice.auto
  }
  /// What a person has in hand.
  public struct Input: Codable, Equatable, Sendable {
    /// Which mouse.
    public var mouse = Mouse.ps2
  }
  /// The outer ends of the machine's connectors.
  public struct Ports: Codable, Equatable, Sendable {
    /// COM1.
    public var serial1 = SerialEndpoint.none
    /// COM2.
    public var serial2 = SerialEndpoint.none
    /// LPT1.
    public var parallel1 = ParallelEndpoint.none
    /// Port E9h.
    public var debug = DebugEndpoint.none
  }
  /// The battery-backed clock.
  public struct ClockSettings: Codable, Equatable, Sendable {
    /// What it shows at power-on.
    public var start = ClockStart.host
  }

  /// The machine as a whole.
  public var machine = General()
  /// The processor and its coprocessor.
  public var cpu = CPU()
  /// RAM.
  public var memory = Memory()
  /// ROMs other than the built-in ones.
  public var firmware = Firmware()
  /// Start.
  public var boot = Boot()
  /// Floppy drives and what is in them.
  public var floppy = Floppy()
  /// Hard disks.
  public var disk = Disk()
  /// The CD-ROM drive and what is in it.
  public var cdrom = CDROM()
  /// All media.
  public var media = Media()
  /// The graphics card.
  public var video = Video()
  /// The sound card, its volumes and plugs.
  public var sound = SoundSettings()
  /// What a person has in hand.
  public var input = Input()
  /// The outer ends of the machine's connectors.
  public var ports = Ports()
  /// The battery-backed clock.
  public var clock = ClockSettings()

  /// The default machine.
  public init() {}

  /// Checks what single keys can't: that the parts go together.
  ///
  /// - Throws: `HostError` of kind `usage`.
  public func validate() throws(HostError) {
    if cpu.fpu == .on, cpu.model.family == 4, !cpu.model.hasOwnFPU {
      throw .usage("cpu.fpu: a \(cpu.model.rawValue) has no floating-point unit; take off, auto, or a 486DX")
    }
    if cpu.fpu == .off, cpu.model.hasOwnFPU {
      throw .usage("cpu.fpu: a \(cpu.model.rawValue) always has its own floating-point unit; take on or auto")
    }
    if memory.size.bytes > 1 << cpu.model.addressBits {
      throw .usage("memory.size: a \(cpu.model.rawValue) reaches no more than 16M; take 16M or less, or a 386DX")
    }
    // A slave alone answers for no master: the firmware of the time doesn't find it.
    if disk.hdb.path != nil, disk.hda.path == nil { throw .usage("disk.hdb: a slave needs a master; give it as hda") }
    if disk.hdd.path != nil, disk.hdc.path == nil { throw .usage("disk.hdd: a slave needs a master; give it as hdc") }
    if input.mouse == .serial, ports.serial1 != .none {
      throw .usage("ports.serial1: the serial mouse is there; take ports.serial2, or another mouse")
    }
    if cdrom.disc.path != nil, cdromPlace == nil {
      throw .usage("cdrom.disc: there is no CD-ROM drive for it; leave one of hda to hdd free, and cdrom.drive at auto")
    }
    if ports.serial1 == .stdio, ports.serial2 == .stdio {
      throw .usage("ports.serial2: standard input and output are taken by ports.serial1; take file:, tcp: or none")
    }
  }
}

/// Graphics cards. `heirloom list video` prints them.
public enum VideoCard: String, ConfigurationValue, CaseIterable {
  /// IBM VGA, 256 KB.
  case vga
  /// Tseng ET4000AX, 1 MB, HiColor DAC.
  case et4000
}

/// Mice.
public enum Mouse: String, ConfigurationValue, CaseIterable {
  /// At the keyboard controller's auxiliary port.
  case ps2
  /// A Microsoft mouse with two buttons on COM1.
  case serial
  /// No mouse.
  case none
}

/// How long hard disks and CD-ROM drives take.
public enum DriveTiming: String, ConfigurationValue, CaseIterable {
  /// Short constant times.
  case fast
  /// Seeks, rotation and transfer of drives of 1995.
  case period
}

/// A CD-ROM drive.
public enum CDROMDriveChoice: String, ConfigurationValue, CaseIterable {
  /// One at the first place that no hard disk takes: secondary master, primary slave, primary master, secondary slave.
  case auto
  /// No drive.
  case none
}

extension MachineConfiguration {
  /// Where the CD-ROM drive is, 0 ... 3 as hda ... hdd; nil if there is none.
  var cdromPlace: Int? {
    guard cdrom.drive == .auto else { return nil }
    let paths = disk.paths
    // A slave needs a master.
    return [2, 1, 0, 3].first { paths[$0] == nil && ($0 % 2 == 0 || paths[$0 - 1] != nil) }
  }
}

/// A floppy drive.
public enum FloppyDriveChoice: String, ConfigurationValue, CaseIterable {
  /// The drive that the disk given at power-on belongs in; 1.44 MB without a disk (drive B: 1.44 MB).
  case auto
  /// No drive.
  case none
  /// 5.25 inch, 360 KB.
  case d360K = "360k"
  /// 5.25 inch, 1.2 MB.
  case d1200K = "1.2m"
  /// 3.5 inch, 720 KB.
  case d720K = "720k"
  /// 3.5 inch, 1.44 MB.
  case d1440K = "1.44m"
  /// 3.5 inch, 2.88 MB.
  case d2880K = "2.88m"
}

extension VideoCard {
  /// What the card is.
  public var summary: String {
    switch self {
    case .vga: "IBM VGA, 256 KB"
    case .et4000: "Tseng ET4000AX, 1 MB, HiColor DAC, VESA BIOS extensions 2.0"
    }
  }
}
