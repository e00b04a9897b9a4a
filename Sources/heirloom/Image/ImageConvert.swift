import ArgumentParser
import Glibc
import PC
import Storage

/// The formats that are written.
enum WrittenFormat: String, ExpressibleByArgument, CaseIterable {
  case raw
  case vhd
  case vhdFixed = "vhd-fixed"
  case imd
  case hfe

  /// By the name of a new file, if nothing else is said.
  init(path: String) {
    let suffix = path.lowercased().split(separator: ".").last.map(String.init) ?? ""
    self = ["vhd", "imd", "hfe"].contains(suffix) ? WrittenFormat(rawValue: suffix) ?? .raw : .raw
  }

  /// A floppy's format that keeps more than sectors.
  var floppy: FloppyImage.ExportFormat? { FloppyImage.ExportFormat(rawValue: rawValue) }

  /// Makes a file for `sectors` sectors and opens it.
  func create(_ path: String, sectors: Int) throws(StorageError) -> any SectorStore {
    switch self {
    case .imd, .hfe: throw .unsupported(path: path, what: "\(rawValue) holds floppies; convert one")
    case .raw: _ = try HostFile.create(path: path, size: sectors * 512)
    case .vhd, .vhdFixed:
      try VHDStore.create(
        path: path, sectors: sectors, isFixed: self == .vhdFixed, identity: HostIdentity.random,
        timestamp: HostIdentity.since2000)
    }
    return try DiskFormat.open(path: path, access: .writable)
  }
}

/// What tells new images apart.
enum HostIdentity {
  /// Sixteen bytes of a random (version 4) UUID.
  static var random: [UInt8] {
    var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
    bytes[6] = bytes[6] & 0x0F | 0x40
    bytes[8] = bytes[8] & 0x3F | 0x80
    return bytes
  }

  /// Seconds since the start of 2000, universal time.
  static var since2000: Int { time(nil) - 946_684_800 }
}

/// `heirloom image convert`.
struct ImageConvert: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Copy an image into another format.",
    discussion: """
      All formats are read: raw, VHD, VMDK, QCOW2 of hard disks; raw, IMD, TD0, HFE of floppies; a folder becomes a CD \
      (ISO 9660 with Joliet). The new file's format follows from its name unless --to says it.
      """)

  @Argument(help: "The image; IMG@N for a partition alone.") var image: String
  @Argument(help: "The new file.") var output: String
  @Option(name: .customLong("to"), help: "raw, vhd (growing), vhd-fixed; imd, hfe for floppies.") var format:
    WrittenFormat?

  func run() throws {
    try withImages {
      let format = format ?? WrittenFormat(path: output)
      if let floppy = format.floppy {
        return try FloppyImage(path: image, writing: .inMemory).export(to: output, format: floppy)
      }
      let opened = try OpenImage(image, access: .readOnlyShared)
      let source = opened.partition == nil ? opened.disk : try opened.volume()
      let target = try format.create(output, sectors: source.sectorCount)
      let interruption = Interruption()
      do {
        var progress = ProgressLine("convert")
        defer { progress.end() }
        var at = 0
        while at < source.sectorCount {
          try interruption.check(output)
          let count = min(2048, source.sectorCount - at)
          let bytes = try source.read(at, count: count)
          // A new file is all zeros already, and these take no room.
          if bytes.contains(where: { $0 != 0 }) { try target.write(at, bytes) }
          at += count
          progress.show(at, of: source.sectorCount)
        }
        try target.flush()
      } catch {
        unlink(output)
        throw error
      }
    }
  }
}

/// `heirloom image commit`.
struct ImageCommit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "commit", abstract: "Write what an overlay holds into its base; the overlay is empty then.")

  @Argument(help: "An overlay, made with `image create --base`.") var overlay: String

  func run() throws {
    try withImages {
      let store = try DiskFormat.openForCommit(path: overlay)
      var progress = ProgressLine("commit")
      defer { progress.end() }
      try store.commit { progress.show($0, of: $1) }
    }
  }
}

/// `heirloom image discard`.
struct ImageDiscard: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "discard", abstract: "Forget what an overlay holds; its base shows again.")

  @Argument(help: "An overlay, made with `image create --base`.") var overlay: String

  func run() throws {
    try withImages {
      guard let store = try DiskFormat.open(path: overlay, access: .writable) as? VHDStore, store.parent != nil else {
        throw StorageError.unsupported(path: overlay, what: "no overlay; `image create --base` makes them")
      }
      try store.discard()
    }
  }
}
