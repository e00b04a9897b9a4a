import ArgumentParser
import Glibc
import PC
import Storage

/// What `create` and `format` have in common.
struct FormatOptions: ParsableArguments {
  @Option(name: .customLong("fat"), help: ArgumentHelp("Bits of the FAT: 12, 16, 32 or auto.", valueName: "BITS"))
  var fat: String?
  @Option(name: .customLong("label"), help: "The volume's name, up to 11 characters.") var label = ""
  @Option(name: .customLong("cluster"), help: ArgumentHelp("Bytes of a cluster, e.g. 4K.", valueName: "SIZE"))
  var cluster: ByteSize?

  /// - Throws: `HostError.usage`.
  func format() throws(HostError) -> FATFormat {
    var format = FATFormat()
    switch fat {
    case nil, "auto": break
    case "12": format.bits = 12
    case "16": format.bits = 16
    case "32": format.bits = 32
    case let other?: throw .usage("--fat: \"\(other)\" is no FAT; 12, 16, 32 or auto")
    }
    if let cluster {
      let sectors = cluster.bytes / 512
      guard cluster.bytes % 512 == 0, (1...128).contains(sectors), sectors & (sectors - 1) == 0 else {
        throw .usage("--cluster: a power of two from 512 to 64K is wanted")
      }
      format.sectorsPerCluster = sectors
    }
    format.label = label
    format.serial = HostDate.serial
    format.bootSector = Firmware.volumeBoot
    return format
  }
}

extension FATFormat {
  /// Sets what depends on where the volume lies: `range` of `disk`.
  mutating func place(start: Int, on disk: any SectorStore) {
    hiddenSectors = start
    let boot = [UInt8](repeating: 0, count: 512)
    if start == 0, disk.sectorCount <= 8192,
      let floppy = FloppyGeometry.recognise(byteCount: disk.sectorCount * 512, bootSector: boot)
    {
      (heads, sectorsPerTrack, isHardDisk) = (floppy.heads, floppy.sectorsPerTrack, false)
      return
    }
    let geometry = PartitionTable.biosGeometry(sectors: disk.sectorCount)
    (heads, sectorsPerTrack, isHardDisk) = (geometry.heads, geometry.sectorsPerTrack, true)
  }
}

/// `heirloom image create`.
struct ImageCreate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make a new disk image.",
    discussion: """
      A hard disk is empty unless --partition or --fat say otherwise; a floppy is formatted. `--bootable` makes the \
      partition active; until a system is put on it, its boot sector says that one is missing.
      """)

  @Argument(help: "The new file.") var path: String
  @Option(name: .customLong("size"), help: ArgumentHelp("A hard disk of this size, e.g. 500M.", valueName: "SIZE"))
  var size: ByteSize?
  @Option(
    name: .customLong("floppy"),
    help: ArgumentHelp("A floppy: 160K 180K 320K 360K 720K 1.2M 1.44M 1.68M 2.88M.", valueName: "TYPE"))
  var floppy: String?
  @Flag(name: .customLong("partition"), help: "One partition over the whole disk, formatted.") var partition = false
  @Flag(name: .customLong("bootable"), help: "The partition is the one to start from.") var bootable = false
  @Flag(name: .customLong("empty"), help: "Don't format the floppy.") var empty = false
  @Option(
    name: .customLong("type"),
    help: "raw, vhd (growing), vhd-fixed; imd, hfe for floppies. Without it the name decides: .vhd is a growing VHD.")
  var type: WrittenFormat?
  @Option(
    name: .customLong("base"),
    help: ArgumentHelp("An overlay: what is written stays in the new file, IMG isn't changed.", valueName: "IMG"))
  var base: String?
  @OptionGroup var options: FormatOptions

  func run() throws {
    let format = try options.format()
    guard [size == nil, floppy == nil, base == nil].filter({ !$0 }).count == 1 else {
      throw HostError.usage(
        "image create: give --size for a hard disk, --floppy for a floppy or --base for an overlay")
    }
    try withImages {
      if let base { return try createOverlay(base) }
      if let floppy { return try createFloppy(floppy, format) }
      let bytes = ((size?.bytes ?? 0) + 511) / 512 * 512
      guard (1 << 20...1 << 37).contains(bytes) else {
        throw HostError.usage("--size: a hard disk has 1M to 128G")
      }
      let disk = try (type ?? WrittenFormat(path: path)).create(path, sectors: bytes / 512)
      do { try fill(disk, format) } catch {
        unlink(path)
        throw error
      }
    }
  }

  private func createFloppy(_ name: String, _ format: FATFormat) throws {
    let sizes = [
      "160K": 160, "180K": 180, "320K": 320, "360K": 360, "720K": 720, "1.2M": 1200, "1.44M": 1440, "1.68M": 1680,
      "2.88M": 2880,
    ]
    guard let kilobytes = sizes[name.uppercased()] else {
      throw HostError.usage("--floppy: \"\(name)\" is no floppy; 160K 180K 320K 360K 720K 1.2M 1.44M 1.68M 2.88M are")
    }
    _ = try HostFile.create(path: path, size: kilobytes << 10)
    guard !empty else { return }
    var format = format
    let disk = try DiskFormat.open(path: path, access: .writable)
    format.place(start: 0, on: disk)
    try format.format(disk)
  }

  private func createOverlay(_ base: String) throws {
    let store = try DiskFormat.open(path: base, access: .readOnlyShared)
    // The path is kept as seen from the overlay.
    var name = base
    if !base.hasPrefix("/"), path.contains("/") {
      guard let absolute = realpath(base, nil) else { throw HostError.file("\(base): no such file; check the name") }
      defer { free(absolute) }
      name = String(cString: absolute)
    }
    try VHDStore.createOverlay(
      path: path, over: store, baseName: name, identity: HostIdentity.random, timestamp: HostIdentity.since2000)
  }

  private func fill(_ disk: any SectorStore, _ format: FATFormat) throws {
    guard partition || bootable || options.fat != nil else { return }
    var format = format
    guard partition || bootable else {
      format.place(start: 0, on: disk)
      return try format.format(disk)
    }
    var entry = PartitionTable.wholeDisk(disk)
    entry.isActive = bootable
    format.place(start: entry.start, on: disk)
    let volume = SectorRange(disk, start: entry.start, sectorCount: entry.sectorCount, name: path + "@1")
    try format.format(volume)
    try PartitionTable.write(
      entry, bits: try FATLayout(volume).bits, to: disk, code: Firmware.masterBoot, signature: format.serial)
    try disk.flush()
  }
}

/// `heirloom image format`.
struct ImageFormat: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "format",
    abstract: "Put an empty FAT file system on an image or a partition. All files on it are lost.")

  @Argument(help: "IMG or IMG@N.") var image: String
  @OptionGroup var options: FormatOptions

  func run() throws {
    var format = try options.format()
    try withImages {
      let image = try OpenImage(image, access: .writable)
      if image.partition == nil, !image.partitions.isEmpty {
        let names = image.partitions.filter { !$0.isExtended }.map { "\(image.path)@\($0.number)" }
        throw HostError.usage("\(image.path): has partitions; name one of \(names.joined(separator: ", "))")
      }
      let volume = try image.volume()
      format.place(start: (volume as? SectorRange)?.start ?? 0, on: image.disk)
      try format.format(volume)
    }
  }
}
