import CFirmware

/// The ROMs and the disk inside the program, and ROMs from files.
public enum Firmware {
  /// Our system BIOS, 64 KB.
  public static var systemBIOS: [UInt8] { bytes(firmware_system_bios()) }
  /// Our video BIOS, 32 KB.
  public static var videoBIOS: [UInt8] { bytes(firmware_video_bios()) }
  /// Our video BIOS for `card`, 32 KB.
  public static func videoBIOS(for card: VideoCard) -> [UInt8] {
    switch card {
    case .vga: videoBIOS
    case .et4000: bytes(firmware_et4000_bios())
    }
  }
  /// The disk that is in drive A when nothing else is attached, 1.44 MB.
  public static var welcomeDisk: [UInt8] { bytes(firmware_welcome_disk()) }
  /// The boot sector of an empty FAT volume, which says that a system is missing; 512 bytes.
  public static var volumeBoot: [UInt8] { bytes(firmware_volume_boot()) }
  /// The master boot record of a new disk, without its partition table; 512 bytes.
  public static var masterBoot: [UInt8] { bytes(firmware_master_boot()) }

  private static func bytes(_ blob: FirmwareBlob) -> [UInt8] {
    Array(UnsafeBufferPointer(start: blob.bytes, count: blob.size))
  }

  /// A system ROM from a file: 64, 128 or 256 KB, so that its last 16 bytes are the reset vector.
  ///
  /// - Throws: `HostError.file`.
  public static func systemBIOS(path: String) throws(HostError) -> [UInt8] {
    let rom = try HostFiles.read(path)
    guard [64 << 10, 128 << 10, 256 << 10].contains(rom.count) else {
      throw .file("\(path): a system BIOS has 64, 128 or 256 KB, this file has \(rom.count) bytes")
    }
    return rom
  }

  /// A video ROM from a file: up to 64 KB with the signature 55h AAh.
  ///
  /// - Throws: `HostError.file`.
  public static func videoBIOS(path: String) throws(HostError) -> [UInt8] {
    let rom = try HostFiles.read(path)
    guard (512...(64 << 10)).contains(rom.count) else {
      throw .file("\(path): a video BIOS has up to 64 KB, this file has \(rom.count) bytes")
    }
    guard rom[0] == 0x55, rom[1] == 0xAA else {
      throw .file("\(path): is not a video BIOS: it doesn't begin with 55h AAh")
    }
    return rom
  }
}
