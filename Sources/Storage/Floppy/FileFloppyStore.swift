/// Keeps a floppy in an IMD or HFE file. A sector that has its place in the file is written there; when the layout of the
/// disk changes, the file is written anew beside the old one and takes its place, so that there is always a whole one.
final class FileFloppyStore: FloppyStore {
  private let file: HostFile
  private let format: FloppyFormat
  private var contents: FloppyContents
  private let comment: [UInt8]
  /// IMD: where each sector's record is; empty arrays until the file is ours.
  private var records: [[Int]]
  /// HFE: where each cylinder is.
  private var cylinders: [(offset: Int, bits: Int)] = []

  init(file: HostFile, format: FloppyFormat, contents: FloppyContents, comment: [UInt8]) {
    self.file = file
    self.format = format
    self.contents = contents
    self.comment = comment
    records = Array(repeating: [], count: contents.tracks.count)
  }

  func canStore(_ track: FloppyTrack, cylinder: Int, head: Int) -> Bool {
    format == .imd ? IMD.canHold(track) : HFE.canHold(track)
  }

  func store(_ track: FloppyTrack, sector: Int, cylinder: Int, head: Int) throws(StorageError) {
    let at = cylinder * 2 + head
    guard contents.tracks.indices.contains(at), track.sectors.indices.contains(sector) else { return }
    let old = contents.tracks[at]
    contents.tracks[at] = track
    switch format {
    case .imd:
      let sameLayout =
        old.sectors.map(\.id) == track.sectors.map(\.id) && old.isFM == track.isFM
        && old.trackBits == track.trackBits && old.sectors.map(\.lacksData) == track.sectors.map(\.lacksData)
      guard sameLayout, records[at].indices.contains(sector) else { return try rewrite() }
      try file.write(IMD.record(track.sectors[sector]), at: records[at][sector])
    case .hfe:
      guard cylinders.indices.contains(cylinder), cylinders[cylinder].bits == track.trackBits else {
        return try rewrite()
      }
      let tracks = [contents[cylinder, 0], contents[cylinder, 1]]
      try file.write(HFE.cylinder(tracks, bits: track.trackBits), at: cylinders[cylinder].offset)
    case .td0, .hfe3:
      throw .unwritable(path: file.path, reason: "\(format.name) images are read only")
    }
  }

  private func rewrite() throws(StorageError) {
    if format == .imd {
      let (bytes, records) = IMD.write(contents, comment: comment)
      try file.replace(with: bytes)
      self.records = records
    } else {
      let (bytes, cylinders) = HFE.write(contents)
      try file.replace(with: bytes)
      self.cylinders = cylinders
    }
  }

  func sync() throws(StorageError) { try file.sync() }
}
