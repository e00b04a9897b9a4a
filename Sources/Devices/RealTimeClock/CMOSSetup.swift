public import Hardware

/// What the setup program has left in the battery-backed memory. The board fills it in; `bytes` lays it out.
///
/// - Source: IBM AT Technical Reference (10h-33h); bytes 34h, 35h, 38h and 3Dh by the convention of Bochs and QEMU.
public struct CMOSSetup: Codable, Equatable, Sendable, Wiring {
  /// Type of a diskette drive, as in the nibbles of byte 10h.
  public enum FloppyDrive: UInt8, Codable, Sendable {
    case none, inch5_360K, inch5_1200K, inch3_720K, inch3_1440K, inch3_2880K
  }
  /// A device to boot from, as in the nibbles of bytes 3Dh and 38h.
  public enum BootDevice: UInt8, Codable, Sendable {
    case none, floppy, hardDisk, cdrom
  }
  /// Kind of the primary display, bits 5-4 of the equipment byte.
  public enum Display: UInt8, Codable, Sendable {
    case vga, colour40, colour80, mono
  }
  /// Parameters of a hard disk of a user-defined type (47), in the usual places of AMI's and Bochs's firmware.
  public struct HardDisk: Codable, Equatable, Sendable {
    /// Cylinders.
    public var cylinders: UInt16
    /// Heads.
    public var heads: UInt8
    /// Sectors a track.
    public var sectors: UInt8
    /// A disk of that geometry.
    public init(cylinders: UInt16, heads: UInt8, sectors: UInt8) {
      self.cylinders = cylinders
      self.heads = heads
      self.sectors = sectors
    }
  }

  /// Drives A and B.
  public var floppyA = FloppyDrive.inch3_1440K
  /// See `floppyA`.
  public var floppyB = FloppyDrive.none
  /// Primary display.
  public var display = Display.vga
  /// A coprocessor is fitted.
  public var coprocessor = false
  /// All memory in bytes; base, extended and high memory fields follow from it.
  public var memorySize = 1 << 20
  /// First, second and third boot device.
  public var bootOrder: [BootDevice] = [.floppy, .hardDisk]
  /// First hard disk; nil: none.
  public var hardDisk0: HardDisk?
  /// Second hard disk.
  public var hardDisk1: HardDisk?
  /// Further bytes by index (0Eh ... 7Fh), put in last, before the checksum.
  public var extra: [Int: UInt8] = [:]

  /// One 1.44 MB drive, VGA, 1 MB of memory.
  public init() {}

  /// The memory's 128 bytes; 00h-0Dh are 0.
  public var bytes: [UInt8] {
    var cmos = [UInt8](repeating: 0, count: 128)
    func put16(_ index: Int, _ value: Int) {
      cmos[index] = UInt8(truncatingIfNeeded: value)
      cmos[index + 1] = UInt8(truncatingIfNeeded: value >> 8)
    }
    cmos[0x10] = floppyA.rawValue << 4 | floppyB.rawValue
    let drives = (floppyA == .none ? 0 : 1) + (floppyB == .none ? 0 : 1)
    cmos[0x14] =
      (drives > 0 ? 0x01 : 0) | (coprocessor ? 0x02 : 0) | 0x04 | display.rawValue << 4
      | UInt8(drives == 2 ? 0x40 : 0)
    put16(0x15, min(memorySize >> 10, 640))
    // Extended memory from 1 MB up, in KB; the field holds up to 64 MB.
    let extended = min(max((memorySize >> 10) - 1024, 0), 0xFFFF)
    put16(0x17, extended)
    put16(0x30, extended)
    // Memory above 16 MB in 64 KB units.
    put16(0x34, min(max((memorySize >> 16) - 256, 0), 0xFFFF))
    func boot(_ n: Int) -> UInt8 { n < bootOrder.count ? bootOrder[n].rawValue : 0 }
    cmos[0x3D] = boot(1) << 4 | boot(0)
    cmos[0x38] = boot(2) << 4
    // Type 15 in byte 12h: look in bytes 19h and 1Ah; 47 there: parameters from 1Bh and 24h on.
    if let disk = hardDisk0 {
      cmos[0x12] |= 0xF0
      cmos[0x19] = 47
      putDisk(disk, &cmos, at: 0x1B)
    }
    if let disk = hardDisk1 {
      cmos[0x12] |= 0x0F
      cmos[0x1A] = 47
      putDisk(disk, &cmos, at: 0x24)
    }
    for (index, value) in extra where (0x0E..<0x80).contains(index) { cmos[index] = value }
    Self.setChecksum(&cmos)
    return cmos
  }

  private func putDisk(_ disk: HardDisk, _ cmos: inout [UInt8], at index: Int) {
    cmos[index] = UInt8(truncatingIfNeeded: disk.cylinders)
    cmos[index + 1] = UInt8(truncatingIfNeeded: disk.cylinders >> 8)
    cmos[index + 2] = disk.heads
    // Write precompensation: none.
    cmos[index + 3] = 0xFF
    cmos[index + 4] = 0xFF
    cmos[index + 5] = disk.heads > 8 ? 0xC8 : 0xC0
    // Landing zone.
    cmos[index + 6] = UInt8(truncatingIfNeeded: disk.cylinders)
    cmos[index + 7] = UInt8(truncatingIfNeeded: disk.cylinders >> 8)
    cmos[index + 8] = disk.sectors
  }

  /// The sum of bytes 10h ... 2Dh, kept in 2Eh (high) and 2Fh (low). 0 if `cmos` is shorter than that.
  public static func checksum(_ cmos: [UInt8]) -> UInt16 {
    guard cmos.count > 0x2F else { return 0 }
    return cmos[0x10...0x2D].reduce(0) { $0 &+ UInt16($1) }
  }

  /// Puts the checksum in its place.
  public static func setChecksum(_ cmos: inout [UInt8]) {
    guard cmos.count > 0x2F else { return }
    let sum = checksum(cmos)
    cmos[0x2E] = UInt8(truncatingIfNeeded: sum >> 8)
    cmos[0x2F] = UInt8(truncatingIfNeeded: sum)
  }
}
