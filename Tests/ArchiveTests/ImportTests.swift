import Foundation
import PC
import Testing

@testable import Archive
@testable import Storage

/// Disks and folders of every kind become media of a machine, byte for byte.
@Suite struct ImportedDiskTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  /// A disk of 5 MB with a partition table and data at both ends of a hole.
  private static let disk: [UInt8] = {
    var bytes = [UInt8](repeating: 0, count: 5 << 20)
    bytes.replaceSubrange(0..<512, with: noise(512, seed: 1))
    bytes.replaceSubrange(0x1BE..<0x200, with: [UInt8](repeating: 0, count: 66))
    bytes.replaceSubrange(0x1BE..<0x1CE, with: [0x80, 1, 1, 0, 6, 15, 63, 7, 63, 0, 0, 0, 0, 0x1F, 0, 0])
    bytes.replaceSubrange(510..<512, with: [0x55, 0xAA])
    bytes.replaceSubrange(2 << 20..<(2 << 20) + 70_000, with: noise(70_000, seed: 2))
    bytes.replaceSubrange((5 << 20) - 512..<5 << 20, with: noise(512, seed: 3))
    return bytes
  }()

  private func importing(_ source: String) throws -> (report: [String], file: MachineFile) {
    let path = folder.path("m.heirloom")
    let report = try Importer.importMachine(source, to: path)
    let file = try MachineFile(path: path, access: .reading)
    #expect(try file.verify().isEmpty)
    return (report, file)
  }

  private func expectDisk(_ source: String, _ format: String) throws {
    let (report, file) = try importing(source)
    #expect(report == ["took in the hard disk \(source) (\(format)) as the first one"])
    let medium = try #require(try file.media().first)
    #expect(try file.configuration().disk.hda.path == "medium:" + medium.name && medium.origin == source)
    #expect(try file.bytes(of: medium) == Self.disk && medium.sha256 == Digest(of: Self.disk))
  }

  private func big(_ value: Int, _ bytes: Int) -> [UInt8] {
    (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private func little(_ value: Int, _ bytes: Int = 4) -> [UInt8] { big(value, bytes).reversed() }

  @Test func aRawDisk() throws { try expectDisk(try folder.file("d.img", Self.disk), "raw") }

  @Test(arguments: [true, false])
  func aVHDFixedAndDynamic(_ isFixed: Bool) throws {
    let path = folder.path("d.vhd")
    try VHDStore.create(
      path: path, sectors: 10240, isFixed: isFixed, identity: noise(16, seed: 9), timestamp: 1)
    do {
      let store = try DiskFormat.open(path: path, access: .writable)
      for lba in 0..<10240 where Self.disk[lba * 512..<(lba + 1) * 512].contains(where: { $0 != 0 }) {
        try store.write(lba, Array(Self.disk[lba * 512..<(lba + 1) * 512]))
      }
      try store.flush()
    }
    try expectDisk(path, isFixed ? "VHD fixed" : "VHD dynamic")
  }

  /// - Source: QEMU, docs/interop/qcow2.txt: version 2, clusters of 64 KB, tables of the first and second level.
  @Test func aQCOW2() throws {
    let cluster = 1 << 16
    let header =
      [0x51, 0x46, 0x49, 0xFB] + big(2, 4) + big(0, 8) + big(0, 4) + big(16, 4) + big(Self.disk.count, 8) + big(0, 4)
      + big(1, 4) + big(cluster, 8) + big(0, 8) + big(0, 4) + big(0, 4) + big(0, 8)
    var image = header + [UInt8](repeating: 0, count: cluster - header.count)
    image += big(2 * cluster | 1 << 63, 8) + [UInt8](repeating: 0, count: cluster - 8)
    var (table, data): ([UInt8], [UInt8]) = ([], [])
    for at in stride(from: 0, to: Self.disk.count, by: cluster) {
      let bytes = Self.disk[at..<at + cluster]
      let isThere = bytes.contains { $0 != 0 }
      table += big(isThere ? 3 * cluster + data.count | 1 << 63 : 0, 8)
      if isThere { data += bytes }
    }
    image += table + [UInt8](repeating: 0, count: cluster - table.count) + data
    try expectDisk(try folder.file("d.qcow2", image), "QCOW2")
  }

  /// - Source: VMware, Virtual Disk Format 5.0: a monolithic sparse extent with grains of 64 KB.
  @Test func aVMDK() throws {
    let grain = 128
    let count = Self.disk.count / 512 / grain
    var (table, data): ([UInt8], [UInt8]) = ([], [])
    let first = 128
    for at in 0..<count {
      let bytes = Self.disk[at * grain * 512..<(at + 1) * grain * 512]
      let isThere = bytes.contains { $0 != 0 }
      table += little(isThere ? first + data.count / 512 : 0)
      if isThere { data += bytes }
    }
    var image = Array("KDMV".utf8) + little(1) + little(3) + little(10240, 8) + little(grain, 8)
    image += little(0, 8) + little(0, 8) + little(512) + little(0, 8) + little(1, 8) + little(first, 8)
    image += [UInt8](repeating: 0, count: 512 - image.count) + little(2) + [UInt8](repeating: 0, count: 508) + table
    image += [UInt8](repeating: 0, count: first * 512 - image.count) + data
    try expectDisk(try folder.file("d.vmdk", image), "VMDK")
  }

  @Test func aFolderAsADiskWithItsFiles() throws {
    try FileManager.default.createDirectory(atPath: folder.path("games/sub"), withIntermediateDirectories: true)
    _ = try folder.file("games/hello.txt", Array("hello".utf8))
    _ = try folder.file("games/sub/noise.bin", noise(100_000, seed: 4))
    let (report, file) = try importing(folder.path("games"))
    #expect(report == ["took in the hard disk \(folder.path("games")) (folder) as the first one"])
    let medium = try #require(try file.media().first)
    #expect(try file.configuration().disk.hda.path == "medium:" + medium.name)
    let open = try OpenMachine(path: folder.path("m.heirloom"), readOnly: true)
    try open.live.open(medium.id)
    let disk = LiveDisk(open.live, medium: medium.id, name: medium.name, size: medium.size)
    let volume = try FATVolume(SectorRange(disk, start: 63, sectorCount: disk.sectorCount - 63, name: "games"))
    #expect(try volume.contents("/HELLO.TXT") == Array("hello".utf8))
    #expect(try volume.contents("/SUB/NOISE.BIN") == noise(100_000, seed: 4))
  }

  @Test func aFloppyAndACD() throws {
    let floppy = noise(737_280, seed: 5)
    var (report, file) = try importing(try folder.file("f.img", floppy))
    #expect(report[0].contains("drive A"))
    #expect(try file.bytes(of: try #require(try file.media().first)) == floppy)
    try FileManager.default.removeItem(atPath: folder.path("m.heirloom"))
    var disc = [UInt8](repeating: 0, count: 40 * 2048)
    disc.replaceSubrange(16 * 2048..<16 * 2048 + 7, with: [1] + Array("CD001".utf8) + [1])
    disc.replaceSubrange(16 * 2048 + 80..<16 * 2048 + 84, with: [40, 0, 0, 0])
    (report, file) = try importing(try folder.file("c.iso", disc))
    #expect(report[0].contains("the CD"))
    #expect(try file.configuration().cdrom.disc.path == "medium:c")
    #expect(try file.bytes(of: try #require(try file.media().first)) == disc)
  }

  @Test func whatIsNoDiskIsRefusedByNameAndLeavesNothing() throws {
    for (name, bytes) in [("odd.img", [UInt8](repeating: 1, count: 1000)), ("cut.qcow2", [0x51, 0x46, 0x49, 0xFB])] {
      let path = try folder.file(name, bytes)
      let error = #expect(throws: HostError.self) {
        try Importer.importMachine(path, to: folder.path("m.heirloom"))
      }
      #expect(error?.description.hasPrefix(path) == true, "\(error?.description ?? "")")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).allSatisfy { !$0.contains("m.h") })
    }
  }
}
