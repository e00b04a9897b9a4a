import Glibc

extension CDImage {
  /// Opens the CD image at `path`: a folder of the host, a cue sheet, an ISO 9660 image of 2048-byte blocks, or a file
  /// of whole sectors.
  ///
  /// - Throws: what `HostFile` throws; `damaged`, `truncated` and `unsupported` for what the file says.
  public static func open(path: String) throws(StorageError) -> CDImage {
    if HostFile.isDirectory(path) { return try CDImage(data: try FolderCD(path: path)) }
    let file = try HostFile(path: path, access: .readOnly)
    guard path.lowercased().hasSuffix(".cue") else { return try open(file) }
    return try open(cue: try sheet(file), path: path) { name throws(StorageError) in
      try HostFile(path: locate(name, beside: path), access: .readOnly)
    }
  }

  /// An ISO 9660 image of 2048-byte blocks, or whole sectors, from anywhere.
  ///
  /// - Throws: `damaged` and `truncated` for what the bytes say.
  public static func open(_ file: any CDSource) throws(StorageError) -> CDImage {
    let head = try file.read(at: 0, count: 16)
    if head.starts(with: CDSector.sync), head.count == 16, file.byteCount >= rawBytes {
      return try CDImage(file, format: head[15] == 2 ? .mode2Raw : .mode1Raw)
    }
    try checkLabel(file)
    return try CDImage(file, format: .mode1Cooked)
  }

  /// The disc of a cue sheet; `file` gives the files that it names.
  ///
  /// - Throws: `damaged`, `truncated` and `unsupported` for what the sheet says, and what `file` throws.
  public static func open(
    cue sheet: [UInt8], path: String, _ file: (String) throws(StorageError) -> any CDSource
  ) throws(StorageError) -> CDImage {
    try CDImage(cue: try CueSheet(sheet, path: path), path: path, file)
  }

  /// The cue sheet at `path` and the files that it needs: what it calls them, and where they are.
  ///
  /// - Throws: what `HostFile` throws; `damaged` and `unsupported` for what it says.
  public static func files(
    ofCue path: String
  ) throws(StorageError) -> (sheet: [UInt8], files: [(name: String, path: String)]) {
    let bytes = try sheet(try HostFile(path: path, access: .readOnly))
    var files: [(name: String, path: String)] = []
    for file in try CueSheet(bytes, path: path).files
    where !file.tracks.isEmpty && !files.contains(where: { $0.name == file.name }) {
      files.append((file.name, locate(file.name, beside: path)))
    }
    return (bytes, files)
  }

  private static func sheet(_ file: HostFile) throws(StorageError) -> [UInt8] {
    guard file.size <= 1 << 20 else {
      throw .damaged(
        path: file.path, offset: 1 << 20, what: "too long for a cue sheet; name the .cue file, not the .bin")
    }
    return try file.read(at: 0, count: file.size)
  }

  /// Looks for what makes a file of 2048-byte blocks a CD, and whether it is whole.
  ///
  /// - Source: ECMA-119, 8.4 (volume space size at byte 80); "HFS" from Inside Macintosh: Files (recalled).
  private static func checkLabel(_ file: any CDSource) throws(StorageError) {
    let label = try file.read(at: 16 * dataBytes, count: 88)
    guard label.count == 88, Array(label[1..<6]) == Array("CD001".utf8) else {
      let apple = try file.read(at: 1024, count: 2)
      if apple == [0x42, 0x44] || label.dropFirst().starts(with: Array("BEA01".utf8)) { return }
      throw .damaged(
        path: file.name, offset: 16 * dataBytes + 1,
        what: "no ISO 9660 label; an ISO image, a cue sheet or whole sectors are wanted")
    }
    guard label[0] == 1 else { return }
    let promised = (0..<4).reduce(0) { $0 | Int(label[80 + $1]) << (8 * $1) } * dataBytes
    // Many programs count 150 blocks of padding that they don't write.
    guard file.byteCount >= promised - 150 * dataBytes else {
      throw .truncated(path: file.name, offset: file.byteCount, wanted: promised - file.byteCount, found: 0)
    }
  }

