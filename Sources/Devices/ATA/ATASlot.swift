import Hardware
public import Storage

/// What is plugged into one place of an ATA cable.
public enum ATADevice {
  /// A hard disk, for good.
  case disk(HardDiskImage)
  /// A CD-ROM drive, empty at first.
  case cdrom
}

/// A drive's place on the cable: holds the disk or the disc, whose contents belong to the machine's state.
///
/// A state saved with an empty CD-ROM drive takes the disc out; one saved with a disc is loaded where the same disc is.
final class ATASlot: SavedPart, Wiring {
  let image: HardDiskImage?
  let isPacket: Bool
  /// The disc in a CD-ROM drive.
  var disc: CDImage?

  init(_ device: ATADevice?) {
    switch device {
    case .disk(let image): (self.image, isPacket) = (image, false)
    case .cdrom: (image, isPacket) = (nil, true)
    case nil: (image, isPacket) = (nil, false)
    }
  }

  var isPresent: Bool { image != nil || isPacket }

  func savedPart() throws -> SavedValue {
    if let image { return .object(["disk": try image.savedPart()]) }
    guard let disc else { return .null }
    return .object(["disc": try disc.savedPart()])
  }

  func loadPart(_ saved: SavedValue) throws {
    try checkPart(saved)
    if let image, let disk = saved["disk"] { return try image.loadPart(disk) }
    if saved["disc"] == nil { disc = nil }
  }

  func checkPart(_ saved: SavedValue) throws {
    if let image {
      guard let disk = saved["disk"] else {
        throw SavedStateError.mismatch("the state has no hard disk where \(image.name) is")
      }
      return try image.checkPart(disk)
    }
    if saved["disk"] != nil {
      throw SavedStateError.mismatch("the state has a hard disk that this machine hasn't got")
    }
    guard let saved = saved["disc"] else { return }
    guard let disc else {
      throw SavedStateError.mismatch("the state has a disc in a CD-ROM drive that is empty here; insert it first")
    }
    try disc.checkPart(saved)
  }
}
