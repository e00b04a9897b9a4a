import Devices
import Processor
import Storage

extension MachineConfiguration {
  /// The board that this configuration describes.
  func parts(
    roms: Motherboard.ROMs, disks: [FloppyImage?], hardDisks: [HardDiskImage?]
  ) -> Motherboard.Parts {
    let choices = [floppy.driveA, floppy.driveB]
    let drives = zip(choices, disks).map { choice, disk in choice.type(for: disk?.geometry) }
    var setup = CMOSSetup()
    setup.floppyA = CMOSSetup.FloppyDrive(rawValue: drives[0]?.cmosType ?? 0) ?? .none
    setup.floppyB = CMOSSetup.FloppyDrive(rawValue: drives[1]?.cmosType ?? 0) ?? .none
    setup.hardDisk0 = CMOSSetup.HardDisk(hardDisks.first ?? nil)
    setup.hardDisk1 = CMOSSetup.HardDisk(hardDisks.dropFirst().first ?? nil)
    setup.coprocessor = hasFPU
    // Under the ROM at the end of a 386SX's address space there is no memory.
    setup.memorySize = min(memory.size.bytes, (1 << cpu.model.addressBits) - roms.system.count)
    setup.bootOrder = boot.order.devices.map { device in
      switch device {
      case .a: .floppy
      case .c: .hardDisk
      case .cdrom: .cdrom
      }
    }
    return Motherboard.Parts(
      model: cpu.model, fpu: hasFPU, timing: cpu.timing, boardTiming: boardTiming, tlb: cpu.tlb,
      ramSize: memory.size.bytes, roms: roms,
      video: video.card == .et4000 ? .et4000 : .vga, setup: setup, start: start,
      drives: FloppyController.Configuration(
        driveCount: drives[1] != nil ? 2 : drives[0] != nil ? 1 : 0,
        types: zip(choices, drives).map { $0 == .auto ? nil : $1 }),
      hardDisks: hardDisks, fm: sound.synthesizer, soundBlaster: sound.soundBlaster,
      soundFilter: sound.filter, printerSound: sound.converter, levels: sound.levels, cdrom: cdromPlace,
      driveTiming: disk.timing == .period ? .period : .fast,
      serial: [ports.serial1 != .none, ports.serial2 != .none], mouse: input.mouse)
  }

  private var hasFPU: Bool {
    switch cpu.fpu {
    case .auto: cpu.model.hasOwnFPU
    case .on: true
    case .off: false
    }
  }

  private var start: RTCDate {
    guard case .date(let date) = clock.start else { return Machine.defaultStart }
    return RTCDate(
      year: date.year, month: date.month, day: date.day, hour: date.hour, minute: date.minute, second: date.second)
  }
}

extension CMOSSetup.HardDisk {
  /// What a setup program enters for a disk; nil for none.
  fileprivate init?(_ disk: HardDiskImage?) {
    guard let disk else { return nil }
    self.init(
      cylinders: UInt16(truncatingIfNeeded: disk.cylinders), heads: UInt8(HardDiskImage.heads),
      sectors: UInt8(HardDiskImage.sectorsPerTrack))
  }
}

extension FloppyDriveChoice {
  /// The drive, nil for none.
  fileprivate func type(for geometry: FloppyGeometry?) -> FloppyDriveType? {
    switch self {
    case .auto: geometry?.driveType ?? .drive1440K
    case .none: nil
    case .d360K: .drive360K
    case .d1200K: .drive1200K
    case .d720K: .drive720K
    case .d1440K: .drive1440K
    case .d2880K: .drive2880K
    }
  }
}
