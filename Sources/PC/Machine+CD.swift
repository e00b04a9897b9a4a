import Devices
public import Storage

/// The CD-ROM drive.
extension Machine {
  /// The disc in the CD-ROM drive.
  public var cd: CDImage? { board.cdrom.flatMap { $0.channel.disc($0.unit) } }

  /// Puts the CD image at `path` into the CD-ROM drive, taking out what is in it.
  ///
  /// - Throws: `HostError.file` if the file isn't a CD image, or if there is no drive.
  public func insertCD(path: String) throws(HostError) {
    try insert(try media.cd(path))
  }

  /// Puts a disc into the CD-ROM drive, taking out what is in it.
  ///
  /// - Throws: `HostError.file` if there is no drive.
  public func insert(_ disc: CDImage) throws(HostError) {
    guard let drive = board.cdrom else {
      throw .file("\(disc.name): this machine has no CD-ROM drive; leave one of hda to hdd free")
    }
    drive.channel.insert(disc, unit: drive.unit)
  }

  /// Takes the disc out of the CD-ROM drive; nothing happens if there is none.
  public func ejectCD() {
    guard let drive = board.cdrom else { return }
    drive.channel.eject(unit: drive.unit)
  }

  /// Another disc is where a state says so: nobody has opened the tray.
  func exchangeCD(_ disc: CDImage?) {
    guard let drive = board.cdrom else { return }
    drive.channel.exchangeDisc(disc, unit: drive.unit)
  }
}