  /// One data track.
  convenience init(_ source: any CDSource, format: CDTrackFormat) throws(StorageError) {
    let count = source.byteCount / format.storedBytes
    guard count > 0, count <= CDAddress.lastBlock else {
      throw .damaged(
        path: source.name, offset: source.byteCount, what: "\(count) blocks; a CD has 1 to \(CDAddress.lastBlock)")
    }
    self.init(
      name: source.name, tracks: [CDTrack(number: 1, format: format, pregap: 0, start: 0, end: count, flags: 0x02)],
      extents: [CDExtent(lba: 0, count: count, format: format, source: source)], leadOut: count)
  }

  /// The disc that a cue sheet describes.
  private convenience init(
    cue sheet: CueSheet, path: String, _ file: (String) throws(StorageError) -> any CDSource
  ) throws(StorageError) {
    var (tracks, extents): ([CDTrack], [CDExtent]) = ([], [])
    var lba = 0
    for part in sheet.files where !part.tracks.isEmpty {
      let source = try file(part.name)
      var (offset, end) = (0, source.byteCount)
      if part.isWave {
        let samples = try WaveFile.samples(source)
        (offset, end) = (samples.offset, samples.offset + samples.count)
      }
      for (n, track) in part.tracks.enumerated() {
        guard let index1 = track.indices.first(where: { $0.number == 1 })?.frame else {
          throw .damaged(path: path, offset: track.line, what: "track \(track.number) has no INDEX 01")
        }
        // What lies before the first index of a file's first track is its pre-gap.
        let begin = n == 0 ? 0 : track.indices.first?.frame ?? index1
        let size = track.format.storedBytes
        // A last sector that is cut short is filled up with silence in sound, and isn't there in data.
        var count = max(end - offset, 0) / size
        if n + 1 < part.tracks.count {
          let next = part.tracks[n + 1].indices.first?.frame ?? 0
          guard next >= index1, next - begin <= count else {
            throw .truncated(
              path: source.name, offset: offset, wanted: max(next - begin, 0) * size, found: max(end - offset, 0))
          }
          count = next - begin
        }
        guard count > index1 - begin else {
          throw .truncated(
            path: source.name, offset: offset, wanted: (index1 - begin + 1) * size, found: max(end - offset, 0))
        }
        // Two seconds before track 1 are on every disc.
        let gap = tracks.isEmpty ? max(track.pregap - CDAddress.leadIn, 0) : track.pregap
        let pregap = lba
        lba += Self.silence(gap, at: lba, track.format, &extents)
        extents.append(
          CDExtent(
            lba: lba, count: count, format: track.format, source: source, offset: offset,
            isBigEndian: part.isBigEndian))
        let first = lba - begin
        lba += count
        offset += count * size
        lba += Self.silence(track.postgap, at: lba, track.format, &extents)
        guard lba <= CDAddress.lastBlock else {
          throw .damaged(path: path, offset: track.line, what: "longer than the 99 minutes of a CD")
        }
        tracks.append(
          CDTrack(
            number: track.number, format: track.format, pregap: pregap, start: first + index1, end: lba,
            indices: track.indices.filter { $0.number > 1 }.map { first + $0.frame }, flags: track.flags))
      }
    }
    self.init(name: path, tracks: tracks, extents: extents, leadOut: lba)
  }

  /// A gap that no file holds.
  ///
  /// - Returns: its length.
  private static func silence(
    _ count: Int, at lba: Int, _ format: CDTrackFormat, _ extents: inout [CDExtent]
  ) -> Int {
    if count > 0 { extents.append(CDExtent(lba: lba, count: count, format: format)) }
    return count
  }

  /// The file that a sheet at `path` calls `name`. Sheets come from systems that don't tell upper from lower case, and
  /// with paths of other machines: then the name alone counts.
  private static func locate(_ name: String, beside path: String) -> String {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let plain = name.split { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? name
    if !name.hasPrefix("/"), access(folder + name, F_OK) == 0 { return folder + name }
    if access(folder + plain, F_OK) == 0 { return folder + plain }
    guard let directory = opendir(folder.isEmpty ? "." : folder) else { return folder + plain }
    defer { closedir(directory) }
    var found: [String] = []
    while let entry = readdir(directory) {
      let other = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if other.lowercased() == plain.lowercased() { found.append(other) }
    }
    // The order of a directory is the host's; the first by name is the same everywhere.
    return folder + (found.min() ?? plain)
  }
}
