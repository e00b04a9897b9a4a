import Hardware
import Storage

/// A sector whose correction bytes don't belong to its data: WRITE LONG has made it so.
struct ATALongSector: Codable, Equatable, Sendable {
  var lba = 0
  /// What the bytes on the disk differ by from the right ones.
  var difference: UInt32 = 0
}

/// READ and WRITE LONG, and FORMAT TRACK.
///
/// The four correction bytes are a CRC-32 of the data (each maker had a polynomial of its own, none is documented:
/// unverified). A sector written with others can't be read until it is written again; errors that real drives correct
/// aren't corrected. Which sectors are so belongs to the machine's state, not to the image: switching off heals them.
///
/// - Source: ATA-1 (X3.221) and ATA-2 (X3T10/948D), READ LONG, WRITE LONG and FORMAT TRACK (recalled): one sector, 512
///   bytes in words and the vendor's bytes one by one, their number in word 22 of IDENTIFY. FORMAT TRACK takes a sector
///   of data; that its sectors are zeros afterwards is what is usual.
extension ATAController {
  /// Correction bytes of a sector.
  static let correctionBytes = 4

  /// The command in progress passes data and correction bytes of one sector.
  var isLong: Bool {
    [0x22, 0x23, 0x32, 0x33].contains(state.command) && !slot(state.unit).isPacket
  }

  private static func correction(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 != 0 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }

  /// The first sector of `count` from `lba` on whose correction bytes are wrong; nil if there is none.
  func badSector(from lba: Int, count: Int) -> Int? {
    let sectors = state.drives[state.unit].longSectors
    if sectors.isEmpty { return nil }
    return sectors.map(\.lba).filter { $0 >= lba && $0 < lba + count }.min()
  }

  /// `count` sectors from `lba` on have been written with right correction bytes.
  func heal(from lba: Int, count: Int) {
    if state.drives[state.unit].longSectors.isEmpty { return }
    state.drives[state.unit].longSectors.removeAll { $0.lba >= lba && $0.lba < lba + count }
  }

  /// READ LONG: the sector's bytes are in the buffer, its correction bytes follow.
  func appendCorrection() {
    let lba = state.lba
    let difference = state.drives[state.unit].longSectors.first { $0.lba == lba }?.difference ?? 0
    let code = Self.correction(state.buffer.prefix(HardDiskImage.sectorSize)) ^ difference
    state.buffer = Array(state.buffer.prefix(HardDiskImage.sectorSize))
    for byte in 0..<Self.correctionBytes {
      state.buffer.append(UInt8(truncatingIfNeeded: code >> UInt32(8 * byte)))
    }
    state.length = state.buffer.count
  }

  /// WRITE LONG: takes the correction bytes off the buffer.
  func keepCorrection() {
    let lba = state.lba
    guard state.buffer.count >= HardDiskImage.sectorSize + Self.correctionBytes else { return }
    var code: UInt32 = 0
    for byte in 0..<Self.correctionBytes {
      code |= UInt32(state.buffer[HardDiskImage.sectorSize + byte]) << UInt32(8 * byte)
    }
    heal(from: lba, count: 1)
    let difference = code ^ Self.correction(state.buffer.prefix(HardDiskImage.sectorSize))
    guard difference != 0 else { return }
    state.drives[state.unit].longSectors.append(ATALongSector(lba: lba, difference: difference))
  }

  /// FORMAT TRACK: finds the track of the address registers, and says how many sectors it has.
  ///
  /// - Returns: its first sector and their number; nil if there is no such track.
  private func track(of disk: HardDiskImage) -> (first: Int, count: Int)? {
    var drive = state.drives[state.unit]
    if !drive.isLBA { drive.sector = 1 }
    guard let lba = drive.address(of: disk.sectorCount) else { return nil }
    let first = lba - lba % max(drive.sectorsPerTrack, 1)
    return (first, min(drive.sectorsPerTrack, disk.sectorCount - first))
  }

  /// FORMAT TRACK begins: the track must be there.
  func prepareFormat(_ disk: HardDiskImage) {
    guard track(of: disk) != nil else { return finish(.idNotFound) }
    state.drives[state.unit].isStandby = false
    useSectorBuffer()
    request(.writing, interrupting: false)
  }

  /// The host has written its table of sectors.
  func format(_ disk: HardDiskImage) {
    guard let (first, count) = track(of: disk) else { return finish(.idNotFound) }
    let zeros = [UInt8](repeating: 0, count: HardDiskImage.sectorSize)
    for lba in first..<first + count where !disk.write(lba, zeros) { return finish(.idNotFound) }
    heal(from: first, count: count)
    finish()
  }
}
