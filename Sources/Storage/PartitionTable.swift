/// A partition: a number as DOS and Linux count them, 1-4 in the master boot record, from 5 on in extended ones.
public struct Partition: Equatable, Sendable {
  /// 1 ...
  public var number: Int
  /// The system byte.
  public var type: UInt8
  /// 80h: the one to start from.
  public var isActive: Bool
  /// First sector on the disk.
  public var start: Int
  /// Sectors.
  public var sectorCount: Int

  /// Holds other partitions.
  public var isExtended: Bool { type == 0x05 || type == 0x0F || type == 0x85 }

  /// What the system byte stands for.
  public var typeName: String {
    switch type {
    case 0x01: "FAT12"
    case 0x04, 0x06, 0x0E: "FAT16"
    case 0x0B, 0x0C: "FAT32"
    case 0x05, 0x0F, 0x85: "extended"
    case 0x07: "HPFS/NTFS"
    case 0x0A: "OS/2 boot manager"
    case 0x63: "UNIX System V"
    case 0x81: "Minix"
    case 0x82: "Linux swap"
    case 0x83: "Linux"
    case 0xA5: "386BSD"
    default: "type " + String(type, radix: 16, uppercase: true) + "h"
    }
  }
}

/// The partitions of a disk.
///
/// - Source: IBM PC DOS 3.3 partition tables as fdisk(8) of util-linux documents them.
public enum PartitionTable {
  /// Logical partitions that are followed; a chain that is longer bites its tail.
  private static let maxLogical = 60

  /// Whether a first sector is a master boot record with something in it.
  public static func isThere(_ sector: [UInt8]) -> Bool {
    guard sector.count >= 512, sector[510] == 0x55, sector[511] == 0xAA else { return false }
    var used = 0
    for at in stride(from: 446, to: 510, by: 16) {
      guard sector[at] & 0x7F == 0 else { return false }
      if sector[at + 4] != 0, sector.u32(at + 12) != 0 { used += 1 }
    }
    return used > 0
  }

  /// All partitions of `disk`, in order of their numbers; none if it has no table.
  ///
  /// - Throws: `damaged` for a partition that lies outside the disk.
  public static func read(_ disk: any SectorStore) throws(StorageError) -> [Partition] {
    guard disk.sectorCount > 1 else { return [] }
    let sector = try disk.read(0, count: 1)
    guard isThere(sector) else { return [] }
    var found: [Partition] = []
    for number in 1...4 {
      let at = 446 + (number - 1) * 16
      guard sector[at + 4] != 0, sector.u32(at + 12) != 0 else { continue }
      found.append(try entry(sector, at, number: number, base: 0, table: 0, disk))
    }
    var number = 5
    for extended in found where extended.isExtended {
      var table = extended.start
      for _ in 0..<2 * maxLogical where number < 5 + maxLogical {
        let sector = try disk.read(table, count: 1)
        guard sector.u16(510) == 0xAA55 else { break }
        if sector[450] != 0, sector.u32(458) != 0 {
          found.append(try entry(sector, 446, number: number, base: table, table: table, disk))
          number += 1
        }
        // The second entry, counted from the start of the first extended partition, is the next link.
        let next = extended.start + sector.u32(470)
        guard sector[466] != 0, sector.u32(470) != 0, next < disk.sectorCount, next != table else { break }
        table = next
      }
    }
    return found
  }

  private static func entry(
    _ sector: [UInt8], _ at: Int, number: Int, base: Int, table: Int, _ disk: any SectorStore
  ) throws(StorageError) -> Partition {
    let partition = Partition(
      number: number, type: sector[at + 4], isActive: sector[at] == 0x80, start: base + sector.u32(at + 8),
      sectorCount: sector.u32(at + 12))
    guard partition.start > 0, partition.start < disk.sectorCount,
      partition.sectorCount <= disk.sectorCount - partition.start
    else {
      throw .damaged(
        path: disk.name, offset: table * 512 + at + 8,
        what: "partition \(number) is at sector \(partition.start) and has \(partition.sectorCount), but the disk has "
          + "\(disk.sectorCount); take a whole copy")
    }
    return partition
  }

  /// The geometry that our BIOS's INT 13h shows of a disk of `sectors`: LBA-assisted above 1024 cylinders.
  public static func biosGeometry(sectors: Int) -> (cylinders: Int, heads: Int, sectorsPerTrack: Int) {
    var heads = 16
    if min(sectors / (16 * 63), 16_383) > 1024 {
      var rest = sectors / (63 * 1024)
      while rest >= 16, heads < 256 {
        rest >>= 1
        heads <<= 1
      }
      heads = min(heads, 255)
    }
    return (min(sectors / (heads * 63), 1024), heads, 63)
  }

  /// One primary partition over the whole disk, from its second track to its last whole cylinder.
  public static func wholeDisk(_ disk: any SectorStore) -> Partition {
    let geometry = biosGeometry(sectors: disk.sectorCount)
    let cylinder = geometry.heads * 63
    // Behind cylinder 1023 CHS says nothing, and the end needn't be a cylinder's.
    let end = disk.sectorCount / cylinder <= 1024 ? disk.sectorCount / cylinder * cylinder : disk.sectorCount
    return Partition(number: 1, type: 0, isActive: false, start: 63, sectorCount: max(end - 63, 0))
  }

  /// Writes a new master boot record with this one partition: `code` has 446 bytes of program, or more of which those
  /// are taken. The system byte follows from `bits` of FAT and from where it lies.
  ///
  /// - Source: system bytes as in MS-DOS 7 FDISK: 01h FAT12, 04h FAT16 below 32 MB, 06h, 0Bh, and 0Eh and 0Ch where
  ///   cylinders end.
  public static func write(
    _ partition: Partition, bits: Int, to disk: any SectorStore, code: [UInt8], signature: UInt32
  ) throws(StorageError) {
    let geometry = biosGeometry(sectors: disk.sectorCount)
    let beyond = partition.start + partition.sectorCount > 1024 * geometry.heads * 63
    var sector = [UInt8](repeating: 0, count: 512)
    sector.put(0, code.slice(0, 440))
    sector.put32(440, Int(signature))
    func chs(_ lba: Int) -> [UInt8] {
      let cylinder = lba / (geometry.heads * 63)
      guard cylinder < 1024 else { return [UInt8(truncatingIfNeeded: geometry.heads - 1), 0xFF, 0xFF] }
      let head = lba / 63 % geometry.heads
      return [
        UInt8(truncatingIfNeeded: head), UInt8(truncatingIfNeeded: lba % 63 + 1 | cylinder >> 2 & 0xC0),
        UInt8(truncatingIfNeeded: cylinder),
      ]
    }
    sector[446] = partition.isActive ? 0x80 : 0
    sector.put(447, chs(partition.start))
    sector[450] =
      switch bits {
      case 12: 0x01
      case 16: beyond ? 0x0E : partition.sectorCount < 65_536 ? 0x04 : 0x06
      default: beyond ? 0x0C : 0x0B
      }
    sector.put(451, chs(partition.start + partition.sectorCount - 1))
    sector.put32(454, partition.start)
    sector.put32(458, partition.sectorCount)
    sector.put16(510, 0xAA55)
    try disk.write(0, sector)
  }
}
