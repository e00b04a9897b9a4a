/// New VHDs.
extension VHDStore {
  /// Makes a file that is a VHD of `sectors` sectors: of fixed size, or growing.
  ///
  /// - Parameters:
  ///   - identity: sixteen bytes that no other disk has.
  ///   - timestamp: seconds since 2000.
  /// - Throws: `exists`, `unwritable`.
  public static func create(
    path: String, sectors: Int, isFixed: Bool, identity: [UInt8], timestamp: Int
  ) throws(StorageError) {
    let footer = VHDFooter(
      kind: isFixed ? .fixed : .dynamic, size: sectors * 512, identity: identity, timestamp: timestamp)
    if isFixed {
      let file = try HostFile.create(path: path, size: sectors * 512 + 512)
      try file.write(footer.bytes, at: sectors * 512)
      return try file.sync()
    }
    try create(path: path, footer: footer, header: VHDHeader())
  }

  /// Makes an empty overlay over the image `base`, an open store of any format: a differencing VHD. `baseName` is the
  /// base's path as seen from the new file's directory.
  ///
  /// - Throws: `exists`, `unwritable`; `unsupported` for a name too long for the format.
  public static func createOverlay(
    path: String, over base: any SectorStore, baseName: String, identity: [UInt8], timestamp: Int
  ) throws(StorageError) {
    guard baseName.utf16.count <= 250 else {
      throw .unsupported(path: path, what: "the base's path is too long for a VHD; put the two closer together")
    }
    let footer = VHDFooter(
      kind: .differencing, size: base.sectorCount * 512, identity: identity, timestamp: timestamp)
    var header = VHDHeader()
    header.parentIdentity = VHDStore.identity(of: base)
    header.parentName = baseName
    try create(path: path, footer: footer, header: header)
  }

  private static func create(path: String, footer: VHDFooter, header: VHDHeader) throws(StorageError) {
    var header = header
    let locatorOffset = 1536
    header.tableOffset = header.parentName.isEmpty ? 1536 : 2048
    header.entries = (footer.size + header.blockSize - 1) / header.blockSize
    let tableBytes = (header.entries * 4 + 511) / 512 * 512
    let file = try HostFile.create(path: path, size: header.tableOffset + tableBytes + 512)
    try file.write(header.bytes(locatorOffset: locatorOffset, timestamp: footer.timestamp), at: 512)
    if !header.parentName.isEmpty { try file.write(header.locator, at: locatorOffset) }
    try file.write([UInt8](repeating: 0xFF, count: tableBytes), at: header.tableOffset)
    try file.sync()
    try file.write(footer.bytes, at: header.tableOffset + tableBytes)
    try file.write(footer.bytes, at: 0)
    try file.sync()
  }

  /// Writes what this overlay holds into its base, then empties it. The overlay has to be open for that
  /// (`DiskFormat.openForCommit`).
  ///
  /// While a commit is on its way the overlay's header names no parent's identity but `committing`: an overlay that was
  /// interrupted there is refused for everything but to commit it again, and doing so twice does no harm. The identity
  /// lies within one sector, so the header is never half written.
  ///
  /// - Throws: `unsupported` if this is no overlay or its base can't be written; what the host says.
  public func commit(progress: (Int, Int) -> Void = { _, _ in }) throws(StorageError) {
    guard let base = parent, footer.kind == .differencing else {
      throw .unsupported(path: name, what: "no overlay; `image create --base` makes them")
    }
    guard base.isWritable else {
      throw .unsupported(path: base.name, what: "\(base.formatName) bases aren't written; `image convert` the overlay")
    }
    try setParentIdentity(Self.committing)
    let total = usedBlocks * header.blockSize / 512
    var done = 0
    try ownRuns { (lba, bytes) throws(StorageError) in
      try base.write(lba, bytes)
      done += bytes.count / 512
      progress(done, total)
    }
    try base.flush()
    try discard()
    try setParentIdentity(Self.identity(of: base))
  }

  /// Stands in place of the parent's identity while a commit is on its way.
  static let committing = [UInt8](repeating: 0xFF, count: 16)

  private func setParentIdentity(_ identity: [UInt8]) throws(StorageError) {
    var bytes = try file.readExactly(at: footer.headerOffset, count: VHDHeader.size)
    bytes.put(40, identity)
    bytes.putBig32(36, VHDFooter.checksum(bytes, sumAt: 36))
    try file.write(bytes.slice(0, 512), at: footer.headerOffset)
    try file.sync()
  }
}
