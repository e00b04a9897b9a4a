public import Storage

/// Where the media that a configuration names come from: files of the host, or a machine file.
public protocol MediaSource: AnyObject {
  /// The floppy disk called `path`.
  ///
  /// - Throws: `HostError.file`.
  func floppy(_ path: String, readOnly: Bool) throws(HostError) -> FloppyImage
  /// The hard disk called `path`.
  ///
  /// - Throws: `HostError.file`.
  func hardDisk(_ path: String, readOnly: Bool) throws(HostError) -> HardDiskImage
  /// The CD called `path`.
  ///
  /// - Throws: `HostError.file`.
  func cd(_ path: String) throws(HostError) -> CDImage
}

/// Files of the host.
public final class HostMedia: MediaSource {
  /// The host's files.
  public init() {}

  public func floppy(_ path: String, readOnly: Bool) throws(HostError) -> FloppyImage {
    try refuseMedium(path)
    do { return try FloppyImage(path: path, writing: readOnly ? .inMemory : .toFile) } catch {
      throw .file(error.description)
    }
  }

  public func hardDisk(_ path: String, readOnly: Bool) throws(HostError) -> HardDiskImage {
    try refuseMedium(path)
    do { return try HardDiskImage(path: path, writing: readOnly ? .inMemory : .toFile) } catch {
      throw .file(error.description)
    }
  }

  public func cd(_ path: String) throws(HostError) -> CDImage {
    try refuseMedium(path)
    do { return try CDImage.open(path: path) } catch { throw .file(error.description) }
  }

  private func refuseMedium(_ path: String) throws(HostError) {
    guard path.hasPrefix(HostPath.mediumPrefix) else { return }
    throw .file("\(path): is the name of a medium in a machine file; outside of one, a file's path is wanted")
  }
}

/// A machine file, as a session uses it: its media, and a place for states.
public protocol MachineKeeper: MediaSource {
  /// What is in the ROM sockets when the machine goes on from a kept state; nil: what the configuration says.
  var roms: Motherboard.ROMs? { get }
  /// Puts a machine that was just switched on into the state it was frozen in.
  ///
  /// - Returns: false if it wasn't frozen: it starts from power-on.
  /// - Throws: `HostError` if the state can't be taken back.
  func resume(_ machine: Machine) throws -> Bool
  /// Keeps the machine's state under `name`.
  ///
  /// - Throws: `HostError`.
  func keep(_ machine: Machine, as name: String) throws
  /// Puts the machine back into the state called `name`; on failure the machine is as it was.
  ///
  /// - Throws: `HostError`.
  func restore(_ machine: Machine, to name: String) throws
  /// Why the machine should stand still: its file doesn't take or give what is on its disks. nil if all is well.
  var trouble: String? { get }
  /// Does what commands of other processes ask for. Called often; what takes long is done beside.
  ///
  /// - Parameter restore: puts the machine back into the state of that name.
  func serve(_ machine: Machine, restore: (String) throws -> Void)
}
