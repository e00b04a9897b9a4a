import Archive
import Glibc
import PC
import Storage

/// What the argument of `heirloom run` is.
enum Target {
  case configuration
  case floppy
  case hardDisk
  case cdrom
  /// A machine file, and which machine in it.
  case machine(path: String, name: String?)

  /// Looks into the file.
  ///
  /// - Throws: `HostError.file` for what can't be run.
  init(path: String) throws(HostError) {
    let (machine, name) = Library.find(path)
    if name != nil || path.hasSuffix(Library.ending)
      || (access(path, F_OK) != 0 && access(machine, F_OK) == 0)
    {
      self = .machine(path: machine, name: name)
      return
    }
    let kind: ImageKind
    do { kind = try ImageKind.detect(path: path) } catch { throw .file(error.description) }
    switch kind {
    case .configuration: self = .configuration
    case .floppy: self = .floppy
    case .hardDisk: self = .hardDisk
    case .cdrom: self = .cdrom
    case .machine: self = .machine(path: path, name: nil)
    }
  }
}
