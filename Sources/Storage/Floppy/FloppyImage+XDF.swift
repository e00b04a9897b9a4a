/// IBM's XDF: 1.84 MB on a 1.44 MB disk, by sectors of four sizes on a track. A raw image holds them in the order of the
/// file system, which isn't theirs on the disk.
///
/// - Source: fdutils, "XDF disks", and "The XDF diskette format" (os2museum.com), as MAME's ibmxdf_dsk.cpp sums them up;
///   the order of sectors on a track is unverified.
enum XDFLayout {
  /// Bytes of a raw image: 80 cylinders of 2 x 23 sectors of 512.
  static let byteCount = 80 * 2 * 23 * 512

  /// Whether a raw image is one: its size, and a parameter block of 23 sectors a track.
  static func isThere(byteCount: Int, bootSector: [UInt8]) -> Bool {
    byteCount == self.byteCount && bootSector.u16(11) == 512 && bootSector.u16(24) == 23 && bootSector.u16(26) == 2
      && bootSector.u16(19) == 3680
  }

  /// The sectors of a track in the order of the disk: number, size code, and where their bytes are in a raw image.
  static func sectors(cylinder: Int, head: Int) -> [(record: Int, sizeCode: Int, offset: Int)] {
    if cylinder == 0 {
      // Blocks of 512: boot sector and FAT, a small file system of its own, root directory, data; 8 blocks aren't there.
      let runs: [(record: Int, count: Int, block: Int)] =
        head == 0 ? [(129, 11, 0), (1, 8, 12)] : [(129, 1, 11), (130, 14, 23), (144, 4, 42)]
      return runs.flatMap { run in (0..<run.count).map { (run.record + $0, 2, (run.block + $0) * 512) } }
    }
    // Head and N in the order of a raw image; a sector's number is 128 + N.
    var offset = cylinder * 46 * 512
    var found: [(record: Int, sizeCode: Int, offset: Int)] = []
    for (side, code) in [(0, 3), (0, 4), (1, 6), (0, 2), (1, 2), (0, 6), (1, 4), (1, 3)] {
      if side == head { found.append((128 + code, code, offset)) }
      offset += 128 << code
    }
    return found
  }

  static func tracks(raw bytes: [UInt8]) -> [FloppyTrack] {
    var tracks = [FloppyTrack](repeating: FloppyTrack(), count: FloppyImage.maxCylinders * 2)
    for at in 0..<160 {
      let sectors = sectors(cylinder: at / 2, head: at % 2).map { place in
        FloppySector(
          id: FloppySectorID(
            cylinder: UInt8(truncatingIfNeeded: at / 2), head: UInt8(truncatingIfNeeded: at % 2),
            record: UInt8(truncatingIfNeeded: place.record), sizeCode: UInt8(truncatingIfNeeded: place.sizeCode)),
          data: bytes.slice(place.offset, 128 << place.sizeCode))
      }
      tracks[at] = FloppyTrack(trackBits: FloppyTrack.highDensity, gap3: at < 2 ? 72 : 76, sectors: sectors)
    }
    return tracks
  }
}

/// Writes sectors of an XDF disk to their place in a raw image.
final class XDFFloppyStore: FloppyStore {
  private let file: HostFile

  init(file: HostFile) { self.file = file }

  func canStore(_ track: FloppyTrack, cylinder: Int, head: Int) -> Bool {
    guard cylinder < 80 else { return track.sectors.isEmpty }
    let places = XDFLayout.sectors(cylinder: cylinder, head: head)
    return track.sectors.count == places.count
      && track.sectors.allSatisfy { sector in
        places.contains { $0.record == sector.id.record && $0.sizeCode == sector.id.sizeCode }
          && sector.data.count == sector.id.byteCount
      }
  }

  func store(_ track: FloppyTrack, sector: Int, cylinder: Int, head: Int) throws(StorageError) {
    let record = Int(track.sectors[sector].id.record)
    guard let place = XDFLayout.sectors(cylinder: cylinder, head: head).first(where: { $0.record == record }) else {
      return
    }
    try file.write(track.sectors[sector].data, at: place.offset)
  }

  func sync() throws(StorageError) { try file.sync() }
}
